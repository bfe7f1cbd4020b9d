"""What is another than confirmed or sent, and whose version made it so."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from giaoban.orgs.models import UnitParent
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Snapshot, Submission
from giaoban.reporting.rules import Change
from giaoban.reporting.selectors.changes import (
    ChangedCell,
    Changes,
    How,
    changes_below,
    changes_between,
    reports_made_of,
)
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, make_form, owe, tiny_world
from giaoban.reporting.tests.test_prefilling import GOOD, UPPER, owed, upper_data

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(hours=2)


@pytest.fixture
def world() -> World:
    return tiny_world()


def amend(world: World, light: str, number: int = 1, **cells: Any) -> Submission:
    """Another version of an accepted report, as an amendment with a reason, accepted."""
    sent = services.submit(
        world.owed(light),
        figures=world.figures(**cells),
        by=SYSTEM,
        at=LATER,
        signatures=SIGNED,
        amendment_reason=f"miscounted {number}",
    )
    return services.accept(sent, by=SYSTEM, at=LATER)


def confirm(world: World) -> None:
    services.confirm_table(world.form.key, world.period, world.coast.pk, by=world.actor(world.coast), at=AT)


def since(world: World) -> Changes:
    confirmed = selectors.confirmed_table(world.form, world.period, world.coast.pk)
    assert confirmed is not None
    live = selectors.live_reading(selectors.consolidate(world.form, world.period, world.coast.pk))
    return changes_between(confirmed, live, world.form, world.period, SYSTEM)


def cell(found: Changes, line: str, column: str) -> ChangedCell:
    return next(one for one in found.cells if (one.difference.line_key, one.difference.key[3]) == (line, column))


def test_nothing_changed(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    assert since(world) == Changes((), (), ())


def test_a_changed_cell_names_the_unit_the_version_and_the_reason(world: World) -> None:
    world.report("n1", all=10, good=4)
    world.report("n2", all=5, good=5)
    confirm(world)
    amended = amend(world, "n1", all=10, good=6)
    found = since(world)
    changed = cell(found, "", "good")
    assert (changed.difference.then.value, changed.difference.now.value) == (9, 11)  # type: ignore[union-attr]
    (why,) = changed.why
    assert (why.unit.name, why.how, why.before, why.version) == ("Light N1", How.AMENDED, 1, 2)
    assert (why.amendment, why.reason) == (1, "miscounted 1")
    assert (why.receipt, why.submission_id, why.at) == (amended.receipt, amended.pk, LATER)
    assert [one.difference.key[3] for one in found.cells if one.difference.line_key == "north"] == ["good", "rate"]
    assert cell(found, "north", "rate").why == (why,)
    assert found.units == (why,)


def test_only_the_units_whose_figure_moved_explain_a_cell(world: World) -> None:
    world.report("n1", all=10, good=4)
    world.report("n2", all=5, good=5)
    confirm(world)
    amend(world, "n1", all=10, good=6)
    amend(world, "n2", all=6, good=5)
    found = since(world)
    assert [one.unit.name for one in cell(found, "", "good").why] == ["Light N1"]
    assert [one.unit.name for one in cell(found, "", "all").why] == ["Light N2"]
    assert [one.unit.name for one in found.units] == ["Light N1", "Light N2"]


def test_a_report_that_came_after(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    world.report("s1", at=LATER, all=2, good=2)
    found = since(world)
    (why,) = cell(found, "", "all").why
    assert (why.unit.name, why.how, why.before, why.version) == ("Light S1", How.ARRIVED, None, 1)


def test_units_that_joined_and_left(world: World) -> None:
    world.report("n1", all=10, good=4)
    world.report("s1", all=2, good=2)
    confirm(world)
    UnitParent.objects.filter(unit=world.harbours[1]).update(valid_to=date(2024, 1, 1))
    orgs.unit("n4", "light", name="Light N4", under=world.harbours[0])
    orgs.grow()
    services.raise_obligations(world.form.key, world.period, by=SYSTEM, at=LATER)
    found = since(world)
    how = {one.unit.name: one.how for one in found.units}
    assert how["Light N4"] is How.JOINED
    assert how["Light S1"] is how["Light S2"] is How.LEFT
    assert [one.unit.name for one in cell(found, "", "good").why if one.before] == ["Light S1"]


def test_a_table_confirmed_before_versions_were_kept(world: World) -> None:
    world.report("n1", all=10, good=4)
    world.send("n2", all=5, good=5)
    world.report("n2", all=6, good=5)  # the first one gave way before anybody decided
    confirm(world)
    row = Snapshot.objects.get()
    del row.content["sources"]
    row.save()
    amend(world, "n1", all=10, good=6)
    found = since(world)
    assert [(one.unit.name, one.before, one.version) for one in found.units] == [("Light N1", 1, 2)]


def test_the_cost_is_constant(world: World) -> None:
    for light in world.lights:
        world.report(light, all=10, good=4)
    confirm(world)
    amend(world, "n1", all=10, good=5)
    confirmed = selectors.confirmed_table(world.form, world.period, world.coast.pk)
    assert confirmed is not None

    def cost() -> int:
        live = selectors.live_reading(selectors.consolidate(world.form, world.period, world.coast.pk))
        with CaptureQueriesContext(connection) as queries:
            changes_between(confirmed, live, world.form, world.period, SYSTEM)
        return len(queries)

    one = cost()
    for light in ("n2", "n3", "s1", "s2"):
        amend(world, light, all=10, good=5)
    assert cost() == one


def upper(world: World) -> FormVersion:
    form = make_form(upper_data())
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(UPPER, world.period, by=SYSTEM, at=AT)
    return form


def test_what_a_level_owes_upwards_is_found(world: World) -> None:
    form = upper(world)
    north = world.harbours[0].pk
    assert [one.form for one in reports_made_of(world.form, world.period, north)] == [form]
    assert reports_made_of(form, world.period, north) == [owed("north", form)]
    assert reports_made_of(world.form, world.period, world.coast.pk) == []


def test_what_was_sent_upwards_against_what_stands_below(world: World) -> None:
    form = upper(world)
    world.report("n1", all=10, good=4)
    world.report("n2", all=5, good=5)
    obligation = owed("north", form)
    assert changes_below(obligation) is None
    by = world.actor(world.harbours[0])
    services.fill_from_below(obligation, by=by, at=AT)
    services.submit_draft(obligation, by=by, at=AT, signatures=SIGNED)
    first = changes_below(obligation)
    assert first is not None
    assert not first.cells
    assert not first.units
    amend(world, "n1", all=10, good=6)
    world.report("n3", at=LATER, all=1, good=1)
    found = changes_below(obligation)
    assert found is not None
    assert [(one.name, one.sent, one.now) for one in found.cells] == [
        (GOOD.format("n1"), "4", "6"),
        (GOOD.format("n3"), "", "1"),
    ]
    assert [(one.unit.name, one.how, one.reason) for one in found.cells[0].why] == [
        ("Light N1", How.AMENDED, "miscounted 1")
    ]
    assert [one.how for one in found.cells[1].why] == [How.ARRIVED]


def test_only_who_moved_a_cell_is_named_at_it_and_a_hand_is_said(world: World) -> None:
    owe(world.form, world.rule, "harbour", "coast")
    services.raise_obligations(world.form.key, world.period, by=SYSTEM, at=AT)
    for light in ("n1", "n2"):
        world.report(light, all=10, good=4, oil=Decimal(1))
    obligation, by = owed("north", world.form), world.actor(world.harbours[0])
    services.fill_from_below(obligation, by=by, at=AT)
    typed = {"own/total//oil": Change("2.500")}
    services.change_draft(obligation, typed, by=by, at=AT)
    services.submit_draft(obligation, by=by, at=AT, signatures=SIGNED)
    amend(world, "n1", all=10, good=6, oil=Decimal(1))
    amend(world, "n2", all=12, good=4, oil=Decimal(1))
    found = changes_below(obligation)
    assert found is not None
    said = {one.name.split("/")[3]: ([why.unit.name for why in one.why], one.by_hand) for one in found.cells}
    assert said == {"all": (["Light N2"], False), "good": (["Light N1"], False), "oil": ([], True)}
