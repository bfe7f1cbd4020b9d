"""Who stands under whom, on a line, on a day."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db import connection
from django.db.models import Count

from giaoban.kit.models import valid_on
from giaoban.orgs.models import Line, UnitClosure, UnitParent, UnitVersion
from giaoban.orgs.selectors.cards import UnitCard, called_on, cards


@dataclass(frozen=True, slots=True)
class LineParent:
    """A unit's parent on a line, with the span in which it is so."""

    line: str
    line_name: str
    parent: UnitCard
    valid_from: date | None
    valid_to: date | None


def lines() -> list[Line]:
    """In the order of the pack."""
    return list(Line.objects.order_by("pk"))


def children_of(unit_id: int, line: str, on: date) -> list[UnitCard]:
    """Direct children on a line on a day, in Vietnamese alphabetical order."""
    ids = UnitParent.objects.filter(valid_on(on), parent_id=unit_id, line__key=line).values_list("unit_id", flat=True)
    return sorted(cards(ids, on).values(), key=lambda one: one.sort_key)


def parents_of(unit_id: int) -> list[LineParent]:
    """All parents on all lines, oldest first; each as called when it last was the parent."""
    rows = list(UnitParent.objects.filter(unit_id=unit_id).select_related("line").order_by("line_id"))
    rows.sort(key=lambda row: (row.line_id, row.valid_from or date.min))
    days = {row.pk: row.valid_to - date.resolution if row.valid_to else date.max for row in rows}
    called = called_on((row.parent_id, days[row.pk]) for row in rows)
    return [
        LineParent(row.line.key, row.line.name, called[row.parent_id, days[row.pk]], row.valid_from, row.valid_to)
        for row in rows
    ]


def above(unit_ids: Collection[int], on: date) -> dict[int, tuple[int, ...]]:
    """The units directly above each, on any line, on a day. One query."""
    found: dict[int, tuple[int, ...]] = {}
    rows = UnitParent.objects.filter(valid_on(on), unit_id__in=unit_ids).order_by("line_id")
    for unit_id, parent_id in rows.values_list("unit_id", "parent_id"):
        if parent_id not in found.get(unit_id, ()):
            found[unit_id] = (*found.get(unit_id, ()), parent_id)
    return found


def ancestors_of(unit_id: int, line: str, on: date) -> list[int]:
    """Ids of the unit and its ancestors on a line on a day, nearest first."""
    return list(
        UnitClosure.objects.filter(valid_on(on), descendant_id=unit_id, line__key=line)
        .order_by("depth")
        .values_list("ancestor_id", flat=True)
    )


def descendant_ids(unit_id: int, line: str, on: date, *, kind: str | None = None) -> list[int]:
    """Ids beneath a unit on a line on a day (itself excluded), of one kind if given."""
    rows = UnitClosure.objects.filter(valid_on(on), ancestor_id=unit_id, line__key=line, depth__gt=0)
    if kind is not None:
        of_kind = UnitVersion.objects.filter(valid_on(on), kind__key=kind).values("unit_id")
        rows = rows.filter(descendant_id__in=of_kind)
    return list(rows.values_list("descendant_id", flat=True))


def branches(unit_id: int, line: str, on: date) -> dict[int, int]:
    """Each unit beneath `unit_id` on a line on a day → the direct child of `unit_id` through which it hangs."""
    query = """
        SELECT below.descendant_id, child.descendant_id
        FROM orgs_unitclosure child
        JOIN orgs_unitclosure below ON below.ancestor_id = child.descendant_id AND below.line_id = child.line_id
        JOIN orgs_line line ON line.id = child.line_id
        WHERE child.ancestor_id = %(unit)s AND child.depth = 1 AND line.key = %(line)s
          AND daterange(child.valid_from, child.valid_to) @> %(on)s::date
          AND daterange(below.valid_from, below.valid_to) @> %(on)s::date
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"unit": unit_id, "line": line, "on": on})
        return dict(cursor.fetchall())


def branches_of_kind(unit_id: int, line: str, on: date, kind: str) -> dict[int, int]:
    """Each unit beneath `unit_id` on a line on a day → the unit of a kind, beneath `unit_id` too, at or nearest above
    it; itself where there is none."""
    query = """
        SELECT DISTINCT ON (below.descendant_id) below.descendant_id, coalesce(called.unit_id, below.descendant_id)
        FROM orgs_unitclosure below
        JOIN orgs_line line ON line.id = below.line_id
        JOIN orgs_unitclosure up ON up.descendant_id = below.descendant_id AND up.line_id = below.line_id
                                AND up.depth < below.depth
        LEFT JOIN (SELECT version.unit_id, version.valid_from, version.valid_to FROM orgs_unitversion version
                   JOIN orgs_unitkind kind ON kind.id = version.kind_id WHERE kind.key = %(kind)s
                  ) called ON called.unit_id = up.ancestor_id
                          AND daterange(called.valid_from, called.valid_to) @> %(on)s::date
        WHERE below.ancestor_id = %(unit)s AND below.depth > 0 AND line.key = %(line)s
          AND daterange(below.valid_from, below.valid_to) @> %(on)s::date
          AND daterange(up.valid_from, up.valid_to) @> %(on)s::date
        ORDER BY below.descendant_id, called.unit_id IS NULL, up.depth
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"unit": unit_id, "line": line, "on": on, "kind": kind})
        return dict(cursor.fetchall())


def first_line_beneath(unit_id: int, on: date) -> str:
    """The line on which most units stand directly beneath a unit on a day; "" when nothing does."""
    rows = UnitParent.objects.filter(valid_on(on), parent_id=unit_id).values_list("line__key")
    return next((key for key, _ in rows.annotate(count=Count("pk")).order_by("-count", "line_id")), "")


def child_counts(unit_ids: Collection[int], line: str, on: date) -> dict[int, int]:
    """How many units stand directly beneath each of these."""
    rows = UnitParent.objects.filter(valid_on(on), parent_id__in=unit_ids, line__key=line)
    return dict(rows.values_list("parent_id").annotate(count=Count("pk")))


def child_count(unit_id: int, on: date) -> int:
    """How many units stand directly beneath one, on any line."""
    return UnitParent.objects.filter(valid_on(on), parent_id=unit_id).values("unit_id").distinct().count()
