"""The interface for other programs: what it gives, to whom, and how it refuses."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from jsonschema import Draft202012Validator

from giaoban.accounts.models import User
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors
from giaoban.orgs.models import Event, Unit, UnitSuccession, UnitVersion
from giaoban.orgs.tests import factories, land

pytestmark = pytest.mark.django_db

ON = date(2025, 7, 1)
EVE = "2025-06-30"


@pytest.fixture
def board() -> Unit:
    """A board with two offices that became one, one that stayed, and a board beside it."""
    board = factories.unit("board", "board", name="Ban")
    first = factories.unit("first", "office", name="Phòng Một", under=board, valid_to=ON)
    second = factories.unit("second", "office", name="Phòng Hai", under=board, valid_to=ON)
    new = factories.unit("new", "office", name="Phòng Mới", under=board, valid_from=ON)
    factories.unit("stays", "office", name="Phòng Ba", under=board)
    beside = factories.unit("beside", "board", name="Ban bên")
    factories.unit("far", "office", name="Phòng xa", under=beside)
    factories.pass_on(first, new, ON)
    factories.pass_on(second, new, ON)
    factories.grow()
    return board


def browser(login: str, at: str, role: Role = Role.HEAD) -> Client:
    client = Client()
    factories.post(factories.person(login), Unit.objects.get(key=at), role)
    client.force_login(User.objects.get(login=login))
    return client


@pytest.fixture
def head(board: Unit) -> Client:
    return browser("head", board.key)


def keys(answer: Any) -> list[str]:
    return [one["key"] for one in answer.json()["items"]]


def test_the_tree_of_a_day_comes_from_the_top_down(head: Client) -> None:
    assert keys(head.get("/api/v1/units", {"on": EVE})) == ["board", "stays", "second", "first"]
    answer = head.get("/api/v1/units", {"on": "2025-07-01", "line": "service", "top": "board"})
    assert answer.json() == {
        "on": "2025-07-01",
        "line": "service",
        "count": 3,
        "items": [
            item("board", "Ban", kind="board", depth=0),
            item("stays", "Phòng Ba", parent="board"),
            item("new", "Phòng Mới", parent="board"),
        ],
        "next_offset": None,
    }


def item(key: str, name: str, *, kind: str = "office", parent: str = "", depth: int = 1) -> dict[str, Any]:
    return {
        "key": key,
        "name": name,
        "short_name": name,
        "kind": kind,
        "code": "",
        "parent": parent,
        "depth": depth,
        "known_on": None,
    }


def test_a_tree_is_given_in_pages(head: Client) -> None:
    first = head.get("/api/v1/units", {"on": EVE, "limit": "3"})
    assert (first.json()["count"], first.json()["next_offset"]) == (4, 3)
    rest = head.get("/api/v1/units", {"on": EVE, "limit": "3", "offset": "3"})
    assert rest.json()["next_offset"] is None
    assert keys(first) + keys(rest) == ["board", "stays", "second", "first"]


@pytest.mark.parametrize(
    ("at", "seen", "of_first"),
    [
        ("board", ["board", "stays", "second", "first"], 200),
        ("stays", ["stays"], 404),
        ("new", ["second", "first"], 200),
        ("beside", ["beside", "far"], 404),
    ],
)
def test_everybody_gets_only_what_the_posts_let_them_read(board: Unit, at: str, seen: list[str], of_first: int) -> None:
    """Parent, sibling, successor, stranger: the successor reads its predecessors' history."""
    assert board.pk
    person = browser("person", at)
    assert sorted(keys(person.get("/api/v1/units", {"on": EVE}))) == sorted(seen)
    for address in ("/api/v1/units/first", "/api/v1/units/first/history"):
        assert person.get(address).status_code == of_first
    assert person.get("/api/v1/units", {"top": "first"}).status_code == of_first


def test_a_unit_on_a_day_and_its_history(head: Client) -> None:
    UnitVersion.objects.filter(unit__key="stays").update(valid_to=date(2024, 1, 1))
    stays = Unit.objects.get(key="stays")
    later = UnitVersion.objects.get(unit=stays)
    later.pk, later.name, later.valid_from, later.valid_to = None, "Phòng Bốn", date(2024, 1, 1), None
    later.save()
    assert head.get("/api/v1/units/stays", {"on": "2023-01-01"}).json()["name"] == "Phòng Ba"
    now = head.get("/api/v1/units/stays").json()
    assert (now["name"], now["started_on"], now["exists"]) == ("Phòng Bốn", "2024-01-01", True)
    assert now["parents"] == [{"line": "service", "key": "board", "name": "Ban"}]
    assert head.get("/api/v1/units/first").json()["exists"] is False
    moments = head.get("/api/v1/units/new/history").json()["moments"]
    others = {other["key"] for one in moments for other in one["others"]}
    assert others == {"first", "second"}


def test_the_crosswalk_is_the_same_as_json_and_as_csv_whose_bytes_do_not_change(head: Client) -> None:
    asked = {"from": EVE, "to": "2025-07-01"}
    rows = head.get("/api/v1/crosswalk", asked).json()
    assert [(row["old_key"], row["new_key"], row["how"]) for row in rows] == [
        ("board", "board", "same"),
        ("first", "new", "whole"),
        ("second", "new", "whole"),
        ("stays", "stays", "same"),
    ]
    answer = head.get("/api/v1/crosswalk", {**asked, "format": "csv"})
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content == head.get("/api/v1/crosswalk", {**asked, "format": "csv"}).content
    assert answer.content.decode() == (
        "old_key,old_code,old_name,new_key,new_code,new_name,how,share,on,events,basis,known_on\r\n"
        "board,,Ban,board,,Ban,same,,,,,\r\n"
        "first,,Phòng Một,new,,Phòng Mới,whole,,2025-07-01,,,\r\n"
        "second,,Phòng Hai,new,,Phòng Mới,whole,,2025-07-01,,,\r\n"
        "stays,,Phòng Ba,stays,,Phòng Ba,same,,,,,\r\n"
    )
    assert browser("sibling", "stays").get("/api/v1/crosswalk", asked).json() == rows[3:]


RENAME = {
    "on": "2026-01-01",
    "kind": "rename",
    "steps": [{"step": "rename", "tree": "unit", "key": "stays", "name": "Phòng Bốn", "short_name": "Phòng Bốn"}],
}
ACT = {"basis": "Quyết định 7", "basis_on": "2025-12-01", "reason": "Gọn tên"}


def post(client: Client, address: str, data: object) -> Any:
    return client.post(address, json.dumps(data), content_type="application/json")


def test_an_event_is_tried_out_recorded_and_listed(board: Unit) -> None:
    clerk = browser("clerk", "board", Role.ADMINISTRATOR)
    shown = post(clerk, "/api/v1/events/preview", {"event": RENAME})
    assert shown.status_code == 200, shown.content.decode()
    assert shown.json()["faults"] == []
    assert {one["thing"]["key"] for one in shown.json()["changes"]} == {"stays"}
    assert not Event.objects.exists()
    made = post(clerk, "/api/v1/events", {"event": RENAME, **ACT})
    assert made.status_code == 201, made.content.decode()
    listed = clerk.get("/api/v1/events", {"from": "2026-01-01", "to": "2026-01-01", "kind": "rename"})
    assert keys(listed) == [made.json()["key"]]
    assert clerk.get("/api/v1/events", {"from": "2026-01-02"}).json()["count"] == 0
    assert browser("stranger", "beside").get("/api/v1/events").json()["count"] == 0


def test_an_event_with_a_fault_is_refused_with_each_fault_and_its_place(board: Unit) -> None:
    clerk = browser("clerk", "board", Role.ADMINISTRATOR)
    wrong = {**RENAME, "steps": [{**RENAME["steps"][0], "key": "first"}]}  # type: ignore[dict-item]
    answer = post(clerk, "/api/v1/events", {"event": wrong, **ACT})
    assert answer.status_code == 422
    said = answer.json()
    assert said["at"] == said["faults"][0]["at"]
    assert said["code"] and said["sentence"]
    assert not Event.objects.exists()
    nonsense = post(clerk, "/api/v1/events", {"event": {"steps": "x"}, **ACT})
    assert (nonsense.status_code, nonsense.json()["faults"] is not None) == (422, True)


def test_who_may_not_change_units_is_told_so(head: Client) -> None:
    answer = post(head, "/api/v1/events", {"event": RENAME, **ACT})
    assert (answer.status_code, answer.json()["code"]) == (403, "denied")
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("address", "status", "code", "at"),
    [
        ("/api/v1/units?on=yesterday", 422, "date_from_datetime_parsing", "query.on"),
        ("/api/v1/units?limit=0", 422, "greater_than_equal", "query.limit"),
        ("/api/v1/units?line=none", 404, "not-found", ""),
        ("/api/v1/units/nothing", 404, "not-found", ""),
        ("/api/v1/crosswalk?to=2025-07-01", 422, "missing", "query.from"),
        ("/api/v1/crosswalk?from=2025-07-01&to=2025-07-01&tree=wood", 422, "literal_error", "query.tree"),
    ],
)
def test_refusals_have_one_shape(head: Client, address: str, status: int, code: str, at: str) -> None:
    answer = head.get(address)
    said = answer.json()
    assert (answer.status_code, said["code"], said["at"]) == (status, code, at)
    assert said["sentence"].endswith(".")


def test_a_body_without_what_it_needs_or_that_is_no_json(board: Unit) -> None:
    clerk = browser("clerk", "board", Role.ADMINISTRATOR)
    said = post(clerk, "/api/v1/events", {"event": RENAME, "basis": ""}).json()
    assert {fault["at"].rsplit(".", 1)[-1]: fault["code"] for fault in said["faults"]} == {
        "basis": "string_too_short",
        "reason": "missing",
    }
    answer = clerk.post("/api/v1/events", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable")


def test_whoever_is_not_signed_in_gets_401_and_without_the_token_nothing_is_written(board: Unit) -> None:
    answer = Client().get("/api/v1/units")
    assert "Hãy đăng nhập" in answer.content.decode()
    assert (answer.status_code, answer.json()["code"]) == (401, "sign-in")
    assert Client().post("/api/v1/events", "{}", content_type="application/json").status_code == 401
    strict = Client(enforce_csrf_checks=True)
    factories.post(factories.person("clerk"), board, Role.ADMINISTRATOR)
    strict.force_login(User.objects.get(login="clerk"))
    answer = post(strict, "/api/v1/events", {"event": RENAME, **ACT})
    assert (answer.status_code, answer.json()["code"]) == (403, "forged")
    assert strict.get("/api/v1/units").status_code == 200


def test_the_description_is_sound_and_the_answers_keep_to_it(head: Client) -> None:
    description = head.get("/api/v1/openapi.json").json()
    assert description["openapi"].startswith("3.1")
    assert {path for path in description["paths"] if "/reports" not in path} == {
        f"/api/v1/{path}"
        for path in (
            "units",
            "units/{key}",
            "units/{key}/history",
            "areas",
            "crosswalk",
            "events",
            "events/preview",
            "figures",
        )
    }
    for schema in description["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for path, address in {
        "units": "/api/v1/units",
        "units/{key}": "/api/v1/units/stays",
        "units/{key}/history": "/api/v1/units/new/history",
        "areas": "/api/v1/areas",
        "crosswalk": f"/api/v1/crosswalk?from={EVE}&to=2025-07-01",
        "events": "/api/v1/events",
    }.items():
        response = description["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]
        schema = response["content"]["application/json"]["schema"]
        whole = {**schema, "components": description["components"]}
        Draft202012Validator(whole).validate(head.get(address).json())


def test_areas_are_for_everybody_who_is_signed_in(head: Client) -> None:
    assert head.get("/api/v1/areas").json()["items"] == []
    assert head.get("/api/v1/areas", {"top": "none"}).status_code == 404


def test_the_crosswalk_tells_shares_parts_ends_and_beginnings_apart(board: Unit) -> None:
    old = {name: factories.unit(name, "office", valid_to=ON) for name in ("shared", "torn", "gone")}
    new = {name: factories.unit(name, "office", valid_from=ON) for name in ("east", "west", "born")}
    for name, share in (("east", Decimal("0.25")), ("west", Decimal("0.75"))):
        UnitSuccession.objects.create(
            old=old["shared"], new=new[name], on=ON, kind="split", whole=False, share=share, basis="Nghị quyết 1"
        )
        factories.pass_on(old["torn"], new[name], ON, whole=False, how="split")
    rows = {
        (row.old_key, row.new_key): (row.how, row.share, row.basis)
        for row in selectors.crosswalk(date(2025, 6, 30), ON)
        if row.how not in ("same", "whole")
    }
    assert rows == {
        ("shared", "east"): ("share", Decimal("0.25"), "Nghị quyết 1"),
        ("shared", "west"): ("share", Decimal("0.75"), "Nghị quyết 1"),
        ("torn", "east"): ("part", None, ""),
        ("torn", "west"): ("part", None, ""),
        ("gone", ""): ("ended", None, ""),
        ("", "born"): ("new", None, ""),
    }
    text = selectors.crosswalk_csv(selectors.crosswalk(date(2025, 6, 30), ON))
    assert "shared,,Shared,east,,East,share,0.25,2025-07-01,,Nghị quyết 1,\r\n" in text
    back = {(row.old_key, row.new_key): row.how for row in selectors.crosswalk(ON, date(2025, 6, 30))}
    assert back["new", "first"] == back["new", "second"] == "whole"
    assert back["born", ""] == "ended"


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_days_at_the_ends_of_the_calendar_are_answered_or_refused_in_one_shape(head: Client, day: str) -> None:
    for address in (
        f"/api/v1/areas?on={day}",
        f"/api/v1/units/board?on={day}",
        f"/api/v1/crosswalk?from={day}&to={day}",
    ):
        answer = head.get(address)
        assert answer.status_code in (200, 404, 422), address
        if answer.status_code != 200:
            assert {"code", "sentence", "at", "faults"} == answer.json().keys()


def test_a_fault_of_ours_is_told_in_the_same_shape(head: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a lamp fell")

    monkeypatch.setattr("giaoban.orgs.api.trees.selectors.crosswalk", broken)
    answer = head.get("/api/v1/crosswalk?from=2025-06-30&to=2025-07-01")
    assert (answer.status_code, answer.json()["code"]) == (500, "failed")
    assert "lamp" not in answer.content.decode()


def test_the_trees_of_areas_and_units_take_one_query_each(board: Unit) -> None:
    nation = land.area("nation", "tinh", "Nước")
    land.area("b", "xa", "Bình An", parent=nation, known_on=date(2025, 6, 30))
    land.area("a", "xa", "Ái Nghĩa", parent=nation)
    with CaptureQueriesContext(connection) as queries:
        rows = selectors.area_tree_on(date(2025, 6, 30))
        units = selectors.tree_on("service", date(2025, 6, 30))
    assert len(queries) == 2
    assert [(row.key, row.depth, row.known_on) for row in rows] == [
        ("nation", 0, None),
        ("a", 1, None),
        ("b", 1, date(2025, 6, 30)),
    ]
    assert [(row.key, row.parent_id) for row in selectors.area_tree_on(ON, rows[1].id)] == [("a", None)]
    assert {row.key for row in units} == {"board", "stays", "first", "second", "beside", "far"}
