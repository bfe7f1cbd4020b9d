"""Where a report stands against its deadline, in which band, and shares that rounding does not falsify."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.timeliness import (
    ARRIVAL_NAMES,
    BAND_NAMES,
    RECEIVED,
    Arrival,
    Band,
    Timeliness,
    arrived,
    band_of,
    share,
    timing,
)

DUE = date(2026, 6, 10)


@pytest.mark.parametrize(
    ("days", "band"),
    [(-3, 0), (0, 0), (1, 1), (2, 1), (3, 2), (5, 2), (6, 3), (10, 3), (11, 4), (400, 4)],
)
def test_bands_are_the_ladder_of_scoring(days: int, band: int) -> None:
    assert band_of(days) == band


@pytest.mark.parametrize(
    ("due", "received", "returned", "on", "arrival", "days"),
    [
        (DUE, None, False, date(2026, 6, 6), Arrival.NOT_DUE, 0),
        (DUE, None, False, date(2026, 6, 7), Arrival.DUE_SOON, 0),
        (DUE, None, False, DUE, Arrival.DUE_SOON, 0),
        (DUE, None, False, date(2026, 6, 11), Arrival.MISSING, 1),
        (DUE, None, True, date(2026, 6, 9), Arrival.RETURNED, 0),
        (DUE, None, True, date(2026, 6, 13), Arrival.RETURNED, 3),
        (DUE, DUE, False, date(2026, 6, 20), Arrival.ON_TIME, 0),
        (DUE, date(2026, 6, 15), False, date(2026, 6, 20), Arrival.LATE, 5),
        (None, None, False, DUE, Arrival.NO_DEADLINE, 0),
        (None, DUE, False, DUE, Arrival.UNDATED, 0),
        (None, None, True, DUE, Arrival.RETURNED, 0),
    ],
)
def test_every_state(
    due: date | None, received: date | None, returned: bool, on: date, arrival: Arrival, days: int
) -> None:
    found = arrived(due, received, on=on, returned=returned)
    assert (found.arrival, found.days) == (arrival, days)
    assert found.band is band_of(days)


days_around = st.integers(-20, 20).map(lambda days: DUE + timedelta(days=days))


@given(st.none() | days_around, st.none() | days_around, days_around)
def test_it_agrees_with_the_timing_of_lists(due: date | None, received: date | None, on: date) -> None:
    found, said = arrived(due, received, on=on), timing(due, received, on=on)
    assert (found.arrival in RECEIVED) == (received is not None)
    if said.state in (Timeliness.LATE, Timeliness.OVERDUE):
        assert found.days == said.days
    else:
        assert (found.days, found.band) == (0, Band.NONE)


def test_everything_has_a_name() -> None:
    assert ARRIVAL_NAMES.keys() == set(Arrival)
    assert BAND_NAMES.keys() == set(Band)


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [
        (57, 60, "95.0"),
        (0, 0, None),
        (0, 60, "0.0"),
        (60, 60, "100.0"),
        (3320, 3321, "99.9"),
        (1, 3321, "0.1"),
        (3, 2, "150.0"),
        (10001, 10000, "100.1"),
        (1, 8, "12.5"),
        (1, 16, "6.3"),
    ],
)
def test_a_share_is_not_rounded_into_a_lie(part: int, whole: int, said: str | None) -> None:
    assert share(part, whole) == (None if said is None else Decimal(said))
