"""What the receiver of a report is shown of its figures, on the page where it is accepted."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.core.outliers import USUAL
from giaoban.indicators import selectors, services
from giaoban.indicators.panels import before_receiving
from giaoban.indicators.tests.test_discrepancy_pages import browser, lamps, text
from giaoban.indicators.tests.test_hints import LATER, found, months
from giaoban.kit import registries
from giaoban.kit.permissions import Role
from giaoban.reporting.models import Obligation, Submission
from giaoban.reporting.selectors import submission_for
from giaoban.reporting.tests.factories import SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

TITLE = "Nên xem lại"


@pytest.fixture
def world() -> World:
    return tiny_world()


def address(row: Submission) -> str:
    return reverse("reporting:submission", args=[row.pk])


def last_of(world: World, light: str, **changes: Any) -> tuple[World, Submission]:
    period = months(world)[-1]
    here = replace(world, period=period)
    return here, Submission.objects.get(obligation__unit__key=light, obligation__period=period, is_current=True)


def test_the_receiver_is_shown_what_the_list_of_hints_has(world: World) -> None:
    here, row = last_of(world, "n1")
    shown = text(browser(world, world.harbours[0]), address(row))
    assert f"{TITLE}: 2 dấu hiệu bất thường" in shown
    assert "trung vị 10 kỳ của chính đơn vị là" in shown
    assert "việc tiếp nhận không bị chặn" in shown
    assert "/chi-so/bat-thuong/?bieu=act-1%3Alamps" in shown
    listed = {card.key for card in found(world, here.period, "north").cards if card.unit.key == "n1"}
    assert {card.key for card in selectors.hints_of_report(row, LATER.date())} == listed


def test_the_unit_itself_and_those_who_only_look_on_are_not(world: World) -> None:
    _, row = last_of(world, "n1")
    for unit, role in ((world.lights["n1"], Role.HEAD), (world.harbours[0], Role.INSPECTOR), (world.coast, Role.HEAD)):
        assert TITLE not in text(browser(world, unit, role), address(row))
    text(browser(world, world.lights["n2"]), address(row), 404)
    text(browser(world, world.harbours[1]), address(row), 404)


def test_a_report_that_waits_is_looked_at_before_it_is_accepted(world: World) -> None:
    here, _ = last_of(world, "n1")
    sent = here.send("n1", at=LATER, all=101, good=100, oil=5)
    receiver = browser(world, world.harbours[0])
    assert TITLE not in text(receiver, address(sent))
    again = here.send("n1", at=LATER, all=5000, good=4999, oil=5)
    shown = text(receiver, address(again))
    assert "5.000" in shown
    assert f"{TITLE}: 2 dấu hiệu" in shown
    assert "Mở dấu hiệu bất thường" not in shown
    assert 'value="accept"' in shown
    answer = receiver.post(address(again), {"act": "accept"}, follow=True)
    assert answer.status_code == 200
    again.refresh_from_db()
    assert again.is_current


def test_what_somebody_said_of_a_hint_stands_beside_it(world: World) -> None:
    here, row = last_of(world, "n1")
    card = found(world, here.period, "north").cards[0]
    services.mark_seen(key=card.key, unit_id=card.unit.id, note="đã hỏi, số đúng", by=SYSTEM, at=LATER)
    assert "đã xem: đã hỏi, số đúng" in text(browser(world, world.harbours[0]), address(row))


def test_comparable_units_are_those_of_the_same_receiver(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    here, row = last_of(world, "n1")
    for light in ("n3", "s2", "s3"):
        here.report(light, all=100, good=99, oil=5)
    limits = replace(USUAL, units=3, history=99)
    cards = selectors.hints_of_report(row, LATER.date(), limits=limits)
    assert {card.kind for card in cards} == {"peers"}
    assert "trung vị 3 đơn vị cùng loại" in cards[0].sentence
    listed = found(world, here.period, "north", limits=limits).cards
    assert {card.key for card in cards} == {card.key for card in listed if card.unit.key == "n1"}


def test_open_disagreements_of_the_report_are_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    row = world.report("n3", all=100, good=99)
    said = [
        lamps(world, "n3"),
        lamps(world, "n3", key="lamps|act-1:other|n3", what="Biểu khác"),
        lamps(world, "n2", what="Đèn của n2"),
    ]
    monkeypatch.setattr(registries.disagreements, "_entries", {"lamps": lambda: said})
    services.collect(by=SYSTEM, at=timezone.now())
    receiver = browser(world, world.harbours[0])
    shown = text(receiver, address(row))
    assert f"{TITLE}: 1 chênh lệch" in shown
    assert "Đèn của n3: Tổng đã ghi 10, Cộng các phần 8 (đèn)" in shown
    assert "Biểu khác" not in shown
    assert "Đèn của n2" not in shown
    said.clear()
    services.collect(by=SYSTEM, at=timezone.now())
    assert TITLE not in text(receiver, address(row))


def test_a_version_that_gave_way_says_nothing(world: World) -> None:
    here, row = last_of(world, "n1")
    here.report("n1", at=LATER, all=101, good=100, oil=5)
    assert before_receiving(world.actor(world.harbours[0]), submission_for(SYSTEM, row.pk)) is None


def test_queries_do_not_grow_with_units_or_periods(world: World) -> None:
    periods = months(world)
    receiver = world.actor(world.harbours[0])

    def cost(pk: int) -> int:
        row = submission_for(SYSTEM, pk)
        with CaptureQueriesContext(connection) as queries:
            assert before_receiving(receiver, row) is not None
        return len(queries)

    row = Submission.objects.get(obligation__unit__key="n1", obligation__period=periods[-1])
    few = cost(row.pk)
    for period in periods:
        replace(world, period=period).report("n3", all=50, good=40, oil=1)
    assert Obligation.objects.filter(submissions__is_current=True).count() == 40
    assert cost(row.pk) == few
    assert few <= 14
