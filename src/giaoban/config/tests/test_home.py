from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from giaoban.config.home import SHOWN, gather, grouped, summary
from giaoban.core.timeliness import timing
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Role
from giaoban.kit.registries import Registry, WorkItem, WorkItemSource
from giaoban.orgs.tests import factories

ON = date(2026, 6, 12)


def item(title: str, days: int | None, *, simulated: bool = False, today: date = ON) -> WorkItem:
    """Work due so many days after `today`; None = no deadline."""
    due_on = None if days is None else today + timedelta(days=days)
    return WorkItem(
        kind="thử",
        title=title,
        about="về đèn",
        unit_id=1,
        due_on=due_on,
        timing=timing(due_on, None, on=today),
        state="chưa làm",
        start="/nhiem-vu/",
        action="Làm",
        simulated=simulated,
    )


@pytest.mark.parametrize(
    ("days", "group"),
    [(-30, "overdue"), (-1, "overdue"), (0, "today"), (1, "week"), (7, "week"), (8, "later"), (None, "open")],
)
def test_work_is_grouped_by_when_it_is_due(days: int | None, group: str) -> None:
    assert [held.key for held in grouped([item("a", days)], ON)] == [group]


def test_groups_come_in_order_empty_ones_are_left_out_and_the_first_words_count_what_is_due() -> None:
    groups = grouped([item("e", None), item("d", 20), item("a", -2), item("b", -1), item("c", 0)], ON)
    assert [(group.title, group.total) for group in groups] == [
        ("Quá hạn", 2),
        ("Hôm nay", 1),
        ("Sau", 1),
        ("Không có hạn", 1),
    ]
    assert summary(groups) == "2 việc quá hạn, 1 việc đến hạn hôm nay"
    assert groups[1].about == "thứ Sáu 12/06/2026"
    assert summary(grouped([item("d", 20)], ON)) == ""


def test_a_long_group_shows_its_beginning_until_asked_for_all() -> None:
    items = [item(f"{number:02}", 1) for number in range(SHOWN + 3)]
    (short,), (whole,) = grouped(items, ON), grouped(items, ON, all_of="week")
    assert (len(short.items), short.total, len(whole.items)) == (SHOWN, SHOWN + 3, SHOWN + 3)


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> list[WorkItem]:
    """The work that all rooms offer, in place of what they really do."""
    items: list[WorkItem] = []
    sources: Registry[WorkItemSource] = Registry("work items", "for this test")
    sources.register("one", lambda *_: items)
    monkeypatch.setattr("giaoban.config.home.work_items", sources)
    return items


def test_work_of_all_rooms_comes_soonest_first(offered: list[WorkItem]) -> None:
    offered += [item("không hạn", None), item("sau", 3), item("trước", 1), item("cùng ngày", 3)]
    assert [one.title for one in gather(Actor(1, "An"), ON)] == ["trước", "cùng ngày", "sau", "không hạn"]


def browser(*, with_post: bool = True) -> Client:
    user = factories.person("an")
    if with_post:
        factories.post(user, factories.unit("board", "board"), Role.OFFICER)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, query: str = "") -> str:
    response = client.get(reverse("home") + query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.django_db
def test_home_without_work_says_so(offered: list[WorkItem]) -> None:
    held = page(browser())
    assert "Không còn việc đến hạn" in held
    assert "Tài khoản chưa được giao vị trí" not in held


@pytest.mark.django_db
def test_home_of_a_person_without_a_post(offered: list[WorkItem]) -> None:
    assert "Tài khoản chưa được giao vị trí" in page(browser(with_post=False))


@pytest.mark.django_db
def test_home_lists_work_says_when_some_is_simulated_and_opens_all_of_a_group(offered: list[WorkItem]) -> None:
    today = timezone.localdate()
    offered += [item(f"Việc {number:02}", 2, today=today) for number in range(SHOWN + 1)]
    offered.append(item("Việc ví dụ", -1, simulated=True, today=today))
    client = browser()
    held = page(client)
    assert "<b>1 việc quá hạn, 13 việc trong bảy ngày tới.</b>" in held
    assert "1 việc dưới đây thuộc ví dụ mô phỏng" in held
    assert "Việc 12" not in held
    assert "Xem đủ 13 việc" in held
    assert "Việc 12" in page(client, "?tat-ca=week")


@pytest.mark.django_db
def test_home_with_only_later_work_names_the_next_date(offered: list[WorkItem]) -> None:
    offered.append(item("Việc xa", 20, today=timezone.localdate()))
    due = timezone.localdate() + timedelta(days=20)
    assert f"Hạn kế tiếp: {due:%d/%m/%Y}." in page(browser())
