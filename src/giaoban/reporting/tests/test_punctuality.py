"""How punctual the reports of a level are: every state, every day, against a plain reading of the same rows."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from giaoban.accounts.models import User
from giaoban.core.figures import NIL, Line, LineKey
from giaoban.core.timeliness import Arrival, Band, arrived
from giaoban.orgs.models import UnitVersion
from giaoban.orgs.selectors import card
from giaoban.orgs.tests import factories as orgs
from giaoban.orgs.tests.factories import ZONE, moment
from giaoban.reporting import services
from giaoban.reporting.models import DeadlineChange, FormVersion, Obligation, Submission
from giaoban.reporting.rules.timeliness import Move, Sending, declares_nil, delivered_at, due_by, first_due, known_by
from giaoban.reporting.selectors import board, punctuality
from giaoban.reporting.selectors.checking import check_all
from giaoban.reporting.selectors.facts import end_of
from giaoban.reporting.selectors.owed import standing, standing_of
from giaoban.reporting.selectors.reception import tables_beneath
from giaoban.reporting.tests.factories import (
    AT,
    SIGNED,
    SYSTEM,
    World,
    dynamic_form_data,
    figures_for,
    make_form,
    owe,
    tiny_world,
    year_before,
)

pytestmark = pytest.mark.django_db
DUE = date(2024, 4, 10)
WHY = services.SignedReason("A storm comes.", "Ann", "Head of the coast")


@pytest.fixture
def world() -> World:
    return tiny_world()


def level(world: World, on: date, unit: Any = None) -> punctuality.Level:
    return punctuality.level((unit or world.coast).pk, [world.form], [world.period], on)


def test_a_level_counts_by_child(world: World) -> None:
    world.report("n1", all=5, good=1, at=moment(2024, 4, 9))
    world.send("n2", all=5, good=1, at=moment(2024, 4, 14))
    world.report("s1", all=5, good=1, at=moment(2024, 4, 25))
    found = level(world, date(2024, 4, 30))
    north, south = found.rows
    assert (north.unit.key, north.tally.expected, north.tally.received, north.tally.missing) == ("north", 3, 2, 1)
    assert north.tally.late_bands == (0, 1, 0, 0)
    assert south.tally.late_bands == (0, 0, 0, 1)
    assert (found.total.expected, found.total.received, found.total.on_time, found.total.waiting) == (6, 3, 1, 1)
    assert str(found.total.rate) == "50.0"
    assert north.has_more
    below = level(world, date(2024, 4, 30), world.harbours[0])
    assert [(row.unit.key, row.tally.received) for row in below.rows] == [("n1", 1), ("n2", 1), ("n3", 0)]
    own = level(world, date(2024, 4, 30), world.lights["n1"])
    assert [(row.unit.key, row.is_own, row.tally.received) for row in own.rows] == [("n1", True, 1)]


LAST_SECOND, NEXT_DAY = moment(2024, 4, 10, 23, 59) + timedelta(seconds=59), moment(2024, 4, 11, 0, 0)


@pytest.mark.parametrize("zone", [ZONE, UTC], ids=["Vietnam", "UTC"])
@pytest.mark.parametrize(
    ("at", "place", "days"),
    [
        (LAST_SECOND, (Arrival.ON_TIME, Band.NONE), 0),
        (LAST_SECOND + timedelta(microseconds=999_999), (Arrival.ON_TIME, Band.NONE), 0),
        (NEXT_DAY, (Arrival.LATE, Band.UP_TO_2), 1),
    ],
)
def test_the_last_day_ends_at_midnight_in_vietnam(
    world: World, at: datetime, place: tuple[Arrival, Band], days: int, zone: tzinfo
) -> None:
    world.report("n1", all=5, good=1, at=at.astimezone(zone))
    (counted,) = level(world, date(2024, 4, 30), world.lights["n1"]).total.places
    assert counted == place
    assert standing_of(world.owed("n1")).timing(date(2024, 4, 30)).days == days
    (spot,) = (
        one
        for one in board.board(card(world.harbours[0].pk, DUE), world.form, world.period, date(2024, 4, 30)).spots
        if one.unit_id == world.lights["n1"].pk
    )
    assert (spot.arrival, spot.days) == (place[0], days)


def test_what_came_after_midnight_had_not_come_on_the_last_day(world: World) -> None:
    world.send("n1", all=5, good=1, at=NEXT_DAY)
    world.send("n2", all=5, good=1, at=LAST_SECOND)
    found = level(world, DUE, world.harbours[0]).total
    assert (found.received, found.on_time) == (1, 1)


@pytest.mark.parametrize(("at", "days"), [(LAST_SECOND, 0), (NEXT_DAY, 1)])
def test_the_moment_of_a_report_typed_on_the_page_is_the_servers(world: World, at: datetime, days: int) -> None:
    """Whatever clock the browser has, and says."""
    client = Client()
    world.actor(world.lights["n1"])
    client.force_login(User.objects.get(login="n1-head"))
    typed = {"own/total//all": "5", "own/total//good": "1", "signer_0": "An", "signer_1": "Bình", "confirmed": "on"}
    claimed = {"sent_at": "2024-04-01T00:00:00Z", "at": "2024-04-01T00:00:00Z"}
    with time_machine.travel(at, tick=False):
        client.post(
            reverse("reporting:entry", args=[world.owed("n1").pk]),
            {**typed, **claimed, "act": "send"},
            headers={"Date": "Mon, 01 Apr 2024 00:00:00 GMT"},
        )
    sent = Submission.objects.get()
    assert sent.sent_at == at
    assert standing_of(world.owed("n1")).timing(date(2024, 4, 30)).days == days


def test_a_past_day_knows_no_later_version_decision_or_deadline(world: World) -> None:
    sent = world.send("n1", all=5, good=1, at=moment(2024, 4, 9))
    services.return_for_correction(sent, reason="x", by=SYSTEM, at=moment(2024, 4, 12))
    world.report("n1", all=6, good=1, at=moment(2024, 4, 16))
    services.move_deadline(
        [world.owed("n1")],
        due_on=date(2024, 4, 20),
        basis="Letter 9",
        reason="Storm",
        by=SYSTEM,
        at=moment(2024, 4, 18),
    )
    light = world.lights["n1"]

    def on(day: int) -> tuple[Arrival, Band]:
        ((place, count),) = level(world, date(2024, 4, day), light).total.places.items()
        assert count == 1
        return place

    assert on(5) == (Arrival.NOT_DUE, Band.NONE)
    assert on(8) == (Arrival.DUE_SOON, Band.NONE)
    assert on(9) == on(11) == (Arrival.ON_TIME, Band.NONE)
    assert on(12) == (Arrival.RETURNED, Band.UP_TO_2)
    assert on(15) == (Arrival.RETURNED, Band.UP_TO_5)
    assert on(16) == on(17) == (Arrival.LATE, Band.UP_TO_10)
    assert on(18) == (Arrival.ON_TIME, Band.NONE)


def test_completeness_names_the_blanks(world: World) -> None:
    sent = world.report("n1", all=5, good=1)
    Submission.objects.filter(pk=sent.pk).update(filled=57, required=60)
    total = level(world, DUE).total
    assert str(total.completeness) == "95.0"
    Submission.objects.filter(pk=sent.pk).update(filled=1, required=2)
    sent.lines.update(marks=[0, 3, 3, 3, 3], values=[5, None, None, None, None])
    (one,) = level(world, DUE).incomplete
    assert (one.unit.key, [cell.column for cell in one.blanks]) == ("n1", ["good"])


def lines_of_lights(form: FormVersion, *lights: str) -> dict[LineKey, Line]:
    """A harbour's report: what it has itself, a total, a line for each of some lights."""
    figures = figures_for(form, "own", "s", spare=1) | figures_for(form, "lights", "total", all=len(lights))
    for light in lights:
        figures |= figures_for(form, "lights", "unit", light, all=1)
    return figures


def test_lines_that_the_tree_lists_are_asked_for(world: World) -> None:
    form = make_form(dynamic_form_data())
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    owed = {one.unit.key: one for one in Obligation.objects.filter(form=form).select_related("unit")}
    whole = services.submit(
        owed["south"], figures=lines_of_lights(form, "s1", "s2", "s3"), by=SYSTEM, at=AT, signatures=()
    )
    with CaptureQueriesContext(connection) as seen:
        part = services.submit(owed["north"], figures=lines_of_lights(form, "n1", "n3"), by=SYSTEM, at=AT)
    assert (whole.filled, whole.required) == (5, 5)
    assert (part.filled, part.required) == (4, 5)
    assert sum("orgs_unitclosure" in one["sql"] for one in seen) == 1
    found = punctuality.level(world.coast.pk, [form], [world.period], DUE)
    (one,) = found.incomplete
    assert [(cell.row, cell.subunit, cell.column) for cell in one.blanks] == [("unit", "n2", "all")]
    assert one.names["n2"] == "Light N2"
    assert str(found.total.completeness) == "90.0"
    checked = check_all(form, world.period, world.coast.pk)
    said = {report.unit.key: [(issue.code, issue.at.subunit) for issue in report.issues] for report in checked.reports}
    assert said == {"north": [("line-absent", "n2")], "south": []}


def test_listed_lines_follow_the_tree_of_the_period(world: World) -> None:
    """A light that came after the period's last day is not asked for."""
    orgs.unit("n4", "light", name="Light N4", under=world.harbours[0], valid_from=date(2024, 4, 1))
    orgs.grow()
    form = make_form(dynamic_form_data())
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=AT)
    owed = Obligation.objects.get(form=form, unit=world.harbours[0])
    sent = services.submit(owed, figures=lines_of_lights(form, "n1", "n2", "n3"), by=SYSTEM, at=AT)
    assert (sent.filled, sent.required) == (5, 5)


def test_nil_everywhere_is_declared(world: World) -> None:
    world.report("n1", all=NIL, good=NIL)
    world.report("n2", all=0, good=0)
    world.report("n3", all=NIL, good=0)
    found = level(world, DUE)
    assert found.total.nil == 1
    assert found.total.on_time == 3


def test_more_than_was_owed_is_said_not_cut(world: World) -> None:
    """A light ends within the quarter after it sent; its heir sends too."""
    for key in ("n1", "n2", "n3"):
        world.report(key, all=5, good=1)
    light = world.lights["n3"]
    UnitVersion.objects.filter(unit=light).update(valid_to=date(2024, 3, 1))
    light.parents.update(valid_to=date(2024, 3, 1))
    orgs.pass_on(light, world.lights["n2"], date(2024, 3, 1))
    orgs.grow()
    found = level(world, DUE, world.harbours[0])
    assert (found.total.received, found.total.expected, found.total.extra) == (2, 2, 1)
    assert (str(found.total.rate), str(found.total.rate_with_extra)) == ("100.0", "150.0")
    (outside,) = found.outside
    assert (outside.unit.key, outside.came) == ("n3", True)
    assert "kết thúc ngày 01/03/2024, Light N2 kế tục" in outside.why


def test_the_history_of_twelve_months(world: World) -> None:
    before = year_before(world)
    figures = world.figures(all=1, good=1)
    services.submit(world.owed("n1", before), figures=figures, by=SYSTEM, at=moment(2023, 4, 9), signatures=SIGNED)
    world.report("n1", all=5, good=1, at=moment(2024, 4, 9))
    points = punctuality.rate_history(world.coast.pk, date(2024, 4, 20))
    assert [point.month for point in points][::11] == [date(2023, 5, 1), date(2024, 4, 1)]
    counted = {point.month: (point.tally.received, point.tally.expected) for point in points if point.tally.expected}
    assert counted == {date(2024, 3, 1): (1, 6)}
    longer = punctuality.rate_history(world.coast.pk, date(2024, 4, 20), months=14, form_ids=[world.form.pk])
    assert {point.month for point in longer if point.tally.expected} == {date(2023, 3, 1), date(2024, 3, 1)}
    assert punctuality.rate_history(world.coast.pk, date(2024, 4, 20), form_ids=[])[-1].tally.rate is None


def test_the_same_number_of_queries_whatever_the_size(world: World) -> None:
    def asked(unit: Any) -> int:
        with CaptureQueriesContext(connection) as queries:
            level(world, date(2024, 4, 30), unit)
        return len(queries)

    world.report("n1", all=5, good=1)
    level(world, DUE)
    assert asked(world.coast) == asked(world.harbours[0]) == asked(world.lights["n1"])


def test_nil_is_neither_zero_nor_blank() -> None:
    assert declares_nil([1, 1, 2, 3], filled=3, required=3)
    assert not declares_nil([1, 0], filled=2, required=2)
    assert not declares_nil([2, 2], filled=2, required=2)
    assert not declares_nil([1, 3], filled=1, required=2)


def test_the_first_deadline_and_the_one_known_then() -> None:
    moves = [Move(moment(2024, 4, 1), DUE, date(2024, 4, 20)), Move(moment(2024, 4, 5), date(2024, 4, 20), DUE)]
    assert first_due(date(2024, 4, 10), moves) == DUE
    assert due_by(DUE, moves, moment(2024, 4, 3)) == date(2024, 4, 20)
    assert due_by(DUE, moves, moment(2024, 3, 31)) == due_by(DUE, moves, moment(2024, 4, 9)) == DUE
    assert first_due(None, []) is None


# Against a plain reading: any history of sending, returning, accepting and moving, asked on any day.

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["send", "accept", "return", "move", "clear", "brought"]),
        st.integers(0, 3),
        st.integers(-6, 16),
    ),
    max_size=9,
)
DAY_ONE = date(2024, 4, 1)


def live(world: World, light: str, steps: list[tuple[str, int, int]]) -> None:
    """Do what can be done of the steps, each some days after the one before; a move goes to a day near the due one."""
    on = DAY_ONE
    for number, (step, wait, shift) in enumerate(steps):
        on += timedelta(days=wait)
        at = moment(on.year, on.month, on.day, 8, number)
        owed = world.owed(light)
        last = owed.submissions.order_by("version").last()
        if step == "send":
            world.send(light, at=at, all=5 + number, good=1)
        elif step == "brought" and last is not None:
            Submission.objects.filter(pk=last.pk).update(sent_at=last.sent_at - timedelta(days=abs(shift)))
        elif step == "move":
            new = DUE + timedelta(days=shift)
            services.move_deadline([owed], due_on=new, basis="Letter", reason="Storm", by=SYSTEM, at=at, signed=WHY)
        elif step == "clear" and not owed.deadline_changes.exists():
            Obligation.objects.filter(pk=owed.pk).update(due_on=None)
        elif last is not None and last.state == "sent" and step == "accept":
            services.accept(last, by=SYSTEM, at=at)
        elif last is not None and last.state == "sent" and step == "return":
            services.return_for_correction(last, reason="x", by=SYSTEM, at=at)


def plainly(owed: Obligation, on: date) -> tuple[Arrival, Band]:
    """By the rules in plain Python, over all rows."""
    until = end_of(on)
    rows = Submission.objects.filter(obligation=owed)
    versions = known_by(
        [Sending(row.version, row.sent_at, row.state, row.decided_at, row.decision_reason) for row in rows], until
    )
    changes = DeadlineChange.objects.filter(obligation=owed).select_related("act").order_by("pk")
    moves = [Move(row.act.at, row.old_due_on, row.due_on) for row in changes]
    came = delivered_at(versions)
    received_on = timezone.localdate(came) if came else None
    found = arrived(due_by(owed.due_on, moves, until), received_on, on=on, returned=bool(versions) and came is None)
    return found.arrival, found.band


class AgainstAPlainReading(TestCase):
    """Each example is undone by the test case's transaction."""

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(STEPS, STEPS, st.integers(-2, 30))
    def test_the_query_says_what_the_rules_say(
        self, first: list[tuple[str, int, int]], second: list[tuple[str, int, int]], days: int
    ) -> None:
        world = tiny_world()
        live(world, "n1", first)
        live(world, "s2", second)
        on = DAY_ONE + timedelta(days=days)
        expected = Counter(plainly(owed, on) for owed in Obligation.objects.all())
        assert level(world, on).total.places == expected
        counted = punctuality.rate_history(world.coast.pk, max(on, date(2024, 4, 2)), months=3)
        assert sum(point.tally.expected for point in counted) == len(Obligation.objects.all())
        today = board.board(card(world.coast.pk, DUE), world.form, world.period, on)
        assert board.tally_of(today.spots).places == expected
        end = DAY_ONE + timedelta(days=90)
        (campaign,) = tables_beneath(world.coast.pk, end)
        stand = standing(Obligation.objects.all())
        assert campaign.missing == sum(not one.is_received for one in stand)
        assert campaign.late == sum(one.timing(end).state in ("late", "overdue") for one in stand)


def test_an_earlier_moment_of_a_later_version_counts(world: World) -> None:
    """A file brought on the last day is taken after the page sent on; board and report say the same."""
    world.send("n1", all=5, good=1, at=moment(2024, 4, 12))
    second = world.send("n1", all=6, good=1, at=moment(2024, 4, 13))
    Submission.objects.filter(pk=second.pk).update(sent_at=moment(2024, 4, 10))
    ((place, _),) = level(world, date(2024, 4, 20), world.lights["n1"]).total.places.items()
    assert place == (Arrival.ON_TIME, Band.NONE)
    assert standing_of(world.owed("n1")).timing(date(2024, 4, 20)).state == "on_time"
