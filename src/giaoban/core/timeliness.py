"""Timeliness: derived from dates, never typed, and apart from the life cycle of the thing that is due."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum, StrEnum
from typing import Final

SOON_DAYS: Final = 3
"""So many days before a deadline it is "soon"."""


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


def timing(due_on: date | None, done_on: date | None, *, on: date, soon_days: int = SOON_DAYS) -> Timing:
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


class Arrival(StrEnum):
    """Where a report stands on a day; every report that is owed stands in exactly one of these."""

    NOT_DUE = "not_due"
    DUE_SOON = "due_soon"
    MISSING = "missing"
    RETURNED = "returned"
    ON_TIME = "on_time"
    LATE = "late"
    NO_DEADLINE = "no_deadline"
    UNDATED = "undated"


ARRIVAL_NAMES: Final[Mapping[Arrival, str]] = {
    Arrival.NOT_DUE: "chưa đến hạn",
    Arrival.DUE_SOON: "sắp đến hạn",
    Arrival.MISSING: "quá hạn, chưa gửi",
    Arrival.RETURNED: "bị trả lại, chưa gửi lại",
    Arrival.ON_TIME: "nhận đúng hạn",
    Arrival.LATE: "nhận muộn",
    Arrival.NO_DEADLINE: "chưa gửi, không có hạn",
    Arrival.UNDATED: "đã nhận, không có hạn",
}

RECEIVED: Final = frozenset({Arrival.ON_TIME, Arrival.LATE, Arrival.UNDATED})
"""In these the report has come; in all others it is still waited for."""


class Band(IntEnum):
    """Days after the deadline, by the ladder of scoring. The number is the place on the ladder."""

    NONE = 0
    UP_TO_2 = 1
    UP_TO_5 = 2
    UP_TO_10 = 3
    OVER_10 = 4


BAND_STARTS: Final = (1, 3, 6, 11)
"""The first day of each band after `Band.NONE`."""

BAND_NAMES: Final[Mapping[Band, str]] = {
    Band.NONE: "đúng hạn",
    Band.UP_TO_2: "1–2 ngày",
    Band.UP_TO_5: "3–5 ngày",
    Band.UP_TO_10: "6–10 ngày",
    Band.OVER_10: "trên 10 ngày",
}


def band_of(days: int) -> Band:
    """The band of days late or overdue; 0 and less is in time."""
    return Band(bisect_right(BAND_STARTS, days))


@dataclass(frozen=True, slots=True)
class Arrived:
    """days: after the deadline on which the report came, or, while it is waited for, up to the day asked; else 0."""

    arrival: Arrival
    days: int

    @property
    def band(self) -> Band:
        return band_of(self.days)


def arrived(
    due_on: date | None, received_on: date | None, *, on: date, returned: bool = False, soon_days: int = SOON_DAYS
) -> Arrived:
    """Where a report stands on the day `on` against the deadline then in force.

    received_on: when it came, None when nothing stands that came (never sent, or `returned`). The due day itself is in
    time.
    """
    days = max(0, ((received_on or on) - due_on).days) if due_on is not None else 0
    if received_on is not None:
        if due_on is None:
            return Arrived(Arrival.UNDATED, 0)
        return Arrived(Arrival.LATE if days else Arrival.ON_TIME, days)
    if returned:
        return Arrived(Arrival.RETURNED, days)
    if due_on is None:
        return Arrived(Arrival.NO_DEADLINE, 0)
    if days:
        return Arrived(Arrival.MISSING, days)
    return Arrived(Arrival.DUE_SOON if (due_on - on).days <= soon_days else Arrival.NOT_DUE, 0)


def share(part: int, whole: int) -> Decimal | None:
    """Per cent with one decimal, rounded half up; None of nothing.

    Rounding says neither 100 of what is not whole nor 0 of what is something; more than whole is said as it is.
    """
    if not whole:
        return None
    exact = Decimal(100 * part) / Decimal(whole)
    step = Decimal("0.1")
    rounded = exact.quantize(step, ROUND_HALF_UP)
    if part < whole and rounded == 100:
        return Decimal("99.9")
    if part > whole and rounded == 100:
        return Decimal("100.1")
    return step if part and not rounded else rounded
