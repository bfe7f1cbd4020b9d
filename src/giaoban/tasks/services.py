"""Assign, report, verify, reopen, move a deadline: one function per act."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from giaoban.core.vietnamese import day, fold
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.arrays import among
from giaoban.kit.permissions import Permission
from giaoban.orgs import selectors as orgs
from giaoban.tasks.models import Progress, Task, TaskDeadlineChange, TaskState, TaskUnit
from giaoban.tasks.rules import Origin


class TaskRefused(Exception):
    """The act cannot be done now; the message is one sentence for the person, with the remedy."""


def assign(
    *,
    title: str,
    issuer_id: int,
    unit_ids: Sequence[int],
    product: str,
    due_on: date,
    origin: Origin,
    by: Actor,
    at: datetime,
    helpers: str = "",
    source_text: str = "",
    simulated_note: str = "",
) -> Task:
    """Give one task to one or many units, each with a share and a state of its own (R92).

    source_text: the words it comes from, verbatim. Raises TaskRefused when a clear is missing, a unit does not exist on
    the day, or the matter was assigned before.
    """
    on = timezone.localdate(at)
    units = list(dict.fromkeys(unit_ids))
    called = orgs.cards([*units, issuer_id], on)
    by.require(Permission.ASSIGN_TASK, issuer_id, unit_name=called[issuer_id].name)
    _check_clears(title, units, product, due_on, on)
    gone = [called[unit].name for unit in units if not _lives(called[unit], on)]
    if gone:
        raise TaskRefused(
            f"Không giao được cho đơn vị không tồn tại vào {day(on)}: {', '.join(gone)}. Chọn đơn vị khác."
        )
    with act("tasks.assign", by=by, at=at, detail={"units": len(units), "origin": origin.key}) as entry:
        if Task.objects.filter(origin_key=origin.key).exists():
            raise TaskRefused(f"“{origin.label}” đã được giao thành nhiệm vụ rồi; mở nhiệm vụ đó để xem.")
        task = Task.objects.create(
            title=title.strip(),
            issuer_id=issuer_id,
            helpers=helpers.strip(),
            product=product.strip(),
            due_on=due_on,
            origin_kind=origin.kind,
            origin_label=origin.label,
            origin_url=origin.url,
            origin_key=origin.key,
            source_text=source_text,
            search_key=fold(f"{title} {origin.label} {source_text}"),
            assigned_at=at,
            simulated_note=simulated_note,
            act=entry,
        )
        TaskUnit.objects.bulk_create([TaskUnit(task=task, unit_id=unit, due_on=due_on) for unit in units])
        entry.subject = subject_of(task)
    return task


def _check_clears(title: str, units: Sequence[int], product: str, due_on: date, on: date) -> None:
    missing = [
        name
        for name, given in (("việc phải làm", title.strip()), ("đơn vị chủ trì", units), ("sản phẩm", product.strip()))
        if not given
    ]
    if missing:
        raise TaskRefused(f"Chưa giao được: thiếu {', '.join(missing)}.")
    if due_on < on:
        raise TaskRefused(f"Hạn {day(due_on)} đã qua vào ngày giao {day(on)}. Chọn hạn từ ngày giao trở đi.")


def _lives(unit: orgs.UnitCard, on: date) -> bool:
    return (unit.started_on is None or unit.started_on <= on) and (unit.ended_on is None or unit.ended_on > on)


def report_progress(
    task_unit: TaskUnit,
    *,
    note: str,
    by: Actor,
    at: datetime,
    done: bool = False,
    product: str = "",
    on: date | None = None,
) -> Progress:
    """Say how a unit's share goes; `done` reports it finished, with its product; the day of `at` counts for lateness.

    For a unit that has ended, its whole successor speaks. on: the day the note is about, not after the day of `at`;
    that day by default. Raises TaskRefused.
    """
    today = timezone.localdate(at)
    _require_at(task_unit.unit_id, Permission.REPORT_PROGRESS, by, today)
    about = on or today
    if not note.strip():
        raise TaskRefused("Ghi một câu về tiến độ trước khi lưu.")
    if about > today:
        raise TaskRefused(f"Ngày cập nhật {day(about)} ở sau ngày báo {day(today)}.")
    with transaction.atomic():
        share = _locked(task_unit)
        if share.state == TaskState.DONE:
            raise TaskRefused("Phần việc này đã được xác nhận hoàn thành; muốn sửa, đề nghị đơn vị giao mở lại.")
        if done and share.state == TaskState.REPORTED:
            raise TaskRefused("Đơn vị đã báo hoàn thành rồi, đang chờ đơn vị giao xác nhận.")
        if done and not product.strip():
            raise TaskRefused("Chưa báo hoàn thành được: ghi sản phẩm đã làm (số, ngày văn bản nếu có).")
        name = "tasks.report-done" if done else "tasks.report-progress"
        detail = {"note": note.strip(), "product": product.strip()}
        with act(name, by=by, at=at, subject=subject_of(share), detail=detail) as entry:
            if done:
                share.state, share.done_on, share.product = TaskState.REPORTED, today, product.strip()
            elif share.state == TaskState.ASSIGNED:
                share.state = TaskState.STARTED
            if product.strip():
                share.product = product.strip()
            share.save()
            progress = Progress.objects.create(
                task_unit=share, on=about, note=note.strip(), state=share.state, act=entry
            )
    _refresh(task_unit, share)
    return progress


def verify(task_unit: TaskUnit, *, by: Actor, at: datetime, reason: str = "") -> None:
    """The issuer takes a reported share as done. Raises TaskRefused unless the unit has reported it done."""
    _require_issuer(task_unit, Permission.VERIFY_TASK, by, at)
    with transaction.atomic():
        share = _locked(task_unit)
        if share.state == TaskState.DONE:
            raise TaskRefused("Phần việc này đã được xác nhận hoàn thành rồi.")
        if share.state != TaskState.REPORTED:
            raise TaskRefused("Chưa xác nhận được: đơn vị chưa báo hoàn thành.")
        with act("tasks.verify", by=by, at=at, subject=subject_of(share), reason=reason.strip()) as entry:
            share.state, share.verified = TaskState.DONE, entry
            share.save()
    _refresh(task_unit, share)


def reopen(task_unit: TaskUnit, *, reason: str, by: Actor, at: datetime) -> None:
    """Undo "done": the issuer sends a reported or verified share back, with the reason. Raises TaskRefused."""
    _require_issuer(task_unit, Permission.VERIFY_TASK, by, at)
    if not reason.strip():
        raise TaskRefused("Ghi lý do trả lại để đơn vị biết phải làm gì tiếp.")
    with transaction.atomic():
        share = _locked(task_unit)
        if share.state not in (TaskState.REPORTED, TaskState.DONE):
            raise TaskRefused("Phần việc này đang làm, không có gì để trả lại.")
        with act("tasks.reopen", by=by, at=at, subject=subject_of(share), reason=reason.strip()) as entry:
            share.state, share.done_on, share.verified = TaskState.STARTED, None, None
            share.save()
            Progress.objects.create(
                task_unit=share,
                on=timezone.localdate(at),
                note=f"Trả lại làm tiếp: {reason.strip()}",
                state=share.state,
                act=entry,
            )
    _refresh(task_unit, share)


def move_deadline(task_unit: TaskUnit, *, due_on: date, reason: str, by: Actor, at: datetime) -> None:
    """Give a unit's share another deadline; earlier ones are kept with who changed them and why. Raises TaskRefused."""
    _require_issuer(task_unit, Permission.ASSIGN_TASK, by, at)
    if not reason.strip():
        raise TaskRefused("Ghi lý do đổi hạn; hạn cũ và lý do được giữ lại.")
    assigned = timezone.localdate(task_unit.task.assigned_at)
    if due_on < assigned:
        raise TaskRefused(f"Hạn {day(due_on)} ở trước ngày giao {day(assigned)}.")
    with transaction.atomic():
        share = _locked(task_unit)
        if share.state == TaskState.DONE:
            raise TaskRefused("Phần việc đã hoàn thành, không đổi hạn được nữa.")
        if share.due_on == due_on:
            raise TaskRefused(f"Hạn đang là {day(due_on)}, không có gì thay đổi.")
        detail = {"old_due_on": share.due_on.isoformat(), "due_on": due_on.isoformat()}
        with act(
            "tasks.move-deadline", by=by, at=at, subject=subject_of(share), reason=reason.strip(), detail=detail
        ) as entry:
            TaskDeadlineChange.objects.create(
                task_unit=share, old_due_on=share.due_on, due_on=due_on, reason=reason.strip(), act=entry
            )
            share.due_on = due_on
            share.save()
    _refresh(task_unit, share)


@dataclass(frozen=True, slots=True)
class CarriedOver:
    """Shares that moved, as (share, old unit, new unit, note of progress), and those that did not, as "task (unit)"
    with the unit."""

    moved: tuple[tuple[int, int, int, int], ...]
    left: tuple[tuple[str, int], ...]


def carry_over(heirs: Mapping[int, int], *, on: date, by: Actor, at: datetime) -> CarriedOver:
    """Hand the open shares of units that end on a day to their successors (ended unit → successor).

    Of a task that the successor owes already, or that another of them has brought along, a share stays where it is,
    named: the successor reports on it there.
    """
    with act("tasks.carry-over", by=by, at=at, reason=f"đơn vị kết thúc ngày {day(on)}") as entry:
        shares = TaskUnit.objects.select_for_update(of=("self",)).filter(unit_id__in=among(heirs))
        shares = shares.exclude(state=TaskState.DONE).select_related("task")
        held = set(TaskUnit.objects.filter(unit_id__in=among(set(heirs.values()))).values_list("unit_id", "task_id"))
        called = {**orgs.cards(heirs, on - date.resolution), **orgs.cards(set(heirs.values()), on)}
        moved: list[tuple[TaskUnit, int]] = []
        left: list[tuple[str, int]] = []
        for share in shares.order_by("pk"):
            old, new = share.unit_id, heirs[share.unit_id]
            if (new, share.task_id) in held:
                left.append((f"{share.task.title} ({called[old].name})", old))
                continue
            held.add((new, share.task_id))
            share.unit_id = new
            moved.append((share, old))
        TaskUnit.objects.bulk_update([share for share, _ in moved], ["unit"], batch_size=2000)
        notes = Progress.objects.bulk_create(
            [
                Progress(
                    task_unit=share,
                    on=on,
                    note=f"{called[old].name} kết thúc, {called[share.unit_id].name} làm tiếp.",
                    state=share.state,
                    act=entry,
                )
                for share, old in moved
            ],
            batch_size=2000,
        )
        entry.detail = {"moved": len(moved), "left": len(left)}
    done = ((share.pk, old, share.unit_id, note.pk) for (share, old), note in zip(moved, notes, strict=True))
    return CarriedOver(tuple(done), tuple(left))


def hand_back(moved: Iterable[tuple[int, int]], *, by: Actor, at: datetime) -> None:
    """Give shares back to the units that they were carried over from, as (share, unit); what was noted stays."""
    units = dict(moved)
    today = timezone.localdate(at)
    with act("tasks.hand-back", by=by, at=at, detail={"count": len(units)}) as entry:
        shares = list(TaskUnit.objects.select_for_update().filter(pk__in=units).order_by("pk"))
        called = orgs.cards(units.values(), today)
        for share in shares:
            share.unit_id = units[share.pk]
        TaskUnit.objects.bulk_update(shares, ["unit"], batch_size=2000)
        Progress.objects.bulk_create(
            [
                Progress(
                    task_unit=share,
                    on=today,
                    note=f"Biến động được hoàn tác, {called[share.unit_id].name} làm tiếp.",
                    state=share.state,
                    act=entry,
                )
                for share in shares
            ],
            batch_size=2000,
        )


def _require_issuer(task_unit: TaskUnit, permission: Permission, by: Actor, at: datetime) -> None:
    """The right at the issuer or, once it has ended, at its whole successor. Raises PermissionDenied."""
    _require_at(task_unit.task.issuer_id, permission, by, timezone.localdate(at))


def _require_at(unit_id: int, permission: Permission, by: Actor, on: date) -> None:
    """The right at a unit or at what it wholly became by a day. Raises PermissionDenied naming the last of them."""
    places = orgs.heirs_of(unit_id, on)
    if not any(by.may(permission, place) for place in places):
        by.require(permission, places[-1], unit_name=orgs.card(places[-1], on).name)


def _locked(task_unit: TaskUnit) -> TaskUnit:
    """The row as it is now, held until the end of the transaction: two people, or two clicks, meet here."""
    return TaskUnit.objects.select_for_update().get(pk=task_unit.pk)


def _refresh(seen: TaskUnit, saved: TaskUnit) -> None:
    """Bring the caller's object up to what was saved."""
    seen.state, seen.done_on, seen.due_on = saved.state, saved.done_on, saved.due_on
    seen.product, seen.verified_id = saved.product, saved.verified_id
