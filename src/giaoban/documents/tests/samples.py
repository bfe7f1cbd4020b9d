"""Papers for tests: every part present, made-up figures, so marked as simulated."""

import itertools
import unicodedata
from pathlib import Path

from giaoban.documents.rules.papers import (
    Assignment,
    BriefingBook,
    ConclusionNotice,
    ConclusionParagraph,
    FormRow,
    FormTable,
    Head,
    PaperTable,
    Side,
    StatisticalForm,
)

TEMPLATES = Path(__file__).resolve().parents[4] / "packs" / "justice-vn" / "templates"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
VOWELS = {unicodedata.normalize("NFC", base + tone) for base, tone in itertools.product("aăâeêioôơuưy", TONES)}
LOWER = sorted({"đ"} | VOWELS - set("aeiouy"))
ACCENTED = "".join(LOWER) + "".join(letter.upper() for letter in LOWER)
INJECTIONS = (
    '#panic("x")',
    "{{ 7*7 }}",
    "{% for a in b %}",
    "<w:p>&amp;</w:p>",
    "{_{ 7*7 }_}",
    "\"ngoặc kép\" 'ngoặc đơn' «»",
    "$x^2$ *đậm* _nghiêng_ @nguồn \\ `mã` ~ //",
)


def head(subject: str, doc_type: str, *, simulated: bool = True) -> Head:
    return Head(
        superior="Ủy ban nhân dân tỉnh Long An",
        body="Sở Tư pháp",
        number=None,
        symbol="TB-STP",
        place="Long An",
        date={"day": None, "month": 3, "year": 2014},
        doc_type=doc_type,
        subject=subject,
        signer={"authority_lines": ["KT. Giám đốc"], "title": "Phó Giám đốc", "name": None},
        recipients=["Ủy ban nhân dân tỉnh (để báo cáo)", "Phòng Tư pháp các huyện, thành phố", "Lưu: VT"],
        simulated=simulated,
        simulated_note="Số liệu, thời hạn và sản phẩm trong tài liệu này là mô phỏng." if simulated else "",
        source_note="biểu thu thập theo yêu cầu của hội nghị",
        generated="21/03/2014 09:14",
    )


def table(rows: int = 15, columns: int = 4) -> PaperTable:
    """A table of made-up figures: a name column, then numbers."""
    right: list[Side] = ["r" for _ in range(1, columns)]
    return PaperTable(
        title="Bảng 1. Kết quả chứng thực",
        unit_note="Đơn vị tính: bản",
        header=["Đơn vị", *(f"Chứng thực nhóm {at}" for at in range(1, columns))],
        align=["l", *right],
        rows=[
            [f"Phòng Tư pháp huyện số {row}", *(f"{row * at + 1}.{row * 37 % 900 + 100}" for at in range(1, columns))]
            for row in range(1, rows + 1)
        ],
        total_row=["Tổng số", *("120.400" for _ in range(1, columns))],
        notes=["13/15 đơn vị có báo cáo; chưa có: huyện số 4, huyện số 9."],
    )


def briefing_book(*, rows: int = 15, columns: int = 4, extra: tuple[str, ...] = ()) -> BriefingBook:
    return BriefingBook(
        paper="briefing-book",
        **head("Hội nghị triển khai công tác tư pháp năm 2014", "Tài liệu họp"),
        sections=[
            {
                "title": "Kết quả thực hiện",
                "paragraphs": [
                    "Trong kỳ, các đơn vị đã tiếp nhận và giải quyết hồ sơ theo đúng quy trình; so với cùng kỳ năm "
                    "trước số việc tăng, tỷ lệ đúng hạn được giữ vững ở phần lớn các đơn vị.",
                    *extra,
                ],
                "tables": [table(rows, columns)],
                "lists": [],
            },
            {
                "title": "Đơn vị báo cáo muộn hoặc chưa báo cáo",
                "paragraphs": [],
                "tables": [],
                "lists": [
                    {"title": "Báo cáo muộn", "items": ["Phòng Tư pháp huyện số 3: muộn 5 ngày"]},
                    {"title": "Chưa báo cáo", "items": ["Phòng Tư pháp huyện số 4", "Phòng Tư pháp huyện số 9"]},
                ],
            },
        ],
        attachments=["Hướng dẫn tiêu chí chuẩn tiếp cận pháp luật (chỉ có tên tài liệu)"],
    )


def assignment(what: str, lead: str, *, due: str | None, product: str, helpers: str | None = None) -> Assignment:
    return {"what": what, "lead": lead, "helpers": helpers, "due": due, "product": product}


def conclusion_notice(*, units: int = 15, extra: tuple[str, ...] = (), simulated: bool = True) -> ConclusionNotice:
    paragraphs: list[ConclusionParagraph] = [
        {
            "number": "1",
            "text": "Các Phòng Tư pháp rà soát, lập danh sách hòa giải viên trên địa bàn và gửi về Sở Tư pháp.",
            "kind": "task",
            "assignments": [
                assignment(
                    "Lập danh sách hòa giải viên",
                    f"Phòng Tư pháp huyện số {unit}",
                    helpers="Ủy ban nhân dân cấp xã",
                    due="15/04/2014",
                    product="Danh sách theo mẫu",
                )
                for unit in range(1, units + 1)
            ],
        },
        {
            "number": "2",
            "text": "Tiếp tục nâng cao chất lượng phổ biến, giáo dục pháp luật ở cơ sở.",
            "kind": "orientation",
            "assignments": [],
        },
        {
            "number": "3",
            "text": "Phân công theo dõi việc thực hiện.",
            "kind": "task",
            "kind_name": "Nhiệm vụ đo đếm được",
            "assignments": [
                assignment("Tổng hợp số liệu", "Văn phòng Sở", due="30/04/2014", product="Báo cáo"),
                assignment("Kiểm tra thực tế", "Thanh tra Sở", due=None, product="Biên bản"),
            ],
        },
    ]
    return ConclusionNotice(
        paper="conclusion-notice",
        **head(
            "Kết luận của Giám đốc Sở Tư pháp tại Hội nghị triển khai công tác tư pháp năm 2014",
            "Thông báo",
            simulated=simulated,
        ),
        intro=[
            "Ngày 21/03/2014, Sở Tư pháp tổ chức Hội nghị triển khai công tác tư pháp năm 2014. Sau khi nghe báo cáo "
            "và ý kiến của các đại biểu, Giám đốc Sở kết luận như sau:",
            *extra,
        ],
        meeting=[{"label": "Chủ trì", "value": "Giám đốc Sở Tư pháp"}, {"label": "Hình thức", "value": "trực tiếp"}],
        paragraphs=paragraphs,
        closing="Sở Tư pháp thông báo để các đơn vị biết, thực hiện.",
    )


def statistical_form(*, rows: int = 40, official: bool = False, extra: tuple[str, ...] = ()) -> StatisticalForm:
    lines: list[FormRow] = [
        {"kind": "line", "cells": [f"Xã số {row}", *(f"{row * at}" for at in range(1, 7))]}
        for row in range(1, rows + 1)
    ]
    form_table: FormTable = {
        "title": "Bảng tổng hợp",
        "unit_note": "Đơn vị tính: việc",
        "header_rows": [
            [
                {"text": "Đơn vị", "colspan": 1, "rowspan": 2},
                {"text": "Tổng số", "colspan": 1, "rowspan": 2},
                {"text": "Chia theo loại việc", "colspan": 3, "rowspan": 1},
                {"text": "Chia theo kết quả", "colspan": 2, "rowspan": 1},
            ],
            [
                {"text": text, "colspan": 1, "rowspan": 1}
                for text in ("Loại một", "Loại hai", "Loại ba", "Đúng hạn", "Quá hạn")
            ],
        ],
        "column_numbers": ["A", "(1)", "(2)", "(3)", "(4)", "(5)", "(6)"],
        "align": ["l", "r", "r", "r", "r", "r", "r"],
        "rows": [
            {"kind": "total", "cells": ["Tổng số trên địa bàn huyện", *(f"{820 * at}" for at in range(1, 7))]},
            *lines,
        ],
        "notes": ["Ghi chú: 13/15 đơn vị có số liệu.", *extra],
    }
    return StatisticalForm(
        paper="statistical-form",
        code="17b/BTP/HTQTCT/CT" if official else "",
        act="Thông tư số 03/2019/TT-BTP" if official else "",
        dates=["Ngày nhận báo cáo: ……………"] if official else [],
        title="Kết quả chứng thực của Phòng Tư pháp và Ủy ban nhân dân cấp xã",
        period_lines=["6 tháng năm 2014", "(từ 01/01/2014 đến 30/6/2014)"],
        reporting_unit="Phòng Tư pháp huyện số 1",
        receiving_unit="Sở Tư pháp",
        tables=[form_table],
        place="Long An",
        date=None,
        signatures=[
            {"title": "Người lập biểu", "hint": "(Ký, ghi rõ họ, tên)", "name": None},
            {"title": "Người kiểm tra", "hint": "(Ký, ghi rõ họ, tên)", "name": None},
            {"title": "Trưởng phòng", "hint": "(Ký, đóng dấu, ghi rõ họ, tên)", "name": None},
        ],
        official=official,
        official_note="" if official else "Biểu thu thập số liệu, không phải biểu mẫu pháp lý.",
        simulated=not official,
        simulated_note="",
        source_note="",
        generated="21/03/2014 09:14",
    )
