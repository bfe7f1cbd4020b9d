"""The computed cells of a workbook: as spreadsheet formulas, and what they come to as the figures stand."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from xlsxwriter.utility import xl_col_to_name

from giaoban.core import formulas
from giaoban.core.checks import computed_value
from giaoban.core.figures import Figures
from giaoban.core.forms import Column
from giaoban.core.formulas import Binary, Call, Name, Negative, Node, Number
from giaoban.reporting.rules.layout import LinePlace, SheetPlan

DIGITS: Final = 15
"""So many digits of a number a spreadsheet keeps; the others it makes zeros."""


def kept_digits(value: float | Decimal) -> Decimal:
    """A number with the digits that a spreadsheet keeps."""
    return Decimal(f"{value:.{DIGITS}g}")


def formula_of(sheet: SheetPlan, place: LinePlace, column: Column) -> str:
    """The spreadsheet formula of a computed cell, "" for an input."""
    if not column.is_number:
        return ""
    if column.formula is not None:
        parsed = formulas.parse(column.formula)
        here = {one.id for one in sheet.columns}
        if sheet.is_estimate or not here.issuperset(parsed.names()):
            return ""  # the machine computes what speaks of other places than this line
        body = _translate(parsed.left, sheet, place.number)
        return f'=IFERROR(ROUND({body},{column.scale}),"")'
    if place.row.sum_of and column.roll_up == "sum":
        letters = xl_col_to_name(sheet.column_of(column.id) - 1)
        parts = [one.number for one in sheet.lines if one.row.id in place.row.sum_of]
        return f"=SUM({','.join(f'{letters}{first}:{letters}{last}' for first, last in runs(parts))})" if parts else ""
    return ""


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring numbers as ranges."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def _translate(node: Node, sheet: SheetPlan, row: int) -> str:
    match node:
        case Number(value):
            return f"{value:f}"
        case Name(name):
            return f"{xl_col_to_name(sheet.column_of(name) - 1)}{row}"
        case Negative(of):
            return f"(-{_translate(of, sheet, row)})"
        case Binary(sign, left, right):
            return f"({_translate(left, sheet, row)}{sign}{_translate(right, sheet, row)})"
        case Call(function, arguments):
            return f"{function.upper()}({','.join(_translate(one, sheet, row) for one in arguments)})"


def calculated(sheet: SheetPlan, place: LinePlace, column: Column, figures: Figures) -> float | str:
    """The value of a computed cell as the figures stand, so that the file is right before any program opens it."""
    position = sheet.table.positions[column.id]
    if column.formula is not None:
        line = figures.get((sheet.table.id, place.row.id, place.subunit))
        value = None if line is None else computed_value(sheet.table, column, line)
        return "" if value is None else float(value)
    parts = [line for line in figures.values() if line.table == sheet.table.id and line.row in place.row.sum_of]
    amounts: list[Decimal | None] = [
        line.figures[position].estimate if sheet.is_estimate else line.figures[position].value for line in parts
    ]
    return float(sum((amount for amount in amounts if amount is not None), Decimal(0)))
