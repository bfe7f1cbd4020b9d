"""A small nation for the tests of events: two provinces, districts, communes, and the bodies of three levels."""

from datetime import date

from giaoban.core.events import NewThing
from giaoban.core.spans import Span
from giaoban.core.timeline import TERRITORY, State, Timeline, Tree

REFORM, EVE, LATER = date(2025, 7, 1), date(2025, 6, 30), date(2026, 3, 1)
LEVELS = {"nation": "0", "province": "1", "city": "1", "district": "2", "commune": "3", "ward": "3", "zone": "3"}
ADMIN, SECTOR = "administrative", "professional"


def area(name: str, kind: str, parent: str = "", code: str = "", known_on: date | None = None) -> tuple[State, ...]:
    parents = ((TERRITORY, parent),) if parent else ()
    return (State(span=Span(None, None), kind=kind, name=name, code=code, parents=parents, known_on=known_on),)


def unit(name: str, kind: str, *parents: tuple[str, str], area: str = "") -> tuple[State, ...]:
    return (State(span=Span(None, None), kind=kind, name=name, area=area, parents=tuple(sorted(parents))),)


AREAS = Timeline(
    "area",
    {
        "vn": area("Việt Nam", "nation"),
        "a": area("Tỉnh A", "province", "vn", "1"),
        "b": area("Tỉnh B", "province", "vn", "2"),
        "a-d": area("Huyện A", "district", "a", "10"),
        "b-d": area("Huyện B", "district", "b", "20"),
        "x1": area("Xã Một", "commune", "a-d", "101", EVE),
        "x2": area("Xã Hai", "commune", "a-d", "102", EVE),
        "x3": area("Xã Ba", "commune", "b-d", "103", EVE),
        "isle": area("Huyện Đảo", "district", "b", "21"),
    },
    classes=LEVELS,
)
UNITS = Timeline(
    "unit",
    {
        "bo": unit("Bộ", "bo"),
        "ubnd-a": unit("UBND tỉnh A", "ubnd", area="a"),
        "ubnd-b": unit("UBND tỉnh B", "ubnd", area="b"),
        "so-a": unit("Sở A", "so", (ADMIN, "ubnd-a"), (SECTOR, "bo"), area="a"),
        "so-b": unit("Sở B", "so", (ADMIN, "ubnd-b"), (SECTOR, "bo"), area="b"),
        "huyen-a": unit("UBND huyện A", "ubnd-huyen", (ADMIN, "ubnd-a"), area="a-d"),
        "phong-a": unit("Phòng A", "phong", (ADMIN, "huyen-a"), (SECTOR, "so-a"), area="a-d"),
        "khu-vuc": unit("Phòng khu vực", "khu-vuc", (SECTOR, "bo")),
    },
)
TREES: dict[Tree, Timeline] = {"area": AREAS, "unit": UNITS}
A2 = NewThing("a-2025", "province", "Tỉnh A mới", code="1", parents=((TERRITORY, "vn"),))
