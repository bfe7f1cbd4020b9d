"""What the pages of this room share: context bar, tabs, days in addresses, files."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.http import HttpResponse
from django.urls import reverse

from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors


@dataclass(frozen=True, slots=True)
class Tab:
    """A page beside this one; also an entry of a switch."""

    label: str
    url: str
    current: bool
    value: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """A count that filters a list."""

    count: int
    label: str
    url: str
    current: bool
    within: bool = False
    sign: str = ""


TABS = (
    ("tree", "Cây đơn vị", "orgs:tree", ""),
    ("areas", "Địa giới", "orgs:tree", "?cay=dia-gioi"),
    ("events", "Biến động", "orgs:events", ""),
    ("compare", "So sánh hai ngày", "orgs:compare", ""),
    ("gaps", "Khoảng trống của nguồn", "orgs:gaps", ""),
)


def tabs(current: str) -> list[Tab]:
    """The pages of the room; `current` is one of the first words in `TABS`."""
    return [Tab(label, reverse(route) + query, name == current) for name, label, route, query in TABS]


def bar(
    request: ActorRequest, on: date, today: date, days: Iterable[date] = (), exports: Sequence[Choice] = ()
) -> ContextBar:
    """The context bar with the day of the geography, which may be changed to one of `days`."""

    def choice(one: date) -> Choice:
        return Choice(day_words(one, today), with_query(request, geography=one.isoformat()), one == on)

    days = tuple(days)
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        geography_label=day_words(on, today),
        geography_choices=tuple(choice(one) for one in dict.fromkeys((today, *days, on))) if days else (),
        export_formats=tuple(exports),
    )


def day_words(on: date, today: date) -> str:
    return "hôm nay" if on == today else day(on)


def with_query(request: ActorRequest, **changes: str | None) -> str:
    """The query of this page with some parameters changed or (None, "") dropped; "?" when nothing is left."""
    query = request.GET.copy()
    for name, value in changes.items():
        key = name.replace("_", "-")
        if value:
            query[key] = value
        else:
            query.pop(key, None)
    return f"?{query.urlencode()}"


def day_in(request: ActorRequest, name: str, otherwise: date) -> date:
    """The day of a parameter; absent or unreadable: the other."""
    try:
        return date.fromisoformat(request.GET.get(name, ""))
    except ValueError:
        return otherwise


def openable(request: ActorRequest, unit_ids: Iterable[int], on: date) -> set[int]:
    """Those of the units that the reader may open."""
    wanted = set(unit_ids)
    if not wanted:
        return set()
    return set(selectors.visible_to(request.actor, on).filter(pk__in=wanted).values_list("pk", flat=True))


def may_manage(request: ActorRequest) -> bool:
    """Whether the reader holds a post, anywhere, that may change units."""
    actor = request.actor
    return any(actor.may(Permission.MANAGE_UNITS, unit_id) for unit_id in actor.unit_ids)


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """UTF-8 with a mark that spreadsheets read; no cell is taken for a formula."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(header)
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell for cell in row])
    return response
