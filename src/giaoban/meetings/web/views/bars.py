"""The context bar of a meeting's pages."""

from django.utils import timezone

from giaoban.core.vietnamese import day, moment
from giaoban.kit.frame import ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.meetings import selectors
from giaoban.meetings.models import Meeting


def bar_of(request: ActorRequest, meeting: Meeting) -> ContextBar:
    """Acting unit, the period that the meeting reviews, the geography of its day, the last act."""
    acts = selectors.acts_of(meeting)
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        period_label=meeting.period.label if meeting.period else "",
        geography_label=day(meeting.held_on),
        as_of_label=moment(timezone.localtime(acts[0].at)) if acts else "",
    )
