"""When what was accepted of units and periods last became another."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from django.db import connection

from giaoban.orgs.selectors import id_array

LATEST: Final = """
    SELECT asked.unit_id, asked.period_id, max(sent.decided_at)
    FROM unnest(%(units)s::bigint[], %(periods)s::bigint[]) AS asked(unit_id, period_id)
    JOIN orgs_unitclosure below ON below.ancestor_id = asked.unit_id
    JOIN reporting_obligation owed ON owed.unit_id = below.descendant_id AND owed.period_id = asked.period_id
    JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
    GROUP BY asked.unit_id, asked.period_id
"""


def last_accepted(places: Collection[tuple[int, int]]) -> dict[tuple[int, int], datetime]:
    """(Unit, period) → when the last of the reports that count, of the unit or of any that ever stood beneath it, was
    accepted; absent where none was. One query."""
    asked = sorted(set(places))
    if not asked:
        return {}
    given = {"units": id_array(unit for unit, _ in asked), "periods": id_array(period for _, period in asked)}
    with connection.cursor() as cursor:
        cursor.execute(LATEST, given)
        return {(unit_id, period_id): at for unit_id, period_id, at in cursor.fetchall() if at is not None}
