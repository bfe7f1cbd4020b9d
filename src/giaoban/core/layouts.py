"""What a form is once it is read: tables, rows, columns, rules, and what a name in a rule means."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal

from giaoban.core.formulas import Formula, parse
from giaoban.core.issues import Severity
from giaoban.core.spans import Span

RollUp = Literal["sum", "none", "rate", "max", "min", "last", "weighted", "texts"]
Nature = Literal["flow", "opening", "closing", "cumulative", "running"]
FormKind = Literal["legal", "capture", "request"]
Scope = Literal["form", "before", "year_before", "below", "register"]
Side = Literal["same-unit", "same-area", "all"]


@dataclass(frozen=True)
class Column:
    """A leaf column. `parent`: header cells above, outermost first; `scale`: decimals kept; texts have no unit.

    part_severity: how grave it is when the part exceeds the column of which it is a part. weight: id of the column that
    weighs a weighted mean. nature: what the figure is over time: what came in the period, the stock at its beginning or
    at its end, what came since the year began, or what came since counting began (running), which never falls.
    """

    id: str
    label: str
    parent: tuple[str, ...] = ()
    unit: str = ""
    scale: int = 0
    roll_up: RollUp = "sum"
    kind: Literal["number", "text"] = "number"
    formula: str | None = None
    required: bool = True
    part_of: str | None = None
    signed: bool = False
    note: str = ""
    part_severity: Severity = "error"
    weight: str | None = None
    nature: Nature = "flow"

    @property
    def is_number(self) -> bool:
        return self.kind == "number"

    @property
    def keeps(self) -> bool:
        """Whether a total of the column is made from more than its sum and counts."""
        return self.roll_up in ("max", "min", "weighted")


@dataclass(frozen=True)
class Row:
    """A row; a dynamic one stands for as many lines as there are sub-units of the kind `one_per`, or as people name.

    named: what the names of such lines are ("lĩnh vực"), when no unit stands behind them. sum_of: rows it is the total
    of; `sum_severity`: how grave it is when the total differs.
    """

    id: str
    label: str = ""
    parent: str | None = None
    sum_of: tuple[str, ...] = ()
    one_per: str | None = None
    note: str = ""
    named: str = ""
    sum_severity: Severity = "error"

    @property
    def is_dynamic(self) -> bool:
        return self.one_per is not None or bool(self.named)


@dataclass(frozen=True)
class ColumnSource:
    """Column `to` here is column `column` there times `factor`; None: the pack gives none, the two units of measure do.

    `core.units_of_measure.factor_of` says how much that is.
    """

    to: str
    column: str
    factor: Decimal | None = None


@dataclass(frozen=True)
class LineSource:
    """The dynamic row `into` gets its lines from one fixed row of the form of the level below (full key)."""

    form: str
    table: str
    row: str
    into: str
    columns: tuple[ColumnSource, ...]


@dataclass(frozen=True)
class Table:
    """Rows × columns. `stub`: headings of the leading columns that name the line and hold no figures."""

    id: str
    title: str
    stub: tuple[str, ...]
    rows: tuple[Row, ...]
    columns: tuple[Column, ...]
    lines_from: tuple[LineSource, ...] = ()

    @cached_property
    def numeric(self) -> tuple[Column, ...]:
        """The columns of a line's vector, in the order of the vector."""
        return tuple(column for column in self.columns if column.is_number)

    @cached_property
    def texts(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if not column.is_number)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Column id → position in the vector."""
        return {column.id: position for position, column in enumerate(self.numeric)}

    @cached_property
    def columns_by_id(self) -> Mapping[str, Column]:
        return {column.id: column for column in self.columns}

    @cached_property
    def rate_inputs(self) -> Mapping[str, tuple[str, ...]]:
        """Rate that is computed again from totals → ids of the columns it needs, through the rates that it names."""
        found: dict[str, tuple[str, ...]] = {}

        def inputs(name: str) -> tuple[str, ...]:
            column = self.columns_by_id[name]
            if column.roll_up != "rate" or column.formula is None:
                return (name,)
            if name not in found:
                named = (one for part in parse(column.formula).names() for one in inputs(part))
                found[name] = tuple(dict.fromkeys(named))
            return found[name]

        for column in self.numeric:
            inputs(column.id)
        return found

    @cached_property
    def rows_by_id(self) -> Mapping[str, Row]:
        return {row.id: row for row in self.rows}

    @cached_property
    def fixed_rows(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.is_dynamic)

    @cached_property
    def dynamic_rows(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.is_dynamic)

    @property
    def only_row(self) -> Row | None:
        """The row, when the table has a single fixed one."""
        return self.rows[0] if len(self.rows) == 1 and not self.rows[0].is_dynamic else None


@dataclass(frozen=True)
class Reference:
    """What a name in a rule points at; `row` None: that column on whichever line the rule is being tried."""

    table: str
    row: str | None
    column: str
    is_dynamic: bool = False


@dataclass(frozen=True)
class Outside:
    """What a rule asks outside the report. name: the path in the brackets without the form, or the register.

    form: full key, of the scopes form and below; here: the cell of this layout, of the scopes before and year_before.
    """

    scope: Scope
    name: str
    form: str = ""
    here: Reference | None = None


@dataclass(frozen=True)
class FormCheck:
    """A rule of the form. `table`: tried on every line of this table; None: tried once for the form.

    status: "printed" when the rule stands in the official explanation, "derived" when we concluded it. references and
    outside together have every name of the formula.
    """

    rule: str
    severity: Severity
    status: Literal["printed", "derived"]
    table: str | None
    formula: Formula
    references: Mapping[str, Reference]
    note: str = ""
    source: tuple[str, ...] = ()
    outside: Mapping[str, Outside] = field(default_factory=dict)


@dataclass(frozen=True)
class Continuation:
    """Cells that say the same as cells of a form of an earlier act (full key): cell here → cell there, by name.

    What is not named has no like there, and its series cannot be joined.
    """

    form: str
    cells: Mapping[str, str]
    note: str = ""


@dataclass(frozen=True)
class Reconciliation:
    """A cell that must say the same as a cell of another form (full key), because two bodies hold one figure.

    by: whose reports there: of the same unit, of the units of its area added up, or all of them added up. days_apart:
    both may have been read on days of their own, so far apart; 0: both are of one period.
    """

    cell: Reference
    form: str
    cell_there: str
    by: Side
    days_apart: int = 0
    note: str = ""
    source: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormDefinition:
    """One version of a form.

    valid: half-open; reports: kind of unit that fills it in, "" when not said or when there are several; replaces: keys
    of the forms of an earlier act on the same subject; interim_for: codes of the forms of the same act that this one
    stands in for, as the act that ordered it writes them. volume: the cell by which the weight of a unit in the whole
    is told, None when the pack does not say.
    """

    key: str
    act: str
    code: str
    title: str
    kind: FormKind
    verified: Literal["full", "partial", "title-only"]
    labels: Literal["as-in-source", "shortened", "own", ""]
    valid: Span
    reports: str
    signatures: tuple[str, ...]
    tables: tuple[Table, ...]
    checks: tuple[FormCheck, ...]
    family: str
    field: str
    notes: tuple[str, ...]
    source: tuple[str, ...]
    replaces: tuple[str, ...] = ()
    interim_for: tuple[str, ...] = ()
    continues: tuple[Continuation, ...] = ()
    checksum: str = ""
    volume: Reference | None = None
    reconciles: tuple[Reconciliation, ...] = ()

    @cached_property
    def outside(self) -> tuple[Outside, ...]:
        """Everything that its rules ask outside the report, once each; a form without any costs no query."""
        return tuple(dict.fromkeys(one for check in self.checks for one in check.outside.values()))

    @property
    def has_layout(self) -> bool:
        """Whether its tables are known, so that it can be filled in at all."""
        return bool(self.tables)

    @property
    def printable_as_official(self) -> bool:
        """Only a legal form whose layout and wording were both read in full may look like the official one."""
        return self.kind == "legal" and self.verified == "full" and self.labels == "as-in-source"

    @cached_property
    def tables_by_id(self) -> Mapping[str, Table]:
        return {table.id: table for table in self.tables}

    def table(self, table_id: str) -> Table:
        """KeyError when the form has no such table."""
        return self.tables_by_id[table_id]


def resolve(tables: Iterable[Table], name: str) -> Reference:
    """What `table.column` or `table.row.column` means; the table may be left out when there is one.

    Raises ValueError when it means nothing, or more than one thing.
    """
    tables = tuple(tables)
    found = [
        reference
        for table in tables
        for prefix in ((f"{table.id}.", "") if len(tables) == 1 else (f"{table.id}.",))
        if name.startswith(prefix)
        for reference in _inside(table, name.removeprefix(prefix))
    ]
    found = list(dict.fromkeys(found))
    if not found:
        raise ValueError(f"'{name}' names no column of the form")
    if len(found) > 1:
        raise ValueError(f"'{name}' could mean {len(found)} different cells; write table.row.column")
    return found[0]


def cell_reason(tables: Iterable[Table], name: str) -> str | None:
    """Why a name is not that of one cell, or None."""
    try:
        reference = resolve(tables, name)
    except ValueError as fault:
        return str(fault)
    if reference.row is None or reference.is_dynamic:
        return f"'{name}' stands for several lines; name one row"
    return None


def _inside(table: Table, name: str) -> Iterator[Reference]:
    if name in table.positions:
        yield Reference(table.id, table.only_row.id if table.only_row else None, name)
    for row in table.rows:
        column = name.removeprefix(f"{row.id}.")
        if column != name and column in table.positions:
            yield Reference(table.id, row.id, column, row.is_dynamic)
