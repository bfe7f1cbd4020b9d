"""The recorded events: list, one event with what followed from it, undo."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from giaoban.core.vietnamese import day, fold
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.kit.models import Act
from giaoban.orgs import selectors, services
from giaoban.orgs.models import Event, EventState
from giaoban.orgs.selectors import compare
from giaoban.orgs.selectors import events as held
from giaoban.orgs.selectors.histories import Tree
from giaoban.orgs.web import page
from giaoban.orgs.web.forms import UndoForm

PAGE_SIZE = 50
LINES_AT_MOST = 40
HEADER = ("Ngày", "Loại", "Tên biến động", "Căn cứ", "Ngày căn cứ", "Lý do", "Tình trạng", "Nguồn", "Khóa")
SIGNS = {EventState.AHEAD: "soon", EventState.IN_FORCE: "done", EventState.UNDONE: "back"}


@require_safe
def events(request: ActorRequest) -> HttpResponse:
    today = timezone.localdate()
    asked = _filter(request)
    found = held.event_list(request.actor, today, asked)
    shown = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    kinds = held.event_kinds(request.actor, today)
    context = {
        "page": shown,
        "rows": [(one, held.kind_name(one), SIGNS[EventState(one.state)]) for one in shown],
        "asked": asked,
        "filtered": asked != held.EventFilter(),
        "kinds": [(key, name) for key, name in held.KIND_NAMES.items() if key in kinds],
        "years": held.event_years(request.actor, today),
        "states": EventState.choices,
        "may_manage": page.may_manage(request),
        "tabs": page.tabs("events"),
        "bar": page.bar(request, today, today, exports=[_export(request)]),
    }
    return render(request, "orgs/events.html", context)


@require_safe
def events_csv(request: ActorRequest) -> HttpResponse:
    """What the list shows."""
    today = timezone.localdate()
    rows = [
        (
            day(one.on),
            held.kind_name(one),
            one.title,
            one.basis,
            day(one.basis_on) if one.basis_on else "",
            one.reason,
            one.get_state_display(),
            one.source,
            one.key,
        )
        for one in held.event_list(request.actor, today, _filter(request))
    ]
    return page.csv_file(f"bien-dong-{today.isoformat()}", HEADER, rows)


def _filter(request: ActorRequest) -> held.EventFilter:
    state, kind = request.GET.get("tinh-trang", ""), request.GET.get("loai", "")
    return held.EventFilter(
        kind=kind if kind in held.KIND_NAMES else "",
        year=page.year_in(request, "nam"),
        state=state if state in EventState.values else "",
        words=request.GET.get("q", "").strip(),
    )


def _export(request: ActorRequest) -> Choice:
    return Choice("Danh sách này, CSV", reverse("orgs:events-csv") + changed(request))


@require_safe
def event(request: ActorRequest, key: str) -> HttpResponse:
    """What an event changed, on what basis, who recorded it, what followed from it."""
    return _shown(request, key, UndoForm())


def _shown(request: ActorRequest, key: str, form: UndoForm, status: int = 200) -> HttpResponse:
    today = timezone.localdate()
    one = held.event_for(request.actor, key, today)
    touched = held.touched_ids(one) if one.state != EventState.UNDONE else {"area": set(), "unit": set()}
    eve = one.on - held.ONE_DAY
    may = page.may_manage(request)
    context = {
        "event": one,
        "kind_name": held.kind_name(one),
        "sign": SIGNS[EventState(one.state)],
        "is_undone": one.state == EventState.UNDONE,
        "is_ahead": one.state == EventState.AHEAD,
        "eve": eve,
        "blocks": [
            _block(request, one, "area", "Địa bàn", touched["area"]),
            _block(request, one, "unit", "Đơn vị", touched["unit"]),
        ],
        "receipts": services.shown_to(request.actor, today, services.recorded_effects(one)),
        "acts": [(row, _act_words(row)) for row in held.recorded_by(one)],
        "source": selectors.source_titles(one.source),
        "may_manage": may,
        "undo_form": form,
        "undo_reasons": services.can_undo(one) if may and one.state != EventState.UNDONE else [],
        "tabs": page.tabs("events"),
        "bar": page.bar(request, one.on, today),
    }
    return render(request, "orgs/event.html", context, status=status)


def _block(request: ActorRequest, one: Event, tree: Tree, title: str, touched: set[int]) -> dict[str, Any]:
    """The first changes of a tree; the rest on the page that compares the day with its eve."""
    eve = one.on - held.ONE_DAY
    found = compare.differing(tree, touched, eve, one.on) if touched else []
    once = held.told_once(one, tree, found)
    shown = compare.compare(tree, {change.id for change in once[:LINES_AT_MOST]}, eve, one.on)
    rows = held.changes_in_full(one, tree, shown)
    ids = [row.leaf.id for row in rows] + [party.leaf.id for row in rows for party in row.others]
    ids += [leaf.id for row in rows for pair in row.above for leaf in pair if leaf]
    query = f"?tu={eve.isoformat()}&den={one.on.isoformat()}"
    return {
        "asked": {"tree": tree, "first": eve, "second": one.on},
        "title": title,
        "count": len(found),
        "rows": rows,
        "more": len(once) > LINES_AT_MOST,
        "linked": page.openable(request, ids, timezone.localdate()) if tree == "unit" else set(),
        "all_url": reverse("orgs:compare") + query + ("&cay=dia-gioi" if tree == "area" else ""),
    }


def _act_words(row: Act) -> str:
    words = {
        "orgs.record-event": "ghi biến động",
        "orgs.undo-event": "hoàn tác",
        "orgs.event-takes-effect": "cho có hiệu lực",
    }
    return words.get(row.name, "cập nhật")


@require_POST
def undo(request: ActorRequest, key: str) -> HttpResponse:
    """Take an event back; a refusal shows the page again with what was typed."""
    one = held.event_for(request.actor, key, timezone.localdate())
    form = UndoForm(request.POST)
    if fold(request.POST.get("confirm_name", "")) != fold(one.title):
        form.add_error(None, f"Để hoàn tác, hãy gõ đúng tên: {one.title}.")
    if not form.is_valid():
        return _shown(request, key, form, status=422)
    try:
        services.undo(one, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
    except services.EventRefused as refused:
        form.add_error("reason" if refused.field == "reason" else None, refused.sentence)
        return _shown(request, key, form, status=422)
    messages.success(
        request, "Đã hoàn tác. Mọi thứ như trước biến động; việc ghi và việc hoàn tác đều còn trong nhật ký."
    )
    return redirect("orgs:event", key=key)
