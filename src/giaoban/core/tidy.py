"""The tidy CSV of figures: one row per cell, strict in reading, one Issue per fault with the row of the file.

Numbers have a decimal point and no grouping ("1204", "85.91"). `mark` is "nil" or "na"; an empty value without a mark
is blank. A byte-order mark at the start is accepted; other separators and encodings are not guessed.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from giaoban.core.checks import subunit_issues
from giaoban.core.figures import MARK_WORDS, NIL, NOT_APPLICABLE, Figure, Figures, Line, LineKey, blank_line, reported
from giaoban.core.forms import FormDefinition, Table
from giaoban.core.issues import Cell, Issue

COLUMNS: Final = (
    "unit",
    "form",
    "period",
    "instalment",
    "table",
    "line",
    "subunit",
    "column",
    "value",
    "estimate",
    "mark",
)
MARKS: Final[Mapping[str, Figure]] = {"nil": NIL, "na": NOT_APPLICABLE}
_NEEDED: Final = ("unit", "form", "period", "table", "line", "column")
_NUMBER: Final = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,12})?")
_SHOWN: Final = 40


@dataclass(frozen=True, slots=True)
class TidyRow:
    """One cell as written in the file; texts are stripped, numbers not yet read. `file_row` counts from 1."""

    file_row: int
    unit: str
    form: str
    period: str
    instalment: str
    table: str
    line: str
    subunit: str
    column: str
    value: str
    estimate: str
    mark: str

    @property
    def at(self) -> Cell:
        return Cell(self.table, self.line, self.subunit, self.column, self.file_row)

    @property
    def report(self) -> tuple[str, str, str, str]:
        """Unit, form, period, instalment: the rows of one report share it."""
        return (self.unit, self.form, self.period, self.instalment)


GUARD: Final = "'"
_FORMULA_SIGNS: Final = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula; `unguarded` gives it back."""
    return f"{GUARD}{text}" if text.lstrip(GUARD).startswith(_FORMULA_SIGNS) else text


def plain(text: str) -> str:
    """Text of a list that people only read, which no spreadsheet takes for a formula; not to be read back."""
    return f"{GUARD}{text}" if text.startswith(_FORMULA_SIGNS) else text


def unguarded(text: str) -> str:
    return text.removeprefix(GUARD) if text.lstrip(GUARD).startswith(_FORMULA_SIGNS) else text


def read_tidy(text: str) -> tuple[list[TidyRow], list[Issue]]:
    """The rows that can be used, and every fault. No good header, no rows; empty rows are passed over."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    issues: list[Issue] = []
    rows: list[TidyRow] = []
    seen: dict[tuple[str, ...], int] = {}
    try:
        header = [name.strip() for name in next(reader, [])]
        issues.extend(_header_issues(header))
        if issues:
            return [], issues
        previous_line = reader.line_num
        for cells in reader:
            file_row, previous_line = previous_line + 1, reader.line_num
            row = _row(header, cells, file_row, issues)
            if row is not None and _is_first(row, seen, issues):
                rows.append(row)
    except csv.Error:
        issues.append(Issue("truncated-file", "error", Cell(file_row=reader.line_num)))
    if not rows and not issues:
        issues.append(Issue("empty-file", "error", Cell()))
    return rows, issues


def figures_from_rows(form: FormDefinition, rows: Iterable[TidyRow]) -> tuple[dict[LineKey, Line], list[Issue]]:
    """The lines of one report. A faulty cell stays blank and is named with its row; `form.checks` are not run here.

    rows: of one report (`TidyRow.report`), read without duplicates.
    """
    lines: dict[LineKey, Line] = {}
    issues: list[Issue] = []
    for row in rows:
        table = form.tables_by_id.get(row.table)
        if table is None:
            issues.append(Issue("unknown-table", "error", row.at))
            continue
        if row.line not in table.rows_by_id:
            issues.append(Issue("unknown-row", "error", row.at))
            continue
        if row.column not in table.columns_by_id:
            issues.append(Issue("unknown-column", "error", row.at))
            continue
        found = list(subunit_issues(table.rows_by_id[row.line], row.at))
        if not found:
            key = (row.table, row.line, row.subunit)
            line = lines.setdefault(key, blank_line(table, row.line, row.subunit))
            found = _fill(line, table, row)
        issues.extend(found)
    return lines, issues


def located(issues: Iterable[Issue], rows: Iterable[TidyRow]) -> list[Issue]:
    """The issues of `run_checks` with the file's row wherever the cell was written in the file."""
    file_rows = {(row.table, row.line, row.subunit, row.column): row.file_row for row in rows}

    def locate(issue: Issue) -> Issue:
        at = issue.at
        file_row = file_rows.get((at.table, at.row, at.subunit, at.column))
        return issue if file_row is None else replace(issue, at=replace(at, file_row=file_row))

    return [locate(issue) for issue in issues]


def rows_from_figures(
    form: FormDefinition, figures: Figures, *, unit: str, period: str, instalment: str = ""
) -> Iterator[dict[str, str]]:
    """One mapping per cell with the keys of `COLUMNS`, lines as given, columns in the form's order; blanks included."""
    for line in figures.values():
        table = form.table(line.table)
        for column in table.columns:
            position = table.positions.get(column.id)
            figure = None if position is None else line.figures[position]
            yield {
                "unit": unit,
                "form": form.key,
                "period": period,
                "instalment": instalment,
                "table": line.table,
                "line": line.row,
                "subunit": line.subunit,
                "column": column.id,
                "value": line.texts.get(column.id, "") if figure is None else _plain(figure.value),
                "estimate": "" if figure is None else _plain(figure.estimate),
                "mark": "" if figure is None else MARK_WORDS.get(figure.mark, ""),
            }


def write_tidy(rows: Iterable[Mapping[str, str]]) -> str:
    """The CSV text, header first, for rows of `rows_from_figures`."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _header_issues(header: Sequence[str]) -> Iterator[Issue]:
    at = Cell(file_row=1)
    for column in COLUMNS:
        if column not in header:
            yield Issue("missing-column-header", "error", at, {"column": column})
    seen: set[str] = set()
    for column in header:
        if column not in COLUMNS or column in seen:
            yield Issue("unknown-column-header", "error", at, {"column": column})
        seen.add(column)


def _row(header: Sequence[str], cells: Sequence[str], file_row: int, issues: list[Issue]) -> TidyRow | None:
    """The row, or None when it is empty or too broken to be used; its faults are appended."""
    if not any(cell.strip() for cell in cells):
        return None
    if len(cells) != len(header):
        params = {"found": len(cells), "expected": len(header)}
        issues.append(Issue("wrong-cell-count", "error", Cell(file_row=file_row), params))
        return None
    if any("\0" in cell for cell in cells):
        issues.append(Issue("bad-character", "error", Cell(file_row=file_row)))
        return None
    row = TidyRow(file_row, **{name: cell.strip() for name, cell in zip(header, cells, strict=True)})
    row = replace(row, subunit=unguarded(row.subunit))
    missing = [name for name in _NEEDED if not getattr(row, name)]
    issues.extend(Issue("missing-key", "error", row.at, {"column": name}) for name in missing)
    return None if missing else row


def _is_first(row: TidyRow, seen: dict[tuple[str, ...], int], issues: list[Issue]) -> bool:
    key = (*row.report, row.table, row.line, row.subunit, row.column)
    first_row = seen.setdefault(key, row.file_row)
    if first_row != row.file_row:
        issues.append(Issue("duplicate-cell", "error", row.at, {"first_row": first_row}))
    return first_row == row.file_row


def _fill(line: Line, table: Table, row: TidyRow) -> list[Issue]:
    """Write the cell of a row into its line, or say why not."""
    position = table.positions.get(row.column)
    if position is None:
        return _fill_text(line, row)
    if row.mark and row.mark not in MARKS:
        return [Issue("bad-mark", "error", row.at, {"mark": row.mark[:_SHOWN], "allowed": ", ".join(MARKS)})]
    if row.mark and (row.value or row.estimate):
        return [Issue("mark-with-value", "error", row.at, {"mark": row.mark, "value": row.value or row.estimate})]
    if row.mark:
        line.figures[position] = MARKS[row.mark]
        return []
    wrong = [text for text in (row.value, row.estimate) if text and not _NUMBER.fullmatch(text)]
    if wrong:
        return [Issue("not-a-number", "error", row.at, {"text": text[:_SHOWN]}) for text in wrong]
    line.figures[position] = reported(_number(row.value), _number(row.estimate))
    return []


def _fill_text(line: Line, row: TidyRow) -> list[Issue]:
    if row.mark:
        return [Issue("bad-mark", "error", row.at, {"mark": row.mark[:_SHOWN], "allowed": "–"})]
    if row.estimate:
        return [Issue("estimate-not-allowed", "error", row.at, {"estimate": row.estimate[:_SHOWN]})]
    if row.value:
        line.texts[row.column] = unguarded(row.value)
    return []


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
