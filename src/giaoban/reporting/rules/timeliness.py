"""What was known of a report on a past day: which versions had come, what was decided of them, which deadline held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from giaoban.core.figures import Mark
from giaoban.reporting.rules.states import was_accepted


@dataclass(frozen=True, slots=True)
class Sending:
    """A version as stored. reason: of the decision."""

    version: int
    sent_at: datetime
    state: str
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """A deadline that was moved. old_due_on None: the report had none before."""

    at: datetime
    old_due_on: date | None
    due_on: date


def known_by(versions: Iterable[Sending], until: datetime) -> list[Sending]:
    """The versions sent before a moment, in order, each as it stood then: what was decided later was not decided."""
    found = [
        one if one.decided_at is not None and one.decided_at < until else replace(one, state="sent", reason="")
        for one in versions
        if one.sent_at < until
    ]
    return sorted(found, key=lambda one: one.version)


def delivered_at(versions: Iterable[Sending]) -> datetime | None:
    """When a report was delivered: the earliest sending after the last return, of versions in order.

    The moments need not follow the order of the versions: what was brought in a file counts from the day on which it
    was brought. Once a version was accepted, a return of a later one takes nothing away.
    """
    delivered: datetime | None = None
    accepted = False
    for one in versions:
        if one.state != "returned":
            delivered = min(delivered, one.sent_at) if delivered is not None else one.sent_at
        elif not accepted:
            delivered = None
        accepted = accepted or was_accepted(one.state, one.reason)
    return delivered


def due_by(due_on: date | None, moves: Sequence[Move], until: datetime) -> date | None:
    """The deadline as it was known before a moment. due_on: as known now; moves: in the order they were made in."""
    later = [one for one in moves if one.at >= until]
    return later[0].old_due_on if later else due_on


def first_due(due_on: date | None, moves: Sequence[Move]) -> date | None:
    """The deadline before anybody moved it."""
    return moves[0].old_due_on if moves else due_on


def turned(received_on: date | None, old_due_on: date | None, due_on: date) -> Literal["late", "on_time", ""]:
    """What another deadline makes of a report that came: late, on time, or "", what it was."""
    if received_on is None:
        return ""
    was_late, is_late = old_due_on is not None and received_on > old_due_on, received_on > due_on
    if was_late == is_late:
        return ""
    return "late" if is_late else "on_time"


def declares_nil(marks: Iterable[int], *, filled: int, required: int) -> bool:
    """Whether a report declares nil everywhere: no blank among the cells asked for, no number at all, a nil at least.

    A zero is a number; a cell that does not apply is neither.
    """
    found = set(marks)
    return filled >= required and Mark.NIL in found and Mark.REPORTED not in found
