"""Who answers for a report: the unit that owes it, or what this wholly became since."""

from datetime import date

from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import heirs_of


def answers(by: Actor, permission: Permission, unit_id: int, on: date | None = None) -> bool:
    """Whether a post at the unit, or at what it wholly became by a day (today), carries the permission."""
    if by.may(permission, unit_id):
        return True
    return any(by.may(permission, heir) for heir in heirs_of(unit_id, on or timezone.localdate())[1:])


def require_answer(
    by: Actor, permission: Permission, unit_id: int, *, unit_name: str = "", on: date | None = None
) -> None:
    """Raises PermissionDenied, as `Actor.require`."""
    if not answers(by, permission, unit_id, on):
        by.require(permission, unit_id, unit_name=unit_name)
