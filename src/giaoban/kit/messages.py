"""What persons are told: in the product, by mail, by phone. Everything said is kept as it was worded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from giaoban.kit.jobs import enqueue
from giaoban.kit.models import Act, Message, MessageChannel, MessageKind

WAITS: Final = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240, 1440))
"""How long a mail that failed waits before it is tried again; after the last wait it is given up."""
AT_MOST: Final = 200
"""Mails sent by one run of the job; the rest waits for the next."""
IN_A_ROW: Final = 5
"""Failures after which a run ends: the server is away, and every other mail would only lose an attempt."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be told. email: where a mail goes at once; empty for who reads in the product or once a day.

    unit_id: the unit at which the person is told it, for the log of that unit and of those above.
    """

    user_id: int
    name: str
    email: str = ""
    unit_id: int | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """What one person is told. link: an address within the product. about: as `Act.subject`."""

    subject: str
    body: str
    link: str = ""
    about: str = ""


def notify(
    to: Iterable[Recipient], *, kind: str, subject: str, body: str, link: str, about: str, key: str, act: Act
) -> int:
    """Tell persons the same, in the product and, who has an address, by mail; gives how many are told it newly.

    Called inside `act`. A person is told the same `key` once, whatever is said the second time. about: as
    `Act.subject`. link: an address within the product.
    """
    said = Said(subject, body, link, about)
    return notify_each([(one, said) for one in to], kind=kind, key=key, act=act)


def notify_each(told: Iterable[tuple[Recipient, Said]], *, kind: str, key: str, act: Act) -> int:
    """As `notify`, each person in words of their own. A fixed number of queries per thousand persons."""
    people = {one.user_id: (one, said) for one, said in told}
    known = Message.objects.filter(person__in=people, channel=MessageChannel.PRODUCT, key=key)
    for user_id in known.values_list("person_id", flat=True):
        del people[user_id]
    rows = [row for one, said in people.values() for row in _rows(one, said, kind, key, act)]
    Message.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    if any(row.channel == MessageChannel.MAIL for row in rows):
        enqueue("kit.send_mail")
    return len(people)


def log_call(caller: Recipient, said: Said, *, act: Act) -> None:
    """Keep what was said on the telephone, under the name of who called: it is told nobody, and is in nobody's inbox.

    caller.unit_id: the unit that was called.
    """
    Message.objects.create(
        person_id=caller.user_id,
        unit_id=caller.unit_id,
        channel=MessageChannel.PHONE,
        kind=MessageKind.REMINDER,
        subject=said.subject[:300],
        body=said.body,
        link=said.link,
        about=said.about,
        key=f"call:{act.pk}",
        act=act,
        made_at=act.at,
    )


def _rows(one: Recipient, said: Said, kind: str, key: str, act: Act) -> list[Message]:
    """The message in the product and, beside it, the mail."""
    shown = Message(
        person_id=one.user_id,
        unit_id=one.unit_id,
        channel=MessageChannel.PRODUCT,
        kind=kind,
        subject=said.subject[:300],
        body=said.body,
        link=said.link,
        about=said.about,
        key=key,
        act=act,
        made_at=act.at,
    )
    return [shown, mail_of(shown, one.email, shown.body)] if one.email else [shown]


def mail_of(shown: Message, address: str, body: str) -> Message:
    """The mail that says what a message says: not stored yet, to be sent at once."""
    link = f"\n\n{settings.SITE_ADDRESS}{shown.link}" if shown.link and settings.SITE_ADDRESS else ""
    return Message(
        person_id=shown.person_id,
        unit_id=shown.unit_id,
        channel=MessageChannel.MAIL,
        kind=shown.kind,
        address=address,
        subject=" ".join(shown.subject.split()),  # a line break would begin a header of its own
        body=body + link,
        link=shown.link,
        about=shown.about,
        key=shown.key,
        act_id=shown.act_id,
        made_at=shown.made_at,
        wait_until=shown.made_at,
    )


def inbox(user_id: int) -> QuerySet[Message]:
    """What a person was told in the product, newest first."""
    return Message.objects.filter(person=user_id, channel=MessageChannel.PRODUCT)


def unread(user_id: int) -> int:
    """How many messages a person has not read."""
    return inbox(user_id).filter(read_at__isnull=True).count()


def mark_read(user_id: int, ids: Sequence[int] | None = None, *, at: datetime) -> int:
    """Note that a person read some messages, or all; those of others are passed over. Gives how many were new."""
    rows = inbox(user_id).filter(read_at__isnull=True)
    return (rows if ids is None else rows.filter(pk__in=ids)).update(read_at=at)


def send_waiting(now: datetime, at_most: int = AT_MOST) -> tuple[int, int]:
    """Send the mails whose time has come, each in a transaction of its own; gives how many went out and how many not.

    A mail whose worker dies between the sending and its mark is sent again: rather twice than never.
    """
    sent = failed = in_a_row = 0
    for _ in range(at_most):
        done = _send_next(now)
        if done is None:
            break
        sent, failed, in_a_row = sent + done, failed + (not done), 0 if done else in_a_row + 1
        if in_a_row == IN_A_ROW:
            break
    return sent, failed


@transaction.atomic
def _send_next(now: datetime) -> bool | None:
    """Send the mail that waits longest. None: nothing waits that nobody else is sending."""
    waiting = Message.objects.filter(wait_until__lte=now).order_by("wait_until", "pk")
    row = waiting.select_for_update(skip_locked=True).first()
    if row is None:
        return None
    row.attempts += 1
    try:
        _deliver(row)
    except (OSError, ValueError) as fault:  # smtplib's faults are OSErrors; a malformed address is a ValueError
        row.failure = f"{type(fault).__name__}: {fault}"[:500]
        row.wait_until = now + WAITS[row.attempts - 1] if row.attempts <= len(WAITS) else None
    else:
        row.failure, row.wait_until, row.sent_at = "", None, timezone.now()
    row.save(update_fields=["attempts", "failure", "wait_until", "sent_at"])
    return row.sent_at is not None


def _deliver(row: Message) -> None:
    EmailMessage(row.subject, row.body, settings.DEFAULT_FROM_EMAIL, [row.address]).send()
