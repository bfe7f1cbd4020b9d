"""What is looked at before a workbook is opened: sizes as declared, and the address of every cell.

A 10 kB file with one cell at XFD1048576 makes a reader allocate 17 thousand million cells; a 1 MB archive unpacks to
gigabytes. Nothing here unpacks more than was declared, and the declared sizes are bounded first.
"""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import IO, Final, Literal
from xml.etree.ElementTree import Element, ParseError  # nosec B405 - types; defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

MAX_FILE_BYTES: Final = 10 * 2**20
MAX_UNPACKED_BYTES: Final = 64 * 2**20
MAX_RATIO: Final = 100
RATIO_FREE_BYTES: Final = 4 * 2**20  # below this unpacked size any ratio is harmless
MAX_ENTRIES: Final = 400
MAX_CELLS: Final = 1_000_000

_ADDRESS: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
# Tags count by their local names: "Strict Open XML" has other namespaces, and a reader knows both.
_RELATIONS: Final = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file may hold: the last row and column (both from 1) to be filled, cells of a sheet, bytes in all."""

    rows: int
    columns: int
    cells: int = MAX_CELLS
    unpacked_bytes: int = MAX_UNPACKED_BYTES


@dataclass(frozen=True, slots=True)
class Formulas:
    """Cells of a sheet that hold a formula, as (row, column) from 1; `uncalculated`: those that no program computed."""

    calculated: frozenset[tuple[int, int]] = frozenset()
    uncalculated: frozenset[tuple[int, int]] = frozenset()


Fault = Literal["broken", "too-large", "too-many", "outside", "too-slow", "unreadable"]


class WorkbookRefused(Exception):
    """The file must not be opened, or cannot be; each room has its own words for the fault.

    too-large: in bytes, `size` of which `limit` are allowed. too-many: entries of the archive or cells of a sheet.
    outside: the filled cell at `row`, `column` (from 1). `sheet`: "" when the fault is not of one sheet.
    """

    def __init__(
        self, fault: Fault, *, sheet: str = "", row: int = 0, column: int = 0, size: int = 0, limit: int = 0
    ) -> None:
        super().__init__(fault)
        self.fault: Fault = fault
        self.sheet = sheet
        self.row, self.column = row, column
        self.size, self.limit = size, limit


def inspect(content: bytes, bounds: Bounds, *, first_only: bool = False) -> dict[str, Formulas]:
    """Look at a file from outside; its formulas by sheet. first_only: at no sheet but the first.

    Raises WorkbookRefused, and nothing else for what the file holds.
    """
    formulas: dict[str, Formulas] = {}
    try:
        _check_size(len(content), MAX_FILE_BYTES)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_archive(archive, bounds)
            for name, path in islice(_sheets(archive), 1 if first_only else None):
                with archive.open(path) as stream:
                    formulas[name] = _scan(stream, name, bounds)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        ParseError,
        DefusedXmlException,
        KeyError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ):
        raise WorkbookRefused("broken") from None
    return formulas


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
        raise WorkbookRefused("too-large", size=size, limit=limit)


def _check_archive(archive: zipfile.ZipFile, bounds: Bounds) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise WorkbookRefused("too-many")
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    _check_size(unpacked, bounds.unpacked_bytes)
    if unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * max(packed, 1):
        raise WorkbookRefused("too-large", size=unpacked, limit=RATIO_FREE_BYTES)


def _sheets(archive: zipfile.ZipFile) -> Iterator[tuple[str, str]]:
    """Name and archive path of each worksheet, in the order of the tabs.

    Raises WorkbookRefused for a tab that is none.
    """
    targets = {}
    with archive.open("xl/_rels/workbook.xml.rels") as stream:
        for _, element in iterparse(stream, forbid_dtd=True):
            if element.tag.endswith("}Relationship"):
                targets[element.get("Id")] = element.get("Target", "")
    with archive.open("xl/workbook.xml") as stream:
        for _, element in iterparse(stream, forbid_dtd=True):
            if _local(element) == "sheet":
                target = targets[next(filter(None, map(element.get, _RELATIONS)), None)]
                path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                if "/worksheets/" not in path:  # a reader would open it all the same
                    raise WorkbookRefused("broken", sheet=element.get("name", ""))
                yield element.get("name", ""), path


def _scan(stream: IO[bytes], sheet: str, bounds: Bounds) -> Formulas:
    """Walk the cells of one sheet. Raises WorkbookRefused at the first filled cell outside the bounds."""
    calculated: set[tuple[int, int]] = set()
    uncalculated: set[tuple[int, int]] = set()
    row = column = seen = 0
    rows: Element | None = None
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            if _local(element) == "sheetData":
                rows = element
            elif _local(element) == "row":
                row, column = int(element.get("r") or row + 1), 0
            continue
        if _local(element) == "c":
            seen += 1
            row, column = _address(element, row, column)
            _check_cell(element, sheet, row, column, seen, bounds)
            if element.find("{*}f") is not None:
                (calculated if _has_value(element) else uncalculated).add((row, column))
            element.clear()
        elif _local(element) == "row":
            element.clear()
            if rows is not None:
                rows.clear()
    return Formulas(frozenset(calculated), frozenset(uncalculated))


def _local(element: Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


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
    if seen > bounds.cells:
        raise WorkbookRefused("too-many", sheet=sheet)
    if (row > bounds.rows or column > bounds.columns) and len(element):
        raise WorkbookRefused("outside", sheet=sheet, row=row, column=column)


def _has_value(element: Element) -> bool:
    value = element.find("{*}v")
    return value is not None and bool(value.text)
