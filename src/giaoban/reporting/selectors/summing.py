"""What the database adds up for the lines of tables, in all periods at once.

One statement joins who owes, what was accepted and its lines, and adds the values; estimates and marks, of which most
lines have none, are added by a second one over the few lines that have any. What a highest figure or a weighted mean is
made from is a third one, of forms that have such columns. Whether the inputs of a rate are of the same units only
those few lines can tell: wherever every cell was reported they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Final

from django.db import connection, transaction

from giaoban.core.consolidation import ANSWERS, EXACTLY, Extreme, Kept, Uneven, Weighed
from giaoban.core.figures import Mark
from giaoban.core.forms import FormDefinition, Table
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
    estimates and counters every cell is reported and nothing is estimated. kept: in the order of `Keeping.wanted`;
    uneven: reports that answered some inputs of a rate only, in the order of `Keeping.rates`, none at all when empty.
    """

    submissions: int
    values: Sequence[Decimal | None]
    estimates: Sequence[Decimal | None] = ()
    counters: Sequence[int | None] = ()
    kept: Sequence[Sequence[Decimal] | None] = ()
    uneven: Sequence[int] = ()


@dataclass(slots=True)
class Tally:
    """What stands behind one line of a table in one period. missing: units whose report was not accepted."""

    sums: dict[LineKey, Sum] = field(default_factory=dict)
    missing: list[int] = field(default_factory=list)
    simulated: bool = False
    changed_at: datetime | None = None


Without = Mapping[int, tuple[int, int]]
"""Reports owed that do not count: id → period and unit."""

NOTHING_LEFT_OUT: Final[Without] = {}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a column of a form asks beside sums: positions in the vector, from 1. weight 0: an extreme, not a mean."""

    position: int
    highest: bool = False
    weight: int = 0

    def sql(self, share: str) -> str:
        """An aggregate over `line`: [total, ∓ estimate] of the extreme, or [products, weights, units, left out]."""
        total, known = _total(self.position), f"line.marks[{self.position}] = {int(Mark.REPORTED)}"
        if not self.weight:
            estimate = f"coalesce(line.estimates[{self.position}], 0)"
            choose, sign = ("max", "-") if self.highest else ("min", "")
            return f"{choose}(ARRAY[{total}, {sign}{estimate}]::numeric[]) FILTER (WHERE {known})"
        given = f"line.marks[{self.weight}] IN ({int(Mark.REPORTED)}, {int(Mark.NIL)})"
        weight = _total(self.weight)
        return f"""ARRAY[
            coalesce(sum({total} * {weight}{share}) FILTER (WHERE {known} AND {given}), 0),
            coalesce(sum({weight}{share}) FILTER (WHERE {known} AND {given}), 0),
            count(*) FILTER (WHERE {known} AND {given}), count(*) FILTER (WHERE {known} AND NOT {given})]::numeric[]"""


def _total(position: int) -> str:
    return f"(coalesce(line.values[{position}], 0)::numeric + coalesce(line.estimates[{position}], 0))"


@dataclass(frozen=True)
class Keeping:
    """What the columns of a form ask beside sums; tables whose columns ask the same of a position share it."""

    form: FormDefinition

    @cached_property
    def by_table(self) -> Mapping[str, Mapping[int, Wanted]]:
        """Table → position of the column, from 0 → what it asks."""
        return {table.id: found for table in self.form.tables if (found := dict(_wanted(table)))}

    @cached_property
    def wanted(self) -> tuple[Wanted, ...]:
        return tuple(dict.fromkeys(one for found in self.by_table.values() for one in found.values()))

    @cached_property
    def inputs_by_table(self) -> Mapping[str, Mapping[int, tuple[int, ...]]]:
        """Table → position of a rate, from 0 → positions of its inputs, from 1. A rate of one input is of its units."""
        return {
            table.id: {
                table.positions[name]: tuple(table.positions[one] + 1 for one in inputs)
                for name, inputs in table.rate_inputs.items()
                if len(inputs) > 1
            }
            for table in self.form.tables
        }

    @cached_property
    def rates(self) -> tuple[tuple[int, ...], ...]:
        """The inputs of rates; tables whose rates need the same positions share them."""
        return tuple(dict.fromkeys(one for found in self.inputs_by_table.values() for one in found.values()))

    def kept(self, table: Table, position: int, found: Sum | None) -> Kept | None:
        """What the database found for a column, in the column's own unit; None when it asks nothing, or has nothing."""
        if found is None:
            return None
        if inputs := self.inputs_by_table[table.id].get(position):
            return Uneven(found.uneven[self.rates.index(inputs)] if found.uneven else 0)
        asked = self.by_table.get(table.id, {}).get(position)
        if asked is None or not found.kept:
            return None
        parts = found.kept[self.wanted.index(asked)]
        if parts is None:
            return None
        scale = table.numeric[position].scale
        if not asked.weight:
            total, estimate = (EXACTLY.scaleb(one, -scale) for one in parts)
            # Of equal totals the least estimate is meant, so that of a highest figure is asked for as its negative.
            return Extreme(total, -estimate if asked.highest else estimate, asked.highest)
        products, weights, units, left_out = parts
        if not units and not left_out:
            return None
        of_weight = table.numeric[asked.weight - 1].scale
        return Weighed(
            EXACTLY.scaleb(products, -scale - of_weight), EXACTLY.scaleb(weights, -of_weight), int(units), int(left_out)
        )

    def sql(self, share: str = "") -> str:
        """The columns of a query over `line`. share: " * …", where only a part counts."""
        return ", ".join(one.sql(share) for one in self.wanted)

    def uneven_sql(self) -> str:
        """A column of a query over `line`, an array in the order of `rates`."""
        answers = ", ".join(str(int(one)) for one in ANSWERS)
        counts = []
        for inputs in self.rates:
            given = [f"(line.marks[{position}] IN ({answers}))" for position in inputs]
            counts.append(f"count(*) FILTER (WHERE {' OR '.join(f'{given[0]} <> {one}' for one in given[1:])})")
        return f"ARRAY[{', '.join(counts)}]::bigint[]"


def _wanted(table: Table) -> Iterable[tuple[int, Wanted]]:
    for position, column in enumerate(table.numeric):
        if column.weight is not None:
            yield position, Wanted(position + 1, weight=table.positions[column.weight] + 1)
        elif column.keeps:
            yield position, Wanted(position + 1, highest=column.roll_up == "max")


Places = Mapping[int, int]
"""Unit → position of the one line in which it counts."""


def tallies(
    form_id: int,
    reading: Sequence[tuple[Places, Sequence[int]]],
    form: FormDefinition,
    without: Without = NOTHING_LEFT_OUT,
) -> dict[tuple[int, int], Tally]:
    """(period, position of a line) → what counts there. reading: places, and the periods which they hold for; without:
    reports owed that do not count. One to three statements, whatever the number of units and periods.
    """
    width = max((len(table.numeric) for table in form.tables), default=0)
    periods = [period_id for _, read_so in reading for period_id in read_so]
    lines = 1 + max((max(places.values(), default=0) for places, _ in reading), default=0)
    given: dict[str, str | int] = {"form": form_id, "periods": id_array(periods), "lines": lines, **placed_at(reading)}
    left_out = "AND NOT owed.id = ANY (%(without)s::bigint[])" if without else ""
    given["without"] = id_array(without)
    found: dict[tuple[int, int], Tally] = {}
    special: set[int] = set()
    keeping = Keeping(form)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(_values(width, owing(len(reading), left_out)), given)
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
            query = _special(width, keeping, owing(len(reading), left_out))
            cursor.execute(query, given | {"periods": id_array(special)})
            for slot, table, row, subunit, estimates, counters, uneven in cursor:
                sums = found[divmod(slot, lines)].sums
                held = sums[table, row, subunit]
                sums[table, row, subunit] = Sum(held.submissions, held.values, estimates, counters, uneven=uneven)
        if keeping.wanted:
            cursor.execute(_keeping(keeping, owing(len(reading), left_out)), given)
            for slot, table, row, subunit, *kept in cursor:
                sums = found[divmod(slot, lines)].sums
                sums[table, row, subunit] = replace(sums[table, row, subunit], kept=kept)
    return found


NOWHERE: Final = -1


def placed_at(reading: Sequence[tuple[Places, Sequence[int]]]) -> dict[str, str | int]:
    """One array of positions by number of the unit, a stretch of it per reading: looked up where a join would cost.

    Beside its stretch a number would find the position of another unit in another reading: `owing` keeps it out.
    """
    units = [unit_id for places, _ in reading for unit_id in places]
    first, last = min(units, default=0), max(units, default=0)
    stretch = last - first + 1
    positions = [NOWHERE] * (stretch * len(reading))
    given: dict[str, str | int] = {"first": first - 1, "last": last}
    for index, (places, read_so) in enumerate(reading):
        for unit_id, position in places.items():
            positions[index * stretch + unit_id - first] = position
        given[f"periods{index}"] = id_array(read_so)
        given[f"skip{index}"] = index * stretch
    return given | {"positions": id_array(positions)}


def owing(readings: int, left_out: str) -> str:
    """Who owes, with a number for period and line. That it comes out of an array of one keeps the planner from taking
    it for as various as the units are, and from sorting what it can add up in memory."""
    cases = " ".join(f"WHEN owed.period_id = ANY (%(periods{n})s::bigint[]) THEN %(skip{n})s" for n in range(readings))
    skipped = f"CASE {cases} END" if readings > 1 else "0"
    position = f"(%(positions)s::int[])[owed.unit_id - %(first)s + {skipped}]"
    return f"""
        (SELECT owed.id, owed.unit_id, owed.simulated, unnest(ARRAY[owed.period_id * %(lines)s + {position}]) AS slot
         FROM reporting_obligation owed
         WHERE owed.form_id = %(form)s AND owed.period_id = ANY (%(periods)s::bigint[])
           AND owed.unit_id > %(first)s AND owed.unit_id <= %(last)s AND {position} > {NOWHERE} {left_out}
        ) AS owed
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def _values(width: int, owed: str) -> str:
    return f"""
        SELECT owed.slot, line."table", line."row", line.subunit, count(*),
               count(*) FILTER (WHERE {SPECIAL}), bool_or(owed.simulated OR coalesce(sent.simulated, false)),
               max(sent.decided_at), array_agg(owed.unit_id) FILTER (WHERE sent.id IS NULL), {value_sums(width)}
        FROM {owed}
        LEFT JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        LEFT JOIN reporting_submissionline line ON line.submission_id = sent.id
        GROUP BY owed.slot, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def _special(width: int, keeping: Keeping, owed: str) -> str:
    return f"""
        SELECT owed.slot, line."table", line."row", line.subunit,
               {estimate_sums(width)}, {counter_sums(width)}, {keeping.uneven_sql()}
        FROM {owed}
        JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        JOIN reporting_submissionline line ON line.submission_id = sent.id
        WHERE {SPECIAL}
        GROUP BY owed.slot, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def _keeping(keeping: Keeping, owed: str) -> str:
    return f"""
        SELECT owed.slot, line."table", line."row", line.subunit, {keeping.sql()}
        FROM {owed}
        JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        JOIN reporting_submissionline line ON line.submission_id = sent.id
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
