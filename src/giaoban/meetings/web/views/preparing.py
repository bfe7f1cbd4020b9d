"""The list of meetings, the plan of one, and its preparation."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from giaoban.briefs import selectors as briefs
from giaoban.core.vietnamese import fold
from giaoban.kit.frame import ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count
from giaoban.kit.permissions import PERMISSION_NAMES, ROLE_NAMES, Permission, roles_with
from giaoban.meetings import selectors, services
from giaoban.meetings.models import Meeting, MeetingState
from giaoban.meetings.web.forms import AgendaItemForm, AttachmentForm, PlanForm
from giaoban.meetings.web.views.bars import bar_of
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting

PAGE_SIZE = 30
STATE_SIGNS = {MeetingState.PREPARING: "run", MeetingState.HELD: "soon", MeetingState.CONCLUDED: "done"}


@require_safe
def index(request: ActorRequest) -> HttpResponse:
    rows = selectors.meeting_rows(request.actor, timezone.localdate())
    chosen = request.GET.get("state", "")
    words = request.GET.get("q", "").strip()
    counts = [Count(len(rows), "cuộc họp", "?", not chosen)]
    for state in MeetingState:
        number = sum(row.state == state for row in rows)
        counts.append(Count(number, str(state.label), f"?state={state}", chosen == state, STATE_SIGNS[state]))
    listed = [
        row
        for row in rows
        if (not chosen or row.state == chosen) and (not words or fold(words) in fold(f"{row.title} {row.host.name}"))
    ]
    context = {
        "bar": _plain_bar(request),
        "page": Paginator(listed, PAGE_SIZE).get_page(request.GET.get("page")),
        "counts": counts,
        "chosen": chosen,
        "words": words,
        "signs": STATE_SIGNS,
        "may_plan": bool(_hosts(request)),
    }
    return render(request, "meetings/index.html", context)


def _plain_bar(request: ActorRequest) -> ContextBar:
    return ContextBar(unit_label=request.actor.unit_name, unit_choices=acting_choices(request, request.actor))


def _hosts(request: ActorRequest) -> dict[int, str]:
    """The units for which the person may prepare a meeting."""
    actor = request.actor
    return {post.unit_id: post.unit_name for post in actor.posts if actor.may(Permission.PREPARE_MEETING, post.unit_id)}


@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: ActorRequest) -> HttpResponse:
    hosts = _hosts(request)
    if not hosts:
        roles = ", ".join(ROLE_NAMES[role].lower() for role in roles_with(Permission.PREPARE_MEETING))
        raise PermissionDenied(
            f"Bạn chưa được giao quyền {PERMISSION_NAMES[Permission.PREPARE_MEETING]} ở đơn vị nào. "
            f"Người làm được việc này: {roles} của đơn vị tổ chức."
        )
    form = PlanForm(
        request.POST or None,
        hosts=[(str(pk), name) for pk, name in hosts.items()],
        types=[(word.key, word.name) for word in selectors.words_of("meeting_types")],
        kinds=[(word.key, word.name) for word in selectors.words_of("meeting_forms")],
        periods=_periods(list(hosts)),
    )
    refusal = ""
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        host, period = int(given.pop("host")), given.pop("period")
        try:
            planned = services.plan_meeting(
                **given,
                host_id=host,
                period_id=int(period) if period else None,
                secretary_id=request.actor.user_id,
                by=request.actor,
                at=timezone.now(),
            )
        except services.MeetingRefused as refused:
            refusal = str(refused)
        else:
            messages.success(request, "Đã lập cuộc họp. Bước tiếp: mời thành phần, dựng chương trình.")
            return redirect("meetings:meeting", planned.key)
    context = {"bar": _plain_bar(request), "form": form, "refusal": refusal}
    return render(request, "meetings/plan.html", context, status=422 if request.method == "POST" else 200)


def _periods(hosts: list[int]) -> list[tuple[str, str]]:
    """The periods for which units beneath the hosts owe something, newest first."""
    found = {
        campaign.period.pk: campaign.period
        for host in hosts
        for campaign in reporting.tables_beneath(host, timezone.localdate())
    }
    newest = sorted(found.values(), key=lambda period: (period.end, period.start), reverse=True)
    return [(str(period.pk), period.label) for period in newest]


@require_safe
def meeting(request: ActorRequest, key: str) -> HttpResponse:
    return meeting_page(request, selectors.meeting_for(request.actor, key, timezone.localdate()))


def meeting_page(
    request: ActorRequest, held: Meeting, *, form: Form | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    """The page of a meeting; who only takes part sees neither names behind the agenda nor the book."""
    actor, today = request.actor, timezone.localdate()
    inside = selectors.sees_host(actor, held, today)
    may_prepare = actor.may(Permission.PREPARE_MEETING, held.host_id)
    words = request.GET.get("q", "").strip()
    participants = selectors.participants_of(held)
    invited = {one.unit.id for one in participants if one.unit}
    found = orgs.search_units(actor, words, today, limit=60) if may_prepare and words else []
    preparing = held.state == MeetingState.PREPARING
    context: dict[str, Any] = {
        "bar": bar_of(request, held),
        "simulated_note": held.simulated_note,
        "meeting": held,
        "state": MeetingState(held.state).label,
        "sign": STATE_SIGNS[MeetingState(held.state)],
        "host": orgs.card(held.host_id, held.held_on),
        "chair": selectors.chair_of(held),
        "type_name": selectors.names_of("meeting_types").get(held.type, held.type),
        "form_name": selectors.names_of("meeting_forms").get(held.form, held.form),
        "participants": participants,
        "counts": {name: sum(one.attendance == name for one in participants) for name in ("present", "absent")},
        "agenda": selectors.agenda_of(held),
        "attachments": list(held.attachments.order_by("pk")),
        "books": briefs.books_of(held.key) if inside else [],
        "notice": selectors.notice_of(held),
        "inside": inside,
        "may_prepare": may_prepare and held.state != MeetingState.CONCLUDED,
        "preparing": preparing,
        "concluded": held.state == MeetingState.CONCLUDED,
        "words": words,
        "found": [unit for unit in found if unit.id not in invited and not unit.has_ended(held.held_on)],
        "refusal": refusal,
        "agenda_form": form if isinstance(form, AgendaItemForm) else AgendaItemForm(prefix="agenda"),
        "attachment_form": form if isinstance(form, AttachmentForm) else AttachmentForm(prefix="attachment"),
    }
    return render(request, "meetings/meeting.html", context, status=status)


def _held(request: ActorRequest, key: str) -> Meeting:
    return selectors.meeting_for(request.actor, key, timezone.localdate())


@require_POST
def invite(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    wanted = {int(value) for value in request.POST.getlist("units") if value.isdigit()}
    seen = set(orgs.visible_to(request.actor, timezone.localdate()).filter(pk__in=wanted).values_list("pk", flat=True))
    labels = request.POST.get("labels", "").splitlines()
    try:
        added = services.add_participants(
            held, unit_ids=sorted(seen), labels=labels, by=request.actor, at=timezone.now()
        )
    except services.MeetingRefused as refusal:
        return meeting_page(request, held, refusal=str(refusal), status=422)
    messages.success(request, f"Đã mời thêm {len(added)} thành phần." if added else "Không có thành phần nào mới.")
    return redirect("meetings:meeting", key)


@require_POST
def attendance(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    said = {one.pk: request.POST.get(f"participant-{one.pk}", "") for one in selectors.participants_of(held)}
    try:
        services.record_attendance(
            held,
            present=[pk for pk, word in said.items() if word == "present"],
            absent=[pk for pk, word in said.items() if word == "absent"],
            by=request.actor,
            at=timezone.now(),
        )
    except services.MeetingRefused as refusal:
        return meeting_page(request, held, refusal=str(refusal), status=422)
    messages.success(request, "Đã ghi thành phần có mặt.")
    return redirect("meetings:meeting", key)


@require_POST
def agenda(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    try:
        items = services.build_agenda(held, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return meeting_page(request, held, refusal=str(refusal), status=422)
    messages.success(request, f"Chương trình có {len(items)} mục từ các việc đang mở và mục tự thêm.")
    return redirect("meetings:meeting", key)


@require_POST
def agenda_item(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    form = AgendaItemForm(request.POST, prefix="agenda")
    if not form.is_valid():
        return meeting_page(request, held, form=form, status=422)
    try:
        services.add_agenda_item(held, **form.cleaned_data, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return meeting_page(request, held, form=form, refusal=str(refusal), status=422)
    messages.success(request, "Đã thêm mục chương trình.")
    return redirect("meetings:meeting", key)


@require_POST
def attach(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    form = AttachmentForm(request.POST, request.FILES, prefix="attachment")
    if not form.is_valid():
        return meeting_page(request, held, form=form, status=422)
    given = dict(form.cleaned_data)
    file = given.pop("file")
    try:
        if file:
            services.attach_file(
                held,
                **given,
                content=file.read(),
                media_type=file.content_type or "application/octet-stream",
                filename=file.name,
                by=request.actor,
                at=timezone.now(),
            )
        else:
            services.attach_title_card(held, **given, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return meeting_page(request, held, form=form, refusal=str(refusal), status=422)
    messages.success(request, "Đã thêm tài liệu.")
    return redirect("meetings:meeting", key)


@require_POST
def freeze_book(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    try:
        book = services.prepare_book(held, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return meeting_page(request, held, refusal=str(refusal), status=422)
    except reporting.ConsolidationRefused as refused:
        return meeting_page(request, held, refusal=refused.sentence, status=422)
    messages.success(request, f"Đã chốt bản {book.version}; DOCX và PDF đang được dựng.")
    return redirect("meetings:meeting", key)


@require_POST
def hold(request: ActorRequest, key: str) -> HttpResponse:
    held = _held(request, key)
    try:
        services.hold(held, by=request.actor, at=timezone.now())
    except services.MeetingRefused as refusal:
        return meeting_page(request, held, refusal=str(refusal), status=422)
    messages.success(request, "Đã ghi nhận cuộc họp diễn ra; từ đây là lời kết luận.")
    return redirect("meetings:conclusion", key)
