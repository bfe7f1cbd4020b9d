"""Two clicks, two people: one act happens, the other is told that it was done."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import close_old_connections, connection

from giaoban.kit.actors import Actor
from giaoban.reporting import services
from giaoban.reporting.models import Submission
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> Iterator[World]:
    yield tiny_world()


def both(*acts: Callable[[], object]) -> list[str]:
    """Run acts at the same moment in connections of their own; gives "done" or the name of the refusal, sorted."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> str:
        start.wait()
        try:
            act()
            return "done"
        except services.ReportingError as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        results = sorted(pool.map(run, acts))
    close_old_connections()
    return results


def test_sending_a_draft_twice_sends_once(world: World) -> None:
    owed = world.owed("n1")
    services.save_draft(owed, figures={"own/total//all": "3", "own/total//good": "1"}, by=SYSTEM, at=AT)
    click = lambda: services.submit_draft(owed, by=SYSTEM, at=AT, signatures=SIGNED)  # noqa: E731
    assert both(click, click) == ["AlreadyDone", "done"]
    assert Submission.objects.count() == 1


def test_accepted_and_returned_at_once_is_one_decision(world: World) -> None:
    sent = world.send("n1", all=3, good=1)
    assert both(
        lambda: services.accept(sent, by=SYSTEM, at=AT),
        lambda: services.return_for_correction(sent, reason="why", by=SYSTEM, at=AT),
    ) == ["AlreadyDone", "done"]
    sent.refresh_from_db()
    assert sent.is_current == (sent.state == "accepted")


def test_two_imports_of_one_file_are_one(world: World) -> None:
    row = "n1,act-1:lamps,2024-Q1,,own,total,,{},{},,"
    header = "unit,form,period,instalment,table,line,subunit,column,value,estimate,mark"
    content = "\n".join([header, row.format("all", 3), row.format("good", 1)]).encode()
    take = lambda: services.import_csv(content, "a.csv", by=SYSTEM, at=AT)  # noqa: E731
    assert both(take, take) == ["ImportRefused", "done"]
    assert Submission.objects.count() == 1


def test_two_machines_send_the_same_report(world: World) -> None:
    """One types and presses on two machines: the second is told of the first's receipt, whoever pressed."""
    owed, figures = world.owed("n1"), world.figures(all=3, good=1)
    people = [world.actor(world.lights["n1"]), SYSTEM]

    def press(by: Actor) -> Callable[[], object]:
        return lambda: services.submit(owed, figures=figures, by=by, at=AT, signatures=SIGNED)

    assert both(*(press(one) for one in people)) == ["AlreadyDone", "done"]
    sent = Submission.objects.get()
    assert (sent.version, sent.state) == (1, "sent")


def test_waived_twice_at_once_is_one_waiver(world: World) -> None:
    owed = world.owed("n1")
    services.save_draft(owed, figures={"own/total//all": "3", "own/total//good": "4"}, by=SYSTEM, at=AT)
    given: dict[str, Any] = {"reason": "x", "until": AT.date(), "by": SYSTEM, "at": AT}
    click = lambda: services.waive(owed, "part-exceeds-whole:own/total//good", **given)  # noqa: E731
    assert both(click, click) == ["AlreadyDone", "done"]
