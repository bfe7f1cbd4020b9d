"""When what goes out once a working day may go: the one rule for reminders and mails."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from giaoban.core.workdays import NATIONAL, WorkCalendar
from giaoban.kit.registries import work_calendars


def work_calendar() -> WorkCalendar:
    """The calendar of working days that a room above offers, with decreed days; else that of the nation."""
    return next((calendar() for _, calendar in work_calendars), NATIONAL)


def is_time(now: datetime, after: timedelta = timedelta()) -> bool:
    """Whether the hour of the day has come at which reminders are made, and so much time has passed since, on a
    working day."""
    local = timezone.localtime(now)
    begins = datetime.combine(local.date(), settings.REMIND_AT, local.tzinfo) + after
    return local >= begins and work_calendar().is_working_day(local.date())
