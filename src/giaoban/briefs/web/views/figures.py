"""The picker of figures, and the answer to one whose fact changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from giaoban.briefs.models import BoundFigure, NarrativeReport, Section
from giaoban.briefs.rules.marked import change_mark, figure_mark
from giaoban.briefs.rules.wording import Amount, figure_words
from giaoban.briefs.selectors.figures import Sources
from giaoban.briefs.services import writing
from giaoban.briefs.services.refusals import NarrativeRefused, require_write
from giaoban.briefs.web.bars import report_bar
from giaoban.briefs.web.views.section import held_section, section_page
from giaoban.core.vietnamese import fold, number
from giaoban.indicators import selectors as indicators
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting

SHOWN = 60


@dataclass(frozen=True, slots=True)
class Choice:
    """A figure that can be bound: `value` names it in the form of the picker."""

    value: str
    label: str
    words: str
    measure: str
    scale: int
    note: str


@dataclass(frozen=True, slots=True)
class Source:
    """A form and period of which the unit has figures."""

    value: str
    label: str
    form: reporting.FormVersion
    period: reporting.Period


def _sources(unit_id: int, report: NarrativeReport) -> list[Source]:
    """Forms and periods of a unit or of those beneath it: those that share days with the report's window first, the
    newest of each first."""
    found = [
        Source(
            f"{one.form.key}|{one.period.code}|{one.period.instalment}",
            f"{one.form.code} · {one.period.label} · {one.form.title}",
            one.form,
            one.period,
        )
        for one in reporting.tables_beneath(unit_id, timezone.localdate())
        if one.accepted
    ]
    return sorted(found, key=lambda one: not (one.period.start < report.end and one.period.end > report.start))


@require_http_methods(["GET", "HEAD", "POST"])
def section_figures(request: ActorRequest, pk: int) -> HttpResponse:
    """Choose a table and a unit, see its cells with their values, bind one."""
    held = held_section(request, pk)
    require_write(held, request.actor)
    on = timezone.localdate()
    chosen = request.POST if request.method == "POST" else request.GET
    unit = _unit(held, chosen.get("don-vi", ""), on)
    sources = _sources(unit.id, held.report)
    source = next((one for one in sources if one.value == chosen.get("bang")), sources[0] if sources else None)
    refusal = ""
    if request.method == "POST" and source is not None:
        try:
            return _bind(request, held, source, unit)
        except NarrativeRefused as refused:
            refusal = str(refused)
            if _scripted(request):
                return JsonResponse({"refused": refusal}, status=422)
    words = chosen.get("q", "").strip()
    choices, why = _choices(source, unit) if source else ([], "")
    found = [one for one in choices if all(word in fold(one.label) for word in fold(words).split())]
    context = {
        "bar": report_bar(request, held.report),
        "section": held,
        "report": held.report,
        "unit": unit,
        "units": _units(held, unit, on),
        "sources": sources,
        "source": source,
        "choices": found[:SHOWN],
        "more": max(0, len(found) - SHOWN),
        "why": why,
        "words": words,
        "before": reporting.period_before(source.period) if source else None,
        "paragraphs": range(1, len([line for line in held.text.split("\n") if line.strip()]) + 1),
        "refusal": refusal,
    }
    template = "briefs/parts/picker.html" if _scripted(request) else "briefs/figures.html"
    return render(request, template, context, status=422 if refusal else 200)


def _scripted(request: ActorRequest) -> bool:
    return request.headers.get("X-Requested-With") == "editor"


def _unit(held: Section, key: str, on: date) -> orgs.UnitCard:
    """The unit whose figures are looked for: within what belongs to the report's unit, first that itself."""
    if not key:
        return orgs.card(held.report.unit_id, on)
    found = orgs.scope_ids([held.report.unit_id], on).filter(key=key).first()
    if found is None:
        raise Http404("Đơn vị này không thuộc phạm vi của báo cáo.")
    return orgs.card(found["pk"], on)


def _units(held: Section, unit: orgs.UnitCard, on: date) -> list[orgs.UnitCard]:
    own = orgs.card(held.report.unit_id, on)
    line = orgs.first_line_beneath(own.id, on)
    beneath = orgs.children_of(own.id, line, on) if line else []
    held_ids = {own.id, *(one.id for one in beneath)}
    return [own, *beneath, *([unit] if unit.id not in held_ids else [])]


def _choices(source: Source, unit: orgs.UnitCard) -> tuple[list[Choice], str]:
    """Indicators over the form, then its cells in the order of the form; why there are none, if that is so."""
    try:
        table = reporting.consolidate(source.form, source.period, unit.id)
    except reporting.ConsolidationRefused as refused:
        return [], refused.sentence
    found = list(_indicators(source, unit))
    coverage = f"có {table.coverage_words} đơn vị"
    for part in table.form.tables:
        for row in part.fixed_rows:
            for column in part.numeric:
                cell = table.total.cells.get((part.id, row.id, "", column.id))
                if cell is None or cell.amount is None:
                    continue
                words = (part.title, row.label, *column.parent, column.label)
                label = " – ".join(dict.fromkeys(word for word in words if word))
                estimate = " · có phần ước" if cell.estimate else ""
                made_up = " · mô phỏng" if table.simulated else ""
                found.append(
                    Choice(
                        f"cell|{part.id}|{row.id}|{column.id}",
                        label,
                        figure_words(Amount(cell.amount, "", column.scale, nil=cell.state == "nil")),
                        column.unit,
                        column.scale,
                        f"{coverage}{estimate}{made_up}",
                    )
                )
    return found, "" if found else "Biểu này chưa có số liệu của đơn vị trong kỳ đã chọn."


def _indicators(source: Source, unit: orgs.UnitCard) -> Iterable[Choice]:
    sources = Sources(unit.id, reporting.last_day(source.period))
    for one in indicators.indicators():
        if not indicators.reads(one, source.form, reporting.last_day(source.period)):
            continue
        found = sources("indicators.reading", _reference(source, unit, indicator=one.key))
        if found.value is not None:
            made_up = " · mô phỏng" if found.simulated else ""
            yield Choice(
                f"indicator|{one.key}",
                one.name,
                number(found.value, one.scale),
                one.unit,
                one.scale,
                f"chỉ số{made_up}",
            )


def _reference(source: Source, unit: orgs.UnitCard, **more: str) -> dict[str, str]:
    period = source.period
    reference = {"form": source.form.key, "period": period.code, "unit": unit.key, **more}
    return reference | ({"instalment": period.instalment} if period.instalment else {})


def _bind(request: ActorRequest, held: Section, source: Source, unit: orgs.UnitCard) -> HttpResponse:
    """Bind the chosen figure, and with it that of the same period of last year where this was asked for."""
    choices, _ = _choices(source, unit)
    one = next((each for each in choices if each.value == request.POST.get("chon")), None)
    if one is None:
        raise NarrativeRefused("Ô vừa chọn không còn số liệu. Chọn lại trong danh sách.")
    after = request.POST.get("sau", "")
    with transaction.atomic():
        made = _bound(request, held, one, source, unit)
        words = figure_mark(made.number, one.words + (f" {one.measure}" if one.measure == "%" else ""))
        if request.POST.get("cung-ky"):
            words += f", {_compared(request, held, one, source, unit, made)} so với cùng kỳ năm trước"
        if after.isdigit() and int(after):
            writing.place_marks(held, words, after=int(after), by=request.actor, at=timezone.now())
    if _scripted(request):
        return JsonResponse({"number": made.number, "words": words})
    placed = (
        "đã đặt vào cuối đoạn" if after.isdigit() and int(after) else f"gõ {figure_mark(made.number)} vào chỗ cần đặt"
    )
    messages.success(request, f"Đã gắn số liệu {made.number}: {placed}.")
    return redirect("briefs:section", held.pk)


def _bound(request: ActorRequest, held: Section, one: Choice, source: Source, unit: orgs.UnitCard) -> BoundFigure:
    kind, *parts = one.value.split("|")
    if kind == "indicator":
        name, reference = "indicators.reading", _reference(source, unit, indicator=parts[0])
    else:
        names = dict(zip(("table", "row", "column"), parts, strict=True))
        name, reference = "reporting.cell", _reference(source, unit, **names)
    return writing.bind_figure(
        held,
        source=name,
        reference=reference,
        label=f"{one.label} · {source.form.code} · {source.period.label} · {unit.name}",
        scale=one.scale,
        with_unit=bool(request.POST.get("don-vi-tinh")),
        by=request.actor,
        at=timezone.now(),
    )


def _compared(
    request: ActorRequest, held: Section, one: Choice, source: Source, unit: orgs.UnitCard, made: BoundFigure
) -> str:
    earlier = reporting.period_before(source.period)
    if earlier is None:
        raise NarrativeRefused("Chưa mở kỳ cùng kỳ năm trước của biểu này. Bỏ chọn “kèm so với cùng kỳ”.")
    then = Source("", "", source.form, earlier)
    base = _bound(request, held, one, then, unit)
    return change_mark(made.number, base.number)


@require_POST
def section_figure(request: ActorRequest, pk: int, number: int) -> HttpResponse:
    """Take the new value of a figure, or keep the old one with a reason."""
    held = held_section(request, pk)
    figure = held.figures.select_related("section__report", "section__field").filter(number=number).first()
    if figure is None:
        raise Http404("Phần này không có số liệu mang số đó.")
    try:
        if request.POST.get("lam") == "giu":
            writing.keep_value(figure, reason=request.POST.get("ly-do", ""), by=request.actor, at=timezone.now())
            done = f"Đã giữ số liệu {number}, kèm lý do."
        else:
            writing.take_new_value(figure, by=request.actor, at=timezone.now())
            done = f"Đã lấy số mới cho số liệu {number}."
    except NarrativeRefused as refused:
        return section_page(request, held, refusal=str(refused), status=422)
    messages.success(request, done)
    return redirect("briefs:section", pk)
