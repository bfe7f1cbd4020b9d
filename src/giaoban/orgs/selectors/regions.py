"""Regions: dated sets of areas, and the codes of areas in other systems."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.http import Http404

from giaoban.core.vietnamese import sort_key
from giaoban.kit.actors import Actor
from giaoban.kit.models import valid_on
from giaoban.orgs.models import AreaCode, AreaSuccession, Region, RegionMember, UnitVersion
from giaoban.orgs.selectors.cards import AreaCard, UnitCard, area_cards, card_of
from giaoban.orgs.selectors.rights import visible_ids


@dataclass(frozen=True, slots=True)
class RegionPlace:
    """An area of a region on a day, and the body that stands for it; None = there is none, or not for this reader."""

    area: AreaCard
    unit: UnitCard | None


def region_area_ids(region_key: str, on: date) -> list[int]:
    """Areas of a region on a day. Whether the membership is verified: `Region.verified`."""
    return list(RegionMember.objects.filter(valid_on(on), region__key=region_key).values_list("area_id", flat=True))


def region_by_key(key: str) -> Region:
    """Raises Http404."""
    region = Region.objects.filter(key=key).first()
    if region is None:
        raise Http404("Không có vùng này trong danh mục.")
    return region


def region_places(region: Region, actor: Actor, on: date, *, today: date) -> list[RegionPlace]:
    """The areas of a region on a day, in Vietnamese order. What the actor may see is a matter of today."""
    areas = area_cards(region_area_ids(region.key, on), on)
    bodies = UnitVersion.objects.filter(
        valid_on(on),
        area_id__in=areas,
        kind__represents_area=True,
        unit_id__in=visible_ids(actor, today),
    ).select_related("unit", "kind")
    units = {body.area_id: card_of(body) for body in bodies}
    ordered = sorted(areas.values(), key=lambda area: sort_key(area.bare))
    return [RegionPlace(area, units.get(area.id)) for area in ordered]


def region_days(region: Region) -> list[date]:
    """Days on which the membership of a region changed, newest first."""
    spans = region.members.values_list("valid_from", "valid_to")
    return sorted({day for span in spans for day in span if day is not None}, reverse=True)


def regions_of(area_id: int, on: date) -> list[Region]:
    """Regions that hold the area, or an area that it was made of by the day, at any time: old sets name old areas."""
    made_of = AreaSuccession.objects.filter(new_id=area_id, on__lte=on).values("old_id")
    members = RegionMember.objects.filter(Q(area_id=area_id) | Q(area_id__in=made_of))
    return list(Region.objects.filter(pk__in=members.values("region_id")).order_by("name"))


def codes_of(area_id: int, on: date) -> list[AreaCode]:
    return list(AreaCode.objects.filter(valid_on(on), area_id=area_id).order_by("system"))
