"""Many reports of one form as columns of numbers, so that a check runs over all of them at once.

Figures are kept as they are stored: whole numbers, value × 10**scale of the column. A report that cannot be kept so (a
line that the form does not have, a mark beside a value, a number too wide) is `odd`, and is checked by itself.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from giaoban.core.checks.lines import is_of_form
from giaoban.core.checks.structure import LONGEST_SUBUNIT, SEPARATOR
from giaoban.core.figures import FigureError, Figures, Line, LineKey, Mark, decode, encode
from giaoban.core.forms import FormDefinition, Table

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]

WIDEST: Final = 2**58
"""A scaled number beyond this is left to exact decimals, so that sums and differences of some fit 64 bits."""
NOWHERE: Final = -1

StoredLine = tuple[int, str, str, str, Sequence[int | None], Sequence[int | None], Sequence[int], Mapping[str, str]]
"""Number of the report, table, row, sub-unit, values, estimates, marks, texts, as the database keeps them."""


@dataclass(slots=True)
class TableLines:
    """All lines of one table. report, row: numbers of them; order: place of the line in its report.

    amount: value and estimate together, 0 where nothing is known.
    """

    table: Table
    report: Whole
    row: Whole
    order: Whole
    value: Whole
    estimate: Whole
    mark: NDArray[np.int8]
    has_value: Truth
    has_estimate: Truth
    subunits: list[str]
    texts: list[Mapping[str, str]]
    size: int
    amount: Whole = field(init=False)
    known: Truth = field(init=False)
    _at: dict[int, Whole] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.amount = self.value + self.estimate
        self.known = self.mark <= Mark.NIL

    @property
    def filled(self) -> Truth:
        found: Truth = self.mark != Mark.BLANK
        return found

    def key(self, line: int) -> LineKey:
        return (self.table.id, self.table.rows[self.row[line]].id, self.subunits[line])

    def line_at(self, row: int) -> Whole:
        """Report → number of its line in a fixed row, NOWHERE when it has none."""
        if row not in self._at:
            found = np.full(self.size, NOWHERE, dtype=np.int64)
            lines = np.flatnonzero(self.row == row)
            found[self.report[lines]] = lines
            self._at[row] = found
        return self._at[row]

    def same_lines(self, other: "TableLines") -> Whole:
        """Line here → the line of the same report, row and sub-unit there, NOWHERE when there is none."""
        found = np.full(len(self.report), NOWHERE, dtype=np.int64)
        for number, row in enumerate(self.table.rows):
            lines = np.flatnonzero(self.row == number)
            if not row.is_dynamic:
                found[lines] = other.line_at(number)[self.report[lines]]
            elif len(lines):
                there = np.flatnonzero(other.row == number)
                places = {(int(other.report[at]), other.subunits[at]): at for at in there}
                found[lines] = [places.get((int(self.report[at]), self.subunits[at]), NOWHERE) for at in lines]
        return found


@dataclass(slots=True)
class Batch:
    """Reports of one form, numbered from 0. figures: the lines of one of them, as `run_checks` takes them."""

    form: FormDefinition
    size: int
    tables: Mapping[str, TableLines]
    odd: frozenset[int]
    figures: Callable[[int], Figures]

    def __len__(self) -> int:
        return self.size


def batch_of(form: FormDefinition, reports: Sequence[Figures | None]) -> Batch:
    """Reports as typed or read from files; None is a report without any line."""
    rows: list[StoredLine] = []
    odd: set[int] = set()
    for number, figures in enumerate(reports):
        for key, line in (figures or {}).items():
            stored = _stored(form, line) if key == line.key else None
            if stored is None:
                odd.add(number)
            else:
                rows.append((number, *line.key, *stored, line.texts))
    return _batch(form, len(reports), rows, odd, lambda number: reports[number] or {})


def batch_of_stored(form: FormDefinition, size: int, rows: Iterable[StoredLine]) -> Batch:
    """Reports as the database keeps them; the lines of one report stand in the order in which they are to be read."""
    kept = list(rows)
    lines_of: dict[int, dict[LineKey, StoredLine]] = {}
    known: dict[int, Figures] = {}

    def figures(number: int) -> Figures:
        if not lines_of:
            for row in kept:
                lines_of.setdefault(row[0], {})[row[1], row[2], row[3]] = row
        if number not in known:
            known[number] = _Lines(form, lines_of.get(number, {}))
        return known[number]

    return _batch(form, size, kept, set(), figures)


class _Lines(Mapping[LineKey, Line]):
    """The lines of one stored report, each made when it is asked for."""

    def __init__(self, form: FormDefinition, rows: Mapping[LineKey, StoredLine]) -> None:
        self.form, self.rows = form, rows
        self.made: dict[LineKey, Line] = {}

    def __getitem__(self, key: LineKey) -> Line:
        if key not in self.made:
            _, table, row, subunit, values, estimates, marks, texts = self.rows[key]
            self.made[key] = Line(
                table, row, subunit, decode(values, estimates, marks, self.form.table(table)), dict(texts)
            )
        return self.made[key]

    def __iter__(self) -> Iterator[LineKey]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def _stored(form: FormDefinition, line: Line) -> tuple[list[int | None], list[int | None], list[int]] | None:
    try:
        return encode(line, form.table(line.table)) if is_of_form(form, line) else None
    except FigureError:
        return None


def _batch(
    form: FormDefinition, size: int, rows: Sequence[StoredLine], odd: set[int], figures: Callable[[int], Figures]
) -> Batch:
    by_table: dict[str, list[StoredLine]] = {table.id: [] for table in form.tables}
    orders: dict[str, list[int]] = {table.id: [] for table in form.tables}
    for order, row in enumerate(rows):
        by_table[row[1]].append(row)
        orders[row[1]].append(order)
    tables = {table.id: _table(table, size, by_table[table.id], orders[table.id], odd) for table in form.tables}
    return Batch(form, size, tables, frozenset(odd), figures)


def _table(table: Table, size: int, rows: Sequence[StoredLine], order: Sequence[int], odd: set[int]) -> TableLines:
    width = len(table.numeric)
    numbers = {row.id: number for number, row in enumerate(table.rows)}
    if rows:
        reports, _, names, subunits, values, estimates, marks, texts = zip(*rows, strict=True)
    else:
        reports, names, subunits, values, estimates, marks, texts = ((),) * 7
    value, has_value, wide_values = _whole(values, width)
    estimate, has_estimate, wide_estimates = _whole(estimates, width)
    lines = TableLines(
        table=table,
        report=np.array(reports, dtype=np.int64),
        row=np.array([numbers[name] for name in names], dtype=np.int64),
        order=np.array(order, dtype=np.int64),
        value=value,
        estimate=estimate,
        mark=np.array(marks, dtype=np.int8).reshape(len(rows), width),
        has_value=has_value,
        has_estimate=has_estimate,
        subunits=list(subunits),
        texts=list(texts),
        size=size,
    )
    marked_twice = ((has_value | has_estimate) != (lines.mark == Mark.REPORTED)).any(axis=1)
    odd.update(lines.report[marked_twice | wide_values | wide_estimates | _misplaced(lines)].tolist())
    return lines


def _whole(vectors: Sequence[Sequence[int | None]], width: int) -> tuple[Whole, Truth, Truth]:
    """Numbers with 0 where there is none, where there is one, and which lines have one that is too wide."""
    if not len(vectors) or not width:
        empty = np.zeros((len(vectors), width), dtype=np.int64)
        return empty, empty.astype(bool), np.zeros(len(vectors), dtype=bool)
    found = np.array(vectors, dtype=np.float64)  # None becomes NaN; exact only below 2**53
    has = ~np.isnan(found)
    numbers = np.where(has, found, 0.0)
    if np.abs(numbers).max() < 2**53:
        return numbers.astype(np.int64), has, np.zeros(len(vectors), dtype=bool)
    whole = np.array([[number or 0 for number in vector] for vector in vectors], dtype=object)
    wide = (np.abs(whole) >= WIDEST).any(axis=1)
    whole[wide] = 0
    return whole.astype(np.int64), has, wide.astype(bool)


def _misplaced(lines: TableLines) -> Truth:
    """Lines of which something is to be said before their figures: sub-units, texts, numbers below 0."""
    rows = lines.table.rows
    dynamic = np.array([row.is_dynamic for row in rows], dtype=bool)[lines.row]
    named = np.array([bool(name) for name in lines.subunits], dtype=bool).reshape(len(lines.row))
    unnameable = np.array(
        [len(name) > LONGEST_SUBUNIT or SEPARATOR in name for name in lines.subunits], dtype=bool
    ).reshape(len(lines.row))
    texts = {column.id for column in lines.table.texts}
    strange = np.array([not texts.issuperset(held) for held in lines.texts], dtype=bool).reshape(len(lines.row))
    unsigned = np.array([not column.signed for column in lines.table.numeric], dtype=bool)
    below = (((lines.value < 0) | (lines.estimate < 0)) & unsigned).any(axis=1)
    found: Truth = (dynamic != named) | unnameable | strange | below
    return found
