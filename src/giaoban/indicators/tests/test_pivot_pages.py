"""The pivot page and its files: whose figures one sees, what the first visit shows, refusals, cost."""

import csv
from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pysdmx.io.csv.sdmx20.reader import read as read_sdmx

from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, reported
from giaoban.indicators.tests.factories import indicator
from giaoban.indicators.tests.test_pages import browser
from giaoban.kit.permissions import Role
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import services
from giaoban.reporting.models import Obligation, Period, Submission
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

ALL, GOOD, RATE = (f"act-1:lamps/own/total/{column}" for column in ("all", "good", "rate"))
QUARTER = "quarters:2024-Q1"
Words = dict[str, Any]


@pytest.fixture
def world() -> World:
    made = tiny_world()
    Period.objects.update(estimated_months=1)
    made.period.refresh_from_db()
    made.report("n1", all=1204, good=602)
    made.report("n2", all=7, good=NIL)
    made.report("s1", all=NIL, good=NOT_APPLICABLE)
    made.report("s2", all=reported(Decimal(12), Decimal(3)), good=10)
    return made


def words(**changes: Any) -> Words:
    given: Words = {"measure": [ALL], "unit": "coast", "level": "light", "period": QUARTER, "rows": "unit"}
    return {**given, "columns": "measure", **changes}


def get(client: Client, query: Mapping[str, Any] | None = None, kind: str = "") -> HttpResponse:
    return client.get(reverse(f"indicators:pivot{f'-{kind}' if kind else ''}"), query or {})  # type: ignore[return-value]


def shown(client: Client, query: Mapping[str, Any] | None = None, status: int = 200) -> str:
    response = get(client, query)
    assert response.status_code == status, response.content.decode()[:2000]
    return response.content.decode()


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text)))


def test_the_first_visit_shows_the_newest_figures_of_the_unit(world: World) -> None:
    page = shown(browser(world, world.coast))
    assert 'id="bang-xoay"' in page
    assert "North Harbour" in page
    assert "Light N1" not in page
    north = shown(browser(world, world.harbours[0]))
    assert "Light N1" in north
    assert "Light S1" not in north


def test_the_first_visit_says_when_nothing_came_in_or_nobody_sits_anywhere(world: World) -> None:
    Submission.objects.update(is_current=False)
    page = shown(browser(world, world.coast))
    assert "Chưa có số liệu nào được tiếp nhận" in page
    assert 'id="bang-xoay"' not in page
    nobody = Client()
    nobody.force_login(orgs.person("nobody", "Nobody"), backend="django.contrib.auth.backends.ModelBackend")
    assert "Chưa có đơn vị để lập bảng" in shown(nobody)


@pytest.mark.parametrize(("who", "status"), [("coast", 200), ("north", 404), ("n1", 404)])
def test_one_reads_what_stands_beneath_one(world: World, who: str, status: int) -> None:
    unit = {"coast": world.coast, "north": world.harbours[0], "n1": world.lights["n1"]}[who]
    client = browser(world, unit)
    for kind in ("", "xlsx", "csv", "sdmx"):
        assert get(client, words(), kind).status_code == status
        assert get(client, words(unit="south"), kind).status_code == (200 if who == "coast" else 404)
    assert get(client, words(unit=unit.key, level="self")).status_code == 200


def test_what_the_form_sends_becomes_the_plain_address(world: World) -> None:
    client = browser(world, world.coast)
    sent = {**words(), "from": QUARTER, "to": QUARTER, "form": "act-1:lamps", "line": "own/total", "step": "table"}
    del sent["period"]
    response = get(client, sent)
    assert response.status_code == 302
    address = response["Location"]
    assert "form=" not in address
    assert "step=" not in address
    page = client.get(address).content.decode()
    assert f"http://testserver{address.replace('&', '&amp;')}" in page


def test_the_columns_follow_the_form_that_is_chosen(world: World) -> None:
    page = shown(browser(world, world.coast), {**words(), "form": "act-1:lamps", "step": "columns"})
    assert f'value="{GOOD}"' in page
    assert '<details class="ix-ask" id="hoi" open>' in page
    other = shown(browser(world, world.coast), {**words(), "form": "chi-so", "step": "columns"})
    assert f'value="{GOOD}"' not in other
    assert f'value="{ALL}" checked' in other


def test_every_state_is_told_apart_on_the_page(world: World) -> None:
    page = shown(browser(world, world.coast), words(measure=[ALL, GOOD]))
    for sign in ("–0–", "✕", "gb-none", "gb-est", "1.204"):
        assert sign in page
    assert "4/6" in page


def test_a_number_leads_to_where_it_comes_from(world: World) -> None:
    client = browser(world, world.coast)
    page = shown(client, words())
    address = reverse("reporting:table", args=["act-1:lamps", "2024-Q1"])
    url = f"{address}?unit=n1&amp;origin=%7Cown%7Ctotal%7C%7Call"
    assert f'href="{url}"' in page
    opened = client.get(url.replace("&amp;", "&"))
    assert opened.status_code == 200
    assert "gb-origin" in opened.content.decode()


def test_sorted_ranked_and_filtered_in_the_address_and_in_the_files(world: World) -> None:
    client = browser(world, world.coast)
    query = words(sort=f"-{QUARTER}~{ALL}", rank="1", kept="known", most="1000")
    page = shown(client, query)
    assert "Light N1" not in page
    assert page.index("Light S2") < page.index("Light N2") < page.index("Light S1")
    assert 'aria-sort="descending"' in page
    rows = lines(get(client, query, "csv").content.decode())
    assert [(row["unit"], row["value"], row["rank"]) for row in rows] == [
        ("", "1226", ""),
        ("s2", "15", "2"),
        ("n2", "7", "3"),
        ("s1", "", "4"),
    ]
    none = shown(client, words(q="không có"))
    assert "Không dòng nào qua được bộ lọc" in none


def test_the_csv_is_exact_and_says_every_state(world: World) -> None:
    rows = lines(get(browser(world, world.coast), words(measure=[ALL, GOOD]), "csv").content.decode())
    found = {(row["unit"], row["measure"]): row for row in rows}
    assert found["s2", ALL]["value"] == "15"
    assert found["s2", ALL]["estimate"] == "3"
    assert (found["s1", ALL]["value"], found["s1", ALL]["state"]) == ("", "nil")
    assert (found["s1", GOOD]["value"], found["s1", GOOD]["state"]) == ("", "na")
    assert (found["n3", ALL]["value"], found["n3", ALL]["state"]) == ("", "missing")
    assert (found["", ALL]["received"], found["", ALL]["expected"]) == ("4", "6")
    assert {row["period_end"] for row in rows} == {"2024-03-31"}


def test_a_name_that_looks_like_a_formula_is_kept_from_the_spreadsheet(world: World) -> None:
    from giaoban.orgs.models import UnitVersion

    UnitVersion.objects.filter(unit__key="n1").update(name="=1+1", short_name="=1+1")
    client = browser(world, world.coast)
    row = next(one for one in lines(get(client, words(), "csv").content.decode()) if one["unit"] == "n1")
    assert row["unit_name"] == "'=1+1"
    sheet = openpyxl.load_workbook(BytesIO(get(client, words(), "xlsx").content))["Bảng"]
    cell = next(one for line in sheet.iter_rows() for one in line if one.value == "=1+1")
    assert cell.data_type == "s"


def test_the_workbook_has_numbers_as_numbers_and_no_data_as_none(world: World) -> None:
    Obligation.objects.filter(unit__key="n1").update(simulated=True)
    response = get(browser(world, world.coast), words(measure=[ALL, GOOD]), "xlsx")
    assert "-mo-phong.xlsx" in response["Content-Disposition"]
    book = openpyxl.load_workbook(BytesIO(response.content))
    assert book.sheetnames == ["Bảng", "Độ phủ", "Ký hiệu", "Về bảng này"]
    sheet = book["Bảng"]
    cells = {line[0].value: line for line in sheet.iter_rows(min_row=1)}
    assert cells["Light N1"][1].value == 1204
    assert cells["Light S1"][1].value == "–0–"
    assert cells["Light S1"][2].value == "✕"
    assert cells["Light N3"][1].value == "chưa có"
    assert cells["Light N3"][1].fill.patternType == "lightUp"
    assert cells["Light S2"][1].number_format == "#,##0"
    comment = cells["Light S2"][1].comment
    assert comment is not None
    assert "3" in comment.text
    assert any("MÔ PHỎNG" in str(line[0].value) for line in sheet.iter_rows(max_row=3))
    said = {str(line[0].value): str(line[1].value) for line in book["Về bảng này"].iter_rows()}
    assert said["Liên kết"].startswith("http://testserver/chi-so/bang/?measure=")
    covered = [[cell.value for cell in line] for line in book["Độ phủ"].iter_rows()]
    assert any(line[3:5] == [4, 6] and "Light N3" in str(line[6]) for line in covered)


def test_sdmx_is_read_back_by_its_own_reader(world: World) -> None:
    response = get(browser(world, world.coast), words(measure=[ALL, GOOD]), "sdmx")
    text = response.content.decode()
    header = text.splitlines()[0].split(",")
    assert header[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    (dataset,) = read_sdmx(text)
    assert dataset.structure == "Dataflow=GIAOBAN:FIGURES(1.0)"
    data = {(row["REF_AREA"], row["MEASURE"]): row for row in dataset.data.to_dict("records")}
    assert len(data) == 14
    told = {key: (row["OBS_VALUE"], row["OBS_STATUS"], row["OBS_STATE"]) for key, row in data.items()}
    assert told["n1", ALL] == ("1204", "A", "reported")
    assert told["s2", ALL] == ("15", "E", "reported")
    assert told["s1", ALL] == ("0", "A", "nil")
    assert told["s1", GOOD] == ("NaN", "M", "na")
    assert told["n3", ALL] == ("NaN", "L", "missing")
    assert told["_T", ALL][0] == "1226"
    assert {row["TIME_PERIOD"] for row in data.values()} == {"2024-Q1"}
    assert {row["DECIMALS"] for row in data.values()} == {"0"}


def test_a_blank_is_told_from_no_report_in_every_file(world: World) -> None:
    world.report("n3", all=5, good=1, oil=BLANK)
    oil = "act-1:lamps/own/total/oil"
    client = browser(world, world.coast)
    rows = {row["unit"]: row["state"] for row in lines(get(client, words(measure=[oil]), "csv").content.decode())}
    assert (rows["n3"], rows["s3"]) == ("blank", "missing")
    (dataset,) = read_sdmx(get(client, words(measure=[oil]), "sdmx").content.decode())
    found = {row["REF_AREA"]: row["OBS_STATUS"] for row in dataset.data.to_dict("records")}
    assert (found["n3"], found["s3"]) == ("O", "L")
    assert "trống" in shown(client, words(measure=[oil]))


@pytest.mark.parametrize(("change", "says", "mend"), [
    ({"measure": ["act-1:lamps/own/total/no"]}, "Không có chỉ tiêu này", "Bảng mặc định"),
    ({"period": "quarters:1900-Q1"}, "Không có kỳ này", "Bảng mặc định"),
    ({"level": "no-kind"}, "Không có cấp đơn vị này", "Các đơn vị trực thuộc"),
    ({"rows": "period", "columns": "period"}, "Chọn lại dòng và cột", "Bỏ phần sai"),
    ({"geography": "31/12/2024"}, "Ngày không đọc được", "Bỏ phần sai"),
    ({"measure": []}, "Còn thiếu một lựa chọn", "Bảng mặc định"),
])  # fmt: skip
def test_a_refusal_says_why_and_what_to_do(world: World, change: Words, says: str, mend: str) -> None:
    client = browser(world, world.coast)
    page = shown(client, words(**change), 422)
    assert says in page
    assert mend in page
    assert '<details class="ix-ask" id="hoi" open>' in page
    for kind in ("xlsx", "csv", "sdmx"):
        refused = get(client, words(**change), kind)
        assert (refused.status_code, refused["Content-Type"]) == (422, "text/plain; charset=utf-8")


def test_simulated_figures_say_so(world: World) -> None:
    client = browser(world, world.coast)
    assert "Số liệu mô phỏng" not in shown(client, words())
    Obligation.objects.filter(unit__key="n1").update(simulated=True)
    assert "Số liệu mô phỏng" in shown(client, words())
    rows = {row["unit"]: row["simulated"] for row in lines(get(client, words(), "csv").content.decode())}
    assert (rows["n1"], rows["n2"]) == ("1", "0")


def test_periods_across_draw_a_course_and_compare(world: World) -> None:
    before = services.open_period("quarters", year=2023, code="2023-Q4", by=SYSTEM, at=AT)
    services.raise_obligations("act-1:lamps", before, by=SYSTEM, at=AT)
    owed = world.owed("n1", before)
    sent = services.submit(
        owed, figures=world.figures(all=1000, good=1), by=SYSTEM, at=AT, signatures=(("Keeper", "A"), ("Head", "B"))
    )
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    query = words(period="quarters:2023-Q4..2024-Q1", columns="period", change="1")
    page = shown(browser(world, world.coast), query)
    assert "2 kỳ: thấp nhất 1.000, cao nhất 1.204, mới nhất 1.204" in page
    assert "+20,4" in page


def test_the_cost_does_not_grow_with_the_units(world: World) -> None:
    def cost() -> int:
        client = browser(world, world.coast)
        shown(client, words())
        with CaptureQueriesContext(
            connection,
        ) as caught:
            shown(client, words())
        return len(caught)

    few = cost()
    for number in range(7):
        orgs.unit(f"n{number + 10}", "light", name=f"Light N{number + 10}", under=world.harbours[0])
    orgs.grow()
    services.raise_obligations("act-1:lamps", world.period, by=SYSTEM, at=AT)
    for number in range(7):
        world.report(f"n{number + 10}", all=number + 1, good=1)
    assert len([1 for line in shown(browser(world, world.coast), words()).splitlines() if 'scope="row"' in line]) > 10
    assert cost() == few


def test_an_indicator_is_pooled_and_leads_to_its_page(world: World) -> None:
    indicator(world)
    client = browser(world, world.coast)
    query = words(measure=["chi-so:good-lamps"])
    page = shown(client, query)
    address = reverse("indicators:reading", args=["good-lamps", "2024-Q1"])
    assert f'href="{address}?don-vi=n1"' in page
    rows = {row["unit"]: row for row in lines(get(client, query, "csv").content.decode())}
    assert (rows["n1"]["value"], rows["n1"]["numerator"], rows["n1"]["denominator"]) == ("50.00", "602", "1204")
    whole = 100 * Decimal(rows[""]["numerator"]) / Decimal(rows[""]["denominator"])
    assert Decimal(rows[""]["value"]) == round(whole, 2)
    panel = shown(client, {**query, "form": "chi-so", "step": "columns"})
    assert 'value="chi-so:good-lamps" checked' in " ".join(panel.split())
    assert f'value="{QUARTER}" selected' in panel


def test_somebody_without_rights_to_write_reads_it_too(world: World) -> None:
    assert get(browser(world, world.coast, Role.INSPECTOR), words()).status_code == 200
