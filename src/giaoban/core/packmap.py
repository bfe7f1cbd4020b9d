"""What the areas, units, successions and events of a pack say about each other. One function per check.

A record that could not be read has been named already; its key counts as known, so that one fault is told once.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Protocol, TypeVar

from giaoban.core import succession
from giaoban.core.packfiles import PackFault
from giaoban.core.packrecords import (
    AreaVersion,
    DatedRecord,
    EventRecord,
    Pack,
    ParentRow,
    Place,
    ServedRow,
    SuccessionRow,
    UnitVersion,
)
from giaoban.core.spans import Span, gaps_in, overlaps_in

_LONGEST_CHAIN: Final = 20


D = TypeVar("D", bound=DatedRecord)


Spans = Mapping[str, list[Span]]


@dataclass(slots=True)
class Unread:
    """Keys of records that were found but not readable. `is_everything`: a file broke off, so any key may exist."""

    keys: set[str] = field(default_factory=set)
    is_everything: bool = False

    def add(self, key: object) -> None:
        if isinstance(key, str):
            self.keys.add(key)

    def __contains__(self, key: object) -> bool:
        return self.is_everything or key in self.keys


class _OfEvent(Protocol):
    @property
    def at(self) -> Place: ...
    @property
    def event(self) -> str: ...


def map_faults(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """Every fault between areas, units, successions and events."""
    area_spans, unit_spans = _spans_by_key(pack.areas), _spans_by_key(pack.units)
    yield from overlapping_versions(pack.areas)
    yield from overlapping_versions(pack.units)
    yield from known_days(pack)
    yield from events(pack, unread)
    yield from area_parents(pack, area_spans, unread)
    yield from area_codes(pack, area_spans, unread)
    yield from regions(pack, area_spans, unread)
    yield from unit_areas(pack, area_spans, unread)
    yield from unit_codes(pack)
    yield from unit_parents(pack, unit_spans, unread)
    yield from parent_loops(pack.parents)
    yield from served_areas(pack, unit_spans, area_spans, unread)
    yield from successions(pack.area_successions, "area", area_spans, unread)
    yield from successions(pack.unit_successions, "unit", unit_spans, unread)


def known_days(pack: Pack) -> Iterator[PackFault]:
    """A day for which a state is known lies in it, and says something only where the first day is not known."""
    versions: list[AreaVersion | UnitVersion] = [*pack.areas, *pack.units]
    for version in versions:
        if version.known_on is None:
            continue
        if version.valid_from is not None:
            yield version.at.fault(f"known_on: the first day is known, {version.valid_from}; one of the two is wrong")
        elif not version.span.contains(version.known_on):
            yield version.at.fault(f"known_on: {version.known_on} is not before valid_to, {version.valid_to}")


def events(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """A row names an event of events.yaml whose day is the beginning or the end of the row, or the succession's."""
    known = {event.key: event for event in pack.events}
    dated: list[AreaVersion | UnitVersion | ParentRow | ServedRow] = [*pack.areas, *pack.units]
    dated += [*pack.parents, *pack.served]
    for row in dated:
        yield from _event(row, (row.valid_from, row.valid_to), known, unread)
    for step in (*pack.area_successions, *pack.unit_successions):
        yield from _event(step, (step.on,), known, unread)


def _event(
    row: _OfEvent, days: tuple[date | None, ...], known: Mapping[str, EventRecord], unread: Unread
) -> Iterator[PackFault]:
    if not row.event or row.event in unread:
        return
    event = known.get(row.event)
    if event is None:
        yield row.at.fault(f"event: '{row.event}' is not in events.yaml")
    elif event.on not in days:
        told = " and ".join(str(day) for day in days if day is not None) or "nothing dated"
        yield row.at.fault(f"event: '{row.event}' is of {event.on}, this row of {told}")


def unit_codes(pack: Pack) -> Iterator[PackFault]:
    """One code means one unit on one day."""
    by_code: defaultdict[str, list[UnitVersion]] = defaultdict(list)
    for version in pack.units:
        if version.code:
            by_code[version.code].append(version)
    for code, group in by_code.items():
        for first, second in _overlapping(group):
            if first.key != second.key:
                yield second.at.fault(f"code: '{code}' is that of '{first.key}' (line {first.at.line}) on the same day")


def served_areas(pack: Pack, units: Spans, areas: Spans, unread: Unread) -> Iterator[PackFault]:
    """Both ends exist for as long as the row says, and the same is not said twice for one day."""
    groups: defaultdict[tuple[str, str], list[DatedRecord]] = defaultdict(list)
    for row in pack.served:
        yield from _within(row.at, "unit", row.unit, row.span, units, unread)
        yield from _within(row.at, "area", row.area, row.span, areas, unread)
        groups[row.unit, row.area].append(row)
    for (unit, area), rows in groups.items():
        for first, second in _overlapping(rows):
            yield second.at.fault(f"'{unit}' serves '{area}' on the same day in line {first.at.line}")


def successions(rows: Sequence[SuccessionRow], what: str, spans: Spans, unread: Unread) -> Iterator[PackFault]:
    """Each row by itself; then, where nothing is wrong with them, the rows of one old thing and day together."""
    faulty: set[int] = set()
    for fault in _successions(rows, what, spans, unread):
        faulty.add(fault.line)
        yield fault
    lives = {key: _hull(of_key) for key, of_key in spans.items()}
    together: defaultdict[tuple[str, date], list[SuccessionRow]] = defaultdict(list)
    for row in rows:
        if row.passes_figures:
            together[row.old, row.on].append(row)
        elif row.share != "part":
            yield row.at.fault("share: by a transfer only duties pass; write part")
    for (old, _), steps in together.items():
        sound = not any(step.at.line in faulty or step.new in unread for step in steps) and old not in unread
        links = [succession.Link(step.old, step.new, step.on, step.whole, step.part) for step in steps]
        for sentence in succession.check(links, lives) if sound else ():
            yield steps[-1].at.fault(sentence)


def _hull(spans: list[Span]) -> Span:
    """From the first day of all to the last."""
    starts, ends = [span.start for span in spans], [span.end for span in spans]
    start = None if None in starts else min(day for day in starts if day is not None)
    return Span(start, None if None in ends else max(day for day in ends if day is not None))


def overlapping_versions(versions: Iterable[AreaVersion] | Iterable[UnitVersion]) -> Iterator[PackFault]:
    """Two versions of one key on the same day."""
    by_key: defaultdict[str, list[AreaVersion | UnitVersion]] = defaultdict(list)
    for version in versions:
        by_key[version.key].append(version)
    for key, group in by_key.items():
        for first, second in _overlapping(group):
            yield second.at.fault(f"'{key}' has this version and the one of line {first.at.line} on the same day")


def area_parents(pack: Pack, spans: Spans, unread: Unread) -> Iterator[PackFault]:
    """The parent exists for as long as the child."""
    for version in pack.areas:
        if version.parent:
            yield from _within(version.at, "parent", version.parent, version.span, spans, unread)
            if version.parent == version.key:
                yield version.at.fault("parent: an area cannot lie in itself")


def area_codes(pack: Pack, spans: Spans, unread: Unread) -> Iterator[PackFault]:
    """One code means one area of a level on one day, in the official system and in every other."""
    levels = {kind.key: kind.level for kind in pack.area_kinds}
    official: defaultdict[tuple[int, str], list[AreaVersion]] = defaultdict(list)
    for version in pack.areas:
        if version.code and version.kind in levels:
            official[levels[version.kind], version.code].append(version)
    for (_, code), group in official.items():
        for first, second in _overlapping(group):
            if first.key != second.key:
                yield second.at.fault(f"code: '{code}' is that of '{first.key}' (line {first.at.line}) on the same day")
    other: defaultdict[tuple[str, str], list[DatedRecord]] = defaultdict(list)
    for row in pack.codes:
        yield from _within(row.at, "area", row.area, row.span, spans, unread)
        other[row.system, row.code].append(row)
    for (system, code), rows in other.items():
        for earlier, later in _overlapping(rows):
            yield later.at.fault(f"code: '{code}' of '{system}' is given on the same day in line {earlier.at.line}")


def regions(pack: Pack, spans: Spans, unread: Unread) -> Iterator[PackFault]:
    """Members exist for as long as they are members."""
    for region in pack.regions:
        for member in region.members:
            yield from _within(region.at, "area", member.area, member.span, spans, unread)


def unit_areas(pack: Pack, spans: Spans, unread: Unread) -> Iterator[PackFault]:
    """The area of a unit exists for as long as the unit."""
    for version in pack.units:
        if version.area:
            yield from _within(version.at, "area", version.area, version.span, spans, unread)


def unit_parents(pack: Pack, spans: Spans, unread: Unread) -> Iterator[PackFault]:
    """Both ends exist for as long as the row says, and nobody has two parents on one line and day."""
    lines = {line.key for line in pack.lines}
    groups: defaultdict[tuple[str, str], list[ParentRow]] = defaultdict(list)
    for row in pack.parents:
        yield from _within(row.at, "unit", row.unit, row.span, spans, unread)
        yield from _within(row.at, "parent", row.parent, row.span, spans, unread)
        if row.line not in lines and row.line not in unread:
            yield row.at.fault(f"line: '{row.line}' is not in kinds.yaml")
        groups[row.unit, row.line].append(row)
    for (unit, line), rows in groups.items():
        for first, second in _overlapping(rows):
            yield second.at.fault(f"'{unit}' has a parent on '{line}' the same day in line {first.at.line}")


def parent_loops(parents: Iterable[ParentRow]) -> Iterator[PackFault]:
    """A unit that stands under itself, directly or through others, on some day."""
    above: defaultdict[tuple[str, str], list[ParentRow]] = defaultdict(list)
    rows = list(parents)
    for row in rows:
        above[row.unit, row.line].append(row)
    for row in rows:
        waiting = [(row.parent, row.span, 1)]
        while waiting:
            unit, span, steps = waiting.pop()
            if unit == row.unit or steps > _LONGEST_CHAIN:
                yield row.at.fault(f"'{row.unit}' stands under itself on '{row.line}'")
                break
            for higher in above.get((unit, row.line), ()):
                shared = higher.span.intersect(span)
                if shared is not None:
                    waiting.append((higher.parent, shared, steps + 1))


def _successions(rows: Sequence[SuccessionRow], what: str, spans: Spans, unread: Unread) -> Iterator[PackFault]:
    """The old one existed before the day, the new one exists on it; what went over whole ended that day."""
    seen: dict[tuple[str, str, date], int] = {}
    for row in rows:
        if row.old == row.new:
            yield row.at.fault(f"'{row.old}' cannot succeed itself")
        first = seen.setdefault((row.old, row.new, row.on), row.at.line)
        if first != row.at.line:
            yield row.at.fault(f"this succession stands already in line {first}")
        for name, key in (("old", row.old), ("new", row.new)):
            if key not in spans and key not in unread:
                yield row.at.fault(f"{name}: there is no {what} '{key}'")
        old, new = spans.get(row.old), spans.get(row.new)
        if old is not None and row.old not in unread:
            yield from _old_side(row, old)
        if new is not None and row.new not in unread and not any(span.contains(row.on) for span in new):
            yield row.at.fault(f"new: '{row.new}' does not exist on {row.on}")


def _old_side(row: SuccessionRow, spans: list[Span]) -> Iterator[PackFault]:
    if not any(span.start is None or span.start < row.on for span in spans):
        yield row.at.fault(f"old: '{row.old}' does not exist before {row.on}")
    elif not any(span.end is None or span.end >= row.on for span in spans):
        yield row.at.fault(f"old: '{row.old}' ended before {row.on}")
    elif row.whole and any(span.contains(row.on) for span in spans):
        yield row.at.fault(f"old: '{row.old}' went over whole on {row.on} but has not ended that day")


def _within(at: Place, name: str, key: str, span: Span, spans: Spans, unread: Unread) -> Iterator[PackFault]:
    """The key exists, and on every day of the span. An unknown beginning on either side is no contradiction."""
    if key in unread:
        return
    known = spans.get(key)
    if known is None:
        yield at.fault(f"{name}: there is no '{key}'")
        return
    if span.start is None:
        starts = [one.start for one in known]
        span = replace(span, start=None if None in starts else min(day for day in starts if day is not None))
    if gaps := gaps_in(known, span):
        yield at.fault(f"{name}: '{key}' does not exist {_days(gaps[0])}")


def _days(span: Span) -> str:
    words = "" if span.start is None else f"from {span.start} "
    return words + ("on" if span.end is None else f"until the day before {span.end}")


def _overlapping(group: list[D]) -> Iterator[tuple[D, D]]:
    """Pairs that share a day, in the order of the file."""
    if len(group) > 1:
        for first, second in overlaps_in([one.span for one in group]):
            yield group[first], group[second]


def _spans_by_key(versions: Iterable[AreaVersion] | Iterable[UnitVersion]) -> dict[str, list[Span]]:
    spans: defaultdict[str, list[Span]] = defaultdict(list)
    for version in versions:
        spans[version.key].append(version.span)
    return dict(spans)
