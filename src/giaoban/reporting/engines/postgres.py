"""PostgreSQL: the stored lines of current reports, added where they lie."""

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from django.db import connection, transaction

from giaoban.orgs.selectors import id_array
from giaoban.reporting.engines import running
from giaoban.reporting.engines.expressions import LINES, PLACES, READINGS
from giaoban.reporting.engines.questions import Found, Question
from giaoban.reporting.engines.running import Run, answered, placed, whole

NAME: Final = "postgres"

# Enough for the planner to add up in memory what it would otherwise sort, texts and all; until the transaction ends.
MEMORY: Final = "SET LOCAL work_mem = '64MB'; SET LOCAL enable_sort = off"


READ: Final = """
    SELECT * FROM unnest(%(reading_period)s::bigint[], %(reading_layout)s::int[]) AS reading(period, layout)
"""
PLACED: Final = """
    SELECT * FROM unnest(%(place_layout)s::int[], %(place_unit)s::bigint[], %(place_spot)s::int[])
                  AS place(layout, unit_id, spot)
"""
Given: TypeAlias = dict[str, int | str | list[str]]


def fetched(query: str, given: Given) -> list[tuple[Any, ...]]:
    """The rows of a query over many reports."""
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        cursor.execute(MEMORY)
        cursor.execute(query, given)
        return list(cursor.fetchall())


def add_up(question: Question) -> Found:
    """Everything that the question asks, in one statement for the sums and one for each column of another kind."""
    return answered(question, "postgres", _runner(question), by_row=True)


def add_kept(question: Question, found: Found) -> None:
    """What columns of another kind are made from, where the sums are known already."""
    if question.extremes or question.means or running.may_be_uneven(question, found):
        running.add_kept(question, "postgres", _runner(question), found, by_row=True)


def _runner(question: Question) -> Run:
    source, given = _relations(question)

    def run(statement: str) -> Iterable[Sequence[Any]]:
        return fetched(whole(source, statement.replace("%", "%%")), given)

    return run


def _relations(question: Question) -> tuple[dict[str, str], Given]:
    """OFFSET 0 has the lines planned by themselves: how many places there are, the planner does not know, and it would
    look up one report after the other."""
    readings, (layouts, units, spots) = placed(question)
    given: Given = {
        "form": question.form_id,
        "periods": id_array(question.readings),
        "reading_period": id_array(period for period, _ in readings),
        "reading_layout": id_array(layout for _, layout in readings),
        "place_layout": id_array(layouts),
        "place_unit": id_array(units),
        "place_spot": id_array(spots),
    }
    tables = sorted({table for table, _ in question.rows})
    wanted = []
    for n, table in enumerate(tables):
        given |= {f"table{n}": table, f"rows{n}": [row for one, row in question.rows if one == table]}
        wanted.append(f'(line."table" = %(table{n})s AND line."row" = ANY(%(rows{n})s))')
    exact = "::numeric" if question.extremes or question.means else ""
    columns = []
    for n, one in enumerate(question.columns):
        for letter, vector in (("v", "values"), ("e", "estimates"), ("m", "marks")):
            cell = f"line.{vector}[{one.position + 1}]{exact if letter != 'm' else ''}"
            if len(tables) > 1:
                cell = f'CASE WHEN line."table" = %(table{tables.index(one.table)})s THEN {cell} END'
            columns.append(f"{cell} AS {letter}{n}")
    lines = f"""
        SELECT owed.period_id AS period, owed.unit_id, line."table", line."row", line.subunit,
               0 <> ANY (line.estimates) OR 0 <> ANY (line.marks) AS special, {", ".join(columns)}
        FROM reporting_obligation owed
        JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        JOIN reporting_submissionline line ON line.submission_id = sent.id
        WHERE owed.form_id = %(form)s AND owed.period_id = ANY(%(periods)s::bigint[])
          AND ({" OR ".join(wanted)})
        OFFSET 0
    """  # noqa: S608  # nosec B608 - only names and numbers of ours go into the query
    return {LINES: lines, READINGS: READ, PLACES: PLACED}, given
