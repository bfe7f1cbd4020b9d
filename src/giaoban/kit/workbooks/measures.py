"""How far a workbook from outside may reach, and what is said when it reaches further."""

from dataclasses import dataclass
from typing import Final, Literal

MAX_UNPACKED_BYTES: Final = 64 * 2**20
MAX_CELLS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a file may hold: the last row and column (both from 1) to be filled, cells of a sheet, bytes in all."""

    rows: int
    columns: int
    cells: int = MAX_CELLS
    unpacked_bytes: int = MAX_UNPACKED_BYTES


@dataclass(frozen=True, slots=True)
class Formulas:
    """Cells of a sheet that hold a formula, as (row, column) from 1; `uncalculated`: those that no program computed.

    merged: top, left, bottom, right of merged cells, of a kind of file in which the reader does not see them (.ods).
    errors: cells that say "#DIV/0!" and the like, which the reader takes for empty ones.
    """

    calculated: frozenset[tuple[int, int]] = frozenset()
    uncalculated: frozenset[tuple[int, int]] = frozenset()
    merged: frozenset[tuple[int, int, int, int]] = frozenset()
    errors: frozenset[tuple[int, int]] = frozenset()


Fault = Literal["broken", "too-large", "too-many", "outside", "too-slow", "unreadable", "encrypted"]


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


def check_size(size: int, limit: int) -> None:
    """Raises WorkbookRefused for more bytes than allowed."""
    if size > limit:
        raise WorkbookRefused("too-large", size=size, limit=limit)


def check_place(sheet: str, row: int, column: int, seen: int, bounds: Bounds) -> None:
    """Raises WorkbookRefused for a filled cell outside the bounds, and for one more than they allow."""
    if seen > bounds.cells:
        raise WorkbookRefused("too-many", sheet=sheet)
    if row > bounds.rows or column > bounds.columns:
        raise WorkbookRefused("outside", sheet=sheet, row=row, column=column)
