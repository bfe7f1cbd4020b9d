"""The lines of the tree of units on which those who report stand."""

from collections.abc import Collection
from datetime import date

from django.db import connection

from giaoban.orgs.selectors import id_array


def line_beneath(unit_id: int, form_id: int, period_id: int, on: date) -> str | None:
    """The line on which the reporters of a form and period stand beneath a unit: one that the form is owed on, else the
    one with most reporters. None when no reporter stands beneath it."""
    query = """
        SELECT line.key
        FROM orgs_unitclosure below
        JOIN orgs_line line ON line.id = below.line_id
        JOIN reporting_obligation owed ON owed.unit_id = below.descendant_id
        WHERE below.ancestor_id = %(unit)s AND below.depth > 0
          AND (below.valid_from IS NULL OR below.valid_from <= %(on)s)
          AND (below.valid_to IS NULL OR below.valid_to > %(on)s)
          AND owed.form_id = %(form)s AND owed.period_id = %(period)s
        GROUP BY line.id, line.key
        ORDER BY line.id IN (SELECT line_id FROM reporting_owingrule WHERE form_id = %(form)s) DESC,
                 count(*) DESC, line.key
        LIMIT 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"unit": unit_id, "form": form_id, "period": period_id, "on": on})
        row = cursor.fetchone()
    return row[0] if row else None


def line_of_reporters(form_id: int, period_id: int, on: date) -> str | None:
    """The line on which most reporters of a form and period stand beneath their receiver, or at all beneath anybody."""
    query = """
        SELECT line.key
        FROM reporting_obligation owed
        JOIN orgs_unitclosure above ON above.descendant_id = owed.unit_id AND above.depth > 0
        JOIN orgs_line line ON line.id = above.line_id
        WHERE owed.form_id = %(form)s AND owed.period_id = %(period)s
          AND (above.valid_from IS NULL OR above.valid_from <= %(on)s)
          AND (above.valid_to IS NULL OR above.valid_to > %(on)s)
        GROUP BY line.id, line.key
        ORDER BY line.id IN (SELECT line_id FROM reporting_owingrule WHERE form_id = %(form)s) DESC,
                 count(*) FILTER (WHERE above.ancestor_id = owed.receiver_id) DESC, count(*) DESC, line.key
        LIMIT 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"form": form_id, "period": period_id, "on": on})
        row = cursor.fetchone()
    return row[0] if row else None


def line_of_form(form_id: int, unit_ids: Collection[int], on: date) -> str | None:
    """The line on which most of some units ever stood beneath others up to a day, one that the form is owed on first:
    of reporters that are no more on that day."""
    query = """
        SELECT line.key
        FROM orgs_unitclosure above
        JOIN orgs_line line ON line.id = above.line_id
        WHERE above.depth > 0 AND above.descendant_id = ANY(%(units)s::bigint[])
          AND (above.valid_from IS NULL OR above.valid_from <= %(on)s)
        GROUP BY line.id, line.key
        ORDER BY line.id IN (SELECT line_id FROM reporting_owingrule WHERE form_id = %(form)s) DESC,
                 count(*) DESC, line.key
        LIMIT 1
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"units": id_array(unit_ids), "form": form_id, "on": on})
        row = cursor.fetchone()
    return row[0] if row else None
