"""The first sheet of a workbook as plain cells; why it cannot be opened is said for a table of a reorganisation."""

from collections.abc import Mapping
from typing import Final

from giaoban.core.reorganisation import MOST_ROWS
from giaoban.kit.workbooks.guard import Bounds, Fault, WorkbookRefused
from giaoban.kit.workbooks.opening import PlainSheet, open_workbook

ANY_TABLE: Final = Bounds(rows=2 * MOST_ROWS, columns=100, cells=20 * MOST_ROWS, unpacked_bytes=96 * 2**20)
"""As many empty rows as full ones; `read_cells` counts the full ones."""

_TOO_MUCH: Final = "Bảng tính mở ra quá lớn. Chỉ giữ một trang bảng rồi tải lại."
_UNREADABLE: Final = "Không mở được bảng tính: tệp hỏng hoặc quá lớn. Lưu bảng thành CSV UTF-8 rồi tải lại."
_SENTENCES: Final[Mapping[Fault, str]] = {
    "broken": "Tệp bảng tính hỏng. Lưu lại rồi tải lại.",
    "too-large": _TOO_MUCH,
    "too-many": _TOO_MUCH,
    "outside": _UNREADABLE,
    "too-slow": "Mở bảng tính lâu quá giới hạn. Lưu bảng thành CSV UTF-8 rồi tải lại.",
    "unreadable": _UNREADABLE,
    "encrypted": "Bảng tính có mật khẩu nên không mở được. Bỏ mật khẩu, lưu lại rồi tải lại.",
}


class SheetError(ValueError):
    """The file cannot be opened within the limits, or is no workbook; the message is a Vietnamese sentence."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def is_workbook(content: bytes) -> bool:
    """Whether the bytes are an archive, as every XLSX is."""
    return content[:4] == b"PK\x03\x04"


def first_sheet(content: bytes) -> PlainSheet:
    """The cells of the first sheet, row by row from A1. Raises SheetError."""
    try:
        book = open_workbook(content, ANY_TABLE, first_only=True)
    except WorkbookRefused as refusal:
        raise SheetError(_SENTENCES[refusal.fault]) from None
    return next(iter(book.sheets.values()), [])
