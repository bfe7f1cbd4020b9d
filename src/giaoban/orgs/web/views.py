from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import ROLE_NAMES
from giaoban.kit.registries import page_panels
from giaoban.orgs import selectors
from giaoban.orgs.web.forms import OnDateForm


def _bar(request: ActorRequest, on: date, today: date, dates: tuple[date, ...] = ()) -> ContextBar:
    def choice(one: date) -> Choice:
        label = "hôm nay" if one == today else day(one)
        return Choice(label, "?" if one == today else f"?geography={one.isoformat()}", one == on)

    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        geography_label="hôm nay" if on == today else day(on),
        geography_choices=tuple(choice(one) for one in dict.fromkeys((today, *dates, on))),
    )


def tree(request: ActorRequest) -> HttpResponse:
    """The units that the actor's units stand over, on a day: one level at a time."""
    today = timezone.localdate()
    form = OnDateForm(request.GET)
    on = form.on(today)
    line = request.GET.get("tuyen", "professional")
    actor = request.actor
    tops = selectors.tops_of(actor, today)
    key = request.GET.get("don-vi", "")
    top = selectors.unit_for(actor, key, today) if key else (tops[0] if tops else None)
    lines = selectors.lines()
    line = line if line in {one.key for one in lines} else lines[0].key if lines else line
    children = selectors.children_of(top.id, line, on) if top else []
    visible = set(selectors.visible_ids(actor, today).values_list("pk", flat=True)) if children else set()
    shown = [child for child in children if child.id in visible]
    by_kind: dict[str, list[selectors.UnitCard]] = {}
    for child in shown:
        by_kind.setdefault(child.kind_name, []).append(child)
    counts = selectors.child_counts([child.id for child in shown], line, on)
    return render(
        request,
        "orgs/tree.html",
        {
            "top": top,
            "tops": tops,
            "line": line,
            "lines": lines,
            "groups": [(kind, [(child, counts.get(child.id, 0)) for child in held]) for kind, held in by_kind.items()],
            "count": len(shown),
            "on": on,
            "is_today": on == today,
            "form": form,
            "bar": _bar(request, on, today, selectors.days_of_change()),
        },
    )


def unit(request: ActorRequest, key: str) -> HttpResponse:
    """A unit: its names, its history line, what it came from and became, and what other rooms know of it."""
    today = timezone.localdate()
    card = selectors.unit_for(request.actor, key, today)
    panels = [panel for _, source in page_panels if (panel := source(request.actor, card.id, today)) is not None]
    return render(
        request,
        "orgs/unit.html",
        {
            "card": card,
            "area": selectors.area_card(card.area_id, today) if card.area_id else None,
            "area_codes": selectors.codes_of(card.area_id, today) if card.area_id else [],
            "versions": selectors.versions_of(card.id),
            "origins": selectors.origins_of(card.id),
            "successors": selectors.successors_of(card.id),
            "parents": selectors.parents_of(card.id),
            "people": [(name, ROLE_NAMES[role], acting) for name, role, acting in selectors.people_at(card.id, today)],
            "regions": selectors.regions_of(card.area_id, today) if card.area_id else [],
            "ended": card.ended_on is not None and card.ended_on <= today,
            "panels": sorted(panels, key=lambda panel: panel.order),
            "bar": ContextBar(
                unit_label=request.actor.unit_name,
                unit_choices=acting_choices(request, request.actor),
                geography_label="hôm nay",
            ),
        },
    )


def search(request: ActorRequest) -> HttpResponse:
    """Units by name, accents ignored, in any of their versions."""
    words = request.GET.get("q", "").strip()
    today = timezone.localdate()
    found = selectors.search_units(request.actor, words, today) if words else []
    successors = {one.id: selectors.successors_of(one.id) for one in found if one.ended_on and one.ended_on <= today}
    return render(
        request,
        "orgs/search.html",
        {
            "words": words,
            "search_text": words,
            "found": [(one, successors.get(one.id, [])) for one in found],
            "tree_url": reverse("orgs:tree"),
        },
    )
