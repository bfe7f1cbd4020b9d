import csv
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.indicators import selectors, services
from giaoban.indicators.models import HintView
from giaoban.indicators.tests.test_discrepancy_pages import browser, text
from giaoban.kit.acts import acts_on
from giaoban.kit.permissions import Role
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import services as reporting
from giaoban.reporting.models import OwingRule, Period, Submission
from giaoban.reporting.tests.factories import AT, SYSTEM, World, make_rule, tiny_world

pytestmark = pytest.mark.django_db

PAGE = "/chi-so/bat-thuong/"
MONTHS = 10
LATER = moment(2024, 12, 2)


@pytest.fixture
def world() -> World:
    return tiny_world()


def months(world: World, lights: tuple[str, ...] = ("n1", "n2", "s1"), **rule: Any) -> list[Period]:
    """Lights report for ten months: about 100 lamps; n1 has nine times as many in the last, n2 repeats the ninth."""
    made = make_rule(key="months", name="Months", kind="month", **rule)
    OwingRule.objects.get(form=world.form).rules.add(made)
    periods = []
    for month in range(1, MONTHS + 1):
        period = reporting.open_period("months", year=2024, code=f"2024-T{month:02}", by=SYSTEM, at=AT)
        reporting.raise_obligations(world.form.key, period, by=SYSTEM, at=AT)
        here = replace(world, period=period)
        for at, light in enumerate(lights):
            lamps = 100 + (month * 7 + at * 3) % 5
            if month == MONTHS and light == "n1":
                lamps = 900
            if month == MONTHS and light == "n2":
                lamps = 100 + ((month - 1) * 7 + at * 3) % 5
            here.report(light, all=lamps, good=lamps - 1, oil=5)
        periods.append(period)
    return periods


def found(world: World, period: Period, unit: str = "coast", **more: Any) -> selectors.Hints:
    return selectors.hints_beneath(SYSTEM, world.form, period, unit, LATER.date(), **more)


def test_hints_name_the_unit_the_cell_and_the_reason(world: World) -> None:
    periods = months(world)
    held = found(world, periods[-1])
    assert (held.units, len(held.periods)) == (3, MONTHS)
    assert [(card.kind, card.unit.key, card.place) for card in held.cards] == [
        ("own-history", "n1", "Lamps / Good lamps"),
        ("own-history", "n1", "Lamps / All lamps"),
        ("repeated", "n2", ""),
    ]
    card = held.cards[1]
    assert card.value == 900
    assert "trung vị 10 kỳ của chính đơn vị là" in card.sentence
    assert card.history[-1] == 900
    assert len(card.history) == MONTHS
    sent = Submission.objects.get(obligation__unit__key="n1", obligation__period=periods[-1])
    assert card.link == f"{reverse('reporting:submission', args=[sent.pk])}#o-own-total--all"
    assert not card.simulated


def test_hints_of_earlier_periods_are_asked_for(world: World) -> None:
    periods = months(world)
    assert found(world, periods[-2]).cards == ()
    assert {card.kind for card in found(world, periods[-1], whole_history=True).cards} == {"own-history", "repeated"}


def test_hints_stay_beneath_the_unit_and_within_what_may_be_seen(world: World) -> None:
    periods = months(world)
    assert found(world, periods[-1], "south").cards == ()
    north = world.actor(world.harbours[0])
    on = LATER.date()
    held = selectors.hints_beneath(north, world.form, periods[-1], "north", on)
    assert {card.unit.key for card in held.cards} == {"n1", "n2"}
    with pytest.raises(Http404):
        selectors.hints_beneath(north, world.form, periods[-1], "south", on)
    choices = selectors.hint_choices(world.actor(world.lights["s3"]), on)
    assert choices == []
    assert selectors.hint_choices(north, on)[0] == (world.form, periods[-1])


def test_cumulative_figures_are_compared_by_what_they_added(world: World) -> None:
    made = make_rule(key="running", name="Running", kind="cumulative_months", tag="RUN", starts="01-01")
    OwingRule.objects.get(form=world.form).rules.add(made)
    total = 0
    periods = []
    for month in range(1, 11):
        period = reporting.open_period("running", year=2024, code=f"2024-RUN-{month:02}", by=SYSTEM, at=AT)
        reporting.raise_obligations(world.form.key, period, by=SYSTEM, at=AT)
        total += 100 + month % 3 if month < 10 else -50
        replace(world, period=period).report("n1", all=total, good=total, oil=0)
        periods.append(period)
    held = found(world, periods[-1])
    assert [card.kind for card in held.cards][:2] == ["falling", "falling"]
    assert "giảm 50" in held.cards[0].sentence
    assert held.cards[0].value == total


def test_queries_do_not_grow_with_units_or_periods(world: World) -> None:
    def cost(period: Period) -> int:
        found(world, period)
        with CaptureQueriesContext(connection) as queries:
            found(world, period)
        return len(queries)

    first = months(world, ("n1",))
    few = cost(first[2])
    for light in ("n2", "n3", "s1", "s2"):
        for period in first:
            replace(world, period=period).report(light, all=50, good=40, oil=1)
    assert cost(first[-1]) == few
    assert few <= 10


def test_whoever_may_confirm_above_says_what_it_is_and_nobody_twice(world: World) -> None:
    periods = months(world)
    card = found(world, periods[-1]).cards[0]
    given: dict[str, Any] = {"key": card.key, "unit_id": card.unit.id, "at": LATER}
    coast = world.actor(world.coast)
    for other in (world.actor(world.harbours[1]), world.actor(world.lights["n1"], Role.OFFICER)):
        with pytest.raises(PermissionDenied):
            services.mark_seen(**given, note="đúng", by=other)
    with pytest.raises(services.HintRefused, match="Ghi ngắn gọn"):
        services.mark_seen(**given, note=" ", by=coast)
    row = services.mark_seen(**given, note="đơn vị xác nhận số đúng", by=coast)
    assert [entry.name for entry in acts_on(row)] == ["indicators.see-hint"]
    with pytest.raises(services.HintRefused, match=r"đã xem dấu hiệu này lúc .*: đơn vị xác nhận số đúng"):
        services.mark_seen(**given, note="khác", by=world.actor(world.lights["n1"]))
    seen = found(world, periods[-1]).cards[0].seen
    assert seen is not None
    assert seen.note == "đơn vị xác nhận số đúng"


def test_another_figure_is_another_hint(world: World) -> None:
    periods = months(world)
    card = found(world, periods[-1]).cards[0]
    services.mark_seen(key=card.key, unit_id=card.unit.id, note="đúng", by=SYSTEM, at=LATER)
    replace(world, period=periods[-1]).report("n1", at=LATER, all=950, good=900, oil=5)
    again = found(world, periods[-1]).cards[0]
    assert again.key != card.key
    assert again.seen is None


def test_the_page_lists_filters_and_takes_a_note(world: World) -> None:
    months(world)
    client = browser(world, world.harbours[0])
    shown = text(client, PAGE)
    assert "3 dấu hiệu chưa ai xem" in shown
    assert "Khác xa các kỳ của chính đơn vị" in shown
    assert "Lặp lại y nguyên kỳ trước" in shown
    assert '<svg class="gb-spark"' in shown
    only = text(client, f"{PAGE}?loai=repeated")
    assert "Ghi đã xem" in only
    assert "Lamps / All lamps" not in only
    card = next(one for one in _cards(world) if one.kind == "repeated")
    refused = client.post(PAGE, {"dau-hieu": card.key, "ghi-chu": ""})
    assert refused.status_code == 422
    assert "Ghi ngắn gọn" in refused.content.decode()
    assert client.post(PAGE, {"dau-hieu": "nonsense", "ghi-chu": "x"}).status_code == 404
    done = client.post(f"{PAGE}?xem=chua", {"dau-hieu": card.key, "ghi-chu": "đã hỏi, số đúng"}, follow=True)
    assert "2 dấu hiệu chưa ai xem" in done.content.decode()
    assert "đã hỏi, số đúng" not in done.content.decode()
    assert "đã hỏi, số đúng" in text(client, f"{PAGE}?xem=roi")
    assert HintView.objects.get().unit_id == world.lights["n2"].pk


def _cards(world: World) -> tuple[selectors.HintCard, ...]:
    period = Period.objects.get(code=f"2024-T{MONTHS}")
    return selectors.hints_beneath(SYSTEM, world.form, period, "coast", timezone.localdate()).cards


def test_three_people_see_their_own(world: World) -> None:
    months(world)
    own = text(browser(world, world.lights["n1"]), PAGE)
    assert "2 dấu hiệu chưa ai xem" in own
    sibling = browser(world, world.lights["s1"])
    assert "Không có dấu hiệu bất thường" in text(sibling, PAGE)
    text(sibling, f"{PAGE}?don-vi=n1", 404)
    assert "Chưa có số liệu để so" in text(browser(world, world.lights["s3"]), PAGE)
    inspector = text(browser(world, world.coast, Role.INSPECTOR), PAGE)
    assert "Ghi đã xem" not in inspector
    assert "chưa ai xem" in inspector
    text(browser(world, world.coast), f"{PAGE}?bieu=act-1:none", 404)


def test_the_file_holds_reasons_and_notes(world: World) -> None:
    months(world)
    answer = browser(world, world.coast).get(reverse("indicators:hints-csv"))
    lines = list(csv.DictReader(answer.content.decode("utf-8-sig").splitlines()))
    assert [line["Loại"] for line in lines] == [
        "Khác xa các kỳ của chính đơn vị",
        "Khác xa các kỳ của chính đơn vị",
        "Lặp lại y nguyên kỳ trước",
    ]
    assert [line["Số"] for line in lines] == ["899", "900", ""]
    assert browser(world, world.lights["s3"]).get(reverse("indicators:hints-csv")).status_code == 200


def test_too_many_reports_at_once_are_not_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    periods = months(world)
    monkeypatch.setattr(selectors.hints, "MOST_UNITS", 2)
    with pytest.raises(selectors.TooWide):
        found(world, periods[-1])
    assert found(world, periods[-1], "north").cards
    client = browser(world, world.coast)
    shown = text(client, PAGE)
    assert "Chọn một đơn vị để xem dấu hiệu" in shown
    assert "Có 3 báo cáo đã tiếp nhận ở đây" in shown
    assert "don-vi=north" in shown
    assert "xuat.csv" not in shown
    assert client.get(reverse("indicators:hints-csv")).status_code == 302
    assert "3 dấu hiệu chưa ai xem" in text(client, f"{PAGE}?don-vi=north")


def test_full_periods_before_one_that_began_are_not_read_either(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    periods = months(world)
    Submission.objects.filter(obligation__period=periods[-1]).exclude(obligation__unit__key="n1").update(
        is_current=False, state="superseded"
    )
    monkeypatch.setattr(selectors.hints, "MOST_UNITS", 2)
    monkeypatch.setattr(selectors.hints, "MOST_REPORTS", 27)
    with pytest.raises(selectors.TooWide) as caught:
        found(world, periods[-1])
    assert (caught.value.reports, caught.value.most) == (28, 27)
    assert "Có 28 báo cáo đã tiếp nhận ở đây; mỗi lần so được nhiều nhất 27." in text(browser(world, world.coast), PAGE)
    assert found(world, periods[-1], "north").cards


def test_the_chosen_period_is_marked_by_its_word_alone(world: World) -> None:
    periods = months(world)
    Period.objects.filter(pk__in=[one.pk for one in periods]).update(label="một tháng")
    shown = text(browser(world, world.coast), f"{PAGE}?ky=2024-T09")
    assert shown.count(" selected>") == 2
    assert '<option value="2024-T09" selected>' in shown
