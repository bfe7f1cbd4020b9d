"""Who decided a disagreement over figures that were amended since is told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from giaoban.indicators.models import Discrepancy
from giaoban.indicators.uses import decision_users
from giaoban.kit.acts import act
from giaoban.kit.permissions import Role
from giaoban.reporting import services as reporting
from giaoban.reporting.tests.factories import SIGNED, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = tiny_world()
    world.report("n1", all=10, good=4)
    world.actor(world.coast, Role.RECEIVER)
    with act("indicators.decide", by=SYSTEM, at=timezone.now()) as entry:
        Discrepancy.objects.create(
            key="k",
            what="Lamps of the coast",
            unit_id=world.coast.pk,
            period_id=world.period.pk,
            published=Decimal(12),
            computed=Decimal(10),
            measure="lamp",
            source="made-up",
            state="explained",
            decision="Printed wrongly.",
            found=entry,
            decided=entry,
        )
    return world


def amend(world: World) -> None:
    at = timezone.now() + timedelta(hours=1)
    figures = world.figures(all=12, good=4)
    sent = reporting.submit(
        world.owed("n1"), figures=figures, by=SYSTEM, at=at, signatures=SIGNED, amendment_reason="counted again"
    )
    reporting.accept(sent, by=SYSTEM, at=at, explanations=True)


def told(world: World, light: str = "n1", version: int = 2) -> list[list[str]]:
    found = decision_users([world.lights[light].pk], world.form.key, world.period.pk, version)
    return [[one.name for one in use.people] for use in found]


def test_those_who_decide_there_are_told(world: World) -> None:
    amend(world)
    assert told(world) == [["Coast-receiver"]]
    assert told(world, version=1) == told(world, light="s1") == []


def test_an_open_one_and_a_later_decision_are_not_told(world: World) -> None:
    amend(world)
    with act("indicators.decide", by=SYSTEM, at=timezone.now() + timedelta(hours=2)) as entry:
        Discrepancy.objects.update(decided=entry)
    assert told(world) == []
    Discrepancy.objects.update(state="open", decided=None, decision="")
    assert told(world) == []
