"""The checks of a report, one function each. Every one returns Issues that name the cell; none changes a figure.

A figure is compared with its estimated part included. Nil counts as 0 in arithmetic; blank and not applicable are
unknown. `run_checks` takes one report, `run_checks_many` many at once; both say the same of the same figures.
"""

from giaoban.core.checks.arithmetic import (
    computed_columns_agree,
    computed_value,
    parts_within_wholes,
    totals_equal_parts,
)
from giaoban.core.checks.batch import Batch, StoredLine, batch_of, batch_of_stored
from giaoban.core.checks.changes import (
    FAR_DEVIATIONS,
    LARGE_CHANGE_PERCENT,
    MIN_PEERS,
    Norm,
    Norms,
    changes_are_moderate,
    figures_near_peers,
)
from giaoban.core.checks.many import Around, run_checks_many
from giaoban.core.checks.norms import norms_of
from giaoban.core.checks.one import run_checks
from giaoban.core.checks.rules import NOTHING_AROUND, Surroundings, form_rules_hold, waiting_issues
from giaoban.core.checks.structure import (
    LONGEST_SUBUNIT,
    SEPARATOR,
    figures_fit_columns,
    lines_belong_to_form,
    required_cells_filled,
    subunit_issues,
)

__all__ = [
    "FAR_DEVIATIONS",
    "LARGE_CHANGE_PERCENT",
    "LONGEST_SUBUNIT",
    "MIN_PEERS",
    "NOTHING_AROUND",
    "SEPARATOR",
    "Around",
    "Batch",
    "Norm",
    "Norms",
    "StoredLine",
    "Surroundings",
    "batch_of",
    "batch_of_stored",
    "changes_are_moderate",
    "computed_columns_agree",
    "computed_value",
    "figures_fit_columns",
    "figures_near_peers",
    "form_rules_hold",
    "lines_belong_to_form",
    "norms_of",
    "parts_within_wholes",
    "required_cells_filled",
    "run_checks",
    "run_checks_many",
    "subunit_issues",
    "totals_equal_parts",
    "waiting_issues",
]
