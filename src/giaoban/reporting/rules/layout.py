"""Where the cells of a form stand in a spreadsheet: one sheet per table, and one more for its estimated parts.

Rows and columns count from 1, as people see them. Column 1 names the line; figures begin in column 2. A hidden row
holds the ids of the columns and a hidden column the keys of the lines: they go along when people insert or move rows.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from giaoban.core.figures import LineKey
from giaoban.core.forms import Column, FormDefinition, Row, Table

HEAD_ROWS: Final = 6  # the head of the printed form in four rows, how to fill in, title of the table
LEAST_WIDTH: Final = 4
"""So many columns the head needs, however narrow the table is."""
LABEL_COLUMN: Final = 1
FIRST_COLUMN: Final = 2
FREE_LINES: Final = 40  # where the tree knows no sub-units, so many lines may be named by hand
NOTE_ROWS: Final = 3
FREE: Final = "?"
"""Stands in a line's key for a sub-unit that people name in the label column."""
_PRINTED: Final = re.compile(r"(?:c|[A-Z]+\.)?(\d+)")


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """A heading over columns `left` to `right` and rows `top` to `bottom`."""

    text: str
    top: int
    bottom: int
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class LinePlace:
    """A line of the form in a sheet's row. `is_free`: the sub-unit is whatever is written in the label column."""

    number: int
    row: Row
    subunit: str
    label: str
    is_free: bool = False

    @property
    def key(self) -> str:
        """What the hidden column says of the line: "total/" or "unit/n1"."""
        return f"{self.row.id}/{FREE if self.is_free else self.subunit}"


@dataclass(frozen=True, slots=True)
class SheetPlan:
    """A table of the form on a sheet; `columns` from the sheet's column 2 on. Estimates have number columns only.

    numbers: "A", "(1)" …, as printed under the headings from column 1 on; empty when the ids are not those numbers.
    """

    name: str
    table: Table
    is_estimate: bool
    columns: tuple[Column, ...]
    headers: tuple[HeaderCell, ...]
    units_row: int
    ids_row: int
    lines: tuple[LinePlace, ...]
    numbers: tuple[str, ...] = ()

    @property
    def first_row(self) -> int:
        return self.ids_row + 1

    @property
    def last_row(self) -> int:
        return self.ids_row + len(self.lines)

    @property
    def last_column(self) -> int:
        return LABEL_COLUMN + len(self.columns)

    @property
    def key(self) -> str:
        """What the hidden cell where ids and keys meet says of the sheet: "own/value", "own/estimate"."""
        return f"{self.table.id}/{'estimate' if self.is_estimate else 'value'}"

    @property
    def width(self) -> int:
        """The last column that people see, that of the head when the table is narrower."""
        return max(self.last_column, LEAST_WIDTH)

    @property
    def keys_column(self) -> int:
        return self.width + 1

    def heading(self, number: int) -> HeaderCell:
        """The lowest heading over a column of the sheet. Raises StopIteration when there is none."""
        return next(cell for cell in reversed(self.headers) if cell.left == cell.right == number)

    def column_of(self, column_id: str) -> int:
        """The sheet's column of a form's column. Raises StopIteration when the sheet has none."""
        return FIRST_COLUMN + next(n for n, column in enumerate(self.columns) if column.id == column_id)


SubunitNames = Mapping[tuple[str, str], Sequence[tuple[str, str]]]
"""(table, dynamic row) → (key, label) of each sub-unit that it lists."""


_Known = Mapping[tuple[str, str], tuple[dict[str, str], bool]]
"""(table, dynamic row) → label by key of its lines, and whether no other sub-unit may be named."""


def _with_written(subunits: SubunitNames, written: Iterable[LineKey]) -> _Known:
    found = {place: (dict(names), bool(names)) for place, names in subunits.items()}
    for table, row, subunit in written:
        if subunit:
            found.setdefault((table, row), ({}, False))[0].setdefault(subunit, subunit)
    return found


def plan(
    form: FormDefinition, subunits: SubunitNames, *, estimates: bool, written: Iterable[LineKey] = ()
) -> tuple[SheetPlan, ...]:
    """The sheets of a form in the order of its tables.

    written: lines that have figures already; those of sub-units that the tree does not list get a line each too.
    """
    known = _with_written(subunits, written)
    sheets = []
    single = len(form.tables) == 1
    for number, table in enumerate(form.tables, start=1):
        sheets.append(_sheet("Số liệu" if single else f"Bảng {number}", table, table.columns, known, False))
        if estimates:
            name = "Ước tính" if single else f"Ước tính {number}"
            sheets.append(_sheet(name, table, table.numeric, known, True))
    return tuple(sheets)


def block(table: Table, subunits: SubunitNames, top: int, written: Iterable[LineKey] = ()) -> SheetPlan:
    """A table to be read only, with its first heading in row `top`; lines that people might name are left out."""
    sheet = _sheet("", table, table.columns, _with_written(subunits, written), False, top)
    return replace(sheet, lines=tuple(line for line in sheet.lines if not line.is_free))


def _sheet(
    name: str,
    table: Table,
    columns: Sequence[Column],
    subunits: _Known,
    is_estimate: bool,
    top: int = HEAD_ROWS + 1,
) -> SheetPlan:
    depth = max((len(column.parent) + 1 for column in columns), default=1)
    units_row = top + depth
    numbers = _numbers(columns)
    ids_row = units_row + (2 if numbers else 1)
    lines: list[LinePlace] = []
    for row in table.rows:
        for subunit, label, is_free in _lines(table, row, subunits):
            lines.append(LinePlace(ids_row + 1 + len(lines), row, subunit, label, is_free))
    return SheetPlan(
        name=name,
        table=table,
        is_estimate=is_estimate,
        columns=tuple(columns),
        headers=tuple(_headers(table, columns, top, depth)),
        units_row=units_row,
        ids_row=ids_row,
        lines=tuple(lines),
        numbers=numbers,
    )


def _numbers(columns: Sequence[Column]) -> tuple[str, ...]:
    """The numbers printed under the headings, when the ids of the columns are those."""
    found = [_PRINTED.fullmatch(column.id) for column in columns]
    if not all(found):
        return ()
    return ("A", *(f"({match.group(1)})" for match in found if match))


def _lines(table: Table, row: Row, subunits: _Known) -> list[tuple[str, str, bool]]:
    """Key, label, is_free of each line of a row; where the tree lists no sub-unit, lines to be named come last."""
    if not row.is_dynamic:
        return [("", row.label or row.id, False)]
    names, are_all = subunits.get((table.id, row.id), ({}, False))
    free = [] if are_all else [("", "", True)] * FREE_LINES
    return [(key, label, False) for key, label in names.items()] + free


def _headers(table: Table, columns: Sequence[Column], top: int, depth: int) -> list[HeaderCell]:
    """The header tree: neighbours under one parent share its cell, a leaf reaches down to the last header row."""
    cells = [
        HeaderCell(
            " · ".join(word for word in table.stub if word != "STT"), top, top + depth - 1, LABEL_COLUMN, LABEL_COLUMN
        )
    ]
    for level in range(depth):
        start = 0
        while start < len(columns):
            path = columns[start].parent[: level + 1]
            end = start
            if len(path) > level:
                while end + 1 < len(columns) and columns[end + 1].parent[: level + 1] == path:
                    end += 1
                cells.append(
                    HeaderCell(path[level], top + level, top + level, FIRST_COLUMN + start, FIRST_COLUMN + end)
                )
            elif len(columns[start].parent) == level:
                column = FIRST_COLUMN + start
                cells.append(HeaderCell(columns[start].label, top + level, top + depth - 1, column, column))
            start = end + 1
    return cells
