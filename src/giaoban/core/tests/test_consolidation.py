from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.consolidation import (
    MISSING,
    ZERO,
    CellTotal,
    Coverage,
    combine,
    combine_coverage,
    roll_up,
    total_of,
)
from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, reported
from giaoban.core.tests.forms_for_tests import capture, form

OWN = form(capture()).table("own")
amounts = st.integers(-(10**9), 10**9).map(lambda number: Decimal(number).scaleb(-1))
units = st.one_of(
    st.builds(reported, amounts, st.none() | amounts).map(total_of),
    st.sampled_from([total_of(NIL), total_of(NOT_APPLICABLE), total_of(BLANK), MISSING]),
)
totals = st.lists(units, max_size=4).map(combine)


@given(totals, totals, totals)
def test_combining_is_associative_and_commutative_with_an_identity(a: CellTotal, b: CellTotal, c: CellTotal) -> None:
    assert combine([combine([a, b]), c]) == combine([a, combine([b, c])]) == combine([a, b, c])
    assert combine([a, b]) == combine([b, a])
    assert combine([a, ZERO]) == combine([ZERO, a]) == combine([a]) == a


@given(st.lists(st.tuples(units, st.integers(0, 4)), max_size=20), st.randoms())
def test_any_grouping_of_the_units_gives_the_same_total(members: list[tuple[CellTotal, int]], random: Random) -> None:
    groups: dict[int, list[CellTotal]] = {}
    for unit, group in members:
        groups.setdefault(group, []).append(unit)
    subtotals = [combine(group) for group in groups.values()]
    random.shuffle(subtotals)
    whole = combine(unit for unit, _ in members)
    assert combine(subtotals) == whole
    assert whole.units == len(members)


@pytest.mark.parametrize(
    ("parts", "state", "amount"),
    [
        ([reported(0), NIL], "reported", 0),
        ([NIL, BLANK], "nil", 0),
        ([NOT_APPLICABLE, BLANK], "na", None),
        ([BLANK], "blank", None),
        ([], "missing", None),
        ([reported(None, 4), reported(3)], "reported", 7),
    ],
)
def test_the_state_of_a_total(parts: list[object], state: str, amount: int | None) -> None:
    total = combine(total_of(part) for part in parts)  # type: ignore[arg-type]
    assert (total.state, total.amount) == (state, amount)


def test_actual_and_estimated_parts_stay_apart() -> None:
    total = combine([total_of(reported(10, 2)), total_of(reported(5)), MISSING])
    assert total == CellTotal(Decimal(15), Decimal(2), reported=2, missing=1)
    assert total.total == 17
    assert not total.is_complete


def test_rates_come_from_sums_and_averages_are_not_added() -> None:
    rows = [(100, 50, 7), (300, 290, 9)]
    columns = {
        name: combine(total_of(reported(row[position])) for row in rows)
        for position, name in enumerate(("all", "good", "age"))
    }
    columns["rate"] = combine([total_of(BLANK), total_of(reported(Decimal("96.67")))])
    shown = roll_up(OWN, columns)
    assert shown["rate"].value == Decimal("85.00")
    assert shown["rate"].state == "reported"
    assert (shown["age"].value, shown["age"].reported, shown["age"].amount) == (None, 2, None)
    assert shown["all"].value == 400


def test_one_unit_keeps_what_is_not_added() -> None:
    assert roll_up(OWN, {"age": total_of(reported(7))})["age"].value == 7


def test_a_rate_with_a_zero_denominator_is_unknown() -> None:
    nothing = {name: total_of(NIL) for name in ("all", "good")}
    assert roll_up(OWN, nothing)["rate"].value is None


def test_coverage() -> None:
    east, west = Coverage(7, 8, ("Cape",)), Coverage(6, 7, ("Reef",))
    assert combine_coverage([east, west]) == Coverage(13, 15, ("Cape", "Reef"))
    assert combine_coverage([east, west]).words() == "13/15"
    assert Coverage(2, 2).is_complete


def test_a_rate_over_unequal_numbers_of_units_is_unknown() -> None:
    columns = {
        "all": combine([total_of(reported(100)), total_of(BLANK)]),
        "good": combine([total_of(reported(50)), total_of(reported(90))]),
    }
    assert roll_up(OWN, columns)["rate"].value is None
    columns["all"] = combine([total_of(reported(100)), total_of(NIL)])
    assert roll_up(OWN, columns)["rate"].value == 140
