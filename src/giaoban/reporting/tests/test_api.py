"""Reports for other programs: a version is sent in one request, and every refusal says what, where and how to mend."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from giaoban.kit.permissions import Role
from giaoban.reporting.models import Submission
from giaoban.reporting.rules.signing import PARTS
from giaoban.reporting.tests.factories import World, tiny_world, year_before
from giaoban.reporting.tests.test_pages import browser

pytestmark = pytest.mark.django_db

SIGNERS = [{"role": "Keeper", "name": "An"}, {"role": "Head", "name": "Bình"}]
FIGURES = {"own/total//all": 4, "own/total//good": "3", "own/total//oil": 1.5}
MOST_QUERIES = 25


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture
def head(world: World) -> Client:
    return browser(world, world.lights["n1"])


def send(client: Client, report: int, body: Any = None, **changes: Any) -> Any:
    given = {"figures": FIGURES, "signatures": SIGNERS, **changes} if body is None else body
    content = given if isinstance(given, bytes) else json.dumps(given).encode()
    return client.post(f"/api/v1/reports/{report}/submission", content, content_type="application/json")


def test_a_version_is_sent_and_has_its_receipt(world: World, head: Client) -> None:
    owed = world.owed("n1")
    before = head.get(f"/api/v1/reports/{owed.pk}").json()
    assert (before["state"], before["unit"], before["due_on"], before["version"]) == (
        "missing",
        "n1",
        "2024-04-10",
        None,
    )
    answer = send(head, owed.pk, notes="tất cả")
    assert answer.status_code == 201, answer.content
    sent = Submission.objects.get()
    assert answer.json() == {
        "report": owed.pk,
        "receipt": sent.receipt,
        "version": 1,
        "sent_at": answer.json()["sent_at"],
    }
    assert (sent.notes, [one["name"] for one in sent.signatures]) == ("tất cả", ["An", "Bình"])
    assert [str(one) for one in sent.lines.get().values[:3]] == ["4", "3", "15"]
    after = head.get(f"/api/v1/reports/{owed.pk}").json()
    assert (after["state"], after["receipt"], after["version"]) == ("sent", sent.receipt, 1)
    listed = head.get("/api/v1/reports", {"open": "true"}).json()
    assert (listed["count"], head.get("/api/v1/reports").json()["items"][0]["id"]) == (0, owed.pk)


def test_the_same_again_is_409_and_a_change_is_a_version(world: World, head: Client) -> None:
    owed = world.owed("n1").pk
    send(head, owed)
    again = send(head, owed)
    assert (again.status_code, again.json()["code"]) == (409, "already")
    assert Submission.objects.get().receipt in again.json()["sentence"]
    assert send(head, owed, figures={**FIGURES, "own/total//all": "5"}).json()["version"] == 2


def test_faults_name_place_reason_and_remedy(world: World, head: Client) -> None:
    wrong = {"own/total//all": "4", "own/total//good": "9", "own/total//oil": "many"}
    answer = send(head, world.owed("n1").pk, figures=wrong)
    assert answer.status_code == 422
    faults = {one["code"]: one for one in answer.json()["faults"]}
    assert faults.keys() == {"not-a-number", "part-exceeds-whole"}
    assert faults["part-exceeds-whole"]["at"] == "own/total//good"
    assert "Kiểm tra lại" in faults["part-exceeds-whole"]["sentence"]
    lacking = send(head, world.owed("n1").pk, signatures=[])
    assert (lacking.status_code, "Keeper" in lacking.json()["sentence"]) == (422, True)
    assert not Submission.objects.exists()


def test_a_warning_is_explained_by_its_key(world: World, head: Client) -> None:
    from giaoban.reporting import services
    from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM

    earlier = world.owed("n1", year_before(world))
    done = services.submit(earlier, figures=world.figures(all=40, good=3), by=SYSTEM, at=AT, signatures=SIGNED)
    services.accept(done, by=SYSTEM, at=AT)
    first = send(head, world.owed("n1").pk)
    warnings = [one for one in first.json()["faults"] if one["severity"] == "warning"]
    assert first.status_code == 422
    assert warnings
    said = {one["key"]: "mất điện" for one in warnings}
    assert send(head, world.owed("n1").pk, explanations=said).status_code == 201
    assert send(head, world.owed("n1").pk, explanations=said).status_code == 409
    better = send(head, world.owed("n1").pk, explanations=dict.fromkeys(said, "mất điện từ 02/3"))
    assert (better.status_code, better.json()["version"]) == (201, 2)
    sent = Submission.objects.get(version=2)
    assert set(sent.explanations.values()) == {"mất điện từ 02/3"}
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    assert send(head, world.owed("n1").pk, explanations=said).status_code == 409, "no amendment for words alone"


def test_a_deputy_signs_and_the_description_says_how(world: World, head: Client) -> None:
    signed = {"capacity": "KT", "principal": "GIÁM ĐỐC", "title": "Phó Giám đốc"}
    signers = [SIGNERS[0], {**SIGNERS[1], **signed}]
    assert send(head, world.owed("n1").pk, signatures=signers).status_code == 201
    assert signed.items() <= Submission.objects.get().signatures[1].items()
    body = head.get("/api/v1/openapi.json").json()["paths"]["/api/v1/reports/{report}/submission"]["post"]
    described = body["requestBody"]["content"]["application/json"]["schema"]["properties"]["signatures"]["items"]
    assert described["properties"].keys() == {"role", *PARTS}


def test_who_may_not_is_told_or_told_nothing(world: World, head: Client) -> None:
    owed = world.owed("n1").pk
    assert send(Client(), owed).status_code == 401
    assert send(browser(world, world.lights["n1"], Role.OFFICER), owed).status_code == 403
    assert send(browser(world, world.harbours[0], Role.RECEIVER), owed).status_code == 403
    for stranger in (browser(world, world.lights["n2"]), browser(world, world.harbours[1])):
        assert send(stranger, owed).status_code == 404
        assert stranger.get(f"/api/v1/reports/{owed}").status_code == 404
    for report in (0, 10**9, 10**30):
        assert send(head, report).status_code in (404, 422)
    assert Client(enforce_csrf_checks=True).post(f"/api/v1/reports/{owed}/submission").status_code in (401, 403)
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe{}",
        b"[" * 100_000,
        b'{"figures":' * 100_000,
        b'{"figures": {"own/total//all": NaN}}',
        b'{"figures": {"own/total//all": Infinity}}',
        b'{"figures": {"own/total//all": 1e999999}}',
        b'{"figures": {"own/total//all": ' + b"9" * 5000 + b"}}",
        b'{"figures": {"own/total//all": "4", "own/total//all": "5"}}',
        b'{"figures": {"own/total//all": [4]}}',
        b'{"figures": {"own/total//all": true}}',
        b'{"figures": {"own/total//all": "\\u0000"}}',
        b'{"figures": {"own/total//all": "\\ud800"}}',
        b'{"figures": "x"}',
        b'{"figures": {}, "signatures": {"role": 1}}',
        b'{"figures": {}, "signatures": [{"role": ["x"], "name": 3}]}',
        b'{"figures": {}, "signatures": [{"evil": "x"}]}',
        b'{"figures": {}, "document_date": "31/12/2024"}',
        b'{"figures": {}, "document_date": 20241231}',
        b'{"figures": {}, "explanations": [1]}',
        b'{"figures": {}, "more": 1}',
        b'{"notes": "x"}',
        b'{"figures": {"' + b"x" * 700 + b'": 1}}',
        b'{"figures": {"a/b": 1}}',
        b'{"figures": {}, "notes": "' + b"x" * 2**21 + b'"}',
    ],
    ids=str,
)
def test_what_is_no_report_is_refused_with_a_sentence(world: World, head: Client, body: bytes) -> None:
    answer = send(head, world.owed("n1").pk, body)
    assert answer.status_code == 422
    said = answer.json()
    assert said["sentence"].endswith(".")
    assert said["code"]
    assert not Submission.objects.exists()


def test_sending_is_a_fixed_small_number_of_queries(world: World, head: Client) -> None:
    owed = world.owed("n1").pk
    send(head, owed)
    with CaptureQueriesContext(connection) as queries:
        assert send(head, owed, figures={**FIGURES, "own/total//all": "6"}).status_code == 201
    assert len(queries) <= MOST_QUERIES, [one["sql"][:90] for one in queries]
