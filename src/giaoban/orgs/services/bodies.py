"""The bodies that stand for areas undergo what their areas do: a commune's committee merges, moves and is renamed with
the commune. What the event says of a body itself comes first.

First it is settled which body stands for what and where each one goes, then the steps are written: the order of the
event's steps does not matter.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

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


def _key_of(into: str | NewThing) -> str:
    return into.key if isinstance(into, NewThing) else into


def _new_things(step: Step) -> Iterator[NewThing]:
    """What a step makes."""
    if isinstance(step, Create):
        yield from step.things
    intos = [step.into] if isinstance(step, Merge) else []
    intos += [part.into for part in step.parts] if isinstance(step, Split) else []
    yield from (into for into in intos if isinstance(into, NewThing))


@dataclass(frozen=True, slots=True)
class _Model:
    """After whom a new body is made. near: whether it is of the same neighbourhood, so that those over it fit too."""

    area: str
    body: str
    near: bool = True


@dataclass
class _Bodies:
    """Who stands for which area on the eve of the event, what is said of them already, and who comes after them.

    made: (area, kind) → body that the event makes; models: of those that are made here. heirs: body → the one that it
    wholly passes to.
    """

    event: Event
    timelines: Mapping[Tree, Timeline]
    kinds: frozenset[str]
    notes: list[str] = field(default_factory=list)
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    models: dict[tuple[str, str], _Model] = field(default_factory=dict)
    heirs: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.eve = self.event.on - timedelta(days=1)
        self.areas, self.units = self.timelines["area"], self.timelines["unit"]
        self.steps: tuple[Step, ...] = tuple(step for step in self.event.steps if step.tree == "area")
        own = [step for step in self.event.steps if step.tree == "unit"]
        levels = {kind for step in own if isinstance(step, AbolishLevel) for kind in step.kinds}
        self.said = {key for step in own for key in _subjects(step)}
        self.ending = {key for step in own if isinstance(step, Abolish) for key in step.keys}
        self.of_area: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for key, state in self.units.living(self.eve).items():
            if state.kind in levels:
                self.said.add(key)
                self.ending.add(key)
            if state.area and state.kind in self.kinds:
                self.of_area[state.area].setdefault(state.kind, key)
        self.new_areas = {thing.key: thing for step in self.steps for thing in _new_things(step)}
        self.moved = {step.key: step.parent for step in self.steps if isinstance(step, Move)}
        self.passed = {old: _key_of(step.into) for step in self.steps if isinstance(step, Merge)
                       for old in step.olds if old != _key_of(step.into)}  # fmt: skip
        self.changed = {step.key: step for step in self.steps if isinstance(step, ChangeKind)}
        self.told: set[tuple[str, str]] = set()
        for step in own:
            self._note_own(step)
        self._settle()

    def _note_own(self, step: Step) -> None:
        """Bodies that the event makes or merges itself."""
        for thing in _new_things(step):
            self.made[thing.area, thing.kind] = thing.key
        if isinstance(step, Merge):
            into = _key_of(step.into)
            self.heirs |= {old: into for old in step.olds if old != into}

    # who comes after whom

    def _settle(self) -> None:
        """Which bodies end, which are made, and to which each one passes."""
        for area in self._abolished():
            self.ending |= {*self._followers(area).values()}
        for step in self.steps:
            if isinstance(step, AbolishLevel) and step.children == "up":
                self.ending |= {*self._offices(self._level(step))}
        for step in self.steps:
            if isinstance(step, Merge):
                self._settle_merged(step)
            if isinstance(step, Split):
                for kind, body in self._followers(step.old).items():
                    for part in step.parts:
                        self._make(_key_of(part.into), kind, _Model(step.old, body))
        for step in self.steps:
            for thing in step.things if isinstance(step, Create) else ():
                for kind in self._usual_kinds(thing.kind):
                    if model := self._neighbour(thing.kind, kind, dict(thing.parents).values()):
                        self._make(thing.key, kind, model)

    def _settle_merged(self, step: Merge) -> None:
        into = _key_of(step.into)
        for area in dict.fromkeys(step.olds):
            for kind, body in self._followers(area).items():
                heir = self._make(into, kind, _Model(area, body))
                if heir != body:
                    self.heirs[body] = heir

    def _make(self, area: str, kind: str, model: _Model) -> str:
        """The body of a kind at an area; one that is yet to be made when there is none."""
        if held := self._body_at(area, kind):
            return held
        plain = f"{kind}:{area.partition(':')[2] or area}"
        year = self.event.on.year
        taken = {*self.made.values()} if plain in self.units.states else ()
        candidates = (plain, f"{plain}-{year}", *(f"{plain}-{year}-{count}" for count in range(2, 100)))
        key = next(key for key in candidates if key not in self.units.states and key not in taken)
        self.made[area, kind], self.models[area, kind] = key, model
        return key

    def _level(self, step: AbolishLevel) -> list[str]:
        """The areas that the step ends."""
        elsewhere = self._ended_elsewhere
        return [
            key
            for key, state in self.areas.living(self.eve).items()
            if state.kind in step.kinds and key not in elsewhere and self._kind_after(key, state) in step.kinds
        ]

    def _abolished(self) -> Iterable[str]:
        """Areas that end without a successor."""
        for step in self.steps:
            if isinstance(step, Abolish):
                yield from step.keys
            if isinstance(step, AbolishLevel):
                yield from self._level(step)

    @cached_property
    def _ended_elsewhere(self) -> set[str]:
        """Areas that a merger or a split of the same event ends."""
        found: set[str] = set()
        for step in self.steps:
            if isinstance(step, Merge):
                found.update(old for old in step.olds if old != _key_of(step.into))
            if isinstance(step, Split) and step.old not in map(_key_of, (part.into for part in step.parts)):
                found.add(step.old)
        return found

    def _offices(self, areas: Iterable[str]) -> list[str]:
        """What belongs to the bodies of the areas and stands for none itself: beneath them on a line on which these
        stand beneath others. Such a body works for its committee alone."""
        front = {body for area in areas for body in self._followers(area).values()}
        found: dict[str, None] = {}
        while front:
            beneath = set[str]()
            for body in sorted(front):
                lines = {line for line, _ in self._parents(body)}
                for line, child in self.units.children(body, self.eve):
                    mine = line in lines and self._kind(child) not in self.kinds
                    if mine and child not in self.said and child not in found:
                        found[child] = None
                        beneath.add(child)
            front = beneath
        return list(found)

    # what is usual at a level

    def _kind_after(self, area: str, state: State) -> str:
        return self.changed[area].kind if area in self.changed else state.kind

    @cached_property
    def _usual(self) -> dict[str, list[str]]:
        """Class of area → kinds of bodies that most areas of it have."""
        areas, bodies = Counter[str](), Counter[tuple[str, str]]()
        for key, state in self.areas.living(self.eve).items():
            level = self.areas.class_of(state.kind)
            areas[level] += 1
            bodies.update((level, kind) for kind in self.of_area.get(key, {}))
        found = defaultdict[str, list[str]](list)
        for (level, kind), count in sorted(bodies.items()):
            if 2 * count > areas[level]:
                found[level].append(kind)
        return found

    def _usual_kinds(self, area_kind: str) -> list[str]:
        return self._usual.get(self.areas.class_of(area_kind), [])

    @cached_property
    def _neighbours(self) -> dict[tuple[str, str, str], str]:
        """(area above, class, kind of body) → the first area beneath that has such a body."""
        found: dict[tuple[str, str, str], str] = {}
        for key, bodies in sorted(self.of_area.items()):
            state = self._area(key)
            for above in self.areas.ancestors(key, self.eve) if state is not None else ():
                for kind in bodies:
                    found.setdefault((above, self.areas.class_of(state.kind if state else ""), kind), key)
        return found

    def _neighbour(self, area_kind: str, kind: str, parents: Iterable[str]) -> _Model | None:
        """A body of the kind at an area of the same class, as near as there is: beneath the same parent first."""
        level = self.areas.class_of(area_kind)
        waiting = list(parents)
        for above in waiting:
            if area := self._neighbours.get((above, level, kind), ""):
                state = self._area(above)
                return _Model(area, self.of_area[area][kind], near=state is not None and bool(state.parents))
            origins = [old for old, new in self.passed.items() if new == above]
            wider = self._wider(above)
            waiting += [one for one in (*origins, *([wider] if wider else [])) if one not in waiting]
        return None

    # the steps

    def follow(self, step: Step) -> Iterable[Step]:
        """The steps of the bodies for one step of areas."""
        match step:
            case Rename():
                yield from self._rename(step.key, step.name)
            case ChangeKind():
                yield from self._change_kind(step)
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
            case Create():
                yield from self._create(step)
            case _:
                return

    def _followers(self, area: str) -> Mapping[str, str]:
        """By kind, the bodies of an area of which the event says nothing itself."""
        return {kind: body for kind, body in self.of_area.get(area, {}).items() if body not in self.said}

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

    def _change_kind(self, step: ChangeKind) -> Iterable[Step]:
        """The body is renamed; where the area comes to another level, it becomes what is usual there."""
        area, followers = self._area(step.key), self._followers(step.key)
        if area is None or self.areas.class_of(area.kind) == self.areas.class_of(step.kind):
            if step.name:
                yield from self._rename(step.key, step.name)
            return
        usual = [kind for kind in self._usual_kinds(step.kind) if kind not in self.of_area.get(step.key, {})]
        foreign = {kind: body for kind, body in followers.items() if kind not in self._usual_kinds(step.kind)}
        if not foreign or not usual:
            return
        if len(usual) != 1 or len(foreign) != 1:
            names = ", ".join(self._name(body) for body in foreign.values())
            self.notes.append(f"{area.name} sang cấp khác; {names} giữ nguyên loại, đổi riêng nếu cần.")
            return
        body = next(iter(foreign.values()))
        name, short_name = self._called(body, step.key, step.name or area.name)
        yield ChangeKind("unit", body, usual[0], name, short_name)
        yield from self._further_lines(step, body, usual[0])

    def _further_lines(self, step: ChangeKind, body: str, kind: str) -> Iterable[Step]:
        """Lines on which bodies of the new level stand beneath others, and this one did not."""
        model = self._neighbour(step.kind, kind, [self._wider(step.key)])
        if model is None:
            return
        held = {line for line, _ in self._parents(body)}
        for line, parent in self._parents_after(model, self._parent_after(step.key)):
            if line not in held:
                yield Move("unit", body, line, parent)

    def _move(self, step: Move) -> Iterable[Step]:
        """A body that stood under the body of the old parent area stands under that of the new one."""
        area = self._area(step.key)
        if area is None:
            return
        above = set(self.of_area.get(area.parent(), {}).values())
        for body in self._followers(step.key).values():
            for line, parent in self._parents(body):
                if parent not in above:
                    continue
                new = self._living(self._body_over(self._area_after(step.parent), self._kind(parent)), line)
                if not new:
                    self.notes.append(f"{self._name(body)} giữ cấp trên cũ vì địa bàn mới chưa có đơn vị tương ứng.")
                elif new != parent:
                    yield Move("unit", body, line, new)

    def _merge(self, step: Merge) -> Iterable[Step]:
        by_kind: defaultdict[str, list[str]] = defaultdict(list)
        for area in dict.fromkeys(step.olds):
            for kind, body in self._followers(area).items():
                by_kind[kind].append(body)
        for kind, found in by_kind.items():
            heir = self._heir(step.into, kind)
            if found != [heir]:
                yield Merge("unit", tuple(found), heir, step.children)
        if not by_kind and _key_of(step.into):
            self.notes.append(f"Chưa có đơn vị nào đứng cho các địa bàn nhập vào {self._area_name(step.into)}.")

    def _split(self, step: Split) -> Iterable[Step]:
        for kind, body in self._followers(step.old).items():
            parts = tuple(Part(self._heir(part.into, kind), part.share) for part in step.parts)
            places = {_key_of(part.into): _key_of(heir.into) for part, heir in zip(step.parts, parts, strict=True)}
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
        """With a level, what belongs to its bodies ends as well: it has nobody left to work for."""
        held = list(areas)
        keys = tuple(body for area in held for body in self._followers(area).values())
        offices = self._offices(held) if isinstance(step, AbolishLevel) and step.children == "up" else []
        if offices:
            kinds = Counter(self._kind_name(office) for office in offices)
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
            self.notes.append(f"Đơn vị trực thuộc các nơi bị bãi bỏ kết thúc cùng: {told}.")
        if keys:
            yield Abolish("unit", (*keys, *offices), step.children)

    def _create(self, step: Create) -> Iterable[Step]:
        """Each new area gets the bodies that are usual at its level."""
        for thing in step.things:
            made = [kind for kind in self._usual_kinds(thing.kind) if (thing.key, kind) in self.models]
            bodies = [one for kind in made if isinstance(one := self._heir(thing, kind), NewThing)]
            if bodies:
                yield Create("unit", tuple(bodies))
            elif not any(area == thing.key for area, _ in self.made):
                self.notes.append(f"Chưa có đơn vị nào đứng cho {thing.name}; lập riêng nếu cần.")

    def _heir(self, into: str | NewThing, kind: str) -> str | NewThing:
        """The body of that kind at the receiving area; described where it is first named, by its key from then on."""
        area = _key_of(into)
        key, model = self._body_at(area, kind), self.models.get((area, kind))
        if model is None or (area, kind) in self.told:
            return key
        self.told.add((area, kind))
        name, short_name = self._called(model.body, model.area, self._area_name(into))
        parents = tuple(self._parents_after(model, self._parent_after(area)))
        return NewThing(key, kind, name, short_name, parents=parents, area=area)

    # who stands over whom from the day

    def _parents_after(self, model: _Model, wider: str) -> Iterator[tuple[str, str]]:
        """(line, parent) of a body like the model at an area beneath `wider`."""
        area = self._area(model.area)
        above = set(self.of_area.get(area.parent(), {}).values()) if area is not None else set()
        for line, parent in self._parents(model.body):
            over = self._body_over(wider, self._kind(parent)) if parent in above else ""
            if not over and not model.near:
                continue
            if living := self._living(over or parent, line):
                yield line, living

    def _body_at(self, area: str, kind: str) -> str:
        """The body of a kind at an area, also one that this event makes; "" when there is none."""
        return self.made.get((area, kind)) or self.of_area.get(area, {}).get(kind, "")

    def _body_over(self, area: str, kind: str) -> str:
        """The body of a kind at an area, else the only one there; "" when there is none, or nobody can say which."""
        if held := self._body_at(area, kind):
            return held
        bodies = {body for its_kind in self.kinds if (body := self._body_at(area, its_kind))}
        return bodies.pop() if len(bodies) == 1 else ""

    def _living(self, unit: str, line: str) -> str:
        """The unit, or who takes its place from the day: the one it passes to, else the nearest above it on the line
        that the event does not end; "" when there is none."""
        seen = set[str]()
        while unit in self.heirs or unit in self.ending:
            if unit in seen:
                return ""
            seen.add(unit)
            unit = self.heirs[unit] if unit in self.heirs else dict(self._parents(unit)).get(line, "")
        return unit

    def _parent_after(self, area: str) -> str:
        """The area over another from the day."""
        if area in self.moved:
            return self._area_after(self.moved[area])
        if area in self.new_areas:
            return self._area_after(next((parent for _, parent in self.new_areas[area].parents), ""))
        return self._area_after(self._wider(area))

    def _area_after(self, area: str) -> str:
        """The area, or the one that it wholly passes to, or the nearest above that lives on."""
        seen = set[str]()
        while area and area not in seen:
            seen.add(area)
            if area in self.passed:
                area = self.passed[area]
            elif area in self._without_successor:
                area = self._wider(area)
            else:
                return area
        return ""

    @cached_property
    def _without_successor(self) -> frozenset[str]:
        return frozenset(self._abolished())

    # what stood on the eve

    def _area(self, key: str) -> State | None:
        return self.areas.state_on(key, self.eve)

    def _unit(self, key: str) -> State | None:
        return self.units.state_on(key, self.eve)

    def _parents(self, body: str) -> tuple[tuple[str, str], ...]:
        state = self._unit(body)
        return () if state is None else state.parents

    def _wider(self, area: str) -> str:
        state = self._area(area)
        return "" if state is None else state.parent()

    def _kind(self, body: str) -> str:
        state = self._unit(body)
        return "" if state is None else state.kind

    def _kind_name(self, body: str) -> str:
        return self._kind_names.get(self._kind(body), "đơn vị")

    @cached_property
    def _kind_names(self) -> dict[str, str]:
        return dict(UnitKind.objects.values_list("key", "name"))

    def _name(self, body: str) -> str:
        state = self._unit(body)
        return body if state is None else state.name

    def _area_name(self, area: str | NewThing) -> str:
        """What the area is called from the day."""
        if isinstance(area, NewThing):
            return area.name
        if area in self.new_areas:
            return self.new_areas[area].name
        state = self._area(area)
        return area if state is None else state.name
