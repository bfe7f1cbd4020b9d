"""Tệp số liệu: a frozen file of a closed period, its manifest and its checksums, for those who see all units in it."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.http import FileResponse, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.forms import slug
from giaoban.core.vietnamese import moment, number
from giaoban.kit.http import ActorRequest
from giaoban.reporting import selectors
from giaoban.reporting.models import FrozenFile
from giaoban.reporting.selectors import frozen
from giaoban.reporting.web.files import SIMULATED_SUFFIX, handed_out

PARQUET: Final = "application/vnd.apache.parquet"
JSON: Final = "application/json"
TEXT: Final = "text/plain; charset=utf-8"
UNITS: Final = ("byte", "KB", "MB", "GB")
STEP: Final = 1024


def named(file: FrozenFile) -> str:
    """What a file is called when it is taken away, without its ending; simulated figures say so in it."""
    period = " ".join(filter(None, (file.period.code, file.period.instalment)))
    name = f"{slug(f'{file.form.code} {period}')}-v{file.version}"
    return name + SIMULATED_SUFFIX if file.simulated else name


def _beside(file: FrozenFile) -> Path:
    return frozen.path_of(file).with_suffix(".json")


@require_safe
def figures(request: ActorRequest, pk: int) -> FileResponse:
    """The file itself, as it lies there."""
    file = frozen.frozen_for(request.actor, pk, timezone.localdate())
    opened = frozen.path_of(file).open("rb")
    answer = FileResponse(opened, as_attachment=True, filename=f"{named(file)}.parquet", content_type=PARQUET)
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@require_safe
def manifest(request: ActorRequest, pk: int) -> HttpResponse:
    """What the file holds, column by column, and whose reports were lacking."""
    file = frozen.frozen_for(request.actor, pk, timezone.localdate())
    return handed_out(_beside(file).read_bytes(), JSON, f"{named(file)}.json")


@require_safe
def checksums(request: ActorRequest, pk: int) -> HttpResponse:
    """What `sha256sum -c` reads, for both under the names that they are taken away with."""
    file = frozen.frozen_for(request.actor, pk, timezone.localdate())
    told = hashlib.sha256(_beside(file).read_bytes()).hexdigest()
    name = named(file)
    return handed_out(f"{file.sha256}  {name}.parquet\n{told}  {name}.json\n", TEXT, f"{name}.sha256")


@dataclass(frozen=True, slots=True)
class FrozenRow:
    """A version as the page of the books lists it. links: what may be taken away, empty for who may not."""

    file: FrozenFile
    state: str
    stands: bool
    size: str
    links: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class FrozenPart:
    """What `parts/frozen_files.html` shows. hidden: files hold units that the reader does not see."""

    rows: tuple[FrozenRow, ...]
    hidden: bool
    simulated: bool


def frozen_part(request: ActorRequest, form: selectors.FormVersion, period: selectors.Period) -> FrozenPart:
    """The versions of a form and period, newest first. Two queries."""
    files = frozen.files_of(form, period)
    may = bool(files) and frozen.may_take(request.actor, form, period, timezone.localdate())
    rows = tuple(_row(one, files[0], may=may) for one in files)
    return FrozenPart(rows, hidden=bool(files) and not may, simulated=any(one.simulated for one in files))


def _row(file: FrozenFile, newest: FrozenFile, *, may: bool) -> FrozenRow:
    lost = bool(frozen.fault_at_use(file))
    address: Callable[[str], str] = lambda name: reverse(f"reporting:{name}", args=[file.pk])  # noqa: E731
    about = f"bản {file.version}"
    links = (
        ("Tệp Parquet", about, address("frozen-file")),
        ("Bản kê", about, address("frozen-manifest")),
        ("Mã kiểm tra", about, address("frozen-checksums")),
    )
    return FrozenRow(
        file=file,
        state=_state(file, newest, lost=lost),
        stands=file.stands and not lost,
        size=size_in_words(file.size),
        links=links if may and not lost else (),
    )


def _state(file: FrozenFile, newest: FrozenFile, *, lost: bool) -> str:
    if lost:
        return "không còn nguyên trong kho; số liệu đọc từ cơ sở dữ liệu"
    if file.stands:
        return "đang dùng"
    if file.thawed is not None:
        when = moment(timezone.localtime(file.thawed.at))
        return f"thôi dùng từ {when} ({file.thawed.actor_name}): “{file.thawed.reason}”"
    if file.version < newest.version:
        return "đã có bản sau"
    return "có báo cáo tiếp nhận sau khi ghi; chờ ghi bản sau"


def size_in_words(size: int) -> str:
    """1536 → "1,5 KB"; bytes are not broken."""
    shown, unit = float(size), 0
    while shown >= STEP and unit < len(UNITS) - 1:
        shown, unit = shown / STEP, unit + 1
    tenths = round(shown * 10)
    if unit == 0 or tenths % 10 == 0:
        return f"{number(tenths // 10)} {UNITS[unit]}"
    return f"{number(tenths // 10)},{tenths % 10} {UNITS[unit]}"
