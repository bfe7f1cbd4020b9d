"""Cells of forms by unit and period: the figures behind every answer to a `core.queries.FigureQuery`.

Units are placed as in consolidated tables, the rules of the columns are theirs too; only the cells that are asked for
are added up.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal, TypeAlias

from giaoban.core.consolidation import CellTotal, Coverage, combine, roll_up
from giaoban.core.layouts import Column, Row, Table
from giaoban.core.queries import (
    BELOW,
    SELF,
    CellMeasure,
    FigureQuery,
    PeriodHead,
    PeriodRange,
    QueryRefused,
    UnitHead,
)
from giaoban.orgs.selectors import UnitCard, kind_names
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors.consolidation import CellKey, ConsolidatedLine, period_card
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.selectors.grouping import ConsolidationRefused
from giaoban.reporting.selectors.reading import ReadTable, read_tables, refuse_too_much

Outcome = Literal["exact", "approximate", "refused"]
OUTCOMES: Final[Mapping[str, Outcome]] = {"exact": "exact", "by_method": "approximate", "refused": "refused"}
NOBODY_OWES: Final = "Kỳ này không đơn vị nào phải báo cáo biểu này."
NO_LINE: Final = "Báo cáo đã tiếp nhận, không có dòng nào ở đây."
NOT_ADDED: Final = "Cột này không cộng qua nhiều đơn vị: xem từng đơn vị."
NOT_ALL_ANSWERED: Final = "Chưa tính: các đơn vị trả lời tử số và mẫu số không như nhau."


@dataclass(frozen=True, slots=True)
class Said:
    """What holds for all cells of a form on one line in one period. owed: whether anybody had to report there."""

    coverage: Coverage | None
    outcome: Outcome
    sentence: str
    simulated: bool
    owed: bool = True


@dataclass(frozen=True)
class CellsRead:
    """cells: by (key of the unit, word of the period, measure), with the rule of the column applied, "" being all units
    together; a unit that owes nothing of a form has no cell of it. said: by (unit, period, key of the form). dynamic:
    the measures that are lines of a dynamic row.
    """

    top: UnitHead
    units: tuple[UnitHead, ...]
    periods: tuple[PeriodHead, ...]
    cells: Mapping[tuple[str, str, CellMeasure], CellTotal]
    said: Mapping[tuple[str, str, str], Said]
    notes: tuple[str, ...]
    engine: str
    dynamic: frozenset[CellMeasure] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """A measure found in its form."""

    measure: CellMeasure
    form: FormVersion
    table: Table
    row: Row
    column: Column


def answer_cells(
    measures: Sequence[CellMeasure], query: FigureQuery, unit: UnitCard, *, periods: Sequence[Period] | None = None
) -> CellsRead:
    """The cells by unit and period, in the tree that the query names. Raises QueryRefused.

    unit: the one on top, which whoever asks may see; periods: of the query, when they were read already.
    """
    check_level(query.level)
    by_form = _by_form(measures)
    asked = sum(map(len, by_form))
    found = list(chosen_periods(query.periods) if periods is None else periods)
    refuse_too_much(1, len(found), asked)
    drawing = _Drawing(query, _head(unit), found)
    for held in by_form:
        drawing.add(held, *_tables(held, found, query, unit.id))
    refuse_too_much(len(drawing.units()) + 1, len(found), asked)
    return drawing.finished()


Parts: TypeAlias = dict[tuple[str, str], dict[int, dict[CellMeasure, CellTotal]]]
"""(Key of the line, word of the period) → unit that reports → its cells."""


def answer_parts(
    measures: Sequence[CellMeasure], query: FigureQuery, unit: UnitCard, periods: Sequence[Period]
) -> Parts:
    """The cells of each unit that reports, by the line of the answer in which it counts; "" for the total. Raises
    QueryRefused."""
    found: Parts = {}
    for held in _by_form(measures):
        tables, _ = _tables(held, periods, query, unit.id, apart=True)
        for period, table in zip(periods, tables, strict=True):
            word = period_head(period).word
            for key, parts in table.parts.items():
                units = found.setdefault((key, word), {})
                for unit_id, cells in parts.items():
                    units.setdefault(unit_id, {}).update({one.measure: cell_of(cells, one) for one in held})
    for (key, word), units in list(found.items()):
        if query.level == SELF and not key:
            found[unit.key, word] = units
    return found


def _by_form(measures: Sequence[CellMeasure]) -> list[list[Place]]:
    """The places of the measures, those of one form together. Raises QueryRefused."""
    found: defaultdict[int, list[Place]] = defaultdict(list)
    for place in places_of(measures).values():
        found[place.form.pk].append(place)
    return list(found.values())


def _tables(
    places: Sequence[Place], periods: Sequence[Period], query: FigureQuery, unit_id: int, *, apart: bool = False
) -> tuple[list[ReadTable], set[str]]:
    wanted: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
    for one in places:
        wanted[one.table.id].setdefault(one.row.id, set()).add(one.column.id)
    try:
        return read_tables(
            places[0].form,
            periods,
            unit_id,
            level=query.level,
            geography=query.geography,
            divided=query.divided,
            wanted=wanted,
            apart=apart,
        )
    except ConsolidationRefused as refusal:
        breaks = tuple(one.words() for one in refusal.restatement.breaks)
        others = tuple(f"đơn vị của ngày đó: {one.key} · {one.name}" for one in refusal.others)
        raise QueryRefused("geography", refusal.sentence, "geography", details=breaks + others) from refusal


class _Drawing:
    """What is read, put together form by form."""

    def __init__(self, query: FigureQuery, top: UnitHead, periods: Sequence[Period]) -> None:
        self.query, self.top = query, top
        self.heads = {one.pk: period_head(one) for one in periods}
        self.lines: dict[str, ConsolidatedLine] = {}
        self.cells: dict[tuple[str, str, CellMeasure], CellTotal] = {}
        self.said: dict[tuple[str, str, str], Said] = {}
        self.notes: dict[str, None] = {}
        self.engines: set[str] = set()
        self.dynamic: set[CellMeasure] = set()

    def add(self, places: Sequence[Place], tables: Sequence[ReadTable], engines: set[str]) -> None:
        self.engines |= engines
        self.dynamic |= {one.measure for one in places if one.row.is_dynamic}
        for head, table in zip(self.heads.values(), tables, strict=True):
            self._add_table(places, head, table)

    def _add_table(self, places: Sequence[Place], head: PeriodHead, table: ReadTable) -> None:
        owed = bool(table.lines)
        self._put(places, head, "", table.total, places[0].form.key, owed=owed)
        if self.query.level == SELF:
            self._put(places, head, self.top.key, table.total, places[0].form.key, owed=owed)
        else:
            for line in table.lines:
                self.lines[line.key] = line
                self._put(places, head, line.key, line, places[0].form.key, owed=True)
        said = table.restatement
        if table.is_recast or said.outcome != "exact":
            self.notes[f"{head.label}: {said.sentence}"] = None
        self.notes |= dict.fromkeys(f"{head.label}: {one.words()}" for one in said.breaks)
        if table.incomplete_reason:
            self.notes[f"{head.label}: {table.incomplete_reason}"] = None

    def _put(
        self, places: Sequence[Place], head: PeriodHead, key: str, line: ConsolidatedLine, form: str, *, owed: bool
    ) -> None:
        self.said[key, head.word, form] = Said(
            coverage=line.coverage,
            outcome=OUTCOMES[line.restatement.outcome] if line.in_total else "refused",
            sentence=line.note or (line.restatement.sentence if line.restatement.outcome != "exact" else ""),
            simulated=line.simulated,
            owed=owed,
        )
        if owed:
            for one in places:
                self.cells[key, head.word, one.measure] = cell_of(line.cells, one)

    def units(self) -> list[UnitHead]:
        """Those in which somebody owes a report, as they are called in the last period in which somebody does."""
        return [self.top] if self.query.level == SELF else [_head_of_line(line) for line in self.lines.values()]

    def finished(self) -> CellsRead:
        units = sorted(self.units(), key=lambda one: (one.id is None, one.sort_key, one.key))
        return CellsRead(
            top=self.top,
            units=tuple(units),
            periods=tuple(self.heads.values()),
            cells=self.cells,
            said=self.said,
            notes=tuple(self.notes),
            engine="+".join(sorted(self.engines)),
            dynamic=frozenset(self.dynamic),
        )


def cell_of(cells: Mapping[CellKey, CellTotal], place: Place) -> CellTotal:
    """The cell of a place on one line of a table; a dynamic row without a sub-unit is all its lines together."""
    table, row, column = place.table.id, place.row.id, place.column.id
    if not place.row.is_dynamic or place.measure.subunit:
        return cells.get((table, row, place.measure.subunit, column), CellTotal())
    by_column: defaultdict[str, list[CellTotal]] = defaultdict(list)
    for (a_table, a_row, _, a_column), cell in cells.items():
        if (a_table, a_row) == (table, row):
            by_column[a_column].append(cell)
    return roll_up(place.table, {key: combine(held) for key, held in by_column.items()})[column]


def places_of(measures: Iterable[CellMeasure]) -> dict[CellMeasure, Place]:
    """Each measure in its form; one query. Raises QueryRefused for a cell that is in no form, or that holds text."""
    asked = list(dict.fromkeys(measures))
    rows = FormVersion.objects.select_related("regime", "field").filter(key__in={one.form for one in asked})
    forms = {row.key: row for row in rows}
    return {one: _place_of(one, forms.get(one.form)) for one in asked}


def _place_of(measure: CellMeasure, form: FormVersion | None) -> Place:
    if form is None:
        raise _unknown(measure, f"không có biểu mẫu “{measure.form}”")
    definition = definition_of(form)
    table = definition.tables_by_id.get(measure.table)
    if table is None:
        raise _unknown(measure, f"biểu {form.code} không có bảng “{measure.table}”")
    row = table.rows_by_id.get(measure.row)
    if row is None:
        raise _unknown(measure, f"bảng “{table.id}” của biểu {form.code} không có dòng “{measure.row}”")
    if measure.subunit and not row.is_dynamic:
        raise _unknown(measure, f"dòng “{row.id}” không chia theo đơn vị trực thuộc")
    column = table.columns_by_id.get(measure.column)
    if column is None:
        raise _unknown(measure, f"bảng “{table.id}” của biểu {form.code} không có cột “{measure.column}”")
    if not column.is_number:
        sentence = f"Cột “{column.label}” của biểu {form.code} ghi chữ, không có số để cộng: chọn cột số."
        raise QueryRefused("not-added", sentence, measure.word)
    return Place(measure, form, table, row, column)


def _unknown(measure: CellMeasure, why: str) -> QueryRefused:
    sentence = f"Không có chỉ tiêu “{measure.word}”: {why}. Chọn lại trong danh sách chỉ tiêu."
    return QueryRefused("unknown-measure", sentence, measure.word)


def check_level(level: str) -> None:
    """Raises QueryRefused for a word that is no level."""
    if level in (SELF, BELOW):
        return
    kinds = kind_names()
    if level not in kinds:
        known = "; ".join(f"{key} ({name})" for key, name in kinds.items())
        sentence = f"“{level}” không phải cấp đơn vị: viết “{SELF}”, “{BELOW}” hoặc mã một loại đơn vị: {known}."
        raise QueryRefused("unknown-level", sentence, level)


def chosen_periods(ranges: Iterable[PeriodRange]) -> list[Period]:
    """The opened periods of the ranges, in the order of their windows within each, none twice. Raises QueryRefused."""
    found: dict[int, Period] = {}
    for one in ranges:
        held = _periods_in(one)
        found.update({period.pk: period for period in held if period.pk not in found})
    return list(found.values())


def _periods_in(wanted: PeriodRange) -> list[Period]:
    rows = Period.objects.select_related("rule").filter(rule__key=wanted.rule).order_by("end", "start", "pk")
    held = list(rows.filter(instalment=wanted.instalment))
    ends = {}
    for code in (wanted.first, wanted.last):
        ends[code] = next((one for one in held if one.code == code), None)
        if ends[code] is None:
            others = dict.fromkeys(rows.filter(code=code).values_list("instalment", flat=True))
            remedy = f"Kỳ này có các lần: {', '.join(others)}." if others else "Chọn trong các kỳ đã mở."
            raise QueryRefused("unknown-period", f"Chưa mở kỳ “{wanted.rule}:{code}”. {remedy}", wanted.word)
    first, last = ends[wanted.first], ends[wanted.last]
    if first is None or last is None or _at(first) > _at(last):
        sentence = f"Kỳ đầu “{wanted.first}” sau kỳ cuối “{wanted.last}”: đổi chỗ hai kỳ."
        raise QueryRefused("unknown-period", sentence, wanted.word)
    return [one for one in held if _at(first) <= _at(one) <= _at(last)]


def _at(period: Period) -> tuple[date, date]:
    """Its place in time: cumulative periods of a year all begin on the same day."""
    return period.end, period.start


def period_head(period: Period) -> PeriodHead:
    card = period_card(period)
    word = PeriodRange(card.rule, card.code, card.code, card.instalment).word
    return PeriodHead(word, card.label, card.window, card.start, card.end)


def _head(unit: UnitCard) -> UnitHead:
    return UnitHead(unit.key, unit.id, unit.name, unit.short_name, unit.sort_key)


def _head_of_line(line: ConsolidatedLine) -> UnitHead:
    if line.unit is None:
        return UnitHead(line.key, None, line.label, line.label)
    return replace(_head(line.unit), key=line.key, name=line.label)
