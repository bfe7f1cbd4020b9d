"""What a group of units says in each cell: how many of them, their median, the median of the distances from it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from giaoban.core.checks.batch import NOWHERE, Batch, Truth, Whole
from giaoban.core.checks.changes import MIN_PEERS, Norm, NormKey, has_norm

_LAST: Final = np.iinfo(np.int64).max


def norms_of(batch: Batch, members: Sequence[int]) -> dict[NormKey, Norm]:
    """The norms of some reports of a batch, for the cells of fixed rows that enough of them filled in."""
    found: dict[NormKey, Norm] = {}
    usual = np.array([number for number in members if number not in batch.odd], dtype=np.int64)
    for lines in batch.tables.values():
        columns = [position for position, column in enumerate(lines.table.numeric) if has_norm(column)]
        for number, row in enumerate(lines.table.rows):
            at = lines.line_at(number)[usual] if not row.is_dynamic else usual[:0]
            at = at[at != NOWHERE]
            if len(at) < MIN_PEERS or not columns:
                continue
            amount, known = lines.amount[at][:, columns], lines.known[at][:, columns]
            counts = known.sum(axis=0)
            middle = _middle(amount, known, counts)
            spread = _middle(np.abs(2 * amount - middle), known, counts)
            for place, position in enumerate(columns):
                if counts[place] >= MIN_PEERS:
                    column = lines.table.numeric[position]
                    found[(lines.table.id, row.id, ""), column.id] = Norm(
                        int(counts[place]),
                        Decimal(int(middle[place])).scaleb(-column.scale) / 2,
                        Decimal(int(spread[place])).scaleb(-column.scale) / 4,
                    )
    return found


def _middle(amount: Whole, known: Truth, counts: Whole) -> Whole:
    """Twice the median of each column over the known ones; 0 where there is none."""
    ordered = np.sort(np.where(known, amount, _LAST), axis=0)
    columns = np.arange(amount.shape[1])
    low, high = np.maximum(counts - 1, 0) // 2, np.minimum(counts // 2, len(amount) - 1)
    twice: Whole = np.where(counts > 0, ordered[low, columns], 0) + np.where(counts > 0, ordered[high, columns], 0)
    return twice
