"""The pages of reporting: what three people see of one report, what a page refuses, and that what was typed is kept."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.accounts.models import User
from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import panels, selectors, services
from giaoban.reporting.models import (
    DeadlineChange,
    Draft,
    FormVersion,
    Obligation,
    Period,
    Reminder,
    Snapshot,
    Submission,
)
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, FORM_KEY, SYSTEM, World, tiny_world, year_before

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 a signed page"
TODAY = date(2026, 1, 1)


@pytest.fixture
def world() -> World:
    return tiny_world()


def browser(world: World, unit: Unit, role: Role = Role.HEAD) -> Client:
    """A signed-in browser of somebody at a unit."""
    client = Client()
    pk = world.actor(unit, role).user_id
    assert pk is not None
    client.force_login(User.objects.get(pk=pk), backend="django.contrib.auth.backends.ModelBackend")
    return client


def text_of(response: Any) -> str:
    """What the page says, without tags, spaces joined."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def board(world: World, unit: Unit | None = None, query: str = "") -> str:
    args = [(unit or world.harbours[0]).key, FORM_KEY, world.period.code]
    return reverse("reporting:reception", args=args) + query


def table_of(world: World, unit: Unit, query: str = "", form: str = FORM_KEY) -> str:
    return reverse("reporting:table", args=[form, world.period.code]) + f"?unit={unit.key}{query}"


def cells(**given: str) -> dict[str, str]:
    return {f"own/total//{column}": text for column, text in given.items()}


SIGNED = {"signer_0": "An", "signer_1": "Bình", "confirmed": "on", "act": "send"}
GOOD = cells(all="20", good="15")


# Who sees what

BOARD = ("north", FORM_KEY, "2024-Q1")
TABLE = (FORM_KEY, "2024-Q1")

# Route, arguments, query → what the unit's own head, the head of the parent and the head of a sibling get.
PAGES: dict[str, tuple[tuple[str, tuple[str, ...], str], tuple[int, int, int]]] = {
    "index": (("index", (), ""), (200, 200, 200)),
    "index-csv": (("index-csv", (), ""), (200, 200, 200)),
    "entry": (("entry", ("{owed}",), ""), (200, 200, 404)),
    "workbook": (("workbook", ("{owed}",), ""), (200, 403, 404)),
    "submission": (("submission", ("{sent}",), ""), (200, 200, 404)),
    "submission-csv": (("submission-csv", ("{sent}",), ""), (200, 200, 404)),
    "no scan": (("scan", ("{sent}",), ""), (404, 404, 404)),
    "reception": (("reception", BOARD, ""), (404, 200, 404)),
    "reception-csv": (("reception-csv", BOARD, ""), (404, 200, 404)),
    "table-index": (("table-index", (), ""), (200, 200, 200)),
    "table-index of the parent": (("table-index", (), "?unit=north"), (404, 200, 404)),
    "table of the unit": (("table", TABLE, "?unit=n1"), (200, 200, 404)),
    "table of the parent": (("table", TABLE, "?unit=north"), (404, 200, 404)),
    "table-csv": (("table-csv", TABLE, "?unit=north"), (404, 200, 404)),
    "request": (("request", (), ""), (200, 200, 200)),
    "unknown form": (("table", ("act-9:none", "2024-Q1"), ""), (404, 404, 404)),
    "unknown period": (("table", (FORM_KEY, "1999-Q1"), ""), (404, 404, 404)),
}


@pytest.mark.parametrize("page", PAGES)
def test_three_people(world: World, page: str) -> None:
    sent = world.report("n1", all=20, good=15)
    (route, args, query), expected = PAGES[page]
    filled = [arg.format(owed=sent.obligation_id, sent=sent.pk) for arg in args]
    address = reverse(f"reporting:{route}", args=filled) + query
    people = (world.lights["n1"], world.harbours[0], world.lights["n2"])
    got = tuple(browser(world, unit).get(address).status_code for unit in people)
    assert got == expected


def test_nobody_enters_without_signing_in(world: World) -> None:
    response = Client().get(reverse("reporting:index"))
    assert response.status_code == 302
    assert reverse("accounts:sign-in") in response["Location"]


def test_a_refusal_names_who_could(world: World) -> None:
    client = browser(world, world.lights["n1"], Role.OFFICER)
    response = client.get(reverse("reporting:request"))
    assert response.status_code == 403
    assert "người tổng hợp, thủ trưởng" in text_of(response)


# Báo cáo


def test_index_says_what_is_late(world: World) -> None:
    response = browser(world, world.lights["n1"]).get(reverse("reporting:index"))
    assert "1 báo cáo quá hạn" in text_of(response)
    assert "reporting/index.html" in [template.name for template in response.templates]


def test_index_lists_what_is_received(world: World) -> None:
    world.send("n1", all=20, good=15)
    words = text_of(browser(world, world.harbours[0]).get(reverse("reporting:index")))
    assert "2 đơn vị quá hạn gửi báo cáo" in words
    assert "1/3" in words


def test_filtered_empty_offers_the_near_miss(world: World) -> None:
    response = browser(world, world.lights["n1"]).get(reverse("reporting:index") + "?q=zzz&state=missing")
    words = text_of(response)
    assert "Không có báo cáo nào khớp bộ lọc" in words
    assert "Cùng tình trạng, bỏ chữ tìm: 1" in words


def test_index_of_a_person_without_a_post(world: World) -> None:
    client = Client()
    client.force_login(orgs.person("drifter"), backend="django.contrib.auth.backends.ModelBackend")
    assert "chưa giữ vị trí ở đơn vị nào" in text_of(client.get(reverse("reporting:index")))
    assert "Chưa có đơn vị để tổng hợp" in text_of(client.get(reverse("reporting:table-index")))
    assert client.get(reverse("reporting:request")).status_code == 404


def test_exports_hold_what_is_shown(world: World) -> None:
    owner, receiver = browser(world, world.lights["n1"]), browser(world, world.harbours[0])
    address = reverse("reporting:index-csv")
    assert "Light N1" in owner.get(address).content.decode()
    assert "Light N1" not in owner.get(address + "?q=zzz").content.decode()
    assert "North Harbour" in receiver.get(address + "?list=received").content.decode()


# Nhập biểu


def entry(world: World, light: str = "n1") -> str:
    return reverse("reporting:entry", args=[world.owed(light).pk])


def test_an_empty_form_is_no_fault_before_the_check(world: World) -> None:
    client = browser(world, world.lights["n1"])
    assert "ô bắt buộc còn trống" not in text_of(client.get(entry(world)))
    checked = client.get(entry(world) + "?kiem-tra=1")
    assert "ô bắt buộc còn trống" in text_of(checked)
    assert 'href="#o-own-total--all"' in checked.content.decode()
    assert "reporting/parts/grid.html" in [template.name for template in checked.templates]


def test_a_draft_keeps_what_was_typed(world: World) -> None:
    client = browser(world, world.lights["n1"], Role.OFFICER)
    typed = cells(all="1.204", good="abc", oil="–0–", age="✕", note="two wicks")
    response = client.post(entry(world), {**typed, "notes": "foggy", "act": "save"}, follow=True)
    assert "Đã lưu nháp" in text_of(response)
    held = Draft.objects.get().figures
    assert held["own/total//oil"] == "-"
    assert held["own/total//age"] == "x"
    page = response.content.decode()
    assert 'value="abc"' in page
    assert 'value="–0–"' in page
    assert "không phải là số" in text_of(response)


def test_computed_cells_are_the_machines(world: World) -> None:
    client = browser(world, world.lights["n1"])
    client.post(entry(world), {**GOOD, **cells(rate="99"), "act": "check"})
    assert "own/total//rate" not in Draft.objects.get().figures
    page = client.get(entry(world)).content.decode()
    assert 'name="own/total//rate"' not in page
    assert ">75,00</output>" in page


def test_sending_gives_a_receipt(world: World) -> None:
    client = browser(world, world.lights["n1"])
    papers = {"document_number": "7/BC", "document_date": "2024-04-04", "scan": SimpleUploadedFile("scan.pdf", PDF)}
    response = client.post(entry(world), {**GOOD, **SIGNED, **papers}, follow=True)
    sent = Submission.objects.get()
    assert response.redirect_chain[-1][0] == reverse("reporting:submission", args=[sent.pk])
    words = text_of(response)
    for said in (sent.receipt, "Bình", "7/BC, ngày 04/04/2024", "Light N1 gửi lúc", "Bản quét đã ký"):
        assert said in words
    assert not Draft.objects.exists()
    scan = client.get(reverse("reporting:scan", args=[sent.pk]))
    assert (scan.content, scan["Content-Type"]) == (PDF, "application/pdf")


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "part larger than whole": (cells(good="25"), "lớn hơn 20"),
    "text in a number": (cells(all="many"), "không phải là số"),
    "blank": (cells(all=""), "còn trống"),
    "signer lacking": ({"signer_1": ""}, "Ghi họ tên người ký ở ô “Head”."),
    "not confirmed": ({"confirmed": ""}, "Đánh dấu xác nhận trước khi gửi."),
    "not a scan": ({"scan": SimpleUploadedFile("scan.pdf", b"MZ program")}, "Tệp không phải PDF, JPEG hay PNG"),
    "impossible day": ({"document_date": "2024-02-31"}, "Ngày văn bản"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refused_report_keeps_what_was_typed(world: World, case: str) -> None:
    changed, said = REFUSALS[case]
    client = browser(world, world.lights["n1"])
    given = {**GOOD, **cells(note="keep me"), **SIGNED, "notes": "and me", **changed}
    response = client.post(entry(world), given)
    assert response.status_code == 422
    assert said in text_of(response)
    page = response.content.decode()
    assert 'value="keep me"' in page
    assert "and me" in page
    assert 'value="An"' in page
    assert not Submission.objects.exists()


def test_a_warning_needs_words(world: World) -> None:
    before = year_before(world)
    services.accept(
        services.submit(
            world.owed("n1", before),
            figures=world.figures(all=10, good=10),
            by=SYSTEM,
            at=AT,
            signatures=factories.SIGNED,
        ),
        by=SYSTEM,
        at=AT,
    )
    client = browser(world, world.lights["n1"])
    response = client.post(entry(world), {**GOOD, **SIGNED})
    assert response.status_code == 422
    page = response.content.decode()
    assert "Cùng kỳ năm trước" in page
    assert "+100,00" in page
    names = re.findall(r'name="(giai-trinh/[^"]+)"', page)
    assert names
    told = dict.fromkeys(names, "a second lamp was lit")
    assert client.post(entry(world), {**GOOD, **SIGNED, **told}).status_code == 302
    sent = Submission.objects.latest("pk")
    assert set(sent.explanations.values()) == {"a second lamp was lit"}
    receipt = text_of(client.get(reverse("reporting:submission", args=[sent.pk])))
    assert "“a second lamp was lit”" in receipt


def test_an_officer_types_but_does_not_send(world: World) -> None:
    client = browser(world, world.lights["n1"], Role.OFFICER)
    assert "Người gửi được: thủ trưởng của Light N1" in text_of(client.get(entry(world)))
    assert client.post(entry(world), {**GOOD, **SIGNED}).status_code == 403
    assert not Draft.objects.exists()
    assert not Submission.objects.exists()


def test_only_the_unit_types(world: World) -> None:
    parent = browser(world, world.harbours[0])
    assert "Light N1 chưa gửi biểu này" in text_of(parent.get(entry(world)))
    assert parent.post(entry(world), {**GOOD, "act": "save"}).status_code == 403
    assert browser(world, world.lights["n2"]).post(entry(world), {**GOOD, "act": "save"}).status_code == 404


def test_a_draft_is_shown_to_nobody_else(world: World) -> None:
    browser(world, world.lights["n1"]).post(entry(world), {**cells(note="half a thought"), "act": "save"})
    assert "half a thought" not in browser(world, world.harbours[0]).get(entry(world)).content.decode()


def test_a_sent_report_is_read_until_a_new_version_is_wanted(world: World) -> None:
    world.send("n1", all=20, good=15)
    client = browser(world, world.lights["n1"])
    read = client.get(entry(world))
    assert "Sửa và gửi bản mới" in text_of(read)
    assert '<input class="gb-cell' not in read.content.decode()
    again = client.get(entry(world) + "?sua=1")
    assert 'value="20"' in again.content.decode()
    assert "Đang sửa để gửi bản 2" in text_of(again)


def test_the_same_report_twice_is_refused(world: World) -> None:
    world.send("n1", all=20, good=15)
    response = browser(world, world.lights["n1"]).post(entry(world), {**GOOD, **SIGNED})
    assert response.status_code == 422
    assert "đã được gửi lúc" in text_of(response)


def test_a_returned_report_says_why(world: World) -> None:
    services.return_for_correction(world.send("n1", all=20, good=15), reason="count again", by=SYSTEM, at=AT)
    words = text_of(browser(world, world.lights["n1"]).get(entry(world)))
    assert "“count again”" in words
    assert "Bản 1 bị trả lại" in words


@pytest.fixture
def harbour_form(world: World) -> Obligation:
    """North Harbour owes a form with a total over its lights."""
    form = factories.make_form(factories.dynamic_form_data())
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return Obligation.objects.get(form=form, unit=world.harbours[0])


def test_totals_are_added_up(world: World, harbour_form: Obligation) -> None:
    client = browser(world, world.harbours[0])
    address = reverse("reporting:entry", args=[harbour_form.pk])
    page = client.get(address).content.decode()
    assert 'data-cell="lights/total//all"' in page
    assert 'name="lights/total//all"' not in page
    typed = {"own/s//spare": "1", "lights/unit/n1/all": "4", "lights/unit/n2/all": "-", "lights/unit/n3/all": "6"}
    response = client.post(
        address, {**typed, "lights/total//all": "999", "confirmed": "on", "act": "send"}, follow=True
    )
    assert "Light N3" in text_of(response)
    lines = selectors.figures_of(Submission.objects.select_related("obligation__form").get())
    assert lines["lights", "total", ""].figures[0].value == 10


def test_a_light_without_a_line_is_named_where_completeness_is_shown(world: World, harbour_form: Obligation) -> None:
    client = browser(world, world.harbours[0])
    address = reverse("reporting:entry", args=[harbour_form.pk])
    typed = {"own/s//spare": "1", "lights/unit/n1/all": "4", "lights/unit/n3/all": "6"}
    checked = text_of(client.post(address, {**typed, "act": "check"}, follow=True))
    assert "Đã điền 4/5 ô bắt buộc" in checked
    assert "Light N2: chưa có dòng của đơn vị này" in checked
    sent = client.post(address, {**typed, "confirmed": "on", "act": "send"}, follow=True)
    assert "Đã điền 4/5 ô bắt buộc" in text_of(sent)
    board = browser(world, world.coast).get(reverse("reporting:punctuality"))
    assert "Light N2 › All" in text_of(board)


def test_lines_may_be_named_where_no_catalogue_lists_them(world: World, harbour_form: Obligation) -> None:
    lonely = orgs.unit("lonely", "harbour", name="Lonely Harbour", under=world.coast)
    orgs.grow()
    services.raise_obligations(harbour_form.form.key, world.period, by=SYSTEM, at=AT)
    owed = Obligation.objects.get(unit=lonely)
    client = browser(world, lonely)
    address = reverse("reporting:entry", args=[owed.pk])
    assert 'name="ten/lights/unit/0"' in client.get(address).content.decode()
    named = {"ten/lights/unit/0": "Old  Tower ", "moi/lights/unit/0/all": "3"}
    page = client.post(address, {**named, "own/s//spare": "1", "act": "save"}, follow=True).content.decode()
    held = Draft.objects.get().figures
    assert held["lights/unit/Old Tower/all"] == "3"
    assert held["lights/total//all"] == "3"
    assert 'name="lights/unit/Old Tower/all"' in page
    assert 'data-cell="lights/total//all"' in page


def test_a_period_with_estimates_has_both_rows(world: World) -> None:
    rule = factories.make_rule(key="halves", name="Halves", kind="half", only=[1], estimated_months=1)
    factories.owe(world.form, rule, "ship", "coast")
    ship = orgs.unit("ship", "ship", under=world.coast)
    orgs.grow()
    period = services.open_period("halves", year=2024, by=SYSTEM, at=AT)
    services.raise_obligations(FORM_KEY, period, by=SYSTEM, at=AT)
    client = browser(world, ship)
    address = reverse("reporting:entry", args=[Obligation.objects.get(unit=ship).pk])
    response = client.get(address)
    assert "Ước 01/06 đến 30/06/2024" in text_of(response)
    typed = {**GOOD, "own/total//all/estimate": "5", "own/total//good/estimate": "2"}
    sent = client.post(address, {**typed, **SIGNED}, follow=True)
    assert "trong đó ước 5" in text_of(sent)


# Bảng tính


def test_a_workbook_goes_out_and_comes_back(world: World) -> None:
    client = browser(world, world.lights["n1"])
    client.post(entry(world), {**GOOD, "act": "save"})
    pk = world.owed("n1").pk
    given = client.get(reverse("reporting:workbook", args=[pk]))
    assert given["Content-Disposition"].endswith('.xlsx"')
    Draft.objects.all().delete()
    file = SimpleUploadedFile("filled.xlsx", given.content)
    response = client.post(reverse("reporting:read-workbook", args=[pk]), {"workbook": file}, follow=True)
    assert "Đã đọc tệp filled.xlsx vào bảng nhập" in text_of(response)
    assert Draft.objects.get().figures["own/total//all"] == "20"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("filled.xlsx", b"PK\x03\x04 cut off", "tệp"),
        ("filled.csv", b"a,b", "không có đuôi .xlsx"),
        ("filled.xlsx", b"", "trống"),
    ],
)
def test_a_bad_workbook_changes_nothing(world: World, name: str, content: bytes, said: str) -> None:
    address = reverse("reporting:read-workbook", args=[world.owed("n1").pk])
    client = browser(world, world.lights["n1"])
    response = client.post(address, {"workbook": SimpleUploadedFile(name, content)})
    assert response.status_code == 422
    assert said in text_of(response)
    assert not Draft.objects.exists()
    parent = browser(world, world.harbours[0])
    assert parent.post(address, {"workbook": SimpleUploadedFile(name, content)}).status_code == 403


# Tiếp nhận


def test_the_board_counts_and_filters(world: World) -> None:
    world.report("n1", all=20, good=15)
    world.send("n2", at=orgs.moment(2024, 4, 15), all=20, good=15)
    client = browser(world, world.harbours[0])
    response = client.get(board(world))
    words = text_of(response)
    assert "2 trong 3 đơn vị đã gửi" in words
    assert "3 đơn vị: 1 chưa gửi, 1 nhận muộn, 1 nhận đúng hạn" in response.content.decode()
    assert "muộn 5 ngày" in words
    shown = re.findall(r"Light N\d", text_of(client.get(board(world, query="?state=sent"))))
    assert shown == ["Light N2"]
    assert "Tất cả đơn vị: 3" in text_of(client.get(board(world, query="?state=returned")))


def test_the_board_sorts_and_exports_what_it_shows(world: World) -> None:
    world.report("n1", all=20, good=15)
    client = browser(world, world.harbours[0])
    assert re.findall(r"Light N\d", text_of(client.get(board(world)))) == ["Light N2", "Light N3", "Light N1"]
    by_name = text_of(client.get(board(world, query="?sort=-name")))
    assert re.findall(r"Light N\d", by_name) == ["Light N3", "Light N2", "Light N1"]
    address = reverse("reporting:reception-csv", args=["north", FORM_KEY, world.period.code])
    exported = client.get(address + "?state=missing&sort=-name").content.decode()
    assert re.findall(r"Light N\d", exported) == ["Light N3", "Light N2"]


def bulk(client: Client, world: World, act: str, *lights: str, **fields: str) -> Any:
    picked = [str(world.owed(light).pk) for light in lights]
    return client.post(board(world), {"act": act, "obligation": picked, **fields})


def test_an_act_is_previewed_then_done(world: World) -> None:
    world.send("n1", all=20, good=15)
    client = browser(world, world.harbours[0])
    preview = bulk(client, world, "remind", "n1", "n2", "n3")
    assert preview.status_code == 200
    assert "Nhắc 2 đơn vị?" in text_of(preview)
    assert "đã gửi, không cần nhắc" in text_of(preview)
    assert not Reminder.objects.exists()
    done = bulk(client, world, "remind", "n2", "n3", note="the coast waits", confirmed="1")
    assert done.status_code == 302
    assert Reminder.objects.count() == 2
    assert "đã nhắc 1 lần" in text_of(client.get(done["Location"]))


def test_a_deadline_is_moved_with_basis_and_reason(world: World) -> None:
    client = browser(world, world.harbours[0])
    lacking = bulk(client, world, "extend", "n2", due_on="2024-05-01", basis="Letter 5", reason="", confirmed="1")
    assert lacking.status_code == 422
    assert "Nêu lý do gia hạn." in text_of(lacking)
    assert 'value="Letter 5"' in lacking.content.decode()
    assert not DeadlineChange.objects.exists()
    bulk(client, world, "extend", "n2", due_on="2024-05-01", basis="Letter 5", reason="storm", confirmed="1")
    assert world.owed("n2").due_on == date(2024, 5, 1)


def test_reports_are_accepted_and_returned_together(world: World) -> None:
    world.send("n1", all=20, good=15)
    world.send("n2", all=10, good=5)
    client = browser(world, world.harbours[0])
    assert bulk(client, world, "accept", "n1", confirmed="1").status_code == 302
    lacking = bulk(client, world, "return", "n2", confirmed="1")
    assert lacking.status_code == 422
    assert bulk(client, world, "return", "n2", reason="count again", confirmed="1").status_code == 302
    states = dict(Submission.objects.values_list("obligation__unit__key", "state"))
    assert states == {"n1": "accepted", "n2": "returned"}


def test_an_act_without_rows_or_for_none_of_them_is_refused(world: World) -> None:
    client = browser(world, world.harbours[0])
    assert bulk(client, world, "remind").status_code == 422
    assert bulk(client, world, "dance", "n1").status_code == 422
    nobody = bulk(client, world, "accept", "n1")
    assert nobody.status_code == 422
    assert "không có bản nào đang chờ tiếp nhận" in text_of(nobody)


def test_rows_of_another_board_are_not_touched(world: World) -> None:
    client = browser(world, world.harbours[0])
    response = bulk(client, world, "remind", "s1", confirmed="1")
    assert response.status_code == 422
    assert not Reminder.objects.exists()


def test_only_receivers_act_on_the_board(world: World) -> None:
    officer = browser(world, world.harbours[0], Role.OFFICER)
    assert officer.get(board(world)).status_code == 200
    assert bulk(officer, world, "remind", "n1", confirmed="1").status_code == 403
    assert bulk(browser(world, world.harbours[1]), world, "remind", "n1", confirmed="1").status_code == 404
    assert bulk(browser(world, world.coast), world, "remind", "n1", confirmed="1").status_code == 403


def test_an_empty_board_says_what_comes_next(world: World) -> None:
    Obligation.objects.all().delete()
    response = browser(world, world.coast).get(board(world, world.coast))
    assert response.status_code == 200
    assert "Không có đơn vị nào phải gửi biểu này" in text_of(response)


# Biên nhận


def test_the_receiver_accepts(world: World) -> None:
    sent = world.send("n1", all=20, good=15)
    address = reverse("reporting:submission", args=[sent.pk])
    client = browser(world, world.harbours[0])
    assert "Tiếp nhận hoặc trả lại" in text_of(client.get(address))
    assert "Tiếp nhận hoặc trả lại" not in text_of(browser(world, world.lights["n1"]).get(address))
    response = client.post(address, {"act": "accept", "nhan-reason": "fine"}, follow=True)
    assert "Đã tiếp nhận báo cáo" in text_of(response)
    assert acts_on(sent)[0].reason == "fine"


def test_a_return_needs_a_reason(world: World) -> None:
    sent = world.send("n1", all=20, good=15)
    address = reverse("reporting:submission", args=[sent.pk])
    client = browser(world, world.harbours[0])
    lacking = client.post(address, {"act": "return", "tra-reason": " "})
    assert lacking.status_code == 422
    assert "Nêu lý do để đơn vị biết phải sửa gì." in text_of(lacking)
    done = client.post(address, {"act": "return", "tra-reason": "count again"}, follow=True)
    assert "“count again”" in text_of(done)


def test_what_was_decided_is_not_decided_again(world: World) -> None:
    sent = world.report("n1", all=20, good=15)
    address = reverse("reporting:submission", args=[sent.pk])
    response = browser(world, world.harbours[0]).post(address, {"act": "accept"})
    assert response.status_code == 422
    assert "Trang này đã hiện trạng thái mới nhất" in text_of(response)


def test_only_the_receiver_decides(world: World) -> None:
    sent = world.send("n1", all=20, good=15)
    address = reverse("reporting:submission", args=[sent.pk])
    for unit, expected in ((world.lights["n1"], 403), (world.coast, 403), (world.lights["n2"], 404)):
        assert browser(world, unit).post(address, {"act": "accept"}).status_code == expected
    assert Submission.objects.get().state == "sent"


def test_versions_lead_to_each_other(world: World) -> None:
    first = world.report("n1", all=20, good=15)
    world.send("n1", all=21, good=15)
    words = text_of(browser(world, world.lights["n1"]).get(reverse("reporting:submission", args=[first.pk])))
    assert "Có bản mới hơn: bản 2" in words


def test_a_version_exports_as_it_can_be_read_in(world: World) -> None:
    sent = world.report("n1", all=20, good=15)
    content = (
        browser(world, world.lights["n1"]).get(reverse("reporting:submission-csv", args=[sent.pk])).content.decode()
    )
    assert content.startswith("unit,form,period,instalment,table,line,subunit,column,value,estimate,mark")
    assert f"n1,{FORM_KEY},2024-Q1,,own,total,,all,20,," in content


# Số liệu


def test_the_table_adds_up_and_names_who_lacks(world: World) -> None:
    world.report("n1", all=20, good=15, age=3)
    world.report("n2", all=10, good=5, age=9)
    response = browser(world, world.harbours[0]).get(table_of(world, world.harbours[0]))
    words = text_of(response)
    assert "Đã tiếp nhận 2/3 báo cáo." in words
    assert "Chưa có: Light N3" in words
    assert "66,67" in words
    assert "không cộng" in words
    assert "Cột chữ không tổng hợp (Remark)" in words
    assert 'id="o-own-total--all"' in response.content.decode()


def test_groups_lead_to_their_own_tables(world: World) -> None:
    world.report("n1", all=20, good=15)
    world.report("s1", all=5, good=5)
    response = browser(world, world.coast).get(table_of(world, world.coast))
    page = response.content.decode()
    assert "unit=north" in page
    words = text_of(response)
    assert "1/3" in words
    assert "2/6" in words


def test_a_number_opens_its_origin(world: World) -> None:
    sent = world.report("n1", all=20, good=15)
    world.report("n2", all=10, good=5)
    client = browser(world, world.harbours[0])
    total = client.get(table_of(world, world.harbours[0], "&origin=|own|total||all"))
    assert 'id="nguon"' in total.content.decode()
    assert "2 báo cáo, lớn nhất trước" in text_of(total)
    line = client.get(table_of(world, world.harbours[0], "&origin=n1|own|total||all"))
    words = text_of(line)
    assert sent.receipt in words
    assert "không có lỗi, cảnh báo" in words
    assert f"{reverse('reporting:submission', args=[sent.pk])}#o-own-total--all" in line.content.decode()


@pytest.mark.parametrize("origin", ["nobody|own|total||all", "n1|own|total||none", "n1|none|total||all", "x", "||||"])
def test_an_unknown_origin_opens_nothing(world: World, origin: str) -> None:
    world.report("n1", all=20, good=15)
    response = browser(world, world.harbours[0]).get(table_of(world, world.harbours[0], f"&origin={origin}"))
    assert response.status_code == 200
    assert 'id="nguon"' not in response.content.decode()


def test_lines_sort(world: World) -> None:
    for light, count in (("n1", 5), ("n2", 30)):
        world.report(light, all=count, good=1)
    client = browser(world, world.harbours[0])

    def order(sort: str) -> list[str]:
        page = client.get(table_of(world, world.harbours[0], f"&sort={sort}")).content.decode()
        return re.findall(r">Light (N\d)</a>", page)

    assert order("-own/all") == ["N2", "N1", "N3"]
    assert order("own/all") == ["N1", "N2", "N3"]
    assert order("-name") == ["N3", "N2", "N1"]
    assert order("nonsense") == ["N1", "N2", "N3"]


def test_a_confirmed_table_stands_beside_the_live_one(world: World) -> None:
    world.report("n1", all=20, good=15)
    client = browser(world, world.harbours[0])
    address = table_of(world, world.harbours[0])
    confirmed = client.post(address, follow=True)
    assert Snapshot.objects.count() == 1
    assert "Đã xác nhận bảng." in text_of(confirmed)
    assert "Không ô số nào khác bảng trực tiếp." in text_of(confirmed)
    world.report("n2", all=10, good=5)
    live = text_of(client.get(address))
    assert "đã khác bản xác nhận" in live
    assert "All lamps (lamp) 20 30 Light N2" in live
    frozen = client.get(address + "&layer=confirmed")
    assert "có dấu ≠" in text_of(frozen)
    assert "gb-differs" in frozen.content.decode()
    exported = client.get(reverse("reporting:table-csv", args=[FORM_KEY, "2024-Q1"]) + "?unit=north&layer=confirmed")
    assert f"TOTAL,{FORM_KEY},2024-Q1,,own,total,,all,20," in exported.content.decode()


def test_only_those_who_may_confirm(world: World) -> None:
    world.report("n1", all=20, good=15)
    address = table_of(world, world.harbours[0])
    officer = browser(world, world.harbours[0], Role.OFFICER)
    assert "Xác nhận bảng này" not in text_of(officer.get(address))
    assert officer.post(address).status_code == 403
    assert browser(world, world.coast).post(address).status_code == 403
    assert not Snapshot.objects.exists()


def test_a_table_in_another_geography(world: World) -> None:
    world.report("n1", all=20, good=15)
    merged = orgs.unit("great", "harbour", name="Great Harbour", under=world.coast, valid_from=date(2025, 1, 1))
    for old in world.harbours:
        orgs.pass_on(old, merged, date(2025, 1, 1))
    orgs.grow()
    client = browser(world, merged)
    response = client.get(table_of(world, merged, "&geography=2025-06-01"))
    assert response.status_code == 200
    assert "North Harbour" in text_of(response)
    refused = client.get(table_of(world, merged, "&geography=2024-06-01"))
    assert refused.status_code == 422
    assert "Không lập được bảng này" in text_of(refused)
    exported = reverse("reporting:table-csv", args=[FORM_KEY, "2024-Q1"]) + "?unit=great&geography=2024-06-01"
    assert client.get(exported).status_code == 422
    unreadable = browser(world, world.coast).get(table_of(world, world.harbours[0], "&geography=soon"))
    assert unreadable.status_code == 200


def test_a_published_form_without_children(world: World) -> None:
    data = factories.form_data(kind="capture", labels="own", signatures=[])
    del data["act"]
    form = factories.make_form(data, folder="capture")
    factories.owe(form, world.rule, "coast", None)
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    owed = Obligation.objects.select_related("unit", "form", "period__rule", "receiver").get(form=form)
    figures = factories.figures_for(form, "own", "total", all=20, good=15)
    services.accept(services.submit(owed, figures=figures, by=SYSTEM, at=AT), by=SYSTEM, at=AT)
    response = browser(world, world.coast).get(table_of(world, world.coast, form=form.key))
    assert "nguồn không nêu" in text_of(response)


def test_dynamic_rows_have_a_view_of_their_own(world: World, harbour_form: Obligation) -> None:
    figures = {
        **factories.figures_for(harbour_form.form, "own", "s", spare=1),
        **factories.figures_for(harbour_form.form, "lights", "total", all=7),
        **factories.figures_for(harbour_form.form, "lights", "unit", "n1", all=7),
    }
    owed = Obligation.objects.select_related("unit", "form", "period__rule", "receiver").get(pk=harbour_form.pk)
    services.accept(services.submit(owed, figures=figures, by=SYSTEM, at=AT), by=SYSTEM, at=AT)
    client = browser(world, world.coast)
    words = text_of(client.get(table_of(world, world.coast, "&row.lights=unit", form=owed.form.key)))
    assert "Light N1" in words


def test_a_table_without_reports_says_so(world: World) -> None:
    words = text_of(browser(world, world.harbours[0]).get(table_of(world, world.harbours[0])))
    assert "Chưa có số: 0/3 báo cáo đã tiếp nhận" in words
    assert "Xác nhận bảng này" not in words


def test_the_list_of_tables(world: World) -> None:
    client = browser(world, world.harbours[0])
    address = reverse("reporting:table-index")
    assert "1 bảng số liệu" in text_of(client.get(address))
    assert "Tất cả bảng: 1" in text_of(client.get(address + "?q=zzz"))


def test_simulated_figures_are_labelled_wherever_they_appear(world: World) -> None:
    Obligation.objects.update(simulated=True)
    sent = world.report("n1", all=20, good=15)
    client = browser(world, world.harbours[0])
    for address in (
        reverse("reporting:index"),
        board(world),
        reverse("reporting:submission", args=[sent.pk]),
        entry(world),
        table_of(world, world.harbours[0]),
        reverse("reporting:table-index"),
    ):
        assert "Số liệu mô phỏng" in text_of(client.get(address)), address


# Yêu cầu


@pytest.fixture
def request_form(world: World) -> FormVersion:
    factories.make_rule(key="ad-hoc", name="Ad hoc", kind="ad_hoc", starts="")
    data = factories.form_data(code="storm", kind="request", labels="own", signatures=[])
    del data["act"]
    return factories.make_form(data, folder="request")


def ask(world: World, request_form: FormVersion, **fields: Any) -> dict[str, Any]:
    given = {
        "label": "Storm 2024",
        "start": "2024-05-01",
        "end": "2024-05-03",
        "due_on": "2024-05-10",
        "basis": "Call 1",
    }
    return {**given, "units": [str(world.lights["n1"].pk), str(world.lights["n2"].pk)], **fields}


def test_a_request_is_previewed_then_sent(world: World, request_form: FormVersion) -> None:
    client = browser(world, world.harbours[0])
    assert "Lamps of the coast" in text_of(client.get(reverse("reporting:request")))
    address = reverse("reporting:request") + f"?form={request_form.key}"
    preview = client.post(address, ask(world, request_form, act="preview"))
    words = text_of(preview)
    assert "Gửi yêu cầu này cho 2 đơn vị?" in words
    assert "đã qua: các đơn vị sẽ quá hạn ngay" in words
    assert not Obligation.objects.filter(form=request_form).exists()
    sent = client.post(address, ask(world, request_form, act="send"), follow=True)
    assert "Đã yêu cầu 2 đơn vị báo cáo." in text_of(sent)
    period = Period.objects.get(rule__key="ad-hoc")
    assert (period.label, period.end) == ("Storm 2024", date(2024, 5, 4))
    assert {row.receiver_id for row in Obligation.objects.filter(form=request_form)} == {world.harbours[0].pk}
    opened = client.post(address, ask(world, request_form, act="send", period=str(period.pk), label=""))
    assert opened.status_code == 302
    assert Period.objects.filter(rule__key="ad-hoc").count() == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"units": []}, "Chọn ít nhất một đơn vị."),
        ({"label": ""}, "Đặt tên cho kỳ mới"),
        ({"end": "2024-04-01"}, "Ngày cuối trước ngày đầu"),
        ({"due_on": "tomorrow"}, "Hạn gửi"),
        ({"basis": ""}, "Nêu căn cứ của yêu cầu."),
    ],
)
def test_a_wrong_request_keeps_what_was_typed(
    world: World, request_form: FormVersion, changes: dict[str, Any], said: str
) -> None:
    client = browser(world, world.harbours[0])
    address = reverse("reporting:request") + f"?form={request_form.key}"
    response = client.post(address, ask(world, request_form, act="preview", **changes))
    assert response.status_code == 422
    assert said in text_of(response)
    assert 'value="2024-05-01"' in response.content.decode()


def test_a_request_reaches_only_units_beneath(world: World, request_form: FormVersion) -> None:
    client = browser(world, world.harbours[0])
    address = reverse("reporting:request") + f"?form={request_form.key}"
    response = client.post(address, ask(world, request_form, act="send", units=[str(world.lights["s1"].pk)]))
    assert response.status_code == 422
    assert not Obligation.objects.filter(form=request_form).exists()


def test_forms_of_another_day_are_not_offered(world: World, request_form: FormVersion) -> None:
    words = text_of(browser(world, world.harbours[0]).get(reverse("reporting:request") + "?on=2019-01-01"))
    assert "Không có biểu nào có hiệu lực vào ngày này" in words


# Blocks of the unit page


def test_panels(world: World) -> None:
    world.report("n1", all=20, good=15)
    actor = world.actor(world.harbours[0])
    reports = panels.reports_panel(actor, world.lights["n1"].pk, TODAY)
    figures = panels.figures_panel(actor, world.harbours[0].pk, TODAY)
    assert reports is not None
    assert figures is not None
    assert reports.context["sentence"] == "Đã gửi 1/1 báo cáo."
    assert [row.expected for row in figures.context["rows"]] == [3]
    stranger = orgs.unit("stranger", "ship")
    for source in (panels.reports_panel, panels.figures_panel):
        empty = source(actor, stranger.pk, TODAY)
        assert empty is not None
        assert empty.empty


# Queries


@contextmanager
def counted() -> Iterator[Callable[[], int]]:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        yield lambda: len(captured)


def test_the_entry_page_asks_the_same_number_of_questions(world: World, harbour_form: Obligation) -> None:
    client = browser(world, world.harbours[0])
    address = reverse("reporting:entry", args=[harbour_form.pk])
    client.get(address)
    with counted() as few:
        client.get(address)
    small = few()
    more_lights(world, 12)
    with counted() as many:
        client.get(address)
    assert many() == small


def more_lights(world: World, count: int) -> None:
    for number in range(count):
        orgs.unit(f"n{number + 10}", "light", name=f"Light N{number + 10}", under=world.harbours[0])
    orgs.grow()
    services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT)
    for number in range(count // 2):
        world.report(f"n{number + 10}", all=number + 20, good=1)


@pytest.mark.parametrize(
    "page",
    [
        ("index", (), ""),
        ("reception", BOARD, ""),
        ("table", TABLE, "?unit=north"),
        ("table", TABLE, "?unit=north&origin=|own|total||all"),
        ("table-index", (), ""),
        ("table-csv", TABLE, "?unit=north"),
    ],
)
def test_pages_ask_the_same_number_of_questions_whatever_the_size(
    world: World, page: tuple[str, tuple[str, ...], str]
) -> None:
    world.report("n1", all=20, good=15)
    client = browser(world, world.harbours[0])
    address = reverse(f"reporting:{page[0]}", args=page[1]) + page[2]
    client.get(address)
    with counted() as few:
        client.get(address)
    small = few()
    more_lights(world, 12)
    client.get(address)  # where the new ones count is found once
    with counted() as many:
        client.get(address)
    assert many() == small
