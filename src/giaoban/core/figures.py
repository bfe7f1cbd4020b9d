"""Figures: a value, its estimated part, and what is known: reported, nil, not applicable and blank stay apart."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Final

from giaoban.core.forms import FormDefinition, Table
from giaoban.core.issues import Cell

LARGEST: Final = 2**63 - 1
"""A scaled number must fit PostgreSQL's bigint."""


class FigureError(ValueError):
    """A line that cannot be stored: wrong width, more decimals than the column keeps, too large, mark against value."""


class Mark(IntEnum):
    """What is known about a cell. The numbers are stored; never renumber."""

    REPORTED = 0
    NIL = 1
    NOT_APPLICABLE = 2
    BLANK = 3


MARK_WORDS: Final[Mapping[Mark, str]] = {Mark.NIL: "nil", Mark.NOT_APPLICABLE: "na"}
"""As written in tidy CSV files; reported and blank need no word."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A cell in the column's own unit. Only a reported one has `value` or `estimate` (the estimated part), or both."""

    value: Decimal | None
    estimate: Decimal | None
    mark: Mark

    @property
    def total(self) -> Decimal | None:
        """Actual and estimated part together; None unless reported."""
        if self.value is None and self.estimate is None:
            return None
        return (self.value or Decimal(0)) + (self.estimate or Decimal(0))

    @property
    def amount(self) -> Decimal | None:
        """What arithmetic uses: the total, 0 when declared nil, None when blank or not applicable."""
        return Decimal(0) if self.mark is Mark.NIL else self.total

    @property
    def is_filled(self) -> bool:
        return self.mark is not Mark.BLANK


BLANK: Final = Figure(None, None, Mark.BLANK)
NIL: Final = Figure(None, None, Mark.NIL)
NOT_APPLICABLE: Final = Figure(None, None, Mark.NOT_APPLICABLE)


def reported(value: Decimal | int | None, estimate: Decimal | int | None = None) -> Figure:
    """A reported figure; blank when neither part is given."""
    if value is None and estimate is None:
        return BLANK
    return Figure(_decimal(value), _decimal(estimate), Mark.REPORTED)


def sum_of(parts: Iterable[Figure]) -> Figure:
    """The total of some figures, as a total cell shows it: actual and estimated parts are added apart.

    Without any number the parts must agree: nil (among not applicable ones too) is nil, all not applicable is not
    applicable; when one is blank, or there is none, nothing is known.
    """
    found = tuple(parts)
    values = [part.value for part in found if part.value is not None]
    estimates = [part.estimate for part in found if part.estimate is not None]
    if values or estimates:
        return reported(sum(values) if values else None, sum(estimates) if estimates else None)
    marks = {part.mark for part in found}
    if not marks or Mark.BLANK in marks:
        return BLANK
    return NIL if Mark.NIL in marks else NOT_APPLICABLE


LineKey = tuple[str, str, str]
"""Table, row, sub-unit ("" on a fixed row)."""


@dataclass(slots=True)
class Line:
    """One line of a form: figures in the order of `Table.numeric`, texts by column id (a blank text is left out)."""

    table: str
    row: str
    subunit: str
    figures: list[Figure]
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> LineKey:
        return (self.table, self.row, self.subunit)


Figures = Mapping[LineKey, Line]


def blank_line(table: Table, row: str, subunit: str = "") -> Line:
    """A line of the table with every cell blank."""
    return Line(table.id, row, subunit, [BLANK] * len(table.numeric))


def encode(line: Line, table: Table) -> tuple[list[int | None], list[int | None], list[int]]:
    """Values, estimates and marks as stored: whole numbers, value × 10**scale of the column. Raises FigureError."""
    if len(line.figures) != len(table.numeric):
        raise FigureError(f"line {line.key} has {len(line.figures)} figures, table {table.id} {len(table.numeric)}")
    values: list[int | None] = []
    estimates: list[int | None] = []
    marks: list[int] = []
    for figure, column in zip(line.figures, table.numeric, strict=True):
        if (figure.mark is Mark.REPORTED) != (figure.total is not None):
            raise FigureError(f"column {column.id}: a value and the mark {figure.mark.name} contradict each other")
        values.append(_scaled(figure.value, column.scale, column.id))
        estimates.append(_scaled(figure.estimate, column.scale, column.id))
        marks.append(int(figure.mark))
    return values, estimates, marks


def decode(
    values: Sequence[int | None], estimates: Sequence[int | None], marks: Sequence[int], table: Table
) -> list[Figure]:
    """The figures that `encode` stored. Raises FigureError on another width."""
    try:
        cells = list(zip(values, estimates, marks, table.numeric, strict=True))
    except ValueError as fault:
        raise FigureError(f"stored vectors do not have the width of table {table.id}") from fault
    return [
        Figure(_unscaled(value, column.scale), _unscaled(estimate, column.scale), Mark(mark))
        for value, estimate, mark, column in cells
    ]


def decimals(value: Decimal) -> int:
    """Decimals that the value really uses: 1.50 uses one."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def has_more_decimals(value: Decimal, scale: int) -> bool:
    """Whether the value would lose something at this scale."""
    written = value.as_tuple().exponent
    return not isinstance(written, int) or (-written > scale and decimals(value) > scale)


def absent_lines(form: FormDefinition, figures: Figures, listed: Mapping[str, Iterable[str]]) -> list[Cell]:
    """The lines that the dynamic rows do not have of the sub-units listed, by kind of unit.

    Where a table has several rows of one kind, a sub-unit stands on one of them; without any it is missed on the first.
    """
    found = []
    for table in form.tables:
        rows: dict[str, list[str]] = {}
        for row in table.dynamic_rows:
            if row.one_per is not None and listed.get(row.one_per):
                rows.setdefault(row.one_per, []).append(row.id)
        for kind, ids in rows.items():
            found += [
                Cell(table.id, ids[0], key)
                for key in listed[kind]
                if not any((table.id, row_id, key) in figures for row_id in ids)
            ]
    return found


def completeness(form: FormDefinition, figures: Figures, absent: Iterable[Cell] = ()) -> tuple[int, int, list[Cell]]:
    """Cells filled, cells required, and the blank ones by name in the order of the form.

    Nil and not applicable count as filled. A fixed row counts whether or not a line exists; a dynamic row counts the
    lines that exist and those of `absent_lines`, at its end.
    """
    required = 0
    blanks: list[Cell] = []
    missed: dict[tuple[str, str], list[str]] = {}
    for at in absent:
        missed.setdefault((at.table, at.row), []).append(at.subunit)
    for table in form.tables:
        by_row: dict[str, list[Line]] = {}
        for (table_id, row_id, _), line in figures.items():
            if table_id == table.id:
                by_row.setdefault(row_id, []).append(line)
        for (table_id, row_id), keys in missed.items():
            if table_id == table.id:
                by_row.setdefault(row_id, []).extend(blank_line(table, row_id, key) for key in keys)
        for row in table.rows:
            lines = by_row.get(row.id, [] if row.is_dynamic else [blank_line(table, row.id)])
            for line in lines:
                for column in table.columns:
                    if column.required:
                        required += 1
                        if not _is_filled(line, table, column.id):
                            blanks.append(Cell(table.id, row.id, line.subunit, column.id))
    return required - len(blanks), required, blanks


def _is_filled(line: Line, table: Table, column: str) -> bool:
    position = table.positions.get(column)
    return bool(line.texts.get(column)) if position is None else line.figures[position].is_filled


def _decimal(value: Decimal | int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _scaled(value: Decimal | None, scale: int, column: str) -> int | None:
    if value is None:
        return None
    if has_more_decimals(value, scale):
        raise FigureError(f"column {column} keeps {scale} decimals, {value} has more")
    scaled = int(value.scaleb(scale))
    if abs(scaled) > LARGEST:
        raise FigureError(f"column {column}: {value} is too large")
    return scaled


def _unscaled(value: int | None, scale: int) -> Decimal | None:
    return None if value is None else Decimal(value).scaleb(-scale)
