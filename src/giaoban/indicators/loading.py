"""Loads the indicators of a sector pack."""

from collections.abc import Callable
from typing import Any

from django.http import Http404

from giaoban.core.indicators import IndicatorDefinition, definition_from_dict
from giaoban.core.packs import IndicatorRecord, Pack
from giaoban.indicators.models import Indicator
from giaoban.kit.sync import sync_rows
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting


def load_indicators(pack: Pack, say: Callable[[str], None]) -> None:
    """Indicators of the pack. One that it no longer names stays: findings and discrepancies hang on it."""
    fields = {field.key: field.pk for field in orgs.fields()}
    held: dict[str, IndicatorDefinition] = {}
    for one in pack.indicators:
        held[one.key] = definition_from_dict(one.definition, key=one.key, others=held.get)
    rows = [
        {**_row(one, held[one.key]), "field_id": fields[one.field] if one.field else None, "position": position}
        for position, one in enumerate(pack.indicators)
    ]
    say(sync_rows(Indicator.objects.all(), ["key"], rows, keep_absent=True).words("indicators"))


def _row(one: IndicatorRecord, definition: IndicatorDefinition) -> dict[str, Any]:
    return {
        "key": one.key,
        "name": one.name,
        "form_id": _form_of(definition),
        "definition": {**one.definition, **({"note": one.note} if one.note else {})},
        "unit": one.unit,
        "scale": one.scale,
        "higher_is_better": None if one.direction == "none" else one.direction == "higher",
        "source": one.source,
    }


def _form_of(definition: IndicatorDefinition) -> int | None:
    """The one form of the newest version, None where it reads several."""
    forms = definition.newest().forms()
    if len(forms) != 1:
        return None
    try:
        return reporting.form_by_key(forms[0]).pk
    except Http404:
        return None
