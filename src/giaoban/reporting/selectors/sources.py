"""Which versions stand behind a consolidated table, now and as it was confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeAlias

from giaoban.reporting.models import FormVersion, Period, Submission
from giaoban.reporting.rules import was_accepted
from giaoban.reporting.selectors.grouping import Grouping, group_reporters

Lines: TypeAlias = tuple[tuple[str, Decimal], ...]
"""Keys of the lines in which a unit counts, with the part of its figures that counts there."""
ALL_OF_IT: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Stood:
    """What stood behind a unit's figures: the accepted version; None where there was none.

    lines: where it counted; None: not kept. The same version in another line is still the same.
    """

    submission_id: int | None
    version: int | None
    lines: Lines | None = field(default=None, compare=False)


Sources = Mapping[int, Stood]
"""Unit that owes the report → what stood for it."""


def sources_of(form: FormVersion, period: Period, unit_id: int, geography: date | None) -> tuple[Grouping, Sources]:
    """The reporters of a table by line, and the version that counts of each; those beside the total too."""
    grouping = group_reporters(form, period, unit_id, geography, "keep")
    held: dict[int, int | None] = {}
    lines: dict[int, Lines] = {}
    for group in grouping.groups:
        for one in group.reporters:
            held[one.unit_id] = one.submission_id
            part = (group.key, group.shares.get(one.unit_id, ALL_OF_IT))
            lines[one.unit_id] = (*lines.get(one.unit_id, ()), part)
    ids = [pk for pk in held.values() if pk is not None]
    versions = dict(Submission.objects.filter(pk__in=ids).values_list("pk", "version"))
    return grouping, {one: Stood(pk, versions.get(pk) if pk else None, lines[one]) for one, pk in held.items()}


def sources_at(obligations: Mapping[int, int], at: datetime) -> Sources:
    """What stood at a moment, read from the decisions: for tables confirmed before they kept their sources.

    obligations: unit → what it owes.
    """
    units = {pk: unit_id for unit_id, pk in obligations.items()}
    found = {unit_id: Stood(None, None) for unit_id in obligations}
    rows = Submission.objects.filter(obligation_id__in=units, decided_at__lte=at).order_by("version")
    for pk, owed, version, state, reason in rows.values_list(
        "pk", "obligation_id", "version", "state", "decision_reason"
    ):
        if was_accepted(state, reason):
            found[units[owed]] = Stood(pk, version)
    return found


def frozen(sources: Sources) -> list[list[Any]]:
    """As JSON: unit, submission, version and, where they are known, its lines with the part that counts there."""
    return [_frozen(unit_id, stood) for unit_id, stood in sorted(sources.items())]


def _frozen(unit_id: int, stood: Stood) -> list[Any]:
    held: list[Any] = [unit_id, stood.submission_id, stood.version]
    return held if stood.lines is None else [*held, [[key, f"{share:f}"] for key, share in stood.lines]]


def thawed(content: list[list[Any]]) -> Sources:
    """Content that was frozen before lines were kept has none."""
    return {unit_id: Stood(pk, version, _lines(*more)) for unit_id, pk, version, *more in content}


def _lines(kept: list[list[str]] | None = None) -> Lines | None:
    return None if kept is None else tuple((key, Decimal(share)) for key, share in kept)


def keep_lines(sources: Sources) -> bool:
    """Whether it is known in which line each of them counted."""
    return all(stood.lines is not None for stood in sources.values())
