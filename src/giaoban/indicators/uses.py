"""Decisions on disagreements made over figures that are amended later: who follows them is told."""

from collections.abc import Collection

from django.urls import reverse
from django.utils import timezone

from giaoban.indicators.models import Discrepancy, DiscrepancyState
from giaoban.indicators.selectors.discrepancies import owners_at
from giaoban.kit.messages import Recipient
from giaoban.kit.registries import FigureUse
from giaoban.reporting import selectors as reporting


def decision_users(unit_ids: Collection[int], form: str, period_id: int, version: int) -> list[FigureUse]:
    """Disagreements of that period about one of the units, or a unit above one, that were decided before the version
    came: the decision was taken over other numbers. Readings of indicators are made anew each time and keep nothing.

    Told are those who may decide there and whoever follows it.
    """
    came_at = reporting.came_at(unit_ids, form, period_id, version)
    if came_at is None:
        return []
    rows = Discrepancy.objects.filter(
        unit_id__in=reporting.units_above(unit_ids),
        period_id=period_id,
        state__in=(DiscrepancyState.EXPLAINED, DiscrepancyState.CORRECTED),
        decided__at__lt=came_at,
    )
    on = timezone.localdate()
    return [
        FigureUse(
            key=f"discrepancy/{one.pk}",
            title=f"Quyết định về chênh lệch “{one.what}”",
            link=reverse("indicators:discrepancy", args=[one.pk]),
            people=_people(one, owners_at([one.unit_id] if one.unit_id else [], on)),
        )
        for one in rows.select_related("owner").order_by("pk")
    ]


def _people(row: Discrepancy, there: Collection[Recipient]) -> tuple[Recipient, ...]:
    owner = row.owner
    if owner is None or owner.pk in {one.user_id for one in there}:
        return tuple(there)
    return (*there, Recipient(owner.pk, owner.full_name, unit_id=row.unit_id))
