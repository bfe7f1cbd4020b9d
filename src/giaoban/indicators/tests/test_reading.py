from collections.abc import Callable
from contextlib import AbstractContextManager
from decimal import Decimal

import pytest
from django.core.exceptions import ObjectDoesNotExist

from giaoban.core.figures import NIL, NOT_APPLICABLE, reported
from giaoban.indicators import selectors
from giaoban.indicators.tests.factories import indicator
from giaoban.reporting.tests.factories import World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def values(reading: selectors.Reading, world: World) -> dict[str, Decimal | None]:
    keys = {unit.pk: key for key, unit in world.lights.items()}
    return {keys[unit_id]: one.value for unit_id, one in reading.units.items()}


def test_the_level_of_all_together_comes_from_the_sums_not_from_the_rates(world: World) -> None:
    world.report("n1", all=100, good=50, rate=50)
    world.report("n2", all=10, good=10, rate=100)
    reading = selectors.reading(indicator(world), world.period)
    assert values(reading, world) == {"n1": 50, "n2": 100}
    assert reading.overall.rate.numerator == 60
    assert reading.overall.value == Decimal(6000) / 110
    assert reading.overall.count == 2
    assert reading.mean_of_values == 75
    assert {world.lights["n2"].pk: 1, world.lights["n1"].pk: 2} == dict(reading.ranks)
    assert not reading.simulated


def test_what_reads_alike_shares_a_place(world: World) -> None:
    world.report("n1", all=3, good=1)
    world.report("n2", all=10_000, good=3_333)
    world.report("s1", all=4, good=1)
    reading = selectors.reading(indicator(world), world.period)
    n1, n2, s1 = (world.lights[key].pk for key in ("n1", "n2", "s1"))
    assert reading.units[n1].value != reading.units[n2].value
    assert reading.ranks == {n1: 1, n2: 1, s1: 3}


def test_fewer_may_be_better(world: World) -> None:
    world.report("n1", all=100, good=50, rate=50)
    world.report("n2", all=10, good=10, rate=100)
    reading = selectors.reading(indicator(world, higher_is_better=False), world.period)
    assert reading.ranks[world.lights["n1"].pk] == 1


def test_a_declared_nil_counts_as_zero_and_a_zero_denominator_has_no_value(world: World) -> None:
    world.report("n1", all=40, good=NIL, rate=0)
    world.report("n2", all=NIL, good=NIL, rate=NOT_APPLICABLE)
    reading = selectors.reading(indicator(world), world.period)
    assert values(reading, world) == {"n1": 0, "n2": None}
    assert reading.ranks == {world.lights["n1"].pk: 1}
    assert reading.overall.value == 0
    assert reading.overall.count == 2


def test_what_does_not_apply_is_left_out(world: World) -> None:
    world.report("n1", all=40, good=NOT_APPLICABLE, rate=NOT_APPLICABLE)
    world.report("n2", all=40, good=20, rate=50)
    assert values(selectors.reading(indicator(world), world.period), world) == {"n2": 50}


def test_an_optional_figure_left_blank_is_left_out(world: World) -> None:
    world.report("n1", all=40, good=20, rate=50)
    world.report("n2", all=40, good=20, rate=50, oil=reported(Decimal("4.0")))
    oil = indicator(
        world,
        "oil",
        definition={
            "numerator": {"table": "own", "row": "total", "column": "oil"},
            "denominator": {"table": "own", "row": "total", "column": "all"},
            "factor": "1",
            "aggregation": "pooled",
        },
    )
    assert values(selectors.reading(oil, world.period), world) == {"n2": Decimal("0.1")}


def test_only_accepted_figures_count_and_units_may_be_chosen(world: World) -> None:
    world.send("n1", all=100, good=50, rate=50)
    world.report("n2", all=10, good=10, rate=100)
    world.report("s1", all=10, good=5, rate=50)
    held = indicator(world)
    assert set(values(selectors.reading(held, world.period), world)) == {"n2", "s1"}
    chosen = selectors.reading(held, world.period, [world.lights["s1"].pk, world.lights["n1"].pk])
    assert values(chosen, world) == {"s1": 50}
    assert chosen.overall.value == 50


def test_without_figures_there_is_no_level(world: World) -> None:
    reading = selectors.reading(indicator(world), world.period)
    assert (dict(reading.units), reading.overall.value, reading.mean_of_values) == ({}, None, None)


def test_a_reading_takes_the_same_queries_for_few_and_many(
    world: World, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    held = indicator(world)
    selectors.reading(held, world.period)
    for light in ("n1", "n2", "s1"):
        world.report(light, all=10, good=5, rate=50)
        with django_assert_num_queries(6):
            selectors.reading(held, world.period)


def test_indicators_by_key(world: World) -> None:
    held = indicator(world)
    assert selectors.indicator_by_key("good-lamps") == held
    assert selectors.factor_of(held) == 100
    with pytest.raises(ObjectDoesNotExist):
        selectors.indicator_by_key("nothing")
