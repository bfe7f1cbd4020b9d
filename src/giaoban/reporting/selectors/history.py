"""What happened around a report besides its versions: its deadline was moved, the unit was reminded."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Q, QuerySet

from giaoban.reporting.models import DeadlineChange, Obligation, Reminder


@dataclass(frozen=True, slots=True)
class DeadlineMove:
    """One move of a deadline. old_due_on None: the report had none before.

    change_id: of the DeadlineChange. undoes: whether it took another back; undone: whether it was taken back.
    """

    at: datetime
    by: str
    old_due_on: date | None
    due_on: date
    basis: str
    reason: str
    change_id: int
    undoes: bool
    undone: bool


@dataclass(frozen=True, slots=True)
class Reminding:
    """One reminder, with the receiver's words."""

    at: datetime
    by: str
    note: str


def deadline_moves(obligation: Obligation) -> list[DeadlineMove]:
    """The moves of a report's deadline, newest first."""
    return list(moves_of(Obligation.objects.filter(pk=obligation.pk)).get(obligation.pk, ()))


def moves_of(obligations: QuerySet[Obligation]) -> dict[int, tuple[DeadlineMove, ...]]:
    """The moves of the deadlines of many reports, newest first; those never moved are absent. One query."""
    rows = DeadlineChange.objects.filter(obligation__in=obligations.order_by().values("pk")).order_by("-pk")
    rows = rows.annotate(is_undoing=Q(undoes__isnull=False), is_undone=Q(undone_by__isnull=False))
    columns = ("obligation_id", "act__at", "act__actor_name", "old_due_on", "due_on", "basis", "reason", "pk")
    found: dict[int, list[DeadlineMove]] = {}
    for pk, *values in rows.values_list(*columns, "is_undoing", "is_undone"):
        found.setdefault(pk, []).append(DeadlineMove(*values))
    return {pk: tuple(moves) for pk, moves in found.items()}


def remindings(obligation: Obligation) -> list[Reminding]:
    """The reminders of a report, newest first."""
    rows = Reminder.objects.filter(obligation=obligation).select_related("act").order_by("-pk")
    return [Reminding(row.act.at, row.act.actor_name, row.note) for row in rows]
