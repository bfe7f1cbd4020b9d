"""Definitions of indicators: expressions, zero rules, breaks, circles, two regimes, targets, words that open lists."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.consolidation import CellTotal, combine
from giaoban.core.indicators import (
    DefinitionError,
    IndicatorDefinition,
    Quantifier,
    Version,
    change,
    count_words,
    definition_from_dict,
    formula_numbers,
    formula_words,
    gap,
    share_of_year,
    standing,
)
from giaoban.core.queries import CellMeasure, QueryRefused

DAY = date(2026, 3, 31)
A, B = "act:form/main/total/a", "act:form/main/total/b"


def version(**changes: Any) -> Version:
    given_so = {"numerator": A, "denominator": B, "factor": 100, "zero_denominator": "blank", **changes}
    return definition_from_dict(given_so, key="x").on(DAY)


def cells(**totals: CellTotal) -> Callable[[CellMeasure], CellTotal]:
    return lambda cell: totals.get(cell.column, CellTotal(missing=1))


def one(value: int) -> CellTotal:
    return CellTotal(Decimal(value), reported=1)


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), min_size=1, max_size=12), st.randoms())
def test_pooled_parts_give_the_whole_in_any_order(pairs: list[tuple[int, int]], random: Any) -> None:
    held = version(numerator=f"{A} + 2 * {B}", denominator=f"sum({A}, {B})")
    whole = held.measured(
        cells(a=combine(one(a) for a, _ in pairs), b=combine(one(b) for _, b in pairs)), units=len(pairs)
    )
    parts = [held.measured(cells(a=one(a), b=one(b))) for a, b in pairs]
    random.shuffle(parts)
    together = held.together(parts)
    assert (together.numerator, together.denominator) == (whole.numerator, whole.denominator)
    assert (together.value, together.state) == (whole.value, whole.state)


@pytest.mark.parametrize(("rule", "value"), [("blank", None), ("undefined", None), ("zero", 0), ("full", 100)])
def test_nothing_over_nothing_is_a_setting(rule: str, value: int | None) -> None:
    held = version(zero_denominator=rule).measured(cells(a=one(0), b=one(0)))
    assert held.value == value
    assert held.reason


def test_something_over_nothing_is_never_a_value() -> None:
    held = version(zero_denominator="full").measured(cells(a=one(3), b=one(0)))
    assert (held.value, held.state) == (None, "na")


@pytest.mark.parametrize(
    ("total", "state"),
    [(CellTotal(missing=1), "missing"), (CellTotal(blank=1), "blank"), (CellTotal(not_applicable=1), "na")],
)
def test_a_blank_is_not_zero(total: CellTotal, state: str) -> None:
    held = version().measured(cells(a=one(3), b=total))
    assert (held.value, held.state) == (None, state)
    assert version().measured(cells(a=CellTotal(nil=1), b=one(4))).value == 0


def test_a_mean_and_what_is_not_put_together() -> None:
    units = [cells(a=one(50), b=one(100)), cells(a=one(10), b=one(10)), cells(a=one(1))]
    mean, apart = version(aggregation="mean"), version(aggregation="none")
    assert mean.together(mean.measured(lookup) for lookup in units).value == 75
    held = apart.together(apart.measured(lookup) for lookup in units)
    assert (held.value, held.count, held.asked) == (None, 2, 3)
    many = cells(a=CellTotal(Decimal(5), reported=2), b=CellTotal(Decimal(9), reported=2))
    assert (mean.measured(many).value, apart.measured(many).value) == (None, None)


def test_not_the_same_units_give_no_rate() -> None:
    uneven = cells(a=CellTotal(Decimal(5), reported=1, blank=1), b=CellTotal(Decimal(9), reported=2))
    assert version().measured(uneven).value is None
    assert "1 và 2" in version().measured(uneven).reason


def test_an_unknown_name_is_a_fault() -> None:
    with pytest.raises(DefinitionError, match="neither a cell"):
        version(numerator="wrong")
    with pytest.raises(DefinitionError):
        version(numerator="__import__('os')")


def family(**data: Mapping[str, Any]) -> dict[str, IndicatorDefinition]:
    held: dict[str, IndicatorDefinition] = {}
    for key, one_of in data.items():
        held[key] = definition_from_dict(one_of, key=key, others=held.get)
    return held


def test_a_circle_is_refused_with_its_path() -> None:
    held = family(a={"numerator": "chi-so:b"}, b={"numerator": "chi-so:c"}, c={"numerator": "chi-so:a"})
    with pytest.raises(QueryRefused) as refused:
        held["a"].on(DAY)
    assert (refused.value.code, refused.value.place) == ("circular-indicator", "a → b → c → a")


def test_an_indicator_of_another() -> None:
    held = family(rate={"numerator": A, "denominator": B, "factor": 100}, left={"numerator": "100 - chi-so:rate"})
    assert held["left"].on(DAY).measured(cells(a=one(1), b=one(4))).value == 75
    assert [cell.column for cell in held["left"].on(DAY).cells()] == ["a", "b"]


def test_two_regimes_need_a_word() -> None:
    two = {"numerator": A, "denominator": "other:form/main/total/b"}
    with pytest.raises(QueryRefused) as refused:
        definition_from_dict(two, key="x").on(DAY)
    assert refused.value.code == "two-regimes"
    assert definition_from_dict({**two, "joined": "cùng một sổ"}, key="x").on(DAY).joined


def test_versions_break_and_end() -> None:
    held = definition_from_dict(
        {
            "versions": [
                {"valid": ["2020-01-01", "2024-07-26"], "numerator": A},
                {
                    "valid": ["2024-07-26", None],
                    "numerator": B,
                    "break": {"comparable": False, "reason": "cách tính đổi"},
                },
            ]
        },
        key="x",
    )
    assert [held.on(day).cells()[0].column for day in (date(2024, 7, 25), date(2024, 7, 26))] == ["a", "b"]
    assert held.incomparable(date(2024, 7, 25), date(2024, 7, 26)) is not None
    assert held.incomparable(date(2024, 7, 26), DAY) is None
    with pytest.raises(QueryRefused) as refused:
        held.on(date(2019, 12, 31))
    assert refused.value.code == "no-definition"


def test_a_row_of_old_is_one_version() -> None:
    old = {"numerator": {"table": "main", "row": "total", "column": "a"}, "factor": "1", "aggregation": "pooled"}
    held = definition_from_dict(old, key="x", form="act:form").on(DAY)
    assert [cell.word for cell in held.cells()] == [A]


def test_a_target_is_due_as_the_year_passes() -> None:
    held = definition_from_dict(
        {
            "numerator": A,
            "targets": [
                {"year": 2026, "value": "73", "pro_rata": "linear", "level": "province"},
                {"year": 2026, "value": 90, "pro_rata": "none"},
            ],
        },
        key="x",
    )
    half = share_of_year(date(2025, 10, 1), date(2026, 4, 1))
    found, other = held.target(2026, "province"), held.target(2026, "commune")
    assert found is not None
    assert other is not None
    assert (half, found.due(half), other.due(half)) == (Decimal("0.5"), Decimal("36.5"), Decimal(90))
    assert held.target(2025, "province") is None
    assert share_of_year(date(2026, 1, 1), date(2026, 10, 3)) == Decimal(275) / 365


def test_a_value_explains_itself() -> None:
    held = version(numerator=f"{A} + {B}", denominator=f"2 * ({A} - {B})")
    assert formula_words(held, lambda term: term.word[-1]) == "100 × (a + b) : (2 × (a − b))"
    measured = held.measured(cells(a=one(3), b=one(1)))
    assert formula_numbers(held, measured, scale=2, unit="%") == "100 × (3 + 1) : (2 × (3 − 1)) = 100,00 %"


def test_points_between_percentages_and_per_cent_between_amounts() -> None:
    assert change(Decimal("55.406"), Decimal("52.15"), "%", 2).words == "tăng 3,26 điểm phần trăm"
    assert change(Decimal(144), Decimal(120), "Việc", 0).words == "tăng 20,00 %"
    assert change(Decimal(3), Decimal(0), "Việc", 0).words == "tăng 3 Việc (kỳ so sánh bằng 0)"
    assert gap(Decimal("84.25"), Decimal("83.90"), "%", 2).words == "cao hơn 0,35 điểm phần trăm"
    assert change(None, Decimal(1), "%", 2).difference is None


def test_a_place_among_peers_with_ties() -> None:
    held = standing({"a": Decimal(3), "b": Decimal(3), "c": Decimal(1), "d": None}, "b", "higher")
    assert (held.place, held.tied, held.out_of, held.median) == (1, 2, 3, Decimal(3))


def test_vague_words_are_counts() -> None:
    words = [Quantifier("few", "một vài", Decimal("0.1")), Quantifier("most", "đa số", Decimal("0.999"))]
    words.append(Quantifier("all", "tất cả", Decimal(1)))
    said = [count_words(count, 34, "tỉnh", words) for count in (0, 3, 20, 34)]
    assert said == ["không tỉnh nào (0/34)", "một vài tỉnh (3/34)", "đa số tỉnh (20/34)", "tất cả tỉnh (34/34)"]
    assert count_words(3, 34, "tỉnh") == "3/34 tỉnh"
