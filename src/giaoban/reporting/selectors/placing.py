"""The lines of a table in the tree of another day: where the figures of each unit that reports are found there."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from giaoban.core.restating import Divided, Reason, Restatement, Stake, View, judge, kept_at_old
from giaoban.core.spans import Span
from giaoban.core.vietnamese import day
from giaoban.orgs.selectors import (
    Called,
    UnitCard,
    as_known,
    branches,
    branches_of_kind,
    cards,
    chains_up,
    having_beneath,
    standing_on,
    unit_view,
)
from giaoban.reporting.models import FormKind, FormVersion, OwingRule

WHOLE: Final = Decimal(1)
UNDIVIDED: Final = "undivided"


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
    bearers: dict[str, int] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)

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
                wanted[one.reporter, self.view.then] = None
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
            why = "hợp thành từ nhiều nơi" if self.view.is_back(one.through) else "không chia được"
            self.bearers[key] = one.through
            self.slots[key] = Slot(key, f"{old.name} ({why})", None, said, note=said.sentence, in_total=counted)
        return key

    def _line(self, one: _Landed, line: int) -> Slot:
        if line != self.unit.id:
            target = self.called.card(line, self.view.to)
            return Slot(target.key, target.name, target, _OPEN)
        if one.reporter == self.unit.id:
            return Slot(self.unit.key, self.unit.name, self.unit, _OPEN, is_own=True)
        if one.through == self.unit.id:
            return self._without_heir(one)
        through = self.called.card(one.through, self.view.then)
        self.bearers[through.key] = one.through
        return Slot(through.key, f"phần từ {through.name}", through, _OPEN)

    def _without_heir(self, one: _Landed) -> Slot:
        """The line of units that left nobody of theirs beneath the unit. Within the period each has its own."""
        said = self.view.refusal(Reason.NO_HEIR)
        life = self.view.lives.get(one.reporter)
        if life is not None and life.end is not None and life.end <= self.view.then:
            old = self.called.card(one.reporter, self.view.then)
            label = f"{old.name} (đơn vị kết thúc ngày {day(life.end)})"
            return Slot(f"ended:{old.key}", label, old, said, note=said.sentence)
        if not self.view.place(one.reporter).targets:
            self.ended.append(one.reporter)
        return Slot(UNDIVIDED, "phần không chia được theo đơn vị trực thuộc", None, said, note=said.sentence)

    def told_apart(self, absent: Sequence[UnitCard], slots: Sequence[Slot]) -> tuple[str, ...]:
        """The names of units of the period's day, told from others of the same name in the table."""
        names = Counter({self.unit.name: 1})
        names.update({slot.unit.name for slot in slots if slot.unit is not None and slot.unit.id != self.unit.id})
        names.update(card.name for card in absent)
        return tuple(card.name + (self.view.lifetime(card.id) if names[card.name] > 1 else "") for card in absent)

    def _by_name(self, slots: Sequence[Slot]) -> list[Slot]:
        """The lines, two units of one name told apart by their lives."""
        who = {slot.key: self.bearers.get(slot.key, slot.unit.id if slot.unit else None) for slot in slots}
        names = {self.unit.id: self.unit.name}
        names |= {slot.unit.id: slot.unit.name for slot in slots if slot.unit is not None}
        names |= {one: self.called(one, self.view.then) for one in self.bearers.values()}
        often = Counter(names.values())
        found = []
        for slot in slots:
            one = who[slot.key]
            label = slot.label
            if one is not None and often[names[one]] > 1 and not slot.is_own:
                label = label.replace(names[one], f"{names[one]}{self.view.lifetime(one)}", 1)
            found.append(replace(slot, label=label))
        return found

    def finished(self) -> list[Slot]:
        """The lines in their order, each with what can be said of its sum."""
        slots = [self._judged(self._counted(slot)) for slot in self._by_name(list(self.slots.values()))]
        return sorted(slots, key=lambda slot: (not slot.in_total, *_order(slot)))

    def _counted(self, slot: Slot) -> Slot:
        """The line of ended units, with how many there are of which kind."""
        if slot.key != UNDIVIDED or len(self.ended) != len(self.stakes[slot.key]):
            return slot
        kinds = {card.kind_name for card in cards(self.ended, self.view.then).values()}
        what = kinds.pop().lower() if len(kinds) == 1 else "đơn vị"
        return replace(slot, label=f"{len(self.ended)} {what} đã kết thúc, nguồn không nêu nơi kế tục")

    def _judged(self, slot: Slot) -> Slot:
        if slot.restatement is not _OPEN:
            return slot
        stakes = self.stakes[slot.key]
        if self.view.then == self.view.to and all(stake.placement.how == "same" for stake in stakes):
            return slot
        return replace(slot, restatement=judge(stakes, self.view, inside=slot.label))


_OPEN: Final = Restatement(outcome="exact", sentence="")


def _order(slot: Slot) -> tuple[bool, str, str]:
    """Alphabetical; what could not be placed comes last."""
    return slot.unit is None, slot.unit.sort_key if slot.unit else "", slot.key


def lines_beneath(unit_id: int, line: str | None, on: date, kind: str = "") -> Mapping[int, int]:
    """Each unit beneath one → the unit in whose line of the table it counts: the one directly beneath, or, where a kind
    is given, the one of that kind."""
    if line is None:
        return {}
    return branches_of_kind(unit_id, line, on, kind) if kind else branches(unit_id, line, on)


def lay_out(
    reporting: Sequence[int],
    line: str | None,
    unit: UnitCard,
    on: date,
    geography: date,
    divided: Divided,
    form_id: int | None = None,
    kind: str = "",
) -> Layout:
    """Where the units that report on the day `on` count in the table of a unit of the day `geography`.

    A refused layout has only lines beside the total. line: the line on which they stand beneath others, None: they
    stand alone. form_id: whose owing rules say which kinds of units are missed; None: those that report. kind: as in
    `lines_beneath`.
    """
    child_at = lines_beneath(unit.id, line, geography, kind)
    called = Called()
    view = unit_view(on, geography, (), called=called)
    landed, lost = _landed(reporting, line, view, {unit.id, *child_at})
    above = reporting_above(reporting, line, view)
    counted = [one for one in landed if one.reporter not in above]
    view = as_known(view, [one.reporter for one in landed], [unit.id])
    drawing = _Drawing(view, called, unit, child_at)
    called.load(drawing.named(counted))
    stakes = {one.through: one.stake for one in counted}
    undivided = {one.through for one in counted if one.stake.weight is not None and not drawing.lines_of(one)}
    said = judge(list(stakes.values()), view, divided=divided, undivided=undivided)
    not_summed = frozenset(one.reporter for one in landed if one.reporter in above)
    if said.reason in (Reason.DIVIDED, Reason.MERGED):
        return Layout(unit, (), {}, said, not_summed)
    keyed = {one.reporter: drawing.places(one) for one in counted}
    slots = drawing.finished()
    position = {slot.key: index for index, slot in enumerate(slots)}
    absent = drawing.told_apart(_absent(unit.id, landed, view, line, form_id), slots)
    nowhere = _nowhere(lost, line, unit, view)
    is_own = all([target.key for target in one.stake.placement.targets] == [unit.id] for one in landed)
    return Layout(
        unit=unit,
        slots=tuple(slots),
        places={one: tuple((position[key], weight) for key, weight in found) for one, found in keyed.items()},
        restatement=said,
        not_summed=not_summed,
        absent=absent,
        incomplete_reason=" ".join(filter(None, [_lacking(absent, is_own=is_own), nowhere])),
    )


def not_there(reporting: Iterable[int], on: date, spans: Mapping[int, Span]) -> list[int]:
    """Those that owe a report of a period on the last day of which they are not there: they ended within it, or took
    the report over from one that did. spans: the lives of units."""
    return [one for one in reporting if one in spans and not spans[one].contains(on)]


def concerns(apart: Sequence[int], line: str | None, unit_id: int, beneath: Iterable[int], on: date) -> bool:
    """Whether the table of a unit on a day is to say anything of reporters that are not there on that day."""
    view = unit_view(on, on, ())
    landed, lost = _landed(apart, line, view, {unit_id, *beneath})
    return bool(landed) or (bool(lost) and _is_top(unit_id, line, on))


def _by_day(units: Iterable[int], view: View[int]) -> dict[date, list[int]]:
    """The units by the day in the tree of which they are looked for."""
    found: dict[date, list[int]] = {}
    for one in units:
        found.setdefault(view.since(one), []).append(one)
    return found


def reporting_above(reporting: Sequence[int], line: str | None, view: View[int]) -> set[int]:
    """The reporters beneath which others report, those that ended within the period in the tree of their last day."""
    if line is None:
        return set()
    found: set[int] = set()
    for on, units in _by_day(reporting, view).items():
        if on == view.then:
            found |= having_beneath(units, units, line, on)
        else:
            found |= having_beneath(units, reporting, line, on) | having_beneath(reporting, units, line, on)
    return found


def _chains(units: Sequence[int], line: str | None, view: View[int]) -> dict[int, list[int]]:
    """Each unit with those above it, each in the tree of its own day."""
    if line is None:
        return {one: [one] for one in units}
    found: dict[int, list[int]] = {}
    for on, held in _by_day(units, view).items():
        found |= chains_up(held, line, on)
    return found


def _landed(
    reporting: Sequence[int], line: str | None, view: View[int], inside: Collection[int]
) -> tuple[list[_Landed], list[int]]:
    """The units that report and have a part inside, and those that are found nowhere at all.

    Nobody above a unit is asked while the unit itself lives on or has heirs, wherever these stand: its figures are
    theirs, and would count twice if the unit above took them along.
    """
    stands = standing_on(line, view.to) if line else None

    def is_there(unit_id: int) -> bool:
        targets = view.place(unit_id).targets
        if stands is None:
            return bool(targets)
        return any(target.key in stands or target.key in inside for target in targets)

    through = {one: one for one in reporting if is_there(one)}
    lost: list[int] = []
    for one, chain in _chains([one for one in reporting if one not in through], line, view).items():
        found = next((above for above in chain if is_there(above)), None)
        if found is not None:
            through[one] = found
        elif len(chain) > 1 or view.since(one) != view.then:
            lost.append(one)
    staked = {one: stake for one in dict.fromkeys(through.values()) if (stake := view.stake(one, inside)) is not None}
    held = _held_above(staked, line, view, inside)
    return [
        _Landed(one, here, replace(staked[here], weight=WHOLE) if here in held else staked[here], held.get(here))
        for one in reporting
        if (here := through.get(one)) in staked and here is not None
    ], lost


def _is_top(unit_id: int, line: str | None, on: date) -> bool:
    return line is not None and chains_up([unit_id], line, on)[unit_id] == [unit_id]


def _nowhere(lost: Sequence[int], line: str | None, unit: UnitCard, view: View[int]) -> str:
    """Whose figures are in no table, said where nobody stands above."""
    if not lost or not _is_top(unit.id, line, view.to):
        return ""
    called = [card.name for card in cards(lost, view.then).values()]
    return f"Không tính ở đâu, vì không rõ thuộc đơn vị nào ngày {day(view.to)}: {', '.join(sorted(called))}."


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
    for unit_id, chain in _chains(doubtful, line, view).items():
        stakes = (view.stake(above, inside) for above in chain if above != unit_id)
        held = next((stake for stake in stakes if stake is not None and stake.weight == WHOLE), None)
        if held is not None:
            found[unit_id] = held
    return found


def _absent(
    unit_id: int, landed: Sequence[_Landed], view: View[int], line: str | None, form_id: int | None
) -> list[UnitCard]:
    """Predecessors of the unit, and of the units with figures, beneath which nobody owed the period's report, of the
    kinds that have to do with the form: those its owing rules name; without rules, those that reported, or, unless the
    figures are a publication, those through which they came.

    Predecessors of other units are not sought: which of them had to report is not known.
    """
    if view.to <= view.then:
        return []
    heirs = {unit_id, *(target.key for one in landed for target in one.stake.placement.targets)}
    wanted: set[int] = set()
    for heir in heirs:
        placement = view.succession.place(heir, from_on=view.to, to_on=view.then)
        wanted.update(target.key for target in placement.targets)
    reporters = {one.reporter for one in landed}
    for one in reporters:
        if view.since(one) != view.then:
            there = view.succession.place(one, from_on=view.since(one), to_on=view.then)
            reporters = reporters | {target.key for target in there.targets}
    wanted -= reporters | {one.through for one in landed}
    if wanted and line is not None:
        wanted -= having_beneath(wanted, reporters, line, view.then)
    if not wanted:
        return []
    kinds = _kinds(form_id)
    if not kinds:
        published = FormVersion.objects.filter(kind=FormKind.CAPTURE)
        is_published = form_id is not None and published.filter(pk=form_id).exists()
        concerned = reporters if is_published else reporters | {one.through for one in landed}
        kinds = {card.kind for card in cards(concerned, view.then).values()}
    found = [card for card in cards(wanted, view.then).values() if card.kind in kinds]
    return sorted(found, key=lambda card: card.sort_key)


def _kinds(form_id: int | None) -> set[str]:
    """The kinds of units that report or receive by the form's owing rules."""
    rules = OwingRule.objects.filter(form_id=form_id).values_list("reporter_kind__key", "receiver_kind__key")
    return {kind for pair in rules for kind in pair if kind}


def _lacking(names: Sequence[str], *, is_own: bool) -> str:
    """is_own: the figures come from the unit's own predecessors only. Otherwise other units beneath it may lack figures
    too: those from which nothing came are not sought."""
    if not names:
        return ""
    what = f"hông có số liệu của kỳ này từ: {', '.join(names)}."
    return f"K{what}" if is_own else f"Trong các đơn vị đang hiện, k{what}"
