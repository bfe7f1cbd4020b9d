from datetime import date

import pytest

from giaoban.core.timeliness import Timeliness, timing, timing_words

DUE = date(2014, 3, 10)


@pytest.mark.parametrize(
    ("due_on", "done_on", "on", "state", "days", "words"),
    [
        (None, None, DUE, Timeliness.NO_DEADLINE, 0, "không có hạn"),
        (None, DUE, DUE, Timeliness.NO_DEADLINE, 0, "không có hạn"),
        (DUE, None, date(2014, 3, 6), Timeliness.NOT_DUE, 4, "còn 4 ngày"),
        (DUE, None, date(2014, 3, 7), Timeliness.DUE_SOON, 3, "còn 3 ngày"),
        (DUE, None, date(2014, 3, 9), Timeliness.DUE_SOON, 1, "còn 1 ngày"),
        (DUE, None, DUE, Timeliness.DUE_TODAY, 0, "đến hạn hôm nay"),
        (DUE, None, date(2014, 3, 12), Timeliness.OVERDUE, 2, "quá 2 ngày"),
        (DUE, date(2014, 3, 1), date(2014, 3, 20), Timeliness.ON_TIME, 0, "đúng hạn"),
        (DUE, DUE, date(2014, 3, 20), Timeliness.ON_TIME, 0, "đúng hạn"),
        (DUE, date(2014, 3, 15), date(2014, 3, 20), Timeliness.LATE, 5, "muộn 5 ngày"),
    ],
)
def test_timing(due_on: date | None, done_on: date | None, on: date, state: Timeliness, days: int, words: str) -> None:
    result = timing(due_on, done_on, on=on)
    assert (result.state, result.days) == (state, days)
    assert timing_words(result) == words


def test_how_soon_is_soon_is_a_setting() -> None:
    assert timing(DUE, None, on=date(2014, 3, 3), soon_days=7).state is Timeliness.DUE_SOON
    assert timing(DUE, None, on=date(2014, 3, 9), soon_days=0).state is Timeliness.NOT_DUE
