"""Small trees of units for tests of any room. Names come from no administration."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from giaoban.accounts.models import User
from giaoban.core.vietnamese import fold, sort_key
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Role
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import Area, Field, Line, Post, SuccessionKind, Unit, UnitKind, UnitParent, UnitSuccession
from giaoban.orgs.models import UnitVersion as Version
from giaoban.orgs.selectors import actor_for

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def moment(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    """A moment of the clock on the wall."""
    return datetime(year, month, day, hour, minute, tzinfo=ZONE)


def kind(key: str, *, represents_area: bool = False) -> UnitKind:
    return UnitKind.objects.get_or_create(key=key, defaults={"name": key, "represents_area": represents_area})[0]


def line(key: str = "service") -> Line:
    return Line.objects.get_or_create(key=key, defaults={"name": key})[0]


def field(key: str) -> Field:
    return Field.objects.get_or_create(key=key, defaults={"name": key})[0]


def unit(
    key: str,
    of_kind: str,
    *,
    name: str = "",
    under: Unit | None = None,
    on_line: str = "service",
    valid_from: date | None = None,
    valid_to: date | None = None,
    area: Area | None = None,
) -> Unit:
    """A unit with one version and, with `under`, a parent for its whole life. Call `grow` when the tree is complete."""
    made = Unit.objects.create(key=key)
    words = name or key.capitalize()
    Version.objects.create(
        unit=made,
        kind=kind(of_kind),
        name=words,
        short_name=words,
        area=area,
        sort_key=sort_key(words),
        search_key=fold(words),
        valid_from=valid_from,
        valid_to=valid_to,
    )
    if under is not None:
        place(made, under, on_line=on_line, valid_from=valid_from, valid_to=valid_to)
    return made


def place(
    child: Unit,
    under: Unit,
    *,
    on_line: str = "service",
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> UnitParent:
    return UnitParent.objects.create(
        unit=child, parent=under, line=line(on_line), valid_from=valid_from, valid_to=valid_to
    )


def pass_on(old: Unit, new: Unit, on: date, *, whole: bool = True, how: str = SuccessionKind.MERGE) -> UnitSuccession:
    """From the day `on` the new unit stands for the old one."""
    return UnitSuccession.objects.create(old=old, new=new, on=on, kind=how, whole=whole)


def grow() -> None:
    """Make the closure of the tree as it stands."""
    rebuild_closure()


def person(login: str, name: str = "") -> User:
    return User.objects.create_user(login, full_name=name or login.capitalize(), password="lamp-oil-and-wick")


def post(user: User, at: Unit, role: Role = Role.HEAD, *, valid_from: date | None = None) -> Post:
    return Post.objects.create(user=user, unit=at, role=role.value, valid_from=valid_from)


def actor(login: str, at: Unit, role: Role = Role.HEAD, *, on: date = date(2026, 1, 1)) -> Actor:
    """A new person who holds one role at one unit."""
    user = person(login)
    post(user, at, role)
    return actor_for(user.pk, user.full_name, on)
