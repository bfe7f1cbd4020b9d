"""Who reads whom, when: the derived table says on every day what the rule, taken step by step, says."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from giaoban.kit.actors import system_actor
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import SuccessionKind, Unit, UnitClosure, UnitParent, UnitReach, UnitSuccession, UnitVersion
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db

# The rule itself, walked on the day that is asked for. Parameters: day, own units, own units, day, day.
RULE = """
    WITH RECURSIVE ended(id) AS (
        SELECT unit_id FROM orgs_unitversion GROUP BY unit_id HAVING bool_and(coalesce(valid_to <= %s::date, false))
    ), scope(id, with_history) AS (
        SELECT unnest(%s::bigint[]), true
        UNION
        SELECT descendant_id, true FROM orgs_unitclosure
        WHERE ancestor_id = ANY(%s::bigint[]) AND daterange(valid_from, valid_to) @> %s::date
        UNION
        SELECT past.id, past.with_history FROM scope JOIN (
            SELECT new_id AS above, old_id AS id, kind <> 'transfer' AS with_history
            FROM orgs_unitsuccession WHERE "on" <= %s::date
            UNION ALL
            SELECT ancestor_id, descendant_id, true FROM orgs_unitclosure
        ) past ON past.above = scope.id AND scope.with_history JOIN ended ON ended.id = past.id
    )
    SELECT id FROM scope
"""

FIRST, DAYS, UNITS = date(2020, 1, 1), 6, 6


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@dataclass(frozen=True)
class Life:
    """start, end: numbers of days, None = open. under: (parent, line, start, end), a parent being an earlier unit."""

    start: int | None
    end: int | None
    under: tuple[tuple[int, str, int, int], ...]


def lives(number: int) -> st.SearchStrategy[Life]:
    edge = st.tuples(
        st.integers(0, max(number - 1, 0)), st.sampled_from(["a", "b"]), st.integers(0, DAYS - 1), st.integers(1, DAYS)
    )
    return st.builds(
        Life,
        st.one_of(st.none(), st.integers(0, 2)),
        st.one_of(st.none(), st.integers(3, DAYS)),
        st.lists(edge, max_size=3 if number else 0).map(tuple),
    )


Worlds = st.tuples(*(lives(number) for number in range(UNITS)))
Steps = st.sets(st.tuples(st.integers(0, UNITS - 1), st.integers(0, UNITS - 1), st.integers(1, DAYS)), max_size=5)


def make(worlds: tuple[Life, ...], steps: set[tuple[int, int, int]]) -> list[Unit]:
    """The units of a world, without what was there before. Edges that would overlap others, or lie outside the unit's
    life, are left out."""
    UnitSuccession.objects.all().delete()
    UnitParent.objects.all().delete()
    Unit.objects.all().delete()
    units = [factories.unit(f"u{number}", "office") for number in range(len(worlds))]
    for unit, life in zip(units, worlds, strict=True):
        live(unit, life)
        hang(units, unit, life)
    succeed(units, steps)
    return units


def live(unit: Unit, life: Life) -> None:
    UnitVersion.objects.filter(unit=unit).update(
        valid_from=None if life.start is None else day(life.start), valid_to=None if life.end is None else day(life.end)
    )


def hang(units: list[Unit], unit: Unit, life: Life) -> None:
    taken: set[tuple[str, int]] = set()
    for parent, line, start, end in life.under:
        lived = range(life.start or 0, DAYS + 1 if life.end is None else life.end)
        days = {(line, number) for number in range(max(start, lived.start), min(end, lived.stop))}
        if days and not days & taken:
            taken |= days
            first, last = max(start, lived.start), min(end, lived.stop)
            factories.place(unit, units[parent], on_line=line, valid_from=day(first), valid_to=day(last))


def succeed(units: list[Unit], steps: set[tuple[int, int, int]]) -> None:
    for old, new, on in steps:
        if old != new:
            how = SuccessionKind.TRANSFER if (old + on) % 3 == 0 else SuccessionKind.MERGE
            factories.pass_on(units[old], units[new], day(on), whole=(old + new) % 2 == 0, how=how)


def by_the_rule(own: list[int], on: date) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute(RULE, [on, own, own, on, on])
        return {row[0] for row in cursor.fetchall()}


def derived() -> tuple[set[Any], set[Any]]:
    closure = UnitClosure.objects.values_list(
        "ancestor_id", "descendant_id", "line_id", "depth", "valid_from", "valid_to"
    )
    return set(closure), set(UnitReach.objects.values_list("reader_id", "unit_id", "valid_from", "valid_to"))


HARD = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@HARD
@given(Worlds, Steps)
def test_on_every_day_every_unit_reads_what_the_rule_says(
    worlds: tuple[Life, ...], steps: set[tuple[int, int, int]]
) -> None:
    units = make(worlds, steps)
    rebuild_closure()
    for number in range(-1, DAYS + 2):
        for unit in units:
            found = set(selectors.scope_ids([unit.pk], day(number)).values_list("pk", flat=True))
            assert found == by_the_rule([unit.pk], day(number)), (unit.key, number)
    two = [units[1].pk, units[3].pk]
    assert set(selectors.scope_ids(two, day(4)).values_list("pk", flat=True)) == by_the_rule(two, day(4))


@HARD
@given(Worlds, Steps, Worlds, Steps, st.sets(st.integers(0, UNITS - 1), min_size=1, max_size=2))
def test_following_some_units_is_the_same_as_making_everything_anew(
    worlds: tuple[Life, ...],
    steps: set[tuple[int, int, int]],
    others: tuple[Life, ...],
    more: set[tuple[int, int, int]],
    chosen: set[int],
) -> None:
    """Some units get another life, other parents and other heirs, and only they are named."""
    units = make(worlds, steps)
    rebuild_closure()
    changed = [units[number] for number in chosen]
    UnitParent.objects.filter(unit__in=changed).delete()
    UnitSuccession.objects.filter(old__in=changed).delete()
    for number in chosen:
        live(units[number], others[number])
        hang(units, units[number], others[number])
    succeed(units, {step for step in more if step[0] in chosen})
    rebuild_closure([unit.pk for unit in changed])
    followed = derived()
    UnitClosure.objects.all().delete()
    UnitReach.objects.all().delete()
    rebuild_closure()
    assert followed == derived()


def test_what_stands_already_is_not_written_again() -> None:
    root = factories.unit("root", "office")
    factories.unit("child", "office", under=root)
    factories.grow()
    before = set(UnitClosure.objects.values_list("pk", flat=True)), set(UnitReach.objects.values_list("pk", flat=True))
    factories.grow()
    assert before == (
        set(UnitClosure.objects.values_list("pk", flat=True)),
        set(UnitReach.objects.values_list("pk", flat=True)),
    )


@dataclass(frozen=True)
class Merger:
    """Two offices of one board become one; a third stays. The board of before became another board."""

    board: Unit
    first: Unit
    second: Unit
    new: Unit
    sibling: Unit
    on: date


@pytest.fixture
def merger() -> Merger:
    on = date(2025, 7, 1)
    board = factories.unit("board", "board")
    first = factories.unit("first", "office", under=board, valid_to=on)
    second = factories.unit("second", "office", under=board, valid_to=on)
    new = factories.unit("new", "office", under=board, valid_from=on)
    sibling = factories.unit("sibling", "office", under=board)
    factories.pass_on(first, new, on)
    factories.pass_on(second, new, on)
    factories.grow()
    return Merger(board, first, second, new, sibling, on)


def readers_of(unit: Unit, merger: Merger, on: date) -> set[str]:
    held = (merger.board, merger.first, merger.second, merger.new, merger.sibling)
    return {one.key for one in held if selectors.scope_ids([one.pk], on).filter(pk=unit.pk).exists()}


def test_a_successor_reads_the_history_and_siblings_do_not(merger: Merger) -> None:
    before = merger.on - timedelta(days=1)
    assert readers_of(merger.first, merger, before) == {"board", "first"}
    assert readers_of(merger.first, merger, merger.on) == {"board", "first", "new"}
    assert readers_of(merger.new, merger, merger.on) == {"board", "new"}
    assert readers_of(merger.sibling, merger, merger.on) == {"board", "sibling"}


def test_a_heir_of_a_part_reads_the_history_too(merger: Merger) -> None:
    third = factories.unit("third", "office", valid_from=merger.on)
    factories.pass_on(merger.second, third, merger.on, whole=False)
    rebuild_closure([merger.second.pk])
    assert selectors.scope_ids([third.pk], merger.on).filter(pk=merger.second.pk).exists()
    assert not selectors.scope_ids([third.pk], merger.on).filter(pk=merger.first.pk).exists()


def test_whoever_took_duties_reads_the_unit_and_not_what_stood_beneath_it(merger: Merger) -> None:
    beneath = factories.unit("beneath", "office", under=merger.first, valid_to=merger.on)
    taker = factories.unit("taker", "office")
    factories.pass_on(merger.first, taker, merger.on, whole=False, how=SuccessionKind.TRANSFER)
    factories.grow()
    read = set(selectors.scope_ids([taker.pk], merger.on).values_list("pk", flat=True))
    assert read == {taker.pk, merger.first.pk}
    assert selectors.scope_ids([merger.new.pk], merger.on).filter(pk=beneath.pk).exists()


def test_what_a_person_may_see_is_one_query_with_one_sub_query(merger: Merger) -> None:
    actor = factories.actor("head", merger.board, Role.HEAD)
    with CaptureQueriesContext(connection) as queries:
        found = set(selectors.visible_to(actor, merger.on).values_list("key", flat=True))
    assert found == {"board", "first", "second", "new", "sibling"}
    (query,) = queries
    assert query["sql"].upper().count("SELECT") == 2
    assert "RECURSIVE" not in query["sql"].upper()
    assert set(selectors.visible_ids(system_actor("máy"), merger.on).values_list("pk", flat=True)) == set(
        Unit.objects.values_list("pk", flat=True)
    )
