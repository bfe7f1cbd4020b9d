"""Pages of a level: the books, what changed since a table was confirmed, filling from below; own, parent, sibling."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Closing, Obligation
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, make_form, owe, tiny_world
from giaoban.reporting.tests.test_changes import amend
from giaoban.reporting.tests.test_pages import browser, text_of
from giaoban.reporting.tests.test_prefilling import GOOD, UPPER, owed, upper_data
from giaoban.reporting.web.views.below import from_below

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def books(world: World, unit: Unit | None = None) -> str:
    place = unit or world.harbours[0]
    return reverse("reporting:books", args=[place.key, world.form.key, world.period.code])


def table(world: World, unit: Unit) -> str:
    return f"{reverse('reporting:table', args=[world.form.key, world.period.code])}?unit={unit.key}"


def ahead(hours: int) -> str:
    return timezone.localtime(timezone.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M")


def test_the_books_are_seen_by_the_unit_and_those_above(world: World) -> None:
    north, south = world.harbours
    assert browser(world, north, Role.INSPECTOR).get(books(world)).status_code == 200
    assert browser(world, world.coast).get(books(world)).status_code == 200
    assert browser(world, south).get(books(world)).status_code == 404
    assert browser(world, world.lights["n1"]).get(books(world)).status_code == 404


def test_only_who_confirms_there_sees_and_presses_the_buttons(world: World) -> None:
    head, above = browser(world, world.harbours[0]), browser(world, world.coast)
    assert "Khoá sổ 3 đơn vị" in text_of(head.get(books(world)))
    assert "Khoá sổ 3 đơn vị" not in text_of(above.get(books(world)))
    assert above.post(books(world), {"act": "close"}).status_code == 403
    assert browser(world, world.harbours[1]).post(books(world), {"act": "close"}).status_code == 404
    assert not Closing.objects.exists()


def test_close_open_again_and_take_back(world: World) -> None:
    world.report("n1", all=1, good=1)
    world.send("n2", all=1, good=1)
    head = browser(world, world.harbours[0])
    before = text_of(head.get(books(world)))
    assert "1 báo cáo còn chờ tiếp nhận" in before
    assert "Light N3" in before
    assert "Đã khoá sổ" in text_of(head.post(books(world), {"act": "close", "note": "letter 9"}, follow=True))
    closed = text_of(head.get(books(world)))
    assert "Sổ đã khoá: 1 trong 3" in closed
    assert "Cấp trên đã khoá sổ" not in closed
    assert "letter 9" in closed
    given = {"act": "reopen", "unit": "n2", "until": ahead(2), "reason": "flood"}
    opened = text_of(head.post(books(world), given, follow=True))
    assert "Đang mở lại cho Light N2 đến" in opened
    assert "flood" in opened
    undone = text_of(head.post(books(world), {"act": "undo", "undo_reason": "slip"}, follow=True))
    assert "Sổ đang mở" in undone
    assert "bỏ khoá sổ , North-head. “slip”" in undone


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"act": "reopen", "until": "2020-01-01T08:00", "reason": "flood"}, "đã qua"),
        ({"act": "reopen", "until": "soon", "reason": "flood"}, "Mở đến"),
        ({"act": "reopen", "until": "2999-01-01T08:00", "reason": ""}, "Lý do mở lại"),
        ({"act": "undo", "undo_reason": ""}, "Lý do bỏ khoá sổ"),
        ({"act": "close"}, "đã khoá sổ biểu này từ"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_done(world: World, given: dict[str, str], said: str) -> None:
    head = browser(world, world.harbours[0])
    head.post(books(world), {"act": "close"})
    response = head.post(books(world), given)
    assert response.status_code == 422
    assert said in text_of(response)
    closing = Closing.objects.get()
    assert closing.undone is None
    assert not closing.reopenings.exists()


def test_an_act_that_is_none_is_not_found(world: World) -> None:
    assert browser(world, world.harbours[0]).post(books(world), {"act": "burn"}).status_code == 404
    assert browser(world, world.harbours[0]).post(books(world), {"act": "undo"}).status_code == 422


def test_books_closed_above_are_said_below(world: World) -> None:
    services.close_books(world.form, world.period, world.coast.pk, by=SYSTEM, at=AT)
    assert "Cấp trên đã khoá sổ" not in text_of(browser(world, world.coast).get(books(world, world.coast)))
    assert "Coast Office đã khoá sổ" in text_of(browser(world, world.harbours[0]).get(books(world)))


def test_the_table_says_who_changed_what_since_it_was_confirmed(world: World) -> None:
    world.report("n1", all=10, good=4)
    services.confirm_table(world.form.key, world.period, world.coast.pk, by=SYSTEM, at=AT)
    head = browser(world, world.coast)
    assert "Thay đổi kể từ khi chốt" not in text_of(head.get(table(world, world.coast)))
    row = amend(world, "n1", all=10, good=6)
    page = head.get(table(world, world.coast))
    words = text_of(page)
    assert "Thay đổi kể từ khi chốt" in words
    assert "Light N1 : sửa số liệu, bản 1 → 2, sửa đổi lần 1: “miscounted 1”" in words
    assert reverse("reporting:submission", args=[row.pk]) in page.content.decode()
    address = reverse("reporting:changes-csv", args=[world.form.key, world.period.code])
    assert address in page.content.decode()


def test_the_list_as_a_file_guards_formulas(world: World) -> None:
    world.report("n1", all=10, good=4)
    services.confirm_table(world.form.key, world.period, world.harbours[0].pk, by=SYSTEM, at=AT)
    address = reverse("reporting:changes-csv", args=[world.form.key, world.period.code])
    sent = services.submit(
        world.owed("n1"), figures=world.figures(all=10, good=6), by=SYSTEM, at=AT, signatures=SIGNED,
        amendment_reason="=1+1",
    )  # fmt: skip
    services.accept(sent, by=SYSTEM, at=AT)
    own = browser(world, world.harbours[0]).get(address)
    lines = own.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Dòng,Chỉ tiêu,Bản đối chiếu,Số lúc ấy,Hiện nay,Đơn vị")
    assert any(",4,6,Light N1,sửa số liệu,1,2,1,'=1+1," in line for line in lines)
    assert browser(world, world.harbours[1]).get(f"{address}?unit=north").status_code == 404
    assert browser(world, world.harbours[1]).get(address).status_code == 404  # nothing was confirmed there


def test_the_page_costs_the_same_however_much_changed(world: World) -> None:
    for light in world.lights:
        world.report(light, all=10, good=4)
    services.confirm_table(world.form.key, world.period, world.coast.pk, by=SYSTEM, at=AT)
    head = browser(world, world.coast)
    amend(world, "n1", all=10, good=6)

    def cost() -> int:
        head.get(table(world, world.coast))
        with CaptureQueriesContext(connection) as queries:
            head.get(table(world, world.coast))
        return len(queries)

    one = cost()
    for light in ("n2", "s1", "s2", "s3"):
        amend(world, light, all=10, good=6)
    assert cost() == one


def upper(world: World) -> Obligation:
    form = make_form(upper_data())
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(UPPER, world.period, by=SYSTEM, at=AT)
    return owed("north", form)


def test_filling_from_the_page(world: World) -> None:
    obligation = upper(world)
    address = reverse("reporting:fill-from-below", args=[obligation.pk])
    head = browser(world, world.harbours[0])
    assert "Chưa tiếp nhận báo cáo nào của cấp dưới" in text_of(head.post(address, follow=True))
    world.report("n1", all=10, good=4)
    assert "Đã điền 1 ô từ 1 báo cáo" in text_of(head.post(address, follow=True))
    draft = selectors.draft_of(obligation)
    assert draft is not None
    assert draft.figures[GOOD.format("n1")] == "4"
    assert head.get(address).status_code == 405
    assert browser(world, world.coast).post(address).status_code == 403
    assert browser(world, world.harbours[1]).post(address).status_code == 404
    assert browser(world, world.harbours[0], Role.INSPECTOR).post(address).status_code == 403


def test_the_block_of_the_entry_page(world: World) -> None:
    obligation = upper(world)
    assert from_below(world.owed("n1"), {}) is None
    world.report("n1", all=10, good=4)
    block = from_below(obligation, {GOOD.format("n1"): "5"})
    assert block is not None
    assert (block.received, block.differing, block.blank) == (1, 1, 0)
    words = " ".join(
        re.sub(r"<[^>]+>", " ", render_to_string("reporting/parts/from_below.html", {"below": block})).split()
    )
    assert "đã tiếp nhận 1/3 báo cáo" in words
    assert "Light N2, Light N3" in words
    assert "Điền lại cả ô đã nhập tay" in words
    same = from_below(obligation, {GOOD.format("n1"): "4"})
    words = render_to_string("reporting/parts/from_below.html", {"below": same})
    assert "đúng như cấp dưới đã báo cáo" in words
    assert "<button" not in words


def test_the_table_leads_to_what_is_sent_upwards(world: World) -> None:
    obligation = upper(world)
    world.report("n1", all=10, good=4)
    head = browser(world, world.harbours[0])
    page = head.get(table(world, world.harbours[0]))
    assert "Báo cáo gửi lên Coast Office" in text_of(page)
    assert reverse("reporting:entry", args=[obligation.pk]) in page.content.decode()
    by = world.actor(world.harbours[0])
    services.fill_from_below(obligation, by=by, at=AT)
    sent = services.submit_draft(obligation, by=by, at=AT, signatures=SIGNED)
    page = head.get(table(world, world.harbours[0]))
    assert "Số đã gửi đúng như cấp dưới đang có" in text_of(page)
    assert reverse("reporting:submission", args=[sent.pk]) in page.content.decode()
    amend(world, "n1", all=10, good=6)
    words = text_of(head.get(table(world, world.harbours[0])))
    assert "1 ô đã gửi lên khác số cấp dưới hiện nay" in words
    assert "4 → 6" in words
    assert "miscounted 1" in words
