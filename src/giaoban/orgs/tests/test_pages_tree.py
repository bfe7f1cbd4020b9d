"""The trees of units and of areas, on a day, unfolded."""

import csv
from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.kit.models import Gap, Pack
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit, UnitVersion
from giaoban.orgs.tests import factories
from giaoban.orgs.tests.land import land
from giaoban.orgs.tests.pages import MERGED, browser, coast, text

pytestmark = pytest.mark.django_db
TREE = reverse("orgs:tree")


@pytest.fixture(name="coast")
def _coast() -> dict[str, Unit]:
    return coast()


def lines(client: Client, url: str) -> list[list[str]]:
    content = client.get(url).content.decode("utf-8-sig")
    return list(csv.reader(content.splitlines()))


def test_the_tree_shows_children_of_the_day_to_those_above(coast: dict[str, Unit]) -> None:
    page = text(browser(coast["board"]), TREE)
    assert "Ban Bờ biển: 2 đơn vị trực thuộc" in page
    assert '1<span class="visually-hidden"> trực thuộc</span>' in page
    assert "<b>2</b> office" in page
    assert "<b>1</b> light" in page
    page = text(browser(coast["board"], Role.HEAD), f"{TREE}?geography=2025-06-30")
    assert "Trạm Đông" in page
    assert "Trạm Dài" not in page
    page = text(browser(coast["lamp"]), TREE)
    assert "Đèn Tân An: không có đơn vị trực thuộc" in page
    assert "Không có đơn vị trực thuộc" in page
    text(browser(coast["south"]), f"{TREE}?don-vi=long", 404)
    assert "Trạm Đông" not in text(browser(coast["south"], Role.HEAD), f"{TREE}?geography=bad&tuyen=bad")


def test_what_is_opened_stands_in_the_address(coast: dict[str, Unit]) -> None:
    client = browser(coast["board"])
    closed = text(client, TREE)
    assert "Đèn Tân An" not in closed
    assert 'href="?mo=long"' in closed
    opened = text(client, f"{TREE}?mo=long,nowhere")
    assert "Đèn Tân An" in opened
    assert 'href="?mo=nowhere"' in opened
    assert 'data-open="true"' in opened


def test_a_branch_is_fetched_alone(coast: dict[str, Unit]) -> None:
    response = browser(coast["board"]).get(f"{TREE}?mo=long", headers={"HX-Request": "true", "HX-Target": "cay"})
    page = response.content.decode()
    assert "Đèn Tân An" in page
    assert "<html" not in page
    assert "HX-Request" in response["Vary"]


def test_the_days_of_change_are_stops_of_the_slider(coast: dict[str, Unit]) -> None:
    page = text(browser(coast["board"]), f"{TREE}?geography=2025-06-30")
    assert 'data-day="2025-07-01"' in page
    assert 'value="-1"' in page


def test_a_unit_that_is_not_there_that_day_leads_to_what_it_was(coast: dict[str, Unit]) -> None:
    page = text(browser(coast["board"]), f"{TREE}?don-vi=long&geography=2025-06-30")
    assert "Ngày 30/06/2025 chưa có hoặc không còn Trạm Dài" in page
    assert '<a href="?don-vi=east&amp;geography=2025-06-30">Trạm Đông</a>' in page


def test_a_tree_known_for_a_later_day_says_so(coast: dict[str, Unit]) -> None:
    UnitVersion.objects.filter(unit=coast["south"]).update(known_on=date(2025, 6, 30))
    client = browser(coast["board"])
    assert "Cây như biết ngày 30/06/2025" in text(client, f"{TREE}?geography=2025-06-29")
    assert "Cây như biết ngày" not in text(client, f"{TREE}?geography=2025-06-30")


def test_the_tree_as_a_file_holds_every_level(coast: dict[str, Unit]) -> None:
    url = reverse("orgs:tree-csv")
    rows = lines(browser(coast["board"]), url)
    assert [(row[0], row[1], row[5]) for row in rows[1:]] == [
        ("0", "board", ""),
        ("1", "long", "board"),
        ("2", "lamp", "long"),
        ("1", "south", "board"),
    ]
    assert [row[1] for row in lines(browser(coast["south"]), url)[1:]] == ["south"]
    assert browser(coast["lamp"]).get(f"{url}?don-vi=board").status_code == 404


def test_the_tree_leads_up_as_far_as_the_reader_may_see(coast: dict[str, Unit]) -> None:
    url = f"{TREE}?don-vi=long"
    assert "?don-vi=board" in text(browser(coast["board"]), url)
    assert "?don-vi=board" not in text(browser(coast["long"]), url)


def test_the_map_is_open_to_everybody() -> None:
    held = land()
    client = browser(held.communes["a"])
    page = text(client, f"{TREE}?cay=dia-gioi")
    assert "Tỉnh Mẫu: 4 địa bàn trực thuộc" in page
    assert reverse("orgs:area", args=["xa:b"]) in page
    rows = lines(client, reverse("orgs:tree-csv") + "?cay=dia-gioi")
    assert [row[4] for row in rows[1:]] == ["01", "0001", "0002", "0003", "0004"]
    text(client, f"{TREE}?cay=dia-gioi&dia-ban=nowhere", 404)
    assert "chưa có hoặc không còn Tỉnh Mẫu" in text(client, f"{TREE}?cay=dia-gioi&dia-ban=tinh:p&geography=2000-01-01")


def test_queries_of_tree_and_unit_do_not_grow_with_the_units(coast: dict[str, Unit]) -> None:
    client = browser(coast["board"])
    urls = (TREE, f"{TREE}?mo=long", reverse("orgs:unit", args=["board"]), reverse("orgs:compare"))

    def counted() -> list[int]:
        counts = []
        for url in urls:
            client.get(url)
            with CaptureQueriesContext(connection) as queries:
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
    assert "Hỏi người quản trị danh mục" in text(client, TREE)
    text(client, reverse("orgs:search") + "?q=a")
    text(client, reverse("orgs:compare"))
    text(client, reverse("orgs:events"))
    text(client, f"{TREE}?cay=dia-gioi")


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
    page = text(client, TREE)
    assert "Trạm Nam" in page
    assert f'formaction="{reverse("accounts:act-for", args=[coast["lamp"].pk])}"' in page
    assert f'<input type="hidden" name="next" value="{TREE}">' in page
    assert f'href="{reverse("accounts:act-for", args=[coast["lamp"].pk])}' not in page
    response = client.post(reverse("accounts:act-for", args=[coast["lamp"].pk]), {"next": TREE})
    assert (response.status_code, response["Location"]) == (302, TREE)
    assert client.session["acting_unit"] == coast["lamp"].pk
    assert "Đèn Tân An: không có đơn vị trực thuộc" in text(client, TREE)
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


@pytest.mark.parametrize("words", ["0001-01-01", "9999-12-31", "2201-01-01", "hôm qua", "²²²²-01-01"])
def test_a_day_that_cannot_be_shown_gives_today_and_says_so(coast: dict[str, Unit], words: str) -> None:
    client = browser(coast["board"])
    for query in ("?", "?cay=dia-gioi&"):
        assert "Không đọc được ngày" in text(client, f"{TREE}{query}geography={words}")
    text(client, reverse("orgs:unit", args=["south"]) + f"?ngay={words}")
    text(client, f"{reverse('orgs:compare')}?tu={words}&den={words}")
    assert "Không đọc được ngày" not in text(client, f"{TREE}?geography=2025-06-30")


def test_a_year_that_is_none_filters_nothing(coast: dict[str, Unit]) -> None:
    client = browser(coast["board"])
    for words in ("²²²²", "٢٠٢٥", "0000", "9999"):
        assert "khớp bộ lọc" not in text(client, f"{reverse('orgs:events')}?nam={words}")


def test_the_heading_names_the_line(coast: dict[str, Unit]) -> None:
    page = text(browser(coast["board"]), TREE)
    assert "đơn vị trực thuộc trên tuyến" in page
