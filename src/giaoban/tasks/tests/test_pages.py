import csv
from datetime import date
from io import StringIO

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from giaoban.kit.permissions import Role
from giaoban.tasks import services
from giaoban.tasks.models import Task, TaskState, TaskUnit
from giaoban.tasks.tests import factories
from giaoban.tasks.tests.factories import SYSTEM, Tree, browser, moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> Tree:
    return factories.tree()


@pytest.fixture
def task(held: Tree) -> Task:
    return factories.task(held)


def share(task: Task, unit_id: int) -> TaskUnit:
    return TaskUnit.objects.get(task=task, unit_id=unit_id)


def page(client: Client, route: str, *args: object, query: str = "") -> str:
    response = client.get(reverse(route, args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


def test_own_unit_parent_and_sibling(held: Tree, task: Task) -> None:
    north = share(task, held.north)
    own, parent = browser(held.north, Role.OFFICER), browser(held.root, Role.INSPECTOR)
    sibling, stranger = browser(held.south, Role.OFFICER), browser(held.stranger, Role.HEAD)
    assert "Phòng Nam" in page(parent, "tasks:task", task.pk)
    seen = page(own, "tasks:task", task.pk)
    assert "Phòng Bắc" in seen
    assert "Phòng Nam" not in seen
    assert "Bạn thấy 1 phần việc" in seen
    assert "Cập nhật của đơn vị" in page(own, "tasks:share", north.pk)
    assert "Cập nhật của đơn vị" not in page(parent, "tasks:share", north.pk)
    for client, route, pk in (
        (sibling, "tasks:share", north.pk),
        (stranger, "tasks:share", north.pk),
        (stranger, "tasks:task", task.pk),
    ):
        assert client.get(reverse(route, args=[pk])).status_code == 404
    assert "Tham mưu" not in page(stranger, "tasks:index")
    assert "Phòng Nam" not in page(own, "tasks:index")


def test_the_names_behind_are_for_those_who_see_them(held: Tree) -> None:
    factories.task(held, due_on=moment(2026, 4, 1).date())
    assert "Nam" not in page(browser(held.north, Role.OFFICER), "tasks:index")
    assert "2: Bắc, Nam" in page(browser(held.office, Role.RECEIVER), "tasks:index")


def test_a_unit_reports_and_the_issuer_verifies_in_the_browser(held: Tree, task: Task) -> None:
    one = share(task, held.north)
    officer, receiver = browser(held.north, Role.OFFICER), browser(held.office, Role.RECEIVER)
    refused = officer.post(reverse("tasks:progress", args=[one.pk]), {"note": "Xong", "done": "on"})
    assert refused.status_code == 422
    assert "ghi sản phẩm đã làm" in refused.content.decode()
    assert "Xong</textarea>" in refused.content.decode()
    sent = officer.post(
        reverse("tasks:progress", args=[one.pk]), {"note": "Xong", "done": "on", "product": "Tờ trình 12"}, follow=True
    )
    assert "chờ đơn vị giao xác nhận" in sent.content.decode()
    assert officer.post(reverse("tasks:verify", args=[one.pk])).status_code == 403
    done = receiver.post(reverse("tasks:verify", args=[one.pk]), follow=True)
    assert "Đã xác nhận kết quả" in done.content.decode()
    back = receiver.post(reverse("tasks:reopen", args=[one.pk]), {"reopen-reason": "Thiếu phụ lục"}, follow=True)
    assert "Lý do: Thiếu phụ lục." in back.content.decode()
    one.refresh_from_db()
    assert one.state == TaskState.STARTED


def test_a_refusal_names_who_could(held: Tree, task: Task) -> None:
    inspector = browser(held.office, Role.INSPECTOR)
    response = inspector.post(reverse("tasks:verify", args=[share(task, held.north).pk]))
    assert response.status_code == 403
    assert "thư ký" in response.content.decode()


def test_a_deadline_moves_with_its_reason(held: Tree, task: Task) -> None:
    one = share(task, held.north)
    secretary = browser(held.office, Role.SECRETARY)
    address = reverse("tasks:deadline", args=[one.pk])
    wrong = secretary.post(address, {"deadline-due_on": "31/13/2026", "deadline-reason": "x"})
    assert wrong.status_code == 422
    assert secretary.post(address, {"deadline-due_on": "2026-07-15", "deadline-reason": ""}).status_code == 422
    moved = secretary.post(address, {"deadline-due_on": "2026-07-15", "deadline-reason": "Chờ họp"}, follow=True)
    body = moved.content.decode()
    assert "hạn ban đầu 30/06/2026, so với hạn ấy" in body
    assert "Chờ họp" in body
    assert "30/06/2026 đến 15/07/2026" in page(secretary, "tasks:index")


def test_the_list_filters_by_the_address(held: Tree, task: Task) -> None:
    secretary = browser(held.office, Role.SECRETARY)
    second_one = {"unit_ids": [held.south], "due_on": date(2099, 6, 30)}
    factories.task(held, title="Việc thứ hai", origin=factories.origin("hai"), **second_one)
    one = share(task, held.north)
    services.report_progress(one, note="Xong", product="Văn bản", done=True, by=SYSTEM, at=moment(2026, 5, 4))
    for query, first, second in (
        ("?group=open_overdue", True, False),
        ("?group=open_in_time", True, True),
        ("?group=done_late", False, False),
        ("?state=reported", True, False),
        ("?lead=phong-bac", True, False),
        ("?q=thứ hai", False, True),
        ("?q=THU HAI", False, True),
        ("?q=ket luan thu", True, True),
        ("?q=khong co", False, False),
        ("?sort=-title", True, True),
    ):
        body = page(secretary, "tasks:index", query=query)
        assert ("Tham mưu về" in body, "Việc thứ hai" in body) == (first, second), query
    assert secretary.get(reverse("tasks:index") + "?lead=nguoi-ngoai").status_code == 404


def test_the_export_has_a_line_per_unit_and_no_formula(held: Tree) -> None:
    factories.task(held, title="=1+1", due_on=date(2026, 4, 1))
    response = browser(held.office, Role.SECRETARY).get(reverse("tasks:export"))
    rows = list(csv.reader(StringIO(response.content.decode("utf-8-sig"))))
    assert [row[3] for row in rows[1:]] == ["Phòng Bắc", "Phòng Nam"]
    assert rows[1][0] == "'=1+1"
    assert rows[1][5] == "Chưa hoàn thành, quá hạn"


def test_simulated_tasks_say_so(held: Tree) -> None:
    made_up = factories.task(held, simulated_note="hạn và sản phẩm là ví dụ")
    assert "hạn và sản phẩm là ví dụ" in page(browser(held.office, Role.HEAD), "tasks:task", made_up.pk)


def test_the_task_page_asks_the_database_the_same_whatever_the_number_of_units(
    held: Tree, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    units = [factories.unit(f"phong-{number}", f"Phòng {number}", parent=held.office) for number in range(12)]
    wide = factories.task(held, unit_ids=[held.north, *units])
    client = browser(held.office, Role.HEAD)
    with django_assert_max_num_queries(32):
        client.get(reverse("tasks:task", args=[wide.pk]))
