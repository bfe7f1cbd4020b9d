"""Checks that do not hold back one report, by whom, why and until when."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from django.utils import timezone

from giaoban.reporting.models import Obligation, Waiver
from giaoban.reporting.rules import stands


@dataclass(frozen=True, slots=True)
class WaiverCard:
    """A waiver as people read it. `until`: the last day on which it holds."""

    id: int
    check_key: str
    sentence: str
    reason: str
    until: date
    by: str
    at: datetime
    state: Literal["stands", "expired", "withdrawn"]
    withdrawn_by: str
    withdrawn_at: datetime | None
    withdrawn_reason: str

    @property
    def words(self) -> str:
        """Who waived it until when and why, in one sentence."""
        return f"{self.by} miễn phép kiểm tra này đến hết ngày {self.until:%d/%m/%Y}: {self.reason.rstrip('.')}."


def waivers_of(obligation: Obligation, on: date) -> list[WaiverCard]:
    """Every waiver of a report, the withdrawn and expired too, the latest first. One query."""
    rows = Waiver.objects.filter(obligation=obligation).select_related("act", "withdrawn").order_by("-pk")
    return [_card(row, on) for row in rows]


def waived_keys(obligation: Obligation, on: date) -> frozenset[str]:
    """Keys (`rules.issue_key`) of the checks that hold nothing back on a day. One query."""
    rows = Waiver.objects.filter(obligation=obligation, withdrawn=None, until__gte=on)
    return frozenset(rows.values_list("check_key", flat=True))


def waivers_standing(obligation_ids: Collection[int], on: date) -> dict[int, dict[str, WaiverCard]]:
    """Obligation → check key → the waiver that stands on a day, for many reports. One query."""
    rows = Waiver.objects.filter(obligation__in=list(obligation_ids), withdrawn=None, until__gte=on)
    found: dict[int, dict[str, WaiverCard]] = {}
    for row in rows.select_related("act", "withdrawn").order_by("pk"):
        found.setdefault(row.obligation_id, {})[row.check_key] = _card(row, on)
    return found


def standing_keys(waivers: Collection[WaiverCard]) -> dict[str, WaiverCard]:
    """Check key → the waiver that stands."""
    return {one.check_key: one for one in waivers if one.state == "stands"}


def _card(row: Waiver, on: date) -> WaiverCard:
    """A waiver whose day was over when another took its place has expired; nobody withdrew it."""
    undone = row.withdrawn
    ended = timezone.localdate(undone.at) if undone is not None else on
    if row.until < ended:
        undone, on = None, ended
    holds = stands(row.until, withdrawn=undone is not None, on=on)
    return WaiverCard(
        id=row.pk,
        check_key=row.check_key,
        sentence=row.sentence,
        reason=row.reason,
        until=row.until,
        by=row.act.actor_name,
        at=row.act.at,
        state="stands" if holds else "withdrawn" if undone is not None else "expired",
        withdrawn_by=undone.actor_name if undone else "",
        withdrawn_at=undone.at if undone else None,
        withdrawn_reason=undone.reason if undone else "",
    )
