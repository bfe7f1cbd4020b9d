"""Acts of the room. Each is one transaction with its audit entry; refusals are the exceptions of `errors`."""

from giaoban.reporting.services.confirming import confirm_table
from giaoban.reporting.services.deciding import accept, return_for_correction
from giaoban.reporting.services.errors import (
    AlreadyDone,
    ImportRefused,
    PeriodUnknown,
    ReportingError,
    SubmissionRefused,
)
from giaoban.reporting.services.importing import (
    ImportResult,
    WorkbookReading,
    import_csv,
    import_workbook,
    read_workbook,
)
from giaoban.reporting.services.loading import load_forms, load_regimes
from giaoban.reporting.services.owing import move_deadline, open_period, raise_obligations, remind, request_report
from giaoban.reporting.services.sending import Signature, save_draft, submit, submit_draft
from giaoban.reporting.services.workbooks import workbook_for

__all__ = [
    "AlreadyDone",
    "ImportRefused",
    "ImportResult",
    "PeriodUnknown",
    "ReportingError",
    "Signature",
    "SubmissionRefused",
    "WorkbookReading",
    "accept",
    "confirm_table",
    "import_csv",
    "import_workbook",
    "load_forms",
    "load_regimes",
    "move_deadline",
    "open_period",
    "raise_obligations",
    "read_workbook",
    "remind",
    "request_report",
    "return_for_correction",
    "save_draft",
    "submit",
    "submit_draft",
    "workbook_for",
]
