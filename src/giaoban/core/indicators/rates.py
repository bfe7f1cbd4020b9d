"""Rates from sums, comparisons in points, ranks, and recognising how a published rate was made."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal, TypeVar

K = TypeVar("K", bound=Hashable)

Direction = Literal["higher", "lower"]

HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class Rate:
    """A numerator and a denominator, kept apart so that rates of several units can be added as sums."""

    numerator: Decimal
    denominator: Decimal

    def value(self, factor: Decimal = HUNDRED) -> Decimal | None:
        """The rate times `factor` (100: percent), not rounded; None when the denominator is zero."""
        return None if self.denominator == 0 else factor * self.numerator / self.denominator


def pooled(rates: Iterable[Rate]) -> Rate:
    """The rate of all together: the sum of numerators over the sum of denominators; 0 over 0 for none."""
    numerator = denominator = Decimal(0)
    for rate in rates:
        numerator += rate.numerator
        denominator += rate.denominator
    return Rate(numerator, denominator)


def plain_mean(values: Iterable[Decimal | None]) -> Decimal | None:
    """The mean of rates, each unit counting alike whatever its size; undefined rates are left out, None without any."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) / len(known) if known else None


def rounded(value: Decimal, scale: int) -> Decimal:
    """To `scale` decimals, half up (away from zero), as published figures are."""
    return value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)


def recognise(published: Decimal, candidates: Mapping[str, Decimal | None], scale: int) -> list[str]:
    """The candidates that give the published figure when rounded to `scale` decimals, in the order given."""
    return [name for name, value in candidates.items() if value is not None and rounded(value, scale) == published]


def difference_in_points(value: Decimal | None, reference: Decimal | None) -> Decimal | None:
    """Percentage points by which one percentage lies above another; None when either is undefined."""
    return None if value is None or reference is None else value - reference


def rank(values: Mapping[K, Decimal | None], direction: Direction) -> dict[K, int]:
    """1 for the best; ties share a rank and the next one is skipped (1, 2, 2, 4); undefined values get no rank.

    direction: which values are better. Keys come in order of rank, ties in the order given.
    """
    known = [(key, value) for key, value in values.items() if value is not None]
    known.sort(key=lambda pair: pair[1], reverse=direction == "higher")
    ranks: dict[K, int] = {}
    for position, (key, value) in enumerate(known, start=1):
        tied = position > 1 and known[position - 2][1] == value
        ranks[key] = ranks[known[position - 2][0]] if tied else position
    return ranks


def n_lowest(values: Mapping[K, Decimal | None], n: int) -> list[K]:
    """The n keys with the lowest values, lowest first, ties in the order given; undefined values never count.

    Keys that tie with the n-th are all in: the list may be longer than n, so that nobody is named or spared by chance.
    """
    return _first_n(values, n, "lower")


def n_highest(values: Mapping[K, Decimal | None], n: int) -> list[K]:
    """As `n_lowest`, from the other end: highest first."""
    return _first_n(values, n, "higher")


def _first_n(values: Mapping[K, Decimal | None], n: int, direction: Direction) -> list[K]:
    return [key for key, position in rank(values, direction).items() if position <= n]
