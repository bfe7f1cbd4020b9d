from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from giaoban.core.spans import Span
from giaoban.orgs.closure import rebuild_closure
from giaoban.orgs.models import Unit, UnitClosure, UnitParent
from giaoban.orgs.tests import factories

pytestmark = pytest.mark.django_db

FIRST = date(2020, 1, 1)
DAYS = 8

# For each unit but the first: its parent (an earlier unit) or none, on each of eight days.
Trees = st.lists(st.lists(st.integers(0, 4), min_size=DAYS, max_size=DAYS), min_size=1, max_size=5)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def spans_of(parents: list[int | None]) -> list[tuple[int, Span]]:
    """Runs of the same parent on following days; the last day's run goes on for ever, the first day's began ever."""
    runs: list[tuple[int, Span]] = []
    start = 0
    for number in range(1, DAYS + 1):
        if number == DAYS or parents[number] != parents[start]:
            parent = parents[start]
            if parent is not None:
                runs.append((parent, Span(day(start) if start else None, day(number) if number < DAYS else None)))
            start = number
    return runs


def closure_on(on: date) -> set[tuple[int, int, int]]:
    rows = UnitClosure.objects.on(on)
    return set(rows.values_list("descendant_id", "ancestor_id", "depth"))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(Trees)
def test_the_closure_of_every_day_is_what_a_walk_upwards_finds(trees: list[list[int]]) -> None:
    UnitParent.objects.all().delete()
    Unit.objects.all().delete()
    units = [factories.unit(f"u{number}", "office") for number in range(len(trees) + 1)]
    parents: list[list[int | None]] = [[None] * DAYS]
    for number, chosen in enumerate(trees, start=1):
        parents.append([one if one < number else None for one in chosen])
    for number, held in enumerate(parents):
        for parent, span in spans_of(held):
            factories.place(units[number], units[parent], valid_from=span.start, valid_to=span.end)
    rebuild_closure()
    on_the_line = set(UnitParent.objects.values_list("unit_id", flat=True))
    on_the_line |= set(UnitParent.objects.values_list("parent_id", flat=True))
    for number in range(DAYS):
        expected = set()
        for start, unit in enumerate(units):
            at: int | None = start
            depth = 0
            while at is not None and unit.pk in on_the_line:
                expected.add((unit.pk, units[at].pk, depth))
                at, depth = parents[at][number], depth + 1
        assert closure_on(day(number)) == expected


def test_a_renamed_unit_keeps_its_place_and_an_ended_one_leaves_it() -> None:
    root = factories.unit("root", "office")
    child = factories.unit("child", "office", under=root, valid_to=day(5))
    factories.grow()
    assert (child.pk, root.pk, 1) in closure_on(day(4))
    assert not any(row[0] == child.pk for row in closure_on(day(5)))


def test_two_lines_do_not_mix() -> None:
    root, other = factories.unit("root", "office"), factories.unit("other", "office")
    child = factories.unit("child", "office", under=root)
    factories.place(child, other, on_line="rule")
    factories.grow()
    above = UnitClosure.objects.filter(descendant=child, depth=1).values_list("line__key", "ancestor__key")
    assert set(above) == {("service", "root"), ("rule", "other")}


def test_a_unit_above_itself_is_refused() -> None:
    first = factories.unit("first", "office")
    second = factories.unit("second", "office", under=first)
    factories.place(first, second)
    with pytest.raises(ValueError, match="above itself"):
        rebuild_closure()
