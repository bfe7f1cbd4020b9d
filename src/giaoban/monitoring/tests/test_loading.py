from pathlib import Path
from typing import Any

import pytest

from giaoban.core.packs import Pack, read_pack
from giaoban.core.tests import test_packs
from giaoban.indicators.tests.factories import indicator
from giaoban.kit.permissions import Role
from giaoban.monitoring import services
from giaoban.monitoring.loading import load_watch_rules
from giaoban.monitoring.models import WatchRule
from giaoban.monitoring.tests.factories import report_all
from giaoban.reporting.tests.factories import AT, World, tiny_world

pytestmark = pytest.mark.django_db

TINY = Path(test_packs.__file__).parent / "tiny-pack"


@pytest.fixture
def world() -> World:
    made = tiny_world()
    indicator(made, "broken")
    report_all(made)
    return made


def load(pack: Pack) -> str:
    said: list[str] = []
    load_watch_rules(pack, said.append)
    return "\n".join(said)


def dark(**settings: Any) -> bool:
    held = WatchRule.objects.get(key="dark").settings
    return {name: held[name] for name in settings} == settings


def test_a_setting_that_a_person_changed_survives_the_next_load_and_the_load_says_so(world: World) -> None:
    pack = read_pack(TINY)
    assert load(pack) == "watch rules: 1 added"
    rule = WatchRule.objects.get(key="dark")
    head = world.actor(world.coast, Role.HEAD)
    services.change_setting(rule, n=4, watcher_id=world.coast.pk, by=head, at=AT, reason="nhiều đèn hơn")
    assert load(pack).splitlines() == [
        "watch rule dark: n = 4 stays as changed here (the pack says 1)",
        "watch rules: unchanged",
    ]
    assert dark(n=4, reason_template="{unit}: {value}")


def test_what_nobody_changed_here_follows_the_pack(world: World) -> None:
    pack = read_pack(TINY)
    load(pack)
    rule = WatchRule.objects.get(key="dark")
    rule.settings = rule.settings | {"n": 9}  # an earlier version of the pack
    rule.save()
    assert load(pack) == "watch rules: 1 changed"
    assert dark(n=1)
