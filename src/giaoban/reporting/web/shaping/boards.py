"""The reception board as it is shown: what the address asks of it, its order, its counts, its rows."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import QueryDict

from giaoban.core.timeliness import BAND_NAMES, Arrival, Band, Timeliness
from giaoban.core.vietnamese import fold
from giaoban.kit.lists import Count
from giaoban.orgs.selectors import UnitCard
from giaoban.reporting import selectors
from giaoban.reporting.rules import ReportState
from giaoban.reporting.selectors.board import (
    Board,
    Spot,
    blanks_on,
    in_full,
    state_of,
    tally_of,
    units_of_people,
)
from giaoban.reporting.selectors.punctuality import Tally
from giaoban.reporting.web.shaping.layout import Labels
from giaoban.reporting.web.shaping.lists import URGENCY, Filter, state_counts

BANDS_BY_WORD = {"1-2": Band.UP_TO_2, "3-5": Band.UP_TO_5, "6-10": Band.UP_TO_10, "over-10": Band.OVER_10}
"""What the address calls a band."""
BLANKS_NAMED = 12


@dataclass(frozen=True, slots=True)
class BoardFilter:
    """What the address asks to see. band: came late by so much, or is overdue by it; group: key of a unit beneath."""

    common: Filter
    band: Band | None = None
    nil: bool = False
    group: str = ""

    @property
    def is_empty(self) -> bool:
        return self.common.is_empty and self.band is None and not self.nil and not self.group

    @property
    def band_word(self) -> str:
        return next((word for word, band in BANDS_BY_WORD.items() if band is self.band), "")

    def without(self, **changes: Any) -> "BoardFilter":
        return replace(self, **changes)


def filter_of(query: QueryDict, common: Filter) -> BoardFilter:
    """Anything that is no known word is no condition."""
    return BoardFilter(
        common, BANDS_BY_WORD.get(query.get("band", "")), query.get("nil") == "1", query.get("group", "")
    )


def spots_in(board: Board, chosen: BoardFilter) -> list[Spot]:
    """The reports that the address asks for; one more query when words are asked for, as people have names too."""
    common = chosen.common
    words = fold(common.words)
    named = units_of_people(board, words) if words else frozenset()
    group_id = next((pk for pk, unit in board.groups.items() if unit.key == chosen.group), None)
    found: Iterable[Spot] = board.spots
    if chosen.group:
        found = (one for one in found if group_id is not None and one.group_id == group_id)
    if common.state is not None:
        found = (one for one in found if one.state is common.state)
    if common.timing is not None:
        found = (one for one in found if one.timing(board.on).state is common.timing)
    if chosen.band is not None:
        found = (one for one in found if one.band == chosen.band)
    if chosen.nil:
        found = (one for one in found if one.is_nil and one.is_received)
    if words:
        found = (one for one in found if words in one.search_key or one.unit_id in named)
    return list(found)


def _lateness(one: Spot) -> tuple[int, str]:
    return (one.days, one.sort_key)


SORTS: dict[str, Callable[[Spot], Any]] = {
    "call": lambda one: (URGENCY[one.state], -one.days, one.sort_key),
    "name": lambda one: one.sort_key,
    "state": lambda one: (URGENCY[one.state], one.sort_key),
    "received": lambda one: (one.delivered_at is None, one.delivered_at or 0),
    "late": _lateness,
    "filled": lambda one: (one.filled / one.required if one.required else 0, one.sort_key),
}


def counts_of(spots: Sequence[Spot], chosen: BoardFilter, address: Callable[..., str]) -> list[Count]:
    """The states and lateness of these reports; each count leads to the address that filters by it."""
    by_state: Counter[ReportState] = Counter()
    for (latest, has_draft), count in Counter((one.latest, one.has_draft) for one in spots).items():
        by_state[state_of(latest, has_draft=has_draft)] += count
    clear = {"state": None, "timing": None, "nil": None}

    def state(value: str | None) -> str:
        return address(**{**clear, "state": value})

    counts = state_counts(dict(by_state), len(spots), chosen.common, state, all_label="phải gửi")
    if chosen.nil:
        counts = [replace(one, current=False) for one in counts]
    late = sum(one.arrival is Arrival.LATE for one in spots)
    overdue = sum(one.days > 0 and one.delivered_at is None for one in spots)
    for timing, count, label, sign in (
        (Timeliness.LATE, late, "nhận muộn", ""),
        (Timeliness.OVERDUE, overdue, "quá hạn", "late"),
    ):
        if count:
            url = address(**{**clear, "timing": timing.value})
            counts.append(Count(count, label, url, chosen.common.timing is timing, sign, within=not sign))
    nil = sum(one.is_nil and one.delivered_at is not None for one in spots)
    if nil:
        url = address(**{**clear, "nil": "1"})
        counts.append(Count(nil, "không phát sinh", url, chosen.nil, within=True))
    return counts


def strip_groups(spots: Iterable[Spot]) -> list[tuple[str, int]]:
    """Units by what the picture shows: not sent, sent back, received late, received in time (or without a deadline)."""
    counts = dict.fromkeys(("none", "back", "late", "done"), 0)
    for (latest, is_late), count in Counter((one.latest, one.arrival is Arrival.LATE) for one in spots).items():
        if latest is None:
            counts["none"] += count
        elif state_of(latest, has_draft=False) is ReportState.RETURNED:
            counts["back"] += count
        else:
            counts["late" if is_late else "done"] += count
    return list(counts.items())


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A report in full with what the page says beside it. band: words, "" in time; blanks: the first ones."""

    row: selectors.ReceptionRow
    group: UnitCard | None
    listed: bool
    is_nil: bool
    band: str
    blanks: tuple[str, ...]
    more_blanks: int

    @property
    def share(self) -> Decimal | None:
        return self.row.completeness


def rows_for(board: Board, spots: Sequence[Spot]) -> list[BoardRow]:
    """Some reports as rows, in their order. A fixed number of queries."""
    full = {row.obligation_id: row for row in in_full(board, spots)}
    blanks = blanks_on(board, full.values())
    labels = Labels(selectors.definition_of(board.form), blanks.names)
    found = []
    for one in spots:
        row = full.get(one.obligation_id)
        if row is None:
            continue
        cells = blanks.cells.get(row.submission_id or 0, ())
        found.append(
            BoardRow(
                row=row,
                group=board.groups.get(one.group_id or 0) if one.group_id != one.unit_id else None,
                listed=one.listed,
                is_nil=one.is_nil and one.is_received,
                band=BAND_NAMES[Band(one.band)] if one.band and one.days > 2 else "",
                blanks=tuple(labels.cell(cell) for cell in cells[:BLANKS_NAMED]),
                more_blanks=max(0, len(cells) - BLANKS_NAMED),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A unit beneath another with the reports that come through it; is_own: the other's own. url: "" leads nowhere."""

    unit: UnitCard
    tally: Tally
    url: str
    is_own: bool = False


GROUP_SORTS: dict[str, Callable[[GroupRow], Any]] = {
    "name": lambda row: row.unit.sort_key,
    "rate": lambda row: (row.tally.rate if row.tally.rate is not None else Decimal(101), row.unit.sort_key),
    "missing": lambda row: (-row.tally.missing, row.unit.sort_key),
    "late": lambda row: (-row.tally.late, row.unit.sort_key),
}


def groups_of(board: Board, address: Callable[[UnitCard], str]) -> list[GroupRow]:
    return [
        GroupRow(board.groups[pk], tally_of(spots), address(board.groups[pk])) for pk, spots in board.by_group.items()
    ]


def latest_due(spots: Iterable[Spot]) -> date | None:
    return max((one.due_on for one in spots if one.due_on), default=None)
