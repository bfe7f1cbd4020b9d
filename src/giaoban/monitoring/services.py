from datetime import datetime

from django.utils import timezone

from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act
from giaoban.kit.permissions import Permission
from giaoban.monitoring import selectors
from giaoban.monitoring.models import Finding, FindingState, WatchRule
from giaoban.monitoring.rules import Picked
from giaoban.reporting.selectors import Period

CHANGE_RULE = "monitoring.change-rule"  # the name of the act; loading a pack keeps what it changed


class FindingRefused(ValueError):
    """The judgement cannot be taken: no reason, or judged before. Says which in one sentence."""


class RuleRefused(ValueError):
    """The setting cannot be taken. Says why in one sentence."""


def run_watch(rule: WatchRule, period: Period, *, watcher_id: int, by: Actor, at: datetime) -> list[Finding]:
    """Let a rule propose findings for a period among the units that belong to the watcher.

    The watcher's proposals of the same rule and period that nobody has judged are made anew; judged ones stay. Two
    who run a rule at once do so one after the other.
    """
    by.require(Permission.JUDGE_FINDING, at=watcher_id)
    with act("monitoring.run-watch", by=by, at=at, subject=subject_of(rule), detail={"period": period.label}) as entry:
        rule = WatchRule.objects.select_for_update(of=["self"]).select_related("indicator__form").get(pk=rule.pk)
        held = selectors.proposals(rule, period, watcher_id, timezone.localdate(at))
        mine = Finding.objects.filter(rule=rule, period=period, watcher_id=watcher_id)
        mine.filter(state=FindingState.PROPOSED).delete()
        judged = set(mine.values_list("unit_id", flat=True))
        Finding.objects.bulk_create(
            _proposal(rule, period, watcher_id, one, held, entry) for one in held.picked if one.unit_id not in judged
        )
        entry.detail["findings"] = len(held.picked)
    return list(mine.order_by("pk"))


def _proposal(
    rule: WatchRule, period: Period, watcher_id: int, one: Picked, held: selectors.Proposals, entry: Act
) -> Finding:
    measured, overall = held.reading.units.get(one.unit_id), held.reading.overall
    return Finding(
        rule=rule,
        unit_id=one.unit_id,
        period=period,
        kind=rule.finding,
        value=one.value,
        reference=one.reference,
        rank=one.rank,
        out_of=one.out_of,
        reason=selectors.reason_of(rule, one, held.units[one.unit_id]),
        evidence={
            "rule": {"key": rule.key, "kind": rule.kind, "settings": rule.settings},
            "numerator": None if measured is None else str(measured.rate.numerator),
            "denominator": None if measured is None else str(measured.rate.denominator),
            "overall_numerator": str(overall.rate.numerator),
            "overall_denominator": str(overall.rate.denominator),
            "units": overall.count,
            "simulated": held.reading.simulated,
        },
        watcher_id=watcher_id,
        proposed=entry,
    )


def change_setting(rule: WatchRule, *, n: int, watcher_id: int, by: Actor, at: datetime, reason: str) -> None:
    """Change how many a rule of the n lowest or highest names; proposals change with the next run.

    A setting holds for everybody, so only the unit to which all who report belong may change it. Raises RuleRefused.
    """
    by.require(Permission.JUDGE_FINDING, at=watcher_id)
    if n < 1 or "n" not in rule.settings:
        raise RuleRefused("Số lượng phải từ 1 trở lên, và chỉ đặt được cho quy tắc “n thấp nhất, cao nhất”.")
    if not selectors.stands_over_all(rule, watcher_id, timezone.localdate(at)):
        raise RuleRefused(
            "Thiết lập dùng chung: chỉ đơn vị mà mọi đơn vị báo cáo chỉ số này đều trực thuộc mới đổi được."
        )
    with act(CHANGE_RULE, by=by, at=at, subject=subject_of(rule), reason=reason) as entry:
        held = WatchRule.objects.select_for_update().get(pk=rule.pk)
        entry.detail = {"from": held.settings["n"], "to": n}
        held.settings = held.settings | {"n": n}
        held.save(update_fields=["settings"])


def judge(finding: Finding, *, confirm: bool, reason: str, by: Actor, at: datetime) -> None:
    """Confirm or reject a proposal, with a reason. Raises FindingRefused, PermissionDenied."""
    by.require(Permission.JUDGE_FINDING, at=finding.watcher_id)
    if not reason.strip():
        raise FindingRefused("Ghi lý do xác nhận hoặc bác phát hiện.")
    name = "monitoring.confirm" if confirm else "monitoring.reject"
    with act(name, by=by, at=at, subject=subject_of(finding), reason=reason) as entry:
        held = Finding.objects.select_for_update().get(pk=finding.pk)
        if held.state != FindingState.PROPOSED:
            raise FindingRefused("Phát hiện này đã có ý kiến; mở lại trang để đọc.")
        held.state = FindingState.CONFIRMED if confirm else FindingState.REJECTED
        held.judged, held.judgement = entry, reason
        held.save(update_fields=["state", "judged", "judgement"])


def reopen(finding: Finding, *, reason: str, by: Actor, at: datetime) -> None:
    """Take a judgement back: the finding is a proposal again, the act stays in the history.

    Raises FindingRefused, PermissionDenied.
    """
    by.require(Permission.JUDGE_FINDING, at=finding.watcher_id)
    if not reason.strip():
        raise FindingRefused("Ghi lý do rút lại ý kiến.")
    with act("monitoring.reopen", by=by, at=at, subject=subject_of(finding), reason=reason):
        held = Finding.objects.select_for_update().get(pk=finding.pk)
        if held.state == FindingState.PROPOSED:
            raise FindingRefused("Phát hiện này chưa có ý kiến nào để rút.")
        held.state, held.judged, held.judgement = FindingState.PROPOSED, None, ""
        held.save(update_fields=["state", "judged", "judgement"])
