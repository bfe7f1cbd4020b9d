"""Decisions of reporting in plain Python."""

from giaoban.reporting.rules.explaining import errors_in, issue_key, kept, unexplained, warnings_in
from giaoban.reporting.rules.reservations import due_words, mark, reservations
from giaoban.reporting.rules.states import (
    REPLACED_WHILE_WAITING,
    STATE_NAMES,
    ReportState,
    WrongState,
    next_state,
    report_state,
    was_accepted,
)
from giaoban.reporting.rules.typed import (
    NIL_SIGN,
    NOT_APPLICABLE_SIGN,
    figures_from_texts,
    text_key,
    texts_from_figures,
)

__all__ = [
    "NIL_SIGN",
    "NOT_APPLICABLE_SIGN",
    "REPLACED_WHILE_WAITING",
    "STATE_NAMES",
    "ReportState",
    "WrongState",
    "due_words",
    "errors_in",
    "figures_from_texts",
    "issue_key",
    "kept",
    "mark",
    "next_state",
    "report_state",
    "reservations",
    "text_key",
    "texts_from_figures",
    "unexplained",
    "warnings_in",
    "was_accepted",
]
