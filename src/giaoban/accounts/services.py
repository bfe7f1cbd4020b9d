import secrets
from datetime import datetime

from giaoban.accounts.models import User
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission

READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters that look alike


def new_password(groups: int = 4, size: int = 4) -> str:
    """A random password of groups, to be read aloud and typed once: 16 of 31 signs, about 79 bits."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(size)) for _ in range(groups))


def open_account(login: str, *, full_name: str, password: str, by: Actor, at: datetime) -> User:
    """Create a person who can sign in; only commands do so. Raises IntegrityError when the name is taken."""
    by.require(Permission.MANAGE_UNITS, at=None, unit_name="toàn hệ thống")
    with act("accounts.open", by=by, at=at) as entry:
        user = User.objects.create_user(login, full_name=full_name, password=password)
        entry.subject = subject_of(user)
    return user


def set_password(user: User, password: str, *, by: Actor, at: datetime) -> None:
    """Give a person a new password: the person's own act, or a command's. Raises PermissionDenied for others."""
    if by.user_id != user.pk:
        by.require(Permission.MANAGE_UNITS, at=None, unit_name="toàn hệ thống")
    with act("accounts.set-password", by=by, at=at, subject=subject_of(user)):
        user.set_password(password)
        user.save(update_fields=["password"])
