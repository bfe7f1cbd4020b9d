"""One figure that two bodies hold, as the form of one of them says (`reconciles`): what each of them reported."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from giaoban.core import disagreeing
from giaoban.core.figures import Mark
from giaoban.core.forms import FormDefinition, Reconciliation, Reference, resolve
from giaoban.core.issues import Cell
from giaoban.core.units_of_measure import NotConvertible, convert
from giaoban.core.vietnamese import day, number
from giaoban.kit.registries import Disagreement
from giaoban.kit.templatetags.gb import cell_anchor
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting.disagreeing.common import Reported, Sent, current, key, reported
from giaoban.reporting.models import Obligation, Period, SubmissionLine
from giaoban.reporting.selectors import definition_of
from giaoban.reporting.selectors.forms import last_day

EVERYBODY: Final = 0


def both_sides() -> Iterator[Disagreement]:
    """Figures that the other side states otherwise, once all whose figures are added up there were accepted.

    A pair of periods is compared when both have the same first and last day; where the form lets the days differ, with
    the period there that ends nearest. Nothing is queried of forms that reconcile nothing.
    """
    everything = reported()
    by_form: defaultdict[str, list[Reported]] = defaultdict(list)
    for one in everything:
        by_form[one.form.key].append(one)
    for one in everything:
        for pair in definition_of(one.form).reconciles:
            there = _opposite(one.period, pair, by_form.get(pair.form, ()))
            if there is not None:
                yield from _compared(one, there, pair)


def _opposite(period: Period, pair: Reconciliation, listed: Sequence[Reported]) -> Reported | None:
    """What was reported there for the same time; of several equally near the earlier."""
    same = [one for one in listed if (one.period.start, one.period.end) == (period.start, period.end)]
    if same or not pair.days_apart:
        return same[0] if same else None
    apart = {one.period.pk: abs((one.period.end - period.end).days) for one in listed}
    near = [one for one in listed if apart[one.period.pk] <= pair.days_apart]
    return min(near, key=lambda one: (apart[one.period.pk], one.period.end, one.period.pk), default=None)


@dataclass(frozen=True, slots=True)
class Stated:
    """What reports say of a cell, by submission; a report that says nothing of it is absent."""

    reports: Sequence[Sent]
    amounts: Mapping[int, Decimal]
    owing: frozenset[int]
    called: Mapping[int, UnitCard]


def _stated(one: Reported, form: FormDefinition, at: Reference) -> Stated:
    """Four queries, whatever the number of reports."""
    reports = current(one)
    owing = frozenset(Obligation.objects.filter(form=one.form, period=one.period).values_list("unit_id", flat=True))
    rows = SubmissionLine.objects.filter(submission_id__in=[report.pk for report in reports], subunit="")
    table = form.table(at.table)
    position, scale = table.positions[at.column], table.columns_by_id[at.column].scale
    amounts = {}
    for pk, values, estimates, marks in rows.filter(table=at.table, row=at.row).values_list(
        "submission_id", "values", "estimates", "marks"
    ):
        if marks[position] <= Mark.NIL:
            amounts[pk] = Decimal((values[position] or 0) + (estimates[position] or 0)).scaleb(-scale)
    return Stated(reports, amounts, owing, cards(owing, last_day(one.period)))


def _sides(stated: Stated, by: str) -> dict[int, list[Sent]]:
    """Reports by what they are compared on; left out where a report is missing or says nothing of the cell."""

    def place(unit_id: int) -> int | None:
        if by == "same-unit":
            return unit_id
        return stated.called[unit_id].area_id if by == "same-area" else EVERYBODY

    told = {report.unit_id: report for report in stated.reports if report.pk in stated.amounts}
    found: dict[int, list[Sent]] = {}
    silent: set[int | None] = {None}
    for unit_id in sorted(stated.owing):
        at = place(unit_id)
        if unit_id not in told:
            silent.add(at)
        elif at is not None:
            found.setdefault(at, []).append(told[unit_id])
    return {at: reports for at, reports in found.items() if at not in silent}


def _compared(one: Reported, other: Reported, pair: Reconciliation) -> Iterator[Disagreement]:
    here_form, there_form = definition_of(one.form), definition_of(other.form)
    at = resolve(there_form.tables, pair.cell_there)
    here, there = _stated(one, here_form, pair.cell), _stated(other, there_form, at)
    column = here_form.table(pair.cell.table).columns_by_id[pair.cell.column]
    unit_there = there_form.table(at.table).columns_by_id[at.column].unit
    opposite = _sides(there, pair.by)
    # What is compared with all reports there is one total: each report here states it by itself.
    mine = _sides(here, "same-unit" if pair.by == "all" else pair.by)
    for place, reports in mine.items():
        others = opposite.get(EVERYBODY if pair.by == "all" else place)
        if not others:
            continue
        stated = sum((here.amounts[report.pk] for report in reports), Decimal(0))
        try:
            computed = convert(sum((there.amounts[one.pk] for one in others), Decimal(0)), unit_there, column.unit)
        except NotConvertible:
            return
        if stated != computed:
            yield _disagreement(one, other, pair, (stated, computed, column.unit), (here, reports), (there, others))


def _disagreement(
    one: Reported,
    other: Reported,
    pair: Reconciliation,
    numbers: tuple[Decimal, Decimal, str],
    mine: tuple[Stated, Sequence[Sent]],
    theirs: tuple[Stated, Sequence[Sent]],
) -> Disagreement:
    """Named at the first unit here; both sides are called by their names."""
    form, report = definition_of(one.form), mine[1][0]
    cell = Cell(pair.cell.table, pair.cell.row or "", "", pair.cell.column)
    apart = one.period.end != other.period.end
    place = f"{cell.table}/{cell.row}/{cell.column}"
    days = f"số này đến ngày {_last(one)}, số của bên kia đến ngày {_last(other)}" if apart else ""
    simulated = any(sent.simulated for sent in (*mine[1], *theirs[1]))
    said = (_receipts(mine[1]), f"Bên kia: {other.words}, {other.period.label}.", _receipts(theirs[1]), pair.note)
    stated, computed, measure = numbers
    return Disagreement(
        key=key("both-sides", one, report.unit, f"{place}|{other.form.key}|{pair.cell_there}"),
        kind="moments" if apart else "both-sides",
        what=f"{disagreeing.place(form, cell)} – {one.words}",
        unit_id=report.unit_id,
        period_id=one.period.pk,
        stated=stated,
        computed=computed,
        measure=measure,
        stated_name=_side(*mine),
        computed_name=_side(*theirs),
        source=" ".join(filter(None, said)),
        link=f"{report.link}#{cell_anchor(cell)}",
        recognised_as=days,
        simulated=simulated,
    )


def _last(one: Reported) -> str:
    return day(last_day(one.period))


def _side(stated: Stated, reports: Sequence[Sent]) -> str:
    """By name where it is one body or two, else by how many they are."""
    names = [stated.called[report.unit_id].short_name for report in reports]
    return " và ".join(names) if len(names) <= 2 else f"Cộng {number(len(names))} đơn vị"


def _receipts(reports: Sequence[Sent]) -> str:
    return reports[0].source if len(reports) == 1 else f"{number(len(reports))} báo cáo đã tiếp nhận."
