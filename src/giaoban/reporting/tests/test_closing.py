"""The books are closed at a unit: who is held, who may, what opens them again."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.orgs.models import UnitParent, UnitVersion
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Closing
from giaoban.reporting.selectors.closings import books_of, closed_reason, closed_reasons, closing_at
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def world() -> World:
    return tiny_world()


def reason(world: World, light: str, at: object = AT) -> str:
    return closed_reason(world.form.pk, world.period.pk, world.lights[light].pk, at)  # type: ignore[arg-type]


def close(world: World, *, at: object = AT) -> Closing:
    north = world.harbours[0]
    return services.close_books(world.form, world.period, north.pk, by=world.actor(north), at=at)  # type: ignore[arg-type]


def test_open_books_cost_one_query(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert reason(world, "n1") == ""
    assert len(queries) == 1


def test_closing_holds_what_is_beneath_and_nothing_else(world: World) -> None:
    close(world)
    said = reason(world, "n1")
    assert "North Harbour đã khoá sổ" in said
    assert "North-head" in said
    assert reason(world, "s1") == ""
    held = [one.pk for one in world.lights.values()]
    shut = closed_reasons(world.form.pk, world.period.pk, held, AT)
    assert set(shut) == {world.lights[key].pk for key in ("n1", "n2", "n3")}


def test_many_units_cost_as_much_as_one(world: World) -> None:
    close(world)
    with CaptureQueriesContext(connection) as one:
        reason(world, "n1")
    with CaptureQueriesContext(connection) as many:
        closed_reasons(world.form.pk, world.period.pk, [unit.pk for unit in world.lights.values()], AT)
    assert len(many) == len(one)


def test_the_unit_that_closes_still_sends_its_own_upwards(world: World) -> None:
    """A level closes the books of those beneath, and then sends its own report of the same form to the level above."""
    world.ask(world.period, [world.harbours[0]], world.coast)
    close(world)
    assert closed_reason(world.form.pk, world.period.pk, world.harbours[0].pk, AT) == ""
    services.close_books(world.form, world.period, world.coast.pk, by=world.actor(world.coast), at=AT)
    assert "Coast Office" in closed_reason(world.form.pk, world.period.pk, world.harbours[0].pk, AT)
    assert "Coast Office" in reason(world, "s1")


def test_a_unit_that_ended_within_the_period_is_held(world: World) -> None:
    for rows in (UnitVersion, UnitParent):
        rows.objects.filter(unit=world.lights["n3"]).update(valid_to=date(2024, 3, 1))
    orgs.grow()
    assert closed_reason(world.form.pk, world.period.pk, world.lights["n3"].pk, AT) == ""
    close(world)
    assert reason(world, "n3") != ""


def test_preview_names_who_is_missing(world: World) -> None:
    world.report("n1", all=1, good=1)
    world.send("n2", all=1, good=1)
    sent = world.send("s1", all=1, good=1)
    services.return_for_correction(sent, reason="again", by=SYSTEM, at=AT)
    north = books_of(world.form, world.period, world.harbours[0].pk)
    assert (north.expected, north.accepted) == (3, 1)
    assert [one.name for one in north.waiting] == ["Light N2"]
    assert [one.name for one in north.missing] == ["Light N3"]
    south = books_of(world.form, world.period, world.harbours[1].pk)
    assert [one.name for one in south.returned] == ["Light S1"]


def test_the_preview_costs_the_same_however_many_report(world: World) -> None:
    with CaptureQueriesContext(connection) as few:
        books_of(world.form, world.period, world.harbours[0].pk)
    with CaptureQueriesContext(connection) as many:
        books_of(world.form, world.period, world.coast.pk)
    assert len(many) == len(few)


def test_only_those_who_confirm_there_close(world: World) -> None:
    north, south = world.harbours
    for actor in (world.actor(south), world.actor(world.coast), world.actor(north, Role.OFFICER)):
        with pytest.raises(PermissionDenied):
            services.close_books(world.form, world.period, north.pk, by=actor, at=AT)
    assert not Closing.objects.exists()


def test_books_without_reporters_are_none(world: World) -> None:
    other = orgs.unit("west", "harbour", name="West Harbour", under=world.coast)
    orgs.grow()
    with pytest.raises(services.ReportingError, match="không có sổ"):
        services.close_books(world.form, world.period, other.pk, by=SYSTEM, at=AT)
    assert not Act.objects.filter(name="reporting.close-books").exists()


def test_closed_twice_is_told_who_was_first(world: World) -> None:
    close(world)
    with pytest.raises(services.AlreadyDone, match="đã khoá sổ"):
        close(world)


def test_reopened_for_one_unit_until_a_moment(world: World) -> None:
    closing = close(world)
    north = world.harbours[0]
    services.reopen_books(
        closing, unit_id=world.lights["n1"].pk, reason="late letter", until=AT + HOUR, by=world.actor(north), at=AT
    )
    assert reason(world, "n1") == ""
    assert reason(world, "n2") != ""
    assert reason(world, "n1", AT + HOUR) != ""  # the moment itself is closed again


def test_reopened_for_all(world: World) -> None:
    closing = close(world)
    services.reopen_books(closing, reason="flood", until=AT + HOUR, by=SYSTEM, at=AT)
    assert reason(world, "n1") == reason(world, "n3") == ""
    assert reason(world, "n1", AT + 2 * HOUR) != ""


def test_two_closings_must_both_be_open(world: World) -> None:
    harbour = close(world)
    services.close_books(world.form, world.period, world.coast.pk, by=SYSTEM, at=AT)
    services.reopen_books(harbour, reason="flood", until=AT + HOUR, by=SYSTEM, at=AT)
    assert "Coast Office" in reason(world, "n1")


@pytest.mark.parametrize(("words", "until", "said"), [(" ", AT + HOUR, "lý do"), ("flood", AT, "đã qua")])
def test_reopening_needs_reason_and_a_moment_ahead(world: World, words: str, until: object, said: str) -> None:
    closing = close(world)
    with pytest.raises(services.ReportingError, match=said):
        services.reopen_books(closing, reason=words, until=until, by=SYSTEM, at=AT)  # type: ignore[arg-type]
    assert not closing.reopenings.exists()


def test_reopening_names_a_unit_that_is_held(world: World) -> None:
    closing = close(world)
    with pytest.raises(services.ReportingError, match="Light S1"):
        services.reopen_books(closing, unit_id=world.lights["s1"].pk, reason="flood", until=AT + HOUR, by=SYSTEM, at=AT)


def test_taken_back_with_a_reason_and_closed_anew(world: World) -> None:
    closing = close(world)
    with pytest.raises(services.ReportingError, match="lý do"):
        services.undo_closing(closing, reason="", by=SYSTEM, at=AT)
    with pytest.raises(PermissionDenied):
        services.undo_closing(closing, reason="slip", by=world.actor(world.harbours[1]), at=AT)
    services.undo_closing(closing, reason="slip", by=world.actor(world.harbours[0]), at=AT)
    assert reason(world, "n1") == ""
    with pytest.raises(services.AlreadyDone):
        services.reopen_books(closing, reason="flood", until=AT + HOUR, by=SYSTEM, at=AT)
    close(world)
    assert reason(world, "n1") != ""
    assert closing_at(world.form, world.period, world.harbours[0].pk) != closing


def test_what_was_typed_can_still_be_typed(world: World) -> None:
    close(world)
    owed = world.owed("n1")
    draft = services.save_draft(
        owed, figures={"own/total//all": "3"}, by=world.actor(world.lights["n1"], Role.OFFICER), at=AT
    )
    assert draft.figures["own/total//all"] == "3"


def test_nothing_is_sent_or_decided_while_closed(world: World) -> None:
    waiting = world.send("n1", all=1, good=1)
    close(world)
    with pytest.raises(services.ReportingError, match="đã khoá sổ"):
        world.send("n2", all=1, good=1)
    with pytest.raises(services.ReportingError, match="đã khoá sổ"):
        services.accept(waiting, by=SYSTEM, at=AT)
    with pytest.raises(services.ReportingError, match="đã khoá sổ"):
        services.return_for_correction(waiting, reason="again", by=SYSTEM, at=AT)
    assert selectors.current_of(world.owed("n1")) is None
