"""Acts of the room. Each is one transaction with its audit entry; refusals are the exceptions of `errors`."""

from giaoban.reporting.services.confirming import confirm_table
from giaoban.reporting.services.deciding import accept, return_for_correction
from giaoban.reporting.services.drafting import Changed, change_draft, look_in, save_draft, save_workbook_draft
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
from giaoban.reporting.services.opening import Opening, open_and_raise, preview_opening
from giaoban.reporting.services.owing import (
    Requested,
    move_deadline,
    open_period,
    raise_obligations,
    remind,
    request_report,
)
from giaoban.reporting.services.sending import Scan, Signature, submit, submit_draft
from giaoban.reporting.services.workbooks import workbook_for

__all__ = [
    "AlreadyDone",
    "Changed",
    "ImportRefused",
    "ImportResult",
    "Opening",
    "PeriodUnknown",
    "ReportingError",
    "Requested",
    "Scan",
    "Signature",
    "SubmissionRefused",
    "WorkbookReading",
    "accept",
    "change_draft",
    "confirm_table",
    "import_csv",
    "import_workbook",
    "load_forms",
    "load_regimes",
    "look_in",
    "move_deadline",
    "open_and_raise",
    "open_period",
    "preview_opening",
    "raise_obligations",
    "read_workbook",
    "remind",
    "request_report",
    "return_for_correction",
    "save_draft",
    "save_workbook_draft",
    "submit",
    "submit_draft",
    "workbook_for",
]
