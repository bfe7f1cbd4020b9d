"""Work done later: enqueued by name in the transaction of the act that asks for it."""

from datetime import datetime
from typing import Any

from asgiref.sync import async_to_sync
from django.utils import timezone
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.jobs import Status
from procrastinate.periodic import PeriodicRegistry

from giaoban.kit.registries import figure_jobs

GONE = 30  # seconds without a sign of life after which a worker is taken for dead; a living one gives one every 10
BEGINNINGS = 5  # how often a job is begun before a worker that dies each time is taken to be the job's fault


def enqueue(task: str, **arguments: Any) -> int:
    """Put a job in the queue and give its id. `task` is ``room.name``; arguments must be JSON values.

    The row is written by the caller's database connection: a rolled-back act leaves no job behind.
    """
    return int(app.configure_task(task, allow_unknown=False).defer(**arguments))


def enqueue_at(task: str, when: datetime, **arguments: Any) -> int:
    """As `enqueue`, for a job that is not begun before a moment."""
    return int(app.configure_task(task, allow_unknown=False, schedule_at=when).defer(**arguments))


def figures_changed() -> None:
    """Called within the act after which many figures are others: every job that a room registered for this is queued
    with it. A job that finds nothing new ends at once."""
    for _, task in figure_jobs:
        enqueue(task)


def run_pending() -> None:
    """Run what waits in the queue, here and now, and return when it is empty (commands, tests)."""
    connector = app.connector
    if not isinstance(connector, DjangoConnector):
        raise TypeError(f"jobs wait in the database of Django, not in {type(connector).__name__}")
    once = app.with_connector(connector.get_worker_connector())
    # What runs by the clock is the standing worker's, not ours.
    once.periodic_registry = PeriodicRegistry()  # type: ignore[no-untyped-call]
    once.run_worker(wait=False, install_signal_handlers=False, listen_notify=False)


@app.periodic(cron="*/5 * * * *", queueing_lock="kit.mail")
@app.task(name="kit.send_mail")
def send_mail(timestamp: int = 0) -> None:  # noqa: ARG001 - the clock gives its time
    """Send what waits, a bounded number; what is left, or failed and waits, is tried at the next ring of the clock."""
    from giaoban.kit.messages import send_waiting

    send_waiting(timezone.now())


def take_up_stalled() -> tuple[int, int]:
    """Jobs that a worker began and left when it died go back to the queue; how many did, and how many were given up.

    A job that was begun BEGINNINGS times counts as failed, so that it cannot end every worker that takes it.
    """
    return async_to_sync(_take_up_stalled)()


async def _take_up_stalled() -> tuple[int, int]:
    manager, again, given_up = app.job_manager, 0, 0
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=GONE):
        if job.id is None:
            continue
        if job.attempts + 1 >= BEGINNINGS:
            await manager.finish_job_by_id_async(job.id, status=Status.FAILED, delete_job=False)
            given_up += 1
        else:
            await manager.retry_job_by_id_async(job.id, retry_at=timezone.now())
            again += 1
    return again, given_up
