"""One tree while an event is worked out: the states of what it touches, from its day on."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import partial
from operator import attrgetter, methodcaller
from typing import Any, Final, Literal

from giaoban.core.events.faults import Faults
from giaoban.core.events.steps import Children, NewThing
from giaoban.core.spans import Span
from giaoban.core.succession import Link
from giaoban.core.timeline import State, Timeline
from giaoban.core.vietnamese import day

_ONE_DAY: Final = timedelta(days=1)
KEY: Final = re.compile(r"[a-z0-9][a-z0-9:._-]*")
"""A key stands in addresses of pages and in files."""
KEY_LENGTH: Final = 120


@dataclass(frozen=True, slots=True)
class Ending:
    """How a thing ends: what becomes of its children, where they follow to ("" = nowhere), or child → part."""

    step: int
    children: Children
    heir: str = ""
    mapped: Mapping[str, str] | None = None


class Draft:
    """What the event makes of one tree. The steps write into it in any order of theirs; nothing outside changes.

    after: by key, the states from the day on of what is touched; empty when it ends. split_on: child → part for each
    thing that gives parts away. later: where a change reaches only to the day of a later one. asked: (key, line,
    parent) as steps name them.
    """

    def __init__(self, timeline: Timeline, on: date, faults: Faults) -> None:
        self.timeline = timeline
        self.tree = timeline.tree
        self.on = on
        self.eve = on - _ONE_DAY
        self.faults = faults
        self.after: dict[str, list[State]] = {}
        self.created: dict[str, NewThing] = {}
        self.ended: dict[str, Ending] = {}
        self.split_on: dict[str, Mapping[str, str]] = {}
        self.links: dict[tuple[str, str], tuple[Link[str], str]] = {}
        self.later: dict[str, date] = {}
        self.asked: list[tuple[str, str, str]] = []
        self._set: set[tuple[str, str]] = set()
        self._changed: set[str] = set()

    # what is and what will be

    def name(self, key: str) -> str:
        """What people call the thing on the day, or last called it; the key when nobody knows it."""
        if key in self.created:
            return self.created[key].name or key
        states = self.timeline.states.get(key)
        if not states:
            return key
        return (self.timeline.state_on(key, self.eve) or self.timeline.state_on(key, self.on) or states[-1]).name

    def names(self, keys: Sequence[str]) -> list[str]:
        """Their names, with the keys where several different things are called the same."""
        names = {key: self.name(key) for key in keys}
        times = Counter(names.values())
        return [names[key] if times[names[key]] == 1 else f"{names[key]} ({key})" for key in keys]

    def now(self, key: str) -> State | None:
        """The state on the day of the event, once it has happened."""
        if key in self.after:
            states = self.after[key]
            return states[0] if states and states[0].span.contains(self.on) else None
        return self.timeline.state_on(key, self.on)

    def final(self, key: str) -> Sequence[State]:
        """All states once the event has happened, in time order; those that it leaves as they were are the same."""
        own = self.timeline.states.get(key, ())
        if key not in self.after:
            return own
        after = self.after[key]
        kept = [state for state in own if state.span.start is None or state.span.start < self.on]
        if kept and kept[-1].span.contains(self.on):
            cover = kept.pop()
            if after and _same(after[0], cover):
                return [*kept, cover, *after[1:]]
            kept.append(replace(cover, span=Span(cover.span.start, self.on)))
        return [*kept, *after]

    def open(self, key: str) -> list[State]:
        """The states from the day on, for changing in place; the first is cut at the day."""
        if key not in self.after:
            own = self.timeline.states.get(key, ())
            self.after[key] = [self._cut(state) for state in own if state.span.end is None or state.span.end > self.on]
        return self.after[key]

    def _cut(self, state: State) -> State:
        """The part of the state from the day on."""
        if state.span.start is not None and state.span.start >= self.on:
            return state
        return replace(state, span=Span(self.on, state.span.end), known_on=None)

    def states_from(self, key: str) -> Sequence[State]:
        """Like `open`, for reading only: nothing is cut."""
        if key in self.after:
            return self.after[key]
        own = self.timeline.states.get(key, ())
        return [state for state in own if state.span.end is None or state.span.end > self.on]

    # what the steps do

    def fault(self, code: str, at: str, /, **words: Any) -> None:
        self.faults.add(code, at, self.tree, **words)

    def create(self, thing: NewThing, at: str) -> None:
        if not thing.key:
            self.fault("no-key", at, name=thing.name)
            return
        if len(thing.key) > KEY_LENGTH or not KEY.fullmatch(thing.key):
            self.fault("bad-key", at, key=thing.key[:KEY_LENGTH], limit=KEY_LENGTH)
            return
        if thing.key in self.timeline.states:
            self.fault("key-used", thing.key, key=thing.key, name=self.name(thing.key))
            return
        if thing.key in self.created:
            if self.created[thing.key] != thing:
                self.fault("defined-twice", thing.key, name=self.name(thing.key))
            return
        self.created[thing.key] = thing
        self.asked.extend((thing.key, line, parent) for line, parent in thing.parents)
        self.after[thing.key] = [
            State(
                span=Span(self.on, None),
                kind=thing.kind,
                name=thing.name,
                short_name=thing.short_name,
                code=thing.code,
                area=thing.area,
                parents=tuple(sorted(thing.parents)),
                serves=tuple(sorted(set(thing.serves))),
                source=thing.source,
                note=thing.note,
            )
        ]

    def end(self, key: str, ending: Ending) -> bool:
        """The thing ends on the day, if it may. A second ending is a fault."""
        if key in self.ended:
            self.fault("ended-twice", key, name=self.name(key))
            return False
        if key in self._changed:
            self.fault("ended-and-changed", key, name=self.name(key), on=day(self.on))
            return False
        if not self.may_end(key):
            return False
        self.ended[key] = ending
        self.after[key] = []
        return True

    def may_end(self, key: str, *, ends: bool = True) -> bool:
        """Whether it stood on the eve and nothing is on record that an ending would contradict.

        ends False: it only gives up a part, so what is recorded for later days may stay.
        """
        if key in self.created:
            self.fault("created-and-ended", key, name=self.name(key))
            return False
        if not self.known(key):
            return False
        name, on = self.name(key), day(self.on)
        eve, now = self.timeline.state_on(key, self.eve), self.timeline.state_on(key, self.on)
        if eve is None or now is None:
            self._not_there(key)
            return False
        if eve.known_on is not None and eve.known_on >= self.on:
            self.fault("before-known", key, name=name, known=day(eve.known_on))
            return False
        if later := self._recorded_later(key, now, ends=ends):
            self.fault("changed-later", key, name=name, later=day(min(later)), on=on)
            return False
        return True

    def _recorded_later(self, key: str, now: State, *, ends: bool) -> list[date]:
        """The days, not before the event, on which something is recorded that its ending would contradict."""
        if not ends:
            return [link.on for link in self.timeline.heirs(key) if link.on == self.on]
        starts = [state.span.start for state in self.timeline.states[key]]
        days = [start for start in starts if start is not None and start >= self.on]
        days += [link.on for link in (*self.timeline.heirs(key), *self.timeline.origins(key)) if link.on >= self.on]
        return days if now.span.end is None else [*days, now.span.end]

    def known(self, key: str) -> bool:
        if key in self.timeline.states or key in self.created:
            return True
        self.fault("unknown-key", key, key=key)
        return False

    def _not_there(self, key: str) -> None:
        """The fault of a known thing that is not there on the day or its eve."""
        life, name, on = self.timeline.lives[key], self.name(key), day(self.on)
        if life.start is not None and life.start >= self.on:
            self.fault("not-yet", key, name=name, on=on, start=day(life.start))
        elif life.end is not None and life.end <= self.on:
            self.fault("already-ended", key, name=name, end=day(life.end), on=on)
        else:
            self.fault("not-living", key, name=name, on=on, life=_life_words(life))

    def receives(self, key: str) -> bool:
        """Whether a thing that is to receive from others is there once the event has happened."""
        if not self.known(key):
            return False
        if self.now(key) is not None:
            return True
        if key in self.ended:
            self.fault("receiver-ended", key, name=self.name(key), on=day(self.on))
        else:
            life = self.timeline.lives[key]
            self.fault("not-living", key, name=self.name(key), on=day(self.on), life=_life_words(life))
        return False

    def change(
        self, key: str, what: Mapping[str, str], parent: tuple[str, str] | None = None, /, **values: Any
    ) -> None:
        """Set attributes from the day on, and on through later states until one that says something else of them.

        what: attribute → its word for people. parent: (line, key above). Name, kind and code no longer rest on the
        source of the state that covers the day, so its source and note are emptied with them.
        """
        if not self._may_change(key):
            return
        for attribute, word in what.items():
            if (key, attribute) in self._set:
                self.fault("set-twice", key, name=self.name(key), what=word)
            self._set.add((key, attribute))
        self._changed.add(key)
        states = self.open(key)
        for attribute, value in values.items():
            self._carry(key, attrgetter(attribute), partial(_with, attribute, value))
        if parent is not None:
            line, above = parent
            self._carry(key, methodcaller("parent", line), partial(_beneath, line, above))
        if {"name", "kind", "code"} & values.keys() and key not in self.created:
            states[0] = replace(states[0], source="", note="")

    def _may_change(self, key: str) -> bool:
        """Whether it lives on from the day, in a state that is known to cover it."""
        if not self.known(key):
            return False
        cover = self.timeline.state_on(key, self.on)
        if key in self.ended:
            self.fault("ended-and-changed", key, name=self.name(key), on=day(self.on))
        elif cover is None and key not in self.created:
            life = self.timeline.lives[key]
            self.fault("not-living", key, name=self.name(key), on=day(self.on), life=_life_words(life))
        elif cover is not None and cover.known_on is not None and cover.known_on >= self.on:
            self.fault("before-known", key, name=self.name(key), known=day(cover.known_on))
        else:
            return True
        return False

    def _carry(self, key: str, said: Callable[[State], Any], changed: Callable[[State], State]) -> None:
        """Change the first state, and those that follow without a gap as long as they say the same as it did."""
        states = self.after[key]
        old, reach = said(states[0]), states[0].span.start
        for place, state in enumerate(states):
            if state.span.start is not None and (state.span.start != reach or said(state) != old):
                self.later[key] = min(state.span.start, self.later.get(key, state.span.start))
                return
            states[place], reach = changed(state), state.span.end

    def was_set(self, key: str, attribute: str) -> bool:
        """Whether a step of the event sets this attribute of the thing."""
        return (key, attribute) in self._set

    def link(self, link: Link[str], kind: Literal["merge", "absorb", "split", "transfer"]) -> None:
        """One link a pair; where figures pass too, that duties pass goes without saying."""
        if any(link.new == old.new and link.on == old.on for old in self.timeline.heirs(link.old)):
            new = self.name(link.new)
            self.fault("link-twice", link.old, name=self.name(link.old), new=new, on=day(link.on))
        pair = link.old, link.new
        if pair not in self.links or self.links[pair][1] == "transfer":
            self.links[pair] = link, kind


def with_parent(state: State, line: str, parent: str) -> State:
    """The state with another parent on the line, or with none ("")."""
    others = [pair for pair in state.parents if pair[0] != line]
    return replace(state, parents=tuple(sorted([*others, (line, parent)] if parent else others)))


def _with(attribute: str, value: Any, state: State) -> State:
    return replace(state, **{attribute: value})


def _beneath(line: str, parent: str, state: State) -> State:
    return with_parent(state, line, parent)


def _same(one: State, other: State) -> bool:
    """Whether two states say the same of the thing."""
    return _said(one) == _said(other)


def _said(state: State) -> tuple[object, ...]:
    return state.kind, state.name, state.short_name, state.code, state.area, state.parents, state.serves


def _life_words(life: Span) -> str:
    start = "" if life.start is None else f" từ {day(life.start)}"
    end = "" if life.end is None else f" đến trước ngày {day(life.end)}"
    return f"tồn tại{start}{end}" if start or end else "có khoảng trống trong dữ liệu"
