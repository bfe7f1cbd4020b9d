"""What this room offers to texts that quote a number."""

from giaoban.core.queries import SELF
from giaoban.indicators.selectors.quoting import quoted_answer, quoted_value
from giaoban.kit.registries import SourcedFigure


def answered_figure(
    *, measure: str, unit: str, period: str, level: str = SELF, geography: str = "", divided: str = "", line: str = ""
) -> SourcedFigure:
    """One number by the words of a `core.queries.FigureQuery`: all of its units together, or one of them.

    line: the key of that one. Raises QueryRefused.
    """
    found = quoted_answer([measure], unit=unit, period=period, level=level, geography=geography, divided=divided)
    return quoted_value(found, measure, line)
