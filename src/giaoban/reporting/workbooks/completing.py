"""What a workbook leaves to the machine: the cells that hold our formulas are computed anew, exactly."""

from collections.abc import Container

from giaoban.core.checks import computed_value
from giaoban.core.figures import Figure, Line, LineKey, blank_line, reported, sum_of
from giaoban.core.forms import FormDefinition, Table

CellKey = tuple[str, str, str, str]
"""Table, row, sub-unit, column."""


def is_computed(form: FormDefinition, table_id: str, row_id: str, column_id: str) -> bool:
    """Whether the machine has a formula for a cell."""
    table = form.tables_by_id.get(table_id)
    row = table.rows_by_id.get(row_id) if table else None
    column = table.columns_by_id.get(column_id) if table else None
    if row is None or column is None or not column.is_number:
        return False
    return column.formula is not None or (bool(row.sum_of) and column.roll_up == "sum")


def complete(form: FormDefinition, figures: dict[LineKey, Line], computed: Container[tuple[CellKey, bool]]) -> None:
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
