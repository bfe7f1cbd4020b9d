"""One section: write it, see it as it reads, its savings, and paragraphs of lower units to take over."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.briefs.models import Section
from giaoban.briefs.rules.diffs import compare
from giaoban.briefs.rules.marked import Step, plain_blocks
from giaoban.briefs.rules.states import BLOCKING, STATE_NAMES, State, Written
from giaoban.briefs.selectors import reports as selectors
from giaoban.briefs.selectors.reading import ReadSection, read_sections
from giaoban.briefs.selectors.reports import SectionCard
from giaoban.briefs.services import life, writing
from giaoban.briefs.services import reports as services
from giaoban.briefs.services.refusals import NarrativeRefused, SectionConflict
from giaoban.briefs.web.bars import report_bar
from giaoban.core.vietnamese import moment
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors as orgs


def held_section(request: ActorRequest, pk: int) -> Section:
    return selectors.section_for(request.actor, pk, timezone.localdate())


@require_http_methods(["GET", "HEAD", "POST"])
def section(request: ActorRequest, pk: int) -> HttpResponse:
    """GET: the section. POST: save it (in JSON for the page's script), 409 when somebody saved since it was read."""
    held = held_section(request, pk)
    if request.method != "POST":
        return section_page(request, held)
    text, version = request.POST.get("text", ""), request.POST.get("version", "")
    scripted = request.headers.get("Accept", "").startswith("application/json")
    try:
        saved = writing.save_section(
            held, text=text, version=int(version) if version.isdigit() else -1, by=request.actor, at=timezone.now()
        )
        state = request.POST.get("state", "")
        if state in {one.value for one in Written}:
            services.set_written(saved, Written(state), by=request.actor, at=timezone.now())
    except SectionConflict as conflict:
        return _conflict(request, held, conflict, text, scripted=scripted)
    except NarrativeRefused as refused:
        if scripted:
            return JsonResponse({"refused": str(refused)}, status=422)
        return section_page(request, held_section(request, pk), text=text, refusal=str(refused), status=422)
    if scripted:
        return _saved(request, saved)
    messages.success(request, "Đã lưu.")
    return redirect("briefs:section", pk)


def _saved(request: ActorRequest, saved: Section) -> HttpResponse:
    """What the script needs after a saving: the new version, the text as it is stored, the reading of it."""
    (read,) = read_sections([saved], live=False)
    shown = render(request, "briefs/parts/reading.html", {"read": read, "report": saved.report}).content.decode()
    at = moment(timezone.localtime(saved.act.at)) if saved.act else ""
    return JsonResponse({"version": saved.version, "text": saved.text, "at": at, "reading": shown})


def _conflict(
    request: ActorRequest, held: Section, conflict: SectionConflict, text: str, *, scripted: bool
) -> HttpResponse:
    theirs = conflict.theirs
    if scripted:
        return JsonResponse(
            {"conflict": str(conflict), "version": theirs.version, "theirs": theirs.text, "who": conflict.who},
            status=409,
        )
    context = {
        "bar": report_bar(request, held.report),
        "section": held,
        "report": held.report,
        "theirs": theirs,
        "who": conflict.who,
        "mine": text,
        "at": conflict.at,
        "lines": compare(plain_blocks(theirs.text), plain_blocks(text)),
    }
    return render(request, "briefs/conflict.html", context, status=409)


def section_page(
    request: ActorRequest, held: Section, *, text: str | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    on, actor, report = timezone.localdate(), request.actor, held.report
    (read,) = read_sections([held], live=not report.is_final)
    if not report.is_final:
        writing.remember(held, read.figures)
    siblings = selectors.section_cards(selectors.sections_seen(actor, report, on), actor, on)
    place = next((at for at, one in enumerate(siblings) if one.pk == held.pk), None)
    may_write = selectors.may_write(actor, held) and not report.is_final
    context: dict[str, Any] = {
        "bar": report_bar(request, report),
        "simulated_note": life.SIMULATED_NOTE if read.simulated else "",
        "section": held,
        "report": report,
        "unit": orgs.card(held.unit_id, on),
        "card": siblings[place] if place is not None else None,
        "previous": _beside(siblings, place, -1),
        "next": _beside(siblings, place, 1),
        "siblings": siblings,
        "read": read,
        "figures": _figures(read),
        "text": held.text if text is None else text,
        "may_write": may_write,
        "offered": len(writing.paragraphs_offered(held)) if may_write else 0,
        "state_name": STATE_NAMES[State(report.state)],
        "refusal": refusal,
    }
    return render(request, "briefs/section.html", context, status=status)


def _beside(cards: list[SectionCard], place: int | None, step: int) -> SectionCard | None:
    if place is None or not 0 <= place + step < len(cards):
        return None
    return cards[place + step]


def _figures(read: ReadSection) -> list[dict[str, Any]]:
    """Those that the text uses first, those in trouble before them."""
    rows = [
        {"bound": one, "used": one.number in read.used, "trouble": one.state in BLOCKING}
        for one in read.figures.values()
    ]
    return sorted(rows, key=lambda row: (not row["used"], not row["trouble"], row["bound"].number))


@require_POST
def section_state(request: ActorRequest, pk: int) -> HttpResponse:
    """Finished, nothing to report, or open again."""
    held = held_section(request, pk)
    state = request.POST.get("state", "")
    try:
        if state not in {one.value for one in Written}:
            raise NarrativeRefused("Chọn tình trạng của phần này.")
        services.set_written(held, Written(state), by=request.actor, at=timezone.now())
    except NarrativeRefused as refused:
        return section_page(request, held, refusal=str(refused), status=422)
    messages.success(request, "Đã ghi tình trạng của phần.")
    return redirect("briefs:section", pk)


@require_safe
def section_history(request: ActorRequest, pk: int) -> HttpResponse:
    """Savings, those that one person made within a quarter of an hour as one, each with what it changed."""
    held = held_section(request, pk)
    rows = list(held.versions.select_related("act"))
    groups: list[list[Any]] = []
    for row in rows:
        last = groups[-1][-1] if groups else None
        near = last is not None and (row.act.at - last.act.at).total_seconds() < 900
        if last is not None and near and last.act.actor_name == row.act.actor_name and row.act.name == last.act.name:
            groups[-1].append(row)
        else:
            groups.append([row])
    shown = []
    before: list[str] = []
    for group in groups:
        after = plain_blocks(group[-1].text)
        lines = [line for line in compare(before, after) if line.op != "same"]
        shown.append({"last": group[-1], "count": len(group), "lines": lines, "reason": group[-1].act.reason})
        before = after
    context = {
        "bar": report_bar(request, held.report),
        "section": held,
        "report": held.report,
        "groups": shown[::-1],
    }
    return render(request, "briefs/history.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def section_take(request: ActorRequest, pk: int) -> HttpResponse:
    """Paragraphs of lower units for the same part, field and window."""
    held = held_section(request, pk)
    refusal = ""
    if request.method == "POST":
        steps = [found for found in map(_step, request.POST.getlist("doan")) if found]
        try:
            writing.take_paragraphs(held, steps, by=request.actor, at=timezone.now())
        except NarrativeRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"Đã lấy {len(steps)} đoạn vào cuối phần; tác giả và đơn vị được giữ.")
            return redirect("briefs:section", pk)
    offered = read_sections(writing.paragraphs_offered(held), live=False)
    called = orgs.cards({one.section.unit_id for one in offered}, timezone.localdate())
    context = {
        "bar": report_bar(request, held.report),
        "section": held,
        "report": held.report,
        "offered": [(one, called[one.section.unit_id]) for one in offered],
        "may_write": selectors.may_write(request.actor, held) and not held.report.is_final,
        "refusal": refusal,
    }
    return render(request, "briefs/take.html", context, status=422 if refusal else 200)


def _step(word: str) -> Step | None:
    """ "45@3.2": section, version, paragraph."""
    section_id, _, rest = word.partition("@")
    version, _, block = rest.partition(".")
    if not (section_id.isdigit() and version.isdigit() and block.isdigit()):
        return None
    return Step(int(section_id), int(version), int(block))
