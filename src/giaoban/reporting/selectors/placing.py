"""The lines of a table in the tree of another day: where the figures of each unit that reports are found there."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from giaoban.core.restating import Divided, Reason, Restatement, Stake, View, judge, kept_at_old
from giaoban.orgs.selectors import (
    Called,
    UnitCard,
    branches,
    chains_up,
    having_beneath,
    standing_on,
    unit_view,
)

WHOLE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of a table, before anybody reports; the fields are those of `grouping.Group`."""

    key: str
    label: str
    unit: UnitCard | None
    restatement: Restatement
    note: str = ""
    is_own: bool = False
    in_total: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """The lines in order, and for each unit that reports where it counts: positions of lines with its share in each.

    absent: names of predecessors beneath which nobody owed the report; not_summed: units whose sub-units report.
    """

    unit: UnitCard
    slots: tuple[Slot, ...]
    places: Mapping[int, tuple[tuple[int, Decimal], ...]]
    restatement: Restatement
    not_summed: frozenset[int] = frozenset()
    absent: tuple[str, ...] = ()
    incomplete_reason: str = ""


@dataclass(frozen=True, slots=True)
class _Landed:
    """A unit that reports, the first of it and those above it that is anything on the other day, and what of that lies
    inside the table's unit. above: of heirs that are not all told, what is known of them by the unit above."""

    reporter: int
    through: int
    stake: Stake[int]
    above: Stake[int] | None = None


@dataclass
class _Drawing:
    """What the lines of one table are made from."""

    view: View[int]
    called: Called
    unit: UnitCard
    child_at: Mapping[int, int]
    stakes: dict[str, list[Stake[int]]] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)

    def lines_of(self, one: _Landed) -> dict[int, Decimal]:
        """The lines in which a stake lies, by the unit they stand for, with its part in each: one line takes it all,
        several only with shares; {} when it lies in several without, or when it is not told in which."""
        if one.stake.weight is None:
            return {}
        if one.above is None:
            return self._lines_of(one.stake)
        by_above = self._lines_of(one.above)
        return {} if self.unit.id in by_above or by_above.keys() != self._lines_of(one.stake).keys() else by_above

    def _lines_of(self, stake: Stake[int]) -> dict[int, Decimal]:
        found: dict[int, Decimal] = {}
        for target in stake.placement.targets:
            if target.key == self.unit.id or target.key in self.child_at:
                line = self.child_at.get(target.key, self.unit.id)
                found[line] = found.get(line, Decimal(0)) + (target.weight or Decimal(0))
        if len(found) == 1:
            return dict.fromkeys(found, stake.weight or WHOLE)
        return found if stake.placement.how == "shared" else {}

    def named(self, landed: Iterable[_Landed]) -> list[tuple[int, date]]:
        """The units whose names the lines and the words on them need."""
        wanted: dict[tuple[int, date], None] = {}
        for one in landed:
            lines = self.lines_of(one)
            wanted.update(dict.fromkeys((line, self.view.to) for line in lines))
            if not one.stake.whole or self.unit.id in lines:
                wanted[one.through, self.view.then] = None
            if not lines:
                wanted.update(dict.fromkeys((target.key, self.view.to) for target in one.stake.placement.targets))
        return list(wanted)

    def places(self, one: _Landed) -> list[tuple[str, Decimal]]:
        """The keys of the lines in which a unit counts, with its part in each; the lines are made as needed."""
        lines = self.lines_of(one)
        if not lines:
            return [(self._kept(one), WHOLE)]
        found = []
        for line, weight in lines.items():
            slot = self._line(one, line)
            self.slots.setdefault(slot.key, slot)
            stake = one.stake if one.stake.weight == weight else replace(one.stake, weight=weight)
            self.stakes.setdefault(slot.key, []).append(stake)
            found.append((slot.key, weight))
        return found

    def _kept(self, one: _Landed) -> str:
        """The line on which figures stay at the old unit."""
        old = self.called.card(one.through, self.view.then)
        key = f"undivided:{old.key}"
        if key not in self.slots:
            counted = one.stake.weight is not None
            said = kept_at_old(one.stake, self.view, counted=counted)
            label = f"{old.name} (không chia được)"
            self.slots[key] = Slot(key, label, None, said, note=said.sentence, in_total=counted)
        return key

    def _line(self, one: _Landed, line: int) -> Slot:
        if line != self.unit.id:
            target = self.called.card(line, self.view.to)
            return Slot(target.key, target.name, target, _OPEN)
        if one.reporter == self.unit.id:
            return Slot(self.unit.key, self.unit.name, self.unit, _OPEN, is_own=True)
        if one.through == self.unit.id:
            said = self.view.refusal(Reason.NO_HEIR)
            words = "phần không chia được theo đơn vị trực thuộc"
            return Slot("undivided", words, None, said, note=said.sentence)
        through = self.called.card(one.through, self.view.then)
        return Slot(through.key, f"phần từ {through.name}", through, _OPEN)

    def finished(self) -> list[Slot]:
        """The lines in their order, each with what can be said of its sum."""
        slots = [self._judged(slot) for slot in self.slots.values()]
        return sorted(slots, key=lambda slot: (not slot.in_total, *_order(slot)))

    def _judged(self, slot: Slot) -> Slot:
        if slot.restatement is not _OPEN:
            return slot
        said = judge(self.stakes[slot.key], self.view)
        return replace(slot, restatement=said)


_OPEN: Final = Restatement(outcome="exact", sentence="")


def _order(slot: Slot) -> tuple[bool, str, str]:
    """Alphabetical; what could not be placed comes last."""
    return slot.unit is None, slot.unit.sort_key if slot.unit else "", slot.key


def lay_out(
    reporting: Sequence[int], line: str | None, unit: UnitCard, on: date, geography: date, divided: Divided
) -> Layout:
    """Where the units that report on the day `on` count in the table of a unit of the day `geography`.

    A refused layout has no lines. line: the line on which they stand beneath others, None: they stand alone.
    """
    child_at = branches(unit.id, line, geography) if line else {}
    called = Called()
    view = unit_view(on, geography, reporting, called=called)
    landed = _landed(reporting, line, view, {unit.id, *child_at})
    above = having_beneath(reporting, reporting, line, on) if line else set()
    counted = [one for one in landed if one.reporter not in above]
    drawing = _Drawing(view, called, unit, child_at)
    called.load(drawing.named(counted))
    stakes = {one.through: one.stake for one in counted}
    undivided = {one.through for one in counted if one.stake.weight is not None and not drawing.lines_of(one)}
    said = judge(list(stakes.values()), view, divided=divided, undivided=undivided)
    not_summed = frozenset(one.reporter for one in landed if one.reporter in above)
    if said.outcome == "refused":
        return Layout(unit, (), {}, said, not_summed)
    keyed = {one.reporter: drawing.places(one) for one in counted}
    slots = drawing.finished()
    position = {slot.key: index for index, slot in enumerate(slots)}
    absent = _absent(unit.id, landed, view, line)
    called.load((one, on) for one in absent)
    names = tuple(called(one, on) for one in sorted(absent, key=lambda one: called.card(one, on).sort_key))
    is_own = all([target.key for target in one.stake.placement.targets] == [unit.id] for one in landed)
    return Layout(
        unit=unit,
        slots=tuple(slots),
        places={one: tuple((position[key], weight) for key, weight in found) for one, found in keyed.items()},
        restatement=said,
        not_summed=not_summed,
        absent=names,
        incomplete_reason=_lacking(names, is_own=is_own),
    )


def _landed(reporting: Sequence[int], line: str | None, view: View[int], inside: Collection[int]) -> list[_Landed]:
    """The units that report and have a part inside.

    Nobody above a unit is asked while the unit itself lives on or has heirs, wherever these stand: its figures are
    theirs, and would count twice if the unit above took them along.
    """
    stands = standing_on(line, view.to) if line else None

    def is_there(unit_id: int) -> bool:
        targets = view.place(unit_id).targets
        return bool(targets) if stands is None else any(target.key in stands for target in targets)

    through = {one: one for one in reporting if is_there(one)}
    climbing = [one for one in reporting if one not in through]
    for one, chain in (chains_up(climbing, line, view.then) if line and climbing else {}).items():
        found = next((above for above in chain if is_there(above)), None)
        if found is not None:
            through[one] = found
    staked = {one: stake for one in dict.fromkeys(through.values()) if (stake := view.stake(one, inside)) is not None}
    held = _held_above(staked, line, view, inside)
    return [
        _Landed(one, here, replace(staked[here], weight=WHOLE) if here in held else staked[here], held.get(here))
        for one in reporting
        if (here := through.get(one)) in staked and here is not None
    ]


def _held_above(
    staked: Mapping[int, Stake[int]], line: str | None, view: View[int], inside: Collection[int]
) -> dict[int, Stake[int]]:
    """Of units whose heirs are not all told and of which those that are lie inside: the stake of the nearest unit above
    that lies inside as a whole. What stood beneath it does too: sources that lose one heir of a commune do not take the
    commune out of its province."""
    doubtful = [
        unit_id
        for unit_id, stake in staked.items()
        if stake.weight is None and all(target.key in inside for target in stake.placement.targets)
    ]
    found: dict[int, Stake[int]] = {}
    for unit_id, chain in (chains_up(doubtful, line, view.then) if line and doubtful else {}).items():
        stakes = (view.stake(above, inside) for above in chain if above != unit_id)
        held = next((stake for stake in stakes if stake is not None and stake.weight == WHOLE), None)
        if held is not None:
            found[unit_id] = held
    return found


def _absent(unit_id: int, landed: Sequence[_Landed], view: View[int], line: str | None) -> set[int]:
    """Predecessors of the unit, and of the units with figures, beneath which nobody owed the period's report.

    Predecessors of other units are not sought: which of them had to report is not known.
    """
    if view.to < view.then:
        return set()
    heirs = {unit_id, *(target.key for one in landed for target in one.stake.placement.targets)}
    wanted: set[int] = set()
    for heir in heirs:
        placement = view.succession.place(heir, from_on=view.to, to_on=view.then)
        wanted.update(target.key for target in placement.targets)
    wanted -= {found for one in landed for found in (one.reporter, one.through)}
    if not wanted or line is None:
        return wanted
    return wanted - having_beneath(wanted, [one.reporter for one in landed], line, view.then)


def _lacking(names: Sequence[str], *, is_own: bool) -> str:
    """is_own: the figures come from the unit's own predecessors only. Otherwise other units beneath it may lack figures
    too: those from which nothing came are not sought."""
    if not names:
        return ""
    what = f"hông có số liệu của kỳ này từ: {', '.join(names)}."
    return f"K{what}" if is_own else f"Trong các đơn vị đang hiện, k{what}"
