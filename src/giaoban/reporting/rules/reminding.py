"""Who is reminded of which reports on a day: at most one digest per person, of what is not received and has a deadline.

A reminder is due on certain working days around the deadline. A day on which nothing was sent, because nobody works or
because the machine stood still, is made up for by the next: what fell between two runs falls on the second.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """When to remind, in working days around a deadline. It is the organisation's own choice, no law.

    before, after: days of reminders, the day itself always is one. head: from so many days late on the head of the
    receiver is told, above: the unit above the receiver; None = never.
    """

    before: tuple[int, ...] = ()
    after: tuple[int, ...] = ()
    head: int | None = None
    above: int | None = None


@dataclass(frozen=True, slots=True)
class Owing:
    """A report as far as reminding is concerned. units: who answers for it. field: key of its field of work or "".

    returned_on: the day on which its latest version came back, None: it did not.
    """

    id: int
    units: tuple[int, ...]
    receiver_id: int | None
    due_on: date | None
    received: bool
    field: str = ""
    returned_on: date | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A person at a unit: enters its figures, receives its reports, heads it; in some fields of work, none = all."""

    person_id: int
    unit_id: int
    answers: bool
    receives: bool
    heads: bool
    fields: frozenset[str] = frozenset()

    def covers(self, field: str) -> bool:
        return not self.fields or not field or field in self.fields


@dataclass(frozen=True, slots=True)
class Digest:
    """All that one person is told on a day, as ids of reports: to send; late at units that report to the person's;
    late for long. No report stands in two of the lists. unit_id: the unit at which the person is told it."""

    person_id: int
    unit_id: int
    own: tuple[int, ...] = ()
    late: tuple[int, ...] = ()
    escalated: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reach:
    """What a deadline means on a day: whether a report is named at all (listed…), and whether a reminder rings."""

    listed: bool = False
    late: bool = False
    rings: bool = False
    rings_late: bool = False
    head: bool = False
    rings_head: bool = False
    above: bool = False
    rings_above: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a run: those after the last run up to this one. is_working: whether somebody works on a day."""

    last: date
    on: date
    is_working: Callable[[date], bool]

    def has(self, day: date) -> bool:
        return self.last < day <= self.on

    def shifted(self, day: date, count: int) -> date:
        """The count-th working day after a day (before it: negative); 0: the day itself or the working day before."""
        step = ONE_DAY if count > 0 else -ONE_DAY
        if not count:
            while not self.is_working(day):
                day += step
            return day
        for _ in range(abs(count)):
            day += step
            while not self.is_working(day):
                day += step
        return day


def days_of_run(on: date, last: date | None, is_working: Callable[[date], bool]) -> Days:
    """The days that a run on a day makes up for: since the last run, else since the working day before.

    More than a month is not made up for.
    """
    days = Days(on, on, is_working)
    begun = max(last, on - timedelta(days=31)) if last is not None else days.shifted(on, -1)
    return Days(begun, on, is_working)


def reach(due_on: date, policy: Policy, days: Days) -> Reach:
    """What a deadline means in a run."""
    before = [days.shifted(due_on, -count) for count in policy.before] + [days.shifted(due_on, 0)]
    after = [days.shifted(due_on, count) for count in policy.after]
    late = days.on > due_on
    head = days.shifted(due_on, policy.head) if policy.head else None
    above = days.shifted(due_on, policy.above) if policy.above else None
    rings_late = late and any(map(days.has, after))
    return Reach(
        listed=min(before) <= days.on,
        late=late,
        rings=rings_late or (not late and any(map(days.has, before))),
        rings_late=rings_late,
        head=head is not None and head <= days.on,
        rings_head=head is not None and days.has(head),
        above=above is not None and above <= days.on,
        rings_above=above is not None and days.has(above),
    )


def horizon(policy: Policy, days: Days) -> date:
    """The last deadline that can be named in a run."""
    return days.shifted(days.on, max(policy.before, default=0) + 1)


class _Gathering:
    """Lists of reports per person, and whom a reminder rings for."""

    def __init__(self) -> None:
        self.lists: dict[str, defaultdict[int, dict[int, None]]] = {
            name: defaultdict(dict) for name in ("own", "late", "escalated")
        }
        self.unit_of: dict[int, int] = {}
        self.rung: set[int] = set()

    def add(self, name: str, report: Owing, places: Iterable[Place], *, rings: bool) -> None:
        for place in places:
            if place.covers(report.field):
                self.lists[name][place.person_id][report.id] = None
                if rings:
                    self.rung.add(place.person_id)
                    self.unit_of.setdefault(place.person_id, place.unit_id)

    def digests(self) -> list[Digest]:
        found = []
        for person in sorted(self.rung):
            own = self.lists["own"][person]
            late = [one for one in self.lists["late"][person] if one not in own]
            told = {*own, *late}
            escalated = [one for one in self.lists["escalated"][person] if one not in told]
            found.append(Digest(person, self.unit_of[person], tuple(own), tuple(late), tuple(escalated)))
        return found


def plan(
    reports: Iterable[Owing],
    places: Iterable[Place],
    above: Mapping[int, Sequence[int]],
    policy: Policy,
    days: Days,
) -> list[Digest]:
    """The digests of a run, one per person for whom a reminder rings, the earliest deadline first in each list.

    above: unit → the units directly above it. Nothing on a day on which nobody works.
    """
    if not days.is_working(days.on):
        return []
    at: defaultdict[int, list[Place]] = defaultdict(list)
    for place in places:
        at[place.unit_id].append(place)
    open_ones = [(one.due_on, one) for one in reports if not one.received and one.due_on is not None]
    reaches = {due_on: reach(due_on, policy, days) for due_on in {due_on for due_on, _ in open_ones}}
    gathering = _Gathering()
    for due_on, one in sorted(open_ones, key=lambda pair: (pair[0], pair[1].id)):
        found = reaches[due_on]
        back = one.returned_on is not None and days.has(days.shifted(one.returned_on, 1))
        if found.listed or back:
            answering = [place for unit in one.units for place in at[unit] if place.answers]
            gathering.add("own", one, answering, rings=found.rings or back)
        if found.late and one.receiver_id is not None:
            _tell_receivers(gathering, one, found, at, above.get(one.receiver_id, ()))
    return gathering.digests()


def _tell_receivers(
    gathering: _Gathering,
    one: Owing,
    found: Reach,
    at: Mapping[int, Sequence[Place]],
    above: Sequence[int],
) -> None:
    """Those who receive a late report; its receiver's head and the unit above once it is late for long.

    Where a receiver has nobody but its head, the head is told at once.
    """
    receiving = [place for place in at.get(one.receiver_id or 0, ()) if place.receives]
    heads = [place for place in receiving if place.heads]
    others = [place for place in receiving if not place.heads]
    gathering.add("late", one, others or heads, rings=found.rings_late)
    if found.head:
        gathering.add("escalated", one, heads, rings=found.rings_head)
    if found.above:
        upper = [place for unit in above for place in at.get(unit, ()) if place.receives]
        gathering.add("escalated", one, upper, rings=found.rings_above)
