"""Reads a frozen file: what it says of itself, and its lines as the database kept them."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from giaoban.core.forms import FormDefinition, FormError, Table, parse_form
from giaoban.reporting.archive.layout import (
    DECIDED_AT,
    FORMAT,
    METADATA,
    ROW,
    SENT_AT,
    SIMULATED,
    SOURCE,
    SUBUNIT,
    TABLE,
    UNIT,
    UNIT_ID,
    VERSION,
    Stored,
    StoredLine,
    stored_columns,
)


class Unreadable(ValueError):
    """The file cannot be read as one of ours; a Vietnamese sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class About:
    """What a file says of itself. data: the form's definition as it stood; period: as in `manifest.period_words`."""

    form: FormDefinition
    data: dict[str, Any]
    period: dict[str, Any]
    simulated: bool
    schema: pa.Schema
    rows: int


def about(path: Path) -> About:
    """Raises Unreadable."""
    try:
        with pq.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except FileNotFoundError:
        raise Unreadable(f"Không có tệp {path}.") from None
    except (OSError, pa.ArrowException) as fault:
        raise Unreadable(
            f"{path.name} không đọc được như tệp Parquet (bị cắt, hỏng, hoặc là tệp khác). Xin lại tệp từ nơi gửi."
        ) from fault
    told = (schema.metadata or {}).get(METADATA)
    if told is None:
        raise Unreadable(f"{path.name} là tệp Parquet nhưng không phải tệp số liệu do Giao Ban ghi.")
    try:
        words = json.loads(told)
        if words["format"] != FORMAT or words["source"] != SOURCE:
            raise Unreadable(f"{path.name} theo định dạng {words['format']}, bản phần mềm này chỉ đọc {FORMAT}.")
        form = parse_form(words["form"], words["form_key"])
        return About(form, words["form"], dict(words["period"]), bool(words["simulated"]), schema, rows)
    except (ValueError, KeyError, TypeError, FormError) as fault:
        if isinstance(fault, Unreadable):
            raise
        raise Unreadable(f"{path.name} có phần mô tả (khoá “giaoban”) không đọc được.") from fault


def lines(path: Path, form: FormDefinition) -> Iterator[StoredLine]:
    """The rows of a file in their order, a row group at a time. Raises Unreadable."""
    columns = list(stored_columns(form))
    try:
        with pq.ParquetFile(path) as file:
            for number in range(file.num_row_groups):
                for batch in file.read_row_group(number).to_batches():
                    yield from _lines(batch, form, columns)
    except (OSError, pa.ArrowException, KeyError, ValueError) as fault:
        if isinstance(fault, Unreadable):
            raise
        raise Unreadable(f"{path.name} hỏng ở giữa, không đọc hết được: {fault}") from fault


def _lines(batch: pa.RecordBatch, form: FormDefinition, columns: Sequence[Stored]) -> Iterator[StoredLine]:
    tables = batch.column(TABLE).to_pylist()
    held: dict[str, Iterator[Any]] = {}
    for name in dict.fromkeys(tables):
        at = np.flatnonzero(np.array([one == name for one in tables]))
        own = batch.take(pa.array(at))
        held[name] = _vectors(own, form.table(name), [one for one in columns if one.table.id == name])
    heads = zip(
        batch.column(UNIT).to_pylist(),
        batch.column(UNIT_ID).to_pylist(),
        tables,
        batch.column(ROW).to_pylist(),
        batch.column(SUBUNIT).to_pylist(),
        batch.column(VERSION).to_pylist(),
        batch.column(SENT_AT).to_pylist(),
        batch.column(DECIDED_AT).to_pylist(),
        batch.column(SIMULATED).to_pylist(),
        strict=True,
    )
    for unit, unit_id, table, row, subunit, version, sent_at, decided_at, simulated in heads:
        values, estimates, marks, texts = next(held[table])
        head, tail = (unit, unit_id, table, row, subunit), (version, sent_at, decided_at, simulated)
        yield StoredLine._make((*head, values, estimates, marks, texts, *tail))


def _vectors(batch: pa.RecordBatch, table: Table, columns: Sequence[Stored]) -> Iterator[Any]:
    """Values, estimates, marks and texts of each line of one table."""
    found: dict[str, list[list[Any]]] = {"value": [], "estimate": [], "mark": [], "text": []}
    names = []
    for one in columns:
        array = batch.column(one.name)
        if one.kind in ("value", "estimate"):
            found[one.kind].append(scaled(array))
        else:
            found[one.kind].append(array.to_pylist())
        if one.kind == "text":
            names.append(one.column.id)
    empty = [()] * batch.num_rows
    texts = list(zip(*found["text"], strict=True)) if names else empty
    numbers: list[tuple[list[Any], list[Any], list[Any]]]
    if not table.numeric:
        numbers = [([], [], [])] * batch.num_rows
    else:
        rows = (zip(*found[kind], strict=True) for kind in ("value", "estimate", "mark"))
        numbers = [(list(v), list(e), list(m)) for v, e, m in zip(*rows, strict=True)]
    for (values, estimates, marks), said in zip(numbers, texts, strict=True):
        yield (
            values,
            estimates,
            marks,
            {name: text for name, text in zip(names, said, strict=True) if text is not None},
        )


def scaled(array: pa.Array) -> list[int | None]:
    """The whole numbers behind decimals: value × 10^scale."""
    array = array if array.offset == 0 else pa.concat_arrays([array])
    buffer = array.buffers()[1]
    if buffer is None:
        return [None] * len(array)
    words = np.frombuffer(buffer, dtype="<i8", count=2 * len(array)).reshape(-1, 2)
    known = array.is_valid().to_numpy(zero_copy_only=False)
    if not bool(np.all((words[:, 1] == words[:, 0] >> 63)[known])):
        raise Unreadable("tệp có số lớn hơn mức hệ thống lưu được")
    return [number if there else None for number, there in zip(words[:, 0].tolist(), known.tolist(), strict=True)]
