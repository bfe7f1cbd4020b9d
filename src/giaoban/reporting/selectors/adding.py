"""Several periods of a form as one longer period: flows add up, stocks are those of its first or last day.

Of the instalments of one period each unit counts once, with the latest that was accepted from it: an official figure
replaces the estimates of the preliminary one and is never added to them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from django.db.models import Exists, OuterRef

from giaoban.core.consolidation import CellTotal, Coverage, combine_coverage
from giaoban.core.forms import Column, FormDefinition
from giaoban.core.periods import PeriodRule
from giaoban.core.restating import Divided, Restatement
from giaoban.core.series import Folded, Point, SeriesRefused, Stretch, Unfolded, fold, in_order, increments, nature_of
from giaoban.core.stocks import mixed_columns
from giaoban.core.vietnamese import day
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission
from giaoban.reporting.selectors.consolidation import (
    CellKey,
    ConsolidatedLine,
    ConsolidatedTable,
    PeriodCard,
    added,
    plain,
)
from giaoban.reporting.selectors.forms import core_period, definition_of, last_day, rule_of
from giaoban.reporting.selectors.series import consolidate_series
from giaoban.reporting.selectors.summing import NOTHING_LEFT_OUT, LineKey, Without
from giaoban.reporting.selectors.texts import together

ColumnKey = tuple[str, str]
"""Table and column."""

GRAVITY = {"exact": 0, "by_method": 1, "refused": 2}


@dataclass(frozen=True, slots=True)
class AddedUp:
    """One table over several periods; its period is the whole stretch. periods: in order, of each the latest
    instalment; by_rule: columns computed by a rule of the form because they hold a stock too; unknown: columns that
    have no figure over these periods; partial: columns by rule that have none in the total because not every unit gave
    every part; absent_in: line → labels of the periods in which nobody on it owed the report;
    notes: sentences that hold for all of it.
    """

    table: ConsolidatedTable
    periods: tuple[PeriodCard, ...]
    by_rule: Mapping[ColumnKey, str] = field(default_factory=dict)
    unknown: tuple[ColumnKey, ...] = ()
    partial: tuple[ColumnKey, ...] = ()
    absent_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def added_up(
    form: FormVersion,
    periods: Sequence[Period],
    unit_id: int,
    *,
    geography: date | None = None,
    divided: Divided = "refuse",
) -> AddedUp:
    """The table of a unit over periods of one rule. A fixed number of queries while no unit counts in shares.

    geography None: the tree of the last day of the last period. Raises core.series.SeriesRefused when the periods
    overlap, leave a gap or are of several rules, ConsolidationRefused as `consolidate` does.
    """
    read = _read(form, periods, unit_id, geography, divided)
    definition, last = definition_of(form), read.tables[-1][-1]
    keys = list(dict.fromkeys(line.key for held in reversed(read.tables) for table in held for line in table.lines))
    by_period = [_Held(held) for held in read.tables]
    lines = [_line(definition, read, [held.line(key) for held in by_period]) for key in keys]
    total, folded = _total(definition, read, [held.total for held in by_period])
    in_order_of = sorted((line for line, _ in lines), key=lambda line: not line.in_total)
    table = replace(
        last,
        period=_card(read),
        lines=tuple(in_order_of),
        total=total,
        coverage=total.coverage,
        changed_at=max((one.changed_at for one in read.every if one.changed_at is not None), default=None),
        simulated=any(one.simulated for one in read.every),
        not_summed=tuple(dict.fromkeys(name for one in read.every for name in one.not_summed)),
        absent=tuple(dict.fromkeys(name for one in read.every for name in one.absent)),
        incomplete_reason=" ".join(dict.fromkeys(one.incomplete_reason for one in read.every if one.incomplete_reason)),
        restatement=_together([one.restatement for one in read.every]),
    )
    return AddedUp(
        table=table,
        periods=tuple(held[-1].period for held in read.tables),
        by_rule={(key, name): rule for key, one in folded.items() for name, rule in one.by_rule.items()},
        unknown=tuple((key, name) for key, one in folded.items() for name in one.unknown),
        partial=tuple((key, name) for key, one in folded.items() for name in one.partial),
        absent_in={line.key: absent for line, absent in lines if absent},
        notes=(*_notes(read), *_notes_on_columns(definition, folded)),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """The tables of each period in order, one per instalment, and the periods as the algebra knows them."""

    stretches: tuple[tuple[Stretch, ...], ...]
    tables: tuple[tuple[ConsolidatedTable, ...], ...]
    without: Without

    @property
    def every(self) -> list[ConsolidatedTable]:
        return [table for held in self.tables for table in held]

    @property
    def lasts(self) -> tuple[Stretch, ...]:
        return tuple(held[-1] for held in self.stretches)

    @property
    def counted(self) -> list[int]:
        """The periods whose reports stand behind the figures: of cumulative ones the last of each year."""
        lasts = self.lasts
        return [
            index
            for index, one in enumerate(lasts)
            if not one.cumulative or one is lasts[-1] or lasts[index + 1].year != one.year
        ]


def _read(
    form: FormVersion, periods: Sequence[Period], unit_id: int, geography: date | None, divided: Divided
) -> _Read:
    rules: dict[int, PeriodRule] = {}
    row_of: dict[Stretch, Period] = {}
    for period in dict.fromkeys(periods):
        rule = rules.setdefault(period.rule_id, rule_of(period.rule))
        row_of[_stretch(period, rule)] = period
    stretches = in_order(row_of)
    rows = [[row_of[one] for one in held] for held in stretches]
    without = _replaced(form, rows)
    chosen = geography or last_day(rows[-1][-1])
    flat = [period for held in rows for period in held]
    tables = iter(consolidate_series(form, flat, unit_id, geography=chosen, divided=divided, without=without))
    return _Read(stretches, tuple(tuple(next(tables) for _ in held) for held in rows), without)


def _stretch(period: Period, rule: PeriodRule) -> Stretch:
    try:
        core = core_period(period)
    except KeyError as gone:
        raise SeriesRefused(
            "unknown-period",
            f"{period.label} không còn trong quy tắc kỳ {period.rule.name}, nên không biết đứng ở đâu trong năm: "
            "xem riêng bảng của kỳ ấy.",
        ) from gone
    keys = [one.key for one in rule.instalments]
    return Stretch(
        rule=period.rule.key,
        code=period.code,
        label=period.label,
        start=period.start,
        end=period.end,
        year=core.year,
        number=core.number,
        cumulative=period.cumulative,
        last=max(rule.only, default=12) if period.cumulative else 0,
        instalment=keys.index(period.instalment) if period.instalment in keys else 0,
    )


def _replaced(form: FormVersion, rows: Sequence[Sequence[Period]]) -> Without:
    """The reports that give way to another instalment of the same unit and period: of each the latest accepted counts,
    the latest owed where none is. One query where a period has several instalments."""
    place = {period.pk: (code, order) for code, held in enumerate(rows) for order, period in enumerate(held)}
    several = [period.pk for held in rows if len(held) > 1 for period in held]
    if not several:
        return NOTHING_LEFT_OUT
    accepted = Exists(Submission.objects.filter(obligation=OuterRef("pk"), is_current=True))
    owed = Obligation.objects.filter(form=form, period__in=several).annotate(accepted=accepted)
    by_unit: dict[tuple[int, int], list[tuple[bool, int, int, int]]] = {}
    for pk, period_id, unit_id, is_accepted in owed.values_list("pk", "period_id", "unit_id", "accepted"):
        code, order = place[period_id]
        by_unit.setdefault((code, unit_id), []).append((is_accepted, order, pk, period_id))
    return {
        pk: (period_id, unit_id) for (_, unit_id), held in by_unit.items() for _, _, pk, period_id in sorted(held)[:-1]
    }


class _Held:
    """The lines of one period, its instalments put together."""

    def __init__(self, tables: Sequence[ConsolidatedTable]) -> None:
        self.label = tables[-1].period.label
        self._lines: dict[str, list[ConsolidatedLine]] = {}
        for table in tables:
            for line in table.lines:
                self._lines.setdefault(line.key, []).append(line)
        self.total = _Part(self.label, [table.total for table in tables])

    def line(self, key: str) -> "_Part":
        return _Part(self.label, self._lines.get(key, []))


@dataclass(frozen=True, slots=True)
class _Part:
    """One line in one period: of each instalment, none where nobody owed the report."""

    label: str
    lines: Sequence[ConsolidatedLine]

    @property
    def raw(self) -> Mapping[CellKey, CellTotal]:
        return added(*(line.raw for line in self.lines)) if self.lines else {}


def _line(definition: FormDefinition, read: _Read, parts: Sequence[_Part]) -> tuple[ConsolidatedLine, tuple[str, ...]]:
    """A line over all periods, and the labels of those in which it has nobody."""
    cells, raw, _ = _folded(definition, read, parts)
    latest = next(part.lines[-1] for part in reversed(parts) if part.lines)
    return _over(read, latest, parts, cells, raw), tuple(part.label for part in parts if not part.lines)


def _total(
    definition: FormDefinition, read: _Read, parts: Sequence[_Part]
) -> tuple[ConsolidatedLine, dict[str, Folded]]:
    cells, raw, folded = _folded(definition, read, parts)
    return _over(read, parts[-1].lines[-1], parts, cells, raw), folded


def _over(
    read: _Read,
    latest: ConsolidatedLine,
    parts: Sequence[_Part],
    cells: Mapping[CellKey, CellTotal],
    raw: Mapping[CellKey, CellTotal],
) -> ConsolidatedLine:
    labels = [part.label if len(parts) > 1 else "" for part in parts]
    lines = [(label, line) for label, part in zip(labels, parts, strict=True) for line in part.lines]
    behind = [(labels[index], line) for index in read.counted for line in parts[index].lines]
    stated = [(label, line.coverage) for label, line in behind if line.coverage is not None]
    return replace(
        latest,
        cells=cells,
        raw=raw,
        coverage=combine_coverage(_named(one, label) for label, one in stated) if len(stated) == len(behind) else None,
        note=" ".join(dict.fromkeys(line.note for _, line in lines if line.note)),
        simulated=any(line.simulated for _, line in lines),
        restatement=_together([line.restatement for _, line in lines]),
        texts=together(
            {key: tuple(replace(text, period=label) for text in texts) for key, texts in line.texts.items()}
            for label, line in lines
        ),
        is_shared=any(line.is_shared for _, line in lines),
    )


def _named(coverage: Coverage, label: str) -> Coverage:
    if not label:
        return coverage
    return replace(coverage, missing_names=tuple(f"{name} ({label})" for name in coverage.missing_names))


def _folded(
    definition: FormDefinition, read: _Read, parts: Sequence[_Part]
) -> tuple[dict[CellKey, CellTotal], dict[CellKey, CellTotal], dict[str, Folded]]:
    """The cells of a line over all periods, shown and before the rules; by table what was read how."""
    by_period = [_by_line(part.raw) for part in parts]
    is_shared = any(line.is_shared for part in parts for line in part.lines)
    cells: dict[CellKey, CellTotal] = {}
    raw: dict[CellKey, CellTotal] = {}
    told: dict[str, Folded] = {}
    for key in dict.fromkeys(key for held in by_period for key in held):
        table = definition.table(key[0])
        mixed = mixed_columns(definition, table, key[1])
        totals = [held.get(key, {}) for held in by_period]
        if is_shared:
            totals = [{name: plain(cell) for name, cell in one.items()} for one in totals]
        one = fold(table, read.lasts, totals, mixed, is_shared=is_shared)
        cells |= {(*key, name): cell for name, cell in one.shown.items()}
        raw |= {(*key, name): cell for name, cell in one.totals.items()}
        told[key[0]] = _joined(told.get(key[0]), one)
    return cells, raw, told


def _joined(one: Folded | None, other: Folded) -> Folded:
    """What was read how in all lines of a table."""
    if one is None:
        return other
    unknown, partial = (
        {**dict.fromkeys(a), **dict.fromkeys(b)}
        for a, b in ((one.unknown, other.unknown), (one.partial, other.partial))
    )
    by_rule = {**one.by_rule, **other.by_rule}
    return replace(other, by_rule=by_rule, unknown=tuple(unknown), partial=tuple(partial))


def _notes_on_columns(definition: FormDefinition, folded: Mapping[str, Folded]) -> Iterable[str]:
    """Which columns are not the sum of the periods, and which have no figure and why."""
    for key, one in folded.items():
        columns = definition.table(key).columns_by_id
        for name, rule in one.by_rule.items():
            if name not in one.partial:
                yield f"“{columns[name].label}” có cả số tồn nên tính theo quy tắc {rule}, không cộng các kỳ."
        for name in one.partial:
            yield (
                f"“{columns[name].label}” có cả số tồn; có đơn vị thiếu số ở một kỳ hoặc một cột thành phần nên dòng "
                "tổng hoặc dòng của đơn vị ấy không tính: bổ sung báo cáo còn thiếu."
            )
        for name in one.unknown:
            yield (
                f"“{columns[name].label}” không tính được cho các kỳ này: có cả số tồn hoặc lũy kế mà không tách được; "
                "xem từng kỳ."
            )


def _by_line(cells: Mapping[CellKey, CellTotal]) -> dict[LineKey, dict[str, CellTotal]]:
    found: dict[LineKey, dict[str, CellTotal]] = {}
    for (table, row, subunit, column), cell in cells.items():
        found.setdefault((table, row, subunit), {})[column] = cell
    return found


def _together(parts: Sequence[Restatement]) -> Restatement:
    """How far several readings hold together: as far as the worst of them."""
    worst = max(parts, key=lambda one: GRAVITY[one.outcome])
    sentence = " ".join(dict.fromkeys(one.sentence for one in parts if one.sentence))
    breaks = tuple(dict.fromkeys(one for part in parts for one in part.breaks))
    return replace(worst, sentence=sentence, breaks=breaks)


def _card(read: _Read) -> PeriodCard:
    """The whole stretch as one period."""
    first, last = read.tables[0][-1].period, read.tables[-1][-1].period
    start, end = min(one.period.start for one in read.every), last.end
    if first.code == last.code:
        return last
    return replace(
        last,
        code=f"{first.code}..{last.code}",
        label=f"{first.label} – {last.label}" if not read.lasts[0].cumulative else last.label,
        start=start,
        end=end,
        window=f"{day(start)}–{day(end - date.resolution)}",
    )


def _notes(read: _Read) -> Iterable[str]:
    if read.lasts[0].cumulative and len(read.lasts) > 1:
        yield "Các kỳ đều lũy kế từ đầu năm báo cáo: số của một năm là số của kỳ cuối năm đó, không cộng các kỳ."
    several = [held for held in read.tables if len(held) > 1]
    if several:
        names = ", ".join(held[-1].period.label for held in several)
        yield (
            f"{names}: đơn vị đã có số ở lần báo cáo sau thì lấy số đó thay cho số ước của lần trước; "
            "đơn vị chưa có thì lấy số lần trước."
        )


@dataclass(frozen=True, slots=True)
class LineIncrements:
    """What came in each period of a year, unfolded from counts since its beginning; by cell."""

    line: ConsolidatedLine
    cells: Mapping[CellKey, Unfolded]


UNNUMBERED: Final = ("as_of", "ad_hoc")
"""Kinds of rules whose periods have days and no place in the year."""


def has_increments(form: FormVersion, period: Period) -> bool:
    """Whether a form has columns that count since the year began in the periods of a rule, which number follows one
    another. No query."""
    return rule_of(period.rule).kind not in UNNUMBERED and any(
        _unfolds(column, is_cumulative=period.cumulative)
        for table in definition_of(form).tables
        for column in table.numeric
    )


def _unfolds(column: Column, *, is_cumulative: bool) -> bool:
    return column.roll_up == "sum" and nature_of(column, is_cumulative=is_cumulative) == "cumulative"


def increments_by_line(
    form: FormVersion,
    periods: Sequence[Period],
    unit_id: int,
    *,
    geography: date | None = None,
    divided: Divided = "refuse",
) -> tuple[LineIncrements, ...]:
    """What came in each stretch of one year, for each line of a unit's table and, last, the total.

    Only cells that count since the year began and add up are there. periods: of one cumulative rule and year; those of
    the rule that are not given count as missing. Raises as `added_up`, also when they are of several years.
    """
    read = _read(form, periods, unit_id, geography, divided)
    if len({one.year for one in read.lasts}) > 1:
        raise SeriesRefused(
            "several-years",
            f"{read.lasts[0].label} và {read.lasts[-1].label} thuộc hai năm báo cáo, số lũy kế tính lại từ đầu mỗi "
            "năm: tách từng năm một.",
        )
    if any(one.number < 1 for one in read.lasts):
        raise SeriesRefused(
            "unnumbered",
            f"{read.lasts[-1].label}: kỳ tính theo ngày chốt số, không đánh số trong năm, nên không biết kỳ nào nối "
            "tiếp kỳ nào để tách phần phát sinh: xem từng kỳ, hoặc chọn biểu báo cáo theo tháng, quý.",
        )
    definition = definition_of(form)
    numbers = rule_of(periods[0].rule).only or range(1, 13)
    given = {one.number for one in read.lasts}
    lacking = [one for one in numbers if one not in given and one < read.lasts[-1].number]
    held = [_Held(tables) for tables in read.tables]
    keys = list(dict.fromkeys(line.key for tables in reversed(read.tables) for one in tables for line in one.lines))
    rows = [*([part.line(key) for part in held] for key in keys), [part.total for part in held]]
    return tuple(
        LineIncrements(next(part.lines[-1] for part in reversed(parts) if part.lines), cells)
        for parts in rows
        if (cells := _unfolded(definition, read, parts, lacking)) is not None
    )


def _unfolded(
    definition: FormDefinition, read: _Read, parts: Sequence[_Part], lacking: Iterable[int]
) -> dict[CellKey, Unfolded]:
    raws = [part.raw for part in parts]
    cells: dict[CellKey, Unfolded] = {}
    for key in dict.fromkeys(key for raw in raws for key in raw):
        column = definition.table(key[0]).columns_by_id[key[3]]
        if not _unfolds(column, is_cumulative=read.lasts[0].cumulative):
            continue
        found = [raw.get(key, CellTotal()) for raw in raws]
        points = [Point(one.number, cell.amount, cell.answered) for one, cell in zip(read.lasts, found, strict=True)]
        absent = [Point(one, None) for one in lacking]
        cells[key] = increments([*points, *absent], signed=column.signed)
    return cells
