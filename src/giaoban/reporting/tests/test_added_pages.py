"""Cộng các kỳ, Phần phát sinh: pages and files over several periods of one rule."""

import re
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.reporting import services
from giaoban.reporting.models import FormVersion, Obligation, Period, PeriodRule
from giaoban.reporting.selectors import has_increments, period_card
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import World, tiny_world
from giaoban.reporting.tests.test_adding import make, send
from giaoban.reporting.tests.test_pages import browser, text_of

pytestmark = pytest.mark.django_db

Quarters = tuple[World, FormVersion, list[Period]]


def address(route: str, form: FormVersion, period: Period, **query: str) -> str:
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return f"{reverse(f'reporting:{route}', args=[form.key, period.code])}?{words}"


@pytest.fixture
def quarters() -> Quarters:
    """Cases of two quarters: what was left over, what came, what is left."""
    world = tiny_world()
    form, (first, second) = make(world, world.rule, "2024-Q1", "2024-Q2")
    send(form, first, "n1", all=15, old=10, new=5, left=9)
    send(form, second, "n1", all=12, old=9, new=3, left=2)
    send(form, second, "s1", all=4, old=1, new=3, left=1)
    return world, form, [first, second]


@pytest.fixture
def months() -> Quarters:
    """Cases counted since October, as in civil enforcement; at the south the count falls."""
    world = tiny_world()
    rule = factories.make_rule(key="since", kind="cumulative_months", starts="10-01-1", tag="X")
    form, periods = make(world, rule, "2024-X-03", "2024-X-05")
    for light, before, after in (("n1", 30, 50), ("s1", 40, 35)):
        send(form, periods[0], light, old=10, new=before, left=5)
        send(form, periods[1], light, old=10, new=after, left=4)
    return world, form, periods


def test_periods_stand_as_one_from_the_beginning_of_the_year(quarters: Quarters) -> None:
    world, form, (first, second) = quarters
    client = browser(world, world.coast)
    table = client.get(address("table", form, second, unit="coast")).content.decode()
    assert address("added", form, second, unit="coast") in table
    assert "Phần phát sinh" not in table
    page = client.get(address("added", form, second, unit="coast"))
    words = text_of(page)
    assert "2 kỳ, 01/01/2024–30/06/2024 : Quý I năm 2024, Quý II năm 2024" in words
    assert "Đã tiếp nhận 3/12 báo cáo" in words
    assert "“All” có cả số tồn" in words
    rows = page.context["sections"][0].rows
    (total,) = (row for row in rows if row.is_total)
    assert re.findall(r">([0-9]+)<", total.cells) == ["10", "11", "3"]
    alone = client.get(address("added", form, second, unit="coast", tu=second.code))
    assert f"1 kỳ, {period_card(second).window}" in text_of(alone)
    assert first.label in text_of(alone), "it is offered to begin with"


def test_the_file_of_periods_together_is_that_of_a_table(quarters: Quarters) -> None:
    world, form, (_, second) = quarters
    answer = browser(world, world.coast).get(address("added-csv", form, second, unit="coast"))
    assert answer["Content-Disposition"] == 'attachment; filename="cases-coast-2024-q1-2024-q2-cong-ky.csv"'
    lines = [row.split(",") for row in answer.content.decode().splitlines()]
    found = {row[7]: row[8] for row in lines if row[0] == "TOTAL"}
    assert {name: found[name] for name in ("old", "new", "left")} == {"old": "10", "new": "11", "left": "3"}
    assert {row[2] for row in lines[1:]} == {"2024-Q1..2024-Q2"}


def test_what_cannot_be_added_says_why_and_keeps_the_choice(quarters: Quarters) -> None:
    world, form, (first, _) = quarters
    _, (fourth,) = make(world, world.rule, "2024-Q4")
    client = browser(world, world.coast)
    page = client.get(address("added", form, fourth, unit="coast"))
    assert page.status_code == 422
    assert "thiếu số từ ngày 01/07/2024" in text_of(page)
    assert f'value="{first.code}" selected' in page.content.decode()
    file = client.get(address("added-csv", form, fourth, unit="coast"))
    assert (file.status_code, file["Content-Type"]) == (422, "text/plain; charset=utf-8")
    assert "thiếu số từ ngày 01/07/2024" in file.content.decode()
    assert client.get(address("added", form, fourth, unit="coast", tu="2031-Q1")).status_code == 404


def test_a_period_that_its_rule_no_longer_has_is_refused(quarters: Quarters) -> None:
    world, form, (_, second) = quarters
    PeriodRule.objects.filter(pk=second.rule_id).update(
        definition={"key": "quarters", "name": "Quarters", "kind": "quarter", "starts": "01-01", "only": [2]}
    )
    client = browser(world, world.coast)
    page = client.get(address("added", form, second, unit="coast", tu="2024-Q1"))
    assert page.status_code == 422
    assert "Quý I năm 2024 không còn trong quy tắc kỳ" in text_of(page)
    assert client.get(address("added", form, second, unit="coast")).status_code == 200


def test_what_came_in_each_stretch_of_the_year(months: Quarters) -> None:
    world, form, (march, may) = months
    client = browser(world, world.coast)
    table = client.get(address("table", form, may, unit="coast")).content.decode()
    assert address("increments", form, may, unit="coast") in table
    page = client.get(address("increments", form, may, unit="coast"))
    made = page.context["made"]
    assert made.periods == (march.label, may.label)
    came = {row.label.split(" (")[0]: [part.value for part in row.parts] for row in made.rows}
    assert came["New"] == [70, 15]
    assert "Left" not in came
    assert "thiếu số tháng thứ 1, 2" in text_of(page)
    assert not made.falls
    south = client.get(address("increments", form, may, unit="coast", dong="south"))
    assert [part.is_fall for row in south.context["made"].rows for part in row.parts if part.value] == [False, True]
    assert "nhỏ hơn số lũy kế 3 tháng (40)" in text_of(south)
    assert "South Harbour" in text_of(south)


def test_the_file_of_increments_holds_every_line(months: Quarters) -> None:
    world, form, (_, may) = months
    answer = browser(world, world.coast).get(address("increments-csv", form, may, unit="coast"))
    rows = [row.split(",") for row in answer.content.decode().splitlines()]
    assert rows[0][:9] == ["unit", "form", "table", "line", "subunit", "column", "since", "until", "value"]
    new = {(row[0], row[6], row[7]): row[8] for row in rows if row[5] == "new"}
    assert new == {
        ("north", "0", "3"): "30", ("north", "3", "5"): "20",
        ("south", "0", "3"): "40", ("south", "3", "5"): "-5",
        ("TOTAL", "0", "3"): "70", ("TOTAL", "3", "5"): "15",
    }  # fmt: skip
    assert {row[9] for row in rows if row[5] == "new"} == {"1 2", "4"}


def test_nothing_counts_since_the_year_began(quarters: Quarters) -> None:
    world, form, (_, second) = quarters
    assert not has_increments(form, second)
    page = browser(world, world.coast).get(address("increments", form, second, unit="coast"))
    assert page.status_code == 200
    assert f"{second.label} không có cột nào lũy kế từ đầu năm" in text_of(page)


def test_periods_by_day_have_no_increments(quarters: Quarters) -> None:
    """Nothing says which of them follows which: refused with the reason, and not offered."""
    world, _, _ = quarters
    rule = {"key": "state", "name": "State on a day", "kind": "as_of"}
    PeriodRule.objects.create(regime=world.rule.regime, key="state", name="State on a day", definition=rule)
    columns = [{"id": "new", "label": "New", "unit": "case", "nature": "cumulative"}]
    tables = [{"id": "own", "rows": [{"id": "total"}], "columns": columns}]
    form = factories.make_form(factories.form_data(code="by-day", signatures=[], tables=tables))
    period = services.open_period("state", on=date(2024, 3, 31), by=factories.SYSTEM, at=factories.AT)
    Obligation.objects.create(unit=world.lights["n1"], receiver=world.harbours[0], form=form, period=period)
    assert not has_increments(form, period)
    page = browser(world, world.coast).get(address("increments", form, period, unit="coast"))
    assert page.status_code == 422
    assert "không đánh số trong năm" in text_of(page)


@pytest.mark.parametrize("route", ["added", "added-csv", "increments", "increments-csv"])
def test_own_parent_and_sibling_unit(months: Quarters, route: str) -> None:
    world, form, (_, may) = months
    wanted = address(route, form, may, unit="north")
    seen = {
        unit.key: browser(world, unit).get(wanted).status_code
        for unit in (world.harbours[0], world.coast, world.harbours[1])
    }
    assert seen == {"north": 200, "coast": 200, "south": 404}


def test_simulated_figures_are_called_so(months: Quarters) -> None:
    world, form, (_, may) = months
    Obligation.objects.update(simulated=True)
    client = browser(world, world.coast)
    for route in ("added", "increments"):
        assert "không phải số liệu thật" in text_of(client.get(address(route, form, may, unit="coast")))
        file = client.get(address(f"{route}-csv", form, may, unit="coast"))
        assert "mo-phong.csv" in file["Content-Disposition"]


def test_another_tree_is_kept_in_every_address(quarters: Quarters) -> None:
    world, form, (_, second) = quarters
    page: Any = browser(world, world.coast).get(
        address("added", form, second, unit="coast", geography="2024-06-30", tu="2024-Q1")
    )
    assert page.status_code == 200
    assert page.context["table_url"].endswith("?unit=coast&geography=2024-06-30")


def test_the_number_of_queries_does_not_grow_with_periods(quarters: Quarters) -> None:
    world, form, (first, second) = quarters
    client = browser(world, world.coast)
    counts = []
    for period in (first, second, first, second):
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address("added", form, period, unit="coast")).status_code == 200
        counts.append(len(seen))
    assert counts[2] == counts[3]
