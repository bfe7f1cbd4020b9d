from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.consolidation import (
    MISSING,
    ZERO,
    CellTotal,
    Coverage,
    Uneven,
    UnitText,
    Weighed,
    combine,
    combine_coverage,
    combine_texts,
    is_not_added,
    part_of,
    roll_up,
    times,
    total_of,
    totals_of,
)
from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, Figure, reported
from giaoban.core.tests.forms_for_tests import capture, form

OWN = form(capture()).table("own")
amounts = st.integers(-(10**9), 10**9).map(lambda number: Decimal(number).scaleb(-1))
units = st.one_of(
    st.builds(reported, amounts, st.none() | amounts).map(total_of),
    st.sampled_from([total_of(NIL), total_of(NOT_APPLICABLE), total_of(BLANK), MISSING]),
)
totals = st.lists(units, max_size=4).map(combine)


@given(totals, totals, totals)
def test_combining_is_associative_and_commutative_with_an_identity(a: CellTotal, b: CellTotal, c: CellTotal) -> None:
    assert combine([combine([a, b]), c]) == combine([a, combine([b, c])]) == combine([a, b, c])
    assert combine([a, b]) == combine([b, a])
    assert combine([a, ZERO]) == combine([ZERO, a]) == combine([a]) == a


@given(st.lists(st.tuples(units, st.integers(0, 4)), max_size=20), st.randoms())
def test_any_grouping_of_the_units_gives_the_same_total(members: list[tuple[CellTotal, int]], random: Random) -> None:
    groups: dict[int, list[CellTotal]] = {}
    for unit, group in members:
        groups.setdefault(group, []).append(unit)
    subtotals = [combine(group) for group in groups.values()]
    random.shuffle(subtotals)
    whole = combine(unit for unit, _ in members)
    assert combine(subtotals) == whole
    assert whole.units == len(members)


@pytest.mark.parametrize(
    ("parts", "state", "amount"),
    [
        ([reported(0), NIL], "reported", 0),
        ([NIL, BLANK], "nil", 0),
        ([NOT_APPLICABLE, BLANK], "na", None),
        ([BLANK], "blank", None),
        ([], "missing", None),
        ([reported(None, 4), reported(3)], "reported", 7),
    ],
)
def test_the_state_of_a_total(parts: list[object], state: str, amount: int | None) -> None:
    total = combine(total_of(part) for part in parts)  # type: ignore[arg-type]
    assert (total.state, total.amount) == (state, amount)


def test_actual_and_estimated_parts_stay_apart() -> None:
    total = combine([total_of(reported(10, 2)), total_of(reported(5)), MISSING])
    assert total == CellTotal(Decimal(15), Decimal(2), reported=2, missing=1)
    assert total.total == 17
    assert not total.is_complete


def test_rates_come_from_sums_and_averages_are_not_added() -> None:
    rows = [(100, 50, 7), (300, 290, 9)]
    columns = {
        name: combine(total_of(reported(row[position])) for row in rows)
        for position, name in enumerate(("all", "good", "age"))
    }
    columns["rate"] = combine([total_of(BLANK), total_of(reported(Decimal("96.67")))])
    shown = roll_up(OWN, columns)
    assert shown["rate"].value == Decimal("85.00")
    assert shown["rate"].state == "reported"
    assert (shown["age"].value, shown["age"].reported, shown["age"].amount) == (None, 2, None)
    assert shown["all"].value == 400


def test_one_unit_keeps_what_is_not_added() -> None:
    assert roll_up(OWN, {"age": total_of(reported(7))})["age"].value == 7


def test_a_rate_with_a_zero_denominator_is_unknown() -> None:
    nothing = {name: total_of(NIL) for name in ("all", "good")}
    assert roll_up(OWN, nothing)["rate"].value is None


def test_coverage() -> None:
    east, west = Coverage(7, 8, ("Cape",)), Coverage(6, 7, ("Reef",))
    assert combine_coverage([east, west]) == Coverage(13, 15, ("Cape", "Reef"))
    assert combine_coverage([east, west]).words() == "13/15"
    assert Coverage(2, 2).is_complete


def test_a_rate_over_unequal_numbers_of_units_is_unknown() -> None:
    columns = {
        "all": combine([total_of(reported(100)), total_of(BLANK)]),
        "good": combine([total_of(reported(50)), total_of(reported(90))]),
    }
    assert roll_up(OWN, columns)["rate"].value is None
    columns["all"] = combine([total_of(reported(100)), total_of(NIL)])
    assert roll_up(OWN, columns)["rate"].value == 140


def test_a_rate_of_other_units_is_no_rate_even_when_as_many_answered() -> None:
    one = totals_of(OWN, [reported(5) if name == "good" else BLANK for name in OWN.positions])
    other = totals_of(OWN, [reported(100) if name == "all" else BLANK for name in OWN.positions])
    both = {name: combine([one[name], other[name]]) for name in one}
    assert roll_up(OWN, both)["rate"].value is None
    again = {name: combine([both[name], both[name]]) for name in one}
    assert again["rate"].kept == Uneven(4)


# Columns that are not summed.

RULES = form(
    capture(
        tables=[
            {
                "id": "own",
                "rows": [{"id": "total"}],
                "columns": [
                    {"id": "cases", "label": "Cases", "unit": "case", "required": False},
                    {"id": "high", "label": "Longest", "unit": "day", "scale": 1, "roll_up": "max"},
                    {"id": "low", "label": "Shortest", "unit": "day", "scale": 1, "roll_up": "min"},
                    {
                        "id": "mean",
                        "label": "Mean",
                        "unit": "day",
                        "scale": 2,
                        "roll_up": "weighted",
                        "weight": "cases",
                    },
                    {"id": "state", "label": "State", "unit": "point", "roll_up": "last"},
                    {"id": "words", "label": "Words", "kind": "text", "roll_up": "texts"},
                ],
            }
        ]
    )
).table("own")
large = st.integers(-(10**18), 10**18)
figures = st.one_of(
    st.builds(
        reported, large.map(lambda n: Decimal(n).scaleb(-2)), st.none() | large.map(lambda n: Decimal(n).scaleb(-2))
    ),
    st.sampled_from([NIL, NOT_APPLICABLE, BLANK]),
)
reports = st.lists(figures, min_size=5, max_size=5)
shares = st.none() | st.integers(1, 10**9).map(lambda n: Decimal(n).scaleb(-9))


def line_of(parts: Iterable[Mapping[str, CellTotal]]) -> dict[str, CellTotal]:
    parts = list(parts)
    return {column.id: combine(part[column.id] for part in parts if part) for column in RULES.numeric}


def exactly(line: Mapping[str, CellTotal]) -> dict[str, tuple[CellTotal, object]]:
    """With what is kept, which does not count when totals are compared."""
    return {name: (cell, cell.kept) for name, cell in line.items()}


@given(st.lists(st.tuples(reports, st.integers(0, 4), shares), max_size=12), st.randoms())
def test_any_grouping_and_order_of_the_units_gives_the_same_for_every_rule(
    members: list[tuple[list[Figure], int, Decimal | None]], random: Random
) -> None:
    groups: dict[int, list[dict[str, CellTotal]]] = {}
    everybody = []
    for report, group, share in members:
        unit = totals_of(RULES, report)
        if share is not None:
            unit = {name: part_of(cell, share) for name, cell in unit.items()}
        groups.setdefault(group, []).append(unit)
        everybody.append(unit)
    subtotals = [line_of(units) for units in groups.values()]
    random.shuffle(subtotals)
    random.shuffle(everybody)
    assert exactly(line_of(subtotals)) == exactly(line_of(everybody))
    assert roll_up(RULES, line_of(subtotals)) == roll_up(RULES, line_of(everybody))


@given(st.lists(reports, min_size=2, max_size=8))
def test_every_rule_gives_what_plain_arithmetic_gives(units: list[list[Figure]]) -> None:
    shown = roll_up(RULES, line_of(totals_of(RULES, one) for one in units))
    by_column = dict(zip((column.id for column in RULES.numeric), zip(*units, strict=True), strict=True))
    for name, choose in (("high", max), ("low", min)):
        given_ = [one.total for one in by_column[name] if one.total is not None]
        assert shown[name].total == (choose(given_) if given_ else None)
    pairs = [
        (Fraction(value.total), Fraction(weight.amount))
        for value, weight in zip(by_column["mean"], by_column["cases"], strict=True)
        if value.total is not None and weight.amount is not None
    ]
    weights = sum((weight for _, weight in pairs), Fraction(0))
    if weights <= 0:
        assert shown["mean"].value is None
    else:
        mean = shown["mean"].value
        assert mean is not None
        assert abs(Fraction(mean) - sum(value * weight for value, weight in pairs) / weights) <= Fraction(1, 200)
    assert (shown["state"].value, is_not_added(shown["state"], RULES.columns_by_id["state"])) == (
        None,
        any(one.total is not None for one in by_column["state"]),
    )


@given(reports)
def test_what_one_unit_reported_is_shown_as_it_gave_it(report: list[Figure]) -> None:
    shown = roll_up(RULES, totals_of(RULES, report))
    assert shown == {column.id: total_of(one) for column, one in zip(RULES.numeric, report, strict=True)}


def test_a_mean_leaves_out_units_without_a_weight_and_says_how_many() -> None:
    units: list[list[int | Figure]] = [
        [4, 0, 0, 10, 0],
        [1, 0, 0, 20, 0],
        [BLANK, 0, 0, 99, 0],
        [NIL, 0, 0, 50, 0],
        [7, 0, 0, NIL, 0],
    ]
    line = line_of(
        totals_of(RULES, [one if isinstance(one, Figure) else reported(one) for one in unit]) for unit in units
    )
    shown = roll_up(RULES, line)["mean"]
    assert (shown, shown.left_out) == (CellTotal(Decimal(12), reported=4, nil=1), 1)


def test_a_mean_is_rounded_half_up_only_when_shown() -> None:
    thirds = Weighed(Decimal(1), Decimal(3), 2, 0)
    assert (thirds.mean(2), thirds.with_(thirds).mean(4)) == (Decimal("0.33"), Decimal("0.3333"))
    assert Weighed(Decimal("-0.015"), Decimal(1), 1, 0).mean(2) == Decimal("-0.02")
    assert Weighed(Decimal(0), Decimal(0), 0, 2).mean(2) is None


def test_the_highest_figure_keeps_its_estimated_part() -> None:
    units = [reported(5, 5), reported(10), reported(None, 10), NIL]
    high = combine(totals_of(RULES, [BLANK, one, BLANK, BLANK, BLANK])["high"] for one in units)
    assert roll_up(RULES, {"high": high})["high"] == CellTotal(Decimal(10), reported=3, nil=1)
    low = combine(totals_of(RULES, [BLANK, BLANK, one, BLANK, BLANK])["low"] for one in units[:1] * 2)
    assert roll_up(RULES, {"low": low})["low"] == CellTotal(Decimal(5), Decimal(5), reported=2)


def test_what_is_highest_is_not_divided_and_a_mean_is() -> None:
    unit = totals_of(RULES, [reported(10), reported(7), reported(7), reported(30), reported(1)])
    parts = {name: part_of(cell, Decimal("0.3")) for name, cell in unit.items()}
    shown = roll_up(RULES, parts, is_shared=True)
    assert [shown["high"].value, shown["state"].value, shown["mean"].value] == [None, None, 30]
    assert shown["cases"].value == 3


@given(st.one_of(st.just(ZERO), reports.map(lambda one: totals_of(RULES, one)["mean"])), st.integers(0, 12))
def test_converting_the_unit_there_and_back_changes_nothing(cell: CellTotal, zeros: int) -> None:
    factor = Decimal(10) ** zeros
    back = times(times(cell, factor), 1 / factor)
    assert (back, back.kept) == (cell, cell.kept)


def test_different_rules_have_no_total() -> None:
    cells = totals_of(RULES, [reported(1), reported(2), reported(3), reported(4), reported(5)])
    for one, other in (("high", "low"), ("high", "mean")):
        with pytest.raises(ValueError, match="no total"):
            combine([cells[one], cells[other]])


texts = st.lists(st.builds(UnitText, *[st.sampled_from(["a", "b", "c"])] * 4), max_size=6)


@given(texts, texts, texts)
def test_texts_are_listed_once_in_the_order_of_units(a: list[UnitText], b: list[UnitText], c: list[UnitText]) -> None:
    assert combine_texts(combine_texts(a, b), c) == combine_texts(a, combine_texts(c, b)) == combine_texts(a + b + c)
    assert combine_texts(a, a) == tuple(sorted(set(a)))
