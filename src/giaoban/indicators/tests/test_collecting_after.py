"""The look at all sources is asked for with the import or the closing itself, not only by the clock."""

import pytest
from django.db import connection, transaction

from giaoban.indicators.services.collecting import COLLECT_JOB
from giaoban.kit import registries
from giaoban.reporting import services
from giaoban.reporting.selectors import export_submission
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """Without jobs that tests with transactions of their own left behind."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = %s", [COLLECT_JOB])
    return tiny_world()


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [COLLECT_JOB])
        return int(cursor.fetchone()[0])


def test_closing_of_books_asks_for_a_look(world: World) -> None:
    world.report("n1", all=10, good=5)
    assert waiting() == 0
    services.close_books(world.form, world.period, world.harbours[0].pk, by=SYSTEM, at=AT)
    assert waiting() == 1


@pytest.mark.parametrize(("accept", "asked"), [(True, 1), (False, 0)])
def test_an_import_asks_once_figures_count(world: World, accept: bool, asked: int) -> None:
    sent = export_submission(world.send("n1", all=10, good=5))
    content = sent.replace(",10,", ",12,").encode()
    services.import_csv(content, "lamps.csv", by=SYSTEM, at=AT, accept=accept)
    assert waiting() == asked


def test_what_is_undone_asks_for_nothing(world: World) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        services.close_books(world.form, world.period, world.harbours[0].pk, by=SYSTEM, at=AT)
        raise RuntimeError
    assert waiting() == 0


def test_rooms_say_which_jobs_follow_figures() -> None:
    assert dict(registries.figure_jobs)["discrepancies"] == COLLECT_JOB
