"""Forms as data: the one object from which screen, workbook, checks, consolidation and printed form are made.

The format is described by `schemas/form.schema.json`; what a schema cannot say (names that must exist, formulas that
must be readable) is checked here. Nothing here knows any sector.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, cast

from giaoban.core import formulas, schemas
from giaoban.core.formulas import Formula, FormulaError, scope_of
from giaoban.core.layouts import (
    Column,
    ColumnSource,
    Continuation,
    FormCheck,
    FormDefinition,
    FormKind,
    LineSource,
    Nature,
    Outside,
    Reconciliation,
    Reference,
    RollUp,
    Row,
    Scope,
    Table,
    cell_reason,
    resolve,
)
from giaoban.core.schemas import Fault, Path
from giaoban.core.spans import Span
from giaoban.core.vietnamese import fold

__all__ = [
    "Column",
    "ColumnSource",
    "Continuation",
    "FormCheck",
    "FormDefinition",
    "FormError",
    "FormKind",
    "LineSource",
    "Nature",
    "Outside",
    "Reconciliation",
    "Reference",
    "RollUp",
    "Row",
    "Table",
    "cell_reason",
    "checksum",
    "form_faults",
    "parse_form",
    "resolve",
    "slug",
    "span_of",
    "texts",
]


class FormError(ValueError):
    """The data is not a form; `faults` has every reason, `path` and `reason` are those of the first."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        self.path, self.reason = faults[0].path, faults[0].reason
        super().__init__("; ".join(f"{'.'.join(map(str, f.path)) or 'form'}: {f.reason}" for f in faults))


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
            checks.append(_check(raw, tables, key))
        except ValueError as fault:
            faults.append(Fault(("checks", position, "rule"), str(fault)))
    faults.extend(_named_faults(data, tables))
    unclear = None if "volume" not in data else _volume_reason(tables, data["volume"])
    if unclear is not None:
        faults.append(Fault(("volume",), unclear))
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
        checksum=checksum(data),
        volume=resolve(tables, data["volume"]) if "volume" in data and not unclear else None,
        reconciles=tuple(_reconciliations(data, tables, key)),
    )
    return form, faults


def _named_faults(data: Mapping[str, Any], tables: Sequence[Table]) -> Iterator[Fault]:
    """Cells of this form that go on from an earlier one, or are held against another, and are not there."""
    for position, one in enumerate(data.get("continues", ())):
        for name in one["cells"]:
            reason = cell_reason(tables, name)
            if reason is not None:
                yield Fault(("continues", position, "cells", name), reason)
    for position, one in enumerate(data.get("reconciles", ())):
        reason = cell_reason(tables, one["cell"])
        if reason is not None:
            yield Fault(("reconciles", position, "cell"), reason)


def _reconciliations(data: Mapping[str, Any], tables: Sequence[Table], key: str) -> Iterator[Reconciliation]:
    for one in data.get("reconciles", ()):
        if cell_reason(tables, one["cell"]) is None:
            yield Reconciliation(
                cell=resolve(tables, one["cell"]),
                form=_full(one["form"], key),
                cell_there=one["cell_there"],
                by=one["by"],
                days_apart=one.get("days_apart", 0),
                note=one.get("note", ""),
                source=texts(one.get("source")),
            )


def _full(form: str, key: str) -> str:
    """A form named without its folder lies in the folder of the form that names it."""
    return form if ":" in form else f"{key.partition(':')[0]}:{form}"


def _volume_reason(tables: Sequence[Table], name: str) -> str | None:
    """Why a cell cannot tell how much of the whole a unit is, or None."""
    reason = cell_reason(tables, name)
    if reason is None:
        at = resolve(tables, name)
        column = next(one for one in tables if one.id == at.table).columns_by_id[at.column]
        if column.roll_up != "sum":
            return f"'{name}' does not add up (roll_up: {column.roll_up}); a volume is a sum"
    return reason


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
        part_severity=raw.get("part_severity", "error"),
        weight=raw.get("weight"),
        nature=raw.get("nature", "flow"),
    )


def _line_source(raw: Mapping[str, Any], rows: Sequence[Row], key: str) -> LineSource:
    dynamic = [row.id for row in rows if row.is_dynamic]
    mapped = ((to, {"column": there} if isinstance(there, str) else there) for to, there in raw["map"].items())
    return LineSource(
        form=_full(raw["form"], key),
        table=raw["table"],
        row=raw["row"],
        into=raw.get("into") or (dynamic[0] if len(dynamic) == 1 else ""),
        columns=tuple(
            ColumnSource(to, there["column"], Decimal(str(there["factor"])) if "factor" in there else None)
            for to, there in mapped
        ),
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
        if column.factor is not None and column.factor <= 0:
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
        if column.part_severity != "error" and column.part_of is None:
            yield Fault((*here, "part_severity"), "the column is no part")
        if column.roll_up == "rate" and column.formula is None:
            yield Fault((*here, "roll_up"), "a rate is computed again from totals and needs a formula")
        yield from _reading_faults(table, column, here)
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


def _reading_faults(table: Table, column: Column, path: Path) -> Iterator[Fault]:
    """What contradicts itself in how a column is read over several units and periods."""
    if column.roll_up == "weighted":
        if column.weight is None:
            yield Fault((*path, "roll_up"), "a weighted mean needs the column that weighs it; say which with 'weight'")
        elif column.weight == column.id:
            yield Fault((*path, "weight"), f"'{column.id}' cannot weigh itself")
        elif column.weight not in table.positions:
            yield Fault((*path, "weight"), f"'{column.weight}' is not a number column of this table")
        elif table.columns_by_id[column.weight].roll_up != "sum":
            yield Fault((*path, "weight"), f"'{column.weight}' does not add up, so it cannot weigh a mean")
    elif column.weight is not None:
        yield Fault((*path, "weight"), "only a weighted mean has a weight")
    if column.nature != "flow" and column.roll_up in ("rate", "last"):
        what = "a rate follows the columns it is made from" if column.roll_up == "rate" else "'last' says already which"
        yield Fault((*path, "nature"), f"{what}; leave nature out")


def _column_formula(text: str, table: Table) -> Formula:
    formula = formulas.parse(text)
    if formula.comparison is not None:
        raise FormulaError(f"'{text}' compares; a column needs a value")
    for name in formula.names():
        if name not in table.positions:
            raise FormulaError(f"'{name}' is not a number column of this table")
    return formula


def _check(raw: Mapping[str, Any], tables: Sequence[Table], key: str) -> FormCheck:
    formula = formulas.parse(raw["rule"])
    if formula.comparison is None:
        raise FormulaError(f"'{raw['rule']}' compares nothing")
    references = {name: resolve(tables, name) for name in formula.names() if not scope_of(name)[0]}
    outside = {name: _outside(name, tables, key) for name in formula.names() if scope_of(name)[0]}
    if not references:
        raise FormulaError(f"'{raw['rule']}' names no column")
    here = references | {name: one.here for name, one in outside.items() if one.here is not None}
    for name in formula.single_names():
        if name in here and here[name].is_dynamic:
            raise FormulaError(f"'{name}' stands for several lines; use it inside sum, min or max")
    loose = sorted({reference.table for reference in here.values() if reference.row is None})
    if len(loose) > 1:
        raise FormulaError(f"lines of {' and '.join(loose)} cannot be compared one by one; name the rows")
    status = raw.get("status", "derived")
    return FormCheck(
        rule=raw["rule"],
        severity=raw.get("severity", "error" if status == "printed" else "warning"),
        status=status,
        table=loose[0] if loose else None,
        formula=formula,
        references=references,
        note=raw.get("note", ""),
        source=texts(raw.get("source")),
        outside=outside,
    )


def _outside(name: str, tables: Sequence[Table], key: str) -> Outside:
    """What a name with a scope asks. The cells of other forms are looked for when a whole pack is checked."""
    scope, path = scope_of(name)
    if scope in ("before", "year_before"):
        return Outside(cast(Scope, scope), path, here=resolve(tables, path))
    if scope == "register":
        return Outside("register", path)
    form, dot, cell = path.partition(".")
    if not dot or not cell:
        raise FormulaError(f"'{name}' names no cell; write {scope}(form.table.row.column)")
    return Outside(cast(Scope, scope), cell, _full(form, key))


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
