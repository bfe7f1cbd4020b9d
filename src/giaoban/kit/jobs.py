"""Work done later: enqueued by name in the transaction of the act that asks for it."""

from typing import Any

from procrastinate.contrib.django import app


def enqueue(task: str, **arguments: Any) -> int:
    """Put a job in the queue and give its id. `task` is ``room.name``; arguments must be JSON values.

    The row is written by the caller's database connection: a rolled-back act leaves no job behind.
    """
    return int(app.configure_task(task, allow_unknown=False).defer(**arguments))


def run_pending() -> None:
    """Run what waits in the queue, here and now, and return when it is empty (commands, tests)."""
    app.with_connector(app.connector.get_worker_connector()).run_worker(
        wait=False, install_signal_handlers=False, listen_notify=False
    )
