"""State and timeliness of tasks, and the four groups by which they are counted."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final, Generic, TypeVar

from giaoban.core.vietnamese import number, percent

T = TypeVar("T")

POPULATION: Final = "việc đã đến hạn"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a task comes from, told by the room that assigns it. `key` names the matter: one task per key."""

    kind: str
    label: str
    url: str
    key: str


class Group(StrEnum):
    """The four groups of tasks assigned and followed up; together they are all tasks."""

    DONE_ON_TIME = "done_on_time"
    DONE_LATE = "done_late"
    OPEN_IN_TIME = "open_in_time"
    OPEN_OVERDUE = "open_overdue"


GROUP_NAMES: Final[dict[Group, str]] = {
    Group.DONE_ON_TIME: "Hoàn thành đúng hạn",
    Group.DONE_LATE: "Hoàn thành muộn",
    Group.OPEN_IN_TIME: "Chưa hoàn thành, trong hạn",
    Group.OPEN_OVERDUE: "Chưa hoàn thành, quá hạn",
}


def group_of(*, due_on: date, reported_on: date | None, verified_on: date | None, on: date) -> Group:
    """The group of one unit's share on a day. due_on: the deadline in force on that day.

    A share is done when the issuer has verified it; lateness counts by the day on which the unit reported it done, so
    that a unit does not become late while its issuer verifies. The due day itself is on time. What was reported or
    verified after `on` had not happened on that day.
    """
    known = reported_on if reported_on is not None and reported_on <= on else None
    late = (known or on) > due_on
    if known is not None and verified_on is not None and verified_on <= on:
        return Group.DONE_LATE if late else Group.DONE_ON_TIME
    return Group.OPEN_OVERDUE if late else Group.OPEN_IN_TIME


@dataclass(frozen=True, slots=True)
class RollUp(Generic[T]):
    """The shares of a task, or of many tasks, by group. Nothing is typed in: all is counted from the shares."""

    done_on_time: tuple[T, ...] = ()
    done_late: tuple[T, ...] = ()
    open_in_time: tuple[T, ...] = ()
    open_overdue: tuple[T, ...] = ()

    def of(self, group: Group) -> tuple[T, ...]:
        members: tuple[T, ...] = getattr(self, group.value)
        return members

    @property
    def total(self) -> int:
        return self.done + len(self.open)

    @property
    def done(self) -> int:
        return len(self.done_on_time) + len(self.done_late)

    @property
    def open(self) -> tuple[T, ...]:
        """Not done, the overdue first."""
        return self.open_overdue + self.open_in_time

    @property
    def due(self) -> int:
        """The denominator of the rate: tasks that have fallen due, which are the done and the overdue."""
        return self.done + len(self.open_overdue)

    @property
    def rate(self) -> Decimal | None:
        """Done among those fallen due, in percent, not rounded; None while nothing has fallen due."""
        return Decimal(100) * self.done / self.due if self.due else None

    def sentence(self, noun: str = "đơn vị") -> str:
        """Numerator, denominator, population and rate in one sentence."""
        if not self.due:
            return f"Chưa {noun} nào trong {number(self.total)} đến hạn."
        return f"{number(self.done)} trong {number(self.due)} {noun} đã đến hạn hoàn thành: {percent(self.rate)}."

    def denominator_note(self) -> str:
        """How the four groups and the denominator add up, for under the figures."""
        parts = f"{len(self.done_on_time)} + {len(self.done_late)} + {len(self.open_overdue)} = {self.due}"
        return f"Mẫu số của tỷ lệ là {POPULATION} ({parts}), không phải tất cả."


def roll_up(shares: list[tuple[T, Group]]) -> RollUp[T]:
    """Gather shares by group, keeping their order."""
    return RollUp(**{group.value: tuple(member for member, of in shares if of is group) for group in Group})
