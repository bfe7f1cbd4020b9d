"""Who answers for a report: the unit that owes it, or what this wholly became since."""

from datetime import date

from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import heirs_of
from giaoban.reporting.models import Obligation


def answers(by: Actor, permission: Permission, unit_id: int, on: date | None = None) -> bool:
    """Whether a post at the unit, or at what it wholly became by a day (today), carries the permission."""
    if by.may(permission, unit_id):
        return True
    return any(by.may(permission, heir) for heir in heirs_of(unit_id, on or timezone.localdate())[1:])


def post_answering(by: Actor, unit_id: int, on: date, *others: int | None) -> int | None:
    """The unit as which somebody acts on a report: the one that owes it, what this wholly became, or one of the others.

    No query for the unit's own people.
    """
    return unit_id if unit_id in by.unit_ids else by.post_at(*heirs_of(unit_id, on), *others)


def decides(by: Actor, obligation: Obligation) -> bool:
    """Whether somebody accepts or returns a report: at its receiver; at its own unit when nobody receives it."""
    if obligation.receiver_id is None:
        return answers(by, Permission.SEND_REPORT, obligation.unit_id)
    return answers(by, Permission.RECEIVE_REPORT, obligation.receiver_id)


def require_answer(
    by: Actor, permission: Permission, unit_id: int, *, unit_name: str = "", on: date | None = None
) -> None:
    """Raises PermissionDenied, as `Actor.require`."""
    if not answers(by, permission, unit_id, on):
        by.require(permission, unit_id, unit_name=unit_name)
