"""Yêu cầu báo cáo: a receiver asks units beneath for a report outside the regime; previewed, then sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from giaoban.core.periods import AD_HOC_RULE
from giaoban.core.spans import Span
from giaoban.core.vietnamese import day
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.rules.burden import Finding
from giaoban.reporting.web.bar import day_in, list_bar, period_address
from giaoban.reporting.web.forms import RequestForm
from giaoban.reporting.web.justifying import ReasonForm
from giaoban.reporting.web.shaping.layout import Labels, calm

KINDS = ("request", "capture")


@dataclass(frozen=True, slots=True)
class Asking:
    """What is being asked for: the receiver, the form, the opened periods, the units that may be asked."""

    receiver: orgs.UnitCard
    form: selectors.FormVersion
    periods: tuple[selectors.Period, ...]
    units: tuple[orgs.UnitCard, ...]

    def empty(self) -> RequestForm:
        return RequestForm(periods=self._period_choices, units=self._unit_choices)

    def filled(self, request: ActorRequest) -> RequestForm:
        return RequestForm(request.POST, periods=self._period_choices, units=self._unit_choices)

    @property
    def _period_choices(self) -> list[tuple[str, str]]:
        return [(str(one.pk), f"{one.label} ({selectors.period_card(one).window})") for one in self.periods]

    @property
    def _unit_choices(self) -> list[tuple[int, str]]:
        return [(one.id, one.name) for one in self.units]

    def opened(self, pk: str) -> selectors.Period | None:
        return next((one for one in self.periods if str(one.pk) == pk), None)


@require_http_methods(["GET", "HEAD", "POST"])
def request_page(request: ActorRequest) -> HttpResponse:
    """First the form is chosen, then everything else; the request is shown as a whole before it goes out."""
    receiver_id = request.actor.unit_id
    if receiver_id is None:
        raise Http404("Tài khoản chưa giữ vị trí ở đơn vị nào.")
    today = timezone.localdate()
    on = day_in(request, "on") or today
    receiver = orgs.card(receiver_id, on)
    request.actor.require(Permission.RECEIVE_REPORT, receiver_id, unit_name=receiver.name)
    forms = [one for one in selectors.forms(on) if one.kind in KINDS or _is_loose(one)]
    chosen = next((one for one in forms if one.key == request.GET.get("form", "")), None)
    if chosen is None:
        context = {
            "bar": list_bar(request),
            "forms": [(one, calm(one.title)) for one in forms],
            "on": on,
            "is_today": on == today,
        }
        return render(request, "reporting/request.html", context, status=422 if request.method == "POST" else 200)
    asking = Asking(
        receiver, chosen, tuple(selectors.periods_with_obligations(chosen)), _beneath(request, receiver_id, on)
    )
    if request.method == "POST":
        return _asked(request, asking, on)
    return _page(request, asking, asking.empty(), on)


def _is_loose(form: selectors.FormVersion) -> bool:
    """A legal form with a layout that no regime of the pack makes anybody owe: it is only ever asked for."""
    return selectors.definition_of(form).has_layout and not selectors.receipt_days(form)


def _beneath(request: ActorRequest, unit_id: int, on: date) -> tuple[orgs.UnitCard, ...]:
    """The units directly beneath on any line, once each, in alphabetical order."""
    found = {one.id: one for line in orgs.lines() for one in orgs.children_of(unit_id, line.key, on)}
    visible = set(
        orgs.visible_ids(request.actor, timezone.localdate()).filter(pk__in=found).values_list("pk", flat=True)
    )
    return tuple(sorted((one for pk, one in found.items() if pk in visible), key=lambda one: one.sort_key))


def _page(
    request: ActorRequest,
    asking: Asking,
    form: RequestForm,
    on: date,
    *,
    preview: bool = False,
    refusal: str = "",
    reason: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    definition = selectors.definition_of(asking.form)
    labels = Labels(definition)
    headings = [
        (calm(table.title), [labels.column(table, column.id) for column in table.columns])
        for table in definition.tables
    ]
    context: dict[str, object] = {
        "bar": list_bar(request),
        "asking": asking,
        "title": calm(asking.form.title),
        "headings": headings,
        "form": form,
        "on": on,
        "is_today": on == timezone.localdate(),
        "preview": preview,
        "refusal": refusal,
    }
    if preview:
        wanted = set(form.unit_ids)
        context["units"] = [one for one in asking.units if one.id in wanted]
        context["period"] = asking.opened(form.cleaned_data["period"])
        context["past_due"] = form.cleaned_data["due_on"] < timezone.localdate()
        context["findings"] = _findings(asking, form)
        context["reason"] = reason or ReasonForm()
    return render(request, "reporting/request_form.html", context, status=status)


def _findings(asking: Asking, form: RequestForm) -> tuple[Finding, ...]:
    """What the units give anyway, or later by the regime."""
    values = form.cleaned_data
    period = asking.opened(values["period"])
    window = (
        Span(period.start, period.end)
        if period is not None
        else Span(values["start"], values["end"] + timedelta(days=1))
    )
    return selectors.findings_of(asking.form, form.unit_ids, period or window, values["due_on"])


def _already_owed(owed: Sequence[selectors.Obligation], on: date) -> str:
    """Who owed the report before this request, and to whom: these keep the deadline that they had."""
    ids = {one.unit_id for one in owed} | {one.receiver_id for one in owed if one.receiver_id is not None}
    called = orgs.cards(ids, on)
    named = [
        f"{called[one.unit_id].name} (nơi nhận: "
        f"{called[one.receiver_id].name if one.receiver_id is not None else 'chưa có'}"
        f"{f', hạn {day(one.due_on)}' if one.due_on else ''})"
        for one in owed
    ]
    return f"{len(named)} đơn vị đã phải gửi biểu này từ trước, thời hạn giữ nguyên: {'; '.join(named)}."


def _asked(request: ActorRequest, asking: Asking, on: date) -> HttpResponse:
    form = asking.filled(request)
    if not form.is_valid():
        return _page(request, asking, form, on, status=422)
    act = request.POST.get("act", "")
    if act == "change":
        return _page(request, asking, form, on)
    if act != "send":
        return _page(request, asking, form, on, preview=True)
    values, at = form.cleaned_data, timezone.now()
    reason = ReasonForm(request.POST) if _findings(asking, form) else None
    if reason is not None and not reason.is_valid():
        return _page(request, asking, form, on, preview=True, reason=reason, status=422)
    try:
        with transaction.atomic():
            period = asking.opened(values["period"]) or services.open_period(
                AD_HOC_RULE,
                code=form.code,
                label=values["label"],
                start=values["start"],
                end=values["end"] + timedelta(days=1),
                by=request.actor,
                at=at,
            )
            asked = services.request_report(
                asking.form.key,
                period,
                units=form.unit_ids,
                receiver=asking.receiver.id,
                due_on=values["due_on"],
                basis=values["basis"],
                signed=reason.signed if reason is not None else None,
                by=request.actor,
                at=at,
            )
    except services.ReportingError as fault:
        return _page(request, asking, form, on, refusal=fault.sentence, status=422)
    if asked.new:
        messages.success(request, f"Đã yêu cầu {len(asked.new)} đơn vị báo cáo.")
    if asked.already:
        messages.warning(request, _already_owed(asked.already, on))
    return redirect(period_address("reporting:reception", period, asking.receiver.key, asking.form.key))
