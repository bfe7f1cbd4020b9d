"""Figures of a form of an earlier act, read as figures of the form that came after it, where both say the same.

The pack says which cells correspond (`FormDefinition.continues`). Nothing is guessed: a cell that the pack does not
name is refused, so that a chain of years breaks visibly instead of joining what only looks alike. Where the two forms
measure in different units of one family, the old figure is converted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from giaoban.core import formulas
from giaoban.core.consolidation import CellTotal, times
from giaoban.core.figures import Figure, Figures, Line, LineKey, Mark, blank_line, reported
from giaoban.core.forms import Column, FormDefinition, Reference, resolve
from giaoban.core.issues import Cell
from giaoban.core.units_of_measure import factor_between


class NoCrosswalk(LookupError):
    """The pack names no cell of the new form that continues the old one."""


@dataclass(frozen=True, slots=True)
class Carried:
    """figures: lines of the new form, refused cells blank. refused: number cells of its fixed rows without a like."""

    figures: dict[LineKey, Line]
    refused: tuple[Cell, ...]
    note: str


def carried(figures: Figures, *, old: FormDefinition, new: FormDefinition) -> Carried:
    """What the old form said, in the cells of the new one. Raises NoCrosswalk."""
    links = links_of(old=old, new=new)
    lines: dict[LineKey, Line] = {}
    refused: list[Cell] = []
    for table in new.tables:
        for row in table.fixed_rows:
            line = lines.setdefault((table.id, row.id, ""), blank_line(table, row.id))
            for position, column in enumerate(table.numeric):
                there = links.get((table.id, row.id, column.id))
                if there is None:
                    refused.append(Cell(table.id, row.id, "", column.id))
                    continue
                figure = _figure(figures, old, there)
                if figure is not None:
                    factor = _factor(old, there, column)
                    line.figures[position] = figure if factor == 1 else converted(figure, factor, column.scale)
    note = next(one.note for one in new.continues if one.form == old.key)
    return Carried(lines, tuple(refused), note)


def converted(figure: Figure, factor: Decimal, scale: int) -> Figure:
    """A figure in another unit of measure, rounded to the decimals of its column; marks stay what they are."""
    if figure.mark is not Mark.REPORTED:
        return figure
    value, estimate = (
        None if part is None else formulas.round_half_up(part * factor, scale)
        for part in (figure.value, figure.estimate)
    )
    return reported(value, estimate)


def _factor(old: FormDefinition, there: Reference, here: Column) -> Decimal:
    return factor_between(old.table(there.table).columns_by_id[there.column].unit, here.unit)


CellKey = tuple[str, str, str, str]
"""Table, row, sub-unit ("" on a fixed row), column."""


def carried_cells(
    cells: Mapping[CellKey, CellTotal], *, old: FormDefinition, new: FormDefinition
) -> dict[CellKey, CellTotal]:
    """Cells of the old form under the names of the new one, exact; what has no like is absent. Raises NoCrosswalk."""
    found: dict[CellKey, CellTotal] = {}
    for (table, row, column), there in links_of(old=old, new=new).items():
        cell = cells.get((there.table, there.row or "", "", there.column))
        if cell is not None:
            factor = _factor(old, there, new.table(table).columns_by_id[column])
            found[table, row, "", column] = cell if factor == 1 else times(cell, factor)
    return found


def links_of(*, old: FormDefinition, new: FormDefinition) -> Mapping[tuple[str, str, str], Reference]:
    """(Table, row, column) of the new form → the cell of the old one. Raises NoCrosswalk."""
    found = [one for one in new.continues if one.form == old.key]
    if not found:
        raise NoCrosswalk(f"{new.key} continues nothing of {old.key}")
    links: dict[tuple[str, str, str], Reference] = {}
    for here, there in ((here, there) for one in found for here, there in one.cells.items()):
        own = resolve(new.tables, here)
        links[own.table, own.row or "", own.column] = resolve(old.tables, there)
    return links


def _figure(figures: Figures, old: FormDefinition, at: Reference) -> Figure | None:
    line = figures.get((at.table, at.row or "", ""))
    return None if line is None else line.figures[old.table(at.table).positions[at.column]]
