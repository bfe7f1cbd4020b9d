"""What the drafts of a level were filled from: read back from the acts that did it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from giaoban.kit.acts import subject_of
from giaoban.kit.models import Act
from giaoban.reporting.models import Obligation

FILL_ACT: Final = "reporting.fill-from-below"


@dataclass(frozen=True, slots=True)
class Fill:
    """One filling of a draft. texts: as written then, by `rules.text_key`; used: submission → (unit, version, form)."""

    at: datetime
    by: str
    by_id: int | None
    texts: Mapping[str, str]
    used: Mapping[int, tuple[int, int, str]]

    @property
    def versions(self) -> dict[tuple[int, str], int]:
        """(unit, form) → the version whose figures were taken."""
        return {(unit_id, form): version for unit_id, version, form in self.used.values()}


def last_fill(obligation: Obligation, until: datetime | None = None) -> Fill | None:
    """The last filling of an obligation's draft, up to a moment; None when it was never filled from below."""
    return last_fills([obligation], {obligation.pk: until} if until else {}).get(obligation.pk)


def last_fills(obligations: Iterable[Obligation], until: Mapping[int, datetime]) -> dict[int, Fill]:
    """Obligation → its last filling, up to its moment where one is given. One query."""
    subjects = {subject_of(one): one.pk for one in obligations}
    found: dict[int, Fill] = {}
    for row in Act.objects.filter(subject__in=subjects, name=FILL_ACT, detail__has_key="texts").order_by("pk"):
        pk = subjects[row.subject]
        if pk not in until or row.at <= until[pk]:
            found[pk] = _fill(row)
    return found


def _fill(row: Act) -> Fill:
    return Fill(
        at=row.at,
        by=row.actor_name,
        by_id=row.actor_id,
        texts=row.detail["texts"],
        used={pk: (unit_id, version, form) for unit_id, form, pk, version in row.detail["used"]},
    )
