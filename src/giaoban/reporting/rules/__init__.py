"""Decisions of reporting in plain Python."""

from giaoban.reporting.rules.explaining import errors_in, issue_key, kept, unexplained, warnings_in
from giaoban.reporting.rules.machine import Subunits, is_machine, machine_texts, with_lines_of, with_machine_cells
from giaoban.reporting.rules.merging import EXPLAINS, LONGEST, NOTES, Change, Merged, column_of, fault_of, merge
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
    SHOWN_NIL,
    SHOWN_NOT_APPLICABLE,
    figures_from_texts,
    plain_text,
    shown_text,
    text_key,
    texts_from_figures,
)

__all__ = [
    "EXPLAINS",
    "LONGEST",
    "NIL_SIGN",
    "NOTES",
    "NOT_APPLICABLE_SIGN",
    "REPLACED_WHILE_WAITING",
    "SHOWN_NIL",
    "SHOWN_NOT_APPLICABLE",
    "STATE_NAMES",
    "Change",
    "Merged",
    "ReportState",
    "Subunits",
    "WrongState",
    "column_of",
    "due_words",
    "errors_in",
    "fault_of",
    "figures_from_texts",
    "is_machine",
    "issue_key",
    "kept",
    "machine_texts",
    "mark",
    "merge",
    "next_state",
    "plain_text",
    "report_state",
    "reservations",
    "shown_text",
    "text_key",
    "texts_from_figures",
    "unexplained",
    "warnings_in",
    "was_accepted",
    "with_lines_of",
    "with_machine_cells",
]
