"""Who holds which post, on a day and through time."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import Http404

from giaoban.kit.actors import Actor, HeldPost
from giaoban.kit.messages import Recipient
from giaoban.kit.models import valid_on
from giaoban.kit.permissions import ROLE_NAMES, ROLE_PERMISSIONS, Permission, Role
from giaoban.kit.prepared import Prepared, given
from giaoban.orgs.models import Post, UnitVersion
from giaoban.orgs.selectors.rights import managed_ids


@dataclass(frozen=True, slots=True)
class PostCard:
    """A role that somebody holds, held or will hold at a unit. delegated_by: the holder who lent it, "" for a post of
    one's own. fields: names of the fields of work, none = all. ended_on: the first day on which it is no longer held.
    """

    id: int
    unit_id: int
    user_id: int
    name: str
    login: str
    role: Role
    acting: bool
    delegated_by: str
    fields: tuple[str, ...]
    started_on: date | None
    ended_on: date | None

    @property
    def role_name(self) -> str:
        return ROLE_NAMES[self.role] + (", quyền" if self.acting else "")

    @property
    def last_day(self) -> date | None:
        return self.ended_on - date.resolution if self.ended_on is not None else None

    def state(self, on: date) -> Literal["ahead", "held", "past"]:
        if self.started_on is not None and on < self.started_on:
            return "ahead"
        return "past" if self.ended_on is not None and self.ended_on <= on else "held"


def held_posts(user_id: int, on: date) -> tuple[HeldPost, ...]:
    """The posts a person holds on a day, in the order in which they were given."""
    posts: list[Any] = _posts_of(user=user_id, on=on)
    return tuple(
        HeldPost(
            unit_id=post.unit_id,
            role=Role(post.role),
            unit_name=post.unit_name,
            fields=frozenset(post.field_keys),
            acting=post.acting,
        )
        for post in posts
    )


@Prepared
def _posts_of() -> "QuerySet[Post]":
    """With the keys of their fields, and the unit's name on the day, or the nearest one (`cards.nearest`)."""
    keys = ArrayAgg("fields__key", filter=Q(fields__isnull=False), default=Value([]))
    names = UnitVersion.objects.filter(unit_id=OuterRef("unit_id")).values("name")
    begun = names.filter(Q(valid_from__isnull=True) | Q(valid_from__lte=given("on")))
    last, first = begun.order_by(F("valid_from").desc(nulls_last=True)), names.order_by("valid_from")
    called = Coalesce(Subquery(last[:1]), Subquery(first[:1]))
    held = Post.objects.filter(valid_on(given("on")), user_id=given("user"))
    return held.annotate(field_keys=keys, unit_name=called).order_by("pk")


def actor_for(user_id: int, name: str, on: date, *, acting_for: int | None = None) -> Actor:
    """The actor of a person on a day; `acting_for` counts only when a post is held there."""
    posts = held_posts(user_id, on)
    units = [post.unit_id for post in posts]
    unit_id = acting_for if acting_for in units else (units[0] if units else None)
    return Actor(user_id=user_id, name=name, posts=posts, unit_id=unit_id)


def people_at(unit_id: int, on: date) -> list[tuple[str, Role, bool]]:
    """Name, role and whether acting, of everybody who holds a post at the unit on a day."""
    rows = Post.objects.filter(valid_on(on), unit_id=unit_id).select_related("user").order_by("pk")
    return [(row.user.get_full_name(), Role(row.role), row.acting) for row in rows]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to call at a unit."""

    name: str
    role_name: str
    acting: bool


def people_at_many(unit_ids: Iterable[int], on: date) -> dict[int, tuple[Person, ...]]:
    """Everybody who holds a post at the units on a day. One query."""
    found: defaultdict[int, list[Person]] = defaultdict(list)
    posts = Post.objects.filter(valid_on(on), unit_id__in=set(unit_ids)).select_related("user").order_by("pk")
    for post in posts:
        found[post.unit_id].append(Person(post.user.get_full_name(), ROLE_NAMES[Role(post.role)], post.acting))
    return {unit_id: tuple(people) for unit_id, people in found.items()}


@dataclass(frozen=True, slots=True)
class Seat:
    """A post as those need it who tell its holder something. fields: keys of fields of work, none = all."""

    recipient: Recipient
    unit_id: int
    role: Role
    fields: frozenset[str]


def seats_at(unit_ids: Iterable[int], on: date) -> list[Seat]:
    """The posts at units on a day of people who may sign in, in the order in which they were given. Two queries."""
    posts = Post.objects.filter(valid_on(on), unit_id__in=set(unit_ids), user__is_active=True)
    return [
        Seat(
            Recipient(post.user_id, post.user.get_full_name(), post.user.mail_at_once, post.unit_id),
            post.unit_id,
            Role(post.role),
            frozenset(field.key for field in post.fields.all()),
        )
        for post in posts.select_related("user").prefetch_related("fields").order_by("pk")
    ]


def recipients_at(unit_ids: Iterable[int], on: date, permission: Permission) -> list[Recipient]:
    """The people at units whose role carries a permission, each once, to be told something."""
    found = {
        seat.recipient.user_id: seat.recipient
        for seat in reversed(seats_at(unit_ids, on))
        if permission in ROLE_PERMISSIONS[seat.role]
    }
    return list(reversed(found.values()))


def posts_on(unit_id: int, on: date) -> list[PostCard]:
    """Who holds which post at a unit on a day, acting and delegated ones included, in the order of the roles."""
    held = _post_cards(Post.objects.filter(valid_on(on), unit_id=unit_id))
    return sorted(held, key=lambda one: (list(Role).index(one.role), bool(one.delegated_by), one.id))


def post_history(unit_id: int) -> list[PostCard]:
    """All posts at a unit, of the past and entered ahead too, the latest first; those of unknown beginning last."""
    held = _post_cards(Post.objects.filter(unit_id=unit_id))
    return sorted(held, key=lambda one: (one.started_on or date.min, one.id), reverse=True)


def post_at(unit_id: int, post_id: int) -> PostCard:
    """One post of a unit. Raises Http404."""
    found = _post_cards(Post.objects.filter(unit_id=unit_id, pk=post_id))
    if not found:
        raise Http404("Không có vị trí này tại đơn vị.")
    return found[0]


def _post_cards(rows: "QuerySet[Post]") -> list[PostCard]:
    posts = rows.select_related("user", "delegated_by").prefetch_related("fields")
    return [
        PostCard(
            id=row.pk,
            unit_id=row.unit_id,
            user_id=row.user_id,
            name=row.user.get_full_name(),
            login=row.user.get_username(),
            role=Role(row.role),
            acting=row.acting,
            delegated_by=row.delegated_by.get_full_name() if row.delegated_by else "",
            fields=tuple(field.name for field in row.fields.all()),
            started_on=row.valid_from,
            ended_on=row.valid_to,
        )
        for row in posts
    ]


def manages_from(actor: Actor, unit_id: int, on: date) -> int | None:
    """The unit whose post lets the actor manage units and posts at `unit_id` on a day: this unit itself, or one that
    has it beneath it (`managed_ids`). None: there is none."""
    places = [place for place in actor.unit_ids if actor.may(Permission.MANAGE_UNITS, place)]
    places.sort(key=lambda place: place != unit_id)
    return next((place for place in places if managed_ids([place], on).filter(pk=unit_id).exists()), None)
