"""The context bar of this room's pages, and addresses that keep the context."""

from collections.abc import Iterable
from datetime import date

from django.urls import reverse
from django.utils import timezone

from giaoban.core.vietnamese import day, moment
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.reporting import selectors


def day_in(request: ActorRequest, name: str) -> date | None:
    """A day in the address; None when there is none, or none that can be read."""
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return None


def list_bar(request: ActorRequest, export: Iterable[Choice] = ()) -> ContextBar:
    """Of a page that lists: who acts, and when it was read."""
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        as_of_label=moment(timezone.localtime()),
        export_formats=tuple(export),
    )


def period_bar(
    request: ActorRequest,
    period: selectors.Period,
    *,
    unit_label: str,
    export: Iterable[Choice] = (),
    period_choices: Iterable[Choice] = (),
    print_button: bool = True,
) -> ContextBar:
    """Of a page about one period: its window, the tree of its last day."""
    return ContextBar(
        unit_label=unit_label,
        unit_choices=acting_choices(request, request.actor),
        period_label=period.label,
        window=selectors.period_card(period).window,
        period_choices=tuple(period_choices),
        geography_label=day(selectors.last_day(period)),
        as_of_label=moment(timezone.localtime()),
        print=print_button,
        export_formats=tuple(export),
    )


def period_address(route: str, period: selectors.Period, *args: str) -> str:
    """The address of a page about a form and period; an instalment goes into the query."""
    address = reverse(route, args=[*args, period.code])
    return f"{address}?instalment={period.instalment}" if period.instalment else address
