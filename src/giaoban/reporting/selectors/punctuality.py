"""How punctual and how complete the reports beneath a unit are, as known on any day."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from giaoban.core.figures import Figures, Line, absent_lines, completeness, decode
from giaoban.core.issues import Cell
from giaoban.core.timeliness import RECEIVED, Arrival, Band, share
from giaoban.core.vietnamese import day
from giaoban.kit.arrays import among
from giaoban.orgs.selectors import UnitCard, cards, subunits_of, successors
from giaoban.reporting.models import FormVersion, Obligation, Period, SubmissionLine
from giaoban.reporting.selectors.checking import Subunits, listed_by_kind, subunit_kinds
from giaoban.reporting.selectors.facts import Scope, facts_query, line_of, parameters
from giaoban.reporting.selectors.forms import definition_of, last_day

NAMED: Final = 30
"""So many incomplete reports are opened to name their blank cells; the others are counted."""


@dataclass(slots=True)
class Tally:
    """Reports counted. places: (where they stand, band) → how many; only those that are owed.

    extra: reports that came from units no longer on the list; they are in no other number. filled, required: cells of
    the reports that came.
    """

    places: Counter[tuple[Arrival, Band]] = field(default_factory=Counter)
    waiting: int = 0
    nil: int = 0
    filled: int = 0
    required: int = 0
    extra: int = 0

    def add(self, other: "Tally") -> None:
        self.places.update(other.places)
        self.waiting += other.waiting
        self.nil += other.nil
        self.filled += other.filled
        self.required += other.required
        self.extra += other.extra

    def count(self, *arrivals: Arrival) -> int:
        return sum(count for (arrival, _), count in self.places.items() if arrival in arrivals)

    @property
    def expected(self) -> int:
        return sum(self.places.values())

    @property
    def received(self) -> int:
        return self.count(*RECEIVED)

    @property
    def on_time(self) -> int:
        return self.count(Arrival.ON_TIME)

    @property
    def late(self) -> int:
        return self.count(Arrival.LATE)

    @property
    def missing(self) -> int:
        """Overdue, nothing came."""
        return self.count(Arrival.MISSING)

    @property
    def returned(self) -> int:
        return self.count(Arrival.RETURNED)

    @property
    def open(self) -> int:
        """Waited for, and the day has not come or there is none."""
        return self.count(Arrival.NOT_DUE, Arrival.DUE_SOON, Arrival.NO_DEADLINE)

    @property
    def due_soon(self) -> int:
        return self.count(Arrival.DUE_SOON)

    @property
    def undated(self) -> int:
        return self.count(Arrival.UNDATED)

    def late_in(self, band: Band) -> int:
        """Reports that came, by how late."""
        return self.places[Arrival.LATE, band]

    @property
    def late_bands(self) -> tuple[int, ...]:
        """Came late, in the order of the bands after `Band.NONE`."""
        return tuple(self.late_in(band) for band in Band if band is not Band.NONE)

    @property
    def rate(self) -> Decimal | None:
        """Per cent of the reports owed that came. None: none is owed."""
        return share(self.received, self.expected)

    @property
    def rate_with_extra(self) -> Decimal | None:
        """What the rate would be if all that came were counted, also what nobody owes: it may pass 100."""
        return share(self.received + self.extra, self.expected)

    @property
    def on_time_rate(self) -> Decimal | None:
        """Per cent of the reports owed that came in time. None: none is owed."""
        return share(self.on_time, self.expected)

    @property
    def completeness(self) -> Decimal | None:
        """Per cent of the cells asked for that are filled, over the reports that came. None: nothing came."""
        return share(self.filled, self.required)


@dataclass(frozen=True, slots=True)
class Outside:
    """A report of a unit that is not on the list of its period. came: it was sent all the same; why: a sentence."""

    unit: UnitCard
    period: str
    came: bool
    why: str


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A report with blank cells. form, names (sub-unit → its name): to name the cells by."""

    unit: UnitCard
    form: FormVersion
    period: str
    submission_id: int
    filled: int
    required: int
    blanks: tuple[Cell, ...]
    names: Mapping[str, str]

    @property
    def share(self) -> Decimal | None:
        return share(self.filled, self.required)


@dataclass(frozen=True, slots=True)
class LevelRow:
    """A unit directly beneath with all that reports through it; is_own: the reports of the level's unit itself."""

    unit: UnitCard
    tally: Tally
    is_own: bool
    has_more: bool


@dataclass(frozen=True, slots=True)
class Level:
    """Reports at and beneath a unit, as known on a day; rows in alphabetical order, its own reports last."""

    unit: UnitCard
    on: date
    rows: tuple[LevelRow, ...]
    total: Tally
    outside: tuple[Outside, ...]
    incomplete: tuple[Incomplete, ...]
    incomplete_count: int
    simulated: bool = False


_COUNTED: Final = """
    SELECT period_id, child_id, listed, arrival, band, count(*),
           count(*) FILTER (WHERE latest = 0),
           count(*) FILTER (WHERE is_nil AND delivered_at IS NOT NULL),
           coalesce(sum(filled) FILTER (WHERE delivered_at IS NOT NULL), 0),
           coalesce(sum(required) FILTER (WHERE delivered_at IS NOT NULL), 0),
           count(*) FILTER (WHERE unit_id <> child_id),
           bool_or(simulated), array_agg(unit_id) FILTER (WHERE NOT listed),
           array_agg(ARRAY[unit_id, form_id, submission_id, filled, required])
               FILTER (WHERE filled < required AND delivered_at IS NOT NULL)
    FROM fact GROUP BY period_id, child_id, listed, arrival, band
"""


def level(unit_id: int, forms: Sequence[FormVersion], periods: Sequence[Period], on: date) -> Level:
    """Reports of forms for periods at and beneath a unit, as known at the end of a day. A fixed number of queries.

    Whom a unit stands beneath is read in the tree of each period's last day; what units that had ended by then sent all
    the same stands in `outside`.
    """
    scope = Scope(unit_id, tuple(one.pk for one in forms), tuple(one.pk for one in periods))
    query = facts_query(scope, cells=True) + _COUNTED
    with connection.cursor() as cursor:
        cursor.execute(query, parameters(scope, on, line_of(scope) or 0))
        found = cursor.fetchall()
    tallies: dict[int, Tally] = {}
    deeper: Counter[int] = Counter()
    is_simulated = False
    gone: list[tuple[int, int, bool]] = []
    incomplete: list[tuple[int, list[int]]] = []
    for period_id, child_id, listed, arrival, band, count, *more in found:
        waiting, nil, filled, required, beneath, simulated, outside, blank = more
        is_simulated = is_simulated or simulated
        tally = tallies.setdefault(child_id, Tally())
        deeper[child_id] += beneath
        incomplete += [(period_id, one) for one in blank or ()]
        if listed:
            tally.add(Tally(Counter({(Arrival(arrival), Band(band)): count}), waiting, nil, int(filled), int(required)))
        else:
            came = Arrival(arrival) in RECEIVED
            tally.extra += count if came else 0
            gone += [(period_id, one, came) for one in outside]
    made = _level(unit_id, on, forms, periods, tallies, deeper, gone, incomplete)
    return replace(made, simulated=is_simulated)


def _level(
    unit_id: int,
    on: date,
    forms: Sequence[FormVersion],
    periods: Sequence[Period],
    tallies: Mapping[int, Tally],
    deeper: Mapping[int, int],
    gone: Sequence[tuple[int, int, bool]],
    incomplete: Sequence[tuple[int, list[int]]],
) -> Level:
    tree_day = max((last_day(one) for one in periods), default=on)
    incomplete = sorted(incomplete, key=lambda one: (one[1][3] - one[1][4], one[1][2]))
    wanted = {unit_id, *tallies, *(one for _, one, _ in gone), *(one[0] for _, one in incomplete[:NAMED])}
    called = cards(wanted, tree_day)
    rows = [LevelRow(called[key], tally, key == unit_id, deeper[key] > 0) for key, tally in tallies.items()]
    total = Tally()
    for row in rows:
        total.add(row.tally)
    return Level(
        unit=called[unit_id],
        on=on,
        rows=tuple(sorted(rows, key=lambda row: (row.is_own, row.unit.sort_key, row.unit.key))),
        total=total,
        outside=outside_of(gone, periods, called),
        incomplete=_with_blanks(incomplete[:NAMED], forms, periods, called),
        incomplete_count=len(incomplete),
    )


def outside_of(
    gone: Iterable[tuple[int, int, bool]], periods: Iterable[Period], called: Mapping[int, UnitCard]
) -> tuple[Outside, ...]:
    """Why units are not on the list, of (period, unit, whether it sent), in alphabetical order. At most two queries."""
    by_id = {one.pk: one for one in periods}
    listed = list(gone)
    steps = successors({unit_id for _, unit_id, _ in listed}) if listed else {}
    found = []
    for period_id, unit_id, came in listed:
        unit, period = called[unit_id], by_id[period_id]
        became = ", ".join(dict.fromkeys(step.other.name for step in steps.get(unit_id, ())))
        ended = f"kết thúc ngày {day(unit.ended_on)}" if unit.ended_on else "không còn"
        why = f"{ended}{f', {became} kế tục' if became else ''}, trước ngày cuối kỳ {day(last_day(period))}"
        found.append(Outside(unit, period.label, came, why))
    return tuple(sorted(found, key=lambda one: (not one.came, one.unit.sort_key, one.period)))


def _with_blanks(
    incomplete: Sequence[tuple[int, list[int]]],
    forms: Sequence[FormVersion],
    periods: Sequence[Period],
    called: Mapping[int, UnitCard],
) -> tuple[Incomplete, ...]:
    by_form = {one.pk: one for one in forms}
    by_period = {one.pk: one for one in periods}
    blanks = blanks_of({one[2]: (by_form[one[1]], one[0], last_day(by_period[key])) for key, one in incomplete})
    return tuple(
        Incomplete(
            called[unit_id],
            by_form[form_id],
            by_period[period_id].label,
            submission_id,
            filled,
            required,
            blanks.cells[submission_id],
            blanks.names,
        )
        for period_id, (unit_id, form_id, submission_id, filled, required) in incomplete
    )


@dataclass(frozen=True, slots=True)
class Blanks:
    """Version → the required cells that it leaves blank, in the order of the form. names: of the sub-units listed, by
    key."""

    cells: Mapping[int, tuple[Cell, ...]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def blanks_of(submissions: Mapping[int, tuple[FormVersion, int, date]]) -> Blanks:
    """What is blank in some versions, each of a form, of a unit, read in the tree of a day.

    One query, and two more for each day of forms whose lines are units.
    """
    forms = {pk: form for pk, (form, _, _) in submissions.items()}
    listed = _listed(submissions)
    figures: dict[int, dict[tuple[str, str, str], Line]] = {pk: {} for pk in submissions}
    rows = SubmissionLine.objects.filter(submission_id__in=among(submissions))
    columns = ("submission_id", "table", "row", "subunit", "values", "estimates", "marks", "texts")
    for pk, table_id, row, subunit, values, estimates, marks, texts in rows.values_list(*columns):
        table = definition_of(forms[pk]).tables_by_id.get(table_id)
        if table is not None:
            line = Line(table_id, row, subunit, decode(values, estimates, marks, table), texts)
            figures[pk][line.key] = line
    return Blanks(
        {
            pk: tuple(_blanks(form, figures[pk], listed_by_kind(unit_id, listed.get(on, {}))))
            for pk, (form, unit_id, on) in submissions.items()
        },
        {one.key: one.label for of_day in listed.values() for units in of_day.values() for one in units},
    )


def _listed(submissions: Mapping[int, tuple[FormVersion, int, date]]) -> dict[date, Subunits]:
    """Day → what the tree lists of the kinds that the dynamic rows of the forms ask for."""
    wanted: dict[date, tuple[set[int], set[str]]] = {}
    for form, unit_id, on in submissions.values():
        kinds = subunit_kinds(definition_of(form))
        if kinds:
            units, asked = wanted.setdefault(on, (set(), set()))
            units.add(unit_id)
            asked.update(kinds)
    return {on: subunits_of(units, kinds, on) for on, (units, kinds) in wanted.items()}


def _blanks(form: FormVersion, figures: Figures, listed: Mapping[str, Sequence[str]]) -> list[Cell]:
    definition = definition_of(form)
    return completeness(definition, figures, absent_lines(definition, figures, listed))[2]


def period_word(period: Period) -> str:
    """A period by what names it for ever: rule, code, instalment."""
    return f"{period.rule.key}/{period.code}/{period.instalment}"


def owed_beneath(unit_id: int) -> list[tuple[FormVersion, Period]]:
    """The forms and periods for which the unit, or one that ever stood beneath it, owes a report; newest period first.

    Three queries.
    """
    query = """
        SELECT pair.form_id, pair.period_id
        FROM (SELECT DISTINCT form_id, period_id FROM reporting_obligation) pair
        WHERE EXISTS (
            SELECT FROM orgs_unitclosure below
            JOIN reporting_obligation owed ON owed.unit_id = below.descendant_id
            WHERE below.ancestor_id = %s AND owed.form_id = pair.form_id AND owed.period_id = pair.period_id
        )
    """
    with connection.cursor() as cursor:
        cursor.execute(query, [unit_id])
        pairs = cursor.fetchall()
    forms = FormVersion.objects.in_bulk({form for form, _ in pairs})
    periods = Period.objects.select_related("rule").in_bulk({period for _, period in pairs})
    found = [(forms[form], periods[period]) for form, period in pairs]
    return sorted(found, key=lambda one: (-one[1].end.toordinal(), one[1].label, one[0].code, one[0].key))


@dataclass(frozen=True, slots=True)
class RatePoint:
    """The reports of the periods that ended in one month."""

    month: date
    tally: Tally


def rate_history(
    unit_id: int, on: date, *, months: int = 12, form_ids: Collection[int] | None = None
) -> list[RatePoint]:
    """The reports at and beneath a unit, by the month in which their period ended, as known at the end of a day.

    The last `months` months, that of the day included, oldest first; a month without reports counts none. form_ids:
    of these forms only. Three queries; cells are not counted.
    """
    first = _month_before(on, months - 1)
    periods = list(Period.objects.filter(end__gt=first, end__lte=on).values_list("pk", "end"))
    owed = Obligation.objects.filter(period_id__in=among(pk for pk, _ in periods))
    forms = form_ids if form_ids is not None else owed.order_by().values_list("form_id", flat=True).distinct()
    scope = Scope(unit_id, tuple(forms), tuple(pk for pk, _ in periods))
    by_period = _rates(scope, on)
    points = {month: Tally() for month in (_month_before(on, back) for back in reversed(range(months)))}
    for pk, end in periods:
        month = (end - date.resolution).replace(day=1)
        if pk in by_period and month in points:
            points[month].add(by_period[pk])
    return [RatePoint(month, tally) for month, tally in points.items()]


_RATES: Final = """
    SELECT period_id, listed, arrival, band, count(*) FROM fact GROUP BY period_id, listed, arrival, band
"""


def _rates(scope: Scope, on: date) -> dict[int, Tally]:
    query = facts_query(scope, cells=False) + _RATES
    rows: list[tuple[Any, ...]] = []
    if scope.form_ids and scope.period_ids:
        with connection.cursor() as cursor:
            cursor.execute(query, parameters(scope, on, line_of(scope) or 0))
            rows = cursor.fetchall()
    found: dict[int, Tally] = {}
    for period_id, listed, arrival, band, count in rows:
        tally = found.setdefault(period_id, Tally())
        if listed:
            tally.places[Arrival(arrival), Band(band)] += count
        elif Arrival(arrival) in RECEIVED:
            tally.extra += count
    return found


def _month_before(on: date, months: int) -> date:
    """The first day of the month that many months before the day's."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return date(year, month + 1, 1)
