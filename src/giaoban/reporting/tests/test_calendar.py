"""The year of a unit: foreseen, opened and moved deadlines, on the page and as a file for calendars."""

import re
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import cast

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from giaoban.accounts.models import User
from giaoban.core.packs import Pack
from giaoban.orgs import selectors as orgs
from giaoban.reporting import services
from giaoban.reporting.models import CalendarToken, DeadlineChange, DecreedDay, OwingRule
from giaoban.reporting.selectors import Due, calendar_of, special_days
from giaoban.reporting.services.loading import dated_otherwise, load_days
from giaoban.reporting.tests.factories import AT, FORM_KEY, SYSTEM, World, make_rule, owe, tiny_world
from giaoban.reporting.web.shaping.ics import LONGEST_LINE, Event, calendar_file

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def year_of(world: World, key: str, year: int) -> list[Due]:
    unit = world.lights[key] if key in world.lights else next(one for one in world.harbours if one.key == key)
    return calendar_of(orgs.card(unit.pk, date(2024, 6, 1)), year)


def move(world: World, light: str, to: date) -> None:
    services.move_deadline([world.owed(light)], due_on=to, basis="Letter 9", reason="Storm", by=SYSTEM, at=AT)


def test_a_light_sends_four_reports_a_year_one_of_them_opened(world: World) -> None:
    found = year_of(world, "n1", 2024)
    assert [(one.on, one.is_opened, one.receives) for one in found] == [
        (date(2024, 1, 10), False, False),  # the last quarter of 2023
        (date(2024, 4, 10), True, False),
        (date(2024, 7, 10), False, False),
        (date(2024, 10, 10), False, False),
    ]
    assert found[1].obligation_id == world.owed("n1").pk
    assert {one.receives for one in year_of(world, "north", 2024)} == {True}
    assert len(year_of(world, "north", 2024)) == 4


def test_a_moved_deadline_keeps_the_old_day_and_may_leave_the_year(world: World) -> None:
    move(world, "n1", date(2024, 4, 20))
    moved = next(one for one in year_of(world, "n1", 2024) if one.is_opened)
    assert (moved.on, moved.moved_from, moved.source) == (date(2024, 4, 20), date(2024, 4, 10), "Letter 9")
    assert moved.is_rest_day, "a Saturday"
    move(world, "n2", date(2025, 1, 2))
    assert len(year_of(world, "n2", 2024)) == 3
    assert next(one.on for one in year_of(world, "n2", 2025)) == date(2025, 1, 2)


def test_a_form_out_of_force_is_not_foreseen(world: World) -> None:
    assert year_of(world, "n1", 2019) == []
    assert year_of(world, "n1", 2020)[0].on == date(2020, 1, 10), "due when the form was in force already"


def test_a_report_without_a_known_day_stands_last(world: World) -> None:
    rule = make_rule(key="years", kind="year")
    world.form.owing_rules.all().delete()
    owe(world.form, rule, "light", "harbour", deadlines={})
    found = year_of(world, "n1", 2024)
    assert [(one.on, one.period) for one in found][-1] == (None, "Năm 2024")


def test_the_page_and_the_file_say_the_same(world: World) -> None:
    browser = Client()
    pk = world.actor(world.lights["n1"]).user_id
    assert pk is not None
    browser.force_login(User.objects.get(pk=pk), backend="django.contrib.auth.backends.ModelBackend")
    page = browser.get(reverse("reporting:calendar") + "?nam=2024").content.decode()
    for day in ("10/01/2024", "10/04/2024", "10/07/2024", "10/10/2024"):
        assert day in page
    answer = browser.get(reverse("reporting:calendar-ics") + "?nam=2024")
    assert answer["Content-Type"].startswith("text/calendar")
    text = answer.content.decode()
    assert text.count("BEGIN:VEVENT") == 4
    assert "DTSTART;VALUE=DATE:20240410\r\nDTEND;VALUE=DATE:20240411\r\n" in text
    assert browser.get(reverse("reporting:calendar") + "?nam=1900").status_code == 404
    assert browser.get(reverse("reporting:calendar") + "?nam=abcd").status_code == 200


def browser_of(world: World, light: str) -> Client:
    browser = Client()
    pk = world.actor(world.lights[light]).user_id
    assert pk is not None
    browser.force_login(User.objects.get(pk=pk), backend="django.contrib.auth.backends.ModelBackend")
    return browser


def new_address(browser: Client, unit: str) -> str:
    """The address that the page shows once."""
    made = browser.post(f"{reverse('reporting:calendar-address')}?don-vi={unit}", follow=True)
    assert made.status_code == 200
    (address,) = re.findall(r'value="http://testserver(/[^"]+\.ics)"', made.content.decode())
    assert address not in browser.get(reverse("reporting:calendar")).content.decode(), "shown once"
    return str(address)


def test_a_calendar_program_follows_an_address_without_signing_in(world: World) -> None:
    browser, program = browser_of(world, "n1"), Client()
    with time_machine.travel(datetime(2024, 1, 5, tzinfo=UTC), tick=False):
        address = new_address(browser, "n1")
        text = program.get(address).content.decode()
    assert text.count("BEGIN:VEVENT") == 8, "this year and the next"
    token = CalendarToken.objects.get()
    assert token.used_at is not None
    assert token.secret_sha256 not in address
    assert program.get(address.replace("/theo-doi/", "/theo-doi/x")).status_code == 404


def test_an_address_ends_when_its_person_says_so_or_may_not_see_the_unit_any_more(world: World) -> None:
    browser, other, program = browser_of(world, "n1"), browser_of(world, "n2"), Client()
    address, second = new_address(browser, "n1"), new_address(browser, "n1")
    token = CalendarToken.objects.order_by("pk")[0]
    end = reverse("reporting:calendar-address-end", args=[token.pk])
    assert other.post(end).status_code == 404
    assert program.get(address).status_code == 200
    assert browser.post(end).status_code == 302
    assert program.get(address).status_code == 404
    assert program.get(second).status_code == 200
    User.objects.filter(pk=token.user_id).update(is_active=False)
    assert program.get(second).status_code == 404
    User.objects.filter(pk=token.user_id).update(is_active=True)
    assert program.get(second).status_code == 404, "it does not come back with the next post"


def test_a_person_has_ten_addresses_at_most(world: World) -> None:
    browser = browser_of(world, "n1")
    make = f"{reverse('reporting:calendar-address')}?don-vi=n1"
    for _ in range(10):
        assert browser.post(make).status_code == 200
    refused = browser.post(make)
    assert refused.status_code == 422
    assert "Ngừng một địa chỉ không dùng" in refused.content.decode()
    assert CalendarToken.objects.count() == 10


def test_nobody_makes_an_address_for_a_unit_out_of_reach(world: World) -> None:
    answer = browser_of(world, "n1").post(f"{reverse('reporting:calendar-address')}?don-vi=s1")
    assert answer.status_code == 404
    assert not CalendarToken.objects.exists()


def test_a_deadline_in_working_days_counts_the_decreed_days(world: World) -> None:
    rule = OwingRule.objects.get()
    OwingRule.objects.update(deadlines=dict.fromkeys(rule.deadlines, "wd1"))
    before = [one.on for one in year_of(world, "n1", 2024) if not one.is_opened][-1]
    assert before == date(2024, 10, 1)
    DecreedDay.objects.create(day=date(2024, 10, 1), worked=False, basis="Letter 3")
    assert [one.on for one in year_of(world, "n1", 2024) if not one.is_opened][-1] == date(2024, 10, 2)
    assert (date(2024, 10, 1), False, "Letter 3") in special_days(2024)


def test_a_decree_after_the_opening_moves_no_deadline_by_itself() -> None:
    """Units were told a day; only a letter moves it, and the day of before is kept."""
    world = tiny_world(raised=False)
    OwingRule.objects.update(deadlines={world.rule.key: "wd1"})
    services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT)
    told, now = date(2024, 4, 1), date(2024, 4, 2)
    owed = [world.owed(light) for light in world.lights]
    assert {one.due_on for one in owed} == {told}
    said: list[str] = []
    decreed = SimpleNamespace(day=told, worked=False, basis="Decree 7", source="made-up")
    load_days(cast(Pack, SimpleNamespace(days=[decreed])), said.append)
    assert said[-1] == (
        f"{FORM_KEY}, 2024-Q1: 6 opened reports keep their deadline although wd1 is now 2024-04-02; move it by a letter"
    )
    services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT)
    assert {world.owed(light).due_on for light in world.lights} == {told}
    services.move_deadline(owed, due_on=now, basis="Letter 9", reason="Decree 7", by=SYSTEM, at=AT)
    assert dated_otherwise() == []
    assert {(one.old_due_on, one.due_on) for one in DeadlineChange.objects.all()} == {(told, now)}
    shown = next(one for one in year_of(world, "n1", 2024) if one.is_opened)
    assert (shown.on, shown.moved_from, shown.is_rest_day) == (now, told, False)


def test_a_period_opened_after_the_decree_follows_it() -> None:
    world = tiny_world(raised=False)
    OwingRule.objects.update(deadlines={world.rule.key: "wd1"})
    DecreedDay.objects.create(day=date(2024, 4, 1), worked=False, basis="Decree 7")
    services.raise_obligations(FORM_KEY, world.period, by=SYSTEM, at=AT)
    assert world.owed("n1").due_on == date(2024, 4, 2)
    assert dated_otherwise() == []


def test_words_are_escaped_and_long_lines_folded_between_letters() -> None:
    event = Event("a", date(2024, 2, 29), "Gửi; biểu, số\\1", "Ủy ban nhân dân " * 20)
    text = calendar_file("Lịch", [event], at=datetime(2024, 1, 1, tzinfo=UTC), host="example.org")
    assert "SUMMARY:Gửi\\; biểu\\, số\\\\1\r\n" in text
    assert "DTEND;VALUE=DATE:20240301" in text
    assert all(len(line.encode()) <= LONGEST_LINE for line in text.split("\r\n"))
    assert "Ủy ban nhân dân " * 20 in text.replace("\r\n ", "")
    assert text.endswith("END:VCALENDAR\r\n")
