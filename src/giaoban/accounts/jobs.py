"""Work of this room that is done by the clock."""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from giaoban.accounts.services import make_daily_mails
from giaoban.core.workdays import NATIONAL

AFTER = timedelta(minutes=20)
"""So long after the reminders of the day, which are to stand in the mail."""


@app.periodic(cron="*/10 * * * *", queueing_lock="accounts.daily_mail")
@app.task(name="accounts.daily_mail", lock="accounts.daily_mail", retry=3)
def daily_mail(timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives its time
    """Looks every few minutes whether somebody still lacks the mail of today."""
    if is_time(now := timezone.now()):
        make_daily_mails(now)


def is_time(now: datetime) -> bool:
    """Whether the hour of the daily mail has come, on a working day."""
    local = timezone.localtime(now)
    begins = datetime.combine(local.date(), settings.REMIND_AT, local.tzinfo) + AFTER
    return local >= begins and NATIONAL.is_working_day(local.date())
