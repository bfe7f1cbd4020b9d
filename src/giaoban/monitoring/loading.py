"""Loads the watch rules of a sector pack. A setting that a person changed here stays as the person left it."""

from collections.abc import Callable
from typing import Any

from giaoban.core.packs import Pack
from giaoban.indicators.selectors import indicators
from giaoban.kit.acts import acts_on
from giaoban.kit.sync import sync_rows
from giaoban.monitoring.models import WatchRule
from giaoban.monitoring.services import CHANGE_RULE

SETTABLE = "n"  # the one setting that `services.change_setting` changes


def load_watch_rules(pack: Pack, say: Callable[[str], None]) -> None:
    """Rules that the pack no longer names stay: findings hang on them. What was changed here is kept, and said."""
    known = {indicator.key: indicator.pk for indicator in indicators()}
    rows: list[dict[str, Any]] = [
        {
            "key": one.key,
            "name": one.name,
            "kind": one.kind,
            "indicator_id": known[one.indicator],
            "settings": {
                name: value
                for name, value in (
                    ("n", one.n),
                    ("points", None if one.points is None else str(one.points)),
                    ("reference", None if one.reference is None else str(one.reference)),
                    ("reason_template", one.reason_template),
                )
                if value is not None
            },
            "finding": one.finding,
            "source": one.source,
        }
        for one in pack.watch_rules
    ]
    _keep_changed_here({row["key"]: row["settings"] for row in rows}, say)
    say(sync_rows(WatchRule.objects.all(), ["key"], rows, keep_absent=True).words("watch rules"))


def _keep_changed_here(wanted: dict[str, dict[str, Any]], say: Callable[[str], None]) -> None:
    """Put into `wanted` (settings by the rule's key) the value that a person set here, where the pack says another."""
    for rule in WatchRule.objects.filter(key__in=wanted):
        settings = wanted[rule.key]
        here, there = rule.settings.get(SETTABLE), settings.get(SETTABLE)
        if here == there or here is None or there is None:
            continue
        if any(entry.name == CHANGE_RULE for entry in acts_on(rule)):
            settings[SETTABLE] = here
            say(f"watch rule {rule.key}: {SETTABLE} = {here} stays as changed here (the pack says {there})")
