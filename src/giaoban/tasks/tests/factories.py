"""A small tree of units, people with posts, and a task, in words that belong to no sector."""

from dataclasses import dataclass
from datetime import date, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.test import Client

from giaoban.core.vietnamese import fold, sort_key
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.permissions import Role
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.selectors import actor_for
from giaoban.tasks import services
from giaoban.tasks.models import Task
from giaoban.tasks.rules import Origin

SYSTEM = system_actor("thử nghiệm")
LINE = "tuyen-thu"
_numbers = count(1)


def moment(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))


def model(name: str) -> Any:
    return apps.get_model("orgs", name)._default_manager


@dataclass(frozen=True, slots=True)
class Tree:
    """root ⊃ office ⊃ north, south; stranger stands alone."""

    root: int
    office: int
    north: int
    south: int
    stranger: int


def unit(key: str, name: str, *, parent: int | None = None, until: date | None = None) -> int:
    """A unit of the one kind and line of these tests; `until` is its first day of absence."""
    kind, _ = model("UnitKind").get_or_create(key="don-vi-thu", defaults={"name": "đơn vị thử"})
    line, _ = model("Line").get_or_create(key=LINE, defaults={"name": "tuyến thử"})
    row = model("Unit").create(key=key)
    model("UnitVersion").create(
        unit=row,
        kind=kind,
        name=name,
        short_name=name.removeprefix("Phòng "),
        sort_key=sort_key(name),
        search_key=fold(name),
        valid_to=until,
    )
    if parent is not None:
        model("UnitParent").create(unit=row, parent_id=parent, line=line, valid_to=until)
    return int(row.pk)


def tree() -> Tree:
    root = unit("goc", "Cơ quan gốc")
    office = unit("so", "Sở Thử nghiệm", parent=root)
    north = unit("phong-bac", "Phòng Bắc", parent=office)
    south = unit("phong-nam", "Phòng Nam", parent=office)
    stranger = unit("nguoi-ngoai", "Sở Người ngoài")
    rebuild_closure()
    return Tree(root, office, north, south, stranger)


def person(unit_id: int, role: Role, name: str = "") -> tuple[Any, Actor]:
    """A person with one post, held for ever, and the actor that the middleware would make."""
    number = next(_numbers)
    user = apps.get_model("accounts", "User")._default_manager.create(
        login=f"nguoi-{number}", full_name=name or f"Người {number}", password="!"
    )
    model("Post").create(user=user, unit_id=unit_id, role=role.value)
    return user, actor_for(user.pk, user.full_name, date(2026, 10, 2))


def actor(unit_id: int, role: Role) -> Actor:
    return person(unit_id, role)[1]


def browser(unit_id: int, role: Role) -> Client:
    """A signed-in browser of a person with one post."""
    client = Client()
    client.force_login(person(unit_id, role)[0], backend="django.contrib.auth.backends.ModelBackend")
    return client


def origin(key: str = "viec-1") -> Origin:
    return Origin("test", "Kết luận thử, đoạn 1", "/hop/thu/ket-luan/", key)


def task(held: Tree, **changes: Any) -> Task:
    """A task of the office for both rooms, due on 30/06/2026, assigned on 21/03/2026."""
    given: dict[str, Any] = {
        "title": "Tham mưu về tổ chức cán bộ",
        "issuer_id": held.office,
        "unit_ids": [held.north, held.south],
        "product": "Văn bản đề xuất",
        "due_on": date(2026, 6, 30),
        "origin": origin(),
        "source_text": "các phòng tham mưu, đề xuất về tổ chức cán bộ",
        "by": SYSTEM,
        "at": moment(2026, 3, 21),
    }
    return services.assign(**{**given, **changes})
