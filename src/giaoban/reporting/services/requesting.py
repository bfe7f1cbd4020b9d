"""A receiver asks units beneath it for a report outside the regime. What burdens them more needs a signed reason."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from django.utils import timezone

from giaoban.core import periods
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import card, cards, scope_ids
from giaoban.reporting.models import FormVersion, Obligation, Period, PeriodRule
from giaoban.reporting.selectors.burden import findings_of
from giaoban.reporting.selectors.forms import definition_of, form_by_key, last_day, rule_of, rules_of
from giaoban.reporting.services.errors import JustificationNeeded, ReportingError
from giaoban.reporting.services.justifying import SignedReason, keep_reasons

NAMED: Final = 10
"""Units named in one refusal; the others are counted."""


class Requested(list[Obligation]):
    """What the asked units owe now, in the order asked. `already`: those among them that owed it before, with the
    deadline and to the receiver that they had."""

    def __init__(self, owed: Iterable[Obligation], already: Collection[int]) -> None:
        super().__init__(owed)
        self.already: tuple[Obligation, ...] = tuple(one for one in self if one.unit_id in already)
        self.new: tuple[Obligation, ...] = tuple(one for one in self if one.unit_id not in already)


def request_report(
    form_key: str,
    period: Period,
    *,
    units: Sequence[int],
    receiver: int,
    due_on: date,
    basis: str,
    by: Actor,
    at: datetime,
    simulated: bool = False,
    signed: SignedReason | None = None,
) -> Requested:
    """Ask units for a report outside the regime, by a day, on a stated basis; gives what they owe, in order of `units`.

    A unit that already owes this form for this period keeps its deadline and receiver. Raises ReportingError when a
    unit does not belong to the receiver, on the period's last day or now, or when the code of an ad-hoc period is also
    that of another period of the form; JustificationNeeded when it burdens the units more than the regime does and
    nobody signed why (figures of an example need no reason); PermissionDenied.
    """
    by.require(Permission.RECEIVE_REPORT, receiver, unit_name=card(receiver, last_day(period)).name)
    form = form_by_key(form_key)
    if not definition_of(form).has_layout:
        raise ReportingError(f"Biểu “{form.code}” chỉ có tên, chưa có bố cục để nhập. Chọn biểu khác.")
    _refuse_outside(receiver, units, last_day(period), timezone.localdate(at))
    _refuse_shared_code(form, period)
    findings = () if simulated else findings_of(form, units, period, due_on)
    if findings and signed is None:
        raise JustificationNeeded([one.sentence for one in findings])
    detail = {"form": form.key, "period": period.code, "units": len(units), "basis": basis}
    with act("reporting.request-report", by=by, at=at, subject=subject_of(period), detail=detail) as entry:
        entry.unit_id = by.post_at(receiver)
        asked = [
            Obligation(
                unit_id=unit_id,
                form=form,
                period=period,
                receiver_id=receiver,
                due_on=due_on,
                due_source=basis[:300],
                simulated=simulated,
            )
            for unit_id in dict.fromkeys(units)
        ]
        owing = Obligation.objects.filter(form=form, period=period, unit_id__in=units)
        before = set(owing.values_list("unit_id", flat=True))
        Obligation.objects.bulk_create(asked, batch_size=2000, ignore_conflicts=True)
        rows = Obligation.objects.filter(form=form, period=period, unit_id__in=units)
        by_unit = {row.unit_id: row for row in rows.select_related("unit", "form", "period__rule", "receiver")}
        if signed is not None:
            new = [row for row in by_unit.values() if row.unit_id not in before]
            keep_reasons(new, {row.pk: findings for row in new}, signed, entry)
    return Requested((by_unit[unit_id] for unit_id in dict.fromkeys(units)), before)


def _refuse_outside(receiver: int, units: Sequence[int], *days: date) -> None:
    """A receiver asks what belongs to it, on one of the days: neither its own kind nor those above it, nor itself."""
    beneath = {pk for on in days for pk in scope_ids([receiver], on).values_list("pk", flat=True)} - {receiver}
    outside = [one for one in units if one not in beneath]
    if outside:
        names = [one.name for one in sorted(cards(outside, days[0]).values(), key=lambda one: one.sort_key)]
        raise ReportingError(
            f"{card(receiver, days[0]).name} chỉ yêu cầu được đơn vị trực thuộc. Bỏ: {', '.join(names[:NAMED])}."
        )


def _refuse_shared_code(form: FormVersion, period: Period) -> None:
    """Files name a period by its code: an ad-hoc one may not bear that of another period of the form."""
    if rule_of(period.rule).kind != "ad_hoc":
        return
    others = [one for one in rules_of(form) if one.pk != period.rule_id]
    opened = Period.objects.filter(rule__in=others, code=period.code, instalment=period.instalment).first()
    label = opened.label if opened is not None else _label_in(others, period.code, period.instalment)
    if label:
        raise ReportingError(f"Mã kỳ “{period.code}” đã là mã của kỳ “{label}” của biểu này. Đặt tên kỳ khác.")


def _label_in(rules: Iterable[PeriodRule], code: str, instalment: str) -> str:
    """The name of the period that a rule gives this code, opened or not; "" when none does."""
    for row in rules:
        try:
            return periods.period_by_code(rule_of(row), code, instalment).label
        except (KeyError, ValueError):
            continue
    return ""
