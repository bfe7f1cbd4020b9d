"""The reception board: all its reports in short for counting, filtering and sorting; a page of them in full."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any, Final, NamedTuple

from django.db import connection

from giaoban.core.timeliness import RECEIVED, Arrival, Band, Timeliness, Timing, timing
from giaoban.core.vietnamese import fold
from giaoban.kit.arrays import among
from giaoban.orgs.selectors import UnitCard, cards, name_keys, people_at_many
from giaoban.reporting.models import FormVersion, Obligation, Period
from giaoban.reporting.rules import ReportState
from giaoban.reporting.selectors.facts import Scope, facts_query, line_of, parameters
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.history import moves_of
from giaoban.reporting.selectors.punctuality import Blanks, Outside, Tally, blanks_of, outside_of
from giaoban.reporting.selectors.reception import ReceptionRow, rows_of

_ARRIVALS: Final = {one.value: one for one in Arrival}
_STATES: Final = (ReportState.SENT, ReportState.RETURNED, ReportState.ACCEPTED)


def state_of(latest: int | None, *, has_draft: bool) -> ReportState:
    """Of a `Spot`."""
    if latest is None:
        return ReportState.DRAFT if has_draft else ReportState.MISSING
    return _STATES[latest]


class Spot(NamedTuple):
    """A report on a board, in short. group_id: the unit beneath the board's through which its unit hangs.

    delivered_at: seconds of the clock. latest: 0 waiting, 1 returned, 2 accepted, None nothing sent. is_nil: what came
    declares nil everywhere.
    """

    obligation_id: int
    unit_id: int
    group_id: int | None
    listed: bool
    due_on: date | None
    delivered_at: float | None
    latest: int | None
    arrival: Arrival
    band: int
    days: int
    is_nil: bool
    filled: int
    required: int
    has_draft: bool
    simulated: bool
    sort_key: str
    search_key: str

    @property
    def state(self) -> ReportState:
        return state_of(self.latest, has_draft=self.has_draft)

    @property
    def is_received(self) -> bool:
        return self.delivered_at is not None

    def timing(self, on: date) -> Timing:
        match self.arrival:
            case Arrival.LATE:
                return Timing(Timeliness.LATE, self.days)
            case Arrival.ON_TIME:
                return Timing(Timeliness.ON_TIME, 0)
            case Arrival.UNDATED:
                return Timing(Timeliness.NO_DEADLINE, 0)
        return timing(self.due_on, None, on=on)


@dataclass(frozen=True)
class Board:
    """The reports of a form and period that a unit receives; receives False: those beneath it that others receive.

    groups: the units directly beneath through which the reports come, when several reports come through one of them.
    """

    unit: UnitCard
    form: FormVersion
    period: Period
    on: date
    receives: bool
    spots: tuple[Spot, ...]
    groups: Mapping[int, UnitCard] = field(default_factory=dict)

    @cached_property
    def tally(self) -> Tally:
        return tally_of(self.spots)

    @cached_property
    def by_group(self) -> dict[int, list[Spot]]:
        found: dict[int, list[Spot]] = {}
        for one in self.spots:
            if one.group_id is not None and one.group_id in self.groups:
                found.setdefault(one.group_id, []).append(one)
        return found

    def outside(self) -> tuple[Outside, ...]:
        """The reports of units that had ended before the period did, and why. At most three queries."""
        gone = [one for one in self.spots if not one.listed]
        called = cards([one.unit_id for one in gone], last_day(self.period)) if gone else {}
        return outside_of([(self.period.pk, one.unit_id, one.is_received) for one in gone], [self.period], called)


def tally_of(spots: Iterable[Spot]) -> Tally:
    found = Tally()
    places: Counter[tuple[Arrival, int]] = Counter()
    for one in spots:
        came = one.arrival in RECEIVED
        if not one.listed:
            found.extra += came
            continue
        places[one.arrival, one.band] += 1
        found.waiting += one.latest == 0
        if came:
            found.nil += one.is_nil
            found.filled += one.filled
            found.required += one.required
    found.places = Counter({(arrival, Band(band)): count for (arrival, band), count in places.items()})
    return found


_SPOTS: Final = """
    SELECT fact.id, fact.unit_id, fact.child_id, fact.listed, fact.due_on,
           extract(epoch FROM fact.delivered_at)::float8, fact.latest, fact.arrival, fact.band, fact.days,
           coalesce(fact.is_nil, false), coalesce(fact.filled, 0), coalesce(fact.required, 0),
           EXISTS (SELECT FROM reporting_draft draft WHERE draft.obligation_id = fact.id),
           fact.simulated
    FROM fact
"""


def board(unit: UnitCard, form: FormVersion, period: Period, on: date) -> Board:
    """The board of a unit. A fixed number of queries, whatever the number of reports."""
    receives = Obligation.objects.filter(receiver_id=unit.id, form=form, period=period).exists()
    scope = Scope(unit.id, (form.pk,), (period.pk,), received=receives)
    with connection.cursor() as cursor:
        cursor.execute(facts_query(scope, cells=True) + _SPOTS, parameters(scope, on, line_of(scope) or 0))
        found = cursor.fetchall()
    keys = name_keys((row[1] for row in found), last_day(period))
    spots = [Spot._make((*row[:7], _ARRIVALS[row[7]], *row[8:], *keys.get(row[1], ("", "")))) for row in found]
    grouped = {one.group_id for one in spots if one.group_id is not None and one.group_id != unit.id}
    deeper = any(one.group_id != one.unit_id for one in spots if one.group_id is not None)
    nameless = [one.unit_id for one in spots if not one.sort_key]
    called = cards({*(grouped if deeper else ()), *nameless}, last_day(period))
    if nameless:
        spots = [_named(one, called) for one in spots]
    groups = {pk: called[pk] for pk in grouped} if deeper else {}
    return Board(unit, form, period, on, receives, tuple(spots), groups)


def _named(spot: Spot, called: Mapping[int, UnitCard]) -> Spot:
    """A unit that did not exist on the last day is called by its nearest name."""
    if spot.sort_key or spot.unit_id not in called:
        return spot
    unit = called[spot.unit_id]
    return spot._replace(sort_key=unit.sort_key, search_key=fold(unit.name))


def in_full(board: Board, spots: Sequence[Spot]) -> list[ReceptionRow]:
    """Some reports of a board in full, in their order. A fixed number of queries."""
    chosen = Obligation.objects.filter(pk__in=among(one.obligation_id for one in spots))
    rows = {row.obligation_id: row for row in rows_of(chosen, board.period, board.on)}
    moves = moves_of(chosen)
    return [
        replace(rows[one.obligation_id], moves=moves.get(one.obligation_id, ()))
        for one in spots
        if one.obligation_id in rows
    ]


def blanks_on(board: Board, rows: Iterable[ReceptionRow]) -> Blanks:
    """The required cells left blank, of the rows that are not complete."""
    on = last_day(board.period)
    lacking = [row for row in rows if row.submission_id is not None and row.filled < row.required]
    if not lacking:
        return Blanks()
    return blanks_of({row.submission_id or 0: (board.form, row.unit.id, on) for row in lacking})


def obligations_on(board: Board, ids: Collection[int]) -> list[Obligation]:
    """Those of some obligations that stand on the board."""
    known = {one.obligation_id for one in board.spots}
    return list(Obligation.objects.filter(pk__in=among(known.intersection(ids))).order_by("pk"))


def units_of_people(board: Board, words: str) -> frozenset[int]:
    """The units of a board at which somebody's name holds the words. One query."""
    people = people_at_many([one.unit_id for one in board.spots], board.on)
    wanted = fold(words)
    return frozenset(pk for pk, found in people.items() if any(wanted in fold(person.name) for person in found))


_CHANGES: Final = """
    WITH owed AS MATERIALIZED (
        SELECT id, due_on FROM reporting_obligation
        WHERE form_id = %(form)s AND period_id = %(period)s AND (receiver_id = %(unit)s OR NOT EXISTS (
            SELECT FROM reporting_obligation
            WHERE form_id = %(form)s AND period_id = %(period)s AND receiver_id = %(unit)s
        ))
    ), sent AS (
        SELECT count(*) AS n, max(id) AS last, max(decided_at) AS decided,
               count(*) FILTER (WHERE state = 'accepted') AS accepted,
               count(*) FILTER (WHERE state = 'returned') AS returned
        FROM reporting_submission WHERE obligation_id IN (SELECT id FROM owed)
    )
    SELECT md5(concat_ws('|', sent.n, sent.last, sent.decided, sent.accepted, sent.returned,
        (SELECT count(*) FROM owed),
        (SELECT max(id) FROM reporting_deadlinechange WHERE obligation_id IN (SELECT id FROM owed)),
        (SELECT max(id) FROM reporting_reminder WHERE obligation_id IN (SELECT id FROM owed)),
        (SELECT max(id) || '-' || count(*) FROM reporting_draft WHERE obligation_id IN (SELECT id FROM owed)),
        (SELECT count(*) || '-' || count(undone_id) FROM reporting_closing
         WHERE form_id = %(form)s AND period_id = %(period)s),
        %(on)s::text))
    FROM sent
"""


def change_mark(unit_id: int, form: FormVersion, period: Period, on: date) -> str:
    """A short text that differs whenever the board may: something was sent, decided, moved, reminded of, begun, closed,
    or the day is another. One query. Ask for it before the board, so that nothing falls between."""
    given: dict[str, Any] = {"form": form.pk, "period": period.pk, "unit": unit_id, "on": on}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, given)
        return str(cursor.fetchone()[0])
