"""The frame of every page: main bar, context bar, and the band over simulated figures."""

from dataclasses import dataclass
from functools import partial

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from giaoban.kit.actors import Actor
from giaoban.kit.messages import unread
from giaoban.kit.registries import navigation


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a menu in the context bar: a link, or, with `back`, a button that changes something and comes back.

    back: the address to come back to.
    """

    label: str
    url: str
    current: bool = False
    back: str = ""


@dataclass(frozen=True, slots=True)
class ContextBar:
    """Acting unit, period with its window, geography date, as-of; each part may be absent. Part of every print."""

    unit_label: str = ""
    unit_choices: tuple[Choice, ...] = ()
    period_label: str = ""
    window: str = ""
    period_choices: tuple[Choice, ...] = ()
    geography_label: str = ""
    geography_choices: tuple[Choice, ...] = ()
    as_of_label: str = ""
    print: bool = True
    export_formats: tuple[Choice, ...] = ()
    help_url: str = ""


@dataclass(frozen=True, slots=True)
class NavigationLink:
    label: str
    short: str
    icon: str
    url: str
    current: bool
    count: int | None = None


def actor_of(request: HttpRequest) -> Actor | None:
    """The actor that the middleware put on the request; None on pages before sign-in."""
    actor = getattr(request, "actor", None)
    return actor if isinstance(actor, Actor) else None


def frame(request: HttpRequest) -> dict[str, object]:
    """Context processor: `navigation`, `bar`, `search_url`, `gaps_url`, `inbox_url`, `unread` (counted when shown).

    A view that knows more passes its own `bar`.
    """
    actor = actor_of(request)
    if actor is None:
        return {"navigation": [], "search_url": ""}
    entries = sorted((entry for _, entry in navigation if entry.visible(actor)), key=lambda entry: entry.order)
    links = [(entry, reverse(entry.route)) for entry in entries]
    under = [(entry.prefix or url, entry.also) for entry, url in links]
    here = _current(request.path, [prefix for both in under for prefix in both if prefix])
    return {
        "navigation": [
            NavigationLink(entry.label, entry.short or entry.label, entry.icon, url, bool(here) and here in both)
            for (entry, url), both in zip(links, under, strict=True)
        ],
        "search_url": _address("orgs:search"),
        "gaps_url": _address("orgs:gaps"),
        "inbox_url": _address("accounts:inbox"),
        "unread": partial(unread, actor.user_id) if actor.user_id is not None else 0,
        "actor": actor,
        "bar": ContextBar(unit_label=actor.unit_name, unit_choices=acting_choices(request, actor)),
    }


def _address(route: str) -> str:
    """The address of a page of a room above the kit; "" where the room is not there."""
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _current(path: str, prefixes: list[str]) -> str:
    """The longest prefix that the path lies under; "/" is only itself."""
    under = [prefix for prefix in prefixes if path.startswith(prefix) and (prefix != "/" or path == "/")]
    return max(under, key=len, default="")


def acting_choices(request: HttpRequest, actor: Actor) -> tuple[Choice, ...]:
    """The units a person may act for, as buttons that switch and come back here."""
    names = {post.unit_id: post.unit_name for post in actor.posts}
    if len(names) < 2:
        return ()
    back = request.get_full_path()
    return tuple(
        Choice(name, reverse("accounts:act-for", args=[unit_id]), unit_id == actor.unit_id, back)
        for unit_id, name in names.items()
    )
