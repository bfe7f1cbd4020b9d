"""What an engine is asked and what it gives back, in plain values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Literal, NamedTuple

Dialect = Literal["postgres", "duckdb", "clickhouse", "pyspark"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A numeric column of a table of the form. position: in the table's vector, from 0."""

    table: str
    column: str
    position: int
    scale: int


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be added up of one form.

    columns: numbered as they stand here. rows: (table, row) of the lines that count. readings: period → number of the
    layout in which it is read. layouts: unit → its spots. A spot is a place in the answer together with the part that
    counts there, so that engines only add: what counts in part is multiplied afterwards, exactly. extremes: numbers of
    columns → whether the highest is wanted; means: number of a column → number of the column that weighs it; rates:
    number of a rate → numbers of its inputs, where they are several.
    """

    form_id: int
    columns: tuple[Wanted, ...]
    rows: tuple[tuple[str, str], ...]
    readings: Mapping[int, int]
    layouts: Sequence[Mapping[int, Sequence[int]]]
    extremes: Mapping[int, bool] = field(default_factory=dict)
    means: Mapping[int, int] = field(default_factory=dict)
    rates: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def of_periods(self, periods: Sequence[int]) -> "Question":
        """The same of some of the periods only."""
        return replace(self, readings={one: self.readings[one] for one in periods})


class Key(NamedTuple):
    """A line of the form in one spot of one period."""

    period: int
    spot: int
    table: str
    row: str
    subunit: str


@dataclass(frozen=True, slots=True)
class Added:
    """One column over the lines of a key, in the column's own unit. marks: nil, not applicable, blank."""

    value: Decimal | None
    estimate: Decimal
    marks: tuple[int, int, int]


@dataclass(frozen=True)
class Found:
    """reports: lines that stand behind a key. sums: by key and number of the column. extremes: the highest or lowest
    figure and its estimated part. means: products, weights, how many gave both, how many no weight. uneven: lines that
    answer some inputs of a rate and not the others; absent where there is none."""

    reports: dict[Key, int] = field(default_factory=dict)
    sums: dict[Key, tuple[Added, ...]] = field(default_factory=dict)
    extremes: dict[tuple[Key, int], tuple[Decimal, Decimal]] = field(default_factory=dict)
    means: dict[tuple[Key, int], tuple[Decimal, Decimal, int, int]] = field(default_factory=dict)
    uneven: dict[tuple[Key, int], int] = field(default_factory=dict)

    def update(self, other: "Found") -> None:
        """Of other periods."""
        self.reports.update(other.reports)
        self.sums.update(other.sums)
        self.extremes.update(other.extremes)
        self.means.update(other.means)
        self.uneven.update(other.uneven)


class EngineFailed(RuntimeError):
    """The engine is not there, or could not do it; the words are for the log."""
