"""What an event on units does to reports: who owes them, and who receives them.

An obligation that nobody has sent yet, of a period that is not over on the day, goes to the one successor of an ended
unit, unless the successor owes the form for the period too. What is late or was returned stays in the name of the ended
unit, and its one whole successor answers for it (`selectors.answering`). A report that is not settled follows the
receiver: to its one successor, else to whoever the owing rules name in the new tree. Figures that were sent stay with
who sent them.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.core import serializers
from django.db.models import OuterRef, Q, QuerySet, Subquery

from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act
from giaoban.kit.arrays import among
from giaoban.kit.registries import NAMED, Effect, Receipt, UnitChange
from giaoban.orgs.selectors import cards, chains_up, lines, nearest_of_kind
from giaoban.reporting.models import (
    DeadlineChange,
    Draft,
    Obligation,
    OwingRule,
    Reminder,
    Snapshot,
    Submission,
    SubmissionState,
)
from giaoban.reporting.selectors.forms import last_day

OWED: Final = "báo cáo chưa gửi của kỳ kết thúc từ ngày này"
AWAITED: Final = "báo cáo chưa tiếp nhận xong của đơn vị nhận đã kết thúc"
REDIRECTED: Final = "báo cáo chưa tiếp nhận xong của đơn vị đổi cấp trên"
FALLEN: Final = "báo cáo thôi giao, vì đơn vị kế tục đã phải gửi cùng biểu, cùng kỳ"
LATE: Final = "báo cáo quá kỳ chưa gửi hoặc bị trả lại của đơn vị kết thúc"
HANDED_ON: Final = "chuyển cho đơn vị kế tục"
ANSWERED: Final = "giữ tên đơn vị cũ; đơn vị kế tục nhập và gửi thay, thấy ở Việc của tôi"
NOT_ANSWERED: Final = "không có một đơn vị kế tục; nơi nhận nhập thay được bằng tệp, cần người quyết định"
HANDED_RECEIVER: Final = "chuyển cho đơn vị kế tục tiếp nhận"
BY_RULE: Final = "chuyển cho nơi nhận theo quy tắc báo cáo trong cây mới"
LEFT_OPEN: Final = "ở lại đơn vị đã kết thúc, vì không có một đơn vị kế tục"
LEFT_RECEIVER: Final = "chưa có nơi nhận trong cây mới, ở lại đơn vị nhận cũ"
Counted = tuple[str, Sequence[int], str, bool]  # what, obligations, consequence, needs a person


@dataclass
class _Handing:
    """What is to be done: obligation → its new unit or receiver; those that fall away; those that stay for a person.

    answered, unanswered: late or returned, with one successor to answer for them or without.
    """

    units: dict[int, int] = field(default_factory=dict)
    receivers: dict[int, int] = field(default_factory=dict)
    dropped: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    unanswered: list[int] = field(default_factory=list)
    unreceived: list[int] = field(default_factory=list)


def effects(change: UnitChange, actor: Actor) -> list[Effect]:  # noqa: ARG001 – the registry's signature
    """What would happen to reports. Where a report goes by the owing rules is known once the new tree stands."""
    handing = _Handing()
    _hand_units(change, handing, lock=False)
    heirs = change.heirs
    awaited = list(_unsettled(change.ended).values_list("pk", "receiver_id"))
    followed = [pk for pk, receiver in awaited if receiver in heirs]
    by_rule = [pk for pk, receiver in awaited if receiver not in heirs]
    redirected = (
        _redirectable(change.moved, change).exclude(receiver_id__in=among(change.ended)).values_list("pk", flat=True)
    )
    counted = [
        *_owed_effects(handing),
        (AWAITED, followed, HANDED_RECEIVER, False),
        (AWAITED, by_rule, f"{BY_RULE}; không có thì ở lại để người quyết định", True),
        (REDIRECTED, list(redirected), BY_RULE, False),
    ]
    return _effects(counted, change)


def apply(change: UnitChange, by: Actor, at: datetime) -> Receipt:
    """Hand on what is open; the receipt holds every row as it was."""
    handing = _Handing()
    _hand_units(change, handing, lock=True)
    fallen = Obligation.objects.filter(pk__in=among(handing.dropped))
    kept = _serialized(fallen)
    found = _effects(_owed_effects(handing), change)
    with act("reporting.hand-on", by=by, at=at, reason=f"biến động ngày {day(change.on)}") as entry:
        was_units = _set(Obligation.objects.filter(pk__in=among(handing.units)), "unit_id", handing.units)
        fallen.delete()
        _hand_receivers(change, handing)
        was_receivers = _set(
            Obligation.objects.filter(pk__in=among(handing.receivers)), "receiver_id", handing.receivers
        )
        entry.detail = {
            "handed": len(was_units),
            "fallen": len(handing.dropped),
            "receivers": len(was_receivers),
            "left": len(handing.left) + len(handing.unanswered) + len(handing.unreceived),
        }
    found += _effects(
        [
            ("báo cáo chưa tiếp nhận xong", list(handing.receivers), "đã chuyển cho nơi nhận mới", False),
            (AWAITED, handing.unreceived, LEFT_RECEIVER, True),
        ],
        change,
    )
    data = {"units": was_units, "receivers": was_receivers, "dropped": kept}
    return Receipt(tuple(found), data if any(data.values()) else {})


def undo(data: Mapping[str, Any], by: Actor, at: datetime) -> None:
    """Give every report back to who owed and received it, and raise anew what had fallen away."""
    if not data:
        return
    with act("reporting.take-back", by=by, at=at, detail={name: len(rows) for name, rows in data.items()}):
        for column in ("receivers", "units"):
            back = {pk: old for pk, old, _ in data[column]}
            _set(Obligation.objects.filter(pk__in=among(back)), f"{column.removesuffix('s')}_id", back)
        _restore(data["dropped"])


def blocks_undo(change: UnitChange, since: datetime, data: Mapping[str, Any]) -> list[str]:
    """Reports that were sent, settled or asked for since; tables confirmed since that hold what the event passed on:
    at units that the event made, at the others to which something passed, and above all of these."""
    created = change.created
    handed = {pk: new for pk, _, new in data.get("units", ())}
    receivers = {pk: new for pk, _, new in data.get("receivers", ())}
    touched = set(handed) | set(receivers)
    own = Obligation.objects.filter(Q(unit_id__in=among(created)) | Q(receiver_id__in=among(created))).exclude(
        pk__in=among(touched)
    )
    sent = Submission.objects.filter(obligation_id__in=among(handed)).values("obligation_id").distinct()
    settled = Obligation.objects.filter(pk__in=among(receivers), submissions__state=SubmissionState.ACCEPTED).distinct()
    changed = [
        pk
        for pk, unit, receiver in Obligation.objects.filter(pk__in=among(touched)).values_list(
            "pk", "unit_id", "receiver_id"
        )
        if handed.get(pk, unit) != unit or receivers.get(pk, receiver) != receiver
    ]
    counts = [
        (own.count(), "báo cáo đã được giao cho đơn vị mới lập hoặc gửi đến đơn vị này"),
        (sent.count(), "báo cáo đã chuyển thì đơn vị kế tục đã gửi"),
        (settled.exclude(pk__in=among(handed)).count(), "báo cáo đã chuyển thì nơi nhận mới đã tiếp nhận"),
        (len(changed) + _missing(touched), "báo cáo đã chuyển thì sau đó đổi đơn vị, nơi nhận hoặc không còn"),
        (_owed_again(data.get("dropped", ())), "báo cáo thôi giao thì đã được giao lại"),
        (Snapshot.objects.filter(unit_id__in=among(created)).count(), "bảng tổng hợp đã chốt ở đơn vị mới lập"),
        *_since(change, since, handed),
    ]
    return [f"{count} {what}." for count, what in counts if count]


def _owed_effects(handing: _Handing) -> list[Counted]:
    """What becomes of the reports that ended units owe."""
    drafts = Draft.objects.filter(obligation_id__in=among(handing.dropped)).exclude(figures={}).count()
    kept = f"giữ nguyên trong biên nhận của biến động để hoàn tác được, gồm {drafts} bản nháp có số"
    return [
        (OWED, list(handing.units), HANDED_ON, False),
        (FALLEN, handing.dropped, f"không gửi hai lần; {kept}", False),
        (OWED, handing.left, LEFT_OPEN, True),
        (LATE, handing.answered, ANSWERED, False),
        (LATE, handing.unanswered, NOT_ANSWERED, True),
    ]


def _since(change: UnitChange, since: datetime, handed: Collection[int]) -> list[tuple[int, str]]:
    """What was sent and confirmed since, of periods that reach past the day, where the event made nothing new."""
    heirs = set(change.takers) - set(change.created)
    sent = Submission.objects.filter(act__recorded_at__gt=since, obligation__period__end__gt=change.on)
    sent = sent.filter(obligation__unit_id__in=among(heirs)).exclude(obligation_id__in=among(handed))
    answered = Submission.objects.filter(act__recorded_at__gt=since, obligation__unit_id__in=among(change.heirs))
    places = _with_all_above({*change.takers, *change.moved, *change.ended}, change.on) - set(change.created)
    confirmed = Snapshot.objects.filter(act__recorded_at__gt=since, period__end__gt=change.on)
    return [
        (sent.count(), "báo cáo đơn vị kế tục đã gửi sau biến động"),
        (answered.count(), "báo cáo đơn vị kế tục đã gửi thay đơn vị kết thúc"),
        (confirmed.filter(unit_id__in=among(places)).count(), "bảng tổng hợp đã chốt sau biến động"),
    ]


def _with_all_above(unit_ids: Collection[int], on: date) -> set[int]:
    """The units and who stands above them on any line, on the day and on its eve."""
    found = set(unit_ids)
    for line in lines():
        for when in (on, on - date.resolution):
            for chain in chains_up(unit_ids, line.key, when).values():
                found.update(chain)
    return found


def _hand_units(change: UnitChange, handing: _Handing, *, lock: bool) -> None:
    """Obligations without any version, of periods not over on the day, whose unit ends."""
    heirs = change.heirs
    rows = Obligation.objects.filter(unit_id__in=among(change.ended), period__end__gt=change.on)
    rows = rows.exclude(
        pk__in=Submission.objects.filter(obligation__unit_id__in=among(change.ended)).values("obligation_id")
    )
    if lock:
        rows = rows.select_for_update(of=("self",))
    held = set(
        Obligation.objects.filter(unit_id__in=among(set(heirs.values())), period__end__gt=change.on).values_list(
            "unit_id", "form_id", "period_id"
        )
    )
    for pk, unit_id, form_id, period_id in rows.order_by("pk").values_list("pk", "unit_id", "form_id", "period_id"):
        heir = heirs.get(unit_id)
        if heir is None:
            handing.left.append(pk)
        elif (heir, form_id, period_id) in held:
            handing.dropped.append(pk)
        else:
            held.add((heir, form_id, period_id))
            handing.units[pk] = heir
    for pk, unit_id in _unfinished(change).values_list("pk", "unit_id"):
        (handing.answered if unit_id in heirs else handing.unanswered).append(pk)


def _unfinished(change: UnitChange) -> QuerySet[Obligation]:
    """Reports in the name of units that end, of periods over on the day and not sent, or whose latest version came
    back."""
    latest = Submission.objects.filter(obligation=OuterRef("pk")).order_by("-version").values("state")[:1]
    rows = Obligation.objects.filter(unit_id__in=among(change.ended)).annotate(latest=Subquery(latest))
    return rows.filter(
        Q(latest=SubmissionState.RETURNED) | Q(latest__isnull=True, period__end__lte=change.on)
    ).order_by("pk")


def _hand_receivers(change: UnitChange, handing: _Handing) -> None:
    """Receivers of unsettled reports: the successor of an ended one, else whoever the rules name in the new tree."""
    heirs = change.heirs
    awaited = list(_unsettled(change.ended).select_related("form", "period"))
    moved = _redirectable(change.moved, change, handing.units)
    redirected = list(moved.exclude(receiver_id__in=among(change.ended)).select_related("form", "period"))
    by_rule = _receivers_by_rule([*(one for one in awaited if one.receiver_id not in heirs), *redirected], change.on)
    for one in awaited:
        receiver = heirs.get(one.receiver_id or 0) or by_rule.get(one.pk)
        if receiver is None:
            handing.unreceived.append(one.pk)
        else:
            handing.receivers[one.pk] = receiver
    for one in redirected:
        if (receiver := by_rule.get(one.pk)) is not None and receiver != one.receiver_id:
            handing.receivers[one.pk] = receiver


def _unsettled(receivers: Collection[int]) -> QuerySet[Obligation]:
    """Obligations towards the units that are not settled by an accepted report."""
    rows = Obligation.objects.filter(receiver_id__in=among(receivers))
    return rows.exclude(pk__in=rows.filter(submissions__state=SubmissionState.ACCEPTED).values("pk"))


def _redirectable(unit_ids: Collection[int], change: UnitChange, handed: Collection[int] = ()) -> QuerySet[Obligation]:
    """Unsettled reports of units that stand elsewhere now, or that were handed on, of periods not over on the day,
    under an owing rule."""
    rows = Obligation.objects.filter(Q(unit_id__in=among(unit_ids)) | Q(pk__in=among(handed)))
    rows = rows.filter(receiver__isnull=False, period__end__gt=change.on)
    rows = rows.filter(form__owing_rules__receiver_kind__isnull=False).distinct()
    return rows.exclude(pk__in=Submission.objects.filter(state=SubmissionState.ACCEPTED).values("obligation_id"))


def _receivers_by_rule(rows: Iterable[Obligation], on: date) -> dict[int, int]:
    """Obligation → who receives it by the owing rules in the tree of the period's last day, but not before `on`."""
    listed = list(rows)
    kinds = {unit_id: card.kind for unit_id, card in cards({one.unit_id for one in listed}, on).items()}
    rules: dict[tuple[int, int, str], OwingRule] = {}
    owing = OwingRule.objects.filter(form_id__in={one.form_id for one in listed}, receiver_kind__isnull=False)
    for rule in owing.select_related("reporter_kind").prefetch_related("rules"):
        for period_rule in rule.rules.all():
            rules[rule.form_id, period_rule.pk, rule.reporter_kind.key] = rule
    asked: defaultdict[tuple[int, int, date], list[Obligation]] = defaultdict(list)
    for one in listed:
        found = rules.get((one.form_id, one.period.rule_id, kinds.get(one.unit_id, "")))
        if found is not None and found.receiver_kind_id is not None:
            asked[found.line_id, found.receiver_kind_id, max(on, last_day(one.period))].append(one)
    receivers: dict[int, int] = {}
    for (line_id, kind_id, when), group in asked.items():
        above = nearest_of_kind({one.unit_id for one in group}, line_id, kind_id, when)
        receivers.update({one.pk: above[one.unit_id] for one in group if one.unit_id in above})
    return receivers


def _set(rows: QuerySet[Obligation], column: str, values: Mapping[int, int]) -> list[tuple[int, int, int]]:
    """Write a column; gives (obligation, before, after) for each."""
    held = list(rows.select_for_update(of=("self",)).order_by("pk"))
    before = [(one.pk, getattr(one, column), values[one.pk]) for one in held]
    for one in held:
        setattr(one, column, values[one.pk])
    Obligation.objects.bulk_update(held, [column], batch_size=2000)
    return before


def _serialized(rows: QuerySet[Obligation]) -> list[Any]:
    """Obligations with what falls away with them, as JSON values that `_restore` reads."""
    parts: list[Any] = [*rows.order_by("pk")]
    for model in (Draft, DeadlineChange, Reminder):
        parts += model._default_manager.filter(obligation__in=rows).order_by("pk")
    return list(json.loads(serializers.serialize("json", parts)))


def _restore(kept: Sequence[Any]) -> None:
    made: list[Any] = [one.object for one in serializers.deserialize("python", kept)]
    models: tuple[Any, ...] = (Obligation, Draft, DeadlineChange, Reminder)
    for model in models:
        model._default_manager.bulk_create([one for one in made if isinstance(one, model)], batch_size=2000)


def _missing(pks: Collection[int]) -> int:
    return len(set(pks)) - Obligation.objects.filter(pk__in=among(pks)).count()


def _owed_again(kept: Iterable[Any]) -> int:
    fallen = {
        (one["fields"]["unit"], one["fields"]["form"], one["fields"]["period"])
        for one in kept
        if one["model"] == Obligation._meta.label_lower
    }
    units = {unit for unit, _, _ in fallen}
    rows = Obligation.objects.filter(unit_id__in=among(units)).values_list("unit_id", "form_id", "period_id")
    return len(fallen & set(rows)) if fallen else 0


def _effects(counted: Iterable[Counted], change: UnitChange) -> list[Effect]:
    return [
        Effect(what, len(pks), consequence, *_named(pks[:NAMED], change.on, needs_person))
        for what, pks, consequence, needs_person in counted
        if pks
    ]


def _named(pks: Sequence[int], on: date, needs_person: bool) -> tuple[tuple[str, ...], bool, tuple[int, ...]]:
    """Reports as "unit: form, period", units as called until the day; and whose each is."""
    rows = {one.pk: one for one in Obligation.objects.filter(pk__in=among(pks)).select_related("form", "period")}
    called = cards({one.unit_id for one in rows.values()}, on - date.resolution)
    listed = [rows[pk] for pk in pks if pk in rows]
    named = tuple(f"{called[one.unit_id].name}: biểu {one.form.code}, {one.period.label}" for one in listed)
    return named, needs_person, tuple(one.unit_id for one in listed)
