from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.orgs.selectors import lookup
from giaoban.orgs.web import page

PAGE_SIZE = 30


@require_safe
def search(request: ActorRequest) -> HttpResponse:
    """Units and areas by name, accents ignored, in any of their versions, with what became of them."""
    words = request.GET.get("q", "").strip()
    today = timezone.localdate()
    hits = lookup.search(request.actor, words, today)
    state = request.GET.get("con", "")
    ended = sum(hit.rank[0] for hit in hits)
    chosen = [hit for hit in hits if state not in ("co", "het") or hit.rank[0] == (state == "het")]
    shown = Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page"))
    found = lookup.found(list(shown), words, today)
    units = [leaf.id for one in found if one.tree == "unit" for leaf in one.became]
    context = {
        "words": words,
        "search_text": words,
        "too_short": bool(words) and len(words) < lookup.SHORTEST,
        "page": shown,
        "found": found,
        "count": len(hits),
        "counts": [
            Count(len(hits), "tất cả", changed(request, con=None), state not in ("co", "het")),
            Count(len(hits) - ended, "đang có", changed(request, con="co"), state == "co"),
            Count(ended, "đã kết thúc", changed(request, con="het"), state == "het"),
        ],
        "mixed": 0 < ended < len(hits),
        "linked": page.openable(request, units, today),
        "today": today,
        "bar": page.bar(request, today, today),
    }
    return render(request, "orgs/search.html", context)
