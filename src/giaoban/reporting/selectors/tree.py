"""Where those who report stand in the tree of units, and whom to call there."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.apps import apps
from django.db import connection

from giaoban.kit.models import valid_on
from giaoban.kit.permissions import ROLE_NAMES, Role
from giaoban.orgs.selectors import SubUnit as SubUnit
from giaoban.orgs.selectors import id_array as id_array
from giaoban.orgs.selectors import nearest_of_kind as nearest_of_kind
from giaoban.orgs.selectors import subunits_of as subunits_of
from giaoban.orgs.selectors import units_of_kind as units_of_kind


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to call at a unit."""

    name: str
    role_name: str
    acting: bool


def people_at_many(unit_ids: Iterable[int], on: date) -> dict[int, tuple[Person, ...]]:
    """Everybody who holds a post at the units on a day."""
    found: defaultdict[int, list[Person]] = defaultdict(list)
    posts = apps.get_model("orgs", "Post")._default_manager.filter(valid_on(on), unit_id__in=set(unit_ids))
    for post in posts.select_related("user").order_by("pk"):
        found[post.unit_id].append(Person(post.user.get_full_name(), ROLE_NAMES[Role(post.role)], post.acting))
    return {unit_id: tuple(people) for unit_id, people in found.items()}


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
