"""Reads: forms and periods, what is owed and what came in, consolidated tables, where numbers come from."""

from giaoban.reporting.models import FormVersion, Obligation, Period, Submission
from giaoban.reporting.selectors.answering import answers, require_answer
from giaoban.reporting.selectors.comparing import SamePeriod, same_period
from giaoban.reporting.selectors.consolidation import (
    NOT_STATED,
    CellKey,
    ConsolidatedLine,
    ConsolidatedTable,
    PeriodCard,
    is_not_summed,
    period_card,
)
from giaoban.reporting.selectors.entry import Entry, checks_of, entry_of, read_texts, subunits_by_row
from giaoban.reporting.selectors.exports import export_submission, export_table, export_tables
from giaoban.reporting.selectors.figures import current_of, figures_by_unit, figures_of, previous_figures, versions
from giaoban.reporting.selectors.forms import (
    core_period,
    definition_of,
    form_by_key,
    forms,
    last_day,
    period_before,
    period_of,
    periods_with_obligations,
)
from giaoban.reporting.selectors.grouping import ConsolidationRefused, stand_for
from giaoban.reporting.selectors.history import DeadlineMove, Reminding, deadline_moves, remindings
from giaoban.reporting.selectors.opening import Openable, forms_received, openable_periods
from giaoban.reporting.selectors.origins import CellOrigin, Part, cell_origin
from giaoban.reporting.selectors.owed import (
    Owed,
    latest_period_with_figures,
    obligation_for,
    obligations_for,
    owed_by,
    reporters_of,
    simulated_units,
    standing_of,
    submission_for,
)
from giaoban.reporting.selectors.reception import (
    Campaign,
    LateAndMissing,
    Reception,
    ReceptionRow,
    late_and_missing,
    reception,
    receptions_for,
    tables_beneath,
)
from giaoban.reporting.selectors.series import consolidate, consolidate_series
from giaoban.reporting.selectors.snapshots import CellDifference, Confirmed, compare, confirmed_table

__all__ = [
    "NOT_STATED",
    "Campaign",
    "CellDifference",
    "CellKey",
    "CellOrigin",
    "Confirmed",
    "ConsolidatedLine",
    "ConsolidatedTable",
    "ConsolidationRefused",
    "DeadlineMove",
    "Entry",
    "FormVersion",
    "LateAndMissing",
    "Obligation",
    "Openable",
    "Owed",
    "Part",
    "Period",
    "PeriodCard",
    "Reception",
    "ReceptionRow",
    "Reminding",
    "SamePeriod",
    "Submission",
    "answers",
    "cell_origin",
    "checks_of",
    "compare",
    "confirmed_table",
    "consolidate",
    "consolidate_series",
    "core_period",
    "current_of",
    "deadline_moves",
    "definition_of",
    "entry_of",
    "export_submission",
    "export_table",
    "export_tables",
    "figures_by_unit",
    "figures_of",
    "form_by_key",
    "forms",
    "forms_received",
    "is_not_summed",
    "last_day",
    "late_and_missing",
    "latest_period_with_figures",
    "obligation_for",
    "obligations_for",
    "openable_periods",
    "owed_by",
    "period_before",
    "period_card",
    "period_of",
    "periods_with_obligations",
    "previous_figures",
    "read_texts",
    "reception",
    "receptions_for",
    "remindings",
    "reporters_of",
    "require_answer",
    "same_period",
    "simulated_units",
    "stand_for",
    "standing_of",
    "submission_for",
    "subunits_by_row",
    "tables_beneath",
    "versions",
]
