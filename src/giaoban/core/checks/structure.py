"""Whether figures fit the form: its lines, its columns, its required cells."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from giaoban.core.checks.lines import cell_of, cells_of
from giaoban.core.figures import LARGEST, MARK_WORDS, Figures, Mark, completeness, has_more_decimals
from giaoban.core.forms import Column, FormDefinition, Row
from giaoban.core.issues import Cell, Issue

LONGEST_SUBUNIT: Final = 120
SEPARATOR: Final = "/"
"""Stands between the parts of a cell's address, so that no sub-unit may have it in its name."""


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
    for line, column, figure in cells_of(form, figures):
        if figure.mark is Mark.REPORTED:
            for part in (figure.value, figure.estimate):
                if part is not None:
                    issues.extend(_value_issues(part, column, cell_of(line, column.id)))
        elif figure.total is not None:
            params: dict[str, Decimal | str] = {"mark": MARK_WORDS.get(figure.mark, ""), "value": figure.total}
            issues.append(Issue("mark-with-value", "error", cell_of(line, column.id), params))
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
