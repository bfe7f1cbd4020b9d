"""What was made of earlier versions of a report: presented tables, and since when others stand in their place."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from giaoban.orgs.selectors import ancestors_of, lines
from giaoban.reporting.models import Layer, Snapshot, Submission
from giaoban.reporting.rules import was_accepted
from giaoban.reporting.selectors.sources import thawed


@dataclass(frozen=True, slots=True)
class Presented:
    """A table that was frozen for something it was presented in. origin: what froze it ("book:12")."""

    origin: str
    form_code: str
    period_label: str
    unit_id: int


def presented_holding(unit_ids: Collection[int], form: str, period_id: int, version: int) -> list[Presented]:
    """The presented tables behind which an earlier accepted version of one of the units stands. Two queries."""
    used = accepted_before(unit_ids, form, period_id, version)
    if not used:
        return []
    rows = Snapshot.objects.filter(
        holding(used), form__key=form, period_id=period_id, layer=Layer.PRESENTED
    ).select_related("form", "period")
    held = rows.annotate(sources=F("content__sources")).defer("content")
    return [
        Presented(row.origin, row.form.code, row.period.label, row.unit_id) for row in held if holds(row.sources, used)
    ]


def accepted_before(unit_ids: Collection[int], form: str, period_id: int, version: int) -> dict[int, int]:
    """Versions of the units' reports before one, as far as they were ever accepted → the unit."""
    rows = Submission.objects.filter(
        obligation__unit_id__in=unit_ids,
        obligation__form__key=form,
        obligation__period_id=period_id,
        version__lt=version,
    )
    return {
        one.pk: one.obligation.unit_id
        for one in rows.select_related("obligation")
        if was_accepted(one.state, one.decision_reason)
    }


def came_at(unit_ids: Collection[int], form: str, period_id: int, version: int) -> datetime | None:
    """When a version of a unit's report came to count in the place of earlier ones: until then these were read. Now, of
    one that is still to come; None where no earlier one was ever accepted."""
    if not accepted_before(unit_ids, form, period_id, version):
        return None
    rows = Submission.objects.filter(
        obligation__unit_id__in=unit_ids, obligation__form__key=form, obligation__period_id=period_id, version=version
    )
    return rows.values_list("decided_at", flat=True).first() or timezone.now()


def units_above(unit_ids: Collection[int]) -> set[int]:
    """The units and all that stand above them today on any line: what is said of these may rest on their figures."""
    on = timezone.localdate()
    found = {one for unit_id in unit_ids for line in lines() for one in ancestors_of(unit_id, line.key, on)}
    return found | set(unit_ids)


def holding(used: Mapping[int, int]) -> Q:
    """Snapshots in whose sources one of the versions may stand; `holds` says whether it does."""
    found = Q()
    for pk, unit_id in used.items():
        found |= Q(content__sources__contains=[[unit_id, pk]])
    return found


def holds(sources: list[list[Any]], used: Mapping[int, int]) -> bool:
    """Whether frozen sources name one of the versions at its unit."""
    held = thawed(sources)
    return any(held[unit_id].submission_id == pk for pk, unit_id in used.items() if unit_id in held)
