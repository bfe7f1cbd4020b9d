"""Who acts. Filled once per request from the posts held today; services ask it, nothing else."""

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied

from giaoban.kit.permissions import PERMISSION_NAMES, ROLE_NAMES, ROLE_PERMISSIONS, Permission, Role, roles_with


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A role held at a unit today. `fields` empty = all fields of work."""

    unit_id: int
    role: Role
    unit_name: str = ""
    fields: frozenset[str] = frozenset()
    acting: bool = False


@dataclass(frozen=True, slots=True)
class Actor:
    """A person with the posts held today, or the system itself (`user_id` is None and `everything`).

    `unit_id` is the unit the person acts for now, one of the posts' units; None for a person without a post.
    """

    user_id: int | None
    name: str
    posts: tuple[HeldPost, ...] = ()
    unit_id: int | None = None
    everything: bool = False
    reason: str = field(default="", compare=False)

    @property
    def unit_ids(self) -> tuple[int, ...]:
        """Units at which a post is held, without repetition, acting unit first."""
        ordered = ([self.unit_id] if self.unit_id is not None else []) + [post.unit_id for post in self.posts]
        return tuple(dict.fromkeys(ordered))

    @property
    def unit_name(self) -> str:
        return next((post.unit_name for post in self.posts if post.unit_id == self.unit_id), "")

    def post_at(self, *unit_ids: int | None) -> int | None:
        """The first of these units at which a post is held: the one whose right an act rests on, not the unit that the
        person happens to act for. The acting unit when there is none."""
        held = {post.unit_id for post in self.posts}
        return next((one for one in unit_ids if one in held), self.unit_id)

    def may(self, permission: Permission, at: int | None) -> bool:
        """Whether a post at unit `at` carries the permission. A post elsewhere, above or below, does not."""
        if self.everything:
            return True
        return any(post.unit_id == at and permission in ROLE_PERMISSIONS[post.role] for post in self.posts)

    def require(self, permission: Permission, at: int | None, *, unit_name: str = "") -> None:
        """Refuse with the name of the act, the unit and the roles that could. Raises PermissionDenied."""
        if self.may(permission, at):
            return
        roles = ", ".join(ROLE_NAMES[role].lower() for role in roles_with(permission))
        where = f" của {unit_name}" if unit_name else " của đơn vị này"
        raise PermissionDenied(
            f"Tài khoản của bạn chưa được giao quyền {PERMISSION_NAMES[permission]}{where}. "
            f"Người làm được việc này: {roles}{where}."
        )


def system_actor(name: str, reason: str = "") -> Actor:
    """The actor of a command or a job: sees and may do everything, and signs its acts with `name`."""
    return Actor(user_id=None, name=name, everything=True, reason=reason)
