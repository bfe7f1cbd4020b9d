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
from giaoban.kit.registries import NAMED, Effect, Receipt, UnitChange
from giaoban.monitoring.models import Finding, FindingState
from giaoban.orgs.selectors import cards

WAITING: Final = "phát hiện chờ xác nhận"


def effects(change: UnitChange, actor: Actor) -> list[Effect]:  # noqa: ARG001 – the registry's signature
    """Findings waiting for a judgement by units that end, and findings about these."""
    about = Finding.objects.filter(unit_id__in=change.ended).count()
    kept = Effect("phát hiện về đơn vị kết thúc", about, "giữ nguyên ở đơn vị của kỳ số liệu")
    return [*_effects(change), *([kept] if about else [])]


def apply(change: UnitChange, by: Actor, at: datetime) -> Receipt:
    """Let the successor judge, unless it has the same finding itself."""
    heirs = change.heirs
    found = _effects(change)
    rows = list(_waiting(heirs).select_for_update(of=("self",)))
    if not rows:
        return Receipt(tuple(found))
    held = set(
        Finding.objects.filter(watcher_id__in=set(heirs.values())).values_list(
            "watcher_id", "rule_id", "unit_id", "period_id"
        )
    )
    moved: list[tuple[int, int, int]] = []
    changed: list[Finding] = []
    for one in rows:
        place = (heirs[one.watcher_id], one.rule_id, one.unit_id, one.period_id)
        if place not in held:
            held.add(place)
            moved.append((one.pk, one.watcher_id, place[0]))
            one.watcher_id = place[0]
            changed.append(one)
    reason = f"biến động ngày {day(change.on)}"
    with act("monitoring.hand-on", by=by, at=at, reason=reason, detail={"count": len(moved)}):
        Finding.objects.bulk_update(changed, ["watcher"], batch_size=2000)
    return Receipt(tuple(found), {"watchers": moved})


def undo(data: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Let those judge again who did."""
    if not data:
        return
    back = {pk: old for pk, old, _ in data["watchers"]}
    with act("monitoring.take-back", by=by, at=at, detail={"count": len(back)}):
        rows = list(Finding.objects.select_for_update(of=("self",)).filter(pk__in=back))
        for one in rows:
            one.watcher_id = back[one.pk]
        Finding.objects.bulk_update(rows, ["watcher"], batch_size=2000)


def blocks_undo(created: Sequence[int], data: Mapping[str, Any]) -> list[str]:
    """Findings at or of the units that the event made, and handed ones that were judged or made anew."""
    handed = {pk for pk, _, _ in data.get("watchers", ())}
    own = Finding.objects.filter(unit_id__in=created) | Finding.objects.filter(watcher_id__in=created)
    still = Finding.objects.filter(pk__in=handed, state=FindingState.PROPOSED).count()
    counts = [
        (own.exclude(pk__in=handed).count(), "phát hiện ở đơn vị mới lập"),
        (len(handed) - still, "phát hiện đã chuyển thì đã được xét hoặc tính lại"),
    ]
    return [f"{count} {what}." for count, what in counts if count]


def _waiting(watchers: Collection[int]) -> QuerySet[Finding]:
    return Finding.objects.filter(watcher_id__in=watchers, state=FindingState.PROPOSED).order_by("pk")


def _effects(change: UnitChange) -> list[Effect]:
    return [
        *_said(_waiting(list(change.heirs)), "chuyển cho đơn vị kế tục xét", change.on),
        *_said(_waiting(change.heirless), "không còn ai xét, cần người quyết định", change.on, needs_person=True),
    ]


def _said(rows: QuerySet[Finding], consequence: str, on: date, *, needs_person: bool = False) -> list[Effect]:
    if not (count := rows.count()):
        return []
    named = list(rows.select_related("rule", "period")[:NAMED])
    called = cards({one.unit_id for one in named}, on - date.resolution)
    words = tuple(f"{called[one.unit_id].name}: {one.rule.name}, {one.period.label}" for one in named)
    return [Effect(WAITING, count, consequence, words, needs_person)]
