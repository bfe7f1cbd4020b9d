from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar, TypeVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Func, Q


class Act(models.Model):
    """One act of one person (or command): who, for whom, when, why. Written in the transaction of the change.

    Database history (`pghistory`) carries the act's id in its context, so each changed row leads back here.
    """

    name = models.CharField(max_length=80)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    actor_name = models.CharField(max_length=200)
    unit = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(blank=True)
    subject = models.CharField(max_length=200, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        indexes = (models.Index(fields=["subject", "at"]), models.Index(fields=["at"]))

    def __str__(self) -> str:
        return f"{self.name} · {self.actor_name}"


M = TypeVar("M", bound=models.Model, covariant=True)


def valid_on(on: date, prefix: str = "") -> Q:
    """Rows whose half-open span holds a day; an absent end is open."""
    begins, ends = f"{prefix}valid_from", f"{prefix}valid_to"
    return (Q(**{f"{begins}__isnull": True}) | Q(**{f"{begins}__lte": on})) & (
        Q(**{f"{ends}__isnull": True}) | Q(**{f"{ends}__gt": on})
    )


def valid_within(start: date, end: date, prefix: str = "") -> Q:
    """Rows whose span shares at least a day with [start, end)."""
    begins, ends = f"{prefix}valid_from", f"{prefix}valid_to"
    return (Q(**{f"{begins}__isnull": True}) | Q(**{f"{begins}__lt": end})) & (
        Q(**{f"{ends}__isnull": True}) | Q(**{f"{ends}__gt": start})
    )


class DatedQuerySet(models.QuerySet[M]):
    def on(self, day: date) -> "DatedQuerySet[M]":
        return self.filter(valid_on(day))


class Dated(models.Model):
    """A fact with a span [valid_from, valid_to); an empty end means unknown (from) or open (to)."""

    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    objects: ClassVar[models.Manager[Any]] = DatedQuerySet.as_manager()

    class Meta:
        abstract = True


def span_in_order(name: str) -> models.CheckConstraint:
    """Refuse a span that ends before or on the day it begins."""
    return models.CheckConstraint(
        name=name,
        condition=Q(valid_from__isnull=True) | Q(valid_to__isnull=True) | Q(valid_to__gt=models.F("valid_from")),
    )


def no_overlap(name: str, columns: Sequence[str], *, where: Q | None = None) -> ExclusionConstraint:
    """Refuse two rows of the same columns whose spans share a day; `where`: among these rows only."""
    span = Func("valid_from", "valid_to", function="daterange", output_field=DateRangeField())
    return ExclusionConstraint(
        name=name,
        expressions=[*((column, RangeOperators.EQUAL) for column in columns), (span, RangeOperators.OVERLAPS)],
        condition=where,
    )


class Pack(models.Model):
    """A sector pack as last loaded."""

    key = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    version = models.CharField(max_length=40)
    checksum = models.CharField(max_length=64)
    loaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


class Source(models.Model):
    """A public source that a pack's rows cite. `checked`: read by us in a public copy, not only quoted by others."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="sources")
    key = models.CharField(max_length=80)
    title = models.TextField()
    where = models.TextField(blank=True)
    checked = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["pack", "key"], name="source_once"),)

    def __str__(self) -> str:
        return self.title


class Word(models.Model):
    """An entry of a list that the pack defines: the clears of a task, types of meeting, kinds of document."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="words")
    list = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    name = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("list", "position")
        constraints = (models.UniqueConstraint(fields=["pack", "list", "key"], name="word_once"),)

    def __str__(self) -> str:
        return self.name


class Gap(models.Model):
    """What the sources do not say and nobody guessed."""

    pack = models.ForeignKey(Pack, on_delete=models.CASCADE, related_name="gaps")
    key = models.CharField(max_length=80)
    what = models.TextField()
    why = models.TextField(blank=True)
    affects = models.TextField(blank=True)
    source = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["pack", "key"], name="gap_once"),)

    def __str__(self) -> str:
        return self.what


class MessageChannel(models.TextChoices):
    PRODUCT = "product", "trong phần mềm"
    MAIL = "mail", "thư điện tử"
    PHONE = "phone", "điện thoại"


class MessageKind(models.TextChoices):
    """What a message is about; rooms may use other words, which are shown without a filter of their own."""

    DIGEST = "digest", "Nhắc hạn hằng ngày"
    REMINDER = "reminder", "Nơi nhận nhắc"
    RETURNED = "returned", "Báo cáo trả lại"
    DEADLINE = "deadline", "Đổi thời hạn"
    AMENDMENT = "amendment", "Số liệu đính chính"
    MAIL = "mail", "Bản tổng hợp gửi thư"


class Message(models.Model):
    """What one person was told, as it was worded. Only marks of delivery and of reading are ever changed.

    unit: the unit at which the person was told it. key: one and the same thing is told a person once by each channel.
    wait_until: when a mail is tried next; empty once it is sent or given up, and for other channels.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey("orgs.Unit", null=True, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=10, choices=MessageChannel.choices)
    kind = models.CharField(max_length=40)
    address = models.CharField(max_length=254, blank=True)
    subject = models.CharField(max_length=300)
    body = models.TextField()
    link = models.CharField(max_length=300, blank=True)
    about = models.CharField(max_length=200, blank=True)
    key = models.CharField(max_length=200)
    act = models.ForeignKey(Act, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    wait_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-made_at", "-pk")
        constraints = (models.UniqueConstraint(fields=["person", "channel", "key"], name="told_once"),)
        indexes = (
            models.Index(fields=["person", "made_at"], name="message_of_person"),
            models.Index(fields=["unit", "made_at"], name="message_of_unit"),
            models.Index(
                fields=["person"], name="message_unread", condition=Q(read_at__isnull=True, channel="product")
            ),
            models.Index(fields=["wait_until"], name="mail_waiting", condition=Q(wait_until__isnull=False)),
        )
        triggers: ClassVar[list[pgtrigger.Trigger]] = [
            pgtrigger.ReadOnly(
                name="message_said",
                exclude=["wait_until", "sent_at", "attempts", "failure", "read_at"],
            ),
            pgtrigger.Protect(name="message_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.subject
