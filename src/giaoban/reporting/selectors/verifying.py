"""Frozen files against their manifests, the book of files, and every figure in the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from giaoban.core.forms import FormDefinition
from giaoban.core.vietnamese import number
from giaoban.reporting.archive import reading, verifying
from giaoban.reporting.models import FrozenFile
from giaoban.reporting.selectors import frozen
from giaoban.reporting.selectors.accepted import Difference, accepted_lines, differences
from giaoban.reporting.selectors.forms import definition_of

LISTED: Final = 20
"""Differences of one file that are told one by one."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look at one file found. faults: sentences; differences: at most LISTED of `differing` cells; against:
    what it was compared with."""

    path: Path
    against: str
    faults: tuple[str, ...] = ()
    differences: tuple[Difference, ...] = ()
    differing: int = 0

    @property
    def is_whole(self) -> bool:
        return not self.faults and not self.differing


def verify(path: Path) -> Verified:
    """One file: by its manifest, and when this installation wrote it also by the book of files and the database."""
    file = _known(path)
    if file is None:
        return Verified(path, "theo bản kê; cơ sở dữ liệu này không ghi tệp này", tuple(verifying.faults(path)))
    return _verify(path, file)


def verify_all() -> Iterator[Verified]:
    """Every version in the book of files, then what lies in the folder without standing in it."""
    files = FrozenFile.objects.select_related("form", "period__rule").order_by("path")
    known = set()
    for file in files:
        path = frozen.path_of(file)
        known.add(path)
        yield _verify(path, file)
    for path in sorted(frozen.folder().rglob("*.parquet")):
        if path not in known:
            said = f"{path.name} nằm trong kho mà sổ tệp không có: không do hệ thống ghi xong. Chuyển ra ngoài kho."
            yield Verified(path, "sổ tệp", (said,))


def _known(path: Path) -> FrozenFile | None:
    """The row of a file that lies in the folder, or of a copy of it elsewhere."""
    rows = FrozenFile.objects.select_related("form", "period__rule")
    whole, folder = path.resolve(), frozen.folder().resolve()
    if whole.is_relative_to(folder):
        return rows.filter(path=whole.relative_to(folder).as_posix()).first()
    if not path.is_file():
        return None
    return rows.filter(size=path.stat().st_size, sha256=verifying.sha256_of(path)).first()


def _verify(path: Path, file: FrozenFile) -> Verified:
    form = definition_of(file.form)
    faults = verifying.faults(path) or list(_book(path, file))
    against = "cơ sở dữ liệu" if file.stands else f"các bản báo cáo đã vào tệp (v{file.version} không còn dùng để đọc)"
    if faults:
        return Verified(path, against, tuple(faults))
    found = _differences(path, file, form)
    listed = tuple(islice(found, LISTED))
    return Verified(path, against, differences=listed, differing=len(listed) + sum(1 for _ in found))


def _book(path: Path, file: FrozenFile) -> Iterator[str]:
    about = reading.about(path)
    size = path.stat().st_size
    if (size, about.rows) != (file.size, file.lines) or verifying.sha256_of(path) != file.sha256:
        yield (
            f"{path.name} khác tệp đã ghi vào sổ ({number(file.size)} byte, {number(file.lines)} dòng, SHA-256 "
            f"{file.sha256[:16]}…): tệp và bản kê đã bị thay cùng nhau. Lấy lại từ bản sao lưu."
        )
    if about.form.checksum != file.form.checksum:
        yield f"Định nghĩa biểu {file.form.code} trong tệp khác định nghĩa đang có trong cơ sở dữ liệu."


def _differences(path: Path, file: FrozenFile, form: FormDefinition) -> Iterator[Difference]:
    """A file that gave way is compared with the versions that went into it: their lines never change."""
    versions = None
    if not file.stands:
        versions = {line.unit_id: line.version for line in reading.lines(path, form)}
    yield from differences(path, form, accepted_lines(file.form_id, file.period_id, versions))
