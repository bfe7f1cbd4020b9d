"""Questions about figures: their words in addresses, and what is refused before anything is read."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.queries import (
    AXES,
    CellMeasure,
    FigureQuery,
    IndicatorMeasure,
    PeriodRange,
    QueryRefused,
    parse,
    parse_measure,
    parse_period,
)

NAMES = st.text("abcxyz0189._-~", min_size=1, max_size=6)
MEASURES = st.one_of(
    st.builds(CellMeasure, NAMES.map(lambda one: f"act:{one}"), NAMES, NAMES, NAMES, st.one_of(st.just(""), NAMES)),
    st.builds(IndicatorMeasure, NAMES),
)
CODES = st.text("2024QT-", min_size=1, max_size=6)
PERIODS = st.builds(PeriodRange, NAMES, CODES, CODES, st.one_of(st.just(""), NAMES))
QUERIES = st.builds(
    lambda measures, unit, periods, level, geography, divided, axes: FigureQuery(
        tuple(dict.fromkeys(measures)), unit, tuple(dict.fromkeys(periods)), level, geography, divided, axes[0], axes[1]
    ),
    st.lists(MEASURES, min_size=1, max_size=4),
    NAMES,
    st.lists(PERIODS, min_size=1, max_size=3),
    NAMES,
    st.one_of(st.none(), st.dates(date(1900, 1, 1), date(2100, 1, 1))),
    st.sampled_from(["refuse", "keep"]),
    st.permutations(AXES),
)


@given(QUERIES)
def test_the_words_of_a_question_read_back_to_it(query: FigureQuery) -> None:
    words: dict[str, list[str]] = {}
    for name, value in query.words():
        words.setdefault(name, []).append(value)
    assert parse(words) == query


GIVEN = {"measure": ["a:b/c/d/e"], "unit": ["u"], "period": ["r:1"]}


@pytest.mark.parametrize(
    ("changes", "code", "place"),
    [
        ({"measure": []}, "nothing-asked", "measure"),
        ({"unit": [""]}, "nothing-asked", "unit"),
        ({"period": []}, "nothing-asked", "period"),
        ({"measure": ["a/b"]}, "unknown-measure", "a/b"),
        ({"measure": ["a//c/d"]}, "unknown-measure", "a//c/d"),
        ({"period": ["2024"]}, "unknown-period", "2024"),
        ({"period": ["r:2024.."]}, "unknown-period", "r:2024.."),
        ({"rows": ["colour"]}, "unknown-axis", "colour"),
        ({"rows": ["period"]}, "unknown-axis", "columns"),
        ({"geography": ["31/12/2024"]}, "bad-day", "31/12/2024"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused(changes: dict[str, list[str]], code: str, place: str) -> None:
    with pytest.raises(QueryRefused) as caught:
        parse({**GIVEN, **changes})
    assert (caught.value.code, caught.value.place) == (code, place)
    assert caught.value.sentence.endswith(".")


def test_words_of_measures_and_periods() -> None:
    assert parse_measure("a:b/own/unit/n1/all") == CellMeasure("a:b", "own", "unit", "all", subunit="n1")
    assert parse_measure("chi-so:x") == IndicatorMeasure("x")
    assert parse_period("q:2023-Q1..2024-Q1:so-bo") == PeriodRange("q", "2023-Q1", "2024-Q1", "so-bo")
    assert PeriodRange("q", "1", "1").word == "q:1"
