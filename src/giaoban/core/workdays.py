"""Working days: Monday to Friday without public holidays, changed by decree where the caller says so."""

from collections.abc import Callable, Collection
from datetime import date, timedelta
from functools import cache
from typing import Final

import holidays

_SATURDAY: Final = 5
_ONE_DAY: Final = timedelta(days=1)


@cache
def national_holidays(year: int) -> frozenset[date]:
    """Public holidays of Viet Nam, days off in lieu and announced swaps included, as far as `holidays` knows them."""
    return frozenset(holidays.country_holidays("VN", years=year))


@cache
def swapped_workdays(year: int) -> frozenset[date]:
    """Saturdays and Sundays worked in exchange for a day off, as announced and known to `holidays`."""
    return frozenset(day for day in holidays.country_holidays("VN", years=year).weekend_workdays if day.year == year)


def is_national_holiday(day: date) -> bool:
    """A public holiday of Viet Nam; weekends are not holidays."""
    return day in national_holidays(day.year)


def is_working_day(day: date, is_holiday: Callable[[date], bool], worked: Collection[date] = ()) -> bool:
    """worked: Saturdays and Sundays that are worked in exchange for a day off; a holiday is never a working day."""
    return not is_holiday(day) and (day.weekday() < _SATURDAY or day in worked)


def add_working_days(day: date, n: int, is_holiday: Callable[[date], bool], worked: Collection[date] = ()) -> date:
    """The n-th working day after `day` (before it when n is negative); n = 0 is `day` itself, working or not."""
    step = _ONE_DAY if n > 0 else -_ONE_DAY
    left = abs(n)
    while left:
        day += step
        if is_working_day(day, is_holiday, worked):
            left -= 1
    return day
