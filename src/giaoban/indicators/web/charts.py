"""The line of a series as positions of an SVG; the table beside it says the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, floor
from typing import Final

from giaoban.core.vietnamese import number
from giaoban.kit.charts import position

WIDTH: Final = 720
HEIGHT: Final = 244
LEFT: Final = 52
MARGIN: Final = 14
BOTTOM: Final = HEIGHT - 38
"""Beneath it stand the first and the last period."""
STEPS: Final = 3
LEAST_FOR_A_LINE: Final = 2


@dataclass(frozen=True, slots=True)
class Line:
    """lines: stretches without a gap or a cut, as points of a polyline; dots: every value; gaps: periods without one.
    breaks: where a definition changed, "cut" where values on both sides are not compared. targets: what was due, as
    short strokes (from, to, height). grid: heights with their labels."""

    lines: tuple[str, ...]
    dots: tuple[tuple[str, str], ...]
    gaps: tuple[str, ...]
    breaks: tuple[tuple[str, str], ...]
    targets: tuple[tuple[str, str, str], ...]
    grid: tuple[tuple[str, str], ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - MARGIN
    top: int = MARGIN
    bottom: int = BOTTOM


def line_of(
    values: Sequence[Decimal | None],
    *,
    targets: Sequence[Decimal | None],
    breaks: Sequence[bool],
    cuts: Sequence[bool],
) -> Line | None:
    """Oldest first; all of one length. None where fewer than two values are known: there is no course to draw.

    The axis runs over round numbers around what is shown, not from zero; its labels say so.
    """
    known = [one for one in values if one is not None]
    if len(known) < LEAST_FOR_A_LINE:
        return None
    low, high, step = _ends([*known, *(one for one in targets if one is not None)])
    width = (WIDTH - MARGIN - LEFT) / max(1, len(values) - 1)

    def across(index: float) -> str:
        return f"{LEFT + width * index:.1f}"

    def up(value: Decimal) -> str:
        return f"{MARGIN + (BOTTOM - MARGIN) * (1 - position(value, low, high)):.1f}"

    runs: list[list[tuple[str, str]]] = [[]]
    for index, value in enumerate(values):
        if cuts[index] or value is None:
            runs.append([])
        if value is not None:
            runs[-1].append((across(index), up(value)))
    half = min(width / 2, 18) / width if width else 0
    return Line(
        lines=tuple(" ".join(f"{x},{y}" for x, y in run) for run in runs if len(run) > 1),
        dots=tuple(point for run in runs for point in run),
        gaps=tuple(across(index) for index, value in enumerate(values) if value is None),
        breaks=tuple(
            (across(index - 0.5), "cut" if cuts[index] else "mark") for index, broken in enumerate(breaks) if broken
        ),
        targets=tuple(
            (across(index - half), across(index + half), up(one))
            for index, one in enumerate(targets)
            if one is not None
        ),
        grid=tuple((up(low + step * index), number(low + step * index)) for index in range(STEPS + 1)),
    )


def _ends(values: Sequence[Decimal]) -> tuple[Decimal, Decimal, Decimal]:
    """Round ends of an axis of three equal steps of 1, 2 or 5 times a power of ten."""
    least, most = min(values), max(values)
    spread = (most - least) or abs(most) or Decimal(1)
    rough = spread / STEPS
    power = Decimal(10) ** (rough.adjusted())
    for factor in (1, 2, 5, 10, 20):
        step = power * factor
        low = step * floor(least / step)
        if low + step * STEPS >= most:
            return low, low + step * STEPS, step
    step = power * ceil((most - least) / power)
    return least, least + step * STEPS, step
