"""What is looked at before a workbook is opened: sizes as declared, and the address of every cell.

A 10 kB file with one cell at XFD1048576 makes a reader allocate 17 thousand million cells; a 1 MB archive unpacks to
gigabytes. Nothing here unpacks more than was declared, and the declared sizes are bounded first.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final
from xml.etree.ElementTree import Element, ParseError  # nosec B405 - types; defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from giaoban.core.issues import Cell, Issue

MAX_FILE_BYTES: Final = 10 * 2**20
MAX_UNPACKED_BYTES: Final = 64 * 2**20
MAX_RATIO: Final = 100
RATIO_FREE_BYTES: Final = 4 * 2**20  # below this unpacked size any ratio is harmless
MAX_ENTRIES: Final = 400
MAX_CELLS: Final = 1_000_000

_MEGABYTE: Final = 2**20
_ADDRESS: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_NAMESPACE: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The last row and column (both from 1) in which a form has a right to write."""

    rows: int
    columns: int


ANY_FORM: Final = Bounds(rows=5_000, columns=300)


@dataclass(frozen=True, slots=True)
class Formulas:
    """Cells of a sheet that hold a formula, as (row, column) from 1; `uncalculated`: those that no program computed."""

    calculated: frozenset[tuple[int, int]] = frozenset()
    uncalculated: frozenset[tuple[int, int]] = frozenset()


@dataclass(slots=True)
class Inspection:
    """What the guard saw. `formulas` by sheet name. With an error among the issues the file must not be opened."""

    issues: list[Issue] = field(default_factory=list)
    formulas: dict[str, Formulas] = field(default_factory=dict)


class _Refused(Exception):
    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.code)
        self.issue = issue


def inspect(content: bytes, bounds: Bounds = ANY_FORM) -> Inspection:
    """Look at a file from outside. Never raises for what the file holds; one error is enough to stop."""
    found = Inspection()
    try:
        _check_size(len(content), MAX_FILE_BYTES)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_archive(archive)
            for name, path in _sheets(archive):
                with archive.open(path) as stream:
                    found.formulas[name] = _scan(stream, name, bounds)
    except _Refused as refusal:
        found.issues.append(refusal.issue)
    except (
        zipfile.BadZipFile,
        ParseError,
        DefusedXmlException,
        KeyError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ):
        found.issues.append(Issue("truncated-file", "error", Cell()))
    return found


def column_number(letters: str) -> int:
    """ "A" → 1, "XFD" → 16384."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """1 → "A"."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _check_size(size: int, limit: int) -> None:
    if size > limit:
        params = {"size_mb": -(-size // _MEGABYTE), "limit_mb": limit // _MEGABYTE}
        raise _Refused(Issue("oversized-file", "error", Cell(), params))


def _check_archive(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise _Refused(Issue("truncated-file", "error", Cell()))
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    _check_size(unpacked, MAX_UNPACKED_BYTES)
    if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * max(packed, 1):
        params = {"size_mb": -(-unpacked // _MEGABYTE), "limit_mb": RATIO_FREE_BYTES // _MEGABYTE}
        raise _Refused(Issue("oversized-file", "error", Cell(), params))


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and archive path of each worksheet, in the order of the tabs. Raises _Refused for a tab that is none."""
    targets = {}
    with archive.open("xl/_rels/workbook.xml.rels") as stream:
        for _, element in iterparse(stream, forbid_dtd=True):
            if element.tag.endswith("}Relationship"):
                targets[element.get("Id")] = element.get("Target", "")
    with archive.open("xl/workbook.xml") as stream:
        for _, element in iterparse(stream, forbid_dtd=True):
            if element.tag == f"{_NAMESPACE}sheet":
                target = targets[element.get(_RELATION)]
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                if "/worksheets/" not in path:  # a reader would open it all the same
                    raise _Refused(Issue("truncated-file", "error", Cell(sheet=element.get("name", ""))))
                yield element.get("name", ""), path


def _scan(stream: IO[bytes], sheet: str, bounds: Bounds) -> Formulas:
    """Walk the cells of one sheet. Raises _Refused at the first filled cell outside the bounds."""
    calculated: set[tuple[int, int]] = set()
    uncalculated: set[tuple[int, int]] = set()
    row = column = seen = 0
    rows: Element | None = None
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            if element.tag == f"{_NAMESPACE}sheetData":
                rows = element
            elif element.tag == f"{_NAMESPACE}row":
                row, column = int(element.get("r") or row + 1), 0
            continue
        if element.tag == f"{_NAMESPACE}c":
            seen += 1
            row, column = _address(element, row, column)
            _check_cell(element, sheet, row, column, seen, bounds)
            if element.find(f"{_NAMESPACE}f") is not None:
                (calculated if _has_value(element) else uncalculated).add((row, column))
            element.clear()
        elif element.tag == f"{_NAMESPACE}row":
            element.clear()
            if rows is not None:
                rows.clear()
    return Formulas(frozenset(calculated), frozenset(uncalculated))


def _address(element: Element, row: int, column: int) -> tuple[int, int]:
    """Row and column of a cell; a cell without an address follows the one before it."""
    address = element.get("r")
    if address is None:
        return row, column + 1
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise ValueError(address)
    return int(match[2]), column_number(match[1])


def _check_cell(element: Element, sheet: str, row: int, column: int, seen: int, bounds: Bounds) -> None:
    if seen > MAX_CELLS:
        raise _Refused(Issue("truncated-file", "error", Cell(sheet=sheet)))
    if (row > bounds.rows or column > bounds.columns) and len(element):
        at = Cell(sheet=sheet, file_row=row, column=column_letters(column))
        code = "unknown-column" if column > bounds.columns else "unknown-row"
        raise _Refused(Issue(code, "error", at, {"column": column_letters(column), "row": str(row)}))


def _has_value(element: Element) -> bool:
    value = element.find(f"{_NAMESPACE}v")
    return value is not None and bool(value.text)
