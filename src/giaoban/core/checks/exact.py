"""Formulas over many places at once, in whole numbers: exact, or it says for which places it cannot be sure.

A value is a fraction of 64-bit numbers. Decimals round a division at sixty digits, fractions do not: where that could
make a difference (a tie after a division) the place is not `sure`, and is left to decimals. So is the whole formula
when a number could grow out of 64 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import lcm
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from giaoban.core.figures import decimals
from giaoban.core.formulas import Binary, Call, Formula, Name, Negative, Node, Number

Whole = NDArray[np.int64]
Truth = NDArray[np.bool_]
ROOM: Final = 2**62


class TooWide(ArithmeticError):
    """A number could leave 64 bits."""


class NotHere(ValueError):
    """The formula needs something that is only done one place at a time."""


@dataclass(frozen=True, slots=True)
class Vector:
    """A fraction a place: over is above 0, the same for all or one a place. divided: whether something was divided."""

    top: Whole
    over: "int | Whole"
    known: Truth
    sure: Truth
    divided: bool = False

    def at(self, places: Whole) -> "Vector":
        over = self.over if isinstance(self.over, int) else self.over[places]
        return Vector(self.top[places], over, self.known[places], self.sure[places], self.divided)


class Decision(NamedTuple):
    """Places where the condition is false, and places that only decimals can decide."""

    fails: Truth
    unsure: Truth


Lookup = Callable[[str], Vector]
"""A name → its value at every place. In `sum`, a name of several lines gives their sum; elsewhere it raises NotHere."""


def numbers(top: Whole, scale: int, known: Truth) -> Vector:
    return Vector(np.where(known, top, 0), 10**scale, known, np.ones(len(top), dtype=bool))


def decide(formula: Formula, value: Lookup, several: Lookup, size: int) -> Decision:
    """Raises TooWide, NotHere."""
    if formula.comparison is None or formula.right is None:
        raise NotHere(formula.text)
    left, right = (_Walker(value, several, size).value(node) for node in (formula.left, formula.right))
    found, tie_unsure = _compared(left, right)
    holds = {
        "=": found == 0,
        "!=": found != 0,
        "<": found < 0,
        "<=": found <= 0,
        ">": found > 0,
        ">=": found >= 0,
    }[formula.comparison]
    known = left.known & right.known
    unsure = (~(left.sure & right.sure) | tie_unsure) & known
    fails = known & ~holds & ~unsure
    if formula.premise is None:
        return Decision(fails, unsure)
    premise = decide(formula.premise, value, several, size)
    met = _known(formula.premise, value, several, size) & ~premise.fails & ~premise.unsure
    return Decision(fails & met, (unsure & (met | premise.unsure)) | (premise.unsure & known))


def evaluate(node: Node, value: Lookup, several: Lookup, size: int) -> Vector:
    """Raises TooWide, NotHere."""
    return _Walker(value, several, size).value(node)


def rounded(found: Vector, scale: int) -> Vector:
    """Half up, away from zero."""
    times = 10**scale
    _room(found.top, 2 * times)
    _room(found.over, 2)
    top = 2 * np.abs(found.top) * times
    whole = (top + found.over) // (2 * found.over)
    sure = found.sure
    if found.divided:
        sure = sure & ((top + found.over) % (2 * found.over) != 0)
    return Vector(np.sign(found.top) * whole, times, found.known, sure)


def _known(formula: Formula, value: Lookup, several: Lookup, size: int) -> Truth:
    walker = _Walker(value, several, size)
    if formula.right is None:
        raise NotHere(formula.text)
    return walker.value(formula.left).known & walker.value(formula.right).known


def _most(numbers: "int | Whole") -> int:
    if isinstance(numbers, int):
        return abs(numbers)
    return int(np.abs(numbers).max()) if len(numbers) else 0


def _room(*factors: "int | Whole") -> None:
    product = 1
    for one in factors:
        product *= max(_most(one), 1)
    if product >= ROOM:
        raise TooWide


def _compared(left: Vector, right: Vector) -> tuple[Whole, Truth]:
    """The sign of left − right, and where a tie is no proof."""
    one, other = _alike(left, right)
    sign = np.sign(one - other)
    if left.divided or right.divided:
        return sign, sign == 0
    return sign, np.zeros(len(sign), dtype=bool)


def _alike(left: Vector, right: Vector) -> tuple[Whole, Whole]:
    """Both tops over the same number; it is `_over` of both."""
    if isinstance(left.over, int) and isinstance(right.over, int):
        over = lcm(left.over, right.over)
        _room(left.top, over // left.over, 2)
        _room(right.top, over // right.over, 2)
        return left.top * (over // left.over), right.top * (over // right.over)
    _room(left.top, right.over, 2)
    _room(right.top, left.over, 2)
    return left.top * right.over, right.top * left.over


def _over(left: Vector, right: Vector) -> "int | Whole":
    if isinstance(left.over, int) and isinstance(right.over, int):
        return lcm(left.over, right.over)
    _room(left.over, right.over)
    return left.over * right.over


class _Walker:
    def __init__(self, value: Lookup, several: Lookup, size: int) -> None:
        self.lookup, self.several, self.size = value, several, size

    def value(self, node: Node) -> Vector:
        match node:
            case Number(value):
                return self._number(value)
            case Name(name):
                return self.lookup(name)
            case Negative(of):
                inner = self.value(of)
                return Vector(-inner.top, inner.over, inner.known, inner.sure, inner.divided)
            case Binary("/", left, Number(value)) if _ends(value):
                return _parted(self.value(left), value)
            case Binary(sign, left, right):
                return _binary(sign, self.value(left), self.value(right))
            case Call(function, arguments):
                return self._call(function, arguments)

    def _number(self, value: Decimal) -> Vector:
        scale = decimals(value)
        top = int(value.scaleb(scale))
        _room(top, 10**scale)
        truth = np.ones(self.size, dtype=bool)
        return Vector(np.full(self.size, top, dtype=np.int64), 10**scale, truth, truth)

    def _call(self, function: str, arguments: tuple[Node, ...]) -> Vector:
        if function == "sum":
            return self._sum(arguments)
        if function in ("min", "max"):
            return self._outermost(arguments, smallest=function == "min")
        inner = self.value(arguments[0])
        if function == "abs":
            return Vector(np.abs(inner.top), inner.over, inner.known, inner.sure, inner.divided)
        scale = arguments[1]
        if not isinstance(scale, Number):
            raise NotHere(function)
        return rounded(inner, int(scale.value))

    def _sum(self, arguments: tuple[Node, ...]) -> Vector:
        total: Vector | None = None
        for node in arguments:
            found = self.several(node.name) if isinstance(node, Name) else self.value(node)
            part = Vector(np.where(found.known, found.top, 0), found.over, found.known, found.sure, found.divided)
            if total is None:
                total = part
                continue
            one, other = _alike(total, part)
            sure = (total.sure | ~total.known) & (part.sure | ~part.known)
            over = _over(total, part)
            total = Vector(one + other, over, total.known | part.known, sure, total.divided or part.divided)
        if total is None:
            raise NotHere("sum")
        return total

    def _outermost(self, arguments: tuple[Node, ...], *, smallest: bool) -> Vector:
        best: Vector | None = None
        for node in arguments:
            found = self.value(node)
            if found.divided:
                raise NotHere("min, max of a quotient")
            if best is None:
                best = found
                continue
            one, other = _alike(best, found)
            chosen = np.minimum(one, other) if smallest else np.maximum(one, other)
            top = np.where(best.known & found.known, chosen, np.where(best.known, one, other))
            sure = (best.sure | ~best.known) & (found.sure | ~found.known)
            best = Vector(top, _over(best, found), best.known | found.known, sure)
        if best is None:
            raise NotHere("min, max")
        return best


def _ends(value: Decimal) -> bool:
    """Whether what is divided by a number has an end when written as a decimal."""
    rest = int(value.scaleb(decimals(value)))
    if not 0 < rest < 2**20:
        return False
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _parted(found: Vector, value: Decimal) -> Vector:
    scale = decimals(value)
    times, whole = 10**scale, int(value.scaleb(scale))
    _room(found.top, times)
    _room(found.over, whole)
    return Vector(found.top * times, found.over * whole, found.known, found.sure, found.divided)


def _binary(sign: str, left: Vector, right: Vector) -> Vector:
    known, sure = left.known & right.known, left.sure & right.sure
    divided = left.divided or right.divided
    if sign in ("+", "-"):
        one, other = _alike(left, right)
        return Vector(one + other if sign == "+" else one - other, _over(left, right), known, sure, divided)
    if sign == "*":
        _room(left.top, right.top)
        _room(left.over, right.over)
        return Vector(left.top * right.top, left.over * right.over, known, sure, divided)
    _room(left.top, right.over)
    _room(left.over, right.top)
    known = known & (right.top != 0)
    below = np.where(right.top == 0, 1, right.top * left.over)
    top = left.top * right.over * np.sign(below)
    return Vector(np.where(known, top, 0), np.abs(below), known, sure, divided=True)
