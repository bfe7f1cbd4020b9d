"""The list of narrative reports, and a new one from an outline."""

import csv
from dataclasses import dataclass

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.briefs.models import Outline
from giaoban.briefs.rules.states import SIGNS, STATE_NAMES, State
from giaoban.briefs.selectors import reports as selectors
from giaoban.briefs.selectors.reports import ReportCard
from giaoban.briefs.services import reports as services
from giaoban.briefs.services.refusals import NarrativeRefused
from giaoban.briefs.web.bars import list_bar
from giaoban.briefs.web.forms import NewReportForm
from giaoban.core.tidy import guarded
from giaoban.core.vietnamese import day, fold
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs

PAGE_SIZE = 25
HEADER = (
    "Báo cáo",
    "Loại",
    "Đơn vị",
    "Kỳ",
    "Khoảng thời gian",
    "Tình trạng",
    "Phần đã viết",
    "Tổng số phần",
    "Số liệu phải xử lý",
    "Số",
    "Ngày ký",
)


@dataclass(frozen=True, slots=True)
class Listed:
    """What the list shows: all rows in scope, those that the filters leave, and the choices of the filters."""

    everything: list[ReportCard]
    rows: list[ReportCard]
    units: list[tuple[str, str]]
    periods: list[str]


def _listed(request: ActorRequest) -> Listed:
    on = timezone.localdate()
    found = selectors.reports_visible(request.actor, on).select_related("outline", "act")
    everything = selectors.report_cards(list(found), request.actor, on)
    state, unit = request.GET.get("state", ""), request.GET.get("don-vi", "")
    period, words = request.GET.get("ky", ""), fold(request.GET.get("q", ""))
    rows = [
        row
        for row in everything
        if (not state or row.state == state)
        and (not unit or row.unit.key == unit)
        and (not period or row.period_label == period)
        and (not words or words in fold(f"{row.title} {row.unit.name} {row.outline}"))
    ]
    units = sorted({(row.unit.sort_key, row.unit.key, row.unit.name) for row in everything})
    periods = list(dict.fromkeys(row.period_label for row in everything))
    return Listed(everything, rows, [(key, name) for _, key, name in units], periods)


@require_safe
def reports(request: ActorRequest) -> HttpResponse:
    listed = _listed(request)
    chosen = request.GET.get("state", "")
    counts = [Count(len(listed.everything), "báo cáo", changed(request, state=""), not chosen)]
    for state in State:
        number = sum(row.state is state for row in listed.everything)
        counts.append(Count(number, STATE_NAMES[state], changed(request, state=state), chosen == state, SIGNS[state]))
    context = {
        "bar": list_bar(request, [Choice("CSV", f"{reverse('briefs:reports-csv')}?{request.GET.urlencode()}")]),
        "counts": counts,
        "page": Paginator(listed.rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "listed": listed,
        "mine": sum(row.mine for row in listed.everything),
        "signs": SIGNS,
        "may_create": bool(_units(request)),
        "filtered": any(request.GET.get(name) for name in ("state", "don-vi", "ky", "q")),
        "chosen_unit": request.GET.get("don-vi", ""),
    }
    return render(request, "briefs/reports.html", context)


@require_safe
def reports_csv(request: ActorRequest) -> HttpResponse:
    """What the list shows; UTF-8 with a mark that spreadsheets read."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="bao-cao-bang-loi-{timezone.localdate():%Y-%m-%d}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(HEADER)
    for row in _listed(request).rows:
        cells = [row.title, row.outline, row.unit.name, row.period_label, row.window, row.state_name]
        signed = day(row.dated_on) if row.dated_on else ""
        writer.writerow([*map(guarded, cells), row.written, row.total, row.trouble, guarded(row.number), signed])
    return response


def _units(request: ActorRequest) -> list[orgs.UnitCard]:
    """Units for which the person may open a report, the one acted for first."""
    actor = request.actor
    may = [unit_id for unit_id in actor.unit_ids if actor.may(Permission.WRITE_NARRATIVE, unit_id)]
    held = orgs.cards(may, timezone.localdate())
    return [held[unit_id] for unit_id in may]


@require_http_methods(["GET", "HEAD", "POST"])
def report_new(request: ActorRequest) -> HttpResponse:
    """Choose unit and outline, see the parts it will have, open it."""
    on, units = timezone.localdate(), _units(request)
    if not units:
        request.actor.require(Permission.WRITE_NARRATIVE, request.actor.unit_id, unit_name=request.actor.unit_name)
    known = selectors.outlines(on)
    asked = request.GET.get("de-cuong") or request.POST.get("outline", "")
    outline = next((one for one in known if one.key == asked), known[0] if known else None)
    wanted = request.GET.get("don-vi") or request.POST.get("unit", "")
    unit = next((one for one in units if one.key == wanted), units[0])
    form = _new_form(request, outline) if outline else None
    refusal = ""
    if request.method == "POST" and outline and form and form.is_valid():
        try:
            made = services.create_report(
                outline,
                unit_id=unit.id,
                period_code=form.cleaned_data["period"],
                title=form.cleaned_data["title"],
                fields=form.cleaned_data.get("fields_of_work"),
                by=request.actor,
                at=timezone.now(),
            )
        except NarrativeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, "Đã lập báo cáo. Giao các phần cho đơn vị viết, hoặc viết luôn.")
            return redirect("briefs:report", made.pk)
    context = {
        "bar": list_bar(request),
        "outlines": known,
        "outline": outline,
        "source": orgs.source_titles(outline.source) if outline else "",
        "units": units,
        "unit": unit,
        "parts": _parts(outline) if outline else [],
        "form": form,
        "refusal": refusal,
    }
    return render(request, "briefs/new.html", context, status=422 if request.method == "POST" else 200)


def _new_form(request: ActorRequest, outline: Outline) -> NewReportForm:
    on = timezone.localdate()
    periods = selectors.periods_for(outline, [on.year - 1, on.year, on.year + 1])
    names = [(one.code, f"{one.label} ({one.window_label()})") for one in periods]
    running = [one.code for one in periods if one.end <= on + (one.end - one.start) / 2]
    fields = [(one.field, one.heading) for one in services.plan(outline) if one.field]
    first = running[-1] if running else (names[0][0] if names else "")
    return NewReportForm(
        request.POST or None,
        periods=names,
        fields=fields,
        initial={"period": first, "fields_of_work": [key for key, _ in fields]},
    )


def _parts(outline: Outline) -> list[tuple[str, int]]:
    """Each part with how many fields of work it has sections for; 0: the part is one section."""
    counts: dict[str, int] = {}
    for one in services.plan(outline):
        counts[one.part_heading] = counts.get(one.part_heading, 0) + bool(one.field)
    return list(counts.items())
