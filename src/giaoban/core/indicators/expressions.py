"""Expressions of indicators: the small grammar of `core.formulas` over cells, figure sources and other indicators.

Three kinds of names stand in one: a cell by its word "form/table/row/column", another indicator "chi-so:<key>", and a
short name that the version declares under `cells` for either of them, or for a figure source. A word has a ":" and ends
at the next space, bracket, comma, "+" or "*", so that "-" and "/" inside it are its own: around minus and division of
words stand spaces. Nothing is run; an unknown name is a fault.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from giaoban.core import formulas
from giaoban.core.formulas import Binary, Call, Formula, FormulaError, Name, Negative, Node, Number
from giaoban.core.queries import CellMeasure, IndicatorMeasure, QueryRefused, parse_measure

_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*:[^\s()+*,<>=]+")
_STAND_IN: Final = "measure_{}"


class DefinitionError(ValueError):
    """The data is not a definition of an indicator; says where and why, for people who write packs."""


@dataclass(frozen=True, slots=True)
class SourceMeasure:
    """A number by name, from `kit`'s figure sources, asked for each unit and period with `reference` beside them."""

    name: str
    reference: tuple[tuple[str, str], ...] = ()

    @property
    def word(self) -> str:
        return f"nguon:{self.name}"


Term = CellMeasure | IndicatorMeasure | SourceMeasure


@dataclass(frozen=True)
class Expression:
    """terms: what the names in `formula` stand for. text: as written in the pack."""

    text: str
    formula: Formula
    terms: Mapping[str, Term]

    @property
    def is_linear(self) -> bool:
        """Whether the expression of sums is the sum of the expressions: multiples of cells, added."""
        return _degree(self.formula.left, self.terms) == 1


def read_expression(text: str, names: Mapping[str, Any]) -> Expression:
    """An expression, with the short names that its version declares. Raises DefinitionError."""
    terms: dict[str, Term] = {}

    def stand_in(match: re.Match[str]) -> str:
        name = _STAND_IN.format(len(terms) + 1)
        terms[name] = read_term(match[0])
        return f" {name} "

    plain = _WORD.sub(stand_in, str(text))
    try:
        formula = formulas.parse(plain)
        formulas.value_of(formula, lambda _: None)
    except FormulaError as fault:
        raise DefinitionError(f"'{text}' cannot be read: {fault}") from fault
    for name in formula.names():
        if name in terms:
            continue
        if name not in names:
            raise DefinitionError(f"'{text}': '{name}' is neither a cell nor declared under cells")
        terms[name] = read_term(names[name])
    if not terms:
        raise DefinitionError(f"'{text}' names no cell")
    return Expression(str(text), formula, terms)


def read_term(data: object) -> Term:
    """A word, or a mapping: a cell by its parts, or `source` with what it is asked. Raises DefinitionError."""
    if isinstance(data, Mapping):
        given = {str(key): str(value) for key, value in data.items()}
        source = given.pop("source", "")
        try:
            return SourceMeasure(source, tuple(sorted(given.items()))) if source else CellMeasure(**given)
        except TypeError as fault:
            raise DefinitionError(f"{dict(data)} is not a cell: form, table, row and column are needed") from fault
    try:
        return parse_measure(str(data))
    except QueryRefused as fault:
        raise DefinitionError(f"'{data}' is not a cell (form/table/row/column)") from fault


def terms_of(*expressions: Expression | None) -> tuple[Term, ...]:
    """Everything that the expressions name, once each, in order of first use."""
    return tuple(dict.fromkeys(term for one in expressions if one for term in one.terms.values()))


def added_together(expression: Expression) -> Iterator[tuple[CellMeasure, ...]]:
    """Groups of cells that are added, subtracted or compared with each other as they stand, not multiplied: each group
    must be in one unit of measure."""
    yield from _groups(expression.formula.left, expression.terms)


def _groups(node: Node, terms: Mapping[str, Term]) -> Iterator[tuple[CellMeasure, ...]]:
    match node:
        case Binary("+" | "-", left, right):
            yield (*_bare(left, terms), *_bare(right, terms))
            yield from _groups(left, terms)
            yield from _groups(right, terms)
        case Binary(_, left, right):
            yield from _groups(left, terms)
            yield from _groups(right, terms)
        case Negative(of):
            yield from _groups(of, terms)
        case Call(_, arguments):
            yield tuple(cell for one in arguments for cell in _bare(one, terms))
            for one in arguments:
                yield from _groups(one, terms)
        case Name(name):
            term = terms[name]
            if isinstance(term, CellMeasure):
                yield (term,)


def _bare(node: Node, terms: Mapping[str, Term]) -> Iterator[CellMeasure]:
    match node:
        case Name(name):
            term = terms[name]
            if isinstance(term, CellMeasure):
                yield term
        case Negative(of):
            yield from _bare(of, terms)
        case Binary("+" | "-", left, right):
            yield from _bare(left, terms)
            yield from _bare(right, terms)
        case Call("sum" | "min" | "max" | "abs", arguments):
            for one in arguments:
                yield from _bare(one, terms)


def _degree(node: Node, terms: Mapping[str, Term]) -> int | None:
    """0: a constant; 1: multiples of cells added up; None: anything else."""
    match node:
        case Number():
            return 0
        case Name(name):
            return None if isinstance(terms[name], IndicatorMeasure) else 1
        case Negative(of):
            return _degree(of, terms)
        case Binary(sign, left_node, right_node):
            return _degree_of_two(sign, _degree(left_node, terms), _degree(right_node, terms))
        case Call(function, arguments):
            degrees = {_degree(one, terms) for one in arguments}
            if degrees == {0}:
                return 0
            return 1 if function == "sum" and degrees == {1} else None


def _degree_of_two(sign: str, left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return None
    if sign in ("+", "-"):
        return left if left == right else None
    if sign == "*":
        return left + right if left + right < 2 else None
    return left if right == 0 else None
