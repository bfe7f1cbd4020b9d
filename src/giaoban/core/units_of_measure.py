"""Units of measure as forms write them, and figures carried from one to another inside a family, exactly.

Only money has a family: the forms of one level ask for it in đồng, those of another in nghìn đồng. Every other unit is
equal to itself by name, whatever the case and accents ("Vụ việc", "vụ việc"), and to nothing else: what a "việc" and a
"trường hợp" have to do with each other is for the pack to say, with a factor.
"""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Final

from giaoban.core.layouts import Column, ColumnSource
from giaoban.core.vietnamese import fold

_EXACT: Final = Context(prec=400)
_ONE: Final = Decimal(1)

_MULTIPLES: Final[Mapping[Decimal, Sequence[str]]] = {
    _ONE: ("",),
    Decimal(10**3): ("nghin", "ngan", "1000", "1.000"),
    Decimal(10**6): ("trieu", "tr", "tr.", "1000000", "1.000.000"),
    Decimal(10**9): ("ty", "ti", "1000000000", "1.000.000.000"),
    Decimal(10**12): ("nghin ty", "ngan ty", "nghin ti", "ngan ti"),
}
MONEY: Final[Mapping[str, Decimal]] = {
    f"{multiple}{space}{name}".strip(): factor
    for factor, multiples in _MULTIPLES.items()
    for multiple in multiples
    for name in ("dong", "vnd", "d")
    for space in ((" ", "") if multiple[-1:] in (*"0.", "") else (" ",))
}
"""How many đồng one of each is; by folded name ("1.000đ", "tr.đồng", "nghìn tỷ đồng")."""


class NotConvertible(ValueError):
    """No figure in the one unit says what it is in the other. sentence: Vietnamese, with the place and the remedy."""

    def __init__(self, from_unit: str, to_unit: str) -> None:
        self.from_unit, self.to_unit = from_unit, to_unit
        self.sentence = (
            f"Không đổi được từ “{from_unit}” sang “{to_unit}”: hai đơn vị tính không cùng loại. "
            "Chọn chỉ tiêu cùng đơn vị tính, hoặc ghi hệ số vào gói dữ liệu."
        )
        super().__init__(self.sentence)


def folded(unit: str) -> str:
    """A unit as it is compared: no accents, no case, single spaces."""
    return fold(unit)


def is_same(one: str, other: str) -> bool:
    """Whether figures in both units are the same numbers: the same name, or names of the same money."""
    one, other = folded(one), folded(other)
    return one == other or (one in MONEY and MONEY[one] == MONEY.get(other))


def factor_between(from_unit: str, to_unit: str) -> Decimal:
    """A figure in `from_unit` times this is the figure in `to_unit`; a power of ten. Raises NotConvertible."""
    if is_same(from_unit, to_unit):
        return _ONE
    try:
        return _EXACT.divide(MONEY[folded(from_unit)], MONEY[folded(to_unit)])
    except KeyError:
        raise NotConvertible(from_unit, to_unit) from None


def convert(value: Decimal, from_unit: str, to_unit: str) -> Decimal:
    """The same amount in another unit, exact: nothing is rounded. Raises NotConvertible."""
    factor = factor_between(from_unit, to_unit)
    return value if factor == _ONE else _EXACT.multiply(value, factor)


def factor_of(source: ColumnSource, here: Column, there: Column) -> Decimal:
    """What figures of a column there are multiplied by in a column here: the factor of the pack, else that of the two
    units. Raises NotConvertible when neither tells."""
    return factor_between(there.unit, here.unit) if source.factor is None else source.factor


def contradiction(source: ColumnSource, here: Column, there: Column) -> str:
    """Why figures of a column there cannot be those of a column here as the pack has it; "" when they can."""
    try:
        by_units = factor_between(there.unit, here.unit)
    except NotConvertible:
        if source.factor is None:
            return f"'{here.id}' is in {here.unit}, '{there.id}' in {there.unit}; say how much with 'factor'"
        return ""
    if source.factor is None or source.factor == by_units:
        return ""
    return f"the factor {source.factor:f} contradicts the units: 1 {there.unit} is {by_units:f} {here.unit}"
