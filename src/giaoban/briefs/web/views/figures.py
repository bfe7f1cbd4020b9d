"""The picker of figures, the way to it from a pivot table, and the answer to a figure whose fact changed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.briefs.models import BoundFigure, NarrativeReport, Section
from giaoban.briefs.rules.marked import change_mark, figure_mark
from giaoban.briefs.rules.wording import Amount, figure_words
from giaoban.briefs.selectors import questions
from giaoban.briefs.selectors.figures import ANSWER, CELL, Sources, sources_for
from giaoban.briefs.selectors.reports import section_cards, sections_written_by
from giaoban.briefs.services import writing
from giaoban.briefs.services.refusals import NarrativeRefused, require_write
from giaoban.briefs.web.bars import list_bar, report_bar
from giaoban.briefs.web.views.section import held_section, section_page
from giaoban.core.queries import QueryRefused
from giaoban.core.vietnamese import fold, number
from giaoban.indicators import selectors as indicators
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting

SHOWN = 60
INDICATOR = "indicators.reading"
NO_YEAR_BEFORE = "Chưa mở kỳ cùng kỳ năm trước của biểu này. Bỏ chọn “kèm so với cùng kỳ”."


@dataclass(frozen=True, slots=True)
class Choice:
    """A figure that can be bound: `value` names it in the form of the picker; title: its label once it is bound."""

    value: str
    label: str
    words: str
    measure: str
    scale: int
    note: str
    source: str
    reference: Mapping[str, str]
    title: str


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


@dataclass(frozen=True, slots=True)
class Offer:
    """What the picker lists: the first of `count` figures that match what was typed. why: why there are none; shown:
    what its page needs besides. earlier: the same figure in the same period of the year before, said in `before`.
    """

    choices: Sequence[Choice]
    count: int
    why: str
    shown: Mapping[str, Any]
    earlier: Callable[[Choice], Choice]
    before: str = ""


@require_http_methods(["GET", "HEAD", "POST"])
def section_figures(request: ActorRequest, pk: int) -> HttpResponse:
    """Choose a table and a unit, or give the address of a pivot table; see the figures with their values, bind one."""
    held = held_section(request, pk)
    require_write(held, request.actor)
    chosen = request.POST if request.method == "POST" else request.GET
    asked = chosen.get("hoi", "").strip()
    offer = _of_question(request, held, chosen) if asked else _of_tables(held, chosen)
    refusal = ""
    if request.method == "POST":
        try:
            return _bind(request, held, offer)
        except NarrativeRefused as refused:
            refusal = str(refused)
            if _scripted(request):
                return JsonResponse({"refused": refusal}, status=422)
    context = {
        "bar": report_bar(request, held.report),
        "section": held,
        "report": held.report,
        "choices": offer.choices[:SHOWN],
        "more": max(0, offer.count - SHOWN),
        "why": offer.why,
        "words": chosen.get("q", "").strip(),
        "asked": asked,
        "before": offer.before,
        "paragraphs": range(1, len([line for line in held.text.split("\n") if line.strip()]) + 1),
        "refusal": refusal,
        **offer.shown,
    }
    template = "briefs/parts/picker.html" if _scripted(request) else "briefs/figures.html"
    return render(request, template, context, status=422 if refusal else 200)


Named = TypeVar("Named", Choice, questions.Quotable)


def _matching(rows: Iterable[Named], chosen: QueryDict) -> list[Named]:
    """Those whose label has every word that was typed."""
    words = fold(chosen.get("q", "")).split()
    return [one for one in rows if all(word in fold(one.label) for word in words)]


def _of_tables(held: Section, chosen: QueryDict) -> Offer:
    """The figures of one form and period of a unit."""
    on = timezone.localdate()
    unit = _unit(held, chosen.get("don-vi", ""), on)
    sources = _sources(unit.id, held.report)
    source = next((one for one in sources if one.value == chosen.get("bang")), sources[0] if sources else None)
    choices, why = _choices(source, unit) if source else ([], "")
    before = reporting.period_before(source.period) if source else None

    def earlier(one: Choice) -> Choice:
        if source is None or before is None:
            raise NarrativeRefused(NO_YEAR_BEFORE)
        then = replace(source, period=before)
        return replace(one, reference={**one.reference, "period": before.code}, title=_title(one.label, then, unit))

    shown = {"unit": unit, "units": _units(held, unit, on), "sources": sources, "source": source}
    found = _matching(choices, chosen)
    return Offer(found, len(found), why, shown, earlier, before.label if before else "")


def _of_question(request: ActorRequest, held: Section, chosen: QueryDict) -> Offer:
    """The values of a pivot table, as far as the report may quote them."""
    unit = _unit(held, "", timezone.localdate())
    sources = _sources(unit.id, held.report)
    shown = {"unit": unit, "units": _units(held, unit, timezone.localdate()), "sources": sources, "source": None}
    try:
        question = questions.question_of(chosen.get("hoi", ""))
        values = questions.quotable(question, actor=request.actor, sources=sources_for(held.report))
    except QueryRefused as refused:
        return Offer((), 0, " ".join((refused.sentence, *refused.details)), shown, _year_before)
    found = _matching(values, chosen)
    listed = found[:SHOWN] + [one for one in found[SHOWN:] if one.key == chosen.get("chon")]
    why = "" if values else "Bảng này chưa có số nào để đưa vào câu."
    return Offer([_answered(one) for one in listed], len(found), why, shown, _year_before, "đọc theo cùng địa giới")


def _answered(one: questions.Quotable) -> Choice:
    return Choice(
        value=one.key,
        label=one.label,
        words=figure_words(replace(one.amount, unit="")),
        measure=one.head.unit,
        scale=one.head.scale,
        note=" · ".join(one.notes),
        source=ANSWER,
        reference=one.reference,
        title=one.label,
    )


def _year_before(one: Choice) -> Choice:
    try:
        reference = questions.same_before(one.reference)
    except QueryRefused as refused:
        raise NarrativeRefused(refused.sentence) from refused
    if reference is None:
        raise NarrativeRefused(NO_YEAR_BEFORE)
    return replace(one, reference=reference, title=f"{one.title} (cùng kỳ năm trước)")


@require_safe
def quote(request: ActorRequest) -> HttpResponse:
    """Where a figure of a pivot table may go: the sections that the person writes, newest report first."""
    asked, refusal = f"?{request.GET.urlencode()}", ""
    mine: list[Section] = []
    try:
        questions.question_of(asked)
    except QueryRefused as refused:
        refusal = refused.sentence
    else:
        mine = sections_written_by(request.actor, timezone.localdate())
    cards = {card.pk: card for card in section_cards(mine, request.actor, timezone.localdate())}
    rows = sorted(mine, key=lambda one: (-one.report.end.toordinal(), one.report_id, one.position))
    reports = groupby(rows, key=lambda one: one.report)
    context = {
        "bar": list_bar(request),
        "refusal": refusal,
        "reports": [(report, [cards[one.pk] for one in held]) for report, held in reports],
        "picker": urlencode({"hoi": asked}),
        "table": f"{reverse('indicators:pivot')}{asked}",
    }
    return render(request, "briefs/quote.html", context, status=422 if refusal else 200)


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
                        value=f"cell|{part.id}|{row.id}|{column.id}",
                        label=label,
                        words=figure_words(Amount(cell.amount, "", column.scale, nil=cell.state == "nil")),
                        measure=column.unit,
                        scale=column.scale,
                        note=f"{coverage}{estimate}{made_up}",
                        source=CELL,
                        reference=_reference(source, unit, table=part.id, row=row.id, column=column.id),
                        title=_title(label, source, unit),
                    )
                )
    return found, "" if found else "Biểu này chưa có số liệu của đơn vị trong kỳ đã chọn."


def _indicators(source: Source, unit: orgs.UnitCard) -> Iterable[Choice]:
    sources = Sources(unit.id, reporting.last_day(source.period))
    for one in indicators.indicators():
        if not indicators.reads(one, source.form, reporting.last_day(source.period)):
            continue
        reference = _reference(source, unit, indicator=one.key)
        found = sources(INDICATOR, reference)
        if found.value is not None:
            made_up = " · mô phỏng" if found.simulated else ""
            yield Choice(
                value=f"indicator|{one.key}",
                label=one.name,
                words=number(found.value, one.scale),
                measure=one.unit,
                scale=one.scale,
                note=f"chỉ số{made_up}",
                source=INDICATOR,
                reference=reference,
                title=_title(one.name, source, unit),
            )


def _title(label: str, source: Source, unit: orgs.UnitCard) -> str:
    return f"{label} · {source.form.code} · {source.period.label} · {unit.name}"


def _reference(source: Source, unit: orgs.UnitCard, **more: str) -> dict[str, str]:
    period = source.period
    reference = {"form": source.form.key, "period": period.code, "unit": unit.key, **more}
    return reference | ({"instalment": period.instalment} if period.instalment else {})


def _bind(request: ActorRequest, held: Section, offer: Offer) -> HttpResponse:
    """Bind the chosen figure, and with it that of the same period of last year where this was asked for."""
    one = next((each for each in offer.choices if each.value == request.POST.get("chon")), None)
    if one is None:
        raise NarrativeRefused(offer.why or "Ô vừa chọn không còn số liệu. Chọn lại trong danh sách.")
    after = request.POST.get("sau", "")
    with transaction.atomic():
        made = _bound(request, held, one)
        amount = Amount(made.value, made.measure, made.scale, nil=made.nil)
        words = figure_mark(made.number, figure_words(amount, with_unit=made.with_unit))
        if request.POST.get("cung-ky"):
            base = _bound(request, held, offer.earlier(one))
            words += f", {change_mark(made.number, base.number)} so với cùng kỳ năm trước"
        if after.isdigit() and int(after):
            writing.place_marks(held, words, after=int(after), by=request.actor, at=timezone.now())
    if _scripted(request):
        return JsonResponse({"number": made.number, "words": words})
    placed = (
        "đã đặt vào cuối đoạn" if after.isdigit() and int(after) else f"gõ {figure_mark(made.number)} vào chỗ cần đặt"
    )
    messages.success(request, f"Đã gắn số liệu {made.number}: {placed}.")
    return redirect("briefs:section", held.pk)


def _bound(request: ActorRequest, held: Section, one: Choice) -> BoundFigure:
    return writing.bind_figure(
        held,
        source=one.source,
        reference=one.reference,
        label=one.title,
        scale=one.scale,
        with_unit=bool(request.POST.get("don-vi-tinh")),
        by=request.actor,
        at=timezone.now(),
    )


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
