"""Forms as data: the one object from which screen, workbook, checks, consolidation and printed form are made.

The format is described by `schemas/form.schema.json`; what a schema cannot say (names that must exist, formulas that
must be readable) is checked here. Nothing here knows any sector.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal

from giaoban.core import formulas, schemas
from giaoban.core.formulas import Formula, FormulaError
from giaoban.core.issues import Severity
from giaoban.core.schemas import Fault, Path
from giaoban.core.spans import Span
from giaoban.core.vietnamese import fold

RollUp = Literal["sum", "none", "rate"]
FormKind = Literal["legal", "capture", "request"]


class FormError(ValueError):
    """The data is not a form; `faults` has every reason, `path` and `reason` are those of the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        self.path, self.reason = faults[0].path, faults[0].reason
        super().__init__("; ".join(f"{'.'.join(map(str, f.path)) or 'form'}: {f.reason}" for f in faults))


@dataclass(frozen=True)
class Column:
    """A leaf column. `parent`: header cells above, outermost first; `scale`: decimals kept; texts have no unit."""

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

    @property
    def is_number(self) -> bool:
        return self.kind == "number"


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
    """Column `to` here is column `column` there times `factor` (units of measure may differ)."""

    to: str
    column: str
    factor: Decimal = Decimal(1)


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
class FormCheck:
    """A rule of the form. `table`: tried on every line of this table; None: tried once for the form.

    status: "printed" when the rule stands in the official explanation, "derived" when we concluded it.
    """

    rule: str
    severity: Severity
    status: Literal["printed", "derived"]
    table: str | None
    formula: Formula
    references: Mapping[str, Reference]
    note: str = ""
    source: tuple[str, ...] = ()


@dataclass(frozen=True)
class Continuation:
    """Cells that say the same as cells of a form of an earlier act (full key): cell here → cell there, by name.

    What is not named has no like there, and its series cannot be joined.
    """

    form: str
    cells: Mapping[str, str]
    note: str = ""


@dataclass(frozen=True)
class FormDefinition:
    """One version of a form.

    valid: half-open; reports: kind of unit that fills it in, "" when not said or when there are several; replaces: keys
    of the forms of an earlier act on the same subject; interim_for: codes of the forms of the same act that this one
    stands in for, as the act that ordered it writes them.
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


def parse_form(data: Mapping[str, Any], key: str) -> FormDefinition:
    """Build a form from its data. Raises FormError with every fault of shape or meaning."""
    if found := schemas.faults("form", data):
        raise FormError(found)
    form, found = _build(data, key)
    if found:
        raise FormError(found)
    return form


def form_faults(data: object, key: str) -> list[Fault]:
    """Every fault of shape or meaning, for pack checking; empty for a good form."""
    found = schemas.faults("form", data)
    if found or not isinstance(data, Mapping):
        return found
    return _build(data, key)[1]


def checksum(data: Mapping[str, Any]) -> str:
    """SHA-256 of the data, the same whatever the order of keys; a published version is recognised by it."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def slug(text: str) -> str:
    """Lower case a-z, 0-9 and single hyphens: "17b/BTP/CT" → "17b-btp-ct"."""
    return re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")


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


def texts(value: str | Sequence[str] | None) -> tuple[str, ...]:
    """One text or a list of texts, as pack files allow for `source`, as a tuple."""
    return (value,) if isinstance(value, str) else tuple(value or ())


def span_of(valid: Sequence[str | None]) -> Span:
    """`[from, to]` of a pack file. Raises ValueError when it is empty."""
    start, end = (None if day is None else date.fromisoformat(day) for day in valid)
    return Span(start, end)


def _build(data: Mapping[str, Any], key: str) -> tuple[FormDefinition, list[Fault]]:
    """The form as far as it could be made, and what is wrong with it. The shape has been checked before."""
    faults = list(_head_faults(data, key))
    tables: list[Table] = []
    for position, raw in enumerate(data.get("tables", ())):
        table, found = _table(raw, key, ("tables", position))
        tables.append(table)
        faults.extend(found)
    faults.extend(_repeated(tables, ("tables",)))
    checks: list[FormCheck] = []
    for position, raw in enumerate(data.get("checks", ())):
        try:
            checks.append(_check(raw, tables))
        except ValueError as fault:
            faults.append(Fault(("checks", position, "rule"), str(fault)))
    for position, one in enumerate(data.get("continues", ())):
        faults.extend(
            Fault(("continues", position, "cells", name), reason)
            for name in one["cells"]
            if (reason := cell_reason(tables, name)) is not None
        )
    try:
        valid = span_of(data["valid"])
    except ValueError as fault:
        faults.append(Fault(("valid",), str(fault)))
        valid = Span(None, None)
    form = FormDefinition(
        key=key,
        act=data.get("act", ""),
        code=data["code"],
        title=data["title"],
        kind=data.get("kind", "legal"),
        verified=data["verified"],
        labels=data.get("labels", ""),
        valid=valid,
        reports=data.get("reports", ""),
        signatures=tuple(data.get("signatures", ())),
        tables=tuple(tables),
        checks=tuple(checks),
        family=data.get("family", ""),
        field=data.get("field", ""),
        notes=tuple(data.get("notes", ())),
        source=texts(data["source"]),
        replaces=tuple(data.get("replaces", ())),
        interim_for=tuple(data.get("interim_for", ())),
        continues=tuple(
            Continuation(one["form"], dict(one["cells"]), one.get("note", "")) for one in data.get("continues", ())
        ),
    )
    return form, faults


def _head_faults(data: Mapping[str, Any], key: str) -> Iterator[Fault]:
    folder, _, name = key.partition(":")
    kind = data.get("kind", "legal")
    expected = folder if folder in ("capture", "request") else "legal"
    if kind != expected:
        yield Fault(("kind",), f"is {kind}, but a form under '{folder}' is {expected}")
    if slug(data["code"]) != name:
        yield Fault(("code",), f"'{data['code']}' gives '{slug(data['code'])}', but the file is named '{name}'")
    if kind == "legal" and "act" not in data:
        yield Fault((), "'act' is missing: a legal form names its act")
    if kind != "legal" and data.get("labels") == "as-in-source":
        yield Fault(("labels",), f"a {kind} form is our own layout; its labels cannot be as-in-source")


def _table(raw: Mapping[str, Any], key: str, path: Path) -> tuple[Table, list[Fault]]:
    faults: list[Fault] = []
    rows = tuple(_row(entry) for entry in raw["rows"])
    columns = tuple(_column(entry) for entry in raw["columns"])
    raw_sources = raw.get("lines_from", ())
    is_one = isinstance(raw_sources, Mapping)
    sources: list[LineSource] = []
    for position, entry in enumerate([raw_sources] if is_one else raw_sources):
        source_path = (*path, "lines_from") if is_one else (*path, "lines_from", position)
        source = _line_source(entry, rows, key)
        sources.append(source)
        faults.extend(_line_source_faults(source, rows, columns, source_path))
    table = Table(raw["id"], raw.get("title", ""), tuple(raw.get("stub", ())), rows, columns, tuple(sources))
    faults.extend(_repeated(rows, (*path, "rows")))
    faults.extend(_repeated(columns, (*path, "columns")))
    faults.extend(_row_faults(rows, (*path, "rows")))
    faults.extend(_column_faults(table, (*path, "columns")))
    return table, faults


def _row(raw: Mapping[str, Any]) -> Row:
    return Row(
        id=raw["id"],
        label=raw.get("label", ""),
        parent=raw.get("parent"),
        sum_of=texts(raw.get("sum_of")),
        one_per=raw["dynamic"].get("one_per") if "dynamic" in raw else None,
        note=raw.get("note", ""),
        named=raw["dynamic"].get("named", "") if "dynamic" in raw else "",
        sum_severity=raw.get("sum_severity", "error"),
    )


def _column(raw: Mapping[str, Any]) -> Column:
    kind = raw.get("kind", "number")
    formula = raw.get("formula")
    return Column(
        id=raw["id"],
        label=raw["label"],
        parent=tuple(raw.get("parent", ())),
        unit=raw.get("unit", ""),
        scale=raw.get("scale", 0),
        roll_up=raw.get("roll_up", "sum" if kind == "number" else "none"),
        kind=kind,
        formula=formula,
        required=raw.get("required", kind == "number" and formula is None),
        part_of=raw.get("part_of"),
        signed=raw.get("signed", False),
        note=raw.get("note", ""),
    )


def _line_source(raw: Mapping[str, Any], rows: Sequence[Row], key: str) -> LineSource:
    dynamic = [row.id for row in rows if row.is_dynamic]
    mapped = ((to, {"column": there} if isinstance(there, str) else there) for to, there in raw["map"].items())
    return LineSource(
        form=raw["form"] if ":" in raw["form"] else f"{key.partition(':')[0]}:{raw['form']}",
        table=raw["table"],
        row=raw["row"],
        into=raw.get("into") or (dynamic[0] if len(dynamic) == 1 else ""),
        columns=tuple(ColumnSource(to, there["column"], Decimal(str(there.get("factor", 1)))) for to, there in mapped),
    )


def _line_source_faults(
    source: LineSource, rows: Sequence[Row], columns: Sequence[Column], path: Path
) -> Iterator[Fault]:
    if source.into not in {row.id for row in rows if row.is_dynamic}:
        yield Fault(path, f"'{source.into}' is not a dynamic row of this table; say which one with 'into'")
    known = {column.id for column in columns if column.is_number}
    for column in source.columns:
        if column.to not in known:
            yield Fault((*path, "map", column.to), f"'{column.to}' is not a number column of this table")
        if column.factor <= 0:
            yield Fault((*path, "map", column.to), "the factor must be above 0")


def _repeated(things: Iterable[Table | Row | Column], path: Path) -> Iterator[Fault]:
    seen: set[str] = set()
    for position, thing in enumerate(things):
        if thing.id in seen:
            yield Fault((*path, position, "id"), f"'{thing.id}' is used twice")
        seen.add(thing.id)


def _row_faults(rows: Sequence[Row], path: Path) -> Iterator[Fault]:
    known = {row.id for row in rows}
    for position, row in enumerate(rows):
        if row.parent is not None and row.parent not in known:
            yield Fault((*path, position, "parent"), f"'{row.parent}' is not a row of this table")
        for part in row.sum_of:
            if part not in known:
                yield Fault((*path, position, "sum_of"), f"'{part}' is not a row of this table")
        if row.is_dynamic and row.sum_of:
            yield Fault((*path, position, "sum_of"), "a dynamic row cannot be a total")
        if row.sum_severity != "error" and not row.sum_of:
            yield Fault((*path, position, "sum_severity"), "the row is no total")
    for what, links in (
        ("parent", {row.id: texts(row.parent) for row in rows}),
        ("sum_of", {row.id: row.sum_of for row in rows}),
    ):
        for position, row in enumerate(rows):
            if _leads_to_itself(row.id, links):
                yield Fault((*path, position, what), f"'{row.id}' leads back to itself")


def _column_faults(table: Table, path: Path) -> Iterator[Fault]:
    inputs: dict[str, tuple[str, ...]] = {}
    for position, column in enumerate(table.columns):
        here = (*path, position)
        if column.part_of is not None and column.part_of not in table.positions:
            yield Fault((*here, "part_of"), f"'{column.part_of}' is not a number column of this table")
        if column.roll_up == "rate" and column.formula is None:
            yield Fault((*here, "roll_up"), "a rate is computed again from totals and needs a formula")
        if column.formula is not None:
            try:
                inputs[column.id] = _column_formula(column.formula, table).names()
            except ValueError as fault:
                yield Fault((*here, "formula"), str(fault))
    parts = {column.id: texts(column.part_of) for column in table.columns}
    for position, column in enumerate(table.columns):
        if _leads_to_itself(column.id, parts):
            yield Fault((*path, position, "part_of"), f"'{column.id}' leads back to itself")
        if _leads_to_itself(column.id, inputs):
            yield Fault((*path, position, "formula"), f"'{column.id}' leads back to itself")


def _column_formula(text: str, table: Table) -> Formula:
    formula = formulas.parse(text)
    if formula.comparison is not None:
        raise FormulaError(f"'{text}' compares; a column needs a value")
    for name in formula.names():
        if name not in table.positions:
            raise FormulaError(f"'{name}' is not a number column of this table")
    return formula


def _check(raw: Mapping[str, Any], tables: Sequence[Table]) -> FormCheck:
    formula = formulas.parse(raw["rule"])
    if formula.comparison is None:
        raise FormulaError(f"'{raw['rule']}' compares nothing")
    references = {name: resolve(tables, name) for name in formula.names()}
    if not references:
        raise FormulaError(f"'{raw['rule']}' names no column")
    for name in formula.single_names():
        if references[name].is_dynamic:
            raise FormulaError(f"'{name}' stands for several lines; use it inside sum, min or max")
    loose = sorted({reference.table for reference in references.values() if reference.row is None})
    if len(loose) > 1:
        raise FormulaError(f"lines of {' and '.join(loose)} cannot be compared one by one; name the rows")
    return FormCheck(
        rule=raw["rule"],
        severity=raw["severity"],
        status=raw.get("status", "derived"),
        table=loose[0] if loose else None,
        formula=formula,
        references=references,
        note=raw.get("note", ""),
        source=texts(raw.get("source")),
    )


def _leads_to_itself(start: str, links: Mapping[str, tuple[str, ...]]) -> bool:
    reached: set[str] = set()
    waiting = list(links.get(start, ()))
    while waiting:
        current = waiting.pop()
        if current == start:
            return True
        if current not in reached:
            reached.add(current)
            waiting.extend(links.get(current, ()))
    return False
