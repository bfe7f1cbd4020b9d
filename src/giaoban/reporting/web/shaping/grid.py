"""The entry table, and the same table as it was sent: rows and cells that the template only has to print."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Literal

from giaoban.core.figures import Figure, Figures, Line
from giaoban.core.forms import Column, FormDefinition, Table
from giaoban.core.issues import Cell, Issue
from giaoban.core.vietnamese import day
from giaoban.kit.templatetags.gb import cell_anchor
from giaoban.reporting.rules import Subunits, figures_from_texts, is_machine, shown_text, text_key
from giaoban.reporting.web.shaping.layout import (
    FormLine,
    HeaderCell,
    Labels,
    calm,
    header_rows,
    printed_numbers,
    stub_of,
)

Kind = Literal["number", "text", "calc", "figure", "words", "change", "none"]

Part = Literal["actual", "estimate", "sum", "before", "past", "change", "new"]

WIDE = 7
# With more lines than this, the earlier figures are shown in rows of their own only when somebody asks for them.
FEW_LINES = 6
NEW_LINES = 3
CLASS_OF = {"error": "err", "warning": "warn"}


@dataclass(frozen=True, slots=True)
class GridCell:
    """kind: number, text = typed in; calc = the machine's; figure, words = as sent; change = against the past.

    is_marked: the receiver wants this cell to be looked at again.
    """

    kind: Kind
    id: str = ""
    name: str = ""
    value: str = ""
    scale: int = 0
    path: str = ""
    tone: str = ""
    is_estimate: bool = False
    is_marked: bool = False
    figure: Figure | None = None
    change: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GridRow:
    """kind: "" typed or sent, "sum" the machine's, "past" an earlier period. row, subunit, part: what the cells are.

    name, value: of the input in which a new line is named; `is_wrong` when it cannot be kept under that name.
    """

    kind: str
    label: str
    small: str
    is_sub: bool
    cells: tuple[GridCell, ...]
    name: str = ""
    value: str = ""
    is_wrong: bool = False
    row: str = ""
    subunit: str = ""
    part: Part = "actual"


@dataclass(frozen=True, slots=True)
class GridTable:
    id: str
    title: str
    stub: str
    header: tuple[tuple[HeaderCell, ...], ...]
    numbers: tuple[str, ...]
    rows: tuple[GridRow, ...]
    is_wide: bool
    is_typed: bool
    hides_past: bool = False
    is_marking: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """The actual and the estimated part of a period in words; `estimated` is "" when it has none."""

    actual: str
    estimated: str


def parts_of(start: date, end: date, actual_until: date | None, estimated_months: int) -> Parts:
    """`end` and `actual_until` are excluded, as everywhere; the words name the last day."""
    if not estimated_months or actual_until is None:
        return Parts(_window(start, end), "")
    return Parts(_window(start, actual_until), _window(actual_until, end))


def _window(start: date, end: date) -> str:
    last = end - timedelta(days=1)
    return f"{day(start)} đến {day(last)}" if start.year != last.year else f"{day(start)[:5]} đến {day(last)}"


@dataclass(frozen=True)
class EntryGrid:
    """Everything the entry tables are made of. Texts by `text_key`, machine cells included.

    previous: of the same period of the year before, preceding: of the last period before this one; with the names of
    these periods. refused: inputs of new lines that could not be kept, by name, to be shown again. marked: names of the
    cells that the receiver marked.
    """

    form: FormDefinition
    labels: Labels
    subunits: Subunits
    texts: Mapping[str, str]
    previous: Mapping[str, str]
    issues: Sequence[Issue]
    parts: Parts
    preceding: Mapping[str, str] = field(default_factory=dict)
    previous_name: str = ""
    preceding_name: str = ""
    open_rows: frozenset[tuple[str, str]] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    marked: Collection[str] = ()

    def tables(self) -> tuple[GridTable, ...]:
        figures, _ = figures_from_texts(self.form, self.texts)
        return tuple(
            _table(
                table,
                [*self._lines(table, figures), *self._new_rows(table)],
                is_typed=True,
                hides_past=len(self.labels.lines(table, self.subunits)) > FEW_LINES,
            )
            for table in self.form.tables
        )

    @cached_property
    def _year_before(self) -> Figures:
        return figures_from_texts(self.form, self.previous)[0] if self.previous else {}

    @cached_property
    def _period_before(self) -> Figures:
        return figures_from_texts(self.form, self.preceding)[0] if self.preceding else {}

    def _lines(self, table: Table, figures: Figures) -> Iterable[GridRow]:
        for line in self.labels.lines(table, self.subunits):
            yield from self._rows(table, line, figures)

    def _rows(self, table: Table, line: FormLine, figures: Figures) -> Iterable[GridRow]:
        alone = table.only_row is not None

        def row(kind: str, label: str, small: str, cells: tuple[GridCell, ...], part: Part) -> GridRow:
            at = line.row.id, line.subunit
            return GridRow(kind, label, small, line.depth > 0, cells, row=at[0], subunit=at[1], part=part)

        kind, typed = self._kind(table, line), self._cells(table, line)
        if not self.parts.estimated:
            yield row(kind, line.label, self.parts.actual if alone else "", typed, "actual")
        else:
            first, small = ("Thực hiện", self.parts.actual) if alone else (line.label, f"thực hiện {self.parts.actual}")
            yield row(kind, first, small, typed, "actual")
            second = "số ước, thay bằng số chính thức sau" if alone else line.label
            estimated = self._cells(table, line, estimate=True)
            yield row("", f"Ước {self.parts.estimated}", second, estimated, "estimate")
            third = "máy tính, không nhập" if alone else f"{line.label}, máy tính"
            yield row("sum", "Cộng", third, self._sums(table, line, figures), "sum")
        if line.subunit:
            return
        key = (table.id, line.row.id, line.subunit)
        last, past = self._period_before.get(key), self._year_before.get(key)
        if last is not None:
            yield row("past", "Kỳ trước", self.preceding_name if alone else line.label, _past(table, last), "before")
        if past is not None:
            small = self.previous_name if alone else line.label
            yield row("past", "Cùng kỳ năm trước", small, _past(table, past), "past")
            changes = _changes(table, past, figures.get(key))
            yield row("past", "So cùng kỳ, %", "" if alone else line.label, changes, "change")

    def _kind(self, table: Table, line: FormLine) -> str:
        summed = any(is_machine(table, line.row, column, self.subunits) for column in table.numeric)
        return "sum" if line.row.sum_of and summed else ""

    def _cells(self, table: Table, line: FormLine, *, estimate: bool = False) -> tuple[GridCell, ...]:
        return tuple(self._cell(table, line, column, estimate=estimate) for column in table.columns)

    def _cell(self, table: Table, line: FormLine, column: Column, *, estimate: bool) -> GridCell:
        at = Cell(table.id, line.row.id, line.subunit, column.id)
        name = text_key(table.id, line.row.id, line.subunit, column.id, estimate=estimate)
        part = f"{'Ước' if estimate else 'Thực hiện'} › " if self.parts.estimated else ""
        path = f"{part}{self.labels.cell(at)}"
        tone = "" if estimate else self._tone(at)
        anchor = "" if estimate else cell_anchor(at)
        if estimate and not column.is_number:
            return GridCell("none")
        if is_machine(table, line.row, column, self.subunits):
            if column.formula is not None and self.parts.estimated:
                return GridCell("calc", path=path)
            value, marked = self._shown(name), name in self.marked
            return GridCell("calc", anchor, name, value, column.scale, path, tone, is_marked=marked)
        kind: Kind = "number" if column.is_number else "text"
        value = self._shown(name) if column.is_number else self.texts.get(name, "")
        marked = name in self.marked
        return GridCell(kind, anchor, name, value, column.scale, path, tone, is_estimate=estimate, is_marked=marked)

    def _shown(self, name: str) -> str:
        """A typed number as it stands, or the sign that people read for a mark."""
        return shown_text(self.texts.get(name, ""))

    def _sums(self, table: Table, line: FormLine, figures: Figures) -> tuple[GridCell, ...]:
        """Actual and estimated part together."""
        mine = figures.get((table.id, line.row.id, line.subunit))
        cells = []
        for column in table.columns:
            if not column.is_number:
                cells.append(GridCell("none"))
                continue
            figure = mine.figures[table.positions[column.id]] if mine else None
            path = f"Cộng › {self.labels.cell(Cell(table.id, line.row.id, line.subunit, column.id))}"
            cells.append(GridCell("calc", "", "", "", column.scale, path, figure=figure))
        return tuple(cells)

    @cached_property
    def _tones(self) -> dict[tuple[str, str, str, str], str]:
        return tones_of(self.issues)

    def _tone(self, at: Cell) -> str:
        return self._tones.get(_key(at), "")

    def _new_rows(self, table: Table) -> list[GridRow]:
        """Lines without a name yet, for a dynamic row whose sub-units no catalogue lists."""
        rows = []
        for row in table.dynamic_rows:
            if (table.id, row.id) not in self.open_rows:
                continue
            for number in range(NEW_LINES):
                name = f"{table.id}/{row.id}/{number}"
                cells = tuple(
                    GridCell("none")
                    if is_machine(table, row, column, self.subunits)
                    else GridCell(
                        "number" if column.is_number else "text",
                        name=f"moi/{name}/{column.id}",
                        value=shown_text(self.refused.get(f"moi/{name}/{column.id}", "")),
                        scale=column.scale,
                        path=f"{row.label}, dòng thêm {number + 1} › {self.labels.column(table, column.id)}",
                    )
                    for column in table.columns
                )
                rows.append(
                    GridRow(
                        "new",
                        f"{row.label}: dòng thêm {number + 1}",
                        "",
                        True,
                        cells,
                        name=f"ten/{name}",
                        value=self.refused.get(f"ten/{name}", ""),
                        is_wrong=f"ten/{name}" in self.refused,
                        row=row.id,
                        part="new",
                    )
                )
        return rows


def _key(at: Cell) -> tuple[str, str, str, str]:
    return (at.table, at.row, at.subunit, at.column)


def tones_of(issues: Iterable[Issue]) -> dict[tuple[str, str, str, str], str]:
    """Cells that an error or a warning speaks of → the class that marks them; an error wins."""
    tones: dict[tuple[str, str, str, str], str] = {}
    for issue in issues:
        tone = CLASS_OF.get(issue.severity)
        if tone and tones.get(_key(issue.at)) != "err":
            tones[_key(issue.at)] = tone
    return tones


def _table(
    table: Table, rows: Sequence[GridRow], *, is_typed: bool, hides_past: bool = False, is_marking: bool = False
) -> GridTable:
    return GridTable(
        id=table.id,
        title=calm(table.title),
        stub=stub_of(table),
        header=header_rows(table.columns),
        numbers=printed_numbers(table.columns),
        rows=tuple(rows),
        is_wide=len(table.columns) >= WIDE,
        is_typed=is_typed,
        hides_past=hides_past and any(row.kind == "past" for row in rows),
        is_marking=is_marking,
    )


def _figure_of(table: Table, line: Line | None, column: Column) -> Figure | None:
    return line.figures[table.positions[column.id]] if line is not None and column.is_number else None


def _past(table: Table, past: Line) -> tuple[GridCell, ...]:
    return tuple(
        GridCell("figure", scale=column.scale, figure=_figure_of(table, past, column))
        if column.is_number
        else GridCell("words", value=past.texts.get(column.id, ""))
        for column in table.columns
    )


def _changes(table: Table, past: Line, mine: Line | None) -> tuple[GridCell, ...]:
    """Per cent by which this period differs from the same one before; none where one of them is unknown or 0."""
    cells = []
    for column in table.columns:
        before, now = _figure_of(table, past, column), _figure_of(table, mine, column)
        old, new = before.amount if before else None, now.amount if now else None
        change = (new - old) / old * 100 if old and new is not None else None
        cells.append(GridCell("change", change=change) if column.is_number else GridCell("none"))
    return tuple(cells)


def sent_tables(
    form: FormDefinition,
    labels: Labels,
    figures: Figures,
    issues: Sequence[Issue],
    marked: Collection[str] = (),
    *,
    is_marking: bool = False,
) -> tuple[GridTable, ...]:
    """The tables of a version as they were sent; every cell has its id, so that links from elsewhere find it.

    marked: names of cells that the receiver marked, or is marking now (is_marking: each cell can be chosen).
    """
    subunits, tones = sent_subunits(figures), tones_of(issues)
    return tuple(
        _table(
            table,
            [_sent_row(table, line, labels, figures, tones, marked) for line in labels.lines(table, subunits)],
            is_typed=False,
            is_marking=is_marking,
        )
        for table in form.tables
    )


def sent_subunits(figures: Figures) -> dict[tuple[str, str], tuple[str, ...]]:
    """(Table, dynamic row) → the sub-units that have a line, in the order in which they were sent."""
    found: dict[tuple[str, str], list[str]] = {}
    for table, row, subunit in figures:
        if subunit:
            found.setdefault((table, row), []).append(subunit)
    return {place: tuple(keys) for place, keys in found.items()}


def _sent_row(
    table: Table,
    line: FormLine,
    labels: Labels,
    figures: Figures,
    tones: Mapping[tuple[str, str, str, str], str],
    marked: Collection[str],
) -> GridRow:
    sent = figures.get((table.id, line.row.id, line.subunit))
    cells = []
    for column in table.columns:
        at = Cell(table.id, line.row.id, line.subunit, column.id)
        words = sent.texts.get(column.id, "") if sent else ""
        name = text_key(table.id, line.row.id, line.subunit, column.id)
        cells.append(
            GridCell(
                kind="figure" if column.is_number else "words",
                id=cell_anchor(at),
                name=name,
                value=words,
                scale=column.scale,
                path=labels.cell(at),
                tone=tones.get(_key(at), ""),
                is_marked=name in marked,
                figure=_figure_of(table, sent, column),
            )
        )
    return GridRow("sum" if line.row.sum_of else "", line.label, "", line.depth > 0, tuple(cells))
