"""A harbour and its lights report the same form: the harbour keeps its value and counts in nothing of all together."""

import csv
from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from giaoban.core.queries import SELF, FigureQuery, IndicatorMeasure, PeriodRange
from giaoban.indicators import selectors
from giaoban.indicators.models import Indicator
from giaoban.indicators.selectors.answering import answer
from giaoban.indicators.tests.factories import indicator
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.reporting import selectors as reporting
from giaoban.reporting.tests.factories import World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    """North Harbour and two of its lights, and a light of the South, have reported; the harbour was asked for it."""
    made = tiny_world()
    made.ask(made.period, [made.harbours[0]], made.coast)
    made.report("n1", all=100, good=50, rate=50)
    made.report("n2", all=100, good=90, rate=90)
    made.report("s1", all=50, good=50, rate=100)
    made.report("north", all=200, good=140, rate=70)
    return made


@pytest.fixture
def held(world: World) -> Indicator:
    return indicator(world)


def test_the_level_of_all_counts_every_figure_once(world: World, held: Indicator) -> None:
    read = selectors.reading(held, world.period)
    north = world.harbours[0].pk
    assert (read.overall.numerator, read.overall.denominator, read.overall.count) == (Decimal(190), Decimal(250), 3)
    assert read.mean_of_values == 80
    assert read.not_summed == {north}
    assert read.units[north].value == 70
    assert [read.ranks[world.lights[key].pk] for key in ("s1", "n2", "n1")] == [1, 2, 3]
    assert north not in read.ranks


def test_it_is_the_total_of_the_consolidated_table_and_of_the_series(world: World, held: Indicator) -> None:
    assert reporting.not_summed(world.form, world.period) == {world.harbours[0].pk}
    word = PeriodRange(world.rule.key, world.period.code, world.period.code)
    measure = IndicatorMeasure(held.key)
    query = FigureQuery(
        measures=(measure,), unit="coast", periods=(word,), level=SELF, rows="period", columns="measure"
    )
    value = answer(query, actor=None).values["", word.word, measure.word]
    whole = selectors.reading(held, world.period).overall
    assert (value.numerator, value.denominator, value.value) == (whole.numerator, whole.denominator, whole.value)


def test_among_chosen_units_only_those_beneath_count(world: World, held: Indicator) -> None:
    north, lights = world.harbours[0].pk, world.lights
    assert selectors.reading(held, world.period, [north]).overall.value == 70
    assert selectors.reading(held, world.period, [north, lights["s1"].pk]).overall.numerator == 190
    assert selectors.reading(held, world.period, [north, lights["n1"].pk]).overall.numerator == 50


def test_together_leaves_it_out_and_alone_it_is_itself(world: World, held: Indicator) -> None:
    read, north = selectors.reading(held, world.period), world.harbours[0].pk
    assert read.together([north]).value == 70
    assert read.together([north, world.lights["n1"].pk]).value == 50


def test_a_harbour_whose_lights_have_not_reported_stands_for_all(world: World, held: Indicator) -> None:
    """A figure of the whole that stands alone, such as a published one, is the level of all."""
    apps.get_model("reporting", "Submission")._default_manager.exclude(obligation__unit__key="north").update(
        is_current=False
    )
    read = selectors.reading(held, world.period)
    assert (read.overall.value, read.overall.count) == (Decimal(70), 1)
    shown = page(world, world.coast)
    assert "báo cáo, không cộng" not in shown
    assert "70,00" in shown


def test_queries_do_not_grow_with_the_units(
    world: World, held: Indicator, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    selectors.reading(held, world.period)
    for light in ("n3", "s2", "s3"):
        with django_assert_num_queries(6):
            selectors.reading(held, world.period)
        world.report(light, all=10, good=5, rate=50)


def browser(world: World, unit: Unit) -> Client:
    client = Client()
    user = apps.get_model("accounts", "User")._default_manager.get(pk=world.actor(unit, Role.HEAD).user_id or 0)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(world: World, unit: Unit, route: str = "indicators:reading", **words: str) -> str:
    answered: Any = browser(world, unit).get(reverse(route, args=["good-lamps", world.period.code]), words)
    assert answered.status_code == 200
    return str(answered.content.decode())


@pytest.mark.usefixtures("held")
def test_the_page_says_who_is_not_summed(world: World) -> None:
    shown = page(world, world.coast)
    assert "76,00" in shown
    assert "Không cộng vào mức chung và không xếp hạng: North Harbour." in shown
    assert "3/6 đơn vị" in shown


@pytest.mark.usefixtures("held")
def test_the_harbour_sees_its_own_value_and_a_light_nothing_of_it(world: World) -> None:
    assert "100 × 140 : 200 = 70,00 %" in page(world, world.harbours[0])
    below = page(world, world.lights["n1"])
    assert "không xếp hạng" not in below
    assert "100 × 50 : 100 = 50,00 %" in below


@pytest.mark.usefixtures("held")
def test_a_sibling_that_is_asked_for_is_not_opened(world: World) -> None:
    shown = page(world, world.lights["n1"], **{"don-vi": "s1"})
    assert "Light S1" not in shown
    assert "100 × 50 : 50" not in shown


@pytest.mark.usefixtures("held")
def test_the_file_tells_it_apart(world: World) -> None:
    rows = list(csv.DictReader(StringIO(page(world, world.coast, "indicators:reading-csv"))))
    assert {row["unit"]: row["summed"] for row in rows} == {"s1": "1", "n2": "1", "n1": "1", "north": "0"}
    assert {row["unit"]: row["rank"] for row in rows}["north"] == ""
