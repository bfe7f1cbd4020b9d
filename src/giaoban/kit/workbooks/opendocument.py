"""The table part of an OpenDocument spreadsheet (.ods), walked before it is opened: its cells may repeat themselves."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Final
from xml.etree.ElementTree import Element  # nosec B405 - a type; defusedxml parses

from defusedxml.ElementTree import iterparse

from giaoban.kit.workbooks.measures import Bounds, Formulas, check_place

_TABLE: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_VALUE_TYPE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"
_SHOWN_TYPE: Final = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}value-type"
_SPREADSHEET: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}spreadsheet"
_CELLS: Final = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_EMPTY_ROWS: Final = 2**20
"""A spreadsheet has no more rows than this, however often empty ones are repeated; columns as many at most."""


@dataclass(slots=True)
class _Sheet:
    name: str
    row: int = 0
    seen: int = 0
    calculated: set[tuple[int, int]] = field(default_factory=set)
    uncalculated: set[tuple[int, int]] = field(default_factory=set)
    merged: set[tuple[int, int, int, int]] = field(default_factory=set)
    errors: set[tuple[int, int]] = field(default_factory=set)

    def take(self, row: Element, bounds: Bounds) -> None:
        """Count the cells of a row, as often as row and cell repeat. Raises WorkbookRefused."""
        times = _repeated(row, f"{_TABLE}number-rows-repeated")
        column = 0
        for cell in row:
            if cell.tag not in _CELLS:
                continue
            across = _repeated(cell, f"{_TABLE}number-columns-repeated")
            column += across
            self._span(cell, column - across + 1, bounds)
            if cell.get(_VALUE_TYPE) is None and cell.get(f"{_TABLE}formula") is None:
                continue
            self.seen += across * times
            check_place(self.name, self.row + times, column, self.seen, bounds)
            places = {(self.row + down, column - back) for down in range(1, times + 1) for back in range(across)}
            if cell.get(f"{_TABLE}formula") is not None:
                (self.uncalculated if cell.get(_VALUE_TYPE) is None else self.calculated).update(places)
            if cell.get(_SHOWN_TYPE) == "error":
                self.errors.update(places)
        self.row += times
        if self.row > _EMPTY_ROWS or column > _EMPTY_ROWS:
            raise ValueError("more rows than a spreadsheet has")

    def formulas(self) -> Formulas:
        return Formulas(
            frozenset(self.calculated), frozenset(self.uncalculated), frozenset(self.merged), frozenset(self.errors)
        )

    def _span(self, cell: Element, column: int, bounds: Bounds) -> None:
        down, over = (_repeated(cell, f"{_TABLE}number-{one}-spanned") for one in ("rows", "columns"))
        if (down > 1 or over > 1) and len(self.merged) < bounds.cells:
            self.merged.add((self.row + 1, column, self.row + down, column + over - 1))


def sheets(stream: IO[bytes], bounds: Bounds) -> Iterator[tuple[str, Formulas]]:
    """Each sheet with its formulas. Raises WorkbookRefused at the first filled cell outside the bounds."""
    depth = 0
    found = False
    sheet: _Sheet | None = None
    for event, element in iterparse(stream, events=("start", "end"), forbid_dtd=True):
        if event == "start":
            found = found or element.tag == _SPREADSHEET
            if element.tag == f"{_TABLE}table":
                depth += 1
                if depth == 1:
                    sheet = _Sheet(element.get(f"{_TABLE}name", ""))
        elif element.tag == f"{_TABLE}table-row" and depth == 1 and sheet is not None:
            sheet.take(element, bounds)
            element.clear()
        elif element.tag == f"{_TABLE}table":
            depth -= 1
            if depth == 0 and sheet is not None:
                yield sheet.name, sheet.formulas()
                sheet = None
                element.clear()
    if not found:
        raise ValueError("no spreadsheet")


def _repeated(element: Element, name: str) -> int:
    """How often an element stands for itself. Raises ValueError for what is no number from 1 on."""
    times = int(element.get(name, "1"))
    if times < 1:
        raise ValueError(name)
    return times
