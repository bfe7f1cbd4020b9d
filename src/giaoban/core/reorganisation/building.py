"""The one event that a table becomes once nothing in it is left to decide."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Final

from giaoban.core.events import (
    Abolish,
    AbolishLevel,
    ChangeKind,
    Create,
    Event,
    Merge,
    Move,
    NewThing,
    Part,
    Recode,
    Rename,
    Split,
    Step,
    Transfer,
)
from giaoban.core.events.steps import REORGANISE
from giaoban.core.reorganisation.examining import Examination
from giaoban.core.reorganisation.facts import Target
from giaoban.core.timeline import TERRITORY
from giaoban.core.vietnamese import capital_first, fold

DUTIES: Final = "Nhiệm vụ của nơi chấm dứt"
"""Said of a transfer whose row has no note."""


def event_of(examined: Examination, *, source: str = "") -> Event:
    """The event of the table. source: written with every new thing. ValueError while something is left to decide."""
    if examined.to_decide:
        raise ValueError(f"{len(examined.to_decide)} slips of the table are undecided")
    builder = _Builder(examined, source)
    return Event(on=examined.facts.register.on, steps=tuple(builder.steps()), kind=REORGANISE)


class _Builder:
    def __init__(self, examined: Examination, source: str) -> None:
        self.facts, self.parents, self.source = examined.facts, examined.parents, source
        self.register = self.facts.register
        self.tree = self.register.timeline.tree
        self.keys: dict[str, str] = {}
        self.told = {code for code, target in self.facts.targets.items() if target.key}
        taken = set(self.register.timeline.states)
        for code, target in self.facts.targets.items():
            self.keys[code] = target.key or self._new_key(target, taken)
            taken.add(self.keys[code])

    def _new_key(self, target: Target, taken: set[str]) -> str:
        """ "xa:27694"; with the year when an earlier thing has it."""
        plain = f"{target.kind}:{fold(target.code).replace(' ', '-')}"
        year = self.register.on.year
        candidates = [plain, f"{plain}-{year}", *(f"{plain}-{year}-{count}" for count in range(2, 100))]
        return next(key for key in candidates if key not in taken)

    def steps(self) -> Iterator[Step]:
        yield from self._merges()
        yield from self._splits()
        if things := tuple(self._thing(code) for code in self.facts.targets if code not in self.told):
            yield Create(self.tree, things)
        for target in self.facts.targets.values():
            if target.key:
                yield from self._changes(target)
        yield from self._endings()
        yield from self._transfers()

    def _into(self, code: str) -> str | NewThing:
        """What receives: described where it is first named, by its key from then on."""
        return self.keys[code] if code in self.told else self._thing(code)

    def _thing(self, code: str) -> NewThing:
        self.told.add(code)
        target = self.facts.targets[code]
        parent = self._parent(target)
        return NewThing(
            key=self.keys[target.code],
            kind=target.kind,
            name=self._name(target),
            code=target.code,
            parents=((TERRITORY, parent),) if parent else (),
            source=self.source,
            note="; ".join(dict.fromkeys(one.row.note for one in target.passes if one.row.note)),
        )

    def _name(self, target: Target) -> str:
        """The name with the word of its kind, as the register writes names ("Phường Long An")."""
        kind = self.register.kinds.get(target.kind, "")
        if self.register.kind_in(target.name) or not kind:
            return target.name
        return f"{capital_first(kind)} {target.name}"

    def _parent(self, target: Target) -> str:
        found = self.parents.of(target) or ""
        return self.keys[found[5:]] if found.startswith("code:") else found

    def _merges(self) -> Iterator[Merge]:
        for code, target in self.facts.targets.items():
            into = self.keys[code]
            olds = tuple(one.old for one in target.passes if one.part.kind == "whole" and one.old != into)
            if olds:
                yield Merge(self.tree, olds, self._into(code))

    def _splits(self) -> Iterator[Split]:
        for old, own in self.facts.by_old.items():
            parts = tuple(Part(self._into(one.row.new_code), one.part.share) for one in own if one.part.kind == "part")
            if parts:
                yield Split(self.tree, old, parts)

    def _changes(self, target: Target) -> Iterator[Step]:
        """What a thing that lives on is called, coded and placed, where that differs from what it was."""
        state = self.register.living.get(target.key)
        if state is None:
            return
        name = self._name(target) if target.name else state.name
        if self.register.same_name(name, target.key) and target.kind in ("", state.kind):
            name = state.name
        if target.kind and target.kind != state.kind:
            yield ChangeKind(self.tree, target.key, target.kind, name if name != state.name else "")
        elif name != state.name:
            yield Rename(self.tree, target.key, name)
        if target.renumbered:
            yield Recode(self.tree, target.key, target.code)
        if target.parent and self._parent(target) != state.parent():
            yield Move(self.tree, target.key, TERRITORY, self._parent(target))

    def _endings(self) -> Iterator[Step]:
        """Levels that end whole, as levels; the others by name. What stands beneath goes up."""
        register, facts = self.register, self.facts
        ended: dict[str, list[str]] = defaultdict(list)
        for old, own in facts.by_old.items():
            if old in facts.ending and not any(one.carries for one in own):
                ended[register.living[old].kind].append(old)
        alive = {facts.kind_after(key) for key in register.living if key not in facts.ending}
        gone = [kind for kind in ended if kind not in alive]
        by_class = Counter(register.timeline.class_of(kind) for kind in gone for _ in ended[kind])
        kinds = tuple(kind for kind in gone if by_class[register.timeline.class_of(kind)] > 1)
        if kinds:
            yield AbolishLevel(self.tree, kinds, "up")
        if keys := tuple(key for kind, held in ended.items() if kind not in kinds for key in held):
            yield Abolish(self.tree, keys, "up")

    def _transfers(self) -> Iterator[Transfer]:
        for old, own in self.facts.by_old.items():
            duties = [one for one in own if one.part.kind == "duties"]
            if duties:
                words = next((one.row.note for one in duties if one.row.note), DUTIES)
                yield Transfer(self.tree, old, tuple(self.keys[one.row.new_code] for one in duties), words)
