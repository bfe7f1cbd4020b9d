"""Secret addresses under which a calendar program reads a unit's deadlines without signing in."""

import hashlib
import secrets
from datetime import datetime

from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.orgs.selectors import unit_for
from giaoban.reporting.models import CalendarToken
from giaoban.reporting.services.errors import ReportingError


def make_calendar_address(unit_key: str, *, by: Actor, at: datetime) -> str:
    """A new secret for the calendar of a unit that the person may see; only its hash is kept, so it is told once.

    Raises Http404 for a unit out of reach, ReportingError for an actor without an account.
    """
    if by.user_id is None:
        raise ReportingError("Chỉ người có tài khoản mới lập được địa chỉ lịch.")
    unit = unit_for(by, unit_key, at.date())
    secret = secrets.token_urlsafe(24)
    with act("reporting.make-calendar-address", by=by, at=at) as entry:
        entry.unit_id = by.unit_id
        row = CalendarToken.objects.create(
            user_id=by.user_id, unit_id=unit.id, secret_sha256=hashed(secret), made_at=at
        )
        entry.subject = subject_of(row)
    return secret


def end_calendar_address(token_id: int, *, by: Actor, at: datetime) -> None:
    """End one of one's own addresses; ending it twice changes nothing. Raises CalendarToken.DoesNotExist."""
    with act("reporting.end-calendar-address", by=by, at=at) as entry:
        row = CalendarToken.objects.select_for_update().get(pk=token_id, user_id=by.user_id or 0)
        entry.unit_id, entry.subject = by.unit_id, subject_of(row)
        if row.ended_at is None:
            row.ended_at = at
            row.save(update_fields=["ended_at"])


def note_calendar_read(token: CalendarToken, *, at: datetime) -> None:
    """When a calendar program last asked; noted once a day."""
    if token.used_at is None or token.used_at.date() != at.date():
        CalendarToken.objects.filter(pk=token.pk).update(used_at=at)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
