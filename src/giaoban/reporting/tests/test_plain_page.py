"""The entry page without its script: a form that sends every cell, of which only the touched ones are changes."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from giaoban.kit.permissions import Role
from giaoban.reporting import services
from giaoban.reporting.models import Draft, Obligation
from giaoban.reporting.rules import Change
from giaoban.reporting.tests.factories import AT, World, tiny_world
from giaoban.reporting.tests.test_pages import browser, cells, text_of

pytestmark = pytest.mark.django_db

ALL, GOOD, OIL, NOTES = "own/total//all", "own/total//good", "own/total//oil", "notes"
BLANK = cells(all="", good="", oil="", age="", note="")


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture
def client(world: World) -> Client:
    return browser(world, world.lights["n1"])


def opened(client: Client, owed: Obligation) -> dict[str, str]:
    """What a browser without script sends back of the page's hidden fields."""
    page = client.get(reverse("reporting:entry", args=[owed.pk])).content.decode()
    hidden = re.findall(r'<input type="hidden" name="(draft|version|seen|shown)" value="([^"]*)"', page)
    assert len(hidden) == 4
    return {name: unescape(value) for name, value in hidden}


def post(client: Client, owed: Obligation, page: dict[str, str], **typed: str) -> Any:
    body = {**BLANK, "notes": "", **page, **typed, "act": "save"}
    return client.post(reverse("reporting:entry", args=[owed.pk]), body)


def colleague(world: World, owed: Obligation, **texts: str) -> Draft:
    by = world.actor(world.lights["n1"], Role.OFFICER)
    draft = Draft.objects.filter(obligation=owed).first()
    base = draft.revision if draft else 0
    changes = {name if name == NOTES else f"own/total//{name}": Change(text, base) for name, text in texts.items()}
    return services.change_draft(owed, changes, by=by, at=AT).draft


def test_a_cell_that_nobody_touched_keeps_what_a_colleague_saved(world: World, client: Client) -> None:
    owed = world.owed("n1")
    colleague(world, owed, all="3", good="-", oil="1.204", notes="one\ntwo")
    page = opened(client, owed)
    colleague(world, owed, all="5", good="2", notes="three")
    mine = cells(all="3", good="–0–", oil="7", note="mine")
    assert post(client, owed, page, **mine, notes="one\r\ntwo").status_code == 302
    draft = Draft.objects.get()
    assert draft.figures == {ALL: "5", GOOD: "2", OIL: "7", "own/total//note": "mine"}
    assert draft.notes == "three"


def test_a_cell_that_both_changed_is_told(world: World, client: Client) -> None:
    owed = world.owed("n1")
    page = opened(client, owed)
    colleague(world, owed, all="5", good="2")
    answer = post(client, owed, page, **cells(all="4"))
    assert (answer.status_code, text_of(answer).count("bạn gửi “")) == (422, 1)
    assert "đã lưu “5”" in text_of(answer)
    assert Draft.objects.get().figures == {ALL: "5", GOOD: "2"}


def test_emptied_by_hand_is_a_change(world: World, client: Client) -> None:
    owed = world.owed("n1")
    colleague(world, owed, all="3", good="2")
    assert post(client, owed, opened(client, owed), **cells(good="2")).status_code == 302
    assert Draft.objects.get().figures == {GOOD: "2"}


def test_what_was_sent_meanwhile_is_not_taken_for_what_the_page_began_with(world: World, client: Client) -> None:
    owed = world.owed("n1")
    page = opened(client, owed)
    world.send("n1", all=3, good=1)
    stale = post(client, owed, page, **cells(all="8", good="1"))
    assert (stale.status_code, b'name="shown"' in stale.content) == (422, False)


@pytest.mark.parametrize("shown", ["", "[]", "{", '{"notes": 3}', "[" * 100_000, json.dumps({"a/b": "x", "///": "1"})])
def test_a_page_that_says_nothing_readable_sends_everything(world: World, client: Client, shown: str) -> None:
    owed = world.owed("n1")
    answer = post(client, owed, {"draft": "", "version": "0", "seen": "0", "shown": shown}, **cells(all="3", good="2"))
    assert answer.status_code == 302
    assert Draft.objects.get().figures == {ALL: "3", GOOD: "2"}


def test_lines_of_a_form_end_as_those_of_the_script(world: World, client: Client) -> None:
    owed = world.owed("n1")
    before = colleague(world, owed, notes="one\ntwo")
    answer = post(client, owed, {"draft": str(before.pk), "version": "0", "seen": "1"}, notes="one\r\ntwo")
    assert answer.status_code == 302
    assert (Draft.objects.get().notes, Draft.objects.get().revision) == ("one\ntwo", before.revision)
