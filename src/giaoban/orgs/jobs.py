"""Work of this room that is done later."""

from django.utils import timezone
from procrastinate.contrib.django import app

from giaoban.orgs import services
from giaoban.orgs.selectors import actor_for
from giaoban.orgs.selectors.reorganising import APPLY_JOB
from giaoban.orgs.services.reorganising import apply_or_keep_refusal


@app.periodic(cron="7 * * * *")
@app.task(name="orgs.take_effect", queueing_lock="orgs.take_effect", lock="orgs.take_effect", retry=3)
def take_effect(timestamp: int) -> None:  # noqa: ARG001 - the moment for which the scheduler asked
    """Every hour, so that the new day of the wall clock is met whatever the zone of the server."""
    services.take_effect(timezone.localdate())


@app.task(name=APPLY_JOB, lock=APPLY_JOB)
def apply_reorganisation(import_id: int, user_id: int, name: str) -> None:
    """With the rights that the person holds when the work is done, not when it was asked for."""
    now = timezone.now()
    apply_or_keep_refusal(import_id, by=actor_for(user_id, name, timezone.localdate(now)), at=now)
