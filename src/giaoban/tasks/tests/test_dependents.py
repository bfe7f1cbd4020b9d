"""What an event on units does to tasks: open shares carried over, listed, handed back."""

from datetime import date
from typing import Any

import pytest

from giaoban.kit.registries import Effect, unit_dependents
from giaoban.orgs import services as orgs
from giaoban.tasks import dependents, services
from giaoban.tasks.models import Task, TaskUnit
from giaoban.tasks.tests import factories
from giaoban.tasks.tests.factories import LINE, SYSTEM, Tree, moment

pytestmark = pytest.mark.django_db
ON = date(2026, 7, 1)
AT = moment(2026, 7, 1)
NEW = {"key": "phong-moi", "kind": "don-vi-thu", "name": "Phòng Mới", "parents": [[LINE, "so"]]}


@pytest.fixture
def held() -> Tree:
    return factories.tree()


def merge(*olds: str, into: Any = NEW) -> dict[str, Any]:
    steps = [{"step": "merge", "tree": "unit", "olds": list(olds), "into": into}]
    return {"on": ON.isoformat(), "steps": steps}


def record(data: dict[str, Any]) -> Any:
    return orgs.record(data, basis="QĐ 1", basis_on=None, reason="sắp xếp", by=SYSTEM, at=AT)


def seen(data: dict[str, Any]) -> tuple[Effect, ...]:
    rooms = orgs.preview(data, by=SYSTEM, at=AT).effects
    return next((one.effects for one in rooms if one.room == "tasks"), ())


def told(event: Any) -> tuple[Effect, ...]:
    return next((one.effects for one in orgs.recorded_effects(event) if one.room == "tasks"), ())


def where(task: Task) -> list[str]:
    return sorted(TaskUnit.objects.filter(task=task).values_list("unit__key", flat=True))


def test_the_room_is_registered() -> None:
    assert unit_dependents["tasks"].title == "Nhiệm vụ"


def test_open_shares_follow_the_successor_and_come_back(held: Tree) -> None:
    task = factories.task(held, unit_ids=[held.north])
    (effect,) = seen(merge("phong-bac"))
    assert (effect.what, effect.count, effect.named) == (
        dependents.OPEN,
        1,
        ("Tham mưu về tổ chức cán bộ (Phòng Bắc)",),
    )
    done = record(merge("phong-bac"))
    assert where(task) == ["phong-moi"]
    assert task.units.get().progress.get().note == "Phòng Bắc kết thúc, Phòng Mới làm tiếp."
    orgs.undo(done, reason="nhầm", by=SYSTEM, at=AT)
    assert where(task) == ["phong-bac"]
    notes = [one.note for one in task.units.get().progress.all()]
    assert notes[1:] == ["Biến động được hoàn tác, Phòng Bắc làm tiếp."]


def test_a_successor_that_owes_the_task_already_is_not_given_it_twice_and_what_stays_is_named(held: Tree) -> None:
    task = factories.task(held)
    done = record(merge("phong-bac", into="phong-nam"))
    assert where(task) == ["phong-bac", "phong-nam"]
    (effect,) = told(done)
    assert (effect.what, effect.named) == (dependents.TWICE, ("Tham mưu về tổ chức cán bộ (Phòng Bắc)",))


def test_two_shares_of_one_task_are_told_apart_before_and_after_the_merger(held: Tree) -> None:
    factories.task(held)
    counted = [(dependents.OPEN, 1), (dependents.TWICE, 1)]
    assert [(one.what, one.count) for one in seen(merge("phong-bac", "phong-nam"))] == counted
    assert [(one.what, one.count) for one in told(record(merge("phong-bac", "phong-nam")))] == counted


def test_without_one_successor_shares_and_issued_tasks_are_listed_for_a_person(held: Tree) -> None:
    task = factories.task(held, unit_ids=[held.north])
    abolish = [{"step": "abolish", "tree": "unit", "keys": ["phong-bac"]}]
    (left,) = told(record({"on": ON.isoformat(), "steps": abolish}))
    assert (left.count, left.needs_person) == (1, True)
    assert where(task) == ["phong-bac"]
    abolish = [{"step": "abolish", "tree": "unit", "keys": ["so"], "children": "up"}]
    (issued,) = told(record({"on": ON.isoformat(), "steps": abolish}))
    assert (issued.what, issued.named, issued.needs_person) == (
        "nhiệm vụ đã giao, chưa xong",
        ("Tham mưu về tổ chức cán bộ",),
        True,
    )


def test_what_was_said_on_a_share_since_stands_against_undoing(held: Tree) -> None:
    task = factories.task(held, unit_ids=[held.north])
    done = record(merge("phong-bac"))
    assert orgs.can_undo(done) == []
    services.report_progress(task.units.get(), note="Đang làm", by=SYSTEM, at=AT)
    assert orgs.can_undo(done) == ["Nhiệm vụ: 1 phần việc đã chuyển thì đơn vị kế tục đã báo tiến độ."]
    with pytest.raises(orgs.EventRefused):
        orgs.undo(done, reason="nhầm", by=SYSTEM, at=AT)


def test_a_task_of_the_new_unit_stands_against_undoing(held: Tree) -> None:
    done = record(merge("phong-bac"))
    new = TaskUnit._meta.get_field("unit").remote_field.model._default_manager.get(key="phong-moi")
    factories.task(held, unit_ids=[new.pk], at=moment(2026, 7, 2), due_on=date(2026, 8, 1))
    assert orgs.can_undo(done) == ["Nhiệm vụ: 1 phần việc đã giao cho đơn vị mới lập."]


def test_a_task_given_to_an_absorbing_unit_since_stands_against_undoing(held: Tree) -> None:
    factories.task(held, unit_ids=[held.south])
    done = record(merge("phong-bac", into="phong-nam"))
    assert orgs.can_undo(done) == []
    more = {"at": moment(2026, 7, 2), "due_on": date(2026, 8, 1), "origin": factories.origin("viec-2")}
    factories.task(held, unit_ids=[held.south], **more)
    assert orgs.can_undo(done) == ["Nhiệm vụ: 1 phần việc đã giao cho đơn vị kế tục sau biến động."]
