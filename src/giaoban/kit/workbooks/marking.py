"""A copy of an .xlsx with remarks: a comment and a colour at each cell, and a first sheet that lists them with links.

Runs in the limited process only (`giaoban.kit.workbooks.child`). The formatting of the file is kept. A copy that comes
back and is marked again loses the remarks of the last time first.
"""

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any, Final

import openpyxl
from openpyxl.cell import MergedCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import coordinate_to_tuple
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties

ERROR_FILL: Final = "FFFFC7CE"
OTHER_FILL: Final = "FFFFEB9C"
FONT: Final = "Times New Roman"
FIRST_ROW: Final = 5  # title, how to go on, an empty row, the headings
WIDTHS: Final = (6, 20, 10, 46, 60, 60)
LINK_COLUMN: Final = 3
KEPT_COLUMN: Final = len(WIDTHS) + 1
"""Hidden: the colour that the cell had; beside it the comment that a person had written there, and that person."""
KEPT_WIDTH: Final = 3
LINE_LETTERS: Final = 58
"""Letters of the widest column on one line, for the height of a row."""

_Kept = tuple[str, str, str]
"""Colour, comment, author of the comment."""


def marked(content: bytes, asked: Mapping[str, Any]) -> bytes:
    """asked: `remarks` and `values` as `opening.Reader.mark` takes them.

    `words`: `author` of the comments, name of the `list`, its `title`, `how` to go on, six `headings`.
    """
    book = openpyxl.load_workbook(BytesIO(content))
    words = asked["words"]
    _forget(book, words["list"], words["author"])
    for sheet, row, column, value in asked["values"]:
        cell = _anchor(book[sheet], row, column)
        cell.value = _plain(value)
        if isinstance(value, str):
            cell.data_type = "s"
    remarks = [{name: _plain(value) for name, value in remark.items()} for remark in asked["remarks"]]
    listed = [(remark, *_mark(book, remark, words["author"])) for remark in remarks]
    _list(book, listed, words)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def _plain(value: Any) -> Any:
    """Without the signs that an .xlsx cannot hold, which other kinds of file can."""
    return ILLEGAL_CHARACTERS_RE.sub(" ", value) if isinstance(value, str) else value


def _forget(book: Any, name: str, author: str) -> None:
    """Take the list and the comments of an earlier copy away, and give the cells what they had before."""
    for page in book.worksheets:
        for row in page.iter_rows():
            for cell in row:
                if cell.comment is not None and cell.comment.author == author:
                    cell.comment = None
    if name in book.sheetnames and len(book.sheetnames) > 1:
        page = book[name]
        for row in reversed(list(page.iter_rows(min_row=FIRST_ROW))):  # of two remarks at a cell the first one knows
            _give_back(book, row)
        book.remove(page)


def _give_back(book: Any, row: Any) -> None:
    """The colour and the comment of a cell, as a row of the list kept them."""
    link = row[LINK_COLUMN - 1].hyperlink if len(row) >= KEPT_COLUMN else None
    sheet, _, address = (link.location or "").rpartition("!") if link else ("", "", "")
    sheet = sheet.strip("'").replace("''", "'")
    if sheet not in book.sheetnames or not address:
        return
    colour, said, who = [*(str(one.value or "") for one in row[KEPT_COLUMN - 1 :]), "", "", ""][:KEPT_WIDTH]
    cell = _anchor(book[sheet], *coordinate_to_tuple(address))
    cell.fill = PatternFill("solid", colour) if len(colour) == 8 else PatternFill()
    if said:
        cell.comment = Comment(said, who)


def _anchor(page: Any, row: int, column: int) -> Any:
    """The cell, or the one that speaks for its merged range."""
    cell = page.cell(row, column)
    if isinstance(cell, MergedCell):
        found = next(one for one in page.merged_cells.ranges if cell.coordinate in one)
        return page.cell(found.min_row, found.min_col)
    return cell


def _mark(book: Any, remark: Mapping[str, Any], author: str) -> tuple[str, _Kept]:
    """Comment and colour; gives the address, "" when the remark is of no cell, and what the cell had before: its
    colour, a person's comment, that person.
    """
    if remark["sheet"] not in book.sheetnames or not remark["row"]:
        return "", ("", "", "")
    page = book[remark["sheet"]]
    cell = _anchor(page, remark["row"], max(remark["column"], 1))
    said = f"{remark['reason']}\n{remark['remedy']}".strip()
    own = ("", "")
    if cell.comment is not None:
        said = f"{cell.comment.text}\n\n{said}"
        if cell.comment.author != author:
            own = (_plain(cell.comment.text), _plain(cell.comment.author or ""))
    before = cell.fill.start_color.rgb if cell.fill.fill_type == "solid" else ""
    cell.comment = Comment(said, author, width=320, height=40 + 18 * (len(said) // 40 + said.count("\n") + 1))
    if before != ERROR_FILL:
        cell.fill = PatternFill("solid", ERROR_FILL if remark["is_error"] else OTHER_FILL)
    colour = before if isinstance(before, str) and before not in (ERROR_FILL, OTHER_FILL) else ""
    return cell.coordinate, (colour, *own)


def _list(book: Any, listed: Iterable[tuple[Mapping[str, Any], str, _Kept]], words: Mapping[str, Any]) -> None:
    page = book.create_sheet(words["list"], 0)
    edge = Side("thin", "FF808080")
    border, wrapped = Border(edge, edge, edge, edge), Alignment(wrap_text=True, vertical="top")
    page["A1"] = words["title"]
    page["A1"].font = Font(FONT, 14, bold=True)
    page["A2"] = words["how"]
    page["A2"].font = Font(FONT, 12, italic=True)
    for column, (heading, width) in enumerate(zip(words["headings"], WIDTHS, strict=True), start=1):
        page.column_dimensions[get_column_letter(column)].width = width
        cell = page.cell(FIRST_ROW - 1, column, heading)
        cell.font, cell.border = Font(FONT, 12, bold=True), border
        cell.fill, cell.alignment = PatternFill("solid", "FFEDEDED"), Alignment(wrap_text=True, horizontal="center")
    for number, (remark, address, before) in enumerate(listed, start=1):
        row = FIRST_ROW + number - 1
        texts = (remark["sheet"], address, remark["place"], remark["reason"], remark["remedy"])
        page.cell(row, 1, number)
        for column, text in enumerate(texts, start=2):
            page.cell(row, column, text).data_type = "s"  # a text that begins with "=" is no formula
        for column in range(1, KEPT_COLUMN):
            cell = page.cell(row, column)
            cell.font, cell.border, cell.alignment = Font(FONT, 12), border, wrapped
        page.row_dimensions[row].height = 17 * max(-(-len(text) // LINE_LETTERS) for text in (*texts, "."))
        for column, text in enumerate(before, start=KEPT_COLUMN):
            page.cell(row, column, text).data_type = "s"
        if address:
            link = page.cell(row, LINK_COLUMN)
            place = "'" + remark["sheet"].replace("'", "''") + f"'!{address}"
            link.hyperlink = Hyperlink(ref=link.coordinate, location=place)
            link.font = Font(FONT, 12, underline="single", color="FF0563C1")
    for column in range(KEPT_COLUMN, KEPT_COLUMN + KEPT_WIDTH):
        page.column_dimensions[get_column_letter(column)].hidden = True
    page.freeze_panes = f"A{FIRST_ROW}"
    page.page_setup.orientation, page.page_setup.paperSize = "landscape", 9
    page.page_setup.fitToWidth, page.page_setup.fitToHeight = 1, 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    book.active = 0
    for one in book.worksheets[1:]:
        one.sheet_view.tabSelected = False
