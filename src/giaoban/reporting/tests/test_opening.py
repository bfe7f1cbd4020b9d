"""Whoever receives a form opens its periods: seen beforehand, only for the units that report there, twice is once."""

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from giaoban.kit.permissions import Role
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import services
from giaoban.reporting.models import Obligation, Period
from giaoban.reporting.tests.factories import AT, FORM_KEY, RULE_KEY, SYSTEM, World, make_rule, tiny_world
from giaoban.reporting.tests.test_pages import browser, text_of

pytestmark = pytest.mark.django_db

PAGE = "reporting:open-period"
SECOND = "&rule=quarters&code=2024-Q2&instalment="


@pytest.fixture
def world() -> World:
    return tiny_world(raised=False)


def address(query: str = "") -> str:
    return f"{reverse(PAGE)}?form={FORM_KEY}{query}"


def test_a_receiver_opens_a_period_for_those_who_report_to_it(world: World) -> None:
    client = browser(world, world.harbours[0])
    assert "Mở kỳ báo cáo" in text_of(client.get(reverse("reporting:index")))
    assert "Lamps of the coast" in text_of(client.get(reverse(PAGE)))
    listed = text_of(client.get(address("&year=2024")))
    assert "Quý II năm 2024" in listed
    assert "10/07/2024" in listed
    preview = text_of(client.get(address(SECOND)))
    assert "cho 3 đơn vị?" in preview
    assert "Light N1 10/07/2024" in preview
    assert "Light S1" not in preview
    assert not Period.objects.filter(code="2024-Q2").exists()
    done = client.post(address(SECOND), follow=True)
    board = reverse("reporting:reception", args=["north", FORM_KEY, "2024-Q2"])
    assert done.redirect_chain[-1][0] == board
    owed = Obligation.objects.filter(period__code="2024-Q2")
    assert {one.unit.key for one in owed} == {"n1", "n2", "n3"}
    assert "đã mở 3 đơn vị phải gửi" in text_of(client.get(address("&year=2024")))
    assert "đã mở cho mọi đơn vị" in text_of(client.get(address(SECOND)))
    client.post(address(SECOND))
    assert Obligation.objects.filter(period__code="2024-Q2").count() == 3


def test_of_two_units_received_for_only_the_acting_one_counts(world: World) -> None:
    """Somebody who receives at both harbours opens for the one acted for."""
    period = services.open_period(RULE_KEY, year=2024, code="2024-Q3", by=SYSTEM, at=AT)
    count = services.raise_obligations(FORM_KEY, period, by=SYSTEM, at=AT, receiver_id=world.harbours[1].pk)
    assert count == 3
    assert {one.receiver_id for one in Obligation.objects.filter(period=period)} == {world.harbours[1].pk}


def test_units_without_a_deadline_are_counted(world: World) -> None:
    owing = apps.get_model("reporting", "OwingRule")._default_manager.get()
    owing.deadlines = {}
    owing.save()
    words = text_of(browser(world, world.harbours[0]).get(address(SECOND)))
    assert "3 đơn vị không có hạn" in words


@pytest.mark.parametrize(("role", "status"), [(Role.HEAD, 200), (Role.RECEIVER, 200), (Role.OFFICER, 403)])
def test_only_receivers_open(world: World, role: Role, status: int) -> None:
    client = browser(world, world.harbours[0], role)
    assert client.get(reverse(PAGE)).status_code == status
    assert client.post(address(SECOND)).status_code in (302, 403)
    assert Period.objects.filter(code="2024-Q2").exists() == (status == 200)


def test_a_unit_that_receives_nothing_is_told_so(world: World) -> None:
    client = browser(world, world.lights["n1"])
    assert "Không có biểu nào phải gửi cho đơn vị này" in text_of(client.get(reverse(PAGE)))


WRONG = {
    "unknown code": "&rule=quarters&code=2024-Q9",
    "unknown rule": "&rule=nothing&code=2024-Q1",
    "a rule that the form is not owed under": "&rule=halves&code=2024-H1",
    "before the form was in force": "&rule=quarters&code=2015-Q1",
}


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_period_that_cannot_be_opened_is_refused_in_words(world: World, case: str, method: str) -> None:
    make_rule(key="halves", kind="half")
    client = browser(world, world.harbours[0])
    response = getattr(client, method)(address(WRONG[case]))
    assert response.status_code == 422
    assert "Chưa mở được kỳ" in text_of(response)
    assert Period.objects.count() == 1


def test_a_drifter_finds_nothing(world: World) -> None:
    assert world.period.pk
    client = Client()
    client.force_login(orgs.person("drifter"), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse(PAGE)).status_code == 404


def test_a_year_that_is_none_is_this_one(world: World) -> None:
    client = browser(world, world.harbours[0])
    for year in ("", "abcd", "²²²²", "99999"):
        assert client.get(reverse(PAGE), {"form": FORM_KEY, "year": year}).status_code == 200
