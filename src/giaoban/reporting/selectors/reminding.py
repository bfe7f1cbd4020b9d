"""What would be said to whom on a day, and what was said: reminders of reports."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.messages import Recipient, Said
from giaoban.kit.models import Act, Message, MessageChannel, MessageKind, Word
from giaoban.kit.permissions import ROLE_PERMISSIONS, Permission, Role
from giaoban.orgs.selectors import Seat, UnitCard, above, cards, heirs_of, scope_ids, seats_at
from giaoban.reporting.models import Obligation, Submission
from giaoban.reporting.rules.reminder_words import Report, digest_words
from giaoban.reporting.rules.reminding import Days, Digest, Owing, Place, Policy, days_of_run, horizon, plan
from giaoban.reporting.selectors.days import work_calendar
from giaoban.reporting.selectors.owed import Standing, standing

RUN: Final = "reporting.Reminders:daily"
"""`Act.subject` of the daily runs."""
OLDEST: Final = timedelta(days=366)
"""A deadline longer ago is no matter of reminders any more; the boards still show it."""
LOG_ROLES: Final = frozenset({Role.HEAD, Role.RECEIVER, Role.INSPECTOR})
OURS: Final = ("capture:", "request:")


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """A part of the policy as the pack words it."""

    name: str
    days: tuple[int, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Told:
    """One digest in words, and its reader."""

    recipient: Recipient
    unit: UnitCard
    digest: Digest
    said: Said


def policy_lines() -> list[PolicyLine]:
    """The policy as the pack states it, for pages; empty when the pack has none: then nobody is reminded by itself."""
    rows = Word.objects.filter(list="reminders").order_by("position")
    return [PolicyLine(row.name, tuple(row.data["days"]), row.data.get("note", "")) for row in rows]


def policy() -> Policy | None:
    """When to remind; None without a policy in the pack."""
    days = {row.key: tuple(row.data["days"]) for row in Word.objects.filter(list="reminders")}
    if not days:
        return None
    late = {key: min(days[key]) if key in days else None for key in ("head", "above")}
    return Policy(days.get("before", ()), days.get("after", ()), late["head"], late["above"])


def last_run(on: date) -> date | None:
    """The last day before `on` for which digests were made."""
    days = Act.objects.filter(subject=RUN).order_by("-at", "-pk").values_list("detail__day", flat=True)[:40]
    return max((found for found in map(date.fromisoformat, days) if found < on), default=None)


def was_run(on: date) -> bool:
    """Whether the digests of a day were made."""
    return Act.objects.filter(subject=RUN, detail__day=on.isoformat()).exists()


def next_runs(now: datetime, count: int = 3) -> list[date]:
    """The days of the next runs by the clock; today is one of them until its run is done."""
    calendar, local = work_calendar(), timezone.localtime(now)
    day = local.date() + date.resolution if was_run(local.date()) else local.date()
    found: list[date] = []
    while len(found) < count:
        if calendar.is_working_day(day):
            found.append(day)
        day += date.resolution
    return found


def day_plan(on: date, last: date | None, *, receiver_ids: Collection[int] | None = None) -> list[Told]:
    """The digests of a day, in the order of units and names. A fixed number of queries.

    last: the run before, as `last_run`. receiver_ids: only reports that these units receive.
    """
    chosen = policy()
    if chosen is None:
        return []
    days = days_of_run(on, last, work_calendar().is_working_day)
    waiting = _waiting(on, horizon(chosen, days), receiver_ids)
    answering = answering_for(waiting, on)
    receivers = {one.obligation.receiver_id for one in waiting if one.obligation.receiver_id is not None}
    upper = above(receivers, on)
    asked = {unit for units in answering.values() for unit in units} | receivers
    seats = seats_at(asked.union(*upper.values()), on)
    digests = plan(_owings(waiting, answering), map(place_of, seats), upper, chosen, days)
    return _in_words(digests, waiting, seats, days)


def _waiting(on: date, until: date, receiver_ids: Collection[int] | None) -> list[Standing]:
    """Reports with a deadline that are not received, form and period joined."""
    accepted = Submission.objects.filter(obligation=OuterRef("pk"), is_current=True)
    rows = Obligation.objects.filter(~Exists(accepted), due_on__gte=on - OLDEST, due_on__lte=until)
    if receiver_ids is not None:
        rows = rows.filter(receiver_id__in=receiver_ids)
    joined = rows.select_related("form__field", "period").defer("form__definition")
    return [one for one in standing(joined) if not one.is_received]


def answering_for(waiting: Iterable[Standing], on: date) -> dict[int, tuple[int, ...]]:
    """Unit that owes → who answers for it: the unit, or, where it ended, what it wholly became."""
    called = cards({one.obligation.unit_id for one in waiting}, on)
    ended = {pk for pk, card in called.items() if card.ended_on is not None and card.ended_on <= on}
    return {pk: (heirs_of(pk, on)[-1],) if pk in ended else (pk,) for pk in called}


def _owings(waiting: Iterable[Standing], answering: dict[int, tuple[int, ...]]) -> list[Owing]:
    return [
        Owing(
            id=row.pk,
            units=answering[row.unit_id],
            receiver_id=row.receiver_id,
            due_on=row.due_on,
            received=False,
            field=field_of(row),
            returned_on=timezone.localdate(one.returned_at) if one.returned_at is not None else None,
        )
        for one in waiting
        for row in (one.obligation,)
    ]


def field_of(row: Obligation) -> str:
    """The key of the field of work of a report's form, "" without."""
    return row.form.field.key if row.form.field is not None else ""


def place_of(seat: Seat) -> Place:
    """A post as the rules of reminding see it."""
    held = ROLE_PERMISSIONS[seat.role]
    return Place(
        person_id=seat.recipient.user_id,
        unit_id=seat.unit_id,
        answers=Permission.ENTER_FIGURES in held,
        receives=Permission.RECEIVE_REPORT in held,
        heads=seat.role is Role.HEAD,
        fields=seat.fields,
    )


def _in_words(digests: list[Digest], waiting: list[Standing], seats: list[Seat], days: Days) -> list[Told]:
    rows = {one.obligation.pk: one for one in waiting}
    units = {one.unit_id for one in digests}
    units |= {pk for one in rows.values() for pk in (one.obligation.unit_id, one.obligation.receiver_id) if pk}
    called = cards(units, days.on)
    words = {pk: report_in_words(one, called) for pk, one in rows.items()}
    people = {(seat.recipient.user_id, seat.unit_id): seat.recipient for seat in seats}
    told = []
    for one in digests:
        subject, body = digest_words(one, words, days.on)
        named = [rows[pk].obligation for pk in (*one.own, *one.late, *one.escalated)]
        said = Said(subject, body, link_to(named, called, own=bool(one.own)))
        told.append(Told(people[one.person_id, one.unit_id], called[one.unit_id], one, said))
    return sorted(told, key=lambda one: (one.unit.sort_key, one.recipient.name, one.recipient.user_id))


def report_in_words(one: Standing, called: dict[int, UnitCard]) -> Report:
    """A report as reminders name it."""
    row = one.obligation
    return Report(
        unit=called[row.unit_id].name,
        form=row.form.title if row.form.key.startswith(OURS) else f"Biểu {row.form.code}",
        period=row.period.label,
        due_on=row.due_on,
        receiver=called[row.receiver_id].name if row.receiver_id else "",
        reason=one.reason,
        simulated=row.simulated,
    )


def link_to(rows: list[Obligation], called: dict[int, UnitCard], *, own: bool) -> str:
    """Where to go: the one report to send, the one board on which all are late, else the list."""
    first = rows[0]
    if own:
        return reverse("reporting:entry", args=[first.pk]) if len(rows) == 1 else reverse("reporting:index")
    boards = {(row.receiver_id, row.form_id, row.period_id) for row in rows}
    if len(boards) > 1 or first.receiver_id is None:
        return reverse("reporting:index")
    board = reverse("reporting:reception", args=[called[first.receiver_id].key, first.form.key, first.period.code])
    part = first.period.instalment
    return f"{board}?{urlencode({'instalment': part})}" if part else board


def receiving_units(actor: Actor) -> list[int]:
    """The units for which the actor receives reports."""
    return [one for one in actor.unit_ids if actor.may(Permission.RECEIVE_REPORT, one)]


def may_read_messages(actor: Actor) -> bool:
    """Whether the actor may read what was said to others about reports."""
    return actor.everything or any(post.role in LOG_ROLES for post in actor.posts)


def messages_for(actor: Actor, on: date) -> QuerySet[Message, Any]:
    """What was said about reports at the units in the scope of the actor's posts as head, receiver or inspector, and
    beneath them; newest first. Raises PermissionDenied for those who hold none."""
    rows = Message.objects.filter(act__name__startswith="reporting.").select_related("person", "unit")
    if actor.everything:
        return rows
    if not may_read_messages(actor):
        raise PermissionDenied("Nhật ký nhắc hạn dành cho thủ trưởng, người tổng hợp và thanh tra của đơn vị.")
    units = [post.unit_id for post in actor.posts if post.role in LOG_ROLES]
    return rows.filter(Q(unit_id__in=scope_ids(units, on)))


def daily_mails(rows: Iterable[Message]) -> dict[int, Message]:
    """Message in the product → the daily mail that carried it, where one did. One query."""
    shown = [row for row in rows if row.channel == MessageChannel.PRODUCT]
    if not shown:
        return {}
    mails = Message.objects.filter(channel=MessageChannel.MAIL, kind=MessageKind.MAIL)
    mails = mails.filter(person__in={row.person_id for row in shown}, made_at__gt=min(row.made_at for row in shown))
    held: dict[int, list[Message]] = {}
    for mail in mails.order_by("made_at", "pk"):
        held.setdefault(mail.person_id, []).append(mail)
    found: dict[int, Message] = {}
    for row in shown:
        carried = (one for one in held.get(row.person_id, ()) if one.made_at > row.made_at and row.body in one.body)
        if (first := next(carried, None)) is not None:
            found[row.pk] = first
    return found
