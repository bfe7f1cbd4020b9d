"""The conclusion: the words on the left, what each paragraph becomes on the right."""

from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.meetings import selectors, services
from giaoban.meetings.models import Meeting, MeetingState, Paragraph, ParagraphKind
from giaoban.meetings.rules import Blocking
from giaoban.meetings.selectors import ParagraphCard
from giaoban.meetings.services.conclusions import last_change
from giaoban.meetings.web.forms import ClearsForm, KindForm, NoticeForm, ParagraphForm
from giaoban.meetings.web.views.bars import bar_of
from giaoban.orgs import selectors as orgs


@require_safe
def conclusion(request: ActorRequest, key: str) -> HttpResponse:
    return conclusion_page(request, _held(request, key))


def _held(request: ActorRequest, key: str) -> Meeting:
    return selectors.conclusion_for(request.actor, key, timezone.localdate())


def conclusion_page(
    request: ActorRequest, held: Meeting, *, form: Form | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    cards = selectors.paragraphs_of(held)
    lacking = selectors.blocking(cards)
    concluded = held.state == MeetingState.CONCLUDED
    may_prepare = request.actor.may(Permission.PREPARE_MEETING, held.host_id)
    notice = selectors.notice_of(held)
    initial = {"number": notice.number, "dated_on": notice.dated_on, "signer": notice.signer} if notice else {}
    context: dict[str, Any] = {
        "bar": bar_of(request, held),
        "simulated_note": held.simulated_note,
        "meeting": held,
        "host": orgs.card(held.host_id, held.held_on),
        "chair": selectors.chair_of(held),
        "paragraphs": cards,
        "headline": headline(cards, lacking, len(selectors.clears()), draft=held.state == MeetingState.PREPARING),
        "lacking": lacking,
        "clears_name": clears_name(),
        "kinds": _kinds(),
        "notice": notice,
        "concluded": concluded,
        "draft": held.state == MeetingState.PREPARING,
        "may_edit": may_prepare and not concluded,
        "may_conclude": request.actor.may(Permission.CONCLUDE, held.host_id),
        "may_complete": may_prepare and notice is not None,
        "last_change": "" if concluded or not may_prepare else last_change(held),
        "refusal": refusal,
        "paragraph_form": form if isinstance(form, ParagraphForm) else ParagraphForm(kinds=_kinds()),
        "notice_form": form if isinstance(form, NoticeForm) else NoticeForm(initial=initial),
    }
    return render(request, "meetings/conclusion.html", context, status=status)


def headline(cards: list[ParagraphCard], lacking: list[Blocking], clears: int, *, draft: bool) -> str:
    """The finding in the heading: how many paragraphs, how many tasks, how many of them are not clear yet."""
    tasks = sum(card.is_task for card in cards)
    words = f"{'Dự thảo kết luận' if draft else 'Kết luận'}: {len(cards)} đoạn, {tasks} nhiệm vụ"
    return f"{words}, còn {len(lacking)} chưa đủ “{clears} rõ”" if lacking else words


def clears_name() -> str:
    return f"{len(selectors.clears())} rõ"


def _kinds() -> list[tuple[str, str]]:
    names = {**dict(ParagraphKind.choices), **selectors.names_of("conclusion_kinds")}
    return [(kind.value, str(names[kind.value])) for kind in ParagraphKind]


@require_POST
def record(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    form = ParagraphForm(request.POST, kinds=_kinds())
    if not form.is_valid():
        return conclusion_page(request, held, form=form, status=422)
    try:
        paragraph = services.record_paragraph(held, **form.cleaned_data, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return conclusion_page(request, held, form=form, refusal=str(refusal), status=422)
    messages.success(request, f"Đã ghi đoạn {paragraph.label}.")
    if paragraph.kind == ParagraphKind.TASK:
        return redirect("meetings:clears", key, paragraph.pk)
    return redirect("meetings:conclusion", key)


@require_http_methods(["GET", "HEAD", "POST"])
def clears(request: ActorRequest, key: str, pk: int) -> HttpResponse:
    held = _held(request, key)
    paragraph = selectors.paragraph_for(held, pk)
    request.actor.require(
        Permission.PREPARE_MEETING, held.host_id, unit_name=orgs.card(held.host_id, held.held_on).name
    )
    card = next(one for one in selectors.paragraphs_of(held) if one.pk == pk)
    units = _candidates(request, held, card)
    form = _clears_form(request, card, units)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        given["lead_ids"] = [int(value) for value in given.pop("leads")]
        try:
            services.set_clears(paragraph, **given, by=request.actor, at=timezone.now())
        except services.MeetingRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"Đã bổ sung đoạn {paragraph.label}.")
            return redirect(f"{_conclusion_url(held)}#doan-{paragraph.label}")
    context = {
        "bar": bar_of(request, held),
        "simulated_note": held.simulated_note,
        "meeting": held,
        "card": card,
        "form": form,
        "refusal": refusal,
        "clears_name": clears_name(),
        "words": request.GET.get("q", "").strip(),
    }
    return render(request, "meetings/clears.html", context, status=422 if request.method == "POST" else 200)


def _conclusion_url(held: Meeting) -> str:
    return f"{selectors.url_of(held)}ket-luan/"


def _candidates(request: ActorRequest, held: Meeting, card: ParagraphCard) -> dict[int, str]:
    """Units that may take the lead: those chosen, those at the meeting, those found by the words searched for."""
    today = timezone.localdate()
    words = request.GET.get("q", "").strip()
    found = orgs.search_units(request.actor, words, today, limit=60) if words else []
    taking_part = [one.unit for one in selectors.participants_of(held) if one.unit]
    units = {unit.id: unit.name for unit in (*card.leads, *taking_part, *found)}
    posted = {int(value) for value in request.POST.getlist("leads") if value.isdigit()} - units.keys()
    seen = orgs.visible_to(request.actor, today).filter(pk__in=posted).values_list("pk", flat=True)
    units.update({unit.id: unit.name for unit in orgs.cards(seen, held.held_on).values()})
    return units


def _clears_form(request: ActorRequest, card: ParagraphCard, units: dict[int, str]) -> ClearsForm:
    return ClearsForm(
        request.POST or None,
        units=[(str(pk), name) for pk, name in units.items()],
        clears=[(clear.key, clear.name) for clear in selectors.clears()],
        initial={
            "what": card.what,
            "leads": [str(unit.id) for unit in card.leads],
            "leads_words": card.leads_words,
            "helpers": card.helpers,
            "due_on": card.due_on,
            "due_words": card.due_words,
            "product": card.product,
            "filled_by_secretary": sorted(card.by_secretary),
        },
    )


def _paragraph(request: ActorRequest, key: str, pk: int) -> tuple[Meeting, Paragraph]:
    held = _held(request, key)
    return held, selectors.paragraph_for(held, pk)


@require_POST
def split(request: ActorRequest, key: str, pk: int) -> HttpResponse:
    held, paragraph = _paragraph(request, key, pk)
    try:
        made = services.split_paragraph(
            paragraph, parts=request.POST.getlist("parts"), by=request.actor, at=timezone.now()
        )
    except services.MeetingRefused as refusal:
        return conclusion_page(request, held, refusal=str(refusal), status=422)
    messages.success(request, f"Đã tách thành {', '.join(one.label for one in made)}; nguyên văn được giữ ở từng việc.")
    return redirect("meetings:conclusion", key)


@require_POST
def change_kind(request: ActorRequest, key: str, pk: int) -> HttpResponse:
    held, paragraph = _paragraph(request, key, pk)
    form = KindForm(request.POST)
    if not form.is_valid():
        return conclusion_page(request, held, refusal="Chọn loại mới cho đoạn này.", status=422)
    try:
        services.change_kind(paragraph, **form.cleaned_data, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return conclusion_page(request, held, refusal=str(refusal), status=422)
    messages.success(request, f"Đã đổi loại đoạn {paragraph.label}.")
    return redirect("meetings:conclusion", key)


@require_POST
def undo(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    try:
        words = services.undo(held, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return conclusion_page(request, held, refusal=str(refusal), status=422)
    messages.success(request, f"Đã hoàn tác: {words}.")
    return redirect("meetings:conclusion", key)


@require_POST
def issue(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    form = NoticeForm(request.POST)
    if not form.is_valid():
        return conclusion_page(request, held, form=form, status=422)
    try:
        services.issue_notice(held, **form.cleaned_data, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return conclusion_page(request, held, form=form, refusal=str(refusal), status=422)
    messages.success(request, "Đã ban hành kết luận và giao nhiệm vụ; DOCX và PDF đang được dựng.")
    return redirect("meetings:conclusion", key)


@require_POST
def complete(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    notice = selectors.notice_of(held)
    form = NoticeForm(request.POST)
    if notice is None:
        return conclusion_page(request, held, refusal="Chưa có thông báo để bổ sung: ban hành trước.", status=422)
    if not form.is_valid():
        return conclusion_page(request, held, form=form, status=422)
    services.complete_notice(notice, **form.cleaned_data, by=request.actor, at=timezone.now())
    messages.success(request, "Đã ghi số, ngày, người ký; tài liệu đang được dựng lại.")
    return redirect("meetings:conclusion", key)
