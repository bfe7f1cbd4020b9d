"""Puts the actor on every request of a person who is signed in."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from giaoban.accounts.selectors import ACTING_UNIT
from giaoban.orgs.selectors import actor_for


class ActorMiddleware:
    """`request.actor`: the person with the posts held today. Absent before sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated:
            chosen = request.session.get(ACTING_UNIT)
            request.actor = actor_for(  # type: ignore[attr-defined]
                user.pk, user.full_name, timezone.localdate(), acting_for=chosen
            )
        return self.get_response(request)
