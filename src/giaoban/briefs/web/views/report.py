"""A report: its outline with who writes what and how far, its text, its versions and what differs between them."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.briefs.models import NarrativeReport, NarrativeVersion
from giaoban.briefs.rules.diffs import Line, compare
from giaoban.briefs.rules.states import SIGNS, STATE_NAMES, State
from giaoban.briefs.selectors import reports as selectors
from giaoban.briefs.selectors.reading import read_sections
from giaoban.briefs.selectors.reports import SectionCard
from giaoban.briefs.services import life
from giaoban.briefs.services import reports as services
from giaoban.briefs.services.refusals import NarrativeRefused, require_lead
from giaoban.briefs.services.reports import Assignment
from giaoban.briefs.services.writing import check_figures
from giaoban.briefs.web.bars import report_bar
from giaoban.briefs.web.forms import AmendForm, AttachForm, IssueForm, PresentForm
from giaoban.core.vietnamese import moment
from giaoban.documents.rules.papers import roman
from giaoban.documents.selectors import stored_file
from giaoban.kit.http import ActorRequest, NotReady
from giaoban.orgs import selectors as orgs

KINDS = {"presented": "đã trình", "amended": "chỉnh sửa sau trình", "final": "ban hành"}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the outline with its sections."""

    numeral: str
    heading: str
    sections: tuple[SectionCard, ...]

    @property
    def written(self) -> int:
        return sum(one.is_written for one in self.sections)


def _parts(cards: list[SectionCard]) -> list[Part]:
    grouped = [(key, tuple(held)) for key, held in groupby(cards, key=lambda one: (one.part, one.part_heading))]
    return [Part(roman(number), heading, held) for number, ((_, heading), held) in enumerate(grouped, start=1)]


def _held(request: ActorRequest, pk: int) -> NarrativeReport:
    return selectors.report_for(request.actor, pk, timezone.localdate())


@require_safe
def report(request: ActorRequest, pk: int) -> HttpResponse:
    return report_page(request, _held(request, pk))


def report_page(
    request: ActorRequest,
    held: NarrativeReport,
    *,
    form: Form | None = None,
    refusal: str = "",
    lacking: tuple[tuple[int, str], ...] = (),
    status: int = 200,
) -> HttpResponse:
    on, actor = timezone.localdate(), request.actor
    sections = selectors.sections_seen(actor, held, on)
    cards = selectors.section_cards(sections, actor, on)
    whole = selectors.sees_whole(actor, held, on)
    may_finish = selectors.may_finish(actor, held)
    sources = {"show_sources": held.show_sources}
    context: dict[str, Any] = {
        "bar": report_bar(request, held),
        "simulated_note": life.SIMULATED_NOTE if any(one.simulated for one in cards) else "",
        "report": held,
        "unit": orgs.card(held.unit_id, on),
        "state_name": STATE_NAMES[State(held.state)],
        "state_sign": SIGNS[State(held.state)],
        "parts": _parts(cards),
        "headline": headline(held, cards),
        "written": sum(one.is_written for one in cards),
        "total": len(cards),
        "trouble": sum(one.trouble for one in cards),
        "figures": sum(one.figures for one in cards),
        "looked_at": min((one.looked_at for one in cards if one.looked_at), default=None),
        "whole": whole,
        "versions": [(one, KINDS[one.kind]) for one in selectors.versions_of(held)] if whole else [],
        "attachments": list(held.attachments.select_related("act")) if whole else [],
        "may_lead": selectors.may_lead(actor, held) and not held.is_final,
        "may_finish": may_finish,
        "may_present": may_finish and held.state == State.DRAFT,
        "may_amend": may_finish and held.state in (State.PRESENTED, State.AMENDED),
        "may_issue": may_finish and not held.is_final,
        "refusal": refusal,
        "lacking": lacking,
        "present_form": form if isinstance(form, PresentForm) else PresentForm(initial=sources),
        "amend_form": form if isinstance(form, AmendForm) else AmendForm(initial=sources),
        "issue_form": form if isinstance(form, IssueForm) else IssueForm(initial=_issued(held)),
        "attach_form": form if isinstance(form, AttachForm) else AttachForm(),
        "on": on,
    }
    return render(request, "briefs/report.html", context, status=status)


def headline(held: NarrativeReport, cards: list[SectionCard]) -> str:
    """What is to be done, in the heading."""
    if held.state == State.FINAL:
        return "Báo cáo đã ban hành"
    left = [one for one in cards if not one.is_written]
    trouble = sum(one.trouble for one in cards)
    if left:
        return f"Còn {len(left)} phần chưa viết trong {len(cards)}"
    if trouble:
        return f"Đã viết đủ {len(cards)} phần, {trouble} số liệu phải xử lý"
    return f"Đã viết đủ {len(cards)} phần"


def _issued(held: NarrativeReport) -> dict[str, Any]:
    names = ("number", "symbol", "dated_on", "authority", "signer", "signer_title", "recipients", "show_sources")
    return {name: getattr(held, name) for name in names}


@require_http_methods(["GET", "HEAD", "POST"])
def report_assign(request: ActorRequest, pk: int) -> HttpResponse:
    """Who writes which section, by when."""
    held, on = selectors.whole_report_for(request.actor, pk, timezone.localdate()), timezone.localdate()
    require_lead(held, request.actor)
    cards = selectors.section_cards(selectors.sections_seen(request.actor, held, on), request.actor, on)
    units = selectors.writers_for(held.unit_id, on)
    refusal = ""
    if request.method == "POST":
        try:
            changed = services.assign_sections(held, _wanted(request, cards), by=request.actor, at=timezone.now())
        except NarrativeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"Đã giao lại {changed} phần." if changed else "Không có gì thay đổi.")
            return redirect("briefs:report", pk)
    context = {
        "bar": report_bar(request, held),
        "report": held,
        "parts": _parts(cards),
        "units": units,
        "known": {one.id for one in units},
        "refusal": refusal,
    }
    return render(request, "briefs/assign.html", context, status=422 if refusal else 200)


def _wanted(request: ActorRequest, cards: list[SectionCard]) -> dict[int, Assignment]:
    wanted = {}
    for one in cards:
        unit, due = request.POST.get(f"unit-{one.pk}", ""), request.POST.get(f"due-{one.pk}", "")
        try:
            due_on = date.fromisoformat(due) if due else None
        except ValueError:
            raise NarrativeRefused(
                f"“{one.title}”: ngày “{due}” không đọc được. Ghi ngày theo mẫu năm-tháng-ngày."
            ) from None
        if unit.isdigit():
            wanted[one.pk] = Assignment(int(unit), due_on)
    return wanted


@require_POST
def report_check(request: ActorRequest, pk: int) -> HttpResponse:
    held = selectors.whole_report_for(request.actor, pk, timezone.localdate())
    moved = check_figures(held, by=request.actor, at=timezone.now())
    messages.success(
        request, f"Đã đối chiếu: {moved} số liệu khác lần trước." if moved else "Số liệu vẫn như lần trước."
    )
    return redirect("briefs:report", pk)


@require_POST
def report_present(request: ActorRequest, pk: int) -> HttpResponse:
    done = "Đã chốt bản trình; DOCX và PDF đang được dựng."
    return _step(request, pk, PresentForm(request.POST), life.present, done)


@require_POST
def report_amend(request: ActorRequest, pk: int) -> HttpResponse:
    done = "Đã chốt bản chỉnh sửa; xem “Khác gì bản trước”."
    return _step(request, pk, AmendForm(request.POST), life.amend, done)


@require_POST
def report_issue(request: ActorRequest, pk: int) -> HttpResponse:
    return _step(request, pk, IssueForm(request.POST), life.finish, "Đã ban hành; DOCX và PDF đang được dựng.")


@require_POST
def report_complete(request: ActorRequest, pk: int) -> HttpResponse:
    done = "Đã ghi số, ngày, người ký; văn bản đang được dựng lại."
    return _step(request, pk, IssueForm(request.POST), life.complete, done)


def _step(request: ActorRequest, pk: int, form: Form, act: Any, done: str) -> HttpResponse:
    held = selectors.whole_report_for(request.actor, pk, timezone.localdate())
    if not form.is_valid():
        return report_page(request, held, form=form, status=422)
    try:
        act(held, **form.cleaned_data, by=request.actor, at=timezone.now())
    except life.NotReadyToPresent as refused:
        return report_page(request, held, form=form, refusal=str(refused), lacking=refused.lacking, status=422)
    except NarrativeRefused as refused:
        return report_page(request, held, form=form, refusal=str(refused), status=422)
    messages.success(request, done)
    return redirect("briefs:report", pk)


# Text


@require_safe
def report_read(request: ActorRequest, pk: int) -> HttpResponse:
    """The whole text as it stands now, or (ban=n) as it was frozen."""
    held = selectors.whole_report_for(request.actor, pk, timezone.localdate())
    number = request.GET.get("ban", "")
    version = selectors.version_for(held, int(number)) if number.isdigit() else None
    sections = list(held.sections.select_related("report", "field", "act"))
    read = [] if version else read_sections(sections, live=False)
    content = version.content if version else life.content_of(held, read, timezone.now())
    context = {
        "bar": report_bar(request, held),
        "simulated_note": life.SIMULATED_NOTE if content["simulated"] else "",
        "report": held,
        "unit": orgs.card(held.unit_id, timezone.localdate()),
        "version": version,
        "kind": KINDS[version.kind] if version else "",
        "parts": _text_parts(content),
        "content": content,
        "trouble": life.figure_trouble(read),
        "with_sources": request.GET.get("nguon", "1") != "0",
    }
    return render(request, "briefs/read.html", context)


def _text_parts(content: dict[str, Any]) -> list[dict[str, Any]]:
    grouped = groupby(content["sections"], key=lambda one: (one["part"], one["part_heading"]))
    return [
        {"numeral": roman(number), "heading": heading, "sections": list(held)}
        for number, ((_, heading), held) in enumerate(grouped, start=1)
    ]


# What differs


@dataclass(frozen=True, slots=True)
class SectionDiff:
    """A section in both versions: its paragraphs with what changed, and whose it was last."""

    title: str
    part: str
    author: str
    lines: tuple[Line, ...]

    @property
    def is_changed(self) -> bool:
        return any(line.op != "same" for line in self.lines)

    @property
    def changed(self) -> int:
        return sum(line.op != "same" for line in self.lines)


@require_safe
def report_compare(request: ActorRequest, pk: int) -> HttpResponse:
    """Two versions (tu, den; no number: as it stands now), by words, in one column or side by side."""
    held = selectors.whole_report_for(request.actor, pk, timezone.localdate())
    versions = selectors.versions_of(held)
    if not versions:
        raise Http404("Báo cáo chưa có bản nào được trình để so sánh.")
    numbers = [one.version for one in versions]
    after = _number(request, "den", numbers, default=numbers[0] if len(numbers) > 1 or held.is_final else 0)
    before = _number(
        request, "tu", numbers, default=next((one for one in numbers if not after or one < after), numbers[-1])
    )
    old, new = _content(held, before), _content(held, after)
    diffs = section_diffs(old, new)
    context = {
        "bar": report_bar(request, held),
        "report": held,
        "choices": [
            (one.version, f"Bản {one.version}: {KINDS[one.kind]}, {moment(timezone.localtime(one.frozen_at))}")
            for one in versions
        ],
        "before": before,
        "after": after,
        "reason": next((one for one in versions if one.version == after), None),
        "side": request.GET.get("kieu") == "canh-nhau",
        "diffs": [one for one in diffs if one.is_changed],
        "same": sum(not one.is_changed for one in diffs),
    }
    return render(request, "briefs/compare.html", context)


def _number(request: ActorRequest, name: str, known: list[int], *, default: int) -> int:
    asked = request.GET.get(name, "")
    if not asked.isdigit():
        return default
    if int(asked) and int(asked) not in known:
        raise Http404("Báo cáo không có bản này.")
    return int(asked)


def _content(held: NarrativeReport, number: int) -> dict[str, Any]:
    if number:
        return dict(selectors.version_for(held, number).content)
    sections = list(held.sections.select_related("report", "field", "act"))
    return life.content_of(held, read_sections(sections, live=False), timezone.now())


def section_diffs(old: dict[str, Any], new: dict[str, Any]) -> list[SectionDiff]:
    """Every section of either version in the order of the newer one, those that are gone at the end."""
    before = {one["id"]: one for one in old["sections"]}
    after = {one["id"]: one for one in new["sections"]}
    diffs = []
    for key in [*after, *(key for key in before if key not in after)]:
        one = after.get(key) or before[key]
        lines = compare(_lines(before.get(key)), _lines(after.get(key)))
        diffs.append(
            SectionDiff(one["heading"] or one["part_heading"], one["part_heading"], one["author"], tuple(lines))
        )
    return diffs


def _lines(section: dict[str, Any] | None) -> list[str]:
    if section is None:
        return []
    if section["nil"]:
        return ["Không phát sinh."]
    lines = []
    for block in section["blocks"]:
        text = "\n".join(" | ".join(row) for row in block["rows"])
        lines.append(f"- {text}" if block["kind"] == "li" else text)
    return lines


# Papers


@require_POST
def report_attach(request: ActorRequest, pk: int) -> HttpResponse:
    held = selectors.whole_report_for(request.actor, pk, timezone.localdate())
    form = AttachForm(request.POST, request.FILES)
    if not form.is_valid():
        return report_page(request, held, form=form, status=422)
    file = form.cleaned_data["file"]
    if file.size > life.LARGEST_FILE:
        return report_page(request, held, form=form, refusal="Tệp lớn hơn 20 MB. Nén lại hoặc chia nhỏ.", status=422)
    try:
        life.attach(
            held,
            title=form.cleaned_data["title"],
            content=file.read(),
            filename=file.name,
            by=request.actor,
            at=timezone.now(),
        )
    except NarrativeRefused as refused:
        return report_page(request, held, form=form, refusal=str(refused), status=422)
    messages.success(request, "Đã đính kèm.")
    return redirect("briefs:report", pk)


@require_safe
def report_attachment(request: ActorRequest, pk: int, attachment: int) -> HttpResponse:
    held = selectors.whole_report_for(request.actor, pk, timezone.localdate())
    paper = held.attachments.filter(pk=attachment).first()
    if paper is None:
        raise Http404("Báo cáo không có tài liệu này.")
    return _download(paper.blob_id, paper.filename, paper.media_type)


@require_safe
def report_docx(request: ActorRequest, pk: int, number: int) -> HttpResponse:
    version = _version(request, pk, number)
    return _download(version.docx_id, f"bao-cao-{pk}-ban-{number}.docx")


@require_safe
def report_pdf(request: ActorRequest, pk: int, number: int) -> HttpResponse:
    version = _version(request, pk, number)
    return _download(version.pdf_id, f"bao-cao-{pk}-ban-{number}.pdf")


def _version(request: ActorRequest, pk: int, number: int) -> NarrativeVersion:
    return selectors.version_for(selectors.whole_report_for(request.actor, pk, timezone.localdate()), number)


def _download(blob_id: int | None, name: str, media_type: str = "") -> HttpResponse:
    """The stored bytes; 404 with the reason while the job that prints them has not run."""
    file = stored_file(blob_id) if blob_id is not None else None
    if file is None:
        raise NotReady("Văn bản đang được dựng, mở lại sau ít phút.")
    response = HttpResponse(file.content, content_type=media_type or file.media_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    return response
