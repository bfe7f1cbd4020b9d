"""Makes the workbook of a report: the layout of the form, input cells open, everything else locked, totals as formulas.

The hidden sheet ``_meta`` says what the file is and where each line and column stands, so that reading needs no guess.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from giaoban.core import formulas
from giaoban.core.checks import computed_value
from giaoban.core.figures import Figures, Line, Mark
from giaoban.core.forms import Column, FormDefinition
from giaoban.core.formulas import Binary, Call, Name, Negative, Node, Number
from giaoban.reporting.rules.layout import FIRST_COLUMN, LABEL_COLUMN, LinePlace, SheetPlan, SubunitNames, plan
from giaoban.reporting.rules.reservations import mark
from giaoban.reporting.rules.typed import NIL_SIGN, NOT_APPLICABLE_SIGN

META: Final = "_meta"
VERSION: Final = "1"
FREE: Final = "?"
LABEL_WIDTH: Final = 40
COLUMN_WIDTH: Final = 14
TEXT_WIDTH: Final = 28
HOW: Final = (
    f"Nhập vào ô nền vàng. “{NIL_SIGN}”: không phát sinh; “{NOT_APPLICABLE_SIGN}”: không áp dụng; "
    "để trống: chưa có số. Ô nền xám tự tính."
)


@dataclass(frozen=True, slots=True)
class About:
    """What the workbook says of itself: keys for reading back, words for people."""

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


def make(form: FormDefinition, about: About, subunits: SubunitNames, figures: Figures, notes: str) -> bytes:
    """The .xlsx with what is known so far already in its cells."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
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
        self._head(page, sheet)
        self._headings(page, sheet)
        page.set_column(0, 0, LABEL_WIDTH)
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            page.set_column(number - 1, number - 1, COLUMN_WIDTH if column.is_number else TEXT_WIDTH)
        for place in sheet.lines:
            self._line(page, sheet, place, figures)
        page.freeze_panes(sheet.first_row - 1, FIRST_COLUMN - 1)
        page.protect("", {"format_columns": True, "format_rows": True})
        page.set_landscape()
        page.set_paper(9)
        page.fit_to_pages(1, 0)
        part = "estimate" if sheet.is_estimate else "value"
        meta: list[list[str | int]] = [["sheet", sheet.name, sheet.table.id, part]]
        meta += [["column", sheet.name, n, column.id] for n, column in enumerate(sheet.columns, start=FIRST_COLUMN)]
        meta += [
            ["line", sheet.name, place.number, place.row.id, FREE if place.is_free else place.subunit]
            for place in sheet.lines
        ]
        if notes is not None:
            meta.append(["notes", sheet.name, self._foot(page, sheet, notes), LABEL_COLUMN])
        return meta

    def meta(self, rows: Sequence[Sequence[str | int]]) -> None:
        page = self.book.add_worksheet(META)
        for number, row in enumerate(rows):
            for position, value in enumerate(row):
                page.write(number, position, value) if isinstance(value, int) else page.write_string(
                    number, position, value
                )
        page.very_hidden()
        page.protect()

    def _head(self, page: Any, sheet: SheetPlan) -> None:
        about, form = self.about, self.form
        law = f"{form.code} · {form.act}" if form.act else form.code
        said = mark(form)
        status = f" ({said})" if said else ""
        simulated = "SỐ LIỆU MÔ PHỎNG · " if about.simulated else ""
        words: tuple[tuple[str, dict[str, Any]], ...] = (
            (f"Biểu {law}{status}", {"bold": True}),
            (f"{simulated}{form.title}", {"bold": True, "font_size": 14}),
            (f"Kỳ báo cáo: {about.period_label} ({about.window})", {}),
            (f"Đơn vị báo cáo: {about.unit_name}. Nơi nhận: {about.receiver_name or 'không có'}", {}),
            (HOW, {"italic": True}),
            (f"{sheet.table.title}{' · phần ước tính' if sheet.is_estimate else ''}", {"bold": True}),
        )
        for number, (text, look) in enumerate(words):
            if sheet.last_column > 1:
                page.merge_range(number, 0, number, sheet.last_column - 1, text, self.format(**look))
            else:
                page.write_string(number, 0, text, self.format(**look))
        page.set_row(1, 36)
        page.set_row(4, 34)

    def _headings(self, page: Any, sheet: SheetPlan) -> None:
        look = self.format(bold=True, border=1, align="center", bg_color="#EDEDED")
        small = self.format(italic=True, border=1, align="center", font_size=10)
        for cell in sheet.headers:
            if (cell.top, cell.left) == (cell.bottom, cell.right):
                page.write_string(cell.top - 1, cell.left - 1, cell.text, look)
            else:
                page.merge_range(cell.top - 1, cell.left - 1, cell.bottom - 1, cell.right - 1, cell.text, look)
        page.write_string(sheet.units_row - 1, 0, "Đơn vị tính", small)
        page.write_string(sheet.ids_row - 1, 0, "Mã cột", small)
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            page.write_string(sheet.units_row - 1, number - 1, column.unit, small)
            page.write_string(sheet.ids_row - 1, number - 1, column.id, small)

    def _line(self, page: Any, sheet: SheetPlan, place: LinePlace, figures: Figures) -> None:
        line = figures.get((sheet.table.id, place.row.id, place.subunit)) if not place.is_free else None
        bold = {"bold": True} if place.row.sum_of else {}
        if place.is_free:
            page.write_blank(place.number - 1, 0, None, self.format(border=1, locked=False, bg_color="#FFF9E0"))
        else:
            indent = {"indent": 1} if place.row.parent else {}
            page.write_string(place.number - 1, 0, place.label, self.format(border=1, **bold, **indent))
        for number, column in enumerate(sheet.columns, start=FIRST_COLUMN):
            formula = _formula(sheet, place, column)
            if formula:
                look = self.format(border=1, bg_color="#E6E6E6", num_format=_number_format(column), **bold)
                value = _calculated(sheet, place, column, figures)
                page.write_formula(place.number - 1, number - 1, formula, look, value)
            else:
                self._input(page, place.number - 1, number - 1, column, line, sheet)

    def _input(self, page: Any, row: int, position: int, column: Column, line: Line | None, sheet: SheetPlan) -> None:
        look = self.format(border=1, bg_color="#FFF9E0", locked=False, num_format=_number_format(column))
        if not column.is_number:
            text = line.texts.get(column.id, "") if line else ""
            page.write_string(row, position, text, look) if text else page.write_blank(row, position, None, look)
            return
        _validate(page, row, position, column, is_estimate=sheet.is_estimate)
        figure = line.figures[sheet.table.positions[column.id]] if line else None
        value = None if figure is None else figure.estimate if sheet.is_estimate else figure.value
        if value is not None:
            page.write_number(row, position, float(value), look)
        elif figure is not None and figure.mark in (Mark.NIL, Mark.NOT_APPLICABLE) and not sheet.is_estimate:
            page.write_string(row, position, NIL_SIGN if figure.mark is Mark.NIL else NOT_APPLICABLE_SIGN, look)
        else:
            page.write_blank(row, position, None, look)

    def _foot(self, page: Any, sheet: SheetPlan, notes: str) -> int:
        """The box for explanations and the blocks for signatures; gives the row of the box."""
        row = sheet.last_row + 2
        page.write_string(row - 1, 0, "Ghi chú, giải thích số liệu (nhập vào ô dưới):", self.format(bold=True))
        open_cell = self.format(border=1, locked=False, bg_color="#FFF9E0", valign="top")
        page.merge_range(row, 0, row, max(sheet.last_column - 1, 1), notes, open_cell)
        page.set_row(row, 60)
        for position, role in enumerate(self.form.signatures):
            page.write_string(row + 2, position * 2, role, self.format(bold=True, align="center"))
        return row + 1


def _number_format(column: Column) -> str:
    if not column.is_number:
        return "@"
    return "#,##0" + ("." + "0" * column.scale if column.scale else "")


def _validate(page: Any, row: int, position: int, column: Column, *, is_estimate: bool) -> None:
    """A number within the column's decimals, or one of the two signs."""
    cell = xl_rowcol_to_cell(row, position)
    number = f"AND(ISNUMBER({cell}),ROUND({cell},{column.scale})={cell}{'' if column.signed else f',{cell}>=0'})"
    signs = f'{cell}="{NIL_SIGN}",LOWER({cell})="{NOT_APPLICABLE_SIGN}"'
    decimals = f"{column.scale} chữ số thập phân" if column.scale else "số nguyên"
    page.data_validation(
        row,
        position,
        row,
        position,
        {
            "validate": "custom",
            "value": f"={number}" if is_estimate else f"=OR({number},{signs})",
            "error_title": "Số liệu chưa đúng",
            "error_message": f"Nhập {decimals}{'' if is_estimate else ', hoặc dấu “-” hay “x”'}.",
        },
    )


def _formula(sheet: SheetPlan, place: LinePlace, column: Column) -> str:
    """The spreadsheet formula of a computed cell, "" for an input."""
    if not column.is_number:
        return ""
    if column.formula is not None:
        if sheet.is_estimate:
            return ""
        body = _translate(formulas.parse(column.formula).left, sheet, place.number)
        return f'=IFERROR(ROUND({body},{column.scale}),"")'
    if place.row.sum_of and column.roll_up == "sum":
        letters = xl_col_to_name(sheet.column_of(column.id) - 1)
        parts = [one.number for one in sheet.lines if one.row.id in place.row.sum_of]
        return f"=SUM({','.join(f'{letters}{first}:{letters}{last}' for first, last in _runs(parts))})" if parts else ""
    return ""


def _runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Neighbouring numbers as ranges."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _translate(node: Node, sheet: SheetPlan, row: int) -> str:
    match node:
        case Number(value):
            return f"{value:f}"
        case Name(name):
            return f"{xl_col_to_name(sheet.column_of(name) - 1)}{row}"
        case Negative(of):
            return f"(-{_translate(of, sheet, row)})"
        case Binary(sign, left, right):
            return f"({_translate(left, sheet, row)}{sign}{_translate(right, sheet, row)})"
        case Call(function, arguments):
            return f"{function.upper()}({','.join(_translate(one, sheet, row) for one in arguments)})"


def _calculated(sheet: SheetPlan, place: LinePlace, column: Column, figures: Figures) -> float | str:
    """The value of a computed cell as the figures stand, so that the file is right before any program opens it."""
    position = sheet.table.positions[column.id]
    if column.formula is not None:
        line = figures.get((sheet.table.id, place.row.id, place.subunit))
        value = None if line is None else computed_value(sheet.table, column, line)
        return "" if value is None else float(value)
    parts = [line for line in figures.values() if line.table == sheet.table.id and line.row in place.row.sum_of]
    amounts: list[Decimal | None] = [
        line.figures[position].estimate if sheet.is_estimate else line.figures[position].value for line in parts
    ]
    return float(sum((amount for amount in amounts if amount is not None), Decimal(0)))


def subunit_names(subunits: Mapping[tuple[str, str], Sequence[Any]]) -> SubunitNames:
    """What `selectors.subunits_by_row` gives, as (key, label) pairs."""
    return {place: [(one.key, one.label) for one in units] for place, units in subunits.items()}
