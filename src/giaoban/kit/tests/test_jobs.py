"""Jobs that a dead worker left behind are begun again."""

import pytest
from django.db import connection

from giaoban.kit.jobs import BEGINNINGS, GONE, take_up_stalled

pytestmark = pytest.mark.django_db(transaction=True)


def worker(silent_for: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s)) RETURNING id",
            [silent_for],
        )
        return int(cursor.fetchone()[0])


def begun_job(worker_id: int | None, attempts: int = 0) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, attempts, worker_id)"
            " VALUES ('default', 'room.task', 'doing', %s, %s) RETURNING id",
            [attempts, worker_id],
        )
        return int(cursor.fetchone()[0])


def status(job: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE id = %s", [job])
        return str(cursor.fetchone()[0])


def test_jobs_of_a_dead_worker_go_back_to_the_queue_those_of_a_living_one_go_on() -> None:
    orphan, left, going_on = begun_job(None), begun_job(worker(GONE + 1)), begun_job(worker(0))
    assert take_up_stalled() == (2, 0)
    assert [status(job) for job in (orphan, left, going_on)] == ["todo", "todo", "doing"]
    assert take_up_stalled() == (0, 0)


def test_a_job_that_ends_every_worker_is_given_up() -> None:
    job = begun_job(None, attempts=BEGINNINGS - 1)
    assert take_up_stalled() == (0, 1)
    assert status(job) == "failed"
