"""The agreed layout of a frozen file: names and types of its columns, its metadata, its place in the folder.

One file holds the accepted reports of one form and period; one row is one line of a report. Every numeric column of
every table of the form gives three columns, every text column one; where a line is of another table they are null.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

import pyarrow as pa

from giaoban.core.forms import Column, FormDefinition, Table

FORMAT: Final = 1
METADATA: Final = b"giaoban"
"""Key of the file's own metadata: JSON with format, source, form (its definition), form_key, period, simulated."""
SOURCE: Final = "giaoban"

UNIT: Final = "unit"
UNIT_ID: Final = "unit_id"
TABLE: Final = "table"
ROW: Final = "row"
SUBUNIT: Final = "subunit"
VERSION: Final = "version"
SENT_AT: Final = "sent_at"
DECIDED_AT: Final = "decided_at"
SIMULATED: Final = "simulated"
SORTED_BY: Final = (UNIT_ID, TABLE, ROW, SUBUNIT)
"""Texts by their bytes in UTF-8, so that the order is the same on every machine."""

DIGITS: Final = 18
"""As many fit eight bytes, which is what the columns are stored as."""
MORE_DIGITS: Final = 38
"""Of a column in which some value has more digits than that."""
LARGEST: Final = 10**DIGITS - 1

Kind = Literal["value", "estimate", "mark", "text"]
MOMENT: Final = pa.timestamp("us", tz="UTC")


def value_name(table: str, column: str) -> str:
    return f"{table}.{column}"


def estimate_name(table: str, column: str) -> str:
    """Of the estimated part."""
    return f"{table}.{column}~e"


def mark_name(table: str, column: str) -> str:
    """Of what is known about the cell: the numbers of `core.figures.Mark`."""
    return f"{table}.{column}~m"


def text_name(table: str, column: str) -> str:
    return f"{table}.{column}"


@dataclass(frozen=True, slots=True)
class Stored:
    """A column of the file that holds cells of one column of the form. position: in the table's vector; -1: a text."""

    name: str
    kind: Kind
    table: Table
    column: Column
    position: int = -1


def stored_columns(form: FormDefinition) -> Iterator[Stored]:
    """The columns of the file that hold figures and texts, in their order."""
    for table in form.tables:
        for position, column in enumerate(table.numeric):
            yield Stored(value_name(table.id, column.id), "value", table, column, position)
            yield Stored(estimate_name(table.id, column.id), "estimate", table, column, position)
            yield Stored(mark_name(table.id, column.id), "mark", table, column, position)
        for column in table.texts:
            yield Stored(text_name(table.id, column.id), "text", table, column)


def clashes(form: FormDefinition) -> tuple[str, ...]:
    """Names that two columns of the file would share; programs that read such files do not tell "A" from "a"."""
    names = [one.name for one in stored_columns(form)]
    counted = Counter(name.lower() for name in names)
    return tuple(name for name in names if counted[name.lower()] > 1)


def type_of(column: Stored, wide: Collection[str] = ()) -> pa.DataType:
    """wide: names of columns in which some number has more than `DIGITS` digits."""
    match column.kind:
        case "mark":
            return pa.int8()
        case "text":
            return pa.string()
        case _:
            return pa.decimal128(MORE_DIGITS if column.name in wide else DIGITS, column.column.scale)


def schema_of(form: FormDefinition, *, wide: Collection[str] = (), metadata: bytes | None = None) -> pa.Schema:
    """The schema of the file of a form, with what stands under `METADATA` when it is given."""
    fields = [
        pa.field(UNIT, pa.string(), nullable=False),
        pa.field(UNIT_ID, pa.int64(), nullable=False),
        pa.field(TABLE, pa.string(), nullable=False),
        pa.field(ROW, pa.string(), nullable=False),
        pa.field(SUBUNIT, pa.string(), nullable=False),
        *(pa.field(one.name, type_of(one, wide)) for one in stored_columns(form)),
        pa.field(VERSION, pa.int32(), nullable=False),
        pa.field(SENT_AT, MOMENT, nullable=False),
        pa.field(DECIDED_AT, MOMENT),
        pa.field(SIMULATED, pa.bool_(), nullable=False),
    ]
    return pa.schema(fields, metadata={METADATA: metadata} if metadata is not None else None)


class StoredLine(NamedTuple):
    """One row of the file, with the vectors as the database keeps them: whole numbers, value × 10^scale."""

    unit: str
    unit_id: int
    table: str
    row: str
    subunit: str
    values: Sequence[int | None]
    estimates: Sequence[int | None]
    marks: Sequence[int]
    texts: Mapping[str, str]
    version: int
    sent_at: datetime
    decided_at: datetime | None
    simulated: bool

    @property
    def key(self) -> tuple[int, bytes, bytes, bytes]:
        """What the file is sorted by."""
        return self.unit_id, self.table.encode(), self.row.encode(), self.subunit.encode()


def written(number: int, scale: int) -> str:
    """A stored whole number as people and CSV files write it: 12345 with two decimals is "123.45"."""
    if not scale:
        return str(number)
    digits = str(abs(number)).rjust(scale + 1, "0")
    return f"{'-' if number < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


_PLAIN: Final = re.compile(r"[^A-Za-z0-9.-]")


def _word(text: str) -> str:
    """A part of a path: letters, digits, point and hyphen stay, other characters become %XX of their bytes."""
    return _PLAIN.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text)


def folder_of(form_key: str, rule: str, code: str, instalment: str = "") -> str:
    """The folder of a form and period, inside the folder of frozen files; parts are parted by two underscores."""
    form = "__".join(_word(one) for one in form_key.split(":"))
    period = "__".join(_word(one) for one in (rule, code, instalment) if one)
    return f"{form}/{period}"


def path_in_folder(folder: str, version: int) -> str:
    return f"{folder}/v{version}.parquet"


def describe(schema: pa.Schema) -> list[dict[str, Any]]:
    """Names and types of the columns as a manifest lists them."""
    return [{"name": one.name, "type": str(one.type)} for one in schema]
