from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Role
from giaoban.tasks import offers, rules, selectors, services
from giaoban.tasks.models import Task, TaskState, TaskUnit
from giaoban.tasks.rules import Group
from giaoban.tasks.tests import factories
from giaoban.tasks.tests.factories import SYSTEM, Tree, moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> Tree:
    return factories.tree()


def share(task: Task, unit_id: int) -> TaskUnit:
    return TaskUnit.objects.get(task=task, unit_id=unit_id)


def report_done(task: Task, unit_id: int, at: Any) -> TaskUnit:
    one = share(task, unit_id)
    services.report_progress(one, note="Đã trình", product="Tờ trình 12/TTr", done=True, by=SYSTEM, at=at)
    return one


def test_one_task_fans_out_and_keeps_its_source(held: Tree) -> None:
    task = factories.task(held)
    assert [one.state for one in selectors.shares_of(task)] == [TaskState.ASSIGNED, TaskState.ASSIGNED]
    assert task.source_text == "các phòng tham mưu, đề xuất về tổ chức cán bộ"
    assert selectors.origin_of(task) == factories.origin()
    entry = acts_on(task)[0]
    assert (entry.name, entry.detail["units"]) == ("tasks.assign", 2)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"product": "  "}, "sản phẩm"),
        ({"title": ""}, "việc phải làm"),
        ({"unit_ids": []}, "đơn vị chủ trì"),
        ({"due_on": date(2026, 3, 20)}, "đã qua vào ngày giao"),
    ],
)
def test_a_task_without_its_clears_is_refused(held: Tree, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(services.TaskRefused, match=said):
        factories.task(held, **changes)
    assert not Task.objects.exists()


def test_a_matter_is_assigned_once(held: Tree) -> None:
    factories.task(held)
    with pytest.raises(services.TaskRefused, match="đã được giao"):
        factories.task(held)


def test_a_unit_that_no_longer_exists_is_named(held: Tree) -> None:
    ended = factories.unit("phong-cu", "Phòng Cũ", parent=held.office, until=date(2025, 7, 1))
    with pytest.raises(services.TaskRefused, match="Phòng Cũ"):
        factories.task(held, unit_ids=[held.north, ended])


def test_assigning_needs_the_right_at_the_issuer(held: Tree) -> None:
    with pytest.raises(PermissionDenied, match="giao nhiệm vụ của Sở Thử nghiệm"):
        factories.task(held, by=factories.actor(held.root, Role.HEAD))
    assert factories.task(held, by=factories.actor(held.office, Role.SECRETARY)).issuer_id == held.office


def test_from_report_to_verification(held: Tree) -> None:
    task = factories.task(held)
    officer = factories.actor(held.north, Role.OFFICER)
    one = share(task, held.north)
    services.report_progress(one, note="Đang soạn", by=officer, at=moment(2026, 5, 4))
    assert one.state == TaskState.STARTED
    services.report_progress(
        one, note="Đã trình", product="Tờ trình 12", done=True, by=officer, at=moment(2026, 6, 30, 23)
    )
    assert (one.state, one.done_on) == (TaskState.REPORTED, date(2026, 6, 30))
    with pytest.raises(PermissionDenied):
        services.verify(one, by=officer, at=moment(2026, 7, 1))
    services.verify(one, by=factories.actor(held.office, Role.RECEIVER), at=moment(2026, 7, 9))
    counted = selectors.roll_up(task, date(2026, 7, 10))
    assert [unit.name for unit in counted.done_on_time] == ["Phòng Bắc"]
    assert [unit.name for unit in counted.open_overdue] == ["Phòng Nam"]
    assert (counted.done, counted.due) == (1, 2)


def test_done_needs_a_product_and_is_said_once(held: Tree) -> None:
    task = factories.task(held)
    one = share(task, held.north)
    with pytest.raises(services.TaskRefused, match="sản phẩm"):
        services.report_progress(one, note="Xong", done=True, by=SYSTEM, at=moment(2026, 5, 4))
    report_done(task, held.north, moment(2026, 5, 4))
    with pytest.raises(services.TaskRefused, match="đang chờ"):
        report_done(task, held.north, moment(2026, 5, 5))


def test_only_a_reported_share_is_verified_and_only_once(held: Tree) -> None:
    task = factories.task(held)
    one = share(task, held.north)
    with pytest.raises(services.TaskRefused, match="chưa báo hoàn thành"):
        services.verify(one, by=SYSTEM, at=moment(2026, 5, 4))
    one = report_done(task, held.north, moment(2026, 5, 4))
    services.verify(one, by=SYSTEM, at=moment(2026, 5, 5))
    with pytest.raises(services.TaskRefused, match="rồi"):
        services.verify(TaskUnit.objects.get(pk=one.pk), by=SYSTEM, at=moment(2026, 5, 5))


def test_reopening_undoes_done_with_a_reason(held: Tree) -> None:
    task = factories.task(held)
    one = report_done(task, held.north, moment(2026, 5, 4))
    services.verify(one, by=SYSTEM, at=moment(2026, 5, 5))
    with pytest.raises(services.TaskRefused, match="lý do"):
        services.reopen(one, reason=" ", by=SYSTEM, at=moment(2026, 5, 6))
    services.reopen(one, reason="Thiếu phụ lục", by=SYSTEM, at=moment(2026, 5, 6))
    assert (one.state, one.done_on, one.verified_id) == (TaskState.STARTED, None, None)
    assert acts_on(one)[0].reason == "Thiếu phụ lục"


def test_deadlines_keep_their_history(held: Tree) -> None:
    task = factories.task(held)
    one = share(task, held.north)
    services.move_deadline(one, due_on=date(2026, 7, 15), reason="Chờ họp", by=SYSTEM, at=moment(2026, 6, 27))
    services.move_deadline(one, due_on=date(2026, 7, 20), reason="Chờ ý kiến", by=SYSTEM, at=moment(2026, 7, 14))
    card = selectors.share_cards(TaskUnit.objects.filter(pk=one.pk), date(2026, 7, 14))[one.pk]
    assert (card.first_due_on, card.due_on, card.extensions) == (date(2026, 6, 30), date(2026, 7, 20), 2)
    with pytest.raises(services.TaskRefused, match="không có gì thay đổi"):
        services.move_deadline(one, due_on=date(2026, 7, 20), reason="Lại", by=SYSTEM, at=moment(2026, 7, 14))
    with pytest.raises(services.TaskRefused, match="trước ngày giao"):
        services.move_deadline(one, due_on=date(2026, 3, 1), reason="Sớm", by=SYSTEM, at=moment(2026, 7, 14))
    assert share(task, held.south).due_on == date(2026, 6, 30)


def test_the_database_counts_groups_as_the_rule_does(held: Tree) -> None:
    task = factories.task(held)
    north = report_done(task, held.north, moment(2026, 7, 3))
    for on in (date(2026, 6, 30), date(2026, 7, 2), date(2026, 7, 3)):
        for verified in (False, True):
            if verified and north.state != TaskState.DONE:
                services.verify(north, by=SYSTEM, at=moment(2026, 7, 9))
            counts = selectors.counts_by_group(SYSTEM, on, selectors.ShareFilter(), None)
            by_rule = selectors.roll_up(task, on)
            assert counts == {group: len(by_rule.of(group)) for group in Group}
        TaskUnit.objects.filter(pk=north.pk).update(state=TaskState.REPORTED, verified=None)
        north.refresh_from_db()


def test_open_tasks_come_back_until_the_last_unit_is_done(held: Tree) -> None:
    task = factories.task(held)
    for unit_id in (held.north, held.south):
        assert [card.pk for card in selectors.open_tasks(date(2026, 7, 1), issuer_ids=[held.office])] == [task.pk]
        assert [card.pk for card in selectors.open_tasks(date(2026, 7, 1), unit_ids=[held.south])] == [task.pk]
        services.verify(report_done(task, unit_id, moment(2026, 5, 4)), by=SYSTEM, at=moment(2026, 5, 5))
    assert selectors.open_tasks(date(2026, 7, 1), issuer_ids=[held.office], unit_ids=[held.south]) == []
    assert [card.pk for card in selectors.open_tasks(date(2026, 5, 1), issuer_ids=[held.office])] == [task.pk]


def test_my_work_of_the_unit_and_of_the_issuer(held: Tree) -> None:
    task = factories.task(held)
    officer, secretary = factories.actor(held.north, Role.OFFICER), factories.actor(held.office, Role.SECRETARY)
    owed = offers.work_items(officer, date(2026, 7, 2))
    assert [(item.title, item.timing.days) for item in owed] == [("Tham mưu về tổ chức cán bộ", 2)]
    assert offers.work_items(secretary, date(2026, 7, 2)) == []
    report_done(task, held.north, moment(2026, 7, 2))
    assert offers.work_items(officer, date(2026, 7, 2)) == []
    assert [item.kind for item in offers.work_items(secretary, date(2026, 7, 2))] == ["Xác nhận kết quả"]


def test_open_shares_follow_the_successor(held: Tree) -> None:
    task = factories.task(held, unit_ids=[held.north])
    successor = factories.unit("phong-moi", "Phòng Mới", parent=held.office)
    assert [(effect.what, effect.count) for effect in offers.effects([held.north], date(2026, 7, 1))] == [
        ("phần việc đang mở", 1)
    ]
    offers.apply([held.north], successor, date(2026, 7, 1), SYSTEM, moment(2026, 7, 1))
    assert share(task, successor).progress.get().note == "Phòng Bắc kết thúc, Phòng Mới làm tiếp."


def test_a_successor_that_owes_the_task_already_is_not_given_it_twice(held: Tree) -> None:
    task = factories.task(held)
    offers.apply([held.north], held.south, date(2026, 7, 1), SYSTEM, moment(2026, 7, 1))
    assert task.units.count() == 2


def test_the_time_line_gathers_one_act_on_many_units(held: Tree) -> None:
    task = factories.task(held)
    at = moment(2026, 6, 27)
    for one in selectors.shares_of(task):
        services.move_deadline(one, due_on=date(2026, 7, 15), reason="Chờ họp cấp ủy", by=SYSTEM, at=at)
    shares = list(selectors.share_cards(TaskUnit.objects.all(), date(2026, 7, 1)).values())
    lines = selectors.timeline(task, shares, date(2026, 7, 1))
    assert [line.what for line in lines] == ["Đổi hạn của Bắc, Nam thành 15/07/2026", "Giao 2 đơn vị"]
    assert lines[0].detail == "Lý do: Chờ họp cấp ủy. Hạn trước là 30/06/2026."


def test_group_names_are_complete() -> None:
    assert set(rules.GROUP_NAMES) == set(Group)
