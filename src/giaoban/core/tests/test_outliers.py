from collections.abc import Sequence
from decimal import Decimal
from statistics import median
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core import outlier_words, outliers
from giaoban.core.outliers import FiguresOverTime, Hint, Limits, hints

NUMBERS = st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=40)
MONTHS = [f"Tháng {n}" for n in range(1, 61)]


def laid(values: Any, **changes: Any) -> FiguresOverTime:
    """units × periods × cells; None: unknown. One year, one group, counts, nothing cumulative unless said."""
    held = np.array(values, dtype=object)
    units, periods, cells = held.shape
    known = np.array([one is not None for one in held.ravel()]).reshape(held.shape)
    amount = np.array([one or 0 for one in held.ravel()], dtype=np.int64).reshape(held.shape)
    given: dict[str, Any] = {
        "scales": (0,) * cells,
        "groups": (0,) * units,
        "cycles": (0,) * periods,
        "counters": np.zeros((periods, cells), dtype=bool),
        "begins": tuple(n == 0 for n in range(periods)),
        "counted": (True,) * cells,
    }
    return FiguresOverTime(amount, known, **{**given, **changes})


def one_cell(values: Sequence[int | None], **changes: Any) -> FiguresOverTime:
    """One unit and one cell over time."""
    return laid([[[value] for value in values]], **changes)


def cumulative(values: Sequence[int | None], **changes: Any) -> FiguresOverTime:
    return one_cell(values, counters=np.ones((len(values), 1), dtype=bool), **changes)


def of_kind(found: list[Hint], kind: str) -> list[Hint]:
    return [one for one in found if one.kind == kind]


@given(NUMBERS)
def test_the_median_is_that_of_the_standard_library(values: list[int]) -> None:
    assert outliers.middle(np.array(values, dtype=np.float64)) == median(values)
    gaps = np.array([*values, *[np.nan] * 3], dtype=np.float64)
    assert outliers.middle(gaps) == median(values)


@given(NUMBERS, st.randoms())
def test_the_order_of_values_changes_neither_centre_nor_spread(values: list[int], chance: Any) -> None:
    other = values.copy()
    chance.shuffle(other)
    here, there = (np.array(one, dtype=np.float64) for one in (values, other))
    assert outliers.middle(here) == outliers.middle(there)
    one, another = (outliers.spread_of(found, outliers.middle(found))[0] for found in (here, there))
    assert np.isclose(one, another, equal_nan=True)


@given(NUMBERS, st.integers(-(10**6), 10**6))
def test_a_constant_added_to_all_moves_the_centre_and_no_score(values: list[int], constant: int) -> None:
    here = np.array(values, dtype=np.float64)
    scores, centre, *_ = outliers.robust_scores(here)
    moved, moved_centre, *_ = outliers.robust_scores(here + constant)
    assert moved_centre == centre + constant
    assert np.allclose(scores, moved, equal_nan=True)


@given(NUMBERS, st.integers(1, 1000))
def test_scores_do_not_depend_on_the_unit_of_measure(values: list[int], factor: int) -> None:
    here = np.array(values, dtype=np.float64)
    assert np.allclose(outliers.robust_scores(here)[0], outliers.robust_scores(here * factor)[0], equal_nan=True)


def test_the_spread_of_a_normal_sample_is_about_its_standard_deviation() -> None:
    sample = np.random.default_rng(1).normal(100, 7, 100_000)
    spread, by_mean = outliers.spread_of(sample, outliers.middle(sample))
    assert float(spread) == pytest.approx(7, rel=0.02)
    assert not by_mean


def test_where_most_values_are_alike_the_mean_deviation_is_taken_and_where_all_are_nothing_is_said() -> None:
    held = np.array([[5.0] * 7 + [5, 5, 65], [5.0] * 10])
    spread, by_mean = outliers.spread_of(held, outliers.middle(held))
    assert by_mean.tolist() == [True, True]
    assert float(spread[0]) == pytest.approx(6 * 1.2533141373155)
    assert np.isnan(spread[1])


def test_a_figure_far_from_the_own_history_is_named_with_the_numbers_behind_it() -> None:
    held = one_cell([100, 98, 103, 101, 97, 102, 99, 100, 412])
    (found,) = hints(held)
    assert (found.kind, found.unit, found.period, found.cell) == ("own-history", 0, 8, 0)
    assert (found.value, found.centre, found.count, found.threshold) == (Decimal(412), Decimal(100), 9, Decimal("3.5"))
    assert found.spread == 10  # a count around 100 varies by chance as its square root
    assert found.score == Decimal("31.2")
    assert outlier_words.sentence(found, MONTHS, ["Việc"]) == (
        "Số 412, trong khi trung vị 9 kỳ của chính đơn vị là 100; điểm z bền vững 31,2, ngưỡng 3,5 "
        "(độ phân tán 10, mức nhỏ nhất còn xét)."
    )


@pytest.mark.parametrize(
    "values",
    [
        [100, 98, 103, 101, 97, 102, 412],  # too few periods to tell
        [100, 98, 103, 101, 97, 102, 99, 100, None],
        [7] * 12,
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],  # a single case after none is no sign of anything
        [4, 6, 5, 9, 3, 5, 4, 6, 5, 10],
    ],
)
def test_what_is_usual_is_not_named(values: list[int | None]) -> None:
    assert of_kind(hints(one_cell(values)), "own-history") == []


def test_decimals_are_shown_in_the_unit_of_the_cell() -> None:
    (found,) = hints(one_cell([100, 98, 103, 101, 97, 102, 99, 100, 4125], scales=(1,)))
    assert (found.value, found.centre) == (Decimal("412.5"), Decimal(10))


def test_of_cumulative_figures_the_increments_are_compared() -> None:
    """100 a month; the fifth month alone adds 900. As they stand, all would lie evenly."""
    steps = [100, 99, 101, 100, 900, 98, 102, 100, 101, 100]
    held = cumulative(list(np.cumsum(steps).tolist()))
    (found,) = of_kind(hints(held), "own-history")
    assert (found.period, found.value, found.increment) == (4, Decimal(900), True)
    assert "Số phát sinh thêm trong kỳ 900" in outlier_words.sentence(found, MONTHS, ["Việc"])


def test_increments_are_unknown_after_a_gap_and_begin_anew_each_year() -> None:
    held = cumulative([10, 30, None, 70, 5, 9], cycles=(1, 1, 1, 1, 2, 2), begins=(True, *[False] * 3, True, False))
    flows, known = outliers.increments(held)
    assert known[0, :, 0].tolist() == [True, True, False, False, True, True]
    assert flows[0, :, 0].tolist() == [10, 20, 0, 0, 5, 4]
    later = cumulative([10, 30], begins=(False, False))  # what came before the list is not known
    assert outliers.increments(later)[1][0, :, 0].tolist() == [False, True]


def test_a_cumulative_figure_that_falls_is_named_against_the_last_known_one() -> None:
    found = list(outliers.falls(cumulative([10, 30, None, 25, 25, 40, 39])))
    assert [(one.period, one.before, one.value, one.centre, one.score) for one in found] == [
        (3, 1, Decimal(25), Decimal(30), Decimal(-5)),
        (6, 5, Decimal(39), Decimal(40), Decimal(-1)),
    ]
    assert outlier_words.sentence(found[0], MONTHS, ["Việc"]) == (
        "Số lũy kế 25 thấp hơn 30 của kỳ trước (Tháng 2): giảm 5; số lũy kế chỉ giảm khi số kỳ trước đã được sửa."
    )


def test_a_new_year_begins_lower_without_falling_and_other_figures_may_fall() -> None:
    assert list(outliers.falls(cumulative([10, 30, 4, 9], cycles=(1, 1, 2, 2)))) == []
    assert list(outliers.falls(one_cell([10, 30, 4, 9]))) == []


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=24))
def test_sums_that_run_on_never_fall(steps: list[int]) -> None:
    assert list(outliers.falls(cumulative(list(np.cumsum(steps).tolist())))) == []


def peers(values: list[int], volumes: list[int] | None = None, **changes: Any) -> FiguresOverTime:
    if volumes is None:
        return laid([[[value]] for value in values], **changes)
    return laid([[[value, volume]] for value, volume in zip(values, volumes, strict=True)], volume=1, **changes)


def test_a_unit_far_from_units_like_it_is_named_and_only_among_its_own_group() -> None:
    values = [50, 52, 48, 51, 49, 50, 47, 53, 400]
    (found,) = hints(peers(values))
    assert (found.kind, found.unit, found.period, found.value, found.centre) == (
        "peers",
        8,
        0,
        Decimal(400),
        Decimal(50),
    )
    assert "trung vị 9 đơn vị cùng loại là 50" in outlier_words.sentence(found, MONTHS, ["Việc"])
    assert hints(peers(values, groups=(0,) * 8 + (1,))) == []
    assert hints(peers([50, 52, 48, 400])) == []


def test_units_of_unequal_size_are_compared_by_their_volume() -> None:
    """Half of the cases everywhere; the ninth is ten times as large, the last has nearly all."""
    volumes = [100, 120, 80, 110, 90, 100, 95, 105, 1000, 400]
    values = [50, 60, 40, 56, 44, 50, 47, 53, 500, 390]
    (found,) = of_kind(hints(peers(values, volumes)), "peers")
    assert (found.unit, found.value, found.centre) == (9, Decimal("0.975"), Decimal("0.5"))
    assert "Tỷ số với “Khối lượng” là 0,975" in outlier_words.sentence(found, MONTHS, ["Việc", "Khối lượng"])
    assert {one.unit for one in of_kind(hints(peers(values)), "peers")} == {8, 9}


def test_a_report_that_repeats_the_one_before_is_named() -> None:
    same, other = [3, 0, 7, 9], [3, 1, 7, 9]
    (found,) = of_kind(hints(laid([[other, same, same], [same, other, same]])), "repeated")
    assert (found.unit, found.period, found.before, found.count, found.score) == (0, 2, 1, 4, Decimal(3))
    assert outlier_words.sentence(found, MONTHS, []) == (
        "Cả 4 ô giống hệt kỳ trước (Tháng 2), trong đó 3 ô khác 0 (nêu từ 3 ô)."
    )
    assert of_kind(hints(laid([[[3, 0, 0], [3, 0, 0]]])), "repeated") == []
    assert of_kind(hints(laid([[[3, 2, 1], [3, 2, None]]])), "repeated") == []


def test_last_digits_that_heap_up_are_named_and_even_ones_are_not() -> None:
    chance = np.random.default_rng(5)
    even = chance.integers(100, 1000, (1, 20, 6))
    rounded = even // 10 * 10
    assert list(outliers.last_digits(laid(even.tolist()))) == []
    (found,) = outliers.last_digits(laid(rounded.tolist()))
    assert (found.unit, found.period, found.cell, found.count, found.digits) == (0, None, None, 120, ((0, 120),))
    assert found.score == 1080
    assert outlier_words.sentence(found, MONTHS, []) == (
        "120 trong 120 số tận cùng bằng 0, chia đều thì chừng 12; khi bình phương 1.080, ngưỡng 27,9."
    )
    assert list(outliers.last_digits(laid(rounded[:, :5].tolist()))) == []  # 30 figures are too few
    assert list(outliers.last_digits(laid((rounded // 10).tolist()))) == []  # small numbers are not even by nature
    assert list(outliers.last_digits(laid(rounded.tolist(), counted=(False,) * 6))) == []


def test_limits_may_be_others() -> None:
    held = one_cell([100, 98, 103, 101, 97, 102, 99, 100, 140])
    assert [one.kind for one in hints(held)] == ["own-history"]
    assert hints(held, Limits(own=10)) == []
    assert hints(laid(np.zeros((0, 0, 0)).tolist() or [[[]]])) == []


def test_the_same_figures_give_the_same_list() -> None:
    chance = np.random.default_rng(7)
    values = chance.poisson(40, (13, 19, 20))
    values[3, 4] *= 8
    values[6, 9] = values[6, 8]
    one, other = hints(laid(values.tolist())), hints(laid(values.tolist()))
    assert one == other
    assert {hint.kind for hint in one} >= {"own-history", "peers", "repeated"}


def test_a_key_names_the_figure_and_is_never_too_long() -> None:
    (found,) = hints(one_cell([100, 98, 103, 101, 97, 102, 99, 100, 412]))
    (other,) = hints(one_cell([100, 98, 103, 101, 97, 102, 99, 100, 413]))
    place = {"unit": "n1", "form": "act:f", "period": "m:2024-09", "cell": "t/r/c"}
    assert outlier_words.key_of(found, **place) == "own-history|n1|act:f|m:2024-09|t/r/c|412"
    assert outlier_words.key_of(other, **place) != outlier_words.key_of(found, **place)
    long = outlier_words.key_of(found, **{**place, "cell": "t/" + "r" * 500})
    assert len(long) <= outlier_words.LONGEST_KEY
    assert long.startswith("own-history|")


def test_what_is_counted_on_falls_and_grows_across_the_years_too() -> None:
    running = {"cycles": (1, 2, 3, 4), "begins": (True,) * 4, "running": (True,)}
    (fallen,) = outliers.falls(cumulative([10, 30, 29, 31], **running))
    assert (fallen.period, fallen.before, fallen.score) == (2, 1, Decimal(-1))
    flows, known = outliers.increments(cumulative([10, 30, 29, 31], **running))
    assert (flows[0, :, 0].tolist(), known[0, :, 0].tolist()) == ([0, 20, -1, 2], [False, True, True, True])


def test_figures_that_hardly_vary_are_not_named_for_one_step() -> None:
    assert hints(one_cell([50] * 8 + [51], scales=(1,))) == []
    (found,) = hints(one_cell([50] * 8 + [95], scales=(1,)))
    assert (found.value, found.by_least, found.by_mean) == (Decimal("9.5"), False, True)


def test_money_is_no_count_and_a_thousandth_of_it_no_sign() -> None:
    amounts: list[int | None] = [10**12 + n * 10**7 for n in range(10)]
    for money in ((True,), (False,)):
        assert hints(one_cell([*amounts, 10**12 + 10**9], money=money)) == []
    (found,) = hints(one_cell([*amounts, 2 * 10**12], money=(True,)))
    assert (found.spread, found.by_least) == (Decimal("10000500000"), True)
    around: list[int | None] = [10, 11, 9, 10, 11, 9, 10, 10]
    assert hints(one_cell([*around, 20])) == []  # as a count this is chance, as money it is twice as much
    assert [one.kind for one in hints(one_cell([*around, 20], money=(True,)))] == ["own-history"]


def test_units_that_are_alike_but_for_a_hundredth_are_not_far_from_each_other() -> None:
    alike = [10_000, 10_000, 10_000, 10_001, 10_000, 9_999, 10_000, 10_000, 10_150]
    assert hints(peers(alike, money=(True,))) == []
    assert hints(peers([n // 10 for n in alike], scales=(1,))) == []
    (found,) = hints(peers([10_001, 9_999, 10_002, 9_998, 10_000, 10_000, 10_001, 9_999, 11_000], money=(True,)))
    assert found.by_least
    assert "mức chênh nhỏ nhất còn xét là 1,01 lần" in outlier_words.sentence(found, MONTHS, ["Tiền"])


def test_increments_over_longer_spans_are_not_compared_with_shorter_ones() -> None:
    """100 a month, counted after each of nine months and after 12; then a last span of three months adds 900."""
    spans, steps, years = [31, 28, *[30] * 7, 92] * 9, [*[100, 101, 99] * 3, 300] * 9, range(9)
    changes = {
        "cycles": tuple(year for year in years for _ in range(10)),
        "begins": tuple(n == 0 for _ in years for n in range(10)),
        "counted": (False,),
    }

    def found_in(steps: list[int], **more: Any) -> list[Hint]:
        return hints(cumulative(np.cumsum(np.array(steps).reshape(9, 10), axis=1).ravel().tolist(), **changes, **more))

    assert {one.value for one in found_in(steps)} == {Decimal(300)}
    assert found_in(steps, days=tuple(spans)) == []
    (found,) = found_in([*steps[:-1], 900], days=tuple(spans))
    assert (found.period, found.value, found.count, found.centre) == (89, Decimal(900), 9, Decimal(300))
    assert "trung vị 9 kỳ dài bằng nhau của chính đơn vị là 300" in outlier_words.sentence(found, MONTHS, ["Việc"])


def test_a_stock_that_stays_and_a_total_that_does_not_grow_repeat_nothing() -> None:
    same = [[[10, 20, 30], [10, 20, 30]]]
    assert hints(laid(same, stocks=(True,) * 3)) == []
    assert hints(laid(same, counters=np.ones((2, 3), dtype=bool))) == []
    stock = [[[7, 3, 4, 5], [7, 3, 4, 5]]]
    (found,) = hints(laid(stock, stocks=(True, False, False, False)))
    assert outlier_words.sentence(found, MONTHS, []) == (
        "Cả 3 ô phát sinh, không kể số tồn, giống hệt kỳ trước (Tháng 1), trong đó 3 ô khác 0 (nêu từ 3 ô)."
    )
    assert hints(laid(stock, stocks=(True, True, False, False))) == []


def test_the_same_increments_twice_are_named() -> None:
    held = laid([[[5, 6, 7], [9, 10, 12], [13, 14, 17]]], counters=np.ones((3, 3), dtype=bool))
    (found,) = hints(held)
    assert (found.kind, found.period, found.increment) == ("repeated", 2, True)
    assert "số lũy kế xét phần phát sinh thêm" in outlier_words.sentence(found, MONTHS, [])


def test_a_note_on_last_digits_holds_for_the_year() -> None:
    chance = np.random.default_rng(5)
    rounded = chance.integers(100, 1000, (1, 20, 6)) // 10 * 10
    keys = [
        outlier_words.key_of(hint, unit="n1", form="act:f", period="m:2024", cell="")
        for part in (rounded, rounded[:, :15])
        for hint in outliers.last_digits(laid(part.tolist()))
    ]
    assert keys == ["last-digits|n1|act:f|m:2024||"] * 2
