"""What a column's rule makes of a total: sums as they are, rates and means from their parts, else only counts."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from giaoban.core import formulas
from giaoban.core.consolidation.totals import EXACTLY, ZERO, CellTotal, Extreme, Uneven, Weighed
from giaoban.core.forms import Column, Table


def roll_up(
    table: Table,
    totals: Mapping[str, CellTotal],
    *,
    is_shared: bool = False,
    uneven: Collection[str] | None = None,
) -> dict[str, CellTotal]:
    """The combined totals of a line's columns, by column id, as each column's rule has them shown.

    sum: as combined. max, min: the highest or lowest figure, its actual and estimated part apart. weighted: the mean
    from its parts at the column's scale, actual and estimated together; None when the weights come to nothing. none,
    last: the counts without a sum. What speaks of one unit only is shown as that unit gave it.
    rate: computed again from the rolled-up inputs at the column's scale, None when an input is unknown or the
    denominator is 0, and also when not the same units answered each input: a numerator of some over a denominator of
    others is no rate.

    is_shared: some units count in part; a highest or lowest figure, and what is not added, is not divided either.
    uneven: the rates whose inputs are not of the same units, where the totals do not tell; None: as they tell.
    """
    shown = {column.id: _shown(column, totals.get(column.id, ZERO), is_shared) for column in table.numeric}
    rates = {column.id: column for column in table.numeric if column.roll_up == "rate" and column.formula is not None}

    def amount(name: str) -> Decimal | None:
        rate = rates.get(name)
        return shown[name].amount if rate is None else computed(rate.formula or "")

    def computed(formula: str) -> Decimal | None:
        return formulas.value_of(formulas.parse(formula), amount)

    refused = {name for name in rates if is_uneven(table, name, totals)} if uneven is None else uneven
    for column in rates.values():
        value = None if column.id in refused else computed(column.formula or "")
        rounded = None if value is None else formulas.round_half_up(value, column.scale)
        shown[column.id] = replace(_counts_only(shown[column.id]), value=rounded)
    return shown


def is_uneven(table: Table, rate: str, totals: Mapping[str, CellTotal]) -> bool:
    """Whether a rate would have a numerator of some units over a denominator of others: not as many answered the one
    input as the other, or a unit is known that answered some of them only."""
    kept = totals.get(rate, ZERO).kept
    if isinstance(kept, Uneven) and kept.units:
        return True
    return len({totals.get(name, ZERO).answered for name in table.rate_inputs[rate]}) > 1


def _shown(column: Column, total: CellTotal, is_shared: bool) -> CellTotal:
    if column.roll_up in ("sum", "rate"):
        return total
    if column.roll_up == "weighted":
        return _mean(column, total, is_shared)
    if is_shared:
        return _counts_only(total)
    if total.units <= 1:
        return total
    if column.roll_up in ("max", "min") and isinstance(total.kept, Extreme):
        actual = EXACTLY.subtract(total.kept.total, total.kept.estimate)
        return replace(total, value=actual, estimate=total.kept.estimate)
    return _counts_only(total)


def _mean(column: Column, total: CellTotal, is_shared: bool) -> CellTotal:
    if total.units <= 1 and not is_shared:
        return total
    mean = total.kept.mean(column.scale) if isinstance(total.kept, Weighed) else None
    return replace(_counts_only(total), value=mean)


def _counts_only(total: CellTotal) -> CellTotal:
    return replace(total, value=None, estimate=Decimal(0))


def is_not_added(cell: CellTotal, column: Column) -> bool:
    """Whether the cell has no number because its column does not add up over what stands behind it: figures there
    are, but no weight that makes a mean of them, or several where only one would stand."""
    return column.roll_up not in ("sum", "rate") and cell.reported > 0 and cell.value is None


@dataclass(frozen=True, slots=True, order=True)
class UnitText:
    """What one unit wrote in a text column. key, name: of the unit; period: its label, where several are read."""

    sort_key: str
    key: str
    name: str
    text: str
    period: str = ""


def combine_texts(*parts: Iterable[UnitText]) -> tuple[UnitText, ...]:
    """The texts of several groups by unit; a unit that counts in several of them is listed once."""
    return tuple(sorted({one for part in parts for one in part}))
