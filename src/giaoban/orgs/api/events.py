"""Events: listed, tried out, recorded."""

from datetime import date
from typing import Annotated, Any

from django.utils import timezone
from ninja import Query, Router, Status

from giaoban.kit.http import ActorRequest
from giaoban.orgs import services
from giaoban.orgs.api import shapes
from giaoban.orgs.api.trees import Limit, Offset
from giaoban.orgs.models import Event
from giaoban.orgs.selectors.events import kind_name, visible_events

router = Router(tags=["Biến động"])


@router.get(
    "/events",
    response={200: shapes.EventPage, shapes.REFUSED: shapes.Refusal},
    operation_id="events",
    summary="Recorded events",
)
def events(
    request: ActorRequest,
    from_: Annotated[date | None, Query(alias="from")] = None,
    to: date | None = None,
    kind: str = "",
    offset: Offset = 0,
    limit: Limit = shapes.PAGE,
) -> dict[str, Any]:
    """Those that touch what you may see, the latest day first. from, to: the days of the events, both included."""
    rows = visible_events(request.actor, timezone.localdate()).defer("before", "receipts", "request")
    if from_ is not None:
        rows = rows.filter(on__gte=from_)
    if to is not None:
        rows = rows.filter(on__lte=to)
    if kind:
        rows = rows.filter(kind=kind)
    count, end = rows.count(), offset + limit
    return {
        "count": count,
        "items": [_item(one) for one in rows.order_by("-on", "-pk")[offset:end]],
        "next_offset": end if end < count else None,
    }


@router.post(
    "/events/preview",
    response={200: shapes.PreviewShown, shapes.REFUSED: shapes.Refusal},
    operation_id="preview_event",
    summary="What an event would do",
)
def preview(request: ActorRequest, given: shapes.EventGiven) -> dict[str, Any]:
    """Nothing is written. Faults are part of the answer."""
    shown = services.preview(given.event, by=request.actor, at=timezone.now())
    return {
        "sentence": shown.sentence,
        "ahead": shown.ahead,
        "faults": shown.faults,
        "notes": shown.notes,
        "closes": shown.closes,
        "creates": shown.creates,
        "moves": shown.moves,
        "changes": shown.changes,
        "passes": shown.passes,
        "effects": shown.effects,
    }


@router.post(
    "/events",
    response={201: shapes.EventItem, shapes.REFUSED: shapes.Refusal},
    operation_id="record_event",
    summary="Record an event, with all effects",
)
def record(request: ActorRequest, given: shapes.EventToRecord) -> Status[dict[str, Any]]:
    """One act: everything is written, or nothing."""
    event = services.record(
        given.event,
        basis=given.basis,
        basis_on=given.basis_on,
        reason=given.reason,
        title=given.title,
        by=request.actor,
        at=timezone.now(),
    )
    return Status(201, _item(event))


def _item(event: Event) -> dict[str, Any]:
    return {
        "key": event.key,
        "kind": event.kind,
        "kind_name": kind_name(event),
        "title": event.title,
        "on": event.on,
        "basis": event.basis,
        "basis_on": event.basis_on,
        "reason": event.reason,
        "state": event.state,
        "source": event.source,
    }
