"""Reads of tasks. A task is seen by those who see its issuer, or a unit that owes a share of it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Exists, F, Min, OuterRef, Prefetch, Q, QuerySet
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from giaoban.core.timeliness import Timing, timing
from giaoban.core.vietnamese import day, fold
from giaoban.kit.actors import Actor
from giaoban.kit.acts import subject_of
from giaoban.kit.models import Act
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.orgs.selectors import UnitCard, visible_ids
from giaoban.tasks import rules
from giaoban.tasks.models import Progress, Task, TaskDeadlineChange, TaskState, TaskUnit
from giaoban.tasks.rules import Group, Origin, RollUp

OPEN_STATES = (TaskState.ASSIGNED, TaskState.STARTED, TaskState.REPORTED)


@dataclass(frozen=True, slots=True)
class TaskCard:
    """A task as others show it. `roll_up` counts every share; its names are for those who may see them.

    due_on: as assigned; due_first, due_last: the earliest and the latest deadline in force among the shares.
    """

    pk: int
    title: str
    issuer: UnitCard
    due_on: date
    due_first: date
    due_last: date
    helpers: str
    product: str
    origin: Origin
    source_text: str
    assigned_at: datetime
    simulated_note: str
    roll_up: RollUp[UnitCard]
    url: str

    @property
    def due_words(self) -> str:
        """The deadlines in force: one day, or the first and the last; said when they are not the one assigned."""
        if self.due_first == self.due_last:
            return day(self.due_on) if self.due_last == self.due_on else f"{day(self.due_last)} (đã đổi)"
        return f"{day(self.due_first)} đến {day(self.due_last)}"


@dataclass(frozen=True, slots=True)
class Share:
    """One unit's share of a task, as it stands on a day. `first_timing` is against the deadline it was given first."""

    pk: int
    unit: UnitCard
    state: str
    state_name: str
    group: Group
    timing: Timing
    first_timing: Timing
    due_on: date
    first_due_on: date
    extensions: int
    done_on: date | None
    product: str
    latest: str
    latest_on: date | None
    waiting: bool

    @property
    def sign(self) -> str:
        """The name of the sign that `kit` draws for the group."""
        if self.group is Group.OPEN_OVERDUE:
            return "late"
        return "run" if self.group is Group.OPEN_IN_TIME else "done"

    @property
    def in_words(self) -> str:
        if self.waiting:
            return "Đã báo xong, chờ xác nhận"
        return "Hoàn thành" if self.group in (Group.DONE_ON_TIME, Group.DONE_LATE) else "Chưa hoàn thành"


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of a task's time line."""

    at: datetime
    what: str
    detail: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class ShareFilter:
    """What a list is narrowed to: a group, a state, words of the title or the source (accents ignored)."""

    group: Group | None = None
    state: str = ""
    words: str = ""


def tasks_visible(actor: Actor, on: date) -> QuerySet[Task]:
    seen = visible_ids(actor, on)
    owed = TaskUnit.objects.filter(task=OuterRef("pk"), unit_id__in=seen)
    return Task.objects.filter(Q(issuer_id__in=seen) | Exists(owed))


def shares_visible(actor: Actor, on: date) -> QuerySet[TaskUnit]:
    """Shares of units that the actor sees, and all shares of tasks whose issuer the actor sees."""
    seen = visible_ids(actor, on)
    return TaskUnit.objects.filter(Q(unit_id__in=seen) | Q(task__issuer_id__in=seen))


def task_for(actor: Actor, pk: int, on: date) -> Task:
    """The task, if the actor may see it; otherwise, or when there is none, 404."""
    task = tasks_visible(actor, on).filter(pk=pk).first()
    if task is None:
        raise Http404("Không có nhiệm vụ này trong phạm vi của bạn.")
    return task


def share_for(actor: Actor, pk: int, on: date) -> TaskUnit:
    """A unit's share, if the actor may see the unit or the issuer; otherwise 404."""
    share = shares_visible(actor, on).select_related("task").filter(pk=pk).first()
    if share is None:
        raise Http404("Không có phần việc này trong phạm vi của bạn.")
    return share


def task_by_key(origin_key: str) -> Task | None:
    return Task.objects.filter(origin_key=origin_key).first()


def tasks_by_key(origin_keys: Iterable[str]) -> dict[str, Task]:
    return {task.origin_key: task for task in Task.objects.filter(origin_key__in=set(origin_keys))}


def group_of(share: TaskUnit, on: date) -> Group:
    """The group on a day, by the deadline in force then and by what was reported and verified by then.

    A share that was sent back counts as never reported: what is taken back is not counted for any day.
    """
    verified_on = timezone.localdate(share.verified.at) if share.verified is not None else None
    return rules.group_of(due_on=due_then(share, on), reported_on=share.done_on, verified_on=verified_on, on=on)


def due_then(share: TaskUnit, on: date) -> date:
    """The deadline in force on a day: the one that the next change after it replaced."""
    later = [change for change in share.deadline_changes.all() if timezone.localdate(change.act.at) > on]
    return later[0].old_due_on if later else share.due_on


def with_history(shares: QuerySet[TaskUnit]) -> QuerySet[TaskUnit]:
    """Shares with what `group_of` reads, in a fixed number of queries."""
    changes = TaskDeadlineChange.objects.select_related("act").order_by("pk")
    return shares.select_related("verified").prefetch_related(Prefetch("deadline_changes", queryset=changes))


def shares_of(task: Task) -> list[TaskUnit]:
    """All shares of a task, in the alphabetical order of the units as called when it was assigned."""
    rows = list(with_history(task.units.all()))
    called = orgs.cards([row.unit_id for row in rows], timezone.localdate(task.assigned_at))
    return sorted(rows, key=lambda row: called[row.unit_id].sort_key)


def roll_up(task: Task, on: date) -> RollUp[UnitCard]:
    """The task's units by group on a day, called as on the day of assignment."""
    rows = shares_of(task)
    called = orgs.cards([row.unit_id for row in rows], timezone.localdate(task.assigned_at))
    return rules.roll_up([(called[row.unit_id], group_of(row, on)) for row in rows])


def cards_of(tasks: Iterable[Task], on: date) -> list[TaskCard]:
    """Cards of tasks in the order given; units are called as on the day of assignment."""
    listed = list(tasks)
    shares: dict[int, list[TaskUnit]] = defaultdict(list)
    for share in with_history(TaskUnit.objects.filter(task__in=listed)):
        shares[share.task_id].append(share)
    days: dict[date, set[int]] = defaultdict(set)
    for task in listed:
        wanted = days[timezone.localdate(task.assigned_at)]
        wanted.update([task.issuer_id, *(share.unit_id for share in shares[task.pk])])
    called = {assigned: orgs.cards(ids, assigned) for assigned, ids in days.items()}
    return [_card(task, shares[task.pk], called[timezone.localdate(task.assigned_at)], on) for task in listed]


def _card(task: Task, shares: Sequence[TaskUnit], called: Mapping[int, UnitCard], on: date) -> TaskCard:
    ordered = sorted(shares, key=lambda share: called[share.unit_id].sort_key)
    return TaskCard(
        pk=task.pk,
        title=task.title,
        issuer=called[task.issuer_id],
        due_on=task.due_on,
        due_first=min((due_then(share, on) for share in shares), default=task.due_on),
        due_last=max((due_then(share, on) for share in shares), default=task.due_on),
        helpers=task.helpers,
        product=task.product,
        origin=origin_of(task),
        source_text=task.source_text,
        assigned_at=task.assigned_at,
        simulated_note=task.simulated_note,
        roll_up=rules.roll_up([(called[share.unit_id], group_of(share, on)) for share in ordered]),
        url=reverse("tasks:task", args=[task.pk]),
    )


def origin_of(task: Task) -> Origin:
    return Origin(task.origin_kind, task.origin_label, task.origin_url, task.origin_key)


def open_tasks(on: date, *, issuer_ids: Sequence[int] = (), unit_ids: Sequence[int] = ()) -> list[TaskCard]:
    """Tasks of these issuers, or owed by these units, assigned by the day `on` and with a share that was not verified
    then, oldest deadline first."""
    not_done = Q(state__in=OPEN_STATES) | Q(verified__at__date__gt=on)
    open_share = TaskUnit.objects.filter(task=OuterRef("pk")).filter(not_done)
    owed = Q(issuer_id__in=issuer_ids) | Exists(open_share.filter(unit_id__in=unit_ids))
    rows = Task.objects.filter(owed, Exists(open_share), assigned_at__date__lte=on)
    return sorted(cards_of(rows, on), key=lambda card: (card.due_first, card.pk))


def share_cards(shares: QuerySet[TaskUnit], on: date) -> dict[int, Share]:
    """The shares as they stand on a day, by primary key: four queries whatever their number."""
    rows = list(
        with_history(shares.select_related("task")).prefetch_related(
            Prefetch("progress", queryset=Progress.objects.order_by("on", "pk"))
        )
    )
    days: dict[date, set[int]] = defaultdict(set)
    for row in rows:
        days[timezone.localdate(row.task.assigned_at)].add(row.unit_id)
    called = {assigned: orgs.cards(ids, assigned) for assigned, ids in days.items()}
    return {row.pk: _share(row, called[timezone.localdate(row.task.assigned_at)][row.unit_id], on) for row in rows}


def _share(row: TaskUnit, unit: UnitCard, on: date) -> Share:
    changes = list(row.deadline_changes.all())
    said = [entry for entry in row.progress.all() if entry.on <= on]
    done_on = row.done_on if row.done_on is not None and row.done_on <= on else None
    due_on = due_then(row, on)
    first_due_on = changes[0].old_due_on if changes else row.due_on
    return Share(
        pk=row.pk,
        unit=unit,
        state=row.state,
        state_name=TaskState(row.state).label,
        group=group_of(row, on),
        timing=timing(due_on, done_on, on=on),
        first_timing=timing(first_due_on, done_on, on=on),
        due_on=due_on,
        first_due_on=first_due_on,
        extensions=sum(timezone.localdate(change.act.at) <= on for change in changes),
        done_on=done_on,
        product=row.product,
        latest=said[-1].note if said else "",
        latest_on=said[-1].on if said else None,
        waiting=row.state == TaskState.REPORTED and done_on is not None,
    )


GROUP_ORDER = {group: place for place, group in enumerate((Group.OPEN_OVERDUE, Group.OPEN_IN_TIME))}


def ordered(shares: Iterable[Share]) -> list[Share]:
    """Overdue first, then open by deadline, then done, the latest first; then by name."""
    return sorted(
        shares,
        key=lambda one: (
            GROUP_ORDER.get(one.group, 2),
            one.due_on if one.done_on is None else date.max,
            -one.timing.days,
            one.unit.sort_key,
        ),
    )


def timeline(task: Task, shares: Sequence[Share], on: date) -> list[Happening]:
    """What happened to a task and to the given shares until a day, newest first.

    The same act on several units on one day, said in the same words, is one line.
    """
    names = {f"{TaskUnit._meta.label}:{share.pk}": share.unit.short_name for share in shares}
    acts = Act.objects.filter(subject__in=[*names, subject_of(task)], at__date__lte=on).order_by("at", "pk")
    gathered: dict[tuple[object, ...], list[Act]] = {}
    for row in acts:
        same = (row.name, timezone.localdate(row.at), row.reason, row.actor_name, str(row.detail))
        gathered.setdefault(same, []).append(row)
    lines = [
        _happening(rows, [names[row.subject] for row in rows if row.subject in names]) for rows in gathered.values()
    ]
    return lines[::-1]


def _happening(rows: Sequence[Act], units: Sequence[str]) -> Happening:
    first = rows[0]
    who = ", ".join(units) if len(units) <= 3 else f"{len(units)} đơn vị"
    detail = first.detail
    words = {
        "tasks.assign": f"Giao {detail.get('units', 0)} đơn vị",
        "tasks.report-progress": f"{who}: {detail.get('note', '')}",
        "tasks.report-done": f"{who} báo đã hoàn thành",
        "tasks.verify": f"Xác nhận kết quả của {who}",
        "tasks.reopen": f"Trả lại {who} làm tiếp",
        "tasks.move-deadline": f"Đổi hạn của {who} thành {_day(detail.get('due_on'))}",
        "tasks.carry-over": f"{who}: chuyển theo đơn vị kế tục",
    }
    about = {
        "tasks.report-done": detail.get("note", ""),
        "tasks.move-deadline": f"Lý do: {first.reason}. Hạn trước là {_day(detail.get('old_due_on'))}.",
    }.get(first.name, f"Lý do: {first.reason}." if first.reason else "")
    return Happening(at=first.at, what=words.get(first.name, first.name), detail=about, who=first.actor_name)


def _day(iso: str | None) -> str:
    return day(date.fromisoformat(iso)) if iso else ""


def in_group(group: Group, today: date) -> Q:
    """The shares of a group today: `rules.group_of` as a condition of the database; it knows no other day."""
    reported = Q(done_on__isnull=False)
    done = Q(state=TaskState.DONE)
    late = (reported & Q(done_on__gt=F("due_on"))) | (~reported & Q(due_on__lt=today))
    return {
        Group.DONE_ON_TIME: done & ~late,
        Group.DONE_LATE: done & late,
        Group.OPEN_IN_TIME: ~done & ~late,
        Group.OPEN_OVERDUE: ~done & late,
    }[group]


def _chosen(actor: Actor, today: date, chosen: ShareFilter, unit_id: int | None) -> QuerySet[TaskUnit]:
    """Visible shares, narrowed by everything but the group."""
    shares = shares_visible(actor, today)
    if unit_id is not None:
        shares = shares.filter(unit_id=unit_id)
    if chosen.state:
        shares = shares.filter(state=chosen.state)
    if chosen.words:
        shares = shares.filter(task__search_key__contains=fold(chosen.words))
    return shares


def counts_by_group(actor: Actor, today: date, chosen: ShareFilter, unit_id: int | None) -> dict[Group, int]:
    """How many visible shares stand in each group today, the filter by group left aside."""
    counted = _chosen(actor, today, chosen, unit_id).aggregate(
        **{group.value: Count("pk", filter=in_group(group, today)) for group in Group}
    )
    return {group: counted[group.value] for group in Group}


SORTS = {
    "due": ("earliest", "pk"),
    "title": ("title", "pk"),
    "assigned": ("assigned_at", "pk"),
    "overdue": ("overdue", "pk"),
}


def task_list(
    actor: Actor, today: date, chosen: ShareFilter, unit_id: int | None, *, sort: str = "due"
) -> QuerySet[Task]:
    """Tasks with at least one visible share that the filter leaves, sorted by a key of `SORTS`, "-" turned around."""
    shares = _chosen(actor, today, chosen, unit_id)
    if chosen.group is not None:
        shares = shares.filter(in_group(chosen.group, today))
    overdue = Count("units", filter=_prefixed(Group.OPEN_OVERDUE, today))
    tasks = Task.objects.filter(pk__in=shares.values("task_id"))
    tasks = tasks.annotate(overdue=overdue, earliest=Min("units__due_on"))
    turned = sort.startswith("-")
    first, *rest = SORTS.get(sort.lstrip("-"), SORTS["due"])
    return tasks.order_by(f"-{first}" if turned else first, *rest)


def _prefixed(group: Group, today: date) -> Q:
    """`in_group` seen from a task."""
    return Q(units__in=TaskUnit.objects.filter(in_group(group, today)))


def shares_by_task(actor: Actor, task_ids: Sequence[int], today: date) -> dict[int, list[Share]]:
    """The visible shares of some tasks as they stand today, each list in the order of `ordered`."""
    rows = shares_visible(actor, today).filter(task_id__in=task_ids)
    found = share_cards(rows, today)
    gathered: dict[int, list[Share]] = {pk: [] for pk in task_ids}
    for pk, task_id in rows.values_list("pk", "task_id"):
        gathered[task_id].append(found[pk])
    return {task_id: ordered(shares) for task_id, shares in gathered.items()}


def roll_up_shares(shares: Iterable[Share]) -> RollUp[Share]:
    return rules.roll_up([(share, share.group) for share in shares])


def export_rows(actor: Actor, today: date, chosen: ShareFilter, unit_id: int | None) -> list[tuple[TaskCard, Share]]:
    """The shares that the filter leaves, with their tasks, by deadline."""
    shares = _chosen(actor, today, chosen, unit_id)
    if chosen.group is not None:
        shares = shares.filter(in_group(chosen.group, today))
    found = share_cards(shares, today)
    owners = dict(shares.values_list("pk", "task_id"))
    tasks = Task.objects.filter(pk__in=set(owners.values())).order_by("due_on", "pk")
    cards = {card.pk: card for card in cards_of(tasks, today)}
    place = {pk: number for number, pk in enumerate(cards)}
    lines = [(cards[owners[pk]], share) for pk, share in found.items()]
    return sorted(lines, key=lambda line: (place[line[0].pk], line[1].unit.sort_key))


def may_update(actor: Actor, share: TaskUnit, on: date) -> bool:
    return _may(actor, Permission.REPORT_PROGRESS, share.unit_id, on)


def may_verify(actor: Actor, share: TaskUnit, on: date) -> bool:
    return _may(actor, Permission.VERIFY_TASK, share.task.issuer_id, on)


def may_move_deadline(actor: Actor, share: TaskUnit, on: date) -> bool:
    return _may(actor, Permission.ASSIGN_TASK, share.task.issuer_id, on)


def _may(actor: Actor, permission: Permission, unit_id: int, on: date) -> bool:
    """At the unit, or at what it wholly became."""
    return any(actor.may(permission, place) for place in orgs.heirs_of(unit_id, on))
