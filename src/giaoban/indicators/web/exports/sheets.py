"""The table as a workbook: numbers as numbers, what is no number as a sign that no sum takes in, coverage beside it."""

from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import xlsxwriter
from django.utils import timezone

from giaoban.core.vietnamese import day, moment
from giaoban.indicators.web.pivot.painting import STATE_WORDS, SYMBOLS, state_of
from giaoban.indicators.web.pivot.shaping import Cell, Column, PivotTable, Row

INK, LINE, HEAD, BAND, HATCH = "#17212B", "#D9DFE3", "#EDF1F1", "#FFF8E6", "#C3CCD2"
DIAGONAL: Final = 14
"""Pattern "thin diagonal stripe" of a cell's fill: a missing figure is hatched as on the page."""
MOST_DIGITS: Final = 15
SIMULATED: Final = "SỐ LIỆU MÔ PHỎNG – ví dụ, không phải số liệu thật"
HEADS: Final = 2
LONGEST_NAME: Final = 46


def workbook(table: PivotTable, title: str, link: str) -> bytes:
    """Sheets: the table, its coverage, what the signs mean, where it comes from."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        writer = _Writer(book, table, title, link)
        writer.figures()
        writer.coverage()
        writer.signs()
        writer.about()
    return out.getvalue()


class _Writer:
    """One workbook being written; formats are made once each."""

    def __init__(self, book: Any, table: PivotTable, title: str, link: str) -> None:
        self.book, self.table, self.title, self.link = book, table, title, link
        self._formats: dict[tuple[tuple[str, Any], ...], Any] = {}

    def style(self, **given: Any) -> Any:
        wanted = {"font_name": "Arial", "font_size": 10, "valign": "vcenter", **given}
        key = tuple(sorted(wanted.items()))
        if key not in self._formats:
            self._formats[key] = self.book.add_format(wanted)
        return self._formats[key]

    def _top(self, sheet: Any, title: str) -> int:
        """Title and, where it must be said, the band over simulated figures; the first free row."""
        sheet.write_string(0, 0, title, self.style(bold=True, font_size=14))
        if not self.table.answer.simulated:
            return 1
        sheet.write_string(1, 0, SIMULATED, self.style(bold=True, bg_color=BAND))
        return 2

    def figures(self) -> None:
        sheet = self.book.add_worksheet("Bảng")
        at = self._top(sheet, self.title)
        sheet.write_string(at, 0, self._context(), self.style(font_color="#54616E"))
        first = at + 2
        lead = self._heads(sheet, first)
        for index, row in enumerate(self.table.shown):
            self._row(sheet, first + HEADS + index, row, lead)
        width = lead + len(self.table.columns) + sum(self.table.changes)
        last = first + HEADS - 1 + len(self.table.shown)
        if len(self.table.shown) > 1:
            sheet.autofilter(first + HEADS - 1, 0, last, width - 1)
        sheet.freeze_panes(first + HEADS, lead)
        sheet.set_column(
            lead - 1, lead - 1, min(LONGEST_NAME, max(18, *(len(r.head.label) for r in self.table.shown), 18))
        )
        sheet.set_column(lead, width, 15)
        if lead == 2:
            sheet.set_column(0, 0, 7)
        sheet.repeat_rows(first, first + HEADS - 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)

    def _context(self) -> str:
        found = self.table.answer
        tree = f"địa giới ngày {day(found.query.geography)}" if found.query.geography else "địa giới của từng kỳ"
        return f"{found.top.name} · {tree} · số liệu đến {moment(timezone.localtime(found.as_of))}"

    def _heads(self, sheet: Any, at: int) -> int:
        """The two lines of headings; how many columns stand before the figures."""
        style = self.style(bold=True, bg_color=HEAD, text_wrap=True, bottom=1, align="right", valign="bottom")
        left = self.style(bold=True, bg_color=HEAD, bottom=1, valign="bottom")
        lead = 2 if self.table.look.rank else 1
        names = ["Hạng", "Nội dung"][2 - lead :]
        for place, name in enumerate(names):
            sheet.write_blank(at, place, None, self.style(bg_color=HEAD))
            sheet.write_string(at + 1, place, name, left)
        self._groups(sheet, at, lead)
        place = lead
        for column, changes in zip(self.table.columns, self.table.changes, strict=True):
            sheet.write_string(at + 1, place, _heading(column), style)
            place += 1
            if changes:
                unit = "điểm" if column.measure is not None and column.measure.is_rate else "%"
                sheet.write_string(at + 1, place, f"so kỳ trước, {unit}", style)
                place += 1
        sheet.set_row(at + 1, 30)
        return lead

    def _groups(self, sheet: Any, at: int, place: int) -> None:
        """The entries of the third axis, each over its columns."""
        style = self.style(bold=True, bg_color=HEAD, left=1, bottom=4)
        done = 0
        for head, count in self.table.groups:
            width = count + sum(self.table.changes[done : done + count])
            label = head.label if len(self.table.thirds) > 1 else ""
            if width > 1:
                sheet.merge_range(at, place, at, place + width - 1, label, style)
            else:
                sheet.write_string(at, place, label, style)
            place, done = place + width, done + count

    def _row(self, sheet: Any, at: int, row: Row, lead: int) -> None:
        bold = {"bold": True, "bg_color": HEAD} if row.is_total else {}
        name = self.style(**bold)
        if lead == 2:
            if row.rank is None:
                sheet.write_blank(at, 0, None, name)
            else:
                sheet.write_number(at, 0, row.rank, self.style(align="center", **bold))
        small = f", {row.head.small}" if row.head.small and self.table.answer.query.rows == "measure" else ""
        sheet.write_string(at, lead - 1, f"{row.head.label}{small}", name)
        place = lead
        for changes, cell in zip(self.table.changes, row.cells, strict=True):
            self._figure(sheet, at, place, cell, bold)
            place += 1
            if changes:
                self._change(sheet, at, place, cell, bold)
                place += 1

    def _figure(self, sheet: Any, at: int, place: int, cell: Cell, bold: Mapping[str, Any]) -> None:
        value = cell.value
        if value is not None and value.value is not None:
            given: dict[str, Any] = {"num_format": number_format(cell.measure.scale), **bold}
            if value.estimate:
                given |= {"italic": True, "underline": 33}
            self._number(sheet, at, place, value.value, self.style(**given))
            if value.estimate:
                sheet.write_comment(at, place, f"Trong đó ước: {value.estimate:f}")
            return
        state = state_of(value)
        given = {"align": "right", "font_color": "#54616E", **bold}
        if state == "missing":
            given |= {"pattern": DIAGONAL, "fg_color": HATCH, "bg_color": "#FFFFFF"}
        sheet.write_string(at, place, SYMBOLS[state], self.style(**given))
        if value is not None and value.reason:
            sheet.write_comment(at, place, value.reason)

    def _number(self, sheet: Any, at: int, place: int, value: Decimal, style: Any) -> None:
        """A spreadsheet keeps fifteen digits; a longer figure is written as text rather than changed."""
        if len(value.normalize().as_tuple().digits) > MOST_DIGITS and value == value.to_integral_value():
            sheet.write_string(at, place, f"{value:f}", style)
        else:
            sheet.write_number(at, place, float(value), style)

    def _change(self, sheet: Any, at: int, place: int, cell: Cell, bold: Mapping[str, Any]) -> None:
        if cell.change is None or cell.change.value is None:
            sheet.write_string(at, place, "–" if cell.change else "", self.style(align="right", **bold))
            return
        scale = cell.measure.scale if cell.change.in_points else 1
        shape = number_format(scale)
        self._number(sheet, at, place, cell.change.value, self.style(num_format=f"+{shape};-{shape};0", **bold))

    def coverage(self) -> None:
        """How many reports stand behind every figure, and who is lacking."""
        sheet = self.book.add_worksheet("Độ phủ")
        at = self._top(sheet, "Độ phủ: báo cáo đã tiếp nhận trong số phải gửi")
        heads = ("Đơn vị", "Kỳ", "Chỉ tiêu", "Đã tiếp nhận", "Phải gửi", "Tỷ trọng năm trước", "Còn thiếu")
        for place, name in enumerate(heads):
            sheet.write_string(at + 1, place, name, self.style(bold=True, bg_color=HEAD, bottom=1))
        units = {one.key: one.name for one in self.table.answer.units} | {"": "Tổng số"}
        periods = {one.word: one.label for one in self.table.answer.periods}
        at += 2
        for row in self.table.shown:
            for cell in row.cells:
                value = cell.value
                if value is None or value.coverage is None:
                    continue
                words = (units[cell.place[0]], periods[cell.place[1]], cell.measure.name)
                for place, word in enumerate(words):
                    sheet.write_string(at, place, word, self.style())
                sheet.write_number(at, 3, value.coverage.received, self.style())
                sheet.write_number(at, 4, value.coverage.expected, self.style())
                if value.share is not None:
                    sheet.write_number(at, 5, float(value.share), self.style(num_format="0.0%"))
                sheet.write_string(at, 6, ", ".join(value.coverage.missing_names), self.style())
                at += 1
        sheet.set_column(0, 2, 32)
        sheet.set_column(3, 5, 14)
        sheet.set_column(6, 6, 60)

    def signs(self) -> None:
        sheet = self.book.add_worksheet("Ký hiệu")
        at = self._top(sheet, "Ký hiệu trong bảng") + 1
        lines = [("0", "số không, đã báo cáo"), *((SYMBOLS[one], STATE_WORDS[one]) for one in STATE_WORDS)]
        lines += [("nghiêng, gạch dưới", "có phần ước; lời ghi của ô cho biết bao nhiêu"), ("–", "không so được")]
        for index, (sign, words) in enumerate(lines):
            style = self.style(align="right")
            if words == STATE_WORDS["missing"]:
                style = self.style(align="right", pattern=DIAGONAL, fg_color=HATCH, bg_color="#FFFFFF")
            sheet.write_string(at + index, 0, sign, style)
            sheet.write_string(at + index, 1, words, self.style())
        sheet.set_column(0, 0, 20)
        sheet.set_column(1, 1, 60)

    def about(self) -> None:
        """The question, so that anybody can ask it again."""
        sheet = self.book.add_worksheet("Về bảng này")
        at = self._top(sheet, "Về bảng này") + 1
        found, look = self.table.answer, self.table.look
        lines = [("Liên kết", self.link), ("Đơn vị đứng đầu", found.top.name)]
        lines += [("Chỉ tiêu", f"{one.name}{f', {one.unit}' if one.unit else ''}") for one in found.measures]
        lines += [("Nguồn", source) for source in dict.fromkeys(one.source for one in found.measures) if source]
        lines += [("Kỳ", f"{one.label} ({one.window})") for one in found.periods]
        lines += [("Số liệu đến", moment(timezone.localtime(found.as_of))), ("Tính bằng", found.engine)]
        lines += [("Ghi chú", note) for note in found.notes]
        if look.is_narrowed:
            lines.append(("Đã lọc", f"{len(self.table.rows)} trong {self.table.all_rows} dòng"))
        if found.simulated:
            lines.append(("Số liệu", SIMULATED))
        for index, (name, words) in enumerate(lines):
            sheet.write_string(at + index, 0, name, self.style(font_color="#54616E"))
            sheet.write_string(at + index, 1, words, self.style())
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, 1, 100)


def number_format(scale: int) -> str:
    """Thousands grouped, so many decimals; the spreadsheet writes both in the way of its own country."""
    return f"#,##0.{'0' * scale}" if scale else "#,##0"


def _heading(column: Column) -> str:
    unit = column.measure.unit.lower() if column.measure is not None else ""
    return f"{column.head.label}, {unit}" if unit else column.head.label
