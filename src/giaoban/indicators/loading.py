"""Loads the indicators of a sector pack."""

from collections.abc import Callable

from giaoban.core.packs import Pack
from giaoban.indicators.models import Indicator
from giaoban.kit.sync import sync_rows
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting


def load_indicators(pack: Pack, say: Callable[[str], None]) -> None:
    """Rates of the pack. One that the pack no longer names stays: findings and discrepancies hang on it."""
    fields = {field.key: field.pk for field in orgs.fields()}
    rows = [
        {
            "key": one.key,
            "name": one.name,
            "field_id": fields[one.field] if one.field else None,
            "form_id": reporting.form_by_key(one.numerator.form).pk,
            "definition": {
                "numerator": {
                    "table": one.numerator.table,
                    "row": one.numerator.row,
                    "column": one.numerator.column,
                },
                "denominator": {
                    "table": one.denominator.table,
                    "row": one.denominator.row,
                    "column": one.denominator.column,
                },
                "factor": str(one.factor),
                "aggregation": one.aggregation,
            },
            "unit": one.unit,
            "scale": one.scale,
            "higher_is_better": one.direction == "higher",
            "source": one.source,
            "position": position,
        }
        for position, one in enumerate(pack.indicators)
        if one.denominator is not None
    ]
    left_out = [one.key for one in pack.indicators if one.denominator is None]
    if left_out:
        say(f"indicators without a denominator are not read yet, left out: {', '.join(left_out)}")
    say(sync_rows(Indicator.objects.all(), ["key"], rows, keep_absent=True).words("indicators"))
