"""Secret addresses under which a calendar program reads a unit's deadlines without signing in."""

import hashlib
import secrets
from datetime import datetime
from typing import Final

from django.utils import timezone

from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.acts import act, subject_of
from giaoban.orgs.selectors import UnitCard, unit_for
from giaoban.reporting.models import CalendarToken
from giaoban.reporting.selectors.calendar import calendar_of_secret
from giaoban.reporting.services.errors import ReportingError

OPEN_AT_MOST: Final = 10
"""Addresses that one person may have at a time."""


def make_calendar_address(unit_key: str, *, by: Actor, at: datetime) -> str:
    """A new secret for the calendar of a unit that the person may see; only its hash is kept, so it is told once.

    Raises Http404 for a unit out of reach, ReportingError for an actor without an account or with too many addresses.
    """
    if by.user_id is None:
        raise ReportingError("Chỉ người có tài khoản mới lập được địa chỉ lịch.")
    unit = unit_for(by, unit_key, timezone.localdate(at))
    if CalendarToken.objects.filter(user_id=by.user_id, ended_at=None).count() >= OPEN_AT_MOST:
        raise ReportingError(
            f"Bạn đang có {OPEN_AT_MOST} địa chỉ lịch. Ngừng một địa chỉ không dùng rồi lập địa chỉ mới."
        )
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


def read_calendar(secret: str, *, at: datetime) -> UnitCard | None:
    """The unit whose calendar a program asks for under an address; notes once a day that it asked.

    None when there is no such address or it has ended. It ends for good when its person may not see the unit any more.
    """
    token = CalendarToken.objects.filter(secret_sha256=hashed(secret), ended_at=None).first()
    if token is None:
        return None
    found = calendar_of_secret(token.secret_sha256, timezone.localdate(at))
    if found is None:
        with act("reporting.end-calendar-address", by=system_actor("lịch báo cáo"), at=at) as entry:
            entry.subject = subject_of(token)
            CalendarToken.objects.filter(pk=token.pk, ended_at=None).update(ended_at=at)
        return None
    _note_read(token, at)
    return found[1]


def _note_read(token: CalendarToken, at: datetime) -> None:
    """When a calendar program last asked; noted once a day."""
    if token.used_at is None or timezone.localdate(token.used_at) != timezone.localdate(at):
        CalendarToken.objects.filter(pk=token.pk).update(used_at=at)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
