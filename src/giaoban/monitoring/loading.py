"""Loads the watch rules of a sector pack."""

from collections.abc import Callable

from giaoban.core.packs import Pack
from giaoban.indicators.selectors import indicators
from giaoban.kit.sync import sync_rows
from giaoban.monitoring.models import WatchRule


def load_watch_rules(pack: Pack, say: Callable[[str], None]) -> None:
    """Rules that the pack no longer names stay: findings hang on them."""
    known = {indicator.key: indicator.pk for indicator in indicators()}
    rows = [
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
    say(sync_rows(WatchRule.objects.all(), ["key"], rows, keep_absent=True).words("watch rules"))
