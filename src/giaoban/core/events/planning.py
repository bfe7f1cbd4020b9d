"""What an event does to the timelines, worked out before anything is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from giaoban.core.events.applying import Drafts, take_steps
from giaoban.core.events.drafting import Draft
from giaoban.core.events.faults import NOUN, Faults, listed
from giaoban.core.events.following import Following
from giaoban.core.events.results import check_results
from giaoban.core.events.steps import Event
from giaoban.core.succession import Link
from giaoban.core.timeline import Fault, State, Timeline, Tree
from giaoban.core.vietnamese import day, number

Place = tuple[Tree, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would be written.

    states: the whole new list of states of each touched thing, in time order. links: with their kind (merge, absorb,
    split, transfer). moved: things that live on under another parent; changed: under another name, kind or code, or for
    other areas. notes: Vietnamese sentences. With faults nothing is planned: all else is empty.
    """

    states: Mapping[Place, tuple[State, ...]] = field(default_factory=dict)
    links: tuple[tuple[Tree, Link[str], str], ...] = ()
    ended: tuple[Place, ...] = ()
    created: tuple[Place, ...] = ()
    moved: tuple[Place, ...] = ()
    changed: tuple[Place, ...] = ()
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def plan(timelines: Mapping[Tree, Timeline], event: Event) -> Plan:
    """Work out the event on the timelines, which stay as they are. Faults are looked for in the final result, so the
    order of steps does not matter. KeyError when a step's tree is not among the timelines."""
    faults = Faults()
    if not event.steps:
        faults.add("empty", "event", "unit")
        return Plan(faults=faults.all())
    drafts = {tree: Draft(timeline, event.on, faults) for tree, timeline in timelines.items()}
    take_steps(drafts, event, faults)
    following = [Following(draft) for draft in drafts.values()]
    for one in following:
        one.take()
    check_results(drafts)
    if faults:
        return Plan(faults=faults.all())
    planned = _planned(drafts)
    if not planned.states and not planned.links:
        faults.add("no-change", "event", "unit")
        return Plan(faults=faults.all())
    notes = [note for one in following for note in one.notes()] + _notes(drafts)
    return Plan(
        states=planned.states,
        links=planned.links,
        ended=planned.ended,
        created=planned.created,
        moved=planned.moved,
        changed=planned.changed,
        notes=tuple(notes),
    )


def apply(timelines: Mapping[Tree, Timeline], planned: Plan) -> dict[Tree, Timeline]:
    """The timelines once the plan is carried out. Links that pass duties only are not kept: no figures follow them.

    ValueError for a plan with faults.
    """
    if planned.faults:
        raise ValueError("a plan with faults cannot be applied: " + planned.faults[0].sentence)
    result: dict[Tree, Timeline] = {}
    for tree, timeline in timelines.items():
        touched = {key: states for (its_tree, key), states in planned.states.items() if its_tree == tree}
        links = [link for its_tree, link, kind in planned.links if its_tree == tree and kind != "transfer"]
        result[tree] = Timeline(tree, {**timeline.states, **touched}, (*timeline.links, *links), timeline.classes)
    return result


def _planned(drafts: Drafts) -> Plan:
    """The final states of all drafts, without notes."""
    states: dict[Place, tuple[State, ...]] = {}
    moved, changed = list[Place](), list[Place]()
    for tree, draft in drafts.items():
        for key in draft.after:
            final = tuple(draft.final(key))
            if final == draft.timeline.states.get(key):
                continue
            states[tree, key] = final
            was, now = draft.timeline.state_on(key, draft.on), draft.now(key)
            if was is None or now is None:
                continue
            if was.parents != now.parents:
                moved.append((tree, key))
            if _called(was) != _called(now):
                changed.append((tree, key))
    return Plan(
        states=states,
        links=tuple((tree, link, kind) for tree, draft in drafts.items() for link, kind in draft.links.values()),
        ended=tuple((tree, key) for tree, draft in drafts.items() for key in draft.ended),
        created=tuple((tree, key) for tree, draft in drafts.items() for key in draft.created),
        moved=tuple(moved),
        changed=tuple(changed),
    )


def _called(state: State) -> tuple[object, ...]:
    return state.kind, state.name, state.short_name, state.code, state.area, state.serves


def _notes(drafts: Drafts) -> list[str]:
    """What else people should know before they confirm."""
    notes = []
    for tree, draft in drafts.items():
        broken = dict.fromkeys(
            link.old for link, kind in draft.links.values() if kind == "split" and link.share is None
        )
        if broken:
            names = listed(draft.names(list(broken)), tree)
            notes.append(f"Chuỗi số liệu của {names} bị ngắt: chia không có tỷ lệ.")
        for key, later in draft.later.items():
            if key not in draft.ended:
                notes.append(
                    f"{draft.name(key)} còn thay đổi đã ghi từ ngày {day(later)}: "
                    f"lần sửa này chỉ có hiệu lực đến hết ngày trước đó."
                )
        notes.extend(_levels_changed(tree, draft))
    if "area" in drafts and "unit" in drafts:
        notes.extend(_left_without_area(drafts["area"], drafts["unit"]))
    return notes


def _levels_changed(tree: Tree, draft: Draft) -> list[str]:
    """Things that became one of another class."""
    found = []
    for key in draft.after:
        was, now = draft.timeline.state_on(key, draft.on), draft.now(key)
        if was is not None and now is not None and was.kind != now.kind:
            classes = draft.timeline.class_of(was.kind), draft.timeline.class_of(now.kind)
            if classes[0] != classes[1]:
                found.append(draft.name(key))
    return [f"{listed(found, tree)} chuyển sang cấp khác hoặc loại khác."] if found else []


def _left_without_area(areas: Draft, units: Draft) -> list[str]:
    """Units that live on while an area of theirs ends."""
    if not areas.ended:
        return []
    seated, serving = list[str](), list[str]()
    for key in {**units.timeline.states, **units.after}:
        state = units.now(key)
        if state is not None and state.area in areas.ended:
            seated.append(units.name(key))
        if state is not None and any(area in areas.ended for area in state.serves):
            serving.append(units.name(key))
    noun = NOUN["unit"]
    return [
        f"{number(len(names))} {noun} {said}: {listed(names, 'unit')}."
        for names, said in (
            (seated, "còn gắn với địa bàn kết thúc trong biến động này"),
            (serving, "còn phục vụ địa bàn kết thúc trong biến động này"),
        )
        if names
    ]
