"""A workbook goes back with its faults inside: at each cell why and what to do, and a first sheet that lists them."""

import io
from collections.abc import Iterable, Mapping, Sequence
from contextlib import nullcontext
from typing import Any, Final

import xlsxwriter

from giaoban.core.figures import blank_line
from giaoban.core.issues import Issue, sentence
from giaoban.core.vietnamese import capital_first
from giaoban.kit.workbooks.guard import WorkbookRefused, column_number, kind_of
from giaoban.kit.workbooks.opening import PlainCell, Reader, Remark, Workbook
from giaoban.reporting.rules.layout import FIRST_COLUMN, FREE, LABEL_COLUMN, SheetPlan, plan
from giaoban.reporting.selectors.entry import subunits_by_row
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.services.bookreading import obligation_of
from giaoban.reporting.services.workbooks import about_of
from giaoban.reporting.workbooks.making import EXPLAINED_FROM, EXPLANATIONS, make, subunit_names
from giaoban.reporting.workbooks.reading import ANY_FORM, FilledWorkbook, filled_of

LIST: Final = "Lỗi cần sửa"
MOST: Final = 300
"""So many faults are marked; the others show when these are mended."""
WORDS: Final[Mapping[str, Any]] = {
    "author": "Giao Ban",
    "list": LIST,
    "title": "Lỗi cần sửa trong tệp này",
    "how": "Bấm vào tên ô để đến ô có lỗi. Sửa xong, lưu tệp rồi tải lên lại; không cần xóa trang này.",
    "headings": ("STT", "Trang tính", "Ô", "Chỉ tiêu", "Lý do", "Cách sửa"),
}

_Value = tuple[str, int, int, PlainCell]
_Moves = Mapping[tuple[str, int], tuple[str, int]]
"""Sheet and row in the file → sheet and row in the copy."""


def workbook_with_faults(
    content: bytes, filename: str, issues: Iterable[Issue], *, reader: Reader | None = None
) -> bytes:
    """A copy (.xlsx) of what a person sent, with the findings that hold it back at their cells.

    An .xlsx keeps its formatting; the values of another kind are put into a fresh workbook of the report. Of a file
    that cannot be opened, or is no report of ours, the list alone is left. The right to the content is the caller's to
    check: the copy tells nothing that is neither in the file nor among the issues.
    """
    told = [issue for issue in issues if issue.severity != "note"]
    with nullcontext(reader) if reader is not None else Reader() as opener:
        try:
            book = opener.open(content, ANY_FORM)
            filled, _ = filled_of(book)
            if kind_of(content) == "xlsx":
                return opener.mark(content, ANY_FORM, _remarks(told, filled), words=WORDS)
            again = _again(book, filled) if filled is not None else None
            if again is not None:
                base, values, moves = again
                return opener.mark(base, ANY_FORM, _remarks(told, filled, moves), values=values, words=WORDS)
        except (WorkbookRefused, KeyError, ValueError, IndexError):  # a hidden sheet may name what no form has
            filled = None
        return opener.mark(_empty(filename), ANY_FORM, _remarks(told, filled, {}), words=WORDS)


def _empty(filename: str) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("Tệp đã gửi")
        page.set_column(0, 0, 80)
        page.write_string(0, 0, f"Tệp đã gửi: {filename}")
        page.write_string(1, 0, "Không chép lại được nội dung tệp này; sửa ở tệp của bạn theo danh sách lỗi.")
    return out.getvalue()


def _remarks(issues: Sequence[Issue], filled: FilledWorkbook | None, moves: _Moves | None = None) -> list[Remark]:
    """moves: where the rows of the file stand in the copy; None: where they stood."""
    found = []
    for issue in issues[:MOST]:
        at = issue.at
        sheet, row = at.sheet, at.file_row or 0
        if moves is not None:
            sheet, row = moves.get((sheet, row), ("", 0))
        column = column_number(at.file_cell.rstrip("0123456789")) if row and at.file_cell else 0
        reason, _, remedy = sentence(issue, place="").partition(". ")
        is_error = issue.severity == "error"
        found.append(Remark(sheet, row if column else 0, column, _place(issue, filled), f"{reason}.", remedy, is_error))
    if len(issues) > MOST:
        rest = f"Còn {len(issues) - MOST} lỗi khác chưa đánh dấu."
        found.append(Remark("", 0, 0, "", rest, "Sửa các lỗi trên rồi tải tệp lên lại để xem tiếp.", is_error=True))
    return found


def _place(issue: Issue, filled: FilledWorkbook | None) -> str:
    """The cell in the words of the sheet: line, heading."""
    at = issue.at
    sheet = next((one.meta for one in filled.sheets if one.meta.table == at.table), None) if filled else None
    if sheet is None:
        return "" if at.file_cell else capital_first(at.address())
    label = sheet.labels.get(f"{at.row}/{at.subunit}") or at.subunit
    heading = next((one.text for one in sheet.columns.values() if one.id == at.column), "")
    return " › ".join(filter(None, (label, heading)))


def _again(book: Workbook, filled: FilledWorkbook) -> tuple[bytes, list[_Value], _Moves] | None:
    """A fresh workbook of the same report, what the file holds for its open cells, and where each row went."""
    obligation, _ = obligation_of(filled, None)
    if obligation is None:
        return None
    form, about = definition_of(obligation.form), about_of(obligation)
    names = subunit_names(subunits_by_row(obligation))
    listed = {
        (sheet.meta.table, line.row, line.subunit): blank_line(form.table(sheet.meta.table), line.row, line.subunit)
        for sheet in filled.sheets
        for line in sheet.lines
        if line.subunit and not line.is_free
    }
    sheets = {one.key: one for one in plan(form, names, estimates=about.estimates, written=listed)}
    moves: dict[tuple[str, int], tuple[str, int]] = {}
    values: list[_Value] = []
    for sheet in filled.sheets:
        target = sheets.get(sheet.meta.key)
        if target is None:
            continue
        rows = _rows(target)
        formulas = sheet.formulas.calculated | sheet.formulas.uncalculated
        for line in sheet.lines:
            waiting = rows.get(f"{line.row}/{FREE if line.is_free else line.subunit}")
            if not waiting:
                continue
            row = waiting.pop(0)
            moves[sheet.name, line.number] = (target.name, row)
            columns = [*([LABEL_COLUMN] if line.is_free else []), *range(FIRST_COLUMN, target.last_column + 1)]
            for column in columns:
                value = sheet.value(line.number, column)
                if value is not None and (line.number, column) not in formulas:
                    values.append((target.name, row, column, value))
    values += _words(book, filled)
    return make(form, about, names, listed, filled.notes), values, moves


def _rows(sheet: SheetPlan) -> dict[str, list[int]]:
    """Key of a line → its rows, several where people name the line."""
    rows: dict[str, list[int]] = {}
    for place in sheet.lines:
        rows.setdefault(place.key, []).append(place.number)
    return rows


def _words(book: Workbook, filled: FilledWorkbook) -> list[_Value]:
    """The explanations, where they stood."""
    if not filled.explanations:
        return []
    return [
        (EXPLANATIONS, number, column, value)
        for number, row in enumerate(book.sheets.get(EXPLANATIONS, ()), start=1)
        for column, value in enumerate(row[:3], start=1)
        if number >= EXPLAINED_FROM and value is not None
    ]
