"""A moved deadline is given back: the one before the last move that holds; the history keeps both."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.reporting.models import DeadlineChange, Obligation
from giaoban.reporting.services.errors import AlreadyDone, ReportingError
from giaoban.reporting.services.justifying import SignedReason, keep_reasons, require_signed_move
from giaoban.reporting.services.receiving import locked_for_receiver, post_receiving
from giaoban.reporting.services.telling_units import tell_deadline_moved


def restore_deadline(
    obligations: Iterable[Obligation],
    *,
    reason: str,
    by: Actor,
    at: datetime,
    shown: Mapping[int, int] | None = None,
    signed: SignedReason | None = None,
) -> int:
    """Undo the newest move of each report's deadline that still holds, as a move of its own; gives how many.

    A report without such a move, or that had no deadline before it, is passed over. shown: obligation → the change
    that the actor meant to undo; where another is the newest by now, the report is passed over too. Raises AlreadyDone
    when nothing is left, ReportingError without a reason, JustificationNeeded when reports received on time turn late
    and nobody signed why, PermissionDenied when the actor does not receive one of them.
    """
    if not reason.strip():
        raise ReportingError("Nêu lý do khôi phục hạn cũ.")
    ids = [one.pk for one in obligations]
    with act("reporting.restore-deadline", by=by, at=at, reason=reason) as entry:
        rows = locked_for_receiver(ids, by, at)
        entry.unit_id = post_receiving(rows, by, at)
        held = _newest_held(rows)
        undone = {
            row: held[row.pk]
            for row in rows
            if row.pk in held
            and held[row.pk].old_due_on is not None
            and (shown is None or shown.get(row.pk) == held[row.pk].pk)
        }
        if not undone:
            raise AlreadyDone("Không còn lần đổi hạn nào để khôi phục: hạn đã được trả lại, hoặc vừa đổi lần nữa.")
        due = {row.pk: change.old_due_on for row, change in undone.items() if change.old_due_on is not None}
        findings = require_signed_move(list(undone), due, signed)
        DeadlineChange.objects.bulk_create(
            (_undoing(row, change, reason, entry.pk) for row, change in undone.items()), batch_size=2000
        )
        Obligation.objects.bulk_update(list(undone), ["due_on", "due_source"], batch_size=2000)
        tell_deadline_moved(list(undone), entry)
        if signed is not None:
            keep_reasons(list(undone), findings, signed, entry)
        entry.detail = {"count": len(undone)}
        if len(undone) == 1:
            entry.subject = subject_of(next(iter(undone)))
    return len(undone)


def _newest_held(rows: Iterable[Obligation]) -> dict[int, DeadlineChange]:
    """Obligation → the newest move that neither undoes another nor was undone."""
    changes = DeadlineChange.objects.filter(obligation__in=rows, undoes=None, undone_by=None).order_by("pk")
    return {change.obligation_id: change for change in changes}


def _undoing(row: Obligation, undone: DeadlineChange, reason: str, act_id: int) -> DeadlineChange:
    """The move that takes another back; the report gets the deadline of before."""
    if undone.old_due_on is None:
        raise AssertionError("only a move from a day is undone")
    basis = f"Khôi phục hạn {day(undone.old_due_on)}, thôi áp dụng: {undone.basis}"[:300]
    change = DeadlineChange(
        obligation=row,
        old_due_on=row.due_on,
        due_on=undone.old_due_on,
        basis=basis,
        reason=reason,
        undoes=undone,
        act_id=act_id,
    )
    row.due_on, row.due_source = undone.old_due_on, basis
    return change
