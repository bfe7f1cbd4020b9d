"""Rules that ask outside a report, the units around, many reports at once, and the page that lists what was found."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from giaoban.accounts.models import User
from giaoban.core.issues import Issue
from giaoban.kit import registries
from giaoban.kit.actors import Actor
from giaoban.kit.registries import SourcedFigure
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import services
from giaoban.reporting.models import FormVersion, Period
from giaoban.reporting.selectors import check_all, check_many, checks_of, figures_of, previous_figures
from giaoban.reporting.selectors.checking import forget_norms
from giaoban.reporting.tests.factories import (
    AT,
    RULE_KEY,
    SIGNED,
    SYSTEM,
    World,
    figures_for,
    form_data,
    make_form,
    owe,
    tiny_world,
    year_before,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh() -> None:
    forget_norms()


@pytest.fixture
def world() -> World:
    return tiny_world()


def many_lights(more: int = 6) -> World:
    """North has three lights and some more."""
    found = tiny_world(raised=False)
    for number in range(4, 4 + more):
        key = f"n{number}"
        found.lights[key] = orgs.unit(key, "light", name=f"Light {key.upper()}", under=found.harbours[0])
    orgs.grow()
    services.raise_obligations(found.form.key, found.period, by=SYSTEM, at=AT)
    return found


def ruled(*rules: str, code: str = "ruled", reporter: str = "light", receiver: str = "harbour") -> FormVersion:
    """A form like the lamps' with rules of its own, owed in the first quarter of 2024."""
    checks: list[dict[str, Any]] = [{"rule": rule, "severity": "error", "status": "printed"} for rule in rules]
    form = make_form(form_data(code=code, checks=checks))
    period = Period.objects.select_related("rule").get(code="2024-Q1")
    owe(form, period.rule, reporter, receiver)
    services.raise_obligations(form.key, period, by=SYSTEM, at=AT)
    return form


def said(world: World, form: FormVersion, unit: str, **cells: Any) -> list[Issue]:
    """What the checks say of a unit's report in the form."""
    rows = form.obligations.select_related("unit", "form", "period__rule", "receiver")
    owed = rows.get(unit__key=unit, period=world.period)
    found = checks_of(owed, figures_for(form, "own", "total", **cells))
    together = check_many([(owed, figures_for(form, "own", "total", **cells))])
    assert together == [found]
    return [one for one in found if one.code in ("formula-fails", "below-incomplete")]


def test_a_rule_may_ask_another_form_of_the_same_period(world: World) -> None:
    form = ruled("all = form(lamps.good)")
    assert said(world, form, "n1", all=5, good=1) == [], "nothing accepted, nothing known"
    world.report("n1", all=9, good=6)
    (issue,) = said(world, form, "n1", all=5, good=1)
    assert (issue.params["left"], issue.params["right"]) == (5, 6)
    assert issue.params["formula"] == "all = biểu khác (lamps.good)"
    assert said(world, form, "n1", all=6, good=1) == []
    assert said(world, form, "n2", all=5, good=1) == [], "figures of another unit"


def test_a_rule_may_ask_what_stood_when_the_period_began(world: World) -> None:
    form = ruled("all = before(good)")
    before = services.open_period(RULE_KEY, year=2023, code="2023-Q4", by=SYSTEM, at=AT)
    services.raise_obligations(form.key, before, by=SYSTEM, at=AT)
    owed = form.obligations.select_related("unit", "form", "period__rule", "receiver").get(
        unit__key="n1", period=before
    )
    sent = services.submit(
        owed, figures=figures_for(form, "own", "total", all=9, good=7), by=SYSTEM, at=AT, signatures=SIGNED
    )
    assert said(world, form, "n1", all=5, good=5) == [], "not accepted yet"
    services.accept(sent, by=SYSTEM, at=AT)
    (issue,) = said(world, form, "n1", all=5, good=5)
    assert (issue.params["left"], issue.params["right"]) == (5, 7)
    assert said(world, form, "n1", all=7, good=5) == []


def test_a_rule_may_ask_the_same_period_of_the_year_before(world: World) -> None:
    form = ruled("all >= year_before(all)")
    earlier = services.open_period(RULE_KEY, year=2023, code="2023-Q1", by=SYSTEM, at=AT)
    services.raise_obligations(form.key, earlier, by=SYSTEM, at=AT)
    rows = form.obligations.select_related("unit", "form", "period__rule", "receiver")
    owed, now = rows.get(unit__key="n1", period=earlier), rows.get(unit__key="n1", period=world.period)
    figures = figures_for(form, "own", "total", all=9, good=7)
    services.accept(services.submit(owed, figures=figures, by=SYSTEM, at=AT, signatures=SIGNED), by=SYSTEM, at=AT)
    previous = previous_figures(form, world.period, [now.unit_id])[now.unit_id]
    less = figures_for(form, "own", "total", all=8, good=7)
    assert "formula-fails" in {one.code for one in checks_of(now, less, previous=previous)}
    assert "formula-fails" not in {one.code for one in checks_of(now, figures, previous=previous)}
    assert check_many([(now, less)]) == [checks_of(now, less, previous=previous)]


def test_the_level_below_is_compared_once_all_of_it_is_received(world: World) -> None:
    form = ruled("all = below(lamps.all)", reporter="harbour", receiver="coast")
    world.report("n1", all=2, good=1)
    world.report("n2", all=3, good=1)
    (note,) = said(world, form, "north", all=99, good=1)
    assert (note.code, note.severity) == ("below-incomplete", "note")
    assert (note.params["missing"], note.params["expected"]) == (1, 3)
    world.report("n3", all=4, good=1)
    (issue,) = said(world, form, "north", all=99, good=1)
    assert (issue.params["left"], issue.params["right"]) == (99, 9)
    assert said(world, form, "north", all=9, good=1) == []


def test_a_register_may_be_asked(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, date, date]] = []

    def book(*, unit: str, start: date, end: date) -> SourcedFigure:
        asked.append((unit, start, end))
        return SourcedFigure(Decimal(4), "lamp", "the lamp book")

    monkeypatch.setitem(registries.figure_sources._entries, "lamp-book", book)
    form = ruled("all = register(lamp-book)", "good = register(nobody)")
    (issue,) = said(world, form, "n1", all=5, good=1)
    assert issue.params["right"] == 4
    assert asked[0] == ("n1", date(2024, 1, 1), date(2024, 4, 1))


def test_a_figure_far_from_those_around_needs_words() -> None:
    world = many_lights()
    for number in range(1, 9):
        world.report(f"n{number}", all=100 + number, good=50)
    forget_norms()
    found = checks_of(world.owed("n9"), world.figures(all=900, good=50))
    (far,) = [one for one in found if one.code == "far-from-peers"]
    assert (far.at.column, far.params["count"], far.params["median"]) == ("all", 8, Decimal("104.5"))
    with pytest.raises(services.SubmissionRefused):
        world.send("n9", all=900, good=50)
    assert not [
        one for one in checks_of(world.owed("s1"), world.figures(all=900, good=50)) if one.code == "far-from-peers"
    ], "another receiver, nobody around"
    assert check_many([(world.owed("n9"), world.figures(all=900, good=50))]) == [found]


def test_a_form_that_asks_nothing_outside_costs_a_query_a_minute(world: World) -> None:
    owed, figures = world.owed("n1"), world.figures(all=5, good=5)
    with CaptureQueriesContext(
        connection,
    ) as first:
        checks_of(owed, figures)
    with CaptureQueriesContext(connection) as again:
        checks_of(owed, figures)
    assert (len(first), len(again)) == (1, 0)


def test_all_reports_are_told_what_each_is_told(world: World) -> None:
    earlier = year_before(world)
    for light in world.lights:
        services.accept(
            services.submit(
                world.owed(light, earlier), figures=world.figures(all=10, good=5), by=SYSTEM, at=AT, signatures=SIGNED
            ),
            by=SYSTEM,
            at=AT,
        )
    world.report("n1", all=10, good=5)
    services.submit(
        world.owed("n2"),
        figures=world.figures(all=30, good=5),
        by=SYSTEM,
        at=AT,
        signatures=SIGNED,
        explanations={"large-change:own/total//all": "a new lamp"},
    )
    with CaptureQueriesContext(connection) as few:
        checked = check_all(world.form, world.period, world.harbours[0].pk)
    assert ([one.unit.key for one in checked.reports], checked.missing) == (["n1", "n2"], 1)
    one, two = checked.reports
    assert (one.issues, one.is_accepted, two.is_accepted) == ((), True, False)
    assert [issue.code for issue in two.issues] == ["large-change"]
    assert two.explanations == {"large-change:own/total//all": "a new lamp"}
    for report in (one, two):
        owed = world.owed(report.unit.key)
        previous = previous_figures(world.form, world.period, [owed.unit_id])[owed.unit_id]
        sent = owed.submissions.get(pk=report.submission_id)
        assert list(report.issues) == checks_of(owed, figures_of(sent), previous=previous)
    for light in ("n3", "s1", "s2", "s3"):
        world.report(light, all=10, good=5)
    with CaptureQueriesContext(connection) as more:
        assert len(check_all(world.form, world.period, world.coast.pk).reports) == 6
    assert len(more) == len(few)


def page(actor: Actor, world: World, unit: str, more: str = "", route: str = "reporting:checking") -> Any:
    browser = Client()
    pk = actor.user_id
    assert pk is not None
    browser.force_login(User.objects.get(pk=pk), backend="django.contrib.auth.backends.ModelBackend")
    address = reverse(route, args=[world.form.key, world.period.code])
    return browser.get(f"{address}?don-vi={unit}{more}")


def test_the_page_lists_by_unit_and_filters(world: World) -> None:
    actor = world.actor(world.harbours[0])
    empty = page(actor, world, "north")
    assert "chưa có báo cáo nào" in empty.content.decode()
    world.report("n1", all=10, good=5)
    assert "không có chỗ nào cần xem" in page(actor, world, "north").content.decode()
    earlier = year_before(world)
    for light in ("n1", "n2"):
        services.accept(
            services.submit(
                world.owed(light, earlier), figures=world.figures(all=2, good=1), by=SYSTEM, at=AT, signatures=SIGNED
            ),
            by=SYSTEM,
            at=AT,
        )
    text = page(actor, world, "north").content.decode()
    assert "1 trong 1 báo cáo có chỗ cần xem" in text
    assert "Light N1" in text
    assert "thay đổi 400,00 %" in text
    assert "Chưa có giải trình" in text
    assert "#o-own-total--all" in text
    assert "Không có đơn vị nào khớp" in page(actor, world, "north", "&muc=loi").content.decode()
    assert "Light N1" in page(actor, world, "north", "&muc=canh-bao&q=n1").content.decode()
    rows = page(actor, world, "north", route="reporting:checking-csv").content.decode()
    assert rows.count("Cảnh báo") == 2


def test_the_page_is_for_those_above(world: World) -> None:
    assert page(world.actor(world.coast), world, "north").status_code == 200
    assert page(world.actor(world.lights["n1"]), world, "n1").status_code == 200
    assert page(world.actor(world.lights["n1"]), world, "north").status_code == 404
    assert page(world.actor(world.harbours[1]), world, "north").status_code == 404
