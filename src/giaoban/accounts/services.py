import secrets
from datetime import date, datetime, timedelta
from typing import Final

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from giaoban.accounts.models import MailWish, User
from giaoban.core.vietnamese import day, moment
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.jobs import enqueue
from giaoban.kit.messages import mail_of
from giaoban.kit.models import Message, MessageChannel, MessageKind
from giaoban.kit.permissions import Permission

READABLE = "abcdefghjkmnpqrstuvwxyz23456789"  # no letters that look alike


def new_password(groups: int = 4, size: int = 4) -> str:
    """A random password of groups, to be read aloud and typed once: 16 of 31 signs, about 79 bits."""
    return "-".join("".join(secrets.choice(READABLE) for _ in range(size)) for _ in range(groups))


def open_account(login: str, *, full_name: str, password: str, by: Actor, at: datetime) -> User:
    """Create a person who can sign in; only commands do so. Raises IntegrityError when the name is taken."""
    by.require(Permission.MANAGE_UNITS, at=None, unit_name="toàn hệ thống")
    with act("accounts.open", by=by, at=at) as entry:
        user = User.objects.create_user(login, full_name=full_name, password=password)
        entry.subject = subject_of(user)
    return user


def set_password(user: User, password: str, *, by: Actor, at: datetime) -> None:
    """Give a person a new password: the person's own act, or a command's. Raises PermissionDenied for others."""
    if by.user_id != user.pk:
        by.require(Permission.MANAGE_UNITS, at=None, unit_name="toàn hệ thống")
    with act("accounts.set-password", by=by, at=at, subject=subject_of(user)):
        user.set_password(password)
        user.save(update_fields=["password"])


def choose_mail(user: User, *, email: str, wish: MailWish, by: Actor, at: datetime) -> None:
    """Where a person gets mail, and how often: the person's own choice. Raises PermissionDenied for others."""
    if by.user_id != user.pk:
        raise PermissionDenied("Chỉ chính người dùng chọn nơi nhận thư của mình.")
    with act("accounts.choose-mail", by=by, at=at, subject=subject_of(user), detail={"wish": wish.value}):
        user.email, user.mail_wish = email, wish
        user.save(update_fields=["email", "mail_wish"])


MAILS_AT_ONCE: Final = 500
"""Daily mails made by one run; the others are made by the next, a few minutes later."""
LOOK_BACK: Final = timedelta(days=7)
"""How old an unread message may be to stand in a first daily mail."""


def make_daily_mails(now: datetime) -> int:
    """One mail for each person who wants one a day and has something new unread; gives how many were made.

    A second run on the same day makes none for the same persons. What was read meanwhile in the product is left out.
    """
    on = timezone.localdate(now)
    people = _waiting_for_mail(now, on)
    if not people:
        return 0
    with act("accounts.daily-mail", by=system_actor("thư hằng ngày"), at=now, detail={"count": len(people)}) as entry:
        told = [(one, _unread_since(one, now)) for one in people]
        mails = [mail_of(_gathered(one, rows, on, entry.pk, now), one.email, _body(rows)) for one, rows in told if rows]
        Message.objects.bulk_create(mails, batch_size=1000, ignore_conflicts=True)
        enqueue("kit.send_mail")
    return len(mails)


def _waiting_for_mail(now: datetime, on: date) -> list[User]:
    """Persons with unread messages since their last daily mail, and none made today."""
    mails = Message.objects.filter(person=OuterRef("pk"), channel=MessageChannel.MAIL, kind=MessageKind.MAIL)
    since = Coalesce(Subquery(mails.order_by("-made_at").values("made_at")[:1]), now - LOOK_BACK)
    fresh = Message.objects.filter(
        person=OuterRef("pk"), channel=MessageChannel.PRODUCT, read_at__isnull=True, made_at__gt=OuterRef("since")
    )
    wanting = User.objects.filter(is_active=True, mail_wish=MailWish.DAILY).exclude(email="").annotate(since=since)
    waiting = wanting.filter(Exists(fresh)).exclude(Exists(mails.filter(key=_key(on))))
    return list(waiting.order_by("pk")[:MAILS_AT_ONCE])


def _unread_since(user: User, now: datetime) -> list[Message]:
    since = getattr(user, "since", now - LOOK_BACK)
    rows = Message.objects.filter(person=user, channel=MessageChannel.PRODUCT, read_at__isnull=True, made_at__gt=since)
    return list(rows.order_by("made_at", "pk"))


def _key(on: date) -> str:
    return f"daily-mail:{on.isoformat()}"


def _gathered(user: User, rows: list[Message], on: date, act_id: int, now: datetime) -> Message:
    """The head of a daily mail: what one message says, or how many there are."""
    subject = rows[0].subject if len(rows) == 1 else f"{len(rows)} thông báo mới, ngày {day(on)}"
    link = rows[0].link if len(rows) == 1 else reverse("accounts:inbox")
    unit_id = rows[0].unit_id if len({row.unit_id for row in rows}) == 1 else None
    return Message(
        person=user,
        unit_id=unit_id,
        kind=MessageKind.MAIL,
        subject=subject,
        link=link,
        key=_key(on),
        act_id=act_id,
        made_at=now,
    )


def _body(rows: list[Message]) -> str:
    """All messages one after the other, in the order in which they were made."""
    if len(rows) == 1:
        return rows[0].body
    return "\n\n\n".join(f"{moment(timezone.localtime(row.made_at))} – {row.subject}\n\n{row.body}" for row in rows)
