"""The workbook of a report, to be filled in an office and sent back."""

from giaoban.core.figures import Figures
from giaoban.core.vietnamese import day
from giaoban.orgs.selectors import cards
from giaoban.reporting.models import Obligation
from giaoban.reporting.rules import figures_from_texts
from giaoban.reporting.selectors.entry import draft_of, has_estimates, subunits_by_row
from giaoban.reporting.selectors.figures import figures_of, preceding_figures, previous_figures, versions
from giaoban.reporting.selectors.forms import core_period, definition_of, last_day, period_before
from giaoban.reporting.workbooks.making import About, Earlier, make, subunit_names


def workbook_for(obligation: Obligation) -> bytes:
    """The .xlsx of a report in the layout of its form, holding what stands in the draft or in the last version.

    The unit's own accepted figures of the same period of the year before and of the preceding period stand on a sheet
    of their own, to be read only.
    """
    figures, notes = _standing(obligation)
    form, about = definition_of(obligation.form), about_of(obligation)
    return make(form, about, subunit_names(subunits_by_row(obligation)), figures, notes, _earlier(obligation))


def about_of(obligation: Obligation) -> About:
    """What the workbook of a report says of itself."""
    period = obligation.period
    ids = [obligation.unit_id] + ([obligation.receiver_id] if obligation.receiver_id is not None else [])
    called = cards(ids, last_day(period))
    return About(
        form=obligation.form.key,
        checksum=obligation.form.checksum,
        unit=obligation.unit.key,
        rule=period.rule.key,
        period=period.code,
        instalment=period.instalment,
        unit_name=called[obligation.unit_id].name,
        receiver_name=called[obligation.receiver_id].name if obligation.receiver_id is not None else "",
        period_label=period.label,
        window=core_period(period).window_label(),
        simulated=obligation.simulated,
        estimates=has_estimates(obligation),
        due=day(obligation.due_on) if obligation.due_on is not None else "",
    )


def _earlier(obligation: Obligation) -> list[Earlier]:
    """The same period of the year before, as far as it compares, and the one just before."""
    form, period, unit = obligation.form, obligation.period, obligation.unit_id
    found: list[Earlier] = []
    year_before = previous_figures(form, period, [unit]).get(unit)
    if year_before:
        before = period_before(period)
        found.append(Earlier(f"Cùng kỳ năm trước: {before.label}" if before else "Cùng kỳ năm trước", year_before))
    preceding, figures = preceding_figures(form, period, unit)
    if preceding is not None and figures:
        found.append(Earlier(f"Kỳ liền trước: {preceding.label}", figures))
    return found


def _standing(obligation: Obligation) -> tuple[Figures, str]:
    draft = draft_of(obligation)
    if draft is not None:
        return figures_from_texts(definition_of(obligation.form), draft.figures)[0], draft.notes
    last = next(iter(versions(obligation)), None)
    return (figures_of(last), last.notes) if last else ({}, "")
