"""Geometry of the small pictures that pages draw as inline SVG: numbers in, positions out, no markup.

Positions are strings with a dot ("40.47%"), whatever the language of the page: SVG reads no decimal comma.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

Number = Decimal | int | float
Tone = Literal["good", "weak", "even"]

RANK_WIDTH = 220
RANK_MARGIN = 4
STRIP_HEIGHT = 20
STRIP_CELLS_UP_TO = 200
STRIP_WIDTH = 1000


def position(value: Number, low: Number, high: Number) -> float:
    """Where a value lies between two ends, 0 to 1, held inside them. An axis of no length has all in its middle."""
    span = float(high) - float(low)
    if span == 0:
        return 0.5
    return min(1.0, max(0.0, (float(value) - float(low)) / span))


def percent_of(part: float) -> str:
    """0.4047 → "40.47%"."""
    return f"{part * 100:.2f}%"


@dataclass(frozen=True, slots=True)
class DotRow:
    """A dot on an axis, a bar from the named level to it; `marks` are the inner grid lines."""

    point: str
    mean: str
    bar_from: str
    bar_to: str
    marks: tuple[str, ...]
    tone: Tone


def dot_row(
    value: Number | None, *, low: Number, high: Number, mean: Number | None, tone: Tone = "even", steps: int = 3
) -> DotRow:
    """One line of a bar-and-dot chart. `value` None draws the axis and the level only; `steps` divides the axis."""
    at_mean = position(mean, low, high) if mean is not None else None
    at_value = position(value, low, high) if value is not None else None
    has_bar = at_mean is not None and at_value is not None
    return DotRow(
        point=percent_of(at_value) if at_value is not None else "",
        mean=percent_of(at_mean) if at_mean is not None else "",
        bar_from=percent_of(at_mean) if has_bar and at_mean is not None else "",
        bar_to=percent_of(at_value) if has_bar and at_value is not None else "",
        marks=tuple(percent_of(step / steps) for step in range(1, steps)),
        tone=tone,
    )


@dataclass(frozen=True, slots=True)
class RankStrip:
    """All values as short strokes, one of them as a disc, better to the right."""

    others: tuple[str, ...]
    here: str
    mean: str
    width: int = RANK_WIDTH


def rank_strip(
    values: Iterable[Number], *, here: Number | None, mean: Number | None = None, lower_is_better: bool = False
) -> RankStrip | None:
    """The place of one value among the others. None when there is nothing to compare (fewer than two values)."""
    all_values = sorted(float(value) for value in values)
    if len(all_values) < 2:
        return None
    low, high = (all_values[-1], all_values[0]) if lower_is_better else (all_values[0], all_values[-1])

    def place(value: Number) -> str:
        return f"{RANK_MARGIN + position(value, low, high) * (RANK_WIDTH - 2 * RANK_MARGIN):.1f}"

    return RankStrip(
        others=tuple(place(value) for value in all_values),
        here=place(here) if here is not None else "",
        mean=place(mean) if mean is not None else "",
    )


@dataclass(frozen=True, slots=True)
class StripCell:
    """A rectangle of the strip, in its own units; `kind` is a class of states.css."""

    kind: str
    x: str
    y: str
    width: str
    height: str


def strip(groups: Sequence[tuple[str, int]]) -> tuple[StripCell, ...]:
    """One rectangle for every unit while they can be told apart, otherwise one for every group in proportion.

    groups: (kind, count) in the order drawn; kinds: none, back, late, done, soon, warn, run. "late" is received late:
    a cell of "done" with its lower part in the colour of lateness.
    """
    total = sum(count for _, count in groups)
    if total == 0:
        return ()
    one_by_one = total <= STRIP_CELLS_UP_TO
    step = STRIP_WIDTH / total
    gap = min(1.5, step * 0.15) if one_by_one else 0
    cells: list[StripCell] = []
    at = 0.0
    for kind, count in groups:
        pieces, length = (count, step) if one_by_one else (min(count, 1), step * count)
        for _ in range(pieces):
            cells.extend(_strip_cell(kind, at, length - gap))
            at += length
    return tuple(cells)


def _strip_cell(kind: str, x: float, width: float) -> list[StripCell]:
    def rectangle(kind: str, y: float, height: float) -> StripCell:
        return StripCell(kind, f"{x:.2f}", f"{y:.2f}", f"{width:.2f}", f"{height:.2f}")

    if kind == "late":
        upper = STRIP_HEIGHT * 0.55
        return [rectangle("done", 0, upper), rectangle("late", upper, STRIP_HEIGHT - upper)]
    if kind == "none":  # an outline is drawn on the edge, half of it outside
        return [rectangle("none", 1, STRIP_HEIGHT - 2)]
    return [rectangle(kind, 0, STRIP_HEIGHT)]
