"""Adding up units: plain algebra; who reported, declared nil or not applicable, left blank or never sent stays counted.

`combine` is associative and commutative with `ZERO` as its identity, so that a province, a region and the nation agree
whichever way the units are grouped. Rates are never added: they are computed again from the totals.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal

from giaoban.core import formulas
from giaoban.core.figures import Figure, Mark
from giaoban.core.forms import Table

State = Literal["reported", "nil", "na", "blank", "missing"]


@dataclass(frozen=True, slots=True)
class CellTotal:
    """A cell over some units: the sums, and how many units are in each state.

    value: sum of the actual parts, None when no unit reported; estimate: sum of the estimated parts.
    """

    value: Decimal | None = None
    estimate: Decimal = Decimal(0)
    reported: int = 0
    nil: int = 0
    not_applicable: int = 0
    blank: int = 0
    missing: int = 0

    @property
    def state(self) -> State:
        """The most telling state among the units; "missing" when there is none at all."""
        if self.reported or self.value is not None:
            return "reported"
        if self.nil:
            return "nil"
        if self.not_applicable:
            return "na"
        return "blank" if self.blank else "missing"

    @property
    def total(self) -> Decimal | None:
        """Actual and estimated part together; None when nothing was reported or the column is not added."""
        return None if self.value is None else self.value + self.estimate

    @property
    def amount(self) -> Decimal | None:
        """What arithmetic uses: the total, or 0 when all that is known was declared nil."""
        return Decimal(0) if self.nil and not self.reported else self.total

    @property
    def units(self) -> int:
        return self.reported + self.nil + self.not_applicable + self.blank + self.missing

    @property
    def is_complete(self) -> bool:
        """Whether every unit gave an answer (nil and not applicable are answers)."""
        return not self.blank and not self.missing


ZERO: Final = CellTotal()
MISSING: Final = CellTotal(missing=1)


def total_of(figure: Figure) -> CellTotal:
    """One unit's figure as a total of one."""
    match figure.mark:
        case Mark.REPORTED:
            return CellTotal(figure.value or Decimal(0), figure.estimate or Decimal(0), reported=1)
        case Mark.NIL:
            return CellTotal(nil=1)
        case Mark.NOT_APPLICABLE:
            return CellTotal(not_applicable=1)
        case Mark.BLANK:
            return CellTotal(blank=1)


def combine(parts: Iterable[CellTotal]) -> CellTotal:
    """The total of totals."""
    value: Decimal | None = None
    estimate = Decimal(0)
    reported = nil = not_applicable = blank = missing = 0
    for part in parts:
        if part.value is not None:
            value = part.value if value is None else value + part.value
        estimate += part.estimate
        reported += part.reported
        nil += part.nil
        not_applicable += part.not_applicable
        blank += part.blank
        missing += part.missing
    return CellTotal(value, estimate, reported, nil, not_applicable, blank, missing)


def roll_up(table: Table, totals: Mapping[str, CellTotal]) -> dict[str, CellTotal]:
    """The combined totals of a line's columns, by column id, as each column's rule has them shown.

    sum: as combined; none: the counts without a sum, unless they speak of one unit only; rate: computed again from the
    rolled-up inputs at the column's scale, None when an input is unknown or the denominator is 0, and also when not
    the same number of units answered each input: a numerator of some over a denominator of others is no rate.
    """
    shown: dict[str, CellTotal] = {}
    for column in table.numeric:
        total = totals.get(column.id, ZERO)
        if column.roll_up == "none" and total.units > 1:
            total = _counts_only(total)
        shown[column.id] = total
    rates = {column.id: column for column in table.numeric if column.roll_up == "rate" and column.formula is not None}

    def amount(name: str) -> Decimal | None:
        rate = rates.get(name)
        return shown[name].amount if rate is None else computed(rate.formula or "")

    def computed(formula: str) -> Decimal | None:
        return formulas.value_of(formulas.parse(formula), amount)

    def inputs(formula: str) -> Iterator[CellTotal]:
        for name in formulas.parse(formula).names():
            rate = rates.get(name)
            if rate is None:
                yield shown[name]
            else:
                yield from inputs(rate.formula or "")

    for column in rates.values():
        answered = {total.reported + total.nil for total in inputs(column.formula or "")}
        value = computed(column.formula or "") if len(answered) <= 1 else None
        rounded = None if value is None else formulas.round_half_up(value, column.scale)
        shown[column.id] = replace(_counts_only(shown[column.id]), value=rounded)
    return shown


def _counts_only(total: CellTotal) -> CellTotal:
    return replace(total, value=None, estimate=Decimal(0))


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the units that owe a report have sent it, and the names of the others."""

    received: int
    expected: int
    missing_names: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.received == self.expected

    def words(self) -> str:
        """ "13/15"."""
        return f"{self.received}/{self.expected}"


def combine_coverage(parts: Iterable[Coverage]) -> Coverage:
    """Coverage of several groups together, names in the order given."""
    parts = tuple(parts)
    return Coverage(
        sum(part.received for part in parts),
        sum(part.expected for part in parts),
        tuple(name for part in parts for name in part.missing_names),
    )
