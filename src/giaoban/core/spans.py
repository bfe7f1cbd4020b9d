"""Spans of days: half-open [start, end), so that one thing ends on the day the next begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import total_ordering
from typing import Final

_BEFORE_ALL: Final = date.min.toordinal() - 1
_AFTER_ALL: Final = date.max.toordinal() + 1


@total_ordering
@dataclass(frozen=True, slots=True)
class Span:
    """Days from `start` up to, not including, `end`; None is unknown or open on that side. Raises ValueError if empty.

    Ordered by start, then by end; an open start is before every day, an open end after every day.
    """

    start: date | None
    end: date | None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.start >= self.end:
            raise ValueError(f"empty span: {self.start} is not before {self.end}")

    def __lt__(self, other: "Span") -> bool:
        return self._bounds() < other._bounds()

    def _bounds(self) -> tuple[int, int]:
        """Both ends as day numbers, so that open ends compare like days."""
        return (
            _BEFORE_ALL if self.start is None else self.start.toordinal(),
            _AFTER_ALL if self.end is None else self.end.toordinal(),
        )

    def contains(self, on: date) -> bool:
        """Whether the day lies inside; the end does not."""
        start, end = self._bounds()
        return start <= on.toordinal() < end

    def overlaps(self, other: "Span") -> bool:
        """Whether at least one day lies in both."""
        return self.intersect(other) is not None

    def intersect(self, other: "Span") -> "Span | None":
        """The days in both, or None."""
        (start, end), (other_start, other_end) = self._bounds(), other._bounds()
        return _span(max(start, other_start), min(end, other_end))


def _span(start: int, end: int) -> Span | None:
    """The span between two day numbers, or None when no day lies between."""
    if start >= end:
        return None
    return Span(
        None if start == _BEFORE_ALL else date.fromordinal(start),
        None if end == _AFTER_ALL else date.fromordinal(end),
    )


def overlaps_in(spans: Sequence[Span]) -> list[tuple[int, int]]:
    """Pairs of positions (lower first, sorted) whose spans share a day."""
    pairs: list[tuple[int, int]] = []
    running: list[int] = []
    for current in sorted(range(len(spans)), key=lambda at: spans[at]):
        running = [at for at in running if spans[at].overlaps(spans[current])]
        pairs.extend((min(at, current), max(at, current)) for at in running)
        running.append(current)
    return sorted(pairs)


def gaps_in(spans: Sequence[Span], within: Span) -> list[Span]:
    """The parts of `within` that no span covers, in order."""
    covered_to, end = within._bounds()
    gaps: list[Span | None] = []
    for span in sorted(spans):
        start, stop = span._bounds()
        gaps.append(_span(covered_to, min(start, end)))
        covered_to = max(covered_to, stop)
    gaps.append(_span(covered_to, end))
    return [gap for gap in gaps if gap is not None]
