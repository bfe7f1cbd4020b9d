"""Consolidated tables: totals of accepted figures, computed when read; who is missing stays named.

The sums over the stored vectors are made by the database, one row per line of the form and group of units; the
algebra on them is `core.consolidation`. Nothing is stored, so an accepted report counts at the next read.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import connection
from django.utils import timezone

from giaoban.core.consolidation import CellTotal, Coverage, combine, combine_coverage, roll_up
from giaoban.core.forms import Column, FormDefinition
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting.models import FormKind, FormVersion, Period
from giaoban.reporting.selectors.forms import core_period, definition_of
from giaoban.reporting.selectors.grouping import Group, Grouping, Reporter, group_reporters
from giaoban.reporting.selectors.tree import id_array

CellKey = tuple[str, str, str, str]
"""Table, row, sub-unit ("" on a fixed row), column."""

LineKey = tuple[str, str, str]

# Per column one number counts nil, not applicable and blank, up to a million units each; reported is the rest.
COUNTER: Final = 20
MASK: Final = (1 << COUNTER) - 1
ZERO: Final = Decimal(0)
NOT_STATED: Final = "nguồn không nêu"


@dataclass(frozen=True, slots=True)
class PeriodCard:
    """The period of a table; `end` is excluded, `window` are the first and last day as offices write them."""

    rule: str
    code: str
    instalment: str
    label: str
    start: date
    end: date
    window: str


@dataclass(frozen=True, slots=True)
class ConsolidatedLine:
    """One group of reporters, or all of them. `unit` is None where the group is no single unit; `key` names the line.

    coverage None: the source does not say how many units stand behind the figures.
    """

    unit: UnitCard | None
    label: str
    key: str
    cells: Mapping[CellKey, CellTotal]
    coverage: Coverage | None
    note: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class ConsolidatedTable:
    """Figures of a form and period beneath a unit, in the geography of a day.

    method: how the units were placed; incomplete_reason: "" when nothing is known to be lacking beside late reports;
    absent: names of predecessors from which the period has no figures; not_summed: reporters left out because their own
    sub-units report; as_of: when it was read; changed_at: the last decision that counts in it.
    """

    form: FormDefinition
    form_key: str
    period: PeriodCard
    unit: UnitCard
    geography: date
    method: str
    incomplete_reason: str
    lines: tuple[ConsolidatedLine, ...]
    total: ConsolidatedLine
    coverage: Coverage | None
    as_of: datetime
    changed_at: datetime | None
    simulated: bool
    not_summed: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def coverage_words(self) -> str:
        """ "13/15", or that the source does not say."""
        return NOT_STATED if self.coverage is None else self.coverage.words()

    def line(self, key: str) -> ConsolidatedLine:
        """The line of a key, "" being the total. Raises KeyError."""
        if not key:
            return self.total
        for line in self.lines:
            if line.key == key:
                return line
        raise KeyError(key)


def is_not_summed(cell: CellTotal, column: Column) -> bool:
    """Whether the cell has no number because its column does not add up: shown as "không cộng"."""
    return column.roll_up == "none" and cell.reported > 0 and cell.value is None


def consolidate(form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None) -> ConsolidatedTable:
    """The live table of a unit from the latest accepted reports. A fixed number of queries.

    geography: read the reporters in the tree of this day; None: of the period's last day. Raises ConsolidationRefused
    when the figures cannot be placed in that geography.
    """
    definition = definition_of(form)
    grouping = group_reporters(form, period, unit_id, geography)
    sums = _sums(definition, grouping.groups)
    reporters = [reporter for group in grouping.groups for reporter in group.reporters]
    names = _names(grouping, reporters)
    is_published = form.kind == FormKind.CAPTURE
    parts = [
        _line(definition, group, sums.get(index, {}), names, is_published=is_published)
        for index, group in enumerate(grouping.groups)
    ]
    lines = [line for line, _ in parts]
    total = _total(definition, [raw for _, raw in parts], lines, grouping)
    return ConsolidatedTable(
        form=definition,
        form_key=form.key,
        period=period_card(period),
        unit=grouping.unit,
        geography=grouping.geography,
        method=grouping.method,
        incomplete_reason=grouping.incomplete_reason,
        lines=tuple(lines),
        total=total,
        coverage=total.coverage,
        as_of=timezone.now(),
        changed_at=max((one.decided_at for one in reporters if one.decided_at is not None), default=None),
        simulated=total.simulated,
        not_summed=tuple(names[one.unit_id].name for one in grouping.not_summed),
        absent=grouping.absent,
    )


def period_card(period: Period) -> PeriodCard:
    return PeriodCard(
        rule=period.rule.key,
        code=period.code,
        instalment=period.instalment,
        label=period.label,
        start=period.start,
        end=period.end,
        window=core_period(period).window_label(),
    )


def _names(grouping: Grouping, reporters: Sequence[Reporter]) -> dict[int, UnitCard]:
    """The units that must be named: those missing, and those left out of the sum."""
    wanted = {one.unit_id for one in reporters if one.submission_id is None}
    return cards(wanted | {one.unit_id for one in grouping.not_summed}, grouping.period_day)


def _line(
    form: FormDefinition,
    group: Group,
    sums: Mapping[LineKey, "_Sum"],
    names: Mapping[int, UnitCard],
    *,
    is_published: bool,
) -> tuple[ConsolidatedLine, dict[CellKey, CellTotal]]:
    """A line as shown, and its totals before the rules of the columns are applied."""
    received = [one for one in group.reporters if one.submission_id is not None]
    missing = sorted(
        (names[one.unit_id] for one in group.reporters if one.submission_id is None), key=lambda unit: unit.sort_key
    )
    raw = _cells(form, sums, received=len(received), missing=len(missing))
    coverage = Coverage(len(received), len(group.reporters), tuple(unit.name for unit in missing))
    line = ConsolidatedLine(
        unit=group.unit,
        label=group.label,
        key=group.key,
        cells=_shown(form, raw),
        coverage=None if group.is_own and is_published else coverage,
        note=group.note,
        simulated=any(one.simulated for one in group.reporters),
    )
    return line, raw


def _total(
    form: FormDefinition,
    raw: Sequence[Mapping[CellKey, CellTotal]],
    lines: Sequence[ConsolidatedLine],
    grouping: Grouping,
) -> ConsolidatedLine:
    by_cell: defaultdict[CellKey, list[CellTotal]] = defaultdict(list)
    for cells in raw:
        for key, cell in cells.items():
            by_cell[key].append(cell)
    combined = {key: combine(found) for key, found in by_cell.items()} or _cells(form, {}, received=0, missing=0)
    covered = [line.coverage for line in lines if line.coverage is not None]
    stated = len(covered) == len(lines)
    return ConsolidatedLine(
        unit=grouping.unit,
        label="Tổng số",
        key="",
        cells=_shown(form, combined),
        coverage=combine_coverage(covered) if stated else None,
        simulated=any(line.simulated for line in lines),
    )


@dataclass(frozen=True, slots=True)
class _Sum:
    """What the database added up for one line of the form and one group; vectors in column order, scaled."""

    submissions: int
    values: Sequence[Decimal | None]
    estimates: Sequence[Decimal | None]
    counters: Sequence[int | None]


def _sums(form: FormDefinition, groups: Sequence[Group]) -> dict[int, dict[LineKey, _Sum]]:
    """Group position → line of the form → sums over the accepted reports. One query, whatever the number of units."""
    pairs = [
        (one.submission_id, index)
        for index, group in enumerate(groups)
        for one in group.reporters
        if one.submission_id is not None
    ]
    width = max((len(table.numeric) for table in form.tables), default=0)
    if not pairs or not width:
        return {}
    found: defaultdict[int, dict[LineKey, _Sum]] = defaultdict(dict)
    with connection.cursor() as cursor:
        parts = [id_array(pk for pk, _ in pairs), id_array(index for _, index in pairs)]
        cursor.execute(_sum_query(width), parts)
        for index, table, row, subunit, count, values, estimates, counters in cursor.fetchall():
            found[index][table, row, subunit] = _Sum(count, values, estimates, counters)
    return dict(found)


def _sum_query(width: int) -> str:
    """One sum per column and vector; a column beyond a table's width adds nothing."""
    positions = range(1, width + 1)
    values = ", ".join(f"sum(line.values[{n}])" for n in positions)
    estimates = ", ".join(f"sum(line.estimates[{n}])" for n in positions)
    counters = ", ".join(f"sum((1::bigint << {COUNTER} * line.marks[{n}]) >> {COUNTER})" for n in positions)
    return f"""
        SELECT part.position, line."table", line."row", line.subunit, count(*),
               ARRAY[{values}]::numeric[], ARRAY[{estimates}]::numeric[], ARRAY[{counters}]::bigint[]
        FROM unnest(%s::bigint[], %s::int[]) AS part(submission_id, position)
        JOIN reporting_submissionline line ON line.submission_id = part.submission_id
        GROUP BY part.position, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def _cells(
    form: FormDefinition, sums: Mapping[LineKey, _Sum], *, received: int, missing: int
) -> dict[CellKey, CellTotal]:
    """Totals of a group, cell by cell in the order of the form. A report without a fixed row left it blank."""
    cells: dict[CellKey, CellTotal] = {}
    by_row: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for table_id, row_id, subunit in sums:
        by_row[table_id, row_id].append(subunit)
    for table in form.tables:
        for row in table.rows:
            for subunit in sorted(by_row[table.id, row.id]) if row.is_dynamic else ("",):
                found = sums.get((table.id, row.id, subunit))
                absent = 0 if row.is_dynamic else received - (found.submissions if found else 0)
                unsent = 0 if row.is_dynamic else missing
                for position, column in enumerate(table.numeric):
                    key = (table.id, row.id, subunit, column.id)
                    cells[key] = _cell(found, position, column.scale, absent=absent, missing=unsent)
    return cells


def _cell(found: _Sum | None, position: int, scale: int, *, absent: int, missing: int) -> CellTotal:
    """One cell of a group. absent: reports without this line."""
    if found is None:
        return CellTotal(blank=absent, missing=missing)
    counters = found.counters[position] or 0
    nil, not_applicable, blank = counters & MASK, counters >> COUNTER & MASK, counters >> 2 * COUNTER
    reported = found.submissions - nil - not_applicable - blank
    estimate = found.estimates[position]
    return CellTotal(
        value=(found.values[position] or ZERO).scaleb(-scale) if reported else None,
        estimate=ZERO if estimate is None else estimate.scaleb(-scale),
        reported=reported,
        nil=nil,
        not_applicable=not_applicable,
        blank=blank + absent,
        missing=missing,
    )


def _shown(form: FormDefinition, cells: Mapping[CellKey, CellTotal]) -> dict[CellKey, CellTotal]:
    """The cells with the rule of each column applied: sums, counts without a sum, rates computed again."""
    by_line: dict[LineKey, dict[str, CellTotal]] = {}
    for (table, row, subunit, column), cell in cells.items():
        by_line.setdefault((table, row, subunit), {})[column] = cell
    return {
        (table, row, subunit, column): cell
        for (table, row, subunit), totals in by_line.items()
        for column, cell in roll_up(form.table(table), totals).items()
    }
