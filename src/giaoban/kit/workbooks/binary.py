"""A workbook of Excel 97–2003 (.xls) looked at from outside: where its cells stand, and which hold formulas.

The file is an OLE container: sectors chained by an allocation table, one stream "Workbook" of records. Every chain is
followed no further than the file has sectors, so nothing here takes more memory than a few times the file.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_STREAM: Final = "EncryptedPackage"
_STREAM: Final = "Workbook"
_END: Final = 0xFFFFFFFA  # from here on: no sector but a sign
_ENTRY: Final = 128
_HEADER_TABLE: Final = 109

_BOUNDSHEET, _FILEPASS, _BOF, _EOF = 0x0085, 0x002F, 0x0809, 0x000A
_FORMULA, _MULRK = 0x0006, 0x00BD
_BOOLERR: Final = 0x0205
_SINGLE: Final = frozenset({0x0203, 0x00FD, 0x027E, 0x0204, 0x00D6, _BOOLERR, _FORMULA})


class BinaryFault(ValueError):
    """No workbook of this kind, or a damaged one."""


class EncryptedFault(ValueError):
    """The workbook opens with a password only."""


@dataclass(frozen=True, slots=True)
class FilledCell:
    """Row and column from 1."""

    row: int
    column: int
    is_formula: bool
    is_error: bool = False


def sheets(content: bytes) -> Iterator[tuple[str, Iterator[FilledCell]]]:
    """Each sheet in the order of the tabs with its filled cells. Raises BinaryFault, EncryptedFault."""
    try:
        stream = _workbook_stream(content)
        for name, start in _tabs(stream):
            yield name, _cells(stream, start)
    except (struct.error, IndexError, UnicodeDecodeError) as fault:
        raise BinaryFault(str(fault)) from None


@dataclass(frozen=True, slots=True)
class _Container:
    content: bytes
    size: int
    table: tuple[int, ...]

    def sector(self, number: int) -> bytes:
        start = (number + 1) * self.size
        found = self.content[start : start + self.size]
        if not found:
            raise BinaryFault("a sector outside the file")
        return found

    def chain(self, first: int) -> bytes:
        return b"".join(self.sector(number) for number in _chain(self.table, first))


def _chain(table: tuple[int, ...], first: int) -> Iterator[int]:
    number, seen = first, 0
    while number < _END:
        seen += 1
        if seen > len(table) or number >= len(table):
            raise BinaryFault("a chain of sectors without an end")
        yield number
        number = table[number]


def _workbook_stream(content: bytes) -> bytes:
    if content[: len(MAGIC)] != MAGIC:
        raise BinaryFault("no OLE container")
    shift, small_shift = struct.unpack_from("<HH", content, 30)
    if shift not in (9, 12) or small_shift != 6:
        raise BinaryFault("strange sizes of sectors")
    first_directory, _, _, cutoff, first_small, _, first_more, _ = struct.unpack_from("<IIIIIIII", content, 48)
    bare = _Container(content, 1 << shift, ())
    box = _Container(content, bare.size, _allocation(bare, first_more))
    entries = list(_directory(box.chain(first_directory)))
    if any(name == ENCRYPTED_STREAM for name, _, _ in entries):
        raise EncryptedFault
    found = next(((start, size) for name, start, size in entries if name == _STREAM), None)
    if found is None:
        raise BinaryFault("no stream of a workbook")
    start, size = found
    if size >= cutoff:
        return box.chain(start)[:size]
    small = box.chain(entries[0][1])
    table = _numbers(box.chain(first_small))
    return b"".join(small[number << 6 : (number + 1) << 6] for number in _chain(table, start))[:size]


def _allocation(box: _Container, first_more: int) -> tuple[int, ...]:
    """The allocation table: its sectors stand in the header, and further ones in a chain of their own."""
    places = list(struct.unpack_from(f"<{_HEADER_TABLE}I", box.content, 76))
    most = len(box.content) // box.size + 1
    number, seen = first_more, 0
    while number < _END:
        seen += 1
        if seen > most:
            raise BinaryFault("a chain of sectors without an end")
        *more, number = _numbers(box.sector(number))
        places += more
    places = [place for place in places if place < _END]
    if len(places) > most:
        raise BinaryFault("more tables than sectors")
    return tuple(value for place in places for value in _numbers(box.sector(place)))


def _numbers(data: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4])


def _directory(data: bytes) -> Iterator[tuple[str, int, int]]:
    """Name, first sector and size of each stream."""
    for at in range(0, len(data) - _ENTRY + 1, _ENTRY):
        length = min(struct.unpack_from("<H", data, at + 64)[0], 64)
        name = data[at : at + max(length - 2, 0)].decode("utf-16-le")
        start, size = struct.unpack_from("<II", data, at + 116)
        yield name, start, size


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _tabs(stream: bytes) -> Iterator[tuple[str, int]]:
    """Name of each worksheet, and where its records begin."""
    for kind, data in _records(stream, 0):
        if kind == _FILEPASS:
            raise EncryptedFault
        if kind == _EOF:
            return
        if kind == _BOUNDSHEET:
            start, _, type_, length, wide = struct.unpack_from("<IBBBB", data, 0)
            text = data[8 : 8 + length * (2 if wide & 1 else 1)].decode("utf-16-le" if wide & 1 else "latin-1")
            if type_ != 0:
                raise BinaryFault("a tab that is no worksheet")
            yield text, start


def _is_error(kind: int, data: bytes) -> bool:
    """Whether a cell says "#DIV/0!" or the like, as it stands or as the result of its formula."""
    if kind == _BOOLERR:
        return data[7] != 0
    return kind == _FORMULA and data[6] == 2 and data[12:14] == b"\xff\xff"


def _cells(stream: bytes, start: int) -> Iterator[FilledCell]:
    """The filled cells of one sheet; a chart inside it has records of its own, which do not count."""
    depth = 0
    for kind, data in _records(stream, start):
        if kind == _BOF:
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                return
        elif depth == 1 and kind in _SINGLE:
            row, column = struct.unpack_from("<HH", data, 0)
            yield FilledCell(row + 1, column + 1, kind == _FORMULA, _is_error(kind, data))
        elif depth == 1 and kind == _MULRK:
            row, first = struct.unpack_from("<HH", data, 0)
            last = struct.unpack_from("<H", data, len(data) - 2)[0]
            for column in range(first, last + 1):
                yield FilledCell(row + 1, column + 1, False)
