"""The table of an answer: axes, ranks, filters, changes, pictures, addresses; no figure is ever made of no data."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.queries import Axis, FigureQuery, PeriodHead, PeriodRange, QueryRefused, Value, parse
from giaoban.indicators.tests.pivots import AMOUNT, BLANK, MISSING, NA, NIL, PERIODS, RATE, known, made
from giaoban.indicators.web.exports import sdmx, tidy
from giaoban.indicators.web.pivot.asking import asked, between
from giaoban.indicators.web.pivot.looking import Look, address, look_from
from giaoban.indicators.web.pivot.mending import refused
from giaoban.indicators.web.pivot.painting import Painter, course_words, state_of
from giaoban.indicators.web.pivot.shaping import PivotTable, amount, shape
from giaoban.kit import charts

LAST = f"{AMOUNT}~{PERIODS[2]}"
FIRST = f"{AMOUNT}~{PERIODS[0]}"


def names(table: PivotTable) -> list[str]:
    return [row.head.word for row in table.rows]


def ranks(table: PivotTable) -> dict[str, int | None]:
    return {row.head.word: row.rank for row in table.rows}


def test_units_down_periods_across_with_the_total_first() -> None:
    table = shape(made(), Look())
    assert names(table) == ["a", "b", "c", "d"]
    assert [column.head.word for column in table.columns] == list(PERIODS)
    assert table.total is not None
    assert [cell.amount for cell in table.total.cells] == [Decimal(1234), Decimal(1300), Decimal("1540.5")]
    assert table.shown[0] is table.total


@pytest.mark.parametrize(("rows", "columns", "third"), [
    ("unit", "period", "measure"),
    ("period", "unit", "measure"),
    ("measure", "period", "unit"),
    ("unit", "measure", "period"),
])  # fmt: skip
def test_every_turn_shows_the_same_figures(rows: Axis, columns: Axis, third: Axis) -> None:
    answer = made(rows, columns, measures=2)
    table = shape(answer, Look(third="all"))
    assert table.third_axis == third
    shown = {cell.place: cell.value for row in table.shown for cell in row.cells}
    assert shown == dict(answer.values)


def test_the_third_axis_is_beside_while_it_fits_and_else_chosen() -> None:
    both = shape(made(measures=2), Look())
    assert [(head.word, span) for head, span in both.groups] == [(AMOUNT, 3), (RATE, 3)]
    one = shape(made(measures=2), Look(third=RATE))
    assert [head.word for head, _ in one.groups] == [RATE]
    units = shape(made("measure", "period", measures=2), Look())
    assert [head.word for head, _ in units.groups] == [""]
    assert [head.word for head, _ in shape(made("measure", "period"), Look(third="b")).groups] == ["b"]


def test_ties_share_a_rank_and_the_next_is_skipped() -> None:
    assert ranks(shape(made(), Look(rank="1"))) == {"a": 1, "b": 2, "c": 2, "d": None}
    assert ranks(shape(made(), Look(rank="1", by=FIRST))) == {"a": 1, "c": 2, "b": 3, "d": None}


def test_the_first_and_last_of_a_ranking_take_in_whoever_ties() -> None:
    assert names(shape(made(), Look(pick="top", n="2", rank="1"))) == ["a", "b", "c"]
    assert names(shape(made(), Look(pick="bottom", n="1"))) == ["b", "c"]
    assert names(shape(made(), Look(pick="top", n="1"))) == ["a"]


def test_no_data_stands_last_whichever_way_one_sorts() -> None:
    assert names(shape(made(), Look(sort=LAST))) == ["b", "c", "a", "d"]
    assert names(shape(made(), Look(sort=f"-{LAST}"))) == ["a", "b", "c", "d"]
    assert names(shape(made(), Look(sort="-name"))) == ["d", "c", "b", "a"]
    assert names(shape(made(), Look(sort="-rank", rank="1")))[-1] == "d"


def test_a_declared_nil_is_zero_and_nothing_else_is() -> None:
    assert amount(NIL) == 0
    assert amount(MISSING) is amount(NA) is amount(None) is None
    table = shape(made(), Look(sort=f"{AMOUNT}~{PERIODS[1]}"))
    assert names(table) == ["b", "a", "c", "d"]


@pytest.mark.parametrize(("kept", "left"), [
    ("known", ["a", "b", "c"]),
    ("unknown", ["d"]),
    ("estimate", ["a"]),
    ("nil", []),
])  # fmt: skip
def test_rows_are_kept_by_the_state_of_the_column(kept: str, left: list[str]) -> None:
    assert names(shape(made(), Look(kept=kept))) == left


def test_rows_are_kept_by_text_and_by_thresholds_and_no_data_passes_none() -> None:
    assert names(shape(made(), Look(q="a"))) == ["a"]
    assert names(shape(made(), Look(most="20"))) == ["b", "c"]
    assert names(shape(made(), Look(least="1.500,5"))) == ["a"]
    wrong = shape(made(), Look(least="1.5"))
    assert "không rõ nghĩa" in wrong.fault
    assert len(wrong.rows) == 4


def test_a_change_is_in_points_for_a_rate_and_in_per_cent_else() -> None:
    table = shape(made(measures=2), Look(change="1"))
    assert table.changes == (False, True, True, False, True, True)
    by_name = {row.head.word: row for row in table.rows}
    changes = [cell.change for cell in by_name["a"].cells]
    assert changes[0] is changes[3] is None
    assert changes[1] is not None
    assert changes[1].value is not None
    assert round(changes[1].value, 2) == Decimal("7.97")
    assert changes[4] is not None
    assert (changes[4].value, changes[4].in_points) == (Decimal("1.25"), True)
    of_c = by_name["c"].cells[1].change
    assert of_c is not None
    assert (of_c.value, of_c.reason) == (None, "một trong hai kỳ chưa có số")
    of_b = by_name["b"].cells[2].change
    assert of_b is not None
    assert (of_b.value, of_b.reason) == (None, "kỳ trước bằng 0")


def test_every_state_looks_different_and_none_like_zero() -> None:
    rows = {one.row.head.word: one for one in Painter(shape(made(), Look())).rows()}
    seen = {rows[unit].cells[at].state: str(rows[unit].cells[at].html) for unit in "abcd" for at in range(3)}
    assert set(seen) == {"known", "nil", "na", "blank", "missing"}
    assert len(set(seen.values())) == 5
    assert [html for html in seen.values() if html == "0"] == []
    assert str(rows["b"].cells[0].html) == "0,0"
    assert "gb-est" in str(rows["a"].cells[2].html)
    assert rows["d"].cells[2].data == ""
    assert rows["c"].cells[2].data == "20"


def test_a_rate_that_cannot_be_computed_says_why() -> None:
    table = shape(made(measures=2), Look(third=RATE))
    cell = next(one for one in Painter(table).rows() if one.row.head.word == "b").cells[2]
    assert (cell.data, cell.symbol) == ("", "không tính")
    assert "mẫu số bằng 0" in str(cell.html)


def test_a_gap_breaks_the_line_and_is_said() -> None:
    rows = {one.row.head.word: one for one in Painter(shape(made(), Look())).rows()}
    spark = rows["c"].spark
    assert spark is not None
    assert (spark.lines, len(spark.dots), len(spark.gaps)) == ((), 2, 1)
    assert rows["c"].spark_words == "3 kỳ: thấp nhất 20,0, cao nhất 30,0, mới nhất 20,0; 1 kỳ chưa có số"
    assert rows["d"].spark is None
    assert (rows["d"].bar, rows["d"].spark_words) == (None, "")
    assert course_words(()) == ""


def test_where_the_newest_is_lacking_no_dot_says_now() -> None:
    spark = charts.sparkline([1, 2, None])
    assert spark is not None
    assert spark.last is None
    assert charts.sparkline([1, None]) is None


def test_a_bar_of_nothing_is_not_a_bar_of_zero() -> None:
    assert charts.bar(None, [1, 2]) is None
    zero = charts.bar(0, [0, 2])
    assert zero is not None
    assert zero.length == "0.0"
    below = charts.bar(-1, [-1, 1])
    assert below is not None
    assert (below.x, below.length, below.zero) == ("0.0", "48.0", "48.0")


@given(st.lists(st.decimals(-1000, 1000, places=2), min_size=1, max_size=60))
def test_colour_classes_hold_every_value_once_in_order(values: list[Decimal]) -> None:
    classes = charts.colour_classes(values)
    assert sum(one.count for one in classes) == len(values)
    steps = [one.step for one in classes]
    assert steps == sorted(set(steps))
    assert all(1 <= step <= 5 for step in steps)
    for value in values:
        step = charts.class_of(value, classes)
        assert step is not None
        assert sum(one.low <= value <= one.high for one in classes) == 1
    assert charts.class_of(None, classes) is None
    ordered = sorted(values)
    found = [charts.class_of(value, classes) for value in ordered]
    assert found == sorted(found, key=lambda one: one or 0)


def test_bars_of_a_rate_start_from_the_level_of_all() -> None:
    painter = Painter(shape(made(measures=2), Look(third=RATE)))
    assert painter.level == Decimal(50)
    rows = {one.row.head.word: one for one in painter.rows()}
    above, below = rows["c"].bar, rows["a"].bar
    assert above is not None
    assert below is not None
    assert (above.tone, below.tone) == ("good", "weak")
    assert above.x == above.zero == below.zero
    assert rows["b"].bar is None
    assert Painter(shape(made(), Look())).level is None


WORD = st.text("abc:~/-| =&%ă", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(st.builds(Look, sort=WORD, q=WORD.map(lambda text: " ".join(text.split())), by=WORD, third=WORD, least=WORD))
def test_an_address_gives_back_query_and_look(look: Look) -> None:
    from django.http import QueryDict

    query = made(measures=2).query
    words = dict(QueryDict(address(query, look).removeprefix("?")).lists())
    assert parse(words) == query
    assert look_from(words) == look


def test_unknown_words_of_a_look_are_passed_over() -> None:
    look = look_from({"kept": ["x"], "pick": ["y"], "n": ["-3"], "rank": ["no"], "q": ["  a   b "]})
    assert look == Look(q="a b", rank="1")
    assert look_from({"n": ["٣"]}).n == ""


def test_two_periods_of_one_kind_make_a_range_and_of_two_kinds_none() -> None:
    late, early = PeriodRange("years", "2023", "2023"), PeriodRange("years", "2021", "2021")
    assert between(late, early).word == "years:2021..2023"
    with pytest.raises(QueryRefused) as caught:
        between(late, PeriodRange("quarters", "2023-Q1", "2023-Q1"))
    assert caught.value.code == "unknown-period"


def test_a_first_visit_asks_nothing_and_half_a_question_says_what_lacks() -> None:
    assert asked({}).is_empty
    half = asked({"measure": [AMOUNT], "unit": ["top"]})
    assert half.refusal is not None
    assert (half.refusal.code, half.refusal.place) == ("nothing-asked", "period")
    whole = asked({"measure": [AMOUNT], "unit": ["top"], "from": ["years:2021"], "to": ["years:2023"]})
    assert whole.query is not None
    assert whole.query.periods == (PeriodRange("years", "2021", "2023"),)


def of_query(query: FigureQuery) -> dict[str, list[str]]:
    return {name: [value for key, value in query.words() if key == name] for name, _ in query.words()}


def mends(words: dict[str, list[str]], code: str, place: str = "") -> list[str]:
    question = asked(words)
    refusal = question.refusal or QueryRefused(code, "Vì sao.", place)  # type: ignore[arg-type]
    return [one.url for one in refused(refusal, question).mends]


def test_every_mend_is_an_address_that_can_be_asked() -> None:
    words = of_query(made(measures=2).query) | {"geography": ["2025-07-01"]}
    first, keep, newest, default = mends(words, "geography")
    assert "geography" not in first
    assert "divided=keep" in keep
    assert "years%3A2023&" in newest
    assert default == "?"
    assert any("level=self" in url for url in mends(words, "not-added"))
    assert [url for url in mends(words, "unknown-measure", RATE) if "rate" in url] == []
    assert "geography" not in mends(words | {"geography": ["hôm qua"]}, "bad-day")[0]
    assert "rows" not in mends(words | {"rows": ["x"]}, "unknown-axis")[0]
    mixed = words | {"from": ["years:2021"], "to": ["quarters:2023-Q1"]}
    assert "period=quarters%3A2023-Q1" in mends(mixed, "unknown-period")[0]


@pytest.mark.parametrize(("start", "end", "word"), [
    (date(2024, 1, 1), date(2025, 1, 1), "2024"),
    (date(2024, 7, 1), date(2025, 1, 1), "2024-S2"),
    (date(2024, 4, 1), date(2024, 7, 1), "2024-Q2"),
    (date(2024, 12, 1), date(2025, 1, 1), "2024-12"),
    (date(2023, 12, 15), date(2024, 12, 15), "2023-12-15/P1Y"),
    (date(2023, 10, 1), date(2024, 4, 1), "2023-10-01/P6M"),
    (date(2023, 10, 1), date(2024, 10, 1), "2023-10-01/P1Y"),
    (date(2026, 10, 10), date(2026, 10, 11), "2026-10-10/P1D"),
    (date(2024, 1, 31), date(2024, 2, 29), "2024-01-31/P29D"),
])  # fmt: skip
def test_a_window_is_written_as_sdmx_knows_it(start: date, end: date, word: str) -> None:
    assert sdmx.time_period(PeriodHead("x", "", "", start, end)) == word


@pytest.mark.parametrize(("value", "status"), [
    (None, "L"),
    (MISSING, "L"),
    (NA, "M"),
    (BLANK, "O"),
    (NIL, "A"),
    (known("0"), "A"),
    (known("3", "1"), "E"),
    (Value(None, "reported"), "O"),
])  # fmt: skip
def test_the_states_as_sdmx_codes(value: Value | None, status: str) -> None:
    assert sdmx.status_of(value) == status


def test_no_file_writes_zero_for_no_data() -> None:
    table = shape(made(measures=2), Look())
    for row in csv.DictReader(StringIO(tidy.text(table))):
        assert row["state"] == "reported" or row["value"] == ""
    for row in csv.DictReader(StringIO(sdmx.text(table))):
        assert row["OBS_VALUE"] == "NaN" or row["OBS_STATE"] in ("reported", "nil")
        assert row["OBS_VALUE"] != "0" or (row["REF_AREA"], row["REPORTING_PERIOD"]) in (
            ("b", PERIODS[0]),
            ("b", PERIODS[1]),
        )


def test_a_figure_without_any_value_is_missing() -> None:
    assert state_of(None) == "missing"
    assert state_of(Value(None, "reported", reason="không cộng")) == "reported"
