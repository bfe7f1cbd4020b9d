"""Makes the workbook of a report: the layout of the form, input cells open, everything else locked, totals as formulas.

Beside the sheets to fill in there is one with the unit's own earlier figures, to be read only, and one for words that
explain single cells. The hidden sheet ``_meta`` says what the file is and where each line and column stood when it was
made, so that reading needs no guess.
"""

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from giaoban.core import vietnamese
from giaoban.core.figures import Figure, Figures, Line, Mark
from giaoban.core.forms import Column, FormDefinition
from giaoban.core.vietnamese import capital_first
from giaoban.reporting.rules.layout import (
    FIRST_COLUMN,
    HEAD_ROWS,
    LABEL_COLUMN,
    LinePlace,
    SheetPlan,
    SubunitNames,
    block,
    plan,
)
from giaoban.reporting.rules.reservations import mark
from giaoban.reporting.rules.typed import NIL_SIGN, NOT_APPLICABLE_SIGN
from giaoban.reporting.workbooks.calculating import calculated, formula_of, kept_digits, runs

META: Final = "_meta"
EARLIER: Final = "Số kỳ trước"
EXPLANATIONS: Final = "Giải thích"
IDS_LABEL: Final = "Mã cột"
NOTES_LABEL: Final = "Ghi chú chung (nhập vào ô dưới):"
VERSION: Final = "2"
EXPLAINED_FROM: Final = 6
EXPLAINED_TO: Final = 45
LEAST_LABEL, MOST_LABEL = 24, 40
NARROWEST, NARROW, USUAL, WIDE = 9, 11, 14, 18
"""Widths of number columns: the more columns, the narrower."""
TEXT_WIDTH: Final = 28
LINE_HEIGHT: Final = 16
INPUT, COMPUTED, HEADING, QUIET = "#FFF9E0", "#E6E6E6", "#EDEDED", "#F7F7F7"
HOW: Final = (
    f"Nhập vào ô nền vàng. “{NIL_SIGN}”: không phát sinh; “{NOT_APPLICABLE_SIGN}”: không áp dụng; "
    "để trống: chưa có số. Ô nền xám tự tính."
)
HOW_EXPLAINED: Final = (
    "Ghi tên trang tính, ô (ví dụ C12) và lời giải thích của ô đó. Để trống ô: lời giải thích chung cho mọi cảnh báo "
    "còn lại của báo cáo."
)


@dataclass(frozen=True, slots=True)
class About:
    """What the workbook says of itself: keys for reading back, words for people; `due`: the deadline."""

    form: str
    checksum: str
    unit: str
    rule: str
    period: str
    instalment: str
    unit_name: str
    receiver_name: str
    period_label: str
    window: str
    simulated: bool
    estimates: bool
    due: str = ""


@dataclass(frozen=True, slots=True)
class Earlier:
    """Figures of the unit that were accepted before. `label`: of which period, in words."""

    label: str
    figures: Figures


def make(
    form: FormDefinition,
    about: About,
    subunits: SubunitNames,
    figures: Figures,
    notes: str,
    earlier: Sequence[Earlier] = (),
) -> bytes:
    """The .xlsx with what is known so far already in its cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": f"{form.code} · {about.unit_name} · {about.period_label}"})
        maker = _Maker(book, form, about)
        sheets = plan(form, subunits, estimates=about.estimates, written=figures)
        meta: list[list[str | int]] = [
            ["version", VERSION],
            ["form", about.form],
            ["checksum", about.checksum],
            ["unit", about.unit],
            ["rule", about.rule],
            ["period", about.period],
            ["instalment", about.instalment],
        ]
        for position, sheet in enumerate(sheets):
            meta += maker.sheet(sheet, figures, notes if position == 0 else None)
        if earlier:
            maker.earlier(earlier, subunits)
        meta.append(maker.explanations(sheets[0].name if len(sheets) == 1 else ""))
        maker.meta(meta)
    return out.getvalue()


class _Maker:
    """One workbook in the making."""

    def __init__(self, book: Any, form: FormDefinition, about: About) -> None:
        self.book, self.form, self.about = book, form, about
        self.formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def format(self, **properties: Any) -> Any:
        key = tuple(sorted(properties.items()))
        if key not in self.formats:
            base = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter", "text_wrap": True}
            self.formats[key] = self.book.add_format(base | properties)
        return self.formats[key]

    def sheet(self, sheet: SheetPlan, figures: Figures, notes: str | None) -> list[list[str | int]]:
        """Write one sheet; gives its rows of ``_meta``. notes None: the sheet has no box for notes."""
        page = self.book.add_worksheet(sheet.name)
        self._columns(page, sheet)
        self._head(page, sheet)
        self._headings(page, sheet)
        page.write_string(sheet.ids_row - 1, 0, IDS_LABEL)
        page.write_string(sheet.ids_row - 1, sheet.keys_column - 1, sheet.key)
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            page.write_string(sheet.ids_row - 1, number - 1, column.id)
        page.set_row(sheet.ids_row - 1, None, None, {"hidden": True})
        page.set_column(sheet.keys_column - 1, sheet.keys_column - 1, 4, None, {"hidden": True})
        for place in sheet.lines:
            self._line(page, sheet, place, figures)
            page.write_string(place.number - 1, sheet.keys_column - 1, place.key)
        self._validate(page, sheet)
        last_row = sheet.last_row if notes is None else self._foot(page, sheet, notes)
        page.freeze_panes(sheet.first_row - 1, FIRST_COLUMN - 1)
        page.protect("", {"format_columns": True, "format_rows": True})
        self._print(page, last_row, sheet.width)
        page.repeat_rows(HEAD_ROWS, sheet.ids_row - 1)
        meta: list[list[str | int]] = [["sheet", sheet.name, sheet.key, sheet.keys_column]]
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            heading = sheet.heading(number)
            meta.append(["column", sheet.name, number, column.id, sheet.ids_row - heading.top, heading.text])
        meta += [["line", sheet.name, place.number, place.key, place.label] for place in sheet.lines]
        if notes is not None:
            meta.append(["notes", sheet.name, NOTES_LABEL])
        return meta

    def earlier(self, earlier: Sequence[Earlier], subunits: SubunitNames) -> None:
        """What the unit itself reported before, one table under the other; locked, for reading only."""
        page = self.book.add_worksheet(EARLIER)
        widest = max(self.form.tables, key=lambda table: len(table.columns))
        self._columns(page, block(widest, subunits, 1))
        width = row = 0
        for one in earlier:
            written = one.figures.keys()
            for table in self.form.tables:
                title = f"{one.label}{f' · {table.title}' if table.title else ''}"
                page.write_string(row, 0, title, self.format(bold=True, font_size=13, text_wrap=False))
                sheet = block(table, subunits, row + 2, written)
                self._headings(page, sheet)
                page.set_row(sheet.ids_row - 1, None, None, {"hidden": True})
                for place in sheet.lines:
                    self._read_only(page, sheet, place, one.figures)
                width, row = max(width, sheet.last_column), sheet.last_row + 1
        page.protect("", {"format_columns": True, "format_rows": True})
        page.freeze_panes(0, FIRST_COLUMN - 1)
        self._print(page, row, width)

    def explanations(self, sheet: str) -> list[str | int]:
        """A sheet for words about single cells; gives its row of ``_meta``. sheet: the only one there is, or ""."""
        page = self.book.add_worksheet(EXPLANATIONS)
        for column, width in enumerate((18, 10, 90)):
            page.set_column(column, column, width)
        page.write_string(0, 0, "Giải thích số liệu", self.format(bold=True, font_size=14, text_wrap=False))
        page.merge_range(1, 0, 1, 2, HOW_EXPLAINED, self.format(italic=True))
        page.set_row(1, 36)
        head = self.format(bold=True, border=1, align="center", bg_color=HEADING)
        for column, text in enumerate(("Trang tính", "Ô", "Lời giải thích")):
            page.write_string(EXPLAINED_FROM - 2, column, text, head)
        open_cell = self.format(border=1, locked=False, bg_color=INPUT, num_format="@")
        for row in range(EXPLAINED_FROM - 1, EXPLAINED_TO):
            page.write_string(row, 0, sheet, open_cell) if sheet else page.write_blank(row, 0, None, open_cell)
            for column in (1, 2):
                page.write_blank(row, column, None, open_cell)
        page.protect("", {"format_columns": True, "format_rows": True})
        self._print(page, EXPLAINED_TO, 3)
        page.freeze_panes(EXPLAINED_FROM - 1, 0)
        return ["explanations", EXPLANATIONS, EXPLAINED_FROM, EXPLAINED_TO]

    def meta(self, rows: Sequence[Sequence[str | int]]) -> None:
        page = self.book.add_worksheet(META)
        for number, row in enumerate(rows):
            for position, value in enumerate(row):
                page.write(number, position, value) if isinstance(value, int) else page.write_string(
                    number, position, value
                )
        page.very_hidden()
        page.protect()

    def _columns(self, page: Any, sheet: SheetPlan) -> None:
        page.set_column(0, 0, _label_width(sheet))
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            page.set_column(number - 1, number - 1, _width(sheet, column))
        if sheet.width > sheet.last_column:
            page.set_column(sheet.last_column, sheet.width - 1, TEXT_WIDTH)

    def _print(self, page: Any, last_row: int, last_column: int) -> None:
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        page.set_margins(0.4, 0.4, 0.5, 0.6)
        page.set_footer("&L&9&F&R&9Trang &P/&N")
        page.print_area(0, 0, last_row - 1, last_column - 1)

    def _head(self, page: Any, sheet: SheetPlan) -> None:
        """The head of the printed form: code and act at the left, title in the middle, units at the right."""
        about, form = self.about, self.form
        right = sheet.width - max(1, min(3, (sheet.width - 1) // 3))
        said = mark(form)
        legal = form.kind == "legal"
        left = (
            f"Biểu số: {form.code}" if legal else form.code,
            f"({said})" if said else f"Ban hành theo {form.act}",
            f"Theo {form.act}" if said and form.act else "",
            f"Ngày nhận báo cáo: {about.due}" if about.due else "",
        )
        units = (
            f"Đơn vị báo cáo:\n{about.unit_name}",
            f"Đơn vị nhận báo cáo:\n{about.receiver_name or 'không có'}",
        )
        for number, text in enumerate(left):
            if text:
                page.write_string(number, 0, text, self.format(bold=number == 0))
        for number, text in enumerate(units):
            look = self.format(align="center")
            self._across(page, (2 * number, right, 2 * number + 1, sheet.width - 1), text, look)
        simulated = "SỐ LIỆU MÔ PHỎNG\n" if about.simulated else ""
        title = self.format(bold=True, font_size=14, align="center")
        self._across(page, (0, 1, 2, right - 1), f"{simulated}{form.title}", title)
        period = f"Kỳ báo cáo: {about.period_label}\n({about.window})"
        self._across(page, (3, 1, 3, right - 1), period, self.format(align="center"))
        self._across(page, (4, 0, 4, sheet.width - 1), HOW, self.format(italic=True))
        parts = filter(None, (sheet.table.title, "phần ước tính" if sheet.is_estimate else ""))
        self._across(page, (5, 0, 5, sheet.width - 1), capital_first(" · ".join(parts)), self.format(bold=True))
        for number, height in enumerate((20, 34, 34, 40, 22, 20)):
            page.set_row(number, height)

    def _across(self, page: Any, place: tuple[int, int, int, int], text: str, look: Any) -> None:
        """Write over a range, merged when it is more than a cell."""
        top, left, bottom, right = place
        if (top, left) == (bottom, right):
            page.write_string(top, left, text, look)
        else:
            page.merge_range(top, left, bottom, right, text, look)

    def _headings(self, page: Any, sheet: SheetPlan) -> None:
        size = 12 if len(sheet.columns) <= 9 else 10
        look = self.format(bold=True, border=1, align="center", bg_color=HEADING, font_size=size)
        small = self.format(italic=True, border=1, align="center", font_size=10)
        heights: dict[int, float] = {}
        for cell in sheet.headers:
            self._across(page, (cell.top - 1, cell.left - 1, cell.bottom - 1, cell.right - 1), cell.text, look)
            columns = sheet.columns[max(cell.left - FIRST_COLUMN, 0) : cell.right - FIRST_COLUMN + 1]
            room = sum(_width(sheet, column) for column in columns) if cell.left > LABEL_COLUMN else MOST_LABEL
            each = _lines(cell.text, room * 12 / size) * LINE_HEIGHT * size / 12 / (cell.bottom - cell.top + 1)
            for row in range(cell.top, cell.bottom + 1):
                heights[row] = max(heights.get(row, LINE_HEIGHT + 2), each + 2)
        for row, height in heights.items():
            page.set_row(row - 1, height)
        page.write_string(sheet.units_row - 1, 0, "Đơn vị tính", small)
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            page.write_string(sheet.units_row - 1, number - 1, column.unit, small)
        for number, text in enumerate(sheet.numbers):
            page.write_string(sheet.units_row, number, text, small)

    def _line(self, page: Any, sheet: SheetPlan, place: LinePlace, figures: Figures) -> None:
        line = figures.get((sheet.table.id, place.row.id, place.subunit)) if not place.is_free else None
        bold = {"bold": True} if place.row.sum_of else {}
        if place.is_free:
            page.write_blank(place.number - 1, 0, None, self.format(border=1, locked=False, bg_color=INPUT))
        else:
            self._label(page, place)
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            formula = formula_of(sheet, place, column)
            if formula:
                look = self.format(border=1, bg_color=COMPUTED, num_format=_number_format(column), **bold)
                value = calculated(sheet, place, column, figures)
                page.write_formula(place.number - 1, number - 1, formula, look, value)
            else:
                self._input(page, place.number - 1, number - 1, column, line, sheet)

    def _label(self, page: Any, place: LinePlace) -> None:
        bold = {"bold": True} if place.row.sum_of else {}
        indent = {"indent": 1} if place.row.parent else {}
        page.write_string(place.number - 1, 0, place.label, self.format(border=1, **bold, **indent))
        page.set_row(place.number - 1, LINE_HEIGHT * _lines(place.label, MOST_LABEL - 2) + 3)

    def _read_only(self, page: Any, sheet: SheetPlan, place: LinePlace, figures: Figures) -> None:
        self._label(page, place)
        line = figures.get((sheet.table.id, place.row.id, place.subunit))
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            side = {"align": "right"} if column.is_number else {}
            look = self.format(border=1, bg_color=QUIET, num_format=_number_format(column), **side)
            figure = line.figures[sheet.table.positions[column.id]] if line and column.is_number else None
            value = figure.total if figure is not None else None
            text = line.texts.get(column.id, "") if line and not column.is_number else _sign(figure)
            if value is not None:
                _write_value(page, place.number - 1, number - 1, value, look)
            else:
                page.write_string(place.number - 1, number - 1, text, look)

    def _input(self, page: Any, row: int, position: int, column: Column, line: Line | None, sheet: SheetPlan) -> None:
        side = {"align": "right"} if column.is_number else {}
        look = self.format(border=1, bg_color=INPUT, locked=False, num_format=_number_format(column), **side)
        figure = line.figures[sheet.table.positions[column.id]] if line and column.is_number else None
        value = None if figure is None else figure.estimate if sheet.is_estimate else figure.value
        text = line.texts.get(column.id, "") if line and not column.is_number else ""
        if value is not None:
            _write_value(page, row, position, value, look)
        elif text or (not sheet.is_estimate and _sign(figure)):
            page.write_string(row, position, text or _sign(figure), look)
        else:
            page.write_blank(row, position, None, look)

    def _validate(self, page: Any, sheet: SheetPlan) -> None:
        """Numbers within each column's decimals, or one of the two signs; one rule for neighbouring input cells."""
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            if column.is_number:
                inputs = [place.number for place in sheet.lines if not formula_of(sheet, place, column)]
                for first, last in runs(inputs):
                    rule = _rule(column, first - 1, number - 1, is_estimate=sheet.is_estimate)
                    page.data_validation(first - 1, number - 1, last - 1, number - 1, rule)

    def _foot(self, page: Any, sheet: SheetPlan, notes: str) -> int:
        """The box for notes and the blocks for signatures; gives the last row."""
        row = sheet.last_row + 2
        page.write_string(row - 1, 0, NOTES_LABEL, self.format(bold=True, text_wrap=False))
        open_cell = self.format(border=1, locked=False, bg_color=INPUT, valign="top")
        self._across(page, (row, 0, row, sheet.width - 1), notes, open_cell)
        page.set_row(row, 60)
        roles = self.form.signatures
        across = max(1, (sheet.width - 1) // max(len(roles), 1))
        look = self.format(bold=True, align="center")
        for position, role in enumerate(roles):
            left = 0 if position == 0 else 1 + (position - 1) * across
            right = 0 if position == 0 else sheet.width - 1 if position == len(roles) - 1 else left + across - 1
            self._across(page, (row + 2, left, row + 2, max(left, right)), role, look)
        page.set_row(row + 2, 34)
        return row + 7 if roles else row + 1


def _write_value(page: Any, row: int, position: int, value: Decimal, look: Any) -> None:
    """As a number; as a text where a spreadsheet would change the last digits."""
    if kept_digits(value) == value:
        page.write_number(row, position, float(value), look)
    else:
        page.write_string(row, position, vietnamese.number(value), look)


def _width(sheet: SheetPlan, column: Column) -> int:
    if not column.is_number:
        return TEXT_WIDTH
    count = len(sheet.columns)
    return WIDE if count <= 5 else USUAL if count <= 9 else NARROW if count <= 14 else NARROWEST


def _label_width(sheet: SheetPlan) -> int:
    """As wide as the longest label, within limits; lines that people name get all the room."""
    longest = max((MOST_LABEL if place.is_free else len(place.label) + 4 for place in sheet.lines), default=0)
    return min(max(longest, LEAST_LABEL), MOST_LABEL)


def _lines(text: str, room: float) -> int:
    """Lines that a text takes in a column so wide; words are not broken, so a little less fits."""
    return max(1, sum(math.ceil(len(part) / max(room * 0.85, 1)) for part in text.splitlines() or [""]))


def _sign(figure: Figure | None) -> str:
    """The sign for a mark, "" when the figure is none."""
    if figure is None:
        return ""
    return {Mark.NIL: NIL_SIGN, Mark.NOT_APPLICABLE: NOT_APPLICABLE_SIGN}.get(figure.mark, "")


def _number_format(column: Column) -> str:
    """Vietnamese separators whatever the language of the office program."""
    if not column.is_number:
        return "@"
    return "[$-42A]#,##0" + ("." + "0" * column.scale if column.scale else "")


def _rule(column: Column, row: int, position: int, *, is_estimate: bool) -> dict[str, str]:
    cell = xl_rowcol_to_cell(row, position)
    number = f"AND(ISNUMBER({cell}),ROUND({cell},{column.scale})={cell}{'' if column.signed else f',{cell}>=0'})"
    signs = f'{cell}="{NIL_SIGN}",LOWER({cell})="{NOT_APPLICABLE_SIGN}"'
    long = f"AND(ISTEXT({cell}),LEN({cell})>15)"
    decimals = f"số có tối đa {column.scale} chữ số thập phân" if column.scale else "số nguyên"
    least = "" if column.signed else " từ 0 trở lên"
    return {
        "validate": "custom",
        "value": f"=OR({number},{long})" if is_estimate else f"=OR({number},{long},{signs})",
        "error_title": "Số liệu chưa đúng",
        "error_message": f"Ô {xl_col_to_name(position)}: nhập {decimals}{least}"
        f"{'' if is_estimate else f'; hoặc “{NIL_SIGN}” (không phát sinh), “{NOT_APPLICABLE_SIGN}” (không áp dụng)'}.",
    }


def subunit_names(subunits: Mapping[tuple[str, str], Sequence[Any]]) -> SubunitNames:
    """What `selectors.subunits_by_row` gives, as (key, label) pairs."""
    return {place: [(one.key, one.label) for one in units] for place, units in subunits.items()}
