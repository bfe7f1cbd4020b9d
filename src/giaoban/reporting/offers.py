"""What this room offers to My work and to texts that quote a number."""

from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from giaoban.core.timeliness import timing
from giaoban.kit.actors import Actor
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import SourcedFigure, WorkItem
from giaoban.orgs.selectors import answered_by
from giaoban.reporting.rules import STATE_NAMES
from giaoban.reporting.selectors.owed import owed_by
from giaoban.reporting.selectors.quoting import quoted_cell, quoted_table
from giaoban.reporting.selectors.reception import receptions_for
from giaoban.reporting.selectors.reminding import OURS
from giaoban.reporting.web.shaping.layout import calm


def work_items(actor: Actor, on: date) -> list[WorkItem]:
    """Reports that the actor's units still have to send, for themselves or for what wholly became one of them, and
    receptions in which something waits for the actor."""
    return _to_send(actor, on) + _to_receive(actor, on)


def _to_send(actor: Actor, on: date) -> list[WorkItem]:
    entering = [unit for unit in actor.unit_ids if actor.may(Permission.ENTER_FIGURES, unit)]
    own = set(entering)
    return [
        WorkItem(
            kind="Báo cáo",
            title=_named(one.form_key, one.form_code, one.form_title, one.period.label),
            about=" · ".join(
                words
                for words in (
                    "" if one.unit.id in own else f"thay cho {one.unit.name} đã kết thúc",
                    "" if one.form_key.startswith(OURS) else calm(one.form_title),
                    f"gửi {one.receiver_name}" if one.receiver_name else "",
                )
                if words
            ),
            unit_id=one.unit.id,
            due_on=one.due_on,
            timing=one.timing,
            state=STATE_NAMES[one.state],
            start=reverse("reporting:entry", args=[one.obligation_id]),
            action="Sửa và gửi lại" if one.reason else "Nhập số liệu",
            simulated=one.simulated,
        )
        for one in owed_by(answered_by(entering, on), on, open_only=True)
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
                title=_named(one.form.key, one.form.code, one.form.title, one.period.label),
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


def _named(key: str, code: str, title: str, period: str) -> str:
    """ "Biểu 21b/TP/HTPLDN · Sơ bộ năm 2026"; a layout of ours by its title, its code says nothing to people."""
    return f"{calm(title) if key.startswith(OURS) else f'Biểu {code}'} · {period}"


def figure(
    *, form: str, period: str, unit: str, table: str, row: str, column: str, instalment: str = "", subunit: str = ""
) -> SourcedFigure:
    """One cell of the total line of a consolidated table, by names. Raises Http404, KeyError, ConsolidationRefused."""
    held = quoted_table(form=form, period=period, unit=unit, instalment=instalment)
    return quoted_cell(held, table=table, row=row, column=column, subunit=subunit)
