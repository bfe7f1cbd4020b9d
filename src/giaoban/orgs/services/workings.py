"""An event worked out on the rows as they stand: its steps, with those of the bodies, its plan, who may do it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied

from giaoban.core.events import Event, EventError, Plan, from_data, plan
from giaoban.core.timeline import TERRITORY, Fault, State, Timeline, Tree
from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among, among_keys
from giaoban.kit.models import valid_on
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import UnitChange
from giaoban.orgs.models import Area, AreaSuccession, AreaVersion, Line, SuccessionKind, Unit, UnitKind, UnitVersion
from giaoban.orgs.selectors.rights import managed_ids, visible_ids
from giaoban.orgs.selectors.timelines import named_keys, timelines_for, touches_everything
from giaoban.orgs.services.bodies import with_bodies as follow
from giaoban.orgs.services.refusals import EventRefused

NAMED = 10
"""Things named in one refusal; the others are counted."""

UNSEEN = "đơn vị mà bạn không được xem"


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


def work_out(data: Mapping[str, Any], *, with_bodies: bool, by: Actor | None = None, today: date | None = None) -> Work:
    """Plan the event of this data; faults are in the plan. Raises EventRefused when the data is no event.

    by, today: the units that the data names and this actor does not see are unknown.
    """
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
    if by is not None and today is not None and not by.everything:
        timelines = _seen(timelines, named_keys(from_data(data))["unit"], by, today)
    planned = plan(timelines, event)
    if not planned.faults and (faults := _unknown_lines(planned)):
        planned = Plan(faults=faults)
    if planned.faults:
        return Work(event, timelines, planned, ())
    return Work(event, timelines, planned, tuple(dict.fromkeys((*notes, *planned.notes))))


def _seen(timelines: Mapping[Tree, Timeline], keys: Collection[str], by: Actor, today: date) -> dict[Tree, Timeline]:
    """Without those of the units that the actor does not see: a key that was guessed tells nothing."""
    unseen = Unit.objects.filter(key__in=among_keys(keys)).exclude(pk__in=visible_ids(by, today))
    hidden = set(unseen.values_list("key", flat=True))
    units = timelines["unit"]
    states = {key: own for key, own in units.states.items() if key not in hidden}
    return {**timelines, "unit": replace(units, states=states) if hidden else units}


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
    if work.plan.faults:  # nothing will be written: an unseen unit is one of the faults, as one that is not there
        keys["unit"] &= work.timelines["unit"].states.keys()
    units = dict(Unit.objects.filter(key__in=among_keys(keys["unit"])).values_list("pk", "key"))
    given = {key for key in _given_areas(work) if ("area", key) not in made}
    areas = dict(Area.objects.filter(key__in=among_keys(keys["area"] | given)).values_list("pk", "key"))
    days = [today, work.eve]
    if any(_begins(work.timelines[tree], key, work.event.on) for tree, held in keys.items() for key in held):
        days.append(work.event.on)
    return require_over(by, units, areas, days=days, name=work.name, rootless=_rootless(work))


def _begins(timeline: Timeline, key: str, on: date) -> bool:
    """Whether the thing is there from the day on, not before: another event of the day made it."""
    states = timeline.states.get(key, ())
    return bool(states) and all(state.span.start is not None and state.span.start >= on for state in states)


def _given_areas(work: Work) -> set[str]:
    """The areas that the event newly gives to units: to sit in, to serve, or, with another kind, to stand for.

    Not those that a unit or one that it succeeds has already, nor, where it does not stand for them, its parents.
    """
    standing = set(UnitKind.objects.filter(represents_area=True).values_list("key", flat=True))
    units = work.timelines["unit"].states

    def has(state: State) -> set[tuple[str, bool]]:
        held = {(state.area, False), (state.area, state.kind in standing), *((area, False) for area in state.serves)}
        return {(area, stands) for area, stands in held if area}

    olds: defaultdict[str, list[str]] = defaultdict(list)
    for tree, link, _ in work.plan.links:
        if tree == "unit":
            olds[link.new].append(link.old)
    given: set[str] = set()
    for (tree, key), states in work.plan.states.items():
        if tree != "unit":
            continue
        before = (state for one in (key, *olds[key]) for state in units.get(one, ()))
        had = {pair for state in before if _until(state, work.eve) for pair in has(state)}
        for state in states:
            if _until(state, work.event.on) and (new := has(state) - had):
                above = (work.after("unit", parent) for _, parent in state.parents)
                shared = {(area, False) for parent in above if parent is not None for area, _ in has(parent)}
                given |= {area for area, _ in new - shared}
    return given


def _until(state: State, on: date) -> bool:
    """Whether the state goes on until the day or beyond."""
    return state.span.end is None or state.span.end > on


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
    """The first unit of the actor whose administrators answer for all these units and areas (ids → keys), as the tree
    stands on the latest of the days. Raises PermissionDenied naming what lies outside, units only if the actor sees
    them."""
    if by.everything:
        return by.unit_id
    places = [pk for pk in by.unit_ids if by.may(Permission.MANAGE_UNITS, pk)]
    if not places:
        by.require(Permission.MANAGE_UNITS, by.unit_id, unit_name=by.unit_name)
    on = max(days)
    outside: dict[Tree, list[int]] = {"unit": [], "area": []}
    for place in places:
        held = set(managed_ids([place], on).values_list("pk", flat=True))
        ground = _ground(held, on) if areas else set()
        outside = {"unit": [pk for pk in units if pk not in held], "area": [pk for pk in areas if pk not in ground]}
        if not (outside["unit"] or outside["area"] or rootless):
            return place
    seen = set(visible_ids(by, on).filter(pk__in=among(outside["unit"])).values_list("pk", flat=True))
    named = [name("unit", units[pk]) for pk in outside["unit"] if pk in seen]
    named += [name("area", areas[pk]) for pk in outside["area"]]
    if not (outside["unit"] or outside["area"]):
        named = [f"{one} (chưa có cấp trên)" for one in rootless]
    more = f" và {len(named) - NAMED} nơi khác" if len(named) > NAMED else ""
    raise PermissionDenied(
        f"Biến động chạm đến nơi ngoài phạm vi quản lý của bạn: {', '.join(named[:NAMED]) or UNSEEN}{more}. "
        "Người làm được việc này: quản trị danh mục của đơn vị cấp trên chung."
    )


def _ground(units: Collection[int], on: date) -> set[int]:
    """The areas for which these units stand on a day, with all beneath them that day; one for which no unit stands, as
    the country, where everything directly beneath it is theirs; and what has ended by then, by the rule of
    `managed_ids`: where it last lay in one of these, or in what these wholly succeeded."""
    standing = UnitVersion.objects.filter(valid_on(on), area__isnull=False, kind__represents_area=True)
    bodies = [(area, unit) for area, unit in standing.values_list("area_id", "unit_id") if area is not None]
    stood_for = {area for area, _ in bodies}
    living = AreaVersion.objects.filter(valid_on(on), parent__isnull=False).values_list("area_id", "parent_id")
    children = _by_second((area, parent or 0) for area, parent in living)
    held = set(units)
    found = _with_beneath({area for area, unit in bodies if unit in held}, children)
    while above := {
        area for area, its in children.items() if area not in found and area not in stood_for and its <= found
    }:
        found |= above
    last = _last_parents(on)
    steps = AreaSuccession.objects.filter(whole=True).exclude(kind=SuccessionKind.TRANSFER)
    before = _by_second((old, new) for old, new in steps.values_list("old_id", "new_id") if old in last)
    within = _by_second((area, parent) for area, parent in last.items() if parent is not None)
    ways, front = set(found), list(found)
    while front:
        current = front.pop()
        ended = within.get(current, set())
        front += (ended | before.get(current, set())) - ways
        ways |= before.get(current, set()) | ended
        found |= ended
    return found


def _last_parents(on: date) -> dict[int, int | None]:
    """The areas that have ended by a day, and what each last lay in."""
    last: dict[int, tuple[date, int | None]] = {}
    going_on: set[int] = set()
    for area, parent, end in AreaVersion.objects.values_list("area_id", "parent_id", "valid_to"):
        if end is None or end > on:
            going_on.add(area)
        elif area not in last or last[area][0] < end:
            last[area] = (end, parent)
    return {area: parent for area, (_, parent) in last.items() if area not in going_on}


def _by_second(pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    found: defaultdict[int, set[int]] = defaultdict(set)
    for first, second in pairs:
        found[second].add(first)
    return found


def _with_beneath(areas: set[int], children: Mapping[int, set[int]]) -> set[int]:
    found, front = set(areas), list(areas)
    while front:
        beneath = children.get(front.pop(), set()) - found
        found |= beneath
        front += beneath
    return found
