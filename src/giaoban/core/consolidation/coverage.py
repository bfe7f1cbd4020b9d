"""How many of the units that owe a report have sent it."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the units that owe a report have sent it, and the names of the others."""

    received: int
    expected: int
    missing_names: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return self.received == self.expected

    def words(self) -> str:
        """ "13/15"."""
        return f"{self.received}/{self.expected}"


def combine_coverage(parts: Iterable[Coverage]) -> Coverage:
    """Coverage of several groups together, names in the order given."""
    parts = tuple(parts)
    return Coverage(
        sum(part.received for part in parts),
        sum(part.expected for part in parts),
        tuple(name for part in parts for name in part.missing_names),
    )
