"""Work of this room that is done by the clock."""

from datetime import timedelta

from django.utils import timezone
from procrastinate.contrib.django import app

from giaoban.accounts.services import make_daily_mails
from giaoban.kit.clock import is_time

AFTER = timedelta(minutes=20)
"""So long after the reminders of the day, which are to stand in the mail."""


@app.periodic(cron="*/10 * * * *", queueing_lock="accounts.daily_mail")
@app.task(name="accounts.daily_mail", lock="accounts.daily_mail", retry=3)
def daily_mail(timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives its time
    """Looks every few minutes whether somebody still lacks the mail of today."""
    if is_time(now := timezone.now(), AFTER):
        make_daily_mails(now)
