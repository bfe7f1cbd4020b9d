"""What the room puts into My work."""

from datetime import date

from django.urls import reverse

from giaoban.core.timeliness import timing
from giaoban.kit.actors import Actor
from giaoban.kit.registries import WorkItem
from giaoban.monitoring.models import Finding, FindingState
from giaoban.monitoring.selectors import judges_at


def findings_to_judge(actor: Actor, on: date) -> list[WorkItem]:
    """Proposals waiting for this person's judgement, a line per rule and period. The sources give no deadline."""
    rows = Finding.objects.filter(watcher_id__in=judges_at(actor), state=FindingState.PROPOSED)
    waiting: dict[tuple[int, str, str], list[bool]] = {}
    for watcher_id, rule, period, evidence in rows.values_list(
        "watcher_id", "rule__name", "period__label", "evidence"
    ).order_by("pk"):
        waiting.setdefault((watcher_id, rule, period), []).append(bool(evidence["simulated"]))
    return [
        WorkItem(
            kind="finding",
            title=f"Xem {len(marks)} phát hiện do quy tắc đề xuất",
            about=f"{rule} · {period}",
            unit_id=watcher_id,
            due_on=None,
            timing=timing(None, None, on=on),
            state="chờ xác nhận hoặc bác",
            start=reverse("monitoring:findings") + "?trang-thai=proposed",
            action="Xem xét",
            simulated=any(marks),
        )
        for (watcher_id, rule, period), marks in waiting.items()
    ]
