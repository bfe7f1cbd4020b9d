"""A folder into which other programs put reports: taken in, then moved to where their outcome stands beside them.

Beneath the folder: `dang-doc` (being taken), `da-nhan` (taken), `khong-nhan` (not, or not all), each outcome with a
text file that says what became of it. A file is moved, never deleted; one that is taken in and then not moved, because
the program died, is taken in again, which changes nothing. A mail (.eml) counts as its attachments; who sent it is
noted and proves nothing: the named account acts.
"""

import contextlib
import os
import re
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Final

from django.utils import timezone

from giaoban.accounts.selectors import user_by_login
from giaoban.core.vietnamese import moment
from giaoban.documents.selectors import stored_file
from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import actor_for
from giaoban.reporting.models import Intake, IntakeFile, IntakeSource, IntakeState
from giaoban.reporting.rules.archives import MAX_FILES, MAX_TOTAL_BYTES, MEGABYTE, shown_name
from giaoban.reporting.selectors.intake import files_of, unfinished_in_folder
from giaoban.reporting.services.errors import ReportingError
from giaoban.reporting.services.intake import begin_intake, take_intake

WORKING, TAKEN, REFUSED = "dang-doc", "da-nhan", "khong-nhan"
SETTLED_SECONDS: Final = 10.0
"""A file that changed less than so long ago may still be being written."""
UNFINISHED: Final = (".part", ".tmp", ".crdownload", ".filepart", ".swp")
"""Ends of names under which programs write before they give a file its own name."""
MAX_AT_ONCE: Final = 200
MAX_PARTS: Final = 200
MAX_MAIL_BYTES: Final = 30 * MEGABYTE
LONGEST_DISK_NAME: Final = 120
NO_ATTACHMENT: Final = "Thư không có tệp đính kèm nào đọc được. Gửi lại thư, kèm tệp báo cáo."
MAIL_TOO_LARGE: Final = f"Thư lớn hơn {MAX_MAIL_BYTES // MEGABYTE} MB. Gửi tệp qua trang nộp nhiều tệp."
FILE_TOO_LARGE: Final = f"Tệp lớn hơn {MAX_TOTAL_BYTES // MEGABYTE} MB. Chia nhỏ rồi gửi lại."
_NOT_IN_NAMES: Final = re.compile(r"[^\w.() \[\]+-]+")


class FolderRefused(Exception):
    """The folder, or the account that is to act, is not there."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """What one look at the folder did: files picked up, those of them refused at once, outcomes written."""

    picked: int
    refused: int
    settled: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A whole file in the folder, and what it brings: (name as shown, bytes), or why it brings nothing."""

    path: Path
    brings: Sequence[tuple[str, bytes]]
    refusal: str = ""
    sender: str = ""


def take_folder(folder: Path, *, by: Actor, at: datetime) -> Dropped:
    """Write the outcomes that are known, then pick up the files that are whole; jobs take them.

    Raises PermissionDenied, OSError when the folder cannot be read or written.
    """
    for name in (WORKING, TAKEN, REFUSED):
        (folder / name).mkdir(exist_ok=True)
    settled = settle_folder(folder)
    picked = refused = 0
    for found in _whole_files(folder):
        picked += 1
        refusal = found.refusal or _bring(folder, found, by=by, at=at)
        if refusal:
            refused += 1
            _put(found.path, folder / REFUSED, found.path.name, refusal)
    return Dropped(picked, refused, settled)


def take_folder_as(folder: Path, login: str, *, at: datetime) -> Dropped:
    """The same in the name of a person. Raises FolderRefused when there is no such person, or no such folder."""
    if not folder.is_dir():
        raise FolderRefused(f"{folder}: không có thư mục này")
    return take_folder(folder, by=_actor(login), at=at)


def finish_folder(folder: Path, login: str) -> list[IntakeFile]:
    """Take what waits from the folder here and now instead of in jobs, and write the outcomes; the files taken."""
    by = _actor(login)
    files: list[IntakeFile] = []
    for intake in unfinished_in_folder(by):
        take_intake(intake.pk, by=by, seconds=None)
        files += files_of(intake)
    settle_folder(folder)
    return files


def _actor(login: str) -> Actor:
    user = user_by_login(login)
    if user is None or not user.is_active:
        raise FolderRefused(f"{login}: không có tài khoản này, hoặc đã khóa")
    return actor_for(user.pk, user.get_full_name(), timezone.localdate())


def settle_folder(folder: Path) -> int:
    """Move the files whose intake is finished to their outcome; how many."""
    settled = 0
    for path in sorted((folder / WORKING).iterdir()):
        number, _, name = path.name.partition("-")
        intake = Intake.objects.filter(pk=int(number)).first() if number.isascii() and number.isdecimal() else None
        if intake is None or intake.finished_at is None:
            continue
        rows = list(IntakeFile.objects.filter(intake=intake).select_related("submission").order_by("position"))
        if any(row.state == IntakeState.WAITING for row in rows):
            continue
        bad = [row for row in rows if row.state == IntakeState.REFUSED]
        target = _put(path, folder / (REFUSED if bad else TAKEN), name, _outcome(intake, rows))
        for row in bad:
            _write_answer(row, target)
        settled += 1
    return settled


def _bring(folder: Path, found: _Found, *, by: Actor, at: datetime) -> str:
    """Begin an intake and move the file to where it waits; why not, "" when it was done."""
    detail = {"senders": [found.sender]} if found.sender else {}
    try:
        intake = begin_intake(found.brings, by=by, at=at, source=IntakeSource.FOLDER, detail=detail)
    except ReportingError as refusal:
        return refusal.sentence
    found.path.rename(_free(folder / WORKING, f"{intake.pk}-{_disk_name(found.path.name)}"))
    return ""


def _whole_files(folder: Path) -> Iterator[_Found]:
    """Files of the folder itself that nobody is writing any more, by name. No links, no hidden ones."""
    seen = 0
    for path in sorted(folder.iterdir()):
        name = path.name.lower()
        if name.startswith((".", "~$")) or name.endswith(UNFINISHED) or seen >= MAX_AT_ONCE:
            continue
        with contextlib.suppress(OSError):  # taken away meanwhile, or not ours to read: the next look finds it
            found = _read(path)
            if found is not None:
                seen += 1
                yield found


def _read(path: Path) -> _Found | None:
    """None while a file is not whole, or is no file."""
    before = path.lstat()
    if not stat.S_ISREG(before.st_mode) or time.time() - before.st_mtime < SETTLED_SECONDS:
        return None
    is_mail = path.name.lower().endswith(".eml")
    if before.st_size > (MAX_MAIL_BYTES if is_mail else MAX_TOTAL_BYTES):
        return _Found(path, (), MAIL_TOO_LARGE if is_mail else FILE_TOO_LARGE)
    content = path.read_bytes()
    after = path.lstat()
    if (after.st_size, after.st_mtime_ns) != (before.st_size, before.st_mtime_ns) or len(content) != after.st_size:
        return None
    name = shown_name(os.fsencode(path.name).decode("utf-8", "replace"))
    return _mail(path, name, content) if is_mail else _Found(path, [(name, content)])


def _mail(path: Path, name: str, content: bytes) -> _Found:
    """The attachments of a mail, under the name of the mail."""
    try:
        message = BytesParser(policy=policy.default).parsebytes(content)
        sender = shown_name(str(message.get("From", "")))
        brings = [(f"{name}/{shown}", held) for shown, held in _attachments(message)]
    except Exception:  # the parser raises what it likes over a mail that was made to break it
        return _Found(path, (), NO_ATTACHMENT)
    if not brings:
        return _Found(path, (), NO_ATTACHMENT, sender)
    return _Found(path, brings, sender=sender)


def _attachments(message: EmailMessage) -> Iterator[tuple[str, bytes]]:
    for number, part in enumerate(message.walk()):
        if number > MAX_PARTS:
            return
        filename = part.get_filename()
        if filename and not part.is_multipart():
            held = part.get_payload(decode=True)
            if isinstance(held, bytes):
                yield shown_name(filename), held


def _outcome(intake: Intake, rows: Sequence[IntakeFile]) -> str:
    lines = [f"Tải vào lúc {moment(timezone.localtime(intake.act.at))}, {intake.act.actor_name}."]
    for row in rows[:MAX_FILES]:
        receipt = f", biên nhận {row.submission.receipt}" if row.submission is not None else ""
        lines.append(f"{row.filename}: {row.get_state_display()}{receipt}. {row.sentence}".rstrip())
        lines += [f"  - {one['sentence']}" for one in row.issues if one["sentence"] != row.sentence]
    return "\n".join(lines)


def _write_answer(row: IntakeFile, target: Path) -> None:
    """The copy of a refused workbook with the faults at their cells, beside the file itself."""
    stored = stored_file(row.answer_id) if row.answer_id else None
    if stored is not None:
        _free(target.parent, f"{target.stem}-{row.position}-loi.xlsx").write_bytes(stored.content)


def _put(path: Path, folder: Path, name: str, words: str) -> Path:
    """Move a file to its outcome, with the words beside it. The words first: a file without them says nothing."""
    target = _free(folder, _disk_name(name))
    target.with_name(f"{target.name}.txt").write_text(f"{words}\n", encoding="utf-8")
    path.rename(target)
    return target


def _free(folder: Path, name: str) -> Path:
    """A path in the folder at which nothing stands yet."""
    target, number = folder / name, 1
    while target.exists() or target.with_name(f"{target.name}.txt").exists():
        number += 1
        target = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
    return target


def _disk_name(name: str) -> str:
    """A plain name for the disk, its end kept: no folders, no signs that mean something to a shell."""
    plain = _NOT_IN_NAMES.sub("_", shown_name(os.fsencode(name).decode("utf-8", "replace"))).lstrip(".-")
    while len(plain.encode()) > LONGEST_DISK_NAME:
        plain = plain[1:]
    return plain or "tep"
