"""What a person can ask the pivot page for: forms, lines, columns, indicators, units, kinds, periods."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from giaoban.core.forms import Column, FormDefinition, Row, Table
from giaoban.core.queries import BELOW, SELF, CellMeasure, FigureQuery, IndicatorMeasure, PeriodRange, QueryRefused
from giaoban.indicators.models import Indicator
from giaoban.indicators.selectors.definitions import forms_of
from giaoban.kit.actors import Actor
from giaoban.kit.models import Word
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting

INDICATORS = "chi-so"
"""Stands in place of a form's key where one chooses among indicators."""
DEFAULT_PERIODS = 6
DEFAULT_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class LineChoice:
    """A line of a form that has figures: a row of a table. word: "<table>/<row>"."""

    word: str
    label: str
    table: Table
    row: Row


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit that may stand on top of the table. relation: why it is offered."""

    key: str
    name: str
    relation: str


def units_of(unit_id: int, on: date) -> list[int]:
    """The unit, all beneath it and what these were before: whose figures a table of the unit is made of."""
    return list(orgs.scope_ids([unit_id], on).values_list("pk", flat=True))


def offered_forms(unit_ids: Collection[int]) -> list[reporting.FormVersion]:
    """Forms with a layout of which the units have accepted reports."""
    return [form for form in reporting.forms_with_figures(unit_ids) if reporting.definition_of(form).has_layout]


def offered_indicators() -> list[Indicator]:
    return list(Indicator.objects.select_related("form", "field"))


def lines_of(definition: FormDefinition) -> list[LineChoice]:
    """The lines of a form; a dynamic row stands for all its lines together."""
    found: list[LineChoice] = []
    for table in definition.tables:
        if not table.numeric:
            continue
        several = len(definition.tables) > 1 and bool(table.title)
        for row in table.rows:
            words = [table.title] if several else []
            if row.label or not several:
                words.append(row.label or table.title or row.id)
            found.append(LineChoice(f"{table.id}/{row.id}", " › ".join(words), table, row))
    return found


def cell_word(form_key: str, line: LineChoice, column: Column) -> str:
    return CellMeasure(form_key, line.table.id, line.row.id, column.id).word


def form_of(measures: Iterable[CellMeasure | IndicatorMeasure]) -> str:
    """The key of the form that the first cell is of; INDICATORS when an indicator comes first; "" for none."""
    for one in measures:
        return one.form if isinstance(one, CellMeasure) else INDICATORS
    return ""


def offered_periods(
    measures: Iterable[CellMeasure | IndicatorMeasure], form_key: str, unit_ids: Collection[int] | None
) -> list[reporting.Period]:
    """The periods with figures of the forms behind the measures, newest first; without measures, of the form named."""
    forms: dict[int, reporting.FormVersion] = {}
    held = list(measures)
    keys = {one.form for one in held if isinstance(one, CellMeasure)}
    named = {one.key for one in held if isinstance(one, IndicatorMeasure)}
    if not held and form_key and form_key != INDICATORS:
        keys = {form_key}
    for form in reporting.forms_named(keys):
        forms[form.pk] = form
    for row in Indicator.objects.filter(key__in=named):
        try:
            forms |= {form.pk: form for form in forms_of(row)}
        except QueryRefused:  # a form of its definition is not there: its periods cannot be offered
            continue
    found = {one.pk: one for form in forms.values() for one in reporting.periods_with_figures(form, unit_ids)}
    return sorted(found.values(), key=lambda one: (one.end, one.start, one.instalment), reverse=True)


def unit_choices(actor: Actor, current: orgs.UnitCard, on: date) -> list[UnitChoice]:
    """Where the person's posts are, what stands directly above and below the unit shown, as far as they may see it."""
    found: dict[str, UnitChoice] = {}
    for one in sorted(orgs.tops_of(actor, on), key=lambda card: card.sort_key):
        found[one.key] = UnitChoice(one.key, one.name, "Của tôi")
    found.setdefault(current.key, UnitChoice(current.key, current.name, "Đang xem"))
    higher = set(orgs.above([current.id], on).get(current.id, ()))
    seen = set(orgs.visible_ids(actor, on).filter(pk__in=higher).values_list("pk", flat=True)) if higher else set()
    for one in orgs.cards(seen, on).values():
        found.setdefault(one.key, UnitChoice(one.key, one.name, "Cấp trên"))
    line = orgs.first_line_beneath(current.id, on)
    for one in orgs.children_of(current.id, line, on) if line else ():
        found.setdefault(one.key, UnitChoice(one.key, one.name, "Trực thuộc"))
    return list(found.values())


def kind_choices(form_keys: Collection[str]) -> list[tuple[str, str]]:
    """Levels that a table can be read at: the unit alone, those beneath it, all of a kind that reports or receives."""
    kinds: dict[str, str] = {}
    for form in reporting.forms_named(form_keys):
        kinds |= {one.key: one.name for one in reporting.kinds_of_form(form)}
    return [(BELOW, "Các đơn vị trực thuộc"), (SELF, "Chỉ đơn vị này"), *((k, f"Mọi {n}") for k, n in kinds.items())]


def default_query(unit: orgs.UnitCard, unit_ids: Collection[int]) -> FigureQuery | None:
    """What the page shows before anything is asked: the newest figures of the unit, those beneath it down the side.

    Several periods: one column through time; a single period: the columns of the form. None when nothing came in yet.
    """
    form = reporting.newest_form(unit_ids)
    if form is None:
        return None
    lines = lines_of(reporting.definition_of(form))
    held = reporting.periods_with_figures(form, unit_ids)
    if not lines or not held:
        return None
    newest, line = held[0], lines[0]
    same = [one for one in held if one.rule_id == newest.rule_id and one.instalment == newest.instalment]
    count = 1 if len(same) > 1 else DEFAULT_COLUMNS
    added = [column for column in line.table.numeric if column.roll_up != "none"] or list(line.table.numeric)
    first = same[min(len(same), DEFAULT_PERIODS) - 1]
    return FigureQuery(
        measures=tuple(CellMeasure(form.key, line.table.id, line.row.id, column.id) for column in added[:count]),
        unit=unit.key,
        periods=(PeriodRange(newest.rule.key, first.code, newest.code, newest.instalment),),
        geography=geography_for(unit, first, newest),
        columns="period" if len(same) > 1 else "measure",
    )


def geography_for(unit: orgs.UnitCard, first: reporting.Period, last: reporting.Period) -> date | None:
    """The day whose tree the periods are read in where the unit was not there in all of them: of a commune made of
    others the figures of before are those of the others. None: each in its own."""
    if unit.started_on is None or reporting.last_day(first) >= unit.started_on:
        return None
    return max(unit.started_on, reporting.last_day(last))


@dataclass(frozen=True, slots=True)
class MapPlace:
    """Where an area stands on the tile map, rows and columns counted from 1."""

    row: int
    column: int


def unit_names(unit_ids: Collection[int], on: date) -> tuple[Mapping[int, str], Mapping[int, str]]:
    """Unit → the bare name of its area, where that tells all of them apart; unit → key of its area. Two queries."""
    called = orgs.cards(unit_ids, on)
    areas = orgs.area_cards({one.area_id for one in called.values() if one.area_id}, on)
    bare = {pk: areas[one.area_id].bare for pk, one in called.items() if one.area_id in areas}
    keys = {pk: areas[one.area_id].key for pk, one in called.items() if one.area_id in areas}
    alone = len(bare) == len(called) and len(set(bare.values())) == len(bare)
    return (bare if alone else {}), keys


def tile_map() -> tuple[Mapping[str, MapPlace], list[dict[str, Any]]]:
    """Key of an area → its place as the pack has it, and the pack's squares that are drawn and not counted."""
    words = list(Word.objects.filter(list__in=["tile_map", "tile_map_extras"]))
    placed = {
        one.data["area"]: MapPlace(one.data["row"], one.data["column"]) for one in words if one.list == "tile_map"
    }
    return placed, [{**one.data, "label": one.name} for one in words if one.list == "tile_map_extras"]
