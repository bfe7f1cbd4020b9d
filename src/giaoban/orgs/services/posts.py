"""Who holds which role at which unit: given, ended, lent to somebody else, always with dates."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from giaoban.core.spans import Span
from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import ROLE_NAMES, Permission, Role
from giaoban.orgs.models import Field, Post, Unit, UnitVersion
from giaoban.orgs.selectors.cards import card
from giaoban.orgs.selectors.posts import manages_from
from giaoban.orgs.services.events import one_at_a_time


class PostRefused(Exception):
    """A post is not given, ended or lent; the sentence says why and what to do. field: the input that is wrong."""

    def __init__(self, sentence: str, field: str = "") -> None:
        super().__init__(sentence)
        self.sentence, self.field = sentence, field


@transaction.atomic
def give_post(
    *,
    user_id: int,
    unit_id: int,
    role: Role,
    valid_from: date | None,
    by: Actor,
    at: datetime,
    acting: bool = False,
    valid_to: date | None = None,
    fields: Collection[str] = (),
    reason: str = "",
) -> Post:
    """Let a person hold a role at a unit from a day on, up to the day before `valid_to`.

    valid_from None: since a day that nobody knows. fields: keys of fields of work, none = all. acting: "quyền". Raises
    PermissionDenied; PostRefused when the unit does not exist all that time, or the person holds the same post then.
    """
    one_at_a_time()
    place = _place(by, unit_id, at)
    unit = Unit.objects.select_for_update().get(pk=unit_id)
    span = _span(valid_from, valid_to)
    _within_life(unit, span)
    _not_held(user_id, unit, role, span)
    detail = {"role": role.value, "unit": unit.key, **_dates(span), **({"acting": True} if acting else {})}
    with act("orgs.give-post", by=by, at=at, reason=reason, detail=detail) as entry:
        entry.unit_id = place
        post = Post.objects.create(
            user_id=user_id, unit=unit, role=role.value, valid_from=span.start, valid_to=span.end, acting=acting
        )
        post.fields.set(Field.objects.filter(key__in=fields))
        entry.subject = subject_of(post)
    return post


def end_post(post_id: int, *, on: date, reason: str, by: Actor, at: datetime) -> Post:
    """Let a post be held no longer from the day `on`; what its holder lent to others ends with it.

    Raises PermissionDenied, and PostRefused when the post does not run on that day, or without a reason.
    """
    post = Post.objects.select_related("user", "unit").get(pk=post_id)
    place = _place(by, post.unit_id, at)
    _with_reason(reason)
    with act("orgs.end-post", by=by, at=at, reason=reason, detail={"on": on.isoformat(), "role": post.role}) as entry:
        entry.unit_id, entry.subject = place, subject_of(post)
        post = Post.objects.select_for_update(of=("self",)).select_related("user", "unit").get(pk=post_id)
        if post.valid_to is not None and post.valid_to <= on:
            raise PostRefused(f"Vị trí này đã thôi giữ từ ngày {day(post.valid_to)}; chọn ngày sớm hơn.", "on")
        if post.valid_from is not None and on <= post.valid_from:
            raise PostRefused(f"Vị trí này bắt đầu ngày {day(post.valid_from)}; ngày thôi giữ phải sau ngày ấy.", "on")
        lent = (
            [] if post.delegated_by_id else list(_lent_by(post).filter(Q(valid_to__isnull=True) | Q(valid_to__gt=on)))
        )
        for other in lent:
            if other.valid_from is not None and other.valid_from >= on:
                other.delete()
                continue
            other.valid_to = on
            other.save(update_fields=["valid_to"])
        entry.detail["lent"] = [other.user_id for other in lent]
        post.valid_to = on
        post.save(update_fields=["valid_to"])
    return post


@transaction.atomic
def delegate(
    post_id: int, *, to_user_id: int, valid_from: date, valid_to: date, reason: str, by: Actor, at: datetime
) -> Post:
    """Let somebody else hold the role of a post as well, from a day up to the day before `valid_to`.

    The holder keeps the post. Raises PermissionDenied; PostRefused when the dates lie outside the post's, the post is
    itself lent, the other is the holder or holds the role already, or there is no reason.
    """
    one_at_a_time()
    post = Post.objects.select_for_update(of=("self",)).select_related("user", "unit").get(pk=post_id)
    place = _place(by, post.unit_id, at)
    _with_reason(reason)
    if post.delegated_by_id is not None:
        raise PostRefused(
            "Vị trí này chính là được ủy quyền, không ủy quyền tiếp; hãy chọn vị trí của người giữ chính."
        )
    if to_user_id == post.user_id:
        raise PostRefused("Người được ủy quyền phải khác người đang giữ vị trí.", "user")
    span, own = _span(valid_from, valid_to), Span(post.valid_from, post.valid_to)
    if span.intersect(own) != span:
        raise PostRefused(f"Thời gian ủy quyền phải nằm trong thời gian giữ vị trí: {_words(own)}.", "valid_from")
    detail = {"role": post.role, "unit": post.unit.key, "delegated_by": post.user.get_username(), **_dates(span)}
    with act("orgs.delegate-post", by=by, at=at, reason=reason, detail=detail) as entry:
        entry.unit_id = place
        unit = Unit.objects.select_for_update().get(pk=post.unit_id)
        _within_life(unit, span)
        _not_held(to_user_id, unit, Role(post.role), span)
        lent = Post.objects.create(
            user_id=to_user_id,
            unit=unit,
            role=post.role,
            valid_from=span.start,
            valid_to=span.end,
            delegated_by_id=post.user_id,
        )
        lent.fields.set(post.fields.all())
        entry.subject = subject_of(lent)
    return lent


def _place(by: Actor, unit_id: int, at: datetime) -> int | None:
    """The unit whose post lets the actor do this. Raises PermissionDenied."""
    if by.everything:
        return by.unit_id
    today = timezone.localdate(at)
    place = manages_from(by, unit_id, today)
    if place is None:
        by.require(Permission.MANAGE_UNITS, at=unit_id, unit_name=card(unit_id, today).name)
    return place


def _with_reason(reason: str) -> None:
    if not reason.strip():
        raise PostRefused("Hãy ghi lý do hoặc số văn bản làm căn cứ.", "reason")


def _span(start: date | None, end: date | None) -> Span:
    if start is not None and end is not None and end <= start:
        raise PostRefused(f"Ngày thôi giữ {day(end)} phải sau ngày bắt đầu {day(start)}.", "valid_to")
    return Span(start, end)


def _within_life(unit: Unit, span: Span) -> None:
    """Refuse a span that begins before the unit or goes on after its end. An unknown beginning is no fault."""
    versions = list(UnitVersion.objects.filter(unit=unit).values_list("valid_from", "valid_to"))
    starts, ends = [start for start, _ in versions], [end for _, end in versions]
    first = min((start for start in starts if start is not None), default=None) if None not in starts else None
    last = max((end for end in ends if end is not None), default=None) if None not in ends else None
    name = card(unit.pk, span.start or date.max).name
    if first is not None and span.start is not None and span.start < first:
        raise PostRefused(f"{name} chỉ có từ ngày {day(first)}; chọn ngày bắt đầu từ ngày ấy trở đi.", "valid_from")
    if last is not None and span.start is not None and span.start >= last:
        raise PostRefused(f"{name} không còn từ ngày {day(last)}; chọn đơn vị kế tục.", "valid_from")
    if last is not None and (span.end is None or span.end > last):
        raise PostRefused(f"{name} không còn từ ngày {day(last)}; ghi ngày thôi giữ không sau ngày ấy.", "valid_to")


def _not_held(user_id: int, unit: Unit, role: Role, span: Span) -> None:
    """Refuse a second post of the same person, unit and role on any day of the span."""
    for held in Post.objects.filter(user_id=user_id, unit=unit, role=role.value).select_related("user"):
        own = Span(held.valid_from, held.valid_to)
        if own.overlaps(span):
            name = held.user.get_full_name()
            raise PostRefused(
                f"{name} đã giữ vị trí {ROLE_NAMES[role].lower()} tại đơn vị này {_words(own)}; chọn thời gian khác.",
                "valid_from",
            )


def _lent_by(post: Post) -> QuerySet[Post]:
    return Post.objects.filter(unit_id=post.unit_id, role=post.role, delegated_by_id=post.user_id)


def _dates(span: Span) -> dict[str, str]:
    return {name: one.isoformat() for name, one in (("from", span.start), ("to", span.end)) if one is not None}


def _words(span: Span) -> str:
    start = f"từ ngày {day(span.start)}" if span.start else "từ trước"
    return f"{start} đến hết ngày {day(span.end - date.resolution)}" if span.end else f"{start}, chưa có ngày thôi giữ"
