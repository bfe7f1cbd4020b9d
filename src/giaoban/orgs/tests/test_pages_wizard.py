"""The wizard: kind, form, preview, record; nothing typed is lost."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from giaoban.core.events import STEPS
from giaoban.kit.permissions import Role
from giaoban.orgs.models import AreaVersion, Event, UnitVersion
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import Land, land
from giaoban.orgs.tests.pages import browser, text
from giaoban.orgs.web.eventforms import CARDS

pytestmark = pytest.mark.django_db
NEW = reverse("orgs:event-new")
ON = "2026-07-01"
MERGE = {"cay": "area", "on": ON, "olds": ["xa:a", "xa:b"], "into_mode": "moi", "name": "Xã Ê", "children": "follow"}
SAID = {"title": "Hai xã", "basis": "Nghị quyết 1", "basis_on": "2026-06-01", "reason": "sắp xếp"}


@pytest.fixture(name="land")
def _land() -> Land:
    return land()


@pytest.fixture
def clerk(land: Land) -> Client:
    return browser(land.province, Role.ADMINISTRATOR)


def form(kind: str) -> str:
    return reverse("orgs:event-form", args=[kind])


def previewed(client: Client, kind: str, **data: Any) -> tuple[str, str]:
    """The address and the text of the preview that a form leads to."""
    response = client.post(form(kind), {"buoc": "xem", "on": ON, **data})
    assert response.status_code == 302, response.content.decode()
    return response["Location"], text(client, response["Location"])


def seen(page: str) -> str:
    """The checksum that the form of a preview sends back."""
    return re.search(r'name="seen" value="(\w+)"', page)[1]  # type: ignore[index]


def refused(client: Client, kind: str, **data: Any) -> str:
    response = client.post(form(kind), {"buoc": "xem", "on": ON, **data})
    assert response.status_code == 422
    return response.content.decode()


def test_only_those_who_manage_units_enter_events(land: Land, clerk: Client) -> None:
    page = text(clerk, NEW)
    assert all(form(card.key) in page for card in CARDS)
    assert {card.key for card in CARDS} == set(STEPS)
    assert NEW in text(clerk, reverse("orgs:events"))
    head = browser(land.province, Role.HEAD)
    assert NEW not in text(head, reverse("orgs:events"))
    for address in (NEW, form("merge"), reverse("orgs:event-pick")):
        page = text(head, address, 403)
        assert "chưa được giao quyền quản lý đơn vị" in page
        assert "quản trị danh mục" in page
    text(clerk, form("no-such-kind"), 404)


def test_every_kind_has_a_form_on_each_of_its_trees(clerk: Client) -> None:
    for card in CARDS:
        for tree in card.trees:
            page = text(clerk, f"{form(card.key)}?cay={tree}")
            assert f'<input type="hidden" name="cay" value="{tree}">' in page
        assert "có chỗ phải sửa" in refused(clerk, card.key, on="")


def test_a_search_finds_things_of_the_eve_and_keeps_what_was_typed(land: Land, clerk: Client) -> None:
    data = {**MERGE, "olds": ["xa:a"], "tim-olds": "xa b", "buoc": "tim-olds"}
    page = clerk.post(form("merge"), data).content.decode()
    assert 'value="xa:a" checked' in page
    assert 'name="olds" value="xa:b"' in page
    assert 'value="Xã Ê"' in page
    assert "có chỗ phải sửa" not in page
    found = reverse("orgs:event-pick") + f"?truong=olds&cay=area&nhieu=1&on={ON}&tim-olds="
    assert 'value="xa:b"' in text(clerk, found + "xa+b")
    assert 'value="xa:c"' in text(clerk, found + "0003")
    assert "Không có nơi nào khớp" in text(clerk, found + "khong+co")
    assert "xa:b" not in text(clerk, found.replace(ON, "2010-01-01") + "xa+b")
    unit = reverse("orgs:event-pick") + f"?truong=thing&cay=unit&nhieu=0&on={ON}&tim-thing=ubnd"
    narrow = browser(land.communes["a"], Role.ADMINISTRATOR)
    assert "ubnd-xa:b" not in text(narrow, unit + "+xa")


def test_a_merger_is_previewed_then_recorded_by_name_basis_and_reason(clerk: Client) -> None:
    address, page = previewed(clerk, "merge", **MERGE)
    assert "chưa ghi gì" in page
    assert "Xã A" in page
    assert "<b>Xã Ê</b>" in page
    assert "Ủy ban nhân dân xã B" in page
    assert not Event.objects.exists()
    wrong = clerk.post(address, {**SAID, "basis": "", "confirm_name": "Xã Khác"})
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "gõ đúng tên: Xã Ê" in page
    assert 'value="Hai xã"' in page
    assert 'value="Xã Khác"' in page
    done = clerk.post(address, {**SAID, "seen": seen(page), "confirm_name": "xã ê"}, follow=True)
    page = done.content.decode()
    assert "Đã ghi biến động" in page
    assert "<h1>Hai xã</h1>" in page
    assert "Hoàn tác" in page
    recorded = Event.objects.get()
    assert (recorded.kind, recorded.basis, recorded.on) == ("merge", "Nghị quyết 1", date(2026, 7, 1))
    assert AreaVersion.objects.get(name="Xã Ê").parent == AreaVersion.objects.get(area__key="tinh:p").area
    assert UnitVersion.objects.filter(area__versions__name="Xã Ê").exists()
    again = clerk.get(address, follow=True)
    assert "Bản nháp ấy không còn" in again.content.decode()


def test_going_back_finds_everything_as_typed(clerk: Client) -> None:
    address, page = previewed(clerk, "merge", **MERGE)
    back = f"{form('merge')}?nhap={address.rstrip('/').rsplit('/', 1)[1]}"
    assert back in page
    page = text(clerk, back)
    assert 'value="xa:a" checked' in page
    assert 'value="xa:b" checked' in page
    assert 'value="Xã Ê"' in page
    assert f'value="{ON}"' in page
    changed = clerk.post(back, {**MERGE, "buoc": "xem", "name": "Xã Khác"})
    assert changed["Location"] == address
    assert "<b>Xã Khác</b>" in text(clerk, address)


def test_faults_are_named_and_the_input_kept(clerk: Client) -> None:
    page = refused(clerk, "merge", **{**MERGE, "name": ""})
    assert "Ghi tên của địa bàn mới" in page
    page = refused(clerk, "merge", **{**MERGE, "olds": ["xa:a", "tinh:p"]})
    assert "không ghi được vì" in page
    assert "Không thể gộp hoặc chia địa bàn khác cấp" in page
    assert 'value="Xã Ê"' in page
    page = refused(clerk, "merge", **{**MERGE, "on": "2009-01-01"})
    assert "chưa tồn tại ngay trước ngày" in page
    page = refused(clerk, "merge", **{**MERGE, "into_mode": "co-san", "into": ["xa:a", "xa:b"]})
    assert "Chỉ chọn một" in page


def test_what_lies_outside_the_reach_of_the_clerk_is_said_in_the_form(land: Land) -> None:
    narrow = browser(land.office, Role.ADMINISTRATOR)
    page = refused(narrow, "merge", **MERGE)
    assert "ngoài phạm vi quản lý của bạn" in page
    assert 'value="Xã Ê"' in page


SPLIT = {"cay": "area", "old": "xa:a", "so-phan": "2", "name_1": "Xã Một", "name_2": "Xã Hai"}


def test_a_split_has_shares_for_all_parts_or_none(clerk: Client) -> None:
    _, page = previewed(clerk, "split", **SPLIT, shares="khong")
    assert "Chuỗi số liệu đứt" in page
    _, page = previewed(clerk, "split", **SPLIT, shares="co", share_1="60 %", share_2="0,4")
    assert "Chuỗi số liệu đứt" not in page
    assert "phần 0,6" in page
    assert "không bằng 1" in refused(clerk, "split", **SPLIT, shares="co", share_1="0,6", share_2="0,5")
    assert "Ghi tỷ lệ" in refused(clerk, "split", **SPLIT, shares="co", share_1="0,6", share_2="")
    assert "Ghi một số" in refused(clerk, "split", **SPLIT, shares="co", share_1="nửa", share_2="0,5")
    page = clerk.post(form("split"), {**SPLIT, "on": ON, "buoc": "them-phan", "shares": "khong"}).content.decode()
    assert "Phần 3" in page
    assert 'value="Xã Hai"' in page


def test_the_children_of_what_is_split_are_placed_one_by_one(clerk: Client) -> None:
    data = {"cay": "unit", "old": "so:p", "so-phan": "2", "shares": "khong", "name_1": "Sở Một", "name_2": "Sở Hai"}
    page = clerk.post(form("split"), {**data, "on": ON, "buoc": "tim-old"}).content.decode()
    assert "Phòng Một" in page
    _, page = previewed(clerk, "split", **data, **{"child:phong:1": "2"})
    assert "Phòng Một" in page
    assert "<b>Sở Hai</b>" in page


@pytest.mark.parametrize(
    ("kind", "data", "shown"),
    [
        ("rename", {"cay": "area", "thing": "xa:a", "name": "Xã Anh"}, "Xã Anh"),
        ("change-kind", {"cay": "area", "thing": "xa:a", "new_kind": "phuong", "name": "Phường A"}, "Phường A"),
        ("recode", {"cay": "area", "thing": "xa:a", "code": "0077"}, "0077"),
        ("move", {"cay": "unit", "thing": "phong:1", "line": "service", "parent": "ubnd-tinh:p"}, "Phòng Một"),
        (
            "create",
            {"cay": "unit", "new_kind": "phong", "name": "Phòng Hai", "parent:service": "so:p", "area": "tinh:p"},
            "Phòng Hai",
        ),
        ("create", {"cay": "area", "new_kind": "xa", "name": "Xã Mới", "parent": "tinh:p"}, "Xã Mới"),
        ("abolish", {"cay": "unit", "olds": "phong:1", "children": "refuse"}, "Phòng Một"),
        ("abolish-level", {"cay": "unit", "kinds": "phong", "children": "up"}, "Phòng Một"),
        ("transfer", {"cay": "unit", "old": "phong:1", "heirs": "so:p", "duties": "hòa giải"}, "Phòng Một"),
        ("serve", {"cay": "unit", "thing": "so:p", "areas": ["xa:a", "xa:b"]}, "Xã A"),
        (
            "merge",
            {"cay": "unit", "olds": "phong:1", "into_mode": "co-san", "into": "so:p", "children": "follow"},
            "",
        ),
    ],
)
def test_each_kind_is_previewed_and_recorded(clerk: Client, kind: str, data: dict[str, Any], shown: str) -> None:
    if kind == "merge":
        assert "khác cấp, khác loại" in refused(clerk, kind, **data)
        return
    address, page = previewed(clerk, kind, **data)
    assert shown in page
    expected = page.split('data-gb-expect="')[1].split('"')[0]
    response = clerk.post(address, {**SAID, "seen": seen(page), "confirm_name": expected})
    assert response.status_code == 302, response.content.decode()
    assert Event.objects.get().kind == kind
    text(clerk, response["Location"])


def test_a_day_to_come_is_entered_ahead(clerk: Client) -> None:
    ahead = (timezone.localdate() + timedelta(days=30)).isoformat()
    address, page = previewed(clerk, "merge", **{**MERGE, "on": ahead})
    assert "Ghi trước" in page
    clerk.post(address, {**SAID, "seen": seen(page), "confirm_name": "Xã Ê"})
    assert Event.objects.get().state == "ahead"


def test_what_was_not_seen_is_not_recorded(land: Land, clerk: Client) -> None:
    """A post is given at an ended committee between preview and confirmation: the preview is shown again."""
    address, page = previewed(clerk, "merge", **MERGE)
    factories.post(factories.person("moi"), land.communes["a"], Role.HEAD)
    said = {**SAID, "seen": seen(page), "confirm_name": "Xã Ê"}
    again = clerk.post(address, said)
    assert again.status_code == 422
    page = again.content.decode()
    assert "kết quả khác đi" in page
    assert 'value="Xã Ê"' in page
    assert not Event.objects.exists()
    assert clerk.post(address, {**said, "seen": seen(page)}).status_code == 302
    assert Event.objects.get().kind == "merge"


def test_two_parts_of_one_name_both_keep_what_they_take_over(land: Land, clerk: Client) -> None:
    data = {**SPLIT, "name_1": "Xã Một", "name_2": "Xã Một", "code_1": "0051", "code_2": "0052", "shares": "khong"}
    address, page = previewed(clerk, "split", **data)
    expected = page.split('data-gb-expect="')[1].split('"')[0]
    assert clerk.post(address, {**SAID, "seen": seen(page), "confirm_name": expected}).status_code == 302
    made = AreaVersion.objects.filter(name="Xã Một").order_by("code")
    assert [(one.code, one.parent) for one in made] == [("0051", land.areas["p"]), ("0052", land.areas["p"])]


def test_what_stands_beneath_an_unseen_unit_is_not_told(land: Land) -> None:
    narrow = browser(land.communes["a"], Role.ADMINISTRATOR)
    data = {"cay": "unit", "old": "so:p", "on": ON, "so-phan": "2", "buoc": "tim-old"}
    assert "Phòng Một" not in narrow.post(form("split"), data).content.decode()


def test_another_persons_draft_is_not_seen(land: Land, clerk: Client) -> None:
    address, _ = previewed(clerk, "merge", **MERGE)
    other = Client()
    user = factories.person("other")
    factories.post(user, land.province, Role.ADMINISTRATOR)
    other.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    response = other.get(address, follow=True)
    assert "Bản nháp ấy không còn" in response.content.decode()
    assert "Xã Ê" not in response.content.decode()
