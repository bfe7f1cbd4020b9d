"""Regions: dated sets of areas, and the codes of areas in other systems."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.http import Http404

from giaoban.core.vietnamese import sort_key
from giaoban.kit.actors import Actor
from giaoban.kit.models import valid_on
from giaoban.orgs.models import (
    AreaCode,
    AreaSuccession,
    AreaVersion,
    Region,
    RegionMember,
    SuccessionKind,
    UnitVersion,
)
from giaoban.orgs.selectors.cards import AreaCard, UnitCard, area_card_of, area_cards, card_of, nearest
from giaoban.orgs.selectors.rights import visible_ids

GENERATIONS = 8


@dataclass(frozen=True, slots=True)
class RegionPlace:
    """An area of a region on a day, and the body that stands for it; None = there is none, or not for this reader.

    A region whose areas are no more holds what became of them (`derived`). inside, outside: the former areas that such
    a place was made of, those that belong and those that do not: then the region cuts through it.
    """

    area: AreaCard
    unit: UnitCard | None
    inside: tuple[AreaCard, ...] = ()
    outside: tuple[AreaCard, ...] = ()
    derived: bool = False

    @property
    def is_cut(self) -> bool:
        return bool(self.outside)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an area stands to a region on a day: belongs, belongs in part (see `RegionPlace`), or did on another day."""

    region: Region
    belongs: bool
    inside: tuple[AreaCard, ...] = ()
    outside: tuple[AreaCard, ...] = ()


def region_area_ids(region_key: str, on: date) -> list[int]:
    """Areas that a region names for a day. Whether the membership is verified: `Region.verified`."""
    return list(RegionMember.objects.filter(valid_on(on), region__key=region_key).values_list("area_id", flat=True))


def region_by_key(key: str) -> Region:
    """Raises Http404."""
    region = Region.objects.filter(key=key).first()
    if region is None:
        raise Http404("Không có vùng này trong danh mục.")
    return region


def regions() -> list[Region]:
    return list(Region.objects.order_by("name"))


def region_places(region: Region, actor: Actor, on: date, *, today: date) -> list[RegionPlace]:
    """What a region holds on a day, in Vietnamese order. What the actor may see is a matter of today."""
    parts = _parts([region], on)[region.pk]
    areas = area_cards(parts, on)
    former = _called_last({one for part in parts.values() for one in (*part.inside, *part.outside)})
    bodies = UnitVersion.objects.filter(
        valid_on(on),
        area_id__in=areas,
        kind__represents_area=True,
        unit_id__in=visible_ids(actor, today),
    ).select_related("unit", "kind")
    units = {body.area_id: card_of(body) for body in bodies}
    places = [
        RegionPlace(
            area,
            units.get(area.id),
            _named(parts[area.id].inside, former),
            _named(parts[area.id].outside, former),
            parts[area.id].derived,
        )
        for area in areas.values()
    ]
    return sorted(places, key=lambda place: sort_key(place.area.bare))


def standings(area_id: int, on: date) -> list[Standing]:
    """The regions that hold an area on a day, wholly or in part, or did so on another day."""
    held = regions_of(area_id, on)
    by_region = _parts(held, on)
    parts = {region.pk: by_region[region.pk].get(area_id) for region in held}
    former = _called_last({one for part in parts.values() if part for one in (*part.inside, *part.outside)})
    found = []
    for region in held:
        part = parts[region.pk]
        inside, outside = (_named(part.inside, former), _named(part.outside, former)) if part else ((), ())
        found.append(Standing(region, part is not None, inside, outside))
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """Ids of the former areas inside and outside the region; none outside: the whole area belongs."""

    inside: tuple[int, ...] = ()
    outside: tuple[int, ...] = ()
    derived: bool = False


def _parts(held: Collection[Region], on: date) -> dict[int, dict[int, _Part]]:
    """By region, each area of the day that it names, or that an area became which belonged as long as it lived.

    A membership that was ended while the area lived on is ended; one that ended with the area passes to what the area
    became, unless the region names that itself.
    """
    named, alive = _members(held, on)
    onward = _onward({area_id for ids in named.values() for area_id in ids} - alive, on)
    living = {region_id: ids & alive for region_id, ids in named.items()}
    reached = {region_id: _reached(ids - alive, ids & alive, onward) for region_id, ids in named.items()}
    heirs = {region_id: {new for old in ids for new in onward.get(old, ())} for region_id, ids in reached.items()}
    alive |= _alive(_lives({new for news in heirs.values() for new in news}), on)
    there = {region_id: (news & alive) - living[region_id] for region_id, news in heirs.items()}
    origins: dict[int, list[int]] = {}
    wanted = {area_id for ids in there.values() for area_id in ids}
    for new_id, old_id in _steps(on).filter(new_id__in=wanted).order_by("pk").values_list("new_id", "old_id"):
        origins.setdefault(new_id, []).append(old_id)
    return {
        region_id: {area_id: _Part() for area_id in living[region_id]}
        | {area_id: _made_of(area_id, origins[area_id], reached[region_id]) for area_id in sorted(there[region_id])}
        for region_id in named
    }


def _made_of(area_id: int, origins: Iterable[int], reached: Collection[int]) -> _Part:
    """An area of the day that inherits a membership from some of those it was made of."""
    inside = [old_id for old_id in origins if old_id in reached and old_id != area_id]
    return _Part(tuple(inside), tuple(old_id for old_id in origins if old_id not in inside), True)


_Days = tuple[date | None, date | None]


def _members(held: Collection[Region], on: date) -> tuple[dict[int, set[int]], set[int]]:
    """By region, the areas that it names for the day and those that belonged until they themselves ended; and which of
    all these exist on the day."""
    rows = list(
        RegionMember.objects.filter(region__in=held).values_list("region_id", "area_id", "valid_from", "valid_to")
    )
    lives = _lives({area_id for _, area_id, _, _ in rows})
    named: dict[int, set[int]] = {region.pk: set() for region in held}
    for region_id, area_id, start, end in rows:
        lasts = [last or date.max for _, last in lives.get(area_id, ())]
        if _within((start, end), on) or (end is not None and end <= on and max(lasts, default=None) == end):
            named[region_id].add(area_id)
    return named, _alive(lives, on)


def _lives(area_ids: Collection[int]) -> dict[int, list[_Days]]:
    """When areas exist; half-open."""
    found: dict[int, list[_Days]] = {}
    for area_id, start, end in AreaVersion.objects.filter(area_id__in=area_ids).values_list(
        "area_id", "valid_from", "valid_to"
    ):
        found.setdefault(area_id, []).append((start, end))
    return found


def _alive(lives: Mapping[int, Iterable[_Days]], on: date) -> set[int]:
    return {area_id for area_id, spans in lives.items() if any(_within(days, on) for days in spans)}


def _within(days: _Days, on: date) -> bool:
    start, end = days
    return (start is None or start <= on) and (end is None or end > on)


def _onward(area_ids: Collection[int], on: date) -> dict[int, list[int]]:
    """What areas became by the day, and what that became: new ids by old."""
    found: dict[int, list[int]] = {}
    front = set(area_ids)
    for _ in range(GENERATIONS):
        if not front:
            break
        steps = list(_steps(on).filter(old_id__in=front).values_list("old_id", "new_id"))
        for old_id, new_id in steps:
            found.setdefault(old_id, []).append(new_id)
        front = {new_id for _, new_id in steps} - found.keys() - front
    return found


def _reached(area_ids: Collection[int], stops: Collection[int], onward: Mapping[int, Iterable[int]]) -> set[int]:
    """These areas and, step by step, what they became; the way ends at `stops`."""
    found, front = set(area_ids), set(area_ids)
    while front:
        front = {new_id for old_id in front for new_id in onward.get(old_id, ())} - found - set(stops)
        found |= front
    return found


def _steps(on: date) -> QuerySet[AreaSuccession]:
    """Successions of territory by a day: what passes duties only moves nothing."""
    return AreaSuccession.objects.filter(on__lte=on).exclude(kind=SuccessionKind.TRANSFER)


def _called_last(area_ids: Collection[int]) -> dict[int, AreaCard]:
    versions: dict[int, list[AreaVersion]] = {}
    for row in AreaVersion.objects.filter(area_id__in=area_ids).select_related("area", "kind"):
        versions.setdefault(row.area_id, []).append(row)
    return {area_id: area_card_of(nearest(rows, date.max)) for area_id, rows in versions.items()}


def _named(area_ids: Iterable[int], called: dict[int, AreaCard]) -> tuple[AreaCard, ...]:
    return tuple(sorted((called[one] for one in area_ids), key=lambda area: sort_key(area.bare)))


def region_days(region: Region) -> list[date]:
    """Days on which what a region holds changed, by decision or because its areas did; newest first."""
    spans = region.members.values_list("valid_from", "valid_to")
    days = {day for span in spans for day in span if day is not None}
    named = region.members.values("area_id")
    days |= set(AreaSuccession.objects.filter(Q(old_id__in=named) | Q(new_id__in=named)).values_list("on", flat=True))
    return sorted(days, reverse=True)


def regions_of(area_id: int, on: date) -> list[Region]:
    """Regions that hold the area, or an area that it was made of by the day, at any time: old sets name old areas."""
    made_of = AreaSuccession.objects.filter(new_id=area_id, on__lte=on).values("old_id")
    members = RegionMember.objects.filter(Q(area_id=area_id) | Q(area_id__in=made_of))
    return list(Region.objects.filter(pk__in=members.values("region_id")).order_by("name"))


def codes_of(area_id: int, on: date) -> list[AreaCode]:
    return list(AreaCode.objects.filter(valid_on(on), area_id=area_id).order_by("system"))
