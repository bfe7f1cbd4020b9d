"""Opens workbooks: each looked at by the guard and read in a limited process (`giaoban.kit.workbooks.child`).

`open_workbook` is for one file. For many, a `Reader` keeps its process and starts a new one when a file broke it;
`read_many` goes through files with as many readers as asked for and goes on after a bad one.
"""

import json
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Timer
from typing import Any, Final, Self

import giaoban
from giaoban.kit.workbooks.child import LENGTHS
from giaoban.kit.workbooks.guard import MAX_FILE_BYTES, Bounds, Formulas, WorkbookRefused
from giaoban.kit.workbooks.measures import check_size

TIMEOUT_SECONDS: Final = 30
FILES_OF_A_PROCESS: Final = 500
"""After so many files a reader begins a new process, so that what a library does not give back does not add up."""
_SOURCE: Final = str(Path(giaoban.__file__).parent.parent)

PlainCell = str | float | bool | None
PlainSheet = list[list[PlainCell]]
Range = tuple[int, int, int, int]
"""Top, left, bottom, right, from 1."""


@dataclass(frozen=True, slots=True)
class Workbook:
    """Cells, formulas and merged ranges by sheet, in the order of the tabs. Of an .ods merged ranges are not known."""

    sheets: dict[str, PlainSheet]
    formulas: dict[str, Formulas]
    merged: dict[str, list[Range]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remark:
    """What is to be said at a cell. sheet "": of the whole file; row 0: of the whole sheet."""

    sheet: str
    row: int
    column: int
    place: str
    reason: str
    remedy: str
    is_error: bool = True


class Reader:
    """A limited process that opens one workbook after another. Not for two threads at once.

    It is started with the first file, and again after a file that broke it or used up its memory or time.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._files = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def open(self, content: bytes, bounds: Bounds, *, first_only: bool = False) -> Workbook:
        """What a file from outside holds. first_only: no sheet but the first. Raises WorkbookRefused."""
        said, _ = self._ask({"do": "read", "bounds": asdict(bounds), "first_only": first_only}, content)
        formulas = {name: Formulas(_places(parts[0]), _places(parts[1])) for name, parts in said["formulas"].items()}
        merged = {name: [tuple(one) for one in ranges] for name, ranges in said["merged"].items()}
        return Workbook(said["sheets"], formulas, merged)

    def mark(
        self,
        content: bytes,
        bounds: Bounds,
        remarks: Sequence[Remark],
        *,
        values: Iterable[tuple[str, int, int, PlainCell]] = (),
        words: Mapping[str, Any],
    ) -> bytes:
        """A copy of an .xlsx with remarks at its cells and a first sheet that lists them (`kit.workbooks.marking`).

        values: (sheet, row, column, value) put into cells first. Raises WorkbookRefused.
        """
        asked = {
            "do": "mark",
            "bounds": asdict(bounds),
            "remarks": [asdict(one) for one in remarks],
            "values": list(values),
            "words": dict(words),
        }
        return self._ask(asked, content)[1]

    def close(self) -> None:
        """End the process."""
        process, self._process, self._files = self._process, None, 0
        if process is None:
            return
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what was not written yet finds nobody any more
                    stream.close()

    def _ask(self, asked: Mapping[str, Any], content: bytes) -> tuple[dict[str, Any], bytes]:
        check_size(len(content), MAX_FILE_BYTES)
        if self._files >= FILES_OF_A_PROCESS:
            self.close()
        process = self._process = self._process or _start()
        self._files += 1
        timer = Timer(TIMEOUT_SECONDS, process.kill)
        timer.start()
        try:
            said, file = _exchange(process, json.dumps(asked).encode(), content)
        except (OSError, EOFError):
            status = process.wait()
            self.close()
            slow = status == -signal.SIGXCPU or not timer.is_alive()
            raise WorkbookRefused("too-slow" if slow else "unreadable") from None
        finally:
            timer.cancel()
        if "refused" in said:
            raise WorkbookRefused(**said["refused"])
        return said, file


def _places(pairs: Sequence[Sequence[int]]) -> frozenset[tuple[int, int]]:
    return frozenset((row, column) for row, column in pairs)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "giaoban.kit.workbooks.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.defpath, "PYTHONPATH": _SOURCE, "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8"},
    )


def _exchange(process: subprocess.Popen[bytes], asked: bytes, content: bytes) -> tuple[dict[str, Any], bytes]:
    """Raises OSError or EOFError when the process ends before it has answered."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(LENGTHS.pack(len(asked), len(content)) + asked)
    process.stdin.write(content)
    process.stdin.flush()
    head = process.stdout.read(LENGTHS.size)
    if len(head) < LENGTHS.size:
        raise EOFError
    words, size = LENGTHS.unpack(head)
    said, file = process.stdout.read(words), process.stdout.read(size)
    if len(said) < words or len(file) < size:
        raise EOFError
    return json.loads(said), file


def open_workbook(content: bytes, bounds: Bounds, *, first_only: bool = False) -> Workbook:
    """One file, in a process that ends with it. Raises WorkbookRefused."""
    with Reader() as reader:
        return reader.open(content, bounds, first_only=first_only)


def read_many(
    files: Iterable[tuple[str, bytes]], bounds: Bounds, *, processes: int = 1
) -> Iterator[tuple[str, Workbook | WorkbookRefused]]:
    """Each file by its name with what it holds or why it was refused, in their order; a bad one stops nothing.

    files: taken one by one, so that few are in memory at once.
    """
    readers = [Reader() for _ in range(processes)]
    free: SimpleQueue[Reader] = SimpleQueue()
    for reader in readers:
        free.put(reader)

    def opened(content: bytes) -> Workbook | WorkbookRefused:
        reader = free.get()
        try:
            return reader.open(content, bounds)
        except WorkbookRefused as refusal:
            return refusal
        finally:
            free.put(reader)

    waiting: deque[tuple[str, Future[Workbook | WorkbookRefused]]] = deque()
    pool = ThreadPoolExecutor(processes)
    try:
        for name, content in files:
            waiting.append((name, pool.submit(opened, content)))
            if len(waiting) > 2 * processes:
                first, future = waiting.popleft()
                yield first, future.result()
        while waiting:
            first, future = waiting.popleft()
            yield first, future.result()
    finally:
        pool.shutdown(cancel_futures=True)
        for reader in readers:
            reader.close()
