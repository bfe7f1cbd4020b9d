"""What once went wrong on the way of a report: lost lines, lost files, half-stored states, leaking labels."""

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.core.timeliness import Timeliness
from giaoban.documents.models import Blob
from giaoban.documents.services import store_blob
from giaoban.kit.actors import Actor
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.kit.workbooks import guard
from giaoban.orgs.tests import factories as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Draft, ImportedFile, Obligation, Submission
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SYSTEM, World, figures_for, tiny_world
from giaoban.reporting.tests.test_imports import cell_of, filled, put
from giaoban.reporting.tests.test_pages import GOOD, PDF, SIGNED, browser, cells, entry, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture
def free(world: World) -> Obligation:
    """A harbour without lights: the lines of its form are named by hand."""
    lonely = orgs.unit("lonely", "harbour", name="Lonely Harbour", under=world.coast)
    orgs.grow()
    form = factories.make_form(factories.dynamic_form_data())
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return Obligation.objects.select_related("unit", "form", "period__rule").get(form=form, unit=lonely)


def named(*lines: tuple[str, str]) -> dict[str, str]:
    """New lines of the entry page: (name, lamps)."""
    given: dict[str, str] = {}
    for number, (name, lamps) in enumerate(lines):
        given |= {f"ten/lights/unit/{number}": name, f"moi/lights/unit/{number}/all": lamps}
    return {**given, "own/s//spare": "1", "act": "save"}


# Freely named lines


def test_named_lines_survive_the_workbook(free: Obligation) -> None:
    client_figures = {"own/s//spare": "1", "lights/total//all": "7"}
    lines = {"lights/unit/Old Tower/all": "3", "lights/unit/New Tower/all": "4"}
    services.save_draft(free, figures=client_figures | lines, by=SYSTEM, at=AT)

    def fill(book: Any) -> None:
        page = book["Bảng 2"]
        cell = cell_of(book, "all", 3, "Bảng 2")
        page.cell(cell.row, 1).value, cell.value = "Third Tower", 5

    content = filled(services.workbook_for(free), fill)
    Draft.objects.all().delete()
    reading = services.read_workbook(content, "a.xlsx", obligation=free)
    assert [issue for issue in reading.issues if issue.severity == "error"] == []
    found = {line[2]: reading.figures[line].figures[0].value for line in reading.figures if line[2]}
    assert found == {"Old Tower": 3, "New Tower": 4, "Third Tower": 5}


def test_two_lines_of_one_name_in_a_workbook(free: Obligation) -> None:
    def fill(book: Any) -> None:
        for line, number in ((1, 3), (2, 4)):
            cell = cell_of(book, "all", line, "Bảng 2")
            book["Bảng 2"].cell(cell.row, 1).value, cell.value = "Old Tower", number

    reading = services.read_workbook(filled(services.workbook_for(free), fill), "a.xlsx", obligation=free)
    assert "duplicate-cell" in {issue.code for issue in reading.issues}


WRONG_LINES = {
    "two of one name": ((("Old Tower", "3"), ("old  tower", "4")), "đã có ở một dòng khác", {"Old Tower": "3"}),
    "no name": ((("", "3"),), "chưa có tên đơn vị", {}),
    "a separator": ((("Old/Tower", "3"),), "không có dấu “/”", {}),
    "too long": ((("x" * 121, "3"),), "dài quá 120 ký tự", {}),
}


@pytest.mark.parametrize("case", WRONG_LINES)
def test_a_new_line_that_cannot_be_kept_is_shown_again(world: World, free: Obligation, case: str) -> None:
    lines, words, kept = WRONG_LINES[case]
    client = browser(world, free.unit)
    response = client.post(reverse("reporting:entry", args=[free.pk]), named(*lines))
    assert response.status_code == 422
    assert words in text_of(response)
    last = len(lines) - 1
    assert f'name="moi/lights/unit/{last}/all" value="{lines[last][1]}"' in " ".join(response.content.decode().split())
    held = Draft.objects.get().figures
    assert {key.split("/")[2]: text for key, text in held.items() if key.startswith("lights/unit/")} == kept
    assert held["own/s//spare"] == "1"


# The workbook keeps its channel


def read_in(world: World, client: Any) -> bytes:
    content = filled(services.workbook_for(world.owed("n1")), put(all=20, good=15))
    file = SimpleUploadedFile("n1.xlsx", content)
    response = client.post(reverse("reporting:read-workbook", args=[world.owed("n1").pk]), {"workbook": file})
    assert response.status_code == 302
    return content


def test_a_report_read_from_a_workbook_keeps_the_file(world: World) -> None:
    client = browser(world, world.lights["n1"])
    content = read_in(world, client)
    client.post(entry(world), {**GOOD, "act": "save"})
    done = client.post(entry(world), {**GOOD, **SIGNED}, follow=True)
    sent = Submission.objects.get()
    assert sent.channel == "workbook"
    assert sent.file is not None
    assert (sent.file.filename, bytes(sent.file.blob.content)) == ("n1.xlsx", content)
    assert [one["name"] for one in sent.signatures] == ["An", "Bình"]
    assert "tệp bảng tính" in text_of(done)


def test_figures_changed_by_hand_are_not_the_files(world: World) -> None:
    client = browser(world, world.lights["n1"])
    read_in(world, client)
    client.post(entry(world), {**cells(all="21", good="15"), **SIGNED})
    sent = Submission.objects.get()
    assert (sent.channel, sent.file) == ("web", None)
    assert not ImportedFile.objects.exists()


# Half-stored states


def test_a_stale_page_does_not_begin_a_new_version(world: World) -> None:
    client = browser(world, world.lights["n1"])
    client.post(entry(world), {**GOOD, **SIGNED})
    for given in ({"act": "save"}, {"act": "check"}, SIGNED):
        late = client.post(entry(world), {**cells(all="30", good="1"), **given})
        assert late.status_code == 422
        assert "đã được gửi lúc" in text_of(late)
        assert 'value="30"' in late.content.decode()
        assert not Draft.objects.exists()
    assert client.post(entry(world) + "?sua=1", {**cells(all="30", good="1"), "act": "save"}).status_code == 302
    assert Draft.objects.get().figures["own/total//all"] == "30"


def test_sending_the_same_again_leaves_nothing_behind(world: World) -> None:
    client = browser(world, world.lights["n1"])
    client.post(entry(world), {**GOOD, **SIGNED})
    again = client.post(entry(world) + "?sua=1", {**GOOD, **SIGNED})
    assert again.status_code == 422
    assert (Draft.objects.count(), Submission.objects.count()) == (0, 1)


def test_a_refused_report_leaves_no_scan(world: World) -> None:
    client = browser(world, world.lights["n1"])
    scan = SimpleUploadedFile("scan.pdf", PDF)
    response = client.post(entry(world), {**cells(all="10", good="25"), **SIGNED, "scan": scan})
    assert response.status_code == 422
    assert Draft.objects.get().figures["own/total//good"] == "25"
    assert not Blob.objects.exists()


def test_a_scan_is_what_its_bytes_are(world: World) -> None:
    store_blob(PDF, media_type="text/html", filename="x.html")
    client = browser(world, world.lights["n1"])
    client.post(entry(world), {**GOOD, **SIGNED, "scan": SimpleUploadedFile("scan.pdf", PDF)})
    response = client.get(reverse("reporting:scan", args=[Submission.objects.get().pk]))
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Disposition"].endswith('.pdf"')
    assert response["X-Content-Type-Options"] == "nosniff"


# Timeliness and history


def test_the_pages_say_what_the_board_says(world: World) -> None:
    """In time, then corrected late: in time everywhere."""
    world.report("n1", at=moment(2024, 4, 3), all=20, good=15)
    late = world.send("n1", at=moment(2024, 5, 3), all=21, good=15)
    today = timezone.localdate()
    board = selectors.reception(world.harbours[0].pk, world.form, world.period, today)
    row = next(one for one in board.rows if one.unit.key == "n1")
    assert row.timing.state is Timeliness.ON_TIME
    client = browser(world, world.harbours[0])
    for address in (entry(world), reverse("reporting:submission", args=[late.pk])):
        assert "đúng hạn" in text_of(client.get(address))


def test_moves_and_reminders_are_shown(world: World) -> None:
    both = [world.owed("n1"), world.owed("n2")]
    services.move_deadline(both, due_on=date(2024, 4, 20), basis="letter 9", reason="storm", by=SYSTEM, at=AT)
    services.remind(both, note="please", by=SYSTEM, at=AT)
    sent = world.report("n1", all=20, good=15)
    client = browser(world, world.lights["n1"])
    pages = (entry(world), entry(world) + "?sua=1", reverse("reporting:submission", args=[sent.pk]))
    for address in pages:
        words = text_of(client.get(address))
        for said in ("10/04/2024 → 20/04/2024", "letter 9", "storm", "please"):
            assert said in words
    moved = Act.objects.get(name="reporting.move-deadline")
    assert moved.subject == f"reporting.Period:{world.period.pk}"


def test_the_history_costs_the_same_for_many_events(world: World) -> None:
    client = browser(world, world.lights["n1"])
    client.get(entry(world))
    with CaptureQueriesContext(
        connection,
    ) as before:
        client.get(entry(world))
    for days in range(4):
        services.remind([world.owed("n1")], note="please", by=SYSTEM, at=AT + timedelta(days=days))
    with CaptureQueriesContext(connection) as after:
        client.get(entry(world))
    assert len(after) == len(before)


def test_an_act_is_of_the_unit_whose_post_carried_it(world: World) -> None:
    """Somebody at both harbours, acting for the other one, accepts: the receiving harbour did it."""
    north, south = world.harbours
    one, other = world.actor(north, Role.HEAD), world.actor(south, Role.HEAD)
    both = Actor(user_id=one.user_id, name="An", posts=(*one.posts, *other.posts), unit_id=south.pk)
    services.accept(world.send("n1", all=20, good=15), by=both, at=AT)
    assert Act.objects.get(name="reporting.accept").unit_id == north.pk


# Files


def test_the_page_and_the_guard_name_one_limit(world: World) -> None:
    file = SimpleUploadedFile("a.xlsx", b"x" * (guard.MAX_FILE_BYTES + 1))
    client = browser(world, world.lights["n1"])
    response = client.post(reverse("reporting:read-workbook", args=[world.owed("n1").pk]), {"workbook": file})
    assert "Tệp lớn hơn 10 MB" in text_of(response)


def test_simulated_figures_are_called_so_in_files(world: World) -> None:
    sent = world.report("n1", all=20, good=15)
    world.report("n2", all=20, good=15)
    client = browser(world, world.harbours[0])
    address = reverse("reporting:submission-csv", args=[sent.pk])
    assert "mo-phong" not in client.get(address)["Content-Disposition"]
    Obligation.objects.filter(pk=sent.obligation_id).update(simulated=True)
    assert '-mo-phong.csv"' in client.get(address)["Content-Disposition"]
    table = selectors.consolidate(world.form, world.period, world.harbours[0].pk)
    lines = list(csv.DictReader(io.StringIO(selectors.export_table(table))))
    assert "simulated" in lines[0]
    assert {line["unit"]: line["simulated"] for line in lines} == {"n1": "1", "n2": "0", "n3": "0", "TOTAL": "1"}


@pytest.mark.parametrize("text", ["=1+1", "-4 lamps", "@x", "+84", "'=quoted", "calm"])
def test_no_text_is_a_formula_and_comes_back_whole(world: World, text: str) -> None:
    sent = world.send("n1", all=3, good=1, note=text)
    content = selectors.export_submission(sent)
    written = next(line for line in csv.DictReader(io.StringIO(content)) if line["column"] == "note")["value"]
    assert not written.startswith(("=", "+", "-", "@"))
    services.return_for_correction(sent, reason="again", by=SYSTEM, at=AT)
    (back,) = services.import_csv(content.encode(), "a.csv", by=SYSTEM, at=AT).submissions
    assert selectors.figures_of(back)["own", "total", ""].texts["note"] == text


def test_no_name_of_a_line_is_a_formula(free: Obligation) -> None:
    figures = figures_for(free.form, "own", "s", spare=1)
    figures |= figures_for(free.form, "lights", "unit", "=Tower", all=3)
    figures |= figures_for(free.form, "lights", "total", all=3)
    sent = services.submit(free, figures=figures, by=SYSTEM, at=AT)
    content = selectors.export_submission(sent)
    assert ",=Tower," not in content
    services.return_for_correction(sent, reason="again", by=SYSTEM, at=AT)
    (back,) = services.import_csv(content.encode(), "a.csv", by=SYSTEM, at=AT).submissions
    assert ("lights", "unit", "=Tower") in selectors.figures_of(back)
