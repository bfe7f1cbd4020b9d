"""Whom a person may see: everything shown to a person starts from `visible_to`."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import Http404

from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among
from giaoban.kit.models import valid_on
from giaoban.orgs.models import Unit, UnitParent, UnitReach
from giaoban.orgs.selectors.cards import UnitCard, card, cards

# Whom administrators at units manage on a day: these, what stands beneath them that day, and of what has ended by then
# whatever last stood beneath one of those, or beneath what these wholly succeeded (`False`: a way only, not managed).
# Parameters: day, units, day, day, units, day, day.
MANAGED = """
    WITH RECURSIVE ended AS (
        SELECT unit_id, max(valid_to) AS end_on FROM orgs_unitversion GROUP BY unit_id
        HAVING bool_and(valid_to IS NOT NULL) AND max(valid_to) <= %s
    ), held(id, managed) AS (
        SELECT unit_id, true FROM orgs_unitversion
        WHERE unit_id = ANY(%s::bigint[])
          AND (valid_from IS NULL OR valid_from <= %s) AND (valid_to IS NULL OR valid_to > %s)
        UNION
        SELECT descendant_id, true FROM orgs_unitclosure
        WHERE ancestor_id = ANY(%s::bigint[])
          AND (valid_from IS NULL OR valid_from <= %s) AND (valid_to IS NULL OR valid_to > %s)
        UNION
        SELECT past.id, past.managed FROM held, LATERAL (
            SELECT ended.unit_id AS id, true AS managed
            FROM orgs_unitparent parent JOIN ended ON ended.unit_id = parent.unit_id
            WHERE parent.parent_id = held.id AND (parent.valid_to IS NULL OR parent.valid_to >= ended.end_on)
            UNION ALL
            SELECT ended.unit_id, false
            FROM orgs_unitsuccession step JOIN ended ON ended.unit_id = step.old_id
            WHERE step.new_id = held.id AND step.whole AND step.kind <> 'transfer'
        ) past
    )
    SELECT id FROM held WHERE managed
"""


def managed_ids(unit_ids: Iterable[int], on: date) -> QuerySet[Unit, Any]:
    """What administrators at these units may change on a day, as a sub-query: the units and what stands beneath them
    that day on any line. Reading a history gives no such right: an ended unit is managed only by those above whom it
    stood last, or above the whole heirs of these."""
    own = list(unit_ids)
    found = RawSQL(MANAGED, [on, own, on, on, own, on, on])  # noqa: S611  # nosec B611 - constant
    return Unit.objects.filter(pk__in=found).values("pk")


def scope_ids(unit_ids: Iterable[int], on: date) -> QuerySet[Unit, Any]:
    """What belongs to units on a day, as a sub-query: they themselves, all beneath them on any line, and the history
    of all these: ended units that they succeeded, or that ever stood beneath one of them, step by step.

    A unit that still exists is seen from where it stands, not from where it once stood. The steps are taken when the
    tree changes (`orgs.reach`), not here.
    """
    return _in_reach(unit_ids, on).values("pk")


def _in_reach(unit_ids: Iterable[int], on: date) -> QuerySet[Unit]:
    """Asked of each unit by itself, which is a look into an index where they are few, and one reading of the reach
    where they are many: the planner chooses. In a list of their own the thousands of a ministry would be laid out for
    every question about a handful."""
    own = list(unit_ids)
    return Unit.objects.filter(_is(own, "pk") | Exists(_reached(own, on)))


def _reached(own: list[int], on: date) -> QuerySet[UnitReach]:
    return UnitReach.objects.filter(_is(own, "reader_id"), valid_on(on), unit_id=OuterRef("pk"))


FEW: Final = 100


def _is(own: list[int], name: str) -> Q:
    """One of these units: as plain numbers for a plan that counts on few, however many there are."""
    return Q(**{f"{name}__in": own if len(own) <= FEW else among(own)})


def visible_ids(actor: Actor, on: date) -> QuerySet[Unit, Any]:
    """The units that an actor may see, as a sub-query: the scope of the units at which a post is held."""
    return Unit.objects.values("pk") if actor.everything else scope_ids(actor.unit_ids, on)


def visible_to(actor: Actor, on: date) -> QuerySet[Unit]:
    """The same as a queryset: one sub-query, however deep the tree and however long its history."""
    return Unit.objects.all() if actor.everything else _in_reach(actor.unit_ids, on)


def unit_for(actor: Actor, key: str, on: date) -> UnitCard:
    """The unit of a key, if the actor may see it; otherwise, or when there is none, 404."""
    unit = visible_to(actor, on).filter(key=key).first()
    if unit is None:
        raise Http404("Không có đơn vị này trong phạm vi của bạn.")
    return card(unit.pk, on)


def tops_of(actor: Actor, on: date) -> list[UnitCard]:
    """Where the actor's tree begins: the units at which a post is held; for the system, units without a parent."""
    ids: Iterable[int] = actor.unit_ids
    if actor.everything:
        under = UnitParent.objects.filter(valid_on(on)).values("unit_id")
        ids = Unit.objects.exclude(pk__in=under).values_list("pk", flat=True)
    return list(cards(ids, on).values())
