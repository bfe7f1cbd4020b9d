"""Two days of a tree side by side: what began, ended, was renamed, became another kind, moved."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from django.db import connection
from django.db.models import Max, Q

from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among
from giaoban.kit.models import valid_on
from giaoban.orgs.models import (
    AreaSuccession,
    AreaVersion,
    Event,
    SuccessionKind,
    UnitClosure,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.selectors.browse import Leaf
from giaoban.orgs.selectors.histories import NAMED_AT_MOST, ONE_DAY, Party, Tree, called
from giaoban.orgs.selectors.lookup import heirs_beneath
from giaoban.orgs.selectors.rights import visible_ids

GENERATIONS = 8
LISTED_AT_MOST = 3000


class What(StrEnum):
    NEW = "moi"
    ENDED = "het"
    RENAMED = "doi-ten"
    KIND = "doi-loai"
    MOVED = "chuyen"
    CODE = "doi-ma"

    @property
    def label(self) -> str:
        return WHAT_NAMES[self]


WHAT_NAMES = {
    What.NEW: "lập mới",
    What.ENDED: "kết thúc",
    What.RENAMED: "đổi tên",
    What.KIND: "đổi loại",
    What.MOVED: "chuyển cấp trên",
    What.CODE: "đổi mã",
}


@dataclass(frozen=True, slots=True)
class Told:
    """The event that made a change; only its day and basis where no event is recorded."""

    on: date
    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Difference:
    """A thing that is not on the second day what it was on the first. before None: it was not; after None: it is not.

    others: what it came from (new) or passed to (ended), the first of `count`. above: the parents it left and has now.
    beneath: for an area of an abolished level, which passed to nothing itself: some of what those in it became.
    """

    what: tuple[What, ...]
    before: Leaf | None
    after: Leaf | None
    others: tuple[Party, ...] = ()
    count: int = 0
    above: tuple[tuple[Leaf | None, Leaf | None], ...] = ()
    told: tuple[Told, ...] = ()
    beneath: tuple[Leaf, ...] = ()
    beneath_count: int = 0

    @property
    def leaf(self) -> Leaf:
        leaf = self.after or self.before
        if leaf is None:
            raise ValueError("a difference without a thing")
        return leaf

    @property
    def more(self) -> int:
        return self.count - len(self.others)

    @property
    def beneath_more(self) -> int:
        return self.beneath_count - len(self.beneath)


@dataclass(frozen=True, slots=True)
class Row:
    """A thing on one of the days; `leaf` has a unit's short name."""

    leaf: Leaf
    name: str
    kind: int
    sort_key: str


@dataclass(frozen=True, slots=True)
class Change:
    """That a thing differs, before its details are read. above: (left, joined) parents, 0 = none.

    Of one that `differing` found, only `id` and `what` are read.
    """

    id: int
    what: tuple[What, ...]
    before: Row | None
    after: Row | None
    above: tuple[tuple[int, int], ...] = ()

    @property
    def sort_key(self) -> str:
        row = self.after or self.before
        return row.sort_key if row else ""


@dataclass(frozen=True)
class _Side:
    """A day: rows, and (line, parent) pairs, by thing."""

    rows: Mapping[int, Row]
    parents: Mapping[int, frozenset[tuple[int, int]]]


def unit_scope(actor: Actor, top: int | None, first: date, second: date, today: date) -> set[int] | None:
    """The units to compare: all that stood on one of the days beneath a unit, or beneath what it was or became.

    None = all, for an actor who sees everything.
    """
    seen = visible_ids(actor, today)
    if top is None:
        return None if actor.everything else set(seen.values_list("pk", flat=True))
    found: set[int] = set()
    for on in (first, second):
        roots = stand_ins("unit", top, on)
        below = UnitClosure.objects.filter(valid_on(on), ancestor_id__in=roots, descendant_id__in=seen)
        found |= roots | set(below.values_list("descendant_id", flat=True))
    return found


AREAS_BENEATH = """
    WITH RECURSIVE below(id) AS (
        SELECT unnest(%(roots)s::bigint[])
        UNION
        SELECT v.area_id FROM orgs_areaversion v JOIN below ON v.parent_id = below.id
        WHERE daterange(v.valid_from, v.valid_to) @> %(on)s::date
    )
    SELECT id FROM below
"""


def area_scope(top: int, first: date, second: date) -> set[int]:
    """The areas that lay on one of the days in an area, or in what it was or became, itself included."""
    found: set[int] = set()
    with connection.cursor() as cursor:
        for on in (first, second):
            cursor.execute(AREAS_BENEATH, {"roots": list(stand_ins("area", top, on)), "on": on})
            found |= {row[0] for row in cursor.fetchall()}
    return found


def stand_ins(tree: Tree, thing: int, on: date) -> set[int]:
    """The thing, if it is there on the day; else what of its line is: forebears or heirs, nearest first."""
    versions, steps, column = _models(tree)
    living, front, seen = set[int](), {thing}, {thing}
    for _ in range(GENERATIONS):
        there = set(versions.objects.filter(valid_on(on), **{f"{column}__in": front}).values_list(column, flat=True))
        living |= there
        gone = front - there
        if not gone:
            break
        passed = steps.objects.exclude(kind=SuccessionKind.TRANSFER)
        heirs = passed.filter(old_id__in=gone, on__lte=on).values_list("new_id", flat=True)
        forebears = passed.filter(new_id__in=gone, on__gt=on).values_list("old_id", flat=True)
        front = (set(heirs) | set(forebears)) - seen
        seen |= front
    return living


def _models(tree: Tree) -> tuple[Any, Any, str]:
    return (UnitVersion, UnitSuccession, "unit_id") if tree == "unit" else (AreaVersion, AreaSuccession, "area_id")


def compare(tree: Tree, ids: Collection[int] | None, first: date, second: date) -> list[Change]:
    """What differs between the two days (first < second) among things (None: all), in Vietnamese order.

    A thing whose parent was replaced by its successor has not moved. The number of queries does not grow.
    """
    before, after = _side(tree, ids, first), _side(tree, ids, second)
    replaced = _replaced(tree, first, second)
    found = []
    for one in before.rows.keys() | after.rows.keys():
        if _differs(one, before, after) and (what := _what(one, before, after, replaced)):
            old, new = before.rows.get(one), after.rows.get(one)
            pairs = _above(one, before, after) if What.MOVED in what else ()
            found.append(Change(one, what, old, new, pairs))
    return sorted(found, key=lambda change: change.sort_key)


DIFFERING = """
    WITH before AS (
        SELECT * FROM orgs_{tree}version WHERE daterange(valid_from, valid_to) @> %(first)s::date {only}
    ), after AS (
        SELECT * FROM orgs_{tree}version WHERE daterange(valid_from, valid_to) @> %(second)s::date {only}
    )
    SELECT coalesce(a.{tree}_id, b.{tree}_id), coalesce(a.sort_key, b.sort_key), b.id IS NULL, a.id IS NULL,
        b.name <> a.name, b.kind_id <> a.kind_id, b.code <> a.code
    FROM before b FULL JOIN after a ON a.{tree}_id = b.{tree}_id
    WHERE a.id IS NULL OR b.id IS NULL OR b.name <> a.name OR b.kind_id <> a.kind_id OR b.code <> a.code
        OR a.{tree}_id = ANY(%(moved)s)
"""
MOVED_AREAS = """
    SELECT b.area_id, b.parent_id, a.parent_id FROM orgs_areaversion b JOIN orgs_areaversion a ON a.area_id = b.area_id
    WHERE daterange(b.valid_from, b.valid_to) @> %(first)s::date
        AND daterange(a.valid_from, a.valid_to) @> %(second)s::date
        AND b.parent_id IS DISTINCT FROM a.parent_id {only}
"""
MOVED_UNITS = """
    SELECT e.unit_id, e.left_id, e.joined_id FROM (
        SELECT unit_id,
            max(parent_id) FILTER (WHERE daterange(valid_from, valid_to) @> %(first)s::date) left_id,
            max(parent_id) FILTER (WHERE daterange(valid_from, valid_to) @> %(second)s::date) joined_id
        FROM orgs_unitparent WHERE true {only} GROUP BY unit_id, line_id
    ) e
    WHERE e.left_id IS DISTINCT FROM e.joined_id
        AND EXISTS (SELECT FROM orgs_unitversion v
            WHERE v.unit_id = e.unit_id AND daterange(v.valid_from, v.valid_to) @> %(first)s::date)
        AND EXISTS (SELECT FROM orgs_unitversion v
            WHERE v.unit_id = e.unit_id AND daterange(v.valid_from, v.valid_to) @> %(second)s::date)
"""


def differing(tree: Tree, ids: Collection[int] | None, first: date, second: date) -> list[Change]:
    """That which `compare` finds, in its order, without the details: for counts and pages of a whole country.

    `compare` of the ids of one page gives the details. Three queries.
    """
    replaced = _replaced(tree, first, second)
    given = {"first": first, "second": second, "ids": list(ids) if ids is not None else None}
    one = "b.area_id" if tree == "area" else "unit_id"
    with connection.cursor() as cursor:
        moves = MOVED_AREAS if tree == "area" else MOVED_UNITS
        cursor.execute(moves.format(only=f"AND {one} = ANY(%(ids)s::bigint[])" if ids is not None else ""), given)
        moved = {thing for thing, old, new in cursor.fetchall() if (old or 0, new or 0) not in replaced}
        only = f"AND {tree}_id = ANY(%(ids)s::bigint[])" if ids is not None else ""
        cursor.execute(DIFFERING.format(tree=tree, only=only), given | {"moved": list(moved)})
        rows = sorted(cursor.fetchall(), key=lambda row: (row[1], row[0]))
    flags = (What.NEW, What.ENDED, What.RENAMED, What.KIND, What.CODE)
    found = []
    for thing, _, *marks in rows:
        what = tuple(flag for flag, mark in zip(flags, marks, strict=True) if mark)
        found.append(Change(thing, (*what, What.MOVED) if thing in moved else what, None, None))
    return found


def known_on(tree: Tree, ids: Collection[int] | None, on: date) -> date | None:
    """The latest day for which only something of a day's tree (of these ids; None: all) is known; None when the day
    is not before it."""
    versions, _, column = _models(tree)
    rows = versions.objects.filter(valid_on(on), known_on__gt=on)
    if ids is not None:
        rows = rows.filter(**{f"{column}__in": among(ids)})
    latest: date | None = rows.aggregate(latest=Max("known_on"))["latest"]
    return latest


def in_full(tree: Tree, changes: Sequence[Change], first: date, second: date) -> list[Difference]:
    """Some of the changes with all that they are shown with, in their order."""
    parties = _parties(tree, changes, first, second)
    told = _told(tree, {change.id for change in changes}, first, second)
    left = [(pair[0], first) for change in changes for pair in change.above if pair[0]]
    joined = [(pair[1], second) for change in changes for pair in change.above if pair[1]]
    names = called(tree, left + joined)
    beneath = _beneath(tree, [one.id for one in changes if What.ENDED in one.what and one.id not in parties])
    return [
        Difference(
            what=change.what,
            before=change.before.leaf if change.before else None,
            after=change.after.leaf if change.after else None,
            others=tuple(parties.get(change.id, ())[:NAMED_AT_MOST]),
            count=len(parties.get(change.id, ())),
            above=tuple(
                dict.fromkeys((names.get((old, first)), names.get((new, second))) for old, new in change.above)
            ),
            told=tuple(told.get(change.id, ())),
            beneath=tuple(beneath.get(change.id, ())[:NAMED_AT_MOST]),
            beneath_count=len(beneath.get(change.id, ())),
        )
        for change in changes
    ]


def _beneath(tree: Tree, ended: list[int]) -> dict[int, list[Leaf]]:
    """What the areas in each of the ended ones, which passed to nothing, became."""
    return heirs_beneath(ended) if tree == "area" and ended else {}


def _side(tree: Tree, ids: Collection[int] | None, on: date) -> _Side:
    versions, _, column = _models(tree)
    rows = versions.objects.filter(valid_on(on))
    # A long list costs more to send than the rows that it leaves out.
    few = ids is not None and len(ids) <= LISTED_AT_MOST
    if few:
        rows = rows.filter(**{f"{column}__in": ids})
    thing = column.removesuffix("_id")
    name, above = ("short_name", "area_id") if tree == "unit" else ("name", "parent_id")
    columns = (column, f"{thing}__key", "name", name, "kind_id", "kind__name", "code", "sort_key", above, "known_on")
    held: dict[int, Row] = {}
    parents: dict[int, frozenset[tuple[int, int]]] = {}
    for one, key, full, short, kind, kind_name, code, order, parent, known in rows.values_list(*columns):
        if ids is not None and one not in ids:
            continue
        held[one] = Row(Leaf(one, key, short, kind_name, code, known), full, kind, order)
        if tree == "area" and parent:
            parents[one] = frozenset({(0, parent)})
    if tree == "unit":
        edges: dict[int, set[tuple[int, int]]] = {}
        lines = UnitParent.objects.filter(valid_on(on), **({"unit_id__in": ids} if few else {}))
        for unit_id, line_id, parent_id in lines.values_list("unit_id", "line_id", "parent_id"):
            if unit_id in held:
                edges.setdefault(unit_id, set()).add((line_id, parent_id))
        parents = {one: frozenset(pairs) for one, pairs in edges.items()}
    return _Side(held, parents)


def _differs(one: int, before: _Side, after: _Side) -> bool:
    return before.rows.get(one) != after.rows.get(one) or before.parents.get(one) != after.parents.get(one)


def _what(one: int, before: _Side, after: _Side, replaced: set[tuple[int, int]]) -> tuple[What, ...]:
    old, new = before.rows.get(one), after.rows.get(one)
    if old is None:
        return (What.NEW,)
    if new is None:
        return (What.ENDED,)
    what = []
    if old.name != new.name:
        what.append(What.RENAMED)
    if old.kind != new.kind:
        what.append(What.KIND)
    if old.leaf.code != new.leaf.code:
        what.append(What.CODE)
    if _moved(before.parents.get(one, frozenset()), after.parents.get(one, frozenset()), replaced):
        what.append(What.MOVED)
    return tuple(what)


def _moved(old: frozenset[tuple[int, int]], new: frozenset[tuple[int, int]], replaced: set[tuple[int, int]]) -> bool:
    left, joined = dict(old - new), dict(new - old)
    return any((left.get(line, 0), joined.get(line, 0)) not in replaced for line in left.keys() | joined.keys())


def _replaced(tree: Tree, first: date, second: date) -> set[tuple[int, int]]:
    """(old, new) pairs in which the new stands wholly for the old between the days, over several steps too."""
    _, steps, _ = _models(tree)
    rows = steps.objects.filter(whole=True, on__gt=first, on__lte=second).exclude(kind=SuccessionKind.TRANSFER)
    heir = dict(rows.order_by("on").values_list("old_id", "new_id"))
    pairs = set()
    for old in heir:
        at = old
        for _ in range(GENERATIONS):
            if at not in heir or heir[at] == at:
                break
            at = heir[at]
            pairs.add((old, at))
    return pairs


def _parties(tree: Tree, changes: Sequence[Change], first: date, second: date) -> dict[int, list[Party]]:
    """What the new ones came from, and what the ended ones passed to."""
    _, steps, _ = _models(tree)
    new = {change.id for change in changes if What.NEW in change.what}
    ended = {change.id for change in changes if What.ENDED in change.what}
    rows = steps.objects.filter(Q(old_id__in=among(ended)) | Q(new_id__in=among(new)), on__gt=first, on__lte=second)
    held = [row for row in rows.exclude(kind=SuccessionKind.TRANSFER).order_by("on", "pk") if row.old_id != row.new_id]
    names = called(tree, [(row.old_id, row.on - ONE_DAY) for row in held] + [(row.new_id, row.on) for row in held])
    found: dict[int, list[Party]] = {}
    for row in held:
        if row.new_id in new:
            party = Party(names[row.old_id, row.on - ONE_DAY], row.whole, row.share)
            found.setdefault(row.new_id, []).append(party)
        if row.old_id in ended:
            found.setdefault(row.old_id, []).append(Party(names[row.new_id, row.on], row.whole, row.share))
    return found


def _told(tree: Tree, ids: Collection[int], first: date, second: date) -> dict[int, list[Told]]:
    """For each thing the days between on which it changed, each with the event that did it: what it passed to or came
    from tells before its own rows do."""
    versions, steps, column = _models(tree)
    between = {"on__gt": first, "on__lte": second}
    rows: list[tuple[int, date, int | None, str]] = []
    for side in ("old_id", "new_id"):
        held = steps.objects.filter(**{f"{side}__in": among(ids)}, **between).exclude(kind=SuccessionKind.TRANSFER)
        rows += held.values_list(side, "on", "event_id", "basis")
    own = versions.objects.filter(**{f"{column}__in": among(ids)})
    began = own.filter(valid_from__gt=first, valid_from__lte=second).values_list(column, "valid_from", "event_id")
    rows += [(one, on, event, "") for one, on, event in began if on]
    if tree == "unit":
        moved = UnitParent.objects.filter(unit_id__in=among(ids), valid_from__gt=first, valid_from__lte=second)
        edges = moved.values_list("unit_id", "valid_from", "event_id")
        rows += [(one, on, event, "") for one, on, event in edges if on]
    ended = own.filter(valid_to__gt=first, valid_to__lte=second).values_list(column, "valid_to", "event_id")
    rows += [(one, on, event, "") for one, on, event in ended if on]
    held_events = Event.objects.filter(pk__in={row[2] for row in rows if row[2]}).defer("before", "receipts", "request")
    events = {(event.pk, event.on): event for event in held_events}
    found: dict[int, dict[date, Told]] = {}
    for one, on, event_id, basis in sorted(rows, key=lambda row: (row[1], (row[2], row[1]) not in events)):
        event = events.get((event_id, on)) if event_id else None
        told = Told(on, event.key, event.title) if event else Told(on, "", basis)
        found.setdefault(one, {}).setdefault(on, told)
    return {one: list(held.values()) for one, held in found.items()}


def _above(one: int, before: _Side, after: _Side) -> tuple[tuple[int, int], ...]:
    """(left, joined) on each line on which the parent changed, 0 = none."""
    old, new = before.parents.get(one, frozenset()), after.parents.get(one, frozenset())
    left, joined = dict(old - new), dict(new - old)
    pairs = ((left.get(line, 0), joined.get(line, 0)) for line in sorted(left.keys() | joined.keys()))
    return tuple(dict.fromkeys(pairs))
