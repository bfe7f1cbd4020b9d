"""What an indicator comes to over some units: value, both sums, the state, the reason, and every part it is made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, Literal

from giaoban.core import formulas
from giaoban.core.consolidation import CellTotal, State, combine
from giaoban.core.indicators.expressions import Expression, SourceMeasure, Term
from giaoban.core.indicators.rates import HUNDRED, Rate, plain_mean
from giaoban.core.queries import CellMeasure, IndicatorMeasure, QueryRefused

Aggregation = Literal["pooled", "mean", "none"]
ZeroRule = Literal["blank", "zero", "full"]
Side = Literal["numerator", "denominator"]

Lookup = Callable[[CellMeasure], CellTotal]
SourceLookup = Callable[[SourceMeasure], CellTotal]
Nested = Callable[[str], "Measured"]

METHOD_WORDS: Final[Mapping[Aggregation, str]] = {
    "pooled": "tổng tử số chia tổng mẫu số",
    "mean": "trung bình cộng giá trị của các đơn vị, mỗi đơn vị tính nặng như nhau",
    "none": "không gộp giữa các đơn vị",
}
_SIDE_WORDS: Final[Mapping[Side, str]] = {"numerator": "Tử số", "denominator": "Mẫu số"}
_AMOUNT: Final = "Số liệu"
_STATE_WORDS: Final[Mapping[State, str]] = {
    "missing": "chưa có báo cáo được tiếp nhận",
    "blank": "bị để trống",
    "na": "được ghi là không áp dụng",
    "nil": "được ghi là không phát sinh",
    "reported": "không tính được từ các ô đã có",
}
_TOLD_FIRST: Final[Sequence[State]] = ("missing", "blank", "na")


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that an expression names, and what it came to. total None: another indicator, see `value`."""

    side: Side
    word: str
    name: str
    value: Decimal | None
    total: CellTotal | None = None
    within: "tuple[Piece, ...]" = ()

    @property
    def estimated(self) -> Decimal | None:
        """Part of it that is an estimate, 0 to 1; None when that cannot be said."""
        if self.total is None or not self.total.total:
            return None
        return self.total.estimate / self.total.total


@dataclass(frozen=True, slots=True)
class Measured:
    """An indicator of one unit, or of several together. `value` is not rounded.

    numerator, denominator: what both expressions came to; denominator None also where the indicator has none.
    state: "na" where a denominator of 0 leaves nothing to compute. reason: why there is no value, or which rule gave
    it, in Vietnamese. count: units in it; asked: units that were to be. method: how several were put together.
    """

    numerator: Decimal | None
    denominator: Decimal | None
    value: Decimal | None
    state: State = "reported"
    reason: str = ""
    pieces: tuple[Piece, ...] = ()
    count: int = 1
    asked: int = 1
    method: Aggregation = "pooled"
    has_denominator: bool = True

    @property
    def rate(self) -> Rate:
        """Both sums, as algebra takes them; what has no denominator is over 1, blank is 0: ask `is_known` first."""
        below = (self.denominator or Decimal(0)) if self.has_denominator else Decimal(1)
        return Rate(self.numerator or Decimal(0), below)

    @property
    def is_known(self) -> bool:
        """Whether both expressions came to something; a value may still be lacking, over a denominator of 0."""
        return self.numerator is not None and (self.denominator is not None or not self.has_denominator)

    @property
    def estimated(self) -> Decimal | None:
        """The largest share of an estimate in any of the parts, 0 to 1; None when nothing is known of it."""
        shares = [one.estimated for one in self.pieces if one.estimated is not None]
        return max(shares) if shares else None


@dataclass(frozen=True)
class Rule:
    """How the parts become a value. full score: `factor`."""

    numerator: Expression
    denominator: Expression | None
    factor: Decimal = HUNDRED
    aggregation: Aggregation = "pooled"
    zero_denominator: ZeroRule = "blank"
    within: Mapping[str, Nested] = field(default_factory=dict)


def evaluate(
    rule: Rule, lookup: Lookup, *, nested: Nested, sources: SourceLookup | None = None, units: int | None = None
) -> Measured:
    """The indicator of those units for which `lookup` gives totals. units: how many; None: as the totals count.

    A pooled rate is refused where not the same number of units answered each cell that must be there; a mean of units
    and an indicator that is not put together are refused for more than one unit: see `together`.
    """
    pieces: list[Piece] = []
    amounts = [_amount(rule.numerator, "numerator", lookup, nested, sources, pieces)]
    if rule.denominator is not None:
        amounts.append(_amount(rule.denominator, "denominator", lookup, nested, sources, pieces))
    above, below = amounts[0], amounts[1] if rule.denominator is not None else None
    many = units if units is not None else _units(pieces)
    held = Measured(
        numerator=above,
        denominator=below,
        value=None,
        pieces=tuple(pieces),
        count=many,
        asked=many,
        method=rule.aggregation,
        has_denominator=rule.denominator is not None,
    )
    if many > 1 and rule.aggregation != "pooled":
        return replace(held, state="na", reason=_not_added(rule.aggregation))
    if not held.is_known:
        state, reason = _unknown(held)
        return replace(held, state=state, reason=reason)
    if many > 1 and (uneven := _uneven(rule, held)):
        return replace(held, state="blank", reason=uneven)
    return _valued(rule, held)


def together(rule: Rule, parts: Iterable[Measured]) -> Measured:
    """Several units as one: by the rule of the indicator, whatever their order. What is not known is left out and
    counted: `count` of `asked`."""
    asked = list(parts)
    known = [one for one in asked if one.is_known]
    above = sum((one.numerator or Decimal(0) for one in known), Decimal(0)) if known else None
    below = None
    if rule.denominator is not None and known:
        below = sum((one.denominator or Decimal(0) for one in known), Decimal(0))
    held = Measured(
        numerator=above,
        denominator=below,
        value=None,
        pieces=_combined(known),
        count=sum(one.count for one in known),
        asked=sum(one.asked for one in asked),
        method=rule.aggregation,
        has_denominator=rule.denominator is not None,
    )
    if not known:
        if len(asked) == 1:
            return replace(asked[0], count=0)
        reason = "Không đơn vị nào có đủ số liệu để tính." if asked else "Chưa có đơn vị nào có số liệu."
        return replace(held, state="missing", reason=reason)
    if rule.aggregation == "pooled":
        return _valued(rule, held)
    if len(known) == 1:
        return replace(known[0], asked=held.asked)
    if rule.aggregation == "none":
        return replace(held, state="na", reason=_not_added("none"))
    values = [one.value for one in known if one.value is not None]
    mean = plain_mean(values)
    reason = "" if mean is not None else "Không đơn vị nào có giá trị để lấy trung bình."
    return replace(held, value=mean, state="na" if mean is None else "reported", reason=reason, count=len(values))


def rated(rule: Rule, rate: Rate, *, count: int = 1) -> Measured:
    """Two sums that were found elsewhere (recast, carried), by the zero rule of the indicator."""
    below = rate.denominator if rule.denominator is not None else None
    held = Measured(rate.numerator, below, None, count=count, asked=count, has_denominator=rule.denominator is not None)
    return _valued(rule, replace(held, method=rule.aggregation))


def _valued(rule: Rule, held: Measured) -> Measured:
    above, below = held.numerator or Decimal(0), held.denominator
    if rule.denominator is None:
        return replace(held, value=rule.factor * above)
    if below:
        return replace(held, value=rule.factor * above / below)
    if above:
        return replace(held, state="na", reason="Mẫu số bằng 0 mà tử số khác 0: không tính được, kiểm tra lại hai số.")
    match rule.zero_denominator:
        case "blank":
            return replace(held, state="na", reason="Mẫu số bằng 0: không có gì để tính tỷ lệ, để trống.")
        case "zero":
            return replace(held, value=Decimal(0), reason="Mẫu số bằng 0: tính là 0 theo định nghĩa của chỉ số.")
        case "full":
            return replace(held, value=rule.factor, reason="Mẫu số bằng 0: tính mức tối đa theo định nghĩa của chỉ số.")


def _amount(
    expression: Expression,
    side: Side,
    lookup: Lookup,
    nested: Nested,
    sources: SourceLookup | None,
    pieces: list[Piece],
) -> Decimal | None:
    found: dict[str, Piece] = {}
    for name in expression.formula.names():
        found[name] = _piece(expression.terms[name], name, side, lookup, nested, sources)
    pieces.extend(found.values())
    return formulas.value_of(expression.formula, lambda name: found[name].value)


def _piece(term: Term, name: str, side: Side, lookup: Lookup, nested: Nested, sources: SourceLookup | None) -> Piece:
    if isinstance(term, IndicatorMeasure):
        inner = nested(term.key)
        return Piece(side, term.word, name, inner.value, within=inner.pieces)
    if isinstance(term, SourceMeasure):
        if sources is None:
            raise QueryRefused(
                "unknown-measure",
                f"“{term.name}” là nguồn số liệu chỉ đọc được theo từng đơn vị và từng kỳ: mở trang chỉ số của kỳ đó.",
                term.word,
            )
        total = sources(term)
    else:
        total = lookup(term)
    return Piece(side, term.word, name, total.amount, total)


def _units(pieces: Sequence[Piece]) -> int:
    return max([1, *(total.units for total in _totals(pieces))])


def _totals(pieces: Iterable[Piece]) -> Iterator[CellTotal]:
    for one in pieces:
        if one.total is not None:
            yield one.total
        yield from _totals(one.within)


def _unknown(held: Measured) -> tuple[State, str]:
    """The state and the reason of the side that lacks most."""
    lacking: list[tuple[Side, State]] = []
    for side, amount in (("numerator", held.numerator), ("denominator", held.denominator)):
        if amount is not None or (side == "denominator" and not held.has_denominator):
            continue
        known: Side = "numerator" if side == "numerator" else "denominator"
        states = {one.total.state for one in held.pieces if one.side == side and one.total is not None}
        lacking.append((known, next((state for state in _TOLD_FIRST if state in states), "reported")))
    order = [*_TOLD_FIRST, "reported", "nil"]
    side, state = min(lacking, key=lambda pair: order.index(pair[1]))
    subject = _SIDE_WORDS[side] if held.has_denominator else _AMOUNT
    return ("na" if state == "reported" else state), f"{subject} {_STATE_WORDS[state]}."


def _uneven(rule: Rule, held: Measured) -> str:
    """Why the parts do not belong together: units that gave one cell and not the other, or may have. Totals tell for
    certain only where every unit that reported answered."""
    needed = {
        (side, name)
        for side, expression in (("numerator", rule.numerator), ("denominator", rule.denominator))
        if expression is not None
        for name in expression.formula.single_names()
    }
    totals = {
        one.word: one.total for one in held.pieces if one.total is not None and (one.side, one.name) in needed
    }.values()
    answered = {one.answered for one in totals}
    if len(answered) > 1:
        least, most = min(answered), max(answered)
        return f"Không cùng số đơn vị trả lời các ô của công thức ({least} và {most}): tính từng đơn vị rồi mới gộp."
    if len(totals) > 1 and any(one.blank or one.not_applicable for one in totals):
        return "Có đơn vị để trống hoặc ghi không áp dụng ở ô của công thức: tính từng đơn vị rồi mới gộp."
    return ""


def _not_added(aggregation: Aggregation) -> str:
    if aggregation == "mean":
        return "Chỉ số này lấy trung bình của từng đơn vị, không tính từ tổng."
    return "Chỉ số này không gộp giữa các đơn vị: xem từng đơn vị."


def _combined(known: Sequence[Measured]) -> tuple[Piece, ...]:
    """The parts of all, each thing once, in the order of the first."""
    held: dict[tuple[Side, str, str], list[Piece]] = {}
    for measured in known:
        for piece in measured.pieces:
            held.setdefault((piece.side, piece.word, piece.name), []).append(piece)
    return tuple(_one_of(same) for same in held.values())


def _one_of(same: Sequence[Piece]) -> Piece:
    if len(same) == 1:
        return same[0]
    totals = [one.total for one in same if one.total is not None]
    if len(totals) < len(same):
        return replace(same[0], value=None, total=None, within=())
    total = combine(totals)
    return replace(same[0], value=total.amount, total=total)
