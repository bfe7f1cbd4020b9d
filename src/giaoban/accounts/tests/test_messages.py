"""The person's own messages: only one's own, read marks, mail by wish."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.accounts import services
from giaoban.accounts.jobs import AFTER
from giaoban.accounts.models import MailWish, User
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.acts import act
from giaoban.kit.clock import is_time
from giaoban.kit.jobs import run_pending
from giaoban.kit.messages import Recipient, notify, unread
from giaoban.kit.models import Message

pytestmark = pytest.mark.django_db

CLOCK = system_actor("the clock")


@pytest.fixture
def an() -> User:
    return User.objects.create_user("an", full_name="Nguyễn An", password="x")


@pytest.fixture
def binh() -> User:
    return User.objects.create_user("binh", full_name="Trần Bình", password="x")


def tell(*people: User, key: str = "k", subject: str = "Nhắc gửi", kind: str = "reminder", **more: Any) -> None:
    at = more.pop("at", None) or timezone.now()
    to = [Recipient(one.pk, one.full_name, one.mail_at_once) for one in people]
    with act("kit.test", by=CLOCK, at=at) as entry:
        notify(
            to,
            kind=kind,
            subject=subject,
            body=f"Nội dung {key}",
            link=more.get("link", "/bao-cao/"),
            about="",
            key=key,
            act=entry,
        )


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def page(client: Client, query: str = "") -> str:
    return client.get(reverse("accounts:inbox") + query).content.decode()


def test_everybody_sees_only_their_own(an: User, binh: User) -> None:
    tell(an, subject="Cho An")
    tell(binh, subject="Cho Bình", key="b")
    assert "Cho An" in page(browser(an))
    assert "Cho Bình" not in page(browser(an))
    export = browser(an).get(reverse("accounts:inbox-csv")).content.decode()
    assert ("Cho An" in export, "Cho Bình" in export) == (True, False)


def test_messages_of_others_are_neither_opened_nor_marked(an: User, binh: User) -> None:
    tell(binh)
    other = Message.objects.get()
    client = browser(an)
    assert client.post(reverse("accounts:follow", args=[other.pk])).status_code == 404
    client.post(reverse("accounts:read"), {"id": other.pk})
    client.post(reverse("accounts:read"))
    assert unread(binh.pk) == 1


def test_the_bell_counts_what_is_unread(an: User) -> None:
    client = browser(an)
    assert "chưa đọc:" not in page(client)
    tell(an)
    tell(an, key="l")
    assert "2 thông báo chưa đọc" in page(client)
    assert '<span class="gb-count">2</span>' in client.get(reverse("accounts:password")).content.decode()
    client.post(reverse("accounts:read"), {"id": Message.objects.earliest("pk").pk})
    assert unread(an.pk) == 1
    client.post(reverse("accounts:read"))
    assert unread(an.pk) == 0
    assert "Đã đọc tất cả 2 thông báo" in page(client)


def test_opening_leads_to_the_thing_and_counts_as_read(an: User) -> None:
    tell(an, link="/bao-cao/lich/")
    response = browser(an).post(reverse("accounts:follow", args=[Message.objects.get().pk]))
    assert response["Location"] == "/bao-cao/lich/"
    assert unread(an.pk) == 0


def test_reading_needs_a_post(an: User) -> None:
    tell(an)
    assert browser(an).get(reverse("accounts:follow", args=[Message.objects.get().pk])).status_code == 405
    assert unread(an.pk) == 1


def test_unread_first_and_by_kind(an: User) -> None:
    for number in range(3):
        at = timezone.now() - timedelta(hours=number)
        tell(an, key=str(number), subject=f"Tin {number}", kind="digest" if number else "reminder", at=at)
    Message.objects.filter(key="0").update(read_at=timezone.now())
    shown = page(browser(an))
    assert shown.index("Tin 1") < shown.index("Tin 2") < shown.index("Tin 0")
    assert "Tin 0" not in page(browser(an), "?loai=digest")
    assert "Không có thông báo loại này" in page(browser(an), "?loai=khac")


def test_a_list_in_a_spreadsheet_holds_no_formula(an: User) -> None:
    tell(an, subject="=1+1")
    assert "'=1+1" in browser(an).get(reverse("accounts:inbox-csv")).content.decode()


def test_the_cost_does_not_grow(an: User) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            page(client)
        return len(queries)

    client = browser(an)
    tell(an)
    before = cost()
    for number in range(20):
        tell(an, key=str(number), kind="digest" if number % 2 else "reminder")
    assert cost() == before


def test_an_empty_list_says_so(an: User) -> None:
    assert "Chưa có thông báo nào" in page(browser(an))


@pytest.mark.parametrize(
    ("email", "wish", "status"),
    [
        ("an@example.vn", "at_once", 302),
        ("", "none", 302),
        ("", "daily", 302),
        ("", "at_once", 422),
        ("an@", "daily", 422),
        ("an@example.vn\nBcc: x@example.vn", "daily", 422),
        ("an@example.vn", "hourly", 422),
    ],
)
def test_the_wish_is_checked_and_kept(an: User, email: str, wish: str, status: int) -> None:
    response = browser(an).post(reverse("accounts:mail"), {"email": email, "mail_wish": wish})
    assert response.status_code == status
    an.refresh_from_db()
    assert (an.email, an.mail_wish) == ((email, wish) if status == 302 else ("", "daily"))


def test_nobody_chooses_for_another(an: User, binh: User) -> None:
    with pytest.raises(PermissionDenied):
        services.choose_mail(
            an, email="a@example.vn", wish=MailWish.DAILY, by=Actor(binh.pk, "Bình"), at=timezone.now()
        )


def wanting(user: User, wish: MailWish = MailWish.DAILY) -> User:
    user.email, user.mail_wish = f"{user.login}@example.vn", wish
    user.save()
    return user


@pytest.mark.django_db(transaction=True)
def test_one_mail_a_day_gathers_what_is_unread(an: User, binh: User) -> None:
    wanting(an)
    wanting(binh, MailWish.NONE)
    now = timezone.now()
    for key in ("1", "2", "3"):
        tell(an, binh, key=key, at=now - timedelta(hours=1))
    Message.objects.filter(key="2").update(read_at=now)
    assert services.make_daily_mails(now) == 1
    assert services.make_daily_mails(now + timedelta(seconds=1)) == 0
    run_pending()
    (sent,) = mail.outbox
    assert sent.to == ["an@example.vn"]
    assert sent.subject.startswith("2 thông báo mới, ngày ")
    assert ("Nội dung 1" in str(sent.body), "Nội dung 2" in str(sent.body)) == (True, False)
    assert unread(an.pk) == 2


def test_the_next_day_only_what_is_new_is_mailed(an: User) -> None:
    wanting(an)
    now = timezone.now()
    tell(an, key="1", at=now - timedelta(hours=1))
    assert services.make_daily_mails(now) == 1
    assert services.make_daily_mails(now + timedelta(days=1)) == 0
    tell(an, key="2", subject="Việc mới", at=now + timedelta(hours=30))
    assert services.make_daily_mails(now + timedelta(days=2)) == 1
    latest = Message.objects.filter(channel="mail").latest("made_at")
    assert (latest.subject, latest.body) == ("Việc mới", "Nội dung 2")


def test_mail_at_once_does_not_come_again_in_a_daily_mail(an: User) -> None:
    wanting(an, MailWish.AT_ONCE)
    tell(an)
    assert Message.objects.filter(channel="mail").count() == 1
    assert services.make_daily_mails(timezone.now()) == 0


def test_the_hour_of_the_daily_mail() -> None:
    thursday = datetime(2024, 4, 11, 7, 20, tzinfo=timezone.get_default_timezone())
    assert is_time(thursday, AFTER)
    assert not is_time(thursday - timedelta(minutes=1), AFTER)
    assert not is_time(thursday + timedelta(days=2), AFTER)
