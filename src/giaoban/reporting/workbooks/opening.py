"""Starts the limited process that opens a workbook (`giaoban.reporting.workbook_child`)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import giaoban

TIMEOUT_SECONDS: Final = 30
_SOURCE: Final = str(Path(giaoban.__file__).parent.parent)

PlainCell = str | float | bool | None
PlainSheet = list[list[PlainCell]]


class Unreadable(Exception):
    """The file cannot be opened within the limits of memory and time, or is no workbook."""


def plain_sheets(content: bytes) -> dict[str, PlainSheet]:
    """Cells of every sheet, row by row from A1; None where nothing stands. Raises Unreadable."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "giaoban.reporting.workbook_child"],
            input=content,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            env={"PATH": os.defpath, "PYTHONPATH": _SOURCE, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise Unreadable("took too long") from None
    if done.returncode != 0:
        raise Unreadable(f"exit status {done.returncode}")
    sheets: dict[str, PlainSheet] = json.loads(done.stdout)
    return sheets
