"""Units that merge, split and are absorbed: reading one date's units in the geography of another date.

A link says that on the day `on` the old thing passed to the new one: wholly, or in part. All links of one old thing on
one day together say where it went. What can be answered:

- Forward, a thing that passed wholly into exactly one other counts there ("whole"). As soon as it passed to several, or
  only in part, its figures cannot be placed without knowing the shares: "broken", with the possible heirs listed. That
  holds even when several links of the same day call themselves whole: nothing passes wholly to two places, and
  believing them would count it twice (`check` reports them). It also holds when the parts meet again later: that the
  listed parts are all there were is not known.
- Backward, a thing is the sum of the old things that passed wholly into it ("whole"); one predecessor that gave only a
  part makes it "broken".

A thing that keeps its key through an event (it absorbs another, or gives up a part) is its own predecessor and heir.
Either the links say so with a link to itself, or the caller passes the spans of the things and the link is understood.
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Generic, Literal, TypeVar

from giaoban.core.spans import Span
from giaoban.core.vietnamese import day

K = TypeVar("K", bound=Hashable)

Recast = Literal["same", "whole", "broken", "gone"]

_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Link(Generic[K]):
    """On the day `on` (the first day of the new state) `old` passed to `new`; whole: all of it did."""

    old: K
    new: K
    on: date
    whole: bool


class Succession(Generic[K]):
    """Links indexed once, for recasting many keys. spans: the life of each thing, as far as known."""

    def __init__(self, links: Iterable[Link[K]], spans: Mapping[K, Span] | None = None) -> None:
        self._spans: Mapping[K, Span] = spans or {}
        self._heirs: defaultdict[K, defaultdict[date, list[Link[K]]]] = defaultdict(lambda: defaultdict(list))
        self._origins: defaultdict[K, defaultdict[date, list[Link[K]]]] = defaultdict(lambda: defaultdict(list))
        for link in _with_survivors(links, self._spans):
            self._heirs[link.old][link.on].append(link)
            self._origins[link.new][link.on].append(link)

    def recast(self, key: K, *, from_on: date, to_on: date) -> tuple[list[K], Recast]:
        """What the thing `key` of the day `from_on` is on the day `to_on`, and how far that answer holds.

        to_on later: its heirs, along links dated after from_on up to to_on. to_on earlier: its predecessors, along
        links dated after to_on up to from_on. "same": no event between. "whole": exact (see the module). "broken": the
        keys are only those concerned. "gone": nothing on that day, no keys; only known when the spans are.
        """
        forward = to_on >= from_on
        found: dict[K, None] = {}
        moved = broken = False
        todo = [(key, from_on)]
        while todo:
            current, at = todo.pop()
            links = self._links_after(current, at, to_on) if forward else self._links_before(current, at, to_on)
            if not links:
                found[current] = None
                continue
            moved = True
            broken = broken or not all(link.whole for link in links) or (forward and len(links) > 1)
            todo.extend((link.new, link.on) if forward else (link.old, link.on - _ONE_DAY) for link in reversed(links))
        living = [one for one in found if one not in self._spans or self._spans[one].contains(to_on)]
        if not living:
            return [], "gone"
        if broken or len(living) < len(found):
            return living, "broken"
        return living, "whole" if moved else "same"

    def _links_after(self, key: K, at: date, to_on: date) -> list[Link[K]]:
        """The links of the next event that `key` gives to, after `at` and not after `to_on`."""
        events: Mapping[date, list[Link[K]]] = self._heirs.get(key, {})
        return events[min(days)] if (days := [on for on in events if at < on <= to_on]) else []

    def _links_before(self, key: K, at: date, to_on: date) -> list[Link[K]]:
        """The links of the last event that `key` received from, not after `at` and after `to_on`."""
        events: Mapping[date, list[Link[K]]] = self._origins.get(key, {})
        return events[max(days)] if (days := [on for on in events if to_on < on <= at]) else []


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
        if len(mine) > 1 and any(link.whole for link in mine):
            faults.append(f"{old} ngày {day(on)}: không thể chuyển toàn bộ khi có nhiều nơi nhận")
    return faults


def _faults_of(link: Link[K], spans: Mapping[K, Span]) -> list[str]:
    """Where one link disagrees with the lives of its two ends."""
    faults = [f"không có {key}" for key in dict.fromkeys((link.old, link.new)) if key not in spans]
    old, new = spans.get(link.old), spans.get(link.new)
    if old is not None and not old.contains(link.on - _ONE_DAY):
        faults.append(f"{link.old} không tồn tại ngay trước ngày này")
    if new is not None and not new.contains(link.on):
        faults.append(f"{link.new} không tồn tại vào ngày này")
    if old is not None and link.whole and link.old != link.new and old.contains(link.on):
        faults.append(f"{link.old} đã chuyển toàn bộ nhưng vẫn còn tồn tại")
    return faults
