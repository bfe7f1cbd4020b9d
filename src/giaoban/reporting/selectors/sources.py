"""Which versions stand behind a consolidated table, now and as it was confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from giaoban.reporting.models import FormVersion, Period, Submission
from giaoban.reporting.rules import was_accepted
from giaoban.reporting.selectors.grouping import Grouping, group_reporters


@dataclass(frozen=True, slots=True)
class Stood:
    """What stood behind a unit's figures: the accepted version; None where there was none."""

    submission_id: int | None
    version: int | None


Sources = Mapping[int, Stood]
"""Unit that owes the report → what stood for it."""


def sources_of(form: FormVersion, period: Period, unit_id: int, geography: date | None) -> tuple[Grouping, Sources]:
    """The reporters of a table by line, and the version that counts of each; those beside the total too."""
    grouping = group_reporters(form, period, unit_id, geography, "keep")
    held = {one.unit_id: one.submission_id for group in grouping.groups for one in group.reporters}
    ids = [pk for pk in held.values() if pk is not None]
    versions = dict(Submission.objects.filter(pk__in=ids).values_list("pk", "version"))
    return grouping, {one: Stood(pk, versions.get(pk) if pk else None) for one, pk in held.items()}


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


def frozen(sources: Sources) -> list[list[int | None]]:
    """As JSON: unit, submission, version."""
    return [[unit_id, stood.submission_id, stood.version] for unit_id, stood in sorted(sources.items())]


def thawed(content: list[list[int | None]]) -> Sources:
    return {unit_id: Stood(pk, version) for unit_id, pk, version in content if unit_id is not None}
