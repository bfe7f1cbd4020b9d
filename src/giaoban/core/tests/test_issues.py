from decimal import Decimal
from string import Formatter

import pytest

from giaoban.core.issues import CATALOGUE, Cell, Issue, has_errors, sentence


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        (Cell(), ""),
        (Cell("own", "total", "", "c1", 7), "bảng own, dòng total, cột c1 (dòng 7 của tệp)"),
        (Cell("communes", "unit", "Xã A", "II.1"), "bảng communes, dòng unit, đơn vị Xã A, cột II.1"),
        (Cell(file_row=3, sheet="Bảng 1"), "trang tính Bảng 1, dòng 3 của tệp"),
        (Cell(table="own", sheet="Bảng 1"), "bảng own (trang tính Bảng 1)"),
    ],
)
def test_an_address_names_what_is_known(cell: Cell, words: str) -> None:
    assert cell.address() == words


def test_a_sentence_gives_place_reason_and_remedy() -> None:
    issue = Issue(
        "total-mismatch",
        "error",
        Cell("own", "total", "", "c1", 7),
        {"stated": Decimal(13086280), "computed": Decimal("1.5")},
    )
    assert sentence(issue) == (
        "Bảng own, dòng total, cột c1 (dòng 7 của tệp): tổng ghi 13.086.280, cộng các phần được 1,5. "
        "Kiểm tra lại tổng và từng phần."
    )
    assert sentence(issue, place="Dòng “Tổng số”, cột “Bản sao”").startswith("Dòng “Tổng số”, cột “Bản sao”: tổng ghi")


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (Decimal("17.02800133711015285501565016"), "17,028001"),
        (Decimal("0.1234567"), "0,1234567"),
        (Decimal("200.00000000000000000000"), "200"),
        (Decimal("123456789012345678901234567890.3333333333333333"), "123.456.789.012.345.678.901.234.567.890,333333"),
    ],
)
def test_a_computed_number_is_said_in_six_decimals_and_a_reported_one_as_it_is(left: Decimal, said: str) -> None:
    params: dict[str, Decimal | str | int] = {"formula": "a <= b", "left": left, "right": Decimal("0.01")}
    assert f"{said} so với 0,01" in sentence(Issue("formula-fails", "warning", Cell(), params))


def test_a_sentence_about_the_whole_file_has_no_place() -> None:
    assert sentence(Issue("encoding", "error", Cell())) == (
        "Tệp không dùng bảng mã UTF-8. Lưu lại theo dạng “CSV UTF-8” rồi tải lên."
    )


def test_names_of_the_cell_need_no_params_but_params_win() -> None:
    cell = Cell(table="own", column="c9")
    assert "cột “c9”" in sentence(Issue("unknown-column", "error", cell))
    assert "cột “Số bản”" in sentence(Issue("unknown-column", "error", cell, {"column": "Số bản"}))


def test_text_of_the_user_is_not_a_template() -> None:
    assert "“{unit}”" in sentence(Issue("not-a-number", "error", Cell(), {"text": "{unit}"}))


def test_an_unknown_code_and_a_missing_param_are_our_bugs() -> None:
    with pytest.raises(KeyError):
        sentence(Issue("no-such-code", "error", Cell()))
    with pytest.raises(KeyError, match="computed"):
        Issue("total-mismatch", "error", Cell(), {"stated": 1})


@pytest.mark.parametrize("code", CATALOGUE)
def test_every_code_says_a_reason_and_a_remedy(code: str) -> None:
    names = {name for _, name, _, _ in Formatter().parse(CATALOGUE[code]) if name}
    words = sentence(Issue(code, "error", Cell(), dict.fromkeys(names, "X")))
    reason, _, remedy = words.partition(". ")
    assert reason[0].isupper() or reason[0] == "“"
    assert remedy[:1].isupper() and remedy.endswith(".")


def test_only_errors_block() -> None:
    note = Issue("required-blank", "note", Cell())
    assert not has_errors([])
    assert not has_errors([note, Issue("required-blank", "warning", Cell())])
    assert has_errors([note, Issue("required-blank", "error", Cell())])
    assert len({note, Issue("required-blank", "note", Cell())}) == 1
