"""Consolidated tables: totals of accepted figures, computed when read; who is missing stays named.

The sums over the stored vectors are made by the database, one row per line of the form and group of units; the
algebra on them is `core.consolidation`. Nothing is stored, so an accepted report counts at the next read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.db import connection
from django.utils import timezone

from giaoban.core.consolidation import (
    EXACTLY,
    CellTotal,
    Coverage,
    Kept,
    UnitText,
    combine,
    combine_coverage,
    is_not_added,
    roll_up,
)
from giaoban.core.forms import Column, FormDefinition, Table
from giaoban.core.restating import Divided, Restatement
from giaoban.orgs.selectors import UnitCard, cards, id_array
from giaoban.reporting.models import FormKind, FormVersion, Period
from giaoban.reporting.selectors.forms import core_period, definition_of
from giaoban.reporting.selectors.grouping import EXACT, Group, Grouping, Reporter, group_reporters
from giaoban.reporting.selectors.placing import WHOLE
from giaoban.reporting.selectors.summing import (
    COUNTER,
    MASK,
    NOTHING_LEFT_OUT,
    Keeping,
    LineKey,
    Sum,
    Without,
    counter_sums,
    estimate_sums,
    value_sums,
)
from giaoban.reporting.selectors.texts import Written, listed, together, written

CellKey = tuple[str, str, str, str]
"""Table, row, sub-unit ("" on a fixed row), column."""

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

    coverage None: the source does not say how many units stand behind the figures. restatement: how far the line holds
    in the table's geography. in_total False: figures that stay at an old unit, beside the total. raw: the totals before
    the rules of the columns are applied, which add up with those of other lines and periods. texts: what the units
    wrote in the columns that list texts. is_shared: some units count in part.
    """

    unit: UnitCard | None
    label: str
    key: str
    cells: Mapping[CellKey, CellTotal]
    coverage: Coverage | None
    note: str = ""
    simulated: bool = False
    restatement: Restatement = EXACT
    in_total: bool = True
    raw: Mapping[CellKey, CellTotal] = field(default_factory=dict, repr=False, compare=False)
    texts: Mapping[CellKey, tuple[UnitText, ...]] = field(default_factory=dict)
    is_shared: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class ConsolidatedTable:
    """Figures of a form and period beneath a unit, in the geography of a day.

    restatement: how far the total holds in that geography; method: how the units were placed; incomplete_reason: ""
    when nothing is known to be lacking beside late reports; absent: names of predecessors from which the period has no
    figures; not_summed: reporters left out because their own sub-units report; as_of: when it was read; changed_at: the
    last decision that counts in it.
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
    restatement: Restatement = EXACT

    @property
    def is_recast(self) -> bool:
        """Whether it is read in another tree than that of its period's last day."""
        return self.geography != self.period.end - date.resolution

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
    return is_not_added(cell, column)


def consolidate_one_by_one(
    form: FormVersion,
    period: Period,
    unit_id: int,
    *,
    geography: date,
    divided: Divided,
    without: Without = NOTHING_LEFT_OUT,
) -> ConsolidatedTable:
    """A table in which some count in shares: from the reporters one by one. `series.consolidate` says the rest."""
    definition = definition_of(form)
    grouping = _asked(group_reporters(form, period, unit_id, geography, divided), without)
    sums = _sums(definition, grouping.groups)
    reporters = list({one.unit_id: one for group in grouping.groups for one in group.reporters}.values())
    texts = written(definition, form.pk, [period.pk], [one.unit_id for one in reporters], without)
    names = _names(grouping, reporters, [row.unit_id for row in texts])
    drafts = [
        _line(definition, group, sums, index, names, texts, is_published=form.kind == FormKind.CAPTURE)
        for index, group in enumerate(grouping.groups)
    ]
    lines = tuple(draft.line for draft in drafts)
    total = _total(definition, drafts, sums, grouping, names)
    return ConsolidatedTable(
        form=definition,
        form_key=form.key,
        period=period_card(period),
        unit=grouping.unit,
        geography=grouping.geography,
        method=grouping.method,
        incomplete_reason=grouping.incomplete_reason,
        lines=lines,
        total=total,
        coverage=total.coverage,
        as_of=timezone.now(),
        changed_at=max((one.decided_at for one in reporters if one.decided_at is not None), default=None),
        simulated=total.simulated,
        not_summed=tuple(names[one.unit_id].name for one in grouping.not_summed),
        absent=grouping.absent,
        restatement=grouping.restatement,
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


def _asked(grouping: Grouping, without: Without) -> Grouping:
    """The grouping without some reports owed; a line that nobody is left on goes."""
    if not without:
        return grouping
    groups = []
    for group in grouping.groups:
        reporters = [one for one in group.reporters if one.obligation_id not in without]
        if reporters:
            groups.append(replace(group, reporters=reporters))
    return replace(grouping, groups=tuple(groups))


def _names(grouping: Grouping, reporters: Sequence[Reporter], others: Iterable[int]) -> dict[int, UnitCard]:
    """The units that must be named: those missing, those left out of the sum, and others."""
    wanted = {one.unit_id for one in reporters if one.submission_id is None}
    return cards(wanted.union(others, (one.unit_id for one in grouping.not_summed)), grouping.period_day)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A line, and the totals of its undivided reporters before the rules of the columns are applied."""

    group: Group
    line: ConsolidatedLine
    whole: Mapping[CellKey, CellTotal]


def _line(
    form: FormDefinition,
    group: Group,
    sums: "_Sums",
    index: int,
    names: Mapping[int, UnitCard],
    texts: Sequence[Written],
    *,
    is_published: bool,
) -> _Draft:
    undivided = [one for one in group.reporters if one.unit_id not in group.shares]
    whole = _cells_of(form, sums.whole.get(index, {}), undivided)
    shared = [one for one in group.reporters if one.unit_id in group.shares]
    raw = added(whole, _cells_of(form, sums.shared.get(index, {}), shared)) if shared else whole
    line = ConsolidatedLine(
        unit=group.unit,
        label=group.label,
        key=group.key,
        cells=shown(form, raw, is_shared=bool(shared)),
        coverage=None if group.is_own and is_published else _coverage(group.reporters, names),
        note=group.note,
        simulated=any(one.simulated for one in group.reporters),
        restatement=group.restatement,
        in_total=group.in_total,
        raw=raw,
        texts=_texts(form, group, names, texts),
        is_shared=bool(shared),
    )
    return _Draft(group, line, whole)


def _texts(
    form: FormDefinition, group: Group, names: Mapping[int, UnitCard], texts: Sequence[Written]
) -> Mapping[CellKey, tuple[UnitText, ...]]:
    """What the units of a line wrote; a text is not divided, so one that counts in part is listed whole."""
    if not texts:
        return {}
    mine = {one.unit_id for one in group.reporters}
    called = {one: (names[one].sort_key, names[one].name) for one in mine if one in names}
    return listed(form, [row for row in texts if row.unit_id in mine], called)


def _coverage(reporters: Sequence[Reporter], names: Mapping[int, UnitCard]) -> Coverage:
    missing = sorted(
        (names[one.unit_id] for one in reporters if one.submission_id is None), key=lambda one: one.sort_key
    )
    return Coverage(len(reporters) - len(missing), len(reporters), tuple(unit.name for unit in missing))


def _total(
    form: FormDefinition,
    drafts: Sequence[_Draft],
    sums: "_Sums",
    grouping: Grouping,
    names: Mapping[int, UnitCard],
) -> ConsolidatedLine:
    """All lines that count together; a reporter that counts in several of them counts once."""
    counted = [draft for draft in drafts if draft.group.in_total]
    divided = {
        one.unit_id: one for draft in counted for one in draft.group.reporters if one.unit_id in draft.group.shares
    }
    shared = [_cells_of(form, sums.total, list(divided.values()))] if divided else []
    raw = added(*(draft.whole for draft in counted), *shared) or cells_of_sums(form, {}, received=0, missing=0)
    lines = [draft.line for draft in counted]
    return ConsolidatedLine(
        unit=grouping.unit,
        label="Tổng số",
        key="",
        cells=shown(form, raw, is_shared=any(draft.group.shares for draft in counted)),
        coverage=_together(counted, names) if all(line.coverage is not None for line in lines) else None,
        simulated=any(draft.line.simulated for draft in drafts),
        restatement=grouping.restatement,
        raw=raw,
        texts=together(draft.line.texts for draft in counted),
        is_shared=any(draft.line.is_shared for draft in counted),
    )


def _together(drafts: Sequence[_Draft], names: Mapping[int, UnitCard]) -> Coverage:
    if not any(draft.group.shares for draft in drafts):
        return combine_coverage(draft.line.coverage for draft in drafts if draft.line.coverage is not None)
    return _coverage(list({one.unit_id: one for draft in drafts for one in draft.group.reporters}.values()), names)


def added(*parts: Mapping[CellKey, CellTotal]) -> dict[CellKey, CellTotal]:
    if len(parts) == 1:
        return dict(parts[0])
    by_cell: defaultdict[CellKey, list[CellTotal]] = defaultdict(list)
    for cells in parts:
        for key, cell in cells.items():
            by_cell[key].append(cell)
    return {key: combine(found) for key, found in by_cell.items()}


def _cells_of(
    form: FormDefinition, sums: Mapping[LineKey, Sum], reporters: Sequence[Reporter]
) -> dict[CellKey, CellTotal]:
    received = sum(one.submission_id is not None for one in reporters)
    return cells_of_sums(form, sums, received=received, missing=len(reporters) - received)


@dataclass(frozen=True, slots=True)
class _Sums:
    """By position of the group: of its undivided reporters, and of those that count in shares; these again in total."""

    whole: Mapping[int, Mapping[LineKey, Sum]]
    shared: Mapping[int, Mapping[LineKey, Sum]]
    total: Mapping[LineKey, Sum]


TOTAL: Final = -1


def _sums(form: FormDefinition, groups: Sequence[Group]) -> _Sums:
    """Sums over the accepted reports: one query whatever the number of units, a second where shares are at work."""
    whole: list[tuple[int, int, Decimal]] = []
    shared: list[tuple[int, int, Decimal]] = []
    inside: defaultdict[int, Decimal] = defaultdict(Decimal)
    for index, group in enumerate(groups):
        for one in group.reporters:
            if one.submission_id is None:
                continue
            share = group.shares.get(one.unit_id)
            if share is None:
                whole.append((one.submission_id, index, WHOLE))
            else:
                shared.append((one.submission_id, index, share))
                inside[one.submission_id] += share if group.in_total else 0
    shared += [(submission, TOTAL, share) for submission, share in inside.items()]
    weighed = read_parts(form, shared, is_shared=True)
    return _Sums(read_parts(form, whole, is_shared=False), weighed, weighed.get(TOTAL, {}))


def read_parts(
    form: FormDefinition, parts: Sequence[tuple[int, int, Decimal]], *, is_shared: bool
) -> dict[int, dict[LineKey, Sum]]:
    """Position → line of the form → sums, of (submission, position, weight)."""
    width = max((len(table.numeric) for table in form.tables), default=0)
    if not parts or not width:
        return {}
    given = [id_array(pk for pk, _, _ in parts), id_array(index for _, index, _ in parts)]
    if is_shared:
        given.append(f"{{{','.join(f'{weight:f}' for _, _, weight in parts)}}}")
    found: defaultdict[int, dict[LineKey, Sum]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_sum_query(width, Keeping(form), is_shared=is_shared), given)
        for index, *row in cursor.fetchall():
            table, line, subunit, count, values, estimates, counters, uneven, *kept = row
            found[index][table, line, subunit] = Sum(count, values, estimates, counters, kept, uneven)
    return dict(found)


def _sum_query(width: int, keeping: Keeping, *, is_shared: bool) -> str:
    """One sum per column and vector; a column beyond a table's width adds nothing."""
    weight = " * part.weight" if is_shared else ""
    source = "unnest(%s::bigint[], %s::int[], %s::numeric[])" if is_shared else "unnest(%s::bigint[], %s::int[])"
    kept = f", {keeping.sql(weight)}" if keeping.wanted else ""
    names = "submission_id, position, weight" if is_shared else "submission_id, position"
    return f"""
        SELECT part.position, line."table", line."row", line.subunit, count(*),
               {value_sums(width, weight)}, {estimate_sums(width, weight)}, {counter_sums(width)},
               {keeping.uneven_sql()}{kept}
        FROM {source} AS part({names})
        JOIN reporting_submissionline line ON line.submission_id = part.submission_id
        GROUP BY part.position, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def cells_of_sums(
    form: FormDefinition, sums: Mapping[LineKey, Sum], *, received: int, missing: int
) -> dict[CellKey, CellTotal]:
    """Totals of a group, cell by cell in the order of the form. A report without a fixed row left it blank."""
    cells: dict[CellKey, CellTotal] = {}
    keeping = Keeping(form)
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
                    kept = keeping.kept(table, position, found)
                    cells[key] = _cell(found, position, column.scale, absent=absent, missing=unsent, kept=kept)
    return cells


def _cell(found: Sum | None, position: int, scale: int, *, absent: int, missing: int, kept: Kept | None) -> CellTotal:
    """One cell of a group. absent: reports without this line."""
    if found is None:
        return CellTotal(blank=absent, missing=missing)
    counters = found.counters[position] or 0 if found.counters else 0
    nil, not_applicable, blank = counters & MASK, counters >> COUNTER & MASK, counters >> 2 * COUNTER
    reported = found.submissions - nil - not_applicable - blank
    estimate = found.estimates[position] if found.estimates else None
    return CellTotal(
        value=EXACTLY.scaleb(found.values[position] or ZERO, -scale) if reported else None,
        estimate=ZERO if estimate is None else EXACTLY.scaleb(estimate, -scale),
        reported=reported,
        nil=nil,
        not_applicable=not_applicable,
        blank=blank + absent,
        missing=missing,
        kept=kept,
    )


def shown(
    form: FormDefinition, cells: Mapping[CellKey, CellTotal], *, is_shared: bool = False
) -> dict[CellKey, CellTotal]:
    """The cells with the rule of each column applied: sums, counts without a sum, rates computed again.

    is_shared: some count in part only: what does not add up is not divided either.
    """
    by_line: dict[LineKey, dict[str, CellTotal]] = {}
    for (table, row, subunit, column), cell in cells.items():
        by_line.setdefault((table, row, subunit), {})[column] = cell
    return {
        (table, row, subunit, column): cell
        for (table, row, subunit), totals in by_line.items()
        for column, cell in rolled(form.table(table), totals, is_shared=is_shared).items()
    }


def rolled(layout: Table, totals: Mapping[str, CellTotal], *, is_shared: bool) -> dict[str, CellTotal]:
    """The rule of each column applied to the totals of a line; is_shared: some of them count in part only."""
    if not is_shared:
        return roll_up(layout, totals)
    return roll_up(layout, {key: plain(cell) for key, cell in totals.items()}, is_shared=True)


def plain(cell: CellTotal) -> CellTotal:
    """The same without the zeros that a share adds."""
    return replace(cell, value=_plain(cell.value), estimate=_plain(cell.estimate) or ZERO)


def _plain(value: Decimal | None) -> Decimal | None:
    """Without the zeros that a share adds: 5.000000000 is 5; in plain digits."""
    if value is None or value == value.to_integral_value():
        return value if value is None else value.quantize(Decimal(1), context=EXACTLY)
    return value.normalize(EXACTLY)
