"""Findings made of figures that are amended later: who judges them is told."""

from collections.abc import Collection

from django.urls import reverse
from django.utils import timezone

from giaoban.indicators import selectors as indicators
from giaoban.kit.permissions import Permission
from giaoban.kit.registries import FigureUse
from giaoban.monitoring.models import Finding, FindingState
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting


def finding_users(unit_ids: Collection[int], form: str, period_id: int, version: int) -> list[FigureUse]:
    """Findings about one of the units, or a unit above one, in that period, by an indicator that reads the form; not
    those that were rejected, nor those proposed after the version came. Value and reason of a finding stay as they were
    seen: who judges decides."""
    came_at = reporting.came_at(unit_ids, form, period_id, version)
    if came_at is None:
        return []
    about = reporting.units_above(unit_ids)
    rows = Finding.objects.filter(unit_id__in=about, period_id=period_id, proposed__at__lt=came_at)
    rows = rows.exclude(state=FindingState.REJECTED).select_related("rule__indicator__form", "period__rule")
    on, held = timezone.localdate(), reporting.form_by_key(form)
    called = orgs.cards({one.unit_id for one in rows}, on)
    return [
        FigureUse(
            key=f"finding/{one.pk}",
            title=f"Phát hiện về {called[one.unit_id].name}, chỉ số “{one.rule.indicator.name}”",
            link=reverse("monitoring:finding", args=[one.pk]),
            people=tuple(orgs.recipients_at(orgs.heirs_of(one.watcher_id, on), on, Permission.JUDGE_FINDING)),
        )
        for one in rows
        if indicators.reads(one.rule.indicator, held, reporting.last_day(one.period))
    ]
