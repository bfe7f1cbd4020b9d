"""Spreadsheets from outside: what is refused before opening, where, and what the limited process gives back."""

import io
import struct
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from giaoban.kit.workbooks import binary, guard, opening
from giaoban.kit.workbooks.guard import Bounds, Formulas, WorkbookRefused, inspect
from giaoban.kit.workbooks.opening import Reader, Remark, open_workbook, read_many

BOUNDS = Bounds(rows=20, columns=5)


def workbook(**sheets: dict[str, Any]) -> bytes:
    """Sheets by name, their cells by address."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        for name, cells in sheets.items():
            sheet = book.add_worksheet(name)
            for address, value in cells.items():
                sheet.write(address, value)
    return out.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], tuple[str, bytes]]) -> bytes:
    """The same archive with other names or parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(*change(name, old.read(name)))
    return out.getvalue()


def archive(parts: int, size: int, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as new:
        for number in range(parts):
            new.writestr(f"xl/{number}.xml", b"0" * size)
    return out.getvalue()


LAMPS = workbook(lamps={"A1": "all", "B1": 3}, oil={"A1": "=1+2"})


def test_a_workbook_comes_back_as_plain_cells_and_formulas() -> None:
    cells = {"A1": "all", "B1": 3, "D1": True, "A3": date(2024, 1, 31), "B3": 0.5}
    book = open_workbook(workbook(lamps=cells, oil={"B2": "=1+2"}), BOUNDS)
    assert book.sheets["lamps"] == [["all", 3, None, True], [None] * 4, ["2024-01-31", 0.5, None, None]]
    assert list(book.sheets) == ["lamps", "oil"]
    assert book.formulas == {"lamps": Formulas(), "oil": Formulas(calculated=frozenset({(2, 2)}))}


def test_of_the_first_sheet_alone_the_others_are_neither_measured_nor_opened() -> None:
    content = workbook(lamps={"A1": "all"}, far={"XFD1048576": 1})
    with pytest.raises(WorkbookRefused):
        open_workbook(content, BOUNDS)
    assert open_workbook(content, BOUNDS, first_only=True).sheets == {"lamps": [["all"]]}


def elsewhere(name: str, part: bytes) -> tuple[str, bytes]:
    if name == "xl/_rels/workbook.xml.rels":
        part = part.replace(b"worksheets/sheet1.xml", b"elsewhere/sheet1.xml")
    return name.replace("worksheets/sheet1.xml", "elsewhere/sheet1.xml"), part


def with_entity(name: str, part: bytes) -> tuple[str, bytes]:
    entity = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbb">]><worksheet'
    return name, part.replace(b"<worksheet", entity, 1) if name.endswith("sheet1.xml") else part


def damaged(content: bytes) -> bytes:
    """The packed bytes of the first sheet overwritten; every size as declared."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        entry = old.getinfo("xl/worksheets/sheet1.xml")
    start = entry.header_offset + 30 + len(entry.filename)
    return content[:start] + b"\xff" * entry.compress_size + content[start + entry.compress_size :]


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "broken"),
    "no archive": (lambda: b"unit,form\n" * 50, "broken"),
    "cut off": (lambda: LAMPS[: len(LAMPS) // 2], "broken"),
    "damaged inside": (lambda: damaged(LAMPS), "broken"),
    "an archive of something else": (lambda: archive(3, 10), "broken"),
    "an entity in its XML": (lambda: rewritten(LAMPS, with_entity), "broken"),
    "a tab that is no worksheet": (lambda: rewritten(LAMPS, elsewhere), "broken"),
    "too large a file": (lambda: b"0" * (guard.MAX_FILE_BYTES + 1), "too-large"),
    "unpacks to too much": (lambda: archive(1, guard.MAX_UNPACKED_BYTES + 1), "too-large"),
    "unpacks to far more than it is": (lambda: archive(1, guard.RATIO_FREE_BYTES + 1), "too-large"),
    "too many parts": (lambda: archive(guard.MAX_ENTRIES + 1, 1), "too-many"),
    "a row too far": (lambda: workbook(far={"A21": 1}), "outside"),
    "a column too far": (lambda: workbook(far={"F1": 1}), "outside"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_must_not_be_opened_is_refused(name: str) -> None:
    make, fault = REFUSED[name]
    with pytest.raises(WorkbookRefused) as refusal:
        inspect(make(), BOUNDS)
    assert refusal.value.fault == fault


def test_a_refusal_says_where_and_how_much() -> None:
    with pytest.raises(WorkbookRefused) as refusal:
        inspect(workbook(lamps={"A1": 1}, far={"B21": 1}), BOUNDS)
    assert (refusal.value.sheet, refusal.value.row, refusal.value.column) == ("far", 21, 2)
    with pytest.raises(WorkbookRefused) as refusal:
        inspect(b"0" * (guard.MAX_FILE_BYTES + 1), BOUNDS)
    assert (refusal.value.size, refusal.value.limit) == (guard.MAX_FILE_BYTES + 1, guard.MAX_FILE_BYTES)


def strict(name: str, part: bytes) -> tuple[str, bytes]:
    """As an office program writes "Strict Open XML": the same parts under other namespaces."""
    return name, part.replace(
        b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        b"http://purl.oclc.org/ooxml/officeDocument/relationships",
    ).replace(
        b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"
    )


def test_a_file_under_the_strict_namespaces_is_looked_at_all_the_same() -> None:
    assert inspect(rewritten(LAMPS, strict), BOUNDS)["oil"].calculated == {(1, 1)}
    with pytest.raises(WorkbookRefused) as refused:
        inspect(rewritten(workbook(far={"H30": 1}), strict), BOUNDS)
    assert (refused.value.fault, refused.value.row, refused.value.column) == ("outside", 30, 8)


def test_each_caller_has_its_own_bounds() -> None:
    content = workbook(lamps={"A1": 1, "A2": 2, "A3": 3})
    assert inspect(content, Bounds(rows=3, columns=1, cells=3))
    for bounds, fault in (
        (Bounds(rows=2, columns=1), "outside"),
        (Bounds(rows=3, columns=1, cells=2), "too-many"),
        (Bounds(rows=3, columns=1, unpacked_bytes=1000), "too-large"),
    ):
        with pytest.raises(WorkbookRefused) as refusal:
            inspect(content, bounds)
        assert refusal.value.fault == fault


def test_large_parts_that_hardly_shrink_are_let_through() -> None:
    """The ratio speaks of bombs; a large sheet alone is none. What stops this one is that it holds no workbook."""
    with pytest.raises(WorkbookRefused) as refusal:
        inspect(archive(1, guard.RATIO_FREE_BYTES + 1, zipfile.ZIP_STORED), BOUNDS)
    assert refusal.value.fault == "broken"


WITHOUT_END = Bounds(rows=2**20, columns=2**14)


def test_a_reader_that_a_file_broke_opens_the_next_one() -> None:
    far = workbook(far={"XFD1048576": 1})
    with Reader() as reader:
        for content, fault in ((far, "unreadable"), (b"no workbook", "broken"), (far, "unreadable")):
            with pytest.raises(WorkbookRefused) as refusal:
                reader.open(content, WITHOUT_END)
            assert refusal.value.fault == fault
            assert reader.open(LAMPS, WITHOUT_END).sheets["lamps"] == [["all", 3]]


def test_a_reader_keeps_its_process_and_takes_a_new_one_after_many_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "FILES_OF_A_PROCESS", 2)
    with Reader() as reader:
        processes = []
        for _ in range(4):
            reader.open(LAMPS, BOUNDS)
            assert reader._process is not None
            processes.append(reader._process.pid)
    assert processes[0] == processes[1] != processes[2] == processes[3]


def test_a_file_that_takes_too_long_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "TIMEOUT_SECONDS", 0)
    with Reader() as reader, pytest.raises(WorkbookRefused) as refusal:
        reader.open(LAMPS, BOUNDS)
    assert refusal.value.fault == "too-slow"


@pytest.mark.parametrize("processes", [1, 2])
def test_many_files_come_back_in_order_and_a_bad_one_stops_nothing(processes: int) -> None:
    files = [(f"{n}.xlsx", b"bad" if n % 3 == 1 else workbook(lamps={"A1": n})) for n in range(12)]
    found = list(read_many(iter(files), BOUNDS, processes=processes))
    assert [name for name, _ in found] == [name for name, _ in files]
    for number, (_, book) in enumerate(found):
        if number % 3 == 1:
            assert isinstance(book, WorkbookRefused)
            assert book.fault == "broken"
        else:
            assert isinstance(book, opening.Workbook)
            assert book.sheets == {"lamps": [[number]]}


def test_column_letters_and_numbers() -> None:
    for letters, number in (("A", 1), ("Z", 26), ("AA", 27), ("XFD", 16384)):
        assert guard.column_number(letters) == number
        assert guard.column_letters(number) == letters


OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0"
TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


def ods(rows: str, *, manifest: str = "<manifest/>", head: str = "") -> bytes:
    """An .ods whose one sheet has these rows; `t:` and `o:` stand for table and office."""
    xml = (
        f'{head}<o:document-content xmlns:o="{OFFICE}" xmlns:t="{TABLE}"><o:body><o:spreadsheet>'
        f'<t:table t:name="lamps">{rows}</t:table></o:spreadsheet></o:body></o:document-content>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("mimetype", guard.MEDIA_TYPES["ods"], zipfile.ZIP_STORED)
        new.writestr("META-INF/manifest.xml", manifest)
        new.writestr("content.xml", xml)
    return out.getvalue()


def one(more: str = "", *, row: str = "") -> str:
    return f'<t:table-row {row}><t:table-cell o:value-type="float" o:value="3" {more}/></t:table-row>'


def test_an_ods_is_known_by_its_bytes_and_its_repeated_cells_are_counted() -> None:
    content = ods(
        one('t:number-columns-repeated="2" t:formula="of:=1+2"', row='t:number-rows-repeated="3"')
        + '<t:table-row t:number-rows-repeated="1048500"><t:table-cell t:number-columns-repeated="999"/></t:table-row>'
    )
    assert guard.kind_of(content) == "ods"
    assert inspect(content, BOUNDS)["lamps"].calculated == {(row, column) for row in (1, 2, 3) for column in (1, 2)}


REFUSED_OTHERS: dict[str, tuple[Callable[[], bytes], str]] = {
    "a cell repeated to the far right": (lambda: ods(one('t:number-columns-repeated="16384"')), "outside"),
    "a row repeated beyond the last": (lambda: ods(one(row='t:number-rows-repeated="21"')), "outside"),
    "a row repeated to the far end": (lambda: ods(one(row='t:number-rows-repeated="1048576"')), "too-many"),
    "a cell after a million empty rows": (
        lambda: ods('<t:table-row t:number-rows-repeated="1048000"/>' + one()),
        "outside",
    ),
    "more rows than there are": (lambda: ods('<t:table-row t:number-rows-repeated="99999999999"/>'), "broken"),
    "a repetition that is no number": (lambda: ods(one('t:number-columns-repeated="0"')), "broken"),
    "an entity": (lambda: ods(one(), head='<!DOCTYPE a [<!ENTITY b "b">]>'), "broken"),
    "an .ods with a password": (
        lambda: ods(one(), manifest='<m:manifest xmlns:m="m"><m:encryption-data/></m:manifest>'),
        "encrypted",
    ),
    "a container cut off": (lambda: binary.MAGIC + b"\0" * 100, "broken"),
    "a container of noise": (lambda: binary.MAGIC + bytes(range(256)) * 40, "broken"),
    "a container whose chain has no end": (lambda: endless(), "broken"),
}


def endless() -> bytes:
    """An OLE container of three sectors, whose directory chain leads to itself."""
    header = bytearray(512)
    header[:8] = binary.MAGIC
    struct.pack_into("<HH", header, 30, 9, 6)
    struct.pack_into("<IIIIIIII", header, 48, 1, 0, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", header, 76, 0, *([0xFFFFFFFF] * 108))
    table = struct.pack("<128I", 0xFFFFFFFD, 1, *([0xFFFFFFFF] * 126))
    return bytes(header) + table + bytes(512) * 2


@pytest.mark.parametrize("name", REFUSED_OTHERS)
def test_what_must_not_be_opened_of_the_other_kinds_is_refused(name: str) -> None:
    make, fault = REFUSED_OTHERS[name]
    with pytest.raises(WorkbookRefused) as refusal:
        inspect(make(), BOUNDS)
    assert refusal.value.fault == fault


@pytest.mark.parametrize("value", ["#DIV/0!", "#REF!"])
def test_an_error_in_a_cell_is_not_an_empty_cell(value: str) -> None:
    def spoil(name: str, part: bytes) -> tuple[str, bytes]:
        old = b'<c r="B1"><v>3</v></c>'
        return name, part.replace(old, f'<c r="B1" t="e"><v>{value}</v></c>'.encode())

    assert open_workbook(rewritten(LAMPS, spoil), BOUNDS).sheets["lamps"] == [["all", "#ERROR!"]]


def test_a_rich_text_cell_of_an_xls_is_looked_at() -> None:
    def record(kind: int, data: bytes) -> bytes:
        return struct.pack("<HH", kind, len(data)) + data

    stream = record(0x0809, b"\0" * 16) + record(0x00D6, struct.pack("<HHH", 70, 8, 0)) + record(0x000A, b"")
    assert [(one.row, one.column) for one in binary._cells(stream, 0)] == [(71, 9)]


WORDS = {"author": "We", "list": "Faults", "title": "t", "how": "h", "headings": ("a", "b", "c", "d", "e", "f")}


def comments(content: bytes) -> dict[str, tuple[str, str]]:
    page = openpyxl.load_workbook(io.BytesIO(content))["lamps"]
    return {one.coordinate: (one.comment.text, one.comment.author) for row in page for one in row if one.comment}


def test_a_persons_own_comment_and_colour_outlast_every_marking() -> None:
    book = openpyxl.load_workbook(io.BytesIO(workbook(lamps={"A1": "all", "B1": 3})))
    cell = book["lamps"]["B1"]
    cell.comment, cell.fill = Comment("asked Nam", "An"), PatternFill("solid", "FF00FF00")
    out = io.BytesIO()
    book.save(out)
    twice = [Remark("lamps", 1, 2, "B", f"fault {number}\x0b.", "mend") for number in (1, 2)]
    bounds = Bounds(rows=200, columns=20)
    with Reader() as reader:
        once = reader.mark(out.getvalue(), bounds, twice, words=WORDS)
        assert "asked Nam" in comments(once)["B1"][0]
        assert "fault 2 ." in comments(once)["B1"][0]
        again = reader.mark(once, bounds, [], words=WORDS)
    assert comments(again) == {"B1": ("asked Nam", "An")}
    assert openpyxl.load_workbook(io.BytesIO(again))["lamps"]["B1"].fill.start_color.rgb == "FF00FF00"
