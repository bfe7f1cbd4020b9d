"""Yêu cầu đến đơn vị: everything that asks a unit for something in a span of days, on one page."""

from datetime import date, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.web.bar import day_in, list_bar
from giaoban.reporting.web.files import list_file
from giaoban.reporting.web.shaping.layout import calm

LONGEST = timedelta(days=366)
HEADER = (
    "Hạn",
    "Biểu",
    "Tên biểu",
    "Kỳ",
    "Nơi yêu cầu",
    "Theo chế độ",
    "Số ô",
    "Đã gửi",
    "Vượt chế độ",
    "Lý do",
    "Căn cứ",
)


@require_safe
def burden(request: ActorRequest) -> HttpResponse:
    """Reports and tasks by their days; what is asked beyond the regime with the reason that was signed."""
    found = _asked(request)
    address = f"{reverse('reporting:burden-csv')}{changed(request)}"
    return render(
        request,
        "reporting/burden.html",
        {
            "bar": list_bar(request, [Choice("Danh sách yêu cầu, CSV", address)]),
            "burden": found,
            "chosen": bool(request.GET.get("don-vi")),
            "asks": [(one, calm(one.form_title)) for one in found.asks],
        },
    )


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    found = _asked(request)
    rows: list[tuple[object, ...]] = [
        (
            day(one.due_on) if one.due_on else "chưa rõ",
            one.form_code,
            calm(one.form_title),
            one.period,
            one.asker,
            "có" if one.by_regime else "không",
            one.cells,
            "đã gửi" if one.is_done else "chưa gửi",
            " ".join(finding.sentence for finding in one.findings),
            f"{one.reason} ({one.signed})" if one.reason else "",
            one.basis,
        )
        for one in found.asks
    ]
    for item in found.others:
        due_on = day(item.due_on) if item.due_on else ""
        rows.append((due_on, item.kind, item.title, "", item.about, *[""] * 6))
    return list_file(f"yeu-cau-den-{found.unit.key.replace(':', '-')}.csv", HEADER, rows)


def _asked(request: ActorRequest) -> selectors.Burden:
    """The unit and the days of the address; without them the unit that the person acts for and this quarter."""
    today = timezone.localdate()
    key = request.GET.get("don-vi", "")
    if key:
        unit = orgs.unit_for(request.actor, key, today)
    elif request.actor.unit_id is not None:
        unit = orgs.card(request.actor.unit_id, today)
    else:
        raise Http404("Tài khoản chưa giữ vị trí ở đơn vị nào. Chọn đơn vị trong địa chỉ của trang.")
    first, last = day_in(request, "tu") or _quarter(today)[0], day_in(request, "den") or _quarter(today)[1]
    if last < first or last - first > LONGEST:
        first, last = _quarter(today)
    return selectors.burden_of(request.actor, unit, first, last, today)


def _quarter(on: date) -> tuple[date, date]:
    first = date(on.year, 3 * ((on.month - 1) // 3) + 1, 1)
    after = date(on.year + first.month // 10, (first.month + 2) % 12 + 1, 1)
    return first, after - date.resolution
