"""Opens workbooks in a process of its own: requests on standard input, answers on standard output.

Run as ``python -m giaoban.kit.workbooks.child``. It ends with its input. A request is two lengths (4 bytes each,
big-endian), a JSON object and the file; an answer is the same, its file empty when none is asked for. The process
limits its own memory, and its time anew for each file, before it reads a byte of it; the guard looks at each file
first. What breaks the process breaks nothing else.
"""

import json
import resource
import struct
import sys
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import IO, Any, Final

MEMORY_BYTES: Final = 512 * 2**20
CPU_SECONDS: Final = 20
ERROR: Final = "#ERROR!"
"""Stands for every error that a cell may say."""
LENGTHS: Final = struct.Struct(">II")


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


def _say_error(rows: list[list[str | float | bool | None]], row: int, column: int) -> None:
    rows += ([] for _ in range(row - len(rows)))
    cells = rows[row - 1]
    cells += [None] * (column - len(cells))
    cells[column - 1] = ERROR


def read(asked: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """Cells, formulas and merged ranges of each sheet."""
    from python_calamine import load_workbook

    from giaoban.kit.workbooks.guard import Bounds, inspect

    first_only = bool(asked["first_only"])
    formulas = inspect(content, Bounds(**asked["bounds"]), first_only=first_only)
    sheets, merged = {}, {}
    with load_workbook(BytesIO(content)) as workbook:
        for name in workbook.sheet_names[:1] if first_only else workbook.sheet_names:
            sheet = workbook.get_sheet_by_name(name)
            sheets[name] = [[plain(value) for value in row] for row in sheet.to_python(skip_empty_area=False)]
            for row, column in formulas[name].errors if name in formulas else ():
                _say_error(sheets[name], row, column)
            merged[name] = sorted(formulas[name].merged if name in formulas else ()) or [
                (top + 1, left + 1, bottom + 1, right + 1)
                for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
            ]
    known = {name: (sorted(one.calculated), sorted(one.uncalculated)) for name, one in formulas.items()}
    return {"sheets": sheets, "formulas": known, "merged": merged}, b""


def mark(asked: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """A copy of an .xlsx with remarks at its cells."""
    from giaoban.kit.workbooks.guard import Bounds, inspect
    from giaoban.kit.workbooks.marking import marked

    inspect(content, Bounds(**asked["bounds"]))
    return {}, marked(content, asked)


def answer(asked: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
    """What is asked for, or why not: the parts of a WorkbookRefused under "refused"."""
    from giaoban.kit.workbooks.measures import WorkbookRefused

    try:
        return (mark if asked["do"] == "mark" else read)(asked, content)
    except WorkbookRefused as fault:
        parts = {name: getattr(fault, name) for name in ("fault", "sheet", "row", "column", "size", "limit")}
        return {"refused": parts}, b""
    except Exception:
        return {"refused": {"fault": "unreadable"}}, b""  # a reader raises what it likes over a damaged file


def _request(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    head = stream.read(LENGTHS.size)
    if len(head) < LENGTHS.size:
        return None
    about, size = LENGTHS.unpack(head)
    return json.loads(stream.read(about)), stream.read(size)


def _allow_seconds(seconds: int) -> None:
    """So much processor time from now on, as far as the system allows."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    wanted = int(used.ru_utime + used.ru_stime) + seconds
    resource.setrlimit(resource.RLIMIT_CPU, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = sys.stdout.buffer
    sys.stdout = sys.stderr  # whatever a library prints is no answer
    while (asked := _request(sys.stdin.buffer)) is not None:
        _allow_seconds(CPU_SECONDS)
        said, file = answer(*asked)
        words = json.dumps(said, ensure_ascii=True).encode()
        out.write(LENGTHS.pack(len(words), len(file)) + words + file)
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
