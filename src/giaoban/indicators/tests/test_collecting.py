from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from giaoban.indicators import selectors, services
from giaoban.indicators.models import Discrepancy
from giaoban.kit import registries
from giaoban.kit.acts import acts_on
from giaoban.kit.models import Act
from giaoban.kit.permissions import Role
from giaoban.kit.registries import Disagreement
from giaoban.orgs.tests.factories import moment
from giaoban.reporting.tests.factories import SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

AT, LATER, LATEST = moment(2024, 5, 2), moment(2024, 5, 9), moment(2024, 6, 1)


class Said:
    """A source that says what a test puts into it."""

    def __init__(self) -> None:
        self.items: list[Disagreement] = []

    def __call__(self) -> Iterator[Disagreement]:
        yield from self.items


@pytest.fixture
def world() -> World:
    return tiny_world()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """The only source that is registered."""
    source = Said()
    monkeypatch.setattr(registries.disagreements, "_entries", {"lamps": source})
    return source


def lamps(world: World, **changes: Any) -> Disagreement:
    found = Disagreement(
        key="lamps|act-1:lamps|2024-Q1|n1",
        kind="parts",
        what="Đèn: tổng và các phần",
        unit_id=world.lights["n1"].pk,
        period_id=world.period.pk,
        stated=Decimal(10),
        computed=Decimal(9),
        measure="lamp",
        stated_name="Tổng đã ghi",
        computed_name="Cộng các phần",
        source="biên nhận 1",
        link="/bao-cao/1/",
    )
    return replace(found, **changes)


def collect(at: Any = AT) -> services.Collected:
    return services.collect(by=SYSTEM, at=at)


def enter(world: World, **changes: Any) -> Discrepancy:
    given: dict[str, Any] = {
        "key": "by hand",
        "what": "Đèn",
        "unit_id": world.lights["n1"].pk,
        "period_id": world.period.pk,
        "indicator_id": None,
        "published": Decimal(10),
        "computed": Decimal(9),
        "measure": "lamp",
        "recognised_as": "",
        "source": "bản tin",
        "by": SYSTEM,
        "at": AT,
    }
    return services.record_discrepancy(**(given | changes))


def test_what_is_named_first_opens_with_an_act_that_holds_both_numbers(world: World, said: Said) -> None:
    said.items = [lamps(world, simulated=True)]
    assert collect().opened == [said.items[0].key]
    row = Discrepancy.objects.get()
    assert (row.kind, row.state, row.source_name, row.simulated) == ("parts", "open", "lamps", True)
    assert (row.published, row.computed, row.published_name) == (Decimal(10), Decimal(9), "Tổng đã ghi")
    (entry,) = acts_on(row)
    assert (entry.name, entry.detail) == (
        "indicators.record-discrepancy",
        {"published": "10.000000", "computed": "9.000000"},
    )


def test_again_at_once_changes_nothing(world: World, said: Said) -> None:
    said.items = [lamps(world)]
    collect()
    before = Discrepancy.objects.values().get()
    found = collect(LATER)
    assert (found.named, found.opened, found.changed, found.agreed) == (1, [], [], [])
    assert Discrepancy.objects.values().get() == before | {"checked_at": LATER}
    assert len(acts_on(Discrepancy.objects.get())) == 1


def test_other_numbers_are_kept_beside_the_old_ones_in_the_act(world: World, said: Said) -> None:
    said.items = [lamps(world)]
    collect()
    said.items = [lamps(world, computed=Decimal(8))]
    found = collect(LATER)
    assert (found.changed, found.reopened) == ([said.items[0].key], [])
    row = Discrepancy.objects.get()
    assert (row.published, row.computed) == (Decimal(10), Decimal(8))
    assert acts_on(row)[0].detail == {
        "before": {"published": "10.000000", "computed": "9.000000"},
        "now": {"published": "10.000000", "computed": "8.000000"},
    }


@pytest.mark.parametrize("decide", ["explain", "correct"])
def test_a_decision_does_not_hold_of_other_numbers(world: World, said: Said, decide: str) -> None:
    said.items = [lamps(world)]
    collect()
    row = Discrepancy.objects.get()
    if decide == "explain":
        services.decide_discrepancy(row, decision="đèn dự phòng không cộng", by=SYSTEM, at=AT)
    else:
        services.correct_discrepancy(row, correction="đèn dự phòng không cộng", by=SYSTEM, at=AT)
    assert collect().changed == []
    said.items = [lamps(world, computed=Decimal("8.5"))]
    assert collect(LATER).reopened == [row.key]
    row.refresh_from_db()
    assert (row.state, row.decision, row.decided) == ("open", "", None)
    entry = acts_on(row)[0]
    assert entry.name == "indicators.reopen-discrepancy"
    assert entry.reason == "Số liệu đã khác lúc quyết định: 10 và 9 nay là 10 và 8,5."
    assert entry.detail["decision"] == "đèn dự phòng không cộng"


def test_what_is_no_longer_named_agrees_and_stays_in_the_list(world: World, said: Said) -> None:
    said.items = [lamps(world)]
    collect()
    said.items = []
    assert collect(LATER).agreed == ["lamps|act-1:lamps|2024-Q1|n1"]
    assert collect(LATEST).agreed == []
    row = Discrepancy.objects.get(agreed_at=LATER)
    card = selectors.discrepancy_cards(selectors.discrepancies(SYSTEM, AT.date()), AT.date())[0]
    assert (card.state_name, card.is_open, card.age_days) == ("đã khớp lại", False, 7)
    assert selectors.open_discrepancies(SYSTEM, AT.date()) == 0

    said.items = [lamps(world)]
    assert collect(LATEST).returned == [row.key]
    row.refresh_from_db()
    assert row.agreed_at is None
    assert [entry.name for entry in acts_on(row)][:2] == ["indicators.disagree-again", "indicators.agree-discrepancy"]


def test_better_words_replace_the_old_ones_without_an_act(world: World, said: Said) -> None:
    said.items = [lamps(world)]
    collect()
    said.items = [lamps(world, what="Đèn của cả trạm", source="biên nhận 2")]
    assert collect(LATER).changed == []
    row = Discrepancy.objects.get()
    assert (row.what, row.source, len(acts_on(row))) == ("Đèn của cả trạm", "biên nhận 2", 1)


@pytest.mark.parametrize("unit", ["n1", "north", "coast"])
def test_what_a_person_entered_stands_for_what_a_source_names(world: World, said: Said, unit: str) -> None:
    """At the unit itself or above it; the same numbers elsewhere are another matter."""
    units = {"north": world.harbours[0], "coast": world.coast, **world.lights}
    enter(world, unit_id=units[unit].pk)
    elsewhere = lamps(world, key="elsewhere", unit_id=world.lights["s1"].pk)
    said.items = [lamps(world), elsewhere]
    assert collect().opened == (["elsewhere"] if unit != "coast" else [])
    said.items = []
    collect(LATER)
    assert Discrepancy.objects.get(key="by hand").agreed_at is None


def test_only_the_system_looks(world: World, said: Said) -> None:
    with pytest.raises(PermissionDenied):
        services.collect(by=world.actor(world.coast), at=AT)


def test_a_source_that_names_a_key_twice_or_an_unknown_kind_leaves_the_list_alone(world: World, said: Said) -> None:
    for items in ([lamps(world), lamps(world, stated=Decimal(1))], [lamps(world, kind="odd")]):
        said.items = items
        with pytest.raises(ValueError, match="lamps names"):
            collect()
    assert not Discrepancy.objects.exists()
    assert not Act.objects.filter(name="indicators.collect").exists()


def test_a_row_that_stood_before_somebody_entered_it_does_not_come_to_agree(world: World, said: Said) -> None:
    said.items = [lamps(world)]
    (opened,) = collect().opened
    enter(world)
    found = collect(LATER)
    assert (found.opened, found.agreed) == ([], [])
    row = Discrepancy.objects.get(key=opened)
    assert (row.agreed_at, len(acts_on(row))) == (None, 1)
    said.items = []
    assert collect(LATEST).agreed == [opened]


def test_what_came_to_agree_is_not_decided(world: World, said: Said) -> None:
    said.items = [lamps(world)]
    collect()
    said.items = []
    collect(LATER)
    row = Discrepancy.objects.get()
    match = "09/05/2024 thấy hai số đã khớp"
    with pytest.raises(services.DiscrepancyRefused, match=match):
        services.decide_discrepancy(row, decision="lý do", by=SYSTEM, at=LATEST)
    with pytest.raises(services.DiscrepancyRefused, match=match):
        services.correct_discrepancy(row, correction="đã gửi lại", by=SYSTEM, at=LATEST)
    row.refresh_from_db()
    assert (row.state, row.decision) == ("open", "")


def test_a_look_notes_its_time_on_what_waits_alone(world: World, said: Said) -> None:
    said.items = [lamps(world), lamps(world, key="other")]
    collect()
    services.decide_discrepancy(Discrepancy.objects.get(key="other"), decision="đúng", by=SYSTEM, at=AT)
    collect(LATER)
    assert dict(Discrepancy.objects.values_list("key", "checked_at")) == {said.items[0].key: LATER, "other": AT}


def test_a_number_computed_once_says_when_and_whether_reports_were_accepted_since(world: World, said: Said) -> None:
    def card() -> selectors.DiscrepancyCard:
        (found,) = selectors.discrepancy_cards(selectors.discrepancies(SYSTEM, LATEST.date()), LATEST.date())
        return found

    enter(world, unit_id=world.harbours[0].pk)
    assert (card().computed_label, card().outdated_at) == ("Tính lại ngày 02/05/2024", None)
    world.report("s1", at=LATER, all=10, good=9, rate=90)  # beneath the other harbour
    assert card().outdated_at is None
    world.report("n1", at=LATER, all=10, good=9, rate=90)
    assert card().outdated_at == LATER


def test_discrepancies_are_given_to_people_who_may_decide_them(world: World, said: Said) -> None:
    said.items = [lamps(world), lamps(world, key="other", stated=Decimal(7))]
    collect()
    rows = list(Discrepancy.objects.order_by("key"))
    head, officer = world.actor(world.lights["n1"]), world.actor(world.lights["n1"], Role.OFFICER)
    with pytest.raises(services.DiscrepancyRefused, match="không được giao chốt số liệu"):
        services.assign_discrepancies(rows, owner_id=officer.user_id, by=head, at=AT)
    with pytest.raises(services.DiscrepancyRefused, match="Chưa chọn"):
        services.assign_discrepancies([], owner_id=head.user_id, by=head, at=AT)
    with pytest.raises(PermissionDenied):
        services.assign_discrepancies(rows, owner_id=head.user_id, by=world.actor(world.lights["s1"]), at=AT)
    assert not Discrepancy.objects.exclude(owner=None).exists()
    assert services.assign_discrepancies(rows, owner_id=head.user_id, by=head, at=AT) == 2
    assert services.assign_discrepancies(rows, owner_id=head.user_id, by=head, at=AT) == 0
    assert [row.key for row in selectors.owned_by(head.user_id or 0)] == [rows[0].key, "other"]
    services.decide_discrepancy(rows[0], decision="xong", by=head, at=AT)
    assert [row.key for row in selectors.owned_by(head.user_id or 0)] == ["other"]
    assert services.assign_discrepancies(rows[1:], owner_id=None, by=head, at=AT) == 1
    assert not selectors.owned_by(head.user_id or 0).exists()


def test_a_decision_is_taken_back_with_a_reason(world: World, said: Said) -> None:
    said.items = [lamps(world)]
    collect()
    row, head = Discrepancy.objects.get(), world.actor(world.lights["n1"])
    with pytest.raises(services.DiscrepancyRefused, match="đang chờ"):
        services.reopen_discrepancy(row, reason="xem lại", by=head, at=AT)
    with pytest.raises(services.DiscrepancyRefused, match="đã sửa số nào"):
        services.correct_discrepancy(row, correction=" ", by=head, at=AT)
    services.correct_discrepancy(row, correction="gửi lại báo cáo", by=head, at=AT)
    row.refresh_from_db()
    assert (row.state, row.decision) == ("corrected", "gửi lại báo cáo")
    with pytest.raises(services.DiscrepancyRefused, match="lý do"):
        services.reopen_discrepancy(row, reason="", by=head, at=AT)
    with pytest.raises(PermissionDenied):
        services.reopen_discrepancy(row, reason="xem lại", by=world.actor(world.harbours[0]), at=AT)
    services.reopen_discrepancy(row, reason="sửa chưa đủ", by=head, at=LATER)
    row.refresh_from_db()
    assert (row.state, row.decision) == ("open", "")
    assert acts_on(row)[0].detail == {"state": "corrected", "decision": "gửi lại báo cáo"}
