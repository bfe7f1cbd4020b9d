"""Periods are opened, obligations are raised, deadlines are moved, units are reminded."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from giaoban.core import periods
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.messages import Recipient, Said, log_call
from giaoban.kit.permissions import Permission
from giaoban.orgs.selectors import card, cards, nearest_of_kind, scope_ids, units_of_kind
from giaoban.reporting.models import (
    DeadlineChange,
    FormVersion,
    Obligation,
    OwingRule,
    Period,
    PeriodRule,
    Reminder,
)
from giaoban.reporting.rules.reservations import due_source
from giaoban.reporting.selectors.days import work_calendar
from giaoban.reporting.selectors.forms import (
    core_period,
    form_by_key,
    last_day,
    rule_of,
)
from giaoban.reporting.selectors.owed import REMIND, reminded_today, standing
from giaoban.reporting.services.errors import AlreadyDone, PeriodUnknown, ReportingError
from giaoban.reporting.services.inforce import require_in_force
from giaoban.reporting.services.justifying import SignedReason, keep_reasons, require_signed_move
from giaoban.reporting.services.receiving import locked_for_receiver, post_receiving
from giaoban.reporting.services.reminding import tell_reminded
from giaoban.reporting.services.telling_units import tell_deadline_moved

NAMED: Final = 10
"""Units named in one refusal; the others are counted."""
CALLED: Final = "gọi điện"
"""How the note of a telephone call begins."""


def open_period(
    rule_key: str,
    *,
    year: int | None = None,
    code: str | None = None,
    instalment: str = "",
    on: date | None = None,
    label: str = "",
    start: date | None = None,
    end: date | None = None,
    by: Actor,
    at: datetime,
) -> Period:
    """The period of a rule, opened if it was not yet.

    A year with one period needs `year` only, otherwise `code` names it; the state on a day needs `on`; an ad-hoc window
    needs `code`, `label`, `start` and `end` (excluded). Raises PeriodUnknown.
    """
    row = PeriodRule.objects.filter(key=rule_key).first()
    if row is None:
        raise PeriodUnknown(f"Không có quy tắc kỳ báo cáo “{rule_key}”. Nạp gói danh mục có quy tắc này.")
    made = made_period(
        rule_of(row), year=year, code=code, instalment=instalment, on=on, label=label, start=start, end=end
    )
    found = Period.objects.select_related("rule").filter(rule=row, code=made.code, instalment=made.instalment).first()
    if found is not None:
        if (found.start, found.end) != (made.start, made.end):
            raise PeriodUnknown(f"Kỳ “{made.code}” đã mở với khoảng thời gian khác. Chọn mã kỳ khác.")
        return found
    _require_any(by, Permission.RECEIVE_REPORT)
    with act("reporting.open-period", by=by, at=at) as entry:
        period = Period.objects.create(
            rule=row,
            code=made.code,
            instalment=made.instalment,
            label=made.label,
            start=made.start,
            end=made.end,
            actual_until=made.actual_until,
            estimated_months=made.estimated_months,
            cumulative=made.cumulative,
        )
        entry.subject = subject_of(period)
    return period


def made_period(
    rule: periods.PeriodRule,
    *,
    year: int | None = None,
    code: str | None = None,
    instalment: str = "",
    on: date | None = None,
    label: str = "",
    start: date | None = None,
    end: date | None = None,
) -> periods.Period:
    """The one period that these words name, by `open_period`'s rules. Raises PeriodUnknown."""
    try:
        if rule.kind == "ad_hoc":
            if not (code and label and start and end):
                raise PeriodUnknown("Kỳ đột xuất cần đủ mã kỳ, tên kỳ, ngày đầu và ngày cuối.")
            return periods.ad_hoc_period(code, label, start, end)
        if rule.kind == "as_of" and on is not None:
            return periods.as_of_period(rule, on, label or None)
        if code is not None:
            return periods.period_by_code(rule, code, instalment)
        candidates = periods.periods_of(rule, year) if year is not None else []
        chosen = [one for one in candidates if not instalment or one.instalment == instalment]
    except KeyError:
        raise PeriodUnknown(f"Quy tắc “{rule.name}” không có kỳ “{code}” “{instalment}”. Xem lại mã kỳ.") from None
    except ValueError as fault:
        raise PeriodUnknown(f"Không mở được kỳ: {fault}.") from fault
    if len(chosen) != 1:
        raise PeriodUnknown(f"Quy tắc “{rule.name}” có {len(chosen)} kỳ như vậy trong năm. Nêu mã kỳ và lần gửi.")
    return chosen[0]


def _require_any(by: Actor, permission: Permission) -> None:
    """The permission at any of the actor's units: for what belongs to no unit."""
    if not any(by.may(permission, unit_id) for unit_id in by.unit_ids):
        by.require(permission, by.unit_id, unit_name=by.unit_name)


def raise_obligations(form_key: str, period: Period, *, by: Actor, at: datetime, receiver_id: int | None = None) -> int:
    """Write down who owes a form for a period; gives how many are new. Raises as `owed_by_rules`."""
    form = form_by_key(form_key)
    wanted = owed_by_rules(form, period, by=by, receiver_id=receiver_id)
    detail = {"form": form.key, "period": period.code, "instalment": period.instalment}
    with act("reporting.raise-obligations", by=by, at=at, subject=subject_of(period), detail=detail) as entry:
        entry.unit_id = by.post_at(*(one.receiver_id for one in wanted))
        standing = set(Obligation.objects.filter(form=form, period=period).values_list("unit_id", flat=True))
        fresh = {one.unit_id: one for one in wanted if one.unit_id not in standing}
        Obligation.objects.bulk_create(fresh.values(), batch_size=2000, ignore_conflicts=True)
        entry.detail = {**detail, "count": len(fresh)}
    return len(fresh)


def owed_by_rules(form: FormVersion, period: Period, *, by: Actor, receiver_id: int | None = None) -> list[Obligation]:
    """Who owes a form for a period, none of it stored: owing rules × units that exist on the period's last day.

    Receivers see what is owed to them, the system sees all; receiver_id: only what this unit receives. `period` need
    not be stored. Raises ReportingError when the form is not in force for the period, or owes nothing in it, or when a
    rule names a kind of receiver and units of the actor's scope have none above them; PermissionDenied.
    """
    rules = list(OwingRule.objects.filter(form=form, rules=period.rule_id).select_related("reporter_kind"))
    if not rules:
        raise ReportingError(f"Biểu “{form.code}” không phải gửi cho kỳ “{period.label}”. Chọn kỳ khác của biểu.")
    by_rule = [(rule, _owed_under(rule, form, period)) for rule in rules]
    # A unit owes a form once; the rule under which somebody receives it comes last and so counts.
    wanted = sorted((one for _, found in by_rule for one in found), key=lambda one: one.receiver_id is not None)
    received = {one.unit_id for one in wanted if one.receiver_id is not None}
    must = {one.unit_id for rule, found in by_rule if rule.receiver_kind_id is not None for one in found}
    _refuse_without_receiver(must - received, period, by)
    if not by.everything:
        receiving = {one for one in by.unit_ids if by.may(Permission.RECEIVE_REPORT, one)}
        mine = [one for one in wanted if one.receiver_id in receiving]
        if not mine:
            raise PermissionDenied("Chỉ nơi nhận báo cáo mới lập được danh sách đơn vị phải gửi.")
        wanted = mine
    return wanted if receiver_id is None else [one for one in wanted if one.receiver_id == receiver_id]


def _owed_under(rule: OwingRule, form: FormVersion, period: Period) -> list[Obligation]:
    on = last_day(period)
    made = core_period(period)
    word = rule.deadlines.get(made.deadline_key) or rule.deadlines.get(made.rule)
    due_on = periods.due_on(made, word, work_calendar()) if word else None
    require_in_force(form, period, due_on or on)
    reporters = units_of_kind(rule.reporter_kind_id, on)
    receivers = (
        nearest_of_kind(reporters, rule.line_id, rule.receiver_kind_id, on) if rule.receiver_kind_id is not None else {}
    )
    source = due_source(form.act or form.title, word) if word else ""
    return [
        Obligation(
            unit_id=unit_id,
            form=form,
            period=period,
            receiver_id=receivers.get(unit_id),
            due_on=due_on,
            due_source=source,
        )
        for unit_id in reporters
    ]


def _refuse_without_receiver(unit_ids: Collection[int], period: Period, by: Actor) -> None:
    """Name the units of the actor's scope that must report to somebody, while the tree has nobody who receives it."""
    on = last_day(period)
    lacking = set(unit_ids)
    if lacking and not by.everything:
        lacking &= set(scope_ids(by.unit_ids, on).values_list("pk", flat=True))
    if lacking:
        names = [one.name for one in sorted(cards(lacking, on).values(), key=lambda one: one.sort_key)]
        more = f" và {len(names) - NAMED} đơn vị khác" if len(names) > NAMED else ""
        raise ReportingError(
            f"Chưa có nơi nhận báo cáo của: {', '.join(names[:NAMED])}{more}. "
            "Bổ sung đơn vị cấp trên của các đơn vị này trong danh mục."
        )


def move_deadline(
    obligations: Iterable[Obligation],
    *,
    due_on: date,
    basis: str,
    reason: str,
    by: Actor,
    at: datetime,
    signed: SignedReason | None = None,
) -> int:
    """Give reports another deadline; the old one stays in the history. Gives how many were moved.

    Raises ReportingError without a reason or basis, JustificationNeeded when the day comes before the regime's or makes
    a report received on time late and nobody signed why (examples need no reason), PermissionDenied when the actor does
    not receive one of them.
    """
    if not basis.strip() or not reason.strip():
        raise ReportingError("Nêu văn bản căn cứ và lý do khi đổi thời hạn.")
    ids = [one.pk for one in obligations]
    with act("reporting.move-deadline", by=by, at=at, reason=reason, detail={"due_on": due_on.isoformat()}) as entry:
        rows = locked_for_receiver(ids, by, at)
        entry.unit_id = post_receiving(rows, by, at)
        moved = [row for row in rows if row.due_on != due_on]
        findings = require_signed_move(moved, dict.fromkeys((row.pk for row in moved), due_on), signed)
        DeadlineChange.objects.bulk_create(
            DeadlineChange(
                obligation=row, old_due_on=row.due_on, due_on=due_on, basis=basis[:300], reason=reason, act=entry
            )
            for row in moved
        )
        for row in moved:
            row.due_on, row.due_source = due_on, basis[:300]
        Obligation.objects.bulk_update(moved, ["due_on", "due_source"], batch_size=2000)
        tell_deadline_moved(moved, entry)
        if signed is not None:
            keep_reasons(moved, findings, signed, entry)
        entry.subject = _subject(moved)
    return len(moved)


def remind(obligations: Iterable[Obligation], *, note: str = "", by: Actor, at: datetime) -> int:
    """Remind units of reports that they have still to send; gives how many. What was sent meanwhile is passed over, and
    so is what they were reminded of by hand on the same day.

    Whoever enters figures at the units is told, in one message each. Raises AlreadyDone when all were reminded today,
    PermissionDenied.
    """
    ids = [one.pk for one in obligations]
    with act(REMIND, by=by, at=at, reason=note) as entry:
        rows = locked_for_receiver(ids, by, at)
        entry.unit_id = post_receiving(rows, by, at)
        wanted = {one.obligation.pk for one in standing(Obligation.objects.filter(pk__in=ids)) if one.is_with_unit}
        told_today = reminded_today(wanted, at)
        waiting = [row for row in rows if row.pk in wanted and row.pk not in told_today]
        if told_today and not waiting:
            last = timezone.localtime(max(told_today.values()))
            raise AlreadyDone(f"Đã nhắc lúc {last:%H:%M} hôm nay; mỗi báo cáo chỉ nhắc một lần trong ngày.")
        Reminder.objects.bulk_create(Reminder(obligation=row, note=note, act=entry) for row in waiting)
        told = tell_reminded([row.pk for row in waiting], note, by=by, at=at, entry=entry)
        entry.detail = {"day": timezone.localdate(at).isoformat(), "count": len(waiting), "told": told}
        entry.subject = _subject(waiting)
    return len(waiting)


def note_call(obligation: Obligation, *, note: str, by: Actor, at: datetime) -> None:
    """Keep what was said on the telephone about a report: in its history and in the log of messages, under the name of
    who called. Nobody is told it by message or mail.

    Raises ReportingError without words, PermissionDenied when the actor does not receive the report.
    """
    if not note.strip():
        raise ReportingError("Ghi kết quả cuộc gọi.")
    with act("reporting.note-call", by=by, at=at, reason=note, subject=subject_of(obligation)) as entry:
        (row,) = locked_for_receiver([obligation.pk], by, at)
        entry.unit_id = post_receiving([row], by, at)
        Reminder.objects.create(obligation=row, note=f"{CALLED}: {note}", act=entry)
        if by.user_id is not None:
            unit = card(row.unit_id, timezone.localdate(at))
            subject = f"Gọi điện đến {unit.name}: biểu {row.form.code}, kỳ {row.period.label}"
            caller = Recipient(by.user_id, by.name, unit_id=row.unit_id)
            log_call(caller, Said(subject, note, about=subject_of(row)), act=entry)


def _subject(rows: Sequence[Obligation]) -> str:
    """The audit name of one report, else of the period that all reports are for."""
    if len(rows) == 1:
        return subject_of(rows[0])
    return subject_of(rows[0].period) if len({row.period_id for row in rows}) == 1 else ""
