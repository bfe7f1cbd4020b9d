"""Many files at once: what a file is, and what a zip holds, without trusting its names, its sizes or its promises."""

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final, Literal

from giaoban.core.vietnamese import number
from giaoban.kit.workbooks.binary import MAGIC as _OLE
from giaoban.kit.workbooks.guard import ARCHIVE_FAULTS, MAX_FILE_BYTES, is_bomb

MEGABYTE: Final = 2**20
MAX_FILES: Final = 2_000
MAX_TOTAL_BYTES: Final = 200 * MEGABYTE
"""Of all files together, as uploaded and again as unpacked."""
MAX_WORDS_BYTES: Final = 16 * MEGABYTE
"""What the cells and words of a workbook unpack to: several times the largest form, with every line that it allows."""
LONGEST_NAME: Final = 255

LIMITS: Final = (
    f"Mỗi lần tối đa {number(MAX_FILES)} tệp, tất cả không quá {MAX_TOTAL_BYTES // MEGABYTE} MB, "
    f"mỗi tệp không quá {MAX_FILE_BYTES // MEGABYTE} MB."
)
TOO_MANY: Final = f"Có nhiều hơn {number(MAX_FILES)} tệp. Chia thành nhiều lần rồi tải lên lại."
TOO_MUCH: Final = f"Các tệp cộng lại quá {MAX_TOTAL_BYTES // MEGABYTE} MB. Chia thành nhiều lần rồi tải lên lại."
TOO_LARGE: Final = (
    f"Tệp lớn hơn {MAX_FILE_BYTES // MEGABYTE} MB nên không đọc. Bỏ hình ảnh và trang thừa, hoặc chia nhỏ tệp."
)
BOMB: Final = (
    "Tệp nén bung ra lớn gấp quá nhiều lần, không giống tệp báo cáo nên không mở. Nén lại đúng các tệp báo cáo."
)
TOO_FULL: Final = (
    f"Bảng tính bung ra hơn {MAX_WORDS_BYTES // MEGABYTE} MB, nhiều hơn mọi biểu, nên không đọc. "
    "Tải lại bảng tính ở trang nhập của báo cáo rồi điền vào."
)
NESTED: Final = "Tệp nén nằm trong tệp nén nên không mở. Giải nén rồi nén lại một lớp, hoặc tải thẳng các tệp lên."
ENCRYPTED: Final = "Tệp trong tệp nén có mật khẩu nên không đọc được. Nén lại, không đặt mật khẩu."
BROKEN: Final = "Tệp nén bị cụt hoặc hỏng nên không mở được. Nén lại rồi tải lên lần nữa."
BROKEN_ENTRY: Final = "Tệp bị hỏng trong tệp nén nên không đọc được. Nén lại rồi tải lên lần nữa."
NO_FILES: Final = "Tệp nén không có tệp nào. Nén lại đúng các tệp báo cáo."
EMPTY: Final = "Tệp trống, không có gì để đọc. Chọn đúng tệp."
NOT_OURS: Final = (
    "Tệp không phải bảng tính hay CSV theo mẫu nên không đọc. "
    "Dùng bảng tính tải ở trang nhập của báo cáo, hoặc tệp CSV đúng các cột."
)

NO_FILES_CHOSEN: Final = "Chưa chọn tệp nào. Chọn hoặc thả các tệp vào ô rồi bấm gửi."

Kind = Literal["workbook", "text", "archive", "other"]

_ZIP: Final = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_UTF8_FLAG, _ENCRYPTED_FLAG = 0x800, 0x1
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_HEAD: Final = 65_536
_LONGEST_HEADER: Final = 2_000  # bytes; ours has a hundred
# Letters that do not show, or turn the direction of what follows: a name must read as it is.
_UNSHOWN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_FAULTS: Final = (*ARCHIVE_FAULTS, MemoryError)


@dataclass(frozen=True, slots=True)
class Piece:
    """One file as it came in: its bytes, or why it is not read. `name` is shown, and never used as a path."""

    name: str
    content: bytes = b""
    refusal: str = ""


def shown_name(name: str) -> str:
    """A file's name as it can be stored and shown: no letters that hide, at most LONGEST_NAME, its end kept."""
    plain = unicodedata.normalize("NFC", _UNSHOWN.sub("\ufffd", name)).strip()
    return plain[-LONGEST_NAME:] or "không tên"


def pieces(name: str, stream: IO[bytes]) -> Iterator[Piece]:
    """The files that one uploaded file is: itself, or those of a zip. The stream can be sought in."""
    stream.seek(0, io.SEEK_END)
    size = stream.tell()
    stream.seek(0)
    if size == 0:
        yield Piece(shown_name(name), refusal=EMPTY)
    elif _is_archive(name, stream):
        yield from _unpacked(name, stream)
    elif size > MAX_FILE_BYTES:
        yield Piece(shown_name(name), refusal=TOO_LARGE)
    else:
        stream.seek(0)
        yield Piece(shown_name(name), stream.read(MAX_FILE_BYTES))


def kind_of(content: bytes) -> Kind:
    """What a file is by its bytes; neither its name nor what a browser said of it counts."""
    if content.startswith(_OLE):
        return "workbook"
    if content.startswith((_ZIP, _EMPTY_ZIP)):
        return _kind_of_zip(io.BytesIO(content))
    head = content[:_HEAD]
    if head.startswith(_UTF16):
        return "text"
    if len(head.split(b"\n", 1)[0]) > _LONGEST_HEADER:
        return "other"
    if b"\0" in head or head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<", b"{", b"[", b"%PDF-")):
        return "other"
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as fault:
        # One broken letter at the end of what was looked at is a letter that goes on behind it.
        return "text" if fault.start >= len(head) - 3 or b"," in head.split(b"\n", 1)[0] else "other"
    return "text"


def plain_words(content: bytes) -> str:
    """The words of a file that `kind_of` calls text, whatever signs they are written in."""
    return content.decode("utf-16" if content.startswith(_UTF16) else "utf-8", "replace")


def is_overfull(content: bytes) -> bool:
    """Whether a workbook says that it unpacks to more than any form fills. Nothing is unpacked to know it."""
    if not content.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            words = [one for one in archive.infolist() if one.filename.lower().endswith(".xml")]
    except _FAULTS:
        return False
    return sum(one.file_size for one in words) > MAX_WORDS_BYTES


def _is_archive(name: str, stream: IO[bytes]) -> bool:
    stream.seek(0)
    if not stream.read(4).startswith((_ZIP, _EMPTY_ZIP)):
        return False
    kind = _kind_of_zip(stream)
    return kind == "archive" or (kind == "workbook" and name.lower().endswith(".zip"))


def _kind_of_zip(stream: IO[bytes]) -> Kind:
    """A workbook is a zip too. One that cannot be listed is taken for a workbook cut short: its reader says so."""
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            names = set(archive.namelist())
    except _FAULTS:
        return "workbook"
    if "mimetype" in names or any(one.startswith("xl/") for one in names):
        return "workbook"
    if "[Content_Types].xml" in names:
        return "other"
    return "archive"


def _unpacked(name: str, stream: IO[bytes]) -> Iterator[Piece]:
    """The files of a zip, one at a time; one that is bad says so and the next ones follow."""
    shown = shown_name(name)
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = [one for one in archive.infolist() if not _is_litter(one)]
            refusal = _refusal_of(entries)
            if refusal:
                yield Piece(shown, refusal=refusal)
                return
            for entry in entries:
                yield _piece(archive, entry, name)
    except _FAULTS:
        yield Piece(shown, refusal=BROKEN)


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    """Folders, and what systems put into an archive by themselves."""
    parts = entry.filename.split("/")
    return entry.is_dir() or "__MACOSX" in parts or parts[-1] in (".DS_Store", "Thumbs.db", "desktop.ini")


def _refusal_of(entries: list[zipfile.ZipInfo]) -> str:
    """Why a zip is not opened at all, by what it says of itself; "" when it is."""
    if not entries:
        return NO_FILES
    if len(entries) > MAX_FILES:
        return TOO_MANY
    if is_bomb(entries):
        return BOMB
    return TOO_MUCH if sum(entry.file_size for entry in entries) > MAX_TOTAL_BYTES else ""


def _piece(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, outer: str) -> Piece:
    name = shown_name(f"{shown_name(outer)}/{_name_in(entry)}")
    if entry.flag_bits & _ENCRYPTED_FLAG:
        return Piece(name, refusal=ENCRYPTED)
    if entry.file_size > MAX_FILE_BYTES:
        return Piece(name, refusal=TOO_LARGE)
    try:
        with archive.open(entry) as stream:
            content = stream.read(MAX_FILE_BYTES + 1)
    except _FAULTS:
        return Piece(name, refusal=BROKEN_ENTRY)
    if len(content) > MAX_FILE_BYTES:
        return Piece(name, refusal=TOO_LARGE)
    if not content:
        return Piece(name, refusal=EMPTY)
    return Piece(name, refusal=NESTED) if kind_of(content) == "archive" else Piece(name, content)


def _name_in(entry: zipfile.ZipInfo) -> str:
    """The name of an entry. Without the mark for UTF-8 it counts as cp437 by the standard, but is often UTF-8."""
    if entry.flag_bits & _UTF8_FLAG:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename
