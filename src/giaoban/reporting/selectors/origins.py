"""Where a number comes from: the accepted reports behind one cell of a consolidated table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from giaoban.core.consolidation import CellTotal, combine, total_of
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
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.selectors.grouping import Group, group_reporters


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
) -> CellOrigin:
    """The origin of a number. line_key "": the total line. A fixed number of queries; the arguments of `consolidate`.

    Raises KeyError when the table has no such line or cell, ConsolidationRefused as `consolidate` does.
    """
    definition = definition_of(form)
    table, row, subunit, column = key
    position = definition.table(table).positions[column]
    grouping = group_reporters(form, period, unit_id, geography, divided)
    groups = [group for group in grouping.groups if (group.in_total if not line_key else line_key == group.key)]
    if line_key and not groups:
        raise KeyError(line_key)
    reporters = list({one.unit_id: one for group in groups for one in group.reporters}.values())
    shares = _shares(groups)
    rows = Submission.objects.select_related("obligation").in_bulk(
        [one.submission_id for one in reporters if one.submission_id is not None]
    )
    figures = lines_of(definition, rows)
    called = cards([one.unit_id for one in reporters], grouping.period_day)
    issues = _issues(form, period, rows, figures)
    parts = []
    for one in rows.values():
        line = figures.get(one.pk, {}).get((table, row, subunit))
        if line is None and subunit:
            continue
        figure = line.figures[position] if line else BLANK
        unit = called[one.obligation.unit_id]
        part = _part(one, unit, figure, issues[one.pk], key)
        parts.append(replace(part, share=shares.get(unit.id)))
    missing = sorted(
        (called[one.unit_id] for one in reporters if one.submission_id is None), key=lambda unit: unit.sort_key
    )
    return CellOrigin(
        label=_label(groups, line_key),
        key=key,
        cell=_cell(definition, list(rows.values()), figures, shares, key, missing=0 if subunit else len(missing)),
        parts=tuple(sorted(parts, key=lambda part: (-(part.figure.amount or -1), part.unit.sort_key))),
        missing=tuple(missing),
        said=groups[0].restatement if line_key else grouping.restatement,
    )


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
    totals: dict[str, CellTotal] = {}
    for position, one in enumerate(layout.numeric):
        found = []
        for submission in rows:
            line = figures.get(submission.pk, {}).get((table, row, subunit))
            if line is not None:
                found.append(_weighed(total_of(line.figures[position]), shares.get(submission.obligation.unit_id)))
            elif not subunit:
                found.append(CellTotal(blank=1))
        totals[one.id] = combine([*found, CellTotal(missing=missing)])
    return rolled(layout, totals, is_shared=bool(shares))[column]


def _weighed(cell: CellTotal, share: Decimal | None) -> CellTotal:
    if share is None or cell.value is None:
        return cell
    return replace(cell, value=cell.value * share, estimate=cell.estimate * share)
