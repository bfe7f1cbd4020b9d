"""What the pages of this room share: context bar, tabs, days in addresses, files."""

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse

from giaoban.core.tidy import plain
from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import changed
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors
from giaoban.orgs.services import Preview

CHANGED = "Từ lúc xem trước, dữ liệu đã đổi nên kết quả khác đi. Xem lại bản dưới đây rồi xác nhận lại."


@dataclass(frozen=True, slots=True)
class Tab:
    """A page beside this one; also an entry of a switch."""

    label: str
    url: str
    current: bool
    value: str = ""


FIRST_YEAR, LAST_YEAR = 1900, 2200

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
        return Choice(day_words(one, today), changed(request, geography=one.isoformat()), one == on)

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


def day_in(request: ActorRequest, name: str, otherwise: date) -> date:
    """The day of a parameter; absent, unreadable or far out of the map's years: the other."""
    return read_day(request.GET.get(name, "")) or otherwise


def read_day(words: str) -> date | None:
    """A day as addresses write it, of a year that the trees can be asked for; else None."""
    try:
        read = date.fromisoformat(words.strip())
    except ValueError:
        return None
    return read if FIRST_YEAR <= read.year <= LAST_YEAR else None


def day_shown(request: ActorRequest, today: date) -> date:
    """The day whose tree a page shows: `ngay` of this page alone, else `geography`, carried from page to page.

    Absent: today. Unreadable: today too, and the page says so.
    """
    asked = [(name, words) for name in ("ngay", "geography") if (words := request.GET.get(name, "").strip())]
    for _, words in asked:
        if read := read_day(words):
            return read
    if asked:
        messages.warning(
            request,
            f"Không đọc được ngày “{asked[0][1][:30]}”, nên trang này như hôm nay. "
            f"Chọn một ngày từ 01/01/{FIRST_YEAR} đến 31/12/{LAST_YEAR}.",
        )
    return today


def year_in(request: ActorRequest, name: str) -> int | None:
    """The year of a parameter; None when absent, unreadable or far out of the map's years."""
    words = request.GET.get(name, "")
    if not (words.isascii() and words.isdecimal() and len(words) == 4):
        return None
    return int(words) if FIRST_YEAR <= int(words) <= LAST_YEAR else None


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


def digest(shown: Preview) -> str:
    """A checksum of what a preview shows: whoever confirms sends it back, so that nobody confirms what was not seen."""
    lists = (shown.closes, shown.creates, shown.moves, shown.changes, shown.passes, shown.effects)
    said = [repr(shown.event.on), *(line for one in lists for line in sorted(map(repr, one)))]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> HttpResponse:
    """UTF-8 with a mark that spreadsheets read; no cell is taken for a formula."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(header)
    for row in rows:
        writer.writerow([plain(cell) for cell in row])
    return response
