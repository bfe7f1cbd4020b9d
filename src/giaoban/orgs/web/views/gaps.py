from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.kit.http import ActorRequest
from giaoban.orgs import selectors
from giaoban.orgs.web import page


@require_safe
def gaps(request: ActorRequest) -> HttpResponse:
    """What the sources of the sector pack do not say, and nobody guessed."""
    today = timezone.localdate()
    context = {"gaps": selectors.gaps(), "tabs": page.tabs("gaps"), "bar": page.bar(request, today, today)}
    return render(request, "orgs/gaps.html", context)
