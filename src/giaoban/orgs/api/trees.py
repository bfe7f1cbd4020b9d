"""The trees of a day, a unit and its history, the crosswalk between two days."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal

from django.http import Http404, HttpResponse
from django.utils import timezone
from ninja import Query, Router

from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors
from giaoban.orgs.api import shapes
from giaoban.orgs.selectors import TreeRow, browse
from giaoban.orgs.selectors.histories import Moment, unit_moments

router = Router(tags=["Đơn vị và địa bàn"])

Offset = Annotated[int, Query(ge=0)]
Limit = Annotated[int, Query(ge=1, le=shapes.PAGE_AT_MOST)]


@router.get(
    "/units",
    response={200: shapes.TreePage, shapes.REFUSED: shapes.Refusal},
    operation_id="units",
    summary="The tree of units on a day",
)
def units(
    request: ActorRequest,
    on: date | None = None,
    line: str = "",
    top: str = "",
    offset: Offset = 0,
    limit: Limit = shapes.PAGE,
) -> dict[str, Any]:
    """The units that you may see, those above first. on: today by default; line: the first of the sector's by default;
    top: key of the unit to begin with."""
    today = timezone.localdate()
    day, chosen = on or today, _line(line)
    above = selectors.unit_for(request.actor, top, today).id if top else None
    rows = selectors.tree_on(chosen, day, above)
    if not request.actor.everything:
        seen = set(selectors.visible_ids(request.actor, today).values_list("pk", flat=True))
        rows = [row for row in rows if row.id in seen]
    return _page(rows, day, chosen, offset, limit)


@router.get(
    "/areas",
    response={200: shapes.TreePage, shapes.REFUSED: shapes.Refusal},
    operation_id="areas",
    summary="The tree of areas on a day",
)
def areas(
    request: ActorRequest,  # noqa: ARG001 - whoever is signed in may see the map
    on: date | None = None,
    top: str = "",
    offset: Offset = 0,
    limit: Limit = shapes.PAGE,
) -> dict[str, Any]:
    """The areas, wider ones first. on: today by default; top: key of the area to begin with."""
    day = on or timezone.localdate()
    rows = selectors.area_tree_on(day)
    if top:
        held = next((row for row in rows if row.key == top), None)
        if held is None:
            raise Http404("Không có địa bàn này vào ngày đã chọn.")
        rows = selectors.area_tree_on(day, held.id)
    return _page(rows, day, "", offset, limit)


@router.get(
    "/units/{str:key}/history",
    response={200: shapes.History, shapes.REFUSED: shapes.Refusal},
    operation_id="unit_history",
    summary="A unit's history",
)
def unit_history(request: ActorRequest, key: str) -> dict[str, Any]:
    """Names, predecessors, successors, end: newest first."""
    card = selectors.unit_for(request.actor, key, timezone.localdate())
    return {"key": card.key, "moments": [_moment(one) for one in unit_moments(card.id)]}


@router.get(
    "/units/{str:key}",
    response={200: shapes.UnitState, shapes.REFUSED: shapes.Refusal},
    operation_id="unit",
    summary="A unit on a day",
)
def unit(request: ActorRequest, key: str, on: date | None = None) -> dict[str, Any]:
    """As it was called and where it stood on the day, today by default."""
    today = timezone.localdate()
    day = on or today
    card = selectors.card(selectors.unit_for(request.actor, key, today).id, day)
    area = selectors.area_card(card.area_id, day) if card.area_id else None
    parents = [
        row
        for row in selectors.parents_of(card.id)
        if (row.valid_from is None or row.valid_from <= day) and (row.valid_to is None or row.valid_to > day)
    ]
    called = selectors.cards([row.parent.id for row in parents], day)
    return {
        "key": card.key,
        "name": card.name,
        "short_name": card.short_name,
        "kind": card.kind,
        "kind_name": card.kind_name,
        "area": {"key": area.key, "name": area.name} if area else None,
        "parents": [{"line": row.line, "key": row.parent.key, "name": called[row.parent.id].name} for row in parents],
        "exists": (card.started_on is None or card.started_on <= day) and not card.has_ended(day),
        "started_on": card.started_on,
        "ended_on": card.ended_on,
        "known_on": browse.unit_known_on(card.id, day),
    }


@router.get(
    "/crosswalk",
    response={200: list[shapes.Crossing], shapes.REFUSED: shapes.Refusal},
    operation_id="crosswalk",
    summary="What each thing of one day is on another",
)
def crosswalk(
    request: ActorRequest,
    from_: Annotated[date, Query(alias="from")],
    to: date,
    tree: Literal["unit", "area"] = "unit",
    format: Literal["json", "csv"] = "json",
) -> Any:
    """Sorted by old key, then new key. As CSV always the same bytes for the same data: UTF-8, CR LF. Of units, those
    of which you may see either side."""
    only = None
    if tree == "unit" and not request.actor.everything:
        only = set(selectors.visible_ids(request.actor, timezone.localdate()).values_list("pk", flat=True))
    rows = selectors.crosswalk(from_, to, tree, only=only)
    if format == "csv":
        response = HttpResponse(selectors.crosswalk_csv(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{tree}-{from_}-{to}.csv"'
        return response
    return rows


def _line(asked: str) -> str:
    lines = [one.key for one in selectors.lines()]
    if not asked:
        return next(iter(lines), "")
    if asked not in lines:
        raise Http404(f"Không có tuyến “{asked}”; các tuyến: {', '.join(lines)}.")
    return asked


def _page(rows: Sequence[TreeRow], on: date, line: str, offset: int, limit: int) -> dict[str, Any]:
    keys = {row.id: row.key for row in rows}
    end = offset + limit
    return {
        "on": on,
        "line": line,
        "count": len(rows),
        "items": [
            {
                "key": row.key,
                "name": row.name,
                "short_name": row.short_name,
                "kind": row.kind,
                "code": row.code,
                "parent": keys.get(row.parent_id, "") if row.parent_id is not None else "",
                "depth": row.depth,
                "known_on": row.known_on,
            }
            for row in rows[offset:end]
        ],
        "next_offset": end if end < len(rows) else None,
    }


def _moment(one: Moment) -> dict[str, Any]:
    return {
        "on": one.on,
        "words": one.words,
        "others": [
            {"key": party.leaf.key, "name": party.leaf.name, "whole": party.whole, "share": party.share}
            for party in one.others
        ],
        "count": one.count,
        "basis": one.basis,
        "event": one.event_key,
        "note": one.note,
    }
