"""Loads the outlines of narrative reports of a sector pack."""

from collections.abc import Callable

from giaoban.briefs.models import Outline
from giaoban.core.packs import Pack
from giaoban.kit.sync import sync_rows


def load_outlines(pack: Pack, say: Callable[[str], None]) -> None:
    """Outlines with the cut of the year that they follow. One that the pack no longer names stays: reports name it."""
    rules = {rule["key"]: rule for regime in pack.regimes for rule in regime.data.get("period_rules", ())}
    rows = [
        {
            "key": one.key,
            "name": one.name,
            "title": one.title,
            "rule": dict(rules[one.period_rule]),
            "only": list(one.only),
            "parts": [
                {
                    "key": part.key,
                    "heading": part.heading,
                    "per_field": part.per_field,
                    "fields": list(part.fields),
                }
                for part in one.parts
            ],
            "law": one.standing == "law",
            "basis": one.basis,
            "source": one.source,
            "notes": list(one.notes),
            "valid_from": one.valid_from,
            "valid_to": one.valid_to,
            "position": position,
        }
        for position, one in enumerate(pack.outlines)
    ]
    say(sync_rows(Outline.objects.all(), ["key"], rows, keep_absent=True).words("outlines"))
