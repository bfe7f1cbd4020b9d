"""The table of a reorganisation as people write it: a row says what an old thing passes to, wholly or in part.

Only the two codes and the part are asked for; names and parents of both sides let slips be found and new things be
made. Headers are Vietnamese or the names of `COLUMNS`. Nothing is corrected in reading but spaces.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from typing import Any, Final, Literal

from giaoban.core.tidy import plain
from giaoban.core.vietnamese import fold, number

COLUMNS: Final[Mapping[str, str]] = {
    "old_code": "Mã cũ",
    "old_name": "Tên cũ",
    "old_parent": "Thuộc (cũ)",
    "new_code": "Mã mới",
    "new_name": "Tên mới",
    "new_kind": "Loại mới",
    "new_parent": "Thuộc (mới)",
    "part": "Phần",
    "identity": "Định danh",
    "note": "Ghi chú",
}
"""Column → its header on screen and in exports."""

NEEDED: Final = ("old_code", "new_code", "part")
LONGEST_CELL: Final = 400
MOST_ROWS: Final = 100_000

KEPT: Final = "giữ"
NEW: Final = "mới"
"""Values of the column `identity`: the bearer of the new code lives on, or a new thing takes the code."""


class TableError(ValueError):
    """The file is no table of a reorganisation; the message is a Vietnamese sentence with the remedy."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line as printed; blanks are "". number: of the row in the file, from 1 with the header."""

    number: int
    old_code: str = ""
    old_name: str = ""
    old_parent: str = ""
    new_code: str = ""
    new_name: str = ""
    new_kind: str = ""
    new_parent: str = ""
    part: str = ""
    identity: str = ""
    note: str = ""

    def with_values(self, values: Mapping[str, str]) -> "Row":
        return replace(self, **{name: clean(text) for name, text in values.items() if name in COLUMNS})  # type: ignore[arg-type]

    def to_data(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value != ""}


def row_from_data(data: Mapping[str, Any]) -> Row:
    """The row that `Row.to_data` wrote."""
    texts = {name: str(data[name]) for name in COLUMNS if name in data}
    return Row(number=int(data["number"]), **texts)


PartKind = Literal["whole", "part", "ends", "duties", "created"]


@dataclass(frozen=True, slots=True)
class PartOf:
    """How much of the old passes. share: with kind "part", 0 < share < 1, None = not given.

    ends: the old one ends and nothing follows it. duties: duties pass and no figures. created: there was no old one.
    """

    kind: PartKind
    share: Decimal | None = None


PART_WORDS: Final[Mapping[PartKind, str]] = {
    "whole": "toàn bộ",
    "part": "một phần",
    "ends": "chấm dứt",
    "duties": "chuyển nhiệm vụ",
    "created": "lập mới",
}
_SAID: Final[Mapping[str, PartKind]] = {
    "toan bo": "whole",
    "toan phan": "whole",
    "nguyen trang": "whole",
    "whole": "whole",
    "mot phan": "part",
    "part": "part",
    "cham dut": "ends",
    "giai the": "ends",
    "ends": "ends",
    "chuyen nhiem vu": "duties",
    "duties": "duties",
    "lap moi": "created",
    "thanh lap moi": "created",
    "created": "created",
}
_PERCENT: Final = re.compile(r"([0-9]{1,3}(?:[.,][0-9]{1,9})?) ?%")
_FRACTION: Final = re.compile(r"[01](?:[.,][0-9]{1,9})?")


def part_of(text: str) -> PartOf | None:
    """What the column says; None when that cannot be read. A number alone is a share ("0,35"), never a percentage."""
    said = _SAID.get(fold(text))
    if said is not None:
        return PartOf(said)
    if match := _PERCENT.fullmatch(text):
        share = Decimal(match[1].replace(",", ".")) / 100
    elif _FRACTION.fullmatch(text):
        share = Decimal(text.replace(",", "."))
    else:
        return None
    if share == 1:
        return PartOf("whole")
    return PartOf("part", share) if 0 < share < 1 else None


def share_words(share: Decimal) -> str:
    """The share as the table writes it: "0,35"."""
    return number(share.normalize())


_BY_HEADER: Final = {fold(header): name for name, header in COLUMNS.items()} | {
    **{name: name for name in COLUMNS},
    "thuoc cu": "old_parent",
    "don vi cu": "old_name",
    "thuoc moi": "new_parent",
    "don vi moi": "new_name",
    "toan bo/mot phan": "part",
    "ty le": "part",
}


def read_csv(content: bytes) -> list[Row]:
    """The rows of a UTF-8 CSV with commas or semicolons, as spreadsheets write it. Raises TableError."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TableError(
            f"Dòng {line} của tệp không dùng bảng mã UTF-8. Trong bảng tính hãy chọn “Lưu thành CSV UTF-8” rồi tải lại."
        ) from None
    if "\0" in text:
        raise TableError("Tệp không phải là văn bản CSV. Lưu bảng thành CSV UTF-8 hoặc XLSX rồi tải lại.")
    first = text.lstrip().split("\n", 1)[0]
    separator = ";" if first.count(";") > first.count(",") else ","
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise TableError(f"Không đọc được CSV ({error}). Kiểm tra dấu nháy kép rồi tải lại.") from None
    return read_cells(found)


def read_cells(cells: Sequence[Sequence[object]]) -> list[Row]:
    """The rows of a sheet, header first; empty rows are passed over. Raises TableError."""
    start = next((at for at, line in enumerate(cells) if any(_text(cell) for cell in line)), None)
    if start is None:
        raise TableError("Tệp trống. Bảng cần một dòng tiêu đề và ít nhất một dòng.")
    columns = _columns([_text(cell) for cell in cells[start]], start + 1)
    rows = []
    for number_, line in enumerate(cells[start + 1 :], start + 2):
        texts = {name: _text(line[at]) for at, name in columns.items() if at < len(line)}
        if not any(texts.values()):
            continue
        too_long = next((name for name, text in texts.items() if len(text) > LONGEST_CELL), None)
        if too_long:
            raise TableError(f"Dòng {number_}, cột “{COLUMNS[too_long]}” dài hơn {LONGEST_CELL} ký tự. Rút ngắn lại.")
        rows.append(Row(number=number_, **texts))
        if len(rows) > MOST_ROWS:
            raise TableError(f"Bảng dài hơn {number(MOST_ROWS)} dòng. Chia thành nhiều bảng.")
    if not rows:
        raise TableError("Bảng chỉ có dòng tiêu đề. Thêm ít nhất một dòng.")
    return rows


def _columns(header: Sequence[str], at_row: int) -> dict[int, str]:
    """Position → column; columns of other names are left alone. Raises TableError."""
    found: dict[int, str] = {}
    for at, text in enumerate(header):
        name = _BY_HEADER.get(fold(text))
        if name is None:
            continue
        if name in found.values():
            raise TableError(f"Dòng {at_row}: cột “{COLUMNS[name]}” có hai lần. Bỏ một cột.")
        found[at] = name
    missing = [COLUMNS[name] for name in NEEDED if name not in found.values()]
    if missing:
        wanted = ", ".join(f"“{name}”" for name in missing)
        there = ", ".join(f"“{text}”" for text in header if text) or "không có chữ nào"
        raise TableError(f"Dòng {at_row} là dòng tiêu đề nhưng thiếu cột {wanted}; đang có: {there}. Sửa tiêu đề.")
    return found


def _text(cell: object) -> str:
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{Decimal(str(cell)):f}"
    return clean(str(cell))


def clean(text: str) -> str:
    """Composed letters, single spaces, none at the ends."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def write_csv(rows: Iterable[Row]) -> str:
    """The table as this module reads it, with Vietnamese headers; no cell is taken for a formula by a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS.values())
    for row in rows:
        writer.writerow([plain(getattr(row, name)) for name in COLUMNS])
    return out.getvalue()
