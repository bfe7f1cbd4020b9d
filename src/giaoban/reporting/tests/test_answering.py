"""Reports in the name of an ended unit: its one successor finishes them; what depends on an event since is said."""

from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from giaoban.accounts.models import User
from giaoban.kit.permissions import Role
from giaoban.orgs import services as orgs_services
from giaoban.orgs.models import Unit
from giaoban.orgs.selectors import actor_for
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import dependents, offers, services
from giaoban.reporting.models import DeadlineChange, Draft, Obligation, Reminder, Submission
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, tiny_world
from giaoban.reporting.tests.test_dependents import LATE, abolish, merge, record, seen, undo

pytestmark = pytest.mark.django_db
TODAY = date(2024, 4, 12)


@pytest.fixture
def world() -> World:
    return tiny_world()


def head_of(key: str) -> Any:
    """Somebody who sends for a unit, as of today."""
    unit = Unit.objects.get(key=key)
    return orgs.actor(f"head-{key}", unit, Role.HEAD, on=TODAY)


def told(data: dict[str, Any]) -> list[tuple[str, int, str, bool]]:
    return [
        (one.what, one.count, one.consequence, one.needs_person) for one in seen(data) if one.what == dependents.LATE
    ]


def test_a_late_report_is_sent_by_the_successor_in_the_name_of_the_ended_unit(world: World) -> None:
    assert told(merge("n1", into="n2", on=LATE)) == [(dependents.LATE, 1, dependents.ANSWERED, False)]
    record(merge("n1", into="n2", on=LATE))
    owed, heir = world.owed("n1"), head_of("n2")
    items = {one.title: one for one in offers.work_items(heir, TODAY) if one.unit_id == owed.unit_id}
    assert [one.about.split(" · ")[0] for one in items.values()] == ["thay cho Light N1 đã kết thúc"]
    services.save_draft(owed, figures={"own/total//all": "4"}, by=heir, at=AT)
    sent = services.submit(owed, figures=world.figures(all=4, good=1), by=heir, at=AT, signatures=SIGNED)
    assert (sent.on_behalf_of, sent.act.unit_id) == ("Light N1 (đã kết thúc)", world.lights["n2"].pk)
    assert world.owed("n1").unit.key == "n1"


def test_a_returned_report_is_corrected_by_the_successor_alone(world: World) -> None:
    sent = world.send("n1", all=4, good=1)
    services.return_for_correction(sent, reason="thiếu", by=SYSTEM, at=AT)
    assert told(merge("n1", into="n2")) == [(dependents.LATE, 1, dependents.ANSWERED, False)]
    record(merge("n1", into="n2"))
    owed = world.owed("n1")
    for stranger in (head_of("n3"), head_of("s1")):
        with pytest.raises(PermissionDenied):
            services.submit(owed, figures=world.figures(all=5, good=2), by=stranger, at=AT, signatures=SIGNED)
    again = services.submit(owed, figures=world.figures(all=5, good=2), by=head_of("n2"), at=AT, signatures=SIGNED)
    assert again.version == 2


def test_the_page_of_an_ended_unit_says_for_whom_one_types(world: World, client: Client) -> None:
    record(merge("n1", into="n2", on=LATE))
    owed = world.owed("n1")
    client.force_login(User.objects.get(pk=head_of("n2").user_id))
    page = client.get(reverse("reporting:entry", args=[owed.pk]))
    assert "Nhập thay cho Light N1" in page.content.decode()
    assert page.context["may_send"]


def test_without_one_successor_a_late_report_waits_for_a_person(world: World) -> None:
    assert told(abolish("n1", on=LATE)) == [(dependents.LATE, 1, dependents.NOT_ANSWERED, True)]


def test_a_report_that_falls_away_says_what_goes_with_it_and_all_of_it_comes_back(world: World) -> None:
    owed = world.owed("n1")
    services.move_deadline([owed], due_on=date(2024, 4, 20), basis="letter 9", reason="storm", by=SYSTEM, at=AT)
    services.remind([owed], note="soon", by=SYSTEM, at=AT)
    Draft.objects.create(obligation=owed, figures={"own/total//all": "4"}, saved_at=AT)
    (fallen,) = [one for one in seen(merge("n1", into="n2")) if one.what == dependents.FALLEN]
    assert fallen.count == 1
    assert "1 bản nháp có số" in fallen.consequence
    tables = (Obligation, Draft, DeadlineChange, Reminder)
    before = [sorted(model._default_manager.values_list()) for model in tables[:1]]
    counts = [model._default_manager.count() for model in tables]
    done = record(merge("n1", into="n2"))
    undo(done)
    assert [sorted(model._default_manager.values_list()) for model in tables[:1]] == before
    assert [model._default_manager.count() for model in tables] == counts
    assert DeadlineChange.objects.get(obligation=owed).basis == "letter 9"


def test_only_handed_reports_of_a_successor_change_their_receiver(world: World) -> None:
    """What the successor owed already stays where it goes, even when the rules would say otherwise."""
    second = services.open_period(world.rule.key, year=2024, code="2024-Q2", by=SYSTEM, at=AT)
    services.raise_obligations(world.form.key, second, by=SYSTEM, at=AT)
    Obligation.objects.filter(unit__in=[world.lights["n1"]], period=second).delete()
    Obligation.objects.filter(unit=world.lights["s1"], period=second).update(receiver=world.harbours[0])
    world.owed("s1").delete()
    record(merge("n1", into="s1"))
    assert world.owed("s1").receiver == world.harbours[1]
    assert world.owed("s1", second).receiver == world.harbours[0]


def test_what_an_absorbing_unit_sent_since_stands_against_undoing(world: World) -> None:
    done = record(merge("n1", into="n2"))
    assert orgs_services.can_undo(done) == []
    world.send("n2", all=9, good=1)
    assert Submission.objects.count() == 1
    assert orgs_services.can_undo(done) == ["Báo cáo: 1 báo cáo đơn vị kế tục đã gửi sau biến động."]


def test_a_table_confirmed_above_since_stands_against_undoing(world: World) -> None:
    for light in ("n1", "n2", "n3"):
        world.report(light, all=4, good=1)
    done = record(merge("n1", into="n2"))
    assert orgs_services.can_undo(done) == []
    harbour = world.harbours[0]
    by = actor_for(orgs.actor("north-head", harbour, Role.HEAD).user_id or 0, "north-head", TODAY)
    services.confirm_table(world.form.key, world.period, harbour.pk, by=by, at=AT)
    assert orgs_services.can_undo(done) == ["Báo cáo: 1 bảng tổng hợp đã chốt sau biến động."]
