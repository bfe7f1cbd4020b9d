"""Reads of areas and units on a date. Everything shown to a person starts from `visible_to`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.http import Http404

from giaoban.core.succession import Link
from giaoban.core.vietnamese import fold
from giaoban.kit.actors import Actor, HeldPost
from giaoban.kit.models import valid_on
from giaoban.kit.permissions import Role
from giaoban.orgs.models import (
    AreaCode,
    AreaSuccession,
    AreaVersion,
    Field,
    Line,
    Post,
    Region,
    RegionMember,
    Unit,
    UnitClosure,
    UnitParent,
    UnitSuccession,
    UnitVersion,
)
from giaoban.orgs.rules import bare_name


@dataclass(frozen=True, slots=True)
class UnitCard:
    """A unit as it was called on a day. `ended_on`: the first day on which it no longer exists, None while it does."""

    id: int
    key: str
    name: str
    short_name: str
    kind: str
    kind_name: str
    area_id: int | None
    sort_key: str
    started_on: date | None
    ended_on: date | None
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class LineParent:
    """A unit's parent on a line, with the span in which it is so."""

    line: str
    line_name: str
    parent: UnitCard
    valid_from: date | None
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class SuccessionStep:
    """One link in a unit's history, seen from the unit: the other unit, the day, how, and whether wholly."""

    other: UnitCard
    on: date
    kind_name: str
    whole: bool
    basis: str
    source: str


def _card(version: UnitVersion) -> UnitCard:
    return UnitCard(
        id=version.unit_id,
        key=version.unit.key,
        name=version.name,
        short_name=version.short_name,
        kind=version.kind.key,
        kind_name=version.kind.name,
        area_id=version.area_id,
        sort_key=version.sort_key,
        started_on=version.valid_from,
        ended_on=version.valid_to,
        source=version.source,
        note=version.note,
    )


def cards(unit_ids: Iterable[int], on: date) -> dict[int, UnitCard]:
    """Units as called on a day; one that did not exist then is called by its nearest version. Two queries at most."""
    wanted = set(unit_ids)
    versions = UnitVersion.objects.filter(unit_id__in=wanted).select_related("unit", "kind")
    found = {version.unit_id: _card(version) for version in versions.filter(valid_on(on))}
    if len(found) < len(wanted):
        rest = versions.filter(unit_id__in=wanted - found.keys()).order_by("valid_from")
        for version in rest:
            if version.unit_id not in found or (version.valid_from or date.min) <= on:
                found[version.unit_id] = _card(version)
    return found


def card(unit_id: int, on: date) -> UnitCard:
    """One unit as called on a day. Raises KeyError when there is no such unit."""
    return cards([unit_id], on)[unit_id]


def visible_ids(actor: Actor, on: date) -> QuerySet[Unit, Any]:
    """The units that an actor may see, as a sub-query: own units, all beneath them on any line today, and the
    predecessors of those with all that stood beneath them (a unit inherits its predecessors' history)."""
    if actor.everything:
        return Unit.objects.values("pk")
    own = UnitClosure.objects.filter(ancestor_id__in=actor.unit_ids)
    beneath_today = own.filter(valid_on(on)).values("descendant_id")
    inherited = UnitSuccession.objects.filter(new_id__in=beneath_today, on__lte=on).values("old_id")
    history = UnitClosure.objects.filter(ancestor_id__in=inherited).values("descendant_id")
    return Unit.objects.filter(
        Q(pk__in=actor.unit_ids) | Q(pk__in=beneath_today) | Q(pk__in=inherited) | Q(pk__in=history)
    ).values("pk")


def visible_to(actor: Actor, on: date) -> QuerySet[Unit]:
    return Unit.objects.filter(pk__in=visible_ids(actor, on))


def unit_for(actor: Actor, key: str, on: date) -> UnitCard:
    """The unit of a key, if the actor may see it; otherwise, or when there is none, 404."""
    unit = visible_to(actor, on).filter(key=key).first()
    if unit is None:
        raise Http404("Không có đơn vị này trong phạm vi của bạn.")
    return card(unit.pk, on)


def unit_id_of(key: str) -> int | None:
    return Unit.objects.filter(key=key).values_list("pk", flat=True).first()


def resolve_units(words: Iterable[str], on: date) -> dict[str, int]:
    """Unit ids of the names that files use: a unit key, or ``system:code`` of the area whose committee it is.

    ``portal:H53`` is the body of a kind that represents its area, in the area of that code. Unknown words are absent.
    """
    wanted = set(words)
    found = dict(Unit.objects.filter(key__in=wanted).values_list("key", "pk"))
    coded = {word: word.split(":", 1) for word in wanted - found.keys() if ":" in word}
    if coded:
        rows = AreaCode.objects.filter(valid_on(on), code__in={code for _, code in coded.values()})
        areas = {(row.system, row.code): row.area_id for row in rows}
        by_area = {
            version.area_id: version.unit_id
            for version in UnitVersion.objects.filter(
                valid_on(on), area_id__in=areas.values(), kind__represents_area=True
            )
        }
        for word, (system, code) in coded.items():
            unit_id = by_area.get(areas.get((system, code)))
            if unit_id is not None:
                found[word] = unit_id
    return found


def children_of(unit_id: int, line: str, on: date) -> list[UnitCard]:
    """Direct children on a line on a day, in Vietnamese alphabetical order."""
    ids = UnitParent.objects.filter(valid_on(on), parent_id=unit_id, line__key=line).values_list("unit_id", flat=True)
    return sorted(cards(ids, on).values(), key=lambda one: one.sort_key)


def parents_of(unit_id: int) -> list[LineParent]:
    """All parents on all lines, oldest first."""
    rows = list(UnitParent.objects.filter(unit_id=unit_id).select_related("line").order_by("line__key", "valid_from"))
    called = {row.pk: card(row.parent_id, row.valid_from or row.valid_to or date.max) for row in rows}
    return [LineParent(row.line.key, row.line.name, called[row.pk], row.valid_from, row.valid_to) for row in rows]


def ancestors_of(unit_id: int, line: str, on: date) -> list[int]:
    """Ids of the unit and its ancestors on a line on a day, nearest first."""
    return list(
        UnitClosure.objects.filter(valid_on(on), descendant_id=unit_id, line__key=line)
        .order_by("depth")
        .values_list("ancestor_id", flat=True)
    )


def descendant_ids(unit_id: int, line: str, on: date, *, kind: str | None = None) -> list[int]:
    """Ids beneath a unit on a line on a day (itself excluded), of one kind if given."""
    rows = UnitClosure.objects.filter(valid_on(on), ancestor_id=unit_id, line__key=line, depth__gt=0)
    if kind is not None:
        of_kind = UnitVersion.objects.filter(valid_on(on), kind__key=kind).values("unit_id")
        rows = rows.filter(descendant_id__in=of_kind)
    return list(rows.values_list("descendant_id", flat=True))


def branches(unit_id: int, line: str, on: date) -> dict[int, int]:
    """Each unit beneath `unit_id` on a line on a day → the direct child of `unit_id` through which it hangs."""
    query = """
        SELECT below.descendant_id, child.descendant_id
        FROM orgs_unitclosure child
        JOIN orgs_unitclosure below ON below.ancestor_id = child.descendant_id AND below.line_id = child.line_id
        JOIN orgs_line line ON line.id = child.line_id
        WHERE child.ancestor_id = %(unit)s AND child.depth = 1 AND line.key = %(line)s
          AND daterange(child.valid_from, child.valid_to) @> %(on)s::date
          AND daterange(below.valid_from, below.valid_to) @> %(on)s::date
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"unit": unit_id, "line": line, "on": on})
        return dict(cursor.fetchall())


def unit_links() -> list[Link[int]]:
    """All successions between units, for `core.succession`."""
    return [Link(*row) for row in UnitSuccession.objects.values_list("old_id", "new_id", "on", "whole")]


def origins_of(unit_id: int) -> list[SuccessionStep]:
    """Where a unit comes from."""
    rows = UnitSuccession.objects.filter(new_id=unit_id).order_by("on")
    return [
        SuccessionStep(card(row.old_id, row.on), row.on, row.get_kind_display(), row.whole, row.basis, row.source)
        for row in rows
    ]


def successors_of(unit_id: int) -> list[SuccessionStep]:
    """What a unit became."""
    rows = UnitSuccession.objects.filter(old_id=unit_id).order_by("on")
    return [
        SuccessionStep(card(row.new_id, row.on), row.on, row.get_kind_display(), row.whole, row.basis, row.source)
        for row in rows
    ]


def versions_of(unit_id: int) -> list[UnitCard]:
    """All names a unit ever had, oldest first."""
    rows = UnitVersion.objects.filter(unit_id=unit_id).select_related("unit", "kind")
    return [_card(row) for row in sorted(rows, key=lambda row: row.valid_from or date.min)]


def search_units(actor: Actor, words: str, on: date, *, limit: int = 30) -> list[UnitCard]:
    """Visible units whose name, in any version, holds the words, accents ignored; living units first."""
    folded = fold(words)
    if not folded:
        return []
    matches = UnitVersion.objects.filter(
        unit_id__in=visible_ids(actor, on), search_key__contains=folded
    ).select_related("unit", "kind")
    found: dict[int, UnitCard] = {}
    for version in matches.order_by("sort_key")[: limit * 4]:
        found.setdefault(version.unit_id, _card(version))
    living = [one for one in found.values() if one.ended_on is None or one.ended_on > on]
    ended = [one for one in found.values() if one.ended_on is not None and one.ended_on <= on]
    return (living + ended)[:limit]


@dataclass(frozen=True, slots=True)
class AreaCard:
    """An area as called on a day; `bare` is the name without the word for its kind."""

    id: int
    key: str
    name: str
    bare: str
    kind_name: str
    code: str


def area_card(area_id: int, on: date) -> AreaCard:
    rows = AreaVersion.objects.filter(area_id=area_id).select_related("area", "kind")
    row = rows.filter(valid_on(on)).first() or rows.order_by("-valid_from").first()
    if row is None:
        raise KeyError(area_id)
    return _area_card(row)


def _area_card(row: AreaVersion) -> AreaCard:
    return AreaCard(row.area_id, row.area.key, row.name, bare_name(row.name, row.kind.name), row.kind.name, row.code)


def area_cards(area_ids: Iterable[int], on: date) -> dict[int, AreaCard]:
    """Areas as called on a day; those that did not exist then are absent. One query."""
    rows = AreaVersion.objects.filter(valid_on(on), area_id__in=set(area_ids)).select_related("area", "kind")
    return {row.area_id: _area_card(row) for row in rows}


def region_area_ids(region_key: str, on: date) -> list[int]:
    """Areas of a region on a day. Whether the membership is verified: `region`."""
    return list(RegionMember.objects.filter(valid_on(on), region__key=region_key).values_list("area_id", flat=True))


def regions() -> list[Region]:
    return list(Region.objects.order_by("name"))


def fields() -> list[Field]:
    return list(Field.objects.all())


def held_posts(user_id: int, on: date) -> tuple[HeldPost, ...]:
    """The posts a person holds on a day, in the order in which they were given."""
    posts = list(Post.objects.filter(valid_on(on), user_id=user_id).prefetch_related("fields").order_by("pk"))
    called = cards([post.unit_id for post in posts], on)
    return tuple(
        HeldPost(
            unit_id=post.unit_id,
            role=Role(post.role),
            unit_name=called[post.unit_id].name,
            fields=frozenset(field.key for field in post.fields.all()),
            acting=post.acting,
        )
        for post in posts
    )


def actor_for(user_id: int, name: str, on: date, *, acting_for: int | None = None) -> Actor:
    """The actor of a person on a day; `acting_for` counts only when a post is held there."""
    posts = held_posts(user_id, on)
    units: Sequence[int] = [post.unit_id for post in posts]
    unit_id = acting_for if acting_for in units else (units[0] if units else None)
    return Actor(user_id=user_id, name=name, posts=posts, unit_id=unit_id)


def people_at(unit_id: int, on: date) -> list[tuple[str, Role, bool]]:
    """Name, role and whether acting, of everybody who holds a post at the unit on a day."""
    rows = Post.objects.filter(valid_on(on), unit_id=unit_id).select_related("user").order_by("pk")
    return [(row.user.get_full_name(), Role(row.role), row.acting) for row in rows]


def lines() -> list[Line]:
    return list(Line.objects.order_by("-key"))


def tops_of(actor: Actor, on: date) -> list[UnitCard]:
    """Where the actor's tree begins: the units at which a post is held; for the system, units without a parent."""
    if actor.everything:
        under = UnitParent.objects.filter(valid_on(on)).values("unit_id")
        ids = list(Unit.objects.exclude(pk__in=under).values_list("pk", flat=True))
    else:
        ids = list(actor.unit_ids)
    return [one for unit_id, one in cards(ids, on).items() if unit_id in ids]


def child_counts(unit_ids: Sequence[int], line: str, on: date) -> dict[int, int]:
    """How many units stand directly beneath each of these."""
    rows = UnitParent.objects.filter(valid_on(on), parent_id__in=unit_ids, line__key=line)
    return dict(rows.values_list("parent_id").annotate(count=Count("pk")))


def days_of_change() -> tuple[date, ...]:
    """The last day before each succession of units, newest first: days worth looking back to."""
    days = UnitSuccession.objects.order_by("-on").values_list("on", flat=True).distinct()
    return tuple(one - timedelta(days=1) for one in days[:6])


def codes_of(area_id: int, on: date) -> list[AreaCode]:
    return list(AreaCode.objects.filter(valid_on(on), area_id=area_id).order_by("system"))


def regions_of(area_id: int, on: date) -> list[Region]:
    """Regions that hold the area, or one of the areas it was made of, whatever the day: old sets name old areas."""
    made_of = AreaSuccession.objects.filter(new_id=area_id, on__lte=on).values("old_id")
    members = RegionMember.objects.filter(Q(area_id=area_id) | Q(area_id__in=made_of))
    return list(Region.objects.filter(pk__in=members.values("region_id")).order_by("name"))
