"""Acts of the room. Each is one transaction with its audit entry; refusals are the exceptions of `errors`."""

from giaoban.reporting.rules.signing import Signature
from giaoban.reporting.services.bookreading import WorkbookReading, read_many, read_workbook
from giaoban.reporting.services.calendar import end_calendar_address, hashed, make_calendar_address, read_calendar
from giaoban.reporting.services.closing import close_books, reopen_books, undo_closing
from giaoban.reporting.services.confirming import confirm_table
from giaoban.reporting.services.deciding import Mark, Verdict, accept, judge, return_for_correction
from giaoban.reporting.services.drafting import Changed, change_draft, look_in, save_draft, save_workbook_draft
from giaoban.reporting.services.errors import (
    AlreadyDone,
    AmendmentUnexplained,
    BooksClosed,
    ExplanationsUnjudged,
    ImportRefused,
    JustificationNeeded,
    PeriodUnknown,
    ReportingError,
    SecretRefused,
    SigningRefused,
    SubmissionRefused,
)
from giaoban.reporting.services.faulty import workbook_with_faults
from giaoban.reporting.services.filling import Filled, fill_from_below
from giaoban.reporting.services.importing import (
    ImportResult,
    import_csv,
    import_workbook,
)
from giaoban.reporting.services.justifying import SignedReason
from giaoban.reporting.services.loading import load_forms, load_regimes
from giaoban.reporting.services.opening import Opening, open_and_raise, preview_opening
from giaoban.reporting.services.owing import (
    move_deadline,
    note_call,
    open_period,
    raise_obligations,
    remind,
)
from giaoban.reporting.services.papers import add_papers
from giaoban.reporting.services.publishing import (
    Document,
    PublishingRefused,
    hold_for_presenting,
    present_tables,
    publish_table,
    withdraw_publication,
)
from giaoban.reporting.services.reminding import send_digests
from giaoban.reporting.services.requesting import Requested, request_report
from giaoban.reporting.services.sending import Scan, refuse_secret_file, submit, submit_draft
from giaoban.reporting.services.waiving import waive, withdraw_waiver
from giaoban.reporting.services.workbooks import workbook_for

__all__ = [
    "AlreadyDone",
    "AmendmentUnexplained",
    "BooksClosed",
    "Changed",
    "Document",
    "ExplanationsUnjudged",
    "Filled",
    "ImportRefused",
    "ImportResult",
    "JustificationNeeded",
    "Mark",
    "Opening",
    "PeriodUnknown",
    "PublishingRefused",
    "ReportingError",
    "Requested",
    "Scan",
    "SecretRefused",
    "Signature",
    "SignedReason",
    "SigningRefused",
    "SubmissionRefused",
    "Verdict",
    "WorkbookReading",
    "accept",
    "add_papers",
    "change_draft",
    "close_books",
    "confirm_table",
    "end_calendar_address",
    "fill_from_below",
    "hashed",
    "hold_for_presenting",
    "import_csv",
    "import_workbook",
    "judge",
    "load_forms",
    "load_regimes",
    "look_in",
    "make_calendar_address",
    "move_deadline",
    "note_call",
    "open_and_raise",
    "open_period",
    "present_tables",
    "preview_opening",
    "publish_table",
    "raise_obligations",
    "read_calendar",
    "read_many",
    "read_workbook",
    "refuse_secret_file",
    "remind",
    "reopen_books",
    "request_report",
    "return_for_correction",
    "save_draft",
    "save_workbook_draft",
    "send_digests",
    "submit",
    "submit_draft",
    "undo_closing",
    "waive",
    "withdraw_publication",
    "withdraw_waiver",
    "workbook_for",
    "workbook_with_faults",
]
