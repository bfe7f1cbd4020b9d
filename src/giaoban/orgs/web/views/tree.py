"""The trees of units and of areas on a day: unfolded level by level, with the days on which they changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.orgs import selectors
from giaoban.orgs.selectors import browse
from giaoban.orgs.selectors.geography import unit_history
from giaoban.orgs.web import page

AREAS = "dia-gioi"
OPEN_AT_MOST = 60
HEADER = ("Cấp", "Khóa", "Tên", "Loại", "Mã", "Khóa cấp trên", "Như biết ngày")


@dataclass(frozen=True, slots=True)
class Twig:
    """A line of the tree on the page: `toggle` is the address with it opened or closed, "" when nothing is beneath."""

    leaf: browse.Leaf
    below: int
    url: str
    toggle: str
    is_open: bool
    groups: tuple[tuple[str, tuple["Twig", ...]], ...]


@require_safe
def tree(request: ActorRequest) -> HttpResponse:
    """Units beneath one on a line and a day, or areas beneath one on a day; what is opened stands in the address."""
    today = timezone.localdate()
    on = page.day_shown(request, today)
    shown = _areas(request, on) if _is_areas(request) else _units(request, on, today)
    context = {"on": on, "is_today": on == today, "eve": on - timedelta(days=1), **shown}
    if request.htmx and request.htmx.target == "cay":
        response = render(request, "orgs/tree.html#branches", context)
    else:
        context["bar"] = page.bar(request, on, today, exports=_exports(request, shown))
        context["tabs"] = page.tabs("areas" if _is_areas(request) else "tree")
        response = render(request, "orgs/tree.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
def tree_csv(request: ActorRequest) -> HttpResponse:
    """The whole tree beneath the root on the day, a parent before its children."""
    today = timezone.localdate()
    on = page.day_shown(request, today)
    if _is_areas(request):
        top, levels = _area_top(request, on), browse.AreaLevels(on)
        lines = list(browse.written_out(levels, top)) if top else []
    else:
        unit = _unit_top(request, today)
        lines = _unit_lines(request, unit, on, today) if unit else []
    rows = [_row(line) for line in lines]
    return page.csv_file(f"{'dia-gioi' if _is_areas(request) else 'don-vi'}-{on.isoformat()}", HEADER, rows)


def _row(line: browse.Line) -> tuple[str, ...]:
    leaf = line.leaf
    known = leaf.known_on.isoformat() if leaf.known_on else ""
    return str(line.depth), leaf.key, leaf.name, leaf.kind_name, leaf.code, line.parent_key, known


def _unit_lines(request: ActorRequest, unit: selectors.UnitCard, on: date, today: date) -> list[browse.Line]:
    levels = browse.UnitLevels(request.actor, _line(request, unit.id, on), on, today)
    return list(browse.written_out(levels, _leaf(unit, on)))


def _is_areas(request: ActorRequest) -> bool:
    return request.GET.get("cay") == AREAS


def _opened(request: ActorRequest) -> list[str]:
    """The keys that the address opens, without repetition."""
    return list(dict.fromkeys(filter(None, request.GET.get("mo", "").split(","))))[:OPEN_AT_MOST]


# Units


def _unit_top(request: ActorRequest, today: date) -> selectors.UnitCard | None:
    key = request.GET.get("don-vi", "")
    if key:
        return selectors.unit_for(request.actor, key, today)
    tops = selectors.tops_of(request.actor, today)
    here = (top for top in tops if top.id == request.actor.unit_id)
    return next(here, next(iter(tops), None))


def _leaf(unit: selectors.UnitCard, on: date) -> browse.Leaf:
    called = selectors.card(unit.id, on)
    return browse.Leaf(unit.id, unit.key, called.name, called.kind_name)


def _line(request: ActorRequest, unit_id: int, on: date) -> str:
    asked = request.GET.get("tuyen", "")
    known = {one.key for one in selectors.lines()}
    return asked if asked in known else selectors.first_line_beneath(unit_id, on)


def _units(request: ActorRequest, on: date, today: date) -> dict[str, Any]:
    top = _unit_top(request, today)
    if top is None:
        return {"top": None}
    line = _line(request, top.id, on)
    levels = browse.UnitLevels(request.actor, line, on, today)
    lines = selectors.lines()
    grown = browse.grown(levels, _leaf(top, on), _opened(request))
    above = selectors.ancestors_of(top.id, line, on)[:0:-1]
    visible = page.openable(request, above, today)
    return {
        **_shown(request, grown, levels.kinds(top.id), browse.unit_stops(), on, "orgs:unit"),
        "what": "đơn vị",
        "key_name": "don-vi",
        "tops": selectors.tops_of(request.actor, today),
        "line": line,
        "line_name": next((one.name for one in lines if one.key == line), ""),
        "lines": lines,
        "above": [
            (called.short_name, changed(request, don_vi=called.key, mo=None))
            for unit_id, called in selectors.cards(above, on).items()
            if unit_id in visible
        ],
        "elsewhere": [] if browse.unit_lives_on(top.id, on) else _elsewhere(request, top, on, today),
        "is_there": browse.unit_lives_on(top.id, on),
    }


def _elsewhere(request: ActorRequest, top: selectors.UnitCard, on: date, today: date) -> list[tuple[str, str]]:
    """(name, its tree that day) of what a unit that is not there that day was or became; what the reader may open."""
    there = today if browse.unit_lives_on(top.id, today) else (top.ended_on or today) - timedelta(days=1)
    ids, _ = unit_history().succession.recast(top.id, from_on=there, to_on=on)
    seen = page.openable(request, ids, today)
    return [
        (one.name, changed(request, don_vi=one.key, mo=None))
        for one in selectors.cards(ids, on).values()
        if one.id in seen and one.id != top.id
    ]


# Areas


def _area_top(request: ActorRequest, on: date) -> browse.Leaf | None:
    key = request.GET.get("dia-ban", "")
    return browse.area_root(key, on) if key else browse.widest_area(on)


def _areas(request: ActorRequest, on: date) -> dict[str, Any]:
    top = _area_top(request, on)
    if top is None:
        return {"top": None}
    levels = browse.AreaLevels(on)
    grown = browse.grown(levels, top, _opened(request))
    return {
        **_shown(request, grown, levels.kinds(top.id), browse.area_stops(), on, "orgs:area"),
        "what": "địa bàn",
        "key_name": "dia-ban",
        "above": [(leaf.name, changed(request, dia_ban=leaf.key, mo=None)) for leaf in browse.areas_above(top.id, on)],
        "elsewhere": [],
        "is_there": browse.lives_on(top.id, on),
    }


# Both


def _shown(
    request: ActorRequest,
    grown: browse.Branch,
    kinds: Sequence[tuple[str, int]],
    stops: Sequence[browse.Stop],
    on: date,
    route: str,
) -> dict[str, Any]:
    known = grown.known_on()
    return {
        "top": grown.leaf,
        "top_url": _thing_url(route, grown.leaf.key, request),
        "twig": _twig(request, grown, route, root=True),
        "count": grown.below,
        "kinds": kinds,
        "stops": stops,
        "stop": _stop_before(stops, on),
        "next_stop": next((one for one in stops if one.on > on), None),
        "known_on": known if known and known > on else None,
    }


def _stop_before(stops: Sequence[browse.Stop], on: date) -> int:
    """The index of the last change by the day; -1 before the first."""
    return sum(1 for one in stops if one.on <= on) - 1


def _twig(request: ActorRequest, branch: browse.Branch, route: str, *, root: bool = False) -> Twig:
    opened = _opened(request)
    key = branch.leaf.key
    rest = [one for one in opened if one != key] if key in opened else [*opened, key]
    return Twig(
        leaf=branch.leaf,
        below=branch.below,
        url=_thing_url(route, key, request),
        toggle="" if root or not branch.below else changed(request, mo=",".join(rest)),
        is_open=root or key in opened,
        groups=tuple((kind, tuple(_twig(request, one, route) for one in held)) for kind, held in branch.groups),
    )


def _thing_url(route: str, key: str, request: ActorRequest) -> str:
    """A unit's or an area's page, on the day of the tree when the address names one."""
    on = request.GET.get("geography", "")
    return reverse(route, args=[key]) + (f"?ngay={on}" if on else "")


def _exports(request: ActorRequest, shown: dict[str, Any]) -> tuple[Choice, ...]:
    if not shown["top"]:
        return ()
    return (Choice("Cây này, CSV", reverse("orgs:tree-csv") + changed(request, mo=None)),)
