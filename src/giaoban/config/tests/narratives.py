"""Reports in words of the host: one ready to be presented, one presented and changed since, one issued."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from giaoban.briefs.rules.states import Written
from giaoban.briefs.selectors import reports as selectors
from giaoban.briefs.services import life, reports, writing
from giaoban.kit.actors import Actor

OUTLINES = {
    "draft": "cong-tac-tu-phap-quy",
    "presented": "cong-tac-tu-phap-6-thang",
    "issued": "cong-tac-tu-phap-nam",
}
FIELDS = ("ho-tich", "chung-thuc")
PDF = b"%PDF-1.4\n%%EOF\n"


def lay(
    host: int, reference: dict[str, str], actor: Callable[[str], Actor], today: date, at: datetime
) -> dict[str, Any]:
    """The reports by name. reference: the fact that the first section of the presented one quotes."""
    head = actor("head")
    made = {}
    for name, key in OUTLINES.items():
        outline = selectors.outline_for(key)
        code = selectors.periods_for(outline, [today.year])[0].code
        report = reports.create_report(outline, unit_id=host, period_code=code, fields=FIELDS, by=head, at=at)
        for section in report.sections.select_related("report", "field")[1:]:
            reports.set_written(section, Written.NIL, by=head, at=at)
        first = report.sections.select_related("report__outline", "field").first()
        if first is None:
            raise LookupError(key)
        writing.save_section(first, text="Đã thực hiện đúng quy định.", version=0, by=head, at=at)
        made[name] = report
    presented = made["presented"]
    first = presented.sections.select_related("report__outline", "field").first()
    if first is None:
        raise LookupError(presented.title)
    life.attach(presented, title="Phụ lục", content=PDF, filename="phu-luc.pdf", by=head, at=at)
    life.present(presented, to_whom="Giám đốc Sở", by=head, at=at)
    writing.bind_figure(first, source="reporting.cell", reference=reference, label="Tiếp nhận", scale=0, by=head, at=at)
    text = "Đã thực hiện đúng quy định, kịp thời: {{số 1}} việc."
    writing.save_section(first, text=text, version=1, by=head, at=at)
    life.finish(made["issued"], number="15", by=head, at=at)
    return made
