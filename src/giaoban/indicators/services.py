from datetime import datetime
from decimal import Decimal

from giaoban.indicators.models import Discrepancy, DiscrepancyState
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.permissions import Permission


class DiscrepancyRefused(ValueError):
    """The decision cannot be taken: no words, or decided before. Says which in one sentence."""


def record_discrepancy(
    *,
    key: str,
    what: str,
    unit_id: int,
    period_id: int | None,
    indicator_id: int | None,
    published: Decimal,
    computed: Decimal,
    measure: str,
    recognised_as: str,
    source: str,
    by: Actor,
    at: datetime,
) -> Discrepancy:
    """Put a published number beside ours. The same key again gives the row that stands; neither number is changed.

    unit_id: whose matter it is: the unit that sees it in its list and whose people decide.
    recognised_as: how the published number can be made from our figures, in words; empty when no way was found.
    """
    by.require(Permission.CONFIRM_FIGURES, at=unit_id)
    held = Discrepancy.objects.filter(key=key).first()
    if held is not None:
        return held
    with act("indicators.record-discrepancy", by=by, at=at) as entry:
        row = Discrepancy.objects.create(
            key=key,
            what=what,
            unit_id=unit_id,
            period_id=period_id,
            indicator_id=indicator_id,
            published=published,
            computed=computed,
            measure=measure,
            recognised_as=recognised_as,
            source=source,
            found=entry,
        )
        entry.subject = subject_of(row)
    return row


def decide_discrepancy(discrepancy: Discrepancy, *, decision: str, by: Actor, at: datetime) -> None:
    """Write down what is done about it and why. Raises DiscrepancyRefused, PermissionDenied."""
    by.require(Permission.CONFIRM_FIGURES, at=discrepancy.unit_id)
    if not decision.strip():
        raise DiscrepancyRefused("Ghi quyết định và lý do.")
    subject = subject_of(discrepancy)
    with act("indicators.decide-discrepancy", by=by, at=at, subject=subject, reason=decision) as entry:
        held = Discrepancy.objects.select_for_update().get(pk=discrepancy.pk)
        if held.state != DiscrepancyState.OPEN:
            raise DiscrepancyRefused("Chênh lệch này đã có quyết định; mở lại trang để đọc.")
        held.state = DiscrepancyState.EXPLAINED
        held.decision = decision
        held.decided = entry
        held.save(update_fields=["state", "decision", "decided"])
