"""Accepted figures of one form over several periods, as `core.outliers` takes them. Two queries, whatever the number of
units and periods."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import connection
from django.db.models import Count, Q, QuerySet

from giaoban.core.disagreeing import is_falling_counter
from giaoban.core.figures import Mark
from giaoban.core.forms import Column, FormDefinition
from giaoban.core.outliers import FiguresOverTime, Truth, Whole
from giaoban.core.units_of_measure import MONEY, folded
from giaoban.orgs.selectors import id_array
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission
from giaoban.reporting.selectors.forms import core_period, definition_of, rule_of

EXACT: Final = 2**53
COUNTED_EVER: Final = "running"
"""The nature of what is counted on from one year to the next."""
COUNTED_ON: Final = ("cumulative", COUNTED_EVER)
STOCKS: Final = ("opening", "closing", "running")

SENT: Final = """
    SELECT owed.unit_id, owed.period_id, sent.id, owed.receiver_id, owed.simulated OR sent.simulated
    FROM reporting_obligation owed
    JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
         AND owed.id IS DISTINCT FROM %(weighed)s::bigint
    WHERE owed.form_id = %(form)s AND owed.period_id = ANY(%(periods)s::bigint[])
      AND (%(units)s::bigint[] IS NULL OR owed.unit_id = ANY(%(units)s::bigint[]))
    UNION ALL
    SELECT owed.unit_id, owed.period_id, sent.id, owed.receiver_id, owed.simulated OR sent.simulated
    FROM reporting_submission sent JOIN reporting_obligation owed ON owed.id = sent.obligation_id
    WHERE sent.id = %(instead)s::bigint
    ORDER BY 1, 2
"""
LINES: Final = """
    SELECT line.submission_id, line."table", line."row", line."values", line.estimates, line.marks
    FROM reporting_submissionline line
    WHERE line.submission_id = ANY(%(sent)s::bigint[]) AND line.subunit = ''
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a fixed row that has numbers."""

    table: str
    row: str
    column: Column


@dataclass(frozen=True, slots=True)
class OverTime:
    """figures: units × periods × cells, in the order of the three lists. sent: (unit, period) → its submission;
    receivers: unit → to whom it reported last, None: nobody; simulated: (unit, period) with made-up figures."""

    form: FormDefinition
    figures: FiguresOverTime
    units: tuple[int, ...]
    periods: tuple[Period, ...]
    cells: tuple[Cell, ...]
    sent: Mapping[tuple[int, int], int]
    receivers: Mapping[int, int | None]
    simulated: frozenset[tuple[int, int]]


def figures_over_time(
    form: FormVersion,
    periods: Collection[Period],
    unit_ids: Collection[int] | None = None,
    *,
    groups: Mapping[int, int] | None = None,
    instead: Submission | None = None,
) -> OverTime:
    """What the units (None: all) reported in the periods, put in the order of time, with actual and estimated part
    together. groups: unit → number of those it is compared with; without it all are of one. instead: a version that
    was sent for one of the periods, taken for the accepted one of its report. Lines of sub-units are left out: their
    rows have a total."""
    definition = definition_of(form)
    ordered = tuple(sorted(periods, key=lambda one: (one.end, one.start, one.pk)))
    given: dict[str, Any] = {
        "form": form.pk,
        "periods": id_array(one.pk for one in ordered),
        "units": None if unit_ids is None else id_array(unit_ids),
        "weighed": instead.obligation_id if instead is not None else None,
        "instead": instead.pk if instead is not None else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(SENT, given)
        sent = cursor.fetchall()
        cursor.execute(LINES, {"sent": id_array(row[2] for row in sent)})
        lines = cursor.fetchall()
    units = tuple(dict.fromkeys(row[0] for row in sent))
    cells = cells_of(definition)
    at_period = {one.pk: position for position, one in enumerate(ordered)}
    at_unit = {unit_id: position for position, unit_id in enumerate(units)}
    place = {row[2]: (at_unit[row[0]], at_period[row[1]]) for row in sent}
    amount, known = _filled(definition, cells, lines, place, (len(units), len(ordered), len(cells)))
    cycles, begins = _cycles(ordered)
    figures = FiguresOverTime(
        amount=amount,
        known=known,
        scales=tuple(cell.column.scale for cell in cells),
        groups=tuple((groups or {}).get(unit_id, 0) for unit_id in units),
        cycles=cycles,
        counters=_counters(ordered, cells),
        begins=begins,
        counted=tuple(_is_counted(definition, cell) for cell in cells),
        volume=_volume(definition, cells),
        running=tuple(cell.column.nature == "running" for cell in cells),
        money=tuple(folded(cell.column.unit) in MONEY for cell in cells),
        stocks=tuple(cell.column.nature in STOCKS for cell in cells),
        days=_days_added(ordered, cycles),
    )
    return OverTime(
        form=definition,
        figures=figures,
        units=units,
        periods=ordered,
        cells=cells,
        sent={place[row[2]]: row[2] for row in sent},
        receivers={row[0]: row[3] for row in sorted(sent, key=lambda row: at_period[row[1]])},
        simulated=frozenset(place[row[2]] for row in sent if row[4]),
    )


def reporting_to(form: FormVersion, period: Period, receiver_id: int | None) -> list[int]:
    """Who owes a form for a period to one receiver."""
    rows = Obligation.objects.filter(form=form, period=period, receiver_id=receiver_id)
    return list(rows.values_list("unit_id", flat=True))


def reports_at(
    form: FormVersion, period: Period, earlier: Collection[Period], units: QuerySet[Any, Any]
) -> tuple[int, int]:
    """How many accepted reports of some units (a sub-query of ids) there are of a period, and of the earlier ones."""
    periods = [period.pk, *(one.pk for one in earlier)]
    rows = Obligation.objects.filter(form=form, period__in=periods, unit_id__in=units, submissions__is_current=True)
    here = Count("pk", filter=Q(period=period))
    found = rows.aggregate(here=here, every=Count("pk"))
    return found["here"], found["every"] - found["here"]


def reported_by(units: QuerySet[Any, Any]) -> list[tuple[FormVersion, Period]]:
    """Forms and periods of which reports of some units (a sub-query of ids) were accepted, newest period first."""
    rows = Obligation.objects.filter(unit_id__in=units, submissions__is_current=True).order_by()
    pairs = set(rows.values_list("form_id", "period_id").distinct())
    forms = FormVersion.objects.select_related("field").in_bulk({form_id for form_id, _ in pairs})
    periods = Period.objects.select_related("rule").in_bulk({period_id for _, period_id in pairs})
    found = [(forms[form_id], periods[period_id]) for form_id, period_id in pairs]
    return sorted(found, key=lambda one: (-one[1].end.toordinal(), one[0].code, -one[1].start.toordinal(), one[1].pk))


def cells_of(form: FormDefinition) -> tuple[Cell, ...]:
    """The cells of fixed rows with numbers that are not computed from others of their line."""
    return tuple(
        Cell(table.id, row.id, column)
        for table in form.tables
        for row in table.fixed_rows
        for column in table.numeric
        if column.formula is None
    )


def _filled(
    form: FormDefinition,
    cells: Sequence[Cell],
    lines: Sequence[tuple[Any, ...]],
    place: Mapping[int, tuple[int, int]],
    shape: tuple[int, int, int],
) -> tuple[Whole, Truth]:
    """The stored vectors laid out; a figure too wide for a float is left to be unknown."""
    amount, known = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=bool)
    columns: defaultdict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for position, cell in enumerate(cells):
        columns[cell.table, cell.row].append((position, form.table(cell.table).positions[cell.column.id]))
    held: defaultdict[tuple[str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for line in lines:
        if (line[1], line[2]) in columns:
            held[line[1], line[2]].append(line)
    for key, rows in held.items():
        to, source = (np.array(part) for part in zip(*columns[key], strict=True))
        at = np.array([place[row[0]] for row in rows])
        marks = np.array([row[5] for row in rows], dtype=np.int16)[:, source]
        numbers = np.array([row[3] for row in rows], dtype=np.float64)[:, source]
        estimates = np.array([row[4] for row in rows], dtype=np.float64)[:, source]
        total = np.nan_to_num(numbers) + np.nan_to_num(estimates)
        fits = (marks <= Mark.NIL) & (np.abs(total) < EXACT)
        where = (at[:, 0][:, None], at[:, 1][:, None], to[None, :])
        amount[where] = np.where(fits, total, 0.0).astype(np.int64)
        known[where] = fits
    return amount, known


def reporting_years(periods: Sequence[Period]) -> tuple[int, ...]:
    """The reporting year of each period."""
    return _cycles(periods)[0]


def _cycles(periods: Sequence[Period]) -> tuple[tuple[int, ...], tuple[bool, ...]]:
    """Reporting year of each period, and whether it is the first of its rule in the year."""
    years, begins = [], []
    for period in periods:
        rule = rule_of(period.rule)
        try:
            known = core_period(period)
        except KeyError:  # the rule, as it reads now, no longer has the period
            years.append((period.end.replace(day=1)).year)
            begins.append(False)
            continue
        years.append(known.year)
        begins.append(known.number == (min(rule.only) if rule.only else 1))
    return tuple(years), tuple(begins)


def _days_added(periods: Sequence[Period], years: Sequence[int]) -> tuple[int, ...]:
    """How long a span each period adds to what is counted from the beginning of the year."""
    before = [None, *zip(periods, years, strict=True)]
    return tuple(
        (period.end - (last[0].end if last is not None and last[1] == year else period.start)).days
        for period, year, last in zip(periods, years, before, strict=False)
    )


def _counters(periods: Sequence[Period], cells: Sequence[Cell]) -> Truth:
    """Where figures run from the beginning of the year: in cumulative periods, and in columns that say so."""
    grows = np.array([is_falling_counter(cell.column) for cell in cells], dtype=bool)
    always = np.array([cell.column.nature in COUNTED_ON for cell in cells], dtype=bool)
    cumulative = np.array([period.cumulative for period in periods], dtype=bool)
    found: Truth = grows[None, :] & (cumulative[:, None] | always[None, :])
    return found


def _is_counted(form: FormDefinition, cell: Cell) -> bool:
    """Whole numbers that somebody counted: neither money, nor totals of other rows, nor wholes that others divide."""
    table = form.table(cell.table)
    is_whole = any(column.part_of == cell.column.id for column in table.columns)
    is_money = folded(cell.column.unit) in MONEY
    return cell.column.scale == 0 and not is_money and not table.rows_by_id[cell.row].sum_of and not is_whole


def _volume(form: FormDefinition, cells: Sequence[Cell]) -> int | None:
    """The cell that the form names as the weight of a unit."""
    reference = form.volume
    if reference is None:
        return None
    named = (reference.table, reference.row, reference.column)
    return next((at for at, cell in enumerate(cells) if (cell.table, cell.row, cell.column.id) == named), None)
