"""Reading the units of one day in the tree of another, for many units at once: what `core.restating` is fed with."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from django.db import connection
from django.db.models import Max

from giaoban.core.restating import View
from giaoban.core.spans import Span
from giaoban.core.succession import Placement, Succession
from giaoban.kit.models import valid_on
from giaoban.orgs.models import UnitClosure, UnitVersion
from giaoban.orgs.selectors.cards import UnitCard, called_on
from giaoban.orgs.selectors.successions import unit_links, unit_spans

# Triggers count it on with every statement on versions, parents and successions.
STAMP = "SELECT number FROM orgs_treestamp"
Stamp = tuple[str, int]
PAIRS_KEPT = 8


@dataclass(frozen=True)
class UnitHistory:
    """Successions and lives of all units, and the days on which anything of the trees changes, in order.

    stamp: another one as soon as any of it may be another.
    """

    stamp: Stamp
    succession: Succession[int]
    spans: dict[int, Span]
    days: tuple[date, ...]
    _placed: dict[tuple[date, date], dict[int, Placement[int]]] = field(default_factory=dict, repr=False)

    def placed(self, then: date, to: date) -> dict[int, Placement[int]]:
        """What views of the same two epochs have placed so far; the latest few pairs are kept."""
        pair = self.epoch(then), self.epoch(to)
        if pair not in self._placed and len(self._placed) >= PAIRS_KEPT:
            self._placed.pop(next(iter(self._placed)))
        return self._placed.setdefault(pair, {})

    def epoch(self, on: date) -> date:
        """The first day since which all trees are as on this day: days of one epoch are read alike."""
        position = bisect_right(self.days, on)
        return self.days[position - 1] if position else date.min


def unit_history() -> UnitHistory:
    """Kept in the process as long as nothing of it changes; a number of the database tells that."""
    with connection.cursor() as cursor:
        cursor.execute(STAMP)
        (number,) = cursor.fetchone()
    return _history((str(connection.settings_dict["NAME"]), number))


@lru_cache(maxsize=2)
def _history(stamp: Stamp) -> UnitHistory:
    spans = unit_spans()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT valid_from FROM orgs_unitparent UNION SELECT valid_to FROM orgs_unitparent"
            " UNION SELECT valid_from FROM orgs_unitversion UNION SELECT valid_to FROM orgs_unitversion"
            " UNION SELECT known_on FROM orgs_unitversion"
            ' UNION SELECT "on" FROM orgs_unitsuccession'
        )
        days = tuple(sorted(row[0] for row in cursor.fetchall() if row[0] is not None))
    return UnitHistory(stamp, Succession(unit_links(), spans), spans, days)


@dataclass
class Called:
    """Names of units on days, fetched many at a time and kept: `load` first, then ask."""

    _cards: dict[tuple[int, date], UnitCard] = field(default_factory=dict)

    def load(self, wanted: Iterable[tuple[int, date]]) -> None:
        lacking = [pair for pair in wanted if pair not in self._cards]
        if lacking:
            self._cards |= called_on(lacking)

    def card(self, unit_id: int, on: date) -> UnitCard:
        self.load([(unit_id, on)])
        return self._cards[unit_id, on]

    def __call__(self, unit_id: int, on: date) -> str:
        return self.card(unit_id, on).name

    def keys(self, unit_id: int, on: date) -> str:
        return self.card(unit_id, on).key


def names_on(wanted: Collection[tuple[int, date]]) -> dict[tuple[int, date], tuple[str, str]]:
    """Sort key and name of units on days, by the nearest version as `called_on` has it; for thousands of them. One
    query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT unit_id, valid_from, sort_key, name FROM orgs_unitversion WHERE unit_id = ANY(%s::bigint[])"
            " ORDER BY unit_id, valid_from NULLS FIRST",
            [id_array({unit_id for unit_id, _ in wanted})],
        )
        versions: defaultdict[int, list[tuple[date, tuple[str, str]]]] = defaultdict(list)
        for unit_id, start, *called in cursor.fetchall():
            versions[unit_id].append((start or date.min, (called[0], called[1])))
    found = {}
    for unit_id, on in wanted:
        held = versions[unit_id]
        found[unit_id, on] = next((called for start, called in reversed(held) if start <= on), held[0][1])
    return found


def unit_view(then: date, to: date, unit_ids: Collection[int], *, called: Called | None = None) -> View[int]:
    """How units of the day `then` are read in the tree of the day `to`.

    unit_ids: those whose tree it is; where it, or that of what became of them, is only known as of a later day than
    its own, the view says so.
    """
    names = called or Called()
    history = unit_history()
    view = View(
        history.succession,
        then,
        to,
        names,
        key_of=names.keys,
        places=history.placed(then, to),
        lives=history.spans,
    )
    return as_known(view, unit_ids)


def as_known(view: View[int], unit_ids: Collection[int], others: Iterable[int] = ()) -> View[int]:
    """The view with the days as of which the trees of some units of its period, and of what they are on its other day,
    are known where these are later. others: further units of the other day."""
    if not unit_ids and not others:
        return view
    found = {target.key for one in unit_ids for target in view.place(one).targets}
    return replace(view, known_on=known_after(unit_ids, view.then), known_to=known_after(found.union(others), view.to))


def known_after(unit_ids: Collection[int], on: date) -> date | None:
    """The latest of the days as of which the units are known, where that is after `on`; None: known for `on`."""
    rows = UnitVersion.objects.filter(valid_on(on), known_on__gt=on)
    found = rows.extra(where=["orgs_unitversion.unit_id = ANY(%s::bigint[])"], params=[id_array(unit_ids)])
    latest: date | None = found.aggregate(day=Max("known_on"))["day"]
    return latest


def id_array(ids: Iterable[int]) -> str:
    """Ids as the text of an array for ``%s::bigint[]``; thousands of them travel faster so than one by one."""
    return f"{{{','.join(map(str, ids))}}}"


def having_beneath(unit_ids: Collection[int], below: Collection[int], line: str, on: date) -> set[int]:
    """Those of the units that have any of the units `below` beneath them on a line on a day."""
    query = """
        SELECT DISTINCT above.ancestor_id
        FROM orgs_unitclosure above
        JOIN orgs_line line ON line.id = above.line_id
        WHERE line.key = %(line)s AND above.depth > 0
          AND above.ancestor_id = ANY(%(units)s::bigint[]) AND above.descendant_id = ANY(%(below)s::bigint[])
          AND (above.valid_from IS NULL OR above.valid_from <= %(on)s)
          AND (above.valid_to IS NULL OR above.valid_to > %(on)s)
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"line": line, "units": id_array(unit_ids), "below": id_array(below), "on": on})
        return {row[0] for row in cursor.fetchall()}


def standing_on(line: str, on: date) -> set[int]:
    """The units that stand on a line on a day, above or beneath others."""
    rows = UnitClosure.objects.filter(valid_on(on), line__key=line, depth=1)
    return {unit_id for pair in rows.values_list("ancestor_id", "descendant_id") for unit_id in pair}


def chains_up(unit_ids: Collection[int], line: str, on: date) -> dict[int, list[int]]:
    """Each unit → itself and its ancestors on a line on a day, nearest first."""
    query = """
        SELECT up.descendant_id, up.ancestor_id
        FROM orgs_unitclosure up
        JOIN orgs_line line ON line.id = up.line_id
        WHERE line.key = %(line)s AND up.descendant_id = ANY(%(units)s::bigint[])
          AND (up.valid_from IS NULL OR up.valid_from <= %(on)s) AND (up.valid_to IS NULL OR up.valid_to > %(on)s)
        ORDER BY up.depth
    """
    chains: defaultdict[int, list[int]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(query, {"line": line, "units": id_array(unit_ids), "on": on})
        for unit_id, ancestor_id in cursor.fetchall():
            chains[unit_id].append(ancestor_id)
    return {unit_id: chains.get(unit_id, [unit_id]) for unit_id in unit_ids}


def days_of_change_beneath(unit_id: int, start: date, end: date) -> list[date]:
    """Days strictly within [start, end) on which a unit, or one that ever stood beneath it, passed into another."""
    query = """
        SELECT DISTINCT step."on"
        FROM orgs_unitsuccession step
        WHERE step."on" > %(start)s AND step."on" < %(end)s AND EXISTS (
            SELECT FROM orgs_unitclosure beneath
            WHERE beneath.ancestor_id = %(unit)s AND beneath.descendant_id IN (step.old_id, step.new_id)
        )
        ORDER BY 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"unit": unit_id, "start": start, "end": end})
        return [row[0] for row in cursor.fetchall()]
