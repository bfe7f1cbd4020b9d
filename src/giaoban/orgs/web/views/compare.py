"""Two days of a tree side by side."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.orgs import selectors
from giaoban.orgs.selectors import browse
from giaoban.orgs.selectors.compare import (
    WHAT_NAMES,
    Change,
    Difference,
    What,
    area_scope,
    differing,
    in_full,
    known_on,
    unit_scope,
)
from giaoban.orgs.selectors.compare import (
    compare as differences,
)
from giaoban.orgs.selectors.crosswalk import crosswalk, crosswalk_csv
from giaoban.orgs.selectors.histories import Tree
from giaoban.orgs.web import page

PAGE_SIZE = 100
AREAS = "dia-gioi"
HEADER = (
    "Thay đổi",
    "Khóa",
    "Tên trước",
    "Tên sau",
    "Loại trước",
    "Loại sau",
    "Mã trước",
    "Mã sau",
    "Từ, thành",
    "Ngày",
    "Biến động",
    "Như biết ngày",
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks: a tree, a root (None: all that the reader sees), two days in order."""

    tree: Tree
    top: selectors.UnitCard | browse.Leaf | None
    first: date
    second: date
    what: What | None


@require_safe
def compare(request: ActorRequest) -> HttpResponse:
    """What differs between two days, counted by what happened; each line leads to the event."""
    today = timezone.localdate()
    asked = _asked(request, today)
    scope = _scope(request, asked, today)
    found = differing(asked.tree, scope, asked.first, asked.second)
    chosen = [one for one in found if asked.what is None or asked.what in one.what]
    shown = Paginator(chosen, PAGE_SIZE).get_page(request.GET.get("page"))
    on_page = differences(asked.tree, {one.id for one in shown}, asked.first, asked.second)
    rows = in_full(asked.tree, on_page, asked.first, asked.second)
    known = known_on(asked.tree, scope, asked.first)
    context = {
        "asked": asked,
        "found": found,
        "page": shown,
        "known_on": known,
        "known_neither": known is not None and asked.second < known,
        "rows": rows,
        "counts": _counts(request, found, asked.what),
        "linked": page.openable(request, _units_in(rows), today) if asked.tree == "unit" else set(),
        "trees": [
            page.Tab("Đơn vị", changed(request, cay=None, loc=None), asked.tree == "unit"),
            page.Tab("Địa bàn", changed(request, cay=AREAS, loc=None), asked.tree == "area"),
        ],
        "tops": selectors.tops_of(request.actor, today),
        "tabs": page.tabs("compare"),
        "bar": page.bar(request, today, today, exports=_exports(request)),
    }
    return render(request, "orgs/compare.html", context)


@require_safe
def compare_csv(request: ActorRequest) -> HttpResponse:
    """What the list shows, filter included."""
    today = timezone.localdate()
    asked = _asked(request, today)
    found = differences(asked.tree, _scope(request, asked, today), asked.first, asked.second)
    chosen = [one for one in found if asked.what is None or asked.what in one.what]
    rows = [_row(one, asked) for one in in_full(asked.tree, chosen, asked.first, asked.second)]
    return page.csv_file(f"thay-doi-{asked.first.isoformat()}-{asked.second.isoformat()}", HEADER, rows)


@require_safe
def crosswalk_file(request: ActorRequest) -> HttpResponse:
    """Each thing of the first day with what it is on the second, the same bytes every time."""
    today = timezone.localdate()
    asked = _asked(request, today)
    rows = crosswalk(asked.first, asked.second, asked.tree, only=_scope(request, asked, today))
    response = HttpResponse(crosswalk_csv(rows), content_type="text/csv; charset=utf-8")
    name = f"chuyen-tiep-{asked.first.isoformat()}-{asked.second.isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: ActorRequest, today: date) -> Asked:
    second = page.day_in(request, "den", today)
    first = page.day_in(request, "tu", _before_last_change(second))
    first, second = sorted((first, second))
    tree: Tree = "area" if request.GET.get("cay") == AREAS else "unit"
    text = request.GET.get("loc", "")
    what = What(text) if text in set(What) else None
    return Asked(tree, _top(request, tree, second, today), first, second, what)


def _before_last_change(on: date) -> date:
    """The eve of the latest great change by a day: where one most often compares from."""
    days = [one for one in selectors.days_of_change() if one < on]
    return days[0] if days else on - timedelta(days=365)


def _top(request: ActorRequest, tree: Tree, second: date, today: date) -> selectors.UnitCard | browse.Leaf | None:
    if tree == "area":
        key = request.GET.get("dia-ban", "")
        return browse.area_root(key, second) if key else None
    key = request.GET.get("don-vi", "")
    return selectors.unit_for(request.actor, key, today) if key else None


def _scope(request: ActorRequest, asked: Asked, today: date) -> set[int] | None:
    if asked.tree == "unit":
        return unit_scope(request.actor, asked.top.id if asked.top else None, asked.first, asked.second, today)
    return area_scope(asked.top.id, asked.first, asked.second) if asked.top else None


def _counts(request: ActorRequest, found: Sequence[Change], chosen: What | None) -> list[Count]:
    numbers = Counter(what for one in found for what in one.what)
    everything = changed(request, loc=None)
    counts = [Count(len(found), "thay đổi", everything, chosen is None)]
    for what, name in WHAT_NAMES.items():
        if numbers[what]:
            url = changed(request, loc=what.value)
            counts.append(Count(numbers[what], name, url, chosen is what))
    return counts


def _units_in(rows: Sequence[Difference]) -> list[int]:
    held = [one.leaf.id for one in rows]
    held += [party.leaf.id for one in rows for party in one.others]
    return held + [leaf.id for one in rows for pair in one.above for leaf in pair if leaf]


def _exports(request: ActorRequest) -> list[Choice]:
    query = changed(request)
    return [
        Choice("Các thay đổi này, CSV", reverse("orgs:compare-csv") + query),
        Choice("Bảng chuyển tiếp cũ → mới, CSV", reverse("orgs:crosswalk") + query),
    ]


def _row(one: Difference, asked: Asked) -> tuple[str, ...]:
    before, after = one.before, one.after
    sides = ((before, asked.first), (after, asked.second))
    known = [leaf.known_on for leaf, on in sides if leaf and leaf.known_on and leaf.known_on > on]
    others = "; ".join(party.leaf.name for party in one.others) + (f"; và {one.more} nơi khác" if one.more else "")
    if one.beneath:
        more = f"; và {one.beneath_more} nơi khác" if one.beneath_more else ""
        others = f"các nơi trực thuộc nay thuộc: {'; '.join(leaf.name for leaf in one.beneath)}{more}"
    return (
        "; ".join(WHAT_NAMES[what] for what in one.what),
        one.leaf.key,
        before.name if before else "",
        after.name if after else "",
        before.kind_name if before else "",
        after.kind_name if after else "",
        before.code if before else "",
        after.code if after else "",
        others,
        "; ".join(day(told.on) for told in one.told),
        "; ".join(told.words for told in one.told if told.words),
        max(known).isoformat() if known else "",
    )
