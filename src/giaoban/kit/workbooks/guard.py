"""What is looked at before a workbook is opened: sizes as declared, and the address of every cell.

Three kinds of file are known by their bytes: .xlsx and .ods, which are archives, and .xls. A 10 kB file with one cell
at XFD1048576 makes a reader allocate 17 thousand million cells; a 1 MB archive unpacks to gigabytes; one cell of an
.ods may say that it is repeated a million times. Nothing here unpacks more than was declared, and the declared sizes
are bounded first.
"""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Final, Literal
from xml.etree.ElementTree import Element, ParseError  # nosec B405 - types; defusedxml parses

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from giaoban.kit.workbooks import binary, opendocument
from giaoban.kit.workbooks.measures import (
    MAX_CELLS,
    MAX_UNPACKED_BYTES,
    Bounds,
    Fault,
    Formulas,
    WorkbookRefused,
    check_place,
    check_size,
)

__all__ = [
    "ARCHIVE_FAULTS",
    "MAX_CELLS",
    "MAX_ENTRIES",
    "MAX_FILE_BYTES",
    "MAX_RATIO",
    "MAX_UNPACKED_BYTES",
    "RATIO_FREE_BYTES",
    "Bounds",
    "Fault",
    "Formulas",
    "Kind",
    "WorkbookRefused",
    "column_letters",
    "column_number",
    "inspect",
    "is_bomb",
    "kind_of",
    "media_type_of",
]

MAX_FILE_BYTES: Final = 10 * 2**20
MAX_RATIO: Final = 100
RATIO_FREE_BYTES: Final = 4 * 2**20  # below this unpacked size any ratio is harmless
MAX_ENTRIES: Final = 400
ARCHIVE_FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)
"""What opening or unpacking an archive from outside may raise."""

_ODS_TYPE: Final = b"application/vnd.oasis.opendocument.spreadsheet"
_ADDRESS: Final = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
# Tags count by their local names: "Strict Open XML" has other namespaces, and a reader knows both.
_RELATIONS: Final = (
    "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id",
    "{http://purl.oclc.org/ooxml/officeDocument/relationships}id",
)

Kind = Literal["xlsx", "ods", "xls"]
MEDIA_TYPES: Final[dict[Kind, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "xls": "application/vnd.ms-excel",
}


def kind_of(content: bytes) -> Kind | None:
    """What kind of workbook the bytes look like; None for none."""
    if content[: len(binary.MAGIC)] == binary.MAGIC:
        return "xls"
    if content[:4] != b"PK\x03\x04":
        return None
    return "ods" if content[30:38] == b"mimetype" and _ODS_TYPE in content[38:120] else "xlsx"


def media_type_of(content: bytes) -> str:
    """The media type of a workbook by its bytes."""
    kind = kind_of(content)
    return MEDIA_TYPES[kind] if kind else "application/octet-stream"


def inspect(content: bytes, bounds: Bounds, *, first_only: bool = False) -> dict[str, Formulas]:
    """Look at a file from outside; its formulas by sheet. first_only: at no sheet but the first.

    Raises WorkbookRefused, and nothing else for what the file holds.
    """
    check_size(len(content), MAX_FILE_BYTES)
    try:
        sheets = _binary_sheets(content, bounds) if kind_of(content) == "xls" else _archived_sheets(content, bounds)
        return dict(islice(sheets, 1 if first_only else None))
    except binary.EncryptedFault:
        raise WorkbookRefused("encrypted") from None
    except (
        binary.BinaryFault,
        ParseError,
        DefusedXmlException,
        KeyError,
        *ARCHIVE_FAULTS,
    ):
        raise WorkbookRefused("broken") from None


def _archived_sheets(content: bytes, bounds: Bounds) -> Iterator[tuple[str, Formulas]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        _check_archive(archive, bounds)
        if kind_of(content) == "ods":
            with archive.open("META-INF/manifest.xml") as stream:
                if any(_local(element) == "encryption-data" for _, element in iterparse(stream, forbid_dtd=True)):
                    raise WorkbookRefused("encrypted")
            with archive.open("content.xml") as stream:
                yield from opendocument.sheets(stream, bounds)
            return
        for name, path in _sheets(archive):
            with archive.open(path) as stream:
                yield name, _scan(stream, name, bounds)


def _binary_sheets(content: bytes, bounds: Bounds) -> Iterator[tuple[str, Formulas]]:
    for name, cells in binary.sheets(content):
        formulas, errors = set(), set()
        for seen, cell in enumerate(cells, start=1):
            check_place(name, cell.row, cell.column, seen, bounds)
            if cell.is_formula:
                formulas.add((cell.row, cell.column))
            if cell.is_error:
                errors.add((cell.row, cell.column))
        yield name, Formulas(frozenset(formulas), errors=frozenset(errors))


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


def is_bomb(entries: Iterable[zipfile.ZipInfo]) -> bool:
    """Whether an archive says that it unpacks to far more than files of an office do."""
    sizes = [(entry.file_size, entry.compress_size) for entry in entries]
    unpacked, packed = sum(size for size, _ in sizes), sum(size for _, size in sizes)
    return unpacked > RATIO_FREE_BYTES and unpacked > MAX_RATIO * max(packed, 1)


def _check_archive(archive: zipfile.ZipFile, bounds: Bounds) -> None:
    entries = archive.infolist()
    if len(entries) > MAX_ENTRIES:
        raise WorkbookRefused("too-many")
    unpacked = sum(entry.file_size for entry in entries)
    check_size(unpacked, bounds.unpacked_bytes)
    if is_bomb(entries):
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
    errors: set[tuple[int, int]] = set()
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
            if element.get("t") == "e":
                errors.add((row, column))
            element.clear()
        elif _local(element) == "row":
            element.clear()
            if rows is not None:
                rows.clear()
    return Formulas(frozenset(calculated), frozenset(uncalculated), errors=frozenset(errors))


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
    if len(element) or seen > bounds.cells:
        check_place(sheet, row, column, seen, bounds)


def _has_value(element: Element) -> bool:
    value = element.find("{*}v")
    return value is not None and bool(value.text)
