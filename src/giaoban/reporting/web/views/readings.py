"""Bốn bản đặt cạnh nhau: a table live, as confirmed, as presented and as published, cell by cell, with what made the
differences; and the acts by which it is noted as published, or this is taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.forms import slug
from giaoban.kit.frame import Choice, ContextBar
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.kit.permissions import Permission
from giaoban.reporting import selectors, services
from giaoban.reporting.web.bar import period_address, period_bar
from giaoban.reporting.web.files import SIMULATED_SUFFIX, list_file
from giaoban.reporting.web.readingforms import PublishForm, WithdrawForm
from giaoban.reporting.web.shaping.consolidated import Origin
from giaoban.reporting.web.shaping.layers import MADE_FROM, as_of
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.readings import (
    Drawn,
    SideRow,
    Step,
    StepSaid,
    anchor_of,
    drawn,
    heads_of,
    steps_of,
)
from giaoban.reporting.web.views.since import UNIT_HEADER, plain_total, unit_columns
from giaoban.reporting.web.views.table import Place, place_of, read_live, refused_file, subunit_names

PAGE_SIZE = 50
HEADER = (
    "Dòng",
    "Chỉ tiêu",
    "Trực tiếp",
    "Đã xác nhận",
    "Đã trình",
    "Đã công bố",
    "Từ bản",
    "Lúc",
    "Đến bản",
    "Lúc",
    "Chênh lệch",
    "Vì",
    *UNIT_HEADER,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """The readings of a place with everything that explains them."""

    found: selectors.Four
    steps: list[Step]
    rows: Drawn


def _compared(request: ActorRequest, place: Place) -> Compared:
    """A fixed number of queries. Raises ConsolidationRefused."""
    live = read_live(place)
    found = selectors.four(place.form, place.period, live)
    standing = selectors.standing_now(place.form, place.period, live) if len(found.held) > 1 else None

    def explain(then: selectors.Reading, now: selectors.Reading) -> selectors.Changes:
        return selectors.changes_between(then, now, place.form, place.period, request.actor, standing=standing)

    steps = steps_of(found, explain)
    labels = Labels(live.form, subunit_names(*(one.table for one in found.held)))
    table = reverse("reporting:table", args=[place.form.key, place.period.code])

    def address(reading: selectors.Reading, origin: Origin) -> str:
        if reading.submission_id is None and not reading.opens(origin.line):
            return ""
        if reading.submission_id is not None:
            return f"{reverse('reporting:submission', args=[reading.submission_id])}#{anchor_of(origin.key)}"
        layer = None if reading.layer == selectors.LIVE else reading.layer
        return f"{table}{_kept(request, layer=layer, origin=str(origin))}#nguon"

    return Compared(found, steps, drawn(found, steps, labels, address))


def _kept(request: ActorRequest, **changes: str | None) -> str:
    """The query of a page about the same table, without what only this page asks for."""
    return changed(request, show=None, **changes)


def _place(request: ActorRequest, form: str, period: str) -> Place:
    """Figures kept beside the total are never confirmed, presented or published."""
    return replace(place_of(request, form, period), divided="refuse")


@require_http_methods(["GET", "HEAD", "POST"])
def readings(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The page; a post notes a publication, or takes one back."""
    place = _place(request, form, period)
    if request.method == "POST":
        return _withdraw(request, place) if "publication" in request.POST else _publish(request, place)
    return _page(request, place)


def _publish(request: ActorRequest, place: Place) -> HttpResponse:
    filled = PublishForm(request.POST, is_confirmed=_is_confirmed(place))
    if not filled.is_valid():
        selectors.require_answer(request.actor, Permission.CONFIRM_FIGURES, place.unit.id, unit_name=place.unit.name)
        return _page(request, place, publish=filled, status=422)
    try:
        services.publish_table(
            place.form.key,
            place.period,
            place.unit.id,
            document=filled.document,
            made_from=filled.cleaned_data["made_from"],
            geography=place.geography,
            by=request.actor,
            at=timezone.now(),
        )
    except (services.ReportingError, selectors.ConsolidationRefused) as refusal:
        filled.add_error(None, refusal.sentence)
        return _page(request, place, publish=filled, status=422)
    messages.success(request, "Đã ghi công bố. Bản công bố được giữ nguyên cùng số văn bản.")
    return redirect(f"{request.path}{changed(request)}")


def _is_confirmed(place: Place) -> bool:
    heads = selectors.layer_heads(place.form, place.period, place.unit.id, geography=place.geography)
    return "confirmed" in heads


def _withdraw(request: ActorRequest, place: Place) -> HttpResponse:
    filled = WithdrawForm(request.POST)
    known = selectors.publications(place.form, place.period, place.unit.id, geography=place.geography)
    if not filled.is_valid() or filled.cleaned_data["publication"] not in {one.snapshot_id for one in known}:
        selectors.require_answer(request.actor, Permission.CONFIRM_FIGURES, place.unit.id, unit_name=place.unit.name)
        return _page(request, place, withdraw=filled, status=422)
    given = filled.cleaned_data
    try:
        services.withdraw_publication(given["publication"], reason=given["reason"], by=request.actor, at=timezone.now())
    except services.ReportingError as refusal:
        filled.add_error(None, refusal.sentence)
        return _page(request, place, withdraw=filled, status=422)
    messages.success(request, "Đã rút lại lần ghi công bố. Bản đã ghi vẫn nằm trong lịch sử.")
    return redirect(f"{request.path}{changed(request)}")


def _page(
    request: ActorRequest,
    place: Place,
    *,
    publish: PublishForm | None = None,
    withdraw: WithdrawForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, object] = {
        "place": place,
        "title": calm(place.form.title),
        "table_url": f"{reverse('reporting:table', args=[place.form.key, place.period.code])}{_kept(request)}",
    }
    try:
        compared = _compared(request, place)
    except selectors.ConsolidationRefused as fault:
        refused = {"bar": _bar(request, place, rows=False), "refusal": fault.sentence, "said": fault.restatement}
        return render(request, "reporting/readings.html", context | refused, status=422)
    found = compared.found
    every = request.GET.get("show") == "all"
    names = compared.rows.names(every=every)
    page = Paginator(names, PAGE_SIZE).get_page(request.GET.get("page"))
    differing = len(names) if not every else len(compared.rows.names(every=False))
    may_publish = selectors.answers(request.actor, Permission.CONFIRM_FIGURES, place.unit.id)
    is_simulated = any(one.table.simulated for one in found.held)
    context |= {
        "bar": _bar(request, place, rows=len(found.held) > 1),
        "heads": heads_of(found, _differing(found), lambda layer: _reading_url(request, place, layer)),
        "layer_names": selectors.LAYER_NAMES,
        "is_alone": len(found.held) == 1,
        "steps": compared.steps,
        "every": every,
        "differing": differing,
        "page": page,
        "rows": [compared.rows.row(name) for name in page],
        "instalments": _instalments(request, place),
        "publications": _publications(place),
        "may_publish": may_publish,
        "publish": (publish or PublishForm(is_confirmed=found.of("confirmed") is not None)) if may_publish else None,
        "withdraw": withdraw or WithdrawForm(),
        "refused_publication": withdraw.data.get("publication") if withdraw is not None else None,
        "simulated_note": "các số trên trang này là ví dụ, không phải số liệu thật." if is_simulated else "",
    }
    return render(request, "reporting/readings.html", context, status=status)


def _differing(found: selectors.Four) -> dict[str, int]:
    """Layer → how many cells are otherwise in the live table."""
    return {one.layer: len(selectors.compare(found.live, one)) for one in found.held[1:]}


def _reading_url(request: ActorRequest, place: Place, layer: str) -> str:
    address = reverse("reporting:table", args=[place.form.key, place.period.code])
    return f"{address}{_kept(request, layer=None if layer == selectors.LIVE else layer)}"


def _instalments(request: ActorRequest, place: Place) -> list[Choice]:
    """The other instalments of the same period, each with its own readings."""
    address = reverse("reporting:readings", args=[place.form.key, place.period.code])
    return [
        Choice(one.label, f"{address}{_kept(request, instalment=one.instalment or None)}")
        for one in selectors.instalments_of(place.form, place.period)
    ]


def _publications(place: Place) -> list[tuple[selectors.Publication, str]]:
    """Every publication with where its figures were taken from."""
    held = selectors.publications(place.form, place.period, place.unit.id, geography=place.geography)
    return [(one, MADE_FROM.get(one.made_from, "")) for one in held]


def _bar(request: ActorRequest, place: Place, *, rows: bool) -> ContextBar:
    csv = reverse("reporting:readings-csv", args=[place.form.key, place.period.code])
    every = changed(request, show="all")
    export = [
        Choice("Các ô khác nhau, CSV", f"{csv}{changed(request, show=None)}"),
        Choice("Tất cả các ô, CSV", f"{csv}{every}"),
    ]
    return period_bar(
        request,
        place.period,
        unit_label=place.unit.name,
        export=export if rows else (),
        period_choices=[
            Choice(
                one.label,
                _with_unit(period_address("reporting:readings", one, place.form.key), place),
                one == place.period,
            )
            for one in selectors.periods_with_obligations(place.form)
        ],
    )


def _with_unit(address: str, place: Place) -> str:
    return f"{address}{'&' if '?' in address else '?'}unit={place.unit.key}"


@require_safe
def export(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The cells in which any two readings differ (`?show=all`: all), a line for each unit that made a step."""
    place = _place(request, form, period)
    try:
        compared = _compared(request, place)
    except selectors.ConsolidationRefused as refusal:
        return refused_file(refusal)
    lines: list[Sequence[object]] = []
    for name in compared.rows.names(every=request.GET.get("show") == "all"):
        lines += _lines(compared, compared.rows.row(name))
    is_simulated = any(one.table.simulated for one in compared.found.held)
    filename = slug(f"bon-ban-{place.form.code}-{place.unit.key}-{place.period.code}")
    return list_file(f"{filename}{SIMULATED_SUFFIX if is_simulated else ''}.csv", HEADER, lines)


def _lines(compared: Compared, row: SideRow) -> list[Sequence[object]]:
    numbers = [plain_total(one.cell) for one in row.cells]
    start = (row.line, row.label, *numbers)
    if not row.steps:
        return [(*start, *[""] * (len(HEADER) - len(start)))]
    steps = {step.position: step for step in compared.steps}
    found: list[Sequence[object]] = []
    for said in row.steps:
        step = steps[said.position]
        between = (step.then.name, as_of(step.then), step.now.name, as_of(step.now), said.difference, _words(said))
        found.extend((*start, *between, *unit_columns(unit)) for unit in said.why or (None,))
    return found


def _words(said: StepSaid) -> str:
    return "; ".join(said.words)
