"""What became of units, and where they come from."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from giaoban.core.spans import Span
from giaoban.core.succession import Link
from giaoban.orgs.models import SuccessionKind, UnitSuccession, UnitVersion
from giaoban.orgs.selectors.cards import UnitCard, called_on


@dataclass(frozen=True, slots=True)
class SuccessionStep:
    """One link in a unit's history, seen from the unit: the other unit, the day, how, and whether wholly."""

    other: UnitCard
    on: date
    kind_name: str
    whole: bool
    basis: str
    source: str


def unit_links() -> list[Link[int]]:
    """All successions between units by which figures pass, for `core.succession`; duties alone are not among them."""
    rows = UnitSuccession.objects.exclude(kind=SuccessionKind.TRANSFER)
    return [Link(*row) for row in rows.values_list("old_id", "new_id", "on", "whole", "share")]


def unit_spans() -> dict[int, Span]:
    """The life of every unit, from its first version to its last, for `core.succession`. One query."""
    spans: dict[int, Span] = {}
    for unit_id, start, end in UnitVersion.objects.values_list("unit_id", "valid_from", "valid_to"):
        known = spans.get(unit_id)
        if known is not None:
            start = None if start is None or known.start is None else min(start, known.start)
            end = None if end is None or known.end is None else max(end, known.end)
        spans[unit_id] = Span(start, end)
    return spans


def origins_of(unit_id: int) -> list[SuccessionStep]:
    """Where a unit comes from, oldest first."""
    rows = UnitSuccession.objects.filter(new_id=unit_id).order_by("on", "pk")
    return [step for _, step in _steps((row.pk, row.old_id, row) for row in rows)]


def successors_of(unit_id: int) -> list[SuccessionStep]:
    """What a unit became, oldest first."""
    return successors([unit_id]).get(unit_id, [])


def successors(unit_ids: Iterable[int]) -> dict[int, list[SuccessionStep]]:
    """What each of several units became; those that nothing succeeded are absent. Two queries."""
    rows = UnitSuccession.objects.filter(old_id__in=list(unit_ids)).order_by("on", "pk")
    found: dict[int, list[SuccessionStep]] = {}
    for old_id, step in _steps((row.old_id, row.new_id, row) for row in rows):
        found.setdefault(old_id, []).append(step)
    return found


def _steps(rows: Iterable[tuple[int, int, UnitSuccession]]) -> list[tuple[int, SuccessionStep]]:
    """(mark, step) of (mark, the other unit, row); the other unit as called around the day."""
    listed = list(rows)
    called = called_on((other, row.on) for _, other, row in listed)
    return [
        (
            mark,
            SuccessionStep(
                other=called[other, row.on],
                on=row.on,
                kind_name=row.get_kind_display(),
                whole=row.whole,
                basis=row.basis,
                source=row.source,
            ),
        )
        for mark, other, row in listed
    ]


def days_of_change() -> tuple[date, ...]:
    """The last day before each of the latest six days of succession, newest first: days worth looking back to."""
    days = UnitSuccession.objects.order_by("-on").values_list("on", flat=True).distinct()
    return tuple(one - timedelta(days=1) for one in days[:6])


def heirs_of(unit_id: int, on: date) -> list[int]:
    """The unit, and what it wholly became by a day, step by step: who answers for it now comes last."""
    found = [unit_id]
    while steps := [one for one in successors_of(found[-1]) if one.whole and one.on <= on]:
        if (heir := steps[-1].other.id) in found:
            break
        found.append(heir)
    return found


def answered_by(unit_ids: Iterable[int], on: date) -> list[int]:
    """The units, and all that wholly became one of them by a day: the other way round of `heirs_of`."""
    found = list(unit_ids)
    for held in found:
        found += [one.other.id for one in origins_of(held) if one.whole and one.on <= on and one.other.id not in found]
    return found
