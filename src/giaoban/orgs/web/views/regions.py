from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.orgs.selectors import regions
from giaoban.orgs.selectors.compare import known_on
from giaoban.orgs.web import page

ONE_DAY = timedelta(days=1)
HEADER = ("Khóa", "Tên", "Loại", "Mã", "Thuộc vùng", "Phần thuộc vùng", "Phần không thuộc vùng")


@require_safe
def region(request: ActorRequest, key: str) -> HttpResponse:
    """The areas of a region on a day, those that it cuts through, and how sure the list is."""
    today = timezone.localdate()
    on = page.day_shown(request, today)
    held = regions.region_by_key(key)
    places = regions.region_places(held, request.actor, on, today=today)
    if request.GET.get("xuat") == "csv":
        return page.csv_file(f"vung-{key}-{on.isoformat()}", HEADER, [_row(place) for place in places])
    changes = regions.region_days(held)
    days = [one - ONE_DAY for one in changes]
    cut = [place for place in places if place.is_cut]
    context = {
        "region": held,
        "places": places,
        "whole": len(places) - len(cut),
        "cut": cut,
        "changes": [(one, day(one), one == on) for one in changes],
        "on": on,
        "known_on": known_on("area", [place.area.id for place in places], on),
        "is_today": on == today,
        "others": [one for one in regions.regions() if one.key != key],
        "bar": page.bar(request, on, today, days, [Choice("Danh sách này, CSV", changed(request, xuat="csv"))]),
    }
    return render(request, "orgs/region.html", context)


def _row(place: regions.RegionPlace) -> tuple[str, ...]:
    inside, outside = ("; ".join(one.name for one in side) for side in (place.inside, place.outside))
    area = place.area
    return area.key, area.name, area.kind_name, area.code, "một phần" if place.is_cut else "cả", inside, outside
