"""A value beside another: in points between two percentages, in per cent between two amounts; a place among peers."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Final, TypeVar

from giaoban.core.indicators.rates import HUNDRED, Direction, rank, rounded
from giaoban.core.vietnamese import number

K = TypeVar("K", bound=Hashable)

PERCENT: Final = "%"
POINTS: Final = "điểm phần trăm"
SCORE: Final = "điểm"
NO_BASE: Final = "chưa có số để so sánh"
UNCHANGED: Final = "không đổi"
_DECIMALS_OF_SHARE: Final = 2


@dataclass(frozen=True, slots=True)
class Change:
    """difference: as the two values are read, rounded; in points for a percentage. share: per cent of the earlier
    value, of an amount only and never of zero. words: "tăng 3,26 điểm phần trăm", "giảm 12,50 %", "không đổi"."""

    difference: Decimal | None
    share: Decimal | None
    words: str


Moves = tuple[str, str, str]
_IN_TIME: Final[Moves] = ("tăng", "giảm", UNCHANGED)
_BESIDE: Final[Moves] = ("cao hơn", "thấp hơn", "bằng nhau")


def change(now: Decimal | None, then: Decimal | None, unit: str, scale: int) -> Change:
    """From `then` to `now`, both in `unit`. Percentages and scores differ in points, everything else in per cent."""
    return _change(now, then, unit, scale, _IN_TIME)


def gap(value: Decimal | None, reference: Decimal | None, unit: str, scale: int) -> Change:
    """As `change`, between a value and what stands beside it: "cao hơn", "thấp hơn"."""
    return _change(value, reference, unit, scale, _BESIDE)


def _change(now: Decimal | None, then: Decimal | None, unit: str, scale: int, moves: Moves) -> Change:
    if now is None or then is None:
        return Change(None, None, NO_BASE)
    difference = rounded(now, scale) - rounded(then, scale)
    size = number(abs(difference), scale)
    if unit == PERCENT or unit.lower() == SCORE:
        return Change(difference, None, _moved(difference, f"{size} {POINTS if unit == PERCENT else SCORE}", moves))
    if then == 0:
        words = _moved(difference, f"{size} {unit}".rstrip(), moves)
        return Change(difference, None, f"{words} (kỳ so sánh bằng 0)" if difference else words)
    share = rounded(HUNDRED * (now - then) / abs(then), _DECIMALS_OF_SHARE)
    said = f"{number(abs(share))} %" if share else f"{size} {unit}".rstrip()
    return Change(difference, share, _moved(difference, said, moves))


def _moved(difference: Decimal, words: str, moves: Moves) -> str:
    more, less, same = moves
    if difference == 0:
        return same
    return f"{more if difference > 0 else less} {words}"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a value stands among its peers. place: 1 = best, None where neither is better or it has no value;
    tied: how many share the place. median: of all peers with a value, itself among them."""

    place: int | None
    out_of: int
    tied: int
    median: Decimal | None


def standing(values: Mapping[K, Decimal | None], key: K, direction: Direction | None) -> Standing:
    """values: of the peers and of the one asked for; undefined ones count nowhere."""
    known = {one: value for one, value in values.items() if value is not None}
    ranks = rank(known, direction) if direction else {}
    place = ranks.get(key)
    return Standing(
        place=place,
        out_of=len(known),
        tied=sum(one == place for one in ranks.values()) if place is not None else 0,
        median=median(known.values()) if known else None,
    )
