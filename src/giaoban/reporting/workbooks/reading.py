"""Reads a filled workbook back: guarded, opened in a limited process, then plain cells become figures.

Totals and computed columns that are still formulas are computed again here; one that was overwritten by hand is taken
as stated, so that the checks can show both numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from giaoban.core import vietnamese
from giaoban.core.checks import computed_value
from giaoban.core.figures import Figure, Line, LineKey, blank_line, reported, sum_of
from giaoban.core.forms import FormDefinition, Table
from giaoban.core.issues import Cell, Issue
from giaoban.kit.workbooks.guard import Bounds, Formulas, WorkbookRefused, column_letters
from giaoban.kit.workbooks.opening import PlainCell, PlainSheet, open_workbook
from giaoban.reporting.models import Obligation
from giaoban.reporting.rules.layout import LABEL_COLUMN, NOTE_ROWS, plan
from giaoban.reporting.rules.typed import figures_from_texts, text_key
from giaoban.reporting.selectors.entry import has_estimates, subunits_by_row
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.workbooks.making import FREE, META, subunit_names

ANY_FORM = Bounds(rows=5_000, columns=300)
MARGIN_ROWS = 20
MARGIN_COLUMNS = 8
META_WIDTH = 5
MEGABYTE = 2**20

CellKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as ``_meta`` describes it: number in the sheet → line or column of the form."""

    name: str
    table: str
    is_estimate: bool
    lines: dict[int, tuple[str, str]] = field(default_factory=dict)
    columns: dict[int, str] = field(default_factory=dict)


@dataclass(slots=True)
class FilledWorkbook:
    """What a workbook says it is, and its cells. `figures` makes them into figures of the form."""

    form: str
    checksum: str
    unit: str
    rule: str
    period: str
    instalment: str
    sheets: list[_Sheet]
    notes: str
    cells: dict[str, PlainSheet]
    formulas: dict[str, Formulas]
    places: dict[CellKey, Cell] = field(default_factory=dict)

    @property
    def first_sheet(self) -> str:
        return self.sheets[0].name if self.sheets else ""

    def figures(self, obligation: Obligation) -> tuple[dict[LineKey, Line], list[Issue]]:
        """Figures, and the cells that cannot be read, each with sheet and address."""
        form = definition_of(obligation.form)
        texts: dict[str, str] = {}
        places: dict[str, Cell] = {}
        computed: set[tuple[CellKey, bool]] = set()
        issues: list[Issue] = []
        for sheet in self.sheets:
            self._read(sheet, form, texts, places, computed, issues)
        figures, unread = figures_from_texts(form, texts, places)
        _compute(form, figures, computed)
        for one in places.values():  # the sheet of the actual parts comes first, and counts
            self.places.setdefault((one.table, one.row, one.subunit, one.column), one)
        return figures, [*issues, *(self.placed(issue) for issue in unread)]

    def placed(self, issue: Issue) -> Issue:
        """The issue with the sheet and row of its cell."""
        at = issue.at
        if at.sheet:
            return issue
        found = self.places.get((at.table, at.row, at.subunit, at.column))
        return issue if found is None else replace(issue, at=found)

    def _read(
        self,
        sheet: _Sheet,
        form: FormDefinition,
        texts: dict[str, str],
        places: dict[str, Cell],
        computed: set[tuple[CellKey, bool]],
        issues: list[Issue],
    ) -> None:
        """The typed texts of one sheet, where they stand, and which cells hold our formulas."""
        rows = self.cells.get(sheet.name, [])
        formulas = self.formulas.get(sheet.name, Formulas())
        taken: dict[tuple[str, str], int] = {}
        for number, (row_id, subunit) in sheet.lines.items():
            cells = rows[number - 1] if number <= len(rows) else []
            named = " ".join(_text(cells[LABEL_COLUMN - 1]).split()) if cells else ""
            key = named if subunit == FREE else subunit
            first = taken.setdefault((row_id, key.casefold()), number) if key else number
            if first != number:
                at = Cell(sheet.table, row_id, key, "", number, sheet.name)
                issues.append(Issue("duplicate-cell", "error", at, {"first_row": first}))
                continue
            for position, column_id in sheet.columns.items():
                at = Cell(sheet.table, row_id, key, column_id, number, sheet.name)
                value = cells[position - 1] if position <= len(cells) else None
                name = text_key(sheet.table, row_id, key, column_id, estimate=sheet.is_estimate)
                cell_key = (sheet.table, row_id, key, column_id)
                is_ours = _is_computed(form, sheet.table, row_id, column_id)
                if is_ours and (number, position) in formulas.calculated | formulas.uncalculated:
                    computed.add((cell_key, sheet.is_estimate))
                    places.setdefault(name, at)
                elif (number, position) in formulas.uncalculated:
                    issues.append(Issue("formula-not-calculated", "error", at))
                elif subunit == FREE and not key and value is not None:
                    issues.append(Issue("missing-subunit", "error", at))
                elif subunit != FREE or key:
                    texts[name] = _text(value)
                    places[name] = at


def bounds_of(obligation: Obligation) -> Bounds:
    """How far the cells of this report's workbook may reach."""
    names = subunit_names(subunits_by_row(obligation))
    if not all(names.values()):  # anybody may have named a line when the file was made: as far as any form reaches
        return ANY_FORM
    sheets = plan(definition_of(obligation.form), names, estimates=has_estimates(obligation))
    meta_rows = sum(len(sheet.lines) + len(sheet.columns) + NOTE_ROWS for sheet in sheets) + MARGIN_ROWS
    rows = max((sheet.last_row for sheet in sheets), default=0) + MARGIN_ROWS
    columns = max((sheet.last_column for sheet in sheets), default=0) + MARGIN_COLUMNS
    return Bounds(rows=max(rows, meta_rows), columns=columns)


def read_filled(content: bytes, bounds: Bounds | None = None) -> tuple[FilledWorkbook | None, list[Issue]]:
    """The workbook, or why it cannot be read; bounds None: those of the largest form we could have made."""
    bounds = bounds or ANY_FORM
    try:
        book = open_workbook(content, bounds)
        filled = _filled(book.sheets, book.formulas)
    except WorkbookRefused as refusal:
        return None, [_issue(refusal, bounds)]
    except (ValueError, IndexError, KeyError):
        return None, [Issue("truncated-file", "error", Cell())]
    if filled is None:
        params = {"found": "tệp không do hệ thống tạo", "expected": "tệp mẫu tải từ hệ thống"}
        return None, [Issue("other-form", "error", Cell(), params)]
    missing = [sheet.name for sheet in filled.sheets if sheet.name not in book.sheets]
    return filled, [Issue("truncated-file", "error", Cell(sheet=name)) for name in missing]


def _issue(refusal: WorkbookRefused, bounds: Bounds) -> Issue:
    """Why a file was not opened, in the words of the checks."""
    at = Cell(sheet=refusal.sheet)
    match refusal.fault:
        case "too-large":
            params = {"size_mb": -(-refusal.size // MEGABYTE), "limit_mb": refusal.limit // MEGABYTE}
            return Issue("oversized-file", "error", at, params)
        case "outside":
            column = column_letters(refusal.column)
            code = "unknown-column" if refusal.column > bounds.columns else "unknown-row"
            where = replace(at, file_row=refusal.row, column=column)
            return Issue(code, "error", where, {"column": column, "row": str(refusal.row)})
        case _:
            return Issue("truncated-file", "error", at)


def _filled(cells: dict[str, PlainSheet], formulas: dict[str, Formulas]) -> FilledWorkbook | None:
    """What ``_meta`` says; None when there is no such sheet."""
    if META not in cells:
        return None
    head: dict[str, str] = {}
    sheets: dict[str, _Sheet] = {}
    notes = ""
    for row in cells[META]:
        kind, *rest = [*(_text(value) for value in row), *[""] * META_WIDTH]  # empty ends may be left out
        match kind:
            case "sheet":
                sheets[rest[0]] = _Sheet(rest[0], rest[1], rest[2] == "estimate")
            case "line":
                sheets[rest[0]].lines[int(rest[1])] = (rest[2], rest[3])
            case "column":
                sheets[rest[0]].columns[int(rest[1])] = rest[2]
            case "notes":
                notes = _cell_text(cells.get(rest[0], []), int(rest[1]), int(rest[2]))
            case _:
                head[kind] = rest[0]
    return FilledWorkbook(
        form=head["form"],
        checksum=head["checksum"],
        unit=head["unit"],
        rule=head["rule"],
        period=head["period"],
        instalment=head.get("instalment", ""),
        sheets=list(sheets.values()),
        notes=notes,
        cells=cells,
        formulas=formulas,
    )


def _cell_text(sheet: Sequence[Sequence[PlainCell]], row: int, column: int) -> str:
    cells = sheet[row - 1] if row <= len(sheet) else []
    return _text(cells[column - 1]) if column <= len(cells) else ""


def _text(value: PlainCell) -> str:
    """A cell as it would be typed; numbers with the 15 digits that spreadsheets keep, so 0.1 + 0.2 is 0,3."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return vietnamese.number(Decimal(f"{value:.15g}")).replace(".", "")
    return value.strip()


def _is_computed(form: FormDefinition, table_id: str, row_id: str, column_id: str) -> bool:
    table = form.tables_by_id.get(table_id)
    row = table.rows_by_id.get(row_id) if table else None
    column = table.columns_by_id.get(column_id) if table else None
    if row is None or column is None or not column.is_number:
        return False
    return column.formula is not None or (bool(row.sum_of) and column.roll_up == "sum")


def _compute(form: FormDefinition, figures: dict[LineKey, Line], computed: set[tuple[CellKey, bool]]) -> None:
    """Fill the cells that hold our formulas: totals first, parts before the totals of totals, then computed columns.

    computed: cell, and whether it is the one for the estimated part.
    """
    for table in form.tables:
        for row in _totals_in_order(table):
            line = figures.setdefault((table.id, row, ""), blank_line(table, row))
            summed = table.rows_by_id[row].sum_of
            parts = [one for one in figures.values() if one.table == table.id and one.row in summed]
            for position, column in enumerate(table.numeric):
                key = (table.id, row, "", column.id)
                if column.formula is None and ((key, False) in computed or (key, True) in computed):
                    total = sum_of(one.figures[position] for one in parts)
                    stated = line.figures[position]
                    line.figures[position] = _merged(
                        total if (key, False) in computed else stated, total if (key, True) in computed else stated
                    )
        for line_key, line in figures.items():
            for column in table.numeric if line.table == table.id else ():
                if column.formula is not None and ((*line_key, column.id), False) in computed:
                    value = computed_value(table, column, line)
                    line.figures[table.positions[column.id]] = reported(value)


def _merged(actual: Figure, estimated: Figure) -> Figure:
    """The actual part of one figure with the estimated part of another."""
    if actual.value is None and estimated.estimate is None:
        return actual
    return reported(actual.value, estimated.estimate)


def _totals_in_order(table: Table) -> list[str]:
    """Total rows, those that others are summed from first."""
    totals = {row.id: set(row.sum_of) for row in table.rows if row.sum_of}
    order: list[str] = []
    while len(order) < len(totals):
        order += [row for row, parts in totals.items() if row not in order and parts & totals.keys() <= set(order)]
    return order
