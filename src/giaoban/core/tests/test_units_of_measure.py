from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.forms import Column, ColumnSource
from giaoban.core.units_of_measure import MONEY, NotConvertible, contradiction, convert, factor_of, is_same

moneys = st.sampled_from(sorted(MONEY))
amounts = st.integers(-(10**30), 10**30).map(lambda number: Decimal(number).scaleb(-3))


@given(amounts, moneys, moneys, moneys)
def test_converting_is_exact_there_and_back_and_by_any_way(value: Decimal, a: str, b: str, c: str) -> None:
    assert convert(convert(value, a, b), b, a) == value
    assert convert(convert(value, a, b), b, c) == convert(value, a, c)


@pytest.mark.parametrize(
    ("value", "there", "here", "expected"),
    [
        ("104473399784", "Nghìn đồng", "Đồng", "104473399784000"),
        ("1", "đồng", "TỶ ĐỒNG", "0.000000001"),
        ("2.5", "triệu đồng", "nghìn đồng", "2500"),
        ("2", "1.000đ", "đ", "2000"),
        ("2", "tr.đồng", "1.000.000 đồng", "2"),
        ("2", "tr. đồng", "1000đ", "2000"),
        ("3", "nghìn tỷ đồng", "VNĐ", "3000000000000"),
        ("7", "Vụ việc", "vụ  việc", "7"),
    ],
)
def test_amounts_of_money_and_units_of_one_name(value: str, there: str, here: str, expected: str) -> None:
    assert convert(Decimal(value), there, here) == Decimal(expected)


@pytest.mark.parametrize(("there", "here"), [("Việc", "Vụ việc"), ("Đồng", "Người"), ("%", "Điểm %"), ("", "Đồng")])
def test_what_is_not_of_one_family_is_refused(there: str, here: str) -> None:
    with pytest.raises(NotConvertible) as refused:
        convert(Decimal(1), there, here)
    assert f"“{there}” sang “{here}”" in refused.value.sentence
    assert not is_same(there, here)


def test_names_of_the_same_money_are_the_same() -> None:
    assert is_same("Ngàn đồng", "1.000 đồng")
    assert not is_same("Ngàn đồng", "đồng")


def test_the_factor_of_the_pack_comes_first_and_may_not_contradict_the_units() -> None:
    here, there = Column("a", "A", unit="Đồng"), Column("b", "B", unit="Nghìn đồng")
    assert factor_of(ColumnSource("a", "b"), here, there) == 1000
    assert factor_of(ColumnSource("a", "b", Decimal(10)), here, there) == 10
    assert contradiction(ColumnSource("a", "b", Decimal(1000)), here, there) == ""
    assert contradiction(ColumnSource("a", "b"), here, there) == ""
    assert contradiction(ColumnSource("a", "b", Decimal(1)), here, there) == (
        "the factor 1 contradicts the units: 1 Nghìn đồng is 1000 Đồng"
    )
    case = Column("c", "C", unit="Việc")
    assert "say how much" in contradiction(ColumnSource("a", "c"), here, case)
    assert contradiction(ColumnSource("a", "c", Decimal(3)), here, case) == ""
