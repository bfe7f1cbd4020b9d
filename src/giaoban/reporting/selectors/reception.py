"""The receiver's view: who has sent, who is late, who is missing, whom to call."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from giaoban.core.timeliness import Band, Timeliness, Timing, band_of, share, timing
from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import Person, UnitCard, branches, card, cards, people_at_many
from giaoban.reporting.models import FormVersion, Obligation, Period
from giaoban.reporting.rules import REPLACED_WHILE_WAITING, ReportState
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.history import DeadlineMove
from giaoban.reporting.selectors.owed import Standing, reminded, standing
from giaoban.reporting.selectors.tree import line_beneath


@dataclass(frozen=True, slots=True)
class ReceptionRow:
    """One unit's report on the board.

    received_at: `Standing.delivered_at`; sent_at: sending of the latest version; reason: of a return. amendment: which
    one the latest version is, 0 none; moves: of the deadline, newest first, on the board only (`board.in_full`).
    """

    obligation_id: int
    unit: UnitCard
    state: ReportState
    timing: Timing
    due_on: date | None
    submission_id: int | None
    version: int | None
    receipt: str
    received_at: datetime | None
    sent_at: datetime | None
    filled: int
    required: int
    warnings: int
    reason: str
    reminders: int
    reminded_at: datetime | None
    people: tuple[Person, ...]
    simulated: bool
    amendment: int = 0
    moves: tuple[DeadlineMove, ...] = ()

    @property
    def first_due_on(self) -> date | None:
        """The deadline before anybody moved it."""
        return self.moves[-1].old_due_on if self.moves else self.due_on

    @property
    def to_restore(self) -> DeadlineMove | None:
        """The newest move that still holds and can be taken back."""
        held = next((one for one in self.moves if not one.undoes and not one.undone), None)
        return held if held is not None and held.old_due_on is not None else None

    @property
    def band(self) -> Band:
        return band_of(self.timing.days) if self.timing.state in (Timeliness.LATE, Timeliness.OVERDUE) else Band.NONE

    @property
    def completeness(self) -> Decimal | None:
        """Per cent of the cells asked for that the latest version fills. None: nothing was sent."""
        return share(self.filled, self.required)

    @property
    def is_received(self) -> bool:
        """As `Standing.is_received`: accepted figures stand, or the latest version was not returned."""
        return self.received_at is not None


@dataclass(frozen=True, slots=True)
class Reception:
    """A receiver's board for one form and period. received: rows whose report is received, whatever their state."""

    form: FormVersion
    period: Period
    receiver: UnitCard
    rows: tuple[ReceptionRow, ...]
    counts: dict[ReportState, int]
    timeliness: dict[Timeliness, int]
    expected: int
    received: int


@dataclass(frozen=True, slots=True)
class LateAndMissing:
    """Reporters beneath a unit whose report came late, and those from which none has come."""

    late: tuple[ReceptionRow, ...]
    missing: tuple[ReceptionRow, ...]
    expected: int
    received: int


@dataclass(frozen=True, slots=True)
class Campaign:
    """One form and period, counted: over what a receiver awaits, or over the reporters beneath a unit.

    sent, accepted, returned: by the latest version; missing: nothing received (`Standing.is_received`), so that a
    returned correction of accepted figures is returned and not missing; late: delivered late or overdue; due_on: the
    last deadline.
    """

    receiver: UnitCard | None
    form: FormVersion
    period: Period
    due_on: date | None
    expected: int
    sent: int
    accepted: int
    returned: int
    late: int
    missing: int
    timing: Timing
    simulated: bool


def reception(receiver_id: int, form: FormVersion, period: Period, on: date) -> Reception:
    """The board of a receiver, units in alphabetical order. A fixed number of queries."""
    rows = rows_of(Obligation.objects.filter(receiver_id=receiver_id, form=form, period=period), period, on)
    counts = Counter(row.state for row in rows)
    return Reception(
        form=form,
        period=period,
        receiver=card(receiver_id, last_day(period)),
        rows=tuple(rows),
        counts={one: counts[one] for one in ReportState},
        timeliness=dict(Counter(row.timing.state for row in rows)),
        expected=len(rows),
        received=sum(row.is_received for row in rows),
    )


def late_and_missing(form: FormVersion, period: Period, unit_id: int, on: date) -> LateAndMissing:
    """Of all reporters beneath a unit on the line of the form: who was late, who is missing, by name."""
    line = line_beneath(unit_id, form.pk, period.pk, last_day(period))
    beneath = list(branches(unit_id, line, last_day(period))) if line else []
    rows = rows_of(Obligation.objects.filter(form=form, period=period, unit_id__in=beneath), period, on)
    received = [row for row in rows if row.is_received]
    return LateAndMissing(
        late=tuple(row for row in received if row.timing.state is Timeliness.LATE),
        missing=tuple(row for row in rows if not row.is_received),
        expected=len(rows),
        received=len(received),
    )


def rows_of(obligations: QuerySet[Obligation], period: Period, on: date) -> list[ReceptionRow]:
    """Board rows of obligations of one period, in alphabetical order of the units as called on its last day."""
    listed = standing(obligations)
    units = cards([one.obligation.unit_id for one in listed], last_day(period))
    people = people_at_many(units, on)
    reminders = reminded(obligations)
    rows = [
        _row(one, units[one.obligation.unit_id], people.get(one.obligation.unit_id, ()), reminders, on)
        for one in listed
    ]
    return sorted(rows, key=lambda row: (row.unit.sort_key, row.unit.key))


def _row(
    one: Standing,
    unit: UnitCard,
    people: tuple[Person, ...],
    reminders: Mapping[int, tuple[int, datetime]],
    on: date,
) -> ReceptionRow:
    latest = one.latest
    times, last_time = reminders.get(one.obligation.pk, (0, None))
    return ReceptionRow(
        obligation_id=one.obligation.pk,
        unit=unit,
        state=one.state,
        timing=one.timing(on),
        due_on=one.obligation.due_on,
        submission_id=latest.pk if latest else None,
        version=latest.version if latest else None,
        receipt=latest.receipt if latest else "",
        received_at=one.delivered_at,
        sent_at=latest.sent_at if latest else None,
        filled=latest.filled if latest else 0,
        required=latest.required if latest else 0,
        warnings=latest.warnings if latest else 0,
        reason=one.reason,
        reminders=times,
        reminded_at=last_time,
        people=people,
        simulated=one.obligation.simulated,
        amendment=latest.amendment if latest else 0,
    )


def receptions_for(actor: Actor, on: date) -> list[Campaign]:
    """What the actor's units receive: one entry per receiver, form and period, newest period first."""
    return _campaigns("owed.receiver_id = ANY(%(units)s)", {"units": list(actor.unit_ids)}, on, by_receiver=True)


def tables_beneath(unit_id: int, on: date) -> list[Campaign]:
    """Forms and periods for which a unit, or somebody beneath it on the period's last day, reports; newest first."""
    beneath = """owed.unit_id = %(unit)s OR EXISTS (
        SELECT FROM orgs_unitclosure below
        WHERE below.ancestor_id = %(unit)s AND below.descendant_id = owed.unit_id
          AND (below.valid_from IS NULL OR below.valid_from < period."end")
          AND (below.valid_to IS NULL OR below.valid_to >= period."end"))"""
    return _campaigns(beneath, {"unit": unit_id}, on, by_receiver=False)


def _campaigns(condition: str, params: dict[str, Any], on: date, *, by_receiver: bool) -> list[Campaign]:
    """Obligations that meet a condition, counted by form and period (and receiver). `condition` is our own SQL."""
    receiver = "owed.receiver_id" if by_receiver else "NULL::bigint"
    query = f"""
        SELECT {receiver}, owed.form_id, owed.period_id, max(owed.due_on), count(*),
               count(*) FILTER (WHERE latest.state = 'sent'),
               count(*) FILTER (WHERE latest.state = 'accepted'),
               count(*) FILTER (WHERE latest.state = 'returned'),
               count(*) FILTER (WHERE owed.due_on < coalesce(delivered.on_day, %(on)s)),
               count(*) FILTER (WHERE delivered.on_day IS NULL),
               max(delivered.on_day), bool_or(owed.simulated)
        FROM reporting_obligation owed
        JOIN reporting_period period ON period.id = owed.period_id
        LEFT JOIN LATERAL (
            SELECT state FROM reporting_submission WHERE obligation_id = owed.id ORDER BY version DESC LIMIT 1
        ) latest ON true
        LEFT JOIN LATERAL (
            SELECT (min(sent_at) AT TIME ZONE %(zone)s)::date AS on_day
            FROM reporting_submission sent
            WHERE sent.obligation_id = owed.id AND sent.state <> 'returned' AND NOT EXISTS (
                SELECT FROM reporting_submission back
                WHERE back.obligation_id = owed.id AND back.state = 'returned' AND back.version > sent.version
                  AND NOT EXISTS (
                      SELECT FROM reporting_submission kept
                      WHERE kept.obligation_id = owed.id AND kept.version < back.version AND (
                          kept.state = 'accepted'
                          OR kept.state = 'superseded' AND kept.decision_reason <> %(replaced)s
                      )
                  )
            )
        ) delivered ON true
        WHERE {condition}
        GROUP BY 1, 2, 3
    """  # noqa: S608  # nosec B608 - no outside text goes into the query
    with connection.cursor() as cursor:
        zone = timezone.get_current_timezone_name()
        cursor.execute(query, {**params, "on": on, "replaced": REPLACED_WHILE_WAITING, "zone": zone})
        counted = cursor.fetchall()
    forms = FormVersion.objects.select_related("field").in_bulk({row[1] for row in counted})
    periods = Period.objects.select_related("rule").in_bulk({row[2] for row in counted})
    receivers = cards({row[0] for row in counted if row[0] is not None}, on)
    campaigns = [
        Campaign(
            receiver=receivers.get(row[0]),
            form=forms[row[1]],
            period=periods[row[2]],
            due_on=row[3],
            expected=row[4],
            sent=row[5],
            accepted=row[6],
            returned=row[7],
            late=row[8],
            missing=row[9],
            timing=timing(row[3], None if row[9] else row[10], on=on),
            simulated=row[11],
        )
        for row in counted
    ]
    campaigns.sort(key=lambda one: (-one.period.end.toordinal(), one.period.start, one.form.code, one.form.pk))
    return campaigns
