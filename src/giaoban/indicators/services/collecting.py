"""Keeping the one list of all disagreements: what the rooms name now, against what stands in the list."""

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import BooleanField
from django.db.models.expressions import RawSQL
from django.utils import timezone

from giaoban.core.figures import decimals
from giaoban.core.vietnamese import number
from giaoban.indicators.models import Discrepancy, DiscrepancyKind, DiscrepancyState
from giaoban.indicators.services.discrepancies import take_back
from giaoban.kit.actors import Actor
from giaoban.kit.acts import act, subject_of
from giaoban.kit.models import Act
from giaoban.kit.registries import Disagreement, DisagreementSource, disagreements
from giaoban.orgs.selectors import scope_ids

ONE_AT_A_TIME: Final = "indicators.collect"
COLLECTED: Final = "indicators.collect"
"""The act of a look at all sources."""
SNAPSHOT: Final = "snapshot"
"""In the detail of that act: which transactions were over when the look began (`pg_snapshot` as text). What the others
wrote may not have been seen."""
UNSEEN: Final = """age(kit_act.xmin) <= age(pg_snapshot_xmin(%s::pg_snapshot)::xid) AND NOT pg_visible_in_snapshot((
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint
    - ((pg_snapshot_xmax(pg_current_snapshot())::text::bigint - kit_act.xmin::text::bigint) & 4294967295)
)::text::xid8, %s::pg_snapshot)"""
"""Rows bear the lower half of the number of their transaction; the upper half is that of the nearest before now."""
REACH: Final = 100_000
"""So many acts may be written while one transaction lasts; one of more waits for the look of the night."""
COLLECT_JOB: Final = "indicators.collect"
PLACES: Final = Decimal("0.000001")
CHANGED: Final = "Số liệu đã khác lúc quyết định: {before} nay là {now}."
TEXTS: Final = ("what", "measure", "source", "link", "recognised_as")


@dataclass(slots=True)
class Collected:
    """What a look found, by key. named: how many disagreements there are now, those in the list before among them."""

    named: int = 0
    opened: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    reopened: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    agreed: list[str] = field(default_factory=list)


def collect(*, by: Actor, at: datetime) -> Collected:
    """Ask every source and bring the list up to what they say. Again at once changes nothing; two at once wait.

    New → open. Other numbers → both kept in the act, a decision about the old ones taken back. No longer named →
    `agreed_at`, never deleted. A row that a person entered about the same unit, period and numbers stands for what a
    source names: no other is opened of it; one that stood before goes on. Raises PermissionDenied for anybody but the
    system, ValueError when a source names a key twice.
    """
    if not by.everything:
        raise PermissionDenied("Chỉ hệ thống rà soát chênh lệch của mọi đơn vị.")
    found = Collected()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [ONE_AT_A_TIME])
            cursor.execute("SELECT pg_current_snapshot()::text")
            (snapshot,) = cursor.fetchone()
        named = {name: _by_key(name, source) for name, source in disagreements}
        entered, on = _entered(), timezone.localdate(at)
        for name, items in named.items():
            hidden = {key for key, one in items.items() if _stands_entered(one, entered, on)}
            _settle(name, items, hidden, found, by, at)
        found.named = sum(map(len, named.values()))
        waiting = Discrepancy.objects.filter(source_name__in=list(named), state=DiscrepancyState.OPEN, agreed_at=None)
        waiting.update(checked_at=at)
        with act(COLLECTED, by=by, at=at, detail=_counts(found) | {SNAPSHOT: snapshot}):
            pass
    return found


def collect_when_due(*, by: Actor, at: datetime) -> Collected | None:
    """Collect if anything was done that the last look may not have seen; None: nothing was, found by two queries.

    An act is numbered when it begins and seen once it is over, so that the transactions are asked, not the numbers.
    Reading, signing in and this room's own acts change no figure.
    """
    last = Act.objects.filter(name=COLLECTED).order_by("-pk").first()
    if last is None or SNAPSHOT not in last.detail:
        return collect(by=by, at=at)
    unseen = RawSQL(UNSEEN, [last.detail[SNAPSHOT]] * 2, BooleanField())  # noqa: S611  # nosec B611 - a constant
    since = Act.objects.filter(unseen, pk__gt=last.pk - REACH)
    since = since.exclude(name__startswith="indicators.").exclude(name__startswith="accounts.")
    return collect(by=by, at=at) if since.exists() else None


def _by_key(name: str, source: DisagreementSource) -> dict[str, Disagreement]:
    items: dict[str, Disagreement] = {}
    for one in source():
        if one.key in items:
            raise ValueError(f"{name} names {one.key!r} twice")
        if one.kind not in DiscrepancyKind.values:
            raise ValueError(f"{name} names {one.key!r} as {one.kind!r}, which is no kind of discrepancy")
        items[one.key] = one
    return items


Numbers = tuple[int | None, Decimal, Decimal, str]


def _entered() -> dict[Numbers, set[int]]:
    """Period, numbers and measure of what people and commands entered themselves → the units that it is about."""
    found: dict[Numbers, set[int]] = {}
    rows = Discrepancy.objects.filter(source_name="", unit__isnull=False)
    for row in rows:
        if row.unit_id is not None:
            found.setdefault((row.period_id, row.published, row.computed, row.measure), set()).add(row.unit_id)
    return found


def _stands_entered(one: Disagreement, entered: Mapping[Numbers, set[int]], on: date) -> bool:
    """Whether somebody entered it, at its unit or at one above. No query unless the numbers are the same."""
    units = entered.get((one.period_id, _kept(one.stated), _kept(one.computed), one.measure[:40]), set())
    return one.unit_id in units or (bool(units) and scope_ids(units, on).filter(pk=one.unit_id).exists())


def _settle(
    name: str, items: Mapping[str, Disagreement], hidden: Set[str], found: Collected, by: Actor, at: datetime
) -> None:
    """What one source says against what stands of it. hidden: keys of which no new row is opened."""
    rows = {row.key: row for row in Discrepancy.objects.select_for_update().filter(source_name=name).order_by("pk")}
    for key, one in items.items():
        row = rows.get(key)
        if row is None:
            if key not in hidden:
                _open(name, one, by, at)
                found.opened.append(key)
        elif (row.published, row.computed) != (_kept(one.stated), _kept(one.computed)):
            if row.state != DiscrepancyState.OPEN:
                found.reopened.append(key)
            _renew(row, one, by, at)
            found.changed.append(key)
        elif row.agreed_at is not None:
            _mark(row, one, "indicators.disagree-again", by, at, agreed_at=None)
            found.returned.append(key)
        elif _texts(one) != {text: getattr(row, text) for text in TEXTS}:
            Discrepancy.objects.filter(pk=row.pk).update(**_texts(one))
    for key, row in rows.items():
        if key not in items and row.agreed_at is None:
            _mark(row, None, "indicators.agree-discrepancy", by, at, agreed_at=at)
            found.agreed.append(key)


def _open(name: str, one: Disagreement, by: Actor, at: datetime) -> None:
    with act("indicators.record-discrepancy", by=by, at=at) as entry:
        row = Discrepancy.objects.create(
            key=one.key,
            kind=one.kind,
            unit_id=one.unit_id,
            period_id=one.period_id,
            published=_kept(one.stated),
            computed=_kept(one.computed),
            published_name=one.stated_name[:200],
            computed_name=one.computed_name[:200],
            simulated=one.simulated,
            source_name=name,
            checked_at=at,
            found=entry,
            **_texts(one),
        )
        entry.subject = subject_of(row)
        entry.detail = {"published": str(row.published), "computed": str(row.computed)}


def _renew(row: Discrepancy, one: Disagreement, by: Actor, at: datetime) -> None:
    """Other numbers than before; what was decided about those does not hold of these."""
    before = {"published": str(row.published), "computed": str(row.computed)}
    now = {"published": str(_kept(one.stated)), "computed": str(_kept(one.computed))}
    decided = row.state != DiscrepancyState.OPEN
    name = "indicators.reopen-discrepancy" if decided else "indicators.change-discrepancy"
    words = CHANGED.format(before=_spoken(row.published, row.computed), now=_spoken(one.stated, one.computed))
    detail = {"before": before, "now": now}
    with act(name, by=by, at=at, subject=subject_of(row), reason=words if decided else "", detail=detail) as entry:
        if decided:
            take_back(row, entry)
        row.published, row.computed = _kept(one.stated), _kept(one.computed)
        row.published_name, row.computed_name = one.stated_name[:200], one.computed_name[:200]
        row.simulated, row.agreed_at = one.simulated, None
        for text, value in _texts(one).items():
            setattr(row, text, value)
        row.save()


def _mark(
    row: Discrepancy, one: Disagreement | None, name: str, by: Actor, at: datetime, *, agreed_at: datetime | None
) -> None:
    detail = {"published": str(row.published), "computed": str(row.computed)}
    with act(name, by=by, at=at, subject=subject_of(row), detail=detail):
        row.agreed_at = agreed_at
        for text, value in (_texts(one) if one is not None else {}).items():
            setattr(row, text, value)
        row.save()


def _texts(one: Disagreement) -> dict[str, Any]:
    return {
        "what": one.what[:300],
        "measure": one.measure[:40],
        "source": one.source,
        "link": one.link[:500],
        "recognised_as": one.recognised_as[:300],
    }


def _kept(value: Decimal) -> Decimal:
    """As the database keeps it."""
    return value.quantize(PLACES, rounding=ROUND_HALF_UP)


def _spoken(*values: Decimal) -> str:
    return " và ".join(number(value, decimals(value)) for value in values)


def _counts(found: Collected) -> dict[str, int]:
    names: Iterable[str] = ("opened", "changed", "reopened", "returned", "agreed")
    return {"named": found.named, **{name: len(getattr(found, name)) for name in names}}
