"""Units that merge, split and are absorbed: reading one date's units in the geography of another date.

A link says that on the day `on` the old thing passed to the new one: wholly, or in part. All links of one old thing on
one day together say where it went. What can be answered:

- Forward, a thing that passed wholly into exactly one other counts there ("whole"). One that passed to several in
  shares that are all known and add to 1 counts in each by its share ("shared"). As soon as a share is missing, its
  figures cannot be placed: "broken", with the possible heirs listed. That holds even when several links of the same
  day call themselves whole: nothing passes wholly to two places, and believing them would count it twice (`check`
  reports them). It also holds when parts of unknown size meet again later: that the listed parts are all there were is
  not known.
- Backward, a thing is the sum of the old things that passed wholly into it ("whole"); one predecessor that gave only a
  part makes it "broken", shares or not: a part of the past was never counted apart.

A thing that keeps its key through an event (it absorbs another, or gives up a part) is its own predecessor and heir.
Either the links say so with a link to itself, or the caller passes the spans of the things and the link is understood.
Links by which only duties pass, no figures, do not belong here.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal
from heapq import heappop, heappush
from typing import Final, Generic, Literal, TypeVar

from giaoban.core.spans import Span
from giaoban.core.vietnamese import day, number

K = TypeVar("K", bound=Hashable)

Recast = Literal["same", "whole", "broken", "gone"]
How = Literal["same", "whole", "shared", "broken", "gone"]

_ONE_DAY: Final = timedelta(days=1)
_ONE: Final = Decimal(1)
# Products of shares are kept to the last digit: forty splits in a row of nine decimals each.
_EXACT: Final = Context(prec=400)


@dataclass(frozen=True, slots=True)
class Link(Generic[K]):
    """On the day `on` (the first day of the new state) `old` passed to `new`; whole: all of it did.

    share: the part of the old one's figures that counts in the new, 0 < share < 1; None: not known, or whole.
    """

    old: K
    new: K
    on: date
    whole: bool
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Target(Generic[K]):
    """weight: how much of the figures of the earlier of the two things counts in the later; None: not known."""

    key: K
    weight: Decimal | None


@dataclass(frozen=True, slots=True)
class Placement(Generic[K]):
    """Where a thing of one day is found on another day; see the module for what each `how` means.

    Forward the weights add to 1 unless broken or gone. Backward every target weighs 1 ("same", "whole": the thing is
    the sum of its targets). Broken: the targets are only those concerned, weights None. Gone: no targets; only known
    when the spans are. steps: the links passed, each once.
    """

    how: How
    targets: tuple[Target[K], ...]
    steps: tuple[Link[K], ...]


class Succession(Generic[K]):
    """Links indexed once, for placing many keys. spans: the life of each thing, as far as known."""

    def __init__(self, links: Iterable[Link[K]], spans: Mapping[K, Span] | None = None) -> None:
        self._spans: Mapping[K, Span] = spans or {}
        every = _with_survivors(links, self._spans)
        self._heirs = _indexed(every, lambda link: link.old)
        self._origins = _indexed(every, lambda link: link.new)

    def place(self, key: K, *, from_on: date, to_on: date) -> Placement[K]:
        """The thing `key` of the day `from_on` in the geography of the day `to_on`.

        to_on later: its heirs, along links dated after from_on up to to_on. to_on earlier: its predecessors, along
        links dated after to_on up to from_on.
        """
        forward = to_on >= from_on
        current, at, steps = key, from_on, list[Link[K]]()
        while len(links := self._next(current, at, to_on, forward)) == 1 and links[0].whole:
            link = links[0]
            current, at = (link.new, link.on) if forward else (link.old, link.on - _ONE_DAY)
            steps.append(link)
        if links:
            return self._place_apart(key, from_on, to_on, forward)
        if not self._lives(current, to_on):
            return Placement("gone", (), tuple(steps))
        return Placement("whole" if steps else "same", (Target(current, _ONE),), tuple(steps))

    def _place_apart(self, key: K, from_on: date, to_on: date, forward: bool) -> Placement[K]:
        """`place` where the way divides, or passes on a part only."""
        ends, steps, known = self._walk(key, from_on, to_on, forward)
        living = [end for end in ends if self._lives(end, to_on)]
        if not living:
            return Placement("gone", (), steps)
        if not known or len(living) < len(ends):
            return Placement("broken", tuple([Target(end, None) for end in living]), steps)
        if all(link.whole for link in steps):
            return Placement("whole", tuple([Target(end, _ONE) for end in living]), steps)
        weights = self._weights(key, from_on, to_on)
        return Placement("shared", tuple([Target(end, weights[end]) for end in living]), steps)

    def recast(self, key: K, *, from_on: date, to_on: date) -> tuple[list[K], Recast]:
        """`place` for those who count whole things only: the keys, and "broken" for what passed in shares too."""
        placement = self.place(key, from_on=from_on, to_on=to_on)
        return [target.key for target in placement.targets], "broken" if placement.how == "shared" else placement.how

    def _walk(self, key: K, from_on: date, to_on: date, forward: bool) -> tuple[list[K], tuple[Link[K], ...], bool]:
        """The ends of all ways from `key` in the order of the links, the links passed, and whether all is known."""
        ends: dict[K, None] = {}
        steps: dict[Link[K], None] = {}
        known = True
        seen: set[tuple[K, date]] = set()
        todo = [(key, from_on)]
        while todo:
            current, at = place = todo.pop()
            if place in seen:
                continue
            seen.add(place)
            links = self._next(current, at, to_on, forward)
            if not links:
                ends[current] = None
                continue
            steps.update(dict.fromkeys(links))
            known = known and (_shared_out(links) if forward else all(link.whole for link in links))
            todo.extend((link.new, link.on) if forward else (link.old, link.on - _ONE_DAY) for link in reversed(links))
        return list(ends), tuple(steps), known

    def _weights(self, key: K, from_on: date, to_on: date) -> dict[K, Decimal]:
        """The part of `key` in each of its heirs; only where all shares on the way are known. Day by day, so that
        parts that meet are added before they go on."""
        found: dict[K, Decimal] = {}
        waiting: dict[tuple[date, K], Decimal] = {}
        order: list[tuple[date, int, K]] = []

        def arrive(current: K, at: date, weight: Decimal) -> None:
            links = self._next(current, at, to_on, forward=True)
            if not links:
                found[current] = _EXACT.add(found.get(current, Decimal(0)), weight)
                return
            place = links[0].on, current
            if place not in waiting:
                heappush(order, (links[0].on, len(order), current))
            waiting[place] = _EXACT.add(waiting.get(place, Decimal(0)), weight)

        arrive(key, from_on, _ONE)
        while order:
            on, _, current = heappop(order)
            weight = waiting.pop((on, current))
            for link in self._next(current, on - _ONE_DAY, to_on, forward=True):
                arrive(link.new, on, weight if link.share is None else _EXACT.multiply(weight, link.share))
        return found

    def _lives(self, key: K, on: date) -> bool:
        """Whether the thing is there that day; one whose life is not known is."""
        span = self._spans.get(key)
        return span is None or span.contains(on)

    def _next(self, key: K, at: date, to_on: date, forward: bool) -> tuple[Link[K], ...]:
        """The links of the next event on the way: that `key` gives to, after `at` and not after `to_on`; backward the
        last that it received from, not after `at` and after `to_on`."""
        events = (self._heirs if forward else self._origins).get(key)
        if events is None:
            return ()
        days, links = events
        place = bisect_right(days, at) - (not forward)
        if forward:
            return links[place] if place < len(days) and days[place] <= to_on else ()
        return links[place] if place >= 0 and days[place] > to_on else ()


def _indexed(
    links: Iterable[Link[K]], end: Callable[[Link[K]], K]
) -> dict[K, tuple[list[date], list[tuple[Link[K], ...]]]]:
    """By one of their ends: the days of its events in order, and the links of each."""
    by_day: defaultdict[K, defaultdict[date, list[Link[K]]]] = defaultdict(lambda: defaultdict(list))
    for link in links:
        by_day[end(link)][link.on].append(link)
    return {key: (sorted(events), [tuple(events[on]) for on in sorted(events)]) for key, events in by_day.items()}


def share_total(shares: Iterable[Decimal]) -> Decimal:
    """Their sum to the last digit: nothing is rounded to 1."""
    total = Decimal(0)
    for share in shares:
        total = _EXACT.add(total, share)
    return total


def _shared_out(links: Collection[Link[K]]) -> bool:
    """Whether it is known where all of one old thing went by these its links of one day: to one, or in shares."""
    if len(links) == 1:
        return all(link.whole for link in links)
    shares = [link.share for link in links if not link.whole and link.share is not None]
    return len(shares) == len(links) and all(0 < share < 1 for share in shares) and share_total(shares) == 1


def recast(
    key: K, *, from_on: date, to_on: date, links: Iterable[Link[K]], spans: Mapping[K, Span] | None = None
) -> tuple[list[K], Recast]:
    """One key through `Succession.recast`; for many keys build the `Succession` once."""
    return Succession(links, spans).recast(key, from_on=from_on, to_on=to_on)


def predecessors(key: K, links: Iterable[Link[K]], *, before: date) -> list[K]:
    """What `key` was on the day before `before`, wholly or in part; itself when no link leads back that far."""
    return recast(key, from_on=date.max, to_on=before - _ONE_DAY, links=links)[0]


def _with_survivors(links: Iterable[Link[K]], spans: Mapping[K, Span]) -> list[Link[K]]:
    """The links, and a link to itself for each thing that lives through a day on which others of its links fall."""
    given = list(links)
    said = {(link.old, link.on) for link in given if link.old == link.new}
    gave = {(link.old, link.on) for link in given}
    events = dict.fromkeys((key, link.on) for link in given for key in (link.old, link.new))
    return given + [
        Link(key, key, on, whole=(key, on) not in gave)
        for key, on in events
        if (key, on) not in said and _lives_through(spans.get(key), on)
    ]


def _lives_through(span: Span | None, on: date) -> bool:
    return span is not None and span.contains(on) and span.contains(on - _ONE_DAY)


def check(links: Collection[Link[K]], spans: Mapping[K, Span]) -> list[str]:
    """Contradictions among links, and between links and lives of things, as Vietnamese sentences; [] when sound."""
    faults: list[str] = []
    seen: set[tuple[K, K, date]] = set()
    heirs: defaultdict[tuple[K, date], list[Link[K]]] = defaultdict(list)
    born = {(link.new, link.on) for link in links if link.old != link.new}
    for link in links:
        name = f"{link.old} → {link.new} ngày {day(link.on)}"
        if (link.old, link.new, link.on) in seen:
            faults.append(f"{name}: ghi hai lần")
            continue
        seen.add((link.old, link.new, link.on))
        heirs[link.old, link.on].append(link)
        faults.extend(f"{name}: {reason}" for reason in _faults_of(link, spans))
        if link.old != link.new and (link.old, link.on) in born and not _lives_through(spans.get(link.old), link.on):
            faults.append(f"{name}: {link.old} vừa được lập vừa chuyển đi trong cùng một ngày")
    for (old, on), mine in heirs.items():
        faults.extend(f"{old} ngày {day(on)}: {reason}" for reason in _faults_together(mine))
    return faults


def _faults_together(links: Collection[Link[K]]) -> list[str]:
    """What is wrong with the links of one old thing on one day, taken together."""
    if any(link.whole for link in links):
        return ["không thể chuyển toàn bộ khi có nhiều nơi nhận"] if len(links) > 1 else []
    shares = [link.share for link in links if link.share is not None]
    if shares and len(shares) < len(links):
        return ["chỉ một số nơi nhận có tỷ lệ; phải ghi tỷ lệ cho tất cả hoặc không ghi"]
    if shares and (total := share_total(shares)) != 1:
        return [f"tổng các tỷ lệ là {number(total)}, không bằng 1"]
    return []


def _faults_of(link: Link[K], spans: Mapping[K, Span]) -> list[str]:
    """Where one link disagrees with the lives of its two ends."""
    faults = [f"không có {key}" for key in dict.fromkeys((link.old, link.new)) if key not in spans]
    old, new = spans.get(link.old), spans.get(link.new)
    if old is not None and not old.contains(link.on - _ONE_DAY):
        faults.append(f"{link.old} không tồn tại ngay trước ngày này")
    if new is not None and not new.contains(link.on):
        faults.append(f"{link.new} không tồn tại vào ngày này")
    if link.share is not None and (link.whole or not 0 < link.share < 1):
        faults.append(f"tỷ lệ {number(link.share)} phải lớn hơn 0, nhỏ hơn 1 và chỉ ghi khi chuyển một phần")
    if old is not None and link.whole and link.old != link.new and old.contains(link.on):
        faults.append(f"{link.old} đã chuyển toàn bộ nhưng vẫn còn tồn tại")
    return faults
