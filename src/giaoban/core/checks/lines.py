"""Finding lines and cells among the figures of one report."""

from collections.abc import Iterator

from giaoban.core.figures import Figure, Figures, Line
from giaoban.core.forms import Column, FormDefinition, Table
from giaoban.core.issues import Cell


def is_of_form(form: FormDefinition, line: Line) -> bool:
    table = form.tables_by_id.get(line.table)
    return table is not None and line.row in table.rows_by_id and len(line.figures) == len(table.numeric)


def lines_by_row(table: Table, figures: Figures) -> dict[str, list[Line]]:
    by_row: dict[str, list[Line]] = {}
    for line in lines_of(table, figures):
        by_row.setdefault(line.row, []).append(line)
    return by_row


def lines_of(table: Table, figures: Figures) -> Iterator[Line]:
    return (line for line in figures.values() if line.table == table.id)


def cells_of(form: FormDefinition, figures: Figures) -> Iterator[tuple[Line, Column, Figure]]:
    for line in figures.values():
        for column, figure in zip(form.table(line.table).numeric, line.figures, strict=True):
            yield line, column, figure


def cell_of(line: Line, column: str) -> Cell:
    return Cell(line.table, line.row, line.subunit, column)
