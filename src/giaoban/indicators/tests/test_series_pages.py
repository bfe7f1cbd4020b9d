"""List, series and explanation of an indicator, for own, parent and sibling unit; refusals as pages."""

from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from giaoban.indicators.tests.factories import indicator
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.reporting import services
from giaoban.reporting.tests.factories import AT, RULE_KEY, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_restated import THEN, divide, merge

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = tiny_world()
    indicator(made)
    made.report("n1", all=100, good=50, rate=50)
    made.report("s1", all=10, good=10, rate=100)
    return made


def get(world: World, unit: Unit, address: str, **words: str) -> Any:
    client = Client()
    user = apps.get_model("accounts", "User")._default_manager.get(pk=world.actor(unit, Role.HEAD).user_id or 0)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(address, words)


def test_list_and_series_of_the_own_unit_and_above(world: World) -> None:
    for unit, value in ((world.coast, "54,55"), (world.lights["n1"], "50,00")):
        for address in (reverse("indicators:index"), reverse("indicators:series", args=["good-lamps"])):
            answer = get(world, unit, address)
            assert answer.status_code == 200
            assert value in answer.content.decode()


def test_search_and_its_empty_state(world: World) -> None:
    shown = get(world, world.coast, reverse("indicators:index"), q="không có").content.decode()
    assert "Không có chỉ số nào khớp" in shown


def test_a_sibling_is_not_found(world: World) -> None:
    address = reverse("indicators:series", args=["good-lamps"])
    assert get(world, world.lights["n1"], address, **{"don-vi": "s1"}).status_code == 404


def test_a_value_explains_itself_on_the_page(world: World) -> None:
    address = reverse("indicators:reading", args=["good-lamps", world.period.code])
    shown = get(world, world.coast, address, **{"don-vi": "n1"}).content.decode()
    assert "100 × 50 : 100 = 50,00 %" in shown
    assert "Trung vị các đơn vị cùng cấp" in shown


def test_files_are_called_by_what_they_hold_and_that_it_is_made_up(world: World) -> None:
    addresses = {
        reverse("indicators:series-csv", args=["good-lamps"]): "good-lamps-coast",
        reverse("indicators:reading-csv", args=["good-lamps", world.period.code]): "good-lamps-2024-q1",
    }
    for address, name in addresses.items():
        given = get(world, world.coast, address)
        assert given["Content-Disposition"] == f'attachment; filename="{name}.csv"'
    apps.get_model("reporting", "Submission")._default_manager.update(simulated=True)
    for address, name in addresses.items():
        given = get(world, world.coast, address)
        assert given["Content-Disposition"] == f'attachment; filename="{name}-mo-phong.csv"'


def test_a_circle_is_a_page_with_its_reason(world: World) -> None:
    indicator(world, "round", definition={"numerator": "chi-so:round"})
    answer = get(world, world.coast, reverse("indicators:series", args=["round"]))
    assert answer.status_code == 422
    assert "round → round" in answer.content.decode()


def test_a_unit_made_of_others_has_their_figures_of_before(world: World) -> None:
    world.report("n2", all=100, good=20)
    made = merge(world, "n1", "n2", into="n9", under=world.harbours[0])
    shown = get(world, made, reverse("indicators:series", args=["good-lamps"]))
    assert shown.status_code == 200
    assert "35,00" in shown.content.decode()
    assert "mọi kỳ đọc theo cây đơn vị ngày 01/01/2025" in shown.content.decode()
    first = get(world, made, reverse("indicators:pivot"))
    assert first.status_code == 200
    assert first.context["table"].answer.query.geography == THEN


def test_where_they_cannot_be_told_apart_its_own_time_is_left(world: World) -> None:
    halves = divide(world, "n1", {"n8": (world.harbours[0], None), "n9": (world.harbours[0], None)})
    series = reverse("indicators:series", args=["good-lamps"])
    refused = get(world, halves["n9"], series)
    assert refused.status_code == 422
    assert "không chia được" in refused.content.decode()
    later = services.open_period(RULE_KEY, year=2025, code="2025-Q3", by=SYSTEM, at=AT)
    services.raise_obligations(world.form.key, later, by=SYSTEM, at=AT)
    answer = get(world, halves["n9"], series)
    assert answer.status_code == 200
    assert [one.period for one in answer.context["points"]] == [later]
    assert answer.context["held"].left_out == 1
