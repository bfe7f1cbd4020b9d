"""Work of this room that is done by the clock."""

from django.utils import timezone
from procrastinate.contrib.django import app

from giaoban.indicators.services import collect, collect_when_due
from giaoban.indicators.services.collecting import COLLECT_JOB
from giaoban.kit.actors import system_actor


@app.periodic(cron="*/5 * * * *", queueing_lock=COLLECT_JOB)
@app.task(name=COLLECT_JOB, lock=COLLECT_JOB, retry=3)
def collect_disagreements(timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives its time
    """Looks every few minutes, and at once after an import or a closing of books, whether anything was decided,
    imported or closed since the last look at all sources."""
    collect_when_due(by=system_actor("rà soát chênh lệch"), at=timezone.now())


@app.periodic(cron="40 19 * * *", queueing_lock="indicators.collect-nightly")
@app.task(name="indicators.collect-nightly", lock=COLLECT_JOB, retry=3)
def collect_nightly(timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives its time
    """Looks once a night (02:40 in Vietnam) at all sources, whatever was done."""
    collect(by=system_actor("rà soát chênh lệch"), at=timezone.now())
