"""Reminders: one digest a day, by the clock and by hand, with a log of what was said."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from giaoban.accounts.models import MailWish, User
from giaoban.accounts.services import make_daily_mails
from giaoban.kit.clock import is_time
from giaoban.kit.jobs import run_pending
from giaoban.kit.models import Act, Message, MessageKind, Pack, Word
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.orgs.tests import factories as orgs
from giaoban.orgs.tests.factories import moment
from giaoban.reporting import services
from giaoban.reporting.models import DecreedDay, Obligation
from giaoban.reporting.selectors.reminding import daily_mails, day_plan, last_run, messages_for, next_runs, policy
from giaoban.reporting.services.reminding import remind_by_clock
from giaoban.reporting.tests.factories import SYSTEM, World, tiny_world

pytestmark = pytest.mark.django_db

DUE = date(2024, 4, 10)
LATE = date(2024, 4, 11)
AT_LATE = moment(2024, 4, 11, 7)
STAFF = (("n1", Role.OFFICER), ("n1", Role.HEAD), ("n2", Role.OFFICER), ("s1", Role.OFFICER))


@pytest.fixture
def world() -> World:
    """Lights with their people, harbours with a receiver and a head each, and the policy of the pack."""
    made = tiny_world()
    for key, role in STAFF:
        made.actor(made.lights[key], role)
    for harbour in made.harbours:
        made.actor(harbour, Role.RECEIVER)
        made.actor(harbour, Role.HEAD)
    made.actor(made.coast, Role.INSPECTOR)
    adopt()
    return made


def adopt(**days: list[int]) -> None:
    pack, _ = Pack.objects.get_or_create(key="p", defaults={"title": "P", "version": "1", "loaded_at": AT_LATE})
    for key, count in {"before": [5, 1], "after": [1, 3, 6], "head": [3], "above": [6], **days}.items():
        data = {"days": count, "note": "ours"}
        Word.objects.create(pack=pack, list="reminders", key=key, name=key.capitalize(), data=data, position=0)


def send(on: date = LATE) -> int:
    return services.send_digests(on, by=SYSTEM, at=datetime.combine(on, AT_LATE.time(), AT_LATE.tzinfo))


def told(**where: Any) -> dict[str, Message]:
    rows = Message.objects.filter(channel="product", **where).select_related("person")
    return {row.person.login: row for row in rows}


def browser(world: World, unit: Unit, role: Role) -> Client:
    client = Client()
    client.force_login(user(world, unit, role), backend="django.contrib.auth.backends.ModelBackend")
    return client


def user(world: World, unit: Unit, role: Role) -> User:
    pk = world.actor(unit, role).user_id
    assert pk is not None
    return User.objects.get(pk=pk)


def test_a_late_report_is_told_to_who_owes_it_and_who_receives_it(world: World) -> None:
    assert send() == 6
    assert set(told()) == {"n1-officer", "n1-head", "n2-officer", "s1-officer", "north-receiver", "south-receiver"}
    own, received = told()["n1-officer"], told()["north-receiver"]
    assert "Light N1:\n– Biểu lamps, " in own.body
    assert own.link == reverse("reporting:entry", args=[world.owed("n1").pk])
    assert "3 báo cáo của 3 đơn vị" in received.body
    assert received.link.startswith("/bao-cao/tiep-nhan/north/")
    assert (own.unit_id, received.unit_id) == (world.lights["n1"].pk, world.harbours[0].pk)


def test_a_received_report_is_not_named_and_a_returned_one_is(world: World) -> None:
    world.send("n1", all=5, good=4)
    back = world.send("n2", all=5, good=4)
    services.return_for_correction(back, reason="cột 1", by=SYSTEM, at=AT_LATE)
    send()
    digests = told(kind="digest")
    assert "n1-officer" not in digests
    assert "bị trả lại: cột 1" in digests["n2-officer"].body
    assert "2 báo cáo của 2 đơn vị" in digests["north-receiver"].body


def test_the_same_day_twice_tells_nobody_twice(world: World) -> None:
    assert (send(), send()) == (6, 0)
    assert Message.objects.count() == 6


def test_escalation_goes_to_the_head_and_then_to_the_unit_above(world: World) -> None:
    world.actor(world.coast, Role.RECEIVER)
    send(date(2024, 4, 15))
    assert {"north-head", "south-head"} <= set(told())
    assert "Chậm kéo dài, báo lên cấp trên: 3 báo cáo của 3 đơn vị" in told()["north-head"].body
    assert "coast-receiver" not in told()
    send(date(2024, 4, 19))
    assert "6 báo cáo của 6 đơn vị" in told()["coast-receiver"].body


def test_days_off_and_moved_deadlines(world: World) -> None:
    assert send(date(2024, 4, 13)) == 0
    services.move_deadline(
        [world.owed("n1")], due_on=date(2024, 4, 30), basis="letter 8", reason="storm", by=SYSTEM, at=AT_LATE
    )
    send()
    assert "n1-officer" not in told(kind="digest")


def test_without_deadline_or_without_policy_nobody_is_told(world: World) -> None:
    Obligation.objects.update(due_on=None)
    assert send() == 0
    Obligation.objects.update(due_on=DUE)
    Word.objects.all().delete()
    assert policy() is None
    assert send(date(2024, 4, 12)) == 0


def test_who_answers_for_an_ended_unit_is_told(world: World) -> None:
    world.lights["n3"].versions.update(valid_to=date(2024, 4, 1))
    orgs.pass_on(world.lights["n3"], world.lights["n1"], date(2024, 4, 1))
    send()
    assert "Light N3:" in told()["n1-officer"].body


def test_only_the_system_sends_digests(world: World) -> None:
    with pytest.raises(PermissionDenied):
        services.send_digests(LATE, by=world.actor(world.harbours[0]), at=AT_LATE)


def test_the_clock_runs_once_a_working_day_and_catches_up(world: World) -> None:
    assert remind_by_clock(moment(2024, 4, 11, 6, 59)) is None
    assert remind_by_clock(moment(2024, 4, 11, 7)) == 6
    assert remind_by_clock(moment(2024, 4, 11, 7, 10)) is None
    assert remind_by_clock(moment(2024, 4, 13, 9)) is None
    assert last_run(date(2024, 4, 17)) == LATE
    assert remind_by_clock(moment(2024, 4, 17, 15)) == 8  # the 15th was missed: its rings are made up for, once
    assert remind_by_clock(moment(2024, 4, 17, 16)) is None


def test_next_runs_are_working_days_not_done_yet(world: World) -> None:
    assert next_runs(AT_LATE) == [LATE, date(2024, 4, 12), date(2024, 4, 15)]
    send()
    assert next_runs(AT_LATE) == [date(2024, 4, 12), date(2024, 4, 15), date(2024, 4, 16)]


def test_the_cost_of_a_day_does_not_grow_with_the_people(world: World) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            day_plan(LATE, None)
        return len(queries)

    before = cost()
    for light in world.lights.values():
        for number in range(3):
            orgs.actor(f"{light.key}-{number}", light, Role.OFFICER)
    assert cost() == before


def test_a_reminder_by_hand_tells_the_people_of_the_unit(world: World) -> None:
    receiver = world.actor(world.harbours[0], Role.RECEIVER)
    world.send("n2", all=5, good=4)
    rows = [world.owed(key) for key in ("n1", "n2")]
    assert services.remind(rows, note="Gửi trước 16 giờ", by=receiver, at=AT_LATE) == 1
    assert set(told(kind=MessageKind.REMINDER)) == {"n1-officer", "n1-head"}
    said = told()["n1-officer"]
    assert said.subject.startswith("North Harbour nhắc gửi Biểu lamps")
    assert "Lời nhắc: Gửi trước 16 giờ" in said.body
    assert said.about == f"reporting.Obligation:{rows[0].pk}"
    assert Act.objects.get(name="reporting.remind").detail["told"] == 2


@pytest.mark.django_db(transaction=True)
def test_who_wants_mail_at_once_gets_the_digest_by_mail(world: World) -> None:
    for login, wish in (
        ("n1-officer", MailWish.AT_ONCE),
        ("n2-officer", MailWish.DAILY),
        ("s1-officer", MailWish.NONE),
    ):
        User.objects.filter(login=login).update(email=f"{login}@example.vn", mail_wish=wish)
    send()
    run_pending()
    assert [one.to for one in mail.outbox] == [["n1-officer@example.vn"]]
    assert "Light N1:" in str(mail.outbox[0].body)


def test_the_log_shows_units_beneath_and_nobody_elses(world: World) -> None:
    send()
    north, inspector = world.actor(world.harbours[0], Role.RECEIVER), world.actor(world.coast, Role.INSPECTOR)
    logins = {row.person.login for row in messages_for(north, LATE)}
    assert logins == {"n1-officer", "n1-head", "n2-officer", "north-receiver"}
    assert messages_for(inspector, LATE).count() == 6
    with pytest.raises(PermissionDenied):
        messages_for(world.actor(world.lights["n1"], Role.OFFICER), LATE)


def test_the_pages_of_the_log(world: World) -> None:
    send()
    head = browser(world, world.harbours[0], Role.HEAD)
    page = head.get(reverse("reporting:messages")).content.decode()
    assert "4 tin đã gửi" in page
    assert "Light N1" in page
    assert "South Harbour" not in page
    assert "1 tin đã gửi khớp bộ lọc" in head.get(f"{reverse('reporting:messages')}?q=north-receiver").content.decode()
    assert "Không có tin nào" in head.get(f"{reverse('reporting:messages')}?kenh=mail").content.decode()
    export = head.get(reverse("reporting:messages-csv")).content.decode()
    assert "N1-officer" in export
    assert "S1-officer" not in export
    officer = browser(world, world.lights["n1"], Role.OFFICER)
    assert officer.get(reverse("reporting:messages")).status_code == 403
    assert officer.get(reverse("reporting:messages-csv")).status_code == 403
    assert officer.get(reverse("reporting:reminders")).status_code == 403


def test_the_preview_says_what_will_be_sent(world: World) -> None:
    day = timezone.localdate()
    first = next_runs(timezone.now())[0]
    Obligation.objects.filter(unit__key__startswith="n").update(due_on=first)
    assert day <= first
    head = browser(world, world.harbours[0], Role.HEAD)
    page = head.get(reverse("reporting:reminders")).content.decode()
    assert "3 người sẽ được nhắc" in page
    assert "Light N1:" in page
    assert "5, 1 ngày làm việc" in page
    south = browser(world, world.harbours[1], Role.HEAD).get(reverse("reporting:reminders")).content.decode()
    assert "Không có ai phải nhắc" in south
    assert "Light N1" not in south
    assert Message.objects.count() == 0
    later = f"{reverse('reporting:reminders')}?ngay={first + timedelta(days=400)}"
    assert "3 người sẽ được nhắc" in head.get(later).content.decode()


def test_the_cost_of_the_pages_does_not_grow(world: World) -> None:
    head = browser(world, world.harbours[0], Role.HEAD)
    send()
    Obligation.objects.update(due_on=next_runs(timezone.now())[0])

    def costs() -> list[int]:
        found = []
        for name in ("reporting:reminders", "reporting:messages"):
            with CaptureQueriesContext(connection) as queries:
                assert head.get(reverse(name)).status_code == 200
            found.append(len(queries))
        return found

    before = costs()
    for number in range(6):
        orgs.actor(f"more-{number}", world.lights["n1"], Role.OFFICER)
    send(date(2024, 4, 12))
    services.remind([world.owed("n1")], by=SYSTEM, at=AT_LATE + timedelta(days=1))
    assert costs() == before


def test_mails_and_reminders_keep_the_decreed_days(world: World) -> None:
    saturday = datetime(2024, 4, 13, 8, 0, tzinfo=AT_LATE.tzinfo)
    assert not is_time(saturday)
    DecreedDay.objects.create(day=saturday.date(), worked=True, basis="QĐ 1")
    DecreedDay.objects.create(day=date(2024, 4, 15), worked=False, basis="QĐ 1")
    assert is_time(saturday)
    assert not is_time(saturday + timedelta(days=2))


def test_the_log_says_what_became_of_the_daily_mail(world: World) -> None:
    person = user(world, world.lights["n1"], Role.OFFICER)
    User.objects.filter(pk=person.pk).update(email="n1@x.test", mail_wish=MailWish.DAILY)
    send()
    make_daily_mails(AT_LATE + timedelta(hours=1))
    row = told()["n1-officer"]
    mail = daily_mails(Message.objects.filter(channel="product"))
    assert {pk: one.address for pk, one in mail.items()} == {row.pk: "n1@x.test"}
    page = browser(world, world.harbours[0], Role.HEAD).get(reverse("reporting:messages"))
    assert "thư tổng hợp trong ngày: chờ gửi" in page.content.decode()
