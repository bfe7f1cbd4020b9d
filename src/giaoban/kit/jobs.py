"""Work done later: enqueued by name in the transaction of the act that asks for it."""

from typing import Any

from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector


def enqueue(task: str, **arguments: Any) -> int:
    """Put a job in the queue and give its id. `task` is ``room.name``; arguments must be JSON values.

    The row is written by the caller's database connection: a rolled-back act leaves no job behind.
    """
    return int(app.configure_task(task, allow_unknown=False).defer(**arguments))


def run_pending() -> None:
    """Run what waits in the queue, here and now, and return when it is empty (commands, tests)."""
    connector = app.connector
    if not isinstance(connector, DjangoConnector):
        raise TypeError(f"jobs wait in the database of Django, not in {type(connector).__name__}")
    app.with_connector(connector.get_worker_connector()).run_worker(
        wait=False, install_signal_handlers=False, listen_notify=False
    )
