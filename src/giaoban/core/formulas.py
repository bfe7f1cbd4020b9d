"""The small language of checks and computed columns: exact decimals, no `eval`; a blank is unknown, never zero.

    condition  := comparison | "if" comparison "then" comparison
    comparison := sum [ ("=" | "!=" | "<" | "<=" | ">" | ">=") sum ]
    sum        := product { ("+" | "-") product }
    product    := factor { ("*" | "/") factor }
    factor     := "-" factor | number | name | function "(" sum { "," sum } ")" | "(" sum ")" | scope "(" path ")"
    function   := "sum" | "min" | "max" | "abs" | "round"
    scope      := "form" | "before" | "year_before" | "below" | "register"

A name is letters, digits and "_" in parts joined by "."; what it stands for is the resolver's business. So is what a
scope with its path stands for: to the resolver it is one name, "before(own.c2)". A path may have "-" and ":" too.
`round(x, n)` rounds half up. `if … then …` holds where its premise does not.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Final, Literal

Value = Decimal | None
Resolver = Callable[[str], "Value | Sequence[Value]"]
"""Gives a name's value: a number, None when blank, or, inside `sum`, `min` and `max` only, several of them."""

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]
ID_PATTERN: Final = r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*"

_FUNCTIONS: Final = {"sum": (1, None), "min": (1, None), "max": (1, None), "abs": (1, 1), "round": (2, 2)}
SCOPES: Final = ("form", "before", "year_before", "below", "register")
"""What a rule may ask outside the report that is checked."""

_SCOPED: Final = rf"(?:{'|'.join(SCOPES)})\s*\(\s*[A-Za-z0-9][A-Za-z0-9_.:-]*\s*\)"
_TOKEN: Final = re.compile(
    rf"\s*(?:(?P<scoped>{_SCOPED})|(?P<number>\d+(?:\.\d+)?)|(?P<name>{ID_PATTERN})|(?P<sign><=|>=|!=|[-+*/(),<>=]))"
)
_MAX_DEPTH: Final = 40
_ARITHMETIC: Final = Context(prec=60, rounding=ROUND_HALF_UP)


class FormulaError(ValueError):
    """The text is not a formula; the message says what was met and where."""


class NeedsOneValueError(FormulaError):
    """A name that stands for several lines was used outside `sum`, `min` and `max`."""


@dataclass(frozen=True, slots=True)
class Number:
    value: Decimal


@dataclass(frozen=True, slots=True)
class Name:
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    function: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Binary:
    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Negative:
    of: "Node"


Node = Number | Name | Call | Binary | Negative


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed text: an expression, or a condition when `comparison` is given (then `right` is too).

    premise: of `if … then …`; the other parts are those of the conclusion.
    """

    text: str
    left: Node
    comparison: Comparison | None = None
    right: Node | None = None
    premise: "Formula | None" = None

    def names(self) -> tuple[str, ...]:
        """Every name in order of first use."""
        return tuple(dict.fromkeys(name for node in self._nodes() for name, _ in _names(node, inside=False)))

    def single_names(self) -> frozenset[str]:
        """The names that must stand for one value, because at least one use is outside `sum`, `min` and `max`."""
        return frozenset(name for node in self._nodes() for name, inside in _names(node, inside=False) if not inside)

    def _nodes(self) -> tuple[Node, ...]:
        before = self.premise._nodes() if self.premise is not None else ()
        return (*before, self.left) if self.right is None else (*before, self.left, self.right)


def scope_of(name: str) -> tuple[str, str]:
    """Scope and path of a name: "before(own.c2)" → ("before", "own.c2"); a name of the report itself has scope ""."""
    scope, bracket, path = name.partition("(")
    return (scope, path.removesuffix(")")) if bracket else ("", name)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a condition came to; `holds` is None when a side, or the premise, is unknown.

    A condition whose premise does not hold holds; its sides were not asked.
    """

    holds: bool | None
    left: Value
    right: Value


@lru_cache(maxsize=4096)
def parse(text: str) -> Formula:
    """Read a formula. Raises FormulaError."""
    reader = _Reader(text)
    premise = None
    if reader.begins_with_if():
        reader.take()
        left, comparison, right = reader.comparison()
        if comparison is None:
            raise FormulaError(f"what stands after 'if' in '{text}' compares nothing")
        reader.expect("then")
        premise = Formula(text, left, comparison, right)
    left, comparison, right = reader.comparison()
    reader.expect_end()
    if premise is not None and comparison is None:
        raise FormulaError(f"what stands after 'then' in '{text}' compares nothing")
    return Formula(text, left, comparison, right, premise)


def value_of(formula: Formula, resolve: Resolver) -> Value:
    """The value of an expression; None when a name it needs is blank or a division is by zero.

    Raises FormulaError on a condition.
    """
    if formula.comparison is not None:
        raise FormulaError(f"'{formula.text}' is a condition, not an expression")
    with localcontext(_ARITHMETIC):
        return _evaluate(formula.left, resolve)


def test(formula: Formula, resolve: Resolver) -> Outcome:
    """Decide a condition; unknown when a side is. Raises FormulaError on an expression."""
    if formula.comparison is None or formula.right is None:
        raise FormulaError(f"'{formula.text}' is an expression, not a condition")
    if formula.premise is not None:
        premise = test(formula.premise, resolve).holds
        if not premise:
            return Outcome(None if premise is None else True, None, None)
    with localcontext(_ARITHMETIC):
        left, right = _evaluate(formula.left, resolve), _evaluate(formula.right, resolve)
        if left is None or right is None:
            return Outcome(None, left, right)
        return Outcome(_compare(formula.comparison, left, right), left, right)


def round_half_up(value: Decimal, scale: int) -> Value:
    """The value with exactly `scale` decimals; 0.5 goes away from zero, as in printed statistics.

    None when the arithmetic has too few digits for that: no number of a report is that large.
    """
    try:
        return value.quantize(Decimal(1).scaleb(-scale), context=_ARITHMETIC)
    except InvalidOperation:
        return None


def _compare(comparison: Comparison, left: Decimal, right: Decimal) -> bool:
    match comparison:
        case "=":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right


def _evaluate(node: Node, resolve: Resolver) -> Value:
    match node:
        case Number(value):
            return value
        case Name(name):
            found = resolve(name)
            if found is None or isinstance(found, Decimal):
                return found
            raise NeedsOneValueError(f"'{name}' stands for several lines; use it inside sum, min or max")
        case Negative(of):
            inner = _evaluate(of, resolve)
            return None if inner is None else -inner
        case Binary(sign, left_node, right_node):
            return _binary(sign, _evaluate(left_node, resolve), _evaluate(right_node, resolve))
        case Call(function, arguments):
            return _call(function, arguments, resolve)


def _binary(sign: str, left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return None if right == 0 else left / right


def _call(function: str, arguments: tuple[Node, ...], resolve: Resolver) -> Value:
    if function in ("sum", "min", "max"):
        known = [value for node in arguments for value in _several(node, resolve) if value is not None]
        if not known:
            return None
        if function == "sum":
            return sum(known, Decimal(0))
        return min(known) if function == "min" else max(known)
    value = _evaluate(arguments[0], resolve)
    if value is None:
        return None
    if function == "abs":
        return abs(value)
    scale = _evaluate(arguments[1], resolve)
    return None if scale is None else round_half_up(value, int(scale))


def _several(node: Node, resolve: Resolver) -> Iterator[Value]:
    if isinstance(node, Name):
        found = resolve(node.name)
        if found is None or isinstance(found, Decimal):
            yield found
        else:
            yield from found
    else:
        yield _evaluate(node, resolve)


def _names(node: Node, *, inside: bool) -> Iterator[tuple[str, bool]]:
    """Each use of a name, and whether it is a direct argument of `sum`, `min` or `max`."""
    match node:
        case Name(name):
            yield name, inside
        case Negative(of):
            yield from _names(of, inside=False)
        case Binary(_, left, right):
            yield from _names(left, inside=False)
            yield from _names(right, inside=False)
        case Call(function, arguments):
            for argument in arguments:
                yield from _names(argument, inside=function in ("sum", "min", "max"))
        case Number():
            return


class _Reader:
    """One pass over the text, one token ahead."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self._split(text))
        self.position = 0
        self.depth = 0

    @staticmethod
    def _split(text: str) -> Iterator[tuple[str, str, int]]:
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None:
                start = position + len(text[position:]) - len(text[position:].lstrip())
                raise FormulaError(f"'{text[start]}' at position {start + 1} of '{text}' is not part of the language")
            kind = match.lastgroup or ""
            found = "".join(match[kind].split()) if kind == "scoped" else match[kind]
            yield kind, found, match.start(kind) + 1
            position = match.end()

    def peek(self) -> str | None:
        return self.tokens[self.position][1] if self.position < len(self.tokens) else None

    def take(self) -> tuple[str, str, int]:
        if self.position >= len(self.tokens):
            raise FormulaError(f"'{self.text}' ends too early")
        token = self.tokens[self.position]
        self.position += 1
        return token

    def expect(self, sign: str) -> None:
        _, found, at = self.take()
        if found != sign:
            raise FormulaError(f"'{sign}' was expected, not '{found}', at position {at} of '{self.text}'")

    def expect_end(self) -> None:
        if self.position < len(self.tokens):
            _, found, at = self.tokens[self.position]
            raise FormulaError(f"'{found}' at position {at} of '{self.text}' is one too many")

    def begins_with_if(self) -> bool:
        """Whether the first word is the keyword: a column called "if" would be followed by a sign."""
        following = self.tokens[1] if len(self.tokens) > 1 else ("", "", 0)
        return self.peek() == "if" and (following[0] != "sign" or following[1] == "(")

    def comparison(self) -> "tuple[Node, Comparison | None, Node | None]":
        left = self.sum()
        sign = self.peek()
        if sign not in ("=", "!=", "<", "<=", ">", ">="):
            return left, None, None
        self.take()
        return left, sign, self.sum()  # type: ignore[return-value]

    def sum(self) -> Node:
        node = self.product()
        while self.peek() in ("+", "-"):
            _, sign, _ = self.take()
            node = Binary(sign, node, self.product())
        return node

    def product(self) -> Node:
        node = self.factor()
        while self.peek() in ("*", "/"):
            _, sign, _ = self.take()
            node = Binary(sign, node, self.factor())
        return node

    def factor(self) -> Node:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise FormulaError(f"'{self.text}' is nested more than {_MAX_DEPTH} deep")
        node = self._factor()
        self.depth -= 1
        return node

    def _factor(self) -> Node:
        kind, found, at = self.take()
        if kind == "number":
            return Number(Decimal(found))
        if kind == "scoped":
            return Name(found)
        if kind == "name":
            return self._call(found, at) if self.peek() == "(" else Name(found)
        if found == "-":
            return Negative(self.factor())
        if found == "(":
            node = self.sum()
            self.expect(")")
            return node
        raise FormulaError(f"'{found}' at position {at} of '{self.text}' stands where a value is expected")

    def _call(self, function: str, at: int) -> Node:
        if function not in _FUNCTIONS:
            raise FormulaError(f"'{function}' at position {at} of '{self.text}' is not a function")
        self.expect("(")
        arguments = [self.sum()]
        while self.peek() == ",":
            self.take()
            arguments.append(self.sum())
        self.expect(")")
        least, most = _FUNCTIONS[function]
        if len(arguments) < least or (most is not None and len(arguments) > most):
            raise FormulaError(f"'{function}' at position {at} of '{self.text}' has {len(arguments)} arguments")
        if function == "round" and not _whole_number(arguments[1]):
            raise FormulaError(f"'round' at position {at} of '{self.text}' needs a whole number of decimals up to 6")
        return Call(function, tuple(arguments))


def _whole_number(node: Node) -> bool:
    return isinstance(node, Number) and node.value == int(node.value) and node.value <= 6
