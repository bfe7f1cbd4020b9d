"""A table in the tree of its period and in that of another day, side by side."""

from dataclasses import replace
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from giaoban.core.vietnamese import day
from giaoban.kit.frame import ContextBar
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.trees import Side, both_lines, both_totals, first_key, side_of

TODAY = "today"


def wanted_day(request: ActorRequest) -> date | None:
    """The other day of `?beside=`: "today" or a date; None when the page is not asked for."""
    text = request.GET.get("beside", "")
    if text == TODAY:
        return timezone.localdate()
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def beside(
    request: ActorRequest,
    unit: orgs.UnitCard,
    form: selectors.FormVersion,
    period: selectors.Period,
    other: date,
    bar: ContextBar,
) -> HttpResponse:
    """Both totals figure by figure, and the lines of both trees in one table, each with how far it holds."""
    period_day = selectors.last_day(period)
    days = (period_day, other)
    titles = (f"Theo cây của kỳ, {day(period_day)}", f"Theo cây ngày {day(other)}")
    tables = [read(form, period, unit.id, on) for on in days]
    left, right = (one if isinstance(one, selectors.ConsolidatedTable) else None for one in tables)
    known = [one for one in (left, right) if one is not None]
    found = first_key(known[0]) if known else None
    labels = Labels(known[0].form, {}) if known else None
    lines, reasons = both_lines(left, right, found[0]) if found else ([], [])
    context = {
        "bar": replace(
            bar,
            geography_label=f"{day(period_day)} và {day(other)}",
            export_formats=tuple(replace(one, label="Cả hai cây, CSV") for one in bar.export_formats),
        ),
        "unit": unit,
        "title": calm(form.title),
        "form": form,
        "period": period,
        "other": other,
        "sides": [_side(request, *one) for one in zip(titles, tables, days, strict=True)],
        "titles": titles,
        "compared": labels.column(found[1], found[2].id) if labels and found else "",
        "scale": found[2].scale if found else 0,
        "lines": lines,
        "reasons": reasons,
        "totals": both_totals(labels, left, right) if labels and left and right else [],
        "simulated_note": "các số trên trang này là ví dụ, không phải số liệu thật."
        if any(one.simulated for one in known)
        else "",
    }
    return render(request, "reporting/table_beside.html", context)


def read(
    form: selectors.FormVersion, period: selectors.Period, unit_id: int, on: date
) -> selectors.ConsolidatedTable | selectors.ConsolidationRefused:
    """The table in the tree of a day, or why there is none."""
    try:
        return selectors.consolidate(form, period, unit_id, geography=on, divided="keep")
    except selectors.ConsolidationRefused as refusal:
        return refusal


def _side(
    request: ActorRequest,
    title: str,
    held: selectors.ConsolidatedTable | selectors.ConsolidationRefused,
    on: date,
) -> Side:
    fresh = {"origin": None, "layer": None}
    if isinstance(held, selectors.ConsolidatedTable):
        url = changed(request, beside=None, divided="keep", geography=on.isoformat(), **fresh)
        return side_of(title, held, url)
    others = tuple(
        (one.name, changed(request, unit=one.key, beside=None, geography=on.isoformat(), **fresh))
        for one in held.others
    )
    return Side(title, held.restatement, others=others, is_empty=True)
