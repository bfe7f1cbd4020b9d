"""An event inside a period: what was reported by units that ended in it, or is owed by ones that began in it, stays."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from giaoban.core.restating import Reason
from giaoban.orgs.models import Unit
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors
from giaoban.reporting.selectors import ConsolidatedTable
from giaoban.reporting.tests.factories import World, tiny_world

BEFORE, ON, LAST, NOW = date(2024, 1, 31), date(2024, 2, 15), date(2024, 3, 31), date(2025, 6, 1)
AFTER = date(2024, 4, 2)
ALL = ("own", "total", "", "all")

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = tiny_world()
    for number, light in enumerate(world.lights):
        world.report(light, all=10**number, good=0)
    return world


def end(unit: Unit, on: date = ON) -> None:
    unit.versions.update(valid_to=on)
    unit.parents.update(valid_to=on)


def merge(world: World, *olds: str, into: str, under: Unit, on: date = ON) -> Unit:
    heir = orgs.unit(into, "light", name=f"Light {into.upper()}", under=under, valid_from=on)
    for old in olds:
        end(world.lights[old], on)
        orgs.pass_on(world.lights[old], heir, on)
    orgs.grow()
    return heir


def read(world: World, unit: Unit, geography: date | None = None) -> ConsolidatedTable:
    return selectors.consolidate(world.form, world.period, unit.pk, geography=geography, divided="keep")


def lines(table: ConsolidatedTable) -> dict[str, int]:
    return {line.label: int(line.cells[ALL].value or 0) for line in table.lines}


def total(table: ConsolidatedTable) -> int:
    return int(table.total.cells[ALL].value or 0)


def test_accepted_figures_go_with_the_heir(world: World) -> None:
    north = world.harbours[0]
    other = selectors.export_table(read(world, world.harbours[1]))
    merge(world, "n1", "n2", into="n12", under=north)
    table = read(world, north)
    assert lines(table) == {"Light N12": 11, "Light N3": 100}
    assert table.coverage is not None
    assert (table.coverage.words(), table.incomplete_reason) == ("3/3", "")
    assert "2 đơn vị chuyển toàn bộ sang đơn vị kế tục" in table.restatement.sentence
    assert "Đúng như đã báo cáo" not in table.restatement.sentence
    assert [total(read(world, world.coast, on)) for on in (None, LAST, NOW, BEFORE)] == [111111] * 4
    assert selectors.export_table(read(world, world.harbours[1])) == other
    origin = selectors.cell_origin(world.form, world.period, north.pk, "n12", ALL)
    assert sorted(part.unit.key for part in origin.parts) == ["n1", "n2"]


def test_an_absorbed_unit_and_its_heir_count_once_each(world: World) -> None:
    end(world.lights["n2"])
    orgs.pass_on(world.lights["n2"], world.lights["n1"], ON)
    orgs.grow()
    assert lines(read(world, world.harbours[0])) == {"Light N1": 11, "Light N3": 100}
    assert total(read(world, world.coast)) == 111111


def test_one_without_heirs_has_its_own_line(world: World) -> None:
    end(world.lights["n2"])
    orgs.grow()
    assert lines(read(world, world.harbours[0])) == {
        "Light N1": 1, "Light N2 (đơn vị kết thúc ngày 15/02/2024)": 10, "Light N3": 100,
    }  # fmt: skip
    assert lines(read(world, world.coast)) == {"North Harbour": 111, "South Harbour": 111000}


def test_a_division_within_the_period_stays_beside_the_totals_of_its_heirs(world: World) -> None:
    end(world.lights["n2"])
    for key, under in zip(("n8", "s8"), world.harbours, strict=True):
        heir = orgs.unit(key, "light", name=f"Light {key.upper()}", under=under, valid_from=ON)
        orgs.pass_on(world.lights["n2"], heir, ON, whole=False, how="split")
    orgs.grow()
    table = read(world, world.harbours[0])
    assert (total(table), table.restatement.outcome) == (101, "by_method")
    assert not table.line("undivided:n2").in_total
    assert total(read(world, world.coast)) == 111111
    (alone,) = read(world, Unit.objects.get(key="n8")).lines
    assert not alone.in_total
    assert alone.cells[ALL].value == 10
    only = read(world, Unit.objects.get(key="n8"))
    assert (only.restatement.reason, only.coverage and only.coverage.words()) == (Reason.NOTHING, "0/0")


def test_what_one_that_began_later_owes_stays_with_its_predecessors(world: World) -> None:
    """The report of a period may be owed by the heir of an event after it."""
    heir = merge(world, "n1", "s1", into="x9", under=world.harbours[0], on=AFTER)
    world.ask(world.period, [heir], world.harbours[0])
    world.lights["x9"] = heir
    world.report("x9", all=2000000, good=0)
    table = read(world, world.coast)
    assert lines(table) == {
        "North Harbour": 111, "South Harbour": 111000, "Light X9 (hợp thành từ nhiều nơi)": 2000000,
    }  # fmt: skip
    assert total(table) == 2111111
    assert "đơn vị hợp thành từ nhiều nơi, không có số riêng (Light X9)" in table.restatement.sentence
    assert "bị chia" not in table.restatement.sentence


def test_one_that_is_found_nowhere_is_named(world: World) -> None:
    alone = orgs.unit("old", "harbour", name="Old Harbour", valid_to=ON)
    light = orgs.unit("o1", "light", name="Light O1", under=alone, valid_to=ON)
    orgs.grow()
    world.ask(world.period, [light], alone)
    for on in (None, NOW):
        assert "Light O1" in read(world, world.coast, on).incomplete_reason
        assert read(world, world.harbours[0], on).incomplete_reason == ""


class TestNothingIsLost(TestCase):
    """Any whole merger inside the period, of lights or of harbours, the heir reporting too or not."""

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.lists(st.sampled_from(["n1", "n2", "n3", "s1", "s2", "s3"]), min_size=1, max_size=6, unique=True),
        st.booleans(),
        st.booleans(),
        st.booleans(),
    )
    def test_the_total_is_unchanged(self, olds: list[str], absorbs: bool, harbours: bool, reports: bool) -> None:
        world = tiny_world()
        for number, light in enumerate(world.lights):
            world.report(light, all=10**number, good=0)
        expected = 111111
        if absorbs:
            heir = world.lights[olds[0]]
            for old in olds[1:]:
                end(world.lights[old])
                orgs.pass_on(world.lights[old], heir, ON)
        else:
            heir = world.lights["x9"] = merge(world, *olds, into="x9", under=world.harbours[0])
            if reports:
                world.ask(world.period, [heir], world.harbours[0])
                world.report("x9", all=2000000, good=0)
                expected += 2000000
        if harbours:
            west = orgs.unit("west", "harbour", under=world.coast, valid_from=ON)
            for parent in world.harbours:
                for placed in [*parent.children.filter(valid_to=None)]:
                    started = placed.valid_from
                    if started == ON:
                        placed.parent = west
                        placed.save()
                    else:
                        placed.valid_to = ON
                        placed.save()
                        orgs.place(placed.unit, west, valid_from=ON)
                end(parent)
                orgs.pass_on(parent, west, ON)
        orgs.grow()
        found = {on: read(world, world.coast, on) for on in (None, NOW, BEFORE)}
        assert {on: total(table) for on, table in found.items()} == dict.fromkeys(found, expected)
        own = found[None]
        assert sum(int(line.cells[ALL].value or Decimal(0)) for line in own.lines) == expected
        assert own.coverage is not None
        assert own.coverage.is_complete
