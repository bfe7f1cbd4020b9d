"""A text with the marking of a state secret is refused by every way in, with a sentence, and nothing of it is kept."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from giaoban.documents.models import Blob
from giaoban.kit.workbooks.guard import WorkbookRefused
from giaoban.reporting import services
from giaoban.reporting.models import Draft, Obligation, Submission
from giaoban.reporting.rules import EXPLAINS
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_api import FIGURES, SIGNERS
from giaoban.reporting.tests.test_intake import begin
from giaoban.reporting.tests.test_pages import browser, text_of
from giaoban.reporting.tests.test_workbooks import changed, put

pytestmark = pytest.mark.django_db
SECRET, SAID = "TỐI MẬT", "độ mật"
NOTE = "own/total//note"
Way = Callable[[Client, Obligation], Any]


@pytest.fixture
def world() -> World:
    return tiny_world()


def workbook(client: Client, owed: Obligation, name: str = "n1.xlsx", **cells: Any) -> Any:
    content = changed(services.workbook_for(owed), put(**cells))
    address = reverse("reporting:read-workbook", args=[owed.pk])
    return client.post(address, {"workbook": SimpleUploadedFile(name, content)})


def page(client: Client, owed: Obligation, **cells: str) -> Any:
    return client.post(reverse("reporting:entry", args=[owed.pk]), {"act": "save", **cells})


def patch(client: Client, owed: Obligation, name: str) -> Any:
    body = {"draft": None, "seen": 0, "cells": {name: {"text": SECRET, "base": 0}}}
    return client.patch(reverse("reporting:cells", args=[owed.pk]), json.dumps(body), content_type="application/json")


def api(client: Client, owed: Obligation, **more: Any) -> Any:
    body = json.dumps({"figures": FIGURES, "signatures": SIGNERS, **more})
    return client.post(f"/api/v1/reports/{owed.pk}/submission", body, content_type="application/json")


WAYS: dict[str, Way] = {
    "a cell of the page": lambda client, owed: page(client, owed, **{NOTE: SECRET}),
    "notes of the page": lambda client, owed: page(client, owed, notes=SECRET),
    "an explanation of the page": lambda client, owed: page(client, owed, **{f"{EXPLAINS}large-change:x": SECRET}),
    "a cell of a sound workbook": lambda client, owed: workbook(client, owed, all=3, good=1, note=SECRET),
    "a cell of a faulty workbook": lambda client, owed: workbook(client, owed, all="nhiều", good=1, note=SECRET),
    "a number of a workbook": lambda client, owed: workbook(client, owed, all=SECRET),
    "the name of a workbook": lambda client, owed: workbook(client, owed, "bao cao - MẬT.xlsx", all="nhiều"),
    "notes over the API": lambda client, owed: api(client, owed, notes=SECRET),
    "a cell over the API": lambda client, owed: api(client, owed, figures={**FIGURES, NOTE: SECRET}),
    "the number over the API": lambda client, owed: api(client, owed, document_number=SECRET),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_refused_with_a_sentence_and_nothing_is_kept(world: World, way: str) -> None:
    owed = world.owed("n1")
    refused = WAYS[way](browser(world, world.lights["n1"]), owed)
    assert refused.status_code == 422, text_of(refused)
    assert SAID in refused.content.decode()
    assert not Blob.objects.exists()
    assert not Submission.objects.exists()
    assert all(SECRET not in json.dumps([one.figures, one.notes, one.explanations]) for one in Draft.objects.all())


@pytest.mark.parametrize("name", [NOTE, "notes", f"{EXPLAINS}large-change:x", "document_number"])
def test_a_secret_cell_is_refused_by_its_name(world: World, name: str) -> None:
    answer = patch(browser(world, world.lights["n1"]), world.owed("n1"), name).json()
    assert SAID in answer["refused"][name]
    assert SECRET not in json.dumps([answer["cells"], Draft.objects.get().figures, Draft.objects.get().notes])


def test_explanations_that_are_sent_are_looked_through(world: World) -> None:
    with pytest.raises(services.SecretRefused):
        services.save_draft(world.owed("n1"), figures={}, explanations={"large-change:x": SECRET}, by=SYSTEM, at=AT)


def test_a_copy_in_which_a_marking_is_first_read_is_not_kept(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owed = world.owed("n1")
    marked = changed(services.workbook_for(owed), put(note=SECRET))
    monkeypatch.setattr(services, "workbook_with_faults", lambda *_: marked)
    refused = workbook(browser(world, world.lights["n1"]), owed, all="nhiều")
    assert (refused.status_code, SAID in text_of(refused), Blob.objects.exists()) == (422, True, False)


def test_where_no_copy_can_be_made_the_faults_stay_on_the_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> bytes:
        raise WorkbookRefused("broken")

    monkeypatch.setattr(services, "workbook_with_faults", refuse)
    refused = workbook(browser(world, world.lights["n1"]), world.owed("n1"), all="nhiều")
    assert (refused.status_code, "không phải là số" in text_of(refused)) == (422, True)
    assert "Tải bản có đánh dấu" not in text_of(refused)


@pytest.mark.parametrize("signs", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_secret_text_file_is_not_kept_whatever_its_signs(world: World, signs: str) -> None:
    content = f"unit,form\nn1,{SECRET}\n{SECRET}\n".encode(signs)
    brought = begin(world, ("n1.csv", content))
    assert SAID in brought.files.get().sentence
    assert not Blob.objects.exists()
