"""Tables of several periods with only the cells that a question asks for, at any level of the tree.

Units are placed as in consolidated tables (`grouping`, `placing`), once for all periods between which nothing of it
changes. `counting` has the sums; the algebra on them is `core.consolidation`, whichever engine made them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeAlias

from giaoban.core import formulas
from giaoban.core.consolidation import (
    EXACTLY,
    CellTotal,
    Coverage,
    Extreme,
    Kept,
    Uneven,
    Weighed,
    combine,
    part_of,
    roll_up,
)
from giaoban.core.layouts import FormDefinition, Table
from giaoban.core.queries import BELOW, MOST_VALUES, SELF, QueryRefused
from giaoban.core.restating import Divided, Restatement
from giaoban.core.vietnamese import number
from giaoban.orgs.selectors import names_on
from giaoban.reporting.engines.questions import Key, Question, Wanted
from giaoban.reporting.models import FormKind, FormVersion, Period
from giaoban.reporting.selectors.consolidation import CellKey, ConsolidatedLine
from giaoban.reporting.selectors.counting import count
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.grouping import EXACT, ConsolidationRefused
from giaoban.reporting.selectors.placing import WHOLE, Slot
from giaoban.reporting.selectors.spots import IN_TOTAL, Laid, alone, laid_out

Cells: TypeAlias = Mapping[str, Mapping[str, set[str]]]
"""Table → row → columns that are asked for."""

MOST_COLUMNS: Final = 500
NO_VALUE: Final = Decimal(0)
SAID_ITSELF: Final = "Theo báo cáo của chính đơn vị: chưa có báo cáo nào của các đơn vị trực thuộc được tiếp nhận."
CHANGED_BENEATH: Final = (
    "Đơn vị có báo cáo của chính mình nhưng các đơn vị trực thuộc của kỳ đã khác với địa giới đang xem, nên số ấy "
    "không dùng được: xem theo địa giới của kỳ."
)


@dataclass(frozen=True)
class ReadTable:
    """A form in one period. lines: those in which somebody owes the report. is_recast: read in another tree than that
    of its own last day. parts: key of a line ("" the total) → unit that reports → its cells, where they are read apart.
    """

    lines: tuple[ConsolidatedLine, ...]
    total: ConsolidatedLine
    restatement: Restatement
    is_recast: bool
    incomplete_reason: str = ""
    parts: Mapping[str, Mapping[int, Mapping[CellKey, CellTotal]]] = field(default_factory=dict)


def read_tables(
    form: FormVersion,
    periods: Sequence[Period],
    unit_id: int,
    *,
    level: str,
    geography: date | None,
    divided: Divided,
    wanted: Cells,
    apart: bool = False,
) -> tuple[list[ReadTable], set[str]]:
    """A table for each period, in the order given, and the engines that added up. The number of queries does not grow
    with the number of units, and with that of periods only where the tree changes between them.

    level: as in `FigureQuery`. geography None: each period in the tree of its own last day. apart: with the cells of
    each unit that reports. Raises ConsolidationRefused when any period is, QueryRefused when there is no engine for it.
    """
    laid = dict(laid_out(form, periods, unit_id, _kind(level), geography, divided, apart=apart))
    lines = max((len(one.spots) for one in laid.values()), default=0)
    refuse_too_much(lines + 1, len(periods), sum(len(columns) for rows in wanted.values() for columns in rows.values()))
    tables = narrowed(definition_of(form), wanted)
    drawing = _Drawing(form, tables, wanted, _question(form, laid, tables, wanted))
    drawing.name(periods)
    found = {one: drawing.table(one, laid.get(one), geography) for one in periods}
    engines = set(drawing.counted.engines)
    itself = _own_reports(found, laid, unit_id, apart=apart) if level == SELF else {}
    if itself:
        own = _Drawing(form, tables, wanted, _question(form, itself, tables, wanted))
        own.name(list(itself))
        held = {one: own.table(one, place, geography) for one, place in itself.items()}
        holds = _same_beneath(form, list(itself), unit_id, geography, laid)
        found |= {
            one: _noted(table, SAID_ITSELF) if one in holds else _noted(found[one], CHANGED_BENEATH)
            for one, table in held.items()
            if _has_figures(table)
        }
        engines |= set(own.counted.engines)
    return [found[one] for one in periods], engines


def _own_reports(
    found: Mapping[Period, ReadTable], laid: Mapping[Period, Laid], unit_id: int, *, apart: bool
) -> dict[Period, Laid]:
    """The periods in which a unit owes a report that is not added to those beneath it, and nothing came from there:
    with its own report alone."""
    return {
        period: alone(place, apart=apart)
        for period, place in laid.items()
        if unit_id in place.layout.not_summed and not _has_figures(found[period])
    }


def _has_figures(table: ReadTable) -> bool:
    return any(cell.units > cell.missing for cell in table.total.cells.values())


def _noted(table: ReadTable, note: str) -> ReadTable:
    return replace(table, total=replace(table.total, note=note))


def _same_beneath(
    form: FormVersion, periods: Sequence[Period], unit_id: int, geography: date | None, laid: Mapping[Period, Laid]
) -> set[Period]:
    """The periods in which the same units report beneath a unit as in the tree of the period itself: what it reported
    then speaks of it as it stands in the tree of the other day."""
    if geography is None:
        return set(periods)
    try:
        then = dict(laid_out(form, periods, unit_id, "", None, "refuse", apart=False))
    except ConsolidationRefused:
        return set()
    return {one for one in periods if one in then and _reporters(then[one]) == _reporters(laid[one])}


def _reporters(laid: Laid) -> tuple[frozenset[tuple[int, bool]], frozenset[int]]:
    """Who counts beneath a unit, and whether as a whole; who is left out because others beneath report."""
    layout = laid.layout
    whole = frozenset((unit, all(part == WHOLE for _, part in held)) for unit, held in layout.places.items())
    return whole, layout.not_summed


def refuse_too_much(lines: int, periods: int, cells: int) -> None:
    """Raises QueryRefused when an answer would hold more than `MOST_VALUES`."""
    if (asked := lines * periods * cells) > MOST_VALUES:
        sentence = (
            f"Câu hỏi có {number(asked)} giá trị, quá {number(MOST_VALUES)}: "
            "bớt chỉ tiêu, bớt kỳ hoặc chọn cấp đơn vị cao hơn."
        )
        raise QueryRefused("too-much", sentence, "measure")


def _nothing() -> ReadTable:
    """Nobody owes the form."""
    return ReadTable((), ConsolidatedLine(None, "Tổng số", "", {}, Coverage(0, 0)), EXACT, is_recast=False)


def question_of(
    form: FormVersion,
    periods: Sequence[Period],
    unit_id: int,
    *,
    level: str,
    geography: date | None,
    divided: Divided,
    wanted: Cells,
) -> Question:
    """What an engine is asked for the tables of these periods: for engines that are not chosen by setting."""
    laid = dict(laid_out(form, periods, unit_id, _kind(level), geography, divided, apart=False))
    return _question(form, laid, narrowed(definition_of(form), wanted), wanted)


def _kind(level: str) -> str:
    return "" if level in (SELF, BELOW) else level


def narrowed(definition: FormDefinition, wanted: Cells) -> dict[str, Table]:
    """The tables with the columns that are asked for and those from which these are computed."""
    found = {}
    for table_id, rows in wanted.items():
        table = definition.table(table_id)
        needed: set[str] = set()
        open_columns = sorted({column for columns in rows.values() for column in columns})
        while open_columns:
            column = table.columns_by_id[open_columns.pop()]
            if column.id not in needed:
                needed.add(column.id)
                open_columns += [column.weight] if column.weight else []
                open_columns += formulas.parse(column.formula).names() if column.formula else []
        kept = tuple(one for one in table.numeric if one.id in needed)
        found[table_id] = _narrow(table, kept)
    return found


@lru_cache(maxsize=256)
def _narrow(table: Table, columns: tuple[object, ...]) -> Table:
    return replace(table, columns=columns)  # type: ignore[arg-type]


def _question(form: FormVersion, laid: Mapping[Period, Laid], tables: Mapping[str, Table], wanted: Cells) -> Question:
    definition = definition_of(form)
    columns = tuple(
        Wanted(table.id, one.id, definition.table(table.id).positions[one.id], one.scale)
        for table in tables.values()
        for one in table.numeric
    )
    if len(columns) > MOST_COLUMNS:
        sentence = f"Câu hỏi cần {len(columns)} cột của một biểu, quá {MOST_COLUMNS}: chia thành nhiều câu hỏi."
        raise QueryRefused("too-much", sentence, form.key)
    number = {(one.table, one.column): n for n, one in enumerate(columns)}
    kept = [(table.id, one) for table in tables.values() for one in table.numeric if one.keeps]
    layouts = list({id(one): one for one in laid.values()}.values())
    position = {id(one): n for n, one in enumerate(layouts)}
    return Question(
        form_id=form.pk,
        columns=columns,
        rows=tuple((table, row) for table, rows in wanted.items() for row in rows),
        readings={period.pk: position[id(one)] for period, one in laid.items()},
        layouts=[one.places for one in layouts],
        extremes={number[table, one.id]: one.roll_up == "max" for table, one in kept if one.roll_up != "weighted"},
        means={number[table, one.id]: number[table, one.weight] for table, one in kept if one.weight},
        rates={
            number[table.id, rate]: tuple(number[table.id, one] for one in inputs)
            for table in tables.values()
            for rate, inputs in table.rate_inputs.items()
            if len(inputs) > 1
        },
    )


class _Drawing:
    """The tables of one form, drawn from what was counted."""

    def __init__(self, form: FormVersion, tables: Mapping[str, Table], wanted: Cells, question: Question) -> None:
        self.form, self.tables, self.wanted, self.question = form, tables, wanted, question
        self.counted = count(question)
        self.columns: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        for n, one in enumerate(question.columns):
            self.columns[one.table].append((n, one.column))
        self.keys: dict[tuple[int, int, str, str], list[Key]] = {}
        for key in self.counted.found.reports:
            self.keys.setdefault(key[:4], []).append(key)
        self.names: Mapping[tuple[int, date], tuple[str, str]] = {}

    def name(self, periods: Sequence[Period]) -> None:
        """The units that are missing; one query for all periods."""
        days = {one.pk: last_day(one) for one in periods}
        late = {
            (unit, days[period])
            for period, spots in self.counted.standing.items()
            for held in spots.values()
            for unit in held.missing
        }
        self.names = names_on(late) if late else {}

    def table(self, period: Period, laid: Laid | None, geography: date | None) -> ReadTable:
        return _nothing() if laid is None else _PeriodDrawing(self, period, laid).table(geography)


class _PeriodDrawing:
    """The table of one period."""

    def __init__(self, drawing: _Drawing, period: Period, laid: Laid) -> None:
        self.of, self.pk, self.on, self.laid = drawing, period.pk, last_day(period), laid
        self.standing = drawing.counted.standing[self.pk]
        self.parts: dict[tuple[int, str, str], dict[str, dict[str, CellTotal]]] = {}

    def table(self, geography: date | None) -> ReadTable:
        laid, layout = self.laid, self.laid.layout
        spots: defaultdict[int, list[int]] = defaultdict(list)
        for spot, (position, *_) in enumerate(laid.spots):
            if spot in self.standing:
                spots[position].append(spot)
        lines = [self._line(layout.slots[one], spots[one]) for one in sorted(spots) if one != IN_TOTAL]
        inside = [
            spot
            for position in sorted(spots)
            if position != IN_TOTAL and layout.slots[position].in_total
            for spot in spots[position]
            if laid.spots[spot][1] == WHOLE
        ]
        inside += spots[IN_TOTAL]
        keyed = {"": inside} | {layout.slots[one].key: held for one, held in spots.items() if one != IN_TOTAL}
        return ReadTable(
            tuple(lines),
            self._total(lines, inside),
            layout.restatement,
            is_recast=geography is not None and geography != self.on,
            incomplete_reason=layout.incomplete_reason,
            parts={key: self._apart(held) for key, held in keyed.items()} if laid.is_apart else {},
        )

    def _apart(self, spots: Sequence[int]) -> dict[int, Mapping[CellKey, CellTotal]]:
        return {unit: self._shown([spot]) for spot in spots if (unit := self.laid.spots[spot][2])}

    def _line(self, slot: Slot, spots: Sequence[int]) -> ConsolidatedLine:
        is_source = slot.is_own and self.of.form.kind == FormKind.CAPTURE
        return ConsolidatedLine(
            unit=slot.unit,
            label=slot.label,
            key=slot.key,
            cells=self._shown(spots),
            coverage=None if is_source else self._coverage(spots),
            note=slot.note,
            simulated=any(self.standing[spot].simulated for spot in spots),
            restatement=slot.restatement,
            in_total=slot.in_total,
        )

    def _total(self, lines: Sequence[ConsolidatedLine], spots: Sequence[int]) -> ConsolidatedLine:
        stated = all(line.coverage is not None for line in lines if line.in_total)
        return ConsolidatedLine(
            unit=self.laid.layout.unit,
            label="Tổng số",
            key="",
            cells=self._shown(spots),
            coverage=self._coverage(spots) if stated else None,
            simulated=any(line.simulated for line in lines),
            restatement=self.laid.layout.restatement,
        )

    def _coverage(self, spots: Sequence[int]) -> Coverage:
        held = [self.standing[spot] for spot in spots]
        late = sorted(self.of.names[one, self.on] for standing in held for one in standing.missing)
        expected = sum(one.expected for one in held)
        return Coverage(expected - len(late), expected, tuple(name for _, name in late))

    def _shown(self, spots: Sequence[int]) -> dict[CellKey, CellTotal]:
        """The cells of some spots together, with the rule of each column applied. A unit that counts once in the total
        and in parts on several lines is divided there too: its highest figure is nobody's."""
        is_shared = any(self.laid.spots[spot][1] != WHOLE or self.laid.spots[spot][0] == IN_TOTAL for spot in spots)
        shown: dict[CellKey, CellTotal] = {}
        for table_id, rows in self.of.wanted.items():
            table = self.of.tables[table_id]
            for row in rows:
                for subunit, totals in self._totals(spots, table, row).items():
                    for column, cell in roll_up(table, totals, is_shared=is_shared).items():
                        shown[table_id, row, subunit, column] = _plain(cell) if is_shared else cell
        return shown

    def _totals(self, spots: Sequence[int], table: Table, row: str) -> Mapping[str, Mapping[str, CellTotal]]:
        """Sub-unit → column → total, of the lines of a row."""
        if len(spots) == 1:
            return dict(sorted(self._part(spots[0], table, row).items()))
        parts: dict[str, dict[str, list[CellTotal]]] = {}
        for spot in spots:
            for subunit, cells in self._part(spot, table, row).items():
                held = parts.setdefault(subunit, {})
                for column, cell in cells.items():
                    held.setdefault(column, []).append(cell)
        found = {subunit: {key: combine(cells) for key, cells in held.items()} for subunit, held in parts.items()}
        return dict(sorted(found.items()))

    def _part(self, spot: int, table: Table, row: str) -> dict[str, dict[str, CellTotal]]:
        """`_totals` of one spot, in the part that counts there; it is asked for by its line and by the total."""
        found = self.parts.get((spot, table.id, row))
        if found is None:
            found = self.parts[spot, table.id, row] = self._read(spot, table, row)
        return found

    def _read(self, spot: int, table: Table, row: str) -> dict[str, dict[str, CellTotal]]:
        weight, standing = self.laid.spots[spot][1], self.standing[spot]
        keys = self.of.keys.get((self.pk, spot, table.id, row), [])
        absent = missing = 0
        if not table.rows_by_id[row].is_dynamic:
            absent = standing.received - sum(self.of.counted.found.reports[key] for key in keys)
            missing = standing.expected - standing.received
            keys = keys or [Key(self.pk, spot, table.id, row, "")]
        found = {}
        for key in keys:
            cells = self._cells(key, absent, missing)
            if weight != WHOLE:
                cells = {column: part_of(cell, weight) for column, cell in cells.items()}
            found[key.subunit] = cells
        return found

    def _cells(self, key: Key, absent: int, missing: int) -> dict[str, CellTotal]:
        """What was added up under a key. absent: reports without this line, which is as if they had left it blank."""
        sums, lines = self.of.counted.found.sums.get(key), self.of.counted.found.reports.get(key, 0)
        if sums is None:
            nothing = CellTotal(blank=absent, missing=missing)
            return {column: nothing for _, column in self.of.columns[key.table]}
        found = {}
        for n, column in self.of.columns[key.table]:
            added = sums[n]
            nil, not_applicable, blank = added.marks
            reported = lines - nil - not_applicable - blank
            value = (added.value or NO_VALUE) if reported else None
            found[column] = CellTotal(
                value, added.estimate, reported, nil, not_applicable, blank + absent, missing, self._kept(key, n)
            )
        return found

    def _kept(self, key: Key, n: int) -> Kept | None:
        question, found = self.of.question, self.of.counted.found
        if n in question.extremes and (key, n) in found.extremes:
            return Extreme(*found.extremes[key, n], highest=question.extremes[n])
        if n in question.means and (key, n) in found.means:
            return Weighed(*found.means[key, n])
        return Uneven(found.uneven.get((key, n), 0)) if n in question.rates else None


def _plain(cell: CellTotal) -> CellTotal:
    """Without the zeros that a share adds."""
    return replace(cell, value=None if cell.value is None else _bare(cell.value), estimate=_bare(cell.estimate))


def _bare(value: Decimal) -> Decimal:
    whole = value.to_integral_value(context=EXACTLY)
    return whole if value == whole else value.normalize(EXACTLY)
