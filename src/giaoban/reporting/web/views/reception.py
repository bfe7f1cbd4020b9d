"""Bảng tiếp nhận: one row a unit, or one a province where there are many; counts that filter; it keeps itself fresh."""

from datetime import date
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.timeliness import BAND_NAMES, timing_words
from giaoban.core.vietnamese import day, moment, number
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting.rules import STATE_NAMES
from giaoban.reporting.selectors.answering import answers
from giaoban.reporting.selectors.board import Board, Spot, change_mark
from giaoban.reporting.selectors.punctuality import period_word
from giaoban.reporting.web.files import list_file
from giaoban.reporting.web.place import Place, board_bar, place_of, simulated_words
from giaoban.reporting.web.shaping.boards import (
    BANDS_BY_WORD,
    GROUP_SORTS,
    SORTS,
    BoardFilter,
    BoardRow,
    counts_of,
    filter_of,
    groups_of,
    latest_due,
    rows_for,
    spots_in,
    strip_groups,
)
from giaoban.reporting.web.shaping.layout import calm
from giaoban.reporting.web.shaping.lists import NearMiss, filter_from, near_miss, sorted_by, strip_words
from giaoban.reporting.web.views.books import books_state
from giaoban.reporting.web.views.bulk import ACTS, bulk

PAGE_SIZE: Final = 200
"""Rows on a page: no unit in the middle has more beneath it than that."""
EVERY: Final = 20
"""Seconds between two looks of an open board."""
HEADER = (
    "Mã đơn vị",
    "Đơn vị",
    "Tình trạng",
    "Nhận lúc",
    "Hạn",
    "Hạn ban đầu",
    "So với hạn",
    "Mức trễ",
    "Ô đã điền",
    "Ô phải điền",
    "Tỷ lệ ô (%)",
    "Ô trống",
    "Không phát sinh",
    "Cảnh báo có giải thích",
    "Lý do trả lại",
    "Số lần nhắc",
    "Người giữ vị trí",
    "Bản",
    "Biên nhận",
    "Mô phỏng",
)


@require_http_methods(["GET", "HEAD", "POST"])
def reception(request: ActorRequest, unit: str, form: str, period: str) -> HttpResponse:
    """The board; a post asks for an act on the chosen rows, shows it, and does it when confirmed."""
    place = place_of(request, unit, form, period)
    refusal, status = "", 200
    if request.method == "POST":
        answer = bulk(request, place)
        if isinstance(answer, HttpResponse):
            return answer
        refusal, status = answer, 422
    mark = change_mark(place.unit.id, place.form, place.period, timezone.localdate())
    context = _context(request, place, place.board(), mark)
    return render(request, "reporting/reception.html", {**context, "refusal": refusal}, status=status)


def _context(request: ActorRequest, place: Place, board: Board, mark: str) -> dict[str, Any]:
    chosen = _filter(request)
    by_group = _is_grouped(request, board, chosen)
    inside = spots_in(board, BoardFilter(filter_from("", "", ""), group=chosen.group)) if chosen.group else board.spots
    return {
        **_head(request, place, board, inside, chosen),
        "bar": board_bar(request, place, rows=bool(board.spots)),
        "simulated_note": simulated_words(sum(one.simulated for one in board.spots), len(board.spots)),
        "title": calm(place.form.title),
        "outside": board.outside(),
        "books": books_state(request, place.unit, place.form, place.period),
        "switch": _switch(request, board, by_group=by_group),
        "all_simulated": all(one.simulated for one in board.spots),
        "band_choices": [(word, BAND_NAMES[band]) for word, band in BANDS_BY_WORD.items()],
        "group_choices": sorted(board.groups.values(), key=lambda one: one.sort_key),
        "near_miss": None,
        "acts": [act for act in ACTS.values() if not act.whole and act.name != "restore"],
        "every": EVERY,
        **(_grouped(request, board) if by_group else _listed(request, place, board, chosen, mark)),
    }


def _head(
    request: ActorRequest, place: Place, board: Board, inside: tuple[Spot, ...] | list[Spot], chosen: BoardFilter
) -> dict[str, Any]:
    """What changes while a board is open, besides its rows."""
    groups = strip_groups(inside)
    return {
        "place": place,
        "board": board,
        "chosen": chosen,
        "counts": counts_of(inside, chosen, lambda **changes: changed(request, **changes)),
        "strip": groups,
        "strip_words": strip_words(groups, len(inside)),
        "overdue": sum(one.days > 0 and one.delivered_at is None for one in inside),
        "group": next((unit for unit in board.groups.values() if unit.key == chosen.group), None),
        "inside": len(inside),
        "inside_received": sum(one.delivered_at is not None for one in inside),
        "due_on": latest_due(inside),
        "may_receive": board.receives and answers(request.actor, Permission.RECEIVE_REPORT, place.unit.id),
        "table_url": _table_url(place),
        "period_word": period_word(place.period),
        "now": timezone.localtime(),
    }


def _table_url(place: Place) -> str:
    query = f"?unit={place.unit.key}" + (f"&instalment={place.period.instalment}" if place.period.instalment else "")
    return reverse("reporting:table", args=[place.form.key, place.period.code]) + query


def _filter(request: ActorRequest) -> BoardFilter:
    words = filter_from(request.GET.get("state", ""), request.GET.get("timing", ""), request.GET.get("q", ""))
    return filter_of(request.GET, words)


def _is_grouped(request: ActorRequest, board: Board, chosen: BoardFilter) -> bool:
    """Provinces instead of units: when asked for, or when there are more units than a page holds, none sought."""
    if not board.groups or not chosen.is_empty or request.GET.get("view") == "units":
        return False
    return request.GET.get("view") == "groups" or len(board.spots) > PAGE_SIZE


def _switch(request: ActorRequest, board: Board, *, by_group: bool) -> list[dict[str, object]]:
    if not board.groups:
        return []
    clear = {"state": None, "timing": None, "band": None, "nil": None, "group": None, "q": None, "sort": None}
    return [
        {
            "label": f"Theo đơn vị trực thuộc ({len(board.groups)})",
            "url": changed(request, **{**clear, "view": "groups"}),
            "current": by_group,
        },
        {
            "label": f"Từng báo cáo ({number(len(board.spots))})",
            "url": changed(request, view="units", sort=None),
            "current": not by_group,
        },
    ]


def _grouped(request: ActorRequest, board: Board) -> dict[str, Any]:
    def inside(unit: orgs.UnitCard) -> str:
        return changed(request, view="units", sort=None, group=unit.key)

    rows = groups_of(board, inside)
    sort = request.GET.get("sort", "")
    return {"groups": sorted_by(rows, sort, GROUP_SORTS, "name"), "group_total": board.tally, "rows": None}


def _listed(request: ActorRequest, place: Place, board: Board, chosen: BoardFilter, mark: str) -> dict[str, Any]:
    spots = sorted_by(spots_in(board, chosen), request.GET.get("sort", ""), SORTS, "call")
    page = Paginator(spots, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = rows_for(board, list(page.object_list))
    return {
        "groups": None,
        "page": page,
        "rows": rows,
        "near_miss": None if rows else _near_miss(request, board, chosen),
        "news_url": _news_url(request, place, page, mark),
    }


def _news_url(request: ActorRequest, place: Place, page: "Page[Spot]", mark: str) -> str:
    """Where the open page asks whether anything is new: its filters, its rows, and the mark of what it shows."""
    address = reverse("reporting:reception-news", args=[place.unit.key, place.form.key, place.period.code])
    rows = ".".join(str(one.obligation_id) for one in page.object_list)
    return f"{address}{changed(request, mark=mark, rows=rows)}"


@require_safe
def news(request: ActorRequest, unit: str, form: str, period: str) -> HttpResponse:
    """What changed on an open board since its mark: its head and its rows, in the order in which they stand there.

    204 when nothing did: one small query after that of the rights.
    """
    place = place_of(request, unit, form, period)
    mark = change_mark(place.unit.id, place.form, place.period, timezone.localdate())
    if mark == request.GET.get("mark"):
        return HttpResponse(status=204)
    board, chosen = place.board(), _filter(request)
    inside = spots_in(board, BoardFilter(filter_from("", "", ""), group=chosen.group)) if chosen.group else board.spots
    wanted = [int(one) for one in request.GET.get("rows", "").split(".") if one.isdecimal()][:PAGE_SIZE]
    by_id = {one.obligation_id: one for one in board.spots}
    rows = rows_for(board, [by_id[one] for one in wanted if one in by_id])
    address = reverse("reporting:reception-news", args=[place.unit.key, place.form.key, place.period.code])
    return render(
        request,
        "reporting/reception_news.html",
        {
            **_head(request, place, board, inside, chosen),
            "title": calm(place.form.title),
            "rows": rows,
            "all_simulated": all(one.simulated for one in board.spots),
            "every": EVERY,
            "news_url": f"{address}{changed(request, mark=mark)}",
            "fresh_url": f"{place.address().split('?')[0]}{changed(request, mark=None, rows=None)}",
        },
    )


def _near_miss(request: ActorRequest, board: Board, chosen: BoardFilter) -> NearMiss | None:
    def left(one: BoardFilter) -> int:
        return len(spots_in(board, one))

    words = chosen.without(common=chosen.common.only_words(), band=None, nil=False)
    plain = {"state": None, "timing": None, "band": None, "nil": None}
    return near_miss(
        [
            (
                "Cùng tình trạng, bỏ chữ tìm",
                changed(request, q=None),
                left(chosen.without(common=chosen.common.without_words())) if chosen.common.words else 0,
            ),
            ("Cùng chữ tìm, mọi tình trạng", changed(request, **plain), left(words) if chosen.common.words else 0),
            ("Tất cả đơn vị", changed(request, q=None, **plain, group=None), len(board.spots)),
        ]
    )


@require_safe
def export(request: ActorRequest, unit: str, form: str, period: str) -> HttpResponse:
    """The board as filtered and sorted, all pages of it."""
    place = place_of(request, unit, form, period)
    board = place.board()
    spots = sorted_by(spots_in(board, _filter(request)), request.GET.get("sort", ""), SORTS, "call")
    rows = rows_for(board, spots)
    return list_file(f"tiep-nhan-{place.period.code}.csv", HEADER, (_line(one) for one in rows))


def _line(one: BoardRow) -> tuple[object, ...]:
    row = one.row
    people = "; ".join(f"{person.name} ({person.role_name})" for person in row.people)
    received = moment(timezone.localtime(row.received_at)) if row.received_at else ""
    blanks = "; ".join(one.blanks) + (f"; và {one.more_blanks} ô khác" if one.more_blanks else "")
    return (
        row.unit.key,
        row.unit.name,
        STATE_NAMES[row.state],
        received,
        _day(row.due_on),
        _day(row.first_due_on),
        timing_words(row.timing),
        BAND_NAMES[row.band] if row.timing.days else "",
        row.filled,
        row.required,
        one.share if one.share is not None else "",
        blanks,
        "không phát sinh" if one.is_nil else "",
        row.warnings,
        row.reason,
        row.reminders,
        people,
        row.version or "",
        row.receipt,
        "số liệu mô phỏng" if row.simulated else "",
    )


def _day(value: date | None) -> str:
    return day(value) if value else ""
