from datetime import date

import pytest

from giaoban.core.workdays import (
    NATIONAL,
    WorkCalendar,
    add_working_days,
    is_national_holiday,
    is_working_day,
    national_holidays,
    swapped_workdays,
)


def never(_day: date) -> bool:
    return False


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2024, 6, 7), 0, date(2024, 6, 7)),
        (date(2024, 6, 8), 0, date(2024, 6, 8)),
        (date(2024, 6, 7), 1, date(2024, 6, 10)),
        (date(2024, 6, 8), 1, date(2024, 6, 10)),
        (date(2024, 6, 5), 5, date(2024, 6, 12)),
        (date(2024, 6, 10), -1, date(2024, 6, 7)),
    ],
)
def test_weekends_are_skipped(day: date, n: int, expected: date) -> None:
    assert add_working_days(day, n, never) == expected


def test_holidays_are_skipped() -> None:
    # 30 April and 1 May 2019 were a Tuesday and a Wednesday
    assert add_working_days(date(2019, 4, 29), 1, is_national_holiday) == date(2019, 5, 2)


def test_fixed_holidays_of_a_year() -> None:
    assert {date(2023, 1, 1), date(2023, 4, 30), date(2023, 5, 1), date(2023, 9, 2)} <= national_holidays(2023)
    assert date(2023, 9, 5) not in national_holidays(2023)
    assert all(day.year == 2023 for day in national_holidays(2023))


def test_decreed_changes_come_before_the_calendar() -> None:
    off, worked = date(2024, 6, 10), date(2024, 9, 2)

    def is_holiday(day: date) -> bool:
        return day == off or (day != worked and is_national_holiday(day))

    assert is_holiday(off)
    assert not is_holiday(worked)
    assert is_holiday(date(2024, 1, 1))
    assert add_working_days(date(2024, 6, 7), 1, is_holiday) == date(2024, 6, 11)


def test_a_swapped_saturday_is_worked() -> None:
    # Monday 29 April 2024 was taken off and Saturday 4 May worked instead
    saturday = date(2024, 5, 4)
    assert saturday in swapped_workdays(2024)
    assert not is_working_day(saturday, is_national_holiday)
    assert is_working_day(saturday, is_national_holiday, swapped_workdays(2024))
    assert not is_working_day(date(2024, 4, 29), is_national_holiday)
    assert add_working_days(date(2024, 5, 3), 1, is_national_holiday, swapped_workdays(2024)) == saturday


def test_a_decree_wins_over_what_is_known() -> None:
    bridged = WorkCalendar({date(2026, 1, 2): False, date(2026, 1, 10): True})  # a Friday for a Saturday
    assert not NATIONAL.is_working_day(date(2026, 1, 10))
    assert NATIONAL.is_working_day(date(2026, 1, 2))
    assert bridged.is_working_day(date(2026, 1, 10))
    assert not bridged.is_working_day(date(2026, 1, 2))
    assert bridged.add(date(2025, 12, 31), 1) == date(2026, 1, 5)
    assert bridged.add(date(2026, 1, 9), 1) == date(2026, 1, 10)
    assert bridged.add(date(2026, 1, 5), -1) == date(2025, 12, 31)


def test_a_decree_can_take_back_a_swap() -> None:
    swapped = next(day for day in swapped_workdays(2024))
    assert NATIONAL.is_working_day(swapped)
    assert not WorkCalendar({swapped: False}).is_working_day(swapped)
