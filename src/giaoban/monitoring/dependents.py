"""What an event on units does to findings: those that nobody has judged go to the one successor of who watches.

A finding stays about the unit that it was found at: it speaks of a period of that unit.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db.models import QuerySet

from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act
from giaoban.kit.arrays import among
from giaoban.kit.registries import NAMED, Effect, Receipt, UnitChange
from giaoban.monitoring.models import Finding, FindingState
from giaoban.orgs.selectors import cards

WAITING: Final = "phát hiện chờ xác nhận"
HANDED: Final = "chuyển cho đơn vị kế tục xét"
TWICE: Final = "ở lại đơn vị cũ: đơn vị kế tục đã có phát hiện này và xét ở đó"
LEFT: Final = "không còn ai xét, cần người quyết định"
Place = tuple[int, int, int, int]  # watcher, rule, unit, period


def effects(change: UnitChange, actor: Actor) -> list[Effect]:  # noqa: ARG001 – the registry's signature
    """Findings waiting for a judgement by units that end, and findings about these."""
    about = Finding.objects.filter(unit_id__in=among(change.ended)).count()
    kept = Effect("phát hiện về đơn vị kết thúc", about, "giữ nguyên ở đơn vị của kỳ số liệu")
    return [*_effects(change, *_sorted_out(change, lock=False)), *([kept] if about else [])]


def apply(change: UnitChange, by: Actor, at: datetime) -> Receipt:
    """Let the successor judge, unless it has the same finding itself."""
    heirs = change.heirs
    handed, twice = _sorted_out(change, lock=True)
    found = _effects(change, handed, twice)
    if not handed:
        return Receipt(tuple(found))
    moved = [(one.pk, one.watcher_id, heirs[one.watcher_id]) for one in handed]
    reason = f"biến động ngày {day(change.on)}"
    with act("monitoring.hand-on", by=by, at=at, reason=reason, detail={"count": len(moved), "twice": len(twice)}):
        for one in handed:
            one.watcher_id = heirs[one.watcher_id]
        Finding.objects.bulk_update(handed, ["watcher"], batch_size=2000)
    return Receipt(tuple(found), {"watchers": moved})


def undo(data: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Let those judge again who did."""
    if not data:
        return
    back = {pk: old for pk, old, _ in data["watchers"]}
    with act("monitoring.take-back", by=by, at=at, detail={"count": len(back)}):
        rows = list(Finding.objects.select_for_update(of=("self",)).filter(pk__in=among(back)))
        for one in rows:
            one.watcher_id = back[one.pk]
        Finding.objects.bulk_update(rows, ["watcher"], batch_size=2000)


def blocks_undo(change: UnitChange, since: datetime, data: Mapping[str, Any]) -> list[str]:
    """Findings at or of the units that the event made, handed ones that were judged or made anew, and since then those
    at or of the others to which something passed, of periods that reach past the day."""
    created = change.created
    heirs = [unit_id for unit_id in change.takers if unit_id not in set(created)]
    later = Finding.objects.filter(proposed__recorded_at__gt=since, period__end__gt=change.on)
    later = later.filter(unit_id__in=among(heirs)) | later.filter(watcher_id__in=among(heirs))
    handed = {pk for pk, _, _ in data.get("watchers", ())}
    own = Finding.objects.filter(unit_id__in=among(created)) | Finding.objects.filter(watcher_id__in=among(created))
    still = Finding.objects.filter(pk__in=among(handed), state=FindingState.PROPOSED).count()
    counts = [
        (own.exclude(pk__in=among(handed)).count(), "phát hiện ở đơn vị mới lập"),
        (later.exclude(pk__in=among(handed)).count(), "phát hiện ở đơn vị kế tục có sau biến động"),
        (len(handed) - still, "phát hiện đã chuyển thì đã được xét hoặc tính lại"),
    ]
    return [f"{count} {what}." for count, what in counts if count]


def _waiting(watchers: Collection[int]) -> QuerySet[Finding]:
    return Finding.objects.filter(watcher_id__in=among(watchers), state=FindingState.PROPOSED).order_by("pk")


def _sorted_out(change: UnitChange, *, lock: bool) -> tuple[list[Finding], list[Finding]]:
    """Waiting findings of ended watchers with one successor: those that it takes, and those that it has itself."""
    heirs = change.heirs
    rows = _waiting(list(heirs))
    held: set[Place] = set(
        Finding.objects.filter(watcher_id__in=among(set(heirs.values()))).values_list(
            "watcher_id", "rule_id", "unit_id", "period_id"
        )
    )
    handed: list[Finding] = []
    twice: list[Finding] = []
    for one in rows.select_for_update(of=("self",)) if lock else rows:
        place = (heirs[one.watcher_id], one.rule_id, one.unit_id, one.period_id)
        (twice if place in held else handed).append(one)
        held.add(place)
    return handed, twice


def _effects(change: UnitChange, handed: Sequence[Finding], twice: Sequence[Finding]) -> list[Effect]:
    return [
        *_said(handed, HANDED, change.on),
        *_said(twice, TWICE, change.on),
        *_said(list(_waiting(change.heirless)), LEFT, change.on, needs_person=True),
    ]


def _said(rows: Sequence[Finding], consequence: str, on: date, *, needs_person: bool = False) -> list[Effect]:
    if not rows:
        return []
    pks = [one.pk for one in rows[:NAMED]]
    named = list(Finding.objects.filter(pk__in=pks).select_related("rule", "period").order_by("pk"))
    called = cards({one.unit_id for one in named}, on - date.resolution)
    words = tuple(f"{called[one.unit_id].name}: {one.rule.name}, {one.period.label}" for one in named)
    return [Effect(WAITING, len(rows), consequence, words, needs_person, tuple(one.unit_id for one in named))]
