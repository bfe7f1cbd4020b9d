"""The receiver accepts a report, or returns it with a reason. Accepted figures count from that moment on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils import timezone

from giaoban.core.vietnamese import moment
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import card
from giaoban.reporting.models import Obligation, OwingRule, Submission, SubmissionState
from giaoban.reporting.rules import WrongState, column_of, declined, next_state, unjudged
from giaoban.reporting.rules.explaining import is_general
from giaoban.reporting.rules.states import Event
from giaoban.reporting.selectors.answering import require_answer
from giaoban.reporting.selectors.closings import closed_reason
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.services.errors import (
    AlreadyDone,
    BooksClosed,
    ExplanationsUnjudged,
    OwnExplanations,
    ReportingError,
)
from giaoban.reporting.services.giving_way import files_give_way
from giaoban.reporting.services.sending import lock
from giaoban.reporting.services.telling import after_acceptance
from giaoban.reporting.services.telling_units import tell_returned

LONGEST_NOTE: Final = 1000


def accept(
    submission: Submission, *, by: Actor, at: datetime, reason: str = "", explanations: bool = False
) -> Submission:
    """Take a report: its figures become the unit's figures, the former ones give way in the same transaction.

    explanations: accept every explanation that was not judged yet along with it. Raises ExplanationsUnjudged,
    BooksClosed, AlreadyDone when it was decided or replaced meanwhile, PermissionDenied.
    """
    with act("reporting.accept", by=by, at=at, reason=reason, subject=subject_of(submission)) as entry:
        row = _locked(submission, by, "accept")
        entry.unit_id = by.post_at(row.obligation.receiver_id, row.obligation.unit_id)
        _refuse_closed(row.obligation, at)
        left = [key for key in unjudged(row.explanations, row.verdicts) if not explanations or key in row.verdicts]
        if left:
            raise ExplanationsUnjudged(left, card(row.obligation.unit_id, last_day(row.obligation.period)).name)
        accept_all([row], by=by, at=at, reason=reason)
    return row


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the receiver says of one explanation."""

    accepted: bool
    note: str = ""


def judge(submission: Submission, verdicts: Mapping[str, Verdict], *, by: Actor, at: datetime) -> Submission:
    """Accept or decline explanations, by the keys under which the unit wrote them; others keep what was said of them.

    Raises ReportingError (no such explanation), AlreadyDone when the report was decided or replaced, PermissionDenied.
    """
    with act("reporting.judge", by=by, at=at, subject=subject_of(submission)) as entry:
        row = _locked(submission, by, "accept")
        entry.unit_id = by.post_at(row.obligation.receiver_id, row.obligation.unit_id)
        _judge(row, verdicts, by=by, at=at)
        entry.detail = {"accepted": [key for key, one in verdicts.items() if one.accepted], "judged": list(verdicts)}
        row.save(update_fields=["verdicts"])
    return row


@dataclass(frozen=True, slots=True)
class Mark:
    """A cell that must be looked at, by its name as in `rules.merging`, and what about it."""

    cell: str
    note: str = ""


def return_for_correction(
    submission: Submission,
    *,
    reason: str = "",
    cells: Sequence[Mark] = (),
    verdicts: Mapping[str, Verdict] | None = None,
    by: Actor,
    at: datetime,
) -> Submission:
    """Send a report back; the unit owes it again.

    cells: those that the receiver marks. verdicts: of explanations, as `judge`. A reason may be left out when there are
    marked cells or declined explanations: then it says that. Raises AlreadyDone, PermissionDenied, BooksClosed,
    ReportingError (nothing to correct was named, or a cell that the form does not have).
    """
    with act("reporting.return", by=by, at=at, subject=subject_of(submission)) as entry:
        row = _locked(submission, by, "return")
        entry.unit_id = by.post_at(row.obligation.receiver_id, row.obligation.unit_id)
        _refuse_closed(row.obligation, at)
        _judge(row, verdicts or {}, by=by, at=at)
        marked = _marked(row, cells)
        entry.reason = row.decision_reason = _reason(reason, marked, declined(row.verdicts))
        entry.detail = {"cells": [one["cell"] for one in marked], "declined": list(declined(row.verdicts))}
        entry.save(update_fields=["reason"])
        row.state = next_state(row.state, "return")
        row.decided_at, row.decided_by_name, row.marked_cells = at, by.name, marked
        decided = ["state", "decided_at", "decided_by_name", "decision_reason"]
        row.save(update_fields=[*decided, "marked_cells", "verdicts"])
        tell_returned(row, entry)
    return row


def _judge(row: Submission, verdicts: Mapping[str, Verdict], *, by: Actor, at: datetime) -> None:
    strange = verdicts.keys() - row.explanations.keys()
    if strange:
        raise ReportingError("Báo cáo không có giải trình này. Tải lại trang.")
    _refuse_own(row, [key for key, one in verdicts.items() if one.accepted], by)
    for key, one in verdicts.items():
        row.verdicts[key] = _verdict(one, by, at)


def _refuse_own(row: Submission, keys: Iterable[str], by: Actor) -> None:
    """Who gave words for all warnings of many files is not the one who accepts them. Raises OwnExplanations."""
    if by.user_id is not None and row.entered_by_id == by.user_id:
        own = [key for key in keys if is_general(row.explanations[key])]
        if own:
            raise OwnExplanations(own)


def _verdict(one: Verdict, by: Actor, at: datetime) -> dict[str, object]:
    return {"accepted": one.accepted, "note": one.note.strip(), "by": by.name, "at": at.isoformat()}


def _marked(row: Submission, cells: Sequence[Mark]) -> list[dict[str, str]]:
    """The marks as they are stored, each cell once. Raises ReportingError for a cell that the form does not have."""
    form = definition_of(row.obligation.form)
    marked = {one.cell: one.note.strip()[:LONGEST_NOTE] for one in cells}
    for name in marked:
        table_id, row_id, subunit = (*name.split("/"), "", "", "")[:3]
        line = form.table(table_id).rows_by_id.get(row_id) if column_of(form, name) is not None else None
        if line is None or (subunit and not line.is_dynamic):
            raise ReportingError("Biểu không có ô được đánh dấu. Tải lại trang.")
    return [{"cell": name, "note": note} for name, note in marked.items()]


def _reason(reason: str, marked: Sequence[object], declined_keys: Sequence[str]) -> str:
    """What the unit reads. Raises ReportingError when nothing at all was named."""
    parts = [reason.strip().rstrip(".")] if reason.strip() else []
    if not parts and marked:
        parts.append(f"Xem lại {len(marked)} ô được đánh dấu")
    if declined_keys:
        parts.append(f"Chưa chấp nhận giải trình của {len(declined_keys)} cảnh báo")
    if not parts:
        raise ReportingError("Nêu lý do trả lại để đơn vị biết phải sửa gì.")
    return reason.strip() if len(parts) == 1 and reason.strip() else f"{'. '.join(parts)}."


def _refuse_closed(obligation: Obligation, at: datetime) -> None:
    """Raises BooksClosed."""
    closed = closed_reason(obligation.form_id, obligation.period_id, obligation.unit_id, at)
    if closed:
        raise BooksClosed(closed)


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
    """Accept versions of locked obligations inside the caller's act, with the explanations that nobody judged yet.

    A fixed number of queries. Raises OwnExplanations.
    """
    for row in submissions:
        _refuse_own(row, row.explanations.keys() - row.verdicts.keys(), by)
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
        for key in row.explanations.keys() - row.verdicts.keys():
            row.verdicts[key] = _verdict(Verdict(accepted=True), by, at)
    fields = ["state", "is_current", "decided_at", "decided_by_name", "decision_reason", "verdicts"]
    Submission.objects.bulk_update(submissions, fields, batch_size=1000)
    files_give_way(submissions)
    after_acceptance(submissions)


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
