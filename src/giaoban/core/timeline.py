"""A tree of identities with dated states: what each area or unit was called and stood under, on every day."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final, Literal

from giaoban.core.spans import Span
from giaoban.core.succession import Link, Succession

Tree = Literal["area", "unit"]

TERRITORY: Final = "territory"
"""The one line on which areas have parents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a thing is during `span`.

    area: for a unit, the key of the area that it stands for or sits in. parents: (line, parent key), sorted, one a
    line; areas know only the line `TERRITORY`. serves: keys of the areas that a unit works for, sorted. known_on: the
    state is known for this day and its first day is not (span.start None).
    """

    span: Span
    kind: str
    name: str
    short_name: str = ""
    code: str = ""
    area: str = ""
    parents: tuple[tuple[str, str], ...] = ()
    serves: tuple[str, ...] = ()
    known_on: date | None = None
    source: str = ""
    note: str = ""

    def parent(self, line: str = TERRITORY) -> str:
        """The key of the parent on the line, "" without one."""
        return next((parent for its_line, parent in self.parents if its_line == line), "")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, for people. at: the key of the thing, or "step 3" (from 1) of an event, or "event"."""

    code: str
    at: str
    sentence: str


@dataclass(frozen=True)
class Timeline:
    """All things of one tree through time.

    states: by key, in time order, no two on one day. links: by which figures pass (no transfers of duties). classes:
    kind → class; things of different classes do not merge (areas: the level of the kind; units: the kind itself). A
    kind that is not in it is its own class.
    """

    tree: Tree
    states: Mapping[str, tuple[State, ...]]
    links: tuple[Link[str], ...] = ()
    classes: Mapping[str, str] = field(default_factory=dict)

    def state_on(self, key: str, on: date) -> State | None:
        """The state of the thing on the day, or None: no such thing, or not that day."""
        return next((state for state in self.states.get(key, ()) if state.span.contains(on)), None)

    def living(self, on: date) -> dict[str, State]:
        """Every thing that is there on the day, with its state."""
        return {key: state for key in self.states if (state := self.state_on(key, on)) is not None}

    def children(self, key: str, on: date) -> tuple[tuple[str, str], ...]:
        """(line, child) for each thing directly beneath on the day; one that is so on two lines comes twice."""
        found: list[tuple[str, str]] = []
        for child in self.children_ever.get(key, ()):
            if (state := self.state_on(child, on)) is not None:
                found.extend((line, child) for line, parent in state.parents if parent == key)
        return tuple(found)

    def ancestors(self, key: str, on: date, line: str = TERRITORY) -> tuple[str, ...]:
        """The keys above the thing on the line that day, nearest first."""
        found: list[str] = []
        state = self.state_on(key, on)
        while state is not None and (parent := state.parent(line)) and parent not in found:
            found.append(parent)
            state = self.state_on(parent, on)
        return tuple(found)

    def heirs(self, key: str) -> tuple[Link[str], ...]:
        """The links by which it passed to others, in time order."""
        return self._links_by_end[0].get(key, ())

    def origins(self, key: str) -> tuple[Link[str], ...]:
        """The links by which others passed to it, in time order."""
        return self._links_by_end[1].get(key, ())

    def class_of(self, kind: str) -> str:
        return self.classes.get(kind, kind)

    @cached_property
    def lives(self) -> dict[str, Span]:
        """Of every thing, from its first day to its last."""
        return {key: Span(own[0].span.start, own[-1].span.end) for key, own in self.states.items() if own}

    @cached_property
    def children_ever(self) -> dict[str, tuple[str, ...]]:
        """By parent: whatever stood directly beneath it on some line on some day."""
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for key, own in self.states.items():
            for state in own:
                for _, parent in state.parents:
                    found[parent][key] = None
        return {parent: tuple(children) for parent, children in found.items()}

    @cached_property
    def succession(self) -> Succession[str]:
        """The links and lives, for placing figures of one day in the geography of another."""
        return Succession(self.links, self.lives)

    @cached_property
    def _links_by_end(self) -> tuple[dict[str, tuple[Link[str], ...]], dict[str, tuple[Link[str], ...]]]:
        ends: tuple[defaultdict[str, list[Link[str]]], ...] = defaultdict(list), defaultdict(list)
        for link in sorted(self.links, key=lambda link: link.on):
            ends[0][link.old].append(link)
            ends[1][link.new].append(link)
        heirs, origins = ({key: tuple(links) for key, links in end.items()} for end in ends)
        return heirs, origins
