"""Pages of narrative reports: who sees them, what they say, what they refuse."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.briefs.models import Section
from giaoban.briefs.rules.states import Written as How
from giaoban.briefs.services import life, reports, writing
from giaoban.briefs.services.reports import Assignment
from giaoban.briefs.tests import narratives
from giaoban.briefs.tests.narratives import Written
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.reporting.tests.factories import AT

pytestmark = pytest.mark.django_db


@pytest.fixture
def held() -> Written:
    return narratives.written()


def browser(held: Written, unit: Unit | None = None, role: Role = Role.HEAD) -> Client:
    from django.apps import apps

    client = Client()
    user = apps.get_model("accounts", "User")._default_manager.get(pk=held.actor(unit, role).user_id or 0)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(name: str, *args: object) -> str:
    return reverse(f"briefs:{name}", args=args)


def test_own_parent_and_sibling(held: Written) -> None:
    held.write_all()
    life.present(held.report, to_whom="Giám đốc", by=held.actor(), at=AT)
    pk, section = held.report.pk, held.first.pk
    addresses = [page("report", pk), page("report-read", pk), page("report-compare", pk), page("section", section)]
    addresses += [page("section-history", section), page("section-take", section)]
    world = held.world
    for unit, status in ((held.harbour, 200), (world.coast, 200), (world.harbours[1], 404), (world.lights["n1"], 404)):
        client = browser(held, unit)
        assert [client.get(address).status_code for address in addresses] == [status] * len(addresses)
        assert (held.report.title in client.get(page("reports")).content.decode()) is (status == 200)
    assert browser(held, world.coast).get(page("report-assign", pk)).status_code == 403


def test_a_unit_that_writes_a_section_sees_that_section_only(held: Written) -> None:
    light = held.world.lights["n1"]
    reports.assign_sections(held.report, {held.first.pk: Assignment(light.pk, None)}, by=held.actor(), at=AT)
    client = browser(held, light, Role.OFFICER)
    body = client.get(page("report", held.report.pk)).content.decode()
    assert "Lamps" in body and "Boats" not in body
    assert client.get(page("section", held.first.pk)).status_code == 200
    assert client.get(page("section", held.sections[1].pk)).status_code == 404
    assert client.get(page("report-read", held.report.pk)).status_code == 404
    assert held.report.title in client.get("/").content.decode()


def test_a_report_is_opened_from_its_outline(held: Written) -> None:
    client = browser(held, held.world.harbours[1])
    body = client.get(page("report-new")).content.decode()
    assert "Kết quả" in body and "không phải quy định của văn bản pháp luật" in body
    data = {"outline": "quarterly", "unit": "south", "period": "2024-Q1", "fields_of_work": ["boats"]}
    from django.utils import timezone

    year = timezone.localdate().year
    answer = client.post(page("report-new"), {**data, "period": f"{year}-Q1"})
    assert answer.status_code == 302
    made = Section.objects.filter(report__unit=held.world.harbours[1])
    assert [str(one) for one in made] == ["Boats", "Phương hướng"]
    assert client.post(page("report-new"), {**data, "period": f"{year}-Q1"}).status_code == 422
    assert browser(held, role=Role.INSPECTOR).get(page("report-new")).status_code == 403


def test_saving_and_the_conflict_of_two(held: Written) -> None:
    first, second = browser(held), browser(held, role=Role.OFFICER)
    address = page("section", held.first.pk)
    assert first.post(address, {"text": "Của tôi.", "version": "0"}).status_code == 302
    clash = second.post(address, {"text": "Của chị.", "version": "0"})
    assert clash.status_code == 409
    body = clash.content.decode()
    assert "Của tôi." in body and "Của chị." in body and 'name="version" value="1"' in body
    scripted = second.post(address, {"text": "Của chị.", "version": "0"}, headers={"Accept": "application/json"})
    assert scripted.status_code == 409
    assert scripted.json()["theirs"] == "Của tôi."
    assert held.first.text == "Của tôi."
    saved = second.post(address, {"text": "Của cả hai.", "version": "1"}, headers={"Accept": "application/json"})
    assert (saved.json()["version"], "Của cả hai." in saved.json()["reading"]) == (2, True)


def test_a_figure_is_picked_and_placed_without_a_script(held: Written) -> None:
    held.world.report("n1", all=1204, good=602, rate=50)
    held.write("Có đèn.")
    client, address = browser(held), page("section-figures", held.first.pk)
    body = client.get(address).content.decode()
    assert "1.204" in body and "Lamps – All lamps" in body
    assert "1.204" not in client.get(f"{address}?q=khongco").content.decode()
    form = {"chon": "cell|own|total|all", "bang": f"{held.world.form.key}|2024-Q1|", "sau": "1"}
    assert client.post(address, form).status_code == 302
    assert held.first.text == "Có đèn {{số 1: 1.204}}."
    told = client.post(address, form, headers={"X-Requested-With": "editor"}).json()
    assert told["words"] == "{{số 2: 1.204}}"
    assert client.get(f"{address}?don-vi=south").status_code == 404
    assert client.post(address, {**form, "chon": "cell|own|total|none"}).status_code == 422


def test_a_changed_figure_is_answered_on_the_page(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    held.bind()
    held.write("Có {{số 1}} đèn.")
    held.world.report("n2", all=20, good=5, rate=25)
    client = browser(held)
    assert "Số liệu 1 đã đổi: 10 → 30" in client.get(page("section", held.first.pk)).content.decode()
    assert held.first.figures.get().found_state == "changed"
    for name in ("report", "report-read"):
        assert "phải xử lý" in client.get(page(name, held.report.pk)).content.decode()
    assert "1 số liệu đã đổi" in client.get(page("reports")).content.decode()
    answer = page("section-figure", held.first.pk, 1)
    assert client.post(answer, {"lam": "giu"}).status_code == 422
    assert client.post(answer, {"lam": "lay"}).status_code == 302
    assert held.first.text == "Có {{số 1: 30}} đèn."


def test_differences_are_said_in_words_and_signs(held: Written) -> None:
    held.write_all()
    client, pk = browser(held), held.report.pk
    assert client.get(page("report-compare", pk)).status_code == 404
    assert client.post(page("report-present", pk), {"to_whom": "Giám đốc"}).status_code == 302
    held.write("Đã làm gần đủ.")
    for query in ("", "?kieu=canh-nhau"):
        body = client.get(page("report-compare", pk) + query).content.decode()
        assert "<ins>" in body and "gần" in body and "1 phần khác nhau" in body
    assert client.post(page("report-amend", pk), {"reason": "Ý kiến Giám đốc"}).status_code == 302
    assert "Ý kiến Giám đốc" in client.get(page("report-compare", pk)).content.decode()
    assert client.post(page("report-issue", pk), {"number": "5"}).status_code == 302
    assert client.post(page("report-complete", pk), {"number": "6"}).status_code == 302
    assert client.get(page("report-docx", pk, 3)).status_code == 404
    assert client.get(page("report-read", pk) + "?ban=1").status_code == 200
    assert client.get(page("report-read", pk) + "?ban=9").status_code == 404


def test_nothing_is_said_of_figures_where_none_is_bound(held: Written) -> None:
    body = browser(held).get(page("report", held.report.pk)).content.decode()
    assert "Chưa câu nào gắn số liệu" in body and "khớp với" not in body


def test_the_list_is_handed_out_without_formulas(held: Written) -> None:
    held.report.title = "=1+1"
    held.report.save()
    text = browser(held).get(page("reports-csv")).content.decode("utf-8-sig")
    assert "'=1+1" in text


def test_the_cost_of_the_pages_does_not_grow(held: Written) -> None:
    held.world.report("n1", all=10, good=5, rate=50)
    held.bind()
    held.write("Có {{số 1}} đèn.")
    client = browser(held)
    addresses = [page("reports"), page("report", held.report.pk), page("report-read", held.report.pk)]
    addresses.append(page("section", held.first.pk))

    def cost() -> list[int]:
        found = []
        for address in addresses:
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200
            found.append(len(queries))
        return found

    before = cost()
    light = held.world.lights["n1"]
    below = narratives.report_of(held.outline, light)
    theirs = below.sections.select_related("report__outline", "field").first()
    assert theirs is not None
    saved = writing.save_section(theirs, text="Một.\nHai.", version=0, by=held.actor(light), at=AT)
    reports.set_written(saved, How.DONE, by=held.actor(light), at=AT)
    for column in ("good", "all", "rate"):
        held.bind(column)
    held.write("Có {{số 1}}, {{số 2}}, {{số 3}}, {{số 4}}.")
    for one in held.sections[1:]:
        held.bind(section=one)
        held.write("Có {{số 1}} và {{số 1}}.", one)
    assert cost() == before
