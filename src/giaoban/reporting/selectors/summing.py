"""What the database adds up for the lines of tables, in all periods at once.

One statement joins who owes, what was accepted and its lines, and adds the values; estimates and marks, of which most
lines have none, are added by a second one over the few lines that have any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection, transaction

from giaoban.orgs.selectors import id_array

LineKey = tuple[str, str, str]
"""Table, row, sub-unit ("" on a fixed row)."""

# Per column one number counts nil, not applicable and blank, up to a million units each; reported is the rest.
COUNTER: Final = 20
MASK: Final = (1 << COUNTER) - 1

# Enough for the planner to add up in memory what it would otherwise sort on disk. It holds until the transaction ends.
MEMORY: Final = "SET LOCAL work_mem = '64MB'"

# A line of which no value is estimated and every cell was reported adds nothing but its values.
SPECIAL: Final = "0 <> ANY (line.estimates) OR 0 <> ANY (line.marks)"


@dataclass(frozen=True, slots=True)
class Sum:
    """What the database added up for one line of the form and one group; vectors in column order, scaled. Without
    estimates and counters every cell is reported and nothing is estimated."""

    submissions: int
    values: Sequence[Decimal | None]
    estimates: Sequence[Decimal | None] = ()
    counters: Sequence[int | None] = ()


@dataclass(slots=True)
class Tally:
    """What stands behind one line of a table in one period. missing: units whose report was not accepted."""

    sums: dict[LineKey, Sum] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    simulated: bool = False
    changed_at: datetime | None = None


Places = Mapping[int, int]
"""Unit → position of the one line in which it counts."""


def tallies(form_id: int, reading: Sequence[tuple[Places, Sequence[int]]], width: int) -> dict[tuple[int, int], Tally]:
    """(period, position of a line) → what counts there. reading: places, and the periods which they hold for; width:
    most numeric columns that a table of the form has. One or two statements, whatever the number of units and periods.
    """
    periods = [period_id for _, read_so in reading for period_id in read_so]
    lines = 1 + max((max(places.values(), default=0) for places, _ in reading), default=0)
    given: dict[str, str | int] = {"form": form_id, "periods": id_array(periods), "lines": lines, **_placed(reading)}
    found: dict[tuple[int, int], Tally] = {}
    special: set[int] = set()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(_values(width, len(reading)), given)
        for slot, table, row, subunit, count, others, simulated, at, missing, values in cursor:
            tally = found.setdefault(divmod(slot, lines), Tally())
            tally.simulated |= simulated
            tally.changed_at = max(filter(None, (tally.changed_at, at)), default=None)
            tally.missing += missing or ()
            if table is not None:
                tally.sums[table, row, subunit] = Sum(count, values)
            if others:
                special.add(slot // lines)
        if special:
            cursor.execute(_special(width, len(reading)), given | {"periods": id_array(special)})
            for slot, table, row, subunit, estimates, counters in cursor:
                sums = found[divmod(slot, lines)].sums
                held = sums[table, row, subunit]
                sums[table, row, subunit] = Sum(held.submissions, held.values, estimates, counters)
    return found


NOWHERE: Final = -1


def _placed(reading: Sequence[tuple[Places, Sequence[int]]]) -> dict[str, str | int]:
    """One array of positions by number of the unit, a stretch of it per reading: looked up where a join would cost."""
    units = [unit_id for places, _ in reading for unit_id in places]
    first, last = min(units, default=0), max(units, default=0)
    stretch = last - first + 1
    positions = [NOWHERE] * (stretch * len(reading))
    given: dict[str, str | int] = {"first": first - 1}
    for index, (places, read_so) in enumerate(reading):
        for unit_id, position in places.items():
            positions[index * stretch + unit_id - first] = position
        given[f"periods{index}"] = id_array(read_so)
        given[f"skip{index}"] = index * stretch
    return given | {"positions": id_array(positions)}


def _owed(readings: int) -> str:
    """Who owes, with a number for period and line. That it comes out of an array of one keeps the planner from taking
    it for as various as the units are, and from sorting what it can add up in memory."""
    cases = " ".join(f"WHEN owed.period_id = ANY (%(periods{n})s::bigint[]) THEN %(skip{n})s" for n in range(readings))
    skipped = f"CASE {cases} END" if readings > 1 else "0"
    position = f"(%(positions)s::int[])[owed.unit_id - %(first)s + {skipped}]"
    return f"""
        (SELECT owed.id, owed.unit_id, owed.simulated, unnest(ARRAY[owed.period_id * %(lines)s + {position}]) AS slot
         FROM reporting_obligation owed
         WHERE owed.form_id = %(form)s AND owed.period_id = ANY (%(periods)s::bigint[]) AND {position} > {NOWHERE}
        ) AS owed
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def _values(width: int, readings: int) -> str:
    return f"""
        SELECT owed.slot, line."table", line."row", line.subunit, count(*),
               count(*) FILTER (WHERE {SPECIAL}), bool_or(owed.simulated OR coalesce(sent.simulated, false)),
               max(sent.decided_at), array_agg(owed.unit_id) FILTER (WHERE sent.id IS NULL), {value_sums(width)}
        FROM {_owed(readings)}
        LEFT JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        LEFT JOIN reporting_submissionline line ON line.submission_id = sent.id
        GROUP BY owed.slot, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def _special(width: int, readings: int) -> str:
    return f"""
        SELECT owed.slot, line."table", line."row", line.subunit,
               {estimate_sums(width)}, {counter_sums(width)}
        FROM {_owed(readings)}
        JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        JOIN reporting_submissionline line ON line.submission_id = sent.id
        WHERE {SPECIAL}
        GROUP BY owed.slot, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def value_sums(width: int, weight: str = "") -> str:
    """The sums over `line` of each column; one beyond a table's width adds nothing. weight: " * …", a part only."""
    return f"ARRAY[{', '.join(f'sum(line.values[{n}]{weight})' for n in range(1, width + 1))}]::numeric[]"


def estimate_sums(width: int, weight: str = "") -> str:
    return f"ARRAY[{', '.join(f'sum(line.estimates[{n}]{weight})' for n in range(1, width + 1))}]::numeric[]"


def counter_sums(width: int) -> str:
    counters = (f"sum((1::bigint << {COUNTER} * line.marks[{n}]) >> {COUNTER})" for n in range(1, width + 1))
    return f"ARRAY[{', '.join(counters)}]::bigint[]"
