"""Working days: Monday to Friday without public holidays, changed by decree where the caller says so."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class WorkCalendar:
    """The days of a nation. decreed: days that an act of the State made worked (True) or free (False); it wins over
    what `holidays` knows, which lags behind decrees of the year."""

    decreed: Mapping[date, bool] = field(default_factory=dict)

    def is_holiday(self, day: date) -> bool:
        return not self.decreed[day] if day in self.decreed else is_national_holiday(day)

    def is_worked_weekend(self, day: date) -> bool:
        return self.decreed.get(day, day in swapped_workdays(day.year))

    def is_working_day(self, day: date) -> bool:
        return is_working_day(day, self.is_holiday, [day] if self.is_worked_weekend(day) else ())

    def add(self, day: date, n: int) -> date:
        """As `add_working_days`."""
        years = (day.year - 1, day.year, day.year + 1)
        known = {one for year in years for one in swapped_workdays(year)} | self.decreed.keys()
        return add_working_days(day, n, self.is_holiday, {one for one in known if self.is_worked_weekend(one)})


NATIONAL: Final = WorkCalendar()
