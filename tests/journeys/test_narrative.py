"""The editor of a narrative report in the browser: nothing typed is lost, and nothing is called saved that is not."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.journeys.patience import PATIENCE

from giaoban.accounts.models import User
from giaoban.briefs.models import Section
from giaoban.briefs.tests import narratives
from giaoban.briefs.tests.narratives import Written
from giaoban.kit.permissions import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = "#noi-dung-phan"
STATE = "[data-br-state]"
LONG = "Một giờ viết về công tác của đèn biển."


@dataclass
class Desk:
    """A section of a report, open in a browser of its head."""

    held: Written
    context: BrowserContext
    site: str

    @property
    def address(self) -> str:
        return f"/tai-lieu/bao-cao/phan/{self.held.first.pk}/"

    def sign_in(self) -> None:
        client = Client()
        client.force_login(User.objects.get(pk=self.held.actor(role=Role.HEAD).user_id))
        name = settings.SESSION_COOKIE_NAME
        self.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": self.site}])

    def open(self) -> Page:
        page = self.context.new_page()
        page.goto(self.address)
        return page

    @property
    def text(self) -> str:
        return Section.objects.get(pk=self.held.first.pk).text


@pytest.fixture
def desk(live_server: LiveServer, browser: Browser) -> Iterator[Desk]:
    context = browser.new_context(base_url=live_server.url, locale="vi-VN")
    context.set_default_timeout(PATIENCE)
    found = Desk(narratives.written(), context, live_server.url)
    found.sign_in()
    yield found
    context.close()


def test_a_session_that_ended_loses_no_text(desk: Desk) -> None:
    page = desk.open()
    page.fill(TEXT, "Đã lưu được.")
    page.keyboard.press("Control+s")
    expect(page.locator(STATE)).to_contain_text("đã lưu")
    desk.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.fill(TEXT, LONG)
    for press in (lambda: page.keyboard.press("Control+s"), lambda: page.click("form[data-br-editor] .btn-primary")):
        press()
        expect(page.locator(STATE)).to_contain_text("phiên đăng nhập đã hết")
        expect(page.locator(STATE)).not_to_contain_text("đã lưu")
        expect(page.locator(TEXT)).to_have_value(LONG)
    assert desk.text == "Đã lưu được."
    page.close(run_before_unload=False)
    desk.sign_in()
    again = desk.open()
    expect(again.locator(TEXT)).to_have_value(LONG)
    expect(again.locator(STATE)).to_contain_text("đã lưu")
    assert desk.text == LONG
    again.reload()
    expect(again.locator(STATE)).to_have_text("đã lưu")


def test_text_kept_from_before_does_not_overwrite_a_colleague(desk: Desk) -> None:
    page = desk.open()
    desk.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.fill(TEXT, LONG)
    page.keyboard.press("Control+s")
    expect(page.locator(STATE)).to_contain_text("phiên đăng nhập đã hết")
    desk.held.write("Của đồng nghiệp.")
    desk.sign_in()
    again = desk.open()
    expect(again.locator(".br-clash")).to_contain_text("đã lưu phần này")
    assert desk.text == "Của đồng nghiệp."
    again.get_by_role("button", name="Lưu bản của tôi").click()
    expect(again.locator(STATE)).to_contain_text("đã lưu")
    assert desk.text == LONG
