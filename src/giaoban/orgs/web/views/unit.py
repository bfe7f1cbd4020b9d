"""The page of a unit, and of an area: on a day, with its whole history."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.kit.http import ActorRequest
from giaoban.kit.registries import Panel, page_panels
from giaoban.orgs import selectors
from giaoban.orgs.selectors import browse, histories, lookup, regions
from giaoban.orgs.selectors.compare import known_on
from giaoban.orgs.selectors.posts import posts_on
from giaoban.orgs.web import page


@require_safe
def unit(request: ActorRequest, key: str) -> HttpResponse:
    """A unit: what other rooms know of it today, where it belonged and who worked there on the day, its history.

    A panel may give `headline`, one sentence that the page begins with, and `simulated_note` in its context.
    """
    today = timezone.localdate()
    on = page.day_shown(request, today)
    card = selectors.unit_for(request.actor, key, today)
    panels = _panels(request, card.id, today) if on == today else []
    parents = selectors.parents_of(card.id)
    moments = histories.unit_moments(card.id)
    called = selectors.card(card.id, on)
    successors = selectors.successors_of(card.id)
    others = [party.leaf.id for moment in moments for party in moment.others]
    others += [*(row.parent.id for row in parents), *(step.other.id for step in successors)]
    context = {
        "card": called,
        "on": on,
        "is_today": on == today,
        "exists": browse.unit_lives_on(card.id, on),
        "known_on": known_on("unit", [card.id], on),
        "ended": card.has_ended(today),
        "ended_on": card.ended_on,
        "successors": successors,
        "headline": _first(panels, "headline"),
        "simulated_note": _first(panels, "simulated_note"),
        "blocks": [(panel, _rendered(panel, request)) for panel in panels],
        "beneath": selectors.child_count(card.id, on),
        "moments": moments,
        "parents": parents,
        "source": selectors.source_titles(called.source),
        "posts": posts_on(card.id, on),
        "bar": page.bar(request, on, today, _days(moments)),
        **_territory(card.id, called.area_id, on),
    }
    context["linked"] = page.openable(request, [*others, *(one.leaf.id for one in context["servers"])], today)
    return render(request, "orgs/unit.html", context)


@require_safe
def area(request: ActorRequest, key: str) -> HttpResponse:
    """An area: what it is called on a day, what it lies in, who works for it, its history."""
    today = timezone.localdate()
    on = page.day_shown(request, today)
    area_id = browse.area_id_of(key)
    if area_id is None:
        raise Http404("Không có địa bàn này trong danh mục.")
    version, end = histories.area_version(area_id, on), histories.area_end(area_id)
    moments = histories.area_moments(area_id)
    bodies, servers = histories.bodies_of(area_id, on), histories.served_by(area_id, on)
    heirs = [party for moment in moments if moment.words.endswith("→") for party in moment.others]
    context = {
        "area": version,
        "key": key,
        "on": on,
        "is_today": on == today,
        "exists": browse.lives_on(area_id, on),
        "known_on": known_on("area", [area_id], on),
        "ended_on": end if end and end <= today else None,
        "heirs": heirs,
        "beneath_heirs": lookup.heirs_beneath([area_id]).get(area_id, []) if end and not heirs else [],
        "above": browse.areas_above(area_id, on),
        "beneath": browse.AreaLevels(on).kinds(area_id),
        "bodies": bodies,
        "servers": servers,
        "linked": page.openable(request, [*(one.id for one in bodies), *(one.leaf.id for one in servers)], today),
        "moments": moments,
        "codes": selectors.codes_of(area_id, on),
        "regions": regions.standings(area_id, on),
        "source": selectors.source_titles(version.source),
        "bar": page.bar(request, on, today, _days(moments)),
    }
    return render(request, "orgs/area.html", context)


def _territory(unit_id: int, area_id: int | None, on: date) -> dict[str, Any]:
    """The unit's area on the day, who else works for it, what the unit works for, and the regions it is in."""
    servers = [one for one in histories.served_by(area_id, on) if one.leaf.id != unit_id] if area_id else []
    return {
        "area": selectors.area_card(area_id, on) if area_id else None,
        "area_codes": selectors.codes_of(area_id, on) if area_id else [],
        "regions": regions.standings(area_id, on) if area_id else [],
        "servers": servers,
        "served": histories.areas_served(unit_id, on),
    }


def _days(moments: Iterable[histories.Moment]) -> list[date]:
    """The eve of each change, newest first: days worth looking back to."""
    return list(dict.fromkeys(one.on - histories.ONE_DAY for one in moments if one.on is not None and one.turns))[:8]


def _panels(request: ActorRequest, unit_id: int, today: date) -> list[Panel]:
    offered = (source(request.actor, unit_id, today) for _, source in page_panels)
    return sorted((panel for panel in offered if panel is not None), key=lambda panel: panel.order)


def _rendered(panel: Panel, request: ActorRequest) -> str:
    return "" if panel.empty else render_to_string(panel.template, panel.context, request)


def _first(panels: Iterable[Panel], name: str) -> str:
    return next((panel.context[name] for panel in panels if panel.context.get(name)), "")
