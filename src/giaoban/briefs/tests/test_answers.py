"""Figures by a question: bound, refused, marked after an amendment, taken from a pivot table."""

import re
from decimal import Decimal
from html import unescape
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.briefs import offers
from giaoban.briefs.models import BoundFigure
from giaoban.briefs.rules.states import FigureState
from giaoban.briefs.selectors.reading import read_sections
from giaoban.briefs.services import life, writing
from giaoban.briefs.services.refusals import NarrativeRefused
from giaoban.briefs.tests import narratives
from giaoban.briefs.tests.narratives import Written
from giaoban.briefs.tests.test_narrative_pages import browser, page
from giaoban.indicators.models import Indicator
from giaoban.indicators.tests.factories import indicator
from giaoban.kit.permissions import Role
from giaoban.reporting import services
from giaoban.reporting.tests.factories import AT, FORM_KEY, SIGNED, SYSTEM, dynamic_form_data, make_form, year_before

pytestmark = pytest.mark.django_db
ALL, GOOD, RATE = f"{FORM_KEY}/own/total/all", f"{FORM_KEY}/own/total/good", "chi-so:good-lamps"
Q1 = "quarters:2024-Q1"


@pytest.fixture
def held() -> Written:
    made = narratives.written()
    made.world.report("n1", all=1204, good=602, rate=50)
    made.world.report("n2", all=20, good=5, rate=25)
    return made


def bind(held: Written, measure: str = ALL, scale: int = 0, /, **words: str) -> BoundFigure:
    return writing.bind_figure(
        held.first,
        source="figures.answer",
        reference={"measure": measure, "unit": "north", "period": Q1, "level": "below", **words},
        label="Đèn",
        scale=scale,
        by=held.actor(),
        at=AT,
    )


def pivot(**words: str | list[str]) -> str:
    given = {"measure": ALL, "unit": "north", "level": "below", "period": Q1, **words}
    return f"https://giaoban.example/chi-so/bang/?{urlencode(given, doseq=True)}&sort=-name"


def test_a_figure_by_a_question_marks_its_sentence_when_it_changes(held: Written) -> None:
    figure = bind(held)
    assert (figure.form, figure.period, figure.unit, figure.measure) == (FORM_KEY, "2024-Q1", held.harbour, "lamp")
    held.write("Có {{số 1}} đèn.")
    assert held.first.text == "Có {{số 1: 1.224}} đèn."
    held.world.report("n3", all=6, good=6, rate=100)
    (read,) = read_sections([held.first], live=True)
    assert [piece.said for piece in read.trouble] == ["Số liệu 1 đã đổi: 1.224 → 1.230"]
    writing.take_new_value(figure, by=held.actor(), at=AT)
    assert held.first.text == "Có {{số 1: 1.230}} đèn."


def test_whom_an_amendment_concerns_is_told_and_the_sentence_marked(held: Written) -> None:
    indicator(held.world)
    cell, rate = bind(held, unit="n1", level="self"), bind(held, RATE, 2)
    assert (rate.form, rate.period, rate.value) == ("", "2024-Q1", Decimal("49.59"))
    light, period = held.world.lights["n1"].pk, held.world.period.pk
    assert offers.figure_users([light], FORM_KEY, period, 2) == []
    held.write("Có {{số 1}} đèn, {{số 2}} còn tốt.")
    held.world.report("n1", all=1204, good=1204, rate=100)
    (use,) = offers.figure_users([light], FORM_KEY, period, 2)
    assert [one.name for one in use.people] == [held.actor().name]
    cell.refresh_from_db()
    rate.refresh_from_db()
    assert (cell.found_state, rate.found_state) == (FigureState.SAME, FigureState.CHANGED)
    assert offers.figure_users([held.world.lights["s1"].pk], FORM_KEY, period, 2) == []
    assert offers.figure_users([light], "act-1:other", period, 2) == []
    assert offers.figure_users([light], FORM_KEY, 0, 2) == []


def test_an_indicator_is_found_by_each_form_that_it_reads(held: Written) -> None:
    row, lights = indicator(held.world), make_form(dynamic_form_data())
    bind(held, RATE, 2)
    held.write("Đạt {{số 1}}.")
    light, period = held.world.lights["n1"].pk, held.world.period.pk
    assert offers.figure_users([light], lights.key, period, 2) == []
    row.definition["numerator"] = {"form": lights.key, "table": "own", "row": "s", "column": "spare"}
    row.save()
    assert len(offers.figure_users([light], lights.key, period, 2)) == 1
    assert len(offers.figure_users([light], FORM_KEY, period, 2)) == 1
    assert read_sections([held.first], live=False)[0].trouble


def test_figures_in_the_tree_of_another_day_are_found_too(held: Written) -> None:
    bind(held, geography=timezone.localdate().isoformat())
    held.write("Có {{số 1}} đèn.")
    light = held.world.lights["n2"].pk
    assert len(offers.figure_users([light], FORM_KEY, held.world.period.pk, 2)) == 1


def test_an_indicator_that_went_is_said_at_the_sentence(held: Written) -> None:
    indicator(held.world)
    bind(held, RATE, 2)
    held.write("Đạt {{số 1}}.")
    Indicator.objects.all().delete()
    (read,) = read_sections([held.first], live=True)
    (piece,) = read.trouble
    assert (piece.text, piece.state) == ("[số liệu 1: chưa có]", FigureState.LOST)
    assert piece.said.startswith("Không có chỉ số mang mã “good-lamps”")


def test_why_there_is_no_value_is_said_at_the_sentence(held: Written) -> None:
    figure = bind(held)
    held.write("Có {{số 1}} đèn.")
    year_before(held.world)
    figure.reference |= {"measure": f"{FORM_KEY}/own/total/age", "unit": "n1", "level": "self"}
    figure.save()
    (read,) = read_sections([held.first], live=True)
    assert [piece.state for piece in read.trouble] == [FigureState.EMPTY]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"unit": "south"}, "không thuộc phạm vi"),
        ({"unit": "coast"}, "không thuộc phạm vi"),
        ({"unit": ""}, "không thuộc phạm vi"),
        ({"measure": f"{FORM_KEY}/own/total/note"}, "ghi chữ"),
        ({"period": "quarters:2023-Q1"}, "Chưa mở kỳ"),
        ({"level": "castle"}, "không phải cấp đơn vị"),
        ({"colour": "red"}, "không còn trong biểu"),
    ],
)
def test_what_cannot_be_quoted_is_refused_in_a_sentence(held: Written, words: dict[str, str], said: str) -> None:
    with pytest.raises(NarrativeRefused, match=said):
        bind(held, **words)
    assert not BoundFigure.objects.exists()


def test_measures_of_one_question_are_asked_together(held: Written) -> None:
    costs = []
    for measures in ((ALL,), (GOOD, f"{FORM_KEY}/own/total/rate", f"{FORM_KEY}/own/total/all")):
        for measure in measures:
            bind(held, measure)
        count = held.first.figures.count()
        held.write(" ".join(f"{{{{số {number}}}}}" for number in range(1, count + 1)))
        with CaptureQueriesContext(connection) as queries:
            assert not read_sections([held.first], live=True)[0].trouble
        with CaptureQueriesContext(connection) as looks:
            writing.look_again([held.first], at=AT)
        costs.append((len(queries), len(looks)))
    assert costs[0] == costs[1]


def test_one_bad_measure_spoils_no_other(held: Written) -> None:
    indicator(held.world)
    bind(held)
    bind(held, RATE, 2)
    held.write("{{số 1}} {{số 2}}")
    Indicator.objects.all().delete()
    (read,) = read_sections([held.first], live=True)
    assert [read.figures[number].state for number in (1, 2)] == [FigureState.SAME, FigureState.LOST]


# The picker


def test_the_values_of_a_pivot_table_are_listed_and_bound(held: Written) -> None:
    indicator(held.world)
    held.write("Có đèn.")
    client, address = browser(held), page("section-figures", held.first.pk)
    asked = {"hoi": pivot(measure=[ALL, RATE])}
    body = client.get(address, asked).content.decode()
    for words in (
        "1.224",
        "1.204",
        "Light N1",
        "tổng các đơn vị trực thuộc",
        "có 2/3 báo cáo",
        "50,00",
        "Tỷ lệ đèn tốt",
    ):
        assert words in body
    assert "Light N3 ·" not in body, "nobody binds a figure that is not there"
    assert "1.224" not in client.get(address, {**asked, "q": "light n1"}).content.decode()
    assert client.post(address, {**asked, "chon": f"answer|n1|self|{Q1}|{ALL}", "sau": "1"}).status_code == 302
    assert held.first.text == "Có đèn {{số 1: 1.204}}."
    told = client.post(
        address, {**asked, "chon": f"answer|north|below|{Q1}|{RATE}"}, headers={"X-Requested-With": "editor"}
    ).json()
    assert told["words"] == "{{số 2: 49,59 %}}"
    figure = held.first.figures.get(number=2)
    assert figure.reference == {"measure": RATE, "unit": "north", "period": Q1, "level": "below"}
    assert figure.label == "Tỷ lệ đèn tốt · North Harbour, tổng các đơn vị trực thuộc · Quý I năm 2024"


def test_what_the_list_shows_is_what_is_bound(held: Written) -> None:
    client, address = browser(held, held.harbour), page("section-figures", held.first.pk)
    for unit, level, shown in (("north", "below", 1224), ("n1", "self", 1204), ("n2", "self", 20)):
        form = {"hoi": pivot(), "chon": f"answer|{unit}|{level}|{Q1}|{ALL}", "sau": "9999"}
        assert client.post(address, form).status_code == 302
        last = held.first.figures.order_by("number").last()
        assert last is not None and last.value == shown


def test_a_line_in_the_tree_of_another_day_is_taken_from_its_table(held: Written) -> None:
    client, address = browser(held), page("section-figures", held.first.pk)
    form = {"hoi": pivot(geography="2024-05-01"), "chon": f"answer|n1|below|{Q1}|{ALL}", "sau": "9999"}
    assert client.post(address, form).status_code == 302
    figure = held.first.figures.get()
    assert (figure.value, figure.unit) == (Decimal(1204), held.world.lights["n1"])
    assert (figure.reference["unit"], figure.reference["line"]) == ("north", "n1")
    assert "Light N1 trong North Harbour, đơn vị của ngày 01/05/2024" in figure.origin
    light, period = held.world.lights["n1"].pk, held.world.period.pk
    assert len(offers.figure_users([light], FORM_KEY, period, 2)) == 1
    assert offers.figure_users([held.world.lights["n2"].pk], FORM_KEY, period, 2) == []
    with pytest.raises(NarrativeRefused, match="không có dòng"):
        bind(held, line="s1")


def test_the_same_period_of_last_year_comes_along(held: Written) -> None:
    client, address = browser(held), page("section-figures", held.first.pk)
    form = {"hoi": pivot(), "chon": f"answer|north|below|{Q1}|{ALL}", "sau": "9999", "cung-ky": "1"}
    refused = client.post(address, form)
    assert refused.status_code == 422
    assert "Chưa mở kỳ cùng kỳ năm trước" in refused.content.decode()
    earlier = year_before(held.world)
    sent = services.submit(
        held.world.owed("n1", earlier),
        figures=held.world.figures(all=1000, good=1),
        by=SYSTEM,
        at=AT,
        signatures=SIGNED,
    )
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    assert client.post(address, form).status_code == 302
    assert held.first.text == "{{số 1: 1.224}}, {{so 1/2: tăng 22,4 %}} so với cùng kỳ năm trước"
    base = held.first.figures.get(number=2)
    assert (base.reference["period"], base.reference["geography"]) == ("quarters:2023-Q1", "2024-03-31")


def test_a_table_of_units_outside_is_not_quoted(held: Written) -> None:
    held.world.report("s1", all=7780, good=778, rate=10)
    client, address = browser(held), page("section-figures", held.first.pk)
    for unit in ("south", "coast"):
        body = client.get(address, {"hoi": pivot(unit=unit)}).content.decode()
        assert "7.780" not in body
        assert f"Không có đơn vị mang mã “{unit}” trong phạm vi" in body
    answer = client.post(address, {"hoi": pivot(unit="south"), "chon": f"answer|s1|self|{Q1}|{ALL}", "sau": "1"})
    assert (answer.status_code, BoundFigure.objects.count()) == (422, 0)


def test_of_a_table_of_the_level_above_only_what_the_report_may_quote_is_offered(held: Written) -> None:
    held.world.report("s1", all=7780, good=778, rate=10)
    coast = browser(held, held.world.coast)
    report = narratives.report_of(held.outline, held.world.coast)
    mine = report.sections.first()
    assert mine is not None
    body = coast.get(page("section-figures", mine.pk), {"hoi": pivot(unit="coast")}).content.decode()
    assert "North Harbour" in body and "South Harbour" in body and "9.004" in body
    assert coast.get(page("section-figures", held.first.pk), {"hoi": pivot(unit="coast")}).status_code == 403


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("không phải liên kết", "Chưa chọn chỉ tiêu nào"),
        ("?measure=a", "không phải tên chỉ tiêu"),
        (f"?measure={ALL}&unit=north", "Chưa chọn kỳ nào"),
        (f"?measure={FORM_KEY}/own/total/none&unit=north&period={Q1}", "Không có chỉ tiêu"),
    ],
)
def test_a_link_that_asks_nothing_is_refused_on_the_page(held: Written, address: str, said: str) -> None:
    answer = browser(held).get(page("section-figures", held.first.pk), {"hoi": address})
    assert answer.status_code == 200
    assert said in answer.content.decode()


def test_only_writers_see_the_picker(held: Written) -> None:
    address = page("section-figures", held.first.pk)
    assert browser(held, role=Role.INSPECTOR).get(address, {"hoi": pivot()}).status_code == 403
    assert browser(held, held.world.harbours[1]).get(address, {"hoi": pivot()}).status_code == 404


def test_from_the_pivot_page_to_the_picker(held: Written) -> None:
    asked = pivot().partition("?")[2]
    client = browser(held)
    body = client.get(f"{reverse('indicators:pivot')}?{asked}").content.decode()
    assert "Đưa vào báo cáo bằng lời" in body
    (link,) = re.findall(r'href="([^"]*chen-so[^"]*)"', body)
    shown = client.get(unescape(link)).content.decode()
    assert held.report.title in shown
    goals = re.findall(r'href="([^"]*/phan/[^"]*/so-lieu/[^"]*)"', shown)
    assert len(goals) == 3
    assert "1.224" in client.get(unescape(goals[0])).content.decode()


def test_who_writes_nothing_is_offered_no_way_to_it(held: Written) -> None:
    asked = pivot().partition("?")[2]
    inspector = browser(held, role=Role.INSPECTOR)
    assert "chen-so" not in inspector.get(f"{reverse('indicators:pivot')}?{asked}").content.decode()
    assert "không có phần báo cáo nào để viết" in inspector.get(page("quote") + f"?{asked}").content.decode()
    other = browser(held, held.world.harbours[1]).get(page("quote") + f"?{asked}")
    assert held.report.title not in other.content.decode()
    held.write_all()
    life.finish(held.report, by=held.actor(), at=AT)
    assert held.report.title not in browser(held).get(page("quote") + f"?{asked}").content.decode()
    assert browser(held).get(page("quote") + "?measure=x").status_code == 422
