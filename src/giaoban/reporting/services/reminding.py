"""Reminders are sent: one digest per person and day, and what a receiver says by hand."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.clock import is_time
from giaoban.kit.messages import Recipient, Said, notify_each
from giaoban.kit.models import Act, MessageKind
from giaoban.orgs.selectors import cards, seats_at
from giaoban.reporting.models import Obligation
from giaoban.reporting.rules.reminder_words import reminder_words
from giaoban.reporting.selectors.owed import Standing, standing
from giaoban.reporting.selectors.reminding import (
    RUN,
    answering_for,
    day_plan,
    field_of,
    last_run,
    link_to,
    place_of,
    report_in_words,
    was_run,
)


def send_digests(on: date, *, by: Actor, at: datetime) -> int:
    """Make the digests of a day; gives how many persons were told. A second run of the same day tells nobody twice.

    Only commands and jobs do so. Raises PermissionDenied.
    """
    if not by.everything:
        raise PermissionDenied("Bản tổng hợp nhắc hạn do hệ thống gửi theo lịch.")
    with act("reporting.remind-daily", by=by, at=at, subject=RUN, detail={"day": on.isoformat()}) as entry:
        told = [(one.recipient, one.said) for one in day_plan(on, last_run(on))]
        count = notify_each(told, kind=MessageKind.DIGEST, key=f"reporting.digest:{on.isoformat()}", act=entry)
        entry.detail = {"day": on.isoformat(), "count": count}
    return count


def remind_by_clock(now: datetime) -> int | None:
    """The run of today, if its hour has come and it was not done; None when there was nothing to do.

    After a standstill today's run makes up for the days that were missed, in the same one digest.
    """
    on = timezone.localdate(now)
    if not is_time(now) or was_run(on):
        return None
    return send_digests(on, by=system_actor("nhắc hạn tự động"), at=now)


def tell_reminded(ids: Collection[int], note: str, *, by: Actor, at: datetime, entry: Act) -> int:
    """Tell the people of units what their receiver reminds them of, each in one message; gives how many were told.

    Inside the act of the reminder. by: whose name stands under it when the reports have several receivers or none.
    """
    on = timezone.localdate(at)
    joined = Obligation.objects.filter(pk__in=ids).select_related("form__field", "period").defer("form__definition")
    rows = standing(joined)
    if not rows:
        return 0
    called = cards({pk for one in rows for pk in (one.obligation.unit_id, one.obligation.receiver_id) if pk}, on)
    receivers = {one.obligation.receiver_id for one in rows}
    receiver = receivers.pop() if len(receivers) == 1 else None
    sender = called[receiver].name if receiver else by.name
    told: list[tuple[Recipient, Said]] = []
    for person, held in by_person(rows, on):
        subject, body = reminder_words([report_in_words(one, called) for one in held], note, sender, on)
        about = subject_of(held[0].obligation) if len(held) == 1 else ""
        link = link_to([one.obligation for one in held], called, own=True)
        told.append((person, Said(subject, body, link, about)))
    return notify_each(told, kind=MessageKind.REMINDER, key=f"reporting.remind:{entry.pk}", act=entry)


def by_person(rows: list[Standing], on: date) -> list[tuple[Recipient, list[Standing]]]:
    """Whoever enters figures at the units, or at what these wholly became, with the reports of theirs."""
    answering = answering_for(rows, on)
    seats = seats_at({unit for units in answering.values() for unit in units}, on)
    people: dict[int, Recipient] = {}
    held: defaultdict[int, dict[int, Standing]] = defaultdict(dict)
    for one in rows:
        units, field = answering[one.obligation.unit_id], field_of(one.obligation)
        for seat in seats:
            place = place_of(seat)
            if place.answers and place.unit_id in units and place.covers(field):
                people.setdefault(place.person_id, seat.recipient)
                held[place.person_id][one.obligation.pk] = one
    return [(person, list(held[user_id].values())) for user_id, person in people.items()]
