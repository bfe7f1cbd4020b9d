"""Who owes, who is missing and what was added up, for the spots of a question.

An engine adds up, by setting: PostgreSQL from the stored lines, or DuckDB from the frozen files of periods that have
one. Who owes is always asked of PostgreSQL; where it adds up too and no unit counts in several spots, one statement
answers both.
"""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction

from giaoban.core.queries import QueryRefused
from giaoban.orgs.selectors import id_array
from giaoban.reporting.engines import postgres
from giaoban.reporting.engines.expressions import marks_of
from giaoban.reporting.engines.questions import Added, EngineFailed, Found, Key, Question
from giaoban.reporting.engines.running import decimal_of, placed
from giaoban.reporting.selectors.frozen import readable_files
from giaoban.reporting.selectors.summing import COUNTER, MEMORY, SPECIAL, Places, owing, placed_at

log = logging.getLogger(__name__)

POSTGRES, DUCKDB = "postgres", "duckdb"
NONE_MARKED: Final = (0, 0, 0)
NO_ESTIMATE: Final = Decimal(0)


@dataclass(slots=True)
class Standing:
    """Who owes and who has sent, in one spot of one period. missing: units."""

    expected: int
    received: int
    missing: tuple[int, ...] = ()
    simulated: bool = False


@dataclass(frozen=True)
class Counted:
    """standing: by period, then spot; spots in which nobody owes are absent. engines: what added up."""

    standing: Mapping[int, Mapping[int, Standing]] = field(default_factory=dict)
    found: Found = field(default_factory=Found)
    engines: frozenset[str] = frozenset()


def count(question: Question) -> Counted:
    """Everything about a question. Raises QueryRefused when only files are to be read and one lacks."""
    if not question.readings:
        return Counted()
    chosen = settings.FIGURE_ENGINE
    paths = {} if chosen == POSTGRES else readable_files(question.form_id, question.readings)
    if chosen == DUCKDB and len(paths) < len(question.readings):
        lacking = len(question.readings) - len(paths)
        sentence = (
            f"{lacking} kỳ chưa có tệp đóng băng còn giá trị, mà máy chủ đang đặt chỉ đọc tệp: "
            "đóng băng các kỳ ấy (giaoban freeze) hoặc đặt GIAOBAN_ENGINE=auto."
        )
        raise QueryRefused("engine", sentence, "period")
    if not paths:
        return _in_database(question)
    from giaoban.reporting.engines import duck

    try:
        found = duck.add_up(question.of_periods(list(paths)), paths)
    except EngineFailed as fault:
        if chosen == DUCKDB:
            sentence = "Không đọc được tệp đóng băng của các kỳ này: kiểm tra bằng lệnh giaoban verify."
            raise QueryRefused("engine", sentence, "period") from fault
        log.warning("DuckDB could not add up form %s: %s; the database does", question.form_id, fault)
        return _in_database(question)
    standing = _standing(question.of_periods(list(paths)))
    rest = [one for one in question.readings if one not in paths]
    if not rest:
        return Counted(standing, found, frozenset({DUCKDB}))
    others = _in_database(question.of_periods(rest))
    found.update(others.found)
    return Counted({**standing, **others.standing}, found, others.engines | {DUCKDB})


def _in_database(question: Question) -> Counted:
    single = _single(question)
    if single is None:
        return Counted(_standing(question), postgres.add_up(question), frozenset({POSTGRES}))
    standing, found = _at_once(question, single)
    postgres.add_kept(question, found)
    return Counted(standing, found, frozenset({POSTGRES}))


Reading = Sequence[tuple[Places, Sequence[int]]]


def _single(question: Question) -> Reading | None:
    """The one spot of each unit, with the periods for which it holds; None where a unit has several."""
    periods: defaultdict[int, list[int]] = defaultdict(list)
    for period, layout in question.readings.items():
        periods[layout].append(period)
    found = []
    for layout, read_so in periods.items():
        places = question.layouts[layout]
        if any(len(spots) != 1 for spots in places.values()):
            return None
        found.append(({unit_id: spot for unit_id, (spot,) in places.items()}, read_so))
    return found


def _at_once(question: Question, reading: Reading) -> tuple[dict[int, dict[int, Standing]], Found]:
    """Who owes and the sums in one statement, and a second for lines with estimates or marks, which most have not. The
    expressions of the engines say the same, and tests hold the two together."""
    spots = 1 + max((max(places.values(), default=0) for places, _ in reading), default=0)
    owed = owing(len(reading), "")
    wanted, given = _lines(question)
    given |= {"form": question.form_id, "periods": id_array(question.readings), "spots": spots, "lines": spots}
    given |= placed_at(reading)
    standing: dict[int, dict[int, Standing]] = {period: {} for period in question.readings}
    expected = {period: Counter(places.values()) for places, read_so in reading for period in read_so}
    found = Found()
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(_values(question, owed, wanted), given)
        rows = cursor.fetchall()
        others: dict[tuple[Any, ...], Sequence[Any]] = {}
        if special := {row[0] // spots for row in rows if row[5]}:
            cursor.execute(_specials(question, owed, wanted), given | {"periods": id_array(special)})
            others = {row[:4]: row[4:] for row in cursor.fetchall()}
    scales = [one.scale for one in question.columns]
    for row in rows:
        slot, table, line, subunit, lines, _, simulated, missing, *values = row
        period, spot = divmod(slot, spots)
        here = standing[period].get(spot)
        if here is None:
            owing_here = expected[period][spot]
            here = standing[period][spot] = Standing(owing_here, owing_here)
        here.simulated |= simulated
        if missing:
            here.missing, here.received = tuple(missing), here.expected - len(missing)
        if table is not None:
            key = Key(period, spot, table, line, subunit)
            found.reports[key] = lines
            found.sums[key] = _added(values, scales, others.get((slot, table, line, subunit)))
    return standing, found


def _added(values: Sequence[Any], scales: Sequence[int], others: Sequence[Any] | None) -> tuple[Added, ...]:
    """others: per column its estimates and the counter of marks, where there are any."""
    if others is None:
        return tuple(
            Added(decimal_of(value, -scale), NO_ESTIMATE, NONE_MARKED)
            for value, scale in zip(values, scales, strict=True)
        )
    return tuple(
        Added(decimal_of(value, -scale), decimal_of(estimate, -scale) or NO_ESTIMATE, marks_of(int(counter or 0)))
        for value, scale, estimate, counter in zip(values, scales, others[::2], others[1::2], strict=True)
    )


Given = dict[str, int | str | list[str]]


def _lines(question: Question) -> tuple[str, Given]:
    """Which lines count."""
    given: Given = {}
    wanted = []
    for n, table in enumerate(_tables(question)):
        given |= {f"table{n}": table, f"rows{n}": [row for one, row in question.rows if one == table]}
        wanted.append(f'(line."table" = %(table{n})s AND line."row" = ANY(%(rows{n})s))')
    return " OR ".join(wanted), given


def _tables(question: Question) -> list[str]:
    return sorted({table for table, _ in question.rows})


def _cells(question: Question, form: str) -> Iterable[str]:
    """form: an aggregate over {line}, with {n} the place of the column in its vectors. In a line of another table the
    same place is another column: it is not asked about."""
    tables = _tables(question)
    for one in question.columns:
        which = "" if len(tables) == 1 else f' FILTER (WHERE line."table" = %(table{tables.index(one.table)})s)'
        yield form.format(n=one.position + 1) + which


def _values(question: Question, owed: str, wanted: str) -> str:
    sums = ", ".join(_cells(question, "sum(line.values[{n}])"))
    return f"""
        SELECT owed.slot, line."table", line."row", line.subunit, count(*),
               count(*) FILTER (WHERE {SPECIAL}), bool_or(owed.simulated OR coalesce(sent.simulated, false)),
               array_agg(owed.unit_id) FILTER (WHERE sent.id IS NULL), {sums}
        FROM {owed}
        LEFT JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        LEFT JOIN reporting_submissionline line ON line.submission_id = sent.id AND ({wanted})
        GROUP BY owed.slot, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def _specials(question: Question, owed: str, wanted: str) -> str:
    estimates = _cells(question, "sum(line.estimates[{n}])")
    counters = _cells(question, f"sum((1::bigint << {COUNTER} * line.marks[{{n}}]) >> {COUNTER})")
    both = ", ".join(f"{one}, {other}" for one, other in zip(estimates, counters, strict=True))
    return f"""
        SELECT owed.slot, line."table", line."row", line.subunit, {both}
        FROM {owed}
        JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        JOIN reporting_submissionline line ON line.submission_id = sent.id AND ({wanted})
        WHERE {SPECIAL}
        GROUP BY owed.slot, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query


def _standing(question: Question) -> dict[int, dict[int, Standing]]:
    """Who owes, where another statement adds up or units count in several spots. One query."""
    readings, (layouts, units, spots) = placed(question)
    query = """
        SELECT owed.period_id, place.spot, count(*), count(owed.sent_id),
               array_agg(owed.unit_id) FILTER (WHERE owed.sent_id IS NULL), bool_or(owed.simulated)
        FROM (
            SELECT owed.period_id, owed.unit_id, sent.id AS sent_id,
                   owed.simulated OR coalesce(sent.simulated, false) AS simulated
            FROM reporting_obligation owed
            LEFT JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
            WHERE owed.form_id = %(form)s AND owed.period_id = ANY(%(periods)s::bigint[])
            OFFSET 0
        ) AS owed
        JOIN unnest(%(periods)s::bigint[], %(layouts)s::int[]) AS reading(period_id, layout)
          ON reading.period_id = owed.period_id
        JOIN unnest(%(place_layouts)s::int[], %(units)s::bigint[], %(spots)s::int[]) AS place(layout, unit_id, spot)
          ON place.layout = reading.layout AND place.unit_id = owed.unit_id
        GROUP BY owed.period_id, place.spot
    """
    given: postgres.Given = {
        "form": question.form_id,
        "periods": id_array(period for period, _ in readings),
        "layouts": id_array(layout for _, layout in readings),
        "place_layouts": id_array(layouts),
        "units": id_array(units),
        "spots": id_array(spots),
    }
    found: dict[int, dict[int, Standing]] = {period: {} for period in question.readings}
    for period, spot, expected, received, missing, simulated in postgres.fetched(query, given):
        found[period][spot] = Standing(expected, received, tuple(missing or ()), simulated)
    return found
