"""The year of one unit: what it sends and receives by which day, opened already or only foreseen by its regime."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q

from giaoban.core import periods
from giaoban.core.spans import Span
from giaoban.core.workdays import WorkCalendar
from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import UnitCard, actor_for, card, visible_to
from giaoban.reporting.models import CalendarToken, Obligation, OwingRule
from giaoban.reporting.rules.reservations import due_source
from giaoban.reporting.selectors.days import work_calendar
from giaoban.reporting.selectors.forms import rule_of


@dataclass(frozen=True, slots=True)
class Due:
    """A report of a period. on None: the sources give no day. receives: the unit gets it, else it sends it.

    moved_from: the day before it was moved by a letter. obligation_id: of the unit's own report, once opened.
    is_rest_day: a weekend or public holiday, as decreed; no rule moves it.
    """

    on: date | None
    form_key: str
    form_code: str
    form_title: str
    period: str
    period_code: str
    window_end: date
    receives: bool
    other: str
    source: str
    obligation_id: int | None = None
    moved_from: date | None = None
    is_opened: bool = False
    is_rest_day: bool = False


def calendar_of(unit: UnitCard, year: int) -> list[Due]:
    """What is due in a year, in order of days; reports without a day stand last, in the year in which they end.

    An opened report replaces what the regime foresees; a moved deadline counts with its new day.
    """
    calendar = work_calendar()
    found = {_key(one): one for one in _foreseen(unit, year, calendar)}
    for one in _opened(unit, year):
        found[_key(one)] = one
    inside = [
        replace(one, is_rest_day=one.on is not None and not calendar.is_working_day(one.on))
        for one in found.values()
        if (one.on or one.window_end).year == year
    ]
    return sorted(inside, key=lambda one: (one.on is None, one.on or one.window_end, one.form_code, one.receives))


def calendar_addresses(actor: Actor) -> list[CalendarToken]:
    """A person's own addresses that still work, newest first."""
    rows = CalendarToken.objects.filter(user_id=actor.user_id, ended_at=None) if actor.user_id else None
    return [] if rows is None else list(rows.order_by("-pk"))


def calendar_of_secret(secret_sha256: str, on: date) -> tuple[CalendarToken, UnitCard] | None:
    """The address and its unit; None when there is none, it was ended, or its person may not see the unit any more."""
    row = CalendarToken.objects.select_related("user").filter(secret_sha256=secret_sha256, ended_at=None).first()
    if row is None or not row.user.is_active:
        return None
    actor = actor_for(row.user_id, row.user.full_name, on)
    return (row, card(row.unit_id, on)) if visible_to(actor, on).filter(pk=row.unit_id).exists() else None


def _key(one: Due) -> tuple[str, str, str, bool]:
    return (one.form_key, one.period_code, one.period, one.receives)


def _foreseen(unit: UnitCard, year: int, calendar: WorkCalendar) -> Iterator[Due]:
    """By the owing rules of the unit's kind, for the reporting years from which something may fall into the year."""
    mine = Q(reporter_kind__key=unit.kind) | Q(receiver_kind__key=unit.kind)
    rows = OwingRule.objects.filter(mine).select_related("form", "reporter_kind", "receiver_kind")
    for rule in rows.prefetch_related("rules").order_by("pk"):
        receives = rule.reporter_kind.key != unit.kind
        other = rule.reporter_kind.name if receives else rule.receiver_kind.name if rule.receiver_kind else ""
        in_force = Span(rule.form.valid_from, rule.form.valid_to)
        for row in rule.rules.all():
            for period in (one for of in (year - 1, year) for one in periods.periods_of(rule_of(row), of)):
                word = rule.deadlines.get(period.deadline_key) or rule.deadlines.get(period.rule)
                on = periods.due_on(period, word, calendar) if word else None
                if in_force.contains(on or period.last_day):
                    yield Due(
                        on=on,
                        form_key=rule.form.key,
                        form_code=rule.form.code,
                        form_title=rule.form.title,
                        period=period.label,
                        period_code=period.code,
                        window_end=period.last_day,
                        receives=receives,
                        other=other,
                        source=due_source(rule.form.act, word) if word else rule.form.act,
                    )


def _opened(unit: UnitCard, year: int) -> Iterator[Due]:
    """The unit's own reports, and one line for all that it receives of a form for a period, with the earliest day."""
    near = Q(due_on__year=year) | Q(period__end__year__range=(year - 1, year + 1))
    rows = Obligation.objects.filter(near).select_related("form", "period", "receiver")
    for row in rows.filter(unit_id=unit.id).prefetch_related("deadline_changes"):
        first = next(iter(row.deadline_changes.all()), None)
        moved_from = first.old_due_on if first else None
        yield replace(_due(row, receives=False), obligation_id=row.pk, moved_from=moved_from)
    received = rows.filter(receiver_id=unit.id).order_by("form_id", "period_id", "due_on")
    for row in received.distinct("form_id", "period_id"):
        yield _due(row, receives=True)


def _due(row: Obligation, *, receives: bool) -> Due:
    return Due(
        on=row.due_on,
        form_key=row.form.key,
        form_code=row.form.code,
        form_title=row.form.title,
        period=row.period.label,
        period_code=row.period.code,
        window_end=row.period.end - date.resolution,
        receives=receives,
        other="",
        source=row.due_source or row.form.act,
        is_opened=True,
    )
