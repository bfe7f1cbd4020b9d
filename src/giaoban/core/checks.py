"""The checks of a report, one function each. Every one returns Issues that name the cell; none changes a figure.

A figure is compared with its estimated part included. Nil counts as 0 in arithmetic; blank and not applicable are
unknown.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from giaoban.core import formulas
from giaoban.core.figures import (
    LARGEST,
    MARK_WORDS,
    Figure,
    Figures,
    Line,
    Mark,
    completeness,
    has_more_decimals,
)
from giaoban.core.forms import Column, FormCheck, FormDefinition, Reference, Row, Table
from giaoban.core.issues import Cell, Issue

LARGE_CHANGE_PERCENT: Final = Decimal(20)
LONGEST_SUBUNIT: Final = 120
SEPARATOR: Final = "/"
"""Stands between the parts of a cell's address, so that no sub-unit may have it in its name."""


def run_checks(
    form: FormDefinition,
    figures: Figures,
    *,
    previous: Figures | None = None,
    allowed_subunits: frozenset[str] | None = None,
    change_percent: Decimal = LARGE_CHANGE_PERCENT,
) -> list[Issue]:
    """All checks, structure first. Lines that are not of the form are named and then left out of the other checks.

    previous: the figures of the same period before; allowed_subunits: keys that dynamic lines may carry, None = any.
    """
    issues = lines_belong_to_form(form, figures, allowed_subunits=allowed_subunits)
    known = {key: line for key, line in figures.items() if _is_of_form(form, line)}
    issues += figures_fit_columns(form, known)
    issues += required_cells_filled(form, known)
    issues += parts_within_wholes(form, known)
    issues += totals_equal_parts(form, known)
    issues += computed_columns_agree(form, known)
    issues += form_rules_hold(form, known)
    if previous is not None:
        issues += changes_are_moderate(form, known, previous=previous, percent=change_percent)
    return issues


def lines_belong_to_form(
    form: FormDefinition, figures: Figures, *, allowed_subunits: frozenset[str] | None = None
) -> list[Issue]:
    """Tables, rows, text columns and sub-units that the form does not have."""
    issues: list[Issue] = []
    for line in figures.values():
        table = form.tables_by_id.get(line.table)
        if table is None:
            issues.append(Issue("unknown-table", "error", Cell(line.table, line.row, line.subunit)))
            continue
        row = table.rows_by_id.get(line.row)
        if row is None:
            issues.append(Issue("unknown-row", "error", Cell(line.table, line.row, line.subunit)))
            continue
        issues.extend(subunit_issues(row, Cell(line.table, line.row, line.subunit), allowed_subunits))
        known_texts = {column.id for column in table.texts}
        issues.extend(
            Issue("unknown-column", "error", Cell(line.table, line.row, line.subunit, column))
            for column in line.texts
            if column not in known_texts
        )
    return issues


def subunit_issues(row: Row, at: Cell, allowed: frozenset[str] | None = None) -> Iterator[Issue]:
    """A dynamic row needs a sub-unit that it may list, under a name that can be kept; a fixed row has none."""
    if row.is_dynamic and not at.subunit:
        yield Issue("missing-subunit", "error", at)
    elif not row.is_dynamic and at.subunit:
        yield Issue("subunit-not-allowed", "error", at, {"subunit": at.subunit})
    elif row.is_dynamic and (len(at.subunit) > LONGEST_SUBUNIT or SEPARATOR in at.subunit):
        params = {"subunit": f"{at.subunit[:40]}…" if len(at.subunit) > LONGEST_SUBUNIT else at.subunit}
        yield Issue("subunit-name", "error", at, {**params, "limit": LONGEST_SUBUNIT})
    elif row.one_per is not None and allowed is not None and at.subunit not in allowed:
        yield Issue("unknown-subunit", "error", at, {"subunit": at.subunit})


def figures_fit_columns(form: FormDefinition, figures: Figures) -> list[Issue]:
    """More decimals than the column keeps, a number below 0 or too large to store, a mark together with a value."""
    issues: list[Issue] = []
    for line, column, figure in _cells(form, figures):
        if figure.mark is Mark.REPORTED:
            for part in (figure.value, figure.estimate):
                if part is not None:
                    issues.extend(_value_issues(part, column, _cell(line, column.id)))
        elif figure.total is not None:
            params: dict[str, Decimal | str] = {"mark": MARK_WORDS.get(figure.mark, ""), "value": figure.total}
            issues.append(Issue("mark-with-value", "error", _cell(line, column.id), params))
    return issues


def _value_issues(value: Decimal, column: Column, at: Cell) -> Iterator[Issue]:
    if has_more_decimals(value, column.scale):
        yield Issue("too-many-decimals", "error", at, {"value": value, "scale": column.scale})
    if value < 0 and not column.signed:
        yield Issue("negative", "error", at, {"value": value})
    if abs(value) > Decimal(LARGEST).scaleb(-column.scale):
        yield Issue("too-large", "error", at, {"value": value})


def required_cells_filled(form: FormDefinition, figures: Figures) -> list[Issue]:
    """Required cells that are blank; nil and not applicable are answers."""
    _, _, blanks = completeness(form, figures)
    return [Issue("required-blank", "error", cell) for cell in blanks]


def parts_within_wholes(form: FormDefinition, figures: Figures) -> list[Issue]:
    """A "trong đó" column may not exceed the column it is part of; said at the part."""
    issues: list[Issue] = []
    for table in form.tables:
        pairs = [(column, table.columns_by_id[column.part_of]) for column in table.numeric if column.part_of]
        for line in _lines_of(table, figures) if pairs else ():
            for column, whole_column in pairs:
                part = line.figures[table.positions[column.id]].amount
                whole = line.figures[table.positions[whole_column.id]].amount
                if part is not None and whole is not None and part > whole:
                    params: dict[str, Decimal | str] = {"part": part, "whole": whole}
                    params["whole_column"] = whole_column.label
                    issues.append(Issue("part-exceeds-whole", "error", _cell(line, column.id), params))
    return issues


def totals_equal_parts(form: FormDefinition, figures: Figures) -> list[Issue]:
    """A total row against the sum of its rows and dynamic lines, for columns that add up; said at the total cell,
    with the severity that the row gives.

    Actual and estimated parts are compared apart: an excess of one does not make up for a lack of the other.
    A blank part counts as 0; a blank or not applicable total is left to `required_cells_filled`.
    """
    issues: list[Issue] = []
    for table in form.tables:
        totals = [row for row in table.rows if row.sum_of]
        by_row = _lines_by_row(table, figures) if totals else {}
        for row in totals:
            parts = [line for part in row.sum_of for line in by_row.get(part, ())]
            for total in by_row.get(row.id, ()):
                issues.extend(_total_issues(table, row, total, parts))
    return issues


def _total_issues(table: Table, row: Row, total: Line, parts: Sequence[Line]) -> Iterator[Issue]:
    for position, column in enumerate(table.numeric):
        figure = total.figures[position]
        if column.roll_up != "sum" or figure.amount is None:
            continue
        of_parts = [line.figures[position] for line in parts]
        for code, stated, found in (
            ("total-mismatch", figure.value, [part.value for part in of_parts]),
            ("estimate-total-mismatch", figure.estimate, [part.estimate for part in of_parts]),
        ):
            computed = sum((value for value in found if value is not None), Decimal(0))
            if (stated or Decimal(0)) != computed:
                params = {"stated": stated or Decimal(0), "computed": computed}
                yield Issue(code, row.sum_severity, _cell(total, column.id), params)


def computed_columns_agree(form: FormDefinition, figures: Figures) -> list[Issue]:
    """A figure given in a computed column against its formula, rounded half up to the column's decimals.

    Nothing is said when the formula is unknown on that line (a blank, a division by zero).
    """
    issues: list[Issue] = []
    for table in form.tables:
        columns = [column for column in table.numeric if column.formula is not None]
        for line in _lines_of(table, figures) if columns else ():
            for column in columns:
                stated = line.figures[table.positions[column.id]].amount
                computed = None if stated is None else computed_value(table, column, line)
                if stated is not None and computed is not None and computed != stated:
                    params = {"stated": stated, "computed": computed}
                    issues.append(Issue("computed-mismatch", "error", _cell(line, column.id), params))
    return issues


def computed_value(table: Table, column: Column, line: Line) -> Decimal | None:
    """What the column's formula gives on a line, rounded to its scale; None when unknown or without a formula."""
    if column.formula is None:
        return None
    value = formulas.value_of(formulas.parse(column.formula), lambda name: line.figures[table.positions[name]].amount)
    return None if value is None else formulas.round_half_up(value, column.scale)


def form_rules_hold(form: FormDefinition, figures: Figures) -> list[Issue]:
    """The form's own rules with the severity that the form gives them; an unknown side says nothing."""
    issues: list[Issue] = []
    for check in form.checks:
        if check.table is None:
            issues.extend(_rule_issues(form, check, figures, line=None))
        else:
            for line in figures.values():
                if line.table == check.table:
                    issues.extend(_rule_issues(form, check, figures, line=line))
    return issues


def _rule_issues(form: FormDefinition, check: FormCheck, figures: Figures, *, line: Line | None) -> Iterator[Issue]:
    outcome = formulas.test(check.formula, lambda name: _resolve(form, check.references[name], figures, line))
    if outcome.holds is False and outcome.left is not None and outcome.right is not None:
        params: dict[str, Decimal | str] = {"formula": check.rule, "left": outcome.left, "right": outcome.right}
        yield Issue("formula-fails", check.severity, _place(check, line), params)


def _place(check: FormCheck, line: Line | None) -> Cell:
    """The first cell that the rule names, on the line it was tried on."""
    first = next(iter(check.references.values()))
    if line is not None:
        on_line = (ref for ref in check.references.values() if ref.row is None)
        return _cell(line, next(on_line, first).column)
    return Cell(first.table, first.row or "", "", first.column)


def _resolve(
    form: FormDefinition, reference: Reference, figures: Figures, line: Line | None
) -> Decimal | list[Decimal | None] | None:
    position = form.table(reference.table).positions[reference.column]
    if reference.is_dynamic:
        return [
            other.figures[position].amount
            for (table, row, _), other in figures.items()
            if (table, row) == (reference.table, reference.row)
        ]
    found = line if reference.row is None else figures.get((reference.table, reference.row, ""))
    return None if found is None else found.figures[position].amount


def changes_are_moderate(
    form: FormDefinition, figures: Figures, *, previous: Figures, percent: Decimal = LARGE_CHANGE_PERCENT
) -> list[Issue]:
    """Warn where a figure differs by `percent` or more from the same cell of the same period before.

    previous: reported on the same form version. A change from 0 has no percentage and is not named; computed columns
    follow the others and are left out.
    """
    issues: list[Issue] = []
    for line in figures.values():
        before_line = previous.get(line.key)
        if before_line is None or len(before_line.figures) != len(line.figures):
            continue
        columns = form.table(line.table).numeric
        for column, figure, earlier in zip(columns, line.figures, before_line.figures, strict=True):
            now, before = figure.amount, earlier.amount
            if column.formula is not None or now is None or before is None or before == 0:
                continue
            change = 100 * (now - before) / abs(before)
            rounded = formulas.round_half_up(change, 2)
            if rounded is not None and abs(change) >= percent:
                params = {"value": now, "previous": before, "change": rounded}
                issues.append(Issue("large-change", "warning", _cell(line, column.id), params))
    return issues


def _is_of_form(form: FormDefinition, line: Line) -> bool:
    table = form.tables_by_id.get(line.table)
    return table is not None and line.row in table.rows_by_id and len(line.figures) == len(table.numeric)


def _lines_by_row(table: Table, figures: Figures) -> dict[str, list[Line]]:
    by_row: dict[str, list[Line]] = {}
    for line in _lines_of(table, figures):
        by_row.setdefault(line.row, []).append(line)
    return by_row


def _lines_of(table: Table, figures: Figures) -> Iterator[Line]:
    return (line for line in figures.values() if line.table == table.id)


def _cells(form: FormDefinition, figures: Figures) -> Iterator[tuple[Line, Column, Figure]]:
    for line in figures.values():
        for column, figure in zip(form.table(line.table).numeric, line.figures, strict=True):
            yield line, column, figure


def _cell(line: Line, column: str) -> Cell:
    return Cell(line.table, line.row, line.subunit, column)
