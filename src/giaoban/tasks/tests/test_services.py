from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.template.loader import render_to_string

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


def test_the_database_counts_groups_today_as_the_rule_does(held: Tree) -> None:
    task = factories.task(held)
    north = report_done(task, held.north, moment(2026, 7, 3))
    for verified in (False, True):
        if verified:
            services.verify(north, by=SYSTEM, at=moment(2026, 7, 9))
        for today in (date(2026, 7, 9), date(2026, 7, 10)):
            counts = selectors.counts_by_group(SYSTEM, today, selectors.ShareFilter(), None)
            by_rule = selectors.roll_up(task, today)
            assert counts == {group: len(by_rule.of(group)) for group in Group}


def test_a_past_day_is_not_rewritten_by_what_came_later(held: Tree) -> None:
    task = factories.task(held)
    north = report_done(task, held.north, moment(2026, 6, 29))
    services.verify(north, by=SYSTEM, at=moment(2026, 7, 9))
    services.move_deadline(
        share(task, held.south), due_on=date(2026, 8, 1), reason="Chờ họp", by=SYSTEM, at=moment(2026, 7, 6)
    )
    before, after = selectors.roll_up(task, date(2026, 7, 5)), selectors.roll_up(task, date(2026, 7, 9))
    assert ([unit.short_name for unit in before.open_in_time], before.done) == (["Bắc"], 0)
    assert [unit.short_name for unit in before.open_overdue] == ["Nam"]
    assert ([unit.short_name for unit in after.done_on_time], len(after.open_overdue)) == (["Bắc"], 0)
    then = selectors.share_cards(TaskUnit.objects.filter(unit_id=held.south), date(2026, 7, 5))
    assert [(one.due_on, one.extensions) for one in then.values()] == [(date(2026, 6, 30), 0)]
    assert [card.pk for card in selectors.open_tasks(date(2026, 7, 5), issuer_ids=[held.office])] == [task.pk]


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


def succeed(old: int, new: int, on: date, *, whole: bool = True) -> None:
    factories.model("UnitSuccession").create(old_id=old, new_id=new, on=on, kind="merge", whole=whole)


def test_the_whole_successor_closes_what_ended_units_left_open(held: Tree) -> None:
    task = factories.task(held, unit_ids=[held.north])
    office, room = factories.unit("so-moi", "Sở Mới"), factories.unit("phong-moi", "Phòng Mới")
    part = factories.unit("phong-le", "Phòng Lẻ")
    succeed(held.office, office, date(2026, 7, 1))
    succeed(held.north, room, date(2026, 7, 1))
    succeed(held.north, part, date(2026, 7, 1), whole=False)
    one = share(task, held.north)
    officer, receiver = factories.actor(room, Role.OFFICER), factories.actor(office, Role.SECRETARY)
    with pytest.raises(PermissionDenied):
        services.report_progress(one, note="Làm", by=officer, at=moment(2026, 6, 30))
    with pytest.raises(PermissionDenied, match="Phòng Mới"):
        services.report_progress(one, note="Làm", by=factories.actor(part, Role.OFFICER), at=moment(2026, 7, 2))
    assert [item.title for item in offers.work_items(officer, date(2026, 7, 2))] == [task.title]
    services.move_deadline(one, due_on=date(2026, 8, 1), reason="Sáp nhập", by=receiver, at=moment(2026, 7, 2))
    services.report_progress(one, note="Xong", product="Tờ trình", done=True, by=officer, at=moment(2026, 7, 3))
    assert selectors.may_verify(receiver, one, date(2026, 7, 3))
    assert [item.kind for item in offers.work_items(receiver, date(2026, 7, 3))] == ["Xác nhận kết quả"]
    services.verify(one, by=receiver, at=moment(2026, 7, 4))
    assert one.state == TaskState.DONE


def test_moved_deadlines_show_wherever_the_task_is_listed(held: Tree) -> None:
    task = factories.task(held)
    today = date(2026, 7, 1)
    assert selectors.cards_of([task], today)[0].due_words == "30/06/2026"
    one = share(task, held.north)
    services.move_deadline(one, due_on=date(2026, 7, 15), reason="Chờ họp", by=SYSTEM, at=moment(2026, 6, 27))
    assert selectors.cards_of([task], today)[0].due_words == "30/06/2026 đến 15/07/2026"
    other = share(task, held.south)
    services.move_deadline(other, due_on=date(2026, 7, 15), reason="Chờ họp", by=SYSTEM, at=moment(2026, 6, 27))
    assert selectors.cards_of([task], today)[0].due_words == "15/07/2026 (đã đổi)"
    card = selectors.share_cards(TaskUnit.objects.filter(pk=one.pk), today)[one.pk]
    assert (card.timing.days, card.first_timing.days) == (14, 1)


def test_a_panel_says_which_shares_are_simulated(held: Tree) -> None:
    factories.task(held)
    plain = offers.panel(SYSTEM, held.north, date(2026, 4, 1))
    factories.task(held, title="Việc ví dụ", origin=factories.origin("hai"), simulated_note="hạn là ví dụ.")
    panel = offers.panel(SYSTEM, held.north, date(2026, 4, 1))
    assert plain is not None and plain.context["simulated_note"] == ""
    assert panel is not None and panel.context["simulated_note"] == "nhiệm vụ ví dụ: hạn là ví dụ."
    assert {(title, simulated) for _, title, simulated in panel.context["shares"]} == {
        ("Tham mưu về tổ chức cán bộ", False),
        ("Việc ví dụ", True),
    }
    assert render_to_string(panel.template, panel.context).count("gb-sim-tag") == 1


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
