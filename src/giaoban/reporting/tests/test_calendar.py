"""The year of a unit: foreseen, opened and moved deadlines, on the page and as a file for calendars."""

from datetime import UTC, date, datetime

import pytest
from django.test import Client
from django.urls import reverse

from giaoban.accounts.models import User
from giaoban.orgs import selectors as orgs
from giaoban.reporting import services
from giaoban.reporting.selectors import Due, calendar_of
from giaoban.reporting.tests.factories import AT, SYSTEM, World, make_rule, owe, tiny_world
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


def test_words_are_escaped_and_long_lines_folded_between_letters() -> None:
    event = Event("a", date(2024, 2, 29), "Gửi; biểu, số\\1", "Ủy ban nhân dân " * 20)
    text = calendar_file("Lịch", [event], at=datetime(2024, 1, 1, tzinfo=UTC), host="example.org")
    assert "SUMMARY:Gửi\\; biểu\\, số\\\\1\r\n" in text
    assert "DTEND;VALUE=DATE:20240301" in text
    assert all(len(line.encode()) <= LONGEST_LINE for line in text.split("\r\n"))
    assert "Ủy ban nhân dân " * 20 in text.replace("\r\n ", "")
    assert text.endswith("END:VCALENDAR\r\n")
