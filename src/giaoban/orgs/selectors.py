"""Reads of areas and units on a date. Everything shown to a person starts from `visible_to`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404

from giaoban.core.spans import Span
from giaoban.core.succession import Link
from giaoban.core.vietnamese import fold, sort_key
from giaoban.kit.actors import Actor, HeldPost
from giaoban.kit.models import Gap, Source, valid_on
from giaoban.kit.permissions import Role
from giaoban.orgs.models import (
    AreaCode,
    AreaKind,
    AreaSuccession,
    AreaVersion,
    Field,
    Line,
    Post,
    Region,
    RegionMember,
    Unit,
    UnitClosure,
    UnitKind,
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

    def has_ended(self, on: date) -> bool:
        return self.ended_on is not None and self.ended_on <= on


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


def _named(wanted: Iterable[tuple[int, date]]) -> dict[tuple[int, date], UnitCard]:
    """Units as called on days, each pair by itself; on a day without a version, by the nearest one. One query."""
    pairs = list(dict.fromkeys(wanted))
    versions: dict[int, list[UnitVersion]] = {}
    rows = UnitVersion.objects.filter(unit_id__in={unit_id for unit_id, _ in pairs}).select_related("unit", "kind")
    for row in rows:
        versions.setdefault(row.unit_id, []).append(row)
    return {(unit_id, on): _card(_nearest(versions[unit_id], on)) for unit_id, on in pairs if unit_id in versions}


V = TypeVar("V", UnitVersion, AreaVersion)


def _nearest(versions: Iterable[V], on: date) -> V:
    """The version of a day; else the last one before it, else the first one after it."""
    ordered = sorted(versions, key=lambda one: one.valid_from or date.min)
    return next((one for one in reversed(ordered) if (one.valid_from or date.min) <= on), ordered[0])


def cards(unit_ids: Iterable[int], on: date) -> dict[int, UnitCard]:
    """Units as called on a day; one that did not exist then is called by its nearest version. One query."""
    return {unit_id: card for (unit_id, _), card in _named((unit_id, on) for unit_id in unit_ids).items()}


def card(unit_id: int, on: date) -> UnitCard:
    """One unit as called on a day. Raises KeyError when there is no such unit."""
    return cards([unit_id], on)[unit_id]


# Parameters: day, own units, own units, day, day.
SCOPE = """
    WITH RECURSIVE ended(id) AS (
        SELECT unit_id FROM orgs_unitversion GROUP BY unit_id HAVING bool_and(coalesce(valid_to <= %s::date, false))
    ), scope(id) AS (
        SELECT unnest(%s::bigint[])
        UNION
        SELECT descendant_id FROM orgs_unitclosure
        WHERE ancestor_id = ANY(%s::bigint[]) AND daterange(valid_from, valid_to) @> %s::date
        UNION
        SELECT past.id FROM scope JOIN (
            SELECT new_id AS above, old_id AS id FROM orgs_unitsuccession WHERE "on" <= %s::date
            UNION ALL
            SELECT ancestor_id, descendant_id FROM orgs_unitclosure
        ) past ON past.above = scope.id JOIN ended ON ended.id = past.id
    )
    SELECT id FROM scope
"""


def scope_ids(unit_ids: Iterable[int], on: date) -> QuerySet[Unit, Any]:
    """What belongs to units on a day, as a sub-query: they themselves, all beneath them on any line, and the history
    of all these: ended units that they succeeded, or that ever stood beneath one of them, step by step.

    A unit that still exists is seen from where it stands, not from where it once stood.
    """
    own = list(unit_ids)
    return Unit.objects.filter(pk__in=RawSQL(SCOPE, [on, own, own, on, on])).values("pk")  # noqa: S611  # nosec B611 - constant


def visible_ids(actor: Actor, on: date) -> QuerySet[Unit, Any]:
    """The units that an actor may see, as a sub-query: the scope of the units at which a post is held."""
    return Unit.objects.values("pk") if actor.everything else scope_ids(actor.unit_ids, on)


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
    """All parents on all lines, oldest first; each as called when it last was the parent."""
    rows = list(UnitParent.objects.filter(unit_id=unit_id).select_related("line").order_by("line_id"))
    rows.sort(key=lambda row: (row.line_id, row.valid_from or date.min))
    days = {row.pk: row.valid_to - date.resolution if row.valid_to else date.max for row in rows}
    called = _named((row.parent_id, days[row.pk]) for row in rows)
    return [
        LineParent(row.line.key, row.line.name, called[row.parent_id, days[row.pk]], row.valid_from, row.valid_to)
        for row in rows
    ]


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


def unit_spans() -> dict[int, Span]:
    """The life of every unit, from its first version to its last, for `core.succession`. One query."""
    spans: dict[int, Span] = {}
    for unit_id, start, end in UnitVersion.objects.values_list("unit_id", "valid_from", "valid_to"):
        known = spans.get(unit_id)
        if known is not None:
            start = None if start is None or known.start is None else min(start, known.start)
            end = None if end is None or known.end is None else max(end, known.end)
        spans[unit_id] = Span(start, end)
    return spans


def origins_of(unit_id: int) -> list[SuccessionStep]:
    """Where a unit comes from, oldest first."""
    rows = UnitSuccession.objects.filter(new_id=unit_id).order_by("on", "pk")
    return [step for _, step in _steps((row.pk, row.old_id, row) for row in rows)]


def successors_of(unit_id: int) -> list[SuccessionStep]:
    """What a unit became, oldest first."""
    return successors([unit_id]).get(unit_id, [])


def successors(unit_ids: Iterable[int]) -> dict[int, list[SuccessionStep]]:
    """What each of several units became; those that nothing succeeded are absent. Two queries."""
    rows = UnitSuccession.objects.filter(old_id__in=list(unit_ids)).order_by("on", "pk")
    found: dict[int, list[SuccessionStep]] = {}
    for old_id, step in _steps((row.old_id, row.new_id, row) for row in rows):
        found.setdefault(old_id, []).append(step)
    return found


def _steps(rows: Iterable[tuple[int, int, UnitSuccession]]) -> list[tuple[int, SuccessionStep]]:
    """(mark, step) of (mark, the other unit, row); the other unit as called around the day."""
    listed = list(rows)
    called = _named((other, row.on) for _, other, row in listed)
    return [
        (
            mark,
            SuccessionStep(
                other=called[other, row.on],
                on=row.on,
                kind_name=row.get_kind_display(),
                whole=row.whole,
                basis=row.basis,
                source=row.source,
            ),
        )
        for mark, other, row in listed
    ]


def versions_of(unit_id: int) -> list[UnitCard]:
    """All names a unit ever had, oldest first."""
    rows = UnitVersion.objects.filter(unit_id=unit_id).select_related("unit", "kind")
    return [_card(row) for row in sorted(rows, key=lambda row: row.valid_from or date.min)]


def search_units(actor: Actor, words: str, on: date, *, limit: int = 30) -> list[UnitCard]:
    """Visible units whose name, in any version, holds the words, accents ignored; living ones first.

    They are called as on the day, even when it was an older name that matched.
    """
    folded = fold(words)
    if not folded:
        return []
    matches = UnitVersion.objects.filter(unit_id__in=visible_ids(actor, on), search_key__contains=folded)
    found = cards(matches.values_list("unit_id", flat=True), on).values()
    return sorted(found, key=lambda one: (one.has_ended(on), one.sort_key))[:limit]


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
    """An area as called on a day, or by its nearest version. Raises KeyError when there is no such area."""
    return _area_card(_area_versions([area_id], on)[area_id])


def _area_card(row: AreaVersion) -> AreaCard:
    return AreaCard(row.area_id, row.area.key, row.name, bare_name(row.name, row.kind.name), row.kind.name, row.code)


def area_cards(area_ids: Iterable[int], on: date) -> dict[int, AreaCard]:
    """Areas as called on a day; those that did not exist then are absent. One query."""
    rows = AreaVersion.objects.filter(valid_on(on), area_id__in=set(area_ids)).select_related("area", "kind")
    return {row.area_id: _area_card(row) for row in rows}


def wider_areas(area_ids: Iterable[int], on: date) -> dict[int, AreaCard]:
    """The area that holds each of these areas, as called on a day or nearest to it. Two queries."""
    held = _area_versions(area_ids, on)
    above = _area_versions((row.parent_id for row in held.values() if row.parent_id), on)
    return {area_id: _area_card(above[row.parent_id]) for area_id, row in held.items() if row.parent_id in above}


def _area_versions(area_ids: Iterable[int], on: date) -> dict[int, AreaVersion]:
    versions: dict[int, list[AreaVersion]] = {}
    for row in AreaVersion.objects.filter(area_id__in=set(area_ids)).select_related("area", "kind"):
        versions.setdefault(row.area_id, []).append(row)
    return {area_id: _nearest(rows, on) for area_id, rows in versions.items()}


def region_area_ids(region_key: str, on: date) -> list[int]:
    """Areas of a region on a day. Whether the membership is verified: `Region.verified`."""
    return list(RegionMember.objects.filter(valid_on(on), region__key=region_key).values_list("area_id", flat=True))


def region_by_key(key: str) -> Region:
    """Raises Http404."""
    region = Region.objects.filter(key=key).first()
    if region is None:
        raise Http404("Không có vùng này trong danh mục.")
    return region


@dataclass(frozen=True, slots=True)
class RegionPlace:
    """An area of a region on a day, and the body that stands for it; None = there is none, or not for this reader."""

    area: AreaCard
    unit: UnitCard | None


def region_places(region: Region, actor: Actor, on: date, *, today: date) -> list[RegionPlace]:
    """The areas of a region on a day, in Vietnamese order. What the actor may see is a matter of today."""
    areas = area_cards(region_area_ids(region.key, on), on)
    bodies = UnitVersion.objects.filter(
        valid_on(on),
        area_id__in=areas,
        kind__represents_area=True,
        unit_id__in=visible_ids(actor, today),
    ).select_related("unit", "kind")
    units = {body.area_id: _card(body) for body in bodies}
    ordered = sorted(areas.values(), key=lambda area: sort_key(area.bare))
    return [RegionPlace(area, units.get(area.id)) for area in ordered]


def region_days(region: Region) -> list[date]:
    """Days on which the membership of a region changed, newest first."""
    spans = region.members.values_list("valid_from", "valid_to")
    return sorted({day for span in spans for day in span if day is not None}, reverse=True)


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
    units = [post.unit_id for post in posts]
    unit_id = acting_for if acting_for in units else (units[0] if units else None)
    return Actor(user_id=user_id, name=name, posts=posts, unit_id=unit_id)


def people_at(unit_id: int, on: date) -> list[tuple[str, Role, bool]]:
    """Name, role and whether acting, of everybody who holds a post at the unit on a day."""
    rows = Post.objects.filter(valid_on(on), unit_id=unit_id).select_related("user").order_by("pk")
    return [(row.user.get_full_name(), Role(row.role), row.acting) for row in rows]


def lines() -> list[Line]:
    """In the order of the pack."""
    return list(Line.objects.order_by("pk"))


def first_line_beneath(unit_id: int, on: date) -> str:
    """The line on which most units stand directly beneath a unit on a day; "" when nothing does."""
    rows = UnitParent.objects.filter(valid_on(on), parent_id=unit_id).values_list("line__key")
    return next((key for key, _ in rows.annotate(count=Count("pk")).order_by("-count", "line_id")), "")


def tops_of(actor: Actor, on: date) -> list[UnitCard]:
    """Where the actor's tree begins: the units at which a post is held; for the system, units without a parent."""
    ids: Iterable[int] = actor.unit_ids
    if actor.everything:
        under = UnitParent.objects.filter(valid_on(on)).values("unit_id")
        ids = Unit.objects.exclude(pk__in=under).values_list("pk", flat=True)
    return list(cards(ids, on).values())


def child_counts(unit_ids: Collection[int], line: str, on: date) -> dict[int, int]:
    """How many units stand directly beneath each of these."""
    rows = UnitParent.objects.filter(valid_on(on), parent_id__in=unit_ids, line__key=line)
    return dict(rows.values_list("parent_id").annotate(count=Count("pk")))


def child_count(unit_id: int, on: date) -> int:
    """How many units stand directly beneath one, on any line."""
    return UnitParent.objects.filter(valid_on(on), parent_id=unit_id).values("unit_id").distinct().count()


def days_of_change() -> tuple[date, ...]:
    """The last day before each of the latest six days of succession, newest first: days worth looking back to."""
    days = UnitSuccession.objects.order_by("-on").values_list("on", flat=True).distinct()
    return tuple(one - timedelta(days=1) for one in days[:6])


def codes_of(area_id: int, on: date) -> list[AreaCode]:
    return list(AreaCode.objects.filter(valid_on(on), area_id=area_id).order_by("system"))


def regions_of(area_id: int, on: date) -> list[Region]:
    """Regions that hold the area, or an area that it was made of by the day, at any time: old sets name old areas."""
    made_of = AreaSuccession.objects.filter(new_id=area_id, on__lte=on).values("old_id")
    members = RegionMember.objects.filter(Q(area_id=area_id) | Q(area_id__in=made_of))
    return list(Region.objects.filter(pk__in=members.values("region_id")).order_by("name"))


def source_titles(keys: str) -> str:
    """The titles of sources by their keys, as a row of the pack names them (one space between); "" for unknown ones."""
    return "; ".join(Source.objects.filter(key__in=keys.split()).order_by("pk").values_list("title", flat=True))


@dataclass(frozen=True, slots=True)
class GapCard:
    """What the sources do not say: what is missing, why, what it touches, and the source that was read."""

    key: str
    what: str
    why: str
    affects: tuple[str, ...]
    source: str
    where: str


def gaps() -> list[GapCard]:
    """The gaps of all packs, in their order. `affects` holds names where the key is one of a kind of unit or area."""
    names = dict(UnitKind.objects.values_list("key", "name")) | dict(AreaKind.objects.values_list("key", "name"))
    sources = {source.key: source for source in Source.objects.all()}
    found = []
    for gap in Gap.objects.order_by("pk"):
        source = sources.get(gap.source.split(" ")[0])
        found.append(
            GapCard(
                key=gap.key,
                what=gap.what,
                why=gap.why,
                affects=tuple(names.get(key, key) for key in gap.affects.split("; ") if key),
                source=source.title if source else "",
                where=source.where if source else "",
            )
        )
    return found
