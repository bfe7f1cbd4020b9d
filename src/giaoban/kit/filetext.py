"""The words in an uploaded file, as far as they can be read without opening it: to look for markings, not to show.

Archives of documents (DOCX, XLSX, ODT, ODS) are read within the bounds of the workbook guard; a PDF gives the words
that its streams hold in plain strings or with a table to Unicode. A scan is a picture and gives nothing.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import islice
from typing import IO, Final
from xml.parsers import expat  # nosec B407 - a document type ends the reading, so there are no entities

from giaoban.core.secrecy import marked_secret, marked_secret_name
from giaoban.kit.workbooks.guard import MAX_ENTRIES, MAX_UNPACKED_BYTES

PARTS: Final = re.compile(
    r"word/(?:document|header\d*|footer\d*|footnotes)\.xml|xl/sharedStrings\.xml|xl/worksheets/[^/]+\.xml"
    r"|content\.xml|styles\.xml"
)
BLOCKS: Final = frozenset({"p", "si", "is", "h", "oddHeader", "oddFooter"})
CHUNK_BYTES: Final = 2**16
MAX_PDF_STREAMS: Final = 2000
MAX_STREAM_BYTES: Final = 4 * 2**20
FAULTS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
    KeyError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OSError,
)


def marked_secret_file(content: bytes, filename: str) -> str:
    """The marking of a state secret that the name or the readable words of a file carry; "" when none was found."""
    return marked_secret_name(filename) or next(filter(None, map(marked_secret, lines_of(content))), "")


def lines_of(content: bytes) -> Iterator[str]:
    """Paragraphs and cells of a document, as far as they can be read; nothing of a file of another kind."""
    try:
        if content.startswith(b"PK"):
            yield from _archived(content)
        elif content.startswith(b"%PDF-"):
            yield from _of_pdf(content)
    except FAULTS:
        return


def _archived(content: bytes) -> Iterator[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [one for one in archive.infolist() if PARTS.fullmatch(one.filename)]
        if len(archive.infolist()) > MAX_ENTRIES or sum(one.file_size for one in parts) > MAX_UNPACKED_BYTES:
            return
        for part in parts:
            with archive.open(part) as stream:
                yield from _blocks(stream)


class _Blocks:
    """Gathers the words of paragraphs and cells while a parser goes by; no tree is built, whatever the size."""

    def __init__(self) -> None:
        self.open: list[list[str]] = []
        self.done: list[str] = []

    def start(self, name: str, _: object) -> None:
        if name.rpartition(":")[2] in BLOCKS:
            self.open.append([])

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] in BLOCKS:
            self.done.append("".join(self.open.pop()))

    def words(self, text: str) -> None:
        if self.open:
            self.open[-1].append(text)


def _blocks(stream: IO[bytes]) -> Iterator[str]:
    """The words of each block. Raises ValueError at a document type, before any entity of it is made."""
    blocks, parser = _Blocks(), expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler, parser.EndElementHandler = blocks.start, blocks.end
    parser.CharacterDataHandler = blocks.words
    while chunk := stream.read(CHUNK_BYTES):
        parser.Parse(chunk)
        yield from blocks.done
        blocks.done.clear()
    parser.Parse(b"", True)
    yield from blocks.done


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a document type")


_STREAM: Final = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_SHOWN: Final = re.compile(rb"\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]+>|\bT[dDm*]|\bET\b|'", re.DOTALL)
_SINGLE: Final = re.compile(rb"beginbfchar(.*?)endbfchar", re.DOTALL)
_RANGES: Final = re.compile(rb"beginbfrange(.*?)endbfrange", re.DOTALL)
_PAIR: Final = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_TRIPLE: Final = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_ESCAPE: Final = re.compile(rb"\\([0-7]{1,3}|.)", re.DOTALL)


def _of_pdf(content: bytes) -> Iterator[str]:
    streams = list(_streams(content))
    tables = [table for table in map(_unicode_table, streams) if table]
    for stream in streams:
        if b"BT" in stream and b"Tj" in stream.replace(b"TJ", b"Tj"):
            for table in tables or [{}]:
                yield from _words(stream, table)


def _streams(content: bytes) -> Iterator[bytes]:
    """What the streams of a PDF hold, until as much was unpacked as a workbook may hold."""
    left = MAX_UNPACKED_BYTES
    for found in islice(_STREAM.finditer(content), MAX_PDF_STREAMS):
        stream = _inflated(found.group(1))
        if b"BT" in stream or b"beginbf" in stream:
            left -= len(stream)
            if left < 0:
                return
            yield stream


def _inflated(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(raw, MAX_STREAM_BYTES)
    except zlib.error:
        return raw[:MAX_STREAM_BYTES]


def _unicode_table(stream: bytes) -> dict[int, str]:
    """Code of a sign → its text, from a ToUnicode table."""
    table: dict[int, str] = {}
    for block in _SINGLE.findall(stream):
        table.update((int(code, 16), _utf16(text)) for code, text in _PAIR.findall(block))
    for block in _RANGES.findall(stream):
        for first, last, text in _TRIPLE.findall(block):
            begin, end = int(first, 16), int(last, 16)
            start = _utf16(text)
            if len(start) == 1 and begin <= end <= begin + 0xFFFF:
                table.update((begin + step, chr(ord(start) + step)) for step in range(end - begin + 1))
    return table


def _utf16(digits: bytes) -> str:
    return bytes.fromhex(digits.decode()).decode("utf-16-be", "replace")


def _words(stream: bytes, table: dict[int, str]) -> Iterator[str]:
    """Lines of shown text: strings between two moves of the pen."""
    line: list[str] = []
    for match in _SHOWN.finditer(stream):
        token = match.group()
        if token.startswith(b"<"):
            digits = b"".join(token[1:-1].split())
            codes = [int(digits[at : at + 4], 16) for at in range(0, len(digits) - 3, 4)]
            line.append("".join(table.get(code, "") for code in codes))
        elif token.startswith(b"("):
            line.append(_literal(token[1:-1]))
        elif line:
            yield "".join(line)
            line = []
    if line:
        yield "".join(line)


def _literal(raw: bytes) -> str:
    plain = _ESCAPE.sub(lambda found: _escaped(found.group(1)), raw)
    if plain.startswith(b"\xfe\xff"):
        return plain[2:].decode("utf-16-be", "replace")
    return plain.decode("utf-8", "ignore")


def _escaped(sign: bytes) -> bytes:
    if sign.isdigit():
        return bytes([int(sign, 8) & 0xFF])
    return {b"n": b"\n", b"r": b"\r", b"t": b"\t"}.get(sign, sign)
