"""Two days side by side."""

import csv
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from giaoban.orgs.models import AreaSuccession, AreaVersion, SuccessionKind
from giaoban.orgs.selectors.compare import compare, differing
from giaoban.orgs.selectors.histories import Tree
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import Land, area, event, land, merge_areas, record
from giaoban.orgs.tests.pages import browser, text

pytestmark = pytest.mark.django_db
URL = reverse("orgs:compare")
DAYS = "tu=2026-06-30&den=2026-07-01"


@pytest.fixture(name="land")
def _land() -> Land:
    """On 2026-07-01: communes a and b become ward e, c is renamed, d becomes a ward; room 1 moves to the province."""
    held = land()
    record(
        event(
            merge_areas("a", "b"),
            {"step": "rename", "tree": "area", "key": "xa:c", "name": "Xã Cát"},
            {"step": "change-kind", "tree": "area", "key": "xa:d", "kind": "phuong", "name": "Phường D"},
            {"step": "move", "tree": "unit", "key": "phong:1", "line": "service", "parent": "ubnd-tinh:p"},
        )
    )
    return held


def rows(client: Client, url: str) -> list[dict[str, str]]:
    return list(csv.DictReader(client.get(url).content.decode("utf-8-sig").splitlines()))


def test_areas_that_began_ended_were_renamed_or_changed_type(land: Land) -> None:
    client = browser(land.communes["c"])
    page = text(client, f"{URL}?cay=dia-gioi&{DAYS}")
    assert "5 thay đổi từ 30/06/2026 đến 01/07/2026" in page
    found = {row["Khóa"]: row for row in rows(client, reverse("orgs:compare-csv") + f"?cay=dia-gioi&{DAYS}")}
    assert {key: row["Thay đổi"] for key, row in found.items()} == {
        "phuong:e": "lập mới",
        "xa:a": "kết thúc",
        "xa:b": "kết thúc",
        "xa:c": "đổi tên",
        "xa:d": "đổi tên; đổi loại",
    }
    assert found["phuong:e"]["Từ, thành"] == "Xã A; Xã B"
    assert found["xa:a"]["Từ, thành"] == "Phường E"
    assert (found["xa:c"]["Tên trước"], found["xa:c"]["Tên sau"]) == ("Xã C", "Xã Cát")


def test_counts_filter_and_lines_open_the_event(land: Land) -> None:
    client = browser(land.province)
    page = text(client, f"{URL}?{DAYS}&loc=chuyen")
    assert "Phòng Một" in page
    assert "rời Sở Mẫu" in page
    assert "UBND xã A" not in page
    assert "1 thay đổi</p>" in page
    assert "/don-vi/bien-dong/" in page
    assert 'aria-current="true"><b>1</b> chuyển cấp trên' in " ".join(page.split())


def test_units_outside_the_scope_are_not_compared(land: Land) -> None:
    page = text(browser(land.communes["c"]), f"{URL}?{DAYS}")
    assert "1 thay đổi" in page
    assert "Phòng Một" not in page
    assert "Phòng Một" in text(browser(land.province), f"{URL}?{DAYS}&don-vi=so:p")
    text(browser(land.communes["d"]), f"{URL}?{DAYS}&don-vi=so:p", 404)


def test_days_in_the_wrong_order_are_put_right_and_equal_days_are_alike(land: Land) -> None:
    client = browser(land.province)
    assert "từ 30/06/2026 đến 01/07/2026" in text(client, f"{URL}?tu=2026-07-01&den=2026-06-30")
    assert "Hai ngày này giống nhau" in text(client, f"{URL}?tu=2026-06-29&den=2026-06-30")
    text(client, f"{URL}?tu=xyz&den=2026-13-01")


def test_a_parent_replaced_by_its_successor_is_no_move() -> None:
    merged = date(2025, 7, 1)
    board = factories.unit("board", "board", name="Ban")
    old = factories.unit("old", "office", name="Trạm cũ", under=board, valid_to=merged)
    new = factories.unit("new", "office", name="Trạm mới", under=board, valid_from=merged)
    lamp = factories.unit("lamp", "light", name="Đèn")
    factories.place(lamp, old, valid_to=merged)
    factories.place(lamp, new, valid_from=merged)
    factories.pass_on(old, new, merged)
    factories.grow()
    client = browser(board)
    found = rows(client, reverse("orgs:compare-csv") + "?tu=2025-06-30&den=2025-07-01")
    assert {row["Khóa"]: row["Thay đổi"] for row in found} == {"old": "kết thúc", "new": "lập mới"}
    scoped = rows(client, reverse("orgs:compare-csv") + "?tu=2025-06-30&den=2025-07-01&don-vi=new")
    assert {row["Khóa"] for row in scoped} == {"old", "new"}


def test_the_crosswalk_is_the_same_bytes_every_time(land: Land) -> None:
    client = browser(land.communes["c"])
    url = reverse("orgs:crosswalk") + f"?cay=dia-gioi&{DAYS}"
    first = client.get(url).content
    assert first == client.get(url).content
    assert b"xa:a,0001,X\xc3\xa3 A,phuong:e,0009" in first
    own = client.get(reverse("orgs:crosswalk") + f"?{DAYS}").content.decode()
    assert "ubnd-xa:c" in own
    assert "ubnd-xa:a" not in own


@pytest.mark.parametrize("tree", ["area", "unit"])
def test_what_differs_is_found_without_its_details_too(land: Land, tree: Tree) -> None:
    first, second = date(2026, 6, 30), date(2026, 7, 1)
    found = differing(tree, None, first, second)
    assert {one.id: set(one.what) for one in found} == {
        one.id: set(one.what) for one in compare(tree, None, first, second)
    }
    some = {found[0].id}
    assert [one.id for one in differing(tree, some, first, second)] == [found[0].id]
    assert differing(tree, set(), first, second) == []


def test_days_before_anything_is_known_are_not_called_alike(land: Land) -> None:
    AreaVersion.objects.filter(area__key="xa:c", valid_to=date(2026, 7, 1)).update(
        valid_from=None, known_on=date(2026, 6, 30)
    )
    client = browser(land.communes["c"])
    page = text(client, f"{URL}?cay=dia-gioi&tu=2026-01-05&den=2026-02-05")
    assert "Hai ngày này giống nhau" not in page
    assert "như biết ngày 30/06/2026" in page
    assert "Hai ngày này giống nhau" in text(client, f"{URL}?cay=dia-gioi&tu=2026-06-30&den=2026-06-30")
    days = "?cay=dia-gioi&tu=2026-02-05&den=2026-07-01"
    found = {row["Khóa"]: row["Như biết ngày"] for row in rows(client, reverse("orgs:compare-csv") + days)}
    assert (found["xa:c"], found["xa:a"]) == ("2026-06-30", "")
    passed = {row["old_key"]: row["known_on"] for row in rows(client, reverse("orgs:crosswalk") + days)}
    assert (passed["xa:c"], passed["xa:a"]) == ("2026-06-30", "")


def test_an_area_of_an_abolished_level_names_where_those_in_it_are_now(land: Land) -> None:
    until = date(2025, 7, 1)
    district = area("huyen:cu", "huyen", "Huyện Cũ", valid_to=until)
    old = area("xa:cu", "xa", "Xã Cũ", parent=district, valid_to=until)
    new = area("xa:moi", "xa", "Xã Mới", valid_from=until)
    AreaSuccession.objects.create(old=old, new=new, on=until, whole=True, kind=SuccessionKind.MERGE)
    client = browser(land.province)
    days = "cay=dia-gioi&tu=2025-06-30&den=2025-07-01"
    page = " ".join(text(client, f"{URL}?{days}").split())
    assert "các nơi trực thuộc nay thuộc</span> <a" in page
    assert "không có nơi kế tục" not in page
    found = {row["Khóa"]: row["Từ, thành"] for row in rows(client, reverse("orgs:compare-csv") + f"?{days}")}
    assert found["huyen:cu"] == "các nơi trực thuộc nay thuộc: Xã Mới"
