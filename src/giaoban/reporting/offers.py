"""What this room offers to My work, to texts that quote a number, and to whoever ends or merges units."""

from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import urlencode

from django.urls import reverse

from giaoban.core.timeliness import timing
from giaoban.core.vietnamese import day
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import Effect, SourcedFigure, WorkItem
from giaoban.orgs.selectors import unit_id_of
from giaoban.reporting.models import Obligation, Submission, SubmissionState
from giaoban.reporting.rules import STATE_NAMES
from giaoban.reporting.selectors.consolidation import consolidate
from giaoban.reporting.selectors.forms import form_by_key, last_day, period_of
from giaoban.reporting.selectors.owed import owed_by
from giaoban.reporting.selectors.reception import receptions_for

HANDED_ON = "chuyển cho đơn vị kế tiếp"
LEFT_OPEN = "giữ nguyên ở đơn vị đã kết thúc, vì không có một đơn vị kế tiếp"


def work_items(actor: Actor, on: date) -> list[WorkItem]:
    """Reports that the actor's units still have to send, and receptions in which something waits for the actor."""
    return _to_send(actor, on) + _to_receive(actor, on)


def _to_send(actor: Actor, on: date) -> list[WorkItem]:
    entering = [unit for unit in actor.unit_ids if actor.may(Permission.ENTER_FIGURES, unit)]
    return [
        WorkItem(
            kind="Báo cáo",
            title=f"Biểu {one.form_code} · {one.period.label}",
            about=f"{one.form_title} · gửi {one.receiver_name}" if one.receiver_name else one.form_title,
            unit_id=one.unit.id,
            due_on=one.due_on,
            timing=one.timing,
            state=STATE_NAMES[one.state],
            start=reverse("reporting:entry", args=[one.obligation_id]),
            action="Sửa và gửi lại" if one.reason else "Nhập số liệu",
            simulated=one.simulated,
        )
        for one in owed_by(entering, on, open_only=True)
    ]


def _to_receive(actor: Actor, on: date) -> list[WorkItem]:
    items = []
    for one in receptions_for(actor, on):
        if one.receiver is None or not one.sent or not actor.may(Permission.RECEIVE_REPORT, one.receiver.id):
            continue
        address = reverse("reporting:reception", args=[one.receiver.key, one.form.key, one.period.code])
        query = f"?{urlencode({'instalment': one.period.instalment})}" if one.period.instalment else ""
        items.append(
            WorkItem(
                kind="Tiếp nhận",
                title=f"Biểu {one.form.code} · {one.period.label}",
                about=f"{one.sent} báo cáo chờ tiếp nhận",
                unit_id=one.receiver.id,
                due_on=one.due_on,
                timing=timing(one.due_on, None, on=on),
                state=f"đã nhận {one.accepted}/{one.expected}",
                start=f"{address}{query}",
                action="Tiếp nhận",
                done=one.accepted,
                total=one.expected,
                simulated=one.simulated,
            )
        )
    return items


def figure(
    *, form: str, period: str, unit: str, table: str, row: str, column: str, instalment: str = "", subunit: str = ""
) -> SourcedFigure:
    """One cell of the total line of a consolidated table, by names. Raises Http404, KeyError, ConsolidationRefused."""
    version = form_by_key(form)
    chosen = period_of(version, period, instalment)
    unit_id = unit_id_of(unit)
    if unit_id is None:
        raise KeyError(unit)
    consolidated = consolidate(version, chosen, unit_id)
    cell = consolidated.total.cells[table, row, subunit, column]
    return SourcedFigure(
        value=cell.amount,
        unit=consolidated.form.table(table).columns_by_id[column].unit,
        origin=f"biểu {version.code}, {chosen.label}, {consolidated.unit.name}, đủ {consolidated.coverage_words}",
        as_of=consolidated.changed_at,
        simulated=consolidated.simulated,
    )


def effects(unit_ids: Sequence[int], on: date) -> list[Effect]:
    """Reports that units still owe when they end on a day, and reports on their way to them."""
    owed = Effect("báo cáo chưa gửi của kỳ kết thúc từ ngày này", len(_owed_after(unit_ids, on)), HANDED_ON)
    awaited = Effect("báo cáo đang chờ đơn vị tiếp nhận", len(_awaited(unit_ids)), HANDED_ON)
    return [one for one in (owed, awaited) if one.count]


def apply(unit_ids: Sequence[int], successor: int | None, on: date, by: Actor, at: datetime) -> list[Effect]:
    """Hand on what is open: receptions wholly; reports of periods that end later, unless the successor owes them too.

    Figures already sent stay with the unit that sent them. Without one successor everything stays where it is.
    """
    found = effects(unit_ids, on)
    if successor is None:
        return [Effect(one.what, one.count, LEFT_OPEN) for one in found]
    with act("reporting.hand-on", by=by, at=at, reason=f"đơn vị kết thúc ngày {day(on)}", detail={"to": successor}):
        Obligation.objects.filter(pk__in=_awaited(unit_ids)).update(receiver_id=successor)
        held = set(Obligation.objects.filter(unit_id=successor).values_list("form_id", "period_id"))
        handed = []
        for one in Obligation.objects.select_for_update().filter(pk__in=_owed_after(unit_ids, on)).order_by("pk"):
            if (one.form_id, one.period_id) in held:
                one.delete()
            else:
                held.add((one.form_id, one.period_id))
                one.unit_id = successor
                handed.append(one)
        Obligation.objects.bulk_update(handed, ["unit_id"])
    return found


def _owed_after(unit_ids: Sequence[int], on: date) -> list[int]:
    """Obligations without any version, of periods that are not over when the units end."""
    rows = Obligation.objects.filter(unit_id__in=unit_ids, period__end__gt=on).select_related("period")
    sent = set(Submission.objects.filter(obligation__in=rows).values_list("obligation_id", flat=True))
    return [row.pk for row in rows if row.pk not in sent and last_day(row.period) >= on]


def _awaited(unit_ids: Sequence[int]) -> list[int]:
    """Obligations towards the units that are not settled by an accepted report."""
    rows = Obligation.objects.filter(receiver_id__in=unit_ids)
    accepted = rows.filter(submissions__state=SubmissionState.ACCEPTED)
    return list(rows.exclude(pk__in=accepted).values_list("pk", flat=True))
