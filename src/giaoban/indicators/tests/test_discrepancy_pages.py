import csv
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.indicators import selectors, services
from giaoban.indicators.models import Discrepancy
from giaoban.indicators.work import owned_discrepancies
from giaoban.kit import registries
from giaoban.kit.permissions import Role
from giaoban.kit.registries import Disagreement
from giaoban.orgs.models import Unit
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def browser(world: World, unit: Unit, role: Role = Role.HEAD) -> Client:
    user_id = world.actor(unit, role).user_id or 0
    client = Client()
    client.force_login(
        apps.get_model("accounts", "User")._default_manager.get(pk=user_id),
        backend="django.contrib.auth.backends.ModelBackend",
    )
    return client


def text(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status
    return response.content.decode()


def lamps(world: World, light: str, **changes: Any) -> Disagreement:
    found = Disagreement(
        key=f"lamps|act-1:lamps|{light}",
        kind="parts",
        what=f"Đèn của {light}",
        unit_id=world.lights[light].pk,
        period_id=world.period.pk,
        stated=Decimal(10),
        computed=Decimal("8.0"),
        measure="đèn",
        stated_name="Tổng đã ghi",
        computed_name="Cộng các phần",
        source="biên nhận 1",
        link="/bao-cao/1/",
    )
    return replace(found, **changes)


@pytest.fixture
def rows(world: World, monkeypatch: pytest.MonkeyPatch) -> dict[str, Discrepancy]:
    """One of each of three lights, as a source named them."""
    said = [
        lamps(world, "n1"),
        lamps(world, "n2", kind="falling", simulated=True, what="=HYPERLINK(1)"),
        lamps(world, "s1", stated=Decimal("77.5"), computed=Decimal("75.25"), measure="%"),
    ]
    monkeypatch.setattr(registries.disagreements, "_entries", {"lamps": lambda: said})
    services.collect(by=SYSTEM, at=timezone.now())
    return {row.key.rpartition("|")[2]: row for row in Discrepancy.objects.all()}


LIST = "/chi-so/chenh-lech/"


def page(row: Discrepancy) -> str:
    return reverse("indicators:discrepancy", args=[row.pk])


def test_the_list_shows_what_is_beneath_the_reader(world: World, rows: dict[str, Discrepancy]) -> None:
    whole = text(browser(world, world.coast), LIST)
    assert "3 chênh lệch chờ quyết định" in whole
    assert "+2,25 điểm" in whole
    assert "+25,00 %" in whole
    north = text(browser(world, world.harbours[0]), LIST)
    assert "Đèn của n1" in north
    assert "Đèn của s1" not in north
    own = text(browser(world, world.lights["n1"]), LIST)
    assert "1 chênh lệch chờ quyết định" in own
    assert "Chưa ghi chênh lệch nào" in text(browser(world, world.lights["s3"]), LIST)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("loai=falling", {"n2"}),
        ("loai=nonsense", {"n1", "n2", "s1"}),
        ("trang-thai=open", {"n1", "n2", "s1"}),
        ("trang-thai=agreed", set()),
        ("don-vi=north", {"n1", "n2"}),
        ("don-vi=s1", {"s1"}),
        ("tuoi=7", set()),
        ("nguoi=chua-giao", {"n1", "n2", "s1"}),
        ("nguoi=toi", set()),
        ("ky=x", set()),
        ("q=của n1", {"n1"}),
        ("linh-vuc=none", set()),
    ],
)
def test_filters_stand_in_the_address(world: World, rows: dict[str, Discrepancy], query: str, named: set[str]) -> None:
    client = browser(world, world.coast)
    shown = text(client, f"{LIST}?{query}")
    assert {light for light, row in rows.items() if page(row) in shown} == named
    assert ("Không có chênh lệch nào khớp bộ lọc" in shown) == (not named)


def test_a_unit_that_is_not_visible_is_no_filter(world: World, rows: dict[str, Discrepancy]) -> None:
    text(browser(world, world.harbours[0]), f"{LIST}?don-vi=south", 404)


def test_the_list_is_sorted_by_its_heads(world: World, rows: dict[str, Discrepancy]) -> None:
    client = browser(world, world.coast)
    for sort, order in (("unit", ["n1", "n2", "s1"]), ("-unit", ["s1", "n2", "n1"]), ("kind", ["n2", "n1", "s1"])):
        shown = text(client, f"{LIST}?sort={sort}")
        places = {light: shown.index(page(row)) for light, row in rows.items()}
        assert sorted(places, key=places.__getitem__) == order


def test_the_file_holds_what_the_list_shows_and_no_formula(world: World, rows: dict[str, Discrepancy]) -> None:
    answer = browser(world, world.coast).get(f"{LIST}xuat.csv?don-vi=north&sort=unit")
    lines = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert [line["Nội dung"] for line in lines] == ["Đèn của n1", "'=HYPERLINK(1)"]
    assert (lines[0]["Số thứ nhất"], lines[0]["Số thứ hai"], lines[0]["Chênh lệch"]) == ("10", "8", "2")
    assert [line["Mô phỏng"] for line in lines] == ["", "số liệu mô phỏng"]


def test_the_units_people_decide_and_those_above_look_on(world: World, rows: dict[str, Discrepancy]) -> None:
    url = page(rows["n1"])
    own, above = browser(world, world.lights["n1"]), browser(world, world.harbours[0])
    text(browser(world, world.lights["n2"]), url, 404)
    shown = text(above, url)
    assert "mới ghi được quyết định" in shown
    assert "Mở nơi ghi số này" in shown
    assert above.post(url, {"act": "explain", "decision": "tôi quyết"}).status_code == 403
    assert own.post(url, {"act": "nonsense"}).status_code == 422
    refused = own.post(url, {"act": "explain", "decision": " "})
    assert refused.status_code == 422
    assert "Chưa ghi được quyết định" in refused.content.decode()
    done = own.post(url, {"act": "explain", "decision": "đèn dự phòng không cộng"}, follow=True).content.decode()
    assert "Đã ghi quyết định." in done
    assert "đèn dự phòng không cộng" in done
    late = own.post(url, {"act": "correct", "correction": "đã gửi lại"})
    assert late.status_code == 422
    assert "đã có quyết định" in late.content.decode()
    assert own.post(url, {"act": "reopen", "reason": ""}).status_code == 422
    opened = own.post(url, {"act": "reopen", "reason": "còn thiếu"}, follow=True).content.decode()
    assert "Quyết định trước: đèn dự phòng không cộng" in opened
    assert own.post(url, {"act": "correct", "correction": "đã gửi lại"}).status_code == 302
    assert "đã sửa số liệu" in text(own, url)


def test_what_agrees_again_says_so(world: World, rows: dict[str, Discrepancy], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registries.disagreements, "_entries", {"lamps": list})
    services.collect(by=SYSTEM, at=timezone.now())
    client = browser(world, world.coast)
    assert "thấy hai số đã khớp; không cần quyết định" in text(client, page(rows["n1"]))
    assert "Không còn chênh lệch chờ quyết định" in text(client, LIST)
    assert page(rows["n1"]) in text(client, f"{LIST}?trang-thai=agreed")


def test_chosen_rows_are_given_to_one_person_whose_work_they_become(world: World, rows: dict[str, Discrepancy]) -> None:
    light = world.lights["n1"]
    head, own = world.actor(light), browser(world, light)
    assert "Giao theo dõi" in text(own, LIST)
    assert "Giao theo dõi" not in text(browser(world, light, Role.OFFICER), LIST)
    url, back = reverse("indicators:discrepancies-assign"), f"{LIST}?loai=parts"
    given = {"row": [rows["n1"].pk], "owner": head.user_id, "back": back}
    assert own.post(url, {**given, "row": [rows["n2"].pk]}).status_code == 404
    assert browser(world, world.harbours[0]).post(url, given).status_code in (302, 403)
    rows["n1"].refresh_from_db()
    assert rows["n1"].owner_id is None
    answer = own.post(url, given)
    assert (answer.status_code, answer.headers["Location"]) == (302, back)
    assert own.post(url, {**given, "back": "https://example.org/"}).headers["Location"] == LIST
    today = timezone.localdate()
    (item,) = owned_discrepancies(head, today)
    assert (item.title, item.unit_id, item.start) == ("Đèn của n1", light.pk, page(rows["n1"]))
    assert owned_discrepancies(world.actor(light, Role.OFFICER), today) == []
    services.decide_discrepancy(rows["n1"], decision="xong", by=head, at=AT)
    assert owned_discrepancies(head, today) == []
    assert owned_discrepancies(SYSTEM, today) == []


def test_nothing_chosen_is_said(world: World, rows: dict[str, Discrepancy]) -> None:
    answer = browser(world, world.lights["n1"]).post(reverse("indicators:discrepancies-assign"), follow=True)
    assert "Chưa chọn chênh lệch nào" in answer.content.decode()


def test_queries_do_not_grow_with_the_list(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[Disagreement] = [lamps(world, "n1")]
    monkeypatch.setattr(registries.disagreements, "_entries", {"lamps": lambda: said})
    client = browser(world, world.coast)

    def cost() -> list[int]:
        services.collect(by=SYSTEM, at=timezone.now())
        counts = []
        for url in (LIST, f"{LIST}xuat.csv", page(Discrepancy.objects.order_by("pk")[0])):
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(url).status_code == 200
            counts.append(len(queries))
        return counts

    few = cost()
    said += [lamps(world, light, key=f"{light}|{n}") for light in ("n2", "n3", "s1", "s2") for n in range(5)]
    assert cost() == few
    assert max(few) <= 30


def test_the_card_keeps_apart_what_is_a_percentage(world: World, rows: dict[str, Discrepancy]) -> None:
    on = timezone.localdate()
    held = {card.unit.key: card for card in selectors.discrepancy_cards(selectors.discrepancies(SYSTEM, on), on)}
    assert (held["s1"].percent, held["s1"].difference_unit) == (None, "điểm")
    assert (held["n1"].percent, held["n1"].difference_unit) == (Decimal(25), "đèn")
