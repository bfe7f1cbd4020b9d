"""Whom a post at a unit lets read, and when: the unit itself, all beneath it, and the history of these.

A post at a unit reads, on a day, what stands beneath the unit that day on any line; and, step by step, whatever has
ended by then and was succeeded, wholly or in part, by one of these, or ever stood beneath one of these. What still
exists is read from where it stands, not from where it once stood. Whoever only took over duties of an ended unit reads
that unit, and nothing that stood beneath it or came before it: these are the histories of others.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

OPEN = 10_000_000  # an ordinal of a day after all others: an open end
EVER = 0  # one before all others: an unknown beginning

Days = tuple[int, int]  # first ordinal, and the one after the last
Above = tuple[int, int, int, int, int]  # line, ancestor, depth, days
Reading = tuple[int, int, int, int]  # reader, unit, days


@dataclass(slots=True)
class Kinship:
    """What the tree and the successions say of some units and of all above and after them.

    lives: the days of each unit, spans that touch made one. parents: by line and unit, each parent with its days.
    heirs: by unit, those that succeeded it, with the day. takers: those to which only duties passed.
    """

    lives: Mapping[int, Sequence[Days]]
    parents: Mapping[int, Mapping[int, Sequence[tuple[int, int, int]]]]
    heirs: Mapping[int, Sequence[tuple[int, int]]]
    takers: Mapping[int, Sequence[tuple[int, int]]]
    _above: dict[int, list[Above]] = field(default_factory=dict)
    _upwards: dict[int, list[Reading]] = field(default_factory=dict)

    def above(self, unit_id: int) -> list[Above]:
        """Every ancestor with the days on which it was one. Raises ValueError when the unit stands above itself."""
        found = self._above.get(unit_id)
        if found is None:
            found = [row for line_id in self.parents for row in self._walk(unit_id, line_id)]
            self._above[unit_id] = found
        return found

    def _walk(self, unit_id: int, line_id: int) -> Iterator[Above]:
        edges = self.parents[line_id]
        front: list[tuple[int, int, int, tuple[int, ...]]]
        front = [(unit_id, start, end, (unit_id,)) for start, end in self.lives.get(unit_id, ())]
        depth = 0
        while front:
            depth += 1
            higher: list[tuple[int, int, int, tuple[int, ...]]] = []
            for current, start, end, path in front:
                for parent_id, begins, ends in edges.get(current, ()):
                    first, last = max(start, begins), min(end, ends)
                    if first >= last:
                        continue
                    if parent_id in path:
                        raise ValueError(f"unit {parent_id} stands above itself")
                    yield line_id, parent_id, depth, first, last
                    higher.append((parent_id, first, last, (*path, parent_id)))
            front = higher

    def ended(self, unit_id: int) -> int | None:
        """The first day after the unit's last one; None while no end is known."""
        days = self.lives.get(unit_id)
        return days[-1][1] if days and days[-1][1] != OPEN else None

    def _passed_to(self, unit_id: int, *, own: bool) -> dict[int, int]:
        """Those that read a unit because it ended, with the first day: its ancestors of any time and its heirs.

        own: it is the unit itself that is read, not what came before it: then those that took its duties too.
        """
        end = self.ended(unit_id)
        if end is None:
            return {}
        found = {row[1]: end for row in self.above(unit_id)}
        for heir_id, on in (*self.heirs.get(unit_id, ()), *(self.takers.get(unit_id, ()) if own else ())):
            found[heir_id] = min(max(end, on), found.get(heir_id, OPEN))
        return found

    def history_readers(self, unit_id: int) -> dict[int, int]:
        """All that an ended unit was passed to, step by step through other ended ones, with the first day."""
        found: dict[int, int] = {}
        todo = [(unit_id, EVER)]
        while todo:
            current, known = todo.pop()
            for reader_id, on in self._passed_to(current, own=current == unit_id).items():
                since = max(known, on)
                if since < found.get(reader_id, OPEN):
                    found[reader_id] = since
                    todo.append((reader_id, since))
        found.pop(unit_id, None)
        return found


def readings(kin: Kinship, unit_ids: Collection[int]) -> Iterator[Reading]:
    """Who reads each of the units besides those at the unit itself, and when: no two rows of one pair touch."""
    shared: dict[frozenset[tuple[int, int]], list[tuple[int, Days]]] = {}
    for unit_id in unit_ids:
        found: dict[int, list[Days]] = defaultdict(list)
        for _, ancestor_id, _, start, end in kin.above(unit_id):
            found[ancestor_id].append((start, end))
        if since := frozenset(kin.history_readers(unit_id).items()):
            if since not in shared:
                shared[since] = list(_readers_through(kin, since))
            for reader_id, days in shared[since]:
                found[reader_id].append(days)
        found.pop(unit_id, None)
        for reader_id, spans in found.items():
            for start, end in joined(spans):
                yield reader_id, unit_id, start, end


def _readers_through(kin: Kinship, since: Iterable[tuple[int, int]]) -> Iterator[tuple[int, Days]]:
    """Those that read through the heirs of a history, each from its day on: the heirs, and all above them."""
    found: dict[int, list[Days]] = defaultdict(list)
    for heir_id, on in since:
        found[heir_id].append((on, OPEN))
        for _, ancestor_id, _, start, end in kin.above(heir_id):
            if end > on:
                found[ancestor_id].append((max(start, on), end))
    for reader_id, spans in found.items():
        for days in joined(spans):
            yield reader_id, days


def joined(spans: Iterable[Days]) -> list[Days]:
    """The same days with spans that overlap or touch made one, in order."""
    ordered = sorted(spans)
    found: list[Days] = []
    for start, end in ordered:
        if found and start <= found[-1][1]:
            if end > found[-1][1]:
                found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
