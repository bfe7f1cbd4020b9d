"""A merger in the browser: a clerk enters it, sees what it does, confirms; last quarter's table reads as it did."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.journeys.patience import PATIENCE

from giaoban.config.tests.world import HOST, LINE, REQUEST_FORM, SIGNED, SYSTEM, open_account, sign_in, unit_id
from giaoban.core.periods import AD_HOC_RULE
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting
from giaoban.reporting import services
from giaoban.reporting.rules import figures_from_texts

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

COMMITTEE = "ubnd-tinh:tay-ninh-2025"
NEW_NAME = "Xã Hợp Nhất Thử"
CODE = "QUY-TRUOC"
REPORTED = (10, 7)


@dataclass(frozen=True, slots=True)
class Desk:
    """A clerk who may change units, the receiver of reports; two communes and their areas; last quarter's table."""

    clerk: Page
    receiver: Page
    communes: tuple[orgs.UnitCard, orgs.UnitCard]
    areas: tuple[str, str]
    today: date

    @property
    def table(self) -> str:
        return f"/bao-cao/so-lieu/{quote(REQUEST_FORM)}/{CODE}/?unit={quote(HOST)}"

    @property
    def table_file(self) -> str:
        return self.table.replace("/?", "/so-lieu.csv?")


def last_quarter(today: date) -> tuple[date, date]:
    """First day and the day after the last."""
    end = date(today.year, today.month - (today.month - 1) % 3, 1)
    before = end - timedelta(days=1)
    return date(before.year, before.month - (before.month - 1) % 3, 1), end


def report(communes: tuple[orgs.UnitCard, orgs.UnitCard], today: date) -> None:
    """Both communes reported for last quarter, and the reports were taken."""
    now = timezone.now()
    start, end = last_quarter(today)
    period = services.open_period(AD_HOC_RULE, code=CODE, label="Quý trước", start=start, end=end, by=SYSTEM, at=now)
    owed = services.request_report(
        REQUEST_FORM,
        period,
        units=[commune.id for commune in communes],
        receiver=unit_id(HOST),
        due_on=today + timedelta(days=1),
        basis="Công văn số 5",
        by=SYSTEM,
        at=now,
    )
    form = reporting.definition_of(reporting.form_by_key(REQUEST_FORM))
    for obligation, received in zip(owed, REPORTED, strict=True):
        texts = {
            "main/total//received": str(received),
            "main/total//finished": str(received - 2),
            "main/total//open": "2",
        }
        figures, _ = figures_from_texts(form, texts)
        sent = services.submit(obligation, figures=figures, by=SYSTEM, at=now, signatures=SIGNED)
        services.accept(sent, by=SYSTEM, at=now)


@pytest.fixture
def desk(justice_pack: None, live_server: LiveServer, browser: Browser) -> Iterator[Desk]:
    today = timezone.localdate()
    first, second = orgs.children_of(unit_id(HOST), LINE, today)[:2]
    report((first, second), today)
    posts = {"clerk": (unit_id(COMMITTEE), Role.ADMINISTRATOR), "receiver": (unit_id(HOST), Role.RECEIVER)}
    contexts, pages = [], {}
    for login, held in posts.items():
        open_account(login, f"Người {login}", held)
        contexts.append(browser.new_context(base_url=live_server.url, locale="vi-VN"))
        sign_in(contexts[-1], login, live_server.url)
        pages[login] = contexts[-1].new_page()
        pages[login].set_default_timeout(PATIENCE)
    names = [orgs.area_card(one.area_id, today).name for one in (first, second) if one.area_id]
    yield Desk(**pages, communes=(first, second), areas=(names[0], names[1]), today=today)
    for context in contexts:
        context.close()


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def pick(page: Page, label: str, name: str) -> None:
    """Search for a thing by its name and tick it; it moves up to what is chosen."""
    picker = page.get_by_role("group", name=label)
    picker.get_by_role("searchbox").press_sequentially(name)
    picker.locator("[data-gb-found]").get_by_text(name).first.click()
    expect(picker.get_by_role("list", name="Đã chọn").get_by_text(name)).to_be_visible()


def enter(desk: Desk) -> None:
    """The kind, the two communes, the day; the name is forgotten at first and nothing is lost by it."""
    page = desk.clerk
    page.goto("/don-vi/bien-dong/")
    page.get_by_role("link", name="Ghi biến động").click()
    page.get_by_role("link", name="Hợp nhất, sáp nhập").click()
    page.get_by_label("Có hiệu lực từ ngày").fill(desk.today.isoformat())
    for name in desk.areas:
        pick(page, "Các địa bàn được sáp nhập", name)
    page.get_by_role("button", name="Xem trước").click()
    expect(page.get_by_role("alert")).to_contain_text("Ghi tên của địa bàn mới.")
    chosen = page.get_by_role("group", name="Các địa bàn được sáp nhập")
    for name in desk.areas:
        expect(chosen.get_by_role("checkbox", name=name)).to_be_checked()
    page.get_by_label("Tên của địa bàn mới").fill(NEW_NAME)
    page.get_by_role("button", name="Xem trước").click()


def look(desk: Desk) -> None:
    """What it does is named before anything is done; going back finds the form as it was."""
    page = desk.clerk
    heading(page, "chưa ghi gì, hãy xem kỹ")
    before_and_after = page.get_by_role("table", name="Trước và sau")
    for name in (*desk.areas, NEW_NAME, *(commune.name for commune in desk.communes)):
        expect(before_and_after.get_by_text(name, exact=True)).to_be_visible()
    expect(page.get_by_role("region", name="Kéo theo")).to_contain_text("lịch sử")
    page.get_by_role("link", name="Sửa nội dung").click()
    expect(page.get_by_label("Tên của địa bàn mới")).to_have_value(NEW_NAME)
    page.go_back()
    heading(page, "chưa ghi gì, hãy xem kỹ")


def confirm(desk: Desk) -> None:
    page = desk.clerk
    page.get_by_label("Căn cứ").fill("Nghị quyết của Hội đồng nhân dân")
    page.get_by_label("Lý do ghi").fill("Sắp xếp lại hai xã.")
    page.get_by_label("Gõ tên để xác nhận").fill("tên khác")
    page.get_by_role("button", name="Ghi biến động").click()
    heading(page, "chưa ghi gì, hãy xem kỹ")
    page.get_by_label("Gõ tên để xác nhận").fill(NEW_NAME.lower())
    page.get_by_role("button", name="Ghi biến động").click()
    expect(page.locator("#gb-messages")).to_contain_text("Đã ghi biến động.")
    expect(page.get_by_role("region", name="Địa bàn đã thay đổi")).to_contain_text(NEW_NAME)
    expect(page.get_by_text("Nghị quyết của Hội đồng nhân dân").first).to_be_visible()


def read_today(desk: Desk) -> None:
    """In the tree of today the new commune has what both reported, and each old one keeps its own page and history."""
    page = desk.receiver
    page.goto(f"{desk.table}&geography={desk.today.isoformat()}")
    expect(page.get_by_role("row").filter(has_text="Hợp Nhất Thử")).to_contain_text(str(sum(REPORTED)))
    page.goto(f"/don-vi/{quote(desk.communes[0].key)}/")
    expect(page.get_by_text("Đã kết thúc từ")).to_be_visible()
    page.get_by_role("complementary").get_by_role("link", name="Hợp Nhất Thử").first.click()
    heading(page, "Hợp Nhất Thử")


def test_a_merger_leaves_last_quarter_as_it_was(desk: Desk) -> None:
    file, page = desk.table_file, desk.receiver
    reported = page.request.get(file).body()
    page.goto(desk.table)
    total = page.locator("tr.gb-total").inner_text()
    assert str(sum(REPORTED)) in total
    enter(desk)
    look(desk)
    confirm(desk)
    assert page.request.get(file).body() == reported
    page.goto(desk.table)
    assert page.locator("tr.gb-total").inner_text() == total
    for commune, figure in zip(desk.communes, REPORTED, strict=True):
        expect(page.get_by_role("row").filter(has_text=commune.short_name)).to_contain_text(str(figure))
    read_today(desk)
