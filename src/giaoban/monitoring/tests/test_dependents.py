"""What an event on units does to findings: what nobody has judged passes to the successor of who watches."""

from datetime import date
from typing import Any

import pytest

from giaoban.kit.permissions import Role
from giaoban.kit.registries import unit_dependents
from giaoban.monitoring import dependents, services
from giaoban.monitoring.models import Finding, WatchRule
from giaoban.monitoring.tests.factories import report_all, watch_rule
from giaoban.orgs import services as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting.tests.factories import SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db
AT = moment(2024, 5, 2)
ON = date(2024, 5, 1)


@pytest.fixture
def world() -> World:
    made = tiny_world()
    report_all(made)
    watcher = made.harbours[0]
    services.run_watch(
        watch_rule(made), made.period, watcher_id=watcher.pk, by=made.actor(watcher, Role.RECEIVER), at=AT
    )
    return made


def record(*, on: date = ON, **step: Any) -> Any:
    data = {"on": on.isoformat(), "steps": [{"tree": "unit", **step}]}
    return orgs.record(data, basis="Act 2", basis_on=None, reason="fewer", by=SYSTEM, at=AT)


def watchers() -> set[str]:
    return set(Finding.objects.values_list("watcher__key", flat=True))


def told(event: Any) -> list[tuple[str, bool]]:
    rooms = [one.effects for one in orgs.recorded_effects(event) if one.room == "monitoring"]
    return [(one.what, one.needs_person) for effects in rooms for one in effects]


def same_rule(key: str) -> WatchRule:
    """The rule once more, under another key."""
    rule = WatchRule.objects.get()
    rule.pk, rule.key = None, key
    rule.save(force_insert=True)
    return rule


def test_the_room_is_registered() -> None:
    assert unit_dependents["monitoring"].title == "Theo dõi"


def test_findings_to_judge_pass_to_the_successor_and_back(world: World) -> None:
    done = record(step="merge", olds=["north"], into="south")
    assert watchers() == {"south"}
    assert told(done) == [("phát hiện chờ xác nhận", False)]
    orgs.undo(done, reason="a mistake", by=SYSTEM, at=AT)
    assert watchers() == {"north"}


def test_without_one_successor_findings_are_listed_for_a_person(world: World) -> None:
    done = record(step="abolish", keys=["north"], children="up")
    assert watchers() == {"north"}
    assert told(done) == [("phát hiện chờ xác nhận", True)]


def test_a_judged_finding_stands_against_undoing(world: World) -> None:
    done = record(step="merge", olds=["north"], into="south")
    finding = Finding.objects.order_by("pk")[0]
    judge = world.actor(world.harbours[1], Role.RECEIVER)
    services.judge(finding, confirm=False, reason="known", by=judge, at=AT)
    assert orgs.can_undo(done) == ["Theo dõi: 1 phát hiện đã chuyển thì đã được xét hoặc tính lại."]


def test_findings_that_the_successor_has_itself_stay_and_are_told_apart(world: World) -> None:
    services.run_watch(
        same_rule("twice"),
        world.period,
        watcher_id=world.harbours[0].pk,
        by=world.actor(world.harbours[0], Role.RECEIVER),
        at=AT,
    )
    mine = Finding.objects.filter(rule__key="twice").order_by("pk")
    held, other = mine[0], mine[1]
    Finding.objects.filter(pk=other.pk).update(watcher=world.harbours[1], unit=held.unit)
    done = record(step="merge", olds=["north"], into="south")
    (room,) = [one for one in orgs.recorded_effects(done) if one.room == "monitoring"]
    waiting = [(one.consequence, one.count) for one in room.effects]
    handed = Finding.objects.filter(watcher=world.harbours[1]).exclude(pk=other.pk).count()
    assert waiting == [(dependents.HANDED, handed), (dependents.TWICE, 1)]
    held.refresh_from_db()
    assert held.watcher == world.harbours[0]


def test_a_finding_of_the_successor_since_then_stands_against_undoing(world: World) -> None:
    done = record(step="merge", olds=["north"], into="south", on=date(2024, 3, 1))
    assert orgs.can_undo(done) == []
    watcher = world.harbours[1]
    services.run_watch(
        same_rule("later"),
        world.period,
        watcher_id=watcher.pk,
        by=world.actor(watcher, Role.RECEIVER),
        at=AT,
    )
    found = Finding.objects.filter(rule__key="later").count()
    assert orgs.can_undo(done) == [f"Theo dõi: {found} phát hiện ở đơn vị kế tục có sau biến động."]
