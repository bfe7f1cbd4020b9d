"""The names of a rule as columns of numbers: at every report, or at every line of a table."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import numpy as np

from giaoban.core.checks import exact
from giaoban.core.checks.batch import NOWHERE, Batch, TableLines, Whole
from giaoban.core.checks.exact import Decision, NotHere, TooWide, Vector
from giaoban.core.figures import decimals
from giaoban.core.forms import FormCheck, FormDefinition, Reference


class Places:
    """Looks names up for the rules of one batch. values: of each report, what its surroundings say by name."""

    def __init__(
        self,
        form: FormDefinition,
        batch: Batch,
        before: Batch | None,
        year_before: Batch | None,
        values: Sequence[Mapping[str, Decimal | None]] | None,
    ) -> None:
        self.form, self.batch, self.values = form, batch, values
        self.earlier = {"before": before, "year_before": year_before}
        self._known: dict[tuple[str, str | None], Vector] = {}
        self._same: dict[tuple[str, str], Whole] = {}

    def decide(self, check: FormCheck, lines: TableLines | None, at: Whole) -> Decision:
        """Raises TooWide, NotHere."""
        lookup = self._lookup(check, lines)

        def value(name: str) -> Vector:
            if self._is_several(check, name):
                raise NotHere(name)
            return lookup(name).at(at)

        return exact.decide(check.formula, value, lambda name: lookup(name).at(at), len(at))

    def width(self, check: FormCheck, lines: TableLines | None) -> Whole:
        """At each place the largest number that the rule needs there."""
        lookup = self._lookup(check, lines)
        size = self.batch.size if lines is None else len(lines.report)
        widest = np.zeros(size, dtype=np.int64)
        for name in check.formula.names():
            widest = np.maximum(widest, np.abs(lookup(name).top))
        return widest

    @staticmethod
    def _is_several(check: FormCheck, name: str) -> bool:
        reference = check.references.get(name) or check.outside[name].here
        return reference is not None and reference.is_dynamic

    def _lookup(self, check: FormCheck, lines: TableLines | None) -> Callable[[str], Vector]:
        table = lines.table.id if lines is not None else None

        def found(name: str) -> Vector:
            if (name, table) not in self._known:
                self._known[name, table] = self._vector(check, name, lines)
            return self._known[name, table]

        return found

    def _vector(self, check: FormCheck, name: str, lines: TableLines | None) -> Vector:
        outside = check.outside.get(name)
        if outside is None:
            return self._cell(check.references[name], self.batch, lines, "")
        if outside.here is not None:
            earlier = self.earlier[outside.scope]
            if earlier is not None:
                return self._cell(outside.here, earlier, lines, outside.scope)
            size = self.batch.size if lines is None else len(lines.report)
            return exact.numbers(np.zeros(size, dtype=np.int64), 0, np.zeros(size, dtype=bool))
        return _spread(self._outside(name), lines)

    def _cell(self, reference: Reference, batch: Batch, lines: TableLines | None, scope: str) -> Vector:
        """A cell of the layout in this batch or an earlier one, at each place."""
        held = batch.tables[reference.table]
        position = held.table.positions[reference.column]
        scale = held.table.numeric[position].scale
        amount, known = held.amount[:, position], held.known[:, position]
        if reference.is_dynamic:
            return _spread(_sum(held, reference.row or "", amount, known, scale), lines)
        if reference.row is not None:
            number = next(n for n, row in enumerate(held.table.rows) if row.id == reference.row)
            return _spread(_picked(amount, known, scale, held.line_at(number)), lines)
        if lines is None:
            raise NotHere(reference.column)
        if not scope:
            return exact.numbers(amount, scale, known)
        if (scope, lines.table.id) not in self._same:
            self._same[scope, lines.table.id] = lines.same_lines(held)
        return _picked(amount, known, scale, self._same[scope, lines.table.id])

    def _outside(self, name: str) -> Vector:
        """What the surroundings of each report say under a name, over one power of ten."""
        held = [one.get(name) for one in self.values] if self.values is not None else [None] * self.batch.size
        scale = max((decimals(value) for value in held if value is not None), default=0)
        whole = [0 if value is None else int(value.scaleb(scale)) for value in held]
        if max((abs(number) for number in whole), default=0) >= exact.ROOM:
            raise NotHere(name)
        known = np.array([value is not None for value in held], dtype=bool)
        return exact.numbers(np.array(whole, dtype=np.int64), scale, known)


def _spread(of_reports: Vector, lines: TableLines | None) -> Vector:
    """What is known of reports, at each of their lines."""
    return of_reports if lines is None else of_reports.at(lines.report)


def _picked(amount: Whole, known: exact.Truth, scale: int, at: Whole) -> Vector:
    there = at != NOWHERE
    if not len(amount):
        return exact.numbers(np.zeros(len(at), dtype=np.int64), scale, np.zeros(len(at), dtype=bool))
    return exact.numbers(amount[at], scale, there & known[at])


def _sum(held: TableLines, row: str, amount: Whole, known: exact.Truth, scale: int) -> Vector:
    """The sum of the lines of a dynamic row in each report; known when one of them is."""
    number = next(n for n, one in enumerate(held.table.rows) if one.id == row)
    mine = np.flatnonzero((held.row == number) & known)
    reports = held.report[mine]
    most = int(np.bincount(reports, minlength=1).max()) if len(mine) else 0
    if most and most * int(np.abs(amount[mine]).max()) >= exact.ROOM:
        raise NotHere(row) from TooWide()
    top = np.zeros(held.size, dtype=np.int64)
    np.add.at(top, reports, amount[mine])
    return exact.numbers(top, scale, np.bincount(reports, minlength=held.size) > 0)
