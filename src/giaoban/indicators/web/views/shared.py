"""What the pages of an indicator have in common: addresses, the context bar, and a refusal as a page."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from giaoban.core.forms import slug
from giaoban.core.queries import QueryRefused
from giaoban.core.vietnamese import moment
from giaoban.indicators.models import Indicator
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.reporting.selectors import Period

P = ParamSpec("P")
View = Callable[Concatenate[ActorRequest, P], HttpResponse]

UNIT = "don-vi"
"""The part of an address that names the unit looked at."""
SIMULATED_SUFFIX = "-mo-phong"


def refusing(view: View[P]) -> View[P]:
    """A view whose question may have no answer: the sentence of the refusal, on a page of its own."""

    @wraps(view)
    def answered(request: ActorRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except QueryRefused as refused:
            return render(request, "indicators/refused.html", {"refused": refused}, status=422)

    return answered


def with_words(address: str, **words: str) -> str:
    """An address with those of the words that say something."""
    said = urlencode({name.replace("_", "-"): value for name, value in words.items() if value})
    return f"{address}?{said}" if said else address


def reading_address(indicator: Indicator, period: Period, unit: str = "") -> str:
    address = reverse("indicators:reading", args=[indicator.key, period.code])
    return with_words(address, instalment=period.instalment, don_vi=unit)


def file_name(*words: str, simulated: bool) -> str:
    """What a file is called, without its ending: what it is of, and that its figures are made up."""
    return slug(" ".join(filter(None, words))) + (SIMULATED_SUFFIX if simulated else "")


def bar(
    request: ActorRequest, *, period: str = "", geography: str = "", exports: tuple[Choice, ...] = ()
) -> ContextBar:
    """The context of a page of figures that are read now."""
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        period_label=period,
        geography_label=geography,
        as_of_label=moment(timezone.localtime()),
        export_formats=exports,
    )
