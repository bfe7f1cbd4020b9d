"""An indicator beside the same period of the year before: like for like, or a reason; ranks only among the same."""

from datetime import date

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from giaoban.core.restating import Reason
from giaoban.indicators import selectors
from giaoban.indicators.tests.factories import indicator
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import services as reporting
from giaoban.reporting.models import Period
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world, year_before

THEN = date(2023, 10, 1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def report(world: World, period: Period, **lights: tuple[int, int]) -> None:
    for light, (good, everything) in lights.items():
        figures = world.figures(all=everything, good=good)
        sent = reporting.submit(world.owed(light, period), figures=figures, by=SYSTEM, at=AT, signatures=SIGNED)
        reporting.accept(sent, by=SYSTEM, at=AT)


def absorb(world: World, old: str, into: str) -> None:
    """One light goes up in another on the day THEN."""
    unit = world.lights[old]
    unit.versions.update(valid_to=THEN)
    unit.parents.update(valid_to=THEN)
    orgs.pass_on(unit, world.lights[into], THEN, how="absorb")
    orgs.grow()


def before(world: World) -> selectors.Before:
    held = selectors.reading(indicator(world), world.period)
    found = selectors.before(held, world.period)
    assert found is not None
    return found


def test_without_an_earlier_period_there_is_nothing(world: World) -> None:
    report(world, world.period, n1=(1, 2))
    assert selectors.before(selectors.reading(indicator(world), world.period), world.period) is None


def test_the_same_units_compare_with_their_ranks(world: World) -> None:
    report(world, world.period, n1=(60, 100), n2=(5, 10))
    report(world, year_before(world), n1=(50, 100), n2=(9, 10))
    found = before(world)
    units = world.lights
    assert [found.units[units[key].pk].value for key in ("n1", "n2")] == [50, 90]
    assert (found.ranks.outcome, found.places[units["n2"].pk]) == ("exact", 1)


def test_a_merged_unit_is_compared_with_all_it_was_made_of(world: World) -> None:
    report(world, world.period, n1=(60, 100), s1=(1, 2))
    report(world, year_before(world), n1=(50, 100), n2=(10, 10), s1=(1, 2))
    absorb(world, "n2", "n1")
    found = before(world)
    held = found.units[world.lights["n1"].pk]
    assert held.value is not None
    assert (held.outcome, len(held.parts)) == ("exact", 2)
    assert round(held.value * 110) == 6000
    assert found.ranks.reason is Reason.OTHER_UNITS
    assert not found.places
    assert "3 đơn vị khi ấy, 2 đơn vị khi này" in found.ranks.sentence


def test_a_predecessor_without_figures_makes_it_refused(world: World) -> None:
    report(world, world.period, n1=(60, 100))
    report(world, year_before(world), n1=(50, 100))
    absorb(world, "n2", "n1")
    held = before(world).units[world.lights["n1"].pk]
    assert (held.value, held.reason, held.sentence) == (None, Reason.LACKS_FIGURES, "Không có số liệu của Light N2.")


def page(world: World, unit: Unit, route: str) -> str:
    client = Client()
    user = apps.get_model("accounts", "User")._default_manager.get(pk=str(world.actor(unit, Role.HEAD).user_id))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse(route, args=["good-lamps", world.period.code]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_and_the_file_say_why_ranks_do_not_compare(world: World) -> None:
    report(world, world.period, n1=(60, 100))
    report(world, year_before(world), n1=(50, 100), n2=(10, 10))
    absorb(world, "n2", "n1")
    indicator(world)
    shown = page(world, world.coast, "indicators:reading")
    assert "không so được với nhau: 2 đơn vị khi ấy, 1 đơn vị khi này" in shown
    assert "1 đơn vị có số cùng kỳ phải quy đổi hoặc không so được" in shown
    row = page(world, world.coast, "indicators:reading-csv").splitlines()[1]
    assert ",54.55,exact," in row
