"""The request as our views know it: typed once."""

from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest

from giaoban.kit.actors import Actor

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails


class ActorRequest(HttpRequest):
    """A request of a person who is signed in; the middlewares put `actor` and `htmx` on it."""

    actor: Actor
    htmx: "HtmxDetails"


class NotReady(Http404):
    """What was asked for is still being made by a job; the text says what. Shown as such, with the advice to wait."""
