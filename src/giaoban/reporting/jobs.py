"""Work of this room that is done later, or by the clock."""

import logging
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django import app

from giaoban.kit.actors import system_actor
from giaoban.orgs.selectors import actor_for
from giaoban.reporting.selectors.intake import INTAKE_JOB
from giaoban.reporting.services.closing import FREEZE_JOB
from giaoban.reporting.services.dropping import take_folder_as
from giaoban.reporting.services.intake import take_intake
from giaoban.reporting.services.reminding import remind_by_clock
from giaoban.reporting.services.telling import TELL_JOB, tell_users_of

log = logging.getLogger(__name__)
FREEZER = "Ghi tệp số liệu"


@app.periodic(cron="*/10 * * * *", queueing_lock="reporting.remind")
@app.task(name="reporting.remind", lock="reporting.remind", retry=3)
def remind(timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives its time
    """Looks every few minutes whether today's run is due and not done: so a run after a standstill catches up."""
    remind_by_clock(timezone.now())


@app.task(name=INTAKE_JOB, retry=5)
def take_intake_files(intake_id: int, user_id: int | None, name: str, unit_id: int | None = None) -> None:
    """With the rights that the person holds when the file is taken, not when it was brought."""
    today = timezone.localdate()
    by = system_actor(name) if user_id is None else actor_for(user_id, name, today, acting_for=unit_id)
    take_intake(intake_id, by=by)


@app.task(name=TELL_JOB, lock=TELL_JOB, retry=5)
def tell_users(submissions: list[int]) -> None:
    """After amendments were accepted: whoever used the figures that they replaced."""
    tell_users_of(submissions, timezone.now())


@app.periodic(cron="20 2 * * *", queueing_lock=FREEZE_JOB)
@app.task(name=FREEZE_JOB, lock=FREEZE_JOB, retry=3)
def freeze_closed_books(timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives its time
    """After books were closed, and each night: what was open again is closed again by the clock, without an act."""
    from giaoban.reporting.services.freezing import freeze_closed  # with it comes pyarrow, which no page needs

    done, refused = freeze_closed(by=system_actor(FREEZER), at=timezone.now())
    for one in done:
        log.info("frozen: %s", one.file.path)
    for sentence in refused:
        log.info("not frozen: %s", sentence)


if settings.DROP_FOLDER:  # without one there is nothing to look at every minute

    @app.periodic(cron="* * * * *", queueing_lock="reporting.drop")
    @app.task(name="reporting.drop", lock="reporting.drop")
    def look_into_folder(timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives its time
        take_folder_as(Path(settings.DROP_FOLDER), settings.DROP_AS, at=timezone.now())
