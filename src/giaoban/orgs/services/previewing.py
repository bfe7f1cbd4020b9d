"""What an event would do, named for people: before it is recorded, and afterwards from what it left."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from giaoban.core.events import Event, Plan, to_data
from giaoban.core.timeline import Fault, State, Tree
from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among, among_keys
from giaoban.kit.registries import Effect, UnitChange, unit_dependents
from giaoban.orgs.models import AreaKind, Line, SuccessionKind, UnitKind
from giaoban.orgs.models import Event as Recorded
from giaoban.orgs.selectors.events import KIND_NAMES
from giaoban.orgs.selectors.rights import visible_ids
from giaoban.orgs.services.rows import IDENTITIES
from giaoban.orgs.services.workings import Work, unit_change

NOUNS: Final[tuple[tuple[Tree, str], ...]] = (("area", "địa bàn"), ("unit", "đơn vị"))
IN_TITLE: Final = 3


@dataclass(frozen=True, slots=True)
class Thing:
    """An area or a unit as an event names it. id: None when the event makes it and is not recorded."""

    tree: Tree
    key: str
    name: str
    kind_name: str
    id: int | None


@dataclass(frozen=True, slots=True)
class Moving:
    """A thing that comes to stand beneath another on a line; old, new: None = none."""

    thing: Thing
    line: str
    line_name: str
    old: Thing | None
    new: Thing | None


@dataclass(frozen=True, slots=True)
class Changing:
    """A thing that lives on with another attribute, in words. what: "tên", "tên gọn", "loại", "mã", "địa bàn",
    "địa bàn phục vụ"."""

    thing: Thing
    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Passing:
    """From an old thing to a new one; share: 0 < share < 1, None when not given. kind_name: as on screen."""

    old: Thing
    new: Thing
    kind: str
    kind_name: str
    whole: bool
    share: Decimal | None


@dataclass(frozen=True, slots=True)
class RoomEffects:
    """What the event does to what hangs on units, in one room. room: its name in the registry; title: on screen."""

    room: str
    title: str
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """What an event would do, named. With faults nothing is planned and all lists are empty.

    event: with the steps of the bodies that the areas take along; data: the same as plain data, which `record` takes as
    well. ahead: its day is after today: the rows stand at once, what hangs on units follows on the day.
    """

    event: Event
    data: Mapping[str, Any]
    plan: Plan
    faults: tuple[Fault, ...]
    title: str
    sentence: str
    notes: tuple[str, ...]
    closes: tuple[Thing, ...]
    creates: tuple[Thing, ...]
    moves: tuple[Moving, ...]
    changes: tuple[Changing, ...]
    passes: tuple[Passing, ...]
    effects: tuple[RoomEffects, ...]
    ahead: bool

    @property
    def can_be_recorded(self) -> bool:
        return not self.faults


def describe(work: Work, *, by: Actor, today: date) -> Preview:
    """Name everything that the plan touches, and ask the rooms what it does to what hangs on units."""
    words = _Words(work)
    planned = work.plan
    closes = tuple(words.thing(*place) for place in planned.ended)
    creates = tuple(words.thing(*place) for place in planned.created)
    moves = tuple(one for place in planned.moved for one in words.moves(*place))
    return Preview(
        event=work.event,
        data=to_data(work.event),
        plan=planned,
        faults=planned.faults,
        title=title_of(work),
        sentence=_sentence(work),
        notes=work.notes,
        closes=closes,
        creates=creates,
        moves=moves,
        changes=tuple(one for place in planned.changed for one in words.changes(*place)),
        passes=tuple(
            Passing(
                old=words.thing(tree, link.old),
                new=words.thing(tree, link.new, now=True),
                kind=kind,
                kind_name=SuccessionKind(kind).label,
                whole=link.whole,
                share=link.share,
            )
            for tree, link, kind in planned.links
        ),
        effects=() if planned.faults else effects_of(unit_change(work, words.ids["unit"]), by, today),
        ahead=work.event.on > today,
    )


def effects_of(change: UnitChange, by: Actor, today: date) -> tuple[RoomEffects, ...]:
    """What the rooms say that the event does; rooms that it does not touch are left out."""
    told = ((room, one.title, tuple(one.effects(change, by))) for room, one in unit_dependents)
    return shown_to(by, today, (RoomEffects(room, title, effects) for room, title, effects in told if effects))


def shown_to(reader: Actor, today: date, rooms: Iterable[RoomEffects]) -> tuple[RoomEffects, ...]:
    """The counts, which are for everybody, with the names that belong to units which the reader may see."""
    rooms = tuple(rooms)
    if reader.everything:
        return rooms
    about = {unit for room in rooms for effect in room.effects for unit in effect.about}
    seen = set(visible_ids(reader, today).filter(pk__in=among(about)).values_list("pk", flat=True)) if about else set()

    def known(effect: Effect) -> Effect:
        paired = zip(effect.named, effect.about, strict=False)
        mine = [(name, unit) for name, unit in paired if unit in seen]
        return replace(effect, named=tuple(name for name, _ in mine), about=tuple(unit for _, unit in mine))

    return tuple(replace(room, effects=tuple(map(known, room.effects))) for room in rooms)


def recorded_effects(event: Recorded) -> tuple[RoomEffects, ...]:
    """What the rooms did with what hung on the units, as they left it on record; for a person: `shown_to`."""
    return tuple(
        RoomEffects(
            room,
            held["title"],
            tuple(
                Effect(
                    one["what"],
                    one["count"],
                    one["consequence"],
                    tuple(one["named"]),
                    one["needs_person"],
                    tuple(one.get("about", ())),
                )
                for one in held["effects"]
            ),
        )
        for room, held in event.receipts.items()
        if held["effects"]
    )


def title_of(work: Work) -> str:
    """Such as "Hợp nhất, sáp nhập: Xã A, Xã B"; what the areas do comes first."""
    kind = KIND_NAMES[work.event.kind]
    places = work.plan.ended or work.plan.created or (*work.plan.changed, *work.plan.moved)
    places = places or tuple((tree, link.old) for tree, link, _ in work.plan.links)
    mine = [place for place in places if place[0] == "area"] or list(places)
    names = [work.name(*place) for place in mine[:IN_TITLE]]
    more = f" và {len(mine) - IN_TITLE} nơi khác" if len(mine) > IN_TITLE else ""
    return f"{kind}: {', '.join(names)}{more}"[:300] if names else kind


def _sentence(work: Work) -> str:
    """How many of what, from when."""
    if work.plan.faults:
        count = len(work.plan.faults)
        return f"Chưa ghi được: {count} điểm phải sửa."
    parts = []
    for tree, noun in NOUNS:
        for said, places in (
            ("kết thúc", work.plan.ended),
            ("lập mới", work.plan.created),
            ("đổi cấp trên của", work.plan.moved),
            ("sửa tên, loại, mã hoặc địa bàn của", work.plan.changed),
        ):
            count = sum(1 for its_tree, _ in places if its_tree == tree)
            if count:
                parts.append(f"{said} {count} {noun}")
    passed = sum(1 for _, _, kind in work.plan.links if kind == "transfer")
    if passed:
        parts.append(f"chuyển nhiệm vụ đến {passed} nơi")
    return f"Từ {day(work.event.on)}: {'; '.join(parts) or 'ghi việc chuyển giữa các nơi'}."


class _Words:
    """Keys as people call them."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._kinds: dict[Tree, dict[str, str]] = {
            "area": dict(AreaKind.objects.values_list("key", "name")),
            "unit": dict(UnitKind.objects.values_list("key", "name")),
        }
        self._lines = dict(Line.objects.values_list("key", "name"))
        self.ids: dict[Tree, dict[str, int]] = {}
        places = set(_all_keys(work))
        for tree, model in IDENTITIES.items():
            keys = [key for its_tree, key in places if its_tree == tree]
            self.ids[tree] = dict(model.objects.filter(key__in=among_keys(keys)).values_list("key", "pk"))

    def thing(self, tree: Tree, key: str, *, now: bool = False) -> Thing:
        """As called until the day, or from it."""
        work = self._work
        state = (work.after(tree, key) if now else None) or work.before(tree, key) or work.after(tree, key)
        if state is None:
            return Thing(tree, key, key, "", self.ids[tree].get(key))
        return Thing(tree, key, state.name, self._kinds[tree].get(state.kind, state.kind), self.ids[tree].get(key))

    def moves(self, tree: Tree, key: str) -> Iterator[Moving]:
        """A line each on which it stands under another than before."""
        before, after = self._work.before(tree, key), self._work.after(tree, key)
        old = dict(before.parents) if before is not None else {}
        new = dict(after.parents) if after is not None else {}
        for line in sorted(old.keys() | new.keys()):
            if old.get(line) != new.get(line):
                yield Moving(
                    self.thing(tree, key),
                    line,
                    self._lines.get(line, "lãnh thổ" if tree == "area" else line),
                    self.thing(tree, old[line]) if line in old else None,
                    self.thing(tree, new[line], now=True) if line in new else None,
                )

    def changes(self, tree: Tree, key: str) -> Iterator[Changing]:
        before, after = self._work.before(tree, key), self._work.after(tree, key)
        if before is None or after is None:
            return
        for what, old, new in (
            ("tên", before.name, after.name),
            ("tên gọn", before.short_name, after.short_name),
            ("loại", self._kinds[tree].get(before.kind, ""), self._kinds[tree].get(after.kind, "")),
            ("mã", before.code, after.code),
            ("địa bàn", self._areas([before.area]), self._areas([after.area])),
            ("địa bàn phục vụ", self._areas(before.serves), self._areas(after.serves)),
        ):
            if old != new:
                yield Changing(self.thing(tree, key), what, old, new)

    def _areas(self, keys: Iterable[str]) -> str:
        return ", ".join(self.thing("area", key, now=True).name for key in keys if key)


def _all_keys(work: Work) -> Iterator[tuple[Tree, str]]:
    """Whatever a preview may name."""
    for (tree, key), states in work.plan.states.items():
        yield tree, key
        before = work.before(tree, key)
        held: tuple[State, ...] = (*states, *((before,) if before is not None else ()))
        for state in held:
            yield from ((tree, parent) for _, parent in state.parents)
    for tree, link, _ in work.plan.links:
        yield tree, link.old
        yield tree, link.new
