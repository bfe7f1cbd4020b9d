"""Small forms that several tests use. They come from no regulation."""

from typing import Any

from giaoban.core.forms import FormDefinition, parse_form


def capture(**changes: Any) -> dict[str, Any]:
    """One table, one row: two parts of a whole, a rate, a published average, a remark."""
    return {
        "code": "lamps",
        "title": "Lamps",
        "kind": "capture",
        "valid": ["2020-01-01", None],
        "verified": "full",
        "labels": "own",
        "source": "made-up",
        "tables": [
            {
                "id": "own",
                "rows": [{"id": "total"}],
                "columns": [
                    {"id": "all", "label": "All", "unit": "lamp"},
                    {"id": "good", "label": "Good", "unit": "lamp", "part_of": "all"},
                    {"id": "oil", "label": "Oil", "unit": "litre", "scale": 1, "required": False},
                    {
                        "id": "rate",
                        "label": "Rate",
                        "unit": "%",
                        "scale": 2,
                        "roll_up": "rate",
                        "formula": "100 * good / all",
                    },
                    {"id": "age", "label": "Age", "unit": "year", "roll_up": "none", "required": False},
                    {"id": "note", "label": "Note", "kind": "text"},
                ],
            }
        ],
        **changes,
    }


def two_tables(**changes: Any) -> dict[str, Any]:
    """A fixed line of its own, and a total over one line per light."""
    return capture(
        tables=[
            {
                "id": "own",
                "rows": [{"id": "s"}],
                "columns": [{"id": "I.1", "label": "Spare", "unit": "lamp", "signed": True}],
            },
            {
                "id": "lights",
                "rows": [
                    {"id": "total", "sum_of": "unit"},
                    {"id": "unit", "parent": "total", "dynamic": {"one_per": "light"}},
                ],
                "columns": [
                    {"id": "II.1", "label": "All", "unit": "lamp"},
                    {"id": "II.2", "label": "Broken", "unit": "lamp", "required": False},
                    {"id": "II.3", "label": "Age", "unit": "year", "roll_up": "none", "required": False},
                ],
            },
        ],
        **changes,
    )


def form(data: dict[str, Any]) -> FormDefinition:
    return parse_form(data, "capture:lamps")
