"""Opens a workbook: past the guard, then in a limited process (`giaoban.kit.workbooks.child`)."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import giaoban
from giaoban.kit.workbooks.child import FIRST_ONLY
from giaoban.kit.workbooks.guard import Bounds, Formulas, WorkbookRefused, inspect

TIMEOUT_SECONDS: Final = 30
_SOURCE: Final = str(Path(giaoban.__file__).parent.parent)

PlainCell = str | float | bool | None
PlainSheet = list[list[PlainCell]]


@dataclass(frozen=True, slots=True)
class Workbook:
    """Cells and formulas by sheet, in the order of the tabs."""

    sheets: dict[str, PlainSheet]
    formulas: dict[str, Formulas]


def open_workbook(content: bytes, bounds: Bounds, *, first_only: bool = False) -> Workbook:
    """What a file from outside holds. first_only: no sheet but the first. Raises WorkbookRefused."""
    formulas = inspect(content, bounds, first_only=first_only)
    return Workbook(plain_sheets(content, first_only=first_only), formulas)


def plain_sheets(content: bytes, *, first_only: bool = False) -> dict[str, PlainSheet]:
    """Cells of the sheets, row by row from A1; None where nothing stands. The file has passed the guard.

    Raises WorkbookRefused when it cannot be opened within the limits of memory and time, or is no workbook.
    """
    words = [FIRST_ONLY] if first_only else []
    try:
        done = subprocess.run(
            [sys.executable, "-m", "giaoban.kit.workbooks.child", *words],
            input=content,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            env={"PATH": os.defpath, "PYTHONPATH": _SOURCE, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise WorkbookRefused("too-slow") from None
    if done.returncode != 0:
        raise WorkbookRefused("unreadable")
    sheets: dict[str, PlainSheet] = json.loads(done.stdout)
    return sheets
