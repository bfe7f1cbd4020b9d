"""Lịch báo cáo: the year of a unit, as a page, as a file, and at an address that calendar programs follow."""

from collections.abc import Sequence
from datetime import UTC, date

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.web.bar import list_bar
from giaoban.reporting.web.files import handed_out
from giaoban.reporting.web.shaping.ics import MEDIA_TYPE, Event, calendar_file

YEARS = range(2000, 2100)


@require_safe
def calendar(request: ActorRequest) -> HttpResponse:
    """Twelve months with the days of the unit's reports; what has no day stands apart."""
    return _page(request)


def _page(request: ActorRequest, *, fresh_address: str = "", refusal: str = "") -> HttpResponse:
    """fresh_address: the one that was just made, shown here and never again."""
    unit, year = _asked(request)
    found = selectors.calendar_of(unit, year)
    addresses = selectors.calendar_addresses(request.actor)
    called = orgs.cards([one.unit_id for one in addresses], timezone.localdate())
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
            "special_days": selectors.special_days(year),
            "fresh_address": fresh_address,
            "refusal": refusal,
            "addresses": [(one, called[one.unit_id]) for one in addresses],
        },
        status=422 if refusal else 200,
    )


@never_cache
@require_POST
def make_address(request: ActorRequest) -> HttpResponse:
    """A new address for the calendar of one unit; this answer shows the whole address, nothing else ever does."""
    unit, _ = _asked(request)
    try:
        secret = services.make_calendar_address(unit.key, by=request.actor, at=timezone.now())
    except services.ReportingError as fault:
        return _page(request, refusal=fault.sentence)
    address = request.build_absolute_uri(reverse("reporting:calendar-feed", args=[secret]))
    return _page(request, fresh_address=address)


@require_POST
def end_address(request: ActorRequest, pk: int) -> HttpResponse:
    """One of one's own addresses stops working at once."""
    if pk not in {one.pk for one in selectors.calendar_addresses(request.actor)}:
        raise Http404("Không có địa chỉ lịch này.")
    services.end_calendar_address(pk, by=request.actor, at=timezone.now())
    messages.success(request, "Địa chỉ lịch đã ngừng. Lịch nào còn theo địa chỉ này sẽ không đọc được nữa.")
    return redirect(f"{reverse('reporting:calendar')}#dia-chi")


@login_not_required
@never_cache
@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The dated reports of this year and the next, for whoever knows the address. 404 once it does not work."""
    unit = services.read_calendar(secret, at=timezone.now())
    if unit is None:
        raise Http404("Địa chỉ lịch này không có hoặc đã ngừng.")
    year = timezone.localdate().year
    dues = [*selectors.calendar_of(unit, year), *selectors.calendar_of(unit, year + 1)]
    return _file(request, f"Lịch báo cáo, {unit.name}", unit, dues, "lich-bao-cao.ics")


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    """The dated reports as all-day events."""
    unit, year = _asked(request)
    dues = selectors.calendar_of(unit, year)
    return _file(request, f"Lịch báo cáo {year}, {unit.name}", unit, dues, f"lich-bao-cao-{year}.ics")


def _file(
    request: HttpRequest, name: str, unit: orgs.UnitCard, dues: Sequence[selectors.Due], filename: str
) -> HttpResponse:
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
        for one in dues
        if one.on is not None
    ]
    text = calendar_file(name, events, at=timezone.now().astimezone(UTC), host=request.get_host())
    return handed_out(text, MEDIA_TYPE, filename)


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
