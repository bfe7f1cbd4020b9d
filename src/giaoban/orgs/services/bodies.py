"""The bodies that stand for areas undergo what their areas do: a commune's committee merges, moves and is renamed with
the commune. What the event says of a body itself comes first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

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
    Rename,
    Split,
    Step,
)
from giaoban.core.timeline import State, Timeline, Tree
from giaoban.orgs.models import UnitKind
from giaoban.orgs.rules import name_following


def with_bodies(event: Event, timelines: Mapping[Tree, Timeline]) -> tuple[Event, tuple[str, ...]]:
    """The event with the steps of the bodies, and what people should know of these, as Vietnamese sentences."""
    if all(step.tree == "unit" for step in event.steps):
        return event, ()
    kinds = frozenset(UnitKind.objects.filter(represents_area=True).values_list("key", flat=True))
    work = _Bodies(event, timelines, kinds)
    added = [body for step in event.steps if step.tree == "area" for body in work.follow(step)]
    if not added:
        return event, tuple(work.notes)
    return Event(event.on, (*event.steps, *added), event.kind), tuple(work.notes)


def _subjects(step: Step) -> Iterable[str]:
    """The units that a step changes or ends, not those that it only refers to."""
    for name in ("key", "old", "into"):
        if isinstance(value := getattr(step, name, ""), str):
            yield value
    for name in ("keys", "olds"):
        yield from getattr(step, name, ())


@dataclass
class _Bodies:
    """Who stands for which area on the eve of the event, and what is said of them already."""

    event: Event
    timelines: Mapping[Tree, Timeline]
    kinds: frozenset[str]
    notes: list[str] = field(default_factory=list)
    made: dict[tuple[str, str], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.eve = self.event.on - timedelta(days=1)
        self.areas, self.units = self.timelines["area"], self.timelines["unit"]
        own = [step for step in self.event.steps if step.tree == "unit"]
        levels = {kind for step in own if isinstance(step, AbolishLevel) for kind in step.kinds}
        self.said = {key for step in own for key in _subjects(step)}
        self.of_area: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for key in self.units.states:
            state = self.units.state_on(key, self.eve)
            if state is None or not state.area or state.kind not in self.kinds:
                continue
            self.of_area[state.area].setdefault(state.kind, key)
            if state.kind in levels:
                self.said.add(key)
        self.ending = {key for key in self.units.states if (state := self._unit(key)) and state.kind in levels}
        self.ending |= {key for step in own if isinstance(step, Abolish) for key in step.keys}
        self.ending |= {body for area in self._abolished() for body in self.of_area.get(area, {}).values()}
        for step in own:
            self._note_made(step)

    def _note_made(self, step: Step) -> None:
        """Bodies that the event makes itself count as those of their areas."""
        things = [*step.things] if isinstance(step, Create) else []
        things += [step.into] if isinstance(step, Merge) and isinstance(step.into, NewThing) else []
        for thing in things:
            self.made[thing.area, thing.kind] = thing.key

    def follow(self, step: Step) -> Iterable[Step]:
        """The steps of the bodies for one step of areas."""
        match step:
            case Rename():
                yield from self._rename(step.key, step.name)
            case ChangeKind() if step.name:
                yield from self._rename(step.key, step.name)
            case Move():
                yield from self._move(step)
            case Merge():
                yield from self._merge(step)
            case Split():
                yield from self._split(step)
            case Abolish():
                yield from self._abolish(step.keys, step)
            case AbolishLevel():
                yield from self._abolish(self._level(step), step)
            case _:
                return

    def _followers(self, area: str) -> Mapping[str, str]:
        """By kind, the bodies of an area of which the event says nothing itself."""
        return {kind: body for kind, body in self.of_area.get(area, {}).items() if body not in self.said}

    def _area(self, key: str) -> State | None:
        return self.areas.state_on(key, self.eve)

    def _unit(self, key: str) -> State | None:
        return self.units.state_on(key, self.eve)

    def _level(self, step: AbolishLevel) -> list[str]:
        """The areas that the step ends."""
        elsewhere = self._ended_elsewhere()
        living = (key for key in self.areas.states if (state := self._area(key)) and state.kind in step.kinds)
        return [key for key in living if key not in elsewhere]

    def _abolished(self) -> Iterable[str]:
        """Areas that end without a successor."""
        for step in self.event.steps:
            if step.tree == "area" and isinstance(step, Abolish):
                yield from step.keys
            if step.tree == "area" and isinstance(step, AbolishLevel):
                yield from self._level(step)

    def _ended_elsewhere(self) -> set[str]:
        """Areas that a merger or a split of the same event ends."""
        found: set[str] = set()
        for step in self.event.steps:
            if step.tree == "area" and isinstance(step, Merge):
                found.update(step.olds)
            if step.tree == "area" and isinstance(step, Split):
                found.add(step.old)
        return found

    def _called(self, body: str, old_area: str, new_name: str) -> tuple[str, str]:
        """Name and short name of a body once its area is called so; its own names where they do not hold the area's."""
        state, area = self._unit(body), self._area(old_area)
        if state is None or area is None:
            return "", ""
        name = name_following(state.name, area.name, new_name)
        if name is None:
            self.notes.append(f"{state.name} không mang tên {area.name} nên giữ nguyên tên; đổi riêng nếu cần.")
        short = name_following(state.short_name, area.name, new_name) if state.short_name else ""
        return name or state.name, state.short_name if short is None else short

    def _rename(self, area: str, new_name: str) -> Iterable[Step]:
        for body in self._followers(area).values():
            name, short_name = self._called(body, area, new_name)
            state = self._unit(body)
            if state is not None and (name, short_name) != (state.name, state.short_name):
                yield Rename("unit", body, name, short_name)

    def _move(self, step: Move) -> Iterable[Step]:
        """A body that stood under the body of the old parent area stands under that of the new one."""
        area = self._area(step.key)
        if area is None:
            return
        above = set(self.of_area.get(area.parent(), {}).values())
        for body in self._followers(step.key).values():
            state = self._unit(body)
            for line, parent in state.parents if state is not None else ():
                if parent not in above:
                    continue
                new = self._body_over(step.parent, self._kind(parent))
                if new:
                    yield Move("unit", body, line, new)
                else:
                    self.notes.append(f"{self._name(body)} giữ cấp trên cũ vì địa bàn mới chưa có đơn vị tương ứng.")

    def _merge(self, step: Merge) -> Iterable[Step]:
        into = step.into.key if isinstance(step.into, NewThing) else step.into
        by_kind: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
        for area in dict.fromkeys(step.olds):
            for kind, body in self._followers(area).items():
                by_kind[kind].append((area, body))
        for kind, found in by_kind.items():
            olds = tuple(body for _, body in found)
            heir = self._heir(step.into, kind, *found[0])
            if olds != (heir,):
                yield Merge("unit", olds, heir, step.children)
        if not by_kind and into:
            self.notes.append(f"Chưa có đơn vị nào đứng cho các địa bàn nhập vào {self._area_name(step.into)}.")

    def _split(self, step: Split) -> Iterable[Step]:
        for kind, body in self._followers(step.old).items():
            parts = tuple(Part(self._heir(part.into, kind, step.old, body), part.share) for part in step.parts)
            keys = [part.into.key if isinstance(part.into, NewThing) else part.into for part in parts]
            places = {part.into.key if isinstance(part.into, NewThing) else part.into: key
                      for part, key in zip(step.parts, keys, strict=True)}  # fmt: skip
            yield Split("unit", body, parts, self._shared_out(step, body, places))

    def _shared_out(self, step: Split, body: str, places: Mapping[str, str]) -> Mapping[str, str]:
        """The bodies of the areas that are shared out go to the bodies of the parts."""
        if step.children == "refuse":
            return {}
        beneath = {child for _, child in self.units.children(body, self.eve)}
        return {
            child: places[part]
            for area, part in step.children.items()
            for child in self.of_area.get(area, {}).values()
            if child in beneath and part in places
        }

    def _abolish(self, areas: Iterable[str], step: Abolish | AbolishLevel) -> Iterable[Step]:
        keys = tuple(body for area in areas for body in self._followers(area).values())
        if keys:
            yield Abolish("unit", keys, step.children)

    def _heir(self, into: str | NewThing, kind: str, old_area: str, old_body: str) -> str | NewThing:
        """The body of that kind at the receiving area: the one there is, or a new one after the model of the old."""
        key = into.key if isinstance(into, NewThing) else into
        if held := self._body_at(key, kind):
            return held
        self.made[key, kind] = made = f"{kind}:{key.partition(':')[2] or key}"
        area = self._area(old_area)
        state = self._unit(old_body)
        name, short_name = self._called(old_body, old_area, self._area_name(into))
        above = set(self.of_area.get(area.parent(), {}).values()) if area is not None else set()
        wider = next((parent for _, parent in into.parents), "") if isinstance(into, NewThing) else self._wider(key)
        parents = []
        for line, parent in state.parents if state is not None else ():
            over = self._body_over(wider, self._kind(parent)) if parent in above else ""
            if living := self._living(over or parent, line):
                parents.append((line, living))
        return NewThing(made, kind, name, short_name, parents=tuple(parents), area=key)

    def _body_at(self, area: str, kind: str) -> str:
        """The body of a kind at an area, also one that this event makes; "" when there is none."""
        return self.made.get((area, kind)) or self.of_area.get(area, {}).get(kind, "")

    def _body_over(self, area: str, kind: str) -> str:
        """The body of a kind at an area, else the only one there; "" when there is none, or nobody can say which."""
        if held := self._body_at(area, kind):
            return held
        bodies = list(self.of_area.get(area, {}).values())
        return bodies[0] if len(bodies) == 1 else ""

    def _living(self, unit: str, line: str) -> str:
        """The unit, or the nearest above it on the line that the event does not end; "" when there is none."""
        while unit in self.ending:
            state = self._unit(unit)
            unit = "" if state is None else state.parent(line)
        return unit

    def _wider(self, area: str) -> str:
        state = self._area(area)
        return "" if state is None else state.parent()

    def _kind(self, body: str) -> str:
        state = self._unit(body)
        return "" if state is None else state.kind

    def _name(self, body: str) -> str:
        state = self._unit(body)
        return body if state is None else state.name

    def _area_name(self, area: str | NewThing) -> str:
        if isinstance(area, NewThing):
            return area.name
        state = self._area(area)
        return area if state is None else state.name
