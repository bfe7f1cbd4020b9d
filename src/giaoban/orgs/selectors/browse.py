"""The two trees on a day, level by level, as a page unfolds them; and the days on which they changed."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Count, Q
from django.http import Http404

from giaoban.kit.actors import Actor
from giaoban.kit.models import valid_on
from giaoban.orgs.models import (
    Area,
    AreaSuccession,
    AreaVersion,
    Event,
    EventState,
    UnitClosure,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.selectors.cards import nearest
from giaoban.orgs.selectors.rights import visible_ids
from giaoban.orgs.selectors.trees import child_counts

LEVELS_AT_MOST = 8


@dataclass(frozen=True, slots=True)
class Leaf:
    """A unit or an area as a tree names it. `known_on`: known for that day only, its first day is unknown."""

    id: int
    key: str
    name: str
    kind_name: str
    code: str = ""
    known_on: date | None = None


@dataclass(frozen=True, slots=True)
class Branch:
    """A leaf with how many stand directly beneath it, and, when it is open, what: by kind, each kind in order."""

    leaf: Leaf
    below: int
    groups: tuple[tuple[str, tuple["Branch", ...]], ...] = ()

    def known_on(self) -> date | None:
        """The latest day for which this or anything open beneath it is known."""
        days = [self.leaf.known_on] + [one.known_on() for _, held in self.groups for one in held]
        return max((day for day in days if day), default=None)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a tree written out: how deep it stands, and beneath what."""

    leaf: Leaf
    depth: int
    parent_key: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A day on which a tree changed, and what happened; no words when no event tells."""

    on: date
    words: str


class UnitLevels:
    """Units beneath units on a line on a day, as far as an actor may see today."""

    def __init__(self, actor: Actor, line: str, on: date, today: date) -> None:
        self.line, self.on, self.seen = line, on, visible_ids(actor, today)

    def beneath(self, ids: Collection[int]) -> list[tuple[int, Leaf]]:
        """(parent, child) in Vietnamese order."""
        edges = UnitParent.objects.filter(valid_on(self.on), parent_id__in=ids, line__key=self.line)
        above = dict(edges.filter(unit_id__in=self.seen).values_list("unit_id", "parent_id"))
        rows = UnitVersion.objects.filter(valid_on(self.on), unit_id__in=above).select_related("unit", "kind")
        return [(above[row.unit_id], unit_leaf(row)) for row in sorted(rows, key=lambda row: row.sort_key)]

    def counts(self, ids: Collection[int]) -> dict[int, int]:
        return child_counts(ids, self.line, self.on)

    def kinds(self, top: int) -> list[tuple[str, int]]:
        """How many of each kind stand beneath, at any depth; most first."""
        below = UnitClosure.objects.filter(valid_on(self.on), ancestor_id=top, line__key=self.line, depth__gt=0)
        rows = UnitVersion.objects.filter(valid_on(self.on), unit_id__in=below.values("descendant_id"))
        counted = rows.filter(unit_id__in=self.seen).values_list("kind__name").annotate(count=Count("pk"))
        return list(counted.order_by("-count", "kind__name"))


AREA_KINDS = """
    WITH RECURSIVE below(id, kind_id, level) AS (
        SELECT area_id, kind_id, level FROM orgs_areaversion
        WHERE parent_id = %(top)s AND daterange(valid_from, valid_to) @> %(on)s::date
        UNION ALL
        SELECT v.area_id, v.kind_id, v.level FROM orgs_areaversion v JOIN below ON v.parent_id = below.id
        WHERE daterange(v.valid_from, v.valid_to) @> %(on)s::date
    )
    SELECT kind.name, count(*) FROM below JOIN orgs_areakind kind ON kind.id = below.kind_id
    GROUP BY kind.name, below.level ORDER BY below.level, count(*) DESC
"""


class AreaLevels:
    """Areas beneath areas on a day. The map of the administration is public: everybody sees all of it."""

    def __init__(self, on: date) -> None:
        self.on = on

    def beneath(self, ids: Collection[int]) -> list[tuple[int, Leaf]]:
        """(parent, child) in Vietnamese order."""
        rows = AreaVersion.objects.filter(valid_on(self.on), parent_id__in=ids).select_related("area", "kind")
        ordered = sorted(rows, key=lambda row: row.sort_key)
        return [(row.parent_id, area_leaf(row)) for row in ordered if row.parent_id is not None]

    def counts(self, ids: Collection[int]) -> dict[int, int]:
        rows = AreaVersion.objects.filter(valid_on(self.on), parent_id__in=ids)
        return dict(rows.values_list("parent_id").annotate(count=Count("pk")))

    def kinds(self, top: int) -> list[tuple[str, int]]:
        """How many of each kind stand beneath, at any depth; the widest kinds first."""
        with connection.cursor() as cursor:
            cursor.execute(AREA_KINDS, {"top": top, "on": self.on})
            return list(cursor.fetchall())


Levels = UnitLevels | AreaLevels


def unit_leaf(row: UnitVersion) -> Leaf:
    return Leaf(row.unit_id, row.unit.key, row.short_name, row.kind.name, row.code, row.known_on)


def area_leaf(row: AreaVersion) -> Leaf:
    return Leaf(row.area_id, row.area.key, row.name, row.kind.name, row.code, row.known_on)


def grown(levels: Levels, top: Leaf, open_keys: Collection[str]) -> Branch:
    """The tree beneath `top`, which is open, and beneath each of the open keys. Three queries a level."""
    beneath: dict[int, list[Leaf]] = {}
    below: dict[int, int] = {}
    front = [top.id]
    for _ in range(LEVELS_AT_MOST):
        found = levels.beneath(front)
        for parent_id, leaf in found:
            beneath.setdefault(parent_id, []).append(leaf)
        below |= levels.counts([leaf.id for _, leaf in found])
        front = [leaf.id for _, leaf in found if leaf.key in open_keys and below.get(leaf.id)]
        if not front:
            break
    return _branch(top, beneath, below)


def _branch(leaf: Leaf, beneath: dict[int, list[Leaf]], below: dict[int, int]) -> Branch:
    by_kind: dict[str, list[Branch]] = {}
    held = beneath.get(leaf.id, [])
    for one in held:
        by_kind.setdefault(one.kind_name, []).append(_branch(one, beneath, below))
    groups = tuple((kind, tuple(branches)) for kind, branches in by_kind.items())
    return Branch(leaf, len(held) or below.get(leaf.id, 0), groups)


def written_out(levels: Levels, top: Leaf) -> Iterator[Line]:
    """Every line of the tree from `top` down, a parent before its children. One query a level, one more to begin."""
    beneath: dict[int, list[Leaf]] = {}
    front = [top.id]
    for _ in range(LEVELS_AT_MOST):
        found = levels.beneath(front)
        for parent_id, leaf in found:
            beneath.setdefault(parent_id, []).append(leaf)
        front = [leaf.id for _, leaf in found]
        if not front:
            break
    todo = [Line(top, 0, "")]
    while todo:
        line = todo.pop()
        yield line
        children = beneath.get(line.leaf.id, [])
        todo.extend(Line(child, line.depth + 1, line.leaf.key) for child in reversed(children))


# Areas as a root


def area_root(key: str, on: date) -> Leaf:
    """The area of a key as called on the day or nearest to it. Raises Http404."""
    rows = list(AreaVersion.objects.filter(area__key=key).select_related("area", "kind"))
    if not rows:
        raise Http404("Không có địa bàn này trong danh mục.")
    return area_leaf(nearest(rows, on))


def widest_area(on: date) -> Leaf | None:
    """Where the map of a day begins: the area that lies in no other."""
    row = AreaVersion.objects.filter(valid_on(on), parent=None).select_related("area", "kind").order_by("level").first()
    return area_leaf(row) if row else None


def areas_above(area_id: int, on: date) -> list[Leaf]:
    """The areas that hold an area on a day, the widest first."""
    found: list[Leaf] = []
    at = AreaVersion.objects.filter(valid_on(on), area_id=area_id).first()
    while at is not None and at.parent_id is not None and len(found) < LEVELS_AT_MOST:
        at = AreaVersion.objects.filter(valid_on(on), area_id=at.parent_id).select_related("area", "kind").first()
        if at is not None:
            found.insert(0, area_leaf(at))
    return found


def lives_on(area_id: int, on: date) -> bool:
    return AreaVersion.objects.filter(valid_on(on), area_id=area_id).exists()


def unit_lives_on(unit_id: int, on: date) -> bool:
    return UnitVersion.objects.filter(valid_on(on), unit_id=unit_id).exists()


def unit_known_on(unit_id: int, on: date) -> date | None:
    """The day for which the source knows how a unit stood on a day; None when it knows since when."""
    return UnitVersion.objects.filter(valid_on(on), unit_id=unit_id).values_list("known_on", flat=True).first()


def area_id_of(key: str) -> int | None:
    return Area.objects.filter(key=key).values_list("pk", flat=True).first()


# Days


def unit_stops() -> list[Stop]:
    """The days on which units began, ended, moved or passed to others, in time order."""
    days = _days_of(UnitVersion) | _days_of(UnitParent)
    days |= set(UnitSuccession.objects.order_by().values_list("on", flat=True).distinct())
    return _stops(days)


def area_stops() -> list[Stop]:
    """The days on which areas began, ended, changed or passed to others, in time order."""
    days = _days_of(AreaVersion) | set(AreaSuccession.objects.order_by().values_list("on", flat=True).distinct())
    return _stops(days)


def _days_of(model: type[UnitVersion] | type[UnitParent] | type[AreaVersion]) -> set[date]:
    pairs = model.objects.order_by().values_list("valid_from", "valid_to").distinct()
    return {day for pair in pairs for day in pair if day is not None}


def _stops(days: set[date]) -> list[Stop]:
    told: dict[date, list[str]] = {}
    held = Event.objects.filter(~Q(state=EventState.UNDONE), on__in=days).order_by("pk").values_list("on", "title")
    for on, title in held:
        told.setdefault(on, []).append(title)
    return [Stop(on, _words(told.get(on, []))) for on in sorted(days)]


def _words(titles: list[str]) -> str:
    return f"{titles[0]} và {len(titles) - 1} biến động khác" if len(titles) > 1 else "".join(titles)
