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
class Tile:
    """A square of the tile map, as its template draws it. tone: the class of its colour; word: what the colour says."""

    label: str
    value: str
    url: str
    row: int
    column: int
    tone: str
    word: str
    direction: str = ""
    current: bool = False


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


SPARK_WIDTH = 96
SPARK_HEIGHT = 20
SPARK_MARGIN = 3
SPARK_LEAST = 0.1
BAR_WIDTH = 96


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A series as a small line. lines: the stretches without a gap, as points of a polyline; dots: values that stand
    alone between gaps; gaps: where a value is missing, so that no line runs through it; last: the newest value."""

    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]
    gaps: tuple[str, ...]
    last: tuple[str, str] | None
    width: int = SPARK_WIDTH
    height: int = SPARK_HEIGHT


def sparkline(values: Sequence[Number | None]) -> Sparkline | None:
    """The course of a series, oldest first; None where nothing is known. None when fewer than two values are known:
    one value has no course. The axis runs from the lowest to the highest value, not from zero, but over a tenth of the
    largest at least: a change of a hundredth is no fall."""
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    lacking = SPARK_LEAST * max(abs(low), abs(high)) - (high - low)
    if lacking > 0:
        low, high = low - lacking / 2, high + lacking / 2
    inner_width, inner_height = SPARK_WIDTH - 2 * SPARK_MARGIN, SPARK_HEIGHT - 2 * SPARK_MARGIN

    def across(index: int) -> str:
        return f"{SPARK_MARGIN + inner_width * index / (len(values) - 1):.1f}"

    runs: list[list[tuple[str, str]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((across(index), f"{SPARK_MARGIN + inner_height * (1 - position(value, low, high)):.1f}"))
    return Sparkline(
        lines=tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        dots=tuple(run[0] for run in runs if len(run) == 1),
        gaps=tuple(across(index) for index, value in enumerate(values) if value is None),
        last=runs[-1][-1] if runs[-1] else None,
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from zero, or from a named level; `zero` is where the axis has that, so that a lower value runs to the
    left. tone: on which side it lies, where one side is better."""

    x: str
    length: str
    zero: str
    tone: Tone = "even"
    width: int = BAR_WIDTH


def bar(value: Number | None, values: Iterable[Number], *, level: Number = 0, tone: Tone = "even") -> Bar | None:
    """The bar of one value among all that share its axis, from `level`. None for no value: a missing bar is not a bar
    of zero."""
    if value is None:
        return None
    known = [float(level), *(float(one) for one in values)]
    low, high = min(known), max(known)
    zero = position(level, low, high) if high > low else 0.0
    end = position(value, low, high) if high > low else 0.0
    length = abs(end - zero) * BAR_WIDTH
    return Bar(f"{min(zero, end) * BAR_WIDTH:.1f}", f"{length:.1f}", f"{zero * BAR_WIDTH:.1f}", tone)


@dataclass(frozen=True, slots=True)
class ColourClass:
    """One step of a sequential scale: the values from `low` to `high`, both in it. step counts from 1, the palest."""

    step: int
    low: Number
    high: Number
    count: int


def colour_classes(values: Iterable[Number], steps: int = 5) -> tuple[ColourClass, ...]:
    """Values cut into classes of about equal size, lowest first. Equal values are never parted, so there may be fewer
    classes than steps; with fewer the darkest is still the last step."""
    known = sorted(values)
    if not known:
        return ()
    groups: dict[int, list[Number]] = {}
    first = 0
    for index, value in enumerate(known):
        if value != known[first]:
            first = index
        groups.setdefault(min(steps - 1, first * steps // len(known)), []).append(value)
    held = list(groups.values())
    spread = (steps - 1) / (len(held) - 1) if len(held) > 1 else 0
    return tuple(
        ColourClass(1 + round(index * spread) if len(held) > 1 else steps // 2 + 1, group[0], group[-1], len(group))
        for index, group in enumerate(held)
    )


def class_of(value: Number | None, classes: Sequence[ColourClass]) -> int | None:
    """The step of a value; None for no value."""
    if value is None:
        return None
    return next((one.step for one in classes if one.low <= value <= one.high), None)
