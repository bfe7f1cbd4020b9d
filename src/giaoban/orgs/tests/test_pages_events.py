"""The list of events, one event, its undoing."""

import csv
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.kit.permissions import Role
from giaoban.orgs import services
from giaoban.orgs.models import Event, UnitParent
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import AT, TODAY, Land, event, land, merge_areas, record
from giaoban.orgs.tests.pages import browser, text

pytestmark = pytest.mark.django_db
LIST = reverse("orgs:events")


@pytest.fixture(name="land")
def _land() -> Land:
    return land()


def move_room() -> Event:
    """Of units only: whoever sees none of them does not see it."""
    step = {"step": "move", "tree": "unit", "key": "phong:1", "line": "service", "parent": "ubnd-tinh:p"}
    return record(event(step), title="Phòng Một về Ủy ban", basis="Quyết định 7")


def address(one: Event, name: str = "orgs:event") -> str:
    return reverse(name, args=[one.key])


def test_events_of_units_are_for_those_who_see_a_unit_of_them_and_of_the_map_for_all(land: Land) -> None:
    moved, merged = move_room(), record(event(merge_areas("a", "b")), title="Hai xã thành phường E")
    for people in (land.room, land.province):
        client = browser(people)
        assert "Phòng Một về Ủy ban" in text(client, LIST)
        text(client, address(moved))
    sibling = browser(land.communes["c"])
    page = text(sibling, LIST)
    assert "Phòng Một về Ủy ban" not in page
    assert "Hai xã thành phường E" in page
    text(sibling, address(moved), 404)
    page = text(sibling, address(merged))
    assert "Phường E" in page
    assert reverse("orgs:unit", args=["ubnd-xa:a"]) not in page
    text(sibling, reverse("orgs:event", args=["nowhere"]), 404)


def test_an_undone_event_of_units_stays_out_of_sight_of_others(land: Land) -> None:
    moved = move_room()
    admin = browser(land.province, Role.ADMINISTRATOR)
    admin.post(address(moved, "orgs:event-undo"), {"reason": "nhầm phòng", "confirm_name": moved.title})
    assert Event.objects.get().state == "undone"
    text(browser(land.communes["c"]), address(moved), 404)
    page = text(browser(land.room), address(moved))
    assert "đã hoàn tác" in page
    assert "nhầm phòng" in page


def test_an_event_whose_rows_a_second_one_replaced_stays_out_of_sight_of_others(land: Land) -> None:
    moved = move_room()
    record(event({"step": "move", "tree": "unit", "key": "phong:1", "line": "service", "parent": "so:p"}))
    assert not UnitParent.objects.filter(event=moved).exists()
    text(browser(land.communes["c"]), address(moved), 404)
    text(browser(land.room), address(moved))


def test_the_list_takes_as_many_queries_for_many_undone_events(land: Land) -> None:
    client = browser(land.office)
    for number in range(6):
        one = record(event({"step": "rename", "tree": "unit", "key": "phong:1", "name": f"Phòng {number}"},
                           on=date(2026, 7, 1 + number)))  # fmt: skip
        Event.objects.filter(pk=one.pk).update(state="undone")
    with CaptureQueriesContext(connection) as many:
        text(client, LIST)
    Event.objects.filter(on__gt=date(2026, 7, 1)).update(state="in-force")
    with CaptureQueriesContext(connection) as few:
        text(client, LIST)
    assert len(many) == len(few)
    assert not any('"orgs_event"."before"' in query["sql"] for query in many)


def test_names_that_follow_from_an_event_are_for_those_who_see_the_units(land: Land) -> None:
    user = factories.person("chu-tich", "Chu Văn An")
    factories.post(user, land.communes["a"], Role.HEAD)
    seen = services.preview(event(merge_areas("a", "b")), by=land.admin(land.province), at=AT, today=TODAY)
    assert any("Chu Văn An" in name for room in seen.effects for effect in room.effects for name in effect.named)
    merged = record(event(merge_areas("a", "b")))
    page = text(browser(land.communes["c"]), address(merged))
    assert "Chu Văn An" not in page
    assert "Kéo theo" in page
    assert "<b>1</b>" in page
    assert "Chu Văn An" in text(browser(land.province), address(merged))
    (room,) = [one for one in services.recorded_effects(merged) if one.room == "orgs"]
    (hidden,) = services.shown_to(factories.actor("la", land.communes["d"]), TODAY, [room])
    assert [one.count for one in hidden.effects] == [one.count for one in room.effects]
    assert not any(one.named for one in hidden.effects)


def test_the_journal_says_that_an_event_took_effect(land: Land) -> None:
    ahead = record(event(merge_areas("a", "b"), on=date(2026, 8, 1)))
    services.take_effect(date(2026, 8, 1), at=AT)
    page = text(browser(land.province), address(ahead))
    assert "cho có hiệu lực" in page


def test_the_list_is_filtered_by_kind_year_state_and_words(land: Land) -> None:
    move_room()
    record(event(merge_areas("a", "b")), title="Hai xã thành phường E")
    client = browser(land.province)
    for query, shown, hidden in (
        ("loai=move", "Phòng Một", "phường E"),
        ("q=phuong+e", "phường E", "Phòng Một"),
        ("q=quyet+dinh+7", "Phòng Một", "phường E"),
        ("tinh-trang=in-force&nam=2026", "Phòng Một", "không có"),
    ):
        page = text(client, f"{LIST}?{query}")
        assert shown in page, query
        assert hidden not in page, query
    assert "Không có biến động nào khớp" in text(client, f"{LIST}?nam=1999")
    assert "2 biến động" in text(client, f"{LIST}?nam=abc&loai=xyz&tinh-trang=!")
    content = client.get(reverse("orgs:events-csv") + "?loai=move").content.decode("utf-8-sig")
    rows = list(csv.DictReader(content.splitlines()))
    assert [(row["Tên biến động"], row["Căn cứ"], row["Ngày căn cứ"]) for row in rows] == [
        ("Phòng Một về Ủy ban", "Quyết định 7", "01/06/2026")
    ]


def test_an_event_says_what_it_changed_on_what_basis_and_who_recorded_it(land: Land) -> None:
    merged = record(event(merge_areas("a", "b")), by=land.admin(land.province))
    page = text(browser(land.province), address(merged))
    assert "Nghị quyết 1" in page
    assert "01/06/2026" in page
    assert "sắp xếp lại" in page
    assert "Admin-ubnd-tinh:p ghi biến động" in page
    assert 'href="/don-vi/dia-ban/xa:a/?ngay=2026-06-30"' in page or "Xã A" in page
    assert "?tu=2026-06-30&amp;den=2026-07-01" in page
    assert "Hoàn tác" not in page


def undo(client: Client, one: Event, **data: str) -> str:
    response = client.post(address(one, "orgs:event-undo"), data)
    assert response.status_code == 422
    return response.content.decode()


def test_undo_asks_for_a_reason_and_the_name_and_says_why_not(land: Land) -> None:
    merged = record(event(merge_areas("a", "b")), title="Hai xã thành phường E")
    client = browser(land.province, Role.ADMINISTRATOR)
    assert 'data-gb-expect="Hai xã thành phường E"' in text(client, address(merged))
    assert "Chưa hoàn tác được" in undo(client, merged, reason="", confirm_name=merged.title)
    page = undo(client, merged, reason="ghi nhầm", confirm_name="tên khác")
    assert "gõ đúng tên" in page
    assert "ghi nhầm</textarea>" in page
    later = record(
        event({"step": "rename", "tree": "area", "key": "phuong:e", "name": "Phường É"}, on=date(2026, 8, 1))
    )
    page = text(client, address(merged))
    assert "Không hoàn tác được nữa" in page
    assert "Đổi tên" in page
    undo(client, merged, reason="ghi nhầm", confirm_name=merged.title)
    for one in (later, merged):
        data = {"reason": "ghi nhầm", "confirm_name": one.title.upper()}
        response = client.post(address(one, "orgs:event-undo"), data, follow=True)
        assert "Mọi thứ như trước biến động" in response.content.decode()
    assert set(Event.objects.values_list("state", flat=True)) == {"undone"}


def test_undo_is_refused_to_those_without_the_right(land: Land) -> None:
    merged = record(event(merge_areas("a", "b")))
    client = browser(land.province, Role.HEAD)
    response = client.post(address(merged, "orgs:event-undo"), {"reason": "x", "confirm_name": merged.title})
    assert response.status_code == 403
    assert client.get(address(merged, "orgs:event-undo")).status_code == 405
    assert Event.objects.get().state == "in-force"


def test_an_event_entered_ahead_says_so(land: Land) -> None:
    ahead = timezone.localdate() + timedelta(days=40)
    one = record(event(merge_areas("a", "b"), on=ahead), today=timezone.localdate())
    page = text(browser(land.province), address(one))
    assert "ghi trước" in page
    assert "Ghi trước: tên và cấp trên đã vào cây" in page
    assert factories.kind("ubnd-xa").represents_area
