"""Reads a filled workbook back: guarded, opened in a limited process, then plain cells become figures.

Totals and computed columns that are formulas are computed again here, and a note says where a formula of one's own
came to something else; one that was overwritten by hand is taken as stated, so that the checks can show both numbers.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from giaoban.core import vietnamese
from giaoban.core.figures import Line, LineKey
from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Cell, Issue
from giaoban.kit.workbooks.guard import Bounds, WorkbookRefused, column_letters
from giaoban.kit.workbooks.opening import PlainCell, Reader, Workbook, open_workbook
from giaoban.reporting.models import Obligation
from giaoban.reporting.rules.layout import FIRST_COLUMN, LABEL_COLUMN, plan
from giaoban.reporting.rules.typed import figures_from_texts, text_key
from giaoban.reporting.selectors.entry import has_estimates, subunits_by_row
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.workbooks.calculating import kept_digits
from giaoban.reporting.workbooks.completing import CellKey, complete, is_computed
from giaoban.reporting.workbooks.making import EXPLAINED_TO, META, NOTES_LABEL, VERSION, subunit_names
from giaoban.reporting.workbooks.recognising import (
    FoundSheet,
    Meta,
    cell_of,
    is_cut,
    locate,
    meta_of,
    text_of,
    words_of,
)

ANY_FORM: Final = Bounds(rows=5_000, columns=300)
MARGIN_ROWS: Final = 400
"""Room for rows that people insert, and for the list of faults in a copy that comes back."""
MARGIN_COLUMNS: Final = 12
MEGABYTE: Final = 2**20
STRAY_NAMED: Final = 5
"""So many texts outside the table are named; they are not read."""


Computed = tuple[CellKey, bool]
"""A cell with our formula, and whether it is the one for the estimated part."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Words about a cell, in the address that the file shows; sheet and cell may be left out."""

    sheet: str
    cell: str
    words: str


@dataclass(slots=True)
class FilledWorkbook:
    """What a workbook says it is, and its cells. `figures` makes them into figures of the form."""

    form: str
    checksum: str
    unit: str
    rule: str
    period: str
    instalment: str
    sheets: list[FoundSheet]
    notes: str
    explanations: tuple[Explanation, ...]
    places: dict[CellKey, Cell] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def first_sheet(self) -> str:
        return self.sheets[0].name if self.sheets else ""

    def figures(self, obligation: Obligation) -> tuple[dict[LineKey, Line], list[Issue]]:
        """Figures, and the cells that cannot be read, each with sheet and address."""
        form = definition_of(obligation.form)
        places: dict[str, Cell] = {}
        computed: dict[Computed, PlainCell] = {}
        issues: list[Issue] = []
        for sheet in self.sheets:
            issues += _changed(sheet)
            self._read(sheet, form, places, computed, issues)
        figures, unread = figures_from_texts(form, self.texts, places)
        complete(form, figures, computed)
        issues += _calculated_otherwise(form, figures, computed, places)
        for one in places.values():  # the sheet of the actual parts comes first, and counts
            self.places.setdefault((one.table, one.row, one.subunit, one.column), one)
        return figures, [*issues, *(self.placed(issue) for issue in unread)]

    def placed(self, issue: Issue) -> Issue:
        """The issue with the sheet and address of its cell."""
        at = issue.at
        if at.sheet:
            return issue
        found = self.places.get((at.table, at.row, at.subunit, at.column))
        return issue if found is None else replace(issue, at=found)

    def _read(
        self,
        sheet: FoundSheet,
        form: FormDefinition,
        places: dict[str, Cell],
        computed: dict[Computed, PlainCell],
        issues: list[Issue],
    ) -> None:
        """The typed texts of one sheet, where they stand, and which cells hold our formulas."""
        table = sheet.meta.table
        taken: dict[tuple[str, str], int] = {}
        for line in sheet.lines:
            first = taken.setdefault((line.row, line.subunit.casefold()), line.number)
            if first != line.number and (line.subunit or not line.is_free):
                at = sheet.at(line.number, LABEL_COLUMN, key=(line.row, line.subunit))
                issues.append(Issue("duplicate-cell", "error", at, {"first_row": first}))
                continue
            for position, heading in sheet.meta.columns.items():
                at = sheet.at(line.number, position, key=(line.row, line.subunit))
                value = sheet.value(line.number, position)
                name = text_key(table, line.row, line.subunit, heading.id, estimate=sheet.meta.is_estimate)
                place = (line.number, position)
                known = place in sheet.formulas.uncalculated or place in sheet.formulas.calculated
                if known and is_computed(form, table, line.row, heading.id):
                    computed[(table, line.row, line.subunit, heading.id), sheet.meta.is_estimate] = value
                    places.setdefault(name, at)
                elif place in sheet.formulas.uncalculated:
                    issues.append(Issue("formula-not-calculated", "error", at))
                elif is_cut(value):
                    issues.append(Issue("cut-number", "error", at))
                elif line.is_free and not line.subunit and value is not None:
                    issues.append(Issue("missing-subunit", "error", at))
                elif not line.is_free or line.subunit:
                    self.texts[name] = text_of(value)
                    places[name] = at


def _calculated_otherwise(
    form: FormDefinition,
    figures: Mapping[LineKey, Line],
    computed: Mapping[Computed, PlainCell],
    places: Mapping[str, Cell],
) -> Iterator[Issue]:
    """Cells whose formula came to another number in the file than ours here. A rate of a line with estimates is left
    out: ours counts them in, that of the sheet cannot."""
    for ((table, row, subunit, column), is_estimate), value in computed.items():
        if isinstance(value, bool | str | None):
            continue
        line = figures.get((table, row, subunit))
        is_rate = form.table(table).columns_by_id[column].formula is not None
        if is_rate and line is not None and any(one.estimate is not None for one in line.figures):
            continue
        figure = line.figures[form.table(table).positions[column]] if line is not None else None
        ours = None if figure is None else figure.estimate if is_estimate else figure.value
        if kept_digits(value) != kept_digits(ours or 0):
            at = places[text_key(table, row, subunit, column, estimate=is_estimate)]
            expected = vietnamese.number(ours) if ours is not None else "để trống"
            yield Issue("own-formula", "note", at, {"found": text_of(value), "expected": expected})


def _changed(sheet: FoundSheet) -> Iterator[Issue]:
    """What is no longer as it was made: lines gone or put in, names written over, cells merged, texts beside."""
    meta = sheet.meta
    here = {f"{line.row}/{line.subunit}" for line in sheet.lines if not line.is_free}
    for key, label in meta.labels.items():
        if key not in here and not any(line.is_free and key.startswith(f"{line.row}/") for line in sheet.lines):
            row, _, subunit = key.partition("/")
            at = Cell(meta.table, row, subunit, "", None, sheet.name)
            yield Issue("deleted-row", "error", at, {"label": label or row})
    for line in sheet.lines:
        expected = " ".join(meta.labels[f"{line.row}/{line.subunit}"].split()) if not line.is_free else ""
        found = words_of(sheet.value(line.number, LABEL_COLUMN))
        if not line.is_free and found != expected:
            at = sheet.at(line.number, LABEL_COLUMN, key=(line.row, line.subunit))
            yield Issue("changed-label", "error", at, {"found": found, "expected": expected})
    for number, heading in meta.columns.items():
        top = sheet.ids_row - heading.above
        found = words_of(sheet.value(top, number))
        if found != " ".join(heading.text.split()):
            at = sheet.at(top, number)
            yield Issue("changed-label", "error", at, {"found": found, "expected": heading.text})
    yield from _merged(sheet)
    yield from _beside(sheet)


def _merged(sheet: FoundSheet) -> Iterator[Issue]:
    numbers = {line.number: line for line in sheet.lines}
    last = max(sheet.meta.columns)
    for top, left, bottom, right in sheet.merged:
        line = next((numbers[row] for row in range(top, min(bottom, top + 1000) + 1) if row in numbers), None)
        if line is not None and left <= last and right >= FIRST_COLUMN:
            cells = f"{column_letters(left)}{top}:{column_letters(right)}{bottom}"
            at = sheet.at(top, left, key=(line.row, line.subunit))
            yield Issue("merged-cells", "error", at, {"cells": cells})


def _beside(sheet: FoundSheet) -> Iterator[Issue]:
    """Rows between the lines of the table that are none of ours, and texts right of it."""
    meta = sheet.meta
    numbers = {line.number for line in sheet.lines}
    last, named = max(meta.columns), 0
    for row in range(sheet.ids_row + 1, len(sheet.rows) + 1):
        if row > max(numbers, default=0) and _is_foot(sheet, row):
            return
        filled = [
            number
            for number, value in enumerate(sheet.rows[row - 1], start=1)
            if value is not None and words_of(value) and number != meta.keys_column
        ]
        if row not in numbers and any(FIRST_COLUMN <= number <= last for number in filled):
            first = next(number for number in filled if number >= FIRST_COLUMN)
            at = Cell(meta.table, "", "", "", row, sheet.name, f"{column_letters(first)}{row}")
            yield Issue("inserted-row", "error", at)
            continue
        for number in filled:
            if (number > last or (row not in numbers and number == LABEL_COLUMN)) and named < STRAY_NAMED:
                named += 1
                at = Cell(meta.table, "", "", "", row, sheet.name, f"{column_letters(number)}{row}")
                yield Issue("outside-table", "note", at, {"text": words_of(sheet.value(row, number))[:60]})


def _is_foot(sheet: FoundSheet, row: int) -> bool:
    """Whether the part of the sheet that is ours begins under the table: notes and signatures, which are not read."""
    return words_of(sheet.value(row, LABEL_COLUMN)) == " ".join(NOTES_LABEL.split())


def bounds_of(obligation: Obligation) -> Bounds:
    """How far the cells of this report's workbook may reach."""
    names = subunit_names(subunits_by_row(obligation))
    if not all(names.values()):  # anybody may have named a line when the file was made: as far as any form reaches
        return ANY_FORM
    sheets = plan(definition_of(obligation.form), names, estimates=has_estimates(obligation))
    meta_rows = sum(len(sheet.lines) + len(sheet.columns) + 2 for sheet in sheets)
    earlier_rows = 2 * sum(sheet.last_row + 2 for sheet in sheets if not sheet.is_estimate)
    rows = max(sheet.last_row for sheet in sheets) if sheets else 0
    columns = max(sheet.keys_column for sheet in sheets) if sheets else 0
    return Bounds(rows=max(rows, meta_rows, earlier_rows, EXPLAINED_TO) + MARGIN_ROWS, columns=columns + MARGIN_COLUMNS)


def read_filled(
    content: bytes, bounds: Bounds | None = None, *, reader: Reader | None = None
) -> tuple[FilledWorkbook | None, list[Issue]]:
    """The workbook, or why it cannot be read; bounds None: those of the largest form we could have made.

    reader: the one to open it with; None: one that ends with the file.
    """
    bounds = bounds or ANY_FORM
    try:
        book = reader.open(content, bounds) if reader is not None else open_workbook(content, bounds)
    except WorkbookRefused as refusal:
        return None, [refused(refusal, bounds)]
    return filled_of(book)


def filled_of(book: Workbook) -> tuple[FilledWorkbook | None, list[Issue]]:
    """The workbook of a report that an opened file is, or why it is none."""
    try:
        meta = meta_of(book)
        if meta is None:
            params = {"found": "tệp không do hệ thống tạo", "expected": "tệp mẫu tải từ hệ thống"}
            return None, [Issue("other-form", "error", Cell(), params)]
        if meta.head["version"] != VERSION:
            return None, [Issue("old-template", "error", Cell())]
        sheets, issues = locate(book, meta)
        head = meta.head
        filled = FilledWorkbook(
            form=head["form"],
            checksum=head["checksum"],
            unit=head["unit"],
            rule=head["rule"],
            period=head["period"],
            instalment=head.get("instalment", ""),
            sheets=sheets,
            notes=_notes(sheets, meta),
            explanations=tuple(_explanations(book, meta)),
        )
    except (ValueError, IndexError, KeyError):
        return None, [Issue("truncated-file", "error", Cell(sheet=META))]
    return filled, issues


def refused(refusal: WorkbookRefused, bounds: Bounds) -> Issue:
    """Why a file was not opened, in the words of the checks."""
    at = Cell(sheet=refusal.sheet)
    match refusal.fault:
        case "too-large":
            params = {"size_mb": -(-refusal.size // MEGABYTE), "limit_mb": refusal.limit // MEGABYTE}
            return Issue("oversized-file", "error", at, params)
        case "outside":
            column = column_letters(refusal.column)
            code = "unknown-column" if refusal.column > bounds.columns else "unknown-row"
            where = replace(at, file_row=refusal.row, column=column, file_cell=f"{column}{refusal.row}")
            return Issue(code, "error", where, {"column": column, "row": str(refusal.row)})
        case "encrypted":
            return Issue("encrypted-file", "error", at)
        case _:
            return Issue("truncated-file", "error", at)


def _notes(sheets: list[FoundSheet], meta: Meta) -> str:
    """What stands in the box under its label, wherever the box is now."""
    sheet = next((one for one in sheets if meta.notes and one.meta.name == meta.notes[0]), None)
    if sheet is None or meta.notes is None:
        return ""
    label = " ".join(meta.notes[1].split())
    for row in range(sheet.ids_row + 1, len(sheet.rows)):
        if words_of(sheet.value(row, LABEL_COLUMN)) == label:
            return text_of(sheet.value(row + 1, LABEL_COLUMN))
    return ""


def _explanations(book: Workbook, meta: Meta) -> Iterator[Explanation]:
    if meta.explanations is None or meta.explanations[0] not in book.sheets:
        return
    name, first, last = meta.explanations
    for row in range(first, min(last, len(book.sheets[name])) + 1):
        sheet, cell, words = (text_of(cell_of(book.sheets[name], row, column)) for column in (1, 2, 3))
        if words:
            yield Explanation(sheet, cell.replace("$", "").replace(" ", "").upper(), words)
