"""What the room puts into My work."""

from datetime import date

from django.urls import reverse

from giaoban.core.timeliness import timing
from giaoban.indicators.selectors import owned_by
from giaoban.kit.actors import Actor
from giaoban.kit.registries import WorkItem


def owned_discrepancies(actor: Actor, on: date) -> list[WorkItem]:
    """Disagreements that this person was given to follow and that nobody has decided yet. They have no deadline."""
    if actor.user_id is None:
        return []
    return [
        WorkItem(
            kind="Chênh lệch",
            title=row.what,
            about=" · ".join(filter(None, (row.get_kind_display(), row.period.label if row.period else ""))),
            unit_id=row.unit_id or actor.unit_id or 0,
            due_on=None,
            timing=timing(None, None, on=on),
            state="chờ quyết định",
            start=reverse("indicators:discrepancy", args=[row.pk]),
            action="Xem và quyết định",
            simulated=row.simulated,
        )
        for row in owned_by(actor.user_id)
    ]
