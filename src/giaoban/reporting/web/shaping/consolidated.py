"""The consolidated table on a page: the form's header, the children's lines, the total on top, one number opened."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from urllib.parse import quote_plus

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from giaoban.core.consolidation import CellTotal, UnitText
from giaoban.core.forms import Column, FormDefinition, Row, Table
from giaoban.core.issues import Cell
from giaoban.core.vietnamese import number, sort_key
from giaoban.kit.templatetags.gb import cell_anchor, figure
from giaoban.reporting.selectors import (
    CellDifference,
    CellKey,
    ConsolidatedLine,
    ConsolidatedTable,
    is_not_summed,
)
from giaoban.reporting.web.shaping.layout import HeaderCell, Labels, calm, header_rows, printed_numbers

Address = Callable[..., str]
"""This page's address with parameters changed or (None) dropped."""

SEPARATOR = "|"
ORIGIN_ANCHOR = "#nguon"


@dataclass(frozen=True, slots=True)
class Origin:
    """Which number is opened: a line ("" = the total) and a cell."""

    line: str
    key: CellKey

    def __str__(self) -> str:
        return SEPARATOR.join((self.line, *self.key))


def origin_from(text: str) -> Origin | None:
    """ "<line>|<table>|<row>|<sub-unit>|<column>" of an address; None for anything else."""
    parts = text.split(SEPARATOR)
    return Origin(parts[0], (parts[1], parts[2], parts[3], parts[4])) if len(parts) == 5 else None


@dataclass(frozen=True, slots=True)
class TableRow:
    """A line on the page. `below`: address of the unit's own table, "" where nobody reports beneath it. cells: its
    numbers as cells of the page, ready: a template costs more per number than all the rest of the page."""

    label: str
    small: str
    url: str
    below: str
    coverage: str
    is_covered: bool
    missing: tuple[str, ...]
    note: str
    simulated: bool
    cells: SafeString
    is_total: bool = False
    is_sub: bool = False
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class SortedHeading:
    """A heading with the address that sorts by its column; state: "ascending", "descending" or ""."""

    cell: HeaderCell
    url: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class RowTab:
    label: str
    url: str
    current: bool
    sign: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class WrittenColumn:
    """A text column that lists what each unit wrote."""

    label: str
    texts: tuple[UnitText, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One table of the form for one of its rows. texts: text columns that list nothing; left_out: which means are not
    of all who reported."""

    id: str
    title: str
    row_label: str
    tabs: tuple[RowTab, ...]
    header: tuple[tuple[SortedHeading, ...], ...]
    name: SortedHeading
    coverage: SortedHeading | None
    numbers: tuple[str, ...]
    rows: tuple[TableRow, ...]
    width: int
    texts: tuple[str, ...]
    written: tuple[WrittenColumn, ...]
    is_wide: bool
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drawing:
    """Everything the sections are drawn from. rows: table → the row chosen in the address. opens: in which line, by
    key, the reports behind a number are known; statement_url: else the page of the statement that the numbers were
    taken from.
    """

    table: ConsolidatedTable
    labels: Labels
    address: Address
    sort: str
    rows: Mapping[str, str]
    origin: Origin | None
    differences: Mapping[tuple[str, CellKey], CellDifference]
    unit_url: Callable[[str], str]
    below_url: Callable[[str], str]
    opens: Callable[[str], bool]
    layer_words: str
    statement_url: str = ""

    @cached_property
    def _origin_address(self) -> str:
        """The address of an origin up to its name, as the page has it."""
        query = self.address(origin=None)
        return escape(f"{query}{'&' if len(query) > 1 else ''}origin=")

    def sections(self) -> tuple[Section, ...]:
        return tuple(self._section(table) for table in self.table.form.tables)

    def _section(self, table: Table) -> Section:
        row = table.rows_by_id.get(self.rows.get(table.id, ""), table.rows[0])
        columns = table.numeric
        has_coverage = any(line.coverage is not None and line.coverage.expected > 1 for line in self.table.lines)
        return Section(
            id=table.id,
            title=calm(table.title),
            row_label="" if table.only_row is not None else row.label,
            tabs=self._tabs(table, row),
            header=tuple(
                tuple(self._heading(table, cell) if cell.column else SortedHeading(cell) for cell in cells)
                for cells in header_rows(columns)
            ),
            name=self._named("name", HeaderCell("Đơn vị", 1, 1)),
            coverage=self._named("coverage", HeaderCell("Đã nhận", 1, 1)) if has_coverage else None,
            numbers=printed_numbers(columns),
            rows=tuple(self._lines_of(table, row, columns)),
            width=1 + has_coverage + len(columns),
            texts=tuple(column.label for column in table.texts if column.roll_up != "texts"),
            written=self._written(table, row),
            is_wide=len(columns) > 6,
            left_out=self._left_out(table, row),
        )

    def _left_out(self, table: Table, row: Row) -> tuple[str, ...]:
        """Per mean the column that weighs it, and how many units of the whole table gave the figure without it."""
        found = []
        for column in table.numeric:
            cells = [
                cell
                for key, cell in self.table.total.cells.items()
                if key[:2] == (table.id, row.id) and key[3] == column.id
            ]
            count = sum(cell.left_out for cell in cells)
            if count and column.weight is not None:
                weight = table.columns_by_id[column.weight].label
                found.append(f"{column.label}: chưa tính {number(count)} đơn vị vì không có “{weight}” làm trọng số")
        return tuple(found)

    def _written(self, table: Table, row: Row) -> tuple[WrittenColumn, ...]:
        found = []
        for column in table.texts:
            names = [key for key in self.table.total.texts if key[:2] == (table.id, row.id) and key[3] == column.id]
            held = tuple(one for key in names for one in self.table.total.texts[key] if one.text)
            if held:
                found.append(WrittenColumn(column.label, held))
        return tuple(found)

    def _tabs(self, table: Table, chosen: Row) -> tuple[RowTab, ...]:
        if len(table.rows) < 2:
            return ()
        return tuple(
            RowTab(
                row.label or row.id,
                f"{self.address(**{f'row.{table.id}': row.id, 'origin': None})}#bang-{table.id}",
                row.id == chosen.id,
            )
            for row in table.rows
        )

    def _named(self, key: str, cell: HeaderCell) -> SortedHeading:
        state = {key: "ascending", f"-{key}": "descending"}.get(self.sort, "")
        # Figures are read from the largest on; names from the first letter on.
        order = (key, f"-{key}") if key == "name" else (f"-{key}", key)
        following = order[1] if self.sort == order[0] else order[0]
        return SortedHeading(cell, self.address(sort=following, origin=None), state)

    def _heading(self, table: Table, cell: HeaderCell) -> SortedHeading:
        return self._named(f"{table.id}/{cell.column}", cell)

    def _lines_of(self, table: Table, row: Row, columns: Sequence[Column]) -> list[TableRow]:
        if row.is_dynamic:
            return self._dynamic(table, row, columns)
        total = self._row(table, row, "", columns, self.table.total, is_total=True)
        lines = self._sorted(table, row, self.table.lines)
        return [total, *(self._row(table, row, "", columns, line) for line in lines)]

    def _dynamic(self, table: Table, row: Row, columns: Sequence[Column]) -> list[TableRow]:
        """The lines of sub-units, those of one child after the other."""
        rows: list[TableRow] = []
        for line in self._sorted(table, row, self.table.lines):
            keys = dict.fromkeys(key[2] for key in line.cells if key[:2] == (table.id, row.id))
            named = sorted(keys, key=lambda key: sort_key(self.labels.subunits.get(key, key)))
            rows.extend(self._row(table, row, key, columns, line) for key in named)
        return rows

    def _sorted(self, table: Table, row: Row, lines: Sequence[ConsolidatedLine]) -> list[ConsolidatedLine]:
        name = self.sort.removeprefix("-")
        descending = self.sort.startswith("-")
        if name == "name":
            return sorted(lines, key=lambda line: sort_key(line.label), reverse=descending)
        if name == "coverage":
            return sorted(lines, key=_covered, reverse=descending)
        owner, _, column = name.partition("/")
        if owner != table.id or column not in table.positions or row.is_dynamic:
            return list(lines)

        def value(line: ConsolidatedLine) -> Decimal | None:
            cell = line.cells.get((table.id, row.id, "", column))
            return cell.amount if cell else None

        known = [line for line in lines if value(line) is not None]
        unknown = [line for line in lines if value(line) is None]
        return [*sorted(known, key=lambda line: value(line) or Decimal(0), reverse=descending), *unknown]

    def _row(
        self,
        table: Table,
        row: Row,
        subunit: str,
        columns: Sequence[Column],
        line: ConsolidatedLine,
        *,
        is_total: bool = False,
    ) -> TableRow:
        parts = (self._cell(table, row, subunit, column, line) for column in columns)
        cells = mark_safe("\n".join(parts))  # noqa: S308  # nosec B308 B703 - each part is escaped
        unit = line.unit
        here = unit is not None and unit.id == self.table.unit.id
        several = line.coverage is not None and line.coverage.expected > 1
        return TableRow(
            label=self.labels.subunits.get(subunit, subunit) if subunit else called(line),
            small=line.label if subunit else "",
            url=self.unit_url(unit.key) if unit is not None and not is_total and not subunit else "",
            below=self.below_url(unit.key) if unit is not None and several and not here and not is_total else "",
            coverage=line.coverage.words() if line.coverage is not None else "",
            is_covered=line.coverage is None or line.coverage.is_complete,
            missing=line.coverage.missing_names if line.coverage is not None else (),
            note=_note(line) if not is_total else "",
            simulated=line.simulated and not is_total,
            cells=cells,
            is_total=is_total,
            is_sub=bool(subunit),
            is_open=self._is_open(table, row, subunit, columns, line),
        )

    def _is_open(self, table: Table, row: Row, subunit: str, columns: Sequence[Column], line: ConsolidatedLine) -> bool:
        if self.origin is None or self.origin.line != line.key or not self.opens(line.key):
            return False
        name, names = self.origin.key, {column.id for column in columns}
        return name[:3] == (table.id, row.id, subunit) and name[3] in names

    def _cell(self, table: Table, row: Row, subunit: str, column: Column, line: ConsolidatedLine) -> str:
        """A number with what it opens and how it differs from the other layer. Every part of it is escaped here or
        comes from `figure`."""
        key = (table.id, row.id, subunit, column.id)
        cell = line.cells.get(key)
        here = Origin(line.key, key)
        place = f' id="{escape(cell_anchor(Cell(*key)))}"' if not line.key else ""
        not_summed = cell is not None and is_not_summed(cell, column)
        differs = (line.key, key) in self.differences
        inside = "không cộng" if not_summed else figure(cell, column.scale)
        if cell is not None and cell.left_out:
            inside += left_out_mark(cell)
        classes = " quiet normal" if not_summed else " gb-differs" if differs else ""
        if differs and not not_summed:
            inside += f'<span class="visually-hidden">, {escape(self.layer_words)}</span>'
        url = self._url(cell, here)
        if url:
            is_open = here == self.origin and self.opens(line.key)
            strong, opened = (" strong", ' aria-expanded="true"') if is_open else ("", "")
            return f'<td class="num"{place}><a class="gb-n{classes}{strong}" href="{url}"{opened}>{inside}</a></td>'
        if classes:
            return f'<td class="num"{place}><span class="{classes.strip()}">{inside}</span></td>'
        return f'<td class="num"{place}>{inside}</td>'

    def _url(self, cell: CellTotal | None, here: Origin) -> str:
        """What a number opens, escaped; "" when no report stands behind it."""
        if cell is None or cell.units <= cell.missing:
            return ""
        if self.statement_url:
            return escape(f"{self.statement_url}#{cell_anchor(Cell(*here.key))}")
        if not self.opens(here.line):
            return ""
        if here == self.origin:
            return escape(self.address(origin=None))
        return f"{self._origin_address}{quote_plus(str(here))}{ORIGIN_ANCHOR}"


def left_out_mark(cell: CellTotal) -> SafeString:
    """A sign behind a mean that is not of all who reported; a note under the table says what it stands for."""
    words = f", chưa tính {number(cell.left_out)} đơn vị không có trọng số"
    return format_html('<span aria-hidden="true">*</span><span class="visually-hidden">{}</span>', words)


def _note(line: ConsolidatedLine) -> str:
    """What the line itself says, else by which method it was made."""
    return line.note or (line.restatement.sentence if line.restatement.outcome == "by_method" else "")


def called(line: ConsolidatedLine) -> str:
    """A unit by its short name; a line that is more than its unit by its own words."""
    return line.unit.short_name if line.unit is not None and line.label == line.unit.name else line.label


def _covered(line: ConsolidatedLine) -> tuple[Decimal, str]:
    coverage = line.coverage
    share = Decimal(coverage.received) / coverage.expected if coverage and coverage.expected else Decimal(-1)
    return (share, sort_key(line.label))


def headline(cells: Mapping[CellKey, CellTotal], form: FormDefinition) -> str:
    """The first total of the form, as the switch of layers shows it: "13.086.280"; "" when there is none."""
    for one in form.tables:
        for column in one.numeric:
            if column.roll_up != "sum":
                continue
            cell = cells.get((one.id, one.rows[0].id, "", column.id))
            if cell is not None and cell.total is not None:
                return number(cell.total, column.scale)
    return ""
