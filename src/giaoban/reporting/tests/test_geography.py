"""Reading a period in another tree: every reporter counts once, wherever it went, or the table is refused."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from giaoban.orgs.models import Unit, UnitParent, UnitVersion
from giaoban.orgs.selectors import unit_spans
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors import ConsolidatedTable, ConsolidationRefused
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

THEN = date(2025, 1, 1)
NOW = date(2025, 6, 1)
ALL = ("own", "total", "", "all")

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = tiny_world()
    world.report("s1", all=10, good=1)
    world.report("n1", all=5, good=1)
    return world


def read(world: World, unit: Unit) -> ConsolidatedTable:
    return selectors.consolidate(world.form, world.period, unit.pk, geography=NOW)


def lamps(world: World, unit: Unit) -> int:
    return int(read(world, unit).total.cells[ALL].value or 0)


def by_line(table: ConsolidatedTable) -> list[tuple[str, int]]:
    return [(line.key, int(line.cells[ALL].value or 0)) for line in table.lines]


def move(world: World, light: str, under: Unit) -> None:
    UnitParent.objects.filter(unit=world.lights[light]).update(valid_to=THEN)
    orgs.place(world.lights[light], under, valid_from=THEN)


def end(world: World, light: str) -> None:
    UnitVersion.objects.filter(unit=world.lights[light]).update(valid_to=THEN)
    UnitParent.objects.filter(unit=world.lights[light]).update(valid_to=THEN)


def test_a_unit_that_moved_counts_where_it_stands_now(world: World) -> None:
    move(world, "s1", world.harbours[0])
    orgs.grow()
    north, south = world.harbours
    assert (lamps(world, north), lamps(world, south), lamps(world, world.coast)) == (15, 0, 15)
    assert [line.key for line in read(world, north).lines] == ["n1", "n2", "n3", "s1"]
    assert [line.key for line in read(world, south).lines] == ["s2", "s3"]


def test_a_unit_with_a_whole_heir_elsewhere_counts_there(world: World) -> None:
    end(world, "s1")
    heir = orgs.unit("n9", "light", under=world.harbours[0], valid_from=THEN)
    orgs.pass_on(world.lights["s1"], heir, THEN)
    orgs.grow()
    north, south = world.harbours
    assert (lamps(world, north), lamps(world, south), lamps(world, world.coast)) == (15, 0, 15)


def test_a_unit_that_ended_without_heirs_counts_with_the_one_above_it(world: World) -> None:
    end(world, "s1")
    orgs.grow()
    assert by_line(read(world, world.harbours[1])) == [("s2", 0), ("s3", 0), ("undivided", 10)]
    assert lamps(world, world.coast) == 15


def test_a_living_unit_that_gave_a_part_away_is_not_divided(world: World) -> None:
    part = orgs.unit("n9", "light", under=world.harbours[0], valid_from=THEN)
    orgs.pass_on(world.lights["s1"], part, THEN, whole=False, how="split")
    orgs.grow()
    for unit in (world.lights["s1"], part, *world.harbours):
        with pytest.raises(ConsolidationRefused, match="không chia được"):
            read(world, unit)
    coast = read(world, world.coast)
    assert coast.total.cells[ALL].value == 15
    assert by_line(coast) == [("north", 5), ("south", 0), ("undivided:s1", 10)]
    assert coast.lines[-1].label == "Light S1 (không chia được)"


def test_a_part_given_away_beneath_the_same_unit_stays_with_it(world: World) -> None:
    part = orgs.unit("s9", "light", under=world.harbours[1], valid_from=THEN)
    orgs.pass_on(world.lights["s1"], part, THEN, whole=False, how="split")
    orgs.grow()
    assert by_line(read(world, world.harbours[1])) == [("s2", 0), ("s3", 0), ("undivided:s1", 10)]
    assert by_line(read(world, world.coast)) == [("north", 5), ("south", 10)]


def test_an_absent_predecessor_is_named_among_the_units_shown(world: World) -> None:
    heir = orgs.unit("west", "harbour", under=world.coast, valid_from=THEN)
    for harbour in world.harbours:
        harbour.versions.update(valid_to=THEN)
        harbour.parents.update(valid_to=THEN)
        orgs.pass_on(harbour, heir, THEN)
    for light in world.lights:
        end(world, light)
    orgs.grow()
    period = services.open_period("quarters", year=2024, code="2024-Q2", by=SYSTEM, at=AT)
    world.ask(period, [world.lights["n2"]], world.harbours[0])
    reasons = [
        selectors.consolidate(world.form, period, unit.pk, geography=NOW).incomplete_reason
        for unit in (heir, world.coast)
    ]
    assert reasons == [
        "Không có số liệu của kỳ này từ: South Harbour.",
        "Trong các đơn vị đang hiện, không có số liệu của kỳ này từ: South Harbour.",
    ]


def test_the_life_of_a_unit_spans_its_versions(world: World) -> None:
    light = world.lights["n1"]
    light.versions.update(valid_from=date(2020, 1, 1), valid_to=THEN)
    version = light.versions.get()
    version.pk, version.valid_from, version.valid_to = None, THEN, None
    version.save()
    span = unit_spans()[light.pk]
    assert (span.start, span.end) == (date(2020, 1, 1), None)


fates = st.sampled_from(["stays", "moves", "ends", "passes", "splits"])


class TestSumOfSiblings(TestCase):
    """Whatever became of the lights: the harbours' tables add up to the coast's, or one of them is refused."""

    @settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(fates, min_size=6, max_size=6))
    def test_siblings_add_up_to_their_parent(self, became: list[str]) -> None:
        world = tiny_world()
        for number, (light, fate) in enumerate(zip(world.lights, became, strict=True)):
            world.report(light, all=10**number, good=0)
            other = world.harbours[0 if light[0] == "s" else 1]
            if fate == "moves":
                move(world, light, other)
            elif fate == "ends":
                end(world, light)
            elif fate in ("passes", "splits"):
                if fate == "passes":
                    end(world, light)
                heir = orgs.unit(f"{light}-heir", "light", under=other, valid_from=THEN)
                orgs.pass_on(world.lights[light], heir, THEN, whole=fate == "passes")
        orgs.grow()
        assert lamps(world, world.coast) == 111111
        if "splits" in became:
            return
        assert sum(lamps(world, harbour) for harbour in world.harbours) == 111111
