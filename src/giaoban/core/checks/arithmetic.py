"""What the layout itself says of its numbers: parts within wholes, totals, computed columns."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from giaoban.core import formulas
from giaoban.core.checks.lines import cell_of, lines_by_row, lines_of
from giaoban.core.figures import Figures, Line
from giaoban.core.forms import Column, FormDefinition, Row, Table
from giaoban.core.issues import Issue


def parts_within_wholes(form: FormDefinition, figures: Figures) -> list[Issue]:
    """A "trong đó" column may not exceed the column it is part of; said at the part."""
    issues: list[Issue] = []
    for table in form.tables:
        for line in lines_of(table, figures) if parts_of(table) else ():
            issues.extend(part_issues(table, line))
    return issues


def parts_of(table: Table) -> list[tuple[Column, Column]]:
    """The columns that are part of another one, with it."""
    return [(column, table.columns_by_id[column.part_of]) for column in table.numeric if column.part_of]


def part_issues(table: Table, line: Line) -> Iterator[Issue]:
    for column, whole_column in parts_of(table):
        part = line.figures[table.positions[column.id]].amount
        whole = line.figures[table.positions[whole_column.id]].amount
        if part is not None and whole is not None and part > whole:
            params: dict[str, Decimal | str] = {"part": part, "whole": whole}
            params["whole_column"] = whole_column.label
            yield Issue("part-exceeds-whole", column.part_severity, cell_of(line, column.id), params)


def totals_equal_parts(form: FormDefinition, figures: Figures) -> list[Issue]:
    """A total row against the sum of its rows and dynamic lines, for columns that add up; said at the total cell,
    with the severity that the row gives.

    Actual and estimated parts are compared apart: an excess of one does not make up for a lack of the other.
    A blank part counts as 0; a blank or not applicable total is left to `required_cells_filled`.
    """
    issues: list[Issue] = []
    for table in form.tables:
        totals = [row for row in table.rows if row.sum_of]
        by_row = lines_by_row(table, figures) if totals else {}
        for row in totals:
            for total in by_row.get(row.id, ()):
                issues.extend(total_issues(table, row, total, by_row))
    return issues


def total_issues(table: Table, row: Row, total: Line, by_row: dict[str, list[Line]]) -> Iterator[Issue]:
    parts: Sequence[Line] = [line for part in row.sum_of for line in by_row.get(part, ())]
    for position, column in enumerate(table.numeric):
        figure = total.figures[position]
        if column.roll_up != "sum" or figure.amount is None:
            continue
        of_parts = [line.figures[position] for line in parts]
        for code, stated, found in (
            ("total-mismatch", figure.value, [part.value for part in of_parts]),
            ("estimate-total-mismatch", figure.estimate, [part.estimate for part in of_parts]),
        ):
            computed = sum((value for value in found if value is not None), Decimal(0))
            if (stated or Decimal(0)) != computed:
                params = {"stated": stated or Decimal(0), "computed": computed}
                yield Issue(code, row.sum_severity, cell_of(total, column.id), params)


def computed_columns_agree(form: FormDefinition, figures: Figures) -> list[Issue]:
    """A figure given in a computed column against its formula, rounded half up to the column's decimals.

    Nothing is said when the formula is unknown on that line (a blank, a division by zero).
    """
    issues: list[Issue] = []
    for table in form.tables:
        columns = computed_columns(table)
        for line in lines_of(table, figures) if columns else ():
            issues.extend(computed_issues(table, columns, line))
    return issues


def computed_columns(table: Table) -> list[Column]:
    return [column for column in table.numeric if column.formula is not None]


def computed_issues(table: Table, columns: Sequence[Column], line: Line) -> Iterator[Issue]:
    for column in columns:
        stated = line.figures[table.positions[column.id]].amount
        computed = None if stated is None else computed_value(table, column, line)
        if stated is not None and computed is not None and computed != stated:
            params = {"stated": stated, "computed": computed}
            yield Issue("computed-mismatch", "error", cell_of(line, column.id), params)


def computed_value(table: Table, column: Column, line: Line) -> Decimal | None:
    """What the column's formula gives on a line, rounded to its scale; None when unknown or without a formula."""
    if column.formula is None:
        return None
    value = formulas.value_of(formulas.parse(column.formula), lambda name: line.figures[table.positions[name]].amount)
    return None if value is None else formulas.round_half_up(value, column.scale)
