"""Working days as decreed: what the pack says wins over the general calendar."""

from datetime import date

from giaoban.core.workdays import WorkCalendar, national_holidays, swapped_workdays
from giaoban.reporting.models import DecreedDay


def work_calendar() -> WorkCalendar:
    """The calendar by which deadlines in working days are counted. One query."""
    return WorkCalendar(dict(DecreedDay.objects.values_list("day", "worked")))


def special_days(year: int) -> list[tuple[date, bool, str]]:
    """Days of a year that are not what their weekday says: (day, worked, basis); basis "" = the general calendar."""
    decreed = {row.day: row for row in DecreedDay.objects.filter(day__year=year)}
    known = dict.fromkeys(national_holidays(year), False) | dict.fromkeys(swapped_workdays(year), True)
    known |= {day: row.worked for day, row in decreed.items()}
    return [(day, worked, decreed[day].basis if day in decreed else "") for day, worked in sorted(known.items())]
