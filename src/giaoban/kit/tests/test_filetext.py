"""Words are found in documents as they are uploaded; what cannot be read gives nothing and breaks nothing."""

import io
import time
import tracemalloc
import zipfile
import zlib

import pytest

from giaoban.kit.filetext import lines_of, marked_secret_file

WORD = "<w:document xmlns:w='w'><w:body>{}</w:body></w:document>"


def archive(**parts: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name, text in parts.items():
            made.writestr(name.replace("__", "/").replace("_xml", ".xml"), text)
    return out.getvalue()


def paragraph(*runs: str) -> str:
    return "<w:p>" + "".join(f"<w:r><w:t>{run}</w:t></w:r>" for run in runs) + "</w:p>"


def test_a_marking_split_over_runs_of_a_document() -> None:
    content = archive(word__document_xml=WORD.format(paragraph("Số 12") + paragraph("TỐI", " MẬT")))
    assert marked_secret_file(content, "a.docx") == "TỐI MẬT"


def test_a_marking_in_a_page_head() -> None:
    assert marked_secret_file(archive(word__header1_xml=WORD.format(paragraph("MẬT"))), "a.docx") == "MẬT"


def test_a_cell_of_a_workbook() -> None:
    shared = "<sst><si><t>Mật độ</t></si><si><r><t>Độ mật: </t></r><r><t>Mật</t></r></si></sst>"
    assert marked_secret_file(archive(xl__sharedStrings_xml=shared), "a.xlsx") == "MẬT"


def test_plain_documents_pass() -> None:
    content = archive(word__document_xml=WORD.format(paragraph("Bảo vệ bí mật nhà nước")))
    assert marked_secret_file(content, "Báo cáo.docx") == ""


def test_the_name_of_a_picture() -> None:
    assert marked_secret_file(b"\x89PNG\r\n\x1a\n", "ban-quet_MẬT.png") == "MẬT"


def test_words_of_a_pdf_with_a_table_to_unicode() -> None:
    table = b"beginbfchar\n<0001> <004D>\n<0002> <1EAC>\n<0003> <0054>\nendbfchar"
    shown = b"BT <000100020003> Tj ET"
    parts = [b"stream\n" + zlib.compress(one) + b"\nendstream" for one in (table, shown)]
    assert marked_secret_file(b"%PDF-1.7\n" + b"\n".join(parts), "a.pdf") == "MẬT"


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04 broken", b"%PDF-1.7 stream\nx", archive(word__document_xml="<w:p>"), b"\xff\xd8\xff"],
)
def test_what_cannot_be_read_gives_nothing(content: bytes) -> None:
    assert list(lines_of(content)) == []


def test_an_entity_is_not_expanded() -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a 'MẬT'>]><w:document xmlns:w='w'><w:p><w:t>&a;</w:t></w:p></w:document>"
    assert marked_secret_file(archive(word__document_xml=bomb), "a.docx") == ""


def test_a_large_sheet_is_read_without_being_kept() -> None:
    """A tree of it would take gigabytes, and minutes."""
    rows = '<row r="1">' + '<c r="A1"/>' * 1_000_000 + "</row>"
    shared = (
        f"<worksheet><sheetData>{rows}</sheetData><headerFooter><oddHeader>MẬT</oddHeader></headerFooter></worksheet>"
    )
    content = archive(xl__worksheets__sheet1_xml=shared)
    tracemalloc.start()
    started = time.process_time()
    assert marked_secret_file(content, "a.xlsx") == "MẬT"
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8 * 2**20
    assert time.process_time() - started < 20
