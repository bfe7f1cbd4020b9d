"""Adding up units: plain algebra; who reported, declared nil or not applicable, left blank or never sent stays counted.

`totals` has the numbers and what is carried beside them, `rules` what the rule of a column makes of them, `coverage`
who has reported. A column is summed, is the highest, lowest or a weighted mean, lists texts, is a rate computed again
from totals, or is not added at all; whichever it is, any grouping and order of the units gives the same.
"""

from giaoban.core.consolidation.coverage import Coverage, combine_coverage
from giaoban.core.consolidation.rules import UnitText, combine_texts, is_not_added, is_uneven, roll_up
from giaoban.core.consolidation.totals import (
    ANSWERS,
    EXACTLY,
    MISSING,
    ZERO,
    CellTotal,
    Extreme,
    Kept,
    State,
    Uneven,
    Weighed,
    combine,
    part_of,
    times,
    total_of,
    totals_of,
)

__all__ = [
    "ANSWERS",
    "EXACTLY",
    "MISSING",
    "ZERO",
    "CellTotal",
    "Coverage",
    "Extreme",
    "Kept",
    "State",
    "Uneven",
    "UnitText",
    "Weighed",
    "combine",
    "combine_coverage",
    "combine_texts",
    "is_not_added",
    "is_uneven",
    "part_of",
    "roll_up",
    "times",
    "total_of",
    "totals_of",
]
