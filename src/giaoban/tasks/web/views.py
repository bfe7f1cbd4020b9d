"""The list of tasks, a task with its units, and one unit's share with what may be done to it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from giaoban.core.tidy import plain
from giaoban.core.timeliness import timing_words
from giaoban.core.vietnamese import day
from giaoban.kit.frame import Choice, ContextBar, acting_choices
from giaoban.kit.http import ActorRequest
from giaoban.kit.lists import Count, changed
from giaoban.orgs import selectors as orgs
from giaoban.tasks import selectors, services
from giaoban.tasks.models import TaskState, TaskUnit
from giaoban.tasks.rules import GROUP_NAMES, Group, RollUp
from giaoban.tasks.selectors import Share, ShareFilter, TaskCard
from giaoban.tasks.web.forms import DeadlineForm, ProgressForm, ReopenForm

PAGE_SIZE = 25
SIGNS = {
    Group.DONE_ON_TIME: "done",
    Group.DONE_LATE: "done",
    Group.OPEN_IN_TIME: "run",
    Group.OPEN_OVERDUE: "late",
}
EXPORT_HEADER = (
    "Nhiệm vụ",
    "Nguồn",
    "Đơn vị giao",
    "Đơn vị thực hiện",
    "Tình trạng",
    "Nhóm",
    "So với hạn",
    "Hạn",
    "Hạn ban đầu",
    "Ngày báo xong",
    "Sản phẩm phải có",
    "Sản phẩm đã báo",
    "Cập nhật gần nhất",
    "Ghi chú mô phỏng",
)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A line of the list: the task and the shares of it that the person sees."""

    card: TaskCard
    shares: tuple[Share, ...]
    roll_up: RollUp[Share]

    @property
    def overdue_names(self) -> str:
        return _names(self.roll_up.open_overdue)


@require_safe
def index(request: ActorRequest) -> HttpResponse:
    on, chosen, unit = timezone.localdate(), _filter(request), _lead(request)
    counts = selectors.counts_by_group(request.actor, on, chosen, unit.id if unit else None)
    sort = request.GET.get("sort", "due")
    found = selectors.task_list(request.actor, on, chosen, unit.id if unit else None, sort=sort)
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = _rows(request, page, on)
    context = {
        "bar": _bar(request, on, export=True),
        "simulated_note": _simulated(row.card for row in rows),
        "counts": _counts(request, counts, chosen),
        "overdue": counts[Group.OPEN_OVERDUE],
        "total": sum(counts.values()),
        "page": page,
        "rows": rows,
        "chosen": chosen,
        "lead_unit": unit,
        "states": TaskState.choices,
    }
    return render(request, "tasks/index.html", context)


def _rows(request: ActorRequest, page: Page[Any], on: date) -> list[TaskRow]:
    cards = selectors.cards_of(page.object_list, on)
    shares = selectors.shares_by_task(request.actor, [card.pk for card in cards], on)
    return [TaskRow(card, tuple(shares[card.pk]), selectors.roll_up_shares(shares[card.pk])) for card in cards]


def _counts(request: ActorRequest, counts: dict[Group, int], chosen: ShareFilter) -> list[Count]:
    everything = Count(sum(counts.values()), "phần việc", changed(request, group=None), chosen.group is None)
    return [everything] + [
        Count(counts[group], name.lower(), changed(request, group=group), chosen.group is group, SIGNS[group])
        for group, name in GROUP_NAMES.items()
    ]


@require_safe
def export(request: ActorRequest) -> HttpResponse:
    """What the list shows, one line per unit's share; UTF-8 with a mark that spreadsheets read."""
    on, chosen, unit = timezone.localdate(), _filter(request), _lead(request)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="nhiem-vu-{on.isoformat()}.csv"'
    response.write("\ufeff")
    writer = csv.writer(response)
    writer.writerow(EXPORT_HEADER)
    for card, share in selectors.export_rows(request.actor, on, chosen, unit.id if unit else None):
        line = [card.title, card.origin.label, card.issuer.name, share.unit.name, share.in_words]
        line += [GROUP_NAMES[share.group], timing_words(share.timing), day(share.due_on), day(share.first_due_on)]
        line += [day(share.done_on) if share.done_on else "", card.product, share.product, share.latest]
        writer.writerow([plain(cell) for cell in [*line, card.simulated_note]])
    return response


@require_safe
def task(request: ActorRequest, pk: int) -> HttpResponse:
    on = timezone.localdate()
    row = selectors.task_for(request.actor, pk, on)
    card = selectors.cards_of([row], on)[0]
    shares = selectors.shares_by_task(request.actor, [pk], on)[pk]
    group = _group(request)
    waiting = request.GET.get("state") == TaskState.REPORTED
    listed = [one for one in shares if (group is None or one.group is group) and (one.waiting or not waiting)]
    context = {
        "bar": _bar(request, on),
        "simulated_note": card.simulated_note,
        "card": card,
        "groups": _groups(request, card.roll_up, group),
        "shares": listed,
        "filtered": group is not None or waiting,
        "all_seen": len(shares) == card.roll_up.total,
        "seen_count": len(shares),
        "lead": _task_lead(card.roll_up, shares),
        "clears": _clears(card, shares),
        "timeline": selectors.timeline(row, shares, on),
    }
    return render(request, "tasks/task.html", context)


@dataclass(frozen=True, slots=True)
class GroupCount:
    """One of the four groups on the page of a task."""

    count: int
    name: str
    url: str
    current: bool
    late: bool
    signs: tuple[str, ...]


def _groups(request: ActorRequest, roll_up: RollUp[Any], chosen: Group | None) -> list[GroupCount]:
    return [
        GroupCount(
            count=len(roll_up.of(group)),
            name=name,
            url=changed(request, group=None if chosen is group else group),
            current=chosen is group,
            late=group is Group.OPEN_OVERDUE and bool(roll_up.of(group)),
            signs=(SIGNS[group],) * min(len(roll_up.of(group)), 40),
        )
        for group, name in GROUP_NAMES.items()
    ]


def _task_lead(roll_up: RollUp[Any], shares: Sequence[Share]) -> tuple[str, str]:
    """The finding, and who is behind or was given more time; names only of units that the person sees."""
    late = [one for one in shares if one.group is Group.OPEN_OVERDUE]
    extended = [one for one in shares if one.extensions]
    rest = []
    if roll_up.open_overdue:
        rest.append(f"Quá hạn {len(roll_up.open_overdue)}{': ' + _names(late) if late else ''}.")
    if extended:
        rest.append(f"{len(extended)} đơn vị được đổi hạn, hạn gốc được giữ.")
    return roll_up.sentence(), " ".join(rest)


def _clears(card: TaskCard, shares: Sequence[Share]) -> list[tuple[str, str]]:
    """What is clear about the task, beside what it is."""
    moved = sorted({one.due_on for one in shares if one.extensions})
    leads = shares[0].unit.name if card.roll_up.total == 1 and shares else f"{card.roll_up.total} đơn vị"
    due = day(card.due_on) + (f" (đổi hạn: {', '.join(day(other) for other in moved)})" if moved else "")
    values = {"leads": leads, "helpers": card.helpers, "due_on": due, "product": card.product}
    names = {"leads": "Chủ trì", "helpers": "Phối hợp", "due_on": "Thời hạn", "product": "Sản phẩm"}
    return [(name, values[key] or "không nêu") for key, name in names.items()]


@require_safe
def share(request: ActorRequest, pk: int) -> HttpResponse:
    return _share_page(request, selectors.share_for(request.actor, pk, timezone.localdate()))


def _share_page(
    request: ActorRequest, row: TaskUnit, *, form: Form | None = None, refusal: str = "", status: int = 200
) -> HttpResponse:
    today = timezone.localdate()
    one = selectors.share_cards(TaskUnit.objects.filter(pk=row.pk), today)[row.pk]
    done, reported = row.state == TaskState.DONE, row.state == TaskState.REPORTED
    verifies = selectors.may_verify(request.actor, row, today)
    context = {
        "bar": _bar(request, today),
        "simulated_note": row.task.simulated_note,
        "card": selectors.cards_of([row.task], today)[0],
        "share": one,
        "refusal": refusal,
        "progress_form": form if isinstance(form, ProgressForm) else ProgressForm(initial={"product": row.product}),
        "reopen_form": form if isinstance(form, ReopenForm) else ReopenForm(prefix="reopen"),
        "deadline_form": form if isinstance(form, DeadlineForm) else DeadlineForm(prefix="deadline"),
        "may_update": selectors.may_update(request.actor, row, today) and not done,
        "may_verify": verifies and reported,
        "may_reopen": verifies and (reported or done),
        "may_move": selectors.may_move_deadline(request.actor, row, today) and not done,
        "changes": row.deadline_changes.select_related("act"),
        "timeline": selectors.timeline(row.task, [one], today),
    }
    return render(request, "tasks/share.html", context, status=status)


@require_POST
def report_progress(request: ActorRequest, pk: int) -> HttpResponse:
    row = selectors.share_for(request.actor, pk, timezone.localdate())
    form = ProgressForm(request.POST)
    if not form.is_valid():
        return _share_page(request, row, form=form, status=422)
    said = form.cleaned_data
    try:
        services.report_progress(
            row, note=said["note"], done=said["done"], product=said["product"], by=request.actor, at=timezone.now()
        )
    except services.TaskRefused as refusal:
        return _share_page(request, row, form=form, refusal=str(refusal), status=422)
    messages.success(request, "Đã báo hoàn thành, chờ đơn vị giao xác nhận." if said["done"] else "Đã ghi tiến độ.")
    return redirect("tasks:share", pk)


@require_POST
def verify(request: ActorRequest, pk: int) -> HttpResponse:
    row = selectors.share_for(request.actor, pk, timezone.localdate())
    try:
        services.verify(row, by=request.actor, at=timezone.now())
    except services.TaskRefused as refusal:
        return _share_page(request, row, refusal=str(refusal), status=422)
    messages.success(request, "Đã xác nhận kết quả. Xác nhận nhầm thì trả lại làm tiếp, kèm lý do.")
    return redirect("tasks:share", pk)


@require_POST
def reopen(request: ActorRequest, pk: int) -> HttpResponse:
    row = selectors.share_for(request.actor, pk, timezone.localdate())
    form = ReopenForm(request.POST, prefix="reopen")
    if not form.is_valid():
        return _share_page(request, row, form=form, status=422)
    try:
        services.reopen(row, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now())
    except services.TaskRefused as refusal:
        return _share_page(request, row, form=form, refusal=str(refusal), status=422)
    messages.success(request, "Đã trả lại để làm tiếp.")
    return redirect("tasks:share", pk)


@require_POST
def move_deadline(request: ActorRequest, pk: int) -> HttpResponse:
    row = selectors.share_for(request.actor, pk, timezone.localdate())
    form = DeadlineForm(request.POST, prefix="deadline")
    if not form.is_valid():
        return _share_page(request, row, form=form, status=422)
    said = form.cleaned_data
    try:
        services.move_deadline(row, due_on=said["due_on"], reason=said["reason"], by=request.actor, at=timezone.now())
    except services.TaskRefused as refusal:
        return _share_page(request, row, form=form, refusal=str(refusal), status=422)
    messages.success(request, f"Đã đổi hạn thành {day(said['due_on'])}; hạn cũ và lý do được giữ.")
    return redirect("tasks:share", pk)


def _group(request: ActorRequest) -> Group | None:
    given = request.GET.get("group", "")
    return Group(given) if given in set(Group) else None


def _filter(request: ActorRequest) -> ShareFilter:
    state = request.GET.get("state", "")
    return ShareFilter(
        group=_group(request), state=state if state in TaskState.values else "", words=request.GET.get("q", "").strip()
    )


def _lead(request: ActorRequest) -> orgs.UnitCard | None:
    """The unit whose shares are asked for; outside the person's scope 404."""
    key = request.GET.get("lead", "")
    return orgs.unit_for(request.actor, key, timezone.localdate()) if key else None


def _bar(request: ActorRequest, on: date, *, export: bool = False) -> ContextBar:
    query = request.GET.urlencode()
    formats = (Choice("CSV, một dòng mỗi đơn vị", f"{reverse('tasks:export')}?{query}"),) if export else ()
    return ContextBar(
        unit_label=request.actor.unit_name,
        unit_choices=acting_choices(request, request.actor),
        as_of_label=day(on),
        export_formats=formats,
    )


def _simulated(cards: Any) -> str:
    notes = list(dict.fromkeys(card.simulated_note for card in cards if card.simulated_note))
    return " ".join(notes)


def _names(shares: Sequence[Share], most: int = 4) -> str:
    named = ", ".join(one.unit.short_name for one in shares[:most])
    return f"{named} và {len(shares) - most} đơn vị khác" if len(shares) > most else named
