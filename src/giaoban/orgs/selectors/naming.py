"""What a person who enters an event chooses from: things by name, kinds, and how a thing stood the day before."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from giaoban.core.timeline import State
from giaoban.core.vietnamese import fold
from giaoban.kit.actors import Actor
from giaoban.kit.models import valid_on
from giaoban.orgs.models import Area, AreaKind, AreaVersion, Unit, UnitKind, UnitParent, UnitVersion
from giaoban.orgs.selectors.browse import Leaf, area_leaf, unit_leaf
from giaoban.orgs.selectors.cards import nearest, wider_areas
from giaoban.orgs.selectors.histories import Tree
from giaoban.orgs.selectors.lookup import SHORTEST, words_begin
from giaoban.orgs.selectors.rights import visible_ids
from giaoban.orgs.selectors.timelines import timelines

PICKED_AT_MOST = 12
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pick:
    """A thing to choose, and what tells it from others of its name."""

    leaf: Leaf
    hint: str


def picks(tree: Tree, keys: Iterable[str], actor: Actor, on: date, today: date) -> list[Pick]:
    """The things of some keys, in their order, as called on the day or nearest to it; those out of sight are absent."""
    wanted = list(dict.fromkeys(keys))
    if tree == "area":
        areas: dict[str, list[AreaVersion]] = {}
        for area in AreaVersion.objects.filter(area__key__in=wanted).select_related("area", "kind"):
            areas.setdefault(area.area.key, []).append(area)
        return _areas_hinted([nearest(areas[key], on) for key in wanted if key in areas], on)
    units: dict[str, list[UnitVersion]] = {}
    rows = UnitVersion.objects.filter(unit__key__in=wanted, unit_id__in=visible_ids(actor, today))
    for unit in rows.select_related("unit", "kind"):
        units.setdefault(unit.unit.key, []).append(unit)
    return _units_hinted([nearest(units[key], on) for key in wanted if key in units], on)


def found_by_name(tree: Tree, words: str, actor: Actor, on: date, today: date) -> list[Pick]:
    """Things of the day whose name or code holds the words, accents ignored; those that end with them first."""
    folded = fold(words)
    if len(folded) < SHORTEST:
        return []
    if tree == "area":
        areas = list(AreaVersion.objects.filter(valid_on(on), words_begin(folded)).select_related("area", "kind"))
        areas += AreaVersion.objects.filter(valid_on(on), code=words.strip()).select_related("area", "kind")
        areas.sort(key=lambda row: (not row.search_key.endswith(folded), row.sort_key))
        return _areas_hinted(_first(areas), on)
    rows = UnitVersion.objects.filter(valid_on(on), words_begin(folded), unit_id__in=visible_ids(actor, today))
    units = sorted(
        rows.select_related("unit", "kind"), key=lambda row: (not row.search_key.endswith(folded), row.sort_key)
    )
    return _units_hinted(units[:PICKED_AT_MOST], on)


def _first(rows: Sequence[AreaVersion]) -> list[AreaVersion]:
    return list({row.area_id: row for row in rows}.values())[:PICKED_AT_MOST]


def _areas_hinted(rows: Sequence[AreaVersion], on: date) -> list[Pick]:
    wider = wider_areas([row.area_id for row in rows], on)
    return [
        Pick(area_leaf(row), _hint(row.code, wider[row.area_id].name if row.area_id in wider else "")) for row in rows
    ]


def _units_hinted(rows: Sequence[UnitVersion], on: date) -> list[Pick]:
    wider = wider_areas([row.area_id for row in rows if row.area_id], on)
    return [
        Pick(unit_leaf(row), _hint(row.code, wider[row.area_id].name if row.area_id in wider else "")) for row in rows
    ]


def _hint(code: str, above: str) -> str:
    return " · ".join(filter(None, (f"mã {code}" if code else "", above)))


def kinds(tree: Tree) -> list[tuple[str, str]]:
    """(key, name) of all kinds, areas from the widest down."""
    rows = AreaKind.objects.order_by("level", "pk") if tree == "area" else UnitKind.objects.order_by("pk")
    return [(row.key, row.name[:1].upper() + row.name[1:]) for row in rows]


def state_of(tree: Tree, key: str, on: date) -> State | None:
    """How a thing stands on a day; None: there is no such thing that day."""
    model = Area if tree == "area" else Unit
    ids = set(model.objects.filter(key=key).values_list("pk", flat=True))
    none: set[int] = set()
    only: dict[Tree, set[int]] = {"area": ids, "unit": none} if tree == "area" else {"area": none, "unit": ids}
    return timelines(only=only)[tree].state_on(key, on)


def beneath(tree: Tree, key: str, actor: Actor, on: date, today: date) -> list[Leaf]:
    """What stands directly beneath a thing on a day, on any line, in Vietnamese order; units that the actor may see."""
    if tree == "area":
        areas = AreaVersion.objects.filter(valid_on(on), parent__key=key).select_related("area", "kind")
        return [area_leaf(row) for row in sorted(areas, key=lambda row: row.sort_key)]
    seen = visible_ids(actor, today)
    under = UnitParent.objects.filter(valid_on(on), parent__key=key, parent_id__in=seen, unit_id__in=seen)
    units = UnitVersion.objects.filter(valid_on(on), unit_id__in=under.values("unit_id")).select_related("unit", "kind")
    return [unit_leaf(row) for row in sorted(units, key=lambda row: row.sort_key)]


def free_key(tree: Tree, prefix: str, name: str, on: date, taken: Iterable[str] = ()) -> str:
    """A key that no thing has and that is not among the taken: the words of the name, then the day, then a number."""
    model = Area if tree == "area" else Unit
    words = "-".join("".join(c if c.isalnum() else " " for c in fold(name)).split())
    held = set(taken)
    start = f"{prefix}:{words}"[:100]
    for key in (start, f"{start}-{on:%Y%m%d}", *(f"{start}-{on:%Y%m%d}-{number}" for number in range(2, 1000))):
        if key not in held and not model.objects.filter(key=key).exists():
            return key
    raise ValueError(f"no free key for {start}")
