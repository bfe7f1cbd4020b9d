"""A figure that two bodies hold, as the form of one of them declares it: compared once both sides are there."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.core.figures import BLANK
from giaoban.kit.registries import Disagreement
from giaoban.orgs.models import Area, UnitVersion
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import services
from giaoban.reporting.disagreeing import both_sides
from giaoban.reporting.models import FormVersion, Obligation, Period, PeriodRule
from giaoban.reporting.tests.factories import AT, SYSTEM, World, form_data, make_form, make_rule, owe, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def pilots(world: World, by: str, reporter: str, rule: PeriodRule | None = None, **pair: Any) -> World:
    """Pilots count the money that lamps cost too, in thousands; their form names the cell of the lights' form."""
    columns = [{"id": "seen", "label": "Lamps seen", "unit": "lamp"}]
    held = {"cell": "own.total.seen", "form": "lamps", "cell_there": "own.total.all", "by": by, "source": "made-up"}
    table = {"id": "own", "rows": [{"id": "total"}], "columns": columns}
    form = make_form(form_data(code="pilots", tables=[table], reconciles=[{**held, **pair}]))
    owe(form, rule or world.rule, reporter, None)
    period = world.period
    if rule is not None:
        period = services.open_period(rule.key, year=2024, code="2024-T03", by=SYSTEM, at=AT)
    services.raise_obligations(form.key, period, by=SYSTEM, at=AT)
    return replace(world, form=form, period=period)


def numbers(found: list[Disagreement]) -> list[tuple[str, str, Decimal, Decimal]]:
    return [(one.kind, one.key.split("|")[3], one.stated, one.computed) for one in found]


def test_two_forms_of_one_unit(world: World) -> None:
    other = pilots(world, "same-unit", "light")
    world.report("n1", all=10, good=4)
    world.report("n2", all=10, good=4)
    assert list(both_sides()) == []
    other.report("n1", seen=10)
    other.report("n2", seen=9)
    (found,) = both_sides()
    assert numbers([found]) == [("both-sides", "n2", Decimal(9), Decimal(10))]
    assert (found.stated_name, found.computed_name) == ("Light N2", "Light N2")
    assert found.key.split("|")[:3] == ["both-sides", "act-1:pilots", "quarters:2024-Q1"]
    assert "Bên kia: biểu lamps" in found.source
    other.report("n2", at=AT + timedelta(days=1), seen=10)
    assert list(both_sides()) == []


@pytest.fixture
def shores(world: World) -> World:
    """Pilots of two shores; all lights of the north stand on one of them, those of the south on none."""
    north, south = (Area.objects.create(key=key) for key in ("north", "south"))
    for key, area in (("pilots-north", north), ("pilots-south", south)):
        orgs.unit(key, "pilot", name=key.title(), under=world.coast, area=area)
    orgs.grow()
    UnitVersion.objects.filter(unit__key__in=("n1", "n2", "n3")).update(area=north)
    return world


def test_all_bodies_of_one_area_are_added_up_once_all_were_accepted(shores: World) -> None:
    other = pilots(shores, "same-area", "pilot")
    other.report("pilots-north", seen=31)
    other.report("pilots-south", seen=5)
    for light in ("n1", "n2"):
        shores.report(light, all=10, good=4)
    assert list(both_sides()) == []
    shores.report("n3", all=10, good=4)
    (found,) = both_sides()
    assert numbers([found]) == [("both-sides", "pilots-north", Decimal(31), Decimal(30))]
    assert (found.stated_name, found.computed_name) == ("Pilots-North", "Cộng 3 đơn vị")
    shores.report("n3", at=AT + timedelta(days=1), all=11, good=4)
    assert list(both_sides()) == []


def test_what_one_side_leaves_blank_is_not_compared(shores: World) -> None:
    other = pilots(shores, "same-unit", "light", cell_there="own.total.oil")
    other.report("n1", seen=3)
    shores.report("n1", all=10, good=4, oil=BLANK)
    assert list(both_sides()) == []


def read_on_days(world: World, days_apart: int | None) -> World:
    """The coast publishes a total for March, the lights their figures for the quarter, which ends on the same day."""
    rule = make_rule(key="months", name="Months", kind="month")
    pair = {} if days_apart is None else {"days_apart": days_apart}
    return pilots(world, "all", "coast", rule, **pair)


def whole(world: World) -> None:
    for light in world.lights:
        world.report(light, all=10, good=4)


def test_periods_of_another_span_are_compared_only_where_the_form_says_so(world: World) -> None:
    other = read_on_days(world, None)
    other.report("coast", seen=55)
    whole(world)
    assert list(both_sides()) == []


def test_a_total_and_its_groups_read_on_other_days_are_mixed_moments(world: World) -> None:
    other = read_on_days(world, 7)
    Period.objects.filter(pk=other.period.pk).update(end=other.period.end + timedelta(days=5))
    other.report("coast", seen=55)
    whole(world)
    (found,) = both_sides()
    assert numbers([found]) == [("moments", "coast", Decimal(55), Decimal(60))]
    assert found.computed_name == "Cộng 6 đơn vị"
    assert found.recognised_as == "số này đến ngày 05/04/2024, số của bên kia đến ngày 31/03/2024"
    Period.objects.filter(pk=other.period.pk).update(end=other.period.end + timedelta(days=8))
    assert list(both_sides()) == []


def test_a_total_waits_for_the_last_of_its_groups(world: World) -> None:
    other = read_on_days(world, 1)
    other.report("coast", seen=55)
    for light in ("n1", "n2", "n3", "s1", "s2"):
        world.report(light, all=10, good=4)
    assert list(both_sides()) == []
    world.report("s3", all=10, good=4)
    assert numbers(list(both_sides())) == [("both-sides", "coast", Decimal(55), Decimal(60))]


def test_queries_do_not_grow_with_units_and_other_forms_cost_nothing(world: World) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            list(both_sides())
        return len(queries)

    world.report("n1", all=10, good=4)
    cost()  # what a process reads once
    alone = cost()
    other = pilots(world, "same-unit", "light")
    other.report("n1", seen=9)
    few = cost()
    for light in ("n2", "n3", "s1"):
        world.report(light, all=10, good=4)
        other.report(light, seen=9)
    assert cost() == few
    assert alone <= 9


def test_what_is_made_up_stays_marked_on_either_side(world: World) -> None:
    other = pilots(world, "same-unit", "light")
    world.report("n1", all=10, good=4)
    other.report("n1", seen=9)
    Obligation.objects.filter(form=FormVersion.objects.get(key="act-1:lamps")).update(simulated=True)
    (found,) = both_sides()
    assert found.simulated
