"""The history of a report as lines that the timeline component prints."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

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


def waivings(obligation: selectors.Obligation, on: date) -> list[Event]:
    """Waivers of single checks and their withdrawals."""
    events = []
    for one in selectors.waivers_of(obligation, on):
        until = f"đến hết ngày {day(one.until)}"
        events.append(Event(one.at, "Miễn phép kiểm tra", f"{one.by}, {until}. {one.sentence}. Lý do: {one.reason}"))
        if one.withdrawn_at is not None and one.withdrawn_reason:
            events.append(
                Event(one.withdrawn_at, "Rút lại việc miễn", f"{one.withdrawn_by}. Lý do: {one.withdrawn_reason}")
            )
    return events


def papers_note(detail: Mapping[str, Any]) -> str:
    """What an entry of number, day or scan changed; what stood before is said too."""
    before, after = detail.get("before", {}), detail.get("after", {})
    names = {"number": "số", "day": "ngày", "scan_name": "bản quét"}
    parts = []
    for key, word in names.items():
        old, new = before.get(key, ""), after.get(key, "")
        if key == "day":
            old, new = (day(date.fromisoformat(one)) if one else "" for one in (old, new))
        if key == "scan_name" and before.get("scan") != after.get("scan") and old:
            parts.append(f"{word}: {new} thay {old}")
        elif old != new:
            parts.append(f"{word}: {new or 'bỏ'}{f' (trước là {old})' if old else ''}")
    return "; ".join(parts)


def in_order(events: Iterable[Event]) -> list[Event]:
    """Newest first; the newest is marked."""
    listed = sorted(events, key=lambda one: one.at, reverse=True)
    return [replace(one, state="" if place else "now") for place, one in enumerate(listed)]
