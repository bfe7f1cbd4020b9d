"""Where many reports stand on a day, in one query: the SQL that the board, the counts and the histories share.

The definitions are those of `rules.timeliness` and `core.timeliness`; a test compares the two.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from giaoban.core.figures import Mark
from giaoban.core.timeliness import BAND_STARTS, SOON_DAYS
from giaoban.reporting.rules import REPLACED_WHILE_WAITING


@dataclass(frozen=True, slots=True)
class Scope:
    """Which reports: of forms and periods, those beneath a unit (its own among them), or those that it receives."""

    unit_id: int
    form_ids: tuple[int, ...]
    period_ids: tuple[int, ...]
    received: bool = False


def end_of(on: date) -> datetime:
    """The moment at which a day is over where the office is."""
    return timezone.make_aware(datetime.combine(on + timedelta(days=1), time.min))


# A day `on` inside the span of a row, and the last day of a period inside it; {0}: name of the row.
ON_LAST_DAY: Final = """({0}.valid_from IS NULL OR {0}.valid_from < period."end")
    AND ({0}.valid_to IS NULL OR {0}.valid_to >= period."end")"""
ON_REFERENCE: Final = """({0}.valid_from IS NULL OR {0}.valid_from <= life.on_day)
    AND ({0}.valid_to IS NULL OR {0}.valid_to > life.on_day)"""

# Reports beneath a unit in the tree of each period's last day. A unit that does not stand on the line that day is
# looked for on the nearest day of its life and on any line; it is listed (owes) unless it had ended by then.
# child_id: the unit directly beneath through which it hangs, itself for the unit's own report.
BENEATH: Final = f"""
    SELECT owed.id, owed.unit_id, owed.form_id, owed.period_id, owed.due_on, owed.simulated,
           child.ancestor_id AS child_id,
           true AS listed
    FROM reporting_obligation owed
    JOIN reporting_period period ON period.id = owed.period_id
    JOIN orgs_unitclosure below ON below.ancestor_id = %(unit)s AND below.descendant_id = owed.unit_id
         AND below.line_id = %(line)s AND {ON_LAST_DAY.format("below")}
    JOIN orgs_unitclosure child ON child.descendant_id = owed.unit_id AND child.line_id = %(line)s
         AND child.depth = greatest(below.depth - 1, 0) AND {ON_LAST_DAY.format("child")}
    WHERE owed.form_id = ANY(%(forms)s::bigint[]) AND owed.period_id = ANY(%(periods)s::bigint[])
    UNION ALL
    SELECT owed.id, owed.unit_id, owed.form_id, owed.period_id, owed.due_on, owed.simulated,
           place.child_id, NOT life.ended
    FROM reporting_obligation owed
    JOIN reporting_period period ON period.id = owed.period_id
    CROSS JOIN LATERAL (
        SELECT least(greatest(period."end" - 1, min(coalesce(alive.valid_from, '-infinity'))),
                     max(coalesce(alive.valid_to, 'infinity')) - 1) AS on_day,
               max(coalesce(alive.valid_to, 'infinity')) < period."end" AS ended
        FROM orgs_unitversion alive WHERE alive.unit_id = owed.unit_id
    ) life
    CROSS JOIN LATERAL (
        SELECT child.ancestor_id AS child_id
        FROM orgs_unitclosure below
        JOIN orgs_unitclosure child ON child.descendant_id = below.descendant_id AND child.line_id = below.line_id
             AND child.depth = greatest(below.depth - 1, 0) AND {ON_REFERENCE.format("child")}
        WHERE below.ancestor_id = %(unit)s AND below.descendant_id = owed.unit_id AND {ON_REFERENCE.format("below")}
        ORDER BY below.line_id <> %(line)s, below.line_id LIMIT 1
    ) place
    WHERE owed.form_id = ANY(%(forms)s::bigint[]) AND owed.period_id = ANY(%(periods)s::bigint[])
      AND NOT EXISTS (
          SELECT FROM orgs_unitclosure itself
          WHERE itself.descendant_id = owed.unit_id AND itself.line_id = %(line)s AND itself.depth = 0
            AND {ON_LAST_DAY.format("itself")}
      )
"""  # noqa: S608  # nosec B608 - constants

# Reports that a unit receives, wherever who sends them stands; child_id NULL: nowhere beneath it on the line.
RECEIVED_BY: Final = f"""
    SELECT owed.id, owed.unit_id, owed.form_id, owed.period_id, owed.due_on, owed.simulated,
           child.ancestor_id AS child_id,
           (owed.unit_id, owed.period_id) IN (
               SELECT alive.unit_id, kept.id
               FROM reporting_period kept
               JOIN orgs_unitversion alive ON alive.valid_to IS NULL OR alive.valid_to >= kept."end"
               WHERE kept.id = ANY(%(periods)s::bigint[])
           ) AS listed
    FROM reporting_obligation owed
    JOIN reporting_period period ON period.id = owed.period_id
    LEFT JOIN orgs_unitclosure below ON below.ancestor_id = %(unit)s AND below.descendant_id = owed.unit_id
         AND below.line_id = %(line)s AND {ON_LAST_DAY.format("below")}
    LEFT JOIN orgs_unitclosure child ON child.descendant_id = owed.unit_id AND child.line_id = %(line)s
         AND child.depth = below.depth - 1 AND {ON_LAST_DAY.format("child")}
    WHERE owed.receiver_id = %(unit)s
      AND owed.form_id = ANY(%(forms)s::bigint[]) AND owed.period_id = ANY(%(periods)s::bigint[])
"""  # noqa: S608  # nosec B608 - constants


# A version as it stood at the moment asked: what was decided later was not decided yet. {0}: name of the row.
RETURNED: Final = "({0}.state = 'returned' AND {0}.decided_at < %(until)s)"
ACCEPTED: Final = """({0}.decided_at < %(until)s AND ({0}.state = 'accepted'
    OR {0}.state = 'superseded' AND {0}.decision_reason <> %(replaced)s))"""

# Per report what came by the moment asked; `latest`: version × 4 + state (0 waiting, 1 returned, 2 accepted once). The
# planner cannot know how many reports are `owed`: they are joined to tables with an index only, never to one another.
OWED: Final = ", ".join(
    f"owed.{name}" for name in ("id", "unit_id", "form_id", "period_id", "child_id", "listed", "simulated", "due_on")
)
CAME: Final = f"""
    SELECT {OWED}, min(sent.sent_at) AS first_at, bool_or({RETURNED.format("sent")}) AS has_return,
           max(sent.version * 4 + CASE WHEN {RETURNED.format("sent")} THEN 1 WHEN {ACCEPTED.format("sent")} THEN 2
               ELSE 0 END) AS latest
           {{counted}}
    FROM owed
    LEFT JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.sent_at < %(until)s
    GROUP BY {OWED}
"""  # noqa: S608  # nosec B608 - constants
# The version whose figures count: the last one that did not come back.
COUNTED: Final = f""", max(ARRAY[sent.version, sent.id, sent.filled, sent.required]::bigint[])
               FILTER (WHERE NOT {RETURNED.format("sent")}) AS counted"""

# `rules.timeliness.delivered_at`, for the few reports of which a version came back.
REDELIVERED: Final = f"""(
    SELECT min(again.sent_at) FROM reporting_submission again
    WHERE again.obligation_id = came.id AND again.sent_at < %(until)s AND NOT {RETURNED.format("again")}
      AND again.version > coalesce((
          SELECT max(back.version) FROM reporting_submission back
          WHERE back.obligation_id = came.id AND back.sent_at < %(until)s AND {RETURNED.format("back")}
            AND NOT EXISTS (
                SELECT FROM reporting_submission kept
                WHERE kept.obligation_id = came.id AND kept.version < back.version AND kept.sent_at < %(until)s
                  AND {ACCEPTED.format("kept")}
            )
      ), 0))"""  # noqa: S608  # nosec B608 - constants

# `rules.timeliness.due_by`: what the first move after the moment asked says that it replaced. Looked for where there is
# such a move at all: on a day that has passed.
MOVED: Final = "reporting_deadlinechange moved JOIN kit_act entry ON entry.id = moved.act_id AND entry.at >= %(until)s"
LATER: Final = f"""
    SELECT moved.obligation_id, moved.old_due_on FROM {MOVED}
    WHERE moved.obligation_id = came.id AND (SELECT EXISTS (SELECT FROM {MOVED}))
    ORDER BY moved.id LIMIT 1
"""  # noqa: S608  # nosec B608 - constants

NIL: Final = f"""(
    came.counted[3] >= came.counted[4]
    AND NOT EXISTS (SELECT FROM reporting_submissionline line
                    WHERE line.submission_id = came.counted[2] AND {int(Mark.REPORTED)} = ANY(line.marks))
    AND EXISTS (SELECT FROM reporting_submissionline line
                WHERE line.submission_id = came.counted[2] AND {int(Mark.NIL)} = ANY(line.marks)))"""  # noqa: S608  # nosec B608 - constants


def facts_query(scope: Scope, *, cells: bool) -> str:
    """A query `WITH … fact AS (…)`, to be followed by a SELECT from `fact`: one row per report.

    id, unit_id, form_id, period_id, child_id, listed, due_on (as known then), delivered_at, version, latest (0 waiting,
    1 returned, 2 accepted; NULL nothing sent), arrival, days. cells: also submission_id, filled, required, is_nil of
    the version that counts.
    """
    counted = """, came.counted[2] AS submission_id, came.counted[3]::int AS filled, came.counted[4]::int AS required"""
    nil = f", came.counted IS NOT NULL AND {NIL} AS is_nil"
    return f"""
        WITH owed AS MATERIALIZED ({RECEIVED_BY if scope.received else BENEATH}),
        came AS MATERIALIZED ({CAME.format(counted=COUNTED if cells else "")}),
        known AS MATERIALIZED (
            SELECT came.id, came.unit_id, came.form_id, came.period_id, came.child_id, came.listed, came.simulated,
                   CASE WHEN later.obligation_id IS NULL THEN came.due_on ELSE later.old_due_on END AS due_on,
                   CASE WHEN came.has_return THEN {REDELIVERED} ELSE came.first_at END AS delivered_at,
                   came.latest / 4 AS version, came.latest %% 4 AS latest
                   {counted + nil if cells else ""}
            FROM came LEFT JOIN LATERAL ({LATER}) later ON true
        ),
        timed AS (
            SELECT known.*, greatest(0, coalesce(
                (coalesce((delivered_at AT TIME ZONE %(zone)s)::date, %(on)s::date) - due_on), 0)) AS days
            FROM known
        ),
        fact AS (
            SELECT timed.*, CASE
                WHEN delivered_at IS NOT NULL AND due_on IS NULL THEN 'undated'
                WHEN delivered_at IS NOT NULL AND days > 0 THEN 'late'
                WHEN delivered_at IS NOT NULL THEN 'on_time'
                WHEN latest IS NOT NULL THEN 'returned'
                WHEN due_on IS NULL THEN 'no_deadline'
                WHEN days > 0 THEN 'missing'
                WHEN due_on - %(on)s::date <= %(soon)s THEN 'due_soon'
                ELSE 'not_due' END AS arrival,
                width_bucket(days, %(bands)s::int[]) AS band
            FROM timed
        )
    """  # noqa: S608  # nosec B608 - no outside text goes into the query


def parameters(scope: Scope, on: date, line_id: int) -> dict[str, Any]:
    """What a `facts_query` is asked with; line_id: of `line_of`."""
    return {
        "unit": scope.unit_id,
        "forms": list(scope.form_ids),
        "periods": list(scope.period_ids),
        "line": line_id,
        "on": on,
        "until": end_of(on),
        "zone": timezone.get_current_timezone_name(),
        "replaced": REPLACED_WHILE_WAITING,
        "soon": SOON_DAYS,
        "bands": list(BAND_STARTS),
    }


def line_of(scope: Scope) -> int | None:
    """The line on which most reporters stand at or beneath the unit, one that the forms are owed on first; the units
    that stand on none of them are found by another. None: nobody there owes anything."""
    query = f"""
        SELECT below.line_id
        FROM reporting_obligation owed
        JOIN reporting_period period ON period.id = owed.period_id
        JOIN orgs_unitclosure below ON below.ancestor_id = %(unit)s AND below.descendant_id = owed.unit_id
             AND {ON_LAST_DAY.format("below")}
        WHERE owed.form_id = ANY(%(forms)s::bigint[]) AND owed.period_id = ANY(%(periods)s::bigint[])
        GROUP BY below.line_id
        ORDER BY below.line_id IN (
            SELECT line_id FROM reporting_owingrule WHERE form_id = ANY(%(forms)s::bigint[])
        ) DESC, count(*) DESC, below.line_id
        LIMIT 1
    """  # noqa: S608  # nosec B608 - constants
    with connection.cursor() as cursor:
        cursor.execute(query, {"unit": scope.unit_id, "forms": list(scope.form_ids), "periods": list(scope.period_ids)})
        row = cursor.fetchone()
    return row[0] if row else None
