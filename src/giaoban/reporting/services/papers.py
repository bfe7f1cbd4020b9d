"""The paper copy of a report comes after its figures: number, day and signed scan are entered when there are any."""

from datetime import date, datetime

from django.utils import timezone

from giaoban.core.secrecy import marked_secret
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.reporting.models import Submission
from giaoban.reporting.selectors.answering import require_answer
from giaoban.reporting.services.errors import ReportingError, SecretRefused
from giaoban.reporting.services.sending import Scan, lock, refuse_coming_day, stored_scan

PAPERS = ("document_number", "document_date", "scan")


def add_papers(
    submission: Submission,
    *,
    document_number: str,
    document_date: date | None,
    scan: Scan | None = None,
    by: Actor,
    at: datetime,
) -> Submission:
    """Enter or correct the number, the day and the scan of a version that was sent; its figures stay as they are.

    scan None: the one that is there stays. What stood before is kept in the act, and the former scan with it. Raises
    ReportingError (nothing new, a day that has not come), SecretRefused, PermissionDenied.
    """
    refuse_coming_day(document_date, at)
    marking = marked_secret(document_number)
    if marking:
        raise SecretRefused(marking)
    with act("reporting.add-papers", by=by, at=at, subject=subject_of(submission)) as entry:
        obligation = lock([submission.obligation_id])[0]
        require_answer(by, Permission.SEND_REPORT, obligation.unit_id, on=timezone.localdate(at))
        entry.unit_id = by.post_at(obligation.unit_id, obligation.receiver_id)
        row = Submission.objects.select_for_update(of=("self",)).select_related("scan").get(pk=submission.pk)
        before = _said(row)
        row.document_number, row.document_date = document_number.strip(), document_date
        if scan is not None:
            row.scan = stored_scan(scan)
        after = _said(row)
        if before == after:
            raise ReportingError("Chưa có gì mới: số, ngày và bản quét vẫn như đang lưu.")
        entry.detail = {"before": before, "after": after}
        row.save(update_fields=list(PAPERS))
        row.obligation = obligation
    return row


def _said(row: Submission) -> dict[str, object]:
    """The papers of a version as an act keeps them; what is not there is left out."""
    said = {
        "number": row.document_number,
        "day": row.document_date.isoformat() if row.document_date else "",
        "scan": row.scan_id or "",
        "scan_name": row.scan.filename if row.scan else "",
    }
    return {name: value for name, value in said.items() if value}
