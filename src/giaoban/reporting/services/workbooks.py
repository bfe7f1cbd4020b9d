"""The workbook of a report, to be filled in an office and sent back."""

from giaoban.core.figures import Figures
from giaoban.orgs.selectors import cards
from giaoban.reporting.models import Obligation
from giaoban.reporting.rules import figures_from_texts
from giaoban.reporting.selectors.entry import draft_of, has_estimates, subunits_by_row
from giaoban.reporting.selectors.figures import figures_of, versions
from giaoban.reporting.selectors.forms import core_period, definition_of, last_day
from giaoban.reporting.workbooks.making import About, make, subunit_names


def workbook_for(obligation: Obligation) -> bytes:
    """The .xlsx of a report in the layout of its form, holding what stands in the draft or in the last version."""
    form = definition_of(obligation.form)
    figures, notes = _standing(obligation)
    period = obligation.period
    ids = [obligation.unit_id] + ([obligation.receiver_id] if obligation.receiver_id is not None else [])
    called = cards(ids, last_day(period))
    about = About(
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
    )
    return make(form, about, subunit_names(subunits_by_row(obligation)), figures, notes)


def _standing(obligation: Obligation) -> tuple[Figures, str]:
    draft = draft_of(obligation)
    if draft is not None:
        return figures_from_texts(definition_of(obligation.form), draft.figures)[0], draft.notes
    last = next(iter(versions(obligation)), None)
    return (figures_of(last), last.notes) if last else ({}, "")
