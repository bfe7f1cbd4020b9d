"""Messages: told once, kept as worded, mailed later and again when the server is away."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import ProgrammingError, transaction
from django.utils import timezone

from giaoban.kit.actors import system_actor
from giaoban.kit.acts import act
from giaoban.kit.jobs import run_pending
from giaoban.kit.messages import (
    IN_A_ROW,
    WAITS,
    Recipient,
    inbox,
    mark_read,
    notify,
    send_waiting,
    unread,
)
from giaoban.kit.models import Message, MessageChannel

pytestmark = pytest.mark.django_db

CLOCK = system_actor("the clock")
User = get_user_model()


class Away(EmailBackend):
    """A mail server that cannot be reached."""

    def send_messages(self, messages: Any) -> int:  # noqa: ARG002
        raise ConnectionRefusedError("nobody listens")


@pytest.fixture
def people() -> list[Any]:
    return [User.objects.create_user(login, full_name=login.capitalize(), password="x") for login in ("an", "binh")]


def tell(
    people: list[Any], *, key: str = "k", email: str = "", subject: str = "Late", at: datetime | None = None
) -> int:
    to = [Recipient(one.pk, one.full_name, email) for one in people]
    with act("kit.test", by=CLOCK, at=at or timezone.now()) as entry:
        return notify(to, kind="reminder", subject=subject, body="Send it.", link="/x/", about="", key=key, act=entry)


def mails() -> list[Message]:
    return list(Message.objects.filter(channel=MessageChannel.MAIL))


def test_the_same_is_told_a_person_once(people: list[Any]) -> None:
    assert tell(people[:1]) == 1
    assert tell(people) == 1
    assert tell(people, subject="Other words") == 0
    assert [unread(one.pk) for one in people] == [1, 1]
    assert {one.subject for one in Message.objects.all()} == {"Late"}


def test_somebody_named_twice_is_told_once(people: list[Any]) -> None:
    assert tell([*people, *people]) == 2


def test_nobody_without_an_address_gets_mail(people: list[Any]) -> None:
    tell(people)
    assert mails() == []
    assert send_waiting(timezone.now()) == (0, 0)


def test_a_subject_of_several_lines_makes_no_header_of_its_own(people: list[Any]) -> None:
    tell(people[:1], email="an@example.vn", subject="Late\nBcc: everybody@example.vn")
    assert send_waiting(timezone.now()) == (1, 0)
    assert mail.outbox[0].subject == "Late Bcc: everybody@example.vn"
    assert mail.outbox[0].recipients() == ["an@example.vn"]


@pytest.mark.django_db(transaction=True)
def test_mail_goes_out_by_the_job_and_says_what_was_logged(people: list[Any], settings: Any) -> None:
    settings.SITE_ADDRESS = "https://giaoban.example"
    tell(people[:1], email="an@example.vn")
    assert mail.outbox == []
    run_pending()
    (sent,), (row,) = mail.outbox, mails()
    assert (sent.body, sent.to) == (row.body, ["an@example.vn"])
    assert row.body == "Send it.\n\nhttps://giaoban.example/x/"
    assert row.sent_at is not None
    run_pending()
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_an_act_that_fails_tells_nobody(people: list[Any]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        tell(people, email="an@example.vn")
        raise ZeroDivisionError
    run_pending()
    assert (mail.outbox, Message.objects.count()) == ([], 0)


def test_a_mail_that_fails_waits_longer_each_time_and_is_given_up(people: list[Any], settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    now = timezone.now()
    tell(people[:1], email="an@example.vn", at=now)
    for wait in WAITS:
        assert send_waiting(now) == (0, 1)
        assert send_waiting(now + wait - timedelta(seconds=1)) == (0, 0)
        now += wait
    assert send_waiting(now) == (0, 1)
    (row,) = mails()
    assert (row.attempts, row.wait_until, row.sent_at) == (len(WAITS) + 1, None, None)
    assert row.failure == "ConnectionRefusedError: nobody listens"
    assert send_waiting(now + timedelta(days=30)) == (0, 0)


def test_a_mail_that_failed_once_goes_out_later(people: list[Any], settings: Any) -> None:
    works, now = settings.EMAIL_BACKEND, timezone.now()
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    tell(people[:1], email="an@example.vn", at=now)
    send_waiting(now)
    settings.EMAIL_BACKEND = works
    assert send_waiting(now + WAITS[0]) == (1, 0)
    assert (mails()[0].failure, mails()[0].attempts) == ("", 2)


def test_one_run_sends_a_bounded_number(people: list[Any]) -> None:
    for number in range(3):
        tell(people, email="a@example.vn", key=str(number))
    now = timezone.now()
    assert send_waiting(now, at_most=4) == (4, 0)
    assert send_waiting(now, at_most=4) == (2, 0)


def test_a_run_ends_early_when_the_server_is_away(people: list[Any], settings: Any) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Away"
    for number in range(IN_A_ROW):
        tell(people, email="a@example.vn", key=str(number))
    assert send_waiting(timezone.now()) == (0, IN_A_ROW)


@pytest.mark.parametrize("change", [{"subject": "x"}, {"body": "x"}, {"person_id": 1}, {"key": "x"}, {"made_at": None}])
def test_what_was_said_cannot_be_changed(people: list[Any], change: dict[str, Any]) -> None:
    tell(people[:1])
    with pytest.raises(ProgrammingError), transaction.atomic():
        Message.objects.update(**change)


def test_what_was_said_cannot_be_taken_out(people: list[Any]) -> None:
    tell(people[:1])
    with pytest.raises(ProgrammingError), transaction.atomic():
        Message.objects.all().delete()


def test_only_ones_own_messages_are_marked_read(people: list[Any]) -> None:
    tell(people)
    others = inbox(people[1].pk).get()
    assert mark_read(people[0].pk, [others.pk], at=timezone.now()) == 0
    assert mark_read(people[0].pk, at=timezone.now()) == 1
    assert [unread(one.pk) for one in people] == [0, 1]
