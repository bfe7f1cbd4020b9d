"""Columns that hold a stock and a flow together: what a form's own rules say they are over several periods.

"Cases to be handled = carried over + new": the cases of two months are those carried into the first month and the new
ones of both, not the sum of the two. Over several periods a rule "a = b + c - d" goes on to hold when every stock in it
counts once: `mixed_columns` finds which columns so hold a stock, by the rules and by the formulas of computed columns,
and from which others each is computed. In a rule in which the stocks cancel out ("carried over + new - done = left")
every other column is a flow. No database, and nothing is rounded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from giaoban.core import formulas
from giaoban.core.consolidation import EXACTLY, CellTotal
from giaoban.core.forms import Column, FormCheck, FormDefinition, Table
from giaoban.core.formulas import Binary, Call, Formula, Name, Negative, Node

STOCKS: Final = ("opening", "closing", "running")


@dataclass(frozen=True, slots=True)
class Mixed:
    """A column that holds a stock too. rule: of the form; parts, minus: ids of the columns that are added and taken
    away. Without any the rule ties it to a stock and does not say how much of it is in it."""

    rule: str
    parts: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.parts, *self.minus)

    @property
    def is_known(self) -> bool:
        return bool(self.parts)

    def of(self, totals: Mapping[str, CellTotal], *, is_whole: bool = True) -> CellTotal:
        """The column from its parts, with the counts of the part that fewest units gave. No number where a part has
        none, or where not every unit gave every part (is_whole False). Nil only where every part of every unit is."""
        held = [totals[name] for name in self.names]
        least = min(held, key=lambda one: one.answered)
        value = estimate = Decimal(0)
        for name in self.parts:
            value, estimate = _plus(value, totals[name].value), _plus(estimate, totals[name].estimate)
        for name in self.minus:
            value, estimate = _minus(value, totals[name].value), _minus(estimate, totals[name].estimate)
        if is_whole and not any(one.reported for one in held):
            return CellTotal(None, Decimal(0), 0, least.nil, least.not_applicable, least.blank, least.missing)
        is_known = is_whole and all(one.amount is not None for one in held)
        return CellTotal(
            value if is_known else None,
            estimate if is_known else Decimal(0),
            least.answered,
            0,
            least.not_applicable,
            least.blank,
            least.missing,
        )


def _plus(one: Decimal, other: Decimal | None) -> Decimal:
    return one if other is None else EXACTLY.add(one, other)


def _minus(one: Decimal, other: Decimal | None) -> Decimal:
    return one if other is None else EXACTLY.subtract(one, other)


def mixed_columns(form: FormDefinition, table: Table, row: str = "") -> dict[str, Mixed]:
    """Flow columns that a rule of the form, or their own formula, makes hold a stock; in the order to compute them. Of
    several rules that say how the first counts; where none does, the column is there without parts.

    row: the line of the table; rules that speak of one other line say nothing of it.
    """
    found = _Solving(table, [*_of_formulas(table), *_of_checks(form, table, row)])
    found.solve()
    return found.ordered()


@dataclass(frozen=True, slots=True)
class _Tie:
    """A rule as a sum that comes to 0: column → how often it is added. lone: the column that stands alone on one side.
    is_sum: whether the rule is one; otherwise it only ties `lone` to the others."""

    rule: str
    times: Mapping[str, int]
    lone: str = ""
    is_sum: bool = True


class _Solving:
    """Which columns hold a stock, rule by rule, until no rule says more."""

    def __init__(self, table: Table, ties: list[_Tie]) -> None:
        self.columns = table.columns_by_id
        self.ties = [one for one in ties if all(_is_added(self.columns[name]) for name in one.times)]
        self.found: dict[str, Mixed] = {}

    def solve(self) -> None:
        while any(self._say(tie) for tie in self.ties):
            pass
        while any(self._doubt(tie) for tie in self.ties):
            pass

    def ordered(self) -> dict[str, Mixed]:
        """Each after those that it is computed from."""
        done: dict[str, Mixed] = {}

        def put(name: str) -> None:
            one = self.found.get(name)
            if one is None or name in done:
                return
            for part in one.names:
                put(part)
            done[name] = one

        for name in self.found:
            put(name)
        return done

    def _stocks_in(self, name: str) -> int:
        """How often the column holds a stock."""
        if self.columns[name].nature in STOCKS or self.columns[name].roll_up == "last":
            return 1
        one = self.found.get(name)
        if one is None:
            return 0
        return sum(map(self._stocks_in, one.parts)) - sum(map(self._stocks_in, one.minus))

    def _could_hold(self, tie: _Tie) -> tuple[list[str], int]:
        """The flows of a rule that may hold the stock that the others leave over, and how much that is."""
        over = sum(times * self._stocks_in(name) for name, times in tie.times.items())
        return [name for name, times in tie.times.items() if self._is_open(name) and times * over < 0], over

    def _is_open(self, name: str) -> bool:
        column = self.columns[name]
        return column.nature == "flow" and column.roll_up == "sum" and name not in self.found

    def _say(self, tie: _Tie) -> bool:
        """Whether the rule says of one more column what it is made of."""
        if not tie.is_sum:
            return False
        could, _ = self._could_hold(tie)
        name = tie.lone if tie.lone in could else could[0] if len(could) == 1 else ""
        if not name or abs(tie.times[name]) != 1 or any(self._reaches(one, name) for one in tie.times if one != name):
            return False
        others = [(one, -times * tie.times[name]) for one, times in tie.times.items() if one != name]
        parts = tuple(one for one, times in others for _ in range(times))
        self.found[name] = Mixed(tie.rule, parts, tuple(one for one, times in others for _ in range(-times)))
        return True

    def _reaches(self, name: str, wanted: str) -> bool:
        one = self.found.get(name)
        return name == wanted or (one is not None and any(self._reaches(part, wanted) for part in one.names))

    def _doubt(self, tie: _Tie) -> bool:
        """Whether the rule ties one more column to a stock without saying how much of it is in it."""
        if tie.is_sum:
            could, _ = self._could_hold(tie)
            for name, times in tie.times.items():
                if name in self.found and not self.found[name].is_known:
                    could += [one for one in tie.times if self._is_open(one) and tie.times[one] * times < 0]
        else:
            held = any(self._stocks_in(one) or one in self.found for one in tie.times if one != tie.lone)
            could = [tie.lone] if held and self._is_open(tie.lone) else []
        self.found |= {name: Mixed(tie.rule) for name in could}
        return bool(could)


def _is_added(column: Column) -> bool:
    return column.is_number and column.nature != "cumulative" and column.roll_up in ("sum", "last")


def _of_formulas(table: Table) -> Iterator[_Tie]:
    """What computed columns are computed from."""
    for column in table.numeric:
        if column.formula is not None and column.roll_up == "sum":
            formula = formulas.parse(column.formula)
            yield _tie(f"{column.id} = {formula.text}", Name(column.id), formula.left, {})


def _of_checks(form: FormDefinition, table: Table, row: str) -> Iterator[_Tie]:
    """The rules that say of one line of the table that two sums are equal."""
    only = "" if table.only_row is None else table.only_row.id
    for check in form.checks:
        if not _is_equation(check.formula) or not all(name in check.references for name in check.formula.names()):
            continue
        told = [check.references[name] for name in check.formula.names()]
        if {one.table for one in told} != {table.id} or any(one.is_dynamic for one in told):
            continue
        rows = {one.row for one in told}
        here = {name: one.column for name, one in check.references.items() if one.row in (None, row or only)}
        if len(rows) == 1 and rows <= {None, row or only}:
            yield _of_check(check, here)
        elif len({one.column for one in told}) > 1:
            lone = here.get(check.formula.left.name, "") if isinstance(check.formula.left, Name) else ""
            if lone:
                yield _Tie(check.rule, dict.fromkeys([lone, *(one.column for one in told)], 1), lone, is_sum=False)


def _is_equation(formula: Formula) -> bool:
    return formula.comparison == "=" and formula.premise is None and bool(formula.names())


def _of_check(check: FormCheck, columns: Mapping[str, str]) -> _Tie:
    left, right = check.formula.left, check.formula.right
    if right is None:
        raise ValueError(f"'{check.rule}' compares nothing")
    return _tie(check.rule, left, right, columns)


def _tie(rule: str, left: Node, right: Node, columns: Mapping[str, str]) -> _Tie:
    """columns: name in the rule → column, where they differ."""
    alone = left if isinstance(left, Name) else right
    lone = columns.get(alone.name, alone.name) if isinstance(alone, Name) else ""
    times: dict[str, int] = {}
    is_sum = _added(left, 1, times, columns) & _added(right, -1, times, columns)
    return _Tie(rule, {name: one for name, one in times.items() if one or not is_sum}, lone, is_sum)


def _added(node: Node, sign: int, times: dict[str, int], columns: Mapping[str, str]) -> bool:
    """Adds the columns of a sum to `times`; whether it is one: of anything else the columns are only named."""
    match node:
        case Name(name):
            column = columns.get(name, name)
            times[column] = times.get(column, 0) + sign
            return True
        case Negative(of):
            return _added(of, -sign, times, columns)
        case Binary("+" | "-" as operation, left, right):
            first = _added(left, sign, times, columns)
            return _added(right, sign if operation == "+" else -sign, times, columns) and first
        case Call("sum", arguments):
            found = [_added(one, sign, times, columns) for one in arguments]
            return all(found)
        case Binary(_, left, right):
            _added(left, sign, times, columns)
            _added(right, sign, times, columns)
        case Call(_, arguments):
            for one in arguments:
                _added(one, sign, times, columns)
        case _:
            pass
    return False
