"""The tree of a day and who reads whom: the whole pack, all its units and events."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.db import connection

from bench.timing import milliseconds, row
from bench.world import World
from giaoban.kit.actors import Actor, HeldPost
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors as orgs
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import Unit, UnitClosure, UnitReach, UnitSuccession

EVE, AFTER, NOW = date(2025, 6, 30), date(2025, 7, 1), date(2026, 11, 1)


def measure(world: World, rounds: int) -> Iterator[str]:
    units, rows = Unit.objects.count(), (UnitClosure.objects.count(), UnitReach.objects.count())
    yield f"{units} units, {rows[0]} rows of closure, {rows[1]} rows of reach"
    yield from _trees(rounds)
    yield from _rights(world, rounds)
    yield from _following(rounds)


def _trees(rounds: int) -> Iterator[str]:
    for on in (EVE, NOW):
        for line in orgs.lines():
            count = len(orgs.tree_on(line.key, on))
            taken = milliseconds(lambda line=line, on=on: orgs.tree_on(line.key, on), rounds)  # type: ignore[misc]
            yield row(f"tree of {on}, {line.key}: {count} units", taken, "50 ms")
        count = len(orgs.area_tree_on(on))
        taken = milliseconds(lambda on=on: orgs.area_tree_on(on), rounds)  # type: ignore[misc]
        yield row(f"tree of {on}, areas: {count}", taken, "50 ms")
    taken = milliseconds(lambda: orgs.crosswalk(EVE, AFTER), 3, warm_up=1)
    yield row(f"crosswalk of units, {EVE} to {AFTER}", taken)


def _rights(world: World, rounds: int) -> Iterator[str]:
    commune = orgs.children_of(world.province, "professional", NOW)[0].id
    for name, unit_id in (("the ministry", world.nation), ("a province", world.province), ("a commune", commune)):
        actor = Actor(user_id=None, name=name, posts=(HeldPost(unit_id, Role.HEAD),), unit_id=unit_id)
        query = orgs.visible_to(actor, NOW).values_list("pk", flat=True)
        seen = len(query)
        taken = milliseconds(lambda query=query: list(query.all()), rounds)  # type: ignore[misc]
        yield row(f"visible_to for {name}: {seen} units", taken)
        steps, depth = _plan(query)
        inner = str(query.query).upper().count("SELECT") - 1
        yield f"    {inner} sub-query, a plan of {steps} steps, {depth} deep, none of them recursive"


def _plan(query: Any) -> tuple[int, int]:
    """Steps and depth of the plan that the database makes. Raises AssertionError when one of them is a recursion."""
    sql, given = query.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", given)
        (plan,) = cursor.fetchone()[0]
    steps, front, depth = 0, [plan["Plan"]], 0
    while front:
        depth += 1
        steps += len(front)
        if any(step["Node Type"] == "Recursive Union" for step in front):
            raise AssertionError("the plan is recursive")
        front = [below for step in front for below in step.get("Plans", ())]
    return steps, depth


def _following(rounds: int) -> Iterator[str]:
    merged = UnitSuccession.objects.filter(
        on=AFTER, whole=True, kind="merge", new__versions__kind__represents_area=True
    )
    new_id = merged.order_by("-pk").values_list("new_id", flat=True)[0]
    touched = [new_id, *UnitSuccession.objects.filter(new_id=new_id, on=AFTER).values_list("old_id", flat=True)]

    def merger() -> None:
        UnitClosure.objects.filter(descendant_id__in=touched).delete()
        UnitReach.objects.filter(unit_id__in=touched).delete()
        rebuild_closure(touched)

    yield row(f"closure and reach after a merger of {len(touched) - 1} units", milliseconds(merger, rounds), "100 ms")
    yield row("closure and reach of all units, as they stand", milliseconds(rebuild_closure, 3, warm_up=1), "3000 ms")
