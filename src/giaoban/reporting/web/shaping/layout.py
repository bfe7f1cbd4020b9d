"""The layout of a form on a page: its header as a tree, its lines, the words for each place."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from giaoban.core.forms import Column, FormDefinition, Row, Table
from giaoban.core.issues import Cell
from giaoban.reporting.rules import Subunits

# A column id that the form prints under the headings: "c1", "I.2", "7".
PRINTED = re.compile(r"c?(\d+)|([IVX]+\.\d+)")
# A syllable of Vietnamese without its marks; "ubnd" is none.
SYLLABLE = re.compile(r"[^aeiouy]*[aeiouy]{1,3}(c|ch|m|n|ng|nh|p|t)?")


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """A heading. `column`: id of the leaf column it stands over alone, "" for a heading over several."""

    label: str
    colspan: int
    rowspan: int
    unit: str = ""
    column: str = ""
    note: str = ""

    @property
    def scope(self) -> str:
        return "col" if self.column else "colgroup"


def header_rows(columns: Sequence[Column]) -> tuple[tuple[HeaderCell, ...], ...]:
    """The header of a table as rows of cells, from the outermost headings down to the columns."""
    depth = max((len(column.parent) for column in columns), default=0) + 1
    rows: list[list[HeaderCell]] = [[] for _ in range(depth)]
    _fill(rows, list(columns), 0, depth)
    return tuple(tuple(row) for row in rows)


def _fill(rows: list[list[HeaderCell]], columns: list[Column], level: int, depth: int) -> None:
    """Put the headings of `columns`, which agree above `level`, into the rows from `level` on."""
    at = 0
    while at < len(columns):
        column = columns[at]
        if len(column.parent) <= level:
            rows[level].append(HeaderCell(column.label, 1, depth - level, column.unit, column.id, column.note))
            at += 1
            continue
        heading = column.parent[level]
        until = at
        while until < len(columns) and columns[until].parent[level : level + 1] == (heading,):
            until += 1
        rows[level].append(HeaderCell(heading, until - at, 1))
        _fill(rows, columns[at:until], level + 1, depth)
        at = until


def printed_numbers(columns: Sequence[Column]) -> tuple[str, ...]:
    """What the form prints under its columns ("1", "I.2"); empty when the ids are not printed numbers."""
    found = [PRINTED.fullmatch(column.id) for column in columns]
    return tuple(match.group(1) or match.group(2) for match in found if match) if all(found) else ()


def stub_of(table: Table) -> str:
    """The heading over the names of the lines."""
    return " · ".join(table.stub) or "Nội dung"


def calm(title: str) -> str:
    """A title printed in capitals as a sentence reads; abbreviations (no syllable of Vietnamese) keep theirs."""
    if not title.isupper():
        return title
    words = [word if _is_abbreviation(word) else word.lower() for word in title.split(" ")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def _is_abbreviation(word: str) -> bool:
    bare = word.strip("().,;:/").lower()
    return len(bare) > 1 and bare.isascii() and bare.isalpha() and not SYLLABLE.fullmatch(bare)


@dataclass(frozen=True, slots=True)
class FormLine:
    """A line of a table as printed: a fixed row, or a dynamic row for one sub-unit."""

    row: Row
    subunit: str
    label: str
    depth: int


@dataclass(frozen=True)
class Labels:
    """Names of the places of a form for people. `subunits`: key of a sub-unit → its name."""

    form: FormDefinition
    subunits: Mapping[str, str] = field(default_factory=dict)

    def row(self, table: Table, row_id: str, subunit: str = "") -> str:
        """The name of a line: of its sub-unit, else as printed, else of the table."""
        if subunit:
            return self.subunits.get(subunit, subunit)
        row = table.rows_by_id.get(row_id)
        return (row.label if row else "") or calm(table.title) or row_id

    def column(self, table: Table, column_id: str) -> str:
        """Headings above, the column, its unit: "Công chứng › Tổng số (việc)"."""
        column = table.columns_by_id.get(column_id)
        if column is None:
            return column_id
        words = " › ".join((*column.parent, column.label))
        return f"{words} ({column.unit.lower()})" if column.unit else words

    def cell(self, at: Cell) -> str:
        """Where a cell stands, as short as it can be said: a table is named only when there are several."""
        table = self.form.tables_by_id.get(at.table)
        if table is None:
            return at.address()
        parts = [calm(table.title)] if len(self.form.tables) > 1 and table.title else []
        if at.row and (at.subunit or table.only_row is None):
            parts.append(self.row(table, at.row, at.subunit))
        if at.column:
            parts.append(self.column(table, at.column))
        where = " › ".join(parts)
        return f"{where} ({at.in_file()})" if where and at.in_file() else where or at.in_file()

    def lines(self, table: Table, subunits: Subunits) -> tuple[FormLine, ...]:
        """The lines of a table in the order of printing."""
        depths: dict[str, int] = {}
        lines: list[FormLine] = []
        for row in table.rows:
            depths[row.id] = depths.get(row.parent or "", -1) + 1
            if not row.is_dynamic:
                lines.append(FormLine(row, "", self.row(table, row.id), depths[row.id]))
                continue
            listed = subunits.get((table.id, row.id), ())
            lines.extend(FormLine(row, key, self.row(table, row.id, key), depths[row.id]) for key in listed)
        return tuple(lines)
