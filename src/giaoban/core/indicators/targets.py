"""Targets by year and level, and how much of one is due when part of the year has passed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal

ProRata = Literal["linear", "none"]
_ONE: Final = Decimal(1)
_TWELVE: Final = Decimal(12)


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be reached in a year. level: key of the unit kind it is set for, "" for every unit.

    pro_rata: "linear": of an amount, the part of the year that has passed is due; "none": the same on every day, as for
    a rate. source: act or decision that sets it.
    """

    year: int
    value: Decimal
    level: str = ""
    pro_rata: ProRata = "none"
    source: str = ""
    basis: str = ""

    def due(self, share: Decimal) -> Decimal:
        """What is due when `share` of the year has passed, 0 to 1."""
        return self.value * min(max(share, Decimal(0)), _ONE) if self.pro_rata == "linear" else self.value


def target_from_dict(data: Mapping[str, Any]) -> Target:
    return Target(
        year=int(data["year"]),
        value=Decimal(str(data["value"])),
        level=str(data.get("level", "")),
        pro_rata="linear" if data.get("pro_rata") == "linear" else "none",
        source=str(data.get("source", "")),
        basis=str(data.get("basis", "")),
    )


def share_of_year(start: date, end: date) -> Decimal:
    """Part of a year that lies in a period's own window [start, end), at most 1: twelfths when the window is whole
    months, days of the year that begins at `start` otherwise."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if end.day == start.day:
        return min(Decimal(months) / _TWELVE, _ONE)
    return min(Decimal((end - start).days) / Decimal((_year_after(start) - start).days), _ONE)


def _year_after(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)
