"""Where a number comes from: the accepted reports behind one cell of a consolidated table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from giaoban.core.consolidation import CellTotal, combine, part_of, totals_of
from giaoban.core.figures import BLANK, Figure, Figures
from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Issue
from giaoban.core.restating import Divided, Restatement
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting.models import FormVersion, Period, Submission
from giaoban.reporting.rules import issue_key
from giaoban.reporting.selectors.checking import check_many
from giaoban.reporting.selectors.consolidation import CellKey, rolled
from giaoban.reporting.selectors.figures import lines_of
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.grouping import Group, Reporter, group_reporters
from giaoban.reporting.selectors.readings import Reading
from giaoban.reporting.selectors.sources import ALL_OF_IT, Sources, keep_lines


@dataclass(frozen=True, slots=True)
class Part:
    """One report's share of a cell. author: who entered it; explanation: the unit's words on a warning at this cell;
    issues: what the checks say of this cell; share: the part of the figure that counts here, None: all of it."""

    unit: UnitCard
    submission_id: int
    version: int
    receipt: str
    sent_at: datetime
    accepted_at: datetime | None
    accepted_by: str
    author: str
    on_behalf_of: str
    channel: str
    source: str
    figure: Figure
    explanation: str
    issues: tuple[Issue, ...]
    simulated: bool
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CellOrigin:
    """A cell with the reports that make it, largest first, and the units that have none. said: how far its line holds
    in the geography in which it is read."""

    label: str
    key: CellKey
    cell: CellTotal
    parts: tuple[Part, ...]
    missing: tuple[UnitCard, ...]
    said: Restatement


def cell_origin(
    form: FormVersion,
    period: Period,
    unit_id: int,
    line_key: str,
    key: CellKey,
    *,
    geography: date | None = None,
    divided: Divided = "refuse",
    reading: Reading | None = None,
) -> CellOrigin:
    """The origin of a number. line_key "": the total line. A fixed number of queries; the arguments of `consolidate`.

    reading: a frozen one, of which the cell is as it stands there, and the reports are those that stood behind it then,
    in the lines of then. Raises KeyError when the table has no such line or cell, or when it was frozen before it was
    kept who stood behind the line; ConsolidationRefused as `consolidate` does.
    """
    definition = definition_of(form)
    everything, whole = _groups(form, period, unit_id, geography, divided, reading)
    groups = [group for group in everything if (group.in_total if not line_key else line_key == group.key)]
    if line_key and not groups:
        raise KeyError(line_key)
    reporters = list({one.unit_id: one for group in groups for one in group.reporters}.values())
    shares = _shares(groups)
    rows = Submission.objects.select_related("obligation").in_bulk(
        [one.submission_id for one in reporters if one.submission_id is not None]
    )
    figures = lines_of(definition, rows)
    called = cards([one.unit_id for one in reporters], last_day(period))
    issues = _issues(form, period, rows, figures)
    parts = []
    for one in rows.values():
        figure, unit = _figure(definition, figures.get(one.pk, {}), key), called[one.obligation.unit_id]
        if figure is not None:
            parts.append(replace(_part(one, unit, figure, issues[one.pk], key), share=shares.get(unit.id)))
    missing = sorted(
        (called[one.unit_id] for one in reporters if one.submission_id is None), key=lambda unit: unit.sort_key
    )
    return CellOrigin(
        label=_label(groups, line_key),
        key=key,
        cell=reading.table.line(line_key).cells[key]
        if reading is not None
        else _cell(definition, list(rows.values()), figures, shares, key, missing=0 if key[2] else len(missing)),
        parts=tuple(sorted(parts, key=lambda part: (-(part.figure.amount or -1), part.unit.sort_key))),
        missing=tuple(missing),
        said=groups[0].restatement if line_key else whole,
    )


def _figure(form: FormDefinition, figures: Figures, key: CellKey) -> Figure | None:
    """What a report says in a cell; None where it has no line of the sub-unit."""
    table, row, subunit, column = key
    position = form.table(table).positions[column]
    line = figures.get((table, row, subunit))
    if line is None:
        return None if subunit else BLANK
    return line.figures[position]


def _groups(
    form: FormVersion,
    period: Period,
    unit_id: int,
    geography: date | None,
    divided: Divided,
    reading: Reading | None,
) -> tuple[Sequence[Group], Restatement]:
    """The lines of the live table, or of a frozen one, and how far the whole holds."""
    if reading is not None:
        return _groups_then(reading), reading.table.restatement
    grouping = group_reporters(form, period, unit_id, geography, divided)
    return grouping.groups, grouping.restatement


def _groups_then(reading: Reading) -> list[Group]:
    """The lines of a frozen table with the versions that stood behind each. Where it was not kept in which line each
    unit counted, all of them stand behind the total alone."""
    if reading.sources is None:
        raise KeyError(reading.layer)
    table, sources = reading.table, reading.sources
    if not keep_lines(sources):
        everybody = [_reporter(unit_id, sources) for unit_id in sources]
        return [Group("", table.total.label, table.unit, table.restatement, everybody)]
    groups = {
        line.key: Group(line.key, line.label, line.unit, line.restatement, in_total=line.in_total)
        for line in table.lines
    }
    for unit_id, stood in sources.items():
        for key, share in stood.lines or ():
            if key in groups:
                groups[key].reporters.append(_reporter(unit_id, sources))
                groups[key].shares |= {unit_id: share} if share != ALL_OF_IT else {}
    return list(groups.values())


def _reporter(unit_id: int, sources: Sources) -> Reporter:
    return Reporter(unit_id, 0, sources[unit_id].submission_id, simulated=False, decided_at=None)


def _shares(groups: Sequence[Group]) -> dict[int, Decimal]:
    """Unit → the part of its figures that counts, for those of which not all does."""
    found: dict[int, Decimal] = {}
    for group in groups:
        for unit_id, share in group.shares.items():
            found[unit_id] = found.get(unit_id, Decimal(0)) + share
    return {unit_id: share for unit_id, share in found.items() if share != 1}


def _label(groups: Sequence[Group], line_key: str) -> str:
    return groups[0].label if line_key else "Tổng số"


def _issues(
    form: FormVersion, period: Period, rows: Mapping[int, Submission], figures: Mapping[int, Figures]
) -> dict[int, list[Issue]]:
    """Version → what the checks say of it, as on every other page. A fixed number of queries."""
    for one in rows.values():
        one.obligation.form, one.obligation.period = form, period
    found = check_many([(one.obligation, figures.get(pk, {})) for pk, one in rows.items()])
    return dict(zip(rows, found, strict=True))


def _part(row: Submission, unit: UnitCard, figure: Figure, found: Sequence[Issue], key: CellKey) -> Part:
    issues = tuple(issue for issue in found if (issue.at.table, issue.at.row, issue.at.subunit, issue.at.column) == key)
    words = (row.explanations.get(issue_key(issue), "") for issue in issues)
    return Part(
        unit=unit,
        submission_id=row.pk,
        version=row.version,
        receipt=row.receipt,
        sent_at=row.sent_at,
        accepted_at=row.decided_at,
        accepted_by=row.decided_by_name,
        author=row.entered_by_name,
        on_behalf_of=row.on_behalf_of,
        channel=row.get_channel_display(),
        source=row.source,
        figure=figure,
        explanation=" ".join(dict.fromkeys(word for word in words if word)),
        issues=issues,
        simulated=row.simulated or row.obligation.simulated,
    )


def _cell(
    form: FormDefinition,
    rows: Sequence[Submission],
    figures: Mapping[int, Figures],
    shares: Mapping[int, Decimal],
    key: CellKey,
    *,
    missing: int,
) -> CellTotal:
    """The cell itself, with the rule of its column, from the same reports."""
    table, row, subunit, column = key
    layout = form.table(table)
    found: dict[str, list[CellTotal]] = {one.id: [CellTotal(missing=missing)] for one in layout.numeric}
    for submission in rows:
        line = figures.get(submission.pk, {}).get((table, row, subunit))
        share = shares.get(submission.obligation.unit_id)
        if line is not None:
            for name, cell in totals_of(layout, line.figures).items():
                found[name].append(cell if share is None else part_of(cell, share))
        elif not subunit:
            for cells in found.values():
                cells.append(CellTotal(blank=1))
    totals = {name: combine(cells) for name, cells in found.items()}
    return rolled(layout, totals, is_shared=bool(shares))[column]
