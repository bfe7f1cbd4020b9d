"""Make the DOCX templates of packs/justice-vn/templates: tai-lieu-hop, thong-bao-ket-luan and bao-cao-bang-loi.

    python scripts/build_docx_templates.py

They say what the Typst templates beside them say, in the layout of Nghị định 30/2020/NĐ-CP, with the tags of docxtpl:
`{%p … %}` stands for its whole paragraph, `{%tr … %}` for its row, `{%tc … %}` for its cell. The results are committed;
a rebuild gives the same bytes. Data: giaoban.documents.rules.papers.
"""

from __future__ import annotations

import zipfile
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor

TEMPLATES = Path(__file__).resolve().parent.parent / "packs/justice-vn/templates"
FONT = "Times New Roman"
BODY_POINTS = 13
LEFT, CENTRE, RIGHT, JUSTIFY = (
    WD_ALIGN_PARAGRAPH.LEFT,
    WD_ALIGN_PARAGRAPH.CENTER,
    WD_ALIGN_PARAGRAPH.RIGHT,
    WD_ALIGN_PARAGRAPH.JUSTIFY,
)
TWIPS_PER_MM = 56.6929


def main() -> None:
    """Write the templates."""
    papers = {
        "tai-lieu-hop.docx": briefing_book,
        "thong-bao-ket-luan.docx": conclusion_notice,
        "bao-cao-bang-loi.docx": narrative_report,
    }
    for name, content in papers.items():
        document = new_document()
        head(document)
        content(document)
        tail(document)
        (TEMPLATES / name).write_bytes(packed(document))
        print(name)


def briefing_book(document: Any) -> None:
    """Chapters; a chapter with a table too wide for an upright page gets sections of its own, turned."""
    tag(document, "p for section in sections")
    tag(document, "p if section.turns_in")
    section_break(document, landscape=False, title_page="section.first_turn")
    tag(document, "p endif")
    paragraph(document, "{{ section.heading }}", style="Heading 1")
    tag(document, "p for words in section.paragraphs")
    paragraph(document, "{{ words }}", indent_mm=10)
    tag(document, "p endfor")
    paper_tables(document, "section.tables")
    tag(document, "p for list in section.lists")
    tag(document, "p if list.title")
    paragraph(document, "{{ list.title }}", bold=True, align=LEFT, keep=True)
    tag(document, "p endif")
    dashed(document, "item", "list['items']")  # a dict has a method items
    tag(document, "p endfor")
    tag(document, "p if section.turns_out")
    section_break(document, landscape=True)
    tag(document, "p endif")
    tag(document, "p endfor")
    tag(document, "p if attachments")
    paragraph(document, "Tài liệu kèm theo", style="Heading 1")
    tag(document, "p for title in attachments")
    hanging(document, "{{ loop.index }}. {{ title }}")
    tag(document, "p endfor")
    tag(document, "p endif")
    last = document.element.body.sectPr
    for name in ("w:titlePg", "w:docGrid"):
        last.remove(last.find(qn(name)))
    add_title_page(last, "not has_landscape")


def conclusion_notice(document: Any) -> None:
    """Opening, facts of the meeting, numbered conclusions with their assignments, closing."""
    tag(document, "p for words in intro")
    paragraph(document, "{{ words }}", indent_mm=10)
    tag(document, "p endfor")
    dashed(document, "fact", "meeting")
    tag(document, "p for paragraph in paragraphs")
    line = paragraph(document, "", indent_mm=10)
    run(line, "{{ paragraph.number }}", bold=True)
    run(line, " ")
    run(line, "{{ paragraph.kind }}", italic=True)
    run(line, " {{ paragraph.text }}")
    dashed(document, "words", "paragraph.lines")
    paper_tables(document, "paragraph.tables")
    tag(document, "p endfor")
    tag(document, "p if closing")
    paragraph(document, "{{ closing }}", indent_mm=10)
    tag(document, "p endif")


def narrative_report(document: Any) -> None:
    """A flat list of headings, paragraphs, items and tables, each printed as its kind says."""
    plain_style(document.styles["Heading 2"], bold=True)
    second = document.styles["Heading 2"].paragraph_format
    second.space_before, second.space_after, second.keep_with_next = Pt(8), Pt(4), True
    tag(document, "p for part in parts")
    tag(document, "p if part.kind == 'h1'")
    paragraph(document, "{{ part.text }}", style="Heading 1")
    tag(document, "p elif part.kind == 'h2'")
    paragraph(document, "{{ part.text }}", style="Heading 2")
    for keep in (True, False):  # the last one stays with the signature
        last = "part.last and " if keep else ""
        tag(document, f"p elif {last}part.kind == 'p'")
        sourced(paragraph(document, "{{ part.text }}", indent_mm=10, keep=keep))
        tag(document, f"p elif {last}part.kind == 'li'")
        sourced(hanging(document, "- {{ part.text }}", keep=keep))
    tag(document, "p else")
    paper_tables(document, "part.tables")
    tag(document, "p if part.source")
    paragraph(document, "{{ part.source }}", italic=True, align=RIGHT, points=11)
    tag(document, "p endif")
    tag(document, "p endif")
    tag(document, "p endfor")
    tag(document, "p if attachments")
    paragraph(document, "Tài liệu kèm theo", style="Heading 1")
    tag(document, "p for title in attachments")
    tag(document, "p if loop.last")
    hanging(document, "{{ loop.index }}. {{ title }}", keep=True)
    tag(document, "p else")
    hanging(document, "{{ loop.index }}. {{ title }}")
    tag(document, "p endif")
    tag(document, "p endfor")
    tag(document, "p endif")


def sourced(line: Any) -> None:
    """Whose paragraph it is, behind it, where the paper names it."""
    run(line, "{% if part.source %} {{ part.source }}{% endif %}", italic=True)


def new_document() -> Any:
    """An empty A4 page with margins, fonts, header (band, page number from page 2) and footer of the layout."""
    document = Document()
    properties = document.core_properties
    properties.author, properties.title, properties.comments, properties.language = "", "", "", "vi-VN"
    properties.created = properties.modified = datetime(2026, 1, 1, tzinfo=UTC)
    for style_name, bold in (("Normal", False), ("Heading 1", True), ("Header", False), ("Footer", False)):
        plain_style(document.styles[style_name], bold=bold)
    heading = document.styles["Heading 1"].paragraph_format
    heading.space_before, heading.space_after, heading.keep_with_next = Pt(12), Pt(6), True
    normal = document.styles["Normal"].paragraph_format
    normal.space_before, normal.space_after, normal.line_spacing = Pt(0), Pt(6), 1.0
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = section.right_margin = Mm(20)
    section.left_margin = Mm(30)
    section.header_distance, section.footer_distance = Mm(4), Mm(8)
    section.different_first_page_header_footer = True
    for page_header, numbered in ((section.first_page_header, False), (section.header, True)):
        header(page_header, numbered=numbered)
    for page_footer in (section.first_page_footer, section.footer):
        page_footer.is_linked_to_previous = False
        first = page_footer.paragraphs[0]
        first.paragraph_format.space_after = Pt(0)
        run(first, "{{ footer }}", italic=True, points=9)
    return document


def plain_style(style: Any, *, bold: bool) -> None:
    """The one face in the size of the body, black, whatever theme the document came with."""
    style.font.name, style.font.size, style.font.bold = FONT, Pt(BODY_POINTS), bold
    style.font.color.rgb = RGBColor(0, 0, 0)
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{theme}"), None)
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), FONT)


def header(page_header: Any, *, numbered: bool) -> None:
    """The striped band, where the paper has one, over the page number."""
    page_header.is_linked_to_previous = False
    opening = page_header.paragraphs[0]
    opening.add_run("{%p if band %}")
    table = page_header.add_table(1, 3, Mm(160))
    fix_widths(table, (40, 80, 40))
    borders(table, "single")
    for at in (0, 2):
        shading = OxmlElement("w:shd")
        for key, value in {"val": "diagStripe", "color": "787878", "fill": "FFFFFF"}.items():
            shading.set(qn(f"w:{key}"), value)
        table.rows[0].cells[at]._tc.get_or_add_tcPr().append(shading)
    words = table.rows[0].cells[1].paragraphs[0]
    words.alignment = CENTRE
    run(words, "{{ band }}", bold=True, points=10)
    for cell in table.rows[0].cells:
        cell.paragraphs[0].paragraph_format.space_after = Pt(0)
    page_header.add_paragraph().add_run("{%p else %}")
    gap(page_header, 12)
    page_header.add_paragraph().add_run("{%p endif %}")
    number = page_header.add_paragraph()
    number.alignment = CENTRE
    number.paragraph_format.space_after = Pt(0)
    if numbered:
        page_field(number)


def page_field(line: Any) -> None:
    """A field that prints the number of its page."""
    for kind, instruction in (("begin", ""), ("", "PAGE"), ("end", "")):
        piece = run(line, "")._r
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = instruction
        piece.append(mark)


def head(document: Any) -> None:
    """Issuing body and number at the left; national title, motto, date at the right; type and subject below."""
    table = document.add_table(2, 2)
    fix_widths(table, (68, 92))
    no_room_inside(table)  # the national title is one line
    left, right = table.rows[0].cells
    tag(left, "p if superior", first=True)
    cell_line(left, "{{ superior }}", points=12)
    tag(left, "p endif")
    cell_line(left, "{{ body }}", points=12, bold=True)
    short_rule(left, inset_mm=25)
    cell_line(right, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", points=12, bold=True, first=True)
    cell_line(right, "Độc lập - Tự do - Hạnh phúc", points=13, bold=True)
    short_rule(right, inset_mm=17)
    cell_line(table.rows[1].cells[0], "{{ number_line }}", points=13, first=True)
    cell_line(table.rows[1].cells[1], "{{ date_line }}", points=13, italic=True, first=True)
    title = paragraph(document, "{{ doc_type }}", bold=True, align=CENTRE, points=14, keep=True)
    title.paragraph_format.space_before, title.paragraph_format.space_after = Pt(14), Pt(2)
    subject = paragraph(document, "{{ subject }}", bold=True, align=CENTRE, points=14, keep=True)
    subject.paragraph_format.space_after = Pt(0)
    short_rule(document, inset_mm=55)
    tag(document, "p for remark in remarks")
    paragraph(document, "{{ remark }}", italic=True, align=CENTRE, points=12)
    tag(document, "p endfor")
    gap(document, 8)


def tail(document: Any) -> None:
    """Nơi nhận at the left, signature at the right, in one row that no page break parts."""
    tag(document, "p if signed or recipients")
    gap(document, 12, keep=True)
    table = document.add_table(1, 2)
    fix_widths(table, (80, 80))
    no_room_inside(table)
    unsplit(table.rows[0])
    left, right = table.rows[0].cells
    tag(left, "p if recipients", first=True)
    cell_line(left, "Nơi nhận:", points=12, bold=True, italic=True, align=LEFT)
    tag(left, "p for recipient in recipients")
    cell_line(left, "{{ recipient }}", points=11, align=LEFT)
    tag(left, "p endfor")
    tag(left, "p endif")
    cell_line(left, "", points=11)
    tag(right, "p if signed", first=True)
    tag(right, "p for words in authority_lines")
    cell_line(right, "{{ words }}", points=13, bold=True)
    tag(right, "p endfor")
    cell_line(right, "{{ signer_title }}", points=13, bold=True).paragraph_format.space_after = Mm(24)
    cell_line(right, "{{ signer_name }}", points=13, bold=True)
    tag(right, "p endif")
    cell_line(right, "", points=11)
    tag(document, "p endif")
    gap(document, 1)


def paper_tables(document: Any, source: str) -> None:
    """A loop over laid-out tables: any number of columns, repeated header, rows that are never split."""
    tag(document, f"p for t in {source}")
    tag(document, "p if t.title")
    paragraph(document, "{{ t.title }}", bold=True, align=LEFT, keep=True)
    tag(document, "p endif")
    tag(document, "p if t.unit_note")
    paragraph(document, "{{ t.unit_note }}", italic=True, align=RIGHT, points=11, keep=True)
    tag(document, "p endif")
    table = document.add_table(0, 3)
    fix_widths(table, ())
    borders(table, "single")
    looped_row(table, "cells in t.header_rows", "cell in cells", "{{ cell.text }}", "center", "1", header=True)
    looped_row(table, "row in t.rows", "cell in row.cells", "{{ cell.text }}", "{{ cell.align }}", "{{ row.bold|int }}")
    grid(table)
    tag(document, "p for note in t.notes")
    paragraph(document, "{{ note }}", italic=True, align=LEFT, points=11)
    tag(document, "p endfor")
    gap(document, 8)
    tag(document, "p endfor")


def looped_row(table: Any, rows: str, cells: str, text: str, align: str, bold: str, *, header: bool = False) -> None:
    """Three rows: the loop's opening tag, the row itself with a loop over its cells, the closing tag."""
    tag_row(table, f"tr for {rows}")
    row = table.add_row()
    unsplit(row, header=header)
    opening, middle, closing = row.cells
    for cell, words in ((opening, f"{{%tc for {cells} %}}"), (closing, "{%tc endfor %}")):
        cell.paragraphs[0].add_run(words)
    line = middle.paragraphs[0]
    line.paragraph_format.space_after = Pt(0)
    properties = line._p.get_or_add_pPr()
    properties.append(parse_xml(f'<w:jc {nsdecls("w")} w:val="{align}"/>'))
    content = run(line, text)
    content._r.get_or_add_rPr().append(parse_xml(f'<w:b {nsdecls("w")} w:val="{bold}"/>'))
    for size in ("sz", "szCs"):
        content._r.get_or_add_rPr().append(parse_xml(f'<w:{size} {nsdecls("w")} w:val="{{{{ t.half_points }}}}"/>'))
    cell_properties = middle._tc.get_or_add_tcPr()
    width = cell_properties.find(qn("w:tcW"))
    width.set(qn("w:type"), "dxa")
    width.set(qn("w:w"), "{{ t.widths_twips[loop.index0] }}")
    cell_properties.append(parse_xml(f'<w:vAlign {nsdecls("w")} w:val="center"/>'))
    tag_row(table, "tr endfor")


def grid(table: Any) -> None:
    """Column widths from the data: the grid repeats one column per width."""
    columns = table._tbl.tblGrid
    for column in list(columns)[1:]:
        columns.remove(column)
    columns.text = "{% for width in t.widths_twips %}"
    columns[0].set(qn("w:w"), "{{ width }}")
    columns[0].tail = "{% endfor %}"


def section_break(document: Any, *, landscape: bool, title_page: str | None = None) -> None:
    """A paragraph that ends a section; headers and footers go on. title_page: condition under which page 1 differs."""
    line = gap(document, 1)
    wide, high = (297, 210) if landscape else (210, 297)
    turned = f' w:orient="{WD_ORIENT.LANDSCAPE.name.lower()}"' if landscape else ""
    properties = parse_xml(
        f"<w:sectPr {nsdecls('w')}>"
        f'<w:pgSz w:w="{twips(wide)}" w:h="{twips(high)}"{turned}/>'
        f'<w:pgMar w:top="{twips(20)}" w:right="{twips(20)}" w:bottom="{twips(20)}" w:left="{twips(30)}"'
        f' w:header="{twips(4)}" w:footer="{twips(8)}" w:gutter="0"/>'
        "</w:sectPr>"
    )
    if title_page:
        for reference in reversed(document.element.body.sectPr.xpath("w:headerReference | w:footerReference")):
            properties.insert(0, deepcopy(reference))
        add_title_page(properties, title_page)
    line._p.get_or_add_pPr().append(properties)


def add_title_page(properties: Any, condition: str) -> None:
    """`titlePg` (page 1 without a number) only where the condition holds in the data."""
    properties[-1].tail = f"{{% if {condition} %}}"
    mark = OxmlElement("w:titlePg")
    mark.tail = "{% endif %}"
    properties.append(mark)


def tag(place: Any, words: str, *, first: bool = False) -> None:
    """A paragraph that is nothing but a tag of docxtpl."""
    line = place.paragraphs[0] if first else place.add_paragraph()
    line.add_run(f"{{%{words} %}}")


def tag_row(table: Any, words: str) -> None:
    """A row that is nothing but a tag of docxtpl."""
    table.add_row().cells[0].paragraphs[0].add_run(f"{{%{words} %}}")


def paragraph(
    document: Any,
    text: str,
    *,
    style: str | None = None,
    bold: bool = False,
    italic: bool = False,
    align: Any = JUSTIFY,
    points: int = BODY_POINTS,
    indent_mm: int = 0,
    keep: bool = False,
) -> Any:
    """A paragraph of the body; keep: stays on the page of the next."""
    line = document.add_paragraph(style=style)
    line.alignment = LEFT if style else align
    line.paragraph_format.keep_with_next = keep or None
    if indent_mm:
        line.paragraph_format.first_line_indent = Mm(indent_mm)
    if style:
        line.add_run(text)
    elif text:
        run(line, text, bold=bold, italic=italic, points=points)
    return line


def gap(document: Any, points: int, *, keep: bool = False) -> Any:
    """An empty paragraph of this height."""
    line = document.add_paragraph()
    line.paragraph_format.space_after, line.paragraph_format.line_spacing = Pt(0), Pt(points)
    line.paragraph_format.keep_with_next = keep or None
    return line


def dashed(document: Any, name: str, source: str) -> None:
    """A loop over texts, each with a dash."""
    tag(document, f"p for {name} in {source}")
    hanging(document, f"- {{{{ {name} }}}}")
    tag(document, "p endfor")


def hanging(document: Any, text: str, *, keep: bool = False) -> Any:
    """A paragraph whose further lines start a little to the right of its first."""
    line = paragraph(document, text, keep=keep)
    line.paragraph_format.left_indent, line.paragraph_format.first_line_indent = Mm(12.4), Mm(-2.4)
    line.paragraph_format.space_after = Pt(3)
    return line


def cell_line(
    cell: Any,
    text: str,
    *,
    points: int,
    bold: bool = False,
    italic: bool = False,
    align: Any = CENTRE,
    first: bool = False,
) -> Any:
    """A line in a cell of the head or the tail; first: in the paragraph that the cell already has."""
    line = cell.paragraphs[0] if first else cell.add_paragraph()
    line.alignment = align
    line.paragraph_format.space_after = Pt(0)
    run(line, text, bold=bold, italic=italic, points=points)
    return line


def short_rule(place: Any, *, inset_mm: int) -> None:
    """A thin rule in the middle, `inset_mm` short of the edges on both sides: an empty paragraph's upper border."""
    line = place.add_paragraph()
    line.paragraph_format.left_indent = line.paragraph_format.right_indent = Mm(inset_mm)
    line.paragraph_format.space_before, line.paragraph_format.space_after = Pt(2), Pt(4)
    line.paragraph_format.line_spacing = Pt(4)
    edge = f'<w:pBdr {nsdecls("w")}><w:top w:val="single" w:sz="6" w:space="0" w:color="000000"/></w:pBdr>'
    line._p.get_or_add_pPr().insert_element_before(
        parse_xml(edge), "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def run(line: Any, text: str, *, bold: bool = False, italic: bool = False, points: int | None = None) -> Any:
    """A piece of text of one look."""
    piece = line.add_run(text)
    piece.bold, piece.italic = bold or None, italic or None
    if points:
        piece.font.size = Pt(points)
    return piece


def fix_widths(table: Any, widths_mm: tuple[int, ...]) -> None:
    """Fixed layout; widths in millimetres for each column, none where the data give them."""
    table.autofit = False
    for row in table.rows:
        for cell, width in zip(row.cells, widths_mm, strict=True):
            cell.width = Mm(width)
    for column, width in zip(table.columns if widths_mm else (), widths_mm, strict=True):
        column.width = Mm(width)


def borders(table: Any, kind: str) -> None:
    """Thin lines around every cell, and a little room inside."""
    properties = table._tbl.tblPr
    edges = "".join(
        f'<w:{edge} w:val="{kind}" w:sz="4" w:space="0" w:color="000000"/>'
        for edge in ("top", "left", "bottom", "right", "insideH", "insideV")
    )
    properties.append(parse_xml(f"<w:tblBorders {nsdecls('w')}>{edges}</w:tblBorders>"))
    layout = properties.find(qn("w:tblLayout"))
    if layout is not None:
        properties.remove(layout)
        properties.append(layout)
    sides = "".join(
        f'<w:{side} w:w="{twips(size)}" w:type="dxa"/>'
        for side, size in (("top", 0.8), ("left", 1.4), ("bottom", 0.8), ("right", 1.4))
    )
    properties.append(parse_xml(f"<w:tblCellMar {nsdecls('w')}>{sides}</w:tblCellMar>"))
    look = properties.find(qn("w:tblLook"))
    if look is not None:
        properties.remove(look)


def no_room_inside(table: Any) -> None:
    """Words may use the whole width of a cell."""
    sides = "".join(f'<w:{side} w:w="0" w:type="dxa"/>' for side in ("left", "right"))
    margins = parse_xml(f"<w:tblCellMar {nsdecls('w')}>{sides}</w:tblCellMar>")
    table._tbl.tblPr.find(qn("w:tblLook")).addprevious(margins)


def unsplit(row: Any, *, header: bool = False) -> None:
    """A row that stays on one page; header: repeated on every page."""
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if header:
        properties.append(OxmlElement("w:tblHeader"))


def twips(millimetres: float) -> int:
    """Word's unit: a twentieth of a point."""
    return round(millimetres * TWIPS_PER_MM)


def packed(document: Any) -> bytes:
    """The file with every member dated alike, so that a rebuild gives the same bytes."""
    saved, fixed = BytesIO(), BytesIO()
    document.save(saved)
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(fixed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), source.read(name), zipfile.ZIP_DEFLATED)
    return fixed.getvalue()


if __name__ == "__main__":
    main()
