"""Freezing at the moment of a decision: the decision is in the file, or takes the file's place; never in between."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any, TypeVar

import pytest
from django.db import connection, transaction

from giaoban.reporting import services
from giaoban.reporting.models import FrozenFile
from giaoban.reporting.selectors import frozen
from giaoban.reporting.selectors.accepted import summary_of
from giaoban.reporting.services import freezing
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_two_at_once import both

pytestmark = pytest.mark.django_db(transaction=True)

T = TypeVar("T")
LATER = AT + timedelta(hours=2)


@pytest.fixture
def world(settings: Any, tmp_path: Path) -> Iterator[World]:
    """The books are closed; they were open again for an hour, in which s1 sent."""
    settings.FROZEN_FOLDER = tmp_path
    world = tiny_world()
    world.report("n1", all=10, good=8)
    closing = services.close_books(world.form, world.period, world.coast.pk, by=SYSTEM, at=AT)
    services.reopen_books(closing, reason="late", until=AT + timedelta(hours=1), by=SYSTEM, at=AT)
    yield world


def freeze(world: World) -> freezing.Frozen:
    return freezing.freeze(world.form, world.period, by=SYSTEM, at=LATER)


def apart(work: Callable[[], T]) -> Callable[[], T]:
    def done() -> T:
        try:
            return work()
        finally:
            connection.close()

    return done


def test_a_decision_under_way_is_waited_for_and_is_in_the_file(world: World) -> None:
    """It was begun while the books were open again and ends after they are closed by the clock."""
    sent = world.send("s1", all=1, good=1)
    held, go = Event(), Event()

    def decide() -> None:
        with transaction.atomic():
            services.accept(sent, by=SYSTEM, at=AT, explanations=True)
            held.set()
            go.wait(10)

    with ThreadPoolExecutor(2) as pool:
        deciding = pool.submit(apart(decide))
        held.wait(10)
        writing = pool.submit(apart(lambda: freeze(world)))
        with pytest.raises(TimeoutError):
            writing.result(timeout=0.5)
        go.set()
        deciding.result(timeout=20)
        file = writing.result(timeout=20).file
    assert (file.reports, file.stands) == (2, True)


def test_a_decision_that_comes_while_the_file_is_written_takes_its_place(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = world.send("s1", all=1, good=1)
    held, go = Event(), Event()

    def summary(form_id: int, period_id: int) -> Any:
        found = summary_of(form_id, period_id)
        held.set()
        go.wait(10)
        return found

    monkeypatch.setattr(freezing, "summary_of", summary)
    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(apart(lambda: freeze(world)))
        held.wait(10)
        deciding = pool.submit(apart(lambda: services.accept(sent, by=SYSTEM, at=AT, explanations=True)))
        with pytest.raises(TimeoutError):
            deciding.result(timeout=0.5)
        go.set()
        assert writing.result(timeout=20).file.reports == 1
        deciding.result(timeout=20)
    assert frozen.standing_files(world.form.pk, [world.period.pk]) == {}


def test_two_freezings_write_one_file(world: World) -> None:
    assert both(lambda: freeze(world), lambda: freeze(world)) == ["done", "done"]
    assert [one.version for one in FrozenFile.objects.all()] == [1]
