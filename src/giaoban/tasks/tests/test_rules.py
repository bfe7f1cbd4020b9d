from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.tasks.rules import Group, RollUp, group_of, roll_up

DUE = date(2026, 6, 30)
days = st.dates(min_value=date(2026, 1, 1), max_value=date(2026, 12, 31))


@pytest.mark.parametrize(
    ("reported_on", "verified_on", "on", "expected"),
    [
        (None, None, date(2026, 6, 30), Group.OPEN_IN_TIME),
        (None, None, date(2026, 7, 1), Group.OPEN_OVERDUE),
        (date(2026, 6, 30), date(2026, 7, 9), date(2026, 7, 10), Group.DONE_ON_TIME),
        (date(2026, 7, 1), date(2026, 7, 10), date(2026, 7, 10), Group.DONE_LATE),
        (date(2026, 6, 29), None, date(2026, 7, 10), Group.OPEN_IN_TIME),
        (date(2026, 7, 3), None, date(2026, 7, 10), Group.OPEN_OVERDUE),
        (date(2026, 6, 29), date(2026, 7, 11), date(2026, 7, 10), Group.OPEN_IN_TIME),
        (date(2026, 7, 3), date(2026, 7, 9), date(2026, 6, 30), Group.OPEN_IN_TIME),
        (date(2026, 7, 3), date(2026, 7, 9), date(2026, 7, 2), Group.OPEN_OVERDUE),
    ],
)
def test_group_follows_verification_and_the_day_of_the_report(
    reported_on: date | None, verified_on: date | None, on: date, expected: Group
) -> None:
    assert group_of(due_on=DUE, reported_on=reported_on, verified_on=verified_on, on=on) is expected


def test_published_year_of_four_groups() -> None:
    """Tasks of 2017 as published: 14,068 + 1,983 done, 5,640 in time, 223 overdue; 98.63 % of those fallen due."""
    counted = RollUp(
        done_on_time=tuple(range(14_068)),
        done_late=tuple(range(1_983)),
        open_in_time=tuple(range(5_640)),
        open_overdue=tuple(range(223)),
    )
    assert (counted.total, counted.done, counted.due) == (21_914, 16_051, 16_274)
    assert counted.rate is not None
    assert round(counted.rate, 2) == Decimal("98.63")
    assert counted.sentence("việc") == "16.051 trong 16.274 việc đã đến hạn hoàn thành: 98,63 %."


def test_nothing_due_gives_no_rate() -> None:
    counted = RollUp(open_in_time=("một", "hai"))
    assert counted.rate is None
    assert counted.sentence() == "Chưa đơn vị nào trong 2 đến hạn."


def test_denominator_is_explained() -> None:
    counted = RollUp(done_on_time=(1,) * 7, done_late=(1, 2), open_in_time=(1,) * 4, open_overdue=(1, 2))
    assert counted.denominator_note() == "Mẫu số của tỷ lệ là việc đã đến hạn (7 + 2 + 2 = 11), không phải tất cả."


@given(st.lists(st.tuples(st.integers(), st.none() | days, st.none() | days)), days)
def test_every_share_stands_in_exactly_one_group(shares: list[tuple[int, date | None, date | None]], on: date) -> None:
    placed = [
        (name, group_of(due_on=DUE, reported_on=reported, verified_on=verified, on=on))
        for name, reported, verified in shares
    ]
    counted = roll_up(placed)
    assert counted.total == len(shares)
    assert sum(len(counted.of(group)) for group in Group) == len(shares)
    assert counted.due + len(counted.open_in_time) == counted.total
