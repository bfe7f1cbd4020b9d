"""A value that explains itself: the formula in words, and the same with the numbers in it."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from giaoban.core.formulas import Binary, Call, Name, Negative, Node, Number
from giaoban.core.indicators.definition import Version
from giaoban.core.indicators.expressions import Expression, Term
from giaoban.core.indicators.measuring import Measured, Side
from giaoban.core.indicators.rates import rounded
from giaoban.core.vietnamese import number

_SIGNS: Final = {"+": "+", "-": "−", "*": "×", "/": ":"}
_STRENGTH: Final = {"+": 1, "-": 1, "*": 2, "/": 2}
_FUNCTIONS: Final = {
    "sum": "tổng",
    "min": "số nhỏ nhất",
    "max": "số lớn nhất",
    "abs": "giá trị tuyệt đối",
    "round": "làm tròn",
}
_UNKNOWN: Final = "…"
_WHOLE: Final = 3


def formula_words(version: Version, called: Callable[[Term], str]) -> str:
    """ "100 × (Trước hạn + Đúng hạn) : Đã giải quyết". called: what a cell is called."""
    return _whole(version, lambda expression, _: _Names(lambda name: called(expression.terms[name])))


def formula_numbers(version: Version, measured: Measured, *, scale: int, unit: str) -> str:
    """ "100 × 11.242.915 : 13.086.280 = 85,91 %"; what is not known is "…", and then there is no result.

    A mean of several units is no quotient of sums: the sums stand there without a result.
    """
    amounts = {(one.side, one.name): one.value for one in measured.pieces}
    if amounts:
        text = _whole(version, lambda _, side: _Names(lambda name: _amount(amounts.get((side, name)))))
    else:
        text = _sums(version, measured)
    is_quotient = measured.method == "pooled" or measured.count == 1
    if measured.value is None or not is_quotient or (measured.has_denominator and not measured.denominator):
        return text
    return f"{text} = {number(rounded(measured.value, scale), scale)} {unit}".rstrip()


def _sums(version: Version, measured: Measured) -> str:
    below = f" : {_amount(measured.denominator)}" if measured.has_denominator else ""
    return f"{_factor(version)}{_amount(measured.numerator)}{below}"


class _Names:
    """What stands for each name of an expression."""

    def __init__(self, named: Callable[[str], str]) -> None:
        self.named = named

    def text(self, node: Node, within: int = 0) -> str:
        """within: how strongly what stands around binds; a weaker sign needs brackets."""
        match node:
            case Number(value):
                return number(value)
            case Name(name):
                return self.named(name)
            case Negative(of):
                return f"−{self.text(of, _WHOLE)}"
            case Call(function, arguments):
                inside = "; ".join(self.text(one) for one in arguments)
                return f"{_FUNCTIONS[function]}({inside})"
            case Binary(sign, left, right):
                strength = _STRENGTH[sign]
                tighter = strength + (sign in "-/")
                said = f"{self.text(left, strength)} {_SIGNS[sign]} {self.text(right, tighter)}"
                return f"({said})" if strength < within else said


def _whole(version: Version, names: Callable[[Expression, Side], _Names]) -> str:
    parts: Mapping[Side, Expression | None] = {"numerator": version.numerator, "denominator": version.denominator}
    within = _WHOLE if version.denominator is not None or version.factor != 1 else 0
    said = [
        names(expression, side).text(expression.formula.left, within)
        for side, expression in parts.items()
        if expression is not None
    ]
    return f"{_factor(version)}{' : '.join(said)}"


def _factor(version: Version) -> str:
    return "" if version.factor == 1 else f"{number(version.factor)} × "


def _amount(value: Decimal | None) -> str:
    return _UNKNOWN if value is None else number(value)
