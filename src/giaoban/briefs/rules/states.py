"""The life of a narrative report, and what keeps it from the next step."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
    DRAFT = "draft"
    PRESENTED = "presented"
    AMENDED = "amended"
    FINAL = "final"


STATE_NAMES: Final = {
    State.DRAFT: "dự thảo",
    State.PRESENTED: "đã trình",
    State.AMENDED: "đã chỉnh sửa sau trình",
    State.FINAL: "đã ban hành",
}
SIGNS: Final = {State.DRAFT: "run", State.PRESENTED: "soon", State.AMENDED: "back", State.FINAL: "done"}

NEXT: Final = {
    State.DRAFT: frozenset({State.PRESENTED, State.FINAL}),
    State.PRESENTED: frozenset({State.AMENDED, State.FINAL}),
    State.AMENDED: frozenset({State.AMENDED, State.FINAL}),
    State.FINAL: frozenset(),
}
"""A report may be issued without having been presented; what was presented is never a draft again."""


class Written(StrEnum):
    """How far a section is: "nil" says that there is nothing to report."""

    OPEN = "open"
    DONE = "done"
    NIL = "nil"


WRITTEN_NAMES: Final = {
    Written.OPEN: "đang viết",
    Written.DONE: "viết xong",
    Written.NIL: "không phát sinh",
}


class FigureState(StrEnum):
    """How a bound figure stands to its fact: as last seen, changed, changed and kept with a reason, without a value, or
    not to be found any more."""

    SAME = "same"
    CHANGED = "changed"
    KEPT = "kept"
    EMPTY = "empty"
    LOST = "lost"


BLOCKING: Final = frozenset({FigureState.CHANGED, FigureState.EMPTY, FigureState.LOST})
"""With such figures a text is not presented: it would say a number that its source does not have."""
