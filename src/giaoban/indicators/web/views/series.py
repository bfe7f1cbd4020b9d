"""An indicator over time: a line that breaks where its definition does, and the table that says the same."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import StringIO
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.indicators import Break, Change, IndicatorDefinition, change, rounded, share_of_year
from giaoban.core.queries import (
    SELF,
    Answer,
    FigureQuery,
    IndicatorMeasure,
    PeriodHead,
    PeriodRange,
    QueryRefused,
    Value,
)
from giaoban.core.tidy import plain
from giaoban.core.vietnamese import day
from giaoban.indicators import selectors
from giaoban.indicators.models import Indicator
from giaoban.indicators.selectors.answering import answer
from giaoban.indicators.selectors.pivoting import geography_for
from giaoban.indicators.web.charts import Line, line_of
from giaoban.indicators.web.views.shared import UNIT, bar, file_name, reading_address, refusing, with_words
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors as orgs
from giaoban.orgs.selectors import UnitCard
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors import Period

MOST = 36
"""Periods on the page; the pivot page takes more."""


@dataclass(frozen=True, slots=True)
class Point:
    """A period of the series. change: from the period before, None where there is nothing to compare; broken: what
    changed since the period before; target: what is due of the year's target at its end."""

    period: Period
    head: PeriodHead
    value: Value
    change: Change | None
    broken: tuple[Break, ...]
    target: Decimal | None
    link: str


@dataclass(frozen=True, slots=True)
class Series:
    indicator: Indicator
    unit: UnitCard
    points: tuple[Point, ...]
    rules: tuple[tuple[str, str, bool], ...]
    answer: Answer
    left_out: int

    @property
    def line(self) -> Line | None:
        return line_of(
            [one.value.value for one in self.points],
            targets=[one.target for one in self.points],
            breaks=[bool(one.broken) for one in self.points],
            cuts=[any(not each.comparable for each in one.broken) for one in self.points],
        )


def _series(request: ActorRequest, key: str) -> Series | None:
    """None where nobody owes any period yet. Raises Http404, QueryRefused."""
    indicator = selectors.indicator_for(key)
    unit = _unit(request)
    every = selectors.periods_of(indicator)
    if not every:
        return None
    groups: dict[str, list[Period]] = {}
    for period in every:
        groups.setdefault(":".join(filter(None, (period.rule.key, period.instalment))), []).append(period)
    asked = request.GET.get("ky", "")
    chosen = asked if asked in groups else next(iter(groups))
    periods = sorted(groups[chosen], key=lambda one: (one.end, one.pk))
    held = periods[-MOST:]
    try:
        said = answer(_query(indicator, unit, held), actor=request.actor)
    except QueryRefused as refused:  # what the unit was made of cannot be told apart: its own time is left
        held = [one for one in held if unit.started_on is None or reporting.last_day(one) >= unit.started_on]
        if refused.code != "geography" or not held:
            raise
        said = answer(_query(indicator, unit, held), actor=request.actor)
    return Series(
        indicator=indicator,
        unit=unit,
        points=_points(indicator, unit, held, said),
        rules=tuple((word, _rule_name(of_rule[0]), word == chosen) for word, of_rule in groups.items()),
        answer=said,
        left_out=len(periods) - len(held),
    )


def _query(indicator: Indicator, unit: UnitCard, held: Sequence[Period]) -> FigureQuery:
    first, last = held[0], held[-1]
    return FigureQuery(
        measures=(IndicatorMeasure(indicator.key),),
        unit=unit.key,
        periods=(PeriodRange(first.rule.key, first.code, last.code, first.instalment),),
        level=SELF,
        geography=geography_for(unit, first, last),
        rows="period",
        columns="measure",
    )


def _unit(request: ActorRequest) -> UnitCard:
    """The unit asked for, else the acting one. Raises Http404 outside the actor's scope and without a unit."""
    today = timezone.localdate()
    if key := request.GET.get(UNIT, ""):
        return orgs.unit_for(request.actor, key, today)
    if request.actor.unit_id is not None:
        return orgs.card(request.actor.unit_id, today)
    tops = orgs.tops_of(request.actor, today)
    if not tops:
        raise Http404("Tài khoản của bạn chưa giữ vị trí ở đơn vị nào.")
    return tops[0]


def _rule_name(period: Period) -> str:
    return f"{period.rule.name}, {period.instalment}" if period.instalment else period.rule.name


def _points(indicator: Indicator, unit: UnitCard, held: Sequence[Period], said: Answer) -> tuple[Point, ...]:
    definition = selectors.definition_of(indicator)
    by_word = {one.word: one for one in said.periods}
    measure = IndicatorMeasure(indicator.key).word
    points: list[Point] = []
    for period in held:
        word = PeriodRange(period.rule.key, period.code, period.code, period.instalment).word
        head = by_word.get(word)
        if head is None:
            continue
        before = points[-1] if points else None
        to = reporting.last_day(period)
        broken = definition.breaks(reporting.last_day(before.period), to) if before else ()
        value = said.values["", word, measure]
        points.append(
            Point(
                period=period,
                head=head,
                value=value,
                change=_change(indicator, before, value, broken, period),
                broken=broken,
                target=_due(definition, unit, period),
                link=reading_address(indicator, period, unit.key) if value.value is not None else "",
            )
        )
    return tuple(points)


def _change(
    indicator: Indicator, before: Point | None, value: Value, broken: Sequence[Break], period: Period
) -> Change | None:
    """Against the period just before; a cumulative amount is not set against what it holds already."""
    if before is None or before.value.value is None or value.value is None:
        return None
    grows = period.cumulative and value.denominator is None and before.period.start == period.start
    if grows or any(not one.comparable for one in broken):
        return None
    return change(value.value, before.value.value, indicator.unit, indicator.scale)


def _due(definition: IndicatorDefinition, unit: UnitCard, period: Period) -> Decimal | None:
    if not definition.targets:
        return None
    target = definition.target(reporting.core_period(period).year, unit.kind)
    return None if target is None else target.due(share_of_year(period.start, period.end))


def _tree_note(held: Series) -> str:
    """Where the unit was not there in all periods: in which tree they are read, and how far that holds."""
    on = held.answer.query.geography
    if on is None:
        return ""
    method = next((one.value.reason for one in held.points if one.value.outcome == "approximate"), "")
    said = f"Đơn vị này có từ ngày {day(held.unit.started_on or on)}: mọi kỳ đọc theo cây đơn vị ngày {day(on)}."
    return f"{said} {method}".rstrip()


@require_safe
@refusing
def series(request: ActorRequest, key: str) -> HttpResponse:
    """Line and table of one unit, or of all beneath it as one; where it breaks, what changed."""
    indicator = selectors.indicator_for(key)
    held = _series(request, key)
    definition = selectors.definition_of(indicator)
    version = definition.newest()
    export = with_words(
        reverse("indicators:series-csv", args=[key]),
        don_vi=request.GET.get(UNIT, ""),
        ky=request.GET.get("ky", ""),
    )
    return render(
        request,
        "indicators/series.html",
        {
            "indicator": indicator,
            "held": held,
            "line": held.line if held else None,
            "points": held.points[::-1] if held else (),
            "has_target": bool(held and any(one.target is not None for one in held.points)),
            "explained": selectors.explanation(indicator, version, selectors.nothing_measured(version)),
            "breaks": definition.breaks(date.min, date.max),
            "tree_note": _tree_note(held) if held else "",
            "pivot_url": f"{reverse('indicators:pivot')}?{urlencode(held.answer.query.words())}" if held else "",
            "simulated_note": "chuỗi này có số liệu ví dụ." if held and held.answer.simulated else "",
            "bar": bar(
                request,
                geography=day(tree) if (tree := held.answer.query.geography if held else None) else "của từng kỳ",
                exports=(Choice("CSV", export),) if held else (),
            ),
        },
    )


@require_safe
@refusing
def series_csv(request: ActorRequest, key: str) -> HttpResponse:
    """The table of the page, oldest period first, with both sums and the words about breaks."""
    held = _series(request, key)
    if held is None:
        raise Http404("Chỉ số này chưa có kỳ nào.")
    out = StringIO()
    writer = csv.writer(out)
    names = ["unit", "unit_name", "indicator", "period", "window", "numerator", "denominator", "value", "state"]
    writer.writerow([*names, "coverage", "target_due", "break", "reason", "simulated"])
    scale = held.indicator.scale
    for one in held.points:
        value = one.value
        writer.writerow(
            (
                held.unit.key,
                plain(held.unit.name),
                held.indicator.key,
                one.period.code,
                f"{day(one.head.start)}-{day(reporting.last_day(one.period))}",
                "" if value.numerator is None else value.numerator,
                "" if value.denominator is None else value.denominator,
                "" if value.value is None else rounded(value.value, scale),
                value.state,
                value.coverage.words() if value.coverage else "",
                "" if one.target is None else rounded(one.target, scale),
                plain("; ".join(each.words() for each in one.broken)),
                plain(value.reason),
                int(value.simulated),
            )
        )
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = file_name(held.indicator.key, held.unit.key, simulated=held.answer.simulated)
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response
