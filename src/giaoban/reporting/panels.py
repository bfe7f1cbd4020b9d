"""What the room shows on the page of a unit: what it owes and sent, and which tables can be made beneath it."""

from datetime import date

from django.urls import reverse
from django.utils.http import urlencode

from giaoban.core.timeliness import Timeliness
from giaoban.kit.actors import Actor
from giaoban.kit.registries import Panel
from giaoban.orgs.selectors import card
from giaoban.reporting.rules import ReportState
from giaoban.reporting.selectors import Owed, owed_by, tables_beneath

SHOWN = 6
DELIVERED = (ReportState.SENT, ReportState.ACCEPTED)


def reports_panel(actor: Actor, unit_id: int, on: date) -> Panel | None:
    """The unit's own reports: what is open first, then the latest that were sent."""
    owed = owed_by([unit_id], on)
    sent = [row for row in reversed(owed) if row.state in DELIVERED]
    rows = [row for row in owed if row.state not in DELIVERED] + sent
    return Panel(
        title="Báo cáo",
        template="reporting/panel_reports.html",
        context={"sentence": _sentence(owed), "rows": rows[:SHOWN], "more": max(0, len(rows) - SHOWN)},
        order=20,
        empty="" if owed else "Đơn vị chưa phải gửi báo cáo nào.",
        link=("Mở báo cáo", reverse("reporting:index")) if unit_id in actor.unit_ids else None,
    )


def _sentence(owed: list[Owed]) -> str:
    sent = sum(row.state in DELIVERED for row in owed)
    counts = (
        (sum(row.timing.state is Timeliness.LATE for row in owed), "gửi muộn"),
        (sum(row.timing.state is Timeliness.OVERDUE for row in owed), "quá hạn"),
        (sum(row.state is ReportState.RETURNED for row in owed), "bị trả lại"),
    )
    rest = "".join(f", {count} {words}" for count, words in counts if count)
    return f"Đã gửi {sent}/{len(owed)} báo cáo{rest}."


def figures_panel(_: Actor, unit_id: int, on: date) -> Panel | None:
    """The tables of what is reported at or beneath the unit, newest period first."""
    campaigns = tables_beneath(unit_id, on)
    unit = card(unit_id, on)
    address = f"{reverse('reporting:table-index')}?{urlencode({'unit': unit.key})}"
    return Panel(
        title="Số liệu",
        template="reporting/panel_figures.html",
        context={"unit_key": unit.key, "rows": campaigns[:SHOWN], "more": max(0, len(campaigns) - SHOWN)},
        order=10,
        empty="" if campaigns else f"Chưa có số liệu của {unit.name} và các đơn vị trực thuộc.",
        link=("Mở các bảng", address) if campaigns else None,
    )
