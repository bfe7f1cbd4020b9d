from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.indicators import (
    Rate,
    difference_in_points,
    n_highest,
    n_lowest,
    plain_mean,
    pooled,
    rank,
    recognise,
    rounded,
)

counts = st.integers(0, 10**9).map(Decimal)
rates = st.builds(Rate, counts, counts)


def d(text: str) -> Decimal:
    return Decimal(text)


def test_a_rate_and_its_zero_denominator() -> None:
    assert Rate(d("1"), d("4")).value() == 25
    assert Rate(d("1"), d("4")).value(Decimal(1)) == d("0.25")
    assert Rate(d("0"), d("4")).value() == 0
    assert Rate(d("5"), d("0")).value() is None


def test_pooled_is_not_the_mean_of_rates() -> None:
    big, small = Rate(d("10"), d("100")), Rate(d("1"), d("1"))
    assert rounded(pooled([big, small]).value() or d("0"), 2) == d("10.89")
    assert plain_mean([big.value(), small.value()]) == 55
    assert pooled([]) == Rate(d("0"), d("0"))
    assert pooled([]).value() is None


@given(st.lists(rates), st.lists(rates))
def test_pooling_parts_is_pooling_all(some: list[Rate], others: list[Rate]) -> None:
    assert pooled([pooled(some), pooled(others)]) == pooled(some + others)


def test_plain_mean_leaves_out_the_undefined() -> None:
    assert plain_mean([d("1"), None, d("2")]) == d("1.5")
    assert plain_mean([None]) is None


def test_recognise_names_the_methods_that_give_the_published_figure() -> None:
    candidates = {"pooled": d("85.9101"), "mean": d("87.0351"), "median": d("87.04"), "none": None}
    assert recognise(d("87.04"), candidates, 2) == ["mean", "median"]
    assert recognise(d("44"), {"success": d("38.2")}, 0) == []
    assert recognise(d("0.5"), {"half up": d("0.45")}, 1) == ["half up"]


@pytest.mark.parametrize(
    ("value", "reference", "points"), [("82.14", "85.91", "-3.77"), ("1", None, None), (None, "1", None)]
)
def test_difference_in_points(value: str | None, reference: str | None, points: str | None) -> None:
    found = difference_in_points(value and d(value), reference and d(reference))  # type: ignore[arg-type]
    assert found == (None if points is None else d(points))


VALUES = {"a": d("3"), "b": d("1"), "c": None, "d": d("3"), "e": d("2"), "f": d("2.0")}


def test_ties_share_a_rank() -> None:
    assert rank(VALUES, "higher") == {"a": 1, "d": 1, "e": 3, "f": 3, "b": 5}
    assert rank(VALUES, "lower") == {"b": 1, "e": 2, "f": 2, "a": 4, "d": 4}
    assert list(rank(VALUES, "higher")) == ["a", "d", "e", "f", "b"]


@pytest.mark.parametrize(
    ("n", "lowest", "highest"),
    [
        (0, [], []),
        (1, ["b"], ["a", "d"]),
        (2, ["b", "e", "f"], ["a", "d"]),
        (9, ["b", "e", "f", "a", "d"], ["a", "d", "e", "f", "b"]),
    ],
)
def test_the_n_at_each_end_take_their_ties_along(n: int, lowest: list[str], highest: list[str]) -> None:
    assert n_lowest(VALUES, n) == lowest
    assert n_highest(VALUES, n) == highest
