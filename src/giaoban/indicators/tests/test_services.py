from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404

from giaoban.indicators import selectors, services
from giaoban.indicators.models import Discrepancy
from giaoban.indicators.tests.factories import indicator
from giaoban.kit.acts import acts_on
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.orgs.tests.factories import moment
from giaoban.reporting.tests.factories import SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

AT = moment(2024, 5, 2)
ON = AT.date()


@pytest.fixture
def world() -> World:
    return tiny_world()


def record(world: World, **changes: Any) -> Discrepancy:
    given: dict[str, Any] = {
        "key": "good-lamps:2024-Q1",
        "what": "Tỷ lệ đèn tốt: công bố và tính từ tổng",
        "unit_id": world.coast.pk,
        "period_id": world.period.pk,
        "indicator_id": None,
        "published": Decimal("75.00"),
        "computed": Decimal("54.55"),
        "measure": "%",
        "recognised_as": "trung bình cộng",
        "source": "bản tin số 7",
        "by": SYSTEM,
        "at": AT,
    }
    return services.record_discrepancy(**{**given, **changes})


def test_a_discrepancy_is_recorded_once_and_neither_number_changes(world: World) -> None:
    first = record(world)
    again = record(world, published=Decimal(99), what="khác")
    assert again == first
    assert (again.published, again.what) == (Decimal("75.00"), "Tỷ lệ đèn tốt: công bố và tính từ tổng")
    assert [entry.name for entry in acts_on(first)] == ["indicators.record-discrepancy"]


def test_recording_needs_the_right_at_the_unit(world: World) -> None:
    with pytest.raises(PermissionDenied):
        record(world, by=world.actor(world.coast, Role.OFFICER))
    with pytest.raises(PermissionDenied):
        record(world, by=world.actor(world.harbours[0], Role.RECEIVER))
    assert not Discrepancy.objects.exists()
    assert record(world, by=world.actor(world.coast, Role.RECEIVER)).found.actor_name == "Coast-receiver"


def test_a_decision_is_taken_once_with_words_by_somebody_who_may(world: World) -> None:
    row, by = record(world), world.actor(world.coast, Role.RECEIVER)
    for other in (world.actor(world.coast, Role.OFFICER), world.actor(world.harbours[0], Role.RECEIVER)):
        with pytest.raises(PermissionDenied):
            services.decide_discrepancy(row, decision="dùng số tính được", by=other, at=AT)
    with pytest.raises(services.DiscrepancyRefused, match="lý do"):
        services.decide_discrepancy(row, decision="  ", by=by, at=AT)
    services.decide_discrepancy(row, decision="dùng số tính được", by=by, at=AT)
    row.refresh_from_db()
    assert (row.state, row.decision) == ("explained", "dùng số tính được")
    assert acts_on(row)[0].reason == "dùng số tính được"
    count = Act.objects.count()
    with pytest.raises(services.DiscrepancyRefused, match="đã có quyết định"):
        services.decide_discrepancy(row, decision="đổi ý", by=by, at=AT)
    assert Act.objects.count() == count
    row.refresh_from_db()
    assert row.decision == "dùng số tính được"


def test_the_list_shows_open_ones_first_to_those_who_see_the_unit(world: World) -> None:
    by = world.actor(world.coast, Role.RECEIVER)
    done = record(world, key="a")
    services.decide_discrepancy(done, decision="xong", by=by, at=AT)
    record(world, key="b", indicator_id=indicator(world).pk)
    cards = selectors.discrepancy_cards(selectors.discrepancies(by, ON), ON)
    assert [(card.is_open, card.scale, card.difference) for card in cards] == [
        (True, 2, Decimal("20.45")),
        (False, 2, Decimal("20.45")),
    ]
    assert (cards[1].decision, cards[1].decided_by, cards[1].unit.name) == ("xong", "Coast-receiver", "Coast Office")
    assert selectors.open_discrepancies(by, ON) == 1
    assert selectors.discrepancy_for(by, done.pk, ON) == done
    below = world.actor(world.harbours[0], Role.HEAD)
    assert selectors.open_discrepancies(below, ON) == 0
    with pytest.raises(Http404):
        selectors.discrepancy_for(below, done.pk, ON)


@pytest.mark.parametrize(("published", "scale"), [("44", 0), ("44.0", 0), ("87.04", 2), ("0.125", 3), ("1200", 0)])
def test_decimals_are_those_that_tell_the_numbers_apart(world: World, published: str, scale: int) -> None:
    row = record(world, published=Decimal(published), computed=Decimal(38))
    row = selectors.discrepancies(SYSTEM, ON).get(pk=row.pk)
    assert selectors.discrepancy_cards([row], ON)[0].scale == scale


def test_commands_find_them_by_key(world: World) -> None:
    row = record(world)
    assert selectors.discrepancy_by_key(row.key) == row
