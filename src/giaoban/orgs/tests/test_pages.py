from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.kit.models import Gap, Pack
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Area, AreaKind, AreaVersion, Region, RegionMember, Unit, UnitVersion
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db

MERGED = date(2025, 7, 1)


def browser(unit: Unit, role: Role = Role.OFFICER) -> Client:
    user = factories.person(f"{unit.key}-{role.value}")
    factories.post(user, unit, role)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def coast() -> dict[str, Unit]:
    """board ⊃ long (made of east), south; long ⊃ lamp."""
    board = factories.unit("board", "board", name="Ban Bờ biển")
    east = factories.unit("east", "office", name="Trạm Đông", under=board, valid_to=MERGED)
    long = factories.unit("long", "office", name="Trạm Dài", under=board, valid_from=MERGED)
    south = factories.unit("south", "office", name="Trạm Nam", under=board)
    lamp = factories.unit("lamp", "light", name="Đèn Tân An", under=long, valid_from=MERGED)
    factories.pass_on(east, long, MERGED)
    factories.grow()
    return {unit.key: unit for unit in (board, east, long, south, lamp)}


def text(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


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


def test_the_tree_shows_children_of_the_day_to_those_above(coast: dict[str, Unit]) -> None:
    url = reverse("orgs:tree")
    page = text(browser(coast["board"]), url)
    assert "Ban Bờ biển: 2 đơn vị trực thuộc" in page
    assert "1 trực thuộc" in page
    page = text(browser(coast["board"], Role.HEAD), f"{url}?geography=2025-06-30")
    assert "Trạm Đông" in page
    assert "Trạm Dài" not in page
    page = text(browser(coast["lamp"]), url)
    assert "Đèn Tân An: không có đơn vị trực thuộc" in page
    text(browser(coast["south"]), f"{url}?don-vi=long", 404)
    assert "Trạm Đông" not in text(browser(coast["south"], Role.HEAD), f"{url}?geography=bad&tuyen=bad")


def test_the_tree_leads_up_as_far_as_the_reader_may_see(coast: dict[str, Unit]) -> None:
    url = reverse("orgs:tree") + "?don-vi=long"
    assert "?don-vi=board" in text(browser(coast["board"]), url)
    assert "?don-vi=board" not in text(browser(coast["long"]), url)


def test_search_without_accents_stays_inside_the_scope(coast: dict[str, Unit]) -> None:
    url = reverse("orgs:search") + "?q=tan+an"
    for people in ("lamp", "long", "board"):
        assert "Đèn Tân An" in text(browser(coast[people]), url)
    page = text(browser(coast["south"]), url)
    assert "Không có đơn vị nào khớp" in page
    assert "Gõ tên cần tìm" in text(browser(coast["south"], Role.HEAD), reverse("orgs:search"))


def test_search_says_when_there_is_more(coast: dict[str, Unit]) -> None:
    for number in range(31):
        factories.unit(f"buoy-{number}", "buoy", name=f"Phao {number}", under=coast["south"])
    factories.grow()
    assert "Hơn 30 đơn vị khớp" in text(browser(coast["south"]), reverse("orgs:search") + "?q=phao")


def test_queries_of_tree_and_search_do_not_grow_with_the_units(coast: dict[str, Unit]) -> None:
    client = browser(coast["board"])
    urls = (reverse("orgs:tree"), reverse("orgs:search") + "?q=t", reverse("orgs:unit", args=["board"]))

    def counted() -> list[int]:
        counts = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(
                connection,
            ) as queries:
                client.get(url)
            counts.append(len(queries))
        return counts

    few = counted()
    for number in range(10):
        old = factories.unit(f"old-{number}", "office", name=f"Trạm cũ {number}", under=coast["board"], valid_to=MERGED)
        factories.pass_on(old, coast["long"], MERGED)
        factories.unit(f"new-{number}", "office", name=f"Trạm mới {number}", under=coast["board"])
    factories.grow()
    assert counted() == few
    assert max(few) <= 60


def test_without_a_post_the_tree_says_what_to_do() -> None:
    client = Client()
    client.force_login(factories.person("new"), backend="django.contrib.auth.backends.ModelBackend")
    assert "Hỏi người quản trị danh mục" in text(client, reverse("orgs:tree"))
    text(client, reverse("orgs:search") + "?q=a")


def test_a_region_says_that_it_is_unverified(coast: dict[str, Unit]) -> None:
    kind = AreaKind.objects.create(key="shore", name="bờ", level=1)
    area = Area.objects.create(key="shore:south")
    AreaVersion.objects.create(
        area=area, kind=kind, level=kind.level, name="Bờ Nam", code="07", sort_key="", search_key=""
    )
    UnitVersion.objects.filter(unit=coast["south"]).update(
        area=area, kind=factories.kind("council", represents_area=True)
    )
    region = Region.objects.create(key="far", name="Vùng xa", verified=False, note="Chỉ là giả định.")
    RegionMember.objects.create(region=region, area=area)
    client = browser(coast["south"])
    assert reverse("orgs:region", args=["far"]) in text(client, reverse("orgs:unit", args=["south"]))
    page = text(client, reverse("orgs:region", args=["far"]))
    assert "Vùng xa: 1 địa bàn" in page
    assert "Danh sách chưa được xác minh" in page
    assert "Chỉ là giả định." in page
    assert reverse("orgs:unit", args=["south"]) in page
    text(client, reverse("orgs:region", args=["nowhere"]), 404)


def test_gaps_of_the_pack_are_shown(coast: dict[str, Unit]) -> None:
    pack = Pack.objects.create(key="p", title="P", version="1", checksum="", loaded_at=factories.moment(2026, 1, 1))
    Gap.objects.create(pack=pack, key="fog", what="Ngày của sương mù", why="Không ai ghi", affects="light; chart")
    page = text(browser(coast["lamp"]), reverse("orgs:gaps"))
    assert "Nguồn không cho biết 1 điều" in page
    assert f'<a href="{reverse("orgs:gaps")}">Khoảng trống của nguồn</a>' in page
    assert "Ngày của sương mù" in page
    assert "light, chart" in page


def test_acting_for_another_unit_works_only_where_a_post_is_held(coast: dict[str, Unit]) -> None:
    user = factories.person("an")
    factories.post(user, coast["south"], Role.HEAD)
    factories.post(user, coast["lamp"], Role.OFFICER)
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    back = reverse("orgs:tree")
    page = text(client, back)
    assert "Trạm Nam" in page
    assert f'formaction="{reverse("accounts:act-for", args=[coast["lamp"].pk])}"' in page
    assert f'<input type="hidden" name="next" value="{back}">' in page
    assert f'href="{reverse("accounts:act-for", args=[coast["lamp"].pk])}' not in page
    response = client.post(reverse("accounts:act-for", args=[coast["lamp"].pk]), {"next": back})
    assert (response.status_code, response["Location"]) == (302, back)
    assert client.session["acting_unit"] == coast["lamp"].pk
    assert client.post(reverse("accounts:act-for", args=[coast["long"].pk])).status_code == 404
    text(client, reverse("accounts:act-for", args=[coast["south"].pk]), 405)
    assert client.session["acting_unit"] == coast["lamp"].pk


@pytest.mark.parametrize(
    "away", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_acting_for_never_leads_to_another_site(coast: dict[str, Unit], away: str) -> None:
    client = browser(coast["south"])
    response = client.post(reverse("accounts:act-for", args=[coast["south"].pk]), {"next": away})
    assert response["Location"] == "/"
