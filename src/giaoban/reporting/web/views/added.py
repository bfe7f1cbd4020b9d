"""Cộng các kỳ, Phần phát sinh: a unit's table over several periods of one rule, and what came in each of a year."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from giaoban.core.forms import slug
from giaoban.core.series import SeriesRefused
from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice, ContextBar
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.reporting import selectors
from giaoban.reporting.selectors.forms import other_geography
from giaoban.reporting.web.bar import period_address, period_bar
from giaoban.reporting.web.files import CSV, SIMULATED_SUFFIX, handed_out
from giaoban.reporting.web.shaping.consolidated import Drawing
from giaoban.reporting.web.shaping.increments import Shaped, shaped
from giaoban.reporting.web.shaping.layout import Labels, calm
from giaoban.reporting.web.views.table import Place, place_of, refused_file, subunit_names, ways_out


@dataclass(frozen=True, slots=True)
class Span:
    """The periods that a page is about, every instalment of each.

    choices: those with which it may begin, one a code; of_rule: every period of the rule, newest first.
    """

    place: Place
    periods: tuple[selectors.Period, ...]
    choices: tuple[selectors.Period, ...]
    of_rule: tuple[selectors.Period, ...]

    @property
    def name(self) -> str:
        """Of a file about it."""
        first, last = self.periods[0].code, self.place.period.code
        codes = last if first == last else f"{first}-{last}"
        return slug(f"{self.place.form.code}-{self.place.unit.key}-{codes}")


def _span(request: ActorRequest, form: str, period: str, *, within_year: bool) -> Span:
    """From `?tu=`, else from the beginning of the reporting year, up to the period of the address. Raises Http404."""
    place = place_of(request, form, period)
    last = place.period
    owed = selectors.periods_with_obligations(place.form)
    of_rule = tuple(one for one in owed if one.rule_id == last.rule_id)
    before = {one for one in of_rule if one.end <= last.end and one.start <= last.start}
    known = sorted({*before, last}, key=lambda one: (one.end, one.start, one.pk))
    this_year = [one for one in known if _year(one) == _year(last)]
    if within_year:
        return Span(place, tuple(this_year), (), of_rule)
    wanted = request.GET.get("tu", "")
    first = next((one for one in known if one.code == wanted), None) if wanted else this_year[0]
    if first is None:
        raise Http404("Không có kỳ báo cáo này trước kỳ đang xem. Chọn kỳ đầu trong danh sách của trang.")
    later = tuple(one for one in known if (one.end, one.start) >= (first.end, first.start))
    return Span(place, later, tuple({one.code: one for one in known}.values()), of_rule)


def _year(period: selectors.Period) -> int | None:
    """The reporting year; None where the rule, as it reads now, no longer has the period."""
    try:
        return selectors.core_period(period).year
    except KeyError:
        return None


@require_safe
def added(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The periods as one longer period."""
    span = _span(request, form, period, within_year=False)
    return _page(request, span, "reporting/table_added.html", "reporting:added-csv", lambda: _added(request, span))


def _added(request: ActorRequest, span: Span) -> dict[str, object]:
    """Raises SeriesRefused, ConsolidationRefused."""
    found = _added_up(span)
    table, names = found.table, {line.key: line.label for line in found.table.lines}
    drawing = Drawing(
        table=table,
        labels=Labels(table.form, subunit_names(table)),
        address=lambda **changes: changed(request, **changes),
        sort=request.GET.get("sort", ""),
        rows={name.removeprefix("row."): request.GET.get(name, "") for name in request.GET if name.startswith("row.")},
        origin=None,
        differences={},
        unit_url=lambda key: reverse("orgs:unit", args=[key]),
        below_url=lambda key: changed(request, unit=key),
        opens=lambda _: False,
        layer_words="",
    )
    return {
        "table": table,
        "window": table.period.window,
        "period_count": len(found.periods),
        "period_labels": [one.label for one in found.periods],
        "notes": found.notes,
        "absent": [(names[key], ", ".join(periods)) for key, periods in found.absent_in.items()],
        "sections": drawing.sections() if table.lines else (),
        "simulated": table.simulated,
    }


def _added_up(span: Span) -> selectors.AddedUp:
    place = span.place
    return selectors.added_up(place.form, span.periods, place.unit.id, geography=place.geography, divided=place.divided)


@require_safe
def added_csv(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """The periods as one, in the columns of the table's file."""
    span = _span(request, form, period, within_year=False)
    try:
        table = _added_up(span).table
    except (SeriesRefused, selectors.ConsolidationRefused) as refusal:
        return refused_file(refusal)
    text = selectors.export_readings([selectors.live_reading(table)])
    return _file(f"{span.name}-cong-ky", text, simulated=table.simulated)


@require_safe
def increments(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """What each period of the reporting year added to the one before, of the line in `?dong=`, else of the total."""
    span = _span(request, form, period, within_year=True)
    return _page(
        request, span, "reporting/table_increments.html", "reporting:increments-csv", lambda: _increments(request, span)
    )


def _increments(request: ActorRequest, span: Span) -> dict[str, object]:
    """Raises SeriesRefused, ConsolidationRefused."""
    found = _unfolded(span)
    chosen = request.GET.get("dong", "")
    line = next((one for one in found if one.line.key == chosen), found[-1])
    form = selectors.definition_of(span.place.form)
    labels = Labels(form, subunit_names(*_named(span, found)))
    made: Shaped = shaped(labels, line, span.periods)
    return {
        "made": made,
        "chosen": line.line,
        "lines": [one.line for one in reversed(found)],
        "simulated": any(one.line.simulated for one in found),
    }


def _named(span: Span, found: Sequence[selectors.LineIncrements]) -> list[selectors.ConsolidatedTable]:
    """The table by whose day sub-units are called; none where no line names any."""
    if not any(key[2] for one in found for key in one.cells):
        return []
    place = span.place
    return [selectors.consolidate(place.form, place.period, place.unit.id, geography=place.geography, divided="keep")]


def _unfolded(span: Span) -> tuple[selectors.LineIncrements, ...]:
    place = span.place
    return selectors.increments_by_line(
        place.form, span.periods, place.unit.id, geography=place.geography, divided=place.divided
    )


@require_safe
def increments_csv(request: ActorRequest, form: str, period: str) -> HttpResponse:
    """Every line of the table; a period without anything to unfold gives a header only."""
    span = _span(request, form, period, within_year=True)
    try:
        found = _unfolded(span)
    except (SeriesRefused, selectors.ConsolidationRefused) as refusal:
        return refused_file(refusal)
    text = selectors.export_increments(span.place.form.key, found)
    return _file(f"{span.name}-phat-sinh", text, simulated=any(one.line.simulated for one in found))


def _file(name: str, text: str, *, simulated: bool) -> HttpResponse:
    return handed_out(text, CSV, f"{name}{SIMULATED_SUFFIX if simulated else ''}.csv")


def _page(
    request: ActorRequest, span: Span, template: str, csv: str, read: Callable[[], dict[str, object]]
) -> HttpResponse:
    place = span.place
    address = reverse(csv, args=[place.form.key, place.period.code])
    context: dict[str, object] = {
        "bar": _bar(request, span, f"{address}{changed(request)}"),
        "place": place,
        "title": calm(place.form.title),
        "choices": span.choices,
        "first": span.periods[0].code,
        "table_url": f"{reverse('reporting:table', args=[place.form.key, place.period.code])}{_kept(request)}",
    }
    try:
        context |= read()
    except SeriesRefused as refusal:
        return render(request, template, context | {"refusal": refusal.sentence}, status=422)
    except selectors.ConsolidationRefused as refusal:
        context |= {"refusal": refusal.sentence, **ways_out(request, refusal)}
        return render(request, "reporting/table_refused.html", context, status=422)
    if context["simulated"]:
        context["simulated_note"] = "các số trên bảng này là ví dụ, không phải số liệu thật."
    return render(request, template, context)


def _kept(request: ActorRequest) -> str:
    """The query of the table itself."""
    return changed(request, tu=None, dong=None, sort=None, origin=None, layer=None, beside=None)


def _bar(request: ActorRequest, span: Span, csv: str) -> ContextBar:
    place = span.place
    route = request.resolver_match.view_name if request.resolver_match is not None else "reporting:added"
    bar = period_bar(
        request,
        place.period,
        unit_label=place.unit.name,
        export=[Choice("Bảng này, CSV", csv)],
        period_choices=[
            Choice(one.label, _with_unit(period_address(route, one, place.form.key), place), one == place.period)
            for one in span.of_rule
        ],
    )
    other = other_geography(place.period, place.geography)
    return replace(bar, geography_label=day(other)) if other is not None else bar


def _with_unit(address: str, place: Place) -> str:
    return f"{address}{'&' if '?' in address else '?'}unit={place.unit.key}"
