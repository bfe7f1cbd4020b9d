from decimal import Decimal
from typing import Any

import pytest

from giaoban.core.indicators import rank
from giaoban.monitoring.rules import Picked, pick, reason, step

VALUES: dict[int, Decimal | None] = {
    1: Decimal(95),
    2: Decimal(80),
    3: Decimal(60),
    4: Decimal(80),
    5: None,
    6: Decimal(70),
}
EXPECTED = frozenset({1, 2, 3, 4, 5, 6, 7})


def picked(kind: str, settings: dict[str, Any], level: Decimal | None = Decimal(78)) -> list[int]:
    found = pick(kind, settings, VALUES, reference=level, ranks=rank(VALUES, "higher"), expected=EXPECTED)
    return [one.unit_id for one in found]


@pytest.mark.parametrize(
    ("kind", "settings", "units"),
    [
        ("n_lowest", {"n": 1}, [3]),
        ("n_lowest", {"n": 2}, [3, 6]),
        ("n_lowest", {"n": 3}, [3, 6, 2, 4]),  # two tie for the third place: both are in
        ("n_lowest", {"n": 9}, [3, 6, 2, 4, 1]),  # one without a value is never named
        ("n_highest", {"n": 1}, [1]),
        ("n_highest", {"n": 2}, [1, 2, 4]),
        ("below_reference", {}, [3, 6]),
        ("below_reference", {"points": "8"}, [3, 6]),
        ("below_reference", {"points": "8.01"}, [3]),
        ("below_reference", {"reference": "80", "points": "0"}, [3, 6]),  # the reference itself is not below it
        ("below_reference", {"reference": "96", "points": "1"}, [3, 6, 2, 4, 1]),
        ("gap", {}, [5, 7]),
    ],
)
def test_whom_a_rule_names(kind: str, settings: dict[str, Any], units: list[int]) -> None:
    assert picked(kind, settings) == units


def test_without_a_level_nothing_is_below_it() -> None:
    assert picked("below_reference", {"points": "1"}, None) == []


def test_an_unknown_kind_of_rule_is_an_error() -> None:
    with pytest.raises(KeyError):
        picked("coin_toss", {"n": 1})


def test_what_is_picked_carries_its_comparison() -> None:
    ranks = rank(VALUES, "higher")
    own = {"reference": "90", "points": "25"}
    (one,) = pick("below_reference", own, VALUES, reference=Decimal(78), ranks=ranks, expected=EXPECTED)
    assert one == Picked(3, Decimal(60), Decimal(90), 5, 5)
    missing = pick("gap", {}, VALUES, reference=Decimal(78), ranks=ranks, expected=EXPECTED)
    assert missing[0] == Picked(5, None, Decimal(78), None, 5)


TEMPLATE = "{unit}: {indicator} {value}, {direction} {reference} là {points} điểm, hạng {rank}/{out_of}"


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (
            Picked(1, Decimal("72.957"), Decimal("85.911"), 34, 34),
            "Đèn: đèn tốt 72,96 %, thấp hơn 85,91 % là 12,95 điểm, hạng 34/34",
        ),
        (
            Picked(1, Decimal("95.5"), Decimal(90), 1, 2),
            "Đèn: đèn tốt 95,50 %, cao hơn 90,00 % là 5,50 điểm, hạng 1/2",
        ),
        (Picked(1, None, Decimal(90), None, 2), "Đèn: đèn tốt chưa có số,  90,00 % là chưa tính được điểm, hạng –/2"),
    ],
)
def test_the_reason_is_a_sentence_with_vietnamese_numbers(one: Picked, sentence: str) -> None:
    said = reason(TEMPLATE, one, unit_name="Đèn", indicator="đèn tốt", measure="%", scale=2)
    assert said == sentence


@pytest.mark.parametrize(
    ("value", "higher", "expected"),
    [
        ("80", True, 0),
        ("78.01", True, 0),
        ("78", True, -1),
        ("75", True, -2),
        ("82", True, 1),
        ("85", True, 2),
        ("85", False, -2),
        ("78", False, 1),
    ],
)
def test_steps_around_a_level(value: str, higher: bool, expected: int) -> None:
    assert step(Decimal(value), Decimal(80), (Decimal(2), Decimal(5)), higher=higher) == expected
    assert step(None, Decimal(80), (Decimal(2), Decimal(5)), higher=higher) == 0
    assert step(Decimal(value), None, (Decimal(2), Decimal(5)), higher=higher) == 0
