import csv
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from giaoban.indicators import services
from giaoban.indicators.models import Discrepancy
from giaoban.indicators.tests.factories import indicator
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.reporting.tests.factories import AT, SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

MEAN = "mỗi đơn vị tính nặng như nhau"


@pytest.fixture
def world() -> World:
    made = tiny_world()
    indicator(made)
    made.report("n1", all=100, good=50, rate=50)
    made.report("s1", all=10, good=10, rate=100)
    return made


def browser(world: World, unit: Unit, role: Role = Role.HEAD) -> Client:
    client = Client()
    user = apps.get_model("accounts", "User")._default_manager.get(pk=world.actor(unit, role).user_id or 0)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def discrepancy(world: World, **changes: Any) -> Discrepancy:
    given: dict[str, Any] = {
        "key": "lamps",
        "what": "Tỷ lệ đèn tốt",
        "unit_id": world.coast.pk,
        "period_id": world.period.pk,
        "indicator_id": indicator_id(),
        "published": Decimal("75"),
        "computed": Decimal("54.55"),
        "measure": "%",
        "recognised_as": "trung bình cộng của các tỷ lệ",
        "source": "sổ trực",
        "by": SYSTEM,
        "at": AT,
    }
    return services.record_discrepancy(**{**given, **changes})


def indicator_id() -> int:
    return int(apps.get_model("indicators", "Indicator")._default_manager.get(key="good-lamps").pk)


def page(client: Client, world: World) -> str:
    response = client.get(reverse("indicators:reading", args=["good-lamps", world.period.code]))
    assert response.status_code == 200
    return response.content.decode()


def test_a_discrepancy_is_shown_only_to_those_who_see_its_unit(world: World) -> None:
    row = discrepancy(world)
    services.decide_discrepancy(row, decision="dùng số tính từ tổng", by=SYSTEM, at=AT)
    above, below = page(browser(world, world.coast), world), page(browser(world, world.lights["n1"]), world)
    assert "Đã công bố" in above
    assert "dùng số tính từ tổng" in above
    assert "Đã công bố" not in below
    assert "dùng số tính từ tổng" not in below


def test_how_a_published_number_was_made_is_said_only_when_it_was_recognised(world: World) -> None:
    discrepancy(world)
    assert MEAN in page(browser(world, world.coast), world)
    Discrepancy.objects.update(recognised_as="")
    shown = page(browser(world, world.coast), world)
    assert MEAN not in shown
    assert "Không cách tính nào đã thử" in shown


def test_the_instalment_stays_in_the_addresses_that_lead_on(world: World) -> None:
    type(world.period).objects.filter(pk=world.period.pk).update(instalment="first")
    client = browser(world, world.coast)
    address = reverse("indicators:reading", args=["good-lamps", world.period.code])
    shown = client.get(address, {"instalment": "first"}).content.decode()
    for url in (
        reverse("indicators:reading-csv", args=["good-lamps", world.period.code]),
        reverse("reporting:table", args=[world.form.key, world.period.code]),
    ):
        assert f'href="{url}?instalment=first"' in shown


def test_the_file_has_both_sums_and_says_whether_the_figures_are_an_example(world: World) -> None:
    client, url = browser(world, world.coast), reverse("indicators:reading-csv", args=["good-lamps", world.period.code])
    names, first, _ = csv.reader(StringIO(client.get(url).content.decode()))
    assert names[-1] == "simulated"
    assert dict(zip(names, first, strict=True)) == {
        "unit": "s1",
        "unit_name": "Light S1",
        "indicator": "good-lamps",
        "period": world.period.code,
        "numerator": "10",
        "denominator": "10",
        "value": "100.00",
        "rank": "1",
        **dict.fromkeys(("before", "before_outcome", "before_sentence", "rank_before", "rank_sentence"), ""),
        "summed": "1",
        "simulated": "0",
    }
    apps.get_model("reporting", "Obligation")._default_manager.update(simulated=True)
    names, first, _ = csv.reader(StringIO(client.get(url).content.decode()))
    assert first[-1] == "1"
