"""Plans of events as rows: what is written for them, what stood before, and how that is put back."""

import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection

from giaoban.core.events import Plan
from giaoban.core.timeline import State, Timeline, Tree
from giaoban.core.vietnamese import fold, sort_key
from giaoban.kit.arrays import among
from giaoban.orgs.models import (
    Area,
    AreaKind,
    AreaSuccession,
    AreaVersion,
    Event,
    EventArea,
    EventUnit,
    Line,
    ServedArea,
    Unit,
    UnitKind,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.rules import bare_name, unit_search_key, unit_sort_key

Row = dict[str, Any]
Timelines = Mapping[Tree, Timeline]


@dataclass(frozen=True, slots=True)
class Table:
    """owner: the column of the thing that a row is of; identity: what tells rows of a thing apart; content: the rest
    besides `valid_to` and the event; derived: columns that follow from the others."""

    name: str
    model: Any
    tree: Tree
    owner: str
    identity: tuple[str, ...]
    content: tuple[str, ...]
    derived: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.identity, "valid_to", *self.content, *self.derived, "event_id")


AREA_VERSIONS: Final = Table(
    "area_versions",
    AreaVersion,
    "area",
    "area_id",
    ("area_id", "valid_from"),
    ("kind_id", "level", "name", "code", "known_on", "parent_id", "source", "note"),
    ("sort_key", "search_key"),
)
UNIT_VERSIONS: Final = Table(
    "unit_versions",
    UnitVersion,
    "unit",
    "unit_id",
    ("unit_id", "valid_from"),
    ("kind_id", "name", "short_name", "code", "known_on", "area_id", "source", "note"),
    ("sort_key", "search_key"),
)
UNIT_PARENTS: Final = Table(
    "unit_parents", UnitParent, "unit", "unit_id", ("unit_id", "line_id", "valid_from"), ("parent_id", "source")
)
SERVED_AREAS: Final = Table(
    "served_areas", ServedArea, "unit", "unit_id", ("unit_id", "area_id", "valid_from"), ("source",)
)
TABLES: Final = (AREA_VERSIONS, UNIT_VERSIONS, UNIT_PARENTS, SERVED_AREAS)
IDENTITIES: Final[Mapping[Tree, Any]] = {"area": Area, "unit": Unit}
SUCCESSIONS: Final[Mapping[Tree, Any]] = {"area": AreaSuccession, "unit": UnitSuccession}


@dataclass(frozen=True, slots=True)
class Ids:
    """Keys of the pack and of the things as ids; for a plan, of everything that it names."""

    things: Mapping[Tree, Mapping[str, int]]
    area_kinds: Mapping[str, AreaKind]
    unit_kinds: Mapping[str, UnitKind]
    lines: Mapping[str, Line]


def ids() -> Ids:
    """As the tables stand."""
    return Ids(
        {tree: dict(model.objects.values_list("key", "pk")) for tree, model in IDENTITIES.items()},
        {one.key: one for one in AreaKind.objects.all()},
        {one.key: one for one in UnitKind.objects.all()},
        {one.key: one for one in Line.objects.all()},
    )


@dataclass(frozen=True, slots=True)
class Written:
    """before: for `put_back`, JSON values. touched: ids of all whose rows the plan holds, the new ones included."""

    before: dict[str, Any]
    touched: Mapping[Tree, tuple[int, ...]]
    ids: Ids


def write(plan: Plan, event: Event, timelines: Timelines) -> Written:
    """Make the rows of everything that the plan touches as it says, each new one with its event. In a transaction."""
    keys: dict[Tree, list[str]] = {
        tree: [key for its_tree, key in plan.created if its_tree == tree] for tree in IDENTITIES
    }
    for tree, model in IDENTITIES.items():
        _add(model, [{"key": key} for key in keys[tree]])
    held = ids()
    created = {tree: [held.things[tree][key] for key in own] for tree, own in keys.items()}
    touched: dict[Tree, tuple[int, ...]] = {
        tree: tuple(held.things[tree][key] for its_tree, key in plan.states if its_tree == tree) for tree in IDENTITIES
    }
    wanted = _wanted(plan, timelines, held)
    before: dict[str, Any] = {"created": created, "touched": touched, "rows": {}}
    checked = hashlib.sha256()
    for table in TABLES:
        stands = _rows(table, touched[table.tree])
        before["rows"][table.name] = [_plain(row, table) for row in stands]
        signed = _signed(table, stands, wanted[table.name], event.pk)
        _make(table, stands, signed)
        _check(checked, table, _in_order(table, signed))
    before["digest"] = checked.hexdigest()
    _write_successions(plan, event, held)
    _write_touches(plan, event, touched, held)
    return Written(before, touched, held)


def put_back(event: Event) -> dict[Tree, tuple[int, ...]]:
    """Make all rows that the event touched as they stood before it; gives the touched things that remain.

    The units that it made are removed: raises ProtectedError while something still hangs on them.
    """
    before = event.before
    for model in SUCCESSIONS.values():
        _remove(model, model.objects.filter(event=event).values_list("pk", flat=True))
    remaining: dict[Tree, tuple[int, ...]] = {}
    for tree in IDENTITIES:
        made = set(before["created"][tree])
        remaining[tree] = tuple(pk for pk in before["touched"][tree] if pk not in made)
    for table in TABLES:
        stands = _rows(table, before["touched"][table.tree])
        _make(table, stands, [_typed(row, table) for row in before["rows"][table.name]])
    for tree in ("unit", "area"):
        IDENTITIES[tree].objects.filter(pk__in=among(before["created"][tree])).delete()
    return remaining


def digest(touched: Mapping[Tree, Sequence[int]]) -> str:
    """A checksum over all rows of these things: whether anybody changed them since."""
    found = hashlib.sha256()
    for table in TABLES:
        _check(found, table, _rows(table, touched[table.tree]))
    return found.hexdigest()


def _check(found: Any, table: Table, rows: Iterable[Row]) -> None:
    """Take rows of a table, in their fixed order, into a checksum."""
    for row in rows:
        found.update(json.dumps(_plain(row, table), ensure_ascii=False).encode())


def _rows(table: Table, owners: Collection[int]) -> list[Row]:
    """All rows of these things, in a fixed order."""
    rows = table.model.objects.filter(**{f"{table.owner}__in": among(owners)}).values("pk", *table.columns)
    return _in_order(table, rows)


def _in_order(table: Table, rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: [_sortable(row[name]) for name in table.identity])


def _sortable(value: Any) -> int:
    if isinstance(value, date):
        return value.toordinal()
    return -1 if value is None else int(value)


def _plain(row: Row, table: Table) -> list[Any]:
    """The row as JSON values in the order of the table's columns."""
    return [value.isoformat() if isinstance(value := row[name], date) else value for name in table.columns]


def _typed(values: Sequence[Any], table: Table) -> Row:
    row = dict(zip(table.columns, values, strict=True))
    for name in ("valid_from", "valid_to", "known_on"):
        if row.get(name) is not None:
            row[name] = date.fromisoformat(row[name])
    return row


def _identity(row: Row, table: Table) -> tuple[Any, ...]:
    return tuple(row[name] for name in table.identity)


def _signed(table: Table, stands: Iterable[Row], wanted: Iterable[Row], event_id: int) -> list[Row]:
    """The wanted rows with their event, and with what the plan cannot say: a row that only ends earlier keeps its own
    event, source and derived columns."""
    held = {_identity(row, table): row for row in stands}
    found = []
    for row in wanted:
        old = held.get(_identity(row, table))
        said = [name for name in table.content if name in row]
        if old is not None and all(old[name] == row[name] for name in said):
            found.append({**old, "valid_to": row["valid_to"]})
        else:
            found.append({**dict.fromkeys(table.content, ""), **row, "event_id": event_id})
    return found


def _make(table: Table, stands: Iterable[Row], wanted: Iterable[Row]) -> None:
    """Remove, shorten, lengthen, add, in this order: the exclusion constraints see no two rows on one day between."""
    held = {_identity(row, table): row for row in stands}
    rows = {_identity(row, table): row for row in wanted}
    settled = [name for name in table.columns if name != "valid_to"]
    same = {key for key, row in rows.items() if key in held and all(held[key][name] == row[name] for name in settled)}
    _remove(table.model, [row["pk"] for key, row in held.items() if key not in same])
    ends = [(held[key], rows[key]["valid_to"]) for key in same if held[key]["valid_to"] != rows[key]["valid_to"]]
    _end(table, [one for one in ends if _is_shorter(one)])
    _end(table, [one for one in ends if not _is_shorter(one)])
    _add(table.model, [{name: row[name] for name in table.columns} for key, row in rows.items() if key not in same])


def _is_shorter(one: tuple[Row, date | None]) -> bool:
    row, end = one
    return end is not None and (row["valid_to"] is None or end < row["valid_to"])


# Whole tables at once: thousands of rows in one statement with one parameter. The history triggers see every row.


def _end(table: Table, ends: Sequence[tuple[Row, date | None]]) -> None:
    if ends:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table.model._meta.db_table} SET valid_to = ends.day "  # noqa: S608 - our own names
                "FROM unnest(%s::bigint[], %s::date[]) AS ends(pk, day) WHERE id = ends.pk",
                [[row["pk"] for row, _ in ends], [day for _, day in ends]],
            )


def _remove(model: Any, ids: Iterable[int]) -> None:
    if held := list(ids):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE id = ANY(%s::bigint[])", [held])  # noqa: S608


def _add(model: Any, rows: Sequence[Row]) -> None:
    """rows: column → value, each with the same columns."""
    if not rows:
        return
    table, columns = model._meta.db_table, ", ".join(f'"{name}"' for name in rows[0])
    said = json.dumps(rows, default=str, ensure_ascii=False)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) "  # noqa: S608 - our own names
            f"SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb)",
            [said],
        )


# what a plan wants


def _wanted(plan: Plan, timelines: Timelines, held: Ids) -> dict[str, list[Row]]:
    """The rows of every touched thing, without their event."""
    found: dict[str, list[Row]] = {table.name: [] for table in TABLES}
    for (tree, key), states in plan.states.items():
        pk = held.things[tree][key]
        if tree == "area":
            found[AREA_VERSIONS.name] += [_area_version(pk, state, held) for state in _joined(states, _as_area)]
            continue
        for state in _joined(states, _as_unit):
            found[UNIT_VERSIONS.name].append(_unit_version(pk, state, _bare_area(state, plan, timelines, held), held))
        for line, parent, start, end in _runs(states, lambda state: state.parents):
            row = {"line_id": held.lines[line].pk, "parent_id": held.things["unit"][parent]}
            found[UNIT_PARENTS.name].append({"unit_id": pk, "valid_from": start, "valid_to": end, **row})
        for area, _, start, end in _runs(states, lambda state: [(served, "") for served in state.serves]):
            row = {"area_id": held.things["area"][area]}
            found[SERVED_AREAS.name].append({"unit_id": pk, "valid_from": start, "valid_to": end, **row})
    return found


def _as_area(state: State) -> tuple[object, ...]:
    return state.kind, state.name, state.code, state.parents, state.source, state.note


def _as_unit(state: State) -> tuple[object, ...]:
    return state.kind, state.name, state.short_name, state.code, state.area, state.source, state.note


def _joined(states: Iterable[State], said: Callable[[State], tuple[object, ...]]) -> list[tuple[State, date | None]]:
    """States that follow each other and say the same as one, each with its end."""
    found: list[tuple[State, date | None]] = []
    for state in states:
        if found and found[-1][1] == state.span.start and said(found[-1][0]) == said(state):
            found[-1] = (found[-1][0], state.span.end)
        else:
            found.append((state, state.span.end))
    return found


def _runs(
    states: Iterable[State], pairs: Callable[[State], Iterable[tuple[str, str]]]
) -> list[tuple[str, str, date | None, date | None]]:
    """(first, second, start, end) of each pair, over all states that follow each other and have it."""
    found: list[tuple[str, str, date | None, date | None]] = []
    running: dict[tuple[str, str], int] = {}
    for state in states:
        now: dict[tuple[str, str], int] = {}
        for pair in pairs(state):
            at = running.get(pair)
            if at is not None and found[at][3] == state.span.start:
                found[at] = (*found[at][:3], state.span.end)
            else:
                at = len(found)
                found.append((*pair, state.span.start, state.span.end))
            now[pair] = at
        running = now
    return found


def _area_version(pk: int, one: tuple[State, date | None], held: Ids) -> Row:
    state, end = one
    parent = state.parent()
    return {
        "area_id": pk,
        "valid_from": state.span.start,
        "valid_to": end,
        "kind_id": held.area_kinds[state.kind].pk,
        "level": held.area_kinds[state.kind].level,
        "name": state.name,
        "code": state.code,
        "known_on": state.known_on if state.span.start is None else None,
        "parent_id": held.things["area"][parent] if parent else None,
        "source": state.source,
        "note": state.note,
        "sort_key": sort_key(state.name),
        "search_key": fold(state.name),
    }


def _unit_version(pk: int, one: tuple[State, date | None], bare_area: str, held: Ids) -> Row:
    state, end = one
    short_name = state.short_name or state.name
    return {
        "unit_id": pk,
        "valid_from": state.span.start,
        "valid_to": end,
        "kind_id": held.unit_kinds[state.kind].pk,
        "name": state.name,
        "short_name": short_name,
        "code": state.code,
        "known_on": state.known_on if state.span.start is None else None,
        "area_id": held.things["area"][state.area] if state.area else None,
        "source": state.source,
        "note": state.note,
        "sort_key": unit_sort_key(state.name, bare_area),
        "search_key": unit_search_key(state.name, short_name),
    }


def _bare_area(one: tuple[State, date | None], plan: Plan, timelines: Timelines, held: Ids) -> str:
    """What the area of a unit's state is called last, without the word for its kind; "" without an area."""
    key = one[0].area
    states = plan.states.get(("area", key)) or timelines["area"].states.get(key, ())
    return bare_name(states[-1].name, held.area_kinds[states[-1].kind].name) if key and states else ""


def _write_successions(plan: Plan, event: Event, held: Ids) -> None:
    for tree, model in SUCCESSIONS.items():
        rows = [
            {
                "old_id": held.things[tree][link.old],
                "new_id": held.things[tree][link.new],
                "on": link.on,
                "kind": kind,
                "whole": link.whole,
                "share": link.share,
                "basis": event.basis,
                "source": event.source,
                "event_id": event.pk,
            }
            for its_tree, link, kind in plan.links
            if its_tree == tree
        ]
        _add(model, rows)


def _write_touches(plan: Plan, event: Event, touched: Mapping[Tree, Iterable[int]], held: Ids) -> None:
    """What the event is about: all that it touches, the ends of its successions, whom its units come to stand under."""
    about: dict[Tree, set[int]] = {tree: set(pks) for tree, pks in touched.items()}
    for tree, link, _ in plan.links:
        about[tree] |= {held.things[tree][link.old], held.things[tree][link.new]}
    for (tree, _), states in plan.states.items():
        if tree == "unit":
            now = (state for state in states if state.span.contains(event.on))
            about[tree] |= {held.things[tree][parent] for state in now for _, parent in state.parents}
    _add(EventUnit, [{"event_id": event.pk, "unit_id": pk} for pk in sorted(about["unit"])])
    _add(EventArea, [{"event_id": event.pk, "area_id": pk} for pk in sorted(about["area"])])
