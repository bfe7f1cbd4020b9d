"""The reception board: it follows what happens, its acts, its call list; and the page of any level and day."""

import re
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.kit.models import Message
from giaoban.orgs.models import UnitVersion
from giaoban.orgs.tests import factories as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import services
from giaoban.reporting.models import DeadlineChange, Justification, Reminder, Submission
from giaoban.reporting.selectors.board import change_mark
from giaoban.reporting.services.deadlines import restore_deadline
from giaoban.reporting.tests.factories import FORM_KEY, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_pages import browser, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture
def client(world: World) -> Client:
    return browser(world, world.harbours[0])


def address(world: World, route: str = "reception", unit: str = "north") -> str:
    return reverse(f"reporting:{route}", args=[unit, FORM_KEY, world.period.code])


def post(client: Client, world: World, act: str, *lights: str, **fields: str) -> Any:
    picked = [str(world.owed(light).pk) for light in lights]
    return client.post(address(world), {"act": act, "obligation": picked, **fields})


def order(response: Any) -> list[str]:
    return re.findall(r"Light [NS]\d", text_of(response).split("Gọi ai", 1)[-1])


LETTER = {"number": "12/CV", "issued_on": "2024-04-01", "issuer": "Coast Office", "due_on": "2024-04-25", "reason": "x"}


# What it shows


def test_an_extension_is_shown_with_its_history_and_given_back(world: World, client: Client) -> None:
    post(client, world, "extend", "n2", due_on="2024-05-01", basis="Letter 5", reason="storm", confirmed="1")
    words = text_of(client.get(address(world)))
    assert "hạn 01/05/2024, ban đầu 10/04/2024" in words
    assert "Letter 5. storm" in words
    (change,) = DeadlineChange.objects.all()
    holds = f"{world.owed('n2').pk}.{change.pk}"
    shown = client.post(address(world), {"restore": holds})
    assert f'name="holds" value="{holds}"' in shown.content.decode()
    assert "Khôi phục hạn cũ của 1 đơn vị?" in text_of(shown)
    assert "trở lại 10/04/2024" in text_of(shown)
    assert world.owed("n2").due_on == date(2024, 5, 1)
    lacking = post(client, world, "restore", "n2", reason=" ", confirmed="1")
    assert lacking.status_code == 422
    done = post(client, world, "restore", "n2", reason="the storm passed", confirmed="1", holds=holds)
    assert done.status_code == 302
    assert world.owed("n2").due_on == date(2024, 4, 10)
    history = list(DeadlineChange.objects.order_by("pk").values_list("old_due_on", "due_on"))
    assert history == [(date(2024, 4, 10), date(2024, 5, 1)), (date(2024, 5, 1), date(2024, 4, 10))]
    assert 'name="restore"' not in client.get(address(world)).content.decode(), "nothing is left to give back"
    again = post(client, world, "restore", "n2", reason="a second press", confirmed="1", holds=holds)
    assert again.status_code == 422
    assert world.owed("n2").due_on == date(2024, 4, 10)


def test_two_letters_are_given_back_one_after_the_other(world: World) -> None:
    def move(day: int) -> None:
        services.move_deadline(
            [world.owed("n1")],
            due_on=date(2024, 4, day),
            basis=f"Letter {day}",
            reason="x",
            by=SYSTEM,
            at=moment(2024, 4, 1),
        )

    def restore(shown: dict[int, int] | None = None) -> date | None:
        restore_deadline([world.owed("n1")], reason="x", by=SYSTEM, at=moment(2024, 4, 5), shown=shown)
        return world.owed("n1").due_on

    move(15)
    move(20)
    seen = {world.owed("n1").pk: DeadlineChange.objects.latest("pk").pk}
    assert restore(seen) == date(2024, 4, 15)
    with pytest.raises(services.AlreadyDone):
        restore(seen)  # a second officer, who still sees letter 20
    assert restore() == date(2024, 4, 10)
    with pytest.raises(services.AlreadyDone):
        restore()
    move(25)
    assert restore() == date(2024, 4, 10)


def test_what_was_never_moved_is_not_given_back(world: World) -> None:
    with pytest.raises(services.AlreadyDone):
        restore_deadline([world.owed("n1")], reason="x", by=SYSTEM, at=moment(2024, 4, 5))
    with pytest.raises(services.ReportingError):
        restore_deadline([world.owed("n1")], reason="", by=SYSTEM, at=moment(2024, 4, 5))


def test_an_extension_is_later_than_the_deadline(world: World, client: Client) -> None:
    refused = post(client, world, "extend", "n2", due_on="2024-04-10", basis="Letter 5", reason="x", confirmed="1")
    assert refused.status_code == 422
    assert "không muộn hơn hạn hiện nay của: Light N2 (hạn 10/04/2024)" in text_of(refused)
    assert not DeadlineChange.objects.exists()


def test_a_letter_moves_the_deadline_of_all(world: World, client: Client) -> None:
    world.report("n1", all=5, good=1, at=moment(2024, 4, 14))
    assert "Dời hạn cả đợt của 3 đơn vị?" in text_of(post(client, world, "move"))
    wrong = post(client, world, "move", **{**LETTER, "due_on": "2024-03-01", "confirmed": "1"})
    assert "Hạn mới đứng trước ngày của văn bản." in text_of(wrong)
    coming = {"issued_on": "2999-01-01", "due_on": "2999-01-02"}
    assert "Ngày văn bản chưa tới." in text_of(post(client, world, "move", **{**LETTER, **coming, "confirmed": "1"}))
    asked = post(client, world, "move", **LETTER, confirmed="1")
    assert "1 báo cáo từ muộn thành đúng hạn." in text_of(asked)
    assert not DeadlineChange.objects.exists(), "shown before it is done"
    assert post(client, world, "move", **LETTER, confirmed="1", turned="0-1").status_code == 302
    assert set(DeadlineChange.objects.values_list("basis", "due_on")) == {
        ("Văn bản số 12/CV ngày 01/04/2024 của Coast Office", date(2024, 4, 25))
    }
    assert world.owed("s1").due_on == date(2024, 4, 10)
    assert "1 nhận đúng hạn" in client.get(address(world)).content.decode()


def test_an_earlier_day_for_all_is_counted_and_signed(world: World, client: Client) -> None:
    world.report("n1", all=5, good=1, at=moment(2024, 4, 8))
    earlier = {**LETTER, "due_on": "2024-04-05", "confirmed": "1"}
    shown = post(client, world, "move", **earlier)
    assert "1 báo cáo từ đúng hạn thành muộn." in text_of(shown)
    assert 'name="decided_by"' in shown.content.decode()
    unsigned = post(client, world, "move", **earlier, turned="1-0", why="", decided_by="", decided_as="")
    assert unsigned.status_code == 422
    assert not DeadlineChange.objects.exists()
    refused = post(client, world, "move", **earlier, turned="1-0")
    assert refused.status_code == 422
    assert "Hạn 05/04/2024 sớm hơn hạn 10/04/2024" in text_of(refused)
    signed = {"why": "Flood.", "decided_by": "Ann", "decided_as": "Head"}
    assert post(client, world, "move", **earlier, turned="1-0", **signed).status_code == 302
    assert Justification.objects.get().signed_by == "Ann"


def test_a_unit_is_reminded_once_a_day(world: World, client: Client) -> None:
    assert post(client, world, "remind", "n2", confirmed="1").status_code == 302
    again = post(client, world, "remind", "n2", confirmed="1")
    assert "Đã nhắc lúc" in text_of(again)
    both = client.post(
        address(world),
        {"act": "remind", "obligation": [str(world.owed(one).pk) for one in ("n2", "n3")], "confirmed": "1"},
        follow=True,
    )
    assert "Đã nhắc 1 đơn vị." in text_of(both)
    assert "1 đơn vị không nhắc lại: đã nhắc lúc" in text_of(both)
    assert Reminder.objects.count() == 2


def test_a_returned_correction_can_be_reminded_of(world: World) -> None:
    world.report("n1", all=5, good=1, at=moment(2024, 4, 8))
    sent = world.send("n1", all=6, good=1, at=moment(2024, 4, 9))
    assert services.remind([world.owed("n1")], by=SYSTEM, at=moment(2024, 4, 10)) == 0
    services.return_for_correction(sent, reason="x", by=SYSTEM, at=moment(2024, 4, 10))
    assert services.remind([world.owed("n1")], by=SYSTEM, at=moment(2024, 4, 10)) == 1


def test_the_heir_of_the_receiver_reminds_and_extends(world: World) -> None:
    north, heir = world.harbours[0], world.harbours[1]
    UnitVersion.objects.filter(unit=north).update(valid_to=date(2024, 4, 5))
    north.parents.update(valid_to=date(2024, 4, 5))
    orgs.pass_on(north, heir, date(2024, 4, 5))
    orgs.grow()
    by, owed = world.actor(heir), [world.owed("n1")]
    assert services.remind(owed, by=by, at=moment(2024, 4, 8)) == 1
    moved = services.move_deadline(
        owed, due_on=date(2024, 4, 20), basis="Letter", reason="x", by=by, at=moment(2024, 4, 8)
    )
    assert moved == 1
    with pytest.raises(PermissionDenied):
        services.remind(owed, by=world.actor(world.lights["s1"]), at=moment(2024, 4, 9))


def test_blank_cells_are_named(world: World, client: Client) -> None:
    sent = world.report("n1", all=5, good=1)
    Submission.objects.filter(pk=sent.pk).update(filled=1)
    sent.lines.update(marks=[0, 3, 3, 3, 3], values=[5, None, None, None, None])
    words = text_of(client.get(address(world)))
    assert "1/2 50,0 %" in words
    assert "Lamps › Good lamps (lamp)" in words


def test_bands_and_groups_filter(world: World, client: Client) -> None:
    world.report("n1", all=5, good=1, at=moment(2024, 4, 14))
    assert order(client.get(address(world) + "?band=3-5")) == ["Light N1"]
    assert set(order(client.get(address(world) + "?band=over-10"))) == {"Light N2", "Light N3"}
    assert len(order(client.get(address(world) + "?band=nonsense"))) == 3
    coast = browser(world, world.coast)
    grouped = text_of(coast.get(address(world, unit="coast") + "?view=groups"))
    assert "North Harbour 1 3 33,3 %" in grouped
    assert order(coast.get(address(world, unit="coast") + "?group=south&view=units&sort=name")) == [
        "Light S1", "Light S2", "Light S3",
    ]  # fmt: skip
    assert len(order(coast.get(address(world, unit="coast")))) == 6


def test_those_above_watch_but_do_not_act(world: World) -> None:
    coast = browser(world, world.coast)
    page = coast.get(address(world, unit="coast"))
    assert "do đơn vị trực thuộc tiếp nhận" in text_of(page)
    assert "data-gb-row" not in page.content.decode()
    picked = {"act": "remind", "obligation": str(world.owed("n1").pk), "confirmed": "1"}
    assert coast.post(address(world, unit="coast"), picked).status_code == 422
    assert not Reminder.objects.exists()


def test_more_than_was_owed_is_explained(world: World, client: Client) -> None:
    world.report("n1", all=5, good=1)
    world.report("n3", all=5, good=1)
    light = world.lights["n3"]
    UnitVersion.objects.filter(unit=light).update(valid_to=date(2024, 3, 1))
    light.parents.update(valid_to=date(2024, 3, 1))
    orgs.grow()
    words = text_of(client.get(address(world)))
    assert "Tính theo danh sách: 1/2 (50,0 %)." in words
    assert "thành 100,0 %" in words
    assert "Light N3: kết thúc ngày 01/03/2024" in words


def test_a_refused_acceptance_is_named(world: World, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    world.send("n1", all=5, good=1)
    world.send("n2", all=5, good=1)
    accept = services.accept

    def judged(submission: Submission, **given: Any) -> Submission:
        if submission.obligation.unit.key == "n1":
            raise services.ReportingError("Còn giải trình chưa xem.")
        return accept(submission, **given)

    monkeypatch.setattr(services, "accept", judged)
    done = client.post(
        address(world),
        {"act": "accept", "obligation": [str(world.owed(one).pk) for one in ("n1", "n2")], "confirmed": "1"},
        follow=True,
    )
    words = text_of(done)
    assert "Light N1: Còn giải trình chưa xem." in words
    assert "đã xong 1 báo cáo" in words


# It follows what happens


def asked(response: Any) -> str:
    """Where the open page asks for news."""
    found = re.search(r'hx-get="([^"]+)"', response.content.decode())
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_an_open_board_is_told_what_changed_and_nothing_else(world: World, client: Client) -> None:
    page = client.get(address(world) + "?sort=-name")
    news = asked(page)
    assert client.get(news).status_code == 204
    world.send("n2", all=5, good=1)
    told = client.get(news)
    assert told.status_code == 200
    rows = re.findall(r'id="dong-(\d+)"', told.content.decode())
    assert rows == [str(world.owed(light).pk) for light in ("n3", "n2", "n1")]
    assert "1 trong 3 đơn vị đã gửi" in text_of(told)
    assert client.get(asked(told)).status_code == 204


def test_every_change_changes_the_mark(world: World) -> None:
    def mark(day: int = 5) -> str:
        return change_mark(world.harbours[0].pk, world.form, world.period, date(2024, 4, day))

    marks = [mark(), mark(6)]
    sent = world.send("n1", all=5, good=1)
    marks.append(mark())
    services.accept(sent, by=SYSTEM, at=sent.sent_at)
    marks.append(mark())
    services.remind([world.owed("n2")], by=SYSTEM, at=moment(2024, 4, 5))
    marks.append(mark())
    services.move_deadline(
        [world.owed("n2")], due_on=date(2024, 5, 1), basis="a", reason="b", by=SYSTEM, at=moment(2024, 4, 5)
    )
    marks.append(mark())
    services.save_draft(world.owed("n3"), figures={"own/total//all": "5"}, by=SYSTEM, at=moment(2024, 4, 5))
    marks.append(mark())
    assert len(set(marks)) == len(marks)
    world.send("s1", all=5, good=1)
    assert mark() == marks[-1]


def test_rows_of_another_board_are_not_told(world: World, client: Client) -> None:
    told = client.get(address(world, "reception-news") + f"?rows={world.owed('s1').pk}.x.{world.owed('n1').pk}")
    assert re.findall(r'id="dong-(\d+)"', told.content.decode()) == [str(world.owed("n1").pk)]


# The telephone


def test_a_call_is_written_down_and_sent_to_nobody(world: World, client: Client) -> None:
    world.send("n1", all=5, good=1)
    world.actor(world.lights["n2"])
    page = client.get(address(world, "call-list"))
    assert "Gọi 2 đơn vị chưa gửi" in text_of(page)
    given = {f"goi-{world.owed(light).pk}": words for light, words in (("n2", "gửi chiều nay"), ("n3", " "))}
    done = client.post(address(world, "call-list"), given, follow=True)
    assert "Đã ghi 1 cuộc gọi" in text_of(done)
    reminder = Reminder.objects.get()
    assert (reminder.obligation, reminder.note) == (world.owed("n2"), "gọi điện: gửi chiều nay")
    (logged,) = Message.objects.all()
    assert (logged.channel, logged.body, logged.unit) == ("phone", "gửi chiều nay", world.lights["n2"])
    assert "gửi chiều nay" in client.get(reverse("reporting:messages")).content.decode()
    assert post(client, world, "remind", "n2", confirmed="1").status_code == 302, "a call is no reminder of the day"
    assert "Chưa ghi cuộc gọi nào" in text_of(client.post(address(world, "call-list"), {}, follow=True))
    exported = client.get(address(world, "call-list-csv")).content.decode()
    assert re.findall(r"Light N\d", exported) == ["Light N2", "Light N3"]
    assert "Điện thoại" not in exported


def test_only_the_receiver_writes_calls_down(world: World) -> None:
    given = {f"goi-{world.owed('n1').pk}": "x"}
    coast = browser(world, world.coast)
    assert coast.get(address(world, "call-list", "coast")).status_code == 200
    assert coast.post(address(world, "call-list", "coast"), given).status_code == 403
    assert coast.post(address(world, "call-list"), given).status_code == 403
    sibling = browser(world, world.harbours[1])
    assert sibling.post(address(world, "call-list"), given).status_code == 404
    assert not Reminder.objects.exists()


# Who sees what; how much it costs

PAGES = ("reception", "reception-news", "call-list", "call-list-csv")


@pytest.mark.parametrize("route", PAGES)
def test_own_parent_and_sibling(world: World, route: str) -> None:
    got = [
        browser(world, unit).get(address(world, route)).status_code
        for unit in (world.harbours[0], world.coast, world.harbours[1])
    ]
    assert got == [200, 200, 404]


@pytest.mark.parametrize("route", ["punctuality", "punctuality-csv"])
def test_a_level_is_seen_from_above(world: World, route: str) -> None:
    address = reverse(f"reporting:{route}") + "?unit=north"
    people = (world.harbours[0], world.coast, world.harbours[1], world.lights["n1"])
    assert [browser(world, unit).get(address).status_code for unit in people] == [200, 200, 404, 404]


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


@pytest.mark.parametrize("query", ["", "?view=groups", "?state=missing"])
def test_the_cost_does_not_grow(world: World, query: str) -> None:
    client = browser(world, world.coast)
    world.report("n1", all=5, good=1)
    here = address(world, unit="coast") + query
    client.get(here)
    before = cost(client, here)
    for number in range(12):
        orgs.unit(f"x{number}", "light", name=f"Light X{number}", under=world.harbours[number % 2])
    orgs.grow()
    services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=moment(2024, 4, 3))
    for number in range(4):
        world.report(f"x{number}", all=5, good=1)
    assert cost(client, here) == before


# A level on a day


def test_a_level_on_a_past_day(world: World) -> None:
    world.report("n1", all=5, good=1, at=moment(2024, 4, 9))
    world.report("s1", all=5, good=1, at=moment(2024, 4, 14))
    client = browser(world, world.coast)
    here = reverse("reporting:punctuality")
    words = text_of(client.get(here + "?on=2024-04-12"))
    assert "Đã nhận 1/6 báo cáo (16,7 %), 1 đúng hạn" in words
    assert "theo hạn có hiệu lực ngày đó" in words
    words = text_of(client.get(here))
    assert "Đã nhận 2/6 báo cáo (33,3 %), 1 đúng hạn" in words
    assert "unit=north" in client.get(here).content.decode()
    year = text_of(client.get(here + "?period=year:2024&form=" + FORM_KEY))
    assert "Đã nhận 2/6" in year
    assert "Không có báo cáo nào phải gửi trong lựa chọn này" in text_of(client.get(here + "?period=none"))
    exported = client.get(reverse("reporting:punctuality-csv") + "?on=2024-04-15").content.decode()
    assert 'north,North Harbour,15/04/2024,3,1,"33,3",1' in exported
    assert 'south,South Harbour,15/04/2024,3,1,"33,3",0,"0,0",0,1' in exported
