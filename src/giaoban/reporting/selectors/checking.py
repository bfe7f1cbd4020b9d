"""What the checks of a report need beside its figures, and the checks of many reports at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from time import monotonic
from typing import Final

from django.db.models import Count, Q
from django.utils import timezone

from giaoban.core.checks import (
    Around,
    Batch,
    Norms,
    StoredLine,
    Surroundings,
    batch_of,
    batch_of_stored,
    norms_of,
    run_checks,
    run_checks_many,
)
from giaoban.core.figures import Figures, Line, LineKey, absent_lines
from giaoban.core.forms import FormDefinition, Outside, resolve
from giaoban.core.issues import Cell, Issue
from giaoban.kit.registries import figure_sources
from giaoban.orgs.selectors import SubUnit, UnitCard, branches, card, cards, subunits_of
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission, SubmissionLine, SubmissionState
from giaoban.reporting.rules import without_waived
from giaoban.reporting.selectors.figures import Earlier, lines_of, previous_figures
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.tree import line_beneath
from giaoban.reporting.selectors.waivers import WaiverCard, waivers_standing

NORMS_KEPT: Final = timedelta(minutes=1)
"""So long a process uses what it once found of the units around, instead of asking for every report sent."""
MOST_NORMS: Final = 1000
STANDING: Final = (SubmissionState.SENT, SubmissionState.ACCEPTED)

Subunits = Mapping[tuple[int, str], Sequence[SubUnit]]
_kept: dict[tuple[int, int, int], tuple[float, Norms]] = {}


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """A version that stands (sent or accepted) with what the checks say of it, what is waived as notes.

    explanations, waivers: by `rules.issue_key`.
    """

    obligation_id: int
    unit: UnitCard
    submission_id: int
    version: int
    is_accepted: bool
    explanations: Mapping[str, str]
    waivers: Mapping[str, WaiverCard]
    issues: tuple[Issue, ...]
    simulated: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """Every report of a form and period beneath a unit, in alphabetical order.

    missing: units of which none stands; names: key of a sub-unit that lines may name → its name.
    """

    form: FormVersion
    period: Period
    unit: UnitCard
    reports: tuple[CheckedReport, ...]
    missing: int
    names: Mapping[str, str]


def checks_of(
    obligation: Obligation,
    figures: Figures,
    *,
    previous: Earlier | None = None,
    subunits: Subunits | None = None,
) -> list[Issue]:
    """All checks of one report. subunits: what `orgs.selectors.subunits_of` gave, when asked for many units at once.

    Rules that ask outside the report cost queries, a form without them none; the units around cost one a minute.
    """
    form = definition_of(obligation.form)
    unit_id, receiver_id = obligation.unit_id, obligation.receiver_id
    if subunits is None:
        subunits = subunits_of([unit_id], subunit_kinds(form), last_day(obligation.period))
    around = surroundings_of(obligation.form, obligation.period, [unit_id]).get(unit_id, Surroundings())
    issues = run_checks(
        form,
        figures,
        previous=previous,
        allowed_subunits=allowed_subunits(obligation, subunits),
        surroundings=around,
        norms=norms_around(obligation.form, obligation.period, receiver_id) if receiver_id is not None else None,
    )
    issues += beside_figures(form, figures, previous, estimates=has_estimates(obligation))
    return issues + _lines_absent(form, figures, unit_id, subunits)


def check_many(reports: Sequence[tuple[Obligation, Figures]]) -> list[list[Issue]]:
    """What `checks_of` says of each of some reports, all of one form and period. A fixed number of queries."""
    if not reports:
        return []
    first = reports[0][0]
    form, unit_ids = definition_of(first.form), [one.unit_id for one, _ in reports]
    previous = previous_figures(first.form, first.period, unit_ids)
    batch = batch_of(form, [figures for _, figures in reports])
    listed = subunits_of(unit_ids, subunit_kinds(form), last_day(first.period))
    around = _around(first.form, first.period, [one for one, _ in reports], previous, listed)
    norms = _norms_by_receiver(first.form, first.period, {one.receiver_id for one, _ in reports if one.receiver_id})
    around = replace(around, norms=[norms.get(one.receiver_id) for one, _ in reports])
    return [
        issues
        + beside_figures(form, figures, previous.get(one.unit_id), estimates=has_estimates(one))
        + _lines_absent(form, figures, one.unit_id, listed)
        for (one, figures), issues in zip(reports, run_checks_many(form, batch, around), strict=True)
    ]


def check_all(form: FormVersion, period: Period, unit_id: int) -> Checked:
    """The checks of a form over all that stands beneath a unit, from the database. A fixed number of queries."""
    definition, on = definition_of(form), last_day(period)
    line = line_beneath(unit_id, form.pk, period.pk, on)
    beneath = list(branches(unit_id, line, on)) if line else []
    owed = Obligation.objects.filter(Q(unit_id__in=beneath) | Q(receiver_id=unit_id), form=form, period=period)
    obligations = {one.pk: one for one in owed}
    receivers = {one.receiver_id for one in obligations.values() if one.receiver_id is not None}
    of_form = Submission.objects.filter(obligation__form=form, obligation__period=period, state__in=STANDING)
    of_form = of_form.filter(Q(obligation_id__in=obligations) | Q(obligation__receiver_id__in=receivers))
    versions = list(of_form.select_related("obligation").order_by("obligation_id", "version"))
    batch = _stored(definition, [one.pk for one in versions])
    latest = {one.obligation_id: number for number, one in enumerate(versions) if one.obligation_id in obligations}
    norms = _norms_in(batch, versions)
    previous = previous_figures(form, period, [one.unit_id for one in obligations.values()])
    listed = subunits_of([one.unit_id for one in obligations.values()], subunit_kinds(definition), on)
    around = _around(form, period, [one.obligation for one in versions], previous, listed)
    around = replace(around, norms=[norms.get(one.obligation.receiver_id) for one in versions])
    found = run_checks_many(definition, batch, around)
    called = cards([one.unit_id for one in obligations.values()], on)
    waived = waivers_standing(obligations, timezone.localdate())
    reports = []
    for obligation_id, number in latest.items():
        version, obligation = versions[number], obligations[obligation_id]
        more = _beside_stored(batch, number, previous.get(obligation.unit_id), estimates=period.estimated_months > 0)
        if listed:
            more += _lines_absent(definition, batch.figures(number), obligation.unit_id, listed)
        reports.append(
            CheckedReport(
                obligation_id=obligation_id,
                unit=called[obligation.unit_id],
                submission_id=version.pk,
                version=version.version,
                is_accepted=version.is_current,
                explanations=version.explanations,
                waivers=waived.get(obligation_id, {}),
                issues=tuple(without_waived([*found[number], *more], waived.get(obligation_id, {}))),
                simulated=version.simulated or obligation.simulated,
            )
        )
    return Checked(
        form=form,
        period=period,
        unit=card(unit_id, on),
        reports=tuple(sorted(reports, key=lambda one: (one.unit.sort_key, one.unit.key))),
        missing=len(obligations) - len(latest),
        names={one.key: one.label for units in listed.values() for one in units},
    )


def has_estimates(obligation: Obligation) -> bool:
    return obligation.period.estimated_months > 0


def beside_figures(form: FormDefinition, figures: Figures, previous: Earlier | None, *, estimates: bool) -> list[Issue]:
    """Why nothing was compared, and estimated parts in a period that has none."""
    found = []
    if previous is not None and previous.reason:
        found.append(Issue("not-compared", "note", Cell(), {"reason": previous.reason.rstrip(".")}))
    return found if estimates else found + _estimates_in(form, figures)


def _beside_stored(batch: Batch, number: int, previous: Earlier | None, *, estimates: bool) -> list[Issue]:
    is_plain = estimates or not any(
        lines.has_estimate[lines.report == number].any() for lines in batch.tables.values() if lines.has_estimate.any()
    )
    return beside_figures(batch.form, {} if is_plain else batch.figures(number), previous, estimates=is_plain)


def _lines_absent(form: FormDefinition, figures: Figures, unit_id: int, subunits: Subunits) -> list[Issue]:
    """Sub-units that the tree lists and the report has no line of. Notes: it may be sent, and is not complete."""
    return [Issue("line-absent", "note", at) for at in absent_lines(form, figures, listed_by_kind(unit_id, subunits))]


def _estimates_in(form: FormDefinition, figures: Figures) -> list[Issue]:
    """Estimated parts in a period that has none."""
    return [
        Issue(
            "estimate-not-allowed",
            "error",
            Cell(line.table, line.row, line.subunit, column.id),
            {"estimate": figure.estimate},
        )
        for line in figures.values()
        if line.table in form.tables_by_id
        for figure, column in zip(line.figures, form.table(line.table).numeric, strict=False)
        if figure.estimate is not None
    ]


def subunit_kinds(form: FormDefinition) -> frozenset[str]:
    """The kinds of unit that the dynamic rows of a form list."""
    return frozenset(row.one_per for table in form.tables for row in table.rows if row.one_per is not None)


def listed_by_kind(unit_id: int, subunits: Subunits) -> dict[str, list[str]]:
    """Kind → the keys of the sub-units that the tree lists beneath a unit, as `absent_lines` takes them."""
    return {kind: [one.key for one in units] for (above, kind), units in subunits.items() if above == unit_id}


def allowed_subunits(obligation: Obligation, known: Subunits) -> frozenset[str] | None:
    """Keys that dynamic lines may carry; None when the tree knows no sub-unit of a kind: then any name goes."""
    kinds = subunit_kinds(definition_of(obligation.form))
    if not kinds:
        return None
    lists = [known.get((obligation.unit_id, kind), ()) for kind in kinds]
    return frozenset(one.key for units in lists for one in units) if all(lists) else None


def norms_around(form: FormVersion, period: Period, receiver_id: int) -> Norms:
    """What the accepted reports to one receiver say, cell by cell. One query and its lines, at most once a minute."""
    key, now = (form.pk, period.pk, receiver_id), monotonic()
    at, norms = _kept.get(key, (0.0, {}))
    if key not in _kept or now - at > NORMS_KEPT.total_seconds():
        if len(_kept) >= MOST_NORMS:
            _kept.clear()
        norms = _norms_by_receiver(form, period, {receiver_id}).get(receiver_id, {})
        _kept[key] = (now, norms)
    return norms


def forget_norms() -> None:
    """Ask again at once, for tests."""
    _kept.clear()


def _norms_by_receiver(form: FormVersion, period: Period, receiver_ids: Iterable[int]) -> dict[int | None, Norms]:
    current = Submission.objects.filter(is_current=True, obligation__form=form, obligation__period=period)
    versions = list(current.filter(obligation__receiver_id__in=list(receiver_ids)).select_related("obligation"))
    if not versions:
        return {}
    return _norms_in(_stored(definition_of(form), [one.pk for one in versions]), versions)


def _norms_in(batch: Batch, versions: Sequence[Submission]) -> dict[int | None, Norms]:
    """Receiver → what the accepted reports to it say."""
    members: defaultdict[int | None, list[int]] = defaultdict(list)
    for number, version in enumerate(versions):
        if version.is_current:
            members[version.obligation.receiver_id].append(number)
    return {receiver: norms_of(batch, held) for receiver, held in members.items() if receiver is not None}


def _stored(form: FormDefinition, submission_ids: Sequence[int]) -> Batch:
    """Versions as a batch, in their order. One query."""
    numbers = {pk: number for number, pk in enumerate(submission_ids)}
    places = [(table.id, row.id) for table in form.tables for row in table.rows]
    order = {key: place for place, key in enumerate(places)}
    rows = SubmissionLine.objects.filter(submission_id__in=list(submission_ids)).order_by("submission_id", "pk")
    found = rows.values_list("submission_id", "table", "row", "subunit", "values", "estimates", "marks", "texts")
    lines: list[StoredLine] = [(numbers[one[0]], *one[1:]) for one in found]
    lines.sort(key=lambda one: (one[0], order[one[1], one[2]]))
    return batch_of_stored(form, len(submission_ids), lines)


def _around(
    form: FormVersion,
    period: Period,
    obligations: Sequence[Obligation],
    previous: Mapping[int, Earlier],
    listed: Subunits,
) -> Around:
    """What stands beside reports of one form and period, in their order, without the units around."""
    definition, unit_ids = definition_of(form), [one.unit_id for one in obligations]
    asked = surroundings_of(form, period, unit_ids)
    earlier = [asked[one].before for one in unit_ids] if asked else []
    return Around(
        previous=batch_of(definition, [previous.get(one) for one in unit_ids]) if previous else None,
        allowed_subunits=[allowed_subunits(one, listed) for one in obligations] if subunit_kinds(definition) else None,
        surroundings=[asked[one] for one in unit_ids] if asked else None,
        before=batch_of(definition, earlier) if any(one is not None for one in earlier) else None,
    )


def surroundings_of(form: FormVersion, period: Period, unit_ids: Sequence[int]) -> dict[int, Surroundings]:
    """Unit → what the rules of a form ask outside its report; empty, without a query, when they ask nothing.

    A fixed number of queries for each form that they name; a register is asked once a unit.
    """
    asked = definition_of(form).outside
    if not asked:
        return {}
    units = list(dict.fromkeys(unit_ids))
    before = _before(form, period, units) if any(one.scope == "before" for one in asked) else {}
    values: dict[int, dict[str, Decimal | None]] = {one: {} for one in units}
    waiting: dict[int, dict[str, tuple[int, int]]] = {one: {} for one in units}
    _ask_forms([one for one in asked if one.scope == "form"], form, period, values)
    _ask_below([one for one in asked if one.scope == "below"], form, period, values, waiting)
    _ask_registers([one for one in asked if one.scope == "register"], period, values)
    return {one: Surroundings(before.get(one), values[one], waiting[one]) for one in units}


def _before(form: FormVersion, period: Period, unit_ids: Sequence[int]) -> dict[int, dict[LineKey, Line]]:
    """Unit → its accepted figures of the period that ended the day before this one begins.

    Of several (a year with estimated months, the year as it was) the one with fewest estimated months.
    """
    rows = Submission.objects.filter(is_current=True, obligation__form=form, obligation__unit_id__in=list(unit_ids))
    ended = rows.filter(obligation__period__end=period.start)
    ordered = ended.order_by("-obligation__period__estimated_months", "obligation__period_id")
    sent = dict(ordered.values_list("obligation__unit_id", "pk"))
    lines = lines_of(definition_of(form), sent.values())
    return {unit_id: lines.get(pk, {}) for unit_id, pk in sent.items()}


def _ask_forms(
    asked: Sequence[Outside], form: FormVersion, period: Period, values: Mapping[int, dict[str, Decimal | None]]
) -> None:
    """Cells of other forms of the same units and period, as accepted."""
    for key, found in _by_form(asked).items():
        other = FormVersion.objects.filter(key=key).first()
        rows = Submission.objects.filter(is_current=True, obligation__form=other, obligation__period=period)
        sent = dict(rows.filter(obligation__unit_id__in=values).values_list("pk", "obligation__unit_id"))
        lines = lines_of(definition_of(other), sent) if other is not None else {}
        for pk, unit_id in sent.items():
            for one in found:
                for name in _names(form, one):
                    values[unit_id][name] = _cell(definition_of(other), one, lines.get(pk, {})) if other else None


def _ask_below(
    asked: Sequence[Outside],
    form: FormVersion,
    period: Period,
    values: Mapping[int, dict[str, Decimal | None]],
    waiting: Mapping[int, dict[str, tuple[int, int]]],
) -> None:
    """Sums over the units that owe another form to these; not known before all of them are accepted."""
    for key, found in _by_form(asked).items():
        other = FormVersion.objects.filter(key=key).first()
        if other is None:
            continue
        owed = Obligation.objects.filter(form=other, period=period, receiver_id__in=values)
        expected = dict(owed.values_list("receiver_id").annotate(n=Count("pk")))
        rows = Submission.objects.filter(is_current=True, obligation__in=owed.values("pk"))
        sent = dict(rows.values_list("pk", "obligation__receiver_id"))
        lines = lines_of(definition_of(other), sent)
        received: defaultdict[int, list[Figures]] = defaultdict(list)
        for pk, receiver_id in sent.items():
            received[receiver_id].append(lines.get(pk, {}))
        for receiver_id, count in expected.items():
            held = received[receiver_id]
            waiting[receiver_id][other.code] = (count - len(held), count)
            for one in found:
                cells = [_cell(definition_of(other), one, figures) for figures in held]
                known = [cell for cell in cells if cell is not None]
                total = sum(known, Decimal(0)) if len(known) == count else None
                values[receiver_id].update(dict.fromkeys(_names(form, one), total))


def _ask_registers(asked: Sequence[Outside], period: Period, values: Mapping[int, dict[str, Decimal | None]]) -> None:
    """Figures that another room keeps of a unit: a source is called with `unit`, `start` and `end` (exclusive)."""
    sources = dict(figure_sources)
    if not any(one.name in sources for one in asked):
        return
    for unit in cards(values, last_day(period)).values():
        for one in asked:
            if one.name in sources:
                figure = sources[one.name](unit=unit.key, start=period.start, end=period.end)
                values[unit.id][f"register({one.name})"] = figure.value


def _by_form(asked: Sequence[Outside]) -> dict[str, list[Outside]]:
    found: defaultdict[str, list[Outside]] = defaultdict(list)
    for one in asked:
        found[one.form].append(one)
    return found


def _names(form: FormVersion, outside: Outside) -> list[str]:
    """How the rules of a form may write the same cell: with the folder of the other form, or without."""
    folder, _, code = outside.form.partition(":")
    full = f"{outside.scope}({outside.form}.{outside.name})"
    mine = form.key.partition(":")[0] == folder
    return [full, f"{outside.scope}({code}.{outside.name})"] if mine else [full]


def _cell(form: FormDefinition, outside: Outside, figures: Figures) -> Decimal | None:
    """One cell of a report; None when the form has no such cell, or nothing is known there."""
    try:
        at = resolve(form.tables, outside.name)
    except ValueError:
        return None
    line = figures.get((at.table, at.row or "", ""))
    return None if line is None else line.figures[form.table(at.table).positions[at.column]].amount
