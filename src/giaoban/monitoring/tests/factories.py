"""Watch rules over the tiny world of lights that report."""

from typing import Any

from giaoban.indicators.tests.factories import indicator
from giaoban.monitoring.models import WatchRule
from giaoban.reporting.tests.factories import World

TEMPLATE = "{unit}: {value}, {direction} {reference} là {points} điểm, hạng {rank}/{out_of}"
GOOD = {"n1": 95, "n2": 80, "n3": 60, "s1": 90, "s2": 85, "s3": 70}  # of 100 lamps each


def report_all(world: World, **good: int) -> None:
    """All six lights report 100 lamps each; the level of all together is 80 %."""
    for light, count in {**GOOD, **good}.items():
        world.report(light, all=100, good=count, rate=count)


def watch_rule(world: World, key: str = "darkest", **changes: Any) -> WatchRule:
    """The two lights with the smallest share of good lamps."""
    given: dict[str, Any] = {
        "name": "Đèn tốt ít nhất",
        "kind": "n_lowest",
        "indicator": indicator(world),
        "settings": {"n": 2, "reason_template": TEMPLATE},
        "finding": "weak",
    }
    return WatchRule.objects.create(key=key, **{**given, **changes})
