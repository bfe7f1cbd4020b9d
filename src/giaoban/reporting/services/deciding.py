"""The receiver accepts a report, or returns it with a reason. Accepted figures count from that moment on."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from giaoban.core.vietnamese import moment
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.reporting.models import Obligation, OwingRule, Submission, SubmissionState
from giaoban.reporting.rules import WrongState, next_state
from giaoban.reporting.rules.states import Event
from giaoban.reporting.selectors.answering import require_answer
from giaoban.reporting.services.errors import AlreadyDone, ReportingError
from giaoban.reporting.services.sending import lock


def accept(submission: Submission, *, by: Actor, at: datetime, reason: str = "") -> Submission:
    """Take a report: its figures become the unit's figures, the former ones give way in the same transaction.

    Raises AlreadyDone when it was decided or replaced meanwhile, PermissionDenied.
    """
    with act("reporting.accept", by=by, at=at, reason=reason, subject=subject_of(submission)) as entry:
        row = _locked(submission, by, "accept")
        entry.unit_id = by.post_at(row.obligation.receiver_id, row.obligation.unit_id)
        accept_all([row], by=by, at=at, reason=reason)
    return row


def return_for_correction(submission: Submission, *, reason: str, by: Actor, at: datetime) -> Submission:
    """Send a report back; the unit owes it again. Raises AlreadyDone, PermissionDenied, ReportingError (no reason)."""
    if not reason.strip():
        raise ReportingError("Nêu lý do trả lại để đơn vị biết phải sửa gì.")
    with act("reporting.return", by=by, at=at, reason=reason, subject=subject_of(submission)) as entry:
        row = _locked(submission, by, "return")
        entry.unit_id = by.post_at(row.obligation.receiver_id, row.obligation.unit_id)
        row.state = next_state(row.state, "return")
        row.decided_at, row.decided_by_name, row.decision_reason = at, by.name, reason.strip()
        row.save(update_fields=["state", "decided_at", "decided_by_name", "decision_reason"])
    return row


def require_receiver(by: Actor, obligation: Obligation) -> None:
    """The receiver decides, or what it wholly became. What the rule says nobody receives is decided by the unit that
    sends it.

    Raises PermissionDenied, ReportingError when somebody ought to receive the report and is not known.
    """
    if obligation.receiver_id is None:
        require_answer(by, Permission.SEND_REPORT, obligation.unit_id)
        rules = OwingRule.objects.filter(form_id=obligation.form_id, rules=obligation.period.rule_id)
        if not by.everything and not rules.filter(receiver_kind=None).exists():
            raise ReportingError("Báo cáo này chưa có nơi nhận, nên chưa ai tiếp nhận được. Bổ sung nơi nhận trước.")
    else:
        require_answer(by, Permission.RECEIVE_REPORT, obligation.receiver_id)


def accept_all(submissions: Sequence[Submission], *, by: Actor, at: datetime, reason: str = "") -> None:
    """Accept versions of locked obligations inside the caller's act. A fixed number of queries."""
    former = list(
        Submission.objects.select_for_update().filter(
            obligation_id__in=[one.obligation_id for one in submissions], is_current=True
        )
    )
    for row in former:
        row.state, row.is_current = next_state(row.state, "replace"), False
    Submission.objects.bulk_update(former, ["state", "is_current"], batch_size=1000)
    for row in submissions:
        row.state, row.is_current = next_state(row.state, "accept"), True
        row.decided_at, row.decided_by_name, row.decision_reason = at, by.name, reason
    Submission.objects.bulk_update(
        submissions, ["state", "is_current", "decided_at", "decided_by_name", "decision_reason"], batch_size=1000
    )


def _locked(submission: Submission, by: Actor, event: Event) -> Submission:
    """The version as it stands now, locked with its obligation, if the act is still possible."""
    obligation = lock([submission.obligation_id])[0]
    require_receiver(by, obligation)
    row = Submission.objects.select_for_update().get(pk=submission.pk)
    row.obligation = obligation
    try:
        next_state(row.state, event)
    except WrongState:
        raise _too_late(row) from None
    return row


def _too_late(row: Submission) -> AlreadyDone:
    when = moment(timezone.localtime(row.decided_at)) if row.decided_at else ""
    match row.state:
        case SubmissionState.ACCEPTED:
            return AlreadyDone(f"Bản này đã được {row.decided_by_name} tiếp nhận lúc {when}.")
        case SubmissionState.RETURNED:
            return AlreadyDone(f"Bản này đã được {row.decided_by_name} trả lại lúc {when}.")
        case _:
            return AlreadyDone("Bản này đã có bản mới hơn thay thế. Mở bản mới nhất của đơn vị.")
