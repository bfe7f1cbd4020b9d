"""The figures that a question names, as values with their states; the same words as on pages and in commands."""

from decimal import Decimal
from typing import Annotated, Any

from django.utils import timezone
from ninja import Query, Router

from giaoban.core.queries import Answer, Value, parse
from giaoban.indicators.api import shapes
from giaoban.indicators.selectors.answering import answer
from giaoban.kit.http import ActorRequest

router = Router(tags=["Số liệu"])
Words = Annotated[list[str], Query()]


@router.get(
    "/figures",
    response={200: shapes.FiguresShown, shapes.REFUSED: shapes.FiguresRefusal},
    operation_id="figures",
    summary="Cells and indicators by unit and period",
)
def figures(
    request: ActorRequest,
    measure: Words = [],  # noqa: B006  # ninja copies it
    period: Words = [],  # noqa: B006
    unit: str = "",
    level: str = "below",
    geography: str = "",
    divided: str = "",
) -> dict[str, Any]:
    """measure: form/table/row/column or chi-so:key, several; period: rule:code, rule:first..last, with :instalment
    where there is one; level: self, below or the key of a unit kind; geography: the day of the tree; divided: keep or
    refuse.
    """
    words = {
        "measure": measure,
        "period": period,
        "unit": [unit],
        "level": [level],
        "geography": [geography],
        "divided": [divided],
    }
    return shown(answer(parse(words), actor=request.actor))


def shown(found: Answer) -> dict[str, Any]:
    """An answer in the shape of `FiguresShown`."""
    return {
        "query": found.query.words(),
        "top": _unit(found.top.key, found.top.name, found.top.short_name),
        "units": [_unit(one.key, one.name, one.short_name) for one in found.units],
        "periods": [
            {"word": one.word, "label": one.label, "window": one.window, "start": one.start, "end": one.end}
            for one in found.periods
        ],
        "measures": [
            {
                "word": one.word,
                "name": one.name,
                "unit": one.unit,
                "scale": one.scale,
                "is_rate": one.is_rate,
                "higher_is_better": one.higher_is_better,
                "source": one.source,
            }
            for one in found.measures
        ],
        "values": [value_shown(*key, one) for key, one in found.values.items()],
        "as_of": timezone.localtime(found.as_of),
        "engine": found.engine,
        "notes": list(found.notes),
        "simulated": found.simulated,
    }


def value_shown(unit: str, period: str, measure: str, one: Value) -> dict[str, Any]:
    held = one.coverage
    return {
        "unit": unit,
        "period": period,
        "measure": measure,
        "value": _text(one.value),
        "state": one.state,
        "estimate": f"{one.estimate:f}",
        "numerator": _text(one.numerator),
        "denominator": _text(one.denominator),
        "coverage": held
        and {"received": held.received, "expected": held.expected, "missing": held.expected - held.received},
        "share": _text(one.share),
        "outcome": one.outcome,
        "reason": one.reason,
        "simulated": one.simulated,
    }


def _unit(key: str, name: str, short_name: str) -> dict[str, str]:
    return {"key": key, "name": name, "short_name": short_name}


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
