"""What the room offers to others: My work, a number by name; and loading a pack."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from giaoban.core.packs import read_pack
from giaoban.core.timeliness import Timeliness
from giaoban.kit.packs import PackRefused
from giaoban.kit.registries import navigation, pack_loaders, unit_dependents, work_items
from giaoban.orgs.loading import load_areas, load_kinds, load_units
from giaoban.reporting import offers, services
from giaoban.reporting.models import FormVersion, Obligation, OwingRule, Period, PeriodRule
from giaoban.reporting.tests.factories import AT, FORM_KEY, SIGNED, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db
TINY_PACK = Path(__file__).parents[2] / "core" / "tests" / "tiny-pack"


@pytest.fixture
def world() -> World:
    return tiny_world()


def test_the_room_is_registered() -> None:
    assert "reporting" in work_items.names()
    assert "reporting" in unit_dependents.names()
    assert {"forms", "regimes"} <= set(pack_loaders.names())
    assert {"reporting", "figures"} <= set(navigation.names())


def test_my_work_holds_what_is_owed_and_what_waits(world: World) -> None:
    world.send("n1", all=1, good=1)
    on = date(2024, 4, 9)
    assert offers.work_items(world.actor(world.lights["n1"]), on) == []
    (item,) = offers.work_items(world.actor(world.lights["n2"]), on)
    assert (item.due_on, item.timing.state, item.state) == (date(2024, 4, 10), Timeliness.DUE_SOON, "chưa gửi")
    (item,) = offers.work_items(world.actor(world.harbours[0]), on)
    assert (item.action, item.done, item.total) == ("Tiếp nhận", 0, 3)
    assert "north" in item.start
    assert offers.work_items(world.actor(world.harbours[1]), on) == []


def test_a_number_by_name(world: World) -> None:
    world.report("n1", all=4, good=1)
    found = offers.figure(form=FORM_KEY, period="2024-Q1", unit="coast", table="own", row="total", column="rate")
    assert (found.value, found.unit, found.as_of) == (Decimal(25), "%", AT)
    assert "1/6" in found.origin


def load() -> list[str]:
    pack = read_pack(TINY_PACK)
    said: list[str] = []
    for loader in (load_kinds, load_areas, load_units, services.load_forms, services.load_regimes):
        loader(pack, said.append)
    return said


def test_a_pack_of_another_world_loads_and_loads_again() -> None:
    load()
    first = (FormVersion.objects.count(), PeriodRule.objects.count(), OwingRule.objects.count())
    assert all(first)
    again = [words for words in load() if words.startswith(("forms", "regimes", "period rules", "owing rules"))]
    assert len(again) == 4
    assert all(words.endswith("unchanged") for words in again)
    assert (FormVersion.objects.count(), PeriodRule.objects.count(), OwingRule.objects.count()) == first


def test_a_form_that_was_used_does_not_change() -> None:
    world = tiny_world()
    load()
    form = FormVersion.objects.exclude(pk=world.form.pk).order_by("pk")[0]
    owed = world.owed("n1")
    services.submit(owed, figures=world.figures(all=1, good=1), by=SYSTEM, at=AT, signatures=SIGNED)
    FormVersion.objects.filter(pk=form.pk).update(checksum="0" * 64)
    load()
    form.refresh_from_db()
    assert form.checksum != "0" * 64
    Obligation.objects.filter(pk=owed.pk).update(form=form)
    FormVersion.objects.filter(pk=form.pk).update(checksum="0" * 64)
    with pytest.raises(PackRefused) as refusal:
        load()
    assert form.key in refusal.value.faults[0].reason


def test_a_rule_that_would_move_an_open_period_is_refused() -> None:
    load()
    rule = PeriodRule.objects.exclude(definition__kind__in=["ad_hoc", "as_of"]).order_by("pk")[0]
    Period.objects.create(rule=rule, code="2099-X", label="X", start=date(2099, 1, 1), end=date(2099, 2, 1))
    with pytest.raises(PackRefused) as refusal:
        load()
    assert rule.key in refusal.value.faults[0].reason
