"""Số liệu: consolidated tables, live and as confirmed, presented or published, each number open to its origin."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.forms import slug
from giaoban.core.issues import Cell
from giaoban.core.restating import Divided, Reason
from giaoban.core.series import SeriesRefused
from giaoban.core.vietnamese import day, moment
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.kit.permissions import Permission
from giaoban.kit.templatetags.gb import IssueLine, cell_anchor
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.selectors.forms import rule_of
from giaoban.reporting.web.bar import day_in, period_address
from giaoban.reporting.web.files import CSV, SIMULATED_SUFFIX, handed_out
from giaoban.reporting.web.shaping.consolidated import Drawing, Origin, Section, origin_from
from giaoban.reporting.web.shaping.layers import (
    COMPARED,
    MADE_FROM,
    SINCE,
    as_of,
    first_beside,
    layer_choices,
    said_of,
)
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.shaping.trees import TreeChoice, is_empty, tree_choices
from giaoban.reporting.web.shaping.words import issue_lines
from giaoban.reporting.web.views.beside import beside, read, wanted_day
from giaoban.reporting.web.views.books import books_state
from giaoban.reporting.web.views.since import Since, since, since_file, upwards

CONFIRMED = "confirmed"
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


def unit_of(request: ActorRequest) -> orgs.UnitCard:
    """The unit in the address, else the one that the person acts for."""
    today = timezone.localdate()
    key = request.GET.get("unit", "")
    if key:
        return orgs.unit_for(request.actor, key, today)
    if request.actor.unit_id is None:
        raise Http404("Tài khoản chưa giữ vị trí ở đơn vị nào. Chọn đơn vị trong địa chỉ của bảng.")
    return orgs.card(request.actor.unit_id, today)


@dataclass(frozen=True, slots=True)
class Shared:
    """The part of last year's volume behind a total, and what it is made from."""

    words: str
    method: str


def place_of(request: ActorRequest, form: str, period: str) -> Place:
    """Raises Http404, also where the tree of the day in the address shows units that the person may not see."""
    row = selectors.form_by_key(form)
    place = Place(
        unit=unit_of(request),
        form=row,
        period=selectors.period_of(row, period, request.GET.get("instalment", "")),
        geography=day_in(request, "geography"),
        divided=KEEP if request.GET.get("divided") == KEEP else "refuse",
    )
    for on in {place.geography, wanted_day(request)} - {None, place.period_day}:
        today = timezone.localdate()
        if on and (why := selectors.outsiders([row.key], [place.period], place.unit.id, on, request.actor, today)):
            raise Http404(why)
    return place


def read_live(place: Place) -> selectors.ConsolidatedTable:
    """Raises ConsolidationRefused."""
    return selectors.consolidate_kept(
        place.form, place.period, place.unit.id, geography=place.geography, divided=place.divided
    )


def frozen(place: Place, layer: str) -> selectors.Reading | None:
    """A table with figures left beside it is not the one that was frozen."""
    if place.divided == KEEP:
        return None
    return selectors.frozen_reading(layer, place.form, place.period, place.unit.id, geography=place.geography)


@dataclass(frozen=True, slots=True)
class Read:
    """The reading that a page shows, beside the one that it is compared with. held: the frozen one of the two, with
    which the live table is compared; None: there is no other reading."""

    live: selectors.Reading
    shown: selectors.Reading
    held: selectors.Reading | None
    heads: Mapping[str, selectors.LayerHead]
    stated: selectors.Reading | None

    @property
    def is_frozen(self) -> bool:
        return self.shown is not self.live

    @property
    def differences(self) -> list[selectors.CellDifference]:
        if self.held is None:
            return []
        return selectors.compare(self.live, self.held)


def _readings(request: ActorRequest, place: Place) -> Read:
    """Raises ConsolidationRefused. Only what the page shows is read whole."""
    live = selectors.live_reading(read_live(place))
    if place.divided == KEEP:
        return Read(live, live, None, {}, None)
    heads = selectors.layer_heads(place.form, place.period, place.unit.id, geography=place.geography)
    stated = None if "published" in heads else selectors.stated_reading(place.form, place.period, live.table)
    wanted = request.GET.get("layer", "")
    if stated is not None and wanted == stated.layer:
        return Read(live, stated, stated, heads, stated)
    layer = wanted if wanted in heads else first_beside(heads)
    held = frozen(place, layer) if layer else stated
    shown = held if held is not None and wanted in heads else live
    return Read(live, shown, held, heads, stated)


@require_http_methods(["GET", "HEAD", "POST"])
def table(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The table of a unit; a post confirms it as it reads now. `?beside=`: in two trees side by side."""
    place = place_of(request, form, period)
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
    bar = _bar(request, place)
    context: dict[str, object] = {
        "bar": bar,
        "place": place,
        "title": calm(place.form.title),
        "refusal": refusal,
        "geography_given": place.geography,
        "trees": _trees(request, place),
    }
    try:
        found = _readings(request, place)
    except selectors.ConsolidationRefused as fault:
        context["refusal"] = refusal or fault.sentence
        context |= ways_out(request, fault)
        return render(request, "reporting/table_refused.html", context, status=422)
    context |= _shown(request, place, found) | {"bar": replace(bar, as_of_label=as_of(found.shown))}
    return render(request, "reporting/table.html", context, status=status)


def _shown(request: ActorRequest, place: Place, found: Read) -> dict[str, object]:
    live, shown, differences = found.live.table, found.shown.table, found.differences
    statement = found.shown.submission_id
    origin = origin_from(request.GET.get("origin", "")) if statement is None else None
    labels = Labels(shown.form, subunit_names(shown))
    sections = _sections(request, found, labels, origin, differences)
    is_opened = any(row.is_open for one in sections for row in one.rows)
    return {
        "table": shown,
        "reading": found.shown,
        "sections": sections,
        "layers": layer_choices(
            found.live, found.heads, found.stated, found.shown, lambda **changes: changed(request, **changes)
        ),
        "held": found.held,
        "held_words": COMPARED[found.held.layer] if found.held else "",
        "since_words": SINCE[found.held.layer] if found.held else "",
        "said": said_of(found.shown) if found.is_frozen else "",
        "made_from": MADE_FROM.get(found.shown.made_from, ""),
        "frozen": found.is_frozen,
        "opens_total_only": found.shown.opens("") and not found.shown.keeps_lines,
        "difference_count": len(differences),
        "text_difference_count": len(selectors.compare_texts(found.live, found.held)) if found.held else 0,
        "origin": _origin(place, labels, origin, found.shown if found.is_frozen else None) if is_opened else None,
        "nothing_received": not found.is_frozen
        and not any(line.coverage is None or line.coverage.received for line in live.lines),
        "is_empty": is_empty(shown),
        "missing": shown.coverage.missing_names if shown.coverage else (),
        "simulated_note": "các số trên bảng này, hạn và ngày gửi là ví dụ, không phải số liệu thật."
        if shown.simulated
        else "",
        "board": _board(request, place),
        "volumes": _volumes(place, found),
        "since": _since(request, place, found, labels),
        "upwards": upwards(place.form, place.period, place.unit) if place.geography is None else [],
        "books": books_state(request, place.unit, place.form, place.period),
        "may_confirm": place.divided != KEEP
        and selectors.answers(request.actor, Permission.CONFIRM_FIGURES, place.unit.id),
        "is_acting_unit": place.unit.id == request.actor.unit_id,
        "readings_url": "" if place.divided == KEEP else readings_address(request, place),
        **_over_periods(request, place),
    }


def _volumes(place: Place, found: Read) -> Shared | None:
    """How much of last year's volume the units of the live table held that have reported; None of a frozen table."""
    if found.is_frozen or found.live.table.coverage is None or not found.live.table.lines:
        return None
    held = selectors.volumes_kept(
        place.form, place.period, place.unit.id, geography=place.geography, divided=place.divided
    )
    share = held.headline()
    return Shared(share.words(), held.method()) if share is not None and share.share is not None else None


def _over_periods(request: ActorRequest, place: Place) -> dict[str, object]:
    """The addresses of the table over several periods, and of what came in each, where the rule has any."""
    if rule_of(place.period.rule).kind == "ad_hoc":
        return {}
    args = [place.form.key, place.period.code]
    query = changed(request, layer=None, origin=None, beside=None, sort=None)
    unfolds = selectors.has_increments(place.form, place.period)
    return {
        "added_url": f"{reverse('reporting:added', args=args)}{query}",
        "increments_url": f"{reverse('reporting:increments', args=args)}{query}" if unfolds else "",
    }


def readings_address(request: ActorRequest, place: Place) -> str:
    """The four readings of the table side by side."""
    address = reverse("reporting:readings", args=[place.form.key, place.period.code])
    return f"{address}{changed(request, layer=None, origin=None, beside=None, sort=None, divided=None)}"


def _since(request: ActorRequest, place: Place, found: Read, labels: Labels) -> Since | None:
    if found.held is None:
        return None
    csv = reverse("reporting:changes-csv", args=[place.form.key, place.period.code])
    query = changed(request, layer=found.held.layer, origin=None)
    return since(found.held, found.live, place.form, place.period, labels, actor=request.actor, csv=f"{csv}{query}")


def _trees(request: ActorRequest, place: Place) -> list[TreeChoice]:
    return tree_choices(
        lambda **changes: changed(request, **changes),
        period_day=place.period_day,
        geography=place.geography,
        today=timezone.localdate(),
    )


def ways_out(request: ActorRequest, fault: selectors.ConsolidationRefused) -> dict[str, object]:
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
    found: Read,
    labels: Labels,
    origin: Origin | None,
    differences: list[selectors.CellDifference],
) -> tuple[Section, ...]:
    shown, statement = found.shown, found.shown.submission_id
    other = found.live if found.is_frozen else found.held
    return Drawing(
        table=shown.table,
        labels=labels,
        address=lambda **changes: changed(request, **changes),
        sort=request.GET.get("sort", ""),
        rows={name.removeprefix("row."): request.GET.get(name, "") for name in request.GET if name.startswith("row.")},
        origin=origin,
        differences={(one.line_key, one.key): one for one in differences},
        unit_url=lambda key: reverse("orgs:unit", args=[key]),
        below_url=lambda key: changed(request, unit=key, origin=None, layer=None),
        opens=shown.opens,
        layer_words=f"khác {COMPARED[other.layer]}" if other is not None else "",
        statement_url=reverse("reporting:submission", args=[statement]) if statement is not None else "",
    ).sections()


def subunit_names(*tables: selectors.ConsolidatedTable) -> dict[str, str]:
    """The names of the sub-units that the cells name by key."""
    keys = {key[2] for table in tables for line in (*table.lines, table.total) for key in line.cells if key[2]}
    if not keys:
        return {}
    on = tables[0].period.end - timedelta(days=1)
    ids = orgs.resolve_units(keys, on)
    called = orgs.cards(ids.values(), on)
    return {key: called[pk].name for key, pk in ids.items()}


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


def _origin(
    place: Place, labels: Labels, wanted: Origin | None, reading: selectors.Reading | None
) -> OriginView | None:
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
            reading=reading,
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
        export_formats=(Choice("Bảng này, CSV", csv), *_wide_files(place)),
    )


def _wide_files(place: Place) -> tuple[Choice, ...]:
    """The accepted reports behind the table, one row each; none of a form of which only the title is known."""
    if not selectors.definition_of(place.form).has_layout:
        return ()
    query = urlencode({"unit": place.unit.key, "bom": 1})
    one = period_address("reporting:wide-csv", place.period, place.form.key)
    every = reverse("reporting:wide-all-csv", args=[place.form.key])
    return (
        Choice("Mỗi báo cáo một dòng (chỉ ô số của dòng cố định), CSV", _joined(one, query)),
        Choice("Mỗi báo cáo một dòng, mọi kỳ (chỉ ô số của dòng cố định), CSV", _joined(every, query)),
    )


def _joined(address: str, query: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}{query}"


@require_safe
def export(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The layer that the page shows, as tidy CSV."""
    place = place_of(request, form, period)
    other = wanted_day(request)
    if other is not None:
        return _export_both(place, other)
    try:
        shown = _readings(request, place).shown
    except selectors.ConsolidationRefused as refusal:
        return refused_file(refusal)
    name = slug(f"{place.form.code}-{place.unit.key}-{place.period.code}-{shown.layer}")
    if shown.table.simulated:
        name += SIMULATED_SUFFIX
    return handed_out(selectors.export_readings([shown]), CSV, f"{name}.csv")


def refused_file(refusal: selectors.ConsolidationRefused | SeriesRefused) -> HttpResponse:
    return HttpResponse(f"{refusal.sentence}\n", status=422, content_type="text/plain; charset=utf-8")


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
    """The cells that the live table has otherwise than a frozen one, with whose version made them so."""
    place = place_of(request, form, period)
    try:
        found = _readings(request, place)
    except selectors.ConsolidationRefused as refusal:
        return refused_file(refusal)
    if found.held is None:
        raise Http404("Bảng này chưa được chốt, trình hay công bố lần nào.")
    labels = Labels(found.live.table.form, subunit_names(found.live.table))
    return since_file(found.held, found.live, place.form, place.period, labels, request.actor)
