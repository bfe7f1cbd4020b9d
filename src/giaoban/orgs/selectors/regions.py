"""Regions: dated sets of areas, and the codes of areas in other systems."""

from collections.abc import Collection, Iterable
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
    parts = _parts(region, on)
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
    found = []
    for region in regions_of(area_id, on):
        parts = _parts(region, on)
        part = parts.get(area_id, _Part())
        former = _called_last({*part.inside, *part.outside})
        inside, outside = _named(part.inside, former), _named(part.outside, former)
        found.append(Standing(region, area_id in parts, inside, outside))
    return found


@dataclass(frozen=True, slots=True)
class _Part:
    """Ids of the former areas inside and outside the region; none outside: the whole area belongs."""

    inside: tuple[int, ...] = ()
    outside: tuple[int, ...] = ()
    derived: bool = False


def _parts(region: Region, on: date) -> dict[int, _Part]:
    """Each area of the day that the region names, or that an area became which belonged as long as it lived.

    A membership that was ended while the area lived on is ended; one that ended with the area passes to what the area
    became, unless the region names that itself.
    """
    named = set(region_area_ids(region.key, on)) | _lasted(region, on)
    living = set(AreaVersion.objects.filter(valid_on(on), area_id__in=named).values_list("area_id", flat=True))
    reached, front = named - living, named - living
    heirs: set[int] = set()
    for _ in range(GENERATIONS):
        if not front:
            break
        heirs |= set(_steps(on).filter(old_id__in=front).values_list("new_id", flat=True))
        front = heirs - reached - living
        reached |= front
    there = set(AreaVersion.objects.filter(valid_on(on), area_id__in=heirs).values_list("area_id", flat=True)) - living
    parts: dict[int, _Part] = {area_id: _Part() for area_id in living}
    for new_id, old_id in _steps(on).filter(new_id__in=there).order_by("pk").values_list("new_id", "old_id"):
        part = parts.get(new_id, _Part(derived=True))
        is_in = old_id in reached and old_id != new_id
        parts[new_id] = _Part(
            (*part.inside, old_id) if is_in else part.inside, part.outside if is_in else (*part.outside, old_id), True
        )
    return parts


def _lasted(region: Region, on: date) -> set[int]:
    """Areas that belonged until they themselves ended."""
    ended = dict(region.members.filter(valid_to__lte=on).values_list("area_id", "valid_to"))
    lives: dict[int, list[date | None]] = {}
    for area_id, end in AreaVersion.objects.filter(area_id__in=ended).values_list("area_id", "valid_to"):
        lives.setdefault(area_id, []).append(end)
    return {
        area_id for area_id, ends in lives.items() if None not in ends and max(filter(None, ends)) == ended[area_id]
    }


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
