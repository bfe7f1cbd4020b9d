import csv
from datetime import date
from decimal import Decimal
from io import StringIO
from math import ceil, floor
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.indicators import difference_in_points, rounded
from giaoban.core.vietnamese import day
from giaoban.indicators import selectors
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting import selectors as reporting

NOTABLE = 2  # points from the level of all together; said under the table


def _rows(
    held: selectors.Reading, visible: frozenset[int], on: date, earlier: selectors.Before | None
) -> list[dict[str, Any]]:
    """Visible units in order of rank; a unit without a value comes last."""
    called = cards(held.units.keys() & visible, on)
    rows = [_row(held, unit_id, unit, earlier) for unit_id, unit in called.items()]
    return sorted(rows, key=lambda row: (row["rank"] or len(rows) + 1, row["unit"].sort_key))


def _row(held: selectors.Reading, unit_id: int, unit: UnitCard, earlier: selectors.Before | None) -> dict[str, Any]:
    points = difference_in_points(held.units[unit_id].value, held.overall.value)
    better = points is not None and (points > 0) == held.indicator.higher_is_better
    far = points is not None and abs(points) >= NOTABLE
    return {
        "unit": unit,
        "measured": held.units[unit_id],
        "rank": held.ranks.get(unit_id),
        "before": earlier.units.get(unit_id) if earlier else None,
        "rank_before": earlier.places.get(unit_id) if earlier else None,
        "points": points,
        "tone": "" if points is None else (("good" if better else "weak") if far else "even"),
    }


def _held(
    request: ActorRequest, key: str, code: str
) -> tuple[selectors.Reading, reporting.Period, selectors.Before | None, list[dict[str, Any]]]:
    indicator = selectors.indicator_for(key)
    period = reporting.period_of(indicator.form, code, request.GET.get("instalment", ""))
    held = selectors.reading(indicator, period)
    today = timezone.localdate()
    earlier = selectors.before(held, period)
    rows = _rows(held, selectors.visible_among(request.actor, held.units, today), today, earlier)
    if not rows:
        raise Http404("Chỉ số này chưa có số liệu đã tiếp nhận trong phạm vi của bạn.")
    return held, period, earlier, rows


@require_safe
def reading(request: ActorRequest, key: str, period: str) -> HttpResponse:
    """An indicator in a period: the one number from sums, what was published beside it, every unit around it."""
    held, found, earlier, rows = _held(request, key, period)
    values = [row["measured"].value for row in rows if row["measured"].value is not None]
    low, high = _axis(values)
    export = reverse("indicators:reading-csv", args=[key, period]) + _instalment(found)
    return render(
        request,
        "indicators/reading.html",
        {
            "held": held,
            "indicator": held.indicator,
            "period": found,
            "rows": rows,
            "earlier": earlier,
            "restated": _restated_notes(rows),
            "low": low,
            "high": high,
            "labels": range(low, high + 1, (high - low) // 3),
            "overall": None if held.overall.value is None else rounded(held.overall.value, held.indicator.scale),
            "discrepancies": selectors.discrepancies(request.actor, timezone.localdate()).filter(
                indicator=held.indicator, period=found
            ),
            "table_url": reverse("reporting:table", args=[held.indicator.form.key, found.code]) + _instalment(found),
            "simulated_note": "chỉ số này dùng số liệu ví dụ." if held.simulated else "",
            "bar": ContextBar(
                unit_label=request.actor.unit_name,
                unit_choices=acting_choices(request, request.actor),
                period_label=found.label,
                geography_label=day(reporting.last_day(found)),
                as_of_label=day(timezone.localdate()),
                export_formats=(Choice("CSV", export),),
            ),
        },
    )


def _restated_notes(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Name and words for each unit whose earlier value is not simply its own of a year before."""
    return [
        (row["unit"].short_name, row["before"].sentence)
        for row in rows
        if row["before"] is not None and (row["before"].outcome != "exact" or len(row["before"].parts) > 1)
    ]


def _instalment(period: reporting.Period) -> str:
    """The part of an address that tells apart the periods of one code; "" where there is one only."""
    return f"?{urlencode({'instalment': period.instalment})}" if period.instalment else ""


def _axis(values: list[Decimal]) -> tuple[int, int]:
    """Ends of an axis of three equal steps: a ten below the lowest value, and a multiple of 15 above that."""
    if not values:
        return 0, 15
    low = floor(min(values) / 10) * 10
    return low, low + max(1, ceil((max(values) - low) / 15)) * 15


@require_safe
def reading_csv(request: ActorRequest, key: str, period: str) -> HttpResponse:
    """What the page shows, with both sums of every rate; the last column is 1 where the figures are an example."""
    held, found, earlier, rows = _held(request, key, period)
    out = StringIO()
    writer = csv.writer(out)
    names = ["unit", "unit_name", "indicator", "period", "numerator", "denominator", "value", "rank"]
    names += ["before", "before_outcome", "before_sentence", "rank_before", "rank_sentence", "simulated"]
    writer.writerow(names)
    for row in rows:
        rate, value = row["measured"].rate, row["measured"].value
        writer.writerow(
            (
                row["unit"].key,
                row["unit"].name,
                held.indicator.key,
                found.code,
                rate.numerator,
                rate.denominator,
                "" if value is None else rounded(value, held.indicator.scale),
                row["rank"] or "",
                *_before_cells(row, held, earlier),
                int(held.simulated),
            )
        )
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{held.indicator.key}-{found.code}.csv"'
    return response


def _before_cells(row: dict[str, Any], held: selectors.Reading, earlier: selectors.Before | None) -> tuple[object, ...]:
    """The same period of the year before, and whether places compare; blank where it was not opened."""
    said = row["before"]
    if earlier is None or said is None:
        return ("", "", "", "", "")
    value = "" if said.value is None else rounded(said.value, held.indicator.scale)
    return (value, said.outcome, said.sentence, row["rank_before"] or "", earlier.ranks.sentence)
