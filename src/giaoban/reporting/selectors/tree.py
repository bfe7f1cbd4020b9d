"""What reporting asks of the tree of units, for many units in one query each."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.apps import apps
from django.db import connection

from giaoban.kit.models import valid_on
from giaoban.kit.permissions import ROLE_NAMES, Role


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to call at a unit."""

    name: str
    role_name: str
    acting: bool


@dataclass(frozen=True, slots=True)
class SubUnit:
    """A unit that a dynamic row of a form may name."""

    key: str
    label: str


def id_array(ids: Iterable[int]) -> str:
    """Ids as the text of an array for ``%s::bigint[]``; thousands of them travel faster so than one by one."""
    return f"{{{','.join(map(str, ids))}}}"


def _rows(model: str) -> Any:
    return apps.get_model("orgs", model)._default_manager.all()


def units_of_kind(kind_id: int, on: date) -> list[int]:
    """Ids of the units of a kind on a day."""
    return list(_rows("UnitVersion").filter(valid_on(on), kind_id=kind_id).values_list("unit_id", flat=True))


def nearest_of_kind(unit_ids: Collection[int], line_id: int, kind_id: int, on: date) -> dict[int, int]:
    """Each unit → its nearest ancestor of a kind on a line on a day; units without one are absent."""
    of_kind = _rows("UnitVersion").filter(valid_on(on), kind_id=kind_id).values("unit_id")
    rows = _rows("UnitClosure").filter(
        valid_on(on), line_id=line_id, depth__gt=0, ancestor_id__in=of_kind, descendant_id__in=set(unit_ids)
    )
    nearest: dict[int, int] = {}
    for unit_id, ancestor_id in rows.order_by("depth").values_list("descendant_id", "ancestor_id"):
        nearest.setdefault(unit_id, ancestor_id)
    return nearest


def people_at_many(unit_ids: Iterable[int], on: date) -> dict[int, tuple[Person, ...]]:
    """Everybody who holds a post at the units on a day."""
    found: defaultdict[int, list[Person]] = defaultdict(list)
    posts = _rows("Post").filter(valid_on(on), unit_id__in=set(unit_ids)).select_related("user").order_by("pk")
    for post in posts:
        found[post.unit_id].append(Person(post.user.get_full_name(), ROLE_NAMES[Role(post.role)], post.acting))
    return {unit_id: tuple(people) for unit_id, people in found.items()}


def subunits_of(unit_ids: Collection[int], kinds: Collection[str], on: date) -> dict[tuple[int, str], list[SubUnit]]:
    """(unit, kind) → the units of that kind beneath it on any line on a day, in alphabetical order."""
    if not kinds:
        return {}
    below = dict.fromkeys(
        _rows("UnitClosure")
        .filter(valid_on(on), ancestor_id__in=set(unit_ids), depth__gt=0)
        .values_list("ancestor_id", "descendant_id")
    )
    versions = _rows("UnitVersion").filter(
        valid_on(on), unit_id__in={descendant for _, descendant in below}, kind__key__in=set(kinds)
    )
    called = {
        unit_id: (kind, SubUnit(key, name))
        for unit_id, kind, key, name in versions.order_by("sort_key", "unit__key").values_list(
            "unit_id", "kind__key", "unit__key", "name"
        )
    }
    order = {unit_id: position for position, unit_id in enumerate(called)}
    found: defaultdict[tuple[int, str], list[SubUnit]] = defaultdict(list)
    for ancestor, descendant in sorted(below, key=lambda pair: order.get(pair[1], -1)):
        if descendant in called:
            kind, subunit = called[descendant]
            found[ancestor, kind].append(subunit)
    return dict(found)


def line_beneath(unit_id: int, form_id: int, period_id: int, on: date) -> str | None:
    """The line on which the reporters of a form and period stand beneath a unit: one that the form is owed on, else the
    one with most reporters. None when no reporter stands beneath it."""
    query = """
        SELECT line.key
        FROM orgs_unitclosure below
        JOIN orgs_line line ON line.id = below.line_id
        JOIN reporting_obligation owed ON owed.unit_id = below.descendant_id
        WHERE below.ancestor_id = %(unit)s AND below.depth > 0
          AND (below.valid_from IS NULL OR below.valid_from <= %(on)s)
          AND (below.valid_to IS NULL OR below.valid_to > %(on)s)
          AND owed.form_id = %(form)s AND owed.period_id = %(period)s
        GROUP BY line.id, line.key
        ORDER BY line.id IN (SELECT line_id FROM reporting_owingrule WHERE form_id = %(form)s) DESC,
                 count(*) DESC, line.key
        LIMIT 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"unit": unit_id, "form": form_id, "period": period_id, "on": on})
        row = cursor.fetchone()
    return row[0] if row else None


def line_of_reporters(form_id: int, period_id: int, on: date) -> str | None:
    """The line on which most reporters of a form and period stand beneath their receiver, or at all beneath anybody."""
    query = """
        SELECT line.key
        FROM reporting_obligation owed
        JOIN orgs_unitclosure above ON above.descendant_id = owed.unit_id AND above.depth > 0
        JOIN orgs_line line ON line.id = above.line_id
        WHERE owed.form_id = %(form)s AND owed.period_id = %(period)s
          AND (above.valid_from IS NULL OR above.valid_from <= %(on)s)
          AND (above.valid_to IS NULL OR above.valid_to > %(on)s)
        GROUP BY line.id, line.key
        ORDER BY line.id IN (SELECT line_id FROM reporting_owingrule WHERE form_id = %(form)s) DESC,
                 count(*) FILTER (WHERE above.ancestor_id = owed.receiver_id) DESC, count(*) DESC, line.key
        LIMIT 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"form": form_id, "period": period_id, "on": on})
        row = cursor.fetchone()
    return row[0] if row else None


def with_others_beneath(unit_ids: Collection[int], line: str, on: date) -> set[int]:
    """Those of the units that have others of them beneath them on a line on a day."""
    query = """
        SELECT DISTINCT above.ancestor_id
        FROM orgs_unitclosure above
        JOIN orgs_line line ON line.id = above.line_id
        WHERE line.key = %(line)s AND above.depth > 0
          AND above.ancestor_id = ANY(%(units)s::bigint[]) AND above.descendant_id = ANY(%(units)s::bigint[])
          AND (above.valid_from IS NULL OR above.valid_from <= %(on)s)
          AND (above.valid_to IS NULL OR above.valid_to > %(on)s)
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"line": line, "units": id_array(unit_ids), "on": on})
        return {row[0] for row in cursor.fetchall()}


def standing_on(line: str, on: date) -> set[int]:
    """The units that stand on a line on a day, above or beneath others."""
    rows = _rows("UnitClosure").filter(valid_on(on), line__key=line, depth=1)
    return {unit_id for pair in rows.values_list("ancestor_id", "descendant_id") for unit_id in pair}


def chains_up(unit_ids: Collection[int], line: str, on: date) -> dict[int, list[int]]:
    """Each unit → itself and its ancestors on a line on a day, nearest first."""
    chains: defaultdict[int, list[int]] = defaultdict(list)
    rows = _rows("UnitClosure").filter(valid_on(on), line__key=line, descendant_id__in=set(unit_ids))
    for unit_id, ancestor_id in rows.order_by("depth").values_list("descendant_id", "ancestor_id"):
        chains[unit_id].append(ancestor_id)
    return {unit_id: chains.get(unit_id, [unit_id]) for unit_id in unit_ids}
