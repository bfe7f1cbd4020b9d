"""Periods put one after the other: cumulative figures unfolded into what came in each stretch, and periods of one rule
added up into a longer one.

Over time a figure is a flow (it adds up), a stock at the beginning (that of the first period counts), a stock at the
end (that of the last), or a count since the year began (the last of each year counts). `fold` applies that to totals of
one line of a form; it knows no database and rounds nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Literal

from giaoban.core.consolidation import EXACTLY, ZERO, CellTotal, combine, is_uneven, roll_up
from giaoban.core.forms import Column, Nature, Table
from giaoban.core.stocks import Mixed
from giaoban.core.vietnamese import day, number


@dataclass(frozen=True, slots=True)
class Point:
    """What had come by the end of the n-th period since the year began; value None: it is not known. answered: how many
    units gave it, where it is a total; -1: it is none."""

    number: int
    value: Decimal | None
    answered: int = -1


@dataclass(frozen=True, slots=True)
class Increment:
    """What came from the end of period `since` (0: from the beginning) to the end of period `until`.

    missing: periods between that should have a figure and have none, so that this one speaks of several. is_uneven: not
    as many units gave the one figure as the other, so that the difference is not only what came.
    """

    since: int
    until: int
    value: Decimal
    missing: tuple[int, ...] = ()
    is_uneven: bool = False

    @property
    def is_fall(self) -> bool:
        return self.value < 0

    def words(self) -> str:
        """ "tháng thứ 5", "tháng thứ 5–6 (thiếu số tháng thứ 5)": which periods of the year it speaks of."""
        first = self.since + 1
        stretch = f"tháng thứ {self.until}" if first == self.until else f"tháng thứ {first}–{self.until}"
        reasons = [f"thiếu số tháng thứ {', '.join(map(str, self.missing))}"] if self.missing else []
        reasons += ["số đơn vị có số liệu không bằng nhau"] if self.is_uneven else []
        return f"{stretch} ({'; '.join(reasons)})" if reasons else stretch


@dataclass(frozen=True, slots=True)
class Fall:
    """A count since the year began that is lower than it was before. is_uneven: as in `Increment`; otherwise one of the
    two figures is wrong."""

    since: int
    until: int
    before: Decimal
    after: Decimal
    is_uneven: bool = False

    def words(self) -> str:
        if not self.since:
            return f"Số lũy kế {self.until} tháng là số âm ({number(self.after)})."
        reason = "số đơn vị có số liệu hai kỳ không bằng nhau" if self.is_uneven else "một trong hai số sai"
        return (
            f"Số lũy kế {self.until} tháng ({number(self.after)}) nhỏ hơn số lũy kế {self.since} tháng "
            f"({number(self.before)}): {reason}."
        )


@dataclass(frozen=True, slots=True)
class Unfolded:
    """increments: in order, together all that came; one below 0 stays in, and is told in `falls`. unknown: periods at
    the end, after the last known figure."""

    increments: tuple[Increment, ...]
    falls: tuple[Fall, ...] = ()
    unknown: tuple[int, ...] = ()


def increments(points: Iterable[Point], *, signed: bool = False) -> Unfolded:
    """What came in each stretch of one year, from the counts since it began. Its inverse is `cumulative`.

    points: the periods that the rule has, in any order, each number once; one that is not known, and so has no stretch
    of its own, counts in the next. signed: the figure may fall, as a balance does, and no fall is told.
    """
    found: list[Increment] = []
    falls: list[Fall] = []
    before, known, missing = Point(0, Decimal(0)), Decimal(0), list[int]()
    for point in _in_order(points):
        if point.value is None:
            missing.append(point.number)
            continue
        uneven = bool(before.number) and before.answered != point.answered
        came = EXACTLY.subtract(point.value, known)
        found.append(Increment(before.number, point.number, came, tuple(missing), uneven))
        if came < 0 and not signed:
            falls.append(Fall(before.number, point.number, known, point.value, uneven))
        before, known, missing = point, point.value, []
    return Unfolded(tuple(found), tuple(falls), tuple(missing))


def cumulative(parts: Iterable[Increment]) -> tuple[Point, ...]:
    """The counts since the year began at the end of each stretch. Raises ValueError when the stretches do not join."""
    points: list[Point] = []
    until, total = 0, Decimal(0)
    for part in sorted(parts, key=lambda one: one.until):
        if part.since != until:
            raise ValueError(f"the stretch from {part.since} does not begin where the one before ends, {until}")
        until, total = part.until, EXACTLY.add(total, part.value)
        points.append(Point(until, total))
    return tuple(points)


def _in_order(points: Iterable[Point]) -> list[Point]:
    ordered = sorted(points, key=lambda one: one.number)
    for one, following in pairwise(ordered):
        if one.number == following.number:
            raise ValueError(f"period {one.number} stands twice")
    if ordered and ordered[0].number < 1:
        raise ValueError("periods are numbered from 1")
    return ordered


SeriesReason = Literal[
    "nothing", "mixed-rules", "overlap", "gap", "year-not-ended", "several-years", "unknown-period", "unnumbered"
]


class SeriesRefused(ValueError):
    """Periods that cannot be added up. sentence: Vietnamese, with the place, the reason and the remedy."""

    def __init__(self, reason: SeriesReason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason, self.sentence = reason, sentence


@dataclass(frozen=True, slots=True)
class Stretch:
    """A period as adding up needs it. end: excluded; year, number: as in `core.periods`; last: the number of the year's
    last period by its rule, 0 for periods that are not cumulative. instalment: its place among those of one period."""

    rule: str
    code: str
    label: str
    start: date
    end: date
    year: int
    number: int
    cumulative: bool = False
    last: int = 0
    instalment: int = 0


def in_order(periods: Iterable[Stretch]) -> tuple[tuple[Stretch, ...], ...]:
    """The periods in time, the instalments of one together, the latest last.

    Raises SeriesRefused when they are none, of several rules, overlap or leave a gap. Cumulative periods of a year all
    begin with it, and the later holds the earlier; a year must have ended where the next one follows.
    """
    by_code: dict[tuple[str, str], list[Stretch]] = {}
    for one in periods:
        by_code.setdefault((one.rule, one.code), []).append(one)
    ordered = sorted(by_code.values(), key=lambda held: (held[0].end, held[0].start))
    if not ordered:
        raise SeriesRefused("nothing", "Chưa chọn kỳ nào để cộng: chọn ít nhất một kỳ báo cáo.")
    if len({held[0].rule for held in ordered}) > 1:
        raise SeriesRefused(
            "mixed-rules",
            f"{ordered[0][0].label} và {ordered[-1][0].label} thuộc hai cách chia kỳ khác nhau nên không cộng được: "
            "chọn các kỳ của cùng một cách chia.",
        )
    for held, following in pairwise(ordered):
        _join(held[0], following[0])
    return tuple(tuple(sorted(held, key=lambda one: one.instalment)) for held in ordered)


def _join(one: Stretch, following: Stretch) -> None:
    """Raises SeriesRefused when the one does not follow on the other."""
    if one.cumulative and following.cumulative and one.year == following.year:
        return
    if one.cumulative and one.number < one.last:
        raise SeriesRefused(
            "year-not-ended",
            f"{one.label} chưa hết năm báo cáo mà {following.label} đã sang năm sau: chọn thêm kỳ cuối năm.",
        )
    if following.start < one.end:
        raise SeriesRefused(
            "overlap",
            f"{one.label} và {following.label} trùng nhau từ ngày {day(following.start)}: bỏ một trong hai kỳ.",
        )
    if following.start > one.end:
        raise SeriesRefused(
            "gap",
            f"Giữa {one.label} và {following.label} thiếu số từ ngày {day(one.end)} đến ngày "
            f"{day(following.start - date.resolution)}: chọn thêm kỳ còn thiếu.",
        )


def nature_of(column: Column, *, is_cumulative: bool) -> Nature:
    """What a column is over time under a rule: under a cumulative one every flow is a count since the year began."""
    if column.roll_up == "last":
        return "closing"
    return "cumulative" if is_cumulative and column.nature == "flow" else column.nature


@dataclass(frozen=True, slots=True)
class Folded:
    """One line over several periods. totals: before the rules of the columns; shown: with them. by_rule: columns that
    hold a stock and a flow together, and the rule of the form by which they were computed. unknown: columns that have
    no figure over these periods, because a count since the year began cannot be cut where they begin, or because they
    hold a stock of which no rule says how much. partial: columns of `by_rule` that have none because not every unit
    gave every part in every period."""

    totals: Mapping[str, CellTotal]
    shown: Mapping[str, CellTotal]
    by_rule: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    partial: tuple[str, ...] = ()


def fold(
    table: Table,
    periods: Sequence[Stretch],
    totals: Sequence[Mapping[str, CellTotal]],
    mixed: Mapping[str, Mixed],
    *,
    is_shared: bool = False,
) -> Folded:
    """One line of a form over periods in order. totals: of each period by column id, before the rules of the columns.

    A rate is computed only where the same units answered each of its inputs in every period that counts in them. A
    column that holds a stock too (`stocks.mixed_columns`) is computed from its parts, so that the stock counts once;
    only where every unit gave every part in every period, or units added up would differ from their lines.
    """
    line = _Line(table, periods, totals, mixed)
    found = {column.id: line.total(column) for column in table.numeric}
    for name, one in line.mixed.items():
        if one.is_known:
            found[name] = one.of(found, is_whole=line.is_whole(one))
    uneven = {name for name in table.rate_inputs if line.is_uneven(name)}
    return Folded(
        totals=found,
        shown=roll_up(table, found, is_shared=is_shared, uneven=uneven),
        by_rule={name: one.rule for name, one in line.mixed.items() if one.is_known},
        unknown=tuple(column.id for column in table.numeric if not line.is_known(column.id)),
        partial=tuple(name for name, one in line.mixed.items() if one.is_known and not line.is_whole(one)),
    )


class _Line:
    """Which periods count in each column of a line."""

    def __init__(
        self,
        table: Table,
        periods: Sequence[Stretch],
        totals: Sequence[Mapping[str, CellTotal]],
        mixed: Mapping[str, Mixed],
    ) -> None:
        self.table, self.totals = table, totals
        last = len(periods) - 1
        lasts = [index for index, one in enumerate(periods) if index == last or periods[index + 1].year != one.year]
        is_several = len(lasts if periods[0].cumulative else periods) > 1
        self.mixed = mixed if is_several else {}
        self.chosen = {column.id: _chosen(column, periods, lasts) for column in table.numeric}

    def is_known(self, name: str) -> bool:
        one = self.mixed.get(name)
        return self.chosen[name] is not None if one is None else one.is_known

    def total(self, column: Column) -> CellTotal:
        chosen = self._periods_of(column.id)
        if chosen is None or not self.is_known(column.id):
            return replace(combine(self._cells(column.id, range(len(self.totals)))), value=None, estimate=Decimal(0))
        return combine(self._cells(column.id, chosen))

    def is_uneven(self, rate: str) -> bool:
        chosen = self._periods_of(rate)
        if chosen is None:
            return True
        inputs = self._leaves(rate)
        return any(
            is_uneven(self.table, rate, self.totals[index])
            or len({self.totals[index].get(name, ZERO).answered for name in inputs}) > 1
            for index in chosen
        )

    def is_whole(self, one: Mixed) -> bool:
        """Whether every unit answered every part in every period that counts in it, the same number in each."""
        cells: list[CellTotal] = []
        for name in dict.fromkeys(leaf for part in one.names for leaf in self._leaves(part)):
            cells += self._cells(name, self.chosen[name] or ())
        return len({cell.units for cell in cells}) == 1 and all(cell.answered == cell.units for cell in cells)

    def _cells(self, name: str, chosen: Iterable[int]) -> list[CellTotal]:
        return [self.totals[index].get(name, ZERO) for index in chosen]

    def _leaves(self, name: str) -> tuple[str, ...]:
        """The columns of which a figure is made in the end: through rates, and through what is computed by a rule."""
        one = self.mixed.get(name)
        inner = self.table.rate_inputs.get(name, ()) if one is None else one.names
        return tuple(dict.fromkeys(leaf for part in inner for leaf in self._leaves(part))) or (name,)

    def _periods_of(self, name: str) -> Sequence[int] | None:
        """The periods that count in a column, of a rate those of its inputs together."""
        if name not in self.table.rate_inputs:
            return self.chosen[name]
        found = [self.chosen[leaf] for leaf in self._leaves(name)]
        known = [one for one in found if one is not None]
        return sorted(set[int]().union(*known)) if len(known) == len(found) else None


def _chosen(column: Column, periods: Sequence[Stretch], lasts: Sequence[int]) -> Sequence[int] | None:
    """The periods whose figures count; None when the count since the year began is not that of these periods."""
    match nature_of(column, is_cumulative=periods[0].cumulative):
        case "opening":
            return (0,)
        case "closing" | "running":
            return (len(periods) - 1,)
        case "cumulative":
            begins = periods[0].cumulative or periods[0].number in (0, 1)
            return lasts if begins else None
        case _:
            return range(len(periods))
