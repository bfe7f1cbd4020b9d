"""Opens one workbook in a process of its own: bytes on standard input, plain cells as JSON on standard output.

Run as ``python -m giaoban.kit.workbooks.child [first]``. The process limits its own memory and time before it reads a
byte, so a file that breaks the reader breaks nothing else. Exit status 3: the file cannot be read.
"""

import json
import resource
import sys
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Final

MEMORY_BYTES: Final = 768 * 2**20
CPU_SECONDS: Final = 20
UNREADABLE: Final = 3
FIRST_ONLY: Final = "first"
"""The word after the name of the module that asks for no sheet but the first."""


def plain(value: object) -> str | float | bool | None:
    """A cell as JSON: text, number, truth, or None when empty. Dates become ISO text."""
    if value is None or value == "":
        return None
    if isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineError, load_workbook

    content = sys.stdin.buffer.read()
    try:
        workbook = load_workbook(BytesIO(content))
        names = workbook.sheet_names[:1] if FIRST_ONLY in sys.argv[1:] else workbook.sheet_names
        sheets = {
            name: [
                [plain(value) for value in row]
                for row in workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
            ]
            for name in names
        }
    except (CalamineError, MemoryError, OSError, ValueError):
        return UNREADABLE
    json.dump(sheets, sys.stdout, ensure_ascii=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
