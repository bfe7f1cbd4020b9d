"""How much of last year's volume has reported: by unit, by cell, over mergers and divisions."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from giaoban.core.consolidation import Coverage
from giaoban.core.figures import NOT_APPLICABLE
from giaoban.core.forms import FormError, Reference, parse_form
from giaoban.orgs.models import UnitSuccession
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors.shares import VolumeShare, volume_cell, volume_shares
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import World, tiny_world, year_before

pytestmark = pytest.mark.django_db

MIDDLE = date(2024, 1, 1)
ALL = ("own", "total", "", "all")
OIL = ("own", "total", "", "oil")


def last_year(world: World, **lamps: int) -> None:
    """What lights reported for the first quarter of 2023."""
    before = year_before(world)
    for light, number in lamps.items():
        figures = world.figures(all=number, good=0, oil=Decimal(number) / 10)
        sent = services.submit(
            world.owed(light, before),
            figures=figures,
            by=factories.SYSTEM,
            at=factories.AT,
            signatures=factories.SIGNED,
        )
        services.accept(sent, by=factories.SYSTEM, at=factories.AT, explanations=True)


@pytest.fixture
def world() -> World:
    return tiny_world()


def headline(world: World, line: str = "") -> VolumeShare:
    found = volume_shares(world.form, world.period, world.coast.pk).headline(line)
    assert found is not None
    return found


def pass_on(world: World, old: str, heirs: dict[str, str | None]) -> None:
    """A light ended before 2024 and passed to others that owe the report now, in shares or without."""
    light = world.lights[old]
    light.versions.update(valid_to=MIDDLE)
    light.parents.update(valid_to=MIDDLE)
    world.owed(old).delete()
    for heir, share in heirs.items():
        how = {"whole": len(heirs) == 1, "share": Decimal(share) if share else None}
        UnitSuccession.objects.create(old=light, new=world.lights[heir], on=MIDDLE, kind="split", **how)
    orgs.grow()


def test_the_large_ones_weigh_more_than_the_many(world: World) -> None:
    last_year(world, n1=900, n2=50, n3=30, s1=20)
    world.report("n1", all=NOT_APPLICABLE, good=NOT_APPLICABLE)
    found = volume_shares(world.form, world.period, world.coast.pk)
    table = selectors.consolidate(world.form, world.period, world.coast.pk)
    assert table.coverage is not None
    assert found.words(table.coverage, what="đèn") == "1/6 đèn · 90 % khối lượng năm trước"
    assert found.method() == (
        "Khối lượng tính theo “All lamps” (cột cộng được đầu tiên của biểu), số của Quý I năm 2023."
    )
    assert found.by_line["north"][ALL] == VolumeShare(Decimal(900), Decimal(80), Decimal(0))
    assert found.by_line["south"][OIL].share == 0
    assert {key[3] for key in found.by_line[""]} == {"all", "oil"}


def test_nothing_is_known_without_last_year(world: World) -> None:
    world.report("n1", all=NOT_APPLICABLE, good=NOT_APPLICABLE)
    for _ in range(2):
        found = volume_shares(world.form, world.period, world.coast.pk)
        assert (found.headline(), found.reason) == (None, "Chưa có số liệu cùng kỳ trước để so sánh.")
        assert found.words(Coverage(1, 6)) == "1/6 đơn vị"
        assert found.method() == ""
        if not world.form.obligations.filter(period__code="2023-Q1").exists():
            year_before(world)


def test_what_a_predecessor_held_is_held_by_its_heir(world: World) -> None:
    last_year(world, n1=60, n2=40)
    pass_on(world, "n2", {"s1": None})
    assert headline(world) == VolumeShare(Decimal(0), Decimal(100), Decimal(0))
    world.report("s1", all=NOT_APPLICABLE, good=NOT_APPLICABLE)
    assert headline(world).held == headline(world, "south").held == 40
    assert headline(world, "north").share == 0


def test_a_divided_unit_counts_in_its_shares(world: World) -> None:
    last_year(world, n1=60, n2=40)
    pass_on(world, "n2", {"n3": "0.25", "s1": "0.75"})
    world.report("s1", all=NOT_APPLICABLE, good=NOT_APPLICABLE)
    assert headline(world) == VolumeShare(Decimal(30), Decimal(70), Decimal(0))
    assert [headline(world, "north").open, headline(world, "south").held] == [70, 30]


def test_a_division_without_shares_inside_one_line_is_a_least(world: World) -> None:
    last_year(world, n1=60, n2=40)
    pass_on(world, "n2", {"n1": None, "n3": None})
    world.report("n1", all=NOT_APPLICABLE, good=NOT_APPLICABLE)
    found = headline(world)
    assert found == VolumeShare(Decimal(60), Decimal(0), Decimal(40))
    assert found.words() == "ít nhất 60 % khối lượng năm trước"


@pytest.mark.parametrize(
    ("held", "open_", "words"),
    [
        (999, 1, "trên 99 % khối lượng năm trước"),
        (1, 999, "dưới 1 % khối lượng năm trước"),
        (5, 0, "100 % khối lượng năm trước"),
        (0, 5, "0 % khối lượng năm trước"),
        (0, 0, "không rõ khối lượng năm trước"),
        (-1, 5, "không rõ khối lượng năm trước"),
    ],
)
def test_a_share_is_never_said_to_be_all_before_it_is(held: int, open_: int, words: str) -> None:
    assert VolumeShare(Decimal(held), Decimal(open_), Decimal(0)).words() == words


def test_the_pack_may_say_which_cell_tells_the_volume() -> None:
    data = factories.form_data(volume="own.total.oil")
    assert volume_cell(parse_form(data, "act-1:lamps")) == (Reference("own", "total", "oil"), True)
    assert volume_cell(parse_form(factories.form_data(), "act-1:lamps")) == (Reference("own", "total", "all"), False)
    for name, said in (("own.total.age", "does not add up"), ("own.total.x", "names no column")):
        with pytest.raises(FormError, match=said) as refused:
            parse_form(factories.form_data(volume=name), "act-1:lamps")
        assert refused.value.path == ("volume",)


def test_the_number_of_queries_does_not_grow(world: World) -> None:
    last_year(world, n1=60, n2=40, s1=5, s2=6)
    counts = []
    for light in ("n1", "n2", "s1"):
        world.report(light, all=NOT_APPLICABLE, good=NOT_APPLICABLE)
        volume_shares(world.form, world.period, world.coast.pk)
        with CaptureQueriesContext(connection) as seen:
            volume_shares(world.form, world.period, world.coast.pk)
        counts.append(len(seen))
    assert counts[0] == counts[2] <= 14


class TestAgainstPlainAddition(TestCase):
    @settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.lists(st.none() | st.integers(0, 999), min_size=6, max_size=6), st.sets(st.integers(0, 5)))
    def test_the_share_is_that_of_plain_sums(self, lamps: list[int | None], sent: set[int]) -> None:
        world = tiny_world()
        lights = list(world.lights)
        then = {light: number for light, number in zip(lights, lamps, strict=True) if number is not None}
        last_year(world, **then)
        for index in sent:
            world.report(lights[index], all=NOT_APPLICABLE, good=NOT_APPLICABLE)
        found = volume_shares(world.form, world.period, world.coast.pk).headline()
        whole = sum(then.values())
        held = sum(number for light, number in then.items() if lights.index(light) in sent)
        if not whole:
            assert found is None or found.share is None
        else:
            assert found is not None
            assert found == VolumeShare(Decimal(held), Decimal(whole - held), Decimal(0))
