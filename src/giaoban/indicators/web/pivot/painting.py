"""What each figure looks like and says: text, state, origin, small pictures. No data is never drawn as zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from html import escape
from typing import Final
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from giaoban.core.queries import CellMeasure, IndicatorMeasure, Value, parse_measure, parse_period
from giaoban.core.vietnamese import number
from giaoban.indicators.web.pivot.looking import Look, address
from giaoban.indicators.web.pivot.shaping import Cell, Change, Column, PivotTable, Row
from giaoban.kit import charts
from giaoban.kit.templatetags.gb import BLANK, NIL, NO_FIGURE, NOT_APPLICABLE, signed

STATE_WORDS: Final[Mapping[str, str]] = {
    "nil": "không phát sinh",
    "na": "không áp dụng",
    "blank": "để trống",
    "missing": "chưa có số",
    "reported": "không tính được",
}
SYMBOLS: Final[Mapping[str, str]] = {
    "nil": "–0–",
    "na": "✕",
    "blank": "trống",
    "missing": "chưa có",
    "reported": "không tính",
}
"""The same states in a file, where no hatch can stand."""
UNKNOWN: Final = "missing"
COVERAGE: Final = "báo cáo đã tiếp nhận trong số phải gửi"


def state_of(value: Value | None) -> str:
    """ "known", or the state that stands in place of a figure."""
    if value is None:
        return UNKNOWN
    if value.value is not None:
        return "known"
    return value.state


def exact(value: Decimal) -> str:
    """Every digit, with a point: for programs and for the clipboard."""
    return f"{value:f}"


def state_word(value: Value | None) -> str:
    """What a file calls the state: as the figures have it, "not-computed" where reports came and give no figure."""
    state = state_of(value)
    if value is not None and state == "known":
        return value.state
    return "not-computed" if state == "reported" else state


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell as drawn. data: the exact figure, "" for none; symbol: what a file writes in place of a figure."""

    html: SafeString | str
    url: str
    data: str
    symbol: str
    state: str
    change: SafeString | str = ""
    change_data: str = ""
    has_change: bool = False
    coverage: str = ""
    is_by: bool = False

    @property
    def markup(self) -> SafeString:
        """The cell of the page, and beside it that of its change.

        Written here since a page has thousands of them: figures are digits, signs and words our own; the address is
        quoted.
        """
        figure = str(self.html)
        if self.url:
            figure = f'<a class="gb-n" href="{escape(self.url)}">{figure}</a>'
        if self.coverage:
            figure += f'<small class="ix-cov" title="{COVERAGE}">{self.coverage}</small>'
        sign = f' data-s="{self.symbol}"' if self.symbol else ""
        tone = " ix-by" if self.is_by else ""
        cell = f'<td class="num{tone}" data-v="{self.data}"{sign}>{figure}</td>'
        if self.has_change:
            cell += f'<td class="num ix-change" data-v="{self.change_data}">{self.change}</td>'
        return SafeString(cell)  # nosec B703 - figures, words of ours, an escaped address


@dataclass(frozen=True, slots=True)
class ShownRow:
    row: Row
    url: str
    cells: tuple[Shown, ...]
    spark: charts.Sparkline | None = None
    spark_words: str = ""
    bar: charts.Bar | None = None


@dataclass(frozen=True, slots=True)
class ShownColumn:
    """url: sorts by this column, downwards first; state: how it is sorted; is_by: it is the column that draws."""

    column: Column
    url: str
    state: str
    is_by: bool
    has_change: bool


class Painter:
    """Draws the cells of one table; what many cells share is worked out once."""

    def __init__(self, table: PivotTable) -> None:
        self.table = table
        self.query = table.answer.query
        self._bases: dict[tuple[str, str], tuple[str, str]] = {}
        self._units: dict[str, str] = {}

    def columns(self) -> list[ShownColumn]:
        pairs = zip(self.table.columns, self.table.changes, strict=True)
        return [self._column(column, changes=changes) for column, changes in pairs]

    def _column(self, column: Column, *, changes: bool) -> ShownColumn:
        look, is_by = self.table.look, column is self.table.by
        state = sort_state(look, column.id)
        sort = column.id if state == "descending" else f"-{column.id}"
        return ShownColumn(column, address(self.query, look, sort=sort), state, is_by, changes)

    def rows(self) -> list[ShownRow]:
        amounts = [cell.amount for cell in map(self.table.by_cell, self.table.rows) if cell]
        known = [one for one in amounts if one is not None]
        return [self._row(row, known) for row in self.table.shown]

    @cached_property
    def level(self) -> Decimal | None:
        """What bars start from where they are rates: the rate of all together. None: they start from zero."""
        total = self.table.by_cell(self.table.total) if self.table.total else None
        return total.amount if total is not None and total.measure.is_rate else None

    def _bar(self, cell: Cell, known: Sequence[Decimal]) -> charts.Bar | None:
        higher, level, value = cell.measure.higher_is_better, self.level, cell.amount
        tone: charts.Tone = "even"
        if level is not None and value is not None and higher is not None and value != level:
            tone = "good" if (value > level) == higher else "weak"
        return charts.bar(value, known, level=level or 0, tone=tone)

    def _row(self, row: Row, known: Sequence[Decimal]) -> ShownRow:
        course = self.table.course.get(row.head.word, ())
        by = self.table.by_cell(row)
        bar = self._bar(by, known) if by and not row.is_total else None
        cells = tuple(
            self.cell(cell, changes=changes, is_by=cell is by, is_total=row.is_total)
            for cell, changes in zip(row.cells, self.table.changes, strict=True)
        )
        return ShownRow(row, self._unit_url(row), cells, _spark(course), course_words(course), bar)

    def _unit_url(self, row: Row) -> str:
        return reverse("orgs:unit", args=[row.head.word]) if row.head.unit_id is not None else ""

    def cell(self, cell: Cell, *, changes: bool, is_by: bool, is_total: bool) -> Shown:
        state = state_of(cell.value)
        value = cell.value
        data = exact(value.value) if value is not None and value.value is not None else ""
        change, change_data = _change(cell.change, cell)
        return Shown(
            figure_html(cell),
            self.origin(cell) if value is not None else "",
            data,
            "" if data else SYMBOLS[state],
            state,
            change,
            change_data,
            changes,
            coverage_words(cell, always=is_total),
            is_by,
        )

    def origin(self, cell: Cell) -> str:
        """Where the number comes from: the cell of the consolidated table of its unit, or the page of the indicator."""
        unit, period, measure = cell.place
        before, after = self._base(period, measure)
        return f"{before}{self._quoted(unit)}{after}"

    def _quoted(self, unit: str) -> str:
        found = self._units.get(unit)
        if found is None:
            found = self._units[unit] = quote(unit or self.query.unit)
        return found

    def _base(self, period: str, measure: str) -> tuple[str, str]:
        """What stands before and after the unit in the address of a number's origin."""
        found = self._bases.get((period, measure))
        if found is None:
            found = self._bases[period, measure] = self._address_of(period, measure)
        return found

    def _address_of(self, period: str, measure: str) -> tuple[str, str]:
        of, asked = parse_period(period), parse_measure(measure)
        instalment = (("instalment", of.instalment),) if of.instalment else ()
        if isinstance(asked, IndicatorMeasure):
            page = reverse("indicators:reading", args=[asked.key, of.first])
            return f"{page}?don-vi=", f"&{urlencode(instalment)}" if instalment else ""
        table = reverse("reporting:table", args=[asked.form, of.first])
        return f"{table}?unit=", f"&{urlencode((*instalment, *self._tree(), *_opened(asked)))}"

    def _tree(self) -> tuple[tuple[str, str], ...]:
        day = self.query.geography
        return (("geography", day.isoformat()),) if day else ()


def _opened(cell: CellMeasure) -> tuple[tuple[str, str], ...]:
    """The total of the table opened at a cell; all lines of a dynamic row together are no cell of it."""
    return (("origin", "|".join(("", cell.table, cell.row, cell.subunit, cell.column))),)


def sort_state(look: Look, key: str) -> str:
    if look.sort == key:
        return "ascending"
    return "descending" if look.sort == f"-{key}" else ""


def figure_html(cell: Cell) -> SafeString | str:
    """A figure as people read it: the number, –0–, ✕, "trống", a hatch, or why there is none."""
    value, scale = cell.value, cell.measure.scale
    if value is None:
        return NO_FIGURE
    if value.value is not None:
        text = number(value.value, scale)
        if value.outcome == "approximate":
            text = f"≈ {text}"
        if not value.estimate:
            return text
        estimate = number(value.estimate, scale)
        return format_html(
            '<span class="gb-est">{}</span><span class="visually-hidden">, trong đó ước {}</span>', text, estimate
        )
    match value.state:
        case "nil":
            return NIL
        case "na":
            return NOT_APPLICABLE
        case "blank":
            return BLANK
        case "reported":
            return format_html('<span class="gb-blank" title="{}">không tính</span>', value.reason)
    return NO_FIGURE


def _change(change: Change | None, cell: Cell) -> tuple[SafeString | str, str]:
    """The words of a change and its exact figure; both "" where none is asked for."""
    if change is None:
        return "", ""
    if change.value is None:
        return format_html('<span class="gb-blank" title="{}">–</span>', change.reason), ""
    text = signed(change.value, cell.measure.scale if change.in_points else 1)
    tone = ""
    if cell.measure.higher_is_better is not None and change.value:
        tone = "gb-up" if (change.value > 0) == cell.measure.higher_is_better else "gb-down"
    return format_html('{}<span class="{}"></span>', text, tone), exact(change.value)


def _spark(course: Sequence[Cell]) -> charts.Sparkline | None:
    return charts.sparkline([cell.amount for cell in course])


def course_words(course: Sequence[Cell]) -> str:
    """A course in words: how many periods, lowest, highest, newest, how many without a figure."""
    known = [(cell.amount, cell) for cell in course if cell.amount is not None]
    if len(known) < 2:
        return ""
    amounts = [one for one, _ in known if one is not None]
    scale = known[0][1].measure.scale
    low, high, last = (number(one, scale) for one in (min(amounts), max(amounts), amounts[-1]))
    lacking = len(course) - len(known)
    gap = f"; {lacking} kỳ chưa có số" if lacking else ""
    return f"{len(course)} kỳ: thấp nhất {low}, cao nhất {high}, mới nhất {last}{gap}"


def coverage_words(cell: Cell, *, always: bool) -> str:
    """How many of the reports behind a figure came in, "96/102"; "" where the source does not say, and unless
    `always` also where none is lacking."""
    coverage = cell.value.coverage if cell.value is not None else None
    if coverage is None or (coverage.is_complete and not always):
        return ""
    return coverage.words() if coverage.expected > 1 else ""
