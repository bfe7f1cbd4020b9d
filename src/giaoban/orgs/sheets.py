"""The first sheet of a workbook as plain cells, opened in a process of its own with little memory and time.

Run as ``python -m giaoban.orgs.sheets`` it is that process: bytes on standard input, JSON on standard output.
"""

import io
import json
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Final

import giaoban

MAX_UNPACKED_BYTES: Final = 96 * 2**20
MAX_ENTRIES: Final = 400
MEMORY_BYTES: Final = 768 * 2**20
CPU_SECONDS: Final = 20
TIMEOUT_SECONDS: Final = 30
_SOURCE: Final = str(Path(giaoban.__file__).parent.parent)

Cells = list[list[str | float | None]]


class SheetError(ValueError):
    """The file cannot be opened within the limits, or is no workbook; the message is a Vietnamese sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def is_workbook(content: bytes) -> bool:
    """Whether the bytes are an archive, as every XLSX is."""
    return content[:4] == b"PK\x03\x04"


def first_sheet(content: bytes) -> Cells:
    """The cells of the first sheet, row by row from A1. Raises SheetError."""
    _check(content)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "giaoban.orgs.sheets"],
            input=content,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
            env={"PATH": os.defpath, "PYTHONPATH": _SOURCE, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
        )
    except subprocess.TimeoutExpired:
        raise SheetError("Mở bảng tính lâu quá giới hạn. Lưu bảng thành CSV UTF-8 rồi tải lại.") from None
    if done.returncode != 0:
        raise SheetError("Không mở được bảng tính: tệp hỏng hoặc quá lớn. Lưu bảng thành CSV UTF-8 rồi tải lại.")
    cells: Cells = json.loads(done.stdout)
    return cells


def _check(content: bytes) -> None:
    """Sizes as the archive declares them; a reader never unpacks more than that."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError):
        raise SheetError("Tệp bảng tính hỏng. Lưu lại rồi tải lại.") from None
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
        raise SheetError("Bảng tính mở ra quá lớn. Chỉ giữ một trang bảng rồi tải lại.")


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, load_workbook

    try:
        workbook = load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, MemoryError, OSError, ValueError, IndexError):
        return 3
    plain = [[cell if isinstance(cell, str | int | float) else str(cell) for cell in row] for row in rows]
    json.dump(plain, sys.stdout, ensure_ascii=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
