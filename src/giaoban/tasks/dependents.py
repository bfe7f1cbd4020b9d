"""What an event on units does to tasks: open shares go to the one successor of an ended unit, or wait for somebody."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db.models import QuerySet

from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among
from giaoban.kit.registries import NAMED, Effect, Receipt, UnitChange
from giaoban.orgs import selectors as orgs
from giaoban.tasks import services
from giaoban.tasks.models import Progress, Task, TaskState, TaskUnit

OPEN: Final = "phần việc đang mở"
TWICE: Final = "phần việc đang mở của cùng nhiệm vụ"
STAYS: Final = "còn ở đơn vị cũ vì không có một đơn vị kế tục, cần người quyết định"


def effects(change: UnitChange, actor: Actor) -> list[Effect]:  # noqa: ARG001 – the registry's signature
    """What happens to tasks. Of one task the successor takes one share: the rest is told apart."""
    heirs = change.heirs
    held = set(TaskUnit.objects.filter(unit_id__in=among(set(heirs.values()))).values_list("unit_id", "task_id"))
    carried: list[TaskUnit] = []
    twice: list[TaskUnit] = []
    for share in _open_shares(list(heirs)):
        place = (heirs[share.unit_id], share.task_id)
        (twice if place in held else carried).append(share)
        held.add(place)
    done = list(TaskUnit.objects.filter(unit_id__in=among(change.ended), state=TaskState.DONE).select_related("task"))
    on = change.on
    return [
        *_shares(OPEN, carried, "chuyển sang đơn vị kế tục, ghi vào diễn biến", on),
        *_shares(TWICE, twice, "ở lại đơn vị cũ, đơn vị kế tục báo cáo thay", on),
        *_left(change),
        *_shares("phần việc đã hoàn thành", done, "giữ nguyên ở đơn vị cũ", on),
        *_issued(list(heirs), "giữ tên đơn vị giao, đơn vị kế tục theo dõi tiếp", needs_person=False),
        *_issued(change.heirless, "đơn vị giao đã kết thúc mà không có một đơn vị kế tục", needs_person=True),
    ]


def apply(change: UnitChange, by: Actor, at: datetime) -> Receipt:
    """Carry open shares over to the successors. Those that cannot move are named."""
    heirs = change.heirs
    carried = services.carry_over(heirs, on=change.on, by=by, at=at) if _open_shares(list(heirs)).exists() else None
    found: list[Effect] = []
    if carried is not None:
        where = "ở lại đơn vị cũ vì đơn vị kế tục đã có phần của nhiệm vụ này"
        counted = [
            Effect(OPEN, len(carried.moved), "đã chuyển sang đơn vị kế tục"),
            Effect(
                TWICE,
                len(carried.left),
                where,
                tuple(words for words, _ in carried.left[:NAMED]),
                about=tuple(unit for _, unit in carried.left[:NAMED]),
            ),
        ]
        found += [effect for effect in counted if effect.count]
    found += _left(change)
    found += _issued(change.heirless, "đơn vị giao đã kết thúc mà không có một đơn vị kế tục", needs_person=True)
    return Receipt(tuple(found), {"moved": carried.moved} if carried is not None and carried.moved else {})


def undo(data: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Give the shares back to the units that they came from."""
    if data:
        services.hand_back(((share, old) for share, old, _, _ in data["moved"]), by=by, at=at)


def blocks_undo(change: UnitChange, since: datetime, data: Mapping[str, Any]) -> list[str]:
    """Tasks given to or by the units that the event made, or since then to or by the others to which something passed;
    shares on which something was said since."""
    created = change.created
    heirs = [unit_id for unit_id in change.takers if unit_id not in set(created)]
    moved = data.get("moved", ())
    shares = {share: new for share, _, new, _ in moved}
    last = max((note for *_, note in moved), default=0)
    own = TaskUnit.objects.filter(unit_id__in=among(created)).exclude(pk__in=among(shares))
    issued = Task.objects.filter(issuer_id__in=among(created))
    later = Task.objects.filter(act__recorded_at__gt=since, due_on__gte=change.on)
    given = TaskUnit.objects.filter(unit_id__in=among(heirs), task__in=later).exclude(pk__in=among(shares))
    reported = Progress.objects.filter(task_unit_id__in=among(shares), pk__gt=last).values("task_unit_id").distinct()
    elsewhere = [
        pk
        for pk, unit in TaskUnit.objects.filter(pk__in=among(shares)).values_list("pk", "unit_id")
        if shares[pk] != unit
    ]
    closed = TaskUnit.objects.filter(pk__in=among(shares), state=TaskState.DONE).exclude(pk__in=reported)
    counts = [
        (own.count(), "phần việc đã giao cho đơn vị mới lập"),
        (issued.count(), "nhiệm vụ do đơn vị mới lập giao"),
        (given.count(), "phần việc đã giao cho đơn vị kế tục sau biến động"),
        (later.filter(issuer_id__in=among(heirs)).count(), "nhiệm vụ do đơn vị kế tục giao sau biến động"),
        (reported.count() + closed.count(), "phần việc đã chuyển thì đơn vị kế tục đã báo tiến độ"),
        (len(elsewhere), "phần việc đã chuyển thì sau đó lại chuyển tiếp"),
    ]
    return [f"{count} {what}." for count, what in counts if count]


def _open_shares(unit_ids: Collection[int]) -> QuerySet[TaskUnit]:
    rows = TaskUnit.objects.filter(unit_id__in=among(unit_ids)).exclude(state=TaskState.DONE)
    return rows.select_related("task").order_by("pk")


def _left(change: UnitChange) -> list[Effect]:
    return _shares(OPEN, list(_open_shares(change.heirless)), STAYS, change.on, needs_person=True)


def _shares(
    what: str, shares: Sequence[TaskUnit], consequence: str, on: date, *, needs_person: bool = False
) -> list[Effect]:
    if not shares:
        return []
    called = orgs.cards({share.unit_id for share in shares[:NAMED]}, on - date.resolution)
    named = tuple(f"{share.task.title} ({called[share.unit_id].name})" for share in shares[:NAMED])
    about = tuple(share.unit_id for share in shares[:NAMED])
    return [Effect(what, len(shares), consequence, named, needs_person, about)]


def _issued(unit_ids: Collection[int], consequence: str, *, needs_person: bool) -> list[Effect]:
    open_ones = TaskUnit.objects.exclude(state=TaskState.DONE).filter(task__issuer_id__in=among(unit_ids))
    rows = Task.objects.filter(pk__in=open_ones.values("task_id")).order_by("pk")
    issued = list(rows.values_list("title", "issuer_id"))
    if not issued:
        return []
    titles = tuple(title for title, _ in issued[:NAMED])
    about = tuple(issuer for _, issuer in issued[:NAMED])
    return [Effect("nhiệm vụ đã giao, chưa xong", len(issued), consequence, titles, needs_person, about)]
