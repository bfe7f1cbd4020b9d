"""Two looks at all sources at the same moment."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import psycopg
import pytest
from django.db import connection

from giaoban.indicators import services
from giaoban.indicators.models import Discrepancy
from giaoban.indicators.tests.test_collecting import AT, LATER, lamps
from giaoban.kit import registries
from giaoban.kit.acts import act
from giaoban.kit.registries import Disagreement
from giaoban.reporting.tests.factories import SYSTEM, tiny_world


@pytest.mark.django_db(transaction=True)
def test_two_looks_at_once_record_each_disagreement_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = tiny_world()
    said = [lamps(world, key=f"lamps|{number}") for number in range(20)]

    def source() -> Iterator[Disagreement]:
        yield from said

    monkeypatch.setattr(registries.disagreements, "_entries", {"lamps": source})
    barrier = Barrier(2)

    def look(_: int) -> int:
        try:
            barrier.wait(timeout=20)
            return len(services.collect(by=SYSTEM, at=AT).opened)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        opened = sorted(pool.map(look, range(2)))
    assert opened == [0, 20]
    assert Discrepancy.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_the_clock_looks_only_when_something_was_done_since(monkeypatch: pytest.MonkeyPatch) -> None:
    world = tiny_world()
    monkeypatch.setattr(registries.disagreements, "_entries", {})
    assert services.collect_when_due(by=SYSTEM, at=AT) is not None
    assert services.collect_when_due(by=SYSTEM, at=LATER) is None
    world.report("n1", all=10, good=9, rate=90)
    assert services.collect_when_due(by=SYSTEM, at=LATER) is not None
    assert services.collect_when_due(by=SYSTEM, at=LATER) is None


@pytest.mark.django_db(transaction=True)
def test_an_act_that_was_not_over_when_a_look_began_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has the lower number, and is seen only after the look."""
    monkeypatch.setattr(registries.disagreements, "_entries", {})
    begun, looked = Event(), Event()

    def long_import() -> None:
        try:
            with act("reporting.import-csv", by=SYSTEM, at=AT):
                begun.set()
                looked.wait(timeout=20)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(long_import)
        assert begun.wait(timeout=20)
        services.collect(by=SYSTEM, at=AT)
        looked.set()
        running.result(timeout=20)
    assert services.collect_when_due(by=SYSTEM, at=LATER) is not None
    assert services.collect_when_due(by=SYSTEM, at=LATER) is None


@pytest.mark.django_db(transaction=True)
def test_what_runs_long_in_another_database_calls_for_no_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries.disagreements, "_entries", {})
    asked = connection.get_connection_params()
    elsewhere = {name: asked[name] for name in ("host", "port", "user", "password") if name in asked}
    with psycopg.connect(**elsewhere, dbname="postgres") as other:
        other.execute("SELECT pg_current_xact_id()")
        with act("reporting.import-csv", by=SYSTEM, at=AT):
            pass
        assert services.collect_when_due(by=SYSTEM, at=AT) is not None
        assert services.collect_when_due(by=SYSTEM, at=LATER) is None
