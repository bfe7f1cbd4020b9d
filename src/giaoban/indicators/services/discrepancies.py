"""What people do with two numbers that do not agree. Neither number is changed by any of it."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from giaoban.core.vietnamese import day
from giaoban.indicators.models import Discrepancy, DiscrepancyState
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import heirs_of, recipients_at
from giaoban.reporting.selectors import require_answer


class DiscrepancyRefused(ValueError):
    """The act cannot be done: no words, decided before, nobody to own it. Says which in one sentence."""


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
    """Explain it: write down what is done about it and why. Raises DiscrepancyRefused, PermissionDenied."""
    if not decision.strip():
        raise DiscrepancyRefused("Ghi quyết định và lý do.")
    _close(discrepancy, DiscrepancyState.EXPLAINED, decision, by=by, at=at)


def correct_discrepancy(discrepancy: Discrepancy, *, correction: str, by: Actor, at: datetime) -> None:
    """Say that figures were put right, and which. The numbers here stay until the next look finds what they are then.

    Raises DiscrepancyRefused, PermissionDenied.
    """
    if not correction.strip():
        raise DiscrepancyRefused("Ghi rõ đã sửa số nào, ở đâu.")
    _close(discrepancy, DiscrepancyState.CORRECTED, correction, by=by, at=at)


def _close(row: Discrepancy, state: DiscrepancyState, words: str, *, by: Actor, at: datetime) -> None:
    name = "indicators.decide-discrepancy" if state == DiscrepancyState.EXPLAINED else "indicators.correct-discrepancy"
    _require(row, by)
    with act(name, by=by, at=at, subject=subject_of(row), reason=words) as entry:
        held = Discrepancy.objects.select_for_update().get(pk=row.pk)
        if held.state != DiscrepancyState.OPEN:
            raise DiscrepancyRefused("Chênh lệch này đã có quyết định; mở lại trang để đọc.")
        if held.agreed_at is not None:
            on = day(timezone.localdate(held.agreed_at))
            raise DiscrepancyRefused(f"Lần rà soát ngày {on} thấy hai số đã khớp: không còn gì để quyết định.")
        entry.unit_id = _acting(by, held)
        held.state, held.decision, held.decided = state, words, entry
        held.save(update_fields=["state", "decision", "decided"])


def reopen_discrepancy(discrepancy: Discrepancy, *, reason: str, by: Actor, at: datetime) -> None:
    """Take a decision back; what was decided stays in the history. Raises DiscrepancyRefused, PermissionDenied."""
    _require(discrepancy, by)
    if not reason.strip():
        raise DiscrepancyRefused("Ghi lý do mở lại.")
    subject = subject_of(discrepancy)
    with act("indicators.reopen-discrepancy", by=by, at=at, subject=subject, reason=reason) as entry:
        held = Discrepancy.objects.select_for_update().get(pk=discrepancy.pk)
        if held.state == DiscrepancyState.OPEN:
            raise DiscrepancyRefused("Chênh lệch này đang chờ quyết định rồi; mở lại trang để đọc.")
        entry.unit_id = _acting(by, held)
        take_back(held, entry)
        held.save(update_fields=["state", "decision", "decided"])


def take_back(row: Discrepancy, entry: Act) -> None:
    """Open again, what was decided kept in the act; the caller saves the row."""
    entry.detail = {**entry.detail, "state": row.state, "decision": row.decision}
    row.state, row.decision, row.decided = DiscrepancyState.OPEN, "", None


def assign_discrepancies(rows: Iterable[Discrepancy], *, owner_id: int | None, by: Actor, at: datetime) -> int:
    """Give discrepancies to somebody who may decide them at their unit; None: to nobody. How many changed hands.

    All or none. Raises DiscrepancyRefused, PermissionDenied.
    """
    listed = list(rows)
    if not listed:
        raise DiscrepancyRefused("Chưa chọn chênh lệch nào: đánh dấu ít nhất một dòng.")
    names = {row.pk: _owner_name(row, owner_id, at) for row in listed}
    for row in listed:
        _require(row, by)
    changed = 0
    with act("indicators.assign-discrepancies", by=by, at=at, detail={"count": len(listed)}):
        for row in Discrepancy.objects.select_for_update().filter(pk__in=names).order_by("pk"):
            if row.owner_id == owner_id:
                continue
            detail = {"before": row.owner_id, "owner": owner_id, "name": names[row.pk]}
            subject = subject_of(row)
            with act("indicators.assign-discrepancy", by=by, at=at, subject=subject, detail=detail) as entry:
                entry.unit_id = _acting(by, row)
                row.owner_id = owner_id
                row.save(update_fields=["owner"])
            changed += 1
    return changed


def _owner_name(row: Discrepancy, owner_id: int | None, at: datetime) -> str:
    """Raises DiscrepancyRefused when the person may not decide at the unit."""
    if owner_id is None:
        return ""
    on = timezone.localdate(at)
    units = heirs_of(row.unit_id, on) if row.unit_id is not None else []
    for person in recipients_at(units, on, Permission.CONFIRM_FIGURES):
        if person.user_id == owner_id:
            return person.name
    raise DiscrepancyRefused(
        f"“{row.what}”: người được chọn không được giao chốt số liệu ở đơn vị này. Chọn người khác của đơn vị."
    )


def _require(row: Discrepancy, by: Actor) -> None:
    if row.unit_id is None:
        by.require(Permission.CONFIRM_FIGURES, at=None)
    else:
        require_answer(by, Permission.CONFIRM_FIGURES, row.unit_id)


def _acting(by: Actor, row: Discrepancy) -> int | None:
    return row.unit_id if row.unit_id in by.unit_ids else by.unit_id
