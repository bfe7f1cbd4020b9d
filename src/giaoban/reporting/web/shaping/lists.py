"""Lists that filter, count and sort: what the lists of this room share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from giaoban.core.timeliness import Timeliness
from giaoban.core.vietnamese import fold
from giaoban.kit.lists import Count
from giaoban.reporting.rules import STATE_NAMES, ReportState
from giaoban.reporting.selectors import Campaign, Owed
from giaoban.reporting.web.shaping.words import STATE_SIGNS

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Filter:
    """What the address asks to see. Anything that is no known word is no condition."""

    state: ReportState | None = None
    timing: Timeliness | None = None
    words: str = ""

    @property
    def is_empty(self) -> bool:
        return self.state is None and self.timing is None and not self.words

    def holds(self, state: ReportState, timing: Timeliness, text: str) -> bool:
        return (
            (self.state is None or state is self.state)
            and (self.timing is None or timing is self.timing)
            and fold(self.words) in fold(text)
        )

    def without_words(self) -> "Filter":
        return replace(self, words="")

    def only_words(self) -> "Filter":
        return Filter(words=self.words)


def filter_from(state: str, timing: str, words: str) -> Filter:
    return Filter(
        ReportState(state) if state in set(ReportState) else None,
        Timeliness(timing) if timing in set(Timeliness) else None,
        " ".join(words.split())[:100],
    )


@dataclass(frozen=True, slots=True)
class NearMiss:
    """What a list would show with one condition less."""

    label: str
    url: str


def near_miss(options: Iterable[tuple[str, str, int]]) -> NearMiss | None:
    """The first (words, address, count) under which there is something to see."""
    return next((NearMiss(f"{label}: {count}", url) for label, url, count in options if count), None)


def sorted_by(rows: Sequence[T], sort: str, keys: dict[str, Callable[[T], Any]], default: str) -> list[T]:
    """Rows by the key that the address names ("name", "-name"); an unknown name is the default."""
    name = sort.removeprefix("-")
    if name not in keys:
        return sorted(rows, key=keys[default])
    return sorted(rows, key=keys[name], reverse=sort.startswith("-"))


# To whom one speaks first: nothing sent, then sent back, then waiting for us, then done.
URGENCY = {state: place for place, state in enumerate(ReportState)} | {
    ReportState.MISSING: 0,
    ReportState.DRAFT: 0,
    ReportState.RETURNED: 1,
    ReportState.SENT: 2,
    ReportState.ACCEPTED: 3,
}


OWED_SORTS: dict[str, Callable[[Owed], Any]] = {
    "due": lambda row: (row.due_on is None, row.due_on or row.period.end, row.obligation_id),
    "form": lambda row: (row.form_code, row.period.end, row.obligation_id),
    "unit": lambda row: (row.unit.sort_key, row.due_on or date.max, row.obligation_id),
}

CAMPAIGN_SORTS: dict[str, Callable[[Campaign], Any]] = {
    "period": lambda row: (-row.period.end.toordinal(), row.form.code),
    "code": lambda row: (row.form.code, -row.period.end.toordinal()),
    "missing": lambda row: (-row.missing, -row.period.end.toordinal()),
    "deadline": lambda row: (row.due_on is None, row.due_on or date.max, row.form.code),
}


def state_counts(
    counts: dict[ReportState, int], total: int, chosen: Filter, address: Callable[[str | None], str], *, all_label: str
) -> list[Count]:
    """All, then every state that occurs, each with the address that filters by it."""
    everything = Count(total, all_label, address(None), chosen.state is None and chosen.timing is None)
    return [everything] + [
        Count(counts[state], STATE_NAMES[state], address(state.value), chosen.state is state, STATE_SIGNS[state])
        for state in ReportState
        if counts.get(state)
    ]


def strip_words(groups: Sequence[tuple[str, int]], total: int) -> str:
    """The picture of the units in words: "96 đơn vị: 6 chưa gửi, 2 trả lại"."""
    names = {"none": "chưa gửi", "back": "trả lại", "late": "nhận muộn", "done": "nhận đúng hạn", "run": "không có hạn"}
    said = ", ".join(f"{count} {names[kind]}" for kind, count in groups if count)
    return f"{total} đơn vị: {said}" if said else f"{total} đơn vị"
