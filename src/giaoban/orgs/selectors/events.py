"""Recorded events: the list, one event, what it touched and changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from giaoban.core.events import REORGANISE
from giaoban.core.vietnamese import fold
from giaoban.kit.actors import Actor
from giaoban.kit.acts import acts_on
from giaoban.kit.models import Act
from giaoban.orgs.models import (
    AreaSuccession,
    AreaVersion,
    Event,
    EventArea,
    EventUnit,
    ServedArea,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.selectors.compare import Change, Difference, What, in_full
from giaoban.orgs.selectors.histories import Tree
from giaoban.orgs.selectors.rights import visible_ids

ONE_DAY = timedelta(days=1)


KIND_NAMES = {
    "create": "Thành lập",
    "rename": "Đổi tên",
    "change-kind": "Đổi loại",
    "recode": "Đổi mã",
    "move": "Đổi cấp trên",
    "serve": "Đổi địa bàn phục vụ",
    "merge": "Hợp nhất, sáp nhập",
    "split": "Chia, tách",
    "abolish": "Giải thể, bãi bỏ",
    "abolish-level": "Bãi bỏ một cấp",
    "transfer": "Chuyển nhiệm vụ",
    REORGANISE: "Sắp xếp lại",
}


@dataclass(frozen=True, slots=True)
class EventFilter:
    """What the list shows; "" and None = all. words: in title, basis and reason, accents ignored."""

    kind: str = ""
    year: int | None = None
    state: str = ""
    words: str = ""


def visible_events(actor: Actor, today: date) -> QuerySet[Event]:
    """Events that touch the map, which is public, or a unit that the actor may see; and those of a pack that are about
    no unit. One sub-query each, whether the event's rows still stand or later events replaced them."""
    if actor.everything:
        return Event.objects.all()
    units = EventUnit.objects.filter(event=OuterRef("pk"))
    of_map = Exists(EventArea.objects.filter(event=OuterRef("pk")))
    mine = Exists(units.filter(unit_id__in=visible_ids(actor, today)))
    of_nobody = Q(recorded_at__isnull=True) & ~Exists(units)
    return Event.objects.filter(Q(of_map) | Q(mine) | of_nobody)


_ROWS: Sequence[tuple[Any, tuple[str, ...]]] = (
    (UnitVersion, ("unit_id",)),
    (UnitParent, ("unit_id",)),
    (UnitSuccession, ("old_id", "new_id")),
    (ServedArea, ("unit_id",)),
)


def event_list(actor: Actor, today: date, asked: EventFilter) -> list[Event]:
    """Newest first."""
    rows = visible_events(actor, today).defer("before", "receipts", "request")
    if asked.kind:
        rows = rows.filter(kind=asked.kind)
    if asked.year:
        rows = rows.filter(on__year=asked.year)
    if asked.state:
        rows = rows.filter(state=asked.state)
    wanted = fold(asked.words)
    held = rows.order_by("-on", "-pk")
    return [one for one in held if not wanted or wanted in fold(f"{one.title} {one.basis} {one.reason} {one.note}")]


def event_years(actor: Actor, today: date) -> list[int]:
    """Newest first."""
    return [one.year for one in visible_events(actor, today).dates("on", "year", order="DESC")]


def event_kinds(actor: Actor, today: date) -> set[str]:
    """The kinds that occur."""
    return set(visible_events(actor, today).order_by().values_list("kind", flat=True).distinct())


def event_for(actor: Actor, key: str, today: date) -> Event:
    """Raises Http404."""
    event = visible_events(actor, today).filter(key=key).first()
    if event is None:
        raise Http404("Không có biến động này, hoặc nó nằm ngoài phạm vi của bạn.")
    return event


def kind_name(event: Event) -> str:
    return KIND_NAMES.get(event.kind, event.kind)


def touched_ids(event: Event) -> dict[Tree, set[int]]:
    """Everything that the event changed: as it noted itself, else the things of the rows that carry it."""
    noted = event.before.get("touched")
    if noted:
        return {"area": set(noted.get("area", ())), "unit": set(noted.get("unit", ()))}
    units: set[int] = set()
    for model, columns in _ROWS:
        for column in columns:
            units |= set(model.objects.filter(event=event).values_list(column, flat=True))
    areas = set(AreaVersion.objects.filter(event=event).values_list("area_id", flat=True))
    for pair in AreaSuccession.objects.filter(event=event).values_list("old_id", "new_id"):
        areas |= set(pair)
    return {"area": areas, "unit": units}


def recorded_by(event: Event) -> list[Act]:
    """Who did what to the event, oldest first; none for an event of a pack."""
    return acts_on(event)[::-1]


def changes_in_full(event: Event, tree: Tree, changes: Sequence[Change]) -> list[Difference]:
    """Some of the changes of an event, as a page shows them."""
    return in_full(tree, changes, event.on - ONE_DAY, event.on)


def told_once(event: Event, tree: Tree, changes: Sequence[Change]) -> list[Change]:
    """The changes without the ended things that passed only into new ones: the line of the new one names them."""
    new = {change.id for change in changes if What.NEW in change.what}
    model = UnitSuccession if tree == "unit" else AreaSuccession
    heirs: dict[int, set[int]] = {}
    for old_id, new_id in model.objects.filter(event=event).values_list("old_id", "new_id"):
        heirs.setdefault(old_id, set()).add(new_id)
    return [one for one in changes if What.ENDED not in one.what or not heirs.get(one.id) or heirs[one.id] - new]
