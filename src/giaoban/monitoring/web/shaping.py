"""From the matrix to what a page shows: tones, signs, sentences, tiles. No queries, no decisions about rights."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from giaoban.core.vietnamese import number
from giaoban.kit.charts import Tile
from giaoban.kit.lists import Count
from giaoban.monitoring.models import FindingState
from giaoban.monitoring.selectors import THRESHOLDS, Matrix, MatrixCell, MatrixColumn, tile_map
from giaoban.orgs.selectors import UnitCard, area_cards

TONES = {-2: "mm", -1: "m", 0: "", 1: "p", 2: "pp"}
STATE_SIGNS = {FindingState.PROPOSED: "warn", FindingState.CONFIRMED: "done", FindingState.REJECTED: "back"}


@dataclass(frozen=True, slots=True)
class ShownCell:
    tone: str
    text: str
    direction: str
    word: str
    sentence: str
    marked: bool


@dataclass(frozen=True, slots=True)
class ShownRow:
    unit: UnitCard
    label: str
    cells: tuple[ShownCell, ...]


def labels(matrix: Matrix, on: date) -> dict[int, str]:
    """What to call each unit of the matrix: the bare name of its area where that tells all rows apart."""
    areas = area_cards((row.unit.area_id for row in matrix.rows if row.unit.area_id), on)
    bare = {row.unit.id: areas[row.unit.area_id].bare for row in matrix.rows if row.unit.area_id in areas}
    if len(set(bare.values())) == len(matrix.rows):
        return bare
    return {row.unit.id: row.unit.short_name for row in matrix.rows}


def shaped(matrix: Matrix, names: Mapping[int, str]) -> list[ShownRow]:
    return [
        ShownRow(
            row.unit,
            names[row.unit.id],
            tuple(
                _shown(names[row.unit.id], column, cell) for column, cell in zip(matrix.columns, row.cells, strict=True)
            ),
        )
        for row in matrix.rows
    ]


def _direction(cell: MatrixCell) -> str:
    """up = better than the level of all together by the first threshold or more, down = worse."""
    return "" if not cell.step else ("up" if cell.step > 0 else "down")


def _words(cell: MatrixCell) -> str:
    if not cell.step or cell.points is None:
        return ""
    return " thấp hơn mức chung" if cell.points < 0 else " cao hơn mức chung"


def _shown(name: str, column: MatrixColumn, cell: MatrixCell) -> ShownCell:
    if cell.step is None:
        said = f"{name}, {column.indicator.name.lower()}: chưa có dữ liệu."
        return ShownCell("gb-hatch", "", "", "chưa có dữ liệu", said, False)
    return ShownCell(
        tone=TONES[cell.step],
        text=number(cell.value, column.indicator.scale) or "không tính được",
        direction=_direction(cell),
        word=_words(cell),
        sentence=sentence(name, column, cell),
        marked=bool(cell.open_findings),
    )


def sentence(name: str, column: MatrixColumn, cell: MatrixCell) -> str:
    """One cell in one sentence: value, level of all together, points between, rank, the same period before."""
    if column.reading is None:
        return ""
    indicator, overall = column.indicator, column.reading.overall.value
    if cell.value is None:
        return f"{name}, {indicator.name.lower()}: không tính được, mẫu số bằng 0."
    said = f"{name}, {indicator.name.lower()} {number(cell.value, indicator.scale)} {indicator.unit}"
    if cell.points is not None and overall is not None:
        side = "thấp hơn" if cell.points < 0 else "cao hơn"
        said += (
            f": {side} mức chung {number(overall, indicator.scale)} {indicator.unit} "
            f"là {number(abs(cell.points), indicator.scale)} điểm"
        )
    if cell.rank is not None:
        said += f", hạng {cell.rank}/{len(column.reading.ranks)}"
        said += _rank_words(column, cell)
    if cell.open_findings:
        said += f"; {cell.open_findings} phát hiện đã xác nhận"
    if cell.before is None:
        return said + (f"; không so với cùng kỳ. {cell.before_words}" if cell.before_words else "; chưa có số cùng kỳ.")
    said += f"; cùng kỳ {number(cell.before, indicator.scale)} {indicator.unit}."
    return f"{said} {cell.before_words}".rstrip()


def _rank_words(column: MatrixColumn, cell: MatrixCell) -> str:
    """The place a year before; where other units were ranked then, that it does not compare."""
    if column.before is None:
        return ""
    if cell.rank_before is not None:
        return f" (cùng kỳ {cell.rank_before}/{column.before.count})"
    return " (không so hạng với cùng kỳ: các đơn vị được xếp đã khác)" if column.before.ranks.reason else ""


def headline(matrix: Matrix, first: MatrixColumn | None, names: Mapping[int, str]) -> str:
    """The finding as a title: how many lie below the level of all together, and who lies lowest."""
    if first is None or first.reading is None or not matrix.rows:
        return "Theo dõi theo lĩnh vực và địa bàn"
    at = matrix.columns.index(first)
    weak = [row for row in matrix.rows if (row.cells[at].step or 0) < 0]
    indicator = first.indicator
    overall = number(first.reading.overall.value, indicator.scale)
    level = f"mức chung {overall} {indicator.unit} từ {number(THRESHOLDS[0])} điểm trở lên"
    if not weak:
        return f"{indicator.name}: không đơn vị nào kém {level}"
    last = max(weak, key=lambda row: row.cells[at].rank or 0)
    return f"{indicator.name}: {len(weak)} đơn vị kém {level}, nặng nhất là {names[last.unit.id]}"


def legend(matrix: Matrix) -> list[dict[str, Any]]:
    """The five tones and the hatch, each with how many cells of the matrix have it."""
    steps = [cell.step for row in matrix.rows for cell in row.cells]
    small, large = (number(points) for points in THRESHOLDS)
    names = {
        -2: ("mm gb-down", f"kém từ {large} điểm"),
        -1: ("m gb-down", f"kém {small}–{large}"),
        0: ("", f"trong ±{small}"),
        1: ("p gb-up", f"hơn {small}–{large}"),
        2: ("pp gb-up", f"hơn từ {large} điểm"),
        None: ("gb-hatch", "chưa có dữ liệu"),
    }
    return [{"tone": tone, "name": name, "count": steps.count(step)} for step, (tone, name) in names.items()]


def tiles(matrix: Matrix, first: MatrixColumn | None, on: date) -> tuple[list[dict[str, Any]], list[Tile]]:
    """The tile map of one column: a square per area that the pack places, and the extra squares it names."""
    placed, extras = tile_map()
    if first is None or not placed:
        return extras, []
    at = matrix.columns.index(first)
    areas = area_cards((row.unit.area_id for row in matrix.rows if row.unit.area_id), on)
    drawn = []
    for row in matrix.rows:
        area = areas.get(row.unit.area_id or 0)
        if area is None or area.key not in placed:
            continue
        place = placed[area.key]
        cell = _shown(area.bare, first, row.cells[at])
        value = row.cells[at].value
        drawn.append(
            Tile(
                label=area.bare,
                value="" if value is None else number(value, 1),
                url=reverse("orgs:unit", args=[row.unit.key]),
                row=place["row"],
                column=place["column"],
                tone=cell.tone,
                direction=cell.direction,
                word=cell.word,
            )
        )
    return extras, sorted(drawn, key=lambda tile: (tile.row, tile.column))


def count_links(counts: Mapping[str, int], state: str, kind: str) -> list[Count]:
    """Findings by state, as filters that keep the chosen kind."""
    kept = f"&loai={kind}" if kind else ""
    names = {str(value): str(label) for value, label in FindingState.choices}
    every = Count(sum(counts.values()), "tất cả", f"?trang-thai={kept}", not state)
    return [every] + [
        Count(count, names[one], f"?trang-thai={one}{kept}", one == state, STATE_SIGNS[FindingState(one)])
        for one, count in counts.items()
    ]
