"""Signs of something unusual in the figures of many units over many periods: hints with their reason, never a verdict.

Figures are compared as they are kept: whole numbers, value × 10**scale of the cell. Only scores and spreads are binary
floats, rounded where they are shown. Everything is worked out over all units, periods and cells at once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]
Real = NDArray[np.float64]
Kind = Literal["own-history", "peers", "falling", "last-digits", "repeated"]

KIND_NAMES: Final[dict[Kind, str]] = {
    "falling": "Số lũy kế giảm",
    "own-history": "Khác xa các kỳ của chính đơn vị",
    "peers": "Khác xa các đơn vị cùng loại",
    "repeated": "Lặp lại y nguyên kỳ trước",
    "last-digits": "Chữ số cuối dồn về vài chữ số",
}

MAD_CONSISTENCY: Final = 1.482602218505602
"""Median absolute deviation × this is the standard deviation of a normal distribution."""
MEAN_CONSISTENCY: Final = 1.2533141373155001
"""The same for the mean absolute deviation, √(π/2): asked where more than half of the values are alike."""
LEAST_SHARE: Final = 0.01
"""A spread below this share of the centre tells nothing: figures that always were alike to a hundredth."""
DAYS_ALIKE: Final = 6
"""Increments over spans that differ by no more days are compared: months of 28 and of 31 days."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From where something is named. own, peers: robust z-scores (3.5 is what Iglewicz and Hoaglin, 1993, recommend;
    figures of units of unequal size are skewed, so that more is asked between units). history, units: least number of
    values around. digits: least number of figures of at least `smallest` for a pattern of last digits; chi_square: of
    9 degrees of freedom, passed by chance once in a thousand. repeated: least number of figures other than 0.
    """

    own: float = 3.5
    peers: float = 5.0
    history: int = 8
    units: int = 8
    digits: int = 50
    smallest: int = 100
    chi_square: float = 27.877
    repeated: int = 3


USUAL: Final = Limits()


@dataclass(frozen=True, slots=True)
class FiguresOverTime:
    """amount, known: units × periods × cells, periods in the order of time; amount 0 where nothing is known.

    scales: decimals of each cell. groups: of each unit; those of one number are compared. counters: periods × cells,
    where a figure is cumulative; cycles: number of the cumulation to which a period belongs; begins: whether the period
    is the first of it. counted: cells in which last digits are looked at (whole numbers, neither totals nor computed).
    volume: cell by which figures of different units are divided before they are compared, None: by nothing. running:
    cells that are counted on from one cumulation to the next; money: amounts of money, which do not vary as counts do;
    stocks: cells that say what there is, not what came, and so may stay as they are; () stands for none. days: how many
    each period adds to a cumulative figure; () stands for equally many.
    """

    amount: Whole
    known: Truth
    scales: tuple[int, ...]
    groups: tuple[int, ...]
    cycles: tuple[int, ...]
    counters: Truth
    begins: tuple[bool, ...]
    counted: tuple[bool, ...]
    volume: int | None = None
    running: tuple[bool, ...] = ()
    money: tuple[bool, ...] = ()
    stocks: tuple[bool, ...] = ()
    days: tuple[int, ...] = ()
    is_count: Truth = field(init=False)
    runs_on: Truth = field(init=False)
    is_stock: Truth = field(init=False)

    def __post_init__(self) -> None:
        none = (False,) * len(self.scales)
        whole, money = np.array(self.scales) == 0, np.array(self.money or none, dtype=bool)
        object.__setattr__(self, "is_count", whole & ~money)
        object.__setattr__(self, "runs_on", np.array(self.running or none, dtype=bool))
        object.__setattr__(self, "is_stock", np.array(self.stocks or none, dtype=bool))

    def goes_on(self, period: int) -> Truth:
        """Cells whose cumulation goes on from the period before."""
        if not period:
            return np.zeros(len(self.scales), dtype=bool)
        same = self.cycles[period - 1] == self.cycles[period]
        return np.full(len(self.scales), True) if same else self.runs_on

    def value(self, unit: int, period: int, cell: int) -> Decimal:
        return Decimal(int(self.amount[unit, period, cell])).scaleb(-self.scales[cell])


@dataclass(frozen=True, slots=True)
class Hint:
    """unit, period, cell, before: positions in what was looked at; None where the hint is about all of them.

    score, threshold: what was reached and from where it is named; centre, spread: what the score is made of; count:
    values (units, periods, figures) behind it. increment: what was added since the period before is looked at;
    of_length: compared only with increments over as long a span. by_mean: the spread is made of the mean deviation,
    more than half of the values being alike; by_least: it is the least that is believed. volume: value, centre and
    spread are quotients by it; between units without a volume the spread is a factor. flows_only: stocks are left out.
    digits: last digits named, with how many figures end so.
    """

    kind: Kind
    unit: int
    period: int | None
    cell: int | None
    value: Decimal | None
    score: Decimal
    threshold: Decimal
    count: int
    centre: Decimal | None = None
    spread: Decimal | None = None
    before: int | None = None
    increment: bool = False
    of_length: bool = False
    flows_only: bool = False
    by_mean: bool = False
    by_least: bool = False
    volume: int | None = None
    digits: tuple[tuple[int, int], ...] = ()


def hints(figures: FiguresOverTime, limits: Limits = USUAL) -> list[Hint]:
    """Everything unusual, by kind in the order of KIND_NAMES, strongest first; the same figures give the same list."""
    if not figures.amount.size:
        return []
    found = [
        *falls(figures),
        *far_from_own_history(figures, limits),
        *far_from_peers(figures, limits),
        *repetitions(figures, limits),
        *last_digits(figures, limits),
    ]
    order = {kind: place for place, kind in enumerate(KIND_NAMES)}
    found.sort(key=lambda one: (order[one.kind], -abs(one.score), one.unit, one.period or 0, one.cell or 0))
    return found


def middle(values: Real) -> Real:
    """Median over the last axis; NaN stands for no value, and for the median of none."""
    ordered = np.sort(values, axis=-1)
    counts = np.count_nonzero(~np.isnan(values), axis=-1)[..., None]
    low, high = np.maximum(counts - 1, 0) // 2, np.minimum(counts // 2, values.shape[-1] - 1)
    two: Real = np.take_along_axis(ordered, low, -1) + np.take_along_axis(ordered, high, -1)
    return two[..., 0] / 2


def spread_of(values: Real, centre: Real) -> tuple[Real, Truth]:
    """How far values of the last axis lie from their centre, as a standard deviation, and where that comes from the
    mean deviation because the median of the deviations is 0. NaN: all values are alike, which tells nothing."""
    apart = np.abs(values - centre[..., None])
    held = ~np.isnan(apart)
    counts = np.maximum(held.sum(axis=-1), 1)
    by_median: Real = middle(apart) * MAD_CONSISTENCY
    by_mean: Real = np.where(held, apart, 0.0).sum(axis=-1) / counts * MEAN_CONSISTENCY
    is_mean: Truth = by_median == 0
    spread = np.where(is_mean, by_mean, by_median)
    return np.where(spread == 0, np.nan, spread), is_mean


def robust_scores(values: Real, least: Real | None = None) -> tuple[Real, Real, Real, Truth]:
    """Robust z-score of each value against all of the last axis, with centre, spread and where the mean deviation was
    taken. least: the spread below which differences mean nothing, per value."""
    centre = middle(values)
    spread, is_mean = spread_of(values, centre)
    wide = np.broadcast_to(spread[..., None], values.shape)
    if least is not None:
        wide = np.where(np.isnan(wide), np.nan, np.fmax(wide, least))
    with np.errstate(invalid="ignore", divide="ignore"):
        scores: Real = (values - centre[..., None]) / wide
    return scores, centre, wide, is_mean


def far_from_own_history(figures: FiguresOverTime, limits: Limits = USUAL) -> Iterator[Hint]:
    """Figures far from those of the same unit and cell in the other periods; of cumulative ones what was added, among
    periods that add equally long spans. No spread is believed below the least that `_least` tells.
    """
    flows, known = increments(figures)
    kinds = _compared(figures)
    for mask in kinds:
        values = np.where(known & mask, flows, np.nan).astype(np.float64).transpose(0, 2, 1)
        least = np.broadcast_to(_least(middle(values), figures.is_count)[..., None], values.shape)
        scores, centre, spread, is_mean = robust_scores(values, least)
        counts = np.count_nonzero(~np.isnan(values), axis=-1)
        far = (np.abs(scores) >= limits.own) & (counts >= limits.history)[..., None]
        for unit, cell, period in np.argwhere(far).tolist():
            scale, is_increment = figures.scales[cell], bool(figures.counters[period, cell])
            yield Hint(
                kind="own-history",
                unit=unit,
                period=period,
                cell=cell,
                value=Decimal(int(flows[unit, period, cell])).scaleb(-scale),
                score=_rounded(scores[unit, cell, period]),
                threshold=_exact(limits.own),
                count=int(counts[unit, cell]),
                centre=_scaled(centre[unit, cell], scale),
                spread=_scaled(spread[unit, cell, period], scale),
                increment=is_increment,
                of_length=is_increment and len(kinds) > 1,
                by_mean=bool(is_mean[unit, cell]),
                by_least=bool(spread[unit, cell, period] <= least[unit, cell, period]),
            )


def _compared(figures: FiguresOverTime) -> list[Truth]:
    """Periods × cells whose values make one history each: all of them, or increments by the length of their span."""
    spans: list[list[int]] = []
    for period in sorted(range(len(figures.days)), key=figures.days.__getitem__):
        if spans and figures.days[period] - figures.days[spans[-1][0]] <= DAYS_ALIKE:
            spans[-1].append(period)
        else:
            spans.append([period])
    if len(spans) < 2 or not figures.counters.any():
        return [np.ones(figures.counters.shape, dtype=bool)]
    numbers = np.arange(len(figures.days))
    return [~figures.counters, *(figures.counters & np.isin(numbers, span)[:, None] for span in spans)]


def far_from_peers(figures: FiguresOverTime, limits: Limits = USUAL) -> Iterator[Hint]:
    """Figures far from those of comparable units in the same period and cell.

    With a volume, each is divided by the unit's own. Without one, logarithms are compared: units of unequal size differ
    by factors. No spread is believed below the least that `_least` tells.
    """
    values, least = _by_logarithm(figures) if figures.volume is None else _by_volume(figures, figures.volume)
    groups = np.array(figures.groups)
    for group in sorted(set(figures.groups)):
        members = np.flatnonzero(groups == group)
        if len(members) < limits.units:
            continue
        mine = values[members].transpose(1, 2, 0)
        believed = np.broadcast_to(least(middle(mine)[..., None], members), mine.shape)
        scores, centre, spread, is_mean = robust_scores(mine, believed)
        counts = np.count_nonzero(~np.isnan(mine), axis=-1)
        far = (np.abs(scores) >= limits.peers) & (counts >= limits.units)[..., None]
        for period, cell, member in np.argwhere(far).tolist():
            unit = int(members[member])
            yield Hint(
                kind="peers",
                unit=unit,
                period=period,
                cell=cell,
                value=_of_volume(figures, unit, period, cell),
                score=_rounded(scores[period, cell, member]),
                threshold=_exact(limits.peers),
                count=int(counts[period, cell]),
                centre=_middle_shown(figures, centre[period, cell], cell),
                spread=_spread_shown(figures, spread[period, cell, member], cell),
                by_mean=bool(is_mean[period, cell]),
                by_least=bool(spread[period, cell, member] <= believed[period, cell, member]),
                volume=figures.volume,
            )


Least = Callable[[Real, Whole], Real]
"""Centre of each period and cell, numbers of the units → the least spread that is believed."""


def _by_logarithm(figures: FiguresOverTime) -> tuple[Real, Least]:
    """log(1 + figure), in the unit of the cell; a negative one has none."""
    values = figures.amount / 10.0 ** np.array(figures.scales, dtype=np.float64)
    usable = figures.known & (values >= 0)
    shown: Real = np.where(usable, np.log1p(np.where(usable, values, 0.0)), np.nan)

    def least(centre: Real, _: Whole) -> Real:
        """A small difference of logarithms is a share."""
        with np.errstate(over="ignore"):
            counted = np.fmax(np.expm1(centre), 1.0)
        step = 10.0 ** -np.array(figures.scales, dtype=np.float64)[None, :, None] * np.exp(-centre)
        chance = np.where(figures.is_count[None, :, None], 1 / np.sqrt(counted), step)
        return np.fmax(chance, LEAST_SHARE)

    return shown, least


def _by_volume(figures: FiguresOverTime, volume: int) -> tuple[Real, Least]:
    amount, volumes = figures.amount.astype(np.float64), figures.amount[:, :, volume].astype(np.float64)
    usable = figures.known & figures.known[:, :, [volume]] & (volumes > 0)[..., None]
    usable[:, :, volume] = False
    with np.errstate(invalid="ignore", divide="ignore"):
        shown: Real = np.where(usable, amount / volumes[..., None], np.nan)

    def least(centre: Real, members: Whole) -> Real:
        there = volumes[members].T[:, None, :]
        return _least(centre * there, figures.is_count[None, :, None]) / np.maximum(there, 1)

    return shown, least


def increments(figures: FiguresOverTime) -> tuple[Whole, Truth]:
    """What each period added, and where that is known: a cumulative figure less the one of the period just before in
    the same cumulation; any other as it stands."""
    flows, known = figures.amount.copy(), figures.known.copy()
    for period in range(figures.amount.shape[1]):
        cells = figures.counters[period]
        if figures.begins[period]:
            cells = cells & figures.runs_on
        on = cells & figures.goes_on(period)
        if on.any():
            flows[:, period, on] -= figures.amount[:, period - 1, on]
            known[:, period, on] &= figures.known[:, period - 1, on]
        known[:, period, cells & ~on] = False
    flows[~known] = 0
    return flows, known


def falls(figures: FiguresOverTime) -> Iterator[Hint]:
    """Cumulative figures below the last known one of the same cumulation, which nothing but a correction explains."""
    units, periods, cells = figures.amount.shape
    held, at = np.zeros((units, cells), dtype=np.int64), np.full((units, cells), -1)
    for period in range(periods):
        at[:, ~figures.goes_on(period)] = -1
        now = figures.known[:, period] & figures.counters[period]
        fell = now & (at >= 0) & (figures.amount[:, period] < held)
        for unit, cell in np.argwhere(fell).tolist():
            value, before = figures.value(unit, period, cell), figures.value(unit, int(at[unit, cell]), cell)
            yield Hint(
                kind="falling",
                unit=unit,
                period=period,
                cell=cell,
                value=value,
                score=value - before,
                threshold=Decimal(0),
                count=2,
                centre=before,
                before=int(at[unit, cell]),
            )
        held[now], at[now] = figures.amount[:, period][now], period


def repetitions(figures: FiguresOverTime, limits: Limits = USUAL) -> Iterator[Hint]:
    """Reports all of whose figures are those of the period before, enough of them other than 0; of cumulative ones what
    was added, so that a period without anything new repeats nothing. Stocks may stay as they are."""
    flows, known = increments(figures)
    known &= ~figures.is_stock
    same = (known[:, 1:] == known[:, :-1]).all(axis=2) & ((flows[:, 1:] == flows[:, :-1]) | ~known[:, 1:]).all(axis=2)
    filled = (known & (flows != 0)).sum(axis=2)[:, 1:]
    for unit, place in np.argwhere(same & (filled >= limits.repeated)).tolist():
        count = int(filled[unit, place])
        yield Hint(
            kind="repeated",
            unit=unit,
            period=place + 1,
            cell=None,
            value=None,
            score=Decimal(count),
            threshold=Decimal(limits.repeated),
            count=int(known[unit, place + 1].sum()),
            before=place,
            increment=bool((figures.counters[place + 1] & known[unit, place + 1]).any()),
            flows_only=bool(figures.is_stock.any()),
        )


def last_digits(figures: FiguresOverTime, limits: Limits = USUAL) -> Iterator[Hint]:
    """Units whose figures end in some digits far more often than in others, by chi-square against equal parts."""
    chosen = np.array(figures.counted, dtype=bool)
    if not chosen.any():
        return
    flows, known = increments(figures)
    flows, known = np.abs(flows[:, :, chosen]), known[:, :, chosen]
    units, periods, cells = np.nonzero(known & (flows >= limits.smallest))
    seen = np.zeros((flows.shape[0], 10), dtype=np.int64)
    np.add.at(seen, (units, flows[units, periods, cells] % 10), 1)
    totals = seen.sum(axis=1)
    expected = np.maximum(totals, 1)[:, None] / 10
    chi_square = ((seen - expected) ** 2 / expected).sum(axis=1)
    for unit in np.flatnonzero((totals >= limits.digits) & (chi_square >= limits.chi_square)).tolist():
        often = [digit for digit in range(10) if seen[unit, digit] >= 1.5 * expected[unit, 0]]
        named = often or [int(seen[unit].argmax())]
        yield Hint(
            kind="last-digits",
            unit=unit,
            period=None,
            cell=None,
            value=None,
            score=_rounded(chi_square[unit]),
            threshold=_exact(limits.chi_square).quantize(Decimal("0.1")),
            count=int(totals[unit]),
            digits=tuple((digit, int(seen[unit, digit])) for digit in named),
        )


def _least(expected: Real, is_count: Truth) -> Real:
    """Below it no spread is believed: what counts vary by chance alone (the square root), LEAST_SHARE of what is
    expected, one step of the scale."""
    size = np.fmax(np.abs(expected), 1.0)
    least: Real = np.fmax(np.where(is_count, np.sqrt(size), 1.0), LEAST_SHARE * size)
    return least


def _of_volume(figures: FiguresOverTime, unit: int, period: int, cell: int) -> Decimal:
    value = figures.value(unit, period, cell)
    if figures.volume is None:
        return value
    return _rounded(value / figures.value(unit, period, figures.volume), 4)


def _middle_shown(figures: FiguresOverTime, value: float, cell: int) -> Decimal:
    if figures.volume is None:
        return _rounded(float(np.expm1(value)), figures.scales[cell] + 1)
    return _quotient(figures, figures.volume, value, cell)


def _spread_shown(figures: FiguresOverTime, value: float, cell: int) -> Decimal:
    """Without a volume the factor by which units usually differ."""
    if figures.volume is None:
        return _rounded(float(np.exp(min(value, 50.0))), 2)
    return _quotient(figures, figures.volume, value, cell)


def _quotient(figures: FiguresOverTime, volume: int, value: float, cell: int) -> Decimal:
    return _rounded(value * 10.0 ** (figures.scales[volume] - figures.scales[cell]), 4)


def _scaled(value: float, scale: int) -> Decimal:
    """A median or spread of scaled figures, in the unit of the cell, with one decimal more than this keeps."""
    return _rounded(Decimal(repr(float(value))).scaleb(-scale), scale + 1)


def _rounded(value: float | Decimal, decimals: int = 1) -> Decimal:
    """Without zeros at the end."""
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    return _plain(exact.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP))


def _exact(value: float) -> Decimal:
    return _plain(Decimal(repr(value)))


def _plain(value: Decimal) -> Decimal:
    whole = value == value.to_integral_value()
    return value.quantize(Decimal(1)) if whole else value.normalize()
