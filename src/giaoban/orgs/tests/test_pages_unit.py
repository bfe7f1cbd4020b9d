"""The pages of a unit, of an area, of a region; the search."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.kit.permissions import Role
from giaoban.orgs.models import (
    AreaSuccession,
    AreaVersion,
    Region,
    RegionMember,
    ServedArea,
    SuccessionKind,
    Unit,
    UnitVersion,
)
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import area, event, land, merge_areas, record
from giaoban.orgs.tests.pages import MERGED, browser, coast, text

pytestmark = pytest.mark.django_db


@pytest.fixture(name="coast")
def _coast() -> dict[str, Unit]:
    return coast()


def test_the_unit_page_for_own_unit_parent_and_sibling(coast: dict[str, Unit]) -> None:
    url = reverse("orgs:unit", args=["long"])
    for people in ("long", "board"):
        page = text(browser(coast[people]), url)
        assert "<h1>Trạm Dài</h1>" in page
        assert "Hợp nhất, sáp nhập từ" in page
    sibling = browser(coast["south"])
    text(sibling, url, 404)
    text(sibling, reverse("orgs:unit", args=["nowhere"]), 404)


def test_an_ended_unit_names_its_successor_with_a_link_only_for_those_who_may_open_it(coast: dict[str, Unit]) -> None:
    url, successor = reverse("orgs:unit", args=["east"]), reverse("orgs:unit", args=["long"])
    page = text(browser(coast["long"]), url)
    assert "Đã kết thúc từ 01/07/2025." in page
    assert f'<a href="{successor}">Trạm Dài</a>' in page
    page = text(browser(coast["east"]), url)
    assert "Trạm Dài" in page
    assert successor not in page


def test_a_unit_on_a_day_shows_the_name_and_the_people_of_the_day(coast: dict[str, Unit]) -> None:
    renamed = date(2026, 1, 1)
    UnitVersion.objects.filter(unit=coast["south"]).update(valid_to=renamed)
    UnitVersion.objects.create(
        unit=coast["south"],
        kind=factories.kind("office"),
        name="Trạm Phương Nam",
        short_name="Trạm Phương Nam",
        sort_key="",
        search_key="tram phuong nam",
        valid_from=renamed,
    )
    client = browser(coast["south"])
    factories.post(factories.person("mai", "Mai Trực"), coast["south"], Role.HEAD, valid_from=date(2026, 2, 1))
    url = reverse("orgs:unit", args=["south"])
    page = text(client, url)
    assert "<h1>Trạm Phương Nam</h1>" in page
    assert "Đổi tên thành Trạm Phương Nam" in page
    assert "Mai Trực" in page
    page = text(client, f"{url}?ngay=2025-12-31")
    assert "<h1>Trạm Nam</h1>" in page
    assert "Trang này như ngày 31/12/2025" in page
    assert "Mai Trực" not in page


def test_a_unit_page_names_the_areas_served_and_who_else_serves_its_own() -> None:
    held = land()
    ServedArea.objects.create(unit=held.office, area=held.areas["a"], valid_from=date(2025, 7, 1))
    client = browser(held.province)
    page = text(client, reverse("orgs:unit", args=["so:p"]))
    assert "Đơn vị này phục vụ 1 địa bàn" in page
    assert reverse("orgs:area", args=["xa:a"]) in page
    page = text(client, reverse("orgs:unit", args=["ubnd-xa:a"]))
    assert "Phục vụ Xã A còn có" in page
    assert reverse("orgs:unit", args=["so:p"]) in page
    assert "Phục vụ" not in text(client, reverse("orgs:unit", args=["so:p"]) + "?ngay=2025-06-30")


def test_the_page_of_an_area_tells_what_it_became_to_everybody() -> None:
    held = land()
    made = record(event(merge_areas("a", "b")))
    client = browser(held.communes["c"])
    page = text(client, reverse("orgs:area", args=["xa:a"]))
    assert "Đã kết thúc từ 01/07/2026." in page
    assert f'<a href="{reverse("orgs:area", args=["phuong:e"])}">Phường E</a>' in page
    assert reverse("orgs:event", args=[made.key]) in page
    page = text(client, reverse("orgs:area", args=["phuong:e"]))
    assert "Xã A" in page
    assert reverse("orgs:unit", args=["ubnd-xa:a"]) not in page
    text(client, reverse("orgs:area", args=["nowhere"]), 404)


# Search


def test_search_without_accents_stays_inside_the_scope(coast: dict[str, Unit]) -> None:
    url = reverse("orgs:search") + "?q=tan+an"
    for people in ("lamp", "long", "board"):
        assert "Đèn Tân An" in text(browser(coast[people]), url)
    assert "Không có đơn vị, địa bàn nào khớp" in text(browser(coast["south"]), url)
    assert "Gõ tên cần tìm" in text(browser(coast["south"], Role.HEAD), reverse("orgs:search"))
    assert "Cần ít nhất hai chữ cái" in text(browser(coast["south"], Role.RECEIVER), reverse("orgs:search") + "?q=t")


def test_search_finds_areas_of_any_time_with_what_they_became() -> None:
    held = land()
    record(event(merge_areas("a", "b")))
    outside = browser(factories.unit("elsewhere", "so", name="Sở Khác"))
    page = text(outside, reverse("orgs:search") + "?q=xa+a")
    assert reverse("orgs:area", args=["xa:a"]) in page
    assert reverse("orgs:area", args=["phuong:e"]) in page
    assert "đến 30/06/2026" in page
    assert reverse("orgs:unit", args=["ubnd-xa:a"]) not in page
    inside = text(browser(held.province), reverse("orgs:search") + "?q=xa+a")
    assert reverse("orgs:unit", args=["ubnd-xa:a"]) in inside
    assert reverse("orgs:area", args=["xa:a"]) not in inside


def test_an_area_of_an_abolished_level_names_what_its_parts_became() -> None:
    held = land()
    district = area("huyen:h", "huyen", "Huyện Hồ", parent=held.areas["p"], valid_to=MERGED)
    old = area("xa:o", "xa", "Xã Ổi", parent=district, valid_to=MERGED)
    new = area("xa:n", "xa", "Xã Nho", parent=held.areas["p"], valid_from=MERGED)
    AreaSuccession.objects.create(old=old, new=new, on=MERGED, kind=SuccessionKind.MERGE, whole=True)
    client = browser(held.communes["a"])
    link = f'<a href="{reverse("orgs:area", args=["xa:n"])}">Xã Nho</a>'
    assert link in text(client, reverse("orgs:search") + "?q=huyen+ho")
    page = text(client, reverse("orgs:area", args=["huyen:h"]))
    assert "Các địa bàn trực thuộc nay là" in page
    assert link in page


def test_search_filters_what_is_no_more_and_turns_pages(coast: dict[str, Unit]) -> None:
    for number in range(35):
        ends = MERGED if number < 2 else None
        factories.unit(f"buoy-{number}", "buoy", name=f"Phao {number}", under=coast["south"], valid_to=ends)
    factories.grow()
    client = browser(coast["south"])
    url = reverse("orgs:search") + "?q=phao"
    page = text(client, url)
    assert "35 đơn vị, địa bàn khớp" in page
    assert "Hiện 1–30 trong 35 kết quả" in page
    assert "2 kết quả" in text(client, f"{url}&con=het")
    assert "Hiện 31–33 trong 33" in text(client, f"{url}&con=co&page=2")


def test_queries_of_the_search_do_not_grow(coast: dict[str, Unit]) -> None:
    client = browser(coast["board"])
    url = reverse("orgs:search") + "?q=tr"

    def counted() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        return len(queries)

    few = counted()
    for number in range(10):
        old = factories.unit(f"old-{number}", "office", name=f"Trạm cũ {number}", under=coast["board"], valid_to=MERGED)
        factories.pass_on(old, coast["long"], MERGED)
    factories.grow()
    assert counted() == few


# Regions


def test_a_region_says_that_it_is_unverified(coast: dict[str, Unit]) -> None:
    shore = area("bo:nam", "tinh", "Tỉnh Bờ Nam", code="07")
    UnitVersion.objects.filter(unit=coast["south"]).update(
        area=shore, kind=factories.kind("council", represents_area=True)
    )
    region = Region.objects.create(key="far", name="Vùng xa", verified=False, note="Chỉ là giả định.")
    RegionMember.objects.create(region=region, area=shore)
    client = browser(coast["south"])
    assert reverse("orgs:region", args=["far"]) in text(client, reverse("orgs:unit", args=["south"]))
    page = text(client, reverse("orgs:region", args=["far"]))
    assert "Vùng xa: 1 địa bàn" in page
    assert "Danh sách chưa được xác minh" in page
    assert "Chỉ là giả định." in page
    assert reverse("orgs:unit", args=["south"]) in page
    text(client, reverse("orgs:region", args=["nowhere"]), 404)


@pytest.fixture
def cut(coast: dict[str, Unit]) -> Region:
    """A region of the old west and north; then west and east became one, north lived on under its own name."""
    west = area("tinh:west", "tinh", "Tỉnh Tây", valid_to=MERGED)
    east = area("tinh:east", "tinh", "Tỉnh Đông", valid_to=MERGED)
    north = area("tinh:north", "tinh", "Tỉnh Bắc", valid_to=MERGED)
    both = area("tinh:both", "tinh", "Tỉnh Đông Tây", valid_from=MERGED)
    far = area("tinh:far", "tinh", "Tỉnh Cực Bắc", valid_from=MERGED)
    for old, new in ((west, both), (east, both), (north, far)):
        AreaSuccession.objects.create(old=old, new=new, on=MERGED, kind=SuccessionKind.MERGE, whole=True)
    region = Region.objects.create(key="west", name="Miền Tây", verified=True)
    for member in (west, north):
        RegionMember.objects.create(region=region, area=member, valid_to=MERGED)
    return region


def test_a_region_that_cuts_through_a_new_province_says_which_part(cut: Region, coast: dict[str, Unit]) -> None:
    client = browser(coast["south"])
    url = reverse("orgs:region", args=["west"])
    page = text(client, url)
    assert "Miền Tây: 2 địa bàn, 1 chỉ một phần" in page
    assert "<b>Tỉnh Đông Tây (mới)</b>: phần từ Tây thuộc vùng, phần từ Đông không." in page
    assert "suy từ Bắc" in page
    page = text(client, f"{url}?geography=2025-06-30")
    assert "Miền Tây: 2 địa bàn" in page
    assert "chỉ một phần" not in page
    assert "?geography=2025-07-01" in page
    page = text(client, reverse("orgs:area", args=["tinh:both"]))
    assert "chỉ phần từ Tây; phần từ Đông không thuộc" in page
    rows = client.get(f"{url}?xuat=csv").content.decode().splitlines()
    assert any("tinh:both" in row and "một phần,Tỉnh Tây,Tỉnh Đông" in row for row in rows)


def test_a_membership_that_was_ended_by_decision_does_not_pass_on(cut: Region, coast: dict[str, Unit]) -> None:
    RegionMember.objects.filter(area__key="tinh:west").update(valid_to=MERGED - timedelta(days=30))
    page = text(browser(coast["south"]), reverse("orgs:region", args=["west"]))
    assert "Miền Tây: 1 địa bàn" in page
    assert "Đông Tây" not in page


def test_an_area_of_unknown_beginning_says_for_which_day_it_is_known(coast: dict[str, Unit]) -> None:
    area("huyen:cu", "huyen", "Huyện Cũ", valid_from=None, known_on=date(2025, 6, 30))
    page = text(browser(coast["south"]), reverse("orgs:area", args=["huyen:cu"]))
    assert "như biết ngày 30/06/2025" in page
    assert AreaVersion.objects.get(area__key="huyen:cu").valid_from is None


def test_a_page_of_an_earlier_day_says_for_which_day_it_is_known(cut: Region, coast: dict[str, Unit]) -> None:
    UnitVersion.objects.filter(unit=coast["south"]).update(valid_from=None, known_on=date(2025, 6, 30))
    area("huyen:cu", "huyen", "Huyện Cũ", valid_from=None, known_on=date(2025, 6, 30))
    AreaVersion.objects.update(known_on=date(2025, 6, 30))
    client = browser(coast["south"])
    for name, key, title in (("unit", "south", "Đơn vị"), ("area", "huyen:cu", "Địa bàn")):
        url = reverse(f"orgs:{name}", args=[key])
        assert f"{title} như biết ngày 30/06/2025" in text(client, f"{url}?ngay=2024-01-01")
        assert f"{title} như biết ngày" not in text(client, f"{url}?ngay=2025-06-30")
    url = reverse("orgs:region", args=["west"])
    assert "Địa bàn của vùng như biết ngày 30/06/2025" in text(client, f"{url}?geography=2025-06-29")
    assert client.get("/api/v1/units/south?on=2024-01-01").json()["known_on"] == "2025-06-30"
