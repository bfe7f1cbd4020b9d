from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.consolidation import MISSING, CellTotal, combine, total_of, totals_of
from giaoban.core.figures import BLANK, NIL, Figure, reported
from giaoban.core.forms import FormDefinition, Table
from giaoban.core.series import (
    Fall,
    Increment,
    Point,
    SeriesRefused,
    Stretch,
    cumulative,
    fold,
    in_order,
    increments,
)
from giaoban.core.stocks import Mixed, mixed_columns
from giaoban.core.tests.forms_for_tests import capture, form

amounts = st.integers(-(10**12), 10**12).map(lambda number: Decimal(number).scaleb(-2))
known = st.dictionaries(st.integers(1, 12), st.none() | amounts)


@given(known)
def test_unfolding_and_adding_up_again_gives_back_what_was_known(points: dict[int, Decimal | None]) -> None:
    found = increments([Point(number, value) for number, value in points.items()], signed=True)
    back = {point.number: point.value for point in cumulative(found.increments)}
    assert back == {number: value for number, value in points.items() if value is not None}
    assert not found.falls


@given(st.lists(amounts, max_size=12))
def test_adding_up_and_unfolding_again_gives_back_what_came(came: list[Decimal]) -> None:
    parts = tuple(Increment(index, index + 1, value) for index, value in enumerate(came))
    found = increments(cumulative(parts))
    assert found.increments == parts
    assert {(fall.since, fall.until) for fall in found.falls} == {(p.since, p.until) for p in parts if p.value < 0}


@given(known)
def test_a_fall_is_told_and_stays_in_the_sum(points: dict[int, Decimal | None]) -> None:
    found = increments([Point(number, value) for number, value in points.items()])
    last = [value for _, value in sorted(points.items()) if value is not None][-1:]
    assert sum((part.value for part in found.increments), Decimal(0)) == (last[0] if last else 0)
    assert [part.until for part in found.increments if part.is_fall] == [fall.until for fall in found.falls]


def test_a_missing_month_makes_the_next_speak_of_two_and_says_so() -> None:
    found = increments([Point(3, Decimal(30)), Point(4, None), Point(5, Decimal(50)), Point(6, None)])
    assert found.increments == (Increment(0, 3, Decimal(30)), Increment(3, 5, Decimal(20), (4,)))
    assert found.unknown == (6,)
    assert found.increments[1].words() == "tháng thứ 4–5 (thiếu số tháng thứ 4)"
    assert found.increments[0].words() == "tháng thứ 1–3"


def test_a_fall_has_its_words() -> None:
    found = increments([Point(5, Decimal(54681), 13), Point(6, Decimal(54000), 12)])
    assert found.falls == (Fall(5, 6, Decimal(54681), Decimal(54000), is_uneven=True),)
    assert found.falls[0].words() == (
        "Số lũy kế 6 tháng (54.000) nhỏ hơn số lũy kế 5 tháng (54.681): số đơn vị có số liệu hai kỳ không bằng nhau."
    )
    assert increments([Point(1, Decimal(-1))]).falls[0].words() == "Số lũy kế 1 tháng là số âm (-1)."


def test_points_and_stretches_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        increments([Point(1, Decimal(1)), Point(1, Decimal(2))])
    with pytest.raises(ValueError, match="does not begin"):
        cumulative([Increment(0, 1, Decimal(1)), Increment(2, 3, Decimal(1))])


def quarter(number: int, year: int = 2024) -> Stretch:
    start = date(year, 3 * number - 2, 1)
    end = date(year + number // 4, (3 * number) % 12 + 1, 1)
    return Stretch("quarters", f"{year}-Q{number}", f"Quý {number}/{year}", start, end, year, number)


def months(number: int, year: int = 2024) -> Stretch:
    """So many months since October of the year before."""
    end = date(year - 1, 10 + number, 1) if number < 3 else date(year, number - 2, 1)
    code = f"{year}-{number:02d}"
    return Stretch("thads", code, code, date(year - 1, 10, 1), end, year, number, cumulative=True, last=12)


def test_periods_are_put_in_order_with_their_instalments_together() -> None:
    preliminary, official = quarter(2), replace(quarter(2), instalment=1)
    assert in_order([official, quarter(1), preliminary]) == ((quarter(1),), (preliminary, official))
    assert in_order([months(5), months(3)]) == ((months(3),), (months(5),))
    assert in_order([months(12), months(3, 2025)]) == ((months(12),), (months(3, 2025),))


@pytest.mark.parametrize(
    ("periods", "reason", "words"),
    [
        ([], "nothing", "Chưa chọn kỳ nào"),
        ([quarter(1), quarter(3)], "gap", "thiếu số từ ngày 01/04/2024 đến ngày 30/06/2024"),
        ([quarter(1), months(5)], "mixed-rules", "hai cách chia kỳ"),
        ([months(6), months(3, 2025)], "year-not-ended", "chưa hết năm báo cáo"),
        (
            [quarter(1), Stretch("quarters", "x", "Riêng", date(2024, 2, 1), date(2024, 5, 1), 2024, 0)],
            "overlap",
            "trùng",
        ),
    ],
)
def test_periods_that_do_not_add_up_are_refused(periods: list[Stretch], reason: str, words: str) -> None:
    with pytest.raises(SeriesRefused, match=words) as refused:
        in_order(periods)
    assert refused.value.reason == reason


def stocks() -> FormDefinition:
    """What was there, what came, all of it; what is left; the longest wait; how many since January."""
    return form(
        capture(
            tables=[
                {
                    "id": "own",
                    "rows": [{"id": "total"}],
                    "columns": [
                        {"id": "all", "label": "All", "unit": "case"},
                        {"id": "old", "label": "Carried over", "unit": "case", "nature": "opening"},
                        {"id": "new", "label": "New", "unit": "case"},
                        {"id": "left", "label": "Left", "unit": "case", "nature": "closing"},
                        {"id": "wait", "label": "Longest", "unit": "day", "roll_up": "max", "required": False},
                        {"id": "year", "label": "Since January", "unit": "case", "nature": "cumulative"},
                        {
                            "id": "rate",
                            "label": "New of all",
                            "unit": "%",
                            "scale": 1,
                            "roll_up": "rate",
                            "formula": "100 * new / all",
                        },
                    ],
                }
            ],
            checks=[{"rule": "all = old + new", "severity": "warning"}],
        )
    )


def line(table: Table, **cells: int | Figure) -> dict[str, CellTotal]:
    figures = [cells.get(column.id, BLANK) for column in table.numeric]
    return totals_of(table, [one if isinstance(one, Figure) else reported(one) for one in figures])


def test_flows_add_up_and_stocks_count_once() -> None:
    definition = stocks()
    table = definition.table("own")
    lines = [
        line(table, all=15, old=10, new=5, left=8, wait=30, year=5),
        line(table, all=15, old=8, new=7, left=9, wait=90, year=12),
        line(table, all=10, old=9, new=1, left=4, wait=40, year=13),
    ]
    mixed = mixed_columns(definition, table)
    found = fold(table, [quarter(1), quarter(2), quarter(3)], lines, mixed)
    values = {name: cell.value for name, cell in found.shown.items()}
    assert values == {"all": 23, "old": 10, "new": 13, "left": 4, "wait": 90, "year": 13, "rate": Decimal("56.5")}
    assert (found.by_rule, found.unknown) == ({"all": "all = old + new"}, ())


def test_a_count_since_january_is_not_cut_in_the_middle_of_the_year() -> None:
    definition = stocks()
    table = definition.table("own")
    lines = [line(table, all=15, old=8, new=7, year=12), line(table, all=10, old=9, new=1, year=13)]
    found = fold(table, [quarter(2), quarter(3)], lines, {})
    assert (found.unknown, found.shown["year"].value, found.shown["year"].reported) == (("year",), None, 2)
    over = fold(table, [quarter(4), quarter(1, 2025)], lines, {})
    assert over.unknown == ("year",)
    two = [line(table, year=40), line(table, year=3)]
    assert fold(table, [quarter(1), quarter(2)], two, {}).shown["year"].value == 3


def test_cumulative_periods_count_with_the_last_of_each_year() -> None:
    definition = stocks()
    table = definition.table("own")
    lines = [line(table, new=5, old=10), line(table, new=40, old=10), line(table, new=3, old=7)]
    found = fold(table, [months(3), months(12), months(3, 2025)], lines, mixed_columns(definition, table))
    assert [found.shown["new"].value, found.shown["old"].value] == [43, 10]
    assert found.shown["all"].value == 53
    assert found.by_rule == {"all": "all = old + new"}


def test_a_rate_needs_the_same_units_in_every_period() -> None:
    definition = stocks()
    table = definition.table("own")
    both = combine_lines(line(table, all=15, new=5), line(table, all=20, new=5))
    one = combine_lines(line(table, all=15, new=5), line(table, new=5))
    assert fold(table, [quarter(1), quarter(2)], [both, both], {}).shown["rate"].value == Decimal("28.6")
    assert fold(table, [quarter(1), quarter(2)], [both, one], {}).shown["rate"].value is None
    swapped = combine_lines(line(table, all=15), line(table, all=3, new=5))
    assert fold(table, [quarter(1), quarter(2)], [one, swapped], {}).shown["rate"].value is None


def test_a_stock_declared_nil_leaves_a_number() -> None:
    definition = stocks()
    table = definition.table("own")
    lines = [line(table, all=5, old=NIL, new=5), line(table, all=12, old=5, new=7)]
    found = fold(table, [quarter(1), quarter(2)], lines, mixed_columns(definition, table))
    assert found.shown["all"] == CellTotal(Decimal(12), reported=1)
    assert [found.shown["all"].amount, found.shown["rate"].value] == [12, 100]


def test_a_rate_asks_only_the_periods_that_count_in_it() -> None:
    definition = stocks()
    table = definition.table("own")
    late = combine_lines(line(table, all=10, new=1), line(table, all=10))
    both = combine_lines(line(table, all=20, new=4), line(table, all=20, new=6))
    found = fold(table, [months(10), months(11)], [late, both], mixed_columns(definition, table))
    assert found.shown["rate"].value == 25


def tied(*rules: str, **formulas: str) -> tuple[dict[str, Mixed], Table]:
    """Columns a to f, of which d is a stock at the beginning and e at the end. formulas: of computed columns."""
    nature = {"d": "opening", "e": "closing"}
    columns = [
        {"id": name, "label": name, "unit": "case", "nature": nature.get(name, "flow")}
        | ({"formula": formulas[name]} if name in formulas else {})
        for name in "abcdef"
    ]
    tables = [{"id": "own", "rows": [{"id": "total"}], "columns": columns}]
    definition = form(capture(tables=tables, checks=[{"rule": one, "severity": "error"} for one in rules]))
    return mixed_columns(definition, definition.table("own")), definition.table("own")


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (("a = d + b",), {"a": (("d", "b"), ())}),
        (("d + b = a",), {"a": (("d", "b"), ())}),
        (("a = d + b - c",), {"a": (("d", "b"), ("c",))}),
        (("a - c = d",), {"a": (("c", "d"), ())}),
        (("f = b + a", "a = d + c"), {"a": (("d", "c"), ()), "f": (("b", "a"), ())}),
        (("d + a - b = e",), {}),
        (("a = b + c",), {}),
        (("a = d + b", "a = c + f"), {"a": (("d", "b"), ()), "c": ((), ()), "f": ((), ())}),
        (("a = round(d * 2, 0)",), {"a": ((), ())}),
    ],
)
def test_rules_tell_which_columns_hold_a_stock(
    rules: tuple[str, ...], expected: dict[str, tuple[tuple[str, ...], tuple[str, ...]]]
) -> None:
    found, _ = tied(*rules)
    assert {name: (one.parts, one.minus) for name, one in found.items()} == expected
    assert list(found) == list(expected)


def test_a_computed_column_holds_the_stock_of_its_formula() -> None:
    found, table = tied(a="d + b")
    lines = [line(table, a=12, b=2, d=10), line(table, a=15, b=3, d=12)]
    assert fold(table, [quarter(1), quarter(2)], lines, found).shown["a"].value == 15


def test_what_is_tied_to_a_stock_without_a_way_to_compute_it_is_unknown() -> None:
    found, table = tied("a = round(d * 2, 0)")
    lines = [line(table, a=20, d=10), line(table, a=24, d=12)]
    folded = fold(table, [quarter(1), quarter(2)], lines, found)
    assert (folded.unknown, folded.shown["a"]) == (("a",), CellTotal(reported=2))
    assert fold(table, [quarter(1)], lines[:1], found).shown["a"].value == 20


def test_nil_beside_a_gap_is_no_nil() -> None:
    """The unit declared nil of what it knew, and left a part open in one period."""
    definition = stocks()
    table = definition.table("own")
    periods, mixed = [quarter(1), quarter(2)], mixed_columns(definition, table)
    gave = [line(table, old=NIL, new=NIL), line(table, old=NIL, new=NIL)]
    assert fold(table, periods, gave, mixed).totals["all"].amount == 0
    left = [gave[0], line(table, old=NIL, new=BLANK)]
    assert fold(table, periods, left, mixed).totals["all"].amount is None


@given(st.data())
def test_a_column_with_a_stock_is_the_same_added_by_units_and_by_periods(data: st.DataObject) -> None:
    """Where the total has a number every unit has one, and they add up to it; where a unit has none, nor has it."""
    definition = stocks()
    table = definition.table("own")
    cell = st.integers(0, 9) | st.just(NIL) | st.sampled_from([BLANK, None])
    units = data.draw(st.lists(st.lists(st.tuples(cell, cell), min_size=2, max_size=2), min_size=1, max_size=3))
    missing = {column.id: MISSING for column in table.numeric}
    read = [
        [missing if old is None or new is None else line(table, old=old, new=new) for old, new in unit]
        for unit in units
    ]
    mixed, periods = mixed_columns(definition, table), [quarter(1), quarter(2)]
    each = [fold(table, periods, unit, mixed).totals["all"] for unit in read]
    together = [combine_lines(*(unit[index] for unit in read)) for index in (0, 1)]
    whole = fold(table, periods, together, mixed).totals["all"]
    if whole.amount is None:
        assert any(one.amount is None for one in each)
    elif whole.is_complete:
        assert whole.amount == sum((one.amount or Decimal(0) for one in each), Decimal(0))


def combine_lines(*lines: dict[str, CellTotal]) -> dict[str, CellTotal]:
    return {name: combine(one[name] for one in lines) for name in lines[0]}


figures = st.one_of(
    st.just(NIL), st.just(BLANK), st.builds(reported, st.integers(0, 99), st.none() | st.integers(0, 9))
)


@given(st.lists(st.lists(figures, min_size=2, max_size=2), min_size=1, max_size=4))
def test_periods_and_units_may_be_added_in_either_order(reports: list[list[Figure]]) -> None:
    """reports: by period, of two units: the flow over all periods is the same as all figures together."""
    definition = stocks()
    table = definition.table("own")
    periods = [quarter(number) for number in range(1, len(reports) + 1)]
    folded = fold(table, periods, [combine_lines(*(line(table, new=one) for one in held)) for held in reports], {})
    whole = combine(total_of(one) for held in reports for one in held)
    by_unit = [fold(table, periods, [line(table, new=held[unit]) for held in reports], {}) for unit in (0, 1)]
    assert folded.shown["new"] == whole == combine(one.totals["new"] for one in by_unit)
