"""Looks whether a frozen file is what its manifest says, without any database: what a partner can do as well."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from giaoban.core.forms import checksum
from giaoban.core.vietnamese import number
from giaoban.reporting.archive import manifest, reading
from giaoban.reporting.archive.layout import schema_of
from giaoban.reporting.archive.writing import sha256_of

__all__ = ["Counted", "faults", "sha256_of"]


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted while a file was read to its end."""

    rows: int
    cells: int
    reports: int
    simulated: bool


def faults(path: Path) -> list[str]:
    """Everything that is wrong with a file and its manifest, a Vietnamese sentence each; none when it is whole.

    What can only be said of a whole file is not looked for once its checksum is wrong.
    """
    if not path.is_file():
        return [f"Không có tệp {path}. Lấy lại từ bản sao lưu, hoặc ghi lại bằng giaoban freeze."]
    told, found = _manifest(path)
    if told is None:
        return found
    found += _sums(path, told)
    if found:
        return found
    try:
        about = reading.about(path)
        found += _told(about, told)
        if not found:
            found += _counted(_count(path, about), told)
    except reading.Unreadable as fault:
        found.append(fault.sentence)
    return found


def _manifest(path: Path) -> tuple[dict[str, Any] | None, list[str]]:
    beside = manifest.beside(path)[0]
    if not beside.is_file():
        return None, [f"Bên cạnh {path.name} không có bản kê {beside.name}. Xin lại bản kê từ nơi gửi tệp."]
    try:
        told = json.loads(beside.read_text(encoding="utf-8"))
        if not isinstance(told, dict) or not {"sha256", "size", "rows", "cells", "form", "schema"} <= told.keys():
            raise ValueError
    except ValueError:
        return None, [f"Bản kê {beside.name} không đọc được, hoặc không phải bản kê của tệp số liệu."]
    return told, []


def _sums(path: Path, told: dict[str, Any]) -> list[str]:
    size = path.stat().st_size
    if size != told["size"]:
        how = "ngắn hơn, có thể bị cắt khi chép" if size < told["size"] else "dài hơn"
        return [f"{path.name} có {number(size)} byte, bản kê ghi {number(told['size'])}: {how}. Chép lại tệp."]
    found = sha256_of(path)
    if found != told["sha256"]:
        return [
            f"Nội dung {path.name} đã khác: SHA-256 là {found[:16]}…, bản kê ghi {str(told['sha256'])[:16]}…. "
            "Không dùng tệp này; lấy lại bản gốc."
        ]
    return []


def _told(about: reading.About, told: dict[str, Any]) -> Iterator[str]:
    """What the file says of itself against its manifest, and against what its own form asks for."""
    if checksum(about.data) != told["form"]["checksum"] or about.form.key != told["form"]["key"]:
        yield f"Định nghĩa biểu trong tệp khác bản kê ({about.form.key}, bản kê ghi {told['form']['key']})."
    columns = [(field.name, str(field.type)) for field in about.schema]
    if columns != [(one["name"], one["type"]) for one in told["schema"]]:
        yield "Tên hoặc kiểu các cột trong tệp khác bản kê."
    wide = [field.name for field in about.schema if str(field.type).startswith("decimal128(38")]
    if about.schema.names != schema_of(about.form).names or not about.schema.equals(schema_of(about.form, wide=wide)):
        yield "Các cột trong tệp không khớp với định nghĩa biểu đi kèm."
    if about.simulated != told.get("simulated"):
        yield "Tệp và bản kê không khớp ở nhãn số liệu mô phỏng."
    if about.rows != told["rows"]:
        yield f"Tệp có {number(about.rows)} dòng, bản kê ghi {number(told['rows'])}."


def _count(path: Path, about: reading.About) -> Counted:
    """Raises Unreadable: broken in the middle, or lines twice or out of order."""
    rows = cells = reports = 0
    simulated, before, unit = False, None, None
    for line in reading.lines(path, about.form):
        if before is not None and line.key <= before:
            raise reading.Unreadable(f"Dòng {rows + 1} của {path.name} bị lặp hoặc sai thứ tự.")
        rows, cells, before = rows + 1, cells + len(line.marks), line.key
        simulated |= line.simulated
        reports, unit = reports + (line.unit_id != unit), line.unit_id
    return Counted(rows, cells, reports, simulated)


def _counted(found: Counted, told: dict[str, Any]) -> Iterator[str]:
    if (found.rows, found.cells) != (told["rows"], told["cells"]):
        yield (
            f"Đọc được {number(found.rows)} dòng, {number(found.cells)} ô; bản kê ghi {number(told['rows'])} dòng, "
            f"{number(told['cells'])} ô."
        )
    if found.reports > told["reports"]:
        yield f"Tệp có dòng của {number(found.reports)} đơn vị, bản kê ghi {number(told['reports'])} báo cáo."
    if found.simulated and not told["simulated"]:
        yield "Tệp có số liệu mô phỏng mà bản kê không ghi."
