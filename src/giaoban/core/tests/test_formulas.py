from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from giaoban.core import formulas
from giaoban.core.formulas import Binary, Call, Formula, FormulaError, Name, Negative, Node, Number

D = Decimal
numbers = st.decimals(min_value=-(10**9), max_value=10**9, places=3)


def resolver(values: Mapping[str, "Decimal | int | Sequence[Decimal | None] | None"]) -> formulas.Resolver:
    def resolve(name: str) -> "Decimal | Sequence[Decimal | None] | None":
        value = values[name]
        return D(value) if isinstance(value, int) else value

    return resolve


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 4 - 3", "3"),
        ("24 / 4 / 2", "3"),
        ("-a + 5", "3"),
        ("- (a - 5)", "3"),
        ("0.1 + 0.2", "0.3"),
        ("100 * part / whole", "50"),
        ("I.1 + I.2", "11"),
        ("sum(a, gap, 5)", "7"),
        ("sum(many)", "6"),
        ("sum(many, a)", "8"),
        ("min(a, 5)", "2"),
        ("max(many)", "3"),
        ("abs(a - 5)", "3"),
        ("round(2.345, 2)", "2.35"),
        ("round(-2.5, 0)", "-3"),
    ],
)
def test_arithmetic(text: str, expected: str) -> None:
    values = {"a": 2, "part": 3, "whole": 6, "gap": None, "I.1": 5, "I.2": 6, "many": [D(1), None, D(2), D(3)]}
    assert formulas.value_of(formulas.parse(text), resolver(values)) == D(expected)


@pytest.mark.parametrize("text", ["gap + 1", "1 - gap", "abs(gap)", "-gap", "sum(gap)", "min(gap)", "a / 0", "gap * 0"])
def test_a_blank_or_a_zero_denominator_makes_the_value_unknown(text: str) -> None:
    assert formulas.value_of(formulas.parse(text), resolver({"gap": None, "a": 1})) is None


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a = b + 1", True),
        ("a != 3", False),
        ("a < b", False),
        ("a <= 3.0", True),
        ("a > b", True),
        ("a >= 4", False),
        ("a = gap", None),
        ("gap < gap", None),
    ],
)
def test_conditions(text: str, holds: bool | None) -> None:
    assert formulas.test(formulas.parse(text), resolver({"a": 3, "b": 2, "gap": None})).holds is holds


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ends too early"),
        ("1 +", "ends too early"),
        ("1 2", "one too many"),
        ("a = b = c", "one too many"),
        ("(1", "ends too early"),
        ("a b", "one too many"),
        ("a & b", "position 3"),
        ("__import__('os')", "not part of the language"),
        ("os(1)", "not a function"),
        ("abs(1, 2)", "2 arguments"),
        ("round(1)", "1 arguments"),
        ("round(1, a)", "whole number"),
        ("round(1, 0.5)", "whole number"),
        ("* 2", "where a value is expected"),
        ("sum()", "where a value is expected"),
        ("(" * 60 + "1" + ")" * 60, "nested"),
    ],
)
def test_what_is_not_a_formula_is_refused_with_the_place(text: str, said: str) -> None:
    with pytest.raises(FormulaError, match=said):
        formulas.parse(text)


def test_a_condition_is_no_value_and_a_value_no_condition() -> None:
    with pytest.raises(FormulaError):
        formulas.value_of(formulas.parse("1 = 1"), resolver({}))
    with pytest.raises(FormulaError):
        formulas.test(formulas.parse("1 + 1"), resolver({}))


def test_several_lines_only_inside_a_sum() -> None:
    with pytest.raises(FormulaError, match="several lines"):
        formulas.value_of(formulas.parse("many + 1"), resolver({"many": [D(1)]}))
    assert formulas.parse("sum(a, b + 1) <= c").single_names() == {"b", "c"}
    assert formulas.parse("c + sum(a, b) > c").names() == ("c", "a", "b")


names = st.from_regex(r"[a-z][a-z0-9_]{0,3}(\.[0-9a-z]{1,2})?", fullmatch=True).filter(
    lambda text: text not in ("sum", "min", "max", "abs", "round")
)
nodes: st.SearchStrategy[Node] = st.recursive(
    st.builds(Number, st.decimals(min_value=0, max_value=10**6, places=2)) | st.builds(Name, names),
    lambda inner: (
        st.builds(Negative, inner)
        | st.builds(Binary, st.sampled_from("+-*/"), inner, inner)
        | st.builds(Call, st.sampled_from(["sum", "min", "max"]), st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(Call, st.just("abs"), inner.map(lambda node: (node,)))
    ),
    max_leaves=12,
)


def written(node: Node) -> str:
    match node:
        case Number(value):
            return f"{value:f}"
        case Name(name):
            return name
        case Negative(of):
            return f"-({written(of)})"
        case Binary(sign, left, right):
            return f"({written(left)}) {sign} ({written(right)})"
        case Call(function, arguments):
            return f"{function}({', '.join(map(written, arguments))})"


@given(nodes)
def test_what_is_written_is_what_is_read(node: Node) -> None:
    text = written(node)
    assert formulas.parse(text) == Formula(text, node)


@given(numbers, numbers, numbers)
def test_arithmetic_is_exact(a: Decimal, b: Decimal, c: Decimal) -> None:
    found = formulas.value_of(formulas.parse("a * b - c + sum(a, b)"), resolver({"a": a, "b": b, "c": c}))
    assert found is not None
    scaled = [int(value * 1000) for value in (a, b, c)]
    assert int(found * 10**6) == scaled[0] * scaled[1] - 1000 * scaled[2] + 1000 * (scaled[0] + scaled[1])


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        formulas.parse(text)
    except FormulaError:
        return


@given(numbers, st.integers(0, 3))
def test_rounding_is_never_more_than_half_a_unit_off(value: Decimal, scale: int) -> None:
    rounded = formulas.round_half_up(value, scale)
    assert rounded is not None
    assert abs(rounded - value) <= D(5).scaleb(-scale - 1)
    assert rounded == rounded.quantize(D(1).scaleb(-scale))


def test_a_number_too_long_to_round_is_unknown() -> None:
    assert formulas.round_half_up(D("9" * 70), 2) is None
    assert formulas.value_of(formulas.parse("round(a, 2)"), {"a": D("9" * 70)}.get) is None
