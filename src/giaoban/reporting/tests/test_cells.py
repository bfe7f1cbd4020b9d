"""Single cells of a draft over JSON: who may, what is kept, what two people do to each other, what is refused."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from giaoban.accounts.models import User
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Channel, Draft, Obligation, Presence, Submission
from giaoban.reporting.rules import Change, merge
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

ALL, GOOD = "own/total//all", "own/total//good"


@pytest.fixture
def world() -> World:
    return tiny_world()


def user(world: World, unit: Unit, role: Role = Role.OFFICER) -> User:
    pk = world.actor(unit, role).user_id
    assert pk is not None
    return User.objects.get(pk=pk)


def browser(world: World, unit: Unit, role: Role = Role.OFFICER) -> Client:
    client = Client()
    client.force_login(user(world, unit, role))
    return client


def at(obligation: Obligation, query: str = "") -> str:
    return reverse("reporting:cells", args=[obligation.pk]) + query


def patch(client: Client, obligation: Obligation, query: str = "", /, **more: Any) -> Any:
    """PATCH; cells: name → text or (text, base)."""
    cells = {
        name: {"text": given, "base": 0} if isinstance(given, str) else {"text": given[0], "base": given[1]}
        for name, given in more.pop("cells", {}).items()
    }
    body = {"draft": None, "seen": 0, "cells": cells, **more}
    return client.patch(at(obligation, query), json.dumps(body), content_type="application/json")


@pytest.mark.parametrize("method", ["get", "patch"])
def test_own_parent_and_sibling(world: World, method: str) -> None:
    owed = world.owed("n1")
    people = (world.lights["n1"], world.harbours[0], world.lights["n2"])
    body = json.dumps({"draft": None, "seen": 0, "cells": {ALL: {"text": "5", "base": 0}}})
    answers = [
        getattr(browser(world, unit), method)(
            at(owed), body if method == "patch" else {}, content_type="application/json"
        )
        if method == "patch"
        else browser(world, unit).get(at(owed))
        for unit in people
    ]
    assert [answer.status_code for answer in answers] == [200, 403, 404]
    assert Draft.objects.count() == (method == "patch")


def test_a_cell_is_kept_and_told_with_the_servers_moment(world: World) -> None:
    owed, client = world.owed("n1"), browser(world, world.lights["n1"])
    news = patch(client, owed, cells={ALL: "1.204", GOOD: "–0–", "own/total//note": " two wicks "}).json()
    draft = Draft.objects.get()
    assert (draft.figures[ALL], draft.figures[GOOD], draft.figures["own/total//note"]) == ("1.204", "-", "two wicks")
    assert "own/total//rate" not in draft.figures
    assert (news["draft"], news["revision"]) == (draft.pk, 1)
    assert news["cells"][GOOD] == {
        "text": "–0–",
        "version": 1,
        "by": "",
        "mine": True,
        "at": f"{timezone.localtime(draft.saved_at):%H:%M}",
    }
    assert timezone.now() - draft.saved_at < timedelta(minutes=1)


def test_sending_the_same_again_changes_nothing(world: World) -> None:
    owed, client = world.owed("n1"), browser(world, world.lights["n1"])
    patch(client, owed, cells={ALL: "3"})
    again = patch(client, owed, cells={ALL: "3"}, draft=None).json()
    assert (again["revision"], again["conflicts"], again["refused"]) == (1, {}, {})


def test_issues_come_back(world: World) -> None:
    owed, client = world.owed("n1"), browser(world, world.lights["n1"])
    news = patch(client, owed, cells={ALL: "10", GOOD: "12", "own/total//oil": "12.34"}).json()
    assert news["said"][GOOD]["tone"] == "err"
    assert "lớn hơn" in news["said"][GOOD]["words"][0]
    assert "own/total//oil" in news["said"]
    assert 'href="#o-own-total--good"' in news["findings"]
    blank = patch(client, owed, cells={ALL: ("", 1)}, draft=news["draft"]).json()
    assert ALL not in blank["said"]
    checked = patch(client, owed, "?kiem-tra=1", draft=news["draft"]).json()
    assert "trống" in checked["said"][ALL]["words"][0]


def test_autosave_is_no_act(world: World) -> None:
    before = Act.objects.count()
    patch(browser(world, world.lights["n1"]), world.owed("n1"), cells={ALL: "3"})
    assert Act.objects.count() == before


# Two people


def test_a_page_over_an_older_version_undoes_no_newer_one(world: World) -> None:
    """A's page shows what came back first; B corrects it, sends, and that comes back too: no draft in either case."""
    owed, light = world.owed("n1"), world.lights["n1"]
    services.return_for_correction(world.send("n1", all=5, good=1), reason="again", by=SYSTEM, at=AT)
    old, plain = browser(world, light), browser(world, light, Role.HEAD)
    page = plain.get(reverse("reporting:entry", args=[owed.pk])).content.decode()
    assert 'name="version" value="1"' in page
    assert '"version": 1' in page
    services.return_for_correction(world.send("n1", all=6, good=1), reason="again", by=SYSTEM, at=AT)
    refused = patch(old, owed, version=1, cells={ALL: "9"})
    assert (refused.status_code, "Bản 2" in refused.json()["sentence"]) == (409, True)
    typed = {"act": "save", "draft": "", "seen": "0", "version": "1", ALL: "9"}
    said = plain.post(reverse("reporting:entry", args=[owed.pk]), typed)
    assert (said.status_code, "Bản 2" in said.content.decode()) == (422, True)
    assert not Draft.objects.exists()
    assert old.get(at(owed)).json()["version"] == 2
    assert patch(old, owed, version=2, cells={ALL: "9"}).status_code == 200
    assert Draft.objects.get().figures[ALL] == "9"


@pytest.mark.parametrize("version", [-1, "1", 1.5, True])
def test_a_version_that_is_none_is_unreadable(world: World, version: object) -> None:
    owed = world.owed("n1")
    assert patch(browser(world, world.lights["n1"]), owed, version=version, cells={ALL: "9"}).status_code == 400


def test_nobody_overwrites_what_they_have_not_seen(world: World) -> None:
    owed, light = world.owed("n1"), world.lights["n1"]
    first, second = browser(world, light), browser(world, light, Role.HEAD)
    begun = patch(first, owed, cells={ALL: "10"}).json()
    late = patch(second, owed, cells={ALL: "12", GOOD: "4"}).json()
    assert late["conflicts"][ALL] | {"at": ""} == {
        "text": "10",
        "version": 1,
        "by": "N1-officer",
        "mine": False,
        "at": "",
    }
    assert Draft.objects.get().figures == {ALL: "10", GOOD: "4"}
    chosen = patch(second, owed, cells={ALL: ("12", 1)}, draft=begun["draft"], seen=2).json()
    assert chosen["conflicts"] == {}
    news = first.get(at(owed, f"?draft={begun['draft']}&seen=1")).json()
    assert {name: cell["text"] for name, cell in news["cells"].items() if name in (ALL, GOOD)} == {ALL: "12", GOOD: "4"}
    assert news["cells"][ALL]["by"] == "N1-head"
    assert "said" in news
    quiet = first.get(at(owed, f"?draft={begun['draft']}&seen={news['revision']}")).json()
    assert quiet["cells"] == {}
    assert "said" not in quiet


def test_the_same_text_is_no_conflict(world: World) -> None:
    owed, light = world.owed("n1"), world.lights["n1"]
    patch(browser(world, light), owed, cells={ALL: "10"})
    assert patch(browser(world, light, Role.HEAD), owed, cells={ALL: "10"}).json()["conflicts"] == {}


def test_notes_and_words_on_warnings_are_cells_too(world: World) -> None:
    owed, client = world.owed("n1"), browser(world, world.lights["n1"])
    words = "giai-trinh/large-change:own/total//all"
    patch(client, owed, cells={"notes": "foggy", words: "a new lamp"})
    draft = Draft.objects.get()
    assert (draft.notes, draft.explanations) == ("foggy", {"large-change:own/total//all": "a new lamp"})
    late = patch(browser(world, world.lights["n1"], Role.HEAD), owed, cells={"notes": "clear"}).json()
    assert late["conflicts"]["notes"]["text"] == "foggy"


def test_each_sees_who_else_is_there(world: World) -> None:
    owed, light = world.owed("n1"), world.lights["n1"]
    first, second = browser(world, light), browser(world, light, Role.HEAD)
    assert first.get(at(owed)).json()["people"] == []
    assert second.get(at(owed)).json()["people"] == ["N1-officer"]
    assert first.get(at(owed)).json()["people"] == ["N1-head"]
    Presence.objects.update(seen_at=timezone.now() - timedelta(minutes=5))
    assert first.get(at(owed)).json()["people"] == []


def test_a_page_without_script_does_not_overwrite_either(world: World) -> None:
    owed, light = world.owed("n1"), world.lights["n1"]
    address = reverse("reporting:entry", args=[owed.pk])
    begun = patch(browser(world, light), owed, cells={ALL: "10", GOOD: "4"}).json()
    patch(browser(world, light), owed, cells={ALL: ("11", 1)}, draft=begun["draft"])
    stale = {ALL: "10", GOOD: "5", "draft": begun["draft"], "seen": "1", "act": "save"}
    response = browser(world, light, Role.HEAD).post(address, stale)
    assert response.status_code == 422
    page = response.content.decode()
    assert "N1-officer đã lưu “11”" in page
    assert Draft.objects.get().figures == {ALL: "11", GOOD: "5"}
    sending = {**stale, "seen": "1", "signer_0": "An", "signer_1": "B", "confirmed": "on", "act": "send"}
    assert browser(world, light, Role.HEAD).post(address, sending).status_code == 422
    assert not Submission.objects.exists()


def test_a_page_whose_draft_was_sent_begins_again_only_when_asked(world: World) -> None:
    owed, light = world.owed("n1"), world.lights["n1"]
    address = reverse("reporting:entry", args=[owed.pk])
    begun = patch(browser(world, light), owed, cells={ALL: "20", GOOD: "15"}).json()
    services.submit_draft(owed, by=SYSTEM, at=AT, signatures=SIGNED)
    stale = {ALL: "21", GOOD: "15", "draft": begun["draft"], "seen": "1", "act": "save"}
    response = browser(world, light, Role.HEAD).post(address, stale)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'value="21"' in page
    assert 'name="seen" value="0"' in page
    assert "form-grid.js" not in page
    assert not Draft.objects.exists()


# What was sent is not patched


def test_a_sent_report_cannot_be_patched(world: World) -> None:
    sent = world.send("n1", all=20, good=15)
    client = browser(world, world.lights["n1"])
    answer = patch(client, sent.obligation, cells={ALL: "99"})
    assert answer.status_code == 409
    assert sent.receipt in answer.json()["sentence"]
    assert client.get(at(sent.obligation)).status_code == 409
    assert not Draft.objects.exists()
    services.accept(sent, by=SYSTEM, at=AT)
    assert patch(client, sent.obligation, cells={ALL: "99"}).status_code == 409


def test_a_draft_that_was_sent_meanwhile_takes_nothing(world: World) -> None:
    owed, client = world.owed("n1"), browser(world, world.lights["n1"])
    begun = patch(client, owed, cells={ALL: "20", GOOD: "15"}).json()
    services.submit_draft(owed, by=SYSTEM, at=AT, signatures=SIGNED)
    for query in ("", "?sua=1"):
        answer = patch(client, owed, query, cells={ALL: ("99", 1)}, draft=begun["draft"])
        assert answer.status_code == 409
    assert not Draft.objects.exists()


def test_a_new_version_begins_with_what_was_sent(world: World) -> None:
    sent = world.send("n1", all=20, good=15, note="calm")
    client = browser(world, world.lights["n1"])
    news = patch(client, sent.obligation, "?sua=1", cells={ALL: "21"}).json()
    held = Draft.objects.get().figures
    assert (held[ALL], held[GOOD], held["own/total//note"]) == ("21", "15", "calm")
    assert set(news["cells"]) == {ALL}


def test_a_returned_report_is_typed_on(world: World) -> None:
    sent = world.send("n1", all=20, good=15)
    services.return_for_correction(sent, reason="count again", by=SYSTEM, at=AT)
    assert patch(browser(world, world.lights["n1"]), sent.obligation, cells={ALL: "21"}).status_code == 200


def test_a_changed_cell_parts_the_draft_from_its_workbook(world: World) -> None:
    owed = world.owed("n1")
    content = services.workbook_for(owed)
    services.save_workbook_draft(owed, content, "a.xlsx", figures={ALL: "20", GOOD: "15"}, by=SYSTEM, at=AT)
    client = browser(world, world.lights["n1"])
    patch(client, owed, cells={"notes": "as in the file"})
    assert Draft.objects.get().channel == Channel.WORKBOOK
    patch(client, owed, cells={ALL: ("21", 9)}, draft=Draft.objects.get().pk)
    assert Draft.objects.get().channel == Channel.WEB


# Cells that are none


@pytest.fixture
def harbour_form(world: World) -> Obligation:
    form = factories.make_form(factories.dynamic_form_data())
    factories.owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return Obligation.objects.get(form=form, unit=world.harbours[0])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("own/s//nothing", "1", "không có ô này"),
        ("nothing/s//spare", "1", "không có ô này"),
        ("own/s//spare/estimate", "1", "không có ô này"),
        ("own/s/n1/spare", "1", "n1"),
        ("lights/unit//all", "1", ""),
        ("lights/unit/nowhere/all", "1", "nowhere"),
        ("lights/unit/n1/all/estimate/x", "1", "không có ô này"),
        ("lights/total//all", "1", "máy tính"),
        ("lights/unit/n1/rate", "1", "máy tính"),
        ("own/s//spare", "9" * 401, "400 ký tự"),
        ("notes", "n" * 4001, "4000 ký tự"),
        ("giai-trinh/" + "n" * 600, "words", "không có ô này"),
        ("", "1", "không có ô này"),
    ],
)
def test_what_is_no_cell_is_refused_by_name(
    world: World, harbour_form: Obligation, name: str, text: str, said: str
) -> None:
    client = browser(world, world.harbours[0])
    news = patch(client, harbour_form, cells={name: text, "lights/unit/n1/all": "4", "lights/unit/n2/all": "-"}).json()
    assert said in news["refused"][name]
    held = Draft.objects.get().figures
    assert name not in held or name == "lights/total//all"
    assert held["lights/total//all"] == "4"


BAD = [
    b"",
    b"not json",
    b"[]",
    b"null",
    b"{}",
    b"\xff\xfe",
    b'{"cells": []}',
    b'{"cells": {"own/total//all": "5"}}',
    b'{"cells": {"own/total//all": {"text": 5}}}',
    b'{"cells": {"own/total//all": {"text": "5", "base": -1}}}',
    b'{"cells": {"own/total//all": {"text": "5", "base": true}}}',
    b'{"cells": {"own/total//all": {"text": "5", "base": 1e3}}}',
    b'{"cells": {"own/total//all": {"text": "\\u0000"}}}',
    b'{"cells": {"own/total//all": {"text": "\\ud800"}}}',
    b'{"cells": {"\\udfff": {"text": "1"}}}',
    b'{"cells": {}, "draft": "1"}',
    b'{"cells": {}, "draft": 99999999999999999999}',
    b'{"cells": {}, "seen": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    json.dumps({"cells": {f"a/b//{n}": {"text": ""} for n in range(5001)}}).encode(),
    b'{"cells": {}, "pad": "' + b"x" * 2**20 + b'"}',
]


@pytest.mark.parametrize("number", range(len(BAD)))
def test_what_cannot_be_read_is_refused_with_a_sentence(world: World, number: int) -> None:
    client = browser(world, world.lights["n1"])
    answer = client.patch(at(world.owed("n1")), BAD[number], content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["sentence"].startswith("Không đọc được")
    assert not Draft.objects.exists()


def test_an_address_with_odd_numbers_is_read_as_none(world: World) -> None:
    client = browser(world, world.lights["n1"])
    for query in ("?seen=-1&draft=x", "?seen=9999999999999&draft=²", "?seen=&draft="):
        assert client.get(at(world.owed("n1"), query)).status_code == 200


def test_a_forged_patch_is_refused(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user(world, world.lights["n1"]))
    assert patch(client, world.owed("n1"), cells={ALL: "1"}).status_code == 403


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from([ALL, GOOD, "own/total//note", "notes", "own/total//rate", "a/b/c/d"]) | st.text(max_size=20)


@pytest.fixture
def typist(world: World) -> Iterator[tuple[Client, Obligation]]:
    yield browser(world, world.lights["n1"]), world.owed("n1")


def test_no_message_breaks_the_server(typist: tuple[Client, Obligation]) -> None:
    client, owed = typist

    @settings(max_examples=60)
    @given(
        st.fixed_dictionaries(
            {"draft": values, "seen": values},
            optional={"cells": values | st.dictionaries(names, values | st.fixed_dictionaries({"text": st.text()}))},
        )
    )
    def send(body: Any) -> None:
        answer = client.patch(at(owed), json.dumps(body), content_type="application/json")
        assert answer.status_code in (200, 400, 409)
        answer.json()
        selectors.entry_of(Obligation.objects.get(pk=owed.pk))

    send()


# The rule by itself

texts = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "2", "3"]))


@given(texts, st.dictionaries(st.sampled_from("abcd"), st.integers(0, 5)), texts, st.integers(0, 5))
def test_a_merge_loses_nothing_unseen(
    stored: dict[str, str], versions: dict[str, int], typed: dict[str, str], base: int
) -> None:
    merged = merge(stored, versions, {name: Change(text, base) for name, text in typed.items()})
    for name in stored.keys() | typed.keys():
        mine, theirs = typed.get(name, stored.get(name)), stored.get(name)
        seen = versions.get(name, 0) <= base
        assert merged.texts.get(name) == (mine if seen else theirs)
        assert (name in merged.overtaken) == (mine != theirs and not seen)
        assert (name in merged.changed) == (mine != theirs and seen)
