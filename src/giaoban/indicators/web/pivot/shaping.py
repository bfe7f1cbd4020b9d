"""From an answer to the table that page and files show: axes, columns, rows, ranks, filters. No queries, no markup."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from giaoban.core.indicators import rank
from giaoban.core.queries import SELF, Answer, Axis, MeasureHead, PeriodHead, Value
from giaoban.core.vietnamese import fold, sort_key
from giaoban.indicators.web.pivot.looking import ALL, Look

BESIDE: Final = 12
"""Up to so many columns everything on the third axis is put side by side unless the address says otherwise."""
TOTAL: Final = ""
TOTAL_NAME: Final = "Tổng số"
SEPARATOR: Final = "~"
HUNDRED: Final = Decimal(100)

Place = tuple[str, str, str]
"""Key of a unit, word of a period, word of a measure: as `Answer.values` is keyed."""


@dataclass(frozen=True, slots=True)
class Head:
    """One entry of an axis. word: key of the unit, word of the period or measure. small: window, unit of measure.

    sort: what its order by name goes by.
    """

    word: str
    label: str
    small: str = ""
    sort: str = ""
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its entry of the column axis under one entry of the third axis."""

    head: Head
    third: Head
    measure: MeasureHead | None
    is_total: bool = False

    @property
    def id(self) -> str:
        return f"{self.third.word}{SEPARATOR}{self.head.word}"


@dataclass(frozen=True, slots=True)
class Change:
    """Against the column before: points for a rate, per cent otherwise. value None: cannot be compared."""

    value: Decimal | None
    in_points: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure. value None: the answer has none at all for this place."""

    place: Place
    value: Value | None
    measure: MeasureHead
    change: Change | None = None

    @property
    def amount(self) -> Decimal | None:
        return amount(self.value)


@dataclass(frozen=True, slots=True)
class Row:
    head: Head
    cells: tuple[Cell, ...]
    rank: int | None = None
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class PivotTable:
    """groups: entries of the third axis over the columns, with how many columns each has. thirds: all entries of the
    third axis, to choose from. total None: the rows have none. all_rows: how many there are before filters. fault: a
    threshold that is no number, in words.
    """

    answer: Answer
    look: Look
    third_axis: Axis
    thirds: tuple[Head, ...]
    third: str
    groups: tuple[tuple[Head, int], ...]
    columns: tuple[Column, ...]
    by: Column | None
    rows: tuple[Row, ...]
    total: Row | None
    all_rows: int
    ranked: int
    fault: str = ""
    course: Mapping[str, tuple[Cell, ...]] = field(default_factory=dict)

    @property
    def by_index(self) -> int:
        return self.columns.index(self.by) if self.by in self.columns else -1

    @property
    def measure(self) -> MeasureHead | None:
        """The measure that all columns have, when it is one."""
        found = {column.measure.word if column.measure else "" for column in self.columns}
        return self.columns[0].measure if len(found) == 1 and self.columns else None

    @property
    def best(self) -> str:
        """What the first place of the ranking means."""
        row = self.rows[0] if self.rows else None
        cell = self.by_cell(row) if row else None
        higher = cell.measure.higher_is_better if cell else None
        return {None: "số lớn nhất", True: "số lớn nhất, tốt nhất", False: "số nhỏ nhất, tốt nhất"}[higher]

    @property
    def changes(self) -> tuple[bool, ...]:
        """Of every column, whether it is set against the one before it."""
        asked = bool(self.look.change) and self.answer.query.columns == "period"
        before = (None, *self.columns[:-1])
        return tuple(
            asked and one is not None and one.third is column.third
            for one, column in zip(before, self.columns, strict=True)
        )

    def by_cell(self, row: Row) -> Cell | None:
        index = self.by_index
        return row.cells[index] if index >= 0 else None

    @property
    def shown(self) -> tuple[Row, ...]:
        """Every row in the order of the page, the total first."""
        return (self.total, *self.rows) if self.total else self.rows


def amount(value: Value | None) -> Decimal | None:
    """What arithmetic uses: the figure, 0 for a declared nil, None for everything unknown. No data is never 0."""
    if value is None:
        return None
    if value.value is None and value.state == "nil":
        return Decimal(0)
    return value.value


def shape(answer: Answer, look: Look, names: Mapping[int, str] | None = None) -> PivotTable:
    """The table of an answer. names: what to call units, by id, where it is shorter than the answer's names."""
    return _Shaping(answer, look, names or {}).table()


class _Shaping:
    """One answer being laid out; the axes are read once."""

    def __init__(self, answer: Answer, look: Look, names: Mapping[int, str]) -> None:
        self.answer, self.look, self.names = answer, look, names
        query = answer.query
        self.rows_axis, self.columns_axis = query.rows, query.columns
        self.third_axis: Axis = next(a for a in ("unit", "period", "measure") if a not in (query.rows, query.columns))
        self.measures = {one.word: one for one in answer.measures}
        self.periods = {one.word: one for one in answer.periods}
        self.heads: dict[Axis, tuple[Head, ...]] = {
            "unit": self._units(),
            "period": tuple(Head(p.word, p.label, p.window, p.start.isoformat()) for p in answer.periods),
            "measure": tuple(Head(m.word, m.name, m.unit, sort_key(m.name)) for m in answer.measures),
        }
        self.has_total = any(key == TOTAL for key, _, _ in answer.values) and query.level != SELF

    def _units(self) -> tuple[Head, ...]:
        return tuple(
            Head(u.key, self.names.get(u.id or 0) or u.short_name or u.name, "", u.sort_key or sort_key(u.name), u.id)
            for u in self.answer.units
        )

    def table(self) -> PivotTable:
        thirds = self._thirds()
        third, chosen = self._chosen(thirds)
        columns = tuple(column for head in chosen for column in self._columns(head))
        rows = [self._row(head, columns) for head in self.heads[self.rows_axis]]
        by = self._by(columns, rows)
        index = columns.index(by) if by else -1
        ranks = self._ranks(rows, index)
        kept, fault = self._kept(rows, index, ranks)
        ranked = tuple(Row(row.head, row.cells, ranks.get(row.head.word)) for row in self._sorted(kept, columns, ranks))
        total = None
        if self.rows_axis == "unit" and self.has_total:
            total = self._row(Head(TOTAL, TOTAL_NAME), columns, is_total=True)
        return PivotTable(
            answer=self.answer,
            look=self.look,
            third_axis=self.third_axis,
            thirds=thirds,
            third=third,
            groups=tuple((head, sum(column.third is head for column in columns)) for head in chosen),
            columns=columns,
            by=by,
            rows=ranked,
            total=total,
            all_rows=len(rows),
            ranked=len(ranks),
            fault=fault,
            course=self._courses([*ranked, *([total] if total else [])], by),
        )

    def _thirds(self) -> tuple[Head, ...]:
        found = self.heads[self.third_axis]
        if self.third_axis == "unit" and self.has_total:
            return (Head(TOTAL, TOTAL_NAME), *found)
        return found

    def _chosen(self, thirds: tuple[Head, ...]) -> tuple[str, tuple[Head, ...]]:
        """The entries of the third axis that are shown, and the word that says so."""
        named = {head.word or "total": head for head in thirds}
        if self.look.third in named:
            return self.look.third, (named[self.look.third],)
        fits = len(thirds) * len(self.heads[self.columns_axis]) <= BESIDE
        if self.look.third == ALL or (fits and self.third_axis != "unit"):
            return ALL, thirds
        first = thirds[:1] if self.third_axis != "period" else thirds[-1:]
        return (first[0].word or "total" if first else ""), first

    def _columns(self, third: Head) -> Iterable[Column]:
        measures = self.measures
        heads = self.heads[self.columns_axis]
        if self.columns_axis == "unit" and self.has_total:
            yield Column(Head(TOTAL, TOTAL_NAME), third, measures.get(third.word), is_total=True)
        for head in heads:
            yield Column(head, third, measures.get(head.word) or measures.get(third.word))

    def _place(self, row: Head, column: Column) -> Place:
        words = {self.rows_axis: row.word, self.columns_axis: column.head.word, self.third_axis: column.third.word}
        return words["unit"], words["period"], words["measure"]

    def _cell(self, place: Place) -> Cell:
        return Cell(place, self.answer.values.get(place), self.measures[place[2]])

    def _row(self, head: Head, columns: Sequence[Column], *, is_total: bool = False) -> Row:
        cells = [self._cell(self._place(head, column)) for column in columns]
        if self.look.change and self.columns_axis == "period":
            cells = [self._changed(cells, columns, index) for index in range(len(cells))]
        return Row(head, tuple(cells), is_total=is_total)

    def _changed(self, cells: Sequence[Cell], columns: Sequence[Column], index: int) -> Cell:
        """A cell with its change from the column before it under the same heading; the first has none."""
        cell = cells[index]
        if index == 0 or columns[index - 1].third is not columns[index].third:
            return cell
        return Cell(cell.place, cell.value, cell.measure, change_between(cells[index - 1], cell))

    def _by(self, columns: Sequence[Column], rows: Sequence[Row]) -> Column | None:
        """The column that was named; else the newest period, or the first measure or unit, of which anything is known:
        under the first heading when there are several."""
        for column in columns:
            if column.id == self.look.by:
                return column
        first = [index for index, column in enumerate(columns) if column.third is columns[0].third]
        known = [index for index in first if any(row.cells[index].amount is not None for row in rows)]
        if not known:
            return columns[0] if columns else None
        return columns[known[-1] if self.columns_axis == "period" else known[0]]

    def _ranks(self, rows: Sequence[Row], index: int) -> dict[str, int]:
        if index < 0 or not (self.look.rank or self.look.count) or self.rows_axis == "measure":
            return {}
        values = {row.head.word: row.cells[index].amount for row in rows}
        lower = bool(rows) and rows[0].cells[index].measure.higher_is_better is False
        return rank(values, "lower" if lower else "higher")

    def _kept(self, rows: Sequence[Row], index: int, ranks: Mapping[str, int]) -> tuple[list[Row], str]:
        """The rows that pass every filter, and what was wrong with a threshold."""
        try:
            least, most = self.look.bounds()
            fault = ""
        except ValueError as wrong:
            least, most, fault = None, None, str(wrong)
        words = fold(self.look.q)
        found = [row for row in rows if words in fold(row.head.label)]
        if self.look.kept:
            found = [row for row in found if _is_kept(row.cells[index] if index >= 0 else None, self.look.kept)]
        if least is not None or most is not None:
            found = [row for row in found if index >= 0 and _within(row.cells[index].amount, least, most)]
        if self.look.count:
            named = _named(ranks, self.look.count, self.look.pick)
            found = [row for row in found if row.head.word in named]
        return found, fault

    def _sorted(self, rows: Sequence[Row], columns: Sequence[Column], ranks: Mapping[str, int]) -> list[Row]:
        """In the order asked for, ties by name; what is unknown stands last both ways."""
        sort = self.look.sort
        down, key = sort.startswith("-"), sort.removeprefix("-")
        by_name = sorted(rows, key=lambda row: row.head.sort)
        if key == "name":
            return by_name[::-1] if down else by_name
        if key == "rank" or (not key and self.look.count):
            placed = sorted((row for row in by_name if row.head.word in ranks), key=lambda row: ranks[row.head.word])
            return (placed[::-1] if down else placed) + [row for row in by_name if row.head.word not in ranks]
        index = next((at for at, column in enumerate(columns) if column.id == key), None)
        if index is None:
            return list(rows)
        known = [row for row in by_name if row.cells[index].amount is not None]
        known.sort(key=lambda row: row.cells[index].amount or Decimal(0), reverse=down)
        return known + [row for row in by_name if row.cells[index].amount is None]

    def _courses(self, rows: Sequence[Row], by: Column | None) -> dict[str, tuple[Cell, ...]]:
        """Each row through all periods, for the measure (and unit) of the column that draws; oldest first."""
        if by is None or self.rows_axis == "period" or len(self.periods) < 2:
            return {}
        ordered: list[PeriodHead] = sorted(self.periods.values(), key=lambda one: (one.start, one.end))
        found: dict[str, tuple[Cell, ...]] = {}
        for row in rows:
            unit, _, measure = self._place(row.head, by)
            found[row.head.word] = tuple(self._cell((unit, one.word, measure)) for one in ordered)
        return found


def _is_kept(cell: Cell | None, kept: str) -> bool:
    if cell is None or cell.value is None:
        return kept == "unknown"
    known = cell.amount is not None
    match kept:
        case "known":
            return known
        case "unknown":
            return not known and cell.value.state != "na"
        case "estimate":
            return bool(cell.value.estimate)
        case _:
            return cell.value.state == kept


def _within(value: Decimal | None, least: Decimal | None, most: Decimal | None) -> bool:
    if value is None:
        return False
    return (least is None or value >= least) and (most is None or value <= most)


def _named(ranks: Mapping[str, int], count: int, pick: str) -> set[str]:
    """The first or last `count` of a ranking. Who ties with the last of them is in: nobody is spared by chance."""
    if pick == "top":
        return {word for word, place in ranks.items() if place <= count}
    values = {word: Decimal(place) for word, place in ranks.items()}
    return {word for word, place in rank(values, "higher").items() if place <= count}


def change_between(before: Cell, after: Cell) -> Change:
    """How a figure changed: a rate in points, any other in per cent of what was before."""
    then, now = before.amount, after.amount
    in_points = after.measure.is_rate
    if then is None or now is None:
        return Change(None, in_points, "một trong hai kỳ chưa có số")
    if in_points:
        return Change(now - then, in_points)
    if then <= 0:
        return Change(None, in_points, "kỳ trước bằng 0" if then == 0 else "kỳ trước là số âm")
    return Change(HUNDRED * (now - then) / then, in_points)
