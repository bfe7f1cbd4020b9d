"""What a workbook says it is, and where its lines and columns stand now, whatever was renamed, moved or inserted.

``_meta`` tells how the file was made. Each sheet carries the ids of its columns in a hidden row and the keys of its
lines in a hidden column; where these meet stands the key of the sheet. Nothing is read by its position alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from giaoban.core import vietnamese
from giaoban.core.issues import Cell, Issue
from giaoban.kit.workbooks.guard import Formulas, column_letters
from giaoban.kit.workbooks.opening import PlainCell, PlainSheet, Range, Workbook
from giaoban.reporting.rules.layout import FREE, LABEL_COLUMN
from giaoban.reporting.workbooks.calculating import DIGITS, kept_digits
from giaoban.reporting.workbooks.making import META, VERSION

META_WIDTH: Final = 6
LAST_ROW, LAST_COLUMN = 2**20, 2**14
"""Of any spreadsheet."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a sheet when it was made; its heading began `above` rows above the hidden row of ids."""

    id: str
    above: int
    text: str


@dataclass(frozen=True, slots=True)
class SheetMeta:
    """A sheet as ``_meta`` describes it. columns: by number in the sheet; labels: key of a line → its name."""

    name: str
    key: str
    keys_column: int
    columns: dict[int, Heading] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        return self.key.partition("/")[0]

    @property
    def is_estimate(self) -> bool:
        return self.key.endswith("/estimate")


@dataclass(frozen=True, slots=True)
class Meta:
    """What ``_meta`` says. notes: sheet and label of the box; explanations: sheet, first and last row."""

    head: dict[str, str]
    sheets: tuple[SheetMeta, ...]
    notes: tuple[str, str] | None
    explanations: tuple[str, int, int] | None


@dataclass(frozen=True, slots=True)
class FoundLine:
    """A line in the row where it stands now. subunit: as written in the label column where people name it."""

    number: int
    row: str
    subunit: str
    is_free: bool


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """A sheet of the form in the file, under the name that it has there."""

    meta: SheetMeta
    name: str
    rows: PlainSheet
    ids_row: int
    lines: tuple[FoundLine, ...]
    formulas: Formulas
    merged: tuple[Range, ...] = ()

    def value(self, row: int, column: int) -> PlainCell:
        return cell_of(self.rows, row, column)

    def at(self, row: int, column: int = 0, *, key: tuple[str, str] = ("", "")) -> Cell:
        """A place in the file; key: row of the form and sub-unit, when known."""
        heading = self.meta.columns.get(column)
        letters = f"{column_letters(column)}{row}" if column else ""
        column_id = heading.id if heading else ""
        return Cell(self.meta.table, *key, column_id, row or None, self.name, letters)


def cell_of(rows: Sequence[Sequence[PlainCell]], row: int, column: int) -> PlainCell:
    """A cell by its numbers from 1; None outside."""
    cells = rows[row - 1] if 0 < row <= len(rows) else ()
    return cells[column - 1] if 0 < column <= len(cells) else None


def text_of(value: PlainCell) -> str:
    """A cell as it would be typed; numbers with the digits that spreadsheets keep, so 0.1 + 0.2 is 0,3."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return vietnamese.number(kept_digits(value)).replace(".", "")
    return value.strip()


def is_cut(value: PlainCell) -> bool:
    """Whether a number is so large that the spreadsheet may have changed its last digits."""
    return not isinstance(value, bool | str | None) and abs(value) >= 10**DIGITS


def words_of(value: PlainCell) -> str:
    """A text with single spaces."""
    return " ".join(text_of(value).split())


def meta_of(book: Workbook) -> Meta | None:
    """None when there is no such sheet. Raises ValueError, KeyError or IndexError when it was written in."""
    if META not in book.sheets:
        return None
    head: dict[str, str] = {}
    sheets: dict[str, SheetMeta] = {}
    notes: tuple[str, str] | None = None
    explanations: tuple[str, int, int] | None = None
    if cell_of(book.sheets[META], 1, 2) not in (VERSION, float(VERSION)):
        return Meta({"version": text_of(cell_of(book.sheets[META], 1, 2))}, (), None, None)
    for row in book.sheets[META]:
        kind, *rest = [*(text_of(value) for value in row), *[""] * META_WIDTH]  # empty ends may be left out
        match kind:
            case "sheet":
                sheets[rest[0]] = SheetMeta(rest[0], rest[1], _within(rest[2], LAST_COLUMN))
            case "line":
                sheets[rest[0]].labels[rest[2]] = rest[3]
            case "column":
                column = _within(rest[1], LAST_COLUMN)
                sheets[rest[0]].columns[column] = Heading(rest[2], _within(rest[3], LAST_ROW), rest[4])
            case "notes":
                notes = (rest[0], rest[1])
            case "explanations":
                explanations = (rest[0], _within(rest[1], LAST_ROW), _within(rest[2], LAST_ROW))
            case _:
                head[kind] = rest[0]
    if not all(one.columns and one.labels for one in sheets.values()):
        raise ValueError(META)
    return Meta(head, tuple(sheets.values()), notes, explanations)


def _within(text: str, most: int) -> int:
    """A whole number from 1. Raises ValueError."""
    number = int(text)
    if not 1 <= number <= most:
        raise ValueError(text)
    return number


def locate(book: Workbook, meta: Meta) -> tuple[list[FoundSheet], list[Issue]]:
    """The sheets of the form in their order, each under whatever name it has now, and those that cannot be used."""
    standing: dict[str, list[tuple[str, int, int]]] = {}
    for name, rows in book.sheets.items():
        if name != META:
            for key, row, column in _corners(rows, {sheet.key for sheet in meta.sheets}):
                standing.setdefault(key, []).append((name, row, column))
    found: list[FoundSheet] = []
    issues: list[Issue] = []
    for sheet in meta.sheets:
        places = standing.get(sheet.key, [])
        if len(places) == 1:
            name, ids_row, keys_column = places[0]
            moved = _moved(sheet, book.sheets[name], name, ids_row, keys_column)
            if moved is None:
                found.append(_found(sheet, book, name, ids_row))
            else:
                issues.append(moved)
        elif places:
            issues.append(Issue("copied-sheet", "error", Cell(), {"count": len(places), "name": sheet.name}))
        elif sheet.name in book.sheets:
            issues.append(Issue("lost-keys", "error", Cell(sheet=sheet.name)))
        else:
            issues.append(Issue("missing-sheet", "error", Cell(), {"name": sheet.name}))
    return found, issues


def _corners(rows: PlainSheet, keys: set[str]) -> Iterator[tuple[str, int, int]]:
    """Where the hidden row of ids and the hidden column of keys meet: key of the sheet, row, column."""
    for number, row in enumerate(rows, start=1):
        for position, value in enumerate(row, start=1):
            if isinstance(value, str) and value in keys:
                yield value, number, position


def _moved(sheet: SheetMeta, rows: PlainSheet, name: str, ids_row: int, keys_column: int) -> Issue | None:
    """The first column that does not stand where it stood."""
    for number, heading in sheet.columns.items():
        if text_of(cell_of(rows, ids_row, number)) != heading.id:
            return _not_at(sheet, number, heading, name, ids_row)
    if keys_column != sheet.keys_column:
        number, heading = max(sheet.columns.items())
        return _not_at(sheet, number, heading, name, ids_row)
    return None


def _not_at(sheet: SheetMeta, number: int, heading: Heading, name: str, ids_row: int) -> Issue:
    row = max(ids_row - heading.above, 1)
    at = Cell(sheet.table, "", "", heading.id, row, name, f"{column_letters(number)}{row}")
    return Issue("moved-columns", "error", at, {"expected": heading.text or heading.id})


def _found(sheet: SheetMeta, book: Workbook, name: str, ids_row: int) -> FoundSheet:
    rows = book.sheets[name]
    lines = []
    for number in range(ids_row + 1, len(rows) + 1):
        key = text_of(cell_of(rows, number, sheet.keys_column))
        if key in sheet.labels:
            row, _, subunit = key.partition("/")
            is_free = subunit == FREE
            named = words_of(cell_of(rows, number, LABEL_COLUMN)) if is_free else subunit
            lines.append(FoundLine(number, row, named, is_free))
    formulas = book.formulas.get(name, Formulas())
    return FoundSheet(sheet, name, rows, ids_row, tuple(lines), formulas, tuple(book.merged.get(name, ())))
