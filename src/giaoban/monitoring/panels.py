"""What the room shows on the page of a unit."""

from collections.abc import Sequence
from datetime import date

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from giaoban.core.vietnamese import number
from giaoban.kit.actors import Actor
from giaoban.kit.registries import Panel
from giaoban.monitoring.selectors import THRESHOLDS, UnitIndicator, finding_cards, findings, indicators_of


def indicators_panel(actor: Actor, unit_id: int, on: date) -> Panel | None:  # noqa: ARG001 – the page has checked
    """The unit's indicators beside the level of all together, and the sentence that its page begins with."""
    rows = indicators_of(unit_id, on)
    simulated = [row.column.indicator.name for row in rows if row.simulated]
    return Panel(
        title="Chỉ số",
        template="monitoring/indicators_panel.html",
        context={
            "rows": rows,
            "headline": headline(rows),
            "simulated_note": f"số liệu ví dụ: {', '.join(simulated)}." if simulated else "",
        },
        order=5,
        empty="" if rows else "Chưa có chỉ số nào tính được từ số liệu đã tiếp nhận của đơn vị này.",
        link=("So với đơn vị khác", reverse("monitoring:matrix")) if rows else None,
    )


def headline(rows: Sequence[UnitIndicator]) -> SafeString | str:
    """The first indicator in words; then in how many the unit stands clearly below all together. "" without figures."""
    first = next((row for row in rows if row.cell.value is not None), None)
    if first is None:
        return ""
    indicator, cell = first.column.indicator, first.cell
    said = format_html("{} <b>{} {}</b>", indicator.name, number(cell.value, indicator.scale), indicator.unit)
    if first.together:
        said = format_html("{}, gộp từ {} đơn vị", said, first.together)
        least = number(THRESHOLDS[0])
        said = format_html("{}; <b>{} đơn vị</b> kém mức chung từ {} điểm trở lên", said, first.weak, least)
    elif cell.points:
        side = "thấp hơn" if cell.points < 0 else "cao hơn"
        said = format_html("{}, {} mức chung {} điểm", said, side, number(abs(cell.points), indicator.scale))
    if cell.rank is not None:
        said = format_html("{}, <b>hạng {}/{}</b>", said, cell.rank, first.out_of)
    if len(rows) > 1 and not first.together:
        weak = sum((row.cell.step or 0) < 0 for row in rows)
        said = format_html("{}; kém mức chung ở {}/{} chỉ số", said, weak, len(rows))
    return format_html("{}.", said)


def findings_panel(actor: Actor, unit_id: int, on: date) -> Panel | None:
    """Findings about the unit that the reader may see."""
    held = finding_cards(findings(actor, on).filter(unit_id=unit_id), on)
    return Panel(
        title="Điểm yếu, mô hình tốt",
        template="monitoring/findings_panel.html",
        context={"findings": held},
        order=40,
        empty="" if held else "Chưa có phát hiện nào về đơn vị này.",
        link=("Mở danh sách phát hiện", reverse("monitoring:findings")) if held else None,
    )
