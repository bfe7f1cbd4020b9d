"""Closing the books at the moment of a sending: the sending is before it, or it is refused; never in between."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection, transaction

from giaoban.reporting import services
from giaoban.reporting.models import Closing, Submission
from giaoban.reporting.services.sending import lock
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_two_at_once import both

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> Iterator[World]:
    yield tiny_world()


def close(world: World) -> Closing:
    return services.close_books(world.form, world.period, world.harbours[0].pk, by=SYSTEM, at=AT)


def test_closed_by_two_people_is_one_closing(world: World) -> None:
    assert both(lambda: close(world), lambda: close(world)) == ["AlreadyDone", "done"]
    assert Closing.objects.count() == 1


def test_closing_waits_for_a_sending_under_way(world: World) -> None:
    """The sender holds the report; whoever closes meanwhile sees what was sent when it is through."""
    held, go = Event(), Event()

    def send() -> None:
        try:
            with transaction.atomic():
                lock([world.owed("n1").pk])
                held.set()
                go.wait(10)
                figures = world.figures(all=1, good=1)
                services.submit(world.owed("n1"), figures=figures, by=SYSTEM, at=AT, signatures=SIGNED)
        finally:
            connection.close()

    def shut() -> int:
        try:
            return int(close(world).act.detail["waiting"])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        sending = pool.submit(send)
        held.wait(10)
        closing = pool.submit(shut)
        with pytest.raises(TimeoutError):
            closing.result(timeout=0.5)
        go.set()
        sending.result(timeout=20)
        assert closing.result(timeout=20) == 1
    assert Submission.objects.count() == 1


def test_a_closing_that_fails_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("giaoban.reporting.services.closing.subject_of", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        close(world)
    assert not Closing.objects.exists()
