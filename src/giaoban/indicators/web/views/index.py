"""All indicators by field of work, each with its latest value at the level of the acting unit."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.queries import QueryRefused
from giaoban.core.vietnamese import fold
from giaoban.indicators import selectors
from giaoban.indicators.models import Indicator
from giaoban.indicators.web.views.shared import bar, reading_address
from giaoban.kit.actors import Actor
from giaoban.kit.http import ActorRequest
from giaoban.reporting.selectors import Period


@dataclass(frozen=True, slots=True)
class Row:
    """An indicator with its latest value. focus None: nobody reported yet, or see `reason`; link: where it is shown,
    "" where the actor sees no unit of it."""

    indicator: Indicator
    period: Period | None = None
    focus: selectors.Focus | None = None
    link: str = ""
    reason: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    field: str
    rows: tuple[Row, ...]


@require_safe
def index(request: ActorRequest) -> HttpResponse:
    """List with search by name, field or key."""
    words = request.GET.get("q", "").strip()
    every = selectors.indicators()
    shown = [one for one in every if _matches(one, words)]
    today = timezone.localdate()
    return render(
        request,
        "indicators/index.html",
        {
            "groups": _groups(_row(one, request.actor, today) for one in shown),
            "count": len(shown),
            "total": len(every),
            "words": words,
            "bar": bar(request),
        },
    )


def _matches(indicator: Indicator, words: str) -> bool:
    text = " ".join((indicator.name, indicator.key, indicator.field.name if indicator.field else ""))
    return all(word in fold(text) for word in fold(words).split())


def _row(indicator: Indicator, actor: Actor, today: date) -> Row:
    try:
        period = selectors.latest_period(indicator)
        if period is None:
            return Row(indicator, reason="Chưa có báo cáo nào được tiếp nhận.")
        held = selectors.reading(indicator, period)
    except QueryRefused as refused:
        return Row(indicator, reason=refused.sentence)
    seen = selectors.visible_among(actor, held.units.keys() | held.lacking.keys(), today)
    if not seen:
        return Row(indicator, period, reason="Chưa có số liệu trong phạm vi của bạn.")
    focus = selectors.focus_of(held, actor, today)
    return Row(indicator, period, focus, reading_address(indicator, period), simulated=held.simulated)


def _groups(rows: Iterable[Row]) -> list[Group]:
    """Fields in the order in which their first indicator stands; those without one last."""
    held: dict[str, list[Row]] = {}
    for row in rows:
        held.setdefault(row.indicator.field.name if row.indicator.field else "", []).append(row)
    named = [Group(field, tuple(of_field)) for field, of_field in held.items() if field]
    return named + [Group("Không theo lĩnh vực", tuple(of_field)) for field, of_field in held.items() if not field]
