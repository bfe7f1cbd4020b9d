"""Nộp nhiều tệp in the browser: what is chosen, what became of each file, and who sees it."""

import csv as csvfile
import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.kit.permissions import Role
from giaoban.reporting.models import Intake, IntakeFile, Submission
from giaoban.reporting.rules import archives
from giaoban.reporting.services import intake as intakes
from giaoban.reporting.tests.factories import World, tiny_world
from giaoban.reporting.tests.test_intake import WRONG, csv, receiver, workbook, zipped
from giaoban.reporting.tests.test_pages import browser, text_of

pytestmark = pytest.mark.django_db

NEW = reverse("reporting:intake-new")


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture
def client(world: World) -> Client:
    return browser(world, world.harbours[0], Role.RECEIVER)


def upload(client: Client, *files: tuple[str, bytes], **more: Any) -> Any:
    return client.post(NEW, {"files": [SimpleUploadedFile(name, content) for name, content in files], **more})


def taken(world: World, client: Client, *files: tuple[str, bytes], **more: Any) -> Intake:
    assert upload(client, *files, **more).status_code == 302
    intake = Intake.objects.latest("pk")
    intakes.take_intake(intake.pk, by=receiver(world))
    return intake


def page(client: Client, intake: Intake, query: str = "") -> str:
    answer = client.get(reverse("reporting:intake", args=[intake.pk]) + query)
    assert answer.status_code == 200
    return text_of(answer)


def test_files_are_chosen_and_each_has_its_outcome(world: World, client: Client) -> None:
    assert archives.LIMITS in text_of(client.get(NEW))
    files = [("n1.xlsx", workbook(world, "n1")), ("bad.xlsx", workbook(world, "n2", WRONG)), ("no.pdf", b"%PDF-1.7")]
    answer = upload(client, *files)
    intake = Intake.objects.get()
    assert answer.headers["Location"] == reverse("reporting:intake", args=[intake.pk])
    waiting = client.get(answer.headers["Location"])
    assert "Đang đọc: 0 trong 3 tệp" in text_of(waiting)
    assert 'hx-trigger="every 2s"' in waiting.content.decode()
    intakes.take_intake(intake.pk, by=receiver(world))
    done = client.get(answer.headers["Location"])
    said = text_of(done)
    assert "2 trong 3 tệp không nhận được" in said
    assert "Light N1" in said
    assert Submission.objects.get().receipt in said
    assert archives.NOT_OURS in said
    assert "hx-trigger" not in done.content.decode()
    assert "bad.xlsx" not in page(client, intake, "?state=taken")
    assert "bad.xlsx" in page(client, intake, "?state=refused")
    assert "Không có tệp nào ở mục này" in page(client, intake, "?state=unchanged")


def test_nothing_chosen_and_too_much_are_said(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = upload(client)
    assert nothing.status_code == 422
    assert archives.NO_FILES_CHOSEN in text_of(nothing)
    monkeypatch.setattr(intakes, "MAX_FILES", 1)
    many = upload(client, ("reports.zip", zipped({"a.csv": b"a", "b.csv": b"b"})))
    assert many.status_code == 422
    assert archives.TOO_MANY in text_of(many)
    assert not Intake.objects.exists()


def test_results_as_csv_are_guarded(world: World, client: Client) -> None:
    intake = taken(world, client, ("=1+1.csv", csv("n1", good=9)), ("n2.csv", csv("n2")))
    answer = client.get(reverse("reporting:intake-csv", args=[intake.pk]))
    rows = list(csvfile.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row[1], row[2]) for row in rows[1:]] == [("'=1+1.csv", "không nhận"), ("n2.csv", "đã nhận")]
    assert rows[1][7] == "3"


def test_stop_and_go_on(world: World, client: Client) -> None:
    upload(client, ("n1.csv", csv("n1")), ("n2.csv", csv("n2")))
    intake = Intake.objects.get()
    assert client.post(reverse("reporting:intake-stop", args=[intake.pk])).status_code == 302
    assert "Đã dừng ở 0 trong 2 tệp" in page(client, intake)
    again = client.post(reverse("reporting:intake-stop", args=[intake.pk]))
    assert (again.status_code, "không còn gì để dừng" in text_of(again)) == (422, True)
    assert client.post(reverse("reporting:intake-retry", args=[intake.pk])).status_code == 302
    intakes.take_intake(intake.pk, by=receiver(world))
    assert "Đã đọc xong 2 tệp" in page(client, intake)
    assert client.post(reverse("reporting:intake-retry", args=[intake.pk])).status_code == 422


def test_signers_are_asked_of_the_units_own_people_only(world: World, client: Client) -> None:
    assert "Keeper" not in text_of(client.get(NEW))
    head = browser(world, world.lights["n1"], Role.HEAD)
    asked = client.get(NEW).content.decode(), head.get(NEW).content.decode()
    assert ["Tiếp nhận ngay" in one for one in asked] == [True, False]
    assert "Keeper" in asked[1]
    head.post(
        NEW,
        {
            "files": [SimpleUploadedFile("n1.xlsx", workbook(world, "n1"))],
            "ky-keeper": "An",
            "ky-head": "Bình",
        },
    )
    intakes.take_intake(Intake.objects.get().pk, by=world.actor(world.lights["n1"], Role.HEAD))
    assert [one["name"] for one in Submission.objects.get().signatures] == ["An", "Bình"]


DEPUTY = {"capacity": "KT", "principal": "GIÁM ĐỐC", "title": "Phó Giám đốc"}


def test_a_deputy_signs_all_files_and_says_so_once(world: World) -> None:
    head = browser(world, world.lights["n1"], Role.HEAD)
    names = {"ky-keeper": "An", "ky-head": "Bình"}

    def post(**deputy: str) -> Any:
        content = SimpleUploadedFile("n1.xlsx", workbook(world, "n1"))
        said = {f"ky-cach-{part}": text for part, text in deputy.items()}
        return head.post(NEW, {"files": [content], **names, **said})

    assert "Ghi chức vụ của người ký" in text_of(post(capacity="KT", principal="GIÁM ĐỐC"))
    lapsed = post(**{**DEPUTY, "capacity": "TUQ", "authority": "12/UQ", "until": "2024-01-01"})
    assert "Ủy quyền đã hết hạn" in text_of(lapsed)
    assert not Intake.objects.exists()
    assert post(**DEPUTY).status_code == 302
    intakes.take_intake(Intake.objects.get().pk, by=world.actor(world.lights["n1"], Role.HEAD))
    keeper, signer = Submission.objects.get().signatures
    assert (keeper, signer) == ({"role": "Keeper", "name": "An"}, {"role": "Head", "name": "Bình", **DEPUTY})


def test_others_neither_bring_nor_see(world: World, client: Client) -> None:
    intake = taken(world, client, ("n1.csv", csv("n1")))
    officer = browser(world, world.lights["n1"], Role.OFFICER)
    assert officer.get(NEW).status_code == 403
    assert "Chưa có lần tải lên nào" in text_of(officer.get(reverse("reporting:intakes")))
    for other in (officer, browser(world, world.harbours[1], Role.RECEIVER), browser(world, world.coast)):
        for name in ("intake", "intake-csv", "intake-answers"):
            assert other.get(reverse(f"reporting:{name}", args=[intake.pk])).status_code == 404
        for name in ("intake-stop", "intake-retry"):
            assert other.post(reverse(f"reporting:{name}", args=[intake.pk])).status_code == 404
    assert "1" in text_of(browser(world, world.harbours[0]).get(reverse("reporting:intakes")))


def test_copies_with_the_faults_come_singly_and_as_a_zip(world: World, client: Client) -> None:
    intake = taken(world, client, ("Xã/bad.xlsx", workbook(world, "n2", WRONG)), ("n1.csv", csv("n1")))
    single = client.get(reverse("reporting:intake-answer", args=[intake.pk, 1]))
    assert zipfile.is_zipfile(io.BytesIO(single.content))
    together = client.get(reverse("reporting:intake-answers", args=[intake.pk]))
    with zipfile.ZipFile(io.BytesIO(together.content)) as archive:
        assert archive.namelist() == ["0001-bad-loi.xlsx"]
        assert archive.read("0001-bad-loi.xlsx") == single.content
    assert client.get(reverse("reporting:intake-answer", args=[intake.pk, 2])).status_code == 404


def test_the_cost_does_not_grow_with_the_files(world: World, client: Client) -> None:
    intake = taken(world, client, ("n1.csv", csv("n1")))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client, intake)
        return len(queries)

    before = cost()
    first = IntakeFile.objects.get()
    for number in range(2, 40):
        first.pk, first.position = None, number
        first.save()
    assert cost() == before
