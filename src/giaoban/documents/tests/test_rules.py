"""What papers say and how tables are measured, without a database or an engine."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.documents.rules import papers, tables
from giaoban.documents.tests import samples


@pytest.mark.parametrize(
    ("number", "symbol", "words"),
    [
        ("12", "TB-STP", "Số: 12/TB-STP"),
        (None, "TB-STP", "Số: \xa0\xa0\xa0\xa0\xa0\xa0\xa0\xa0/TB-STP"),
        (None, None, "Số: \xa0\xa0\xa0\xa0\xa0\xa0\xa0\xa0/…"),
    ],
)
def test_number_line_keeps_a_blank(number: str | None, symbol: str | None, words: str) -> None:
    assert papers.number_line(number, symbol) == words


@pytest.mark.parametrize(
    ("place", "day", "words"),
    [
        ("Tây Ninh", {"day": 2, "month": 10, "year": 2026}, "Tây Ninh, ngày 02 tháng 10 năm 2026"),
        ("Tây Ninh", {"day": 21, "month": 2, "year": 2026}, "Tây Ninh, ngày 21 tháng 02 năm 2026"),
        ("Tây Ninh", {"day": 21, "month": 3, "year": 2026}, "Tây Ninh, ngày 21 tháng 3 năm 2026"),
        ("Tây Ninh", {"day": None, "month": None, "year": 2026}, "Tây Ninh, ngày … tháng … năm 2026"),
        (None, None, f"{papers.BLANK_PLACE}, ngày … tháng … năm …"),
    ],
)
def test_date_line(place: str | None, day: papers.PaperDate | None, words: str) -> None:
    assert papers.date_line(place, day) == words


def test_unknown_signer_is_dots_and_an_absent_one_is_no_block() -> None:
    head = samples.head("Kết luận", "Thông báo")
    head["signer"] = None
    laid = papers.lay_out_head(head)
    assert laid["signed"]
    assert (laid["signer_title"], laid["signer_name"]) == (papers.BLANK_NAME, papers.BLANK_NAME)
    del head["signer"], head["number"]
    laid = papers.lay_out_head(head)
    assert not laid["signed"]
    assert laid["number_line"] == ""


def test_recipients_end_as_in_an_office() -> None:
    assert papers.recipient_lines(["Bộ Tư pháp;", "Lưu: VT."]) == ["- Bộ Tư pháp;", "- Lưu: VT."]
    assert papers.recipient_lines([]) == []


def test_roman_numerals() -> None:
    assert [papers.roman(number) for number in (1, 4, 9, 14, 40, 49)] == ["I", "IV", "IX", "XIV", "XL", "XLIX"]


def test_what_all_units_share_is_said_once() -> None:
    notice = papers.lay_out_conclusion_notice(samples.conclusion_notice(units=3))
    fan_out, orientation, differing = notice["paragraphs"]
    assert fan_out["lines"][1] == (
        "Chủ trì: Phòng Tư pháp huyện số 1; Phòng Tư pháp huyện số 2; Phòng Tư pháp huyện số 3"
    )
    assert len(fan_out["lines"]) == 5
    assert fan_out["tables"] == orientation["lines"] == orientation["tables"] == []
    assert differing["lines"] == ["Phối hợp: …"]
    (table,) = differing["tables"]
    assert [cell["text"] for cell in table["header_rows"][0]] == [
        "STT", "Nội dung công việc", "Chủ trì", "Thời hạn", "Sản phẩm",
    ]  # fmt: skip
    assert [cell["text"] for cell in table["rows"][1]["cells"]] == [
        "2", "Kiểm tra thực tế", "Thanh tra Sở", "…", "Biên bản",
    ]  # fmt: skip
    assert [paragraph["kind"] for paragraph in notice["paragraphs"]] == [
        "(Nhiệm vụ)", "(Định hướng)", "(Nhiệm vụ đo đếm được)",
    ]  # fmt: skip


def test_wide_chapter_turns_the_page_once() -> None:
    book = samples.briefing_book(columns=13)
    book["sections"] = [book["sections"][1], book["sections"][0], book["sections"][0], book["sections"][1]]
    laid = papers.lay_out_briefing_book(book)
    assert laid["has_landscape"]
    assert [s["landscape"] for s in laid["sections"]] == [False, True, True, False]
    assert [s["turns_in"] for s in laid["sections"]] == [False, True, False, False]
    assert [s["turns_out"] for s in laid["sections"]] == [False, False, True, False]
    assert [s["first_turn"] for s in laid["sections"]] == [False, True, False, False]
    assert not papers.lay_out_briefing_book(samples.briefing_book())["has_landscape"]


def test_bands_of_a_statistical_form() -> None:
    capture = papers.lay_out_statistical_form(samples.statistical_form())
    assert capture["band"] == "KHÔNG PHẢI BIỂU MẪU PHÁP LÝ · SỐ LIỆU MÔ PHỎNG"
    legal = papers.lay_out_statistical_form(samples.statistical_form(official=True))
    assert legal["band"] == ""
    assert legal["code_line"] == "Biểu số: 17b/BTP/HTQTCT/CT"


def test_laid_out_papers_are_json() -> None:
    for data in (samples.briefing_book(), samples.conclusion_notice(), samples.statistical_form()):
        assert json.loads(json.dumps(papers.lay_out(data)))
    own_paper = {"tiêu đề": "mẫu riêng"}
    assert papers.lay_out(own_paper) is own_paper


def test_row_of_another_width_is_refused() -> None:
    table = samples.table()
    table["rows"][3] = table["rows"][3][:-1]
    with pytest.raises(tables.RaggedTableError, match=r"«Bảng 1. Kết quả chứng thực»: row 5 has 3 cells"):
        tables.lay_out_table(table, landscape=False)


def test_table_without_columns_is_refused() -> None:
    table = samples.table()
    table.update({"header": [], "align": [], "rows": [], "total_row": None})
    with pytest.raises(tables.RaggedTableError, match="no columns"):
        tables.needs_landscape(table)


def test_header_with_gaps_is_refused() -> None:
    form = samples.statistical_form()
    del form["tables"][0]["header_rows"][1][0]
    with pytest.raises(tables.RaggedTableError):
        papers.lay_out_statistical_form(form)


def test_leaf_labels_follow_row_spans() -> None:
    header = samples.statistical_form()["tables"][0]["header_rows"]
    assert tables.leaf_labels(header, 7) == [
        "Đơn vị",
        "Tổng số",
        "Loại một",
        "Loại hai",
        "Loại ba",
        "Đúng hạn",
        "Quá hạn",
    ]


words = st.text(alphabet=samples.ACCENTED + "abcdefgh 0123456789.", min_size=1, max_size=40)


@given(columns=st.integers(1, 20), data=st.data())
def test_columns_fill_the_page_and_none_vanishes(columns: int, data: st.DataObject) -> None:
    row = st.lists(words, min_size=columns, max_size=columns)
    table = papers.PaperTable(
        title="",
        unit_note="",
        header=data.draw(row),
        align=data.draw(st.lists(st.sampled_from(["l", "r"]), min_size=columns, max_size=columns)),
        rows=data.draw(st.lists(row, max_size=4)),
        total_row=data.draw(st.none() | row),
        notes=[],
    )
    landscape = tables.needs_landscape(table)
    laid = tables.lay_out_table(table, landscape=landscape)
    page = tables.LANDSCAPE_MM if landscape else tables.PORTRAIT_MM
    assert sum(laid["widths_mm"]) == pytest.approx(page, abs=0.2)
    assert min(laid["widths_mm"]) > 0
    assert 8 <= laid["points"] <= 12
    assert len(laid["rows"]) == len(table["rows"]) + (table["total_row"] is not None)


@given(text=st.lists(st.sampled_from(samples.ACCENTED).map(lambda a: a * 3), min_size=1, max_size=30).map(" ".join))
def test_balanced_only_adds_line_breaks(text: str) -> None:
    assert tables.balanced(text, width_mm=60, points=12).replace("\n", " ") == text


def test_balanced_leaves_no_stray_word() -> None:
    assert tables.balanced("ỦY BAN NHÂN DÂN TỈNH LONG AN", width_mm=68, points=12) == "ỦY BAN NHÂN DÂN\nTỈNH LONG AN"
    assert tables.balanced("SỞ TƯ PHÁP", width_mm=68, points=12) == "SỞ TƯ PHÁP"
