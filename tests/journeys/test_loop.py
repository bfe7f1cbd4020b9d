"""The whole loop in the browser: ask, report, send back, accept, add up, meet, conclude, assign, verify, and again."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader
from pytest_django.live_server_helper import LiveServer
from tests.journeys.patience import PATIENCE

from giaoban.config.tests.world import HOST, LINE, SIBLING, apart, open_account, sign_in, unit_id
from giaoban.kit.jobs import run_pending
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors as orgs

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FORM = "Báo cáo nhanh theo yêu cầu"
PERIOD = "Tuần đầu tháng"
MATTER = "Rà soát việc tồn đọng"
GIVEN = "Các xã, phường rà soát việc tồn đọng, báo cáo Sở."


@dataclass(frozen=True, slots=True)
class Office:
    """The people of the journey, each in a browser of their own, and the two communes that are asked."""

    receiver: Page
    head: Page
    first: Page
    second: Page
    sibling: Page
    communes: tuple[orgs.UnitCard, orgs.UnitCard]
    today: date


@pytest.fixture
def office(
    justice_pack: None,
    live_server: LiveServer,
    browser: Browser,
) -> Iterator[Office]:
    today = timezone.localdate()
    host = unit_id(HOST)
    first, second = orgs.children_of(host, LINE, today)[:2]
    posts = {
        "receiver": ((host, Role.RECEIVER), (host, Role.SECRETARY)),
        "head": ((host, Role.HEAD),),
        "first": ((first.id, Role.OFFICER), (first.id, Role.HEAD)),
        "second": ((second.id, Role.OFFICER), (second.id, Role.HEAD)),
        "sibling": ((unit_id(SIBLING), Role.RECEIVER), (unit_id(SIBLING), Role.HEAD)),
    }
    contexts, pages = [], {}
    for login, held in posts.items():
        open_account(login, f"Người {login}", *held)
        contexts.append(browser.new_context(base_url=live_server.url, locale="vi-VN"))
        sign_in(contexts[-1], login, live_server.url)
        pages[login] = contexts[-1].new_page()
        pages[login].set_default_timeout(PATIENCE)
    yield Office(**pages, communes=(first, second), today=today)
    for context in contexts:
        context.close()


# What a person does on any page


def heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)


def told(page: Page, words: str) -> None:
    """The message after an act."""
    expect(page.locator("#gb-messages")).to_contain_text(words)


def region(page: Page, name: str) -> Locator:
    return page.get_by_role("region", name=name)


def press(page: Page | Locator, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click()


def confirm(page: Page, name: str, **fields: str) -> None:
    """Open the question that an act asks, answer it, go."""
    page.locator("summary", has_text=name).click()
    dialog = page.get_by_role("dialog")
    for label, value in fields.items():
        dialog.get_by_label(label).fill(value)
    press(dialog, name)


def bring(page: Page, work: str) -> None:
    """Begin a piece of work from My work."""
    page.goto("/")
    heading(page, "Việc của tôi")
    page.get_by_role("link", name=work, exact=False).first.click()


def pdf_text(page: Page, link: Locator) -> str:
    answer = page.request.get(link.get_attribute("href") or "")
    assert answer.headers["content-type"] == "application/pdf"
    return re.sub(r"\s+", " ", " ".join(one.extract_text() for one in PdfReader(BytesIO(answer.body())).pages))


def docx_text(page: Page, link: Locator) -> str:
    answer = page.request.get(link.get_attribute("href") or "")
    with ZipFile(BytesIO(answer.body())) as parts:
        return re.sub(r"<[^>]+>", "", parts.read("word/document.xml").decode())


# Reports


def ask(office: Office) -> str:
    """The receiver asks both communes; gives the address of the reception board."""
    page = office.receiver
    page.goto("/bao-cao/")
    page.get_by_role("link", name="Yêu cầu báo cáo đột xuất").first.click()
    page.get_by_role("link", name=FORM).click()
    page.get_by_label("Tên kỳ mới").fill(PERIOD)
    page.get_by_label("Từ ngày").fill((office.today - timedelta(days=7)).isoformat())
    page.get_by_label("Đến hết ngày").fill((office.today - timedelta(days=1)).isoformat())
    page.get_by_label("Hạn gửi").fill((office.today + timedelta(days=1)).isoformat())
    page.get_by_label("Căn cứ yêu cầu").fill("Công văn số 12")
    for commune in office.communes:
        page.get_by_label(commune.name, exact=True).check()
    press(page, "Xem trước")
    heading(page, "Gửi yêu cầu này cho 2 đơn vị?")
    press(page, "Gửi yêu cầu")
    heading(page, "Tiếp nhận: 0 trong 2 đơn vị đã gửi")
    return page.url


def cell(page: Page, column: str) -> Locator:
    return page.get_by_role("textbox", name=column)


def type_figures(page: Page, received: str, finished: str, still_open: str) -> None:
    cell(page, "Việc phát sinh trong kỳ").fill(received)
    cell(page, "Việc đã giải quyết").fill(finished)
    cell(page, "Việc đang giải quyết").fill(still_open)


def send(page: Page) -> None:
    page.get_by_label("Người lập biểu").fill("Nguyễn Văn An")
    page.get_by_label("Thủ trưởng đơn vị").fill("Trần Thị Bình")
    page.get_by_label("Đã đối chiếu số liệu").check()
    press(page, "Xác nhận và gửi")
    told(page, "Đã gửi báo cáo. Biên nhận")


def enter_with_a_mistake(office: Office) -> None:
    """The commune finds the report in My work; the check shows the mistake at its cell; then it can be sent."""
    page = office.first
    bring(page, PERIOD)
    type_figures(page, "20", "21", "8")
    press(page, "Kiểm tra")
    expect(page.get_by_role("heading", name="Cần xem")).to_be_visible()
    wrong = cell(page, "Việc đã giải quyết")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    expect(wrong).to_have_value("21")
    type_figures(page, "1.020", "12", "1.008")
    send(page)
    expect(page.get_by_text("Biên nhận").first).to_be_visible()


def send_back(office: Office, board: str) -> None:
    page = office.receiver
    page.goto(board)
    heading(page, "Tiếp nhận: 1 trong 2 đơn vị đã gửi")
    page.get_by_role("link", name=office.communes[0].name).click()
    page.get_by_label("Lý do trả lại").fill("Số phát sinh lớn khác thường, xem lại sổ.")
    press(page, "Trả lại")
    told(page, "Đã trả lại báo cáo, kèm lý do.")


def correct(office: Office) -> None:
    page = office.first
    bring(page, PERIOD)
    expect(page.get_by_text("Số phát sinh lớn khác thường, xem lại sổ.").first).to_be_visible()
    expect(cell(page, "Việc phát sinh trong kỳ")).to_have_value("1.020")
    type_figures(page, "20", "12", "8")
    send(page)


def accept(office: Office, board: str) -> None:
    page = office.receiver
    page.goto(board)
    page.get_by_role("link", name=office.communes[0].name).click()
    press(page, "Tiếp nhận")
    told(page, "Đã tiếp nhận báo cáo")


def consolidate(office: Office, board: str) -> str:
    """Coverage, sum, the origin of a number; then the table is confirmed. Gives its address."""
    page, commune = office.receiver, office.communes[0]
    page.goto(board)
    page.get_by_role("link", name="Bảng tổng hợp").click()
    expect(page.get_by_text("Đã tiếp nhận 1/2 báo cáo.")).to_be_visible()
    expect(page.get_by_text(office.communes[1].short_name).first).to_be_visible()
    total = page.locator("tr.gb-total")
    expect(total).to_contain_text(re.compile(r"20\s+12\s+8"))
    total.get_by_role("link", name="20", exact=True).click()
    origin = page.locator("tr.gb-origin")
    expect(origin).to_contain_text(commune.name)
    expect(origin).to_contain_text("Người first")
    origin.get_by_role("link", name=commune.name).click()
    heading(page, FORM)
    page.go_back()
    confirm(page, "Xác nhận bảng này")
    told(page, "Đã xác nhận bảng.")
    expect(page.get_by_text("khớp mã kiểm")).to_be_visible()
    return page.url


# Meeting, conclusion, tasks


def plan(office: Office, title: str, on: date) -> str:
    page = office.receiver
    page.goto("/hop/")
    page.get_by_role("link", name="Lập cuộc họp").first.click()
    page.get_by_label("Tên cuộc họp").fill(title)
    page.get_by_label("Ngày họp").fill(on.isoformat())
    page.get_by_label("Người chủ trì", exact=True).fill("Lê Văn Chủ Trì")
    page.get_by_label("Kỳ báo cáo xem xét").select_option(label=PERIOD)
    press(page, "Lập cuộc họp")
    told(page, "Đã lập cuộc họp.")
    heading(page, title)
    return page.url


def invite(office: Office) -> None:
    page = office.receiver
    for commune in office.communes:
        if not page.get_by_label("Tìm đơn vị", exact=True).is_visible():
            page.locator("summary", has_text="Mời thêm thành phần").click()
        page.get_by_label("Tìm đơn vị", exact=True).fill(commune.name)
        page.get_by_role("search", name="Tìm đơn vị để mời").get_by_role("button", name="Tìm").click()
        page.get_by_role("checkbox", name=commune.name, exact=True).check()
        press(page, "Mời")
        told(page, "Đã mời thêm 1 thành phần.")


def prepare(office: Office, meeting: str) -> None:
    """Agenda from what is open, then the book, frozen and printed."""
    page = office.receiver
    page.goto(meeting)
    invite(office)
    press(page, "Dựng từ việc đang mở")
    expect(region(page, "Chương trình")).to_contain_text(office.communes[1].short_name)
    confirm(page, "Chốt tài liệu họp")
    told(page, "Đã chốt bản 1; DOCX và PDF đang được dựng.")
    apart(run_pending)
    page.reload()
    read = pdf_text(page, page.get_by_role("link", name="PDF bản 1"))
    written = docx_text(page, page.get_by_role("link", name="DOCX bản 1"))
    for text in (read, written):
        assert office.communes[1].name in text
        assert "1/2" in text


def record(page: Page, text: str, kind: str) -> None:
    section = region(page, "Thêm đoạn")
    section.get_by_label("Nguyên văn lời kết luận").fill(text)
    section.get_by_label("Trở thành").select_option(label=kind)
    press(section, "Thêm đoạn")
    told(page, "Đã ghi đoạn")


def conclude(office: Office, meeting: str) -> None:
    """Two paragraphs; red lamps keep the notice back until the task is clear; the head issues it."""
    page = office.receiver
    page.goto(meeting)
    confirm(page, "Ghi nhận đã họp")
    record(page, GIVEN, "Nhiệm vụ")
    page.goto(f"{meeting}ket-luan/")
    record(page, "Tiếp tục nâng cao chất lượng phục vụ người dân.", "Định hướng")
    heading(page, "2 đoạn, 1 nhiệm vụ, còn 1 chưa đủ")
    expect(page.get_by_text("Chưa ban hành được")).to_be_visible()
    expect(page.locator(".gb-lamps .off")).not_to_have_count(0)
    office.head.goto(f"{meeting}ket-luan/")
    expect(office.head.locator("[aria-disabled=true]", has_text="Ban hành thông báo")).to_be_visible()
    page.get_by_role("link", name="Bổ sung đoạn 1").click()
    fill_clears(page, office)
    expect(page.locator(".gb-lamps .off, .gb-lamps .half")).to_have_count(0)
    office.head.reload()
    confirm(office.head, "Ban hành thông báo", Số="15/TB-STP")
    told(office.head, "Đã ban hành kết luận và giao nhiệm vụ")
    apart(run_pending)
    office.head.reload()
    assert GIVEN in pdf_text(office.head, office.head.get_by_role("link", name="Thông báo PDF"))
    assert GIVEN in docx_text(office.head, office.head.get_by_role("link", name="Thông báo DOCX"))


def fill_clears(page: Page, office: Office) -> None:
    page.get_by_label("Việc phải làm").fill(MATTER)
    for commune in office.communes:
        page.get_by_label(commune.name, exact=True).check()
    page.get_by_role("textbox", name="Phối hợp").fill("Văn phòng Sở")
    page.get_by_label("Thời hạn", exact=True).fill((office.today + timedelta(days=5)).isoformat())
    page.get_by_label("Sản phẩm", exact=True).fill("Báo cáo rà soát")
    press(page, "Lưu")
    told(page, "Đã bổ sung đoạn 1.")


def do_the_task(office: Office) -> None:
    """One commune reports its share done; the secretary takes it as done."""
    page = office.first
    bring(page, MATTER)
    page.get_by_label("Tiến độ, vướng mắc").fill("Đã rà soát xong.")
    page.get_by_role("textbox", name="Sản phẩm").fill("Báo cáo số 7")
    page.get_by_label("Báo đã hoàn thành").check()
    press(page, "Lưu cập nhật")
    told(page, "Đã báo hoàn thành, chờ đơn vị giao xác nhận.")
    office.receiver.goto(page.url)
    press(office.receiver, "Xác nhận hoàn thành")
    told(office.receiver, "Đã xác nhận kết quả.")
    bring(office.second, MATTER)


def comes_back(office: Office) -> None:
    """The share of the other commune is still open: the next meeting finds it on its agenda."""
    page = office.receiver
    plan(office, "Giao ban tuần sau", office.today + timedelta(days=7))
    press(page, "Dựng từ việc đang mở")
    item = region(page, "Chương trình").get_by_role("listitem").filter(has_text=MATTER)
    expect(item).to_contain_text(office.communes[1].short_name)
    expect(item).not_to_contain_text(office.communes[0].short_name)


def test_the_whole_loop(office: Office) -> None:
    board = ask(office)
    enter_with_a_mistake(office)
    receipt = office.first.url
    send_back(office, board)
    correct(office)
    accept(office, board)
    table = consolidate(office, board)
    meeting = plan(office, "Giao ban tuần", office.today)
    prepare(office, meeting)
    conclude(office, meeting)
    do_the_task(office)
    task = office.first.url
    comes_back(office)
    for address in (board, receipt, table, meeting, f"{meeting}ket-luan/", f"{meeting}thong-bao.pdf", task):
        answer = office.sibling.request.get(address)
        assert answer.status == 404, address
        assert office.communes[0].name not in answer.text()
    for address in ("/", "/bao-cao/", "/hop/", "/nhiem-vu/"):
        office.sibling.goto(address)
        expect(office.sibling.get_by_text(PERIOD)).to_have_count(0)
        expect(office.sibling.get_by_text(MATTER)).to_have_count(0)
