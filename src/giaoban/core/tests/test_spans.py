from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.spans import Span, gaps_in, overlaps_in

ORIGIN = date(2025, 7, 1)
DAYS = [ORIGIN + timedelta(days=n) for n in range(-3, 34)]


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.none() | st.integers(0, 29))
    length = draw(st.none() | st.integers(1, 10))
    first = None if start is None else ORIGIN + timedelta(days=start)
    if length is None:
        return Span(first, None)
    return Span(first, (first or ORIGIN) + timedelta(days=length))


def days_of(span: Span | None) -> set[date]:
    return set() if span is None else {day for day in DAYS if span.contains(day)}


@pytest.mark.parametrize(
    ("on", "inside"),
    [
        (date(2025, 6, 30), False),
        (date(2025, 7, 1), True),
        (date(2025, 10, 31), True),
        (date(2025, 11, 1), False),
    ],
)
def test_the_end_is_excluded(on: date, inside: bool) -> None:
    assert Span(date(2025, 7, 1), date(2025, 11, 1)).contains(on) is inside


@pytest.mark.parametrize("end", [date(2025, 7, 1), date(2025, 6, 30)])
def test_an_empty_span_is_refused(end: date) -> None:
    with pytest.raises(ValueError, match="empty span"):
        Span(date(2025, 7, 1), end)


def test_open_ends_sort_outermost() -> None:
    a, b = date(2020, 1, 1), date(2021, 1, 1)
    ordered = [Span(None, a), Span(None, None), Span(a, b), Span(a, None), Span(b, None)]
    backwards = ordered[::-1]
    assert sorted(backwards) == ordered
    assert Span(a, b) <= Span(a, b) < Span(a, None)


def test_successors_do_not_overlap() -> None:
    old, new = Span(None, date(2025, 7, 1)), Span(date(2025, 7, 1), None)
    assert not old.overlaps(new)
    assert overlaps_in([new, old]) == []
    assert gaps_in([new, old], Span(None, None)) == []


@given(spans(), spans())
def test_an_intersection_is_the_days_in_both(a: Span, b: Span) -> None:
    assert days_of(a.intersect(b)) == days_of(a) & days_of(b)
    assert a.intersect(b) == b.intersect(a)
    assert a.overlaps(b) is (a.intersect(b) is not None)


@given(st.lists(spans(), max_size=6))
def test_overlaps_are_found_pair_by_pair(several: list[Span]) -> None:
    expected = [(i, j) for j in range(len(several)) for i in range(j) if several[i].overlaps(several[j])]
    assert overlaps_in(several) == sorted(expected)


@given(st.lists(spans(), max_size=6), spans())
def test_gaps_and_spans_share_out_the_whole(several: list[Span], within: Span) -> None:
    gaps = gaps_in(several, within)
    covered = set[date]().union(*(days_of(span) for span in several))
    assert set[date]().union(*(days_of(gap) for gap in gaps)) == days_of(within) - covered
    assert overlaps_in(gaps) == []
    assert gaps == sorted(gaps)
