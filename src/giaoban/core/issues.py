"""What a check found, where, and the one catalogue of Vietnamese sentences that says it to people."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Context, Decimal
from string import Formatter
from typing import Final, Literal

from giaoban.core.vietnamese import capital_first, number

Severity = Literal["error", "warning", "note"]

# code -> "reason. Remedy." The place is put in front by `sentence`. Names in braces are the issue's params; table, row,
# subunit and column are taken from the cell when the params do not give them.
CATALOGUE: Final[Mapping[str, str]] = {
    # what the file or the request speaks about
    "unknown-unit": "không có đơn vị nào mang mã “{unit}”. Sửa mã theo danh mục đơn vị.",
    "unknown-form": "không có biểu mẫu nào mang mã “{form}”. Sửa mã theo danh mục biểu mẫu.",
    "unknown-period": "không có kỳ báo cáo “{period}”. Sửa mã kỳ theo danh mục kỳ báo cáo.",
    "wrong-period": "tệp ghi kỳ “{period}”, trong khi kỳ đang nhập là “{expected}”. Chọn đúng kỳ hoặc đúng tệp.",
    "not-owed": (
        "đơn vị “{unit}” không phải gửi biểu “{form}” cho kỳ “{period}”. "
        "Kiểm tra lại đơn vị, biểu và kỳ, hoặc hỏi nơi nhận báo cáo."
    ),
    "ambiguous-period": (
        "mã kỳ “{period}” của biểu “{form}” chỉ nhiều kỳ mà đơn vị “{unit}” đều phải gửi: {labels}. "
        "Nhập từng kỳ trên trang, hoặc dùng tệp mẫu tải từ hệ thống."
    ),
    "other-form": "tệp là của biểu “{found}”, trong khi biểu đang nhập là “{expected}”. Chọn đúng tệp của biểu này.",
    # where in the form
    "unknown-table": "biểu không có bảng “{table}”. Dùng tệp mẫu tải từ hệ thống.",
    "unknown-row": "bảng không có dòng “{row}”. Dùng tệp mẫu tải từ hệ thống.",
    "unknown-column": "bảng không có cột “{column}”. Dùng tệp mẫu tải từ hệ thống.",
    "unknown-subunit": "“{subunit}” không phải là đơn vị trực thuộc được ghi ở bảng này. Sửa tên hoặc bỏ dòng này.",
    "subunit-name": (
        "tên đơn vị trực thuộc “{subunit}” dài quá {limit} ký tự hoặc có dấu “/”. Ghi tên ngắn hơn, không có dấu “/”."
    ),
    "duplicate-cell": "ô này đã có ở dòng {first_row} của tệp. Chỉ giữ lại một dòng.",
    "duplicate-line": "tên “{subunit}” đã có ở một dòng khác của bảng. Ghi tên khác, hoặc sửa ở dòng đã có.",
    "unnamed-line": "dòng này có số liệu nhưng chưa có tên đơn vị. Ghi tên ở đầu dòng, hoặc xóa số liệu của dòng.",
    "missing-column-header": "dòng tiêu đề thiếu cột “{column}”. Thêm lại cột như trong tệp mẫu.",
    "missing-subunit": (
        "dòng này là của từng đơn vị trực thuộc nhưng không ghi đơn vị nào. Ghi mã đơn vị ở cột subunit."
    ),
    "subunit-not-allowed": (
        "dòng này không chia theo đơn vị trực thuộc nhưng lại ghi “{subunit}”. Bỏ mã đơn vị ở cột subunit."
    ),
    "unknown-column-header": "dòng tiêu đề có cột “{column}” lạ hoặc ghi hai lần. Giữ đúng các cột như trong tệp mẫu.",
    "missing-key": "cột “{column}” của dòng này còn trống. Ghi đủ đơn vị, biểu, kỳ, bảng, dòng và cột.",
    "wrong-cell-count": (
        "dòng có {found} ô, trong khi dòng tiêu đề có {expected} cột. Kiểm tra dấu phẩy và dấu ngoặc kép."
    ),
    # one value
    "too-large": "số {value} quá lớn, không lưu được. Kiểm tra lại đơn vị tính và số chữ số.",
    "not-a-number": "“{text}” không phải là số đọc được. Nhập như 1204, 1.204 hoặc 85,91.",
    "too-many-decimals": "số {value} có nhiều chữ số thập phân hơn mức của cột ({scale}). Nhập lại đúng mức.",
    "negative": "số {value} nhỏ hơn 0. Cột này chỉ nhận số từ 0 trở lên.",
    "required-blank": "ô bắt buộc còn trống. Nhập số liệu, hoặc đánh dấu không phát sinh hay không áp dụng.",
    "line-absent": (
        "chưa có dòng của đơn vị này, nên các ô bắt buộc của dòng được tính là trống. "
        "Nhập số liệu của dòng, hoặc đánh dấu không phát sinh hay không áp dụng."
    ),
    "bad-mark": "ký hiệu “{mark}” không dùng được. Các ký hiệu được nhận: {allowed}.",
    "mark-with-value": "ô vừa có ký hiệu “{mark}” vừa có số {value}. Bỏ ký hiệu hoặc bỏ số.",
    "estimate-not-allowed": "kỳ này không có phần ước tính, nhưng ô có số ước tính {estimate}. Chỉ nhập số thực tế.",
    "formula-not-calculated": (
        "ô chứa công thức chưa được tính. Mở tệp bằng chương trình bảng tính, lưu lại rồi tải lên."
    ),
    # values against each other
    "part-exceeds-whole": ("phần “trong đó” là {part}, lớn hơn {whole} của cột {whole_column}. Kiểm tra lại cả hai ô."),
    "total-mismatch": "tổng ghi {stated}, cộng các phần được {computed}. Kiểm tra lại tổng và từng phần.",
    "estimate-total-mismatch": (
        "tổng phần ước tính ghi {stated}, cộng phần ước tính của các phần được {computed}. "
        "Kiểm tra lại tổng và từng phần."
    ),
    "computed-mismatch": "số ghi {stated}, tính theo công thức của biểu được {computed}. Kiểm tra lại các ô liên quan.",
    "formula-fails": "không thỏa điều kiện {formula}: {left} so với {right}. Kiểm tra lại các ô liên quan.",
    "large-change": (
        "số kỳ này {value}, kỳ so sánh {previous}, thay đổi {change} %. Kiểm tra lại; nếu đúng thì ghi giải thích."
    ),
    "far-from-peers": (
        "số {value} cách xa mức chung: trung vị của {count} đơn vị cùng nơi nhận là {median}, khoảng cách gấp {times} "
        "lần độ lệch tuyệt đối trung vị. Kiểm tra lại; nếu đúng thì ghi giải thích."
    ),
    "below-incomplete": (
        "chưa đối chiếu được với biểu {form} của cấp dưới: còn {missing} trong {expected} đơn vị chưa được tiếp nhận. "
        "Khi nhận đủ, kiểm tra lại."
    ),
    "not-compared": "chưa so được với cùng kỳ năm trước: {reason}. Tự đối chiếu nếu cần.",
    # a workbook that is no longer as it was made
    "other-layout": ("tệp được tạo khi biểu “{form}” còn bố cục khác. Tải lại tệp mẫu của biểu rồi chép số liệu sang."),
    "old-template": "tệp mẫu này theo cách trình bày cũ của hệ thống. Tải lại tệp mẫu rồi chép số liệu sang.",
    "wrong-unit": "tệp là của đơn vị “{unit}”, trong khi báo cáo đang nhập là của “{expected}”. Chọn đúng tệp.",
    "missing-sheet": "tệp thiếu trang tính “{name}” của mẫu. Dùng lại tệp mẫu, không xóa trang tính.",
    "copied-sheet": "có {count} trang tính cùng là trang “{name}” của mẫu. Chỉ giữ lại một trang.",
    "lost-keys": (
        "trang tính mất dòng mã cột hoặc cột mã dòng (đang ẩn) nên không biết số nào của ô nào. "
        "Tải lại tệp mẫu rồi chép số liệu sang."
    ),
    "moved-columns": (
        "cột của mẫu đã bị chèn, xóa hoặc dời: ở đây phải là cột “{expected}”. "
        "Trả các cột về đúng chỗ, hoặc tải lại tệp mẫu rồi chép số liệu sang."
    ),
    "changed-label": (
        "tên dòng hoặc cột ghi “{found}”, trong khi mẫu ghi “{expected}”. Sửa lại đúng như mẫu và xem số có đúng dòng."
    ),
    "inserted-row": (
        "dòng này không có trong mẫu nên không biết số liệu thuộc dòng nào. "
        "Chuyển số liệu vào dòng của mẫu rồi xóa dòng này."
    ),
    "deleted-row": "thiếu dòng “{label}” của mẫu. Thêm lại dòng bằng cách chép số liệu sang tệp mẫu mới.",
    "merged-cells": "các ô {cells} bị gộp thành một nên không biết số thuộc ô nào. Bỏ gộp ô rồi nhập từng ô.",
    "cut-number": (
        "số có hơn 15 chữ số nên chương trình bảng tính đã làm tròn các chữ số cuối. "
        "Ghi số dưới dạng chữ: gõ dấu nháy đơn (') trước số."
    ),
    "own-formula": (
        "công thức trong tệp cho kết quả {found}; tính lại theo biểu là {expected} và lấy số này. "
        "Nếu {found} mới đúng, gõ số vào ô thay cho công thức."
    ),
    "outside-table": "“{text}” nằm ngoài bảng nên không được đọc. Nếu là số liệu, chuyển vào ô của bảng.",
    # the file itself
    "encrypted-file": "tệp có mật khẩu nên không đọc được. Bỏ mật khẩu, lưu lại rồi tải lên.",
    "same-file": "tệp này đã được nhận trước đây ({earlier}). Không cần gửi lại; nếu có sửa đổi, chọn tệp đã sửa.",
    "truncated-file": "tệp bị cụt hoặc hỏng nên không đọc được hết. Lưu lại tệp rồi tải lên lần nữa.",
    "oversized-file": "tệp lớn {size_mb} MB, vượt mức {limit_mb} MB. Bỏ hình ảnh và trang thừa, hoặc chia nhỏ tệp.",
    "empty-file": "tệp không có dòng số liệu nào. Chọn đúng tệp hoặc nhập số liệu vào tệp mẫu.",
    "bad-character": "dòng có ký tự rỗng (NUL) không lưu được. Xóa ký tự này, hoặc lưu lại tệp rồi tải lên.",
    "encoding": "tệp không dùng bảng mã UTF-8. Lưu lại theo dạng “CSV UTF-8” rồi tải lên.",
}

_CELL_NAMES: Final = frozenset({"table", "row", "subunit", "column"})
_REQUIRED: Final[Mapping[str, frozenset[str]]] = {
    code: frozenset(name for _, name, _, _ in Formatter().parse(text) if name) - _CELL_NAMES
    for code, text in CATALOGUE.items()
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in a form, in a file, or both; an empty part is not known.

    `file_row` counts from 1, as in Excel; `file_cell` is the address that a spreadsheet shows: "B7".
    """

    table: str = ""
    row: str = ""
    subunit: str = ""
    column: str = ""
    file_row: int | None = None
    sheet: str = ""
    file_cell: str = ""

    def in_file(self) -> str:
        """For people: "ô B7, trang tính Số liệu", "dòng 7 của tệp"; "" when nothing of the file is known."""
        if self.file_cell:
            return f"ô {self.file_cell}, trang tính {self.sheet}" if self.sheet else f"ô {self.file_cell}"
        row = [f"dòng {self.file_row} của tệp"] if self.file_row is not None else []
        return ", ".join([*([f"trang tính {self.sheet}"] if self.sheet else []), *row])

    def address(self) -> str:
        """For people: "bảng own, dòng total, cột c1 (dòng 7 của tệp)"; "" when nothing is known."""
        named = (
            ("bảng", self.table),
            ("dòng", self.row),
            ("đơn vị", self.subunit),
            ("cột", self.column),
        )
        place = ", ".join(f"{word} {value}" for word, value in named if value)
        where = self.in_file()
        return f"{place} ({where})" if place and where else place or where


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding of a check. Raises KeyError when the code is not in the catalogue or its sentence lacks a param.

    error blocks sending; warning needs an explanation that the receiver accepts; note informs.
    """

    code: str
    severity: Severity
    at: Cell
    params: Mapping[str, Decimal | str | int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        missing = _REQUIRED[self.code] - self.params.keys()
        if missing:
            raise KeyError(f"issue {self.code!r} lacks {', '.join(sorted(missing))}")


def sentence(issue: Issue, *, place: str | None = None) -> str:
    """Place, reason and remedy in Vietnamese; numbers are written the Vietnamese way.

    place: the cell in the labels of the form, when the caller knows them; otherwise the ids of the cell are shown.
    """
    cell = issue.at
    words: dict[str, str | int] = {"table": cell.table, "row": cell.row, "subunit": cell.subunit, "column": cell.column}
    for name, value in issue.params.items():
        words[name] = number(_legible(value)) if isinstance(value, Decimal) else value
    reason = CATALOGUE[issue.code].format_map(words)
    where = cell.address() if place is None else place
    return capital_first(f"{where}: {reason}" if where else reason)


_MOST_DECIMALS: Final = 12
_FINEST: Final = Decimal("0.000001")
_WHOLE: Final = Context(prec=100, rounding=ROUND_HALF_UP)


def _legible(value: Decimal) -> Decimal:
    """A number as it was reported; of one that was computed, with dozens of decimals, the first six."""
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent >= -_MOST_DECIMALS:
        return value
    return value.quantize(_FINEST, context=_WHOLE).normalize(_WHOLE)


def has_errors(issues: Iterable[Issue]) -> bool:
    """Whether something blocks sending."""
    return any(issue.severity == "error" for issue in issues)
