"""A moved deadline is given back: the one before the last move holds again, and the history keeps both."""

from collections.abc import Iterable
from datetime import datetime

from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.reporting.models import DeadlineChange, Obligation
from giaoban.reporting.services.errors import ReportingError


def restore_deadline(obligations: Iterable[Obligation], *, reason: str, by: Actor, at: datetime) -> int:
    """Undo the last move of each report's deadline, as a move of its own; gives how many were given back.

    A report that was never moved, or had no deadline before, is passed over. Raises ReportingError without a reason,
    PermissionDenied when the actor does not receive one of them.
    """
    if not reason.strip():
        raise ReportingError("Nêu lý do khôi phục hạn cũ.")
    ids = [one.pk for one in obligations]
    with act("reporting.restore-deadline", by=by, at=at, reason=reason) as entry:
        rows = list(Obligation.objects.select_for_update().filter(pk__in=ids).order_by("pk"))
        for receiver_id in {row.receiver_id for row in rows}:
            by.require(Permission.RECEIVE_REPORT, receiver_id)
        entry.unit_id = by.post_at(*(row.receiver_id for row in rows))
        last: dict[int, DeadlineChange] = {}
        for change in DeadlineChange.objects.filter(obligation__in=rows).order_by("pk"):
            last[change.obligation_id] = change
        changes = []
        for row in rows:
            undone = last.get(row.pk)
            if undone is None or undone.old_due_on is None:
                continue
            basis = f"Khôi phục hạn {day(undone.old_due_on)}, thôi áp dụng: {undone.basis}"[:300]
            changes.append(
                DeadlineChange(
                    obligation=row,
                    old_due_on=row.due_on,
                    due_on=undone.old_due_on,
                    basis=basis,
                    reason=reason,
                    act=entry,
                )
            )
            row.due_on, row.due_source = undone.old_due_on, basis
        DeadlineChange.objects.bulk_create(changes, batch_size=2000)
        Obligation.objects.bulk_update(
            [change.obligation for change in changes], ["due_on", "due_source"], batch_size=2000
        )
        entry.detail = {"count": len(changes)}
        if len(changes) == 1:
            entry.subject = subject_of(changes[0].obligation)
    return len(changes)
