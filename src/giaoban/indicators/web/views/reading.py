"""An indicator in a period: the one number, how it came about, what it is compared with, every unit around it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from math import ceil, floor
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.indicators import difference_in_points, rounded
from giaoban.core.tidy import plain
from giaoban.core.vietnamese import day
from giaoban.indicators import selectors
from giaoban.indicators.web.views.shared import UNIT, bar, file_name, reading_address, refusing, with_words
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting import selectors as reporting

NOTABLE = 2  # points from the level of all together; said under the table
PERCENT = "%"


@dataclass(frozen=True, slots=True)
class Held:
    """A reading with what one actor sees of it. lacking: visible units without a value, with the reason."""

    reading: selectors.Reading
    period: reporting.Period
    earlier: selectors.Before | None
    rows: Sequence[dict[str, Any]]
    lacking: Sequence[tuple[str, str]]


def _rows(
    held: selectors.Reading, called: dict[int, UnitCard], period: reporting.Period, earlier: selectors.Before | None
) -> list[dict[str, Any]]:
    """Units in order of rank; a unit without a value comes last."""
    rows = [_row(held, unit_id, unit, earlier) for unit_id, unit in called.items() if unit_id in held.units]
    for row in rows:
        row["link"] = f"{reading_address(held.indicator, period, row['unit'].key)}#so-sanh"
    return sorted(rows, key=lambda row: (row["rank"] or len(rows) + 1, row["unit"].sort_key))


def _row(held: selectors.Reading, unit_id: int, unit: UnitCard, earlier: selectors.Before | None) -> dict[str, Any]:
    return {
        "unit": unit,
        "measured": held.units[unit_id],
        "is_summed": unit_id not in held.not_summed,
        "rank": held.ranks.get(unit_id),
        "before": earlier.units.get(unit_id) if earlier else None,
        "rank_before": earlier.places.get(unit_id) if earlier else None,
        "points": _points(held, unit_id),
        "tone": _tone(held, unit_id),
    }


def _points(held: selectors.Reading, unit_id: int) -> Decimal | None:
    """Between two percentages only: an amount lies beside no common level."""
    if held.indicator.unit != PERCENT:
        return None
    return difference_in_points(held.units[unit_id].value, held.overall.value)


def _tone(held: selectors.Reading, unit_id: int) -> str:
    points = _points(held, unit_id)
    if points is None:
        return ""
    if held.indicator.higher_is_better is None or abs(points) < NOTABLE:
        return "even"
    return "good" if (points > 0) == held.indicator.higher_is_better else "weak"


def _held(request: ActorRequest, key: str, code: str) -> Held:
    """Raises Http404 where the actor sees nothing of it, QueryRefused where there is no answer."""
    indicator = selectors.indicator_for(key)
    period = selectors.period_for(indicator, code, request.GET.get("instalment", ""))
    held = selectors.reading(indicator, period)
    today = timezone.localdate()
    earlier = selectors.before(held, period)
    visible = selectors.visible_among(request.actor, held.units.keys() | held.lacking.keys(), today)
    called = cards(visible, today)
    if not called:
        raise Http404("Chỉ số này chưa có số liệu đã tiếp nhận trong phạm vi của bạn.")
    lacking = [(called[unit_id].short_name, one.reason) for unit_id, one in held.lacking.items() if unit_id in called]
    return Held(held, period, earlier, _rows(held, called, period, earlier), lacking)


@require_safe
@refusing
def reading(request: ActorRequest, key: str, period: str) -> HttpResponse:
    """The one number from sums, what was published beside it, what it is made of and compared with, every unit."""
    shown = _held(request, key, period)
    held, found, today = shown.reading, shown.period, timezone.localdate()
    focus = selectors.focus_of(held, request.actor, today, request.GET.get(UNIT, ""))
    values = [row["measured"].value for row in shown.rows if row["measured"].value is not None]
    low, high = _axis(values)
    export = with_words(reverse("indicators:reading-csv", args=[key, period]), instalment=found.instalment)
    return render(
        request,
        "indicators/reading.html",
        {
            "held": held,
            "indicator": held.indicator,
            "period": found,
            "rows": shown.rows,
            "lacking": shown.lacking,
            "earlier": shown.earlier,
            "restated": _restated_notes(shown.rows),
            "low": low,
            "high": high,
            "labels": range(low, high + 1, (high - low) // 3),
            "with_points": held.indicator.unit == PERCENT and held.overall.value is not None,
            "focus": focus,
            "is_chosen": focus.unit is not None and focus.unit.key == request.GET.get(UNIT),
            "all_url": reading_address(held.indicator, found),
            "comparisons": selectors.comparisons(held, found, shown.earlier, focus, today),
            "explained": selectors.explanation(held.indicator, held.version, focus.measured),
            "expected": len(selectors.reporters(held.indicator, found) - held.not_summed),
            "not_summed": [row["unit"].short_name for row in shown.rows if not row["is_summed"]],
            "counted": _counted(request, held, found),
            "overall": None if held.overall.value is None else rounded(held.overall.value, held.indicator.scale),
            "discrepancies": selectors.discrepancies(request.actor, today).filter(
                indicator=held.indicator, period=found
            ),
            "table_url": with_words(
                reverse("reporting:table", args=[held.version.forms()[0], found.code]), instalment=found.instalment
            ),
            "simulated_note": "chỉ số này dùng số liệu ví dụ." if held.simulated else "",
            "bar": bar(
                request,
                period=found.label,
                geography=day(reporting.last_day(found)),
                exports=(Choice("CSV", export),),
            ),
        },
    )


def _counted(request: ActorRequest, held: selectors.Reading, period: reporting.Period) -> list[selectors.Opened]:
    """Counts that open the names: beyond the common level, beyond the target."""
    row = held.indicator
    if row.higher_is_better is None or len(held.summed) < 2:
        return []
    weak, words = ("thấp hơn" if row.higher_is_better else "cao hơn"), selectors.quantifiers()
    found = []
    if row.unit == PERCENT and held.overall.value is not None:
        weaker = {unit_id: _tone(held, unit_id) == "weak" for unit_id in held.summed}
        said = selectors.quantified(weaker, bool, words=words)
        found.append((said, f"{weak} mức chung từ {NOTABLE} điểm phần trăm"))
    missed = selectors.missed_targets(held, period)
    if missed:
        found.append((selectors.quantified(missed, bool, words=words), "chưa đạt chỉ tiêu của năm"))
    lists = selectors.opened_all([said for said, _ in found], request.actor, timezone.localdate())
    return [
        selectors.Opened(f"{one.words} {what}", one.units, one.hidden)
        for one, (_, what) in zip(lists, found, strict=True)
    ]


def _restated_notes(rows: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    """Name and words for each unit whose earlier value is not simply its own of a year before."""
    return [
        (row["unit"].short_name, row["before"].sentence)
        for row in rows
        if row["before"] is not None and (row["before"].outcome != "exact" or len(row["before"].parts) > 1)
    ]


def _axis(values: list[Decimal]) -> tuple[int, int]:
    """Ends of an axis of three equal steps: a ten below the lowest value, and a multiple of 15 above that."""
    if not values:
        return 0, 15
    low = floor(min(values) / 10) * 10
    return low, low + max(1, ceil((max(values) - low) / 15)) * 15


@require_safe
@refusing
def reading_csv(request: ActorRequest, key: str, period: str) -> HttpResponse:
    """What the page shows, with both sums of every rate. summed: 0 where a unit's figures hold those of others in the
    file; simulated: 1 where the figures are an example."""
    shown = _held(request, key, period)
    held, found = shown.reading, shown.period
    out = StringIO()
    writer = csv.writer(out)
    names = ["unit", "unit_name", "indicator", "period", "numerator", "denominator", "value", "rank"]
    names += ["before", "before_outcome", "before_sentence", "rank_before", "rank_sentence", "summed", "simulated"]
    writer.writerow(names)
    for row in shown.rows:
        one = row["measured"]
        writer.writerow(
            (
                row["unit"].key,
                plain(row["unit"].name),
                held.indicator.key,
                ":".join(filter(None, (found.code, found.instalment))),
                one.numerator,
                "" if one.denominator is None else one.denominator,
                "" if one.value is None else rounded(one.value, held.indicator.scale),
                row["rank"] or "",
                *_before_cells(row, held, shown.earlier),
                int(row["is_summed"]),
                int(held.simulated),
            )
        )
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = file_name(held.indicator.key, found.code, found.instalment, simulated=held.simulated)
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _before_cells(row: dict[str, Any], held: selectors.Reading, earlier: selectors.Before | None) -> tuple[object, ...]:
    """The same period of the year before, and whether places compare; blank where it was not opened."""
    said = row["before"]
    if earlier is None or said is None:
        return ("", "", "", "", "")
    value = "" if said.value is None else rounded(said.value, held.indicator.scale)
    return (value, said.outcome, plain(said.sentence), row["rank_before"] or "", plain(earlier.ranks.sentence))
