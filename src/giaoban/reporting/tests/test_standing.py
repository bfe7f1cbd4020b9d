"""Received, late, missing: one definition on the board, in the lists and among the late."""

from datetime import date

import pytest

from giaoban.core.timeliness import Timeliness
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import selectors, services
from giaoban.reporting.rules import ReportState
from giaoban.reporting.selectors import Campaign, ReceptionRow
from giaoban.reporting.tests.factories import SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db
ON = date(2024, 4, 20)


@pytest.fixture
def world() -> World:
    return tiny_world()


def first(world: World) -> ReceptionRow:
    return selectors.reception(world.harbours[0].pk, world.form, world.period, ON).rows[0]


def campaign(world: World) -> Campaign:
    return selectors.receptions_for(world.actor(world.harbours[0]), ON)[0]


def test_a_returned_correction_leaves_the_accepted_report_received(world: World) -> None:
    world.report("n1", all=5, good=1)
    correction = world.send("n1", all=6, good=1, at=moment(2024, 4, 15))
    services.return_for_correction(correction, reason="x", by=SYSTEM, at=moment(2024, 4, 16))
    row = first(world)
    assert (row.state, row.is_received, row.timing.state) == (ReportState.RETURNED, True, Timeliness.ON_TIME)
    board = selectors.reception(world.harbours[0].pk, world.form, world.period, ON)
    table = selectors.consolidate(world.form, world.period, world.harbours[0].pk)
    assert table.coverage is not None
    found = selectors.late_and_missing(world.form, world.period, world.harbours[0].pk, ON)
    assert board.received == table.coverage.received == found.received == 1
    assert [one.unit.key for one in found.missing] == ["n2", "n3"]
    counted = campaign(world)
    assert (counted.missing, counted.returned, counted.late) == (2, 1, 2)


def test_a_version_replaced_before_a_return_delivered_nothing(world: World) -> None:
    world.send("n1", all=5, good=1, at=moment(2024, 4, 8))
    second = world.send("n1", all=6, good=1, at=moment(2024, 4, 9))
    services.return_for_correction(second, reason="x", by=SYSTEM, at=moment(2024, 4, 11))
    assert (first(world).timing.state, campaign(world).missing) == (Timeliness.OVERDUE, 3)
    world.send("n1", all=7, good=1, at=moment(2024, 4, 19))
    row = first(world)
    assert (row.timing.state, row.timing.days, row.received_at) == (Timeliness.LATE, 9, moment(2024, 4, 19))
    assert (campaign(world).missing, campaign(world).late) == (2, 3)


def test_an_accepted_version_counts_for_ever(world: World) -> None:
    world.report("n1", all=5, good=1, at=moment(2024, 4, 9))
    wrong = world.send("n1", all=6, good=1, at=moment(2024, 4, 15))
    services.return_for_correction(wrong, reason="x", by=SYSTEM, at=moment(2024, 4, 16))
    world.report("n1", all=7, good=1, at=moment(2024, 4, 18))
    assert first(world).received_at == moment(2024, 4, 9)
    assert campaign(world).late == 2
