"""The files themselves: fonts, letters, literal text, the same words in PDF and DOCX."""

import re
from collections.abc import Mapping
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from pypdf import PdfReader

from giaoban.documents import rendering
from giaoban.documents.rules.papers import NOT_A_LEGAL_FORM, SIMULATED, lay_out
from giaoban.documents.tests import samples

NARROW_SIGNS = "≥ ≤ → ✕ ▲ ▼"
HOSTILE = (samples.ACCENTED, *samples.INJECTIONS)


def pdf(key: str, data: Mapping[str, Any]) -> PdfReader:
    folder = samples.TEMPLATES
    assets = {"nd30.typ": (folder / "nd30.typ").read_bytes()}
    return PdfReader(BytesIO(rendering.pdf_from((folder / f"{key}.typ").read_bytes(), lay_out(data), assets)))


def docx_text(key: str, data: Mapping[str, Any]) -> str:
    filled = rendering.docx_from((samples.TEMPLATES / f"{key}.docx").read_bytes(), lay_out(data))
    document: Any = Document(BytesIO(filled))
    return "\n".join(docx_lines(document))


def docx_lines(document: Any) -> list[str]:
    """Headers, then the body in reading order, then footers."""
    first = document.sections[0]
    lines = [
        cell.text
        for header in (first.first_page_header, first.header)
        for table in header.tables
        for cell in table.rows[0].cells
    ]
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            lines += [cell.text for row in block.rows for cell in row.cells]
        else:
            lines.append(block.text)
    return [*lines, *(line.text for line in first.footer.paragraphs)]


def text_of(reader: PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def squeezed(text: str) -> str:
    """Without blanks: line ends and table cells fall differently in each format."""
    return re.sub(r"\s+", "", text)


def font_names(reader: PdfReader) -> dict[str, bool]:
    """Each face of the file, and whether its outlines are inside."""
    faces = {}
    for page in reader.pages:
        for reference in page["/Resources"]["/Font"].values():  # type: ignore[index]
            font = reference.get_object()
            descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
            faces[str(font["/BaseFont"])] = any(f"/FontFile{kind}" in descriptor for kind in ("", "2", "3"))
    return faces


PAPERS: list[tuple[str, Mapping[str, Any]]] = [
    ("tai-lieu-hop", samples.briefing_book(extra=HOSTILE)),
    ("tai-lieu-hop", samples.briefing_book(columns=13, rows=60, extra=HOSTILE)),
    ("thong-bao-ket-luan", samples.conclusion_notice(extra=HOSTILE)),
    ("bieu-thong-ke", samples.statistical_form(extra=HOSTILE)),
]


@pytest.mark.parametrize(("key", "data"), PAPERS, ids=["book", "wide-book", "notice", "form"])
def test_pdf_holds_only_tinos_and_every_letter(key: str, data: Mapping[str, Any]) -> None:
    reader = pdf(key, data)
    faces = font_names(reader)
    assert faces
    assert all(re.fullmatch(r"/[A-Z]{6}\+Tinos-(Regular|Bold|Italic|BoldItalic)", face) for face in faces), faces
    assert all(faces.values()), "a face is not embedded"
    text = squeezed(text_of(reader))
    assert squeezed(samples.ACCENTED) in text
    for injected in samples.INJECTIONS:
        assert squeezed(injected) in text


def test_pangram_has_all_letters_of_the_alphabet() -> None:
    assert len(samples.ACCENTED) == len(set(samples.ACCENTED)) == 134


@pytest.mark.parametrize(("key", "data"), PAPERS[:3], ids=["book", "wide-book", "notice"])
def test_docx_shows_the_same_words_literally(key: str, data: Mapping[str, Any]) -> None:
    text = squeezed(docx_text(key, data))
    assert squeezed(samples.ACCENTED) in text
    for injected in samples.INJECTIONS:
        assert squeezed(injected) in text


@pytest.mark.parametrize(("key", "data"), PAPERS[:3], ids=["book", "wide-book", "notice"])
def test_pdf_and_docx_say_the_same(key: str, data: Mapping[str, Any]) -> None:
    in_pdf, in_docx = squeezed(text_of(pdf(key, data))), squeezed(docx_text(key, data))
    texts = [text for text in every_text(lay_out(data)) if text]
    assert len(texts) > 40
    assert [text for text in texts if squeezed(text) not in in_docx] == []
    # A word that pypdf reads in two columns is cut by its neighbour's lines: compare word by word.
    assert [text for text in texts if not all(squeezed(word) in in_pdf for word in text.split())] == []


def every_text(value: Any) -> list[str]:
    """Every text that a laid-out paper prints."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        silent = {"document_title", "align"}
        return [text for key, inner in value.items() if key not in silent for text in every_text(inner)]
    if isinstance(value, list):
        return [text for inner in value for text in every_text(inner)]
    return []


def test_long_table_repeats_its_header_and_simulated_band_is_on_every_page() -> None:
    reader = pdf("tai-lieu-hop", samples.briefing_book(rows=120))
    assert len(reader.pages) >= 4
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        assert SIMULATED in text
        if "Phòng Tư pháp huyện số" in text and "13/15" not in text:
            assert "Chứng thực" in text
        assert (str(number) in text.split("\n")) == (number > 1), "page number from page 2 on"


def test_barest_paper_prints() -> None:
    book = samples.briefing_book()
    book["sections"], book["attachments"], book["recipients"], book["superior"] = [], [], [], None
    del book["signer"], book["number"], book["symbol"]
    for text in (text_of(pdf("tai-lieu-hop", book)), docx_text("tai-lieu-hop", book)):
        assert "TÀI LIỆU HỌP" in text
        assert "Số:" not in text
        assert "Nơi nhận" not in text
    form = samples.statistical_form()
    form["signatures"], form["tables"][0]["rows"], form["tables"][0]["column_numbers"] = [], [], None
    assert "Quá hạn" in text_of(pdf("bieu-thong-ke", form))


def test_real_figures_carry_no_band() -> None:
    notice = samples.conclusion_notice(simulated=False)
    assert SIMULATED not in text_of(pdf("thong-bao-ket-luan", notice))
    assert SIMULATED not in docx_text("thong-bao-ket-luan", notice)


def test_form_that_is_no_legal_form_says_so_on_every_page() -> None:
    reader = pdf("bieu-thong-ke", samples.statistical_form(rows=80))
    assert len(reader.pages) > 2
    assert all(NOT_A_LEGAL_FORM in page.extract_text() and SIMULATED in page.extract_text() for page in reader.pages)
    assert NOT_A_LEGAL_FORM not in text_of(pdf("bieu-thong-ke", samples.statistical_form(official=True)))


@pytest.mark.parametrize("rows", range(6, 30, 3))
def test_signatures_never_stand_on_a_page_without_lines_of_the_form(rows: int) -> None:
    last = pdf("bieu-thong-ke", samples.statistical_form(rows=rows)).pages[-1].extract_text()
    assert f"Xã số {rows}" in last
    assert "NGƯỜI LẬP BIỂU" in last


def test_same_data_give_the_same_pdf() -> None:
    source = (samples.TEMPLATES / "bieu-thong-ke.typ").read_bytes()
    assets = {"nd30.typ": (samples.TEMPLATES / "nd30.typ").read_bytes()}
    data = lay_out(samples.statistical_form())
    assert rendering.pdf_from(source, data, assets) == rendering.pdf_from(source, data, assets)


def test_decomposed_letters_and_control_letters_are_mended() -> None:
    decomposed = "Ti\u0065\u0302\u0301ng Vi\u0065\u0323\u0302t"
    assert rendering.plain({"a": [f"{decomposed}\f\x07\x00"]}) == {"a": ["Tiếng Việt"]}
    notice = samples.conclusion_notice(extra=(f"{decomposed}\f\x07\x00 hết",))
    assert "Tiếng Việt hết" in text_of(pdf("thong-bao-ket-luan", notice))
    assert "Tiếng Việt hết" in docx_text("thong-bao-ket-luan", notice)


def test_signs_without_a_letter_in_tinos_become_words() -> None:
    text = text_of(pdf("thong-bao-ket-luan", samples.conclusion_notice(extra=(NARROW_SIGNS,))))
    assert ">= <= -> × ↑ ↓" in text


def test_missing_name_is_an_error_in_both_engines() -> None:
    laid = dict(lay_out(samples.conclusion_notice()))
    del laid["closing"]
    with pytest.raises(rendering.RenderingError, match="closing"):
        rendering.docx_from((samples.TEMPLATES / "thong-bao-ket-luan.docx").read_bytes(), laid)
    assets = {"nd30.typ": (samples.TEMPLATES / "nd30.typ").read_bytes()}
    with pytest.raises(rendering.RenderingError, match="closing"):
        rendering.pdf_from((samples.TEMPLATES / "thong-bao-ket-luan.typ").read_bytes(), laid, assets)


def test_template_cannot_read_outside_its_folder() -> None:
    with pytest.raises(rendering.RenderingError):
        rendering.pdf_from(b'#read("/etc/hostname")', {})
    with pytest.raises(rendering.RenderingError):
        rendering.pdf_from(b'#read("../../../../etc/hostname")', {})


def test_docx_template_cannot_reach_python() -> None:
    document: Any = Document()
    document.add_paragraph("{{ name.__class__.__mro__ }}")
    template = BytesIO()
    document.save(template)
    with pytest.raises(rendering.RenderingError):
        rendering.docx_from(template.getvalue(), {"name": "x"})


def test_docx_names_times_new_roman_and_turns_wide_pages() -> None:
    data = lay_out(samples.briefing_book(columns=13))
    filled = rendering.docx_from((samples.TEMPLATES / "tai-lieu-hop.docx").read_bytes(), data)
    document: Any = Document(BytesIO(filled))
    assert document.styles["Normal"].font.name == "Times New Roman"
    assert [section.orientation.name for section in document.sections] == ["PORTRAIT", "LANDSCAPE", "PORTRAIT"]
    assert [section.different_first_page_header_footer for section in document.sections] == [True, False, False]
    wide = document.tables[1]
    assert all(row._tr.trPr.xpath("w:cantSplit") for row in wide.rows)
    assert wide.rows[0]._tr.trPr.xpath("w:tblHeader")
    assert not wide.rows[1]._tr.trPr.xpath("w:tblHeader")


def test_bundled_faces() -> None:
    assert rendering.font_faces() == ["Tinos italic 400", "Tinos italic 700", "Tinos normal 400", "Tinos normal 700"]
