"""An event worked out on the rows as they stand: its steps, with those of the bodies, its plan, who may do it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied

from giaoban.core.events import Event, EventError, Plan, from_data, plan
from giaoban.core.timeline import TERRITORY, Fault, State, Timeline, Tree
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import UnitChange
from giaoban.orgs.models import Area, AreaVersion, Line, Unit, UnitVersion
from giaoban.orgs.selectors.rights import scope_ids
from giaoban.orgs.selectors.timelines import named_keys, timelines_for, touches_everything
from giaoban.orgs.services.bodies import with_bodies as follow
from giaoban.orgs.services.refusals import EventRefused

NAMED = 10
"""Things named in one refusal; the others are counted."""


@dataclass(frozen=True, slots=True)
class Work:
    """event: with the steps of the bodies. notes: what the bodies and the plan have to say."""

    event: Event
    timelines: Mapping[Tree, Timeline]
    plan: Plan
    notes: tuple[str, ...]

    @property
    def eve(self) -> date:
        return self.event.on - timedelta(days=1)

    def before(self, tree: Tree, key: str) -> State | None:
        """The state until the day, else the last known before the event."""
        timeline = self.timelines[tree]
        states = timeline.states.get(key, ())
        return timeline.state_on(key, self.eve) or timeline.state_on(key, self.event.on) or (states or (None,))[-1]

    def after(self, tree: Tree, key: str) -> State | None:
        """The state from the day on; None for what ends."""
        states = self.plan.states.get((tree, key))
        if states is None:
            return self.timelines[tree].state_on(key, self.event.on)
        return next((state for state in states if state.span.contains(self.event.on)), None)

    def name(self, tree: Tree, key: str) -> str:
        """As called until the day; what the event makes, as called from it."""
        state = self.before(tree, key) or self.after(tree, key)
        return key if state is None else state.name


def work_out(data: Mapping[str, Any], *, with_bodies: bool) -> Work:
    """Plan the event of this data; faults are in the plan. Raises EventRefused when the data is no event."""
    try:
        event = from_data(data)
    except EventError as error:
        fault = Fault("no-event", error.path or "event", error.reason)
        raise EventRefused(f"Nội dung biến động không đọc được: {error.reason}", faults=[fault]) from error
    timelines = timelines_for(event)
    notes: tuple[str, ...] = ()
    if with_bodies:
        whole, (event, notes) = touches_everything(event), follow(event, timelines)
        timelines = timelines if whole else timelines_for(event)
    planned = plan(timelines, event)
    if not planned.faults and (faults := _unknown_lines(planned)):
        planned = Plan(faults=faults)
    if planned.faults:
        return Work(event, timelines, planned, ())
    return Work(event, timelines, planned, tuple(dict.fromkeys((*notes, *planned.notes))))


def _unknown_lines(planned: Plan) -> tuple[Fault, ...]:
    """Parents on a line that the catalogue does not have."""
    known = set(Line.objects.values_list("key", flat=True)) | {TERRITORY}
    found: dict[Fault, None] = {}
    for (tree, key), states in planned.states.items():
        for line in {line for state in states for line, _ in state.parents} - known if tree == "unit" else ():
            sentence = f"{states[-1].name}: không có tuyến “{line}” trong danh mục. Chọn tuyến có trong danh mục."
            found[Fault("unknown-line", key, sentence)] = None
    return tuple(found)


# what it does to units


def unit_change(work: Work, ids: Mapping[str, int]) -> UnitChange:
    """The event by ids of units; what it makes and has no id yet gets a negative one."""
    created = [key for tree, key in work.plan.created if tree == "unit"]
    known = {**{key: -place for place, key in enumerate(created, start=1)}, **ids}
    ended = [key for tree, key in work.plan.ended if tree == "unit"]
    heirs = _heirs(work.plan)
    moved = [key for tree, key in work.plan.moved if tree == "unit"]
    renamed = [key for tree, key in work.plan.changed if tree == "unit"]
    named = {*created, *ended, *moved, *renamed, *heirs, *(heir for held in heirs.values() for heir, _ in held)}
    names: dict[int, str] = {}
    for key in named:
        ends = key in heirs or key not in created
        state = (work.before("unit", key) if ends else None) or work.after("unit", key)
        names[known[key]] = key if state is None else state.name
    return UnitChange(
        on=work.event.on,
        names=names,
        ended=tuple(known[key] for key in ended),
        successor_of={known[old]: tuple((known[new], part) for new, part in held) for old, held in heirs.items()},
        moved=tuple(known[key] for key in moved),
        renamed=tuple(known[key] for key in renamed),
        created=tuple(known[key] for key in created),
    )


def _heirs(planned: Plan) -> dict[str, list[tuple[str, Decimal | None]]]:
    """Who succeeds whom, by the old key. Duties that pass elsewhere make no successor where figures pass as well."""
    found: dict[str, list[tuple[str, Decimal | None]]] = {}
    duties: dict[str, list[tuple[str, Decimal | None]]] = {}
    for tree, link, kind in planned.links:
        if tree == "unit" and link.old != link.new:
            held = duties if kind == "transfer" else found
            held.setdefault(link.old, []).append((link.new, Decimal(1) if link.whole else link.share))
    return {**duties, **found}


def change_as_data(change: UnitChange) -> dict[str, Any]:
    """As JSON values, for an event whose day has not come."""
    return {
        "on": change.on.isoformat(),
        "names": {str(pk): name for pk, name in change.names.items()},
        "ended": change.ended,
        "successor_of": {
            str(old): [[new, None if part is None else str(part)] for new, part in held]
            for old, held in change.successor_of.items()
        },
        "moved": change.moved,
        "renamed": change.renamed,
        "created": change.created,
    }


def change_from_data(data: Mapping[str, Any]) -> UnitChange:
    return UnitChange(
        on=date.fromisoformat(data["on"]),
        names={int(pk): name for pk, name in data["names"].items()},
        ended=tuple(data["ended"]),
        successor_of={
            int(old): tuple((new, None if part is None else Decimal(part)) for new, part in held)
            for old, held in data["successor_of"].items()
        },
        moved=tuple(data["moved"]),
        renamed=tuple(data["renamed"]),
        created=tuple(data["created"]),
    )


# who may


def require_scope(by: Actor, work: Work, today: date) -> int | None:
    """The unit whose post carries the right over everything that the event touches. Raises PermissionDenied."""
    named = {
        tree: named_keys(Event(work.event.on, tuple(step for step in work.event.steps if step.tree == tree)))[tree]
        for tree in work.timelines
    }
    made = set(work.plan.created)
    keys: dict[Tree, set[str]] = {
        tree: {key for its_tree, key in {*work.plan.states, *((tree, key) for key in held)}
               if its_tree == tree and (tree, key) not in made}
        for tree, held in named.items()
    }  # fmt: skip
    units = dict(Unit.objects.filter(key__in=keys["unit"]).values_list("pk", "key"))
    areas = dict(Area.objects.filter(key__in=keys["area"]).values_list("pk", "key"))
    rootless = _rootless(work)
    return require_over(by, units, areas, days=(today, work.eve), name=work.name, rootless=rootless)


def _rootless(work: Work) -> list[str]:
    """New things that stand under nothing and succeed nothing: they would belong to nobody."""
    heirs = {(tree, link.new) for tree, link, _ in work.plan.links}
    return [
        work.name(tree, key)
        for tree, key in work.plan.created
        if (tree, key) not in heirs and (state := work.after(tree, key)) is not None and not state.parents
    ]


def require_over(
    by: Actor,
    units: Mapping[int, str],
    areas: Mapping[int, str],
    *,
    days: Collection[date],
    name: Any,
    rootless: Collection[str] = (),
) -> int | None:
    """The first unit of the actor whose administrators answer for all these units and areas (ids → keys) on one of the
    days. Raises PermissionDenied naming what lies outside."""
    if by.everything:
        return by.unit_id
    places = [pk for pk in by.unit_ids if by.may(Permission.MANAGE_UNITS, pk)]
    if not places:
        by.require(Permission.MANAGE_UNITS, by.unit_id, unit_name=by.unit_name)
    outside: list[str] = []
    for place in places:
        held = {pk for on in days for pk in scope_ids([place], on).values_list("pk", flat=True)}
        ground = _ground(held)
        found = [name("unit", key) for pk, key in units.items() if pk not in held]
        found += [name("area", key) for pk, key in areas.items() if pk not in ground]
        if not found and not rootless:
            return place
        outside = found or [f"{one} (chưa có cấp trên)" for one in rootless]
    more = f" và {len(outside) - NAMED} nơi khác" if len(outside) > NAMED else ""
    raise PermissionDenied(
        f"Biến động chạm đến nơi ngoài phạm vi quản lý của bạn: {', '.join(outside[:NAMED])}{more}. "
        "Người làm được việc này: quản trị danh mục của đơn vị cấp trên chung."
    )


def _ground(units: Collection[int]) -> set[int]:
    """The areas for which these units stand, with all beneath them."""
    bodies = UnitVersion.objects.filter(unit_id__in=units, area__isnull=False, kind__represents_area=True)
    found = {pk for pk in bodies.values_list("area_id", flat=True) if pk is not None}
    front = set(found)
    while front:
        front = set(AreaVersion.objects.filter(parent_id__in=front).values_list("area_id", flat=True)) - found
        found |= front
    return found
