"""Entering an event: the kind, its form, what it would do, and the act with its legal basis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import BoundField
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from giaoban.core.events import to_data
from giaoban.core.timeline import Fault
from giaoban.core.vietnamese import fold
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors, services
from giaoban.orgs.selectors import naming
from giaoban.orgs.selectors.histories import Tree
from giaoban.orgs.services.previewing import Passing
from giaoban.orgs.web import drafts, page
from giaoban.orgs.web.eventforms import (
    BY_KEY,
    CARDS,
    PARTS_AT_LEAST,
    PARTS_AT_MOST,
    EventForm,
    KindCard,
    RecordForm,
    ThingsField,
)

SHOWN_AT_MOST = 30
TREE_NAMES: Mapping[Tree, str] = {"area": "Địa bàn, cùng cơ quan của địa bàn", "unit": "Chỉ đơn vị"}


@dataclass(frozen=True, slots=True)
class Picker:
    """A search beside a field of things: what is chosen, what was found (only without a script), the words."""

    bound: BoundField
    name: str
    many: bool
    tree: Tree
    chosen: Sequence[naming.Pick]
    found: Sequence[naming.Pick]
    words: str
    searched: bool


def _require(request: ActorRequest) -> None:
    """Raises PermissionDenied, naming who could, unless a post anywhere carries the right."""
    if not page.may_manage(request):
        actor = request.actor
        actor.require(Permission.MANAGE_UNITS, at=actor.unit_id, unit_name=actor.unit_name)


@require_safe
def choose(request: ActorRequest) -> HttpResponse:
    _require(request)
    today = timezone.localdate()
    return render(request, "orgs/event_new.html", {"cards": CARDS, "bar": page.bar(request, today, today)})


@require_safe
def pick(request: ActorRequest) -> HttpResponse:
    """What a search beside a field finds, as boxes to tick."""
    _require(request)
    name = request.GET.get("truong", "")
    tree: Tree = "area" if request.GET.get("cay") == "area" else "unit"
    today = timezone.localdate()
    words = request.GET.get(f"tim-{name}", "")
    context = {
        "name": name,
        "many": request.GET.get("nhieu") == "1",
        "found": naming.found_by_name(tree, words, request.actor, _eve(request.GET, today), today),
        "words": words,
        "searched": bool(words.strip()),
    }
    return render(request, "orgs/picks.html", context)


def _eve(typed: QueryDict, today: date) -> date:
    """The day before the event, on which what it changes must be there; today while no day is typed."""
    try:
        return date.fromisoformat(typed.get("on", "")) - naming.ONE_DAY
    except (ValueError, OverflowError):
        return today


# The form


@require_http_methods(["GET", "HEAD", "POST"])
def form(request: ActorRequest, kind: str) -> HttpResponse:
    """Fill in; search and further parts come back to the same page with everything typed; faults too."""
    _require(request)
    card = BY_KEY.get(kind)
    if card is None:
        raise Http404("Không có loại biến động này.")
    draft = request.GET.get("nhap", "")
    if request.method != "POST":
        held = drafts.kept(request, kind, draft) if draft else None
        tree = held[0] if held else _tree(request.GET, card)
        return _form_page(request, card, tree, held[1] if held else None)
    tree = _tree(request.POST, card)
    if request.POST.get("buoc") != "xem":
        return _form_page(request, card, tree, request.POST)
    bound = _event_form(request, card, tree, request.POST)
    if bound.is_valid():
        faults = _faults(request, bound)
        if not faults and bound.is_valid():
            name = drafts.keep(request, kind, tree, request.POST, draft)
            return redirect("orgs:event-preview", kind=kind, draft=name)
        return _form_page(request, card, tree, request.POST, bound, faults)
    return _form_page(request, card, tree, request.POST, bound)


def _tree(typed: QueryDict, card: KindCard) -> Tree:
    asked = typed.get("cay", "")
    return next((tree for tree in card.trees if tree == asked), card.trees[0])


def _event_form(request: ActorRequest, card: KindCard, tree: Tree, typed: QueryDict | None) -> EventForm:
    old, today = typed.get("old", "") if typed else "", timezone.localdate()
    beneath = naming.beneath(tree, old, request.actor, _eve(typed, today), today) if typed and old else []
    return EventForm(
        typed,
        kind=card.key,
        tree=tree,
        kinds=naming.kinds(tree),
        lines=[(line.key, line.name) for line in selectors.lines()],
        parts=_parts(typed),
        beneath=[(leaf.key, leaf.name) for leaf in beneath] if card.key == "split" else (),
    )


def _parts(typed: QueryDict | None) -> int:
    text = typed.get("so-phan", "") if typed else ""
    number = int(text) if text.isdigit() else PARTS_AT_LEAST
    if typed and typed.get("buoc") == "them-phan":
        number += 1
    return min(max(number, PARTS_AT_LEAST), PARTS_AT_MOST)


def _faults(request: ActorRequest, bound: EventForm) -> Sequence[Fault]:
    """What is wrong with the event itself; a refusal becomes an error of the form."""
    try:
        data = to_data(drafts.event_of(bound))
        shown = services.preview(data, by=request.actor, at=timezone.now())
    except services.EventRefused as refused:
        if refused.faults:
            return refused.faults
        bound.add_error("on" if refused.field == "on" else None, refused.sentence)
        return ()
    except PermissionDenied as denied:
        bound.add_error(None, str(denied))
        return ()
    return shown.faults


def _form_page(
    request: ActorRequest,
    card: KindCard,
    tree: Tree,
    typed: QueryDict | None,
    bound: EventForm | None = None,
    faults: Sequence[Fault] = (),
) -> HttpResponse:
    """422 when something is wrong; whatever was typed stays."""
    today = timezone.localdate()
    if bound is None:
        # Nothing is judged yet: a search, one more part, or a draft taken up again.
        bound = _event_form(request, card, tree, typed)
        bound.full_clean()
        bound.errors.clear()
    context = {
        "card": card,
        "form": bound,
        "rows": [(one, _picker(request, one, typed)) for one in bound if one.name != "on"],
        "faults": [fault.sentence for fault in faults],
        "tree": tree,
        "trees": [page.Tab(TREE_NAMES[one], changed(request, cay=one, nhap=None), one == tree) for one in card.trees],
        "parts": bound.parts,
        "more_parts": card.key == "split" and bound.parts < PARTS_AT_MOST,
        "bar": page.bar(request, today, today),
    }
    return render(request, "orgs/event_form.html", context, status=422 if bound.errors or faults else 200)


def _picker(request: ActorRequest, bound: BoundField, typed: QueryDict | None) -> Picker | None:
    field = bound.field
    if not isinstance(field, ThingsField):
        return None
    today = timezone.localdate()
    on = _eve(typed or QueryDict(), today)
    keys = typed.getlist(bound.name) if typed else []
    words = typed.get(f"tim-{bound.name}", "") if typed else ""
    asked = bool(typed) and typed is not None and typed.get("buoc") == f"tim-{bound.name}"
    found = naming.found_by_name(field.tree, words, request.actor, on, today) if asked else []
    return Picker(
        bound=bound,
        name=bound.name,
        many=field.many,
        tree=field.tree,
        chosen=naming.picks(field.tree, keys, request.actor, on, today),
        found=[one for one in found if one.leaf.key not in keys],
        words=words,
        searched=asked,
    )


# The preview


@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: ActorRequest, kind: str, draft: str) -> HttpResponse:
    """What the event would do; with basis, reason and the name typed, it is done."""
    _require(request)
    card = BY_KEY.get(kind)
    held = drafts.kept(request, kind, draft) if card else None
    if card is None:
        raise Http404("Không có loại biến động này.")
    if held is None:
        messages.warning(request, "Bản nháp ấy không còn: đã ghi rồi, hoặc phiên làm việc đã hết. Nhập lại từ đầu.")
        return redirect("orgs:event-form", kind=kind)
    tree, typed = held
    bound = _event_form(request, card, tree, typed)
    back = reverse("orgs:event-form", args=[kind]) + f"?nhap={draft}"
    if not bound.is_valid():
        return redirect(back)
    data = to_data(drafts.event_of(bound))
    try:
        shown = services.preview(data, by=request.actor, at=timezone.now())
    except (services.EventRefused, PermissionDenied):
        return redirect(back)
    expected = _name_of(shown)
    if request.method != "POST":
        return _preview_page(request, card, shown, back, expected, RecordForm(initial={"title": shown.title}))
    record = RecordForm(request.POST)
    if fold(request.POST.get("confirm_name", "")) != fold(expected):
        record.add_error(None, f"Để ghi, hãy gõ đúng tên: {expected}.")
    if request.POST.get("seen", "") != page.digest(shown):
        record.add_error(None, page.CHANGED)
    if record.is_valid():
        done = _recorded(request, data, record)
        if done is not None:
            drafts.drop(request, draft)
            return redirect("orgs:event", key=done)
    return _preview_page(request, card, shown, back, expected, record)


def _recorded(request: ActorRequest, data: Mapping[str, Any], record: RecordForm) -> str | None:
    """The key of the event when it is written; else the form says why not."""
    said = record.cleaned_data
    try:
        event = services.record(
            data,
            title=said["title"],
            basis=said["basis"],
            basis_on=said["basis_on"],
            reason=said["reason"],
            by=request.actor,
            at=timezone.now(),
        )
    except services.EventRefused as refused:
        record.add_error(refused.field if refused.field in record.fields else None, refused.sentence)
        for fault in refused.faults:
            record.add_error(None, fault.sentence)
        return None
    messages.success(request, "Đã ghi biến động. Hoàn tác được ở trang này khi chưa có gì dựa vào nó.")
    return str(event.key)


def _preview_page(
    request: ActorRequest, card: KindCard, shown: services.Preview, back: str, expected: str, record: RecordForm
) -> HttpResponse:
    today = timezone.localdate()
    context = {
        "card": card,
        "shown": shown,
        "seen": page.digest(shown),
        "on": shown.event.on,
        "groups": _groups(shown)[:SHOWN_AT_MOST],
        "more_groups": max(0, len(_groups(shown)) - SHOWN_AT_MOST),
        "eve": shown.event.on - naming.ONE_DAY,
        "moves": shown.moves[:SHOWN_AT_MOST],
        "more_moves": max(0, len(shown.moves) - SHOWN_AT_MOST),
        "changes": shown.changes[:SHOWN_AT_MOST],
        "more_changes": max(0, len(shown.changes) - SHOWN_AT_MOST),
        "breaks": [one for one in shown.passes if not one.whole and one.share is None and one.kind != "transfer"],
        "back": back,
        "expected": expected,
        "typed_name": request.POST.get("confirm_name", ""),
        "form": record,
        "bar": page.bar(request, shown.event.on, today),
    }
    return render(request, "orgs/event_preview.html", context, status=422 if record.errors else 200)


@dataclass(frozen=True, slots=True)
class Group:
    """The old things that pass to the same new ones, drawn as one: from → to (with parts)."""

    tree: Tree
    olds: tuple[str, ...]
    news: tuple[Passing, ...]


def _groups(shown: services.Preview) -> list[Group]:
    """Merges by what they make, splits by what they divide; what ends without an heir, what has no forebear."""
    by_new: dict[tuple[Tree, str], list[Passing]] = {}
    by_old: dict[tuple[Tree, str], list[Passing]] = {}
    for one in shown.passes:
        by_old.setdefault((one.old.tree, one.old.key), []).append(one)
    groups = []
    for (tree, _), held in by_old.items():
        if len(held) > 1:
            groups.append(Group(tree, (held[0].old.name,), tuple(held)))
        else:
            by_new.setdefault((tree, held[0].new.key), []).append(held[0])
    for (tree, _), held in by_new.items():
        groups.append(Group(tree, tuple(one.old.name for one in held), (held[0],)))
    passed = {(one.old.tree, one.old.key) for one in shown.passes}
    made = {(one.new.tree, one.new.key) for one in shown.passes}
    groups += [Group(one.tree, (one.name,), ()) for one in shown.closes if (one.tree, one.key) not in passed]
    return groups + [
        Group(one.tree, (), (Passing(one, one, "create", "lập mới", True, None),))
        for one in shown.creates
        if (one.tree, one.key) not in made
    ]


def _name_of(shown: services.Preview) -> str:
    """The name that is typed to confirm: what is made, else what ends, else what changes."""
    for things in (shown.creates, shown.closes):
        if things:
            return things[0].name
    if shown.changes:
        return shown.changes[0].thing.name
    if shown.moves:
        return shown.moves[0].thing.name
    return shown.passes[0].old.name if shown.passes else "đồng ý"
