from collections.abc import Iterable
from datetime import date
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import ROLE_NAMES
from giaoban.kit.registries import Panel, page_panels
from giaoban.orgs import selectors
from giaoban.orgs.web.forms import OnDateForm

FOUND_AT_MOST = 30


def _bar(request: ActorRequest, on: date, today: date, days: Iterable[date] = ()) -> ContextBar:
    """The context bar with the day of the geography, which may be changed to one of `days`."""

    def choice(one: date) -> Choice:
        query = request.GET.copy()
        query["geography"] = one.isoformat()
        return Choice("hôm nay" if one == today else day(one), f"?{query.urlencode()}", one == on)

    days = tuple(days)
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        geography_label="hôm nay" if on == today else day(on),
        geography_choices=tuple(choice(one) for one in dict.fromkeys((today, *days, on))) if days else (),
    )


@require_safe
def tree(request: ActorRequest) -> HttpResponse:
    """The units directly beneath one, on a line and a day; from there down, or up as far as the reader may see."""
    today, actor = timezone.localdate(), request.actor
    on = OnDateForm(request.GET).on(today)
    tops = selectors.tops_of(actor, today)
    key = request.GET.get("don-vi", "")
    top = selectors.unit_for(actor, key, today) if key else next(iter(tops), None)
    context = {"top": top, "tops": tops, "on": on, "is_today": on == today}
    return render(
        request,
        "orgs/tree.html",
        {
            **context,
            **(_beneath(request, top, on, today) if top else {}),
            "bar": _bar(request, on, today, selectors.days_of_change()),
        },
    )


def _beneath(request: ActorRequest, top: selectors.UnitCard, on: date, today: date) -> dict[str, Any]:
    lines = selectors.lines()
    asked = request.GET.get("tuyen", "")
    line = asked if asked in {one.key for one in lines} else selectors.first_line_beneath(top.id, on)
    children = selectors.children_of(top.id, line, on)
    above = selectors.ancestors_of(top.id, line, on)[:0:-1]
    shown = selectors.visible_to(request.actor, today).filter(pk__in=[*above, *(child.id for child in children)])
    visible = set(shown.values_list("pk", flat=True))
    counts = selectors.child_counts(visible, line, on)
    by_kind: dict[str, list[tuple[selectors.UnitCard, int]]] = {}
    for child in children:
        if child.id in visible:
            by_kind.setdefault(child.kind_name, []).append((child, counts.get(child.id, 0)))
    return {
        "line": line,
        "lines": lines,
        "above": selectors.cards([unit_id for unit_id in above if unit_id in visible], on).values(),
        "groups": list(by_kind.items()),
        "count": sum(len(held) for held in by_kind.values()),
    }


@require_safe
def unit(request: ActorRequest, key: str) -> HttpResponse:
    """A unit: what other rooms know of it, where it belongs, who works there, what it came from and became.

    A panel may give `headline`, one sentence that the page begins with, and `simulated_note` in its context.
    """
    today = timezone.localdate()
    card = selectors.unit_for(request.actor, key, today)
    offered = (source(request.actor, card.id, today) for _, source in page_panels)
    became, parents = selectors.successors_of(card.id), selectors.parents_of(card.id)
    panels = sorted((panel for panel in offered if panel is not None), key=lambda panel: panel.order)
    return render(
        request,
        "orgs/unit.html",
        {
            "card": card,
            "ended": card.has_ended(today),
            "headline": _first(panels, "headline"),
            "simulated_note": _first(panels, "simulated_note"),
            "blocks": [(panel, _rendered(panel, request)) for panel in panels],
            "area": selectors.area_card(card.area_id, today) if card.area_id else None,
            "area_codes": selectors.codes_of(card.area_id, today) if card.area_id else [],
            "regions": selectors.regions_of(card.area_id, today) if card.area_id else [],
            "beneath": selectors.child_count(card.id, today),
            "versions": selectors.versions_of(card.id),
            "origins": selectors.origins_of(card.id),
            "successors": became,
            "linked": _visible(request, [*(step.other for step in became), *(row.parent for row in parents)], today),
            "parents": parents,
            "source": selectors.source_titles(card.source),
            "people": _people(card.id, today),
            "bar": _bar(request, today, today),
        },
    )


def _rendered(panel: Panel, request: ActorRequest) -> str:
    return "" if panel.empty else render_to_string(panel.template, panel.context, request)


def _first(panels: Iterable[Panel], name: str) -> str:
    return next((panel.context[name] for panel in panels if panel.context.get(name)), "")


def _people(unit_id: int, on: date) -> list[tuple[str, str]]:
    """Everybody at a unit with all roles held there: (name, roles in words)."""
    roles: dict[str, list[str]] = {}
    for name, role, acting in selectors.people_at(unit_id, on):
        roles.setdefault(name, []).append(ROLE_NAMES[role] + (", quyền" if acting else ""))
    return [(name, "; ".join(held)) for name, held in roles.items()]


def _visible(request: ActorRequest, units: Iterable[selectors.UnitCard], on: date) -> set[int]:
    """Those of the units that the reader may open."""
    rows = selectors.visible_to(request.actor, on).filter(pk__in=[one.id for one in units])
    return set(rows.values_list("pk", flat=True))


@require_safe
def search(request: ActorRequest) -> HttpResponse:
    """Units by name, accents ignored, in any of their versions."""
    words = request.GET.get("q", "").strip()
    today = timezone.localdate()
    found = selectors.search_units(request.actor, words, today, limit=FOUND_AT_MOST + 1)
    shown = found[:FOUND_AT_MOST]
    wider = selectors.wider_areas((one.area_id for one in shown if one.area_id), today)
    became = selectors.successors(one.id for one in shown if one.has_ended(today))
    return render(
        request,
        "orgs/search.html",
        {
            "words": words,
            "search_text": words,
            "found": [(one, wider.get(one.area_id or 0), became.get(one.id, [])) for one in shown],
            "linked": _visible(request, (step.other for steps in became.values() for step in steps), today),
            "more": len(found) > FOUND_AT_MOST,
            "bar": _bar(request, today, today),
        },
    )


@require_safe
def region(request: ActorRequest, key: str) -> HttpResponse:
    """The areas of a region on a day, and how sure the list is."""
    today = timezone.localdate()
    on = OnDateForm(request.GET).on(today)
    held = selectors.region_by_key(key)
    days = [one - date.resolution for one in selectors.region_days(held)]
    return render(
        request,
        "orgs/region.html",
        {
            "region": held,
            "places": selectors.region_places(held, request.actor, on, today=today),
            "on": on,
            "is_today": on == today,
            "bar": _bar(request, on, today, days),
        },
    )


@require_safe
def gaps(request: ActorRequest) -> HttpResponse:
    """What the sources of the sector pack do not say, and nobody guessed."""
    today = timezone.localdate()
    return render(request, "orgs/gaps.html", {"gaps": selectors.gaps(), "bar": _bar(request, today, today)})
