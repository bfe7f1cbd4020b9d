"""Indicators over the tiny world of lights that report (`reporting.tests.factories`)."""

from typing import Any

from giaoban.indicators.models import Indicator
from giaoban.reporting.tests.factories import World


def indicator(world: World, key: str = "good-lamps", **changes: Any) -> Indicator:
    """The share of good lamps, in per cent; more is better."""
    given: dict[str, Any] = {
        "name": "Tỷ lệ đèn tốt",
        "form": world.form,
        "definition": {
            "numerator": {"table": "own", "row": "total", "column": "good"},
            "denominator": {"table": "own", "row": "total", "column": "all"},
            "factor": "100",
            "aggregation": "pooled",
        },
        "unit": "%",
        "scale": 2,
        "higher_is_better": True,
    }
    return Indicator.objects.create(key=key, **{**given, **changes})
