"""Make a table's rows equal to rows of data, and say what changed. For registers that a pack owns."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models


@dataclass(frozen=True, slots=True)
class Changes:
    added: int = 0
    changed: int = 0
    removed: int = 0

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)

    def words(self, what: str) -> str:
        """``areas: 12 added, 1 changed``; "unchanged" when nothing happened."""
        parts = [f"{count} {word}" for word, count in zip(("added", "changed", "removed"), self, strict=True) if count]
        return f"{what}: {', '.join(parts) or 'unchanged'}"

    def __iter__(self) -> Any:
        return iter((self.added, self.changed, self.removed))


def sync_rows(
    existing: models.QuerySet[Any],
    identity: Sequence[str],
    wanted: Iterable[Mapping[str, Any]],
    *,
    keep_absent: bool = False,
) -> Changes:
    """Add, change and (unless `keep_absent`) remove rows so that `existing` equals `wanted`.

    identity: names of the columns that tell rows apart (foreign keys as ``area_id``); every mapping holds them and
    the same further columns. Rows are removed first, so that exclusion constraints see only the new state.
    """
    model = existing.model
    rows = {tuple(row[name] for name in identity): row for row in wanted}
    stands = {tuple(getattr(row, name) for name in identity): row for row in existing}
    removed = [] if keep_absent else [row.pk for key, row in stands.items() if key not in rows]
    changed = []
    columns: set[str] = set()
    for key, row in rows.items():
        held = stands.get(key)
        if held is None:
            continue
        different = [name for name, value in row.items() if getattr(held, name) != value]
        if different:
            for name in different:
                setattr(held, name, row[name])
            columns.update(different)
            changed.append(held)
    added = [model(**row) for key, row in rows.items() if key not in stands]
    if removed:
        existing.filter(pk__in=removed).delete()
    if changed:
        model._default_manager.bulk_update(changed, sorted(columns), batch_size=2000)
    model._default_manager.bulk_create(added, batch_size=2000)
    return Changes(len(added), len(changed), len(removed))
