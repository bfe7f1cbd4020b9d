"""Writes a frozen file: lines in, batches of columns out, so that memory does not grow with the number of reports."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from giaoban.core.forms import FormDefinition, Table
from giaoban.reporting.archive.layout import (
    DECIDED_AT,
    MOMENT,
    ROW,
    SENT_AT,
    SIMULATED,
    SORTED_BY,
    SUBUNIT,
    TABLE,
    UNIT,
    UNIT_ID,
    VERSION,
    Stored,
    StoredLine,
    schema_of,
    stored_columns,
)

CELLS_IN_MEMORY: Final = 1_500_000
"""Figures of one batch, which is one row group: about 33 bytes each while it is made."""
READ_ONLY: Final = 0o444
MOST_ROWS, FEWEST_ROWS = 65_536, 256

Ints = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


class WrongWidth(ValueError):
    """A stored line does not have the width of its table, or is of no table of the form."""


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in a file that was written."""

    sha256: str
    size: int
    rows: int
    cells: int


def write(
    path: Path, form: FormDefinition, lines: Iterable[StoredLine], *, metadata: bytes, wide: Collection[str] = ()
) -> Written:
    """Write a new file to the end of the disk's own cache. lines: sorted by `layout.SORTED_BY`.

    Raises WrongWidth; OSError, and what was begun is taken away again.
    """
    schema = schema_of(form, wide=wide, metadata=metadata)
    rows = cells = 0
    try:
        with path.open("xb") as file:
            with pq.ParquetWriter(file, schema, **_options(schema)) as writer:
                for batch, counted in batches(form, schema, lines):
                    writer.write_batch(batch, row_group_size=batch.num_rows)
                    rows, cells = rows + batch.num_rows, cells + counted
            file.flush()
            os.fsync(file.fileno())
        return Written(sha256_of(path), path.stat().st_size, rows, cells)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def _options(schema: pa.Schema) -> dict[str, Any]:
    return {
        "compression": "zstd",
        "use_dictionary": True,
        "write_statistics": True,
        "store_decimal_as_integer": True,
        "write_page_checksum": True,
        "sorting_columns": pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in SORTED_BY]),
    }


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def place(made: Path, final: Path) -> None:
    """Give a finished file its name, for good. Raises FileExistsError instead of ever replacing one."""
    made.chmod(READ_ONLY)
    os.link(made, final)
    made.unlink()
    sync_folder(final.parent)


def sync_folder(folder: Path) -> None:
    """Names of new files outlive a power cut only once their folder is on disk too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def batches(
    form: FormDefinition, schema: pa.Schema, lines: Iterable[StoredLine]
) -> Iterator[tuple[pa.RecordBatch, int]]:
    """The lines as batches of columns, each with the number of figures in it. Raises WrongWidth."""
    columns = list(stored_columns(form))
    size = max(FEWEST_ROWS, min(MOST_ROWS, CELLS_IN_MEMORY // max(1, len(columns) // 3)))
    waiting = iter(lines)
    while taken := list(islice(waiting, size)):
        yield _batch(form, schema, columns, taken)


def _batch(
    form: FormDefinition, schema: pa.Schema, columns: Sequence[Stored], lines: Sequence[StoredLine]
) -> tuple[pa.RecordBatch, int]:
    head: dict[str, pa.Array] = {
        UNIT: pa.array([line.unit for line in lines], pa.string()),
        UNIT_ID: pa.array([line.unit_id for line in lines], pa.int64()),
        TABLE: pa.array([line.table for line in lines], pa.string()),
        ROW: pa.array([line.row for line in lines], pa.string()),
        SUBUNIT: pa.array([line.subunit for line in lines], pa.string()),
        VERSION: pa.array([line.version for line in lines], pa.int32()),
        SENT_AT: pa.array([line.sent_at for line in lines], MOMENT),
        DECIDED_AT: pa.array([line.decided_at for line in lines], MOMENT),
        SIMULATED: pa.array([line.simulated for line in lines], pa.bool_()),
    }
    places: dict[str, list[int]] = {}
    for position, line in enumerate(lines):
        places.setdefault(line.table, []).append(position)
    if strange := places.keys() - form.tables_by_id.keys():
        raise WrongWidth(f"lines of {sorted(strange)}, of which the form has no table")
    vectors = {name: _Vectors(form.table(name), [lines[one] for one in found], found) for name, found in places.items()}
    arrays = []
    by_name = {one.name: one for one in columns}
    for field in schema:
        stored = by_name.get(field.name)
        if stored is None:
            arrays.append(head[field.name])
        elif stored.table.id not in vectors:
            arrays.append(pa.nulls(len(lines), field.type))
        else:
            arrays.append(vectors[stored.table.id].column(stored, len(lines), field.type))
    cells = sum(len(found) * len(form.table(name).numeric) for name, found in places.items())
    return pa.record_batch(arrays, schema=schema), cells


class _Vectors:
    """The vectors of the lines of one table in a batch. at: where the lines stand in the batch."""

    def __init__(self, table: Table, lines: Sequence[StoredLine], at: Sequence[int]) -> None:
        self.lines, self.at = lines, np.array(at, dtype=np.int64)
        self.numbers: Mapping[str, tuple[Ints, Bools]] = {
            "value": _matrix(table, [line.values for line in lines]),
            "estimate": _matrix(table, [line.estimates for line in lines]),
            "mark": _matrix(table, [line.marks for line in lines]),
        }

    def column(self, stored: Stored, length: int, kind: pa.DataType) -> pa.Array:
        """One column of the batch, null where a line is of another table."""
        if stored.kind == "text":
            texts: list[str | None] = [None] * length
            for position, line in zip(self.at, self.lines, strict=True):
                texts[position] = line.texts.get(stored.column.id)
            return pa.array(texts, pa.string())
        held, known_here = self.numbers[stored.kind]
        numbers, known = np.zeros(length, dtype=np.int64), np.zeros(length, dtype=np.bool_)
        numbers[self.at], known[self.at] = held[:, stored.position], known_here[:, stored.position]
        if stored.kind == "mark":
            return pa.array(numbers.astype(np.int8), pa.int8(), mask=~known)
        return _decimals(numbers, known, kind)


def _matrix(table: Table, vectors: Sequence[Sequence[int | None]]) -> tuple[Ints, Bools]:
    """The vectors below one another: numbers, and where there are any. Raises WrongWidth."""
    width = len(table.numeric)
    if any(len(one) != width for one in vectors):
        raise WrongWidth(f"a stored vector does not have the width of table {table.id}, {width}")
    flat = pa.array(list(chain.from_iterable(vectors)), pa.int64())
    numbers = flat.fill_null(0).to_numpy(zero_copy_only=False).reshape(len(vectors), width)
    known = flat.is_valid().to_numpy(zero_copy_only=False).reshape(len(vectors), width)
    return numbers, known


def _decimals(numbers: Ints, known: Bools, kind: pa.DataType) -> pa.Array:
    """Scaled whole numbers taken as they are for decimals: sixteen bytes each, the upper eight only carry the sign."""
    words = np.empty((len(numbers), 2), dtype="<i8")
    words[:, 0] = numbers
    words[:, 1] = numbers >> 63
    bits = np.packbits(known, bitorder="little")
    return pa.Array.from_buffers(kind, len(numbers), [pa.py_buffer(bits), pa.py_buffer(words)], int((~known).sum()))
