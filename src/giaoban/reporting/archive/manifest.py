"""What lies beside a frozen file: a manifest for people and programs, and a list of checksums for `sha256sum -c`.

`v3.json` tells all of `v3.parquet`, `v3.sha256` has the checksums of both, `manifest.json` lists the versions of a
folder. Only the list is ever written anew.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from giaoban.core.figures import Mark
from giaoban.core.forms import FormDefinition
from giaoban.reporting.archive.layout import (
    DECIDED_AT,
    FORMAT,
    ROW,
    SENT_AT,
    SIMULATED,
    SOURCE,
    SUBUNIT,
    TABLE,
    UNIT,
    UNIT_ID,
    VERSION,
    schema_of,
    stored_columns,
)
from giaoban.reporting.archive.writing import READ_ONLY, Written, sha256_of, sync_folder

INDEX: Final = "manifest.json"
MARKS: Final[Mapping[str, str]] = {
    str(int(Mark.REPORTED)): "có số liệu",
    str(int(Mark.NIL)): "không phát sinh",
    str(int(Mark.NOT_APPLICABLE)): "không áp dụng",
    str(int(Mark.BLANK)): "để trống",
}
HEADS: Final[Mapping[str, str]] = {
    UNIT: "mã đơn vị báo cáo",
    UNIT_ID: "số của đơn vị trong cơ sở dữ liệu nguồn",
    TABLE: "mã bảng của biểu",
    ROW: "mã dòng",
    SUBUNIT: "đơn vị hoặc tên gọi của dòng động; rỗng ở dòng cố định",
    VERSION: "phiên bản báo cáo mà dòng thuộc về",
    SENT_AT: "thời điểm gửi",
    DECIDED_AT: "thời điểm tiếp nhận",
    SIMULATED: "số liệu mô phỏng",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a manifest tells beside the file's own checksum, size and counts. expected, missing: keys of units."""

    form: FormDefinition
    title: str
    period: Mapping[str, Any]
    version: int
    reports: int
    expected: Sequence[str]
    missing: Sequence[str]
    simulated: bool
    decided_until: datetime | None
    frozen_at: datetime
    content: str


def metadata(form_key: str, data: Mapping[str, Any], period: Mapping[str, Any], *, simulated: bool) -> bytes:
    """What stands inside the file under `layout.METADATA`; the same content always gives the same bytes."""
    told = {
        "format": FORMAT,
        "source": SOURCE,
        "form_key": form_key,
        "form": data,
        "period": dict(period),
        "simulated": simulated,
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def beside(path: Path) -> tuple[Path, Path]:
    """The manifest and the list of checksums of a file."""
    return path.with_suffix(".json"), path.with_suffix(".sha256")


def text_of(name: str, written: Written, told: Told, wide: Sequence[str] = ()) -> str:
    """The manifest of a file called `name`."""
    words = {
        "format": FORMAT,
        "source": SOURCE,
        "path": name,
        "sha256": written.sha256,
        "size": written.size,
        "rows": written.rows,
        "cells": written.cells,
        "version": told.version,
        "simulated": told.simulated,
        "form": {
            "key": told.form.key,
            "code": told.form.code,
            "title": told.title,
            "act": told.form.act,
            "checksum": told.form.checksum,
        },
        "period": dict(told.period),
        "reports": told.reports,
        "expected": list(told.expected),
        "missing": list(told.missing),
        "decided_until": told.decided_until.isoformat() if told.decided_until else None,
        "frozen_at": told.frozen_at.isoformat(),
        "content": told.content,
        "marks": dict(MARKS),
        "schema": columns_of(told.form, wide),
    }
    return json.dumps(words, ensure_ascii=False, indent=1) + "\n"


def columns_of(form: FormDefinition, wide: Sequence[str] = ()) -> list[dict[str, str]]:
    """Name, type and meaning of every column; figures with their unit of measure."""
    stored = {one.name: one for one in stored_columns(form)}
    added = {"value": "", "estimate": ", phần ước", "mark": ", trạng thái ô", "text": ""}
    found = []
    for field in schema_of(form, wide=wide):
        one = stored.get(field.name)
        if one is None:
            found.append({"name": field.name, "type": str(field.type), "label": HEADS[field.name]})
            continue
        label = " / ".join((*one.column.parent, one.column.label)) + added[one.kind]
        unit = {"unit": one.column.unit} if one.column.unit and one.kind in ("value", "estimate") else {}
        found.append({"name": field.name, "type": str(field.type), "label": label, **unit})
    return found


def write_beside(path: Path, text: str) -> None:
    """Put the manifest and the checksums beside a file. Raises FileExistsError, OSError."""
    manifest, sums = beside(path)
    _write_new(manifest, text)
    listed = "".join(f"{sha256_of(one)}  {one.name}\n" for one in (path, manifest))
    _write_new(sums, listed)
    sync_folder(path.parent)


def write_index(folder: Path) -> None:
    """List the versions that lie in a folder, oldest first; no list where there are none."""
    kept = ("path", "version", "sha256", "size", "rows", "cells", "reports", "simulated", "frozen_at")
    found = [json.loads(one.read_text(encoding="utf-8")) for one in folder.glob("v*.json")]
    if not found:
        (folder / INDEX).unlink(missing_ok=True)
        return
    versions = [{name: one[name] for name in kept} for one in sorted(found, key=lambda one: int(one["version"]))]
    about = {name: found[0][name] for name in ("form", "period")}
    text = json.dumps({"format": FORMAT, "source": SOURCE, **about, "files": versions}, ensure_ascii=False, indent=1)
    made = folder / f".{INDEX}.{os.getpid()}"
    made.write_text(f"{text}\n", encoding="utf-8")
    made.replace(folder / INDEX)
    sync_folder(folder)


def _write_new(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(READ_ONLY)
