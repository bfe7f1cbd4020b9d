"""The whole tree of a day, as light rows in one query."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection

BY_NAME = itemgetter(8)


class TreeRow(NamedTuple):
    """A unit or an area in its tree on a day. parent_id: None at a root, which has depth 0.

    known_on: the day for which the source knows it, when its first day is unknown: before that day it is a guess.
    """

    id: int
    parent_id: int | None
    key: str
    name: str
    short_name: str
    kind: str
    code: str
    depth: int
    known_on: date | None


# Order and meaning of the columns: unit, parent, key, name, short name, kind, code, known on, sort key.
UNIT_TREE = """
    SELECT version.unit_id, parent.parent_id, unit.key, version.name, version.short_name, kind.key, version.code,
           version.known_on, version.sort_key
    FROM orgs_unitversion version
    JOIN orgs_unit unit ON unit.id = version.unit_id
    JOIN orgs_unitkind kind ON kind.id = version.kind_id
    LEFT JOIN orgs_unitparent parent ON parent.unit_id = version.unit_id
        AND parent.line_id = (SELECT id FROM orgs_line WHERE key = %(line)s)
        AND (parent.valid_from IS NULL OR parent.valid_from <= %(on)s)
        AND (parent.valid_to IS NULL OR parent.valid_to > %(on)s)
    WHERE (version.valid_from IS NULL OR version.valid_from <= %(on)s)
        AND (version.valid_to IS NULL OR version.valid_to > %(on)s)
"""
BENEATH_UNIT = """
        AND version.unit_id IN (
            SELECT %(top)s::bigint
            UNION ALL
            SELECT below.descendant_id FROM orgs_unitclosure below JOIN orgs_line line ON line.id = below.line_id
            WHERE below.ancestor_id = %(top)s AND line.key = %(line)s
                AND (below.valid_from IS NULL OR below.valid_from <= %(on)s)
                AND (below.valid_to IS NULL OR below.valid_to > %(on)s)
        )
"""
AREA_TREE = """
    SELECT version.area_id, version.parent_id, area.key, version.name, version.name, kind.key, version.code,
           version.known_on, version.sort_key
    FROM orgs_areaversion version
    JOIN orgs_area area ON area.id = version.area_id
    JOIN orgs_areakind kind ON kind.id = version.kind_id
    WHERE (version.valid_from IS NULL OR version.valid_from <= %(on)s)
        AND (version.valid_to IS NULL OR version.valid_to > %(on)s)
"""


def tree_on(line: str, on: date, top: int | None = None) -> list[TreeRow]:
    """The units on a line on a day, each before those beneath it, siblings in Vietnamese order. One query.

    top: only this unit and all beneath it. Without it, every unit that stands under or above another that day; a unit
    that does neither is not on the line.
    """
    query = UNIT_TREE + (BENEATH_UNIT if top is not None else "")
    return _from_the_top(_fetched(query, {"line": line, "on": on, "top": top}), top)


def area_tree_on(on: date, top: int | None = None) -> list[TreeRow]:
    """The areas of a day, each before those within it, in Vietnamese order; `top`: this one and all within. One query.

    `short_name` repeats the name.
    """
    return _from_the_top(_fetched(AREA_TREE, {"on": on}), top)


def _fetched(query: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, given)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _from_the_top(rows: Sequence[tuple[Any, ...]], top: int | None) -> list[TreeRow]:
    """The rows from the top down; one whose parent is absent is a root, unless it has no parent and holds nothing.

    Siblings are put in order here: the database takes three times as long over all at once.
    """
    present = {row[0] for row in rows}
    children: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
    roots = []
    for row in rows:
        if row[1] in present and row[0] != top:
            children[row[1]].append(row)
        else:
            roots.append(row)
    if top is None:
        roots = [row for row in roots if row[0] in children or row[1] is not None]
    else:
        roots = [row for row in roots if row[0] == top]
    found: list[TreeRow] = []
    ways = [iter(sorted(roots, key=BY_NAME))]
    while ways:
        depth = len(ways) - 1
        for pk, parent_id, key, name, short_name, kind, code, known_on, _ in ways[-1]:
            found.append(TreeRow(pk, parent_id if depth else None, key, name, short_name, kind, code, depth, known_on))
            if pk in children:
                ways.append(iter(sorted(children[pk], key=BY_NAME)))
                break
        else:
            ways.pop()
    return found
