"""What sending asks the database and writes to it, in the few and plain statements that an hour of deadline needs."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from giaoban.kit.prepared import execute, fetch
from giaoban.reporting.models import SubmissionLine


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of one report once it is locked, so that nobody asks for what is not there.

    has_closings: somebody closed books of its form and period, not necessarily over it. number: the next receipt's,
    when nothing was sent yet and nothing is closed.
    """

    has_closings: bool = True
    is_sent: bool = True
    has_draft: bool = True
    number: int | None = None


_GROUND: Final = """
    SELECT closed, sent, EXISTS (SELECT FROM reporting_draft WHERE obligation_id = known.id),
           CASE WHEN NOT closed AND NOT sent THEN nextval(pg_get_serial_sequence('reporting_submission', 'id')) END
    FROM (
        SELECT owed.id,
               EXISTS (SELECT FROM reporting_closing closing WHERE closing.form_id = owed.form_id
                       AND closing.period_id = owed.period_id AND closing.undone_id IS NULL) AS closed,
               EXISTS (SELECT FROM reporting_submission WHERE obligation_id = owed.id) AS sent
        FROM reporting_obligation owed WHERE owed.id = %s
    ) known
"""


def ground_of(obligation_id: int) -> Ground:
    """Asked for after the obligation was locked: sending and closing wait for that lock. One query."""
    return Ground(*fetch(_GROUND, [obligation_id])[0])


def fresh_numbers(count: int) -> list[int]:
    """Fresh numbers from the sequence of the table: one is both the row's id and the number on the receipt."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('reporting_submission', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [row[0] for row in cursor.fetchall()]


_LINES: Final = """
    INSERT INTO reporting_submissionline (submission_id, "table", "row", subunit, "values", estimates, marks, texts)
    SELECT submission_id, part, line, subunit, figures::bigint[], estimates::bigint[], marks::smallint[], texts::jsonb
    FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
         AS given(submission_id, part, line, subunit, figures, estimates, marks, texts)
"""


def write_lines(lines: Sequence[SubmissionLine]) -> None:
    """Insert lines, each vector as the text that the database reads. One query for 5,000 of them."""
    for start in range(0, len(lines), 5000):
        part = lines[start : start + 5000]
        columns: list[list[Any]] = [
            [one.submission_id for one in part],
            [one.table for one in part],
            [one.row for one in part],
            [one.subunit for one in part],
            *([_vector(getattr(one, name)) for one in part] for name in ("values", "estimates", "marks")),
            [json.dumps(one.texts) for one in part],
        ]
        execute(_LINES, columns)


def _vector(numbers: Iterable[int | None]) -> str:
    return f"{{{','.join('NULL' if one is None else str(int(one)) for one in numbers)}}}"
