"""Four readings of a table side by side: a row for each cell, and for each step between two readings whose version,
event or statement made it another."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from giaoban.core.consolidation import CellTotal
from giaoban.core.issues import Cell
from giaoban.core.vietnamese import number
from giaoban.kit.templatetags.gb import cell_anchor
from giaoban.reporting.selectors import (
    LAYER_NAMES,
    LAYERS,
    LIVE,
    CellKey,
    ChangedCell,
    Changes,
    ConsolidatedLine,
    Four,
    Moved,
    Reading,
    TextDifference,
    compare_texts,
    said,
)
from giaoban.reporting.web.shaping.consolidated import Origin
from giaoban.reporting.web.shaping.layers import COMPARED, said_of, unnamed
from giaoban.reporting.web.shaping.layout import Labels

Name = tuple[str, CellKey]
"""Key of a line ("" = the total) and a cell."""


@dataclass(frozen=True, slots=True)
class ReadingHead:
    """One reading over its column. said: what it is, or what makes it when there is none yet; differing: cells in which
    it is another than the live one."""

    label: str
    reading: Reading | None
    said: str
    coverage: str = ""
    url: str = ""
    differing: int = 0


@dataclass(frozen=True, slots=True)
class SideCell:
    """A number of one reading. label: of the reading; is_absent: the reading has no such cell, or there is none."""

    label: str
    cell: CellTotal | None
    scale: int
    url: str
    is_absent: bool
    differs: bool


@dataclass(frozen=True, slots=True)
class StepSaid:
    """How a cell changed from one reading to a later one. difference: None where either has no number, or they are
    equal; words: what no version explains."""

    position: int
    title: str
    difference: Decimal | None
    scale: int
    why: tuple[Moved, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SideRow:
    line: str
    label: str
    is_total: bool
    cells: tuple[SideCell, ...]
    steps: tuple[StepSaid, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """What changed from one reading to a later one: all its units and events, and what they wrote."""

    position: int
    title: str
    then: Reading
    now: Reading
    changes: Changes
    texts: Sequence[TextDifference] = ()

    @property
    def by_cell(self) -> dict[Name, ChangedCell]:
        return {(one.difference.line_key, one.difference.key): one for one in self.changes.cells}


def steps_of(found: Four, explain: Callable[[Reading, Reading], Changes]) -> list[Step]:
    """The pairs of readings, earlier ones first."""
    return [
        Step(
            position,
            f"{LAYER_NAMES[then.layer]} → {LAYER_NAMES[now.layer].lower()}",
            then,
            now,
            explain(then, now),
            compare_texts(now, then),
        )
        for position, (then, now) in enumerate(found.steps, start=1)
    ]


WAITING = {
    "confirmed": "Chưa xác nhận lần nào. Người có quyền chốt bấm “Xác nhận bảng này” ở cuối bảng trực tiếp.",
    "presented": "Chưa trình lần nào. Bảng được giữ nguyên khi lập tài liệu của một cuộc họp đọc bảng này.",
    "published": "Chưa ghi công bố lần nào. Khi văn bản công bố đã ban hành, ghi số và ngày văn bản ở cuối trang.",
}


def heads_of(found: Four, differing: Mapping[str, int], url: Callable[[str], str]) -> list[ReadingHead]:
    """All four, also those that there are not yet."""
    heads = []
    for layer in LAYERS:
        one = found.of(layer)
        if one is None:
            heads.append(ReadingHead(LAYER_NAMES[layer], None, WAITING[layer]))
            continue
        said = "Cộng lại mỗi lần đọc từ báo cáo đã tiếp nhận" if layer == LIVE else said_of(one)
        coverage = one.table.coverage_words
        heads.append(ReadingHead(LAYER_NAMES[layer], one, said, coverage, url(layer), differing.get(layer, 0)))
    return heads


@dataclass(frozen=True)
class Drawn:
    """Everything the rows are drawn from. address: of a number by its reading and name; "" when nothing opens."""

    found: Four
    steps: Sequence[Step]
    labels: Labels
    address: Callable[[Reading, Origin], str]
    changed: Mapping[int, Mapping[Name, ChangedCell]] = field(default_factory=dict)

    def names(self, *, every: bool) -> list[Name]:
        """The cells in which any two readings differ, or all: the total first, then the lines, as the form has them."""
        differing = {name for step in self.steps for name in self.changed[step.position]}
        lines = dict.fromkeys(
            line.key for one in self.found.held for line in (one.table.total, *one.table.lines) if line.key
        )
        found: list[Name] = []
        for line in ("", *lines):
            keys = dict.fromkeys(key for one in self.found.held if (held := line_of(one, line)) for key in held.cells)
            found += [(line, key) for key in keys if every or (line, key) in differing]
        return found

    def row(self, name: Name) -> SideRow:
        line, key = name
        column = self.labels.form.table(key[0]).columns_by_id[key[3]]
        held = {one.layer: line_of(one, line) for one in self.found.held}
        steps = tuple(
            self._step(step, name, column.scale) for step in self.steps if name in self.changed[step.position]
        )
        cells = tuple(self._cell(layer, held.get(layer), name, column.scale) for layer in LAYERS)
        label = next(one.label for one in held.values() if one is not None)
        return SideRow(label, self.labels.cell(Cell(*key)), not line, cells, steps)

    def _cell(self, layer: str, line: ConsolidatedLine | None, name: Name, scale: int) -> SideCell:
        reading, cell = self.found.of(layer), line.cells.get(name[1]) if line is not None else None
        if reading is None or cell is None:
            return SideCell(LAYER_NAMES[layer], None, scale, "", is_absent=True, differs=False)
        live = line_of(self.found.live, name[0])
        other = live.cells.get(name[1]) if live is not None else None
        differs = other is None or said(cell) != said(other)
        return SideCell(LAYER_NAMES[layer], cell, scale, self.address(reading, Origin(*name)), False, differs)

    def _step(self, step: Step, name: Name, scale: int) -> StepSaid:
        one = self.changed[step.position][name]
        words = tuple(unexplained(step, one, scale))
        return StepSaid(step.position, step.title, difference_of(one), scale, one.why, words)


def drawn(found: Four, steps: Sequence[Step], labels: Labels, address: Callable[[Reading, Origin], str]) -> Drawn:
    return Drawn(found, steps, labels, address, {step.position: step.by_cell for step in steps})


def line_of(reading: Reading, key: str) -> ConsolidatedLine | None:
    try:
        return reading.table.line(key)
    except KeyError:
        return None


def difference_of(one: ChangedCell) -> Decimal | None:
    """The later number less the earlier; None where either is none or they are equal."""
    then, now = (held.amount if held else None for held in (one.difference.then, one.difference.now))
    return None if then is None or now is None or then == now else now - then


def unexplained(step: Step, one: ChangedCell, scale: int) -> list[str]:
    """What is to be said of a changed cell beside the versions that made it: estimates that became actual figures, a
    line that only one reading has, statements, events, the way of counting."""
    then, now = one.difference.then, one.difference.now
    cause = unnamed(step.then, step.now, one, keeps_lines=step.changes.keeps_lines)
    if not step.then.is_whole or not step.now.is_whole:
        return [cause]
    words = []
    if then is None or now is None:
        words.append(f"{COMPARED[(step.then if then is None else step.now).layer]} không có dòng hoặc ô này")
    elif then.estimate != now.estimate:
        words.append(f"phần ước {number(then.estimate, scale)} → {number(now.estimate, scale)}")
    return [*words, cause] if cause else words


def anchor_of(key: CellKey) -> str:
    return cell_anchor(Cell(*key))
