from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.vietnamese import capital_first, day, fold, moment, number, parse_number, percent, sort_key


@pytest.mark.parametrize(
    ("value", "scale", "words"),
    [
        (None, None, ""),
        (None, 2, ""),
        (0, None, "0"),
        (13086280, None, "13.086.280"),
        (999, None, "999"),
        (-1234567, None, "-1.234.567"),
        (Decimal("1234.50"), None, "1.234,50"),
        (Decimal("85.914"), 2, "85,91"),
        (Decimal("0.005"), 2, "0,01"),
        (Decimal("2.5"), 0, "3"),
        (Decimal("-0.001"), 2, "0,00"),
        (Decimal("1E+6"), None, "1.000.000"),
        (7, 1, "7,0"),
    ],
)
def test_number(value: Decimal | int | None, scale: int | None, words: str) -> None:
    assert number(value, scale) == words


def test_percent() -> None:
    assert percent(Decimal("85.914")) == "85,91 %"
    assert percent(38, 0) == "38 %"
    assert percent(None) == ""


def test_dates() -> None:
    assert day(date(2026, 10, 2)) == "02/10/2026"
    assert moment(datetime(2026, 10, 2, 9, 14, 59, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))) == "02/10/2026 09:14"


def test_capital_first_keeps_names() -> None:
    assert capital_first("đơn vị Long An") == "Đơn vị Long An"
    assert capital_first("") == ""


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("Tân  An", "tan an"),
        (" Đắk Lắk\n", "dak lak"),
        ("ĐỒNG NAI", "dong nai"),
        ("Thừa Thiên \u2013 Huế", "thua thien \u2013 hue"),
        ("Ho\u0300a Bi\u0300nh", "hoa binh"),
        ("", ""),
    ],
)
def test_fold(text: str, key: str) -> None:
    assert fold(text) == key


@pytest.mark.parametrize(
    "ordered",
    [
        ["a", "ă", "â", "b", "c", "d", "đ", "e", "ê", "g", "o", "ô", "ơ", "p", "u", "ư", "v", "y"],
        ["ba", "bà", "bả", "bã", "bá", "bạ", "bă", "bằ", "bẳ", "bẵ", "bắ", "bặ", "bâ", "bậ", "be"],
        [
            "An Giang",
            "Bà Rịa",
            "Bắc Giang",
            "Bắc Ninh",
            "Bến Tre",
            "Cà Mau",
            "Cao Bằng",
            "Cần Thơ",
            "Đà Nẵng",
            "Đắk Lắk",
        ],
        ["Ca", "Ca Nô", "Can", "Cán bộ", "Cản trở"],
        ["Phường 2", "Phường 10", "Phường 11", "Phường An"],
        ["dung", "dũng", "đung", "đùng"],
    ],
)
def test_sort_key_follows_the_alphabet(ordered: list[str]) -> None:
    backwards = ordered[::-1]
    assert sorted(backwards, key=sort_key) == ordered
    assert len({sort_key(text) for text in ordered}) == len(ordered)


@pytest.mark.parametrize(("one", "other"), [("Hòa", "hoà"), ("Hòa", "Ho\u0300a"), ("TÂN  AN", "Tân An")])
def test_sort_key_ignores_spelling_habits(one: str, other: str) -> None:
    assert sort_key(one) == sort_key(other)


def test_sort_key_is_ascii() -> None:
    assert sort_key("Ủy ban nhân dân xã Đức Hòa Thượng 1").isascii()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1204", "1204"),
        ("1.204", "1204"),
        ("13.086.280", "13086280"),
        ("1.204,5", "1204.5"),
        ("85,91", "85.91"),
        ("85,910", "85.910"),
        ("1 204", "1204"),
        ("1\u00a0204\u00a0000", "1204000"),
        ("1\u202f204,5", "1204.5"),
        ("  7\n", "7"),
        ("0", "0"),
        ("0,5", "0.5"),
        ("-3", "-3"),
        ("\u22123.000", "-3000"),
        ("- 3", "-3"),
        ("-0", "0"),
    ],
)
def test_parse_number(text: str, value: str) -> None:
    parsed = parse_number(text)
    assert str(parsed) == value


@pytest.mark.parametrize("text", ["85.9", "85.91", "0.123", "1.2045", "1204.500", "1,204,500", "1,204.5"])
def test_an_ambiguous_number_is_refused_as_such(text: str) -> None:
    with pytest.raises(ValueError, match="không rõ nghĩa"):
        parse_number(text)


@pytest.mark.parametrize(
    "text", ["", "  ", "-", "abc", "12 xã", "1.2.3", "1 20", "1.204 500", "1 204.500", "1e5", "5,", ",5", "٣", "50%"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"không phải là số|Chưa nhập số"):
        parse_number(text)


@given(st.decimals(min_value=-(10**15), max_value=10**15, places=2))
def test_a_number_we_write_is_read_back(value: Decimal) -> None:
    assert parse_number(number(value)) == value
