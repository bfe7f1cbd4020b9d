"""A formula as plain data, for a page that computes while somebody types: nested lists, nothing to be run."""

from giaoban.core.formulas import Binary, Call, Formula, FormulaError, Name, Negative, Node, Number

Data = list["str | Data"]
"""["number", "100"] · ["name", "c1"] · ["negative", x] · ["+" or "-" or "*" or "/", x, y] · ["sum", x, y, …] and so on
for the functions of `formulas`. Numbers are texts, so that none loses a digit on the way."""


def as_data(formula: Formula) -> Data:
    """An expression as data. Raises FormulaError on a condition."""
    if formula.comparison is not None:
        raise FormulaError(f"'{formula.text}' is a condition, not an expression")
    return _data(formula.left)


def _data(node: Node) -> Data:
    match node:
        case Number(value):
            return ["number", str(value)]
        case Name(name):
            return ["name", name]
        case Negative(of):
            return ["negative", _data(of)]
        case Binary(sign, left, right):
            return [sign, _data(left), _data(right)]
        case Call(function, arguments):
            return [function, *(_data(one) for one in arguments)]
