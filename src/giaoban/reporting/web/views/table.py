"""Số liệu: consolidated tables, live and as confirmed, each number open to its origin."""

from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.forms import slug
from giaoban.core.issues import Cell
from giaoban.core.restating import Divided, Reason
from giaoban.core.vietnamese import day, fold, moment
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.kit.templatetags.gb import IssueLine, cell_anchor
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.web.bar import changed, day_in, list_bar, period_address
from giaoban.reporting.web.files import CSV, SIMULATED_SUFFIX, handed_out
from giaoban.reporting.web.shaping.consolidated import Drawing, Origin, Section, headline, origin_from
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.lists import CAMPAIGN_SORTS, NearMiss, near_miss, sorted_by
from giaoban.reporting.web.shaping.trees import TreeChoice, is_empty, tree_choices
from giaoban.reporting.web.shaping.words import issue_lines
from giaoban.reporting.web.views.beside import beside, read, wanted_day
from giaoban.reporting.web.views.books import books_state
from giaoban.reporting.web.views.since import since, since_file, upwards

PAGE_SIZE = 40
LIVE, CONFIRMED = "live", "confirmed"
KEEP: Divided = "keep"


@dataclass(frozen=True, slots=True)
class Place:
    """Which table. geography None: the tree of the period's last day; divided: what cannot be divided stays beside."""

    unit: orgs.UnitCard
    form: selectors.FormVersion
    period: selectors.Period
    geography: date | None
    divided: Divided = "refuse"

    @property
    def period_day(self) -> date:
        return selectors.last_day(self.period)


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the switch, with its own value."""

    label: str
    value: str
    url: str
    current: bool


def _unit(request: ActorRequest) -> orgs.UnitCard:
    """The unit in the address, else the one that the person acts for."""
    today = timezone.localdate()
    key = request.GET.get("unit", "")
    if key:
        return orgs.unit_for(request.actor, key, today)
    if request.actor.unit_id is None:
        raise Http404("Tài khoản chưa giữ vị trí ở đơn vị nào. Chọn đơn vị trong địa chỉ của bảng.")
    return orgs.card(request.actor.unit_id, today)


@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """The tables that can be made of what is reported beneath a unit."""
    if request.actor.unit_id is None and not request.GET.get("unit"):
        return render(
            request, "reporting/table_index.html", {"bar": list_bar(request), "campaigns": [], "no_unit": True}
        )
    unit = _unit(request)
    campaigns = selectors.tables_beneath(unit.id, timezone.localdate())
    words = " ".join(request.GET.get("q", "").split())[:100]
    found = [
        row
        for row in campaigns
        if fold(words) in fold(f"{row.form.code} {row.form.title} {row.form.act} {row.period.label}")
    ]
    listed = sorted_by(found, request.GET.get("sort", ""), CAMPAIGN_SORTS, "period")
    page = Paginator(listed, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "reporting/table_index.html",
        {
            "bar": list_bar(request),
            "simulated_note": "các bảng có nhãn “mô phỏng” là ví dụ, không phải số liệu thật."
            if any(row.simulated for row in page)
            else "",
            "unit": unit,
            "is_acting_unit": unit.id == request.actor.unit_id,
            "total": len(campaigns),
            "page": page,
            "words": words,
            "near_miss": _all_tables(request, campaigns),
        },
    )


def _all_tables(request: ActorRequest, campaigns: list[selectors.Campaign]) -> NearMiss | None:
    return near_miss([("Tất cả bảng", changed(request, q=None), len(campaigns))])


def _place(request: ActorRequest, form: str, period: str) -> Place:
    row = selectors.form_by_key(form)
    return Place(
        unit=_unit(request),
        form=row,
        period=selectors.period_of(row, period, request.GET.get("instalment", "")),
        geography=day_in(request, "geography"),
        divided=KEEP if request.GET.get("divided") == KEEP else "refuse",
    )


def _read(place: Place) -> selectors.ConsolidatedTable:
    return selectors.consolidate(
        place.form, place.period, place.unit.id, geography=place.geography, divided=place.divided
    )


def _confirmed(place: Place) -> selectors.Confirmed | None:
    """A table with figures left beside it is not the one that was confirmed."""
    if place.divided == KEEP:
        return None
    return selectors.confirmed_table(place.form, place.period, place.unit.id, geography=place.geography)


@require_http_methods(["GET", "HEAD", "POST"])
def table(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The table of a unit; a post confirms it as it reads now. `?beside=`: in two trees side by side."""
    place = _place(request, form, period)
    if request.method == "POST":
        return _confirm(request, place)
    other = wanted_day(request)
    if other is not None:
        return beside(request, place.unit, place.form, place.period, other, _bar(request, place))
    return _page(request, place)


def _confirm(request: ActorRequest, place: Place) -> HttpResponse:
    try:
        services.confirm_table(
            place.form.key, place.period, place.unit.id, geography=place.geography, by=request.actor, at=timezone.now()
        )
    except (services.ReportingError, selectors.ConsolidationRefused) as refusal:
        return _page(request, place, refusal=refusal.sentence, status=422)
    messages.success(request, "Đã xác nhận bảng. Bản xác nhận được giữ nguyên; bảng trực tiếp vẫn tiếp tục thay đổi.")
    return redirect(f"{request.path}{changed(request, layer=CONFIRMED, origin=None)}")


def _page(request: ActorRequest, place: Place, *, refusal: str = "", status: int = 200) -> HttpResponse:
    context: dict[str, object] = {
        "bar": _bar(request, place),
        "place": place,
        "title": calm(place.form.title),
        "refusal": refusal,
        "geography_given": place.geography,
        "trees": _trees(request, place),
    }
    try:
        live = _read(place)
    except selectors.ConsolidationRefused as fault:
        context["refusal"] = refusal or fault.sentence
        context |= _ways_out(request, fault)
        return render(request, "reporting/table_refused.html", context, status=422)
    confirmed = _confirmed(place)
    differences = selectors.compare(live, confirmed.table) if confirmed else []
    frozen = request.GET.get("layer") == CONFIRMED and confirmed is not None
    shown = confirmed.table if confirmed is not None and frozen else live
    origin = None if frozen else origin_from(request.GET.get("origin", ""))
    labels = Labels(shown.form, _subunit_names(shown))
    sections = _sections(request, shown, labels, origin, differences, frozen=frozen)
    context |= {
        "table": shown,
        "sections": sections,
        "layers": _layers(request, live, confirmed, frozen=frozen),
        "confirmed": confirmed,
        "frozen": frozen,
        "difference_count": len(differences),
        "origin": _origin(place, labels, origin) if any(row.is_open for one in sections for row in one.rows) else None,
        "nothing_received": not frozen
        and not any(line.coverage is None or line.coverage.received for line in live.lines),
        "is_empty": is_empty(shown),
        "missing": live.coverage.missing_names if live.coverage else (),
        "simulated_note": "các số trên bảng này, hạn và ngày gửi là ví dụ, không phải số liệu thật."
        if shown.simulated
        else "",
        "board": _board(request, place),
        "since": since(
            confirmed,
            live,
            place.form,
            place.period,
            labels,
            actor=request.actor,
            csv=f"{reverse('reporting:changes-csv', args=[place.form.key, place.period.code])}{changed(request)}",
        )
        if confirmed is not None
        else None,
        "upwards": upwards(place.form, place.period, place.unit) if place.geography is None else [],
        "books": books_state(request, place.unit, place.form, place.period),
        "may_confirm": place.divided != KEEP and request.actor.may(Permission.CONFIRM_FIGURES, place.unit.id),
        "is_acting_unit": place.unit.id == request.actor.unit_id,
    }
    return render(request, "reporting/table.html", context, status=status)


def _trees(request: ActorRequest, place: Place) -> list[TreeChoice]:
    return tree_choices(
        lambda **changes: changed(request, **changes),
        period_day=place.period_day,
        geography=place.geography,
        today=timezone.localdate(),
    )


def _ways_out(request: ActorRequest, fault: selectors.ConsolidationRefused) -> dict[str, object]:
    """What else can be read: the figures that cannot be divided left at their unit, or the units of that day."""
    can_keep = fault.restatement.reason in (Reason.DIVIDED, Reason.MERGED)
    return {
        "said": fault.restatement,
        "keep_url": changed(request, divided=KEEP, origin=None) if can_keep else "",
        "others": [(one.name, changed(request, unit=one.key, origin=None, layer=None)) for one in fault.others],
    }


def _board(request: ActorRequest, place: Place) -> str:
    """The unit's own reception board, for those who receive there."""
    if not request.actor.may(Permission.RECEIVE_REPORT, place.unit.id):
        return ""
    return period_address("reporting:reception", place.period, place.unit.key, place.form.key)


def _sections(
    request: ActorRequest,
    shown: selectors.ConsolidatedTable,
    labels: Labels,
    origin: Origin | None,
    differences: list[selectors.CellDifference],
    *,
    frozen: bool,
) -> tuple[Section, ...]:
    return Drawing(
        table=shown,
        labels=labels,
        address=lambda **changes: changed(request, **changes),
        sort=request.GET.get("sort", ""),
        rows={name.removeprefix("row."): request.GET.get(name, "") for name in request.GET if name.startswith("row.")},
        origin=origin,
        differences={(one.line_key, one.key): one for one in differences},
        unit_url=lambda key: reverse("orgs:unit", args=[key]),
        below_url=lambda key: changed(request, unit=key, origin=None, layer=None),
        opens=not frozen,
        layer_words="khác bảng trực tiếp" if frozen else "khác bản đã xác nhận",
    ).sections()


def _subunit_names(table: selectors.ConsolidatedTable) -> dict[str, str]:
    """The names of the sub-units that the cells name by key."""
    keys = {key[2] for line in (*table.lines, table.total) for key in line.cells if key[2]}
    if not keys:
        return {}
    on = table.period.end - timedelta(days=1)
    ids = orgs.resolve_units(keys, on)
    called = orgs.cards(ids.values(), on)
    return {key: called[pk].name for key, pk in ids.items()}


def _layers(
    request: ActorRequest,
    live: selectors.ConsolidatedTable,
    confirmed: selectors.Confirmed | None,
    *,
    frozen: bool,
) -> list[Layer]:
    layers = [
        Layer(
            "Trực tiếp",
            headline(live, live.form) or "chưa có số",
            changed(request, layer=None, origin=None),
            not frozen,
        )
    ]
    if confirmed is None:
        return [*layers, Layer("Đã xác nhận", "", "", current=False)]
    value = headline(confirmed.table, confirmed.table.form) or "không có số"
    return [*layers, Layer("Đã xác nhận", value, changed(request, layer=CONFIRMED, origin=None), frozen)]


@dataclass(frozen=True, slots=True)
class OriginPart:
    """One report behind a number, with the checks' words on it and the address of its cell."""

    part: selectors.Part
    url: str
    lines: list[IssueLine]


@dataclass(frozen=True, slots=True)
class OriginView:
    """The origin row of a number."""

    origin: selectors.CellOrigin
    path: str
    scale: int
    formula: str
    parts: list[OriginPart]
    not_summed: bool


def _origin(place: Place, labels: Labels, wanted: Origin | None) -> OriginView | None:
    if wanted is None:
        return None
    try:
        found = selectors.cell_origin(
            place.form,
            place.period,
            place.unit.id,
            wanted.line,
            wanted.key,
            geography=place.geography,
            divided=place.divided,
        )
    except KeyError:
        return None
    table = labels.form.table(wanted.key[0])
    column = table.columns_by_id[wanted.key[3]]
    at = Cell(*wanted.key)
    return OriginView(
        origin=found,
        path=labels.cell(at),
        scale=column.scale,
        formula=column.formula or "",
        parts=[
            OriginPart(
                part,
                f"{reverse('reporting:submission', args=[part.submission_id])}#{cell_anchor(at)}",
                issue_lines(labels, part.issues, linked=False),
            )
            for part in found.parts
        ],
        not_summed=selectors.is_not_summed(found.cell, column),
    )


def _bar(request: ActorRequest, place: Place) -> ContextBar:
    today = timezone.localdate()
    on = place.geography or place.period_day
    dates = dict.fromkeys((today, *orgs.days_of_change(), *([place.geography] if place.geography else [])))
    fresh = dict.fromkeys(("origin", "beside", "divided"))
    geographies = [
        Choice(f"theo kỳ, {day(place.period_day)}", changed(request, geography=None, **fresh), place.geography is None)
    ]
    geographies += [
        Choice(
            f"hôm nay, {day(one)}" if one == today else day(one),
            changed(request, geography=one.isoformat(), **fresh),
            one == place.geography,
        )
        for one in dates
        if one != place.period_day
    ]
    csv = f"{reverse('reporting:table-csv', args=[place.form.key, place.period.code])}{changed(request)}"
    keep = urlencode({"unit": place.unit.key})
    return ContextBar(
        unit_label=place.unit.name,
        unit_choices=acting_choices(request, request.actor),
        period_label=place.period.label,
        window=selectors.period_card(place.period).window,
        period_choices=tuple(
            Choice(
                one.label, _joined(period_address("reporting:table", one, place.form.key), keep), one == place.period
            )
            for one in selectors.periods_with_obligations(place.form)
        ),
        geography_label=day(on),
        geography_choices=tuple(geographies),
        as_of_label=moment(timezone.localtime()),
        export_formats=(Choice("Bảng này, CSV", csv),),
    )


def _joined(address: str, query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{query}"


@require_safe
def export(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The layer that the page shows, as tidy CSV."""
    place = _place(request, form, period)
    other = wanted_day(request)
    if other is not None:
        return _export_both(place, other)
    chosen = None
    if request.GET.get("layer") == CONFIRMED:
        chosen = _confirmed(place)
    try:
        shown = chosen.table if chosen else _read(place)
    except selectors.ConsolidationRefused as refusal:
        return HttpResponse(f"{refusal.sentence}\n", status=422, content_type="text/plain; charset=utf-8")
    name = slug(f"{place.form.code}-{place.unit.key}-{place.period.code}-{CONFIRMED if chosen else LIVE}")
    if shown.simulated:
        name += SIMULATED_SUFFIX
    return handed_out(selectors.export_table(shown), CSV, f"{name}.csv")


def _export_both(place: Place, other: date) -> HttpResponse:
    """The tables of both trees one after the other, as far as there are any; `geography` tells the rows apart."""
    found = [read(place.form, place.period, place.unit.id, on) for on in (place.period_day, other)]
    tables = [one for one in found if isinstance(one, selectors.ConsolidatedTable)]
    if not tables:
        words = "".join(f"{one.sentence}\n" for one in found if isinstance(one, selectors.ConsolidationRefused))
        return HttpResponse(words, status=422, content_type="text/plain; charset=utf-8")
    name = slug(f"{place.form.code}-{place.unit.key}-{place.period.code}-{place.period_day}-{other}")
    if any(one.simulated for one in tables):
        name += SIMULATED_SUFFIX
    return handed_out(selectors.export_tables(tables), CSV, f"{name}.csv")


@require_safe
def export_changes(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The cells that are no longer as confirmed, with whose version made them so."""
    place = _place(request, form, period)
    confirmed = _confirmed(place)
    if confirmed is None:
        raise Http404("Bảng này chưa được chốt lần nào.")
    try:
        live = _read(place)
    except selectors.ConsolidationRefused as refusal:
        return HttpResponse(f"{refusal.sentence}\n", status=422, content_type="text/plain; charset=utf-8")
    labels = Labels(live.form, _subunit_names(live))
    return since_file(confirmed, live, place.form, place.period, labels, request.actor)
