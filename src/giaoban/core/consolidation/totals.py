"""The total of a cell over some units: what is summed, what is carried beside the sum, how many are in which state.

`combine` is associative and commutative with `ZERO` as its identity, so that a province, a region and the nation agree
whichever way the units are grouped. A maximum or a weighted mean is no sum: what it is made from is carried (`kept`)
and combined in the same way, exactly; only `rules.roll_up` turns it into a number. All arithmetic here is exact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from fractions import Fraction
from typing import Final, Literal

from giaoban.core.figures import Figure, Mark
from giaoban.core.forms import Column, Table

State = Literal["reported", "nil", "na", "blank", "missing"]

EXACTLY: Final = Context(prec=400)
"""Digits enough that no sum of parts, shares and products of theirs is ever rounded."""


@dataclass(frozen=True, slots=True)
class Extreme:
    """The highest (or lowest) figure of some units, all of it and its estimated part; of equal ones that of which less
    is estimated. Nil is no candidate: where nothing arose there is nothing to compare."""

    total: Decimal
    estimate: Decimal
    highest: bool

    def with_(self, other: "Extreme") -> "Extreme":
        """Raises ValueError when one is a highest and the other a lowest figure."""
        if self.highest is not other.highest:
            raise ValueError("a highest and a lowest figure have no total")
        return max(self, other, key=Extreme._rank)

    def _rank(self) -> tuple[Decimal, Decimal]:
        return self.total if self.highest else -self.total, -self.estimate


@dataclass(frozen=True, slots=True)
class Weighed:
    """A mean from its parts: the sum of figure × weight and the sum of weights, over the units that gave both.

    left_out: units that gave the figure but not its weight; they are in neither sum. A weight declared nil is 0.
    """

    products: Decimal
    weights: Decimal
    units: int
    left_out: int

    def with_(self, other: "Weighed") -> "Weighed":
        return Weighed(
            EXACTLY.add(self.products, other.products),
            EXACTLY.add(self.weights, other.weights),
            self.units + other.units,
            self.left_out + other.left_out,
        )

    def mean(self, scale: int) -> Decimal | None:
        """Rounded half up from the exact quotient; None while the weights do not come to more than 0."""
        return _quotient(self.products, self.weights, scale) if self.weights > 0 else None


@dataclass(frozen=True, slots=True)
class Uneven:
    """Of a rate that is computed again from totals: units that answered some of its inputs and not the others."""

    units: int

    def with_(self, other: "Uneven") -> "Uneven":
        return Uneven(self.units + other.units)


Kept = Extreme | Weighed | Uneven


@dataclass(frozen=True, slots=True)
class CellTotal:
    """A cell over some units: the sums, and how many units are in each state.

    value: sum of the actual parts, None when no unit reported; estimate: sum of the estimated parts. kept: what the
    figure of a column that is not summed is made from; two totals that show the same are equal whatever they keep.
    left_out: units whose figure is not in the mean shown because its weight is not known.
    """

    value: Decimal | None = None
    estimate: Decimal = Decimal(0)
    reported: int = 0
    nil: int = 0
    not_applicable: int = 0
    blank: int = 0
    missing: int = 0
    kept: Kept | None = field(default=None, compare=False)

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
        return None if self.value is None else EXACTLY.add(self.value, self.estimate)

    @property
    def amount(self) -> Decimal | None:
        """What arithmetic uses: the total, or 0 when all that is known was declared nil."""
        return Decimal(0) if self.nil and not self.reported else self.total

    @property
    def units(self) -> int:
        return self.reported + self.nil + self.not_applicable + self.blank + self.missing

    @property
    def answered(self) -> int:
        """Units that gave a number, or said that there is none to give."""
        return self.reported + self.nil

    @property
    def is_complete(self) -> bool:
        """Whether every unit gave an answer (nil and not applicable are answers)."""
        return not self.blank and not self.missing

    @property
    def left_out(self) -> int:
        """Units whose figure is not in the mean shown because its weight is not known."""
        return self.kept.left_out if isinstance(self.kept, Weighed) else 0


ZERO: Final = CellTotal()
MISSING: Final = CellTotal(missing=1)
_NOTHING: Final = Decimal(0)

ANSWERS: Final = (Mark.REPORTED, Mark.NIL)
"""A number, or that there is none to give."""


def total_of(figure: Figure) -> CellTotal:
    """One unit's figure as a total of one, as a column that is summed has it; `totals_of` knows the other columns."""
    match figure.mark:
        case Mark.REPORTED:
            return CellTotal(figure.value or _NOTHING, figure.estimate or _NOTHING, reported=1)
        case Mark.NIL:
            return CellTotal(nil=1)
        case Mark.NOT_APPLICABLE:
            return CellTotal(not_applicable=1)
        case Mark.BLANK:
            return CellTotal(blank=1)


def totals_of(table: Table, figures: Sequence[Figure]) -> dict[str, CellTotal]:
    """One unit's line as totals of one by column id, each with what its column's rule needs. figures: in the order of
    `Table.numeric`."""
    found: dict[str, CellTotal] = {}
    for column, figure in zip(table.numeric, figures, strict=True):
        total = total_of(figure)
        if column.keeps and figure.mark is Mark.REPORTED:
            weight = None if column.weight is None else figures[table.positions[column.weight]]
            total = replace(total, kept=_kept(column, figure, weight))
        elif inputs := table.rate_inputs.get(column.id):
            given = {figures[table.positions[name]].mark in ANSWERS for name in inputs}
            total = replace(total, kept=Uneven(int(len(given) > 1)))
        found[column.id] = total
    return found


def _kept(column: Column, figure: Figure, weight: Figure | None) -> Kept:
    total = figure.total or _NOTHING
    if column.roll_up != "weighted":
        return Extreme(total, figure.estimate or _NOTHING, column.roll_up == "max")
    amount = None if weight is None else weight.amount
    if amount is None:
        return Weighed(_NOTHING, _NOTHING, 0, 1)
    return Weighed(EXACTLY.multiply(total, amount), amount, 1, 0)


def combine(parts: Iterable[CellTotal]) -> CellTotal:
    """The total of totals."""
    value: Decimal | None = None
    estimate = _NOTHING
    reported = nil = not_applicable = blank = missing = 0
    kept: Kept | None = None
    for part in parts:
        if part.value is not None:
            value = part.value if value is None else EXACTLY.add(value, part.value)
        if part.estimate:
            estimate = EXACTLY.add(estimate, part.estimate)
        reported += part.reported
        nil += part.nil
        not_applicable += part.not_applicable
        blank += part.blank
        missing += part.missing
        if part.kept is not None:
            kept = part.kept if kept is None else _together(kept, part.kept)
    return CellTotal(value, estimate, reported, nil, not_applicable, blank, missing, kept)


def _together(one: Kept, other: Kept) -> Kept:
    if isinstance(one, Extreme) and isinstance(other, Extreme):
        return one.with_(other)
    if isinstance(one, Weighed) and isinstance(other, Weighed):
        return one.with_(other)
    if isinstance(one, Uneven) and isinstance(other, Uneven):
        return one.with_(other)
    raise ValueError("totals of columns with different rules have no total")


def times(cell: CellTotal, factor: Decimal) -> CellTotal:
    """The cell in another unit of measure, of which one of its own is `factor`, above 0."""
    kept = cell.kept
    if isinstance(kept, Extreme):
        total, estimate = EXACTLY.multiply(kept.total, factor), EXACTLY.multiply(kept.estimate, factor)
        kept = Extreme(total, estimate, kept.highest)
    elif isinstance(kept, Weighed):
        kept = replace(kept, products=EXACTLY.multiply(kept.products, factor))
    value = None if cell.value is None else EXACTLY.multiply(cell.value, factor)
    return replace(cell, value=value, estimate=EXACTLY.multiply(cell.estimate, factor), kept=kept)


def part_of(cell: CellTotal, share: Decimal) -> CellTotal:
    """The part of a unit's cell that counts where the unit was divided. What is highest or lowest is not divided."""
    kept = cell.kept
    if isinstance(kept, Weighed):
        products, weights = EXACTLY.multiply(kept.products, share), EXACTLY.multiply(kept.weights, share)
        kept = Weighed(products, weights, kept.units, kept.left_out)
    value = None if cell.value is None else EXACTLY.multiply(cell.value, share)
    return replace(
        cell,
        value=value,
        estimate=EXACTLY.multiply(cell.estimate, share),
        kept=None if isinstance(kept, Extreme) else kept,
    )


def _quotient(above: Decimal, below: Decimal, scale: int) -> Decimal:
    exact = Fraction(above) / Fraction(below) * 10**scale
    whole = (2 * abs(exact.numerator) + exact.denominator) // (2 * exact.denominator)
    return EXACTLY.scaleb(Decimal(whole if exact >= 0 else -whole), -scale)
