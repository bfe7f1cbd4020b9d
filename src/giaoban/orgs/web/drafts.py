"""Drafts of events in the wizard: kept in the session while they are looked at, and turned into event data."""

import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.http import QueryDict

from giaoban.core.events import (
    Abolish,
    AbolishLevel,
    ChangeKind,
    Create,
    Event,
    Merge,
    Move,
    NewThing,
    Part,
    Recode,
    Rename,
    Serve,
    Split,
    Step,
    Transfer,
)
from giaoban.core.timeline import TERRITORY
from giaoban.kit.http import ActorRequest
from giaoban.orgs.selectors import naming
from giaoban.orgs.selectors.histories import Tree
from giaoban.orgs.web.eventforms import EXISTING, SHARES, EventForm

IN_SESSION = "event-drafts"
KEPT = 5

Cleaned = Mapping[str, Any]


def keep(request: ActorRequest, kind: str, tree: Tree, typed: QueryDict, draft: str = "") -> str:
    """Store what was typed under a name, a new one unless given; the oldest drafts go."""
    held: dict[str, Any] = request.session.get(IN_SESSION, {})
    name = draft if draft in held else secrets.token_hex(6)
    fields = {key: typed.getlist(key) for key in typed if key != "csrfmiddlewaretoken"}
    held.pop(name, None)
    held[name] = {"kind": kind, "tree": tree, "fields": fields}
    request.session[IN_SESSION] = dict(list(held.items())[-KEPT:])
    return name


def kept(request: ActorRequest, kind: str, draft: str) -> tuple[Tree, QueryDict] | None:
    """The tree and what was typed; None when the draft is gone or of another kind."""
    row = request.session.get(IN_SESSION, {}).get(draft)
    if row is None or row["kind"] != kind:
        return None
    typed = QueryDict(mutable=True)
    for key, values in row["fields"].items():
        typed.setlist(key, values)
    return row["tree"], typed


def drop(request: ActorRequest, draft: str) -> None:
    held = request.session.get(IN_SESSION, {})
    held.pop(draft, None)
    request.session[IN_SESSION] = held


def event_of(form: EventForm) -> Event:
    """The event that a valid form tells."""
    cleaned = form.cleaned_data
    return Event(cleaned["on"], (STEPS[form.kind](form.tree, cleaned, form),))


def _one(keys: list[str]) -> str:
    return keys[0] if keys else ""


def _new(
    tree: Tree,
    like: str,
    name: str,
    on: date,
    *,
    kind: str = "",
    short: str = "",
    code: str = "",
    taken: Iterable[str] = (),
) -> NewThing:
    """A new thing that takes the place of an old one: under the same parents, of the same kind unless given; with a
    key that is not among the taken."""
    state = naming.state_of(tree, like, on - naming.ONE_DAY)
    prefix = like.split(":")[0] if ":" in like else (kind or like)
    return NewThing(
        key=naming.free_key(tree, prefix, name, on, taken),
        kind=kind or (state.kind if state else ""),
        name=name,
        short_name=short or (name if tree == "unit" else ""),
        code=code,
        parents=state.parents if state else (),
        area=state.area if state else "",
    )


def _merge(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    olds = tuple(cleaned["olds"])
    into: str | NewThing = _one(cleaned["into"])
    if cleaned["into_mode"] != EXISTING:
        into = _new(
            tree,
            olds[0],
            cleaned["name"],
            cleaned["on"],
            kind=cleaned["new_kind"],
            short=cleaned.get("short_name", ""),
            code=cleaned["code"],
        )
    return Merge(tree, olds, into, cleaned["children"])


def _split(tree: Tree, cleaned: Cleaned, form: EventForm) -> Step:
    old, on = _one(cleaned["old"]), cleaned["on"]
    parts: list[Part] = []
    keys: list[str] = []
    for number in range(1, form.parts + 1):
        into: str | NewThing = _one(cleaned[f"into_{number}"])
        if not into:
            into = _new(tree, old, cleaned[f"name_{number}"], on, code=cleaned[f"code_{number}"], taken=keys)
        keys.append(into.key if isinstance(into, NewThing) else into)
        parts.append(Part(into, cleaned[f"share_{number}"] if cleaned["shares"] == SHARES else None))
    placed = {key: cleaned.get(f"child:{key}", "") for key, _ in form.beneath}
    children = {key: keys[int(number) - 1] for key, number in placed.items() if number}
    return Split(tree, old, tuple(parts), children or "refuse")


def _rename(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    return Rename(tree, _one(cleaned["thing"]), cleaned["name"], cleaned.get("short_name", ""))


def _change_kind(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    name = cleaned["name"]
    return ChangeKind(
        tree, _one(cleaned["thing"]), cleaned["new_kind"], name, name if tree == "unit" else "", cleaned["code"]
    )


def _move(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    return Move(tree, _one(cleaned["thing"]), cleaned.get("line", TERRITORY), _one(cleaned["parent"]))


def _create(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    named = {key.partition(":")[2] or TERRITORY: _one(cleaned[key]) for key in cleaned if key.startswith("parent")}
    thing = NewThing(
        key=naming.free_key(tree, cleaned["new_kind"], cleaned["name"], cleaned["on"]),
        kind=cleaned["new_kind"],
        name=cleaned["name"],
        short_name=cleaned.get("short_name", "") or (cleaned["name"] if tree == "unit" else ""),
        code=cleaned["code"],
        parents=tuple(sorted((line, parent) for line, parent in named.items() if parent)),
        area=_one(cleaned.get("area", [])),
        serves=tuple(sorted(cleaned.get("serves", []))),
    )
    return Create(tree, (thing,))


def _abolish(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    return Abolish(tree, tuple(cleaned["olds"]), cleaned["children"])


def _abolish_level(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    return AbolishLevel(tree, tuple(cleaned["kinds"]), cleaned["children"])


def _transfer(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    return Transfer(tree, _one(cleaned["old"]), tuple(cleaned["heirs"]), cleaned["duties"])


def _recode(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    return Recode(tree, _one(cleaned["thing"]), cleaned["code"])


def _serve(tree: Tree, cleaned: Cleaned, _: EventForm) -> Step:
    return Serve(tree, _one(cleaned["thing"]), tuple(sorted(cleaned["areas"])))


STEPS = {
    "merge": _merge,
    "split": _split,
    "rename": _rename,
    "change-kind": _change_kind,
    "move": _move,
    "create": _create,
    "abolish": _abolish,
    "abolish-level": _abolish_level,
    "transfer": _transfer,
    "recode": _recode,
    "serve": _serve,
}
