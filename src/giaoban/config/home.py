"""Việc của tôi: everything that the person's units owe, gathered from all rooms, grouped by when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from giaoban.core.timeliness import Timeliness
from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.frame import ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.registries import WorkItem, work_items

SHOWN = 12
WEEKDAYS = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")


@dataclass(frozen=True, slots=True)
class Group:
    """Work of one stretch of time. `items` holds at most what is shown, `total` all there is."""

    key: str
    title: str
    about: str
    items: tuple[WorkItem, ...]
    total: int


def gather(actor: Actor, on: date) -> list[WorkItem]:
    """All work of an actor, soonest first; work without a deadline last."""
    found = [item for _, source in work_items for item in source(actor, on)]
    return sorted(found, key=lambda item: (item.due_on or date.max, item.title))


def grouped(items: Iterable[WorkItem], on: date, *, all_of: str = "") -> list[Group]:
    """Overdue, today, the next seven days, later, no deadline; empty groups are left out."""
    week_ends = on + timedelta(days=7)
    names = {
        "overdue": ("Quá hạn", ""),
        "today": ("Hôm nay", WEEKDAYS[on.weekday()] + " " + day(on)),
        "week": ("Bảy ngày tới", f"đến {day(week_ends)}"),
        "later": ("Sau", ""),
        "open": ("Không có hạn", ""),
    }
    sorted_in: dict[str, list[WorkItem]] = {key: [] for key in names}
    for item in items:
        sorted_in[_group_of(item, on, week_ends)].append(item)
    return [
        Group(key, title, about, tuple(held if all_of == key else held[:SHOWN]), len(held))
        for key, (title, about) in names.items()
        if (held := sorted_in[key])
    ]


def _group_of(item: WorkItem, on: date, week_ends: date) -> str:
    if item.due_on is None:
        return "open"
    if item.timing.state is Timeliness.OVERDUE:
        return "overdue"
    if item.due_on <= on:
        return "today"
    return "week" if item.due_on <= week_ends else "later"


def summary(groups: Iterable[Group]) -> str:
    """One sentence that says what is to be done first; empty when nothing is due."""
    counts = {group.key: group.total for group in groups}
    parts = []
    if counts.get("overdue"):
        parts.append(f"{counts['overdue']} việc quá hạn")
    if counts.get("today"):
        parts.append(f"{counts['today']} việc đến hạn hôm nay")
    if counts.get("week"):
        parts.append(f"{counts['week']} việc trong bảy ngày tới")
    return ", ".join(parts)


def home(request: ActorRequest) -> HttpResponse:
    on = timezone.localdate()
    items = gather(request.actor, on)
    groups = grouped(items, on, all_of=request.GET.get("tat-ca", ""))
    next_due = next((item.due_on for item in items if item.due_on and item.due_on >= on), None)
    return render(
        request,
        "home/home.html",
        {
            "groups": groups,
            "summary": summary(groups),
            "next_due": next_due,
            "has_post": bool(request.actor.posts),
            "simulated_note": _simulated(items),
            "bar": ContextBar(
                unit_label=request.actor.unit_name,
                unit_choices=acting_choices(request, request.actor),
                as_of_label=f"{day(on)}",
            ),
        },
    )


def _simulated(items: Iterable[WorkItem]) -> str:
    count = sum(item.simulated for item in items)
    return f"{count} việc dưới đây thuộc ví dụ mô phỏng, có ghi nhãn ở từng dòng." if count else ""
