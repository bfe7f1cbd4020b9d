"""What an event on units does to reports, through the event itself: handed on, listed, taken back."""

from datetime import date
from typing import Any

import pytest

from giaoban.kit.registries import Effect, unit_dependents
from giaoban.orgs import services as orgs_services
from giaoban.orgs.models import Event
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import dependents, services
from giaoban.reporting.models import Draft, Obligation, Reminder
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, owe, tiny_world

pytestmark = pytest.mark.django_db

ON = date(2024, 3, 1)  # inside the quarter that the lights owe
LATE = date(2024, 4, 1)  # the day after it


@pytest.fixture
def world() -> World:
    return tiny_world()


def step(**words: Any) -> dict[str, Any]:
    return {"tree": "unit", **words}


def merge(*olds: str, into: str, on: date = ON) -> dict[str, Any]:
    return {"on": on.isoformat(), "steps": [step(step="merge", olds=list(olds), into=into)]}


def abolish(key: str, children: str = "refuse", on: date = ON) -> dict[str, Any]:
    return {"on": on.isoformat(), "steps": [step(step="abolish", keys=[key], children=children)]}


def move(key: str, parent: str, on: date = ON) -> dict[str, Any]:
    return {"on": on.isoformat(), "steps": [step(step="move", key=key, line="service", parent=parent)]}


def record(data: dict[str, Any]) -> Event:
    return orgs_services.record(data, basis="Act 2", basis_on=None, reason="fewer lights", by=SYSTEM, at=AT)


def undo(event: Event) -> None:
    orgs_services.undo(event, reason="a mistake", by=SYSTEM, at=AT)


def seen(data: dict[str, Any]) -> tuple[Effect, ...]:
    rooms = orgs_services.preview(data, by=SYSTEM, at=AT).effects
    return next((one.effects for one in rooms if one.room == "reporting"), ())


def rows() -> list[tuple[Any, ...]]:
    return sorted(Obligation.objects.values_list("pk", "unit__key", "receiver__key", "due_on", "period_id"))


def test_the_room_is_registered() -> None:
    assert unit_dependents["reporting"].title == "Báo cáo"


def test_an_open_report_goes_to_the_one_successor_and_back(world: World) -> None:
    orgs.unit("n4", "light", name="Light N4", under=world.harbours[0])
    orgs.grow()
    before = rows()
    (effect,) = seen(merge("n1", into="n4"))
    assert (effect.what, effect.count, effect.needs_person) == (dependents.OWED, 1, False)
    assert effect.named == (f"Light N1: biểu lamps, {world.period.label}",)
    done = record(merge("n1", into="n4"))
    assert Obligation.objects.get(unit__key="n4").receiver == world.harbours[0]
    undo(done)
    assert rows() == before


def test_a_report_that_the_successor_owes_too_falls_away_and_comes_back_whole(world: World) -> None:
    owed = world.owed("n1")
    services.remind([owed], note="soon", by=SYSTEM, at=AT)
    Draft.objects.create(obligation=owed, figures={"own/total//all": "4"}, saved_at=AT)
    before = rows()
    done = record(merge("n1", into="n2"))
    assert not Obligation.objects.filter(unit__key="n1").exists()
    undo(done)
    assert rows() == before
    assert Draft.objects.get(obligation=owed).figures == {"own/total//all": "4"}
    assert Reminder.objects.get(obligation=owed).note == "soon"


def test_two_that_merge_into_a_new_one_leave_one_report(world: World) -> None:
    new = {"key": "n9", "kind": "light", "name": "Light N9", "parents": [["service", "north"]]}
    data = {"on": ON.isoformat(), "steps": [step(step="merge", olds=["n1", "n2"], into=new)]}
    assert [(one.what, one.count) for one in seen(data)] == [(dependents.OWED, 1), (dependents.FALLEN, 1)]
    done = record(data)
    owed = Obligation.objects.get(unit__key="n9")
    assert (owed.receiver, owed.due_on) == (world.harbours[0], date(2024, 4, 10))
    services.submit(owed, figures=world.figures(all=17, good=9), by=SYSTEM, at=AT, signatures=SIGNED)
    with pytest.raises(orgs_services.EventRefused) as refusal:
        undo(done)
    assert refusal.value.reasons == ("Báo cáo: 1 báo cáo đã chuyển thì đơn vị kế tục đã gửi.",)


def test_what_was_sent_and_periods_that_are_over_stay_with_who_owed_them(world: World) -> None:
    world.send("n1", all=4, good=1)
    record(merge("n1", into="n2"))
    assert world.owed("n1").submissions.count() == 1
    record(merge("n2", into="n3", on=LATE))
    assert world.owed("n2").unit.key == "n2"


def test_without_one_successor_reports_stay_and_are_listed(world: World) -> None:
    (effect,) = seen(abolish("n1"))
    assert (effect.count, effect.consequence, effect.needs_person) == (1, dependents.LEFT_OPEN, True)
    done = record(abolish("n1"))
    assert world.owed("n1").unit.key == "n1"
    (room,) = [one for one in orgs_services.recorded_effects(done) if one.room == "reporting"]
    assert [one.needs_person for one in room.effects] == [True]


def test_reports_follow_a_receiver_to_its_successor(world: World) -> None:
    world.report("n1", all=1, good=1)
    world.send("n2", all=1, good=1)
    before = rows()
    (awaited,) = seen(merge("north", into="south"))
    assert (awaited.what, awaited.count) == (dependents.AWAITED, 2)
    done = record(merge("north", into="south"))
    assert {light: world.owed(light).receiver for light in ("n1", "n2", "n3")} == {
        "n1": world.harbours[0],
        "n2": world.harbours[1],
        "n3": world.harbours[1],
    }
    undo(done)
    assert rows() == before


def test_without_a_successor_reports_go_where_the_rules_say_in_the_new_tree(world: World) -> None:
    data = abolish("north")
    data["steps"] += move("n1", "south")["steps"] + move("n2", "coast")["steps"] + move("n3", "coast")["steps"]
    done = record(data)
    assert world.owed("n1").receiver == world.harbours[1]
    assert world.owed("n2").receiver == world.harbours[0]
    (room,) = [one for one in orgs_services.recorded_effects(done) if one.room == "reporting"]
    left = [one for one in room.effects if one.needs_person]
    assert [(one.count, one.consequence) for one in left] == [(2, dependents.LEFT_RECEIVER)]
    undo(done)
    assert world.owed("n1").receiver == world.harbours[0]


def test_a_unit_that_moves_reports_to_its_new_receiver(world: World) -> None:
    world.report("n2", all=1, good=1)
    (effect,) = seen(move("n1", "south"))
    assert (effect.what, effect.count) == (dependents.REDIRECTED, 1)
    record(move("n1", "south"))
    record(move("n2", "south"))
    assert (world.owed("n1").receiver, world.owed("n2").receiver) == (world.harbours[1], world.harbours[0])


def test_what_was_asked_for_outside_the_rules_keeps_its_receiver_when_the_unit_moves(world: World) -> None:
    world.form.owing_rules.all().delete()
    record(move("n1", "south"))
    assert world.owed("n1").receiver == world.harbours[0]


def test_an_accepted_report_and_a_new_one_stand_against_undoing(world: World) -> None:
    done = record(merge("north", into="south"))
    world.report("n2", all=1, good=1)
    assert orgs_services.can_undo(done) == ["Báo cáo: 1 báo cáo đã chuyển thì nơi nhận mới đã tiếp nhận."]
    new = {"key": "s9", "kind": "light", "name": "Light S9", "parents": [["service", "south"]]}
    made = record({"on": ON.isoformat(), "steps": [step(step="create", things=[new])]})
    owe(world.form, world.rule, "lamp", "harbour")
    services.raise_obligations(world.form.key, world.period, by=SYSTEM, at=AT)
    assert orgs_services.can_undo(made) == [
        "Báo cáo: 1 báo cáo đã được giao cho đơn vị mới lập hoặc gửi đến đơn vị này."
    ]
