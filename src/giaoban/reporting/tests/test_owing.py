"""Who owes, to whom, and what a request may ask of whom; what counts as sent again."""

from datetime import date

import pytest

from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Obligation, Period
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import AT, FORM_KEY, RULE_KEY, SIGNED, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def second_quarter() -> Period:
    return services.open_period(RULE_KEY, year=2024, code="2024-Q2", by=SYSTEM, at=AT)


def test_units_without_a_receiver_are_named_and_nothing_is_raised(world: World) -> None:
    orgs.unit("lone", "light", name="Lone Light", under=world.coast)
    orgs.grow()
    period = second_quarter()
    with pytest.raises(services.ReportingError, match="Lone Light"):
        services.raise_obligations(FORM_KEY, period, by=SYSTEM, at=AT)
    with pytest.raises(services.ReportingError, match="Lone Light"):
        services.raise_obligations(FORM_KEY, period, by=world.actor(world.coast), at=AT)
    assert not Obligation.objects.filter(period=period).exists()
    assert services.raise_obligations(FORM_KEY, period, by=world.actor(world.harbours[0]), at=AT) == 3


def test_a_unit_does_not_accept_what_somebody_else_should_receive(world: World) -> None:
    Obligation.objects.update(receiver=None)
    sent = world.send("n1", all=1, good=1)
    with pytest.raises(services.ReportingError, match="nơi nhận"):
        services.accept(sent, by=world.actor(world.lights["n1"]), at=AT)


def test_a_receiver_asks_only_units_beneath_it(world: World) -> None:
    by = world.actor(world.harbours[0])
    for unit in (world.lights["s1"], world.coast, world.harbours[0]):
        with pytest.raises(services.ReportingError, match="trực thuộc"):
            world.ask(second_quarter(), [world.lights["n1"], unit], world.harbours[0], by=by)
    assert not Obligation.objects.filter(period__code="2024-Q2").exists()


def test_a_request_says_who_owed_it_already(world: World) -> None:
    period = second_quarter()
    world.ask(period, [world.lights["n1"]], world.harbours[0])
    asked = world.ask(period, [world.lights["n2"], world.lights["n1"]], world.coast)
    assert [one.unit.key for one in asked] == ["n2", "n1"]
    assert [(one.unit.key, one.receiver_id) for one in asked.already] == [("n1", world.harbours[0].pk)]
    assert [(one.unit.key, one.receiver_id) for one in asked.new] == [("n2", world.coast.pk)]


@pytest.mark.parametrize("code", ["2024-Q1", "2024-Q4"])
def test_an_ad_hoc_period_may_not_bear_the_code_of_another_one(world: World, code: str) -> None:
    rule = factories.make_rule(key="asked", name="Asked", kind="ad_hoc", starts="")
    period = services.open_period(
        rule.key, code=code, label="Storm", start=date(2024, 2, 1), end=date(2024, 3, 1), by=SYSTEM, at=AT
    )
    with pytest.raises(services.ReportingError, match=code):
        world.ask(period, [world.lights["n1"]], world.harbours[0])


def test_the_day_on_which_it_is_due_decides_whether_a_form_is_in_force(world: World) -> None:
    """The quarter ends on 30/06/2024, its report is due on 10/07/2024."""
    period = second_quarter()
    world.form.valid_to = date(2024, 7, 1)
    world.form.save()
    with pytest.raises(services.ReportingError, match="hiệu lực"):
        services.raise_obligations(FORM_KEY, period, by=SYSTEM, at=AT)
    world.form.valid_from, world.form.valid_to = date(2024, 7, 1), None
    world.form.save()
    assert services.raise_obligations(FORM_KEY, period, by=SYSTEM, at=AT) == 6


def test_other_papers_make_another_version(world: World) -> None:
    world.send("n1", all=1, good=1)

    def again(**papers: object) -> int:
        given = {"signatures": SIGNED, **papers}
        sent = services.submit(
            world.owed("n1"),
            figures=world.figures(all=1, good=1),
            by=SYSTEM,
            at=AT,
            **given,  # type: ignore[arg-type]
        )
        return sent.version

    with pytest.raises(services.AlreadyDone):
        again()
    assert again(notes="calm") == 2
    assert again(notes="calm", document_number="7") == 3
    assert again(notes="calm", document_number="7", document_date=date(2024, 4, 2)) == 4
    with pytest.raises(services.AlreadyDone):
        again(notes="calm", document_number="7", document_date=date(2024, 4, 2))
    assert again(signatures=(("Keeper", "An"), ("Head", "Cuc"))) == 5


def test_a_table_confirmed_on_the_last_day_of_the_period_is_the_periods_own(world: World) -> None:
    world.report("n1", all=5, good=1)
    north = world.harbours[0].pk
    last = date(2024, 3, 31)
    services.confirm_table(FORM_KEY, world.period, north, geography=last, by=SYSTEM, at=AT)
    for geography in (None, last):
        assert selectors.confirmed_table(world.form, world.period, north, geography=geography) is not None
