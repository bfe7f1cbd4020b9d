"""Báo cáo: what the person's units owe, and what they receive."""

from collections import Counter
from datetime import date

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.timeliness import Timeliness, timing_words
from giaoban.core.vietnamese import day, fold
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.kit.permissions import Permission
from giaoban.reporting import selectors
from giaoban.reporting.rules import STATE_NAMES, ReportState
from giaoban.reporting.selectors.reminding import may_read_messages
from giaoban.reporting.web.bar import list_bar
from giaoban.reporting.web.files import list_file
from giaoban.reporting.web.shaping.lists import (
    CAMPAIGN_SORTS,
    OWED_SORTS,
    Filter,
    NearMiss,
    filter_from,
    near_miss,
    sorted_by,
    state_counts,
)

PAGE_SIZE = 25
OWED_HEADER = (
    "Đơn vị",
    "Biểu",
    "Tên biểu",
    "Kỳ",
    "Nơi nhận",
    "Hạn",
    "So với hạn",
    "Tình trạng",
    "Lý do trả lại",
    "Mô phỏng",
)
RECEIVED_HEADER = (
    "Nơi nhận",
    "Biểu",
    "Tên biểu",
    "Kỳ",
    "Hạn",
    "Phải gửi",
    "Chờ tiếp nhận",
    "Đã tiếp nhận",
    "Trả lại",
    "Muộn",
    "Chưa gửi",
    "Mô phỏng",
)


@require_safe
def index(request: ActorRequest) -> HttpResponse:
    on, chosen = timezone.localdate(), _filter(request)
    owed = selectors.obligations_for(request.actor, on)
    received = selectors.receptions_for(request.actor, on)
    shown, campaigns = _owed(request, owed, chosen), _received(request, received, chosen)
    late = sum(row.timing.state is Timeliness.OVERDUE for row in owed)
    return render(
        request,
        "reporting/index.html",
        {
            "bar": list_bar(request, _exports(request, owed=bool(owed), received=bool(received))),
            "simulated_note": _simulated(shown, campaigns),
            "has_owed": bool(owed),
            "has_received": bool(received),
            "page": Paginator(shown, PAGE_SIZE).get_page(request.GET.get("page")),
            "campaigns": campaigns,
            "counts": _counts(request, owed, chosen, late),
            "late": late,
            "open": sum(row.state not in (ReportState.SENT, ReportState.ACCEPTED) for row in owed),
            "waiting": sum(row.sent for row in received),
            "overdue": sum(row.missing for row in received if row.timing.state is Timeliness.OVERDUE),
            "chosen": chosen,
            "near_miss": _near_miss(request, owed, chosen),
            "may_request": any(request.actor.may(Permission.RECEIVE_REPORT, one) for one in request.actor.unit_ids),
            "may_read_messages": may_read_messages(request.actor),
        },
    )


def _filter(request: ActorRequest) -> Filter:
    return filter_from(request.GET.get("state", ""), request.GET.get("timing", ""), request.GET.get("q", ""))


def _owed(request: ActorRequest, rows: list[selectors.Owed], chosen: Filter) -> list[selectors.Owed]:
    found = [row for row in rows if _holds(chosen, row)]
    return sorted_by(found, request.GET.get("sort", ""), OWED_SORTS, "due")


def _holds(chosen: Filter, row: selectors.Owed) -> bool:
    text = f"{row.form_code} {row.form_title} {row.period.label} {row.unit.name}"
    return chosen.holds(row.state, row.timing.state, text)


def _received(request: ActorRequest, rows: list[selectors.Campaign], chosen: Filter) -> list[selectors.Campaign]:
    """Words filter both lists; the states are those of single reports, so they leave the campaigns alone."""
    words = fold(chosen.words)
    found = [row for row in rows if words in fold(f"{row.form.code} {row.form.title} {row.period.label}")]
    return sorted_by(found, request.GET.get("sort", ""), CAMPAIGN_SORTS, "period")


def _counts(request: ActorRequest, rows: list[selectors.Owed], chosen: Filter, late: int) -> list[Count]:
    by_state = Counter(row.state for row in rows)
    counts = state_counts(
        by_state,
        len(rows),
        chosen,
        lambda state: changed(request, state=state, timing=None),
        all_label="báo cáo của đơn vị",
    )
    if late:
        overdue = Timeliness.OVERDUE
        url = changed(request, state=None, timing=overdue.value)
        counts.append(Count(late, "quá hạn", url, chosen.timing is overdue, "late"))
    return counts


def _near_miss(request: ActorRequest, rows: list[selectors.Owed], chosen: Filter) -> NearMiss | None:
    def left(one: Filter) -> int:
        return sum(_holds(one, row) for row in rows)

    return near_miss(
        [
            (
                "Cùng tình trạng, bỏ chữ tìm",
                changed(request, q=None),
                left(chosen.without_words()) if chosen.words else 0,
            ),
            (
                "Cùng chữ tìm, mọi tình trạng",
                changed(request, state=None, timing=None),
                left(chosen.only_words()) if chosen.words else 0,
            ),
            ("Tất cả", reverse("reporting:index"), len(rows)),
        ]
    )


def _simulated(owed: list[selectors.Owed], received: list[selectors.Campaign]) -> str:
    if not any(row.simulated for row in owed) and not any(row.simulated for row in received):
        return ""
    return "các dòng có nhãn “mô phỏng” là ví dụ, không phải số liệu thật."


def _exports(request: ActorRequest, *, owed: bool, received: bool) -> list[Choice]:
    address = reverse("reporting:index-csv")
    choices = []
    if owed:
        choices.append(Choice("Danh sách phải gửi, CSV", f"{address}{changed(request, list='owed')}"))
    if received:
        choices.append(Choice("Danh sách tiếp nhận, CSV", f"{address}{changed(request, list='received')}"))
    return choices


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    """The list as filtered and sorted, all pages of it."""
    on, chosen = timezone.localdate(), _filter(request)
    if request.GET.get("list") == "received":
        campaigns = _received(request, selectors.receptions_for(request.actor, on), chosen)
        return list_file(f"tiep-nhan-{on}.csv", RECEIVED_HEADER, (_campaign_line(row) for row in campaigns))
    owed = _owed(request, selectors.obligations_for(request.actor, on), chosen)
    return list_file(f"phai-gui-{on}.csv", OWED_HEADER, (_owed_line(row) for row in owed))


def _owed_line(row: selectors.Owed) -> tuple[object, ...]:
    return (
        row.unit.name,
        row.form_code,
        row.form_title,
        row.period.label,
        row.receiver_name,
        _day(row.due_on),
        timing_words(row.timing),
        STATE_NAMES[row.state],
        row.reason,
        _simulated_word(row.simulated),
    )


def _campaign_line(row: selectors.Campaign) -> tuple[object, ...]:
    return (
        row.receiver.name if row.receiver else "",
        row.form.code,
        row.form.title,
        row.period.label,
        _day(row.due_on),
        row.expected,
        row.sent,
        row.accepted,
        row.returned,
        row.late,
        row.missing,
        _simulated_word(row.simulated),
    )


def _day(value: date | None) -> str:
    return day(value) if value else ""


def _simulated_word(simulated: bool) -> str:
    return "số liệu mô phỏng" if simulated else ""
