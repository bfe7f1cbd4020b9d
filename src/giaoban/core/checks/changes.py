"""The duty to explain: a large change on the same period, a figure far from those of the units around."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from giaoban.core import formulas
from giaoban.core.checks.lines import cell_of
from giaoban.core.figures import Figures, LineKey
from giaoban.core.forms import Column, FormDefinition, Table
from giaoban.core.issues import Cell, Issue

LARGE_CHANGE_PERCENT: Final = Decimal(20)
MIN_PEERS: Final = 8
"""With fewer units there is no local average to be far from."""
FAR_DEVIATIONS: Final = 10
"""So many times the median absolute deviation lies between a figure and the median when it is far. In a normal
distribution 10 of these are 6.7 standard deviations; counts of communes, which are skewed, come near it more often."""

NormKey = tuple[LineKey, str]
"""A cell of a fixed row: line and column."""


@dataclass(frozen=True, slots=True)
class Norm:
    """What units around say in one cell: how many, their median, the median of the distances from it."""

    count: int
    median: Decimal
    spread: Decimal

    @property
    def is_usable(self) -> bool:
        """Whether there are enough units, and not all alike."""
        return self.count >= MIN_PEERS and self.spread > 0


Norms = Mapping[NormKey, Norm]


def changes_are_moderate(
    form: FormDefinition, figures: Figures, *, previous: Figures, percent: Decimal = LARGE_CHANGE_PERCENT
) -> list[Issue]:
    """Warn where a figure differs by `percent` or more from the same cell of the same period before.

    previous: reported on the same form version. A change from 0 has no percentage and is not named; computed columns
    follow the others and are left out.
    """
    issues: list[Issue] = []
    for line in figures.values():
        before_line = previous.get(line.key)
        if before_line is None or len(before_line.figures) != len(line.figures):
            continue
        columns = form.table(line.table).numeric
        for column, figure, earlier in zip(columns, line.figures, before_line.figures, strict=True):
            now, before = figure.amount, earlier.amount
            if column.formula is None and now is not None and before is not None:
                issues.extend(change_issues(cell_of(line, column.id), now, before, percent))
    return issues


def change_issues(at: Cell, now: Decimal, before: Decimal, percent: Decimal) -> Iterable[Issue]:
    if before == 0:
        return
    change = 100 * (now - before) / abs(before)
    rounded = formulas.round_half_up(change, 2)
    if rounded is not None and abs(change) >= percent:
        yield Issue("large-change", "warning", at, {"value": now, "previous": before, "change": rounded})


def figures_near_peers(form: FormDefinition, figures: Figures, norms: Norms) -> list[Issue]:
    """Warn where a figure of a fixed row lies FAR_DEVIATIONS or more median absolute deviations from the median."""
    issues: list[Issue] = []
    for line in figures.values():
        for column, figure in zip(form.table(line.table).numeric, line.figures, strict=True):
            norm, now = norms.get((line.key, column.id)), figure.amount
            if norm is not None and now is not None:
                issues.extend(far_issues(cell_of(line, column.id), now, norm))
    return issues


def far_issues(at: Cell, now: Decimal, norm: Norm) -> Iterable[Issue]:
    if not norm.is_usable or abs(now - norm.median) < FAR_DEVIATIONS * norm.spread:
        return
    times = formulas.round_half_up(abs(now - norm.median) / norm.spread, 1)
    params: dict[str, Decimal | str | int] = {"value": now, "median": norm.median, "count": norm.count}
    yield Issue("far-from-peers", "warning", at, {**params, "times": times or Decimal(0)})


def has_norm(column: Column) -> bool:
    """Whether units can be compared in a column: what is computed, or does not add up, has its own measure."""
    return column.formula is None and column.roll_up == "sum"


def norm_cells(table: Table) -> list[tuple[str, int, Column]]:
    """Row, position and column of every cell of a table that may have a norm."""
    return [
        (row.id, position, column)
        for row in table.fixed_rows
        for position, column in enumerate(table.numeric)
        if has_norm(column)
    ]
