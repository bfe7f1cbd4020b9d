"""Mở kỳ báo cáo: a receiver opens a period of the regime; who owes and by when is shown before anything is written."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.web.bar import day_in, list_bar, period_address
from giaoban.reporting.web.shaping.layout import calm

FIRST_YEAR, LAST_YEAR = 1990, 2200


@dataclass(frozen=True, slots=True)
class Line:
    """A unit of the preview. `stands`: it owes the report already and keeps its deadline."""

    unit: orgs.UnitCard
    due_on: date | None
    stands: bool


@require_http_methods(["GET", "HEAD", "POST"])
def open_period(request: ActorRequest) -> HttpResponse:
    """First the form, then a period of a year, then everything that opening it would do."""
    receiver_id = request.actor.unit_id
    if receiver_id is None:
        raise Http404("Tài khoản chưa giữ vị trí ở đơn vị nào.")
    today = timezone.localdate()
    on = day_in(request, "on") or today
    receiver = orgs.card(receiver_id, on)
    request.actor.require(Permission.RECEIVE_REPORT, receiver_id, unit_name=receiver.name)
    forms = selectors.forms_received(receiver.kind, on)
    form = next((one for one in forms if one.key == request.GET.get("form", "")), None)
    if form is None:
        context = {
            "bar": list_bar(request),
            "receiver": receiver,
            "forms": [(one, calm(one.title)) for one in forms],
            "on": on,
            "is_today": on == today,
        }
        return render(request, "reporting/open.html", context, status=422 if request.method == "POST" else 200)
    chosen = {name: request.GET.get(name, "") for name in ("rule", "code", "instalment")}
    if request.method == "POST":
        return _open(request, receiver, form, chosen)
    if chosen["rule"] and chosen["code"]:
        return _preview(request, receiver, form, chosen)
    return _periods(request, receiver, form)


def _periods(
    request: ActorRequest,
    receiver: orgs.UnitCard,
    form: selectors.FormVersion,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """The periods of a year; a year that cannot be read is this one."""
    given = request.GET.get("year", "")
    year = int(given) if given.isascii() and given.isdigit() and len(given) == 4 else timezone.localdate().year
    year = min(max(year, FIRST_YEAR), LAST_YEAR)
    context = {
        "bar": list_bar(request),
        "receiver": receiver,
        "form": form,
        "title": calm(form.title),
        "year": year,
        "first_year": FIRST_YEAR,
        "last_year": LAST_YEAR,
        "periods": selectors.openable_periods(form, receiver.id, receiver.kind, year),
        "refusal": refusal,
    }
    return render(request, "reporting/open_periods.html", context, status=status)


def _preview(
    request: ActorRequest, receiver: orgs.UnitCard, form: selectors.FormVersion, chosen: dict[str, str]
) -> HttpResponse:
    try:
        opening = services.preview_opening(
            form.key,
            chosen["rule"],
            code=chosen["code"],
            instalment=chosen["instalment"],
            receiver_id=receiver.id,
            by=request.actor,
        )
        owed = opening.owed
    except services.ReportingError as fault:
        return _periods(request, receiver, form, refusal=fault.sentence, status=422)
    except PermissionDenied:  # nobody owes this form to a unit of the actor
        owed = ()
    if not owed:
        words = f"Không đơn vị nào phải gửi biểu này cho {receiver.name} trong kỳ đã chọn. Chọn kỳ khác."
        return _periods(request, receiver, form, refusal=words, status=422)
    called = orgs.cards([one.unit_id for one in owed], selectors.last_day(opening.period))
    lines = [Line(called[one.unit_id], one.due_on, one.unit_id in opening.standing) for one in owed]
    days = sorted({one.due_on for one in opening.new if one.due_on is not None})
    context = {
        "bar": list_bar(request),
        "receiver": receiver,
        "form": form,
        "title": calm(form.title),
        "period": opening.period,
        "window": selectors.core_period(opening.period).window_label(),
        "lines": sorted(lines, key=lambda one: one.unit.sort_key),
        "new": len(opening.new),
        "standing": len(lines) - len(opening.new),
        "without_deadline": opening.without_deadline,
        "days": days,
        "past_due": bool(days) and days[0] < timezone.localdate(),
        "board": period_address("reporting:reception", opening.period, receiver.key, form.key),
    }
    return render(request, "reporting/open_preview.html", context)


def _open(
    request: ActorRequest, receiver: orgs.UnitCard, form: selectors.FormVersion, chosen: dict[str, str]
) -> HttpResponse:
    try:
        period, count = services.open_and_raise(
            form.key,
            chosen["rule"],
            code=chosen["code"],
            instalment=chosen["instalment"],
            receiver_id=receiver.id,
            by=request.actor,
            at=timezone.now(),
        )
    except services.ReportingError as fault:
        return _periods(request, receiver, form, refusal=fault.sentence, status=422)
    messages.success(request, f"Đã mở kỳ {period.label}: thêm {count} đơn vị phải gửi.")
    return redirect(period_address("reporting:reception", period, receiver.key, form.key))
