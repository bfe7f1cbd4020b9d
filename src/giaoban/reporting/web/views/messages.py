"""Nhắc hạn: what will be said to whom on the next days, by which rule, and what was said."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.vietnamese import day, moment
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.kit.models import Message, MessageChannel, MessageKind
from giaoban.orgs import selectors as orgs
from giaoban.reporting.selectors import reminding
from giaoban.reporting.web.bar import day_in, list_bar
from giaoban.reporting.web.files import list_file

PAGE_SIZE = 25
HEADER = (
    "Lúc",
    "Đơn vị",
    "Người nhận",
    "Kênh",
    "Loại",
    "Tiêu đề",
    "Nội dung",
    "Địa chỉ",
    "Đã gửi lúc",
    "Đã đọc lúc",
    "Lỗi",
    "Tình trạng",
)
CHANNELS: Mapping[str, str] = dict(MessageChannel.choices)
KINDS: Mapping[str, str] = dict(MessageKind.choices)


@require_safe
def coming(request: ActorRequest) -> HttpResponse:
    """The digests of the next working days as they would be worded now, and the policy."""
    units = reminding.receiving_units(request.actor)
    if not units:
        raise PermissionDenied("Trang này dành cho người tiếp nhận báo cáo của đơn vị.")
    now = timezone.now()
    days = reminding.next_runs(now)
    asked = day_in(request, "ngay")
    on = asked if asked in days else days[0]
    earlier = [one for one in days if one < on]
    last = earlier[-1] if earlier else reminding.last_run(on)
    told = reminding.day_plan(on, last, receiver_ids=units)
    page = Paginator(told, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "reporting/reminders.html",
        {
            "bar": list_bar(request),
            "tabs": _tabs(request, "coming"),
            "on": on,
            "days": [Choice(day(one), changed(request, ngay=one.isoformat()), one == on) for one in days],
            "page": page,
            "mails": sum(bool(one.recipient.email) for one in told),
            "policy": reminding.policy_lines(),
            "today": timezone.localdate(now),
        },
    )


@require_safe
def sent(request: ActorRequest) -> HttpResponse:
    """Who was told what when, as it was worded."""
    rows = _asked(request, reminding.messages_for(request.actor, timezone.localdate()))
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "reporting/messages.html",
        {
            "bar": list_bar(request, [Choice("CSV", f"{reverse('reporting:messages-csv')}{changed(request)}")]),
            "tabs": _tabs(request, "sent"),
            "page": page,
            "rows": _shown(page.object_list),
            "channels": CHANNELS.items(),
            "kinds": [(key, KINDS[key]) for key in KINDS if key != MessageKind.MAIL],
            "asked": {name: request.GET.get(name, "") for name in ("q", "kenh", "loai")},
            "filtered": any(request.GET.get(name) for name in ("q", "kenh", "loai")),
        },
    )


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    """The same rows as a file."""
    rows = _asked(request, reminding.messages_for(request.actor, timezone.localdate()))
    listed = (
        (
            moment(timezone.localtime(row.made_at)),
            unit,
            row.person.get_full_name(),
            CHANNELS.get(row.channel, row.channel),
            KINDS.get(row.kind, row.kind),
            row.subject,
            row.body,
            row.address,
            moment(timezone.localtime(row.sent_at)) if row.sent_at else "",
            moment(timezone.localtime(row.read_at)) if row.read_at else "",
            row.failure,
            state,
        )
        for row, unit, state in _shown(rows)
    )
    return list_file("nhat-ky-nhac-han.csv", HEADER, listed)


def _asked(request: ActorRequest, rows: QuerySet[Message, Any]) -> QuerySet[Message, Any]:
    """Those that the filter lets through."""
    if channel := request.GET.get("kenh"):
        rows = rows.filter(channel=channel)
    if kind := request.GET.get("loai"):
        rows = rows.filter(kind=kind)
    for word in request.GET.get("q", "").split()[:8]:
        rows = rows.filter(Q(subject__icontains=word) | Q(body__icontains=word) | Q(person__full_name__icontains=word))
    return rows


def _shown(rows: Any) -> list[tuple[Message, str, str]]:
    """Each with the name of its unit, and what became of it."""
    listed = list(rows)
    called = orgs.cards({row.unit_id for row in listed if row.unit_id}, timezone.localdate())
    mails = reminding.daily_mails(listed)
    found = []
    for row in listed:
        state = _state(row)
        if (mail := mails.get(row.pk)) is not None:
            state += f"; thư tổng hợp trong ngày: {_state(mail)}"
        found.append((row, called[row.unit_id].name if row.unit_id else "", state))
    return found


def _state(row: Message) -> str:
    if row.channel == MessageChannel.PRODUCT:
        return f"đọc lúc {moment(timezone.localtime(row.read_at))}" if row.read_at else "chưa đọc"
    if row.channel == MessageChannel.PHONE:
        return "ghi sau cuộc gọi"
    if row.sent_at is not None:
        return f"gửi lúc {moment(timezone.localtime(row.sent_at))}"
    if row.wait_until is not None:
        return "chờ gửi lại" if row.failure else "chờ gửi"
    return "không gửi được" if row.failure else ""


def _tabs(request: ActorRequest, current: str) -> list[dict[str, object]]:
    """The pages that the person may open."""
    tabs: list[dict[str, object]] = []
    if reminding.receiving_units(request.actor):
        tabs.append({"label": "Sẽ gửi", "url": reverse("reporting:reminders"), "current": current == "coming"})
    if reminding.may_read_messages(request.actor):
        tabs.append({"label": "Đã gửi", "url": reverse("reporting:messages"), "current": current == "sent"})
    return tabs
