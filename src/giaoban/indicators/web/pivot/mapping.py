"""The tile map of a table: one tile for each unit whose area the pack places, coloured in five named classes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from giaoban.core.vietnamese import number
from giaoban.indicators.selectors.pivoting import MapPlace
from giaoban.indicators.web.pivot.painting import STATE_WORDS, Painter, state_of
from giaoban.indicators.web.pivot.shaping import Cell, PivotTable
from giaoban.kit import charts
from giaoban.kit.charts import Tile

FEWEST: Final = 5
LONG: Final = 8
"""A longer number is set closer, so that a tile holds it."""
NAMES: Final[Mapping[int, str]] = {1: "thấp nhất", 2: "thấp", 3: "giữa", 4: "cao", 5: "cao nhất"}


@dataclass(frozen=True, slots=True)
class MapClass:
    """A line of the legend. tone "gb-hatch": no figure. members: who is in it, best known by name."""

    tone: str
    name: str
    span: str
    count: int
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TileMap:
    tiles: tuple[Tile, ...]
    extras: Sequence[Mapping[str, Any]]
    classes: tuple[MapClass, ...]
    title: str
    measure: str
    where: str

    @property
    def steps(self) -> int:
        return sum(one.tone != "gb-hatch" for one in self.classes)


def tile_map_of(
    table: PivotTable,
    painter: Painter,
    areas: Mapping[int, str],
    placed: Mapping[str, MapPlace],
    extras: Sequence[Mapping[str, Any]],
) -> TileMap | None:
    """The map of the column that draws; None where units are not the rows or too few of them have a place."""
    by = table.by
    if by is None or table.answer.query.rows != "unit":
        return None
    held = [(row.head, table.by_cell(row)) for row in table.rows]
    found = [
        (head, cell, placed[areas[head.unit_id]])
        for head, cell in held
        if cell is not None and head.unit_id is not None and areas.get(head.unit_id) in placed
    ]
    if len(found) < FEWEST:
        return None
    classes = charts.colour_classes(cell.amount for _, cell, _ in found if cell.amount is not None)
    tiles = [_tile(head.label, cell, place, classes, painter) for head, cell, place in found]
    measure = found[0][1].measure
    drawn = sorted(tiles, key=lambda tile: (tile.row, tile.column))
    words = [one for one in dict.fromkeys((by.third.label, by.head.label)) if one and one != measure.name]
    legend = _legend(classes, [(head.label, cell) for head, cell, _ in found], measure.scale)
    return TileMap(tuple(drawn), extras, legend, measure.name, measure.unit.lower(), " · ".join(words))


def _tile(label: str, cell: Cell, place: MapPlace, classes: Sequence[charts.ColourClass], painter: Painter) -> Tile:
    step = charts.class_of(cell.amount, classes)
    known = cell.value is not None and cell.value.value is not None
    said = "" if known else f" {STATE_WORDS[state_of(cell.value)]}"
    value = number(cell.value.value, cell.measure.scale) if known and cell.value else ("–0–" if step else "")
    tone = f"s{step} ix-long" if len(value) > LONG else f"s{step}"
    return Tile(
        label=label,
        value=value,
        url=painter.origin(cell),
        row=place.row,
        column=place.column,
        tone=tone if step else "gb-hatch",
        word=f"{said}, nhóm {NAMES[step]}" if step else said,
    )


def _legend(
    classes: Sequence[charts.ColourClass], cells: Sequence[tuple[str, Cell]], scale: int
) -> tuple[MapClass, ...]:
    """Every class with its values and members, highest values first among them; no figure at the end."""
    found = []
    for one in classes:
        inside = [
            (cell.amount, name)
            for name, cell in cells
            if cell.amount is not None and one.low <= cell.amount <= one.high
        ]
        inside.sort(key=lambda pair: (-pair[0], pair[1]))
        members = tuple(f"{name} {number(value, scale)}" for value, name in inside)
        found.append(MapClass(f"s{one.step}", NAMES[one.step], _span(one, scale), one.count, members))
    lacking = tuple(name for name, cell in cells if cell.amount is None)
    return (*found, MapClass("gb-hatch", "chưa có số", "", len(lacking), lacking)) if lacking else tuple(found)


def _span(one: charts.ColourClass, scale: int) -> str:
    low, high = number(_plain(one.low), scale), number(_plain(one.high), scale)
    return low if low == high else f"{low}–{high}"


def _plain(value: charts.Number) -> Any:
    return value
