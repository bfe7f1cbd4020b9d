"""Who stands under whom, when, and who reads whom: two tables derived from versions, parents and successions.

`rebuild_closure` writes both. Nothing else writes them, and whoever changes what they are derived from calls it.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection, transaction

from giaoban.orgs.reach import EVER, OPEN, Days, Kinship, joined, readings

Row = tuple[int, ...]

# What may change when something about the given units did: these, and step by step all beneath them at any time and
# all that they succeeded. Two arrays of the given units.
BELOW = """
    WITH RECURSIVE below(id) AS (
        SELECT unnest(%(units)s::bigint[])
        UNION SELECT descendant_id FROM orgs_unitclosure WHERE ancestor_id = ANY(%(units)s::bigint[])
        UNION SELECT unit_id FROM orgs_unitreach WHERE reader_id = ANY(%(units)s::bigint[])
        UNION
        SELECT past.id FROM below, LATERAL (
            SELECT unit_id AS id FROM orgs_unitparent WHERE parent_id = below.id
            UNION ALL SELECT old_id FROM orgs_unitsuccession WHERE new_id = below.id
        ) past
    )
    SELECT id FROM below
    UNION SELECT parent_id FROM orgs_unitparent WHERE unit_id = ANY(%(units)s::bigint[])
    UNION SELECT ancestor_id FROM orgs_unitclosure WHERE descendant_id = ANY(%(units)s::bigint[])
"""

# What that depends on: step by step all above at any time and all successors.
ABOVE = """
    WITH RECURSIVE above(id) AS (
        SELECT unnest(%(units)s::bigint[])
        UNION
        SELECT next.id FROM above, LATERAL (
            SELECT parent_id AS id FROM orgs_unitparent WHERE unit_id = above.id
            UNION ALL SELECT new_id FROM orgs_unitsuccession WHERE old_id = above.id
        ) next
    )
    SELECT id FROM above
"""

# Of the units, or of all for NULL.
LIVES = """
    SELECT unit_id, valid_from, valid_to FROM orgs_unitversion
    WHERE %(units)s::bigint[] IS NULL OR unit_id = ANY(%(units)s::bigint[])
"""
PARENTS = """
    SELECT line_id, unit_id, parent_id, valid_from, valid_to FROM orgs_unitparent
    WHERE %(units)s::bigint[] IS NULL OR unit_id = ANY(%(units)s::bigint[])
"""
HEIRS = """
    SELECT old_id, new_id, "on", kind = 'transfer' FROM orgs_unitsuccession
    WHERE %(units)s::bigint[] IS NULL OR old_id = ANY(%(units)s::bigint[])
"""
STANDING = """
    SELECT unit_id, line_id FROM orgs_unitparent
    WHERE %(units)s::bigint[] IS NULL OR unit_id = ANY(%(units)s::bigint[])
    UNION
    SELECT parent_id, line_id FROM orgs_unitparent
    WHERE %(units)s::bigint[] IS NULL OR parent_id = ANY(%(units)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class Table:
    """A derived table: the statements that read the rows of units (of all for NULL), remove rows by id, add rows."""

    held: str
    removed: str
    added: str


CLOSURE = Table(
    """
    SELECT id, ancestor_id, descendant_id, line_id, depth, valid_from, valid_to FROM orgs_unitclosure
    WHERE %(units)s::bigint[] IS NULL OR descendant_id = ANY(%(units)s::bigint[])
    """,
    "DELETE FROM orgs_unitclosure WHERE id = ANY(%s::bigint[])",
    "COPY orgs_unitclosure (ancestor_id, descendant_id, line_id, depth, valid_from, valid_to) FROM STDIN",
)
REACH = Table(
    """
    SELECT id, reader_id, unit_id, valid_from, valid_to FROM orgs_unitreach
    WHERE %(units)s::bigint[] IS NULL OR unit_id = ANY(%(units)s::bigint[])
    """,
    "DELETE FROM orgs_unitreach WHERE id = ANY(%s::bigint[])",
    "COPY orgs_unitreach (reader_id, unit_id, valid_from, valid_to) FROM STDIN",
)


@transaction.atomic
def rebuild_closure(unit_ids: Collection[int] | None = None) -> int:
    """Make closure and reach follow versions, parents and successions; gives the closure rows of the units looked at.

    unit_ids: the units whose versions, parents or successions (the old one) changed, deleted rows included; None = any.
    Only rows that differ are written. A unit is its own ancestor (depth 0) on every line on which it has a parent or a
    child, for the whole time it exists. Raises ValueError when a unit stands above itself, and writes nothing.
    """
    if unit_ids is not None and not unit_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE orgs_unitclosure IN SHARE ROW EXCLUSIVE MODE")  # one rebuilding at a time
        touched = None if unit_ids is None else _ids(cursor, BELOW, unit_ids)
        kin = _kinship(cursor, None if touched is None else _ids(cursor, ABOVE, touched))
        standing = _standing_on_lines(cursor, touched)
        looked_at: Collection[int] = kin.lives.keys() if touched is None else touched
        closure = set(_closure_rows(kin, looked_at, standing))
        _write(cursor, CLOSURE, touched, closure)
        _write(cursor, REACH, touched, set(readings(kin, looked_at)))
    return len(closure)


def _ids(cursor: Any, query: str, unit_ids: Iterable[int]) -> list[int]:
    cursor.execute(query, {"units": list(unit_ids)})
    return [row[0] for row in cursor.fetchall()]


def _kinship(cursor: Any, unit_ids: list[int] | None) -> Kinship:
    """What the tables say of the units, of all of them for None."""
    given = {"units": unit_ids}
    lives: dict[int, list[Days]] = defaultdict(list)
    cursor.execute(LIVES, given)
    for unit_id, start, end in cursor.fetchall():
        lives[unit_id].append(_days(start, end))
    edges: dict[int, dict[tuple[int, int], list[Days]]] = defaultdict(lambda: defaultdict(list))
    cursor.execute(PARENTS, given)
    for line_id, unit_id, parent_id, start, end in cursor.fetchall():
        edges[line_id][unit_id, parent_id].append(_days(start, end))
    heirs: dict[int, list[tuple[int, int]]] = defaultdict(list)
    takers: dict[int, list[tuple[int, int]]] = defaultdict(list)
    cursor.execute(HEIRS, given)
    for old_id, new_id, on, is_transfer in cursor.fetchall():
        (takers if is_transfer else heirs)[old_id].append((new_id, on.toordinal()))
    parents: dict[int, dict[int, list[tuple[int, int, int]]]] = {}
    for line_id, pairs in edges.items():
        held = parents.setdefault(line_id, defaultdict(list))
        for (unit_id, parent_id), spans in pairs.items():
            held[unit_id].extend((parent_id, start, end) for start, end in joined(spans))
    return Kinship({unit_id: joined(spans) for unit_id, spans in lives.items()}, parents, heirs, takers)


def _standing_on_lines(cursor: Any, unit_ids: list[int] | None) -> dict[int, set[int]]:
    """By unit, the lines on which it ever has a parent or a child."""
    cursor.execute(STANDING, {"units": unit_ids})
    found: dict[int, set[int]] = defaultdict(set)
    for unit_id, line_id in cursor.fetchall():
        found[unit_id].add(line_id)
    return found


def _closure_rows(kin: Kinship, unit_ids: Iterable[int], standing: dict[int, set[int]]) -> Iterable[Row]:
    """(ancestor, descendant, line, depth, first day, day after the last)."""
    for unit_id in unit_ids:
        for line_id in standing.get(unit_id, ()):
            for start, end in kin.lives.get(unit_id, ()):
                yield unit_id, unit_id, line_id, 0, start, end
        for line_id, ancestor_id, depth, start, end in kin.above(unit_id):
            yield ancestor_id, unit_id, line_id, depth, start, end


def _write(cursor: Any, table: Table, unit_ids: list[int] | None, wanted: set[Row]) -> None:
    """Make the rows of the units those wanted (columns, then the days); what is there already stays."""
    cursor.execute(table.held, {"units": unit_ids})
    surplus, missing = [], set(wanted)
    for pk, *row, start, end in cursor.fetchall():
        held = (*row, *_days(start, end))
        if held in missing:
            missing.remove(held)
        else:
            surplus.append(pk)
    if surplus:
        cursor.execute(table.removed, [surplus])
    if missing:
        with cursor.copy(table.added) as copy:
            for *row, start, end in sorted(missing):
                copy.write_row((*row, _day(start), _day(end)))


def _days(start: date | None, end: date | None) -> Days:
    return EVER if start is None else start.toordinal(), OPEN if end is None else end.toordinal()


def _day(ordinal: int) -> date | None:
    return None if ordinal in (EVER, OPEN) else date.fromordinal(ordinal)
