"""Where the figures of this room disagree, source by source: found, told by both numbers, gone once they agree."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.core.figures import NIL, Figures, Line, LineKey
from giaoban.kit import registries
from giaoban.kit.registries import Disagreement, SourcedFigure
from giaoban.orgs.selectors import unit_history
from giaoban.reporting import services
from giaoban.reporting.disagreeing import SOURCES, beneath, duplicates, falling, frozen, in_lines, in_reports
from giaoban.reporting.models import FormVersion, Obligation, Submission
from giaoban.reporting.rules import issue_key
from giaoban.reporting.selectors import checks_of
from giaoban.reporting.tests.factories import (
    AT,
    SIGNED,
    SYSTEM,
    World,
    figures_for,
    form_data,
    make_form,
    make_rule,
    owe,
    tiny_world,
)

pytestmark = pytest.mark.django_db

COLUMNS: list[dict[str, Any]] = [
    {"id": "all", "label": "All lamps", "unit": "lamp"},
    {"id": "good", "label": "Good lamps", "unit": "lamp", "required": False},
    {"id": "bad", "label": "Bad lamps", "unit": "lamp", "required": False},
    {"id": "north", "label": "Lamps facing north", "unit": "lamp", "required": False},
    {"id": "south", "label": "Lamps facing south", "unit": "lamp", "required": False},
    {"id": "share", "label": "Share of good lamps", "unit": "%", "scale": 1, "roll_up": "none", "required": False},
]


def checked_data(*rules: str, **changes: Any) -> dict[str, Any]:
    columns = changes.pop("columns", COLUMNS)
    rows = changes.pop("rows", [{"id": "total", "label": "Whole light"}])
    tables = [{"id": "own", "rows": rows, "columns": columns}]
    checks = [{"rule": rule} for rule in rules]
    return form_data(**{"code": "checked", "tables": tables, "checks": checks, **changes})


@pytest.fixture
def world() -> World:
    return tiny_world()


def asked_for(world: World, data: dict[str, Any], folder: str = "act-1") -> World:
    """The lights owe another form than that of the world."""
    form = make_form(data, folder)
    owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return replace(world, form=form)


def report(world: World, unit: str, *, at: datetime = AT, accept: bool = True, **cells: Any) -> Submission:
    """A unit sends with words for every warning; its report is accepted."""
    owed, figures = world.owed(unit), world.figures(**cells)
    return passed(owed, figures, at=at, accept=accept)


def passed(owed: Obligation, figures: Figures, *, at: datetime = AT, accept: bool = True) -> Submission:
    words = {issue_key(one): "như sổ" for one in checks_of(owed, figures) if one.severity == "warning"}
    sent = services.submit(
        owed, figures=figures, by=SYSTEM, at=at, signatures=SIGNED, explanations=words, amendment_reason="again"
    )
    return services.accept(sent, by=SYSTEM, at=at, explanations=True) if accept else sent


def numbers(found: list[Disagreement]) -> list[tuple[str, str, Decimal, Decimal]]:
    return [(one.kind, one.key.split("|")[3], one.stated, one.computed) for one in found]


def test_every_source_is_registered() -> None:
    assert set(SOURCES) <= set(registries.disagreements.names())


def test_a_total_that_was_let_through_is_told_with_both_numbers(world: World) -> None:
    held = asked_for(world, checked_data("all = good + bad"))
    report(held, "n1", all=10, good=6, bad=4)
    report(held, "n2", all=10, good=6, bad=NIL)
    sent = Submission.objects.get(obligation__unit__key="n2", obligation__form=held.form)
    (found,) = in_reports()
    assert numbers([found]) == [("parts", "n2", Decimal(10), Decimal(6))]
    assert (found.unit_id, found.period_id, found.measure) == (held.lights["n2"].pk, held.period.pk, "lamp")
    assert (found.stated_name, found.computed_name) == ("All lamps", "Cộng: Good lamps; Bad lamps")
    assert found.what == "All lamps – biểu checked"
    assert found.key.split("|")[:3] == ["checks", "act-1:checked", "quarters:2024-Q1"]
    assert found.link == f"{reverse('reporting:submission', args=[sent.pk])}#o-own-total--all"
    assert sent.receipt in found.source
    assert found.source.endswith("Quy tắc của biểu: all = good + bad. Đơn vị giải trình: như sổ")
    assert not found.simulated


def test_an_amendment_that_agrees_is_named_no_more_and_drafts_never_were(world: World) -> None:
    held = asked_for(world, checked_data("all = good + bad"))
    report(held, "n1", all=10, good=6, bad=3)
    report(held, "n2", accept=False, all=10, good=1, bad=1)
    assert len(list(in_reports())) == 1
    report(held, "n1", at=AT + timedelta(days=1), all=9, good=6, bad=3)
    assert list(in_reports()) == []


def test_two_divisions_of_one_total_are_partitions(world: World) -> None:
    held = asked_for(world, checked_data("all = good + bad", "all = north + south"))
    report(held, "n1", all=10, good=6, bad=4, north=5, south=4)
    assert numbers(list(in_reports())) == [("partitions", "n1", Decimal(10), Decimal(9))]


def test_a_part_larger_than_its_whole_and_a_total_row_are_told_where_the_form_lets_them_through(world: World) -> None:
    columns = [COLUMNS[0], {**COLUMNS[1], "part_of": "all", "part_severity": "warning"}]
    rows = [{"id": "total", "label": "Whole light", "sum_of": ["a", "b"], "sum_severity": "warning"}]
    rows += [{"id": "a", "label": "Left"}, {"id": "b", "label": "Right"}]
    held = asked_for(world, checked_data(columns=columns, rows=rows))
    figures: dict[LineKey, Line] = {}
    for row, cells in (("total", (10, 4)), ("a", (6, 3)), ("b", (3, 4))):
        figures |= figures_for(held.form, "own", row, all=cells[0], good=cells[1])
    passed(held.owed("n1"), figures)
    found = {one.what: one for one in in_reports()}
    assert set(found) == {
        "Whole light · All lamps – biểu checked",
        "Whole light · Good lamps – biểu checked",
        "Right · Good lamps – biểu checked",
    }
    part = found["Right · Good lamps – biểu checked"]
    assert (part.stated, part.computed) == (Decimal(4), Decimal(3))
    assert part.stated_name == "Trong đó: Good lamps"
    total = found["Whole light · All lamps – biểu checked"]
    assert (total.stated, total.computed) == (Decimal(10), Decimal(9))
    assert total.computed_name == "Cộng các phần"


def test_a_published_rate_is_held_against_the_cells_beside_it(world: World) -> None:
    data = checked_data("share = round(100 * good / all, 1)", kind="capture", labels="own")
    held = asked_for(world, {key: value for key, value in data.items() if key != "act"}, "capture")
    report(held, "n1", all=50, good=20, share=Decimal("44.0"))
    (found,) = in_reports()
    assert (found.kind, found.stated, found.computed, found.measure) == ("published", Decimal(44), Decimal(40), "%")
    assert found.what == "Share of good lamps – Lamps of the coast"
    assert found.computed_name == "Tính lại từ: Good lamps; All lamps"


def test_a_report_is_held_against_a_register_that_offers_its_figure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = {"n1": Decimal(7), "n2": Decimal(8)}

    def lamps(*, unit: str, start: Any, end: Any) -> SourcedFigure:
        assert end - start == timedelta(days=91)
        return SourcedFigure(book[unit], "lamp", "sổ đèn")

    monkeypatch.setitem(registries.figure_sources._entries, "lamp-book", lamps)
    held = asked_for(world, checked_data("all = register(lamp-book)"))
    report(held, "n1", all=7)
    report(held, "n2", all=7)
    (found,) = in_reports()
    assert numbers([found]) == [("register", "n2", Decimal(7), Decimal(8))]
    assert found.computed_name == "Theo sổ theo dõi"
    book["n2"] = Decimal(7)
    assert list(in_reports()) == []


def test_reports_cost_the_same_however_many_there_are_and_little_when_nothing_was_decided(world: World) -> None:
    held = asked_for(world, checked_data("all = good + bad"))

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            list(in_reports())
        return len(queries)

    report(held, "n1", all=10, good=6, bad=1)
    unit_history()  # the tree is read once a process
    few = cost()
    again = cost()
    for light in ("n2", "n3", "s1", "s2", "s3"):
        report(held, light, all=10, good=6, bad=1)
    assert cost() == few
    assert again == few - 2


def test_made_up_figures_stay_marked(world: World) -> None:
    held = asked_for(world, checked_data("all = good + bad"))
    report(held, "n1", all=10, good=6, bad=1)
    Obligation.objects.update(simulated=True)
    Submission.objects.update(decided_at=AT + timedelta(days=2))
    (found,) = in_reports()
    assert found.simulated


@pytest.fixture
def levels(world: World) -> World:
    """The harbours owe the form of the lights too."""
    owe(world.form, world.rule, "harbour", "coast")
    services.raise_obligations(world.form.key, world.period, by=SYSTEM, at=AT)
    return world


def test_what_a_unit_states_is_held_against_the_sum_beneath_it_once_all_is_there(levels: World) -> None:
    levels.report("north", all=100, good=60, oil=Decimal("1.5"))
    levels.report("n1", all=30, good=20, oil=1)
    levels.report("n2", all=30, good=20)
    assert list(beneath()) == []
    levels.report("n3", all=30, good=20)
    (found,) = beneath()
    assert numbers([found]) == [("parts", "north", Decimal(100), Decimal(90))]
    assert found.computed_name == "Cộng báo cáo của 3 đơn vị trực thuộc"
    assert found.what == "Lamps / All lamps – biểu lamps"
    levels.report("n3", at=AT + timedelta(days=1), all=40, good=20)
    assert list(beneath()) == []


def test_a_captured_total_read_on_another_day_than_its_groups_says_so(world: World) -> None:
    data = {key: value for key, value in form_data(kind="capture", labels="own").items() if key != "act"}
    form = make_form({**data, "code": "caught"}, "capture")
    for reporter, receiver in (("light", "harbour"), ("harbour", "coast")):
        owe(form, world.rule, reporter, receiver)
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    held = replace(world, form=form)
    for light in ("n1", "n2", "n3"):
        report(held, light, all=30, good=20)
    report(held, "north", at=AT + timedelta(days=4), all=95, good=60)
    (found,) = beneath()
    assert (found.kind, found.stated, found.computed) == ("moments", Decimal(95), Decimal(90))
    assert found.recognised_as == "tổng ghi ngày 07/04/2024, các phần ghi từ 03/04/2024 đến 03/04/2024"


def upper(world: World) -> FormVersion:
    rows = [
        {"id": "total", "label": "Total", "sum_of": "unit"},
        {"id": "unit", "label": "Light", "parent": "total", "dynamic": {"one_per": "light"}},
    ]
    columns = [{"id": "good", "label": "Good", "unit": "lamp"}]
    columns += [{"id": "ml", "label": "Oil", "unit": "ml", "scale": 0, "required": False}]  # type: ignore[dict-item]
    source = {"form": "lamps", "table": "own", "row": "total"}
    given = {**source, "map": {"good": "good", "ml": {"column": "oil", "factor": 1000}}}
    table = {"id": "lights", "rows": rows, "columns": columns, "lines_from": given}
    form = make_form(form_data(code="harbours", tables=[table], signatures=[]))
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    return form


def test_a_line_of_the_level_above_is_held_against_the_report_it_comes_from(world: World) -> None:
    form = upper(world)
    world.report("n1", all=10, good=4, oil=Decimal("1.5"))
    world.report("n2", all=10, good=5, oil=Decimal("0.2"))
    owed = Obligation.objects.select_related("unit", "form", "period__rule", "receiver")
    figures = {
        **figures_for(form, "lights", "total", good=9, ml=1600),
        **figures_for(form, "lights", "unit", "n1", good=4, ml=1400),
        **figures_for(form, "lights", "unit", "n2", good=5, ml=200),
    }
    sent = services.submit(owed.get(unit__key="north", form=form), figures=figures, by=SYSTEM, at=AT)
    services.accept(sent, by=SYSTEM, at=AT, explanations=True)
    (found,) = in_lines()
    assert numbers([found]) == [("parts", "north", Decimal(1400), Decimal(1500))]
    assert (found.measure, found.stated_name) == ("ml", "Cấp trên ghi ở dòng của đơn vị")
    assert found.key.endswith("lights/unit/n1/ml")


def test_a_confirmed_total_is_held_against_what_stands_now(world: World) -> None:
    for light in ("n1", "n2", "n3"):
        world.report(light, all=10, good=5)
    services.confirm_table(world.form.key, world.period, world.harbours[0].pk, by=SYSTEM, at=AT)
    assert list(frozen()) == []
    world.report("n1", at=AT + timedelta(days=1), all=14, good=5)
    (found,) = frozen()
    assert numbers([found]) == [("parts", "north", Decimal(30), Decimal(34))]
    assert found.stated_name == "Đã xác nhận ngày 03/04/2024"
    services.confirm_table(world.form.key, world.period, world.harbours[0].pk, by=SYSTEM, at=AT + timedelta(days=2))
    assert list(frozen()) == []


def test_cumulative_figures_that_fall_within_a_year_are_told(world: World) -> None:
    rule = make_rule(key="running", name="Running", cumulative=True)
    form = make_form(form_data(code="running"))
    owe(form, rule, "light", "harbour")
    periods = {}
    for code in ("2023-Q4", "2024-Q1", "2024-Q2"):
        periods[code] = services.open_period("running", year=int(code[:4]), code=code, by=SYSTEM, at=AT)
        services.raise_obligations(form.key, periods[code], by=SYSTEM, at=AT)
    held = replace(world, form=form)
    for code, all_, good in (("2023-Q4", 90, 80), ("2024-Q1", 30, 20), ("2024-Q2", 25, 22)):
        replace(held, period=periods[code]).report("n1", all=all_, good=good, age=Decimal(9))
    (found,) = falling()
    assert numbers([found]) == [("falling", "n1", Decimal(25), Decimal(30))]
    assert found.period_id == periods["2024-Q2"].pk
    assert found.what == "Lamps / All lamps – biểu running"


def test_falls_are_looked_for_year_by_year_and_again_only_after_a_decision(world: World) -> None:
    rule = make_rule(key="running", name="Running", cumulative=True)
    form = make_form(form_data(code="running"))
    owe(form, rule, "light", "harbour")
    held = replace(world, form=form)
    for code, lamps in (("2023-Q1", 90), ("2023-Q2", 80), ("2024-Q1", 91), ("2024-Q2", 81)):
        period = services.open_period("running", year=int(code[:4]), code=code, by=SYSTEM, at=AT)
        services.raise_obligations(form.key, period, by=SYSTEM, at=AT)
        held = replace(held, period=period)
        held.report("n1", all=lamps, good=0)

    def looked() -> tuple[list[tuple[str, str, Decimal, Decimal]], int]:
        with CaptureQueriesContext(connection) as queries:
            found = numbers(list(falling()))
        return found, sum("reporting_submissionline" in query["sql"] for query in queries)

    told = [("falling", "n1", Decimal(80), Decimal(90)), ("falling", "n1", Decimal(81), Decimal(91))]
    assert looked() == (told, 2)
    assert looked() == (told, 0)
    held.report("n1", at=AT + timedelta(days=1), all=95, good=0)
    assert looked() == (told[:1], 1)


def test_a_publication_stated_twice_with_other_numbers_is_told_and_an_amendment_is_not(world: World) -> None:
    world.report("n1", all=10, good=5)
    world.report("n1", at=AT + timedelta(days=1), all=12, good=5)
    assert list(duplicates()) == []
    Submission.objects.update(channel="publication")
    (found,) = duplicates()
    assert numbers([found]) == [("duplicate", "n1", Decimal(10), Decimal(12))]
    assert found.stated_name.startswith("Công bố trước, biên nhận ")


def test_no_two_disagreements_have_one_key_and_keys_fit(levels: World) -> None:
    for light in ("n1", "n2", "n3"):
        levels.report(light, all=10, good=5)
    levels.report("north", all=31, good=16)
    found = [one for source in SOURCES.values() for one in source()]
    assert len({one.key for one in found}) == len(found) == 2
    assert all(len(one.key) <= 300 for one in found)
