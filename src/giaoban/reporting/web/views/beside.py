"""A table in the tree of its period and in that of another day, side by side."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from giaoban.core.restating import Restatement
from giaoban.core.vietnamese import day
from giaoban.kit.frame import ContextBar
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.web.bar import changed
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.trees import Side, both_totals, first_key, side_of

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
    """Both totals figure by figure, and the lines of both trees, each with how far it holds."""
    period_day = selectors.last_day(period)
    days = (period_day, other)
    titles = (f"Theo cây của kỳ, {day(period_day)}", f"Theo cây ngày {day(other)}")
    tables = [_read(form, period, unit.id, on) for on in days]
    known = [one for one in tables if isinstance(one, selectors.ConsolidatedTable)]
    found = first_key(known[0]) if known else None
    labels = Labels(known[0].form, {}) if known else None
    sides = [
        _side(request, title, held, found[0] if found else None, on)
        for title, held, on in zip(titles, tables, days, strict=True)
    ]
    context = {
        "bar": bar,
        "unit": unit,
        "title": calm(form.title),
        "form": form,
        "period": period,
        "sides": sides,
        "titles": titles,
        "compared": labels.column(found[1], found[2].id) if labels and found else "",
        "scale": found[2].scale if found else 0,
        "totals": both_totals(labels, known[0], known[1]) if labels and len(known) == 2 else [],
        "simulated_note": "các số trên trang này là ví dụ, không phải số liệu thật."
        if any(one.simulated for one in known)
        else "",
    }
    return render(request, "reporting/table_beside.html", context)


def _read(
    form: selectors.FormVersion, period: selectors.Period, unit_id: int, on: date
) -> selectors.ConsolidatedTable | selectors.ConsolidationRefused:
    """The table in the tree of a day. In the period's own tree too the unit must be there: empty says nothing."""
    try:
        table = selectors.consolidate(form, period, unit_id, geography=on, divided="keep")
    except selectors.ConsolidationRefused as refusal:
        return refusal
    if not table.lines and table.incomplete_reason:
        others = selectors.stand_for(unit_id, on, timezone.localdate())
        return selectors.ConsolidationRefused(Restatement(outcome="refused", sentence=table.incomplete_reason), others)
    return table


def _side(
    request: ActorRequest,
    title: str,
    held: selectors.ConsolidatedTable | selectors.ConsolidationRefused,
    key: selectors.CellKey | None,
    on: date,
) -> Side:
    fresh = {"origin": None, "layer": None}
    if isinstance(held, selectors.ConsolidatedTable):
        url = changed(request, beside=None, divided="keep", geography=on.isoformat(), **fresh)
        return side_of(title, held, key, url)
    others = tuple(
        (one.name, changed(request, unit=one.key, beside=None, geography=on.isoformat(), **fresh))
        for one in held.others
    )
    return Side(title, held.restatement, (), others=others)
