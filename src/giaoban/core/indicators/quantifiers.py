"""Vague words that open lists: "một vài", "đa số" are a count of so many, with the names behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from giaoban.core.vietnamese import number

_ALL: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Quantifier:
    """A word for a share of things: it holds up to `up_to` (0 to 1, included) and above that of the word before it."""

    key: str
    name: str
    up_to: Decimal


PLAIN: Final[Sequence[Quantifier]] = ()
"""Without words of a pack the count itself is said."""


def quantifier(count: int, total: int, words: Sequence[Quantifier]) -> Quantifier | None:
    """The word for `count` of `total`; None for none of them, and where there is no word for all, or for less than all.

    A word that reaches 1 is said of all and of nothing less; above the last of the others that one still holds.
    """
    if count <= 0 or total <= 0:
        return None
    share = Decimal(count) / Decimal(total)
    ordered = sorted((one for one in words if (one.up_to == _ALL) == (share == _ALL)), key=lambda one: one.up_to)
    return next((one for one in ordered if share <= one.up_to), ordered[-1] if ordered else None)


def count_words(count: int, total: int, things: str, words: Sequence[Quantifier] = PLAIN) -> str:
    """ "một vài tỉnh (3/34)"; "không tỉnh nào (0/34)"; without a word "3/34 tỉnh". things: what is counted."""
    counted = f"{number(count)}/{number(total)}"
    if not count:
        return f"không {things} nào ({counted})"
    word = quantifier(count, total, words)
    return f"{counted} {things}" if word is None else f"{word.name} {things} ({counted})"
