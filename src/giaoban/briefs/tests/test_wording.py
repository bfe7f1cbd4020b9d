"""Per cent and percentage points; numbers that nobody bound."""

from decimal import Decimal

import pytest

from giaoban.briefs.rules.marked import blocks_of
from giaoban.briefs.rules.wording import Amount, change_words, figure_words, points_hints, unbound_hints


def rate(text: str, scale: int = 2) -> Amount:
    return Amount(Decimal(text), "%", scale)


def count(value: int | None) -> Amount:
    return Amount(None if value is None else Decimal(value), "việc", 0)


@pytest.mark.parametrize(
    ("now", "base", "words"),
    [
        (rate("85.91"), rate("82.65"), "tăng 3,26 điểm phần trăm"),
        (rate("82.654"), rate("85.914"), "giảm 3,26 điểm phần trăm"),
        (rate("85.914"), rate("85.911"), "không đổi"),
        (count(7), count(8), "giảm 12,5 %"),
        (count(12), count(10), "tăng 20 %"),
        (count(10), count(10), "không đổi"),
        (count(7), count(0), "tăng 7 việc (kỳ so sánh bằng 0)"),
        (count(0), count(0), "không đổi"),
        (count(7), count(None), "chưa có số để so sánh"),
        (count(None), count(7), "chưa có số để so sánh"),
        (count(100_001), count(100_000), "tăng 1 việc"),
    ],
)
def test_change_in_words(now: Amount, base: Amount, words: str) -> None:
    assert change_words(now, base) == words


def test_two_units_are_not_compared() -> None:
    with pytest.raises(ValueError, match="%"):
        change_words(rate("85"), count(3))


def test_a_figure_in_words() -> None:
    assert figure_words(rate("85.914")) == "85,91 %"
    assert figure_words(count(1204)) == "1.204"
    assert figure_words(count(1204), with_unit=True) == "1.204 việc"
    assert figure_words(count(None)) == "…"


def test_percent_said_for_points_is_flagged() -> None:
    rates = [rate("85.91"), rate("82.65")]
    assert [hint.words for hint in points_hints("Đạt …, tăng 3,26% so với cùng kỳ.", rates)] == ["tăng 3,26%"]
    assert points_hints("Đạt …, tăng 3,26 điểm phần trăm.", rates) == []
    assert points_hints("Số việc tăng 5 %.", rates) == []
    assert points_hints("tăng 3,26 %.", [count(5), count(8)]) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Có 1.204 hồ sơ.", ["1.204"]),
        ("Đạt 8,5 %.", ["8,5 %"]),
        ("Đạt 9%.", ["9%"]),
        ("Có 5 xã.", []),
        ("Ngày 24/01/2019, Nghị định số 09/2019/NĐ-CP, Điều 12, năm 2026, giai đoạn 2021-2025.", []),
        ("Trong 12 tháng, 15 ngày, quý 3.", []),
        ("Có {{số 1: 1.204}} hồ sơ.", []),
    ],
)
def test_typed_numbers_are_hinted_at(text: str, words: list[str]) -> None:
    (block,) = blocks_of(text)
    assert [hint.words for hint in unbound_hints(block)] == words
