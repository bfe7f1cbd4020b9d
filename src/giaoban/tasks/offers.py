"""What this room offers to My work and to the page of a unit."""

from collections import Counter
from collections.abc import Iterable
from datetime import date

from django.urls import reverse

from giaoban.core.timeliness import timing
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import Panel, WorkItem
from giaoban.orgs import selectors as orgs
from giaoban.tasks import rules, selectors
from giaoban.tasks.models import TaskState, TaskUnit


def work_items(actor: Actor, on: date) -> list[WorkItem]:
    """Shares that the actor's units owe, and reported shares that wait for the actor to verify."""
    return _owed(actor, on) + _to_verify(actor, on)


def _owed(actor: Actor, on: date) -> list[WorkItem]:
    own = [unit for unit in actor.unit_ids if actor.may(Permission.REPORT_PROGRESS, unit)]
    units = orgs.answered_by(own, on)
    rows = TaskUnit.objects.filter(unit_id__in=units, state__in=(TaskState.ASSIGNED, TaskState.STARTED))
    issuers = orgs.cards(rows.values_list("task__issuer_id", flat=True), on)
    return [
        WorkItem(
            kind="Nhiệm vụ",
            title=row.task.title,
            about=f"{issuers[row.task.issuer_id].name} giao · sản phẩm: {row.task.product}",
            unit_id=row.unit_id,
            due_on=row.due_on,
            timing=timing(row.due_on, None, on=on),
            state=TaskState(row.state).label,
            start=reverse("tasks:share", args=[row.pk]),
            action="Cập nhật",
            simulated=bool(row.task.simulated_note),
        )
        for row in rows.select_related("task").order_by("due_on", "pk")
    ]


def _to_verify(actor: Actor, on: date) -> list[WorkItem]:
    own = [unit for unit in actor.unit_ids if actor.may(Permission.VERIFY_TASK, unit)]
    issuers = orgs.answered_by(own, on)
    rows = TaskUnit.objects.filter(task__issuer_id__in=issuers, state=TaskState.REPORTED).select_related("task")
    waiting = Counter(row.task_id for row in rows)
    tasks = {row.task_id: row.task for row in rows}
    return [
        WorkItem(
            kind="Xác nhận kết quả",
            title=tasks[pk].title,
            about=f"{count} đơn vị đã báo hoàn thành",
            unit_id=tasks[pk].issuer_id,
            due_on=None,
            timing=timing(None, None, on=on),
            state=TaskState.REPORTED.label,
            start=f"{reverse('tasks:task', args=[pk])}?state={TaskState.REPORTED}",
            action="Xem và xác nhận",
            simulated=bool(tasks[pk].simulated_note),
        )
        for pk, count in sorted(waiting.items())
    ]


def panel(actor: Actor, unit_id: int, on: date) -> Panel | None:
    """Shares of one unit by group, its open tasks listed; for those who may see the unit or the issuer."""
    rows = selectors.shares_visible(actor, on).filter(unit_id=unit_id)
    shares = selectors.ordered(selectors.share_cards(rows, on).values())
    about = {pk: (title, note) for pk, title, note in rows.values_list("pk", "task__title", "task__simulated_note")}
    counted = rules.roll_up([(share, share.group) for share in shares])
    listed = [(share, about[share.pk][0], bool(about[share.pk][1])) for share in counted.open]
    return Panel(
        title="Nhiệm vụ",
        template="tasks/panel.html",
        context={
            "sentence": counted.sentence("việc"),
            "shares": listed[:8],
            "more": max(0, len(listed) - 8),
            "simulated_note": simulated_words(note for _, note in about.values()),
        },
        order=30,
        empty="" if shares else "Chưa có nhiệm vụ nào giao cho đơn vị này.",
        link=("Mở danh sách nhiệm vụ", f"{reverse('tasks:index')}?lead={orgs.card(unit_id, on).key}"),
    )


def simulated_words(notes: Iterable[str]) -> str:
    """The notes of simulated tasks, each once; "" when there is none."""
    found = list(dict.fromkeys(note for note in notes if note))
    return f"nhiệm vụ ví dụ: {' '.join(found)}" if found else ""
