"""Lịch báo cáo: the year of a unit, as a page and as a file that calendars read."""

from datetime import UTC, date

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.web.bar import list_bar
from giaoban.reporting.web.files import handed_out
from giaoban.reporting.web.shaping.ics import MEDIA_TYPE, Event, calendar_file

YEARS = range(2000, 2100)


@require_safe
def calendar(request: ActorRequest) -> HttpResponse:
    """Twelve months with the days of the unit's reports; what has no day stands apart."""
    unit, year = _asked(request)
    found = selectors.calendar_of(unit, year)
    months = [
        (number, [one for one in found if one.on is not None and one.on.month == number]) for number in range(1, 13)
    ]
    address = f"{reverse('reporting:calendar-ics')}?don-vi={unit.key}&nam={year}"
    return render(
        request,
        "reporting/calendar.html",
        {
            "bar": list_bar(request, [Choice("Lịch cho điện thoại, ICS", address)]),
            "unit": unit,
            "year": year,
            "months": [(number, rows) for number, rows in months if rows],
            "dated": sum(len(rows) for _, rows in months),
            "undated": [one for one in found if one.on is None],
            "today": timezone.localdate(),
        },
    )


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    """The dated reports as all-day events."""
    unit, year = _asked(request)
    events = [
        Event(
            key=f"{unit.key}-{one.form_key}-{one.period_code}-{'nhan' if one.receives else 'gui'}-{one.period}",
            on=one.on,
            title=f"{'Nhận' if one.receives else 'Gửi'} biểu {one.form_code}, {one.period}",
            about="\n".join(filter(None, (one.form_title, one.source, "Ngày nghỉ." if one.is_rest_day else ""))),
            url=request.build_absolute_uri(reverse("reporting:entry", args=[one.obligation_id]))
            if one.obligation_id
            else "",
        )
        for one in selectors.calendar_of(unit, year)
        if one.on is not None
    ]
    text = calendar_file(
        f"Lịch báo cáo {year}, {unit.name}", events, at=timezone.now().astimezone(UTC), host=request.get_host()
    )
    return handed_out(text, MEDIA_TYPE, f"lich-bao-cao-{year}.ics")


def _asked(request: ActorRequest) -> tuple[orgs.UnitCard, int]:
    """The unit and the year of the address; without them the unit that the person acts for, and this year."""
    today = timezone.localdate()
    text = request.GET.get("nam", "")
    year = int(text) if text.isascii() and text.isdigit() and len(text) == 4 else today.year
    if year not in YEARS:
        raise Http404("Chỉ có lịch của các năm từ 2000 đến 2099.")
    on = today if year == today.year else date(year, 12, 31)
    key = request.GET.get("don-vi", "")
    if key:
        return orgs.unit_for(request.actor, key, on), year
    if request.actor.unit_id is None:
        raise Http404("Tài khoản chưa giữ vị trí ở đơn vị nào. Chọn đơn vị trong địa chỉ của lịch.")
    return orgs.card(request.actor.unit_id, on), year
