"""Formulas as data: the same tree, without a program in it."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core.expressions import Data, as_data
from giaoban.core.formulas import FormulaError, parse, value_of


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("100 * good / all", ["/", ["*", ["number", "100"], ["name", "good"]], ["name", "all"]]),
        ("-a + 0.50", ["+", ["negative", ["name", "a"]], ["number", "0.50"]]),
        ("sum(I.1, b)", ["sum", ["name", "I.1"], ["name", "b"]]),
        ("round(abs(a), 2)", ["round", ["abs", ["name", "a"]], ["number", "2"]]),
    ],
)
def test_as_data(text: str, data: Data) -> None:
    assert as_data(parse(text)) == data
    json.dumps(data)


def test_a_condition_is_no_expression() -> None:
    with pytest.raises(FormulaError):
        as_data(parse("a <= b"))


def read(data: Data, values: dict[str, Decimal]) -> Decimal | None:
    """A second reading of the data, as a page does it."""
    kind, *rest = data
    if kind == "number":
        return Decimal(str(rest[0]))
    if kind == "name":
        return values[str(rest[0])]
    parts = [read(part, values) for part in rest if isinstance(part, list)]
    if any(part is None for part in parts):
        return None
    left, right = parts[0] or Decimal(0), (parts[-1] or Decimal(0))
    return {"+": left + right, "-": left - right, "*": left * right}[str(kind)]


@given(st.lists(st.tuples(st.sampled_from("+-*"), st.integers(0, 99)), max_size=6), st.integers(0, 99))
def test_data_computes_what_the_text_says(steps: list[tuple[str, int]], first: int) -> None:
    text = f"{first} " + " ".join(f"{sign} {number}" for sign, number in steps)
    formula = parse(text)
    assert read(as_data(formula), {}) == value_of(formula, lambda _: None)
