"""A small land for tests of events: a province with communes, their committees, and an office above these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from giaoban.core.vietnamese import fold, sort_key
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.permissions import Role
from giaoban.orgs import services
from giaoban.orgs.models import Area, AreaKind, AreaVersion, Event, Unit
from giaoban.orgs.tests import factories

SYSTEM = system_actor("máy")
AT = factories.moment(2026, 7, 1)
TODAY = date(2026, 7, 1)
ON = date(2026, 7, 1)
WORDS: Mapping[str, Any] = {"basis": "Nghị quyết 1", "basis_on": date(2026, 6, 1), "reason": "sắp xếp lại"}
KINDS = (("tinh", "tỉnh", 1), ("huyen", "huyện", 2), ("xa", "xã", 3), ("phuong", "phường", 3))


def area(
    key: str,
    kind: str,
    name: str,
    *,
    parent: Area | None = None,
    code: str = "",
    valid_from: date | None = date(2010, 1, 1),
    valid_to: date | None = None,
    known_on: date | None = None,
) -> Area:
    """An area with one version."""
    level = {own: (called, level) for own, called, level in KINDS}[kind]
    held, _ = AreaKind.objects.get_or_create(key=kind, defaults={"name": level[0], "level": level[1]})
    made = Area.objects.create(key=key)
    AreaVersion.objects.create(
        area=made,
        kind=held,
        level=held.level,
        name=name,
        code=code,
        parent=parent,
        sort_key=sort_key(name),
        search_key=fold(name),
        valid_from=valid_from,
        valid_to=valid_to,
        known_on=known_on,
    )
    return made


@dataclass
class Land:
    """province ⊃ communes a, b, c, d; `province` the committee above those of the communes; `office` beside, with a
    room; all since 2010."""

    province: Unit
    office: Unit
    room: Unit
    communes: dict[str, Unit]
    areas: dict[str, Area]
    actors: dict[str, Actor] = field(default_factory=dict)

    def admin(self, unit: Unit) -> Actor:
        return factories.actor(f"admin-{unit.key}", unit, Role.ADMINISTRATOR)


def land() -> Land:
    """The land, grown."""
    since = date(2010, 1, 1)
    top = area("tinh:p", "tinh", "Tỉnh Mẫu", code="01")
    AreaKind.objects.get_or_create(key="phuong", defaults={"name": "phường", "level": 3})
    factories.kind("ubnd-tinh", represents_area=True)
    for body in ("ubnd-huyen", "ubnd-xa"):
        factories.kind(body, represents_area=True)
    province = factories.unit("ubnd-tinh:p", "ubnd-tinh", name="Ủy ban nhân dân tỉnh Mẫu", area=top, valid_from=since)
    office = factories.unit("so:p", "so", name="Sở Mẫu", under=province, valid_from=since)
    room = factories.unit("phong:1", "phong", name="Phòng Một", under=office, valid_from=since)
    areas, communes = {"p": top}, {}
    for number, letter in enumerate("abcd", start=1):
        name = f"Xã {letter.upper()}"
        areas[letter] = area(f"xa:{letter}", "xa", name, parent=top, code=f"000{number}")
        communes[letter] = factories.unit(
            f"ubnd-xa:{letter}",
            "ubnd-xa",
            name=f"Ủy ban nhân dân xã {letter.upper()}",
            area=areas[letter],
            under=province,
            valid_from=since,
        )
    factories.grow()
    return Land(province, office, room, communes, areas)


def event(*steps: Mapping[str, Any], on: date = ON) -> dict[str, Any]:
    return {"on": on.isoformat(), "steps": [dict(step) for step in steps]}


def merge_areas(*letters: str, into: Mapping[str, Any] | str = "", children: str = "follow") -> dict[str, Any]:
    """Communes merge into a new ward E, or into what is given."""
    new = {
        "key": "phuong:e",
        "kind": "phuong",
        "name": "Phường E",
        "code": "0009",
        "parents": [["territory", "tinh:p"]],
    }
    olds = [f"xa:{letter}" for letter in letters]
    return {"step": "merge", "tree": "area", "olds": olds, "into": into or new, "children": children}


def merge_units(*letters: str, into: Mapping[str, Any] | str) -> dict[str, Any]:
    return {"step": "merge", "tree": "unit", "olds": [f"ubnd-xa:{letter}" for letter in letters], "into": into}


def record(data: Mapping[str, Any], **more: Any) -> Event:
    return services.record(data, **{**WORDS, "by": SYSTEM, "at": AT, "today": TODAY, **more})
