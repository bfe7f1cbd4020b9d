"""The life of a report: what a version may become, and what that makes of the obligation. Timeliness is apart."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, Literal

Event = Literal["accept", "return", "replace"]

MOVES: Final[Mapping[tuple[str, Event], str]] = {
    ("sent", "accept"): "accepted",
    ("sent", "return"): "returned",
    ("sent", "replace"): "superseded",  # a newer version was sent before anybody decided
    ("accepted", "replace"): "superseded",  # a newer version was accepted
}


class ReportState(StrEnum):
    """Where an obligation stands: what was done, never how punctually."""

    MISSING = "missing"
    DRAFT = "draft"
    SENT = "sent"
    RETURNED = "returned"
    ACCEPTED = "accepted"


STATE_NAMES: Final[Mapping[ReportState, str]] = {
    ReportState.MISSING: "chưa gửi",
    ReportState.DRAFT: "đang nhập",
    ReportState.SENT: "đã gửi, chờ tiếp nhận",
    ReportState.RETURNED: "trả lại để sửa",
    ReportState.ACCEPTED: "đã tiếp nhận",
}


WITH_THE_UNIT: Final = frozenset({ReportState.MISSING, ReportState.DRAFT, ReportState.RETURNED})
"""In these the unit has still to send: nothing came, or the last version came back."""

REPLACED_WHILE_WAITING: Final = "Đơn vị đã gửi bản mới hơn."
"""The reason kept with a version that gave way before anybody decided: it was never accepted."""


def was_accepted(state: str, reason: str) -> bool:
    """Whether a version is, or once was, the accepted one. reason: `decision_reason` of the version."""
    return state == "accepted" or (state == "superseded" and reason != REPLACED_WHILE_WAITING)


class WrongState(ValueError):
    """The version is no longer in a state that allows the act."""


def next_state(state: str, event: Event) -> str:
    """What a version becomes. Raises WrongState."""
    try:
        return MOVES[state, event]
    except KeyError:
        raise WrongState(f"{event} is not possible in state {state}") from None


def report_state(latest: str | None, *, has_draft: bool) -> ReportState:
    """The state of an obligation from the state of its latest version (None: nothing sent yet)."""
    if latest is None:
        return ReportState.DRAFT if has_draft else ReportState.MISSING
    return ReportState(latest)


def amendment_number(versions: Iterable[tuple[str, str, int]]) -> int:
    """Which amendment of accepted figures the next version is; 0 while none was ever accepted.

    versions: (state, reason of the decision, amendment) of those sent so far. An amendment that came back keeps its
    number when it is sent again.
    """
    accepted = [amendment for state, reason, amendment in versions if was_accepted(state, reason)]
    return max(accepted) + 1 if accepted else 0
