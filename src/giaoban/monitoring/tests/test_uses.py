"""Who judged a finding over figures that were amended since is told; nobody else is."""

from datetime import timedelta

import pytest
from django.utils import timezone

from giaoban.kit.permissions import Role
from giaoban.monitoring.models import Finding
from giaoban.monitoring.services import run_watch
from giaoban.monitoring.tests.factories import report_all, watch_rule
from giaoban.monitoring.uses import finding_users
from giaoban.reporting import services as reporting
from giaoban.reporting.tests.factories import SIGNED, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    world = tiny_world()
    report_all(world)
    world.actor(world.coast, Role.RECEIVER)
    world.actor(world.coast, Role.OFFICER)
    run_watch(watch_rule(world), world.period, watcher_id=world.coast.pk, by=SYSTEM, at=timezone.now())
    return world


def amend(world: World, light: str) -> None:
    at = timezone.now() + timedelta(hours=1)
    figures = world.figures(all=100, good=99, rate=99)
    sent = reporting.submit(
        world.owed(light), figures=figures, by=SYSTEM, at=at, signatures=SIGNED, amendment_reason="counted again"
    )
    reporting.accept(sent, by=SYSTEM, at=at, explanations=True)


def uses(world: World, light: str, version: int = 2) -> list[str]:
    found = finding_users([world.lights[light].pk], world.form.key, world.period.pk, version)
    return [one.title for one in found if one.people]


def test_those_who_judge_are_told_of_the_finding(world: World) -> None:
    assert {one.unit.key for one in Finding.objects.select_related("unit")} == {"n3", "s3"}
    amend(world, "n3")
    found = finding_users([world.lights["n3"].pk], world.form.key, world.period.pk, 2)
    assert [one.title.split(",")[0] for one in found] == ["Phát hiện về Light N3"]
    assert [one.name for one in found[0].people] == ["Coast-receiver"]
    assert found[0].link.startswith("/theo-doi/phat-hien/")


def test_what_the_amendment_does_not_touch_is_not_told(world: World) -> None:
    amend(world, "n1")
    assert uses(world, "n1") == []  # nothing was found about it
    assert uses(world, "n3", version=1) == []  # no version stood before the first
    Finding.objects.update(state="rejected", judged_id=Finding.objects.values("proposed_id")[:1])
    amend(world, "n3")
    assert uses(world, "n3") == []


def test_a_finding_proposed_after_the_amendment_rests_on_it(world: World) -> None:
    amend(world, "n3")
    rule = Finding.objects.select_related("rule")[0].rule
    run_watch(rule, world.period, watcher_id=world.coast.pk, by=SYSTEM, at=timezone.now() + timedelta(hours=2))
    assert uses(world, "n3") == []
