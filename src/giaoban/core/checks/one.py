"""All checks of one report."""

from decimal import Decimal

from giaoban.core.checks.arithmetic import computed_columns_agree, parts_within_wholes, totals_equal_parts
from giaoban.core.checks.changes import LARGE_CHANGE_PERCENT, Norms, changes_are_moderate, figures_near_peers
from giaoban.core.checks.lines import is_of_form
from giaoban.core.checks.rules import NOTHING_AROUND, Surroundings, form_rules_hold, waiting_issues
from giaoban.core.checks.structure import figures_fit_columns, lines_belong_to_form, required_cells_filled
from giaoban.core.figures import Figures
from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Issue


def run_checks(
    form: FormDefinition,
    figures: Figures,
    *,
    previous: Figures | None = None,
    allowed_subunits: frozenset[str] | None = None,
    change_percent: Decimal = LARGE_CHANGE_PERCENT,
    surroundings: Surroundings = NOTHING_AROUND,
    norms: Norms | None = None,
) -> list[Issue]:
    """All checks, structure first. Lines that are not of the form are named and then left out of the other checks.

    previous: the figures of the same period before; allowed_subunits: keys that dynamic lines may carry, None = any;
    surroundings: what rules ask outside the report; norms: what the units around say.
    """
    issues = lines_belong_to_form(form, figures, allowed_subunits=allowed_subunits)
    known = {key: line for key, line in figures.items() if is_of_form(form, line)}
    issues += figures_fit_columns(form, known)
    issues += required_cells_filled(form, known)
    issues += parts_within_wholes(form, known)
    issues += totals_equal_parts(form, known)
    issues += computed_columns_agree(form, known)
    issues += form_rules_hold(form, known, surroundings=surroundings, year_before=previous)
    issues += waiting_issues(surroundings)
    if previous is not None:
        issues += changes_are_moderate(form, known, previous=previous, percent=change_percent)
    if norms:
        issues += figures_near_peers(form, known, norms)
    return issues
