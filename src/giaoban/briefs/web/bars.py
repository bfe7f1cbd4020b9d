"""The context bar of the pages of narrative reports."""

from collections.abc import Iterable

from django.utils import timezone

from giaoban.briefs.models import NarrativeReport
from giaoban.core.vietnamese import moment
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest


def list_bar(request: ActorRequest, export: Iterable[Choice] = ()) -> ContextBar:
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        as_of_label=moment(timezone.localtime()),
        export_formats=tuple(export),
    )


def report_bar(request: ActorRequest, report: NarrativeReport) -> ContextBar:
    """Who acts, the window of the report."""
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        period_label=report.period_label,
        window=report.window,
        as_of_label=moment(timezone.localtime()),
    )
