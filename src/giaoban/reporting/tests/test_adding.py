"""Several periods as one, instalments that replace each other, and cumulative figures unfolded."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.core.consolidation import CellTotal
from giaoban.core.figures import reported
from giaoban.core.series import Fall, Increment, SeriesRefused
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Obligation, Period, PeriodRule
from giaoban.reporting.selectors.adding import AddedUp, added_up, increments_by_line
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_rules_of_columns import NOW, divide

pytestmark = pytest.mark.django_db

COLUMNS: list[dict[str, Any]] = [
    {"id": "all", "label": "All", "unit": "case", "required": False},
    {"id": "old", "label": "Carried over", "unit": "case", "nature": "opening", "required": False},
    {"id": "new", "label": "New", "unit": "case"},
    {"id": "left", "label": "Left", "unit": "case", "nature": "closing", "required": False},
    {"id": "wish", "label": "Wishes", "kind": "text", "roll_up": "texts"},
]


def make(world: World, rule: PeriodRule, *codes: str, year: int = 2024) -> tuple[FormVersion, list[Period]]:
    form = FormVersion.objects.filter(key="act-1:cases").first()
    if form is None:
        table = {"id": "own", "rows": [{"id": "total"}], "columns": COLUMNS}
        checks = [{"rule": "all = old + new", "severity": "note"}]
        form = factories.make_form(factories.form_data(code="cases", signatures=[], tables=[table], checks=checks))
        factories.owe(form, rule, "light", "harbour")
    periods = []
    for code in codes:
        name, _, instalment = code.partition("/")
        services.open_period(rule.key, year=year, code=name, by=SYSTEM, at=AT, instalment=instalment)
        period = Period.objects.select_related("rule").get(rule=rule, code=name, instalment=instalment)
        services.raise_obligations(form.key, period, by=SYSTEM, at=AT)
        periods.append(period)
    return form, periods


def send(form: FormVersion, period: Period, light: str, **cells: Any) -> None:
    rows = Obligation.objects.select_related("form", "period__rule", "unit")
    owed = rows.get(form=form, unit__key=light, period=period)
    figures = factories.figures_for(form, "own", "total", **cells)
    sent = services.submit(owed, figures=figures, by=SYSTEM, at=AT, amendment_reason="counted again")
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)


def shown(found: AddedUp, line: str = "") -> dict[str, Decimal | None]:
    return {key[3]: cell.value for key, cell in found.table.line(line).cells.items()}


def test_two_quarters_as_one_half() -> None:
    world = tiny_world()
    form, (first, second) = make(world, world.rule, "2024-Q1", "2024-Q2")
    send(form, first, "n1", all=15, old=10, new=5, left=9, wish="oil")
    send(form, second, "n1", all=12, old=9, new=3, left=2, wish="a boat")
    send(form, second, "s1", all=4, old=1, new=3, left=1)
    found = added_up(form, [second, first], world.coast.pk)
    assert shown(found) == {"all": None, "old": 10, "new": 11, "left": 3}
    assert shown(found, "south") == {"all": None, "old": None, "new": 3, "left": 1}
    assert found.by_rule == {("own", "all"): "all = old + new"}
    assert (found.table.period.code, found.table.period.window) == ("2024-Q1..2024-Q2", "01/01/2024–30/06/2024")
    assert found.table.period.label == "Quý I năm 2024 – Quý II năm 2024"
    coverage = found.table.coverage
    assert coverage is not None
    assert (coverage.words(), coverage.missing_names[0]) == ("3/12", "Light N2 (Quý I năm 2024)")
    texts = found.table.total.texts["own", "total", "", "wish"]
    assert [(one.text, one.period) for one in texts] == [("a boat", "Quý II năm 2024"), ("oil", "Quý I năm 2024")]
    assert found.table.total.cells["own", "total", "", "new"].reported == 3


def test_one_period_alone_is_its_own_table() -> None:
    world = tiny_world()
    form, (first,) = make(world, world.rule, "2024-Q1")
    send(form, first, "n1", all=15, old=10, new=5, left=9)
    found, live = added_up(form, [first], world.coast.pk), selectors.consolidate(form, first, world.coast.pk)
    assert (found.table.lines, found.table.total.cells) == (live.lines, live.total.cells)
    assert (found.table.period, found.by_rule, found.notes) == (live.period, {}, ())


def test_a_gap_and_an_overlap_are_refused() -> None:
    world = tiny_world()
    form, (first, third) = make(world, world.rule, "2024-Q1", "2024-Q3")
    with pytest.raises(SeriesRefused, match="thiếu số từ ngày 01/04/2024") as refused:
        added_up(form, [first, third], world.coast.pk)
    assert refused.value.reason == "gap"
    with pytest.raises(SeriesRefused) as nothing:
        added_up(form, [], world.coast.pk)
    assert nothing.value.reason == "nothing"


@pytest.fixture
def instalments() -> tuple[World, FormVersion, list[Period]]:
    """A half year sent twice: with its last month estimated, then officially."""
    world = tiny_world()
    rule = factories.make_rule(
        key="halves",
        kind="half",
        instalments=[
            {"key": "first", "name": "Sơ bộ", "estimated_months": 1},
            {"key": "official", "name": "Chính thức"},
        ],
    )
    return world, *make(world, rule, "2024-6T/first", "2024-6T/official", "2024-6TC/first")


def test_an_official_figure_replaces_the_estimate_and_is_never_added(
    instalments: tuple[World, FormVersion, list[Period]],
) -> None:
    world, form, (first, official, later) = instalments
    send(form, first, "n1", new=reported(50, 10))
    send(form, first, "n2", new=reported(7, 3))
    send(form, official, "n1", new=58)
    send(form, later, "n1", new=reported(40, 20))
    year = added_up(form, [first, official, later], world.coast.pk)
    cell = year.table.total.cells["own", "total", "", "new"]
    assert cell == CellTotal(Decimal(105), Decimal(23), reported=3, missing=9)
    assert year.table.coverage is not None
    names = year.table.coverage.missing_names
    assert (year.table.coverage.words(), len(names), len(set(names))) == ("3/12", 9, 9)
    assert "lấy số đó thay cho số ước" in year.notes[0]
    half = added_up(form, [official, first], world.coast.pk).table.total.cells["own", "total", "", "new"]
    assert half == CellTotal(Decimal(65), Decimal(3), reported=2, missing=4)
    alone = added_up(form, [first], world.coast.pk).table.total.cells["own", "total", "", "new"]
    assert [alone.value, alone.estimate] == [57, 13]


def test_an_official_figure_replaces_the_estimate_of_a_divided_unit_too(
    instalments: tuple[World, FormVersion, list[Period]],
) -> None:
    """n1 passes to the north with a quarter and to the south: its parts are read one by one, and count once."""
    world, form, (first, official, _) = instalments
    send(form, first, "n1", new=reported(50, 10), left=4)
    send(form, first, "s1", new=reported(7, 3), left=1)
    send(form, official, "n1", new=60, left=8)
    divide(world, "n1", "0.25")
    found = added_up(form, [first, official], world.coast.pk, geography=NOW)
    assert [shown(found, side)["new"] for side in ("north", "south", "")] == [15, 52, 67]
    assert [shown(found, side)["left"] for side in ("north", "south", "")] == [2, 7, 9]
    assert found.table.total.cells["own", "total", "", "new"].estimate == 3
    outcomes = [found.table.line(side).restatement.outcome for side in ("north", "south", "")]
    assert outcomes == ["by_method", "by_method", "exact"]


@pytest.fixture
def months() -> tuple[World, FormVersion, list[Period]]:
    """Months counted since October, as in civil enforcement."""
    world = tiny_world()
    rule = factories.make_rule(key="since", kind="cumulative_months", starts="10-01-1", tag="X")
    return world, *make(world, rule, "2024-X-03", "2024-X-05", "2024-X-12")


def test_cumulative_periods_are_not_added(months: tuple[World, FormVersion, list[Period]]) -> None:
    world, form, (march, may, september) = months
    send(form, march, "n1", old=10, new=30, left=5)
    send(form, may, "n1", old=10, new=50, left=4)
    send(form, september, "n1", old=10, new=90, left=3)
    found = added_up(form, [march, may, september], world.coast.pk)
    assert shown(found) == {"all": None, "old": 10, "new": 90, "left": 3}
    assert found.table.coverage is not None
    names = found.table.coverage.missing_names
    assert (found.table.coverage.words(), len(names)) == ("1/6", 5)
    assert all(name.endswith(f"({september.label})") for name in names)
    assert "không cộng các kỳ" in found.notes[0]
    total = increments_by_line(form, [march, may], world.coast.pk)[-1].cells["own", "total", "", "new"]
    assert total.increments == (Increment(0, 3, Decimal(30), (1, 2)), Increment(3, 5, Decimal(20), (4,)))


def test_a_counter_that_falls_is_told_at_its_line(months: tuple[World, FormVersion, list[Period]]) -> None:
    world, form, (march, may, _) = months
    for light, before, after in (("n1", 30, 50), ("s1", 40, 35)):
        send(form, march, light, new=before)
        send(form, may, light, new=after)
    by_line = {
        one.line.key: one.cells["own", "total", "", "new"]
        for one in increments_by_line(form, [march, may], world.coast.pk)
    }
    assert not by_line["north"].falls
    (fall,) = by_line["south"].falls
    assert fall == Fall(3, 5, Decimal(40), Decimal(35))
    assert not by_line[""].falls
    assert ("own", "total", "", "left") not in increments_by_line(form, [march], world.coast.pk)[0].cells


def test_the_number_of_queries_does_not_grow_with_units_or_periods() -> None:
    world = tiny_world()
    form, periods = make(world, world.rule, "2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4")
    counts = []
    for number, light in enumerate(("n1", "n2", "s1"), start=2):
        for period in periods:
            send(form, period, light, new=1)
        added_up(form, periods[:number], world.coast.pk)
        with CaptureQueriesContext(connection) as seen:
            found = added_up(form, periods[:number], world.coast.pk)
        counts.append(len(seen))
        assert found.table.total.cells["own", "total", "", "new"].value == number * (number - 1)
    assert counts[0] == counts[1] == counts[2] <= 9
