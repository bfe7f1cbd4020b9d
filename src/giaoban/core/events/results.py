"""What would be wrong with a tree once the event has happened, whatever the order of its steps."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date

from giaoban.core.events.applying import Drafts
from giaoban.core.events.drafting import Draft
from giaoban.core.events.faults import listed
from giaoban.core.spans import Span, overlaps_in
from giaoban.core.timeline import TERRITORY, State
from giaoban.core.vietnamese import day


def check_results(drafts: Drafts) -> None:
    """Add to the drafts' faults what is wrong with their final states."""
    for draft in drafts.values():
        _check_record(draft)
        _check_new(draft)
        _check_asked(draft)
        added = _added_parents(draft)
        _check_parents(draft, added)
        _check_cycles(draft, added)
        _check_codes(draft)
        _check_areas(draft, drafts.get("area"))


def _check_record(draft: Draft) -> None:
    """What is touched had no two states on one day to begin with."""
    for key in draft.after:
        own = draft.timeline.states.get(key, ())
        if len(own) > 1 and (pairs := overlaps_in([state.span for state in own])):
            both = own[pairs[0][0]].span.intersect(own[pairs[0][1]].span)
            first = draft.on if both is None or both.start is None else both.start
            draft.fault("overlap", key, name=draft.name(key), day=day(first))


def _check_new(draft: Draft) -> None:
    """New things have a name and one parent a line; kinds are known where the kinds are listed."""
    for key, thing in draft.created.items():
        if not thing.name:
            draft.fault("no-name", key, key=key)
        lines = [line for line, _ in thing.parents]
        for line in dict.fromkeys(lines):
            if lines.count(line) > 1:
                draft.fault("two-parents", key, name=draft.name(key), line=line)
            if draft.tree == "area" and line != TERRITORY:
                draft.fault("wrong-line", key, name=draft.name(key), line=line)
    for key in draft.after:
        state = draft.now(key)
        if state is not None and draft.timeline.classes and state.kind not in draft.timeline.classes:
            draft.fault("unknown-kind", key, name=draft.name(key), kind=state.kind)


def _check_asked(draft: Draft) -> None:
    """A parent that a step names itself does not end in the same event; the rest `_check_parents` finds."""
    beneath: defaultdict[str, list[str]] = defaultdict(list)
    for key, _, parent in draft.asked:
        if parent in draft.ended:
            beneath[parent].append(key)
    for parent, children in beneath.items():
        names = listed(draft.names(children), draft.tree)
        draft.fault("parent-missing", parent, parent=draft.name(parent), on=day(draft.on), names=names)


def _added_parents(draft: Draft) -> list[tuple[str, State, str, str]]:
    """(child, its state, line, parent) for each parent that the event gives."""
    added: list[tuple[str, State, str, str]] = []
    for key, states in draft.after.items():
        for state in states:
            before = draft.timeline.state_on(key, state.span.start or draft.on)
            known = () if before is None else before.parents
            added.extend((key, state, line, parent) for line, parent in state.parents if (line, parent) not in known)
    return added


def _check_parents(draft: Draft, added: list[tuple[str, State, str, str]]) -> None:
    """Every parent is there as long as its child, from the day it is given to the last day of that state."""
    wrong: defaultdict[tuple[str, str, date], dict[str, None]] = defaultdict(dict)
    for key, state, _, parent in added:
        first = state.span.start or draft.on
        states = draft.final(parent)
        if not states:
            wrong["unknown-parent", parent, first][key] = None
            continue
        reach = _reach(states, first)
        if reach == first:
            if parent not in draft.ended:
                wrong["parent-missing", parent, first][key] = None
        elif draft.tree == "area" and not _wider(draft, parent, state):
            wrong["parent-level", parent, first][key] = None
        elif reach is not None and (state.span.end is None or reach < state.span.end):
            wrong["outlives-parent", parent, reach][key] = None
    for (code, parent, on), children in wrong.items():
        names = listed(draft.names(list(children)), draft.tree)
        at = next(iter(children)) if code == "unknown-parent" else parent
        draft.fault(code, at, key=parent, parent=draft.name(parent), on=day(on), end=day(on), names=names)


def _wider(draft: Draft, parent: str, state: State) -> bool:
    """Whether an area is of a wider level than one beneath it; classes that are no levels are not compared."""
    above = next(one for one in draft.final(parent) if one.span.contains(state.span.start or draft.on))
    levels = draft.timeline.class_of(above.kind), draft.timeline.class_of(state.kind)
    return not all(level.isdecimal() for level in levels) or int(levels[0]) < int(levels[1])


def _reach(states: Sequence[State], first: date) -> date | None:
    """The day up to which the states run on without a gap from the day `first`, itself when none covers it."""
    reach = first
    for state in states:
        if state.span.contains(reach):
            if state.span.end is None:
                return None
            reach = state.span.end
    return reach


def _check_cycles(draft: Draft, added: list[tuple[str, State, str, str]]) -> None:
    """No thing is above itself on any line on any day. A new circle has a new parent in it: begin there."""
    told: set[frozenset[str]] = set()
    for key, state, line, parent in added:
        if not _may_reach(draft, parent, key, line):
            continue
        for path, on in _circles(draft, key, state.span, line, parent):
            if frozenset(path) not in told:
                told.add(frozenset(path))
                shown = " → ".join(draft.names([*path, path[0]]))
                draft.fault("cycle", key, line=line, day=day(on), path=shown)


def _may_reach(draft: Draft, start: str, goal: str, line: str) -> bool:
    """Whether some way up from `start` leads to `goal` when the days are left out of account."""
    seen, todo = {start}, [start]
    while todo:
        current = todo.pop()
        if current == goal:
            return True
        for state in draft.states_from(current):
            above = state.parent(line)
            if above and above not in seen:
                seen.add(above)
                todo.append(above)
    return False


def _circles(draft: Draft, key: str, span: Span, line: str, parent: str) -> Iterator[tuple[tuple[str, ...], date]]:
    """Ways from the thing up to itself within the span, each with its first day."""
    todo: list[tuple[str, Span, tuple[str, ...]]] = [(parent, span, (key,))]
    while todo:
        current, within, path = todo.pop()
        if current == key:
            yield path, within.start or draft.on
            continue
        if current in path:
            continue
        for state in draft.final(current):
            both = state.span.intersect(within)
            if both is not None and (above := state.parent(line)):
                todo.append((above, both, (*path, current)))


def _check_codes(draft: Draft) -> None:
    """A code means one thing on one day: within a class of areas, and among all units."""
    wanted = {state.code for states in draft.after.values() for state in states if state.code}
    if not wanted:
        return
    users: defaultdict[tuple[str, str], list[tuple[str, Span]]] = defaultdict(list)
    for key in {**draft.timeline.states, **draft.after}:
        for state in draft.final(key):
            if state.code in wanted:
                group = draft.timeline.class_of(state.kind) if draft.tree == "area" else ""
                users[group, state.code].append((key, state.span))
    for (_, code), uses in users.items():
        for one, other in overlaps_in([span for _, span in uses]) if len(uses) > 1 else ():
            keys = uses[one][0], uses[other][0]
            both = uses[one][1].intersect(uses[other][1])
            if keys[0] == keys[1] or both is None or not any(key in draft.after for key in keys):
                continue
            first = max(both.start or draft.on, draft.on)
            names = " và ".join(draft.names(keys))
            draft.fault("code-twice", keys[1], code=code, names=names, day=day(first))


def _check_areas(draft: Draft, areas: Draft | None) -> None:
    """The areas that the event names for units are there on the day."""
    if draft.tree != "unit" or areas is None:
        return
    for key in draft.after:
        state = draft.now(key)
        if state is None:
            continue
        before = draft.timeline.state_on(key, draft.on)
        known = set() if before is None or draft.was_set(key, "serves") else {before.area, *before.serves}
        for area in dict.fromkeys((state.area, *state.serves)):
            if area and area not in known and areas.now(area) is None:
                draft.fault("unknown-area", key, name=draft.name(key), area=areas.name(area), on=day(draft.on))
