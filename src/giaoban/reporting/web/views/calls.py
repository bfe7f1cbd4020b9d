"""Danh sách gọi điện: who has not sent, whom to call there, what was said on the telephone."""

from collections.abc import Sequence
from typing import Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.timeliness import BAND_NAMES, timing_words
from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.kit.permissions import Permission
from giaoban.reporting import services
from giaoban.reporting.rules import STATE_NAMES
from giaoban.reporting.selectors import ReceptionRow
from giaoban.reporting.selectors.answering import answers, require_answer
from giaoban.reporting.selectors.board import Board, in_full, obligations_on
from giaoban.reporting.web.bar import period_bar
from giaoban.reporting.web.files import list_file
from giaoban.reporting.web.place import Place, place_of, simulated_words
from giaoban.reporting.web.shaping.boards import SORTS, filter_of, spots_in
from giaoban.reporting.web.shaping.lists import filter_from

LONGEST_NOTE: Final = 500
MOST: Final = 500
"""Rows on the page; the file has all."""
HEADER = (
    "Đơn vị",
    "Người giữ vị trí",
    "Tình trạng",
    "Hạn",
    "So với hạn",
    "Mức trễ",
    "Số lần nhắc",
    "Nhắc lần cuối",
    "Ghi cuộc gọi",
)


@require_http_methods(["GET", "HEAD", "POST"])
def call_list(request: ActorRequest, unit: str, form: str, period: str) -> HttpResponse:
    """Reports that have not come, those most overdue first; what is written beside a unit is kept as a call."""
    place = place_of(request, unit, form, period)
    board = place.board()
    if request.method == "POST":
        return _write_down(request, place, board)
    rows = _rows(request, board)
    csv = reverse("reporting:call-list-csv", args=[place.unit.key, place.form.key, place.period.code])
    return render(
        request,
        "reporting/calls.html",
        {
            "bar": period_bar(
                request,
                place.period,
                unit_label=place.unit.name,
                export=[Choice("Danh sách gọi điện, CSV", f"{csv}{changed(request)}")] if rows else [],
            ),
            "simulated_note": simulated_words(sum(row.simulated for row in rows), len(rows)),
            "place": place,
            "back": place.back(request),
            "rows": rows[:MOST],
            "count": len(rows),
            "all_simulated": all(row.simulated for row in rows),
            "may_receive": board.receives and answers(request.actor, Permission.RECEIVE_REPORT, place.unit.id),
        },
    )


def _rows(request: ActorRequest, board: Board) -> list[ReceptionRow]:
    """The reports of the address that have not come, in the order in which one calls."""
    words = filter_from(request.GET.get("state", ""), request.GET.get("timing", ""), request.GET.get("q", ""))
    spots = [one for one in spots_in(board, filter_of(request.GET, words)) if not one.is_received]
    return in_full(board, sorted(spots, key=SORTS["call"]))


def _write_down(request: ActorRequest, place: Place, board: Board) -> HttpResponse:
    """Each unit with words beside it was called: kept in the history of the report, sent to nobody."""
    if not board.receives:
        raise PermissionDenied("Đơn vị này không tiếp nhận các báo cáo trong danh sách, nên không ghi được cuộc gọi.")
    require_answer(request.actor, Permission.RECEIVE_REPORT, place.unit.id, unit_name=place.unit.name)
    notes = {
        int(name.removeprefix("goi-")): " ".join(str(words).split())[:LONGEST_NOTE]
        for name, words in request.POST.items()
        if name.startswith("goi-") and name.removeprefix("goi-").isdecimal() and str(words).strip()
    }
    at = timezone.now()
    called = obligations_on(board, notes)
    for row in called:
        services.note_call(row, note=notes[row.pk], by=request.actor, at=at)
    if called:
        messages.success(request, f"Đã ghi {len(called)} cuộc gọi vào nhật ký; không gửi tin cho đơn vị.")
    else:
        messages.warning(request, "Chưa ghi cuộc gọi nào. Viết kết quả gọi vào ô bên cạnh đơn vị chưa gửi rồi bấm ghi.")
    address = place.address("reporting:call-list").split("?")[0]
    return redirect(f"{address}{changed(request)}")


@require_safe
def export(request: ActorRequest, unit: str, form: str, period: str) -> HttpResponse:
    place = place_of(request, unit, form, period)
    rows = _rows(request, place.board())
    return list_file(f"goi-dien-{place.period.code}.csv", HEADER, _lines(rows))


def _lines(rows: Sequence[ReceptionRow]) -> list[tuple[object, ...]]:
    return [
        (
            row.unit.name,
            "; ".join(f"{person.name} ({person.role_name})" for person in row.people),
            STATE_NAMES[row.state],
            day(row.due_on) if row.due_on else "",
            timing_words(row.timing),
            BAND_NAMES[row.band] if row.timing.days and row.band else "",
            row.reminders,
            day(timezone.localdate(row.reminded_at)) if row.reminded_at else "",
            "",
        )
        for row in rows
    ]
