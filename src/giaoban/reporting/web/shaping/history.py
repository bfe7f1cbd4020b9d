"""The history of a report as lines that the timeline component prints."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from giaoban.core.vietnamese import day
from giaoban.reporting import selectors


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the history, as the timeline component reads it."""

    at: datetime
    text: str
    note: str
    state: str = ""

    @property
    def when(self) -> str:
        return f"{timezone.localtime(self.at):%d/%m/%Y %H:%M}"

    @property
    def iso(self) -> str:
        return self.at.isoformat()


def around(obligation: selectors.Obligation) -> list[Event]:
    """Moves of the deadline (old and new day, basis, reason) and reminders, newest first."""
    moves = [
        Event(
            one.at,
            f"Đổi hạn: {day(one.old_due_on) if one.old_due_on else 'không có hạn'} → {day(one.due_on)}",
            f"{one.by}. Căn cứ: {one.basis}. Lý do: {one.reason}",
        )
        for one in selectors.deadline_moves(obligation)
    ]
    reminders = [
        Event(one.at, "Nhắc", " · ".join(filter(None, (one.by, one.note)))) for one in selectors.remindings(obligation)
    ]
    return in_order([*moves, *reminders])


def in_order(events: Iterable[Event]) -> list[Event]:
    """Newest first; the newest is marked."""
    listed = sorted(events, key=lambda one: one.at, reverse=True)
    return [replace(one, state="" if place else "now") for place, one in enumerate(listed)]
