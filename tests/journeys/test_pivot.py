"""The pivot page in the browser: asked by keyboard, sorted, copied to a spreadsheet, linked; read by axe wide and
narrow."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.journeys import office
from tests.journeys.office import Office, clean, heading

from giaoban.config.tests.world import sign_in
from giaoban.kit.permissions import Role

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TABLE = "#bang-xoay"


@pytest.fixture
def desk(live_server: LiveServer, browser: Browser) -> Iterator[tuple[Office, Page]]:
    held = office.laid(browser, live_server.url)
    held.report("an")
    held.report("hoa")
    page = held.sit("so", Role.HEAD)
    for context in held.contexts:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live_server.url)
    yield held, page
    for context in held.contexts:
        context.close()


def clipboard(page: Page, kind: str) -> str:
    read = """async (kind) => {
      for (const item of await navigator.clipboard.read())
        if (item.types.includes(kind)) return (await item.getType(kind)).text();
      return "";
    }"""
    return str(page.evaluate(read, kind))


def tidy(text: str) -> list[list[str]]:
    return [line.split("\t") for line in text.replace("\r\n", "\n").split("\n")]


def test_from_the_first_visit_to_a_copy_in_a_spreadsheet(desk: tuple[Office, Page]) -> None:
    held, page = desk
    page.goto("/chi-so/bang/")
    heading(page, "chỉ tiêu")
    clean(page)
    page.set_viewport_size({"width": 1440, "height": 900})

    rows = page.locator(f"{TABLE} tbody tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(0)).to_contain_text("2/3")
    missing = rows.filter(has_text="Xã Phú Mỹ")
    expect(missing.locator("td .gb-none").first).to_be_attached()
    assert "0" not in missing.locator("td").first.inner_text()

    page.get_by_role("link", name="Chọn số liệu").press("Enter")
    expect(page.get_by_label("Biểu hoặc chỉ số")).to_be_focused()
    for box in page.locator("#hoi input[name=measure]").all():
        box.uncheck()
    page.get_by_role("checkbox", name="Tỷ lệ thành").check()
    page.get_by_role("checkbox", name="Kinh phí").check()
    page.get_by_role("checkbox", name="Số vụ tiếp nhận").check()
    page.get_by_role("button", name="Lập bảng").press("Enter")
    page.wait_for_url("**/bang/?measure=**")
    assert "step=" not in page.url
    assert "form=" not in page.url

    page.get_by_role("columnheader", name="Số vụ tiếp nhận").get_by_role("link").press("Enter")
    expect(page.get_by_role("columnheader", name="Số vụ tiếp nhận")).to_have_attribute("aria-sort", "descending")
    expect(rows.last).to_contain_text("Xã Phú Mỹ")
    clean(page)
    page.set_viewport_size({"width": 1440, "height": 900})

    copy = page.get_by_role("button", name="Chép bảng sang Excel")
    copy.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-ix-said]")).to_have_text("Đã chép 4 dòng")
    lines = tidy(clipboard(page, "text/plain"))
    assert {len(line) for line in lines[1:]} == {4}
    named = {line[0]: line[1:] for line in lines}
    assert "1610" in named["Tổng số"] or "3220" in named["Tổng số"]
    assert all("." not in cell for line in lines[2:] for cell in line[1:])
    assert named["Xã Phú Mỹ"] == ["chưa có"] * 3
    rate = next(cell for cell in named["Tổng số"] if "," in cell)
    assert Decimal(rate.replace(",", ".")) > 80
    assert held.said == []
    assert f'sdval="{rate.replace(",", ".")}"' in clipboard(page, "text/html")
    held.said.clear()

    page.get_by_role("button", name="Sao chép liên kết").press("Enter")
    expect(page.locator("[data-ix-said]")).to_have_text("Đã chép liên kết")
    link = clipboard(page, "text/plain")
    before = rows.all_inner_texts()
    page.goto(link)
    assert rows.all_inner_texts() == before
    assert held.said == []


def test_a_refusal_is_mended_by_its_link(desk: tuple[Office, Page]) -> None:
    _, page = desk
    page.goto("/chi-so/bang/")
    page.goto(page.get_by_role("link", name="Liên kết lập lại").get_attribute("href") or "")
    page.goto(page.url + "&rows=measure&columns=measure")
    expect(page.get_by_role("alert")).to_contain_text("Chọn lại dòng và cột")
    clean(page)
    page.get_by_role("link", name="Bỏ phần sai và lập lại").click()
    expect(page.locator(TABLE)).to_be_visible()


def test_without_scripts_everything_is_asked_and_read(desk: tuple[Office, Page]) -> None:
    held, _ = desk
    context = held.browser.new_context(base_url=held.site, java_script_enabled=False, locale="vi-VN")
    held.contexts.append(context)
    sign_in(context, "so", held.site)
    plain = context.new_page()
    plain.goto("/chi-so/bang/")
    plain.get_by_role("link", name="Chọn số liệu").click()
    plain.get_by_label("Biểu hoặc chỉ số").select_option("chi-so")
    plain.get_by_role("button", name="Xem các cột").click()
    expect(plain.locator("#hoi")).to_have_attribute("open", "")
    plain.get_by_label("Biểu hoặc chỉ số").select_option(held.below.key)
    plain.get_by_role("button", name="Xem các cột").click()
    plain.get_by_role("checkbox", name="Tỷ lệ thành").check()
    plain.get_by_role("button", name="Lập bảng").click()
    expect(plain.locator(TABLE)).to_contain_text("Tỷ lệ thành")
    expect(plain.get_by_role("link", name="Mở bằng Excel")).to_be_visible()
