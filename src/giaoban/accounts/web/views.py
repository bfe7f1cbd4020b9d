from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from giaoban.kit.frame import actor_of

ACTING_UNIT = "acting_unit"


def act_for(request: HttpRequest, unit_id: int) -> HttpResponse:
    """Switch the acting unit to another one at which the person holds a post; anything else is unknown here."""
    actor = actor_of(request)
    if actor is None or unit_id not in actor.unit_ids:
        raise Http404
    request.session[ACTING_UNIT] = unit_id
    back = request.GET.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return redirect(back if safe else "/")
