"""Bảng ngang: accepted reports as one row each, however many, streamed."""

from datetime import date

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.forms import slug
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.selectors.wide import wide_table
from giaoban.reporting.web.files import CSV, SIMULATED_SUFFIX


@require_safe
def export(request: ActorRequest, form: str, period: str) -> HttpResponseBase:
    """One period. `?unit=`: what belongs to a unit, else to the acting one; `?bom=1`: for spreadsheets."""
    row = selectors.form_with_layout(form)
    return _stream(request, row, [selectors.period_of(row, period, request.GET.get("instalment", ""))])


@require_safe
def export_all(request: ActorRequest, form: str) -> HttpResponseBase:
    """Every period for which the form is owed, newest period last."""
    row = selectors.form_with_layout(form)
    return _stream(request, row, selectors.periods_with_obligations(row))


def _stream(request: ActorRequest, form: selectors.FormVersion, periods: list[selectors.Period]) -> HttpResponseBase:
    """Rows while they are read. The number of rows is said before the first, and the answer breaks off when it does
    not come true: a file that came down whole has them all."""
    on = timezone.localdate()
    unit = _unit(request, on)
    wide = wide_table(form, periods, unit_id=unit.id, on=on, bom=request.GET.get("bom") == "1")
    when = "-".join(filter(None, (periods[0].code, periods[0].instalment))) if len(periods) == 1 else "cac-ky"
    name = slug(f"{form.code}-{unit.key}-{when}-bang-ngang") + (SIMULATED_SUFFIX if wide.simulated else "")
    answer: HttpResponseBase
    if request.method == "HEAD":
        answer = HttpResponse(content_type=CSV)
    else:
        answer = StreamingHttpResponse(wide.text, content_type=CSV)
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["X-Row-Count"] = str(wide.total)
    return answer


def _unit(request: ActorRequest, on: date) -> orgs.UnitCard:
    """Raises Http404 outside the actor's scope, and for somebody without a post who names no unit."""
    key = request.GET.get("unit", "")
    if key:
        return orgs.unit_for(request.actor, key, on)
    if request.actor.unit_id is None:
        raise Http404("Tài khoản chưa giữ vị trí ở đơn vị nào. Chọn đơn vị trong địa chỉ của bảng.")
    return orgs.card(request.actor.unit_id, on)
