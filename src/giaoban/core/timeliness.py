"""Timeliness: derived from dates, never typed, and apart from the life cycle of the thing that is due."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Timeliness(StrEnum):
    NO_DEADLINE = "no_deadline"
    NOT_DUE = "not_due"
    DUE_SOON = "due_soon"
    DUE_TODAY = "due_today"
    OVERDUE = "overdue"
    ON_TIME = "on_time"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Timing:
    """days: calendar days left (not due, due soon), overdue or late; 0 for the other states."""

    state: Timeliness
    days: int


def timing(due_on: date | None, done_on: date | None, *, on: date, soon_days: int = 3) -> Timing:
    """Where a thing stands on the day `on`. The due day itself is on time; `soon_days` before it are "soon"."""
    if due_on is None:
        return Timing(Timeliness.NO_DEADLINE, 0)
    if done_on is not None:
        late = (done_on - due_on).days
        return Timing(Timeliness.LATE, late) if late > 0 else Timing(Timeliness.ON_TIME, 0)
    left = (due_on - on).days
    if left < 0:
        return Timing(Timeliness.OVERDUE, -left)
    if left == 0:
        return Timing(Timeliness.DUE_TODAY, 0)
    return Timing(Timeliness.DUE_SOON if left <= soon_days else Timeliness.NOT_DUE, left)


def timing_words(t: Timing) -> str:
    """The state in Vietnamese with its days: "muộn 5 ngày"."""
    match t.state:
        case Timeliness.NO_DEADLINE:
            return "không có hạn"
        case Timeliness.NOT_DUE | Timeliness.DUE_SOON:
            return f"còn {t.days} ngày"
        case Timeliness.DUE_TODAY:
            return "đến hạn hôm nay"
        case Timeliness.OVERDUE:
            return f"quá {t.days} ngày"
        case Timeliness.ON_TIME:
            return "đúng hạn"
        case Timeliness.LATE:
            return f"muộn {t.days} ngày"
