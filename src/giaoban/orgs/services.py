from datetime import date, datetime

from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission, Role
from giaoban.orgs.models import Post, Unit


def give_post(
    *, user_id: int, unit_id: int, role: Role, valid_from: date | None, by: Actor, at: datetime, acting: bool = False
) -> Post:
    """Let a person hold a role at a unit from a day on.

    Raises PermissionDenied, and IntegrityError when the same post is already held.
    """
    by.require(Permission.MANAGE_UNITS, at=unit_id)
    unit = Unit.objects.get(pk=unit_id)
    with act("orgs.give-post", by=by, at=at, detail={"role": role.value, "unit": unit.key}) as entry:
        post = Post.objects.create(user_id=user_id, unit=unit, role=role.value, valid_from=valid_from, acting=acting)
        entry.subject = subject_of(post)
    return post
