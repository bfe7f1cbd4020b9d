"""An accepted amendment is told to those who used the figures before it, once, and to nobody else."""

from datetime import timedelta

import pytest

from giaoban.kit.messages import inbox
from giaoban.kit.models import Message
from giaoban.kit.permissions import Role
from giaoban.kit.registries import figure_users
from giaoban.reporting import services
from giaoban.reporting.models import Submission
from giaoban.reporting.services.telling import TELL_JOB, after_acceptance, tell_users_of
from giaoban.reporting.tests.factories import AT, SIGNED, SYSTEM, World, make_form, owe, tiny_world
from giaoban.reporting.tests.test_changes import amend
from giaoban.reporting.tests.test_prefilling import UPPER, owed, upper_data

pytestmark = pytest.mark.django_db

LATER = AT + timedelta(days=1)


@pytest.fixture
def world() -> World:
    return tiny_world()


def told(world: World, row: Submission) -> list[tuple[str, str]]:
    """Who was told of what."""
    tell_users_of([row.pk], LATER)
    rows = Message.objects.filter(kind="amendment", channel="product").order_by("person__login")
    return [(one.person.login, one.link) for one in rows]


def confirm(world: World, *, of: int = 0) -> None:
    unit = (world.coast, *world.harbours)[of]
    services.confirm_table(world.form.key, world.period, unit.pk, by=world.actor(unit), at=AT)


def test_who_confirmed_a_table_with_the_old_figures_is_told_once(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world, of=1)
    world.actor(world.harbours[0], Role.OFFICER)  # does not confirm
    confirm(world, of=2)  # holds no figure of the unit
    row = amend(world, "n1", all=10, good=6)
    found = told(world, row)
    assert [login for login, _ in found] == ["north-head"]
    assert found[0][1].endswith("?unit=north#thay-doi")
    assert told(world, row) == found
    message = inbox(world.actor(world.harbours[0]).user_id or 0).get()
    assert "Light N1" in message.subject
    assert "miscounted 1" in message.body
    assert "Bảng tổng hợp đã chốt của North Harbour" in message.body


def test_a_table_confirmed_with_the_amendment_is_told_nothing(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    row = amend(world, "n1", all=10, good=6)
    confirm(world)
    assert told(world, row) == []


def test_a_table_confirmed_before_anything_came_is_told_nothing(world: World) -> None:
    world.report("s1", all=1, good=1)
    confirm(world)
    world.report("n1", all=10, good=4)
    assert told(world, amend(world, "n1", all=10, good=6)) == []


def test_a_report_of_the_level_above_that_took_the_old_figures(world: World) -> None:
    form = make_form(upper_data())
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(UPPER, world.period, by=SYSTEM, at=AT)
    world.report("n1", all=10, good=4)
    by = world.actor(world.harbours[0])
    world.actor(world.harbours[1])
    services.fill_from_below(owed("north", form), by=by, at=AT)
    services.submit_draft(owed("north", form), by=by, at=AT, signatures=SIGNED)
    row = amend(world, "n1", all=10, good=6)
    found = told(world, row)
    assert [login for login, _ in found] == ["north-head"]
    assert found[0][1].endswith(f"/nhap/{owed('north', form).pk}/")


def test_only_what_still_stands_is_told(world: World) -> None:
    world.report("n1", all=10, good=4)
    confirm(world)
    first = amend(world, "n1", all=10, good=6)
    amend(world, "n1", 2, all=10, good=7)
    assert told(world, first) == []


def test_nothing_is_asked_for_without_an_amendment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr("giaoban.reporting.services.telling.enqueue", lambda name, **given: asked.append((name, given)))
    plain = world.report("n1", all=10, good=4)
    after_acceptance([plain])
    assert asked == []
    amended = amend(world, "n1", all=10, good=6)
    asked.clear()
    after_acceptance([plain, amended])
    assert asked == [(TELL_JOB, {"submissions": [amended.pk]})]


def test_the_room_says_what_it_makes_of_figures() -> None:
    assert "reporting" in figure_users.names()


def test_amendments_of_one_hour_are_told_in_one_message(world: World) -> None:
    for light in ("n1", "n2", "n3"):
        world.report(light, all=10, good=4)
    confirm(world)
    first = amend(world, "n1", all=10, good=6)
    assert tell_users_of([first.pk], LATER) == 1
    later = [amend(world, light, all=10, good=6) for light in ("n2", "n3")]
    soon, then = LATER + timedelta(minutes=5), LATER + timedelta(hours=1)
    assert [tell_users_of([one.pk], soon) for one in later] == [0, 0]
    assert tell_users_of([later[0].pk, later[1].pk], then) == 1
    assert tell_users_of([later[1].pk], then) == 0
    last, before = Message.objects.filter(kind="amendment", channel="product")
    assert "Light N1" in before.subject
    assert last.subject.startswith("2 đơn vị sửa số liệu")
    assert "Light N2: sửa đổi lần 1" in last.body
    assert "Light N3: sửa đổi lần 1" in last.body
    assert "Light N1" not in last.body


def test_what_waits_for_the_end_of_the_hour_is_a_job(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    name = "giaoban.reporting.services.telling.enqueue_at"
    monkeypatch.setattr(name, lambda *given, **more: asked.append((*given, more)))
    for light in ("n1", "n2"):
        world.report(light, all=10, good=4)
    confirm(world)
    tell_users_of([amend(world, "n1", all=10, good=6).pk], LATER)
    second = amend(world, "n2", all=10, good=6)
    tell_users_of([second.pk], LATER + timedelta(minutes=5))
    assert asked == [(TELL_JOB, LATER + timedelta(hours=1), {"submissions": [second.pk]})]


def test_who_used_a_report_made_of_the_figures_is_told_too(world: World) -> None:
    form = make_form(upper_data())
    owe(form, world.rule, "harbour", "coast")
    services.raise_obligations(UPPER, world.period, by=SYSTEM, at=AT)
    world.report("n1", all=10, good=4)
    by = world.actor(world.harbours[0])
    services.fill_from_below(owed("north", form), by=by, at=AT)
    sent = services.submit_draft(owed("north", form), by=by, at=AT, signatures=SIGNED)
    services.accept(sent, by=SYSTEM, at=AT)
    services.confirm_table(form.key, world.period, world.coast.pk, by=world.actor(world.coast), at=AT)
    found = told(world, amend(world, "n1", all=10, good=6))
    assert [login for login, _ in found] == ["coast-head", "north-head"]
    assert "bao-cao" in found[0][1]
