"""Reporting in the browser: offline and back, a marked cell, the level above, deadlines, books, many files, words."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import openpyxl
import pytest
from django.utils import timezone
from playwright.sync_api import Browser, FilePayload, Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.journeys.office import (
    ABOVE,
    BELOW,
    RIGHT,
    SIGNED,
    WRONG,
    Office,
    bring,
    cell,
    clean,
    computed,
    confirm,
    follow,
    heading,
    laid,
    press,
    saved,
    send,
    texts,
    told,
)
from tests.journeys.test_grid import paste, until_quiet

from giaoban.briefs.tests import narratives
from giaoban.config.tests.world import apart
from giaoban.core.vietnamese import day
from giaoban.kit.jobs import run_pending
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Field
from giaoban.reporting import services
from giaoban.reporting.models import Draft, Submission
from giaoban.reporting.tests.factories import SYSTEM

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def office(live_server: LiveServer, browser: Browser) -> Iterator[Office]:
    held = laid(browser, live_server.url)
    yield held
    for context in held.contexts:
        context.close()
    until_quiet()
    assert held.said == [], "something in the console"


# One report: typed, pasted, the network lost and found, sent


def type_and_paste(page: Page) -> None:
    """A first row by keys, then a block with a Vietnamese number in it; the machine's cells follow."""
    cell(page, "Dân sự", "Số vụ tiếp nhận").click()
    for text in ("1204", "1030"):
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    expect(cell(page, "Dân sự", "Số vụ tiếp nhận")).to_have_value("1.204")
    cell(page, "Hôn nhân", "Số vụ tiếp nhận").click()
    paste(page, "310\t290\t\t1.085,91\r\n1.096\t4\t\t0,5\r\n")
    expect(cell(page, "Hôn nhân", "Kinh phí")).to_have_value("1.085,91")
    expect(cell(page, "Đất đai", "Số vụ tiếp nhận")).to_have_value("1.096")
    expect(computed(page, "Tổng số", "Số vụ tiếp nhận")).to_have_text("2.610")
    expect(computed(page, "Hôn nhân", "Tỷ lệ thành")).to_have_text("93,55")
    saved(page)


def lose_the_network(page: Page, office: Office) -> None:
    """What is typed meanwhile is counted, not stored, and goes when the network is there again."""
    page.context.set_offline(True)
    cell(page, "Đất đai", "Số vụ tiếp nhận").fill("96")
    page.keyboard.press("Tab")
    page.keyboard.type("40")
    page.keyboard.press("Enter")
    expect(page.get_by_text("mất mạng, còn 2 ô chưa gửi")).to_be_visible()
    assert Draft.objects.get(obligation=office.owed("an")).figures["main/dat_dai//c1"] == "1.096"
    page.context.set_offline(False)
    saved(page)
    assert Draft.objects.get(obligation=office.owed("an")).figures["main/dat_dai//c1"] == "96"
    page.reload()
    for column, text in (("Số vụ tiếp nhận", "96"), ("Hòa giải thành", "40")):
        expect(cell(page, "Đất đai", column)).to_have_value(text)
    expect(computed(page, "Tổng số", "Số vụ tiếp nhận")).to_have_text("1.610")


def test_a_commune_types_pastes_loses_the_network_and_sends(office: Office) -> None:
    page = office.sit("an", Role.OFFICER, Role.HEAD)
    bring(page, "Nhập số liệu")
    heading(page, BELOW)
    clean(page)
    type_and_paste(page)
    lose_the_network(page, office)
    press(page, "Kiểm tra")
    expect(page.get_by_text("Các phép kiểm tra đều đạt.")).to_be_visible()
    clean(page)
    send(page)
    sent = Submission.objects.get()
    expect(page.get_by_text(f"Biên nhận {sent.receipt}").first).to_be_visible()
    expect(page.get_by_text("Xã An Bình gửi lúc")).to_be_visible()
    for name in ("Nguyễn Văn An", "Trần Thị Bình"):
        expect(page.get_by_text(name).first).to_be_visible()
    expect(page.get_by_role("row", name="Tổng số")).to_contain_text(re.compile(r"1\.610\s+1\.360"))
    clean(page)
    page.goto("/bao-cao/")
    expect(page.get_by_role("row").filter(has_text="Tháng")).to_contain_text("Chờ tiếp nhận")


# A level: a marked cell, its correction, the report made from below


def board(page: Page) -> None:
    """The reception board of the month, from the list of reports."""
    page.goto("/bao-cao/")
    page.get_by_role("region", name="Các đợt tiếp nhận").get_by_role("rowheader").get_by_role("link").click()
    heading(page, "Tiếp nhận:")


def send_back_with_a_mark(page: Page) -> None:
    board(page)
    heading(page, "2 trong 3 đơn vị đã gửi")
    clean(page)
    follow(page, "Xã An Bình")
    clean(page)
    press(page, "Đánh dấu ô phải sửa")
    page.get_by_label("Lý do trả lại").fill("Đối chiếu lại với sổ.")
    page.get_by_role("checkbox", name="Đánh dấu Đất đai › Hòa giải thành").check()
    clean(page)
    press(page, "Ghi chú cho ô đã chọn")
    note = cell(page, "Đất đai", "Hòa giải thành")
    note.fill("Sổ theo dõi ghi 42 vụ")
    waiting = Submission.objects.filter(state="sent").count()
    note.press("Enter")
    expect(note).to_have_value("Sổ theo dõi ghi 42 vụ")
    assert Submission.objects.filter(state="sent").count() == waiting
    expect(page.get_by_label("Lý do trả lại")).to_have_value("Đối chiếu lại với sổ.")
    clean(page)
    page.get_by_role("checkbox", name="Đánh dấu Dân sự › Số vụ tiếp nhận").check()
    press(page, "Trả lại")
    told(page, "Đã trả lại báo cáo, kèm lý do.")
    expect(page.get_by_role("region", name="Ô được đánh dấu")).to_contain_text("Sổ theo dõi ghi 42 vụ")
    clean(page)


def correct_the_mark(page: Page) -> None:
    """The commune finds the marks in a list, goes from there into the cell with the note, and corrects it."""
    bring(page, "Tháng")
    expect(page.get_by_text("Đối chiếu lại với sổ.").first).to_be_visible()
    marks = page.get_by_role("region", name="Nơi nhận đánh dấu 2 ô cần xem lại")
    expect(marks).to_contain_text("Sổ theo dõi ghi 42 vụ")
    clean(page)
    expect(marks).to_contain_text("Dân sự › Số vụ tiếp nhận")
    marks.get_by_role("link", name="Đất đai › Hòa giải thành").click()
    expect(cell(page, "Đất đai", "Hòa giải thành")).to_be_focused()
    expect(page.get_by_text("Nơi nhận đề nghị xem lại: Sổ theo dõi ghi 42 vụ")).to_be_visible()
    page.keyboard.type("42")
    page.keyboard.press("Enter")
    saved(page)
    send(page)


def accept_the_correction(page: Page) -> None:
    board(page)
    follow(page, "Xã An Bình")
    expect(page.get_by_role("row", name=re.compile(r"Đất đai › Hòa giải thành .* 40 42 \+2"))).to_be_visible()
    press(page, "Tiếp nhận")
    told(page, "Đã tiếp nhận báo cáo")


def confirm_the_table(page: Page) -> None:
    board(page)
    follow(page, "Bảng tổng hợp")
    expect(page.get_by_text("Đã tiếp nhận 2/3 báo cáo.")).to_be_visible()
    expect(page.get_by_text("Chưa có: Phú Mỹ").or_(page.get_by_text("Chưa có: Xã Phú Mỹ"))).to_be_visible()
    clean(page)
    confirm(page, "Xác nhận bảng này")
    told(page, "Đã xác nhận bảng.")
    expect(page.get_by_text("khớp mã kiểm")).to_be_visible()
    clean(page)


def send_upwards(page: Page) -> None:
    """The report of the level is filled from below, sent, and says so beside the table."""
    page.goto("/")
    bring(page, "Nhập số liệu")
    heading(page, ABOVE)
    below = page.get_by_role("region", name="Số từ cấp dưới: đã tiếp nhận 2/3 báo cáo")
    expect(below).to_contain_text("Xã Phú Mỹ")
    clean(page)
    press(below, "Điền số từ cấp dưới")
    told(page, "Đã điền 4 ô từ 2 báo cáo của cấp dưới.")
    expect(cell(page, "Xã An Bình", "Hòa giải thành")).to_have_value("1.362")
    expect(cell(page, "Xã Phú Mỹ", "Hòa giải thành")).to_have_value("")
    expect(computed(page, "Tổng số", "Hòa giải thành")).to_have_text("2.722")
    clean(page)
    send(page, "Giám đốc")
    clean(page)


def test_a_level_returns_accepts_confirms_and_reports_upwards(office: Office) -> None:
    commune, department = office.sit("an", Role.OFFICER, Role.HEAD), office.sit("so", Role.RECEIVER, Role.HEAD)
    office.report("hoa")
    services.save_draft(office.owed("an"), figures=texts(RIGHT), by=SYSTEM, at=timezone.now())
    services.submit_draft(office.owed("an"), by=SYSTEM, at=timezone.now(), signatures=SIGNED)
    send_back_with_a_mark(department)
    correct_the_mark(commune)
    accept_the_correction(department)
    confirm_the_table(department)
    send_upwards(department)
    ministry = office.sit("bo", Role.RECEIVER)
    board(ministry)
    heading(ministry, "1 trong 2 đơn vị đã gửi")
    follow(ministry, "Sở Bình Minh")
    expect(ministry.get_by_role("row", name="Xã An Bình")).to_contain_text(re.compile(r"1\.610\s+1\.362"))
    for address in (department.url, ministry.url):
        assert commune.request.get(address).status == 404


# Deadlines


def test_the_ministry_moves_a_deadline_by_letter_and_extends_one(office: Office) -> None:
    ministry, department = office.sit("bo", Role.RECEIVER), office.sit("so", Role.RECEIVER, Role.HEAD)
    first = office.owed("so", office.above).due_on
    assert first is not None
    second, third = first + timedelta(days=5), first + timedelta(days=9)
    board(ministry)
    press(ministry, "Dời hạn cả đợt theo văn bản…")
    heading(ministry, "Dời hạn cả đợt của 2 đơn vị?")
    clean(ministry)
    ministry.get_by_label("Hạn mới").fill(second.isoformat())
    press(ministry, "Dời hạn cả đợt của 2 đơn vị")
    expect(ministry.get_by_role("alert")).to_contain_text("Nêu số, ký hiệu của văn bản.")
    ministry.get_by_label("Số, ký hiệu văn bản").fill("77/BTN-VP")
    ministry.get_by_label("Ngày văn bản").fill(timezone.localdate().isoformat())
    ministry.get_by_label("Cơ quan ban hành").fill("Bộ Thử Nghiệm")
    ministry.get_by_label("Lý do").fill("Hệ thống bảo trì.")
    press(ministry, "Dời hạn cả đợt của 2 đơn vị")
    told(ministry, f"Đã chuyển hạn của 2 đơn vị sang {day(second)}")
    ministry.get_by_role("checkbox", name="Chọn Sở Bình Minh").check()
    press(ministry, "Gia hạn…")
    heading(ministry, "Gia hạn 1 đơn vị?")
    clean(ministry)
    ministry.get_by_label("Hạn mới").fill(third.isoformat())
    ministry.get_by_label("Văn bản căn cứ").fill("Công văn số 78/BTN-VP")
    ministry.get_by_label("Lý do").fill("Bão lụt tại địa phương.")
    press(ministry, "Gia hạn 1 đơn vị")
    told(ministry, f"Đã chuyển hạn của 1 đơn vị sang {day(third)}")
    row = ministry.get_by_role("row").filter(has_text="Sở Bình Minh")
    row.get_by_text(f"hạn {day(third)}, ban đầu {day(first)}").click()
    moves = row.get_by_role("listitem")
    expect(moves).to_contain_text([f"{day(second)} → {day(third)}", f"{day(first)} → {day(second)}"])
    expect(moves.last).to_contain_text(f"Văn bản số 77/BTN-VP ngày {day(timezone.localdate())} của Bộ Thử Nghiệm")
    other = ministry.get_by_role("row").filter(has_text="Sở Bên Cạnh")
    expect(other).to_contain_text(f"hạn {day(second)}, ban đầu {day(first)}")
    clean(ministry)
    bring(department, "Nhập số liệu")
    expect(department.get_by_text(f"hạn {day(third)}").first).to_be_visible()
    around = department.get_by_role("complementary")
    for words_of_it in (day(first), "78/BTN-VP", "77/BTN-VP"):
        expect(around).to_contain_text(words_of_it)
    clean(department)


# Books


def fill_and_send(page: Page) -> None:
    for row, pair in {"Dân sự": ("12", "10"), "Hôn nhân": ("3", "3"), "Đất đai": ("4", "1")}.items():
        for column, text in zip(("Số vụ tiếp nhận", "Hòa giải thành"), pair, strict=True):
            cell(page, row, column).fill(text)
    page.get_by_label("Người lập biểu", exact=True).fill("Nguyễn Văn An")
    page.get_by_label("Đã đối chiếu số liệu").check()
    press(page, "Xác nhận và gửi")


def test_closed_books_hold_back_until_they_are_opened_again(office: Office) -> None:
    department, commune = office.sit("so", Role.HEAD), office.sit("an", Role.OFFICER, Role.HEAD)
    board(department)
    follow(department, "Khoá sổ")
    heading(department, "Sổ đang mở: 0 trong 3 báo cáo đã tiếp nhận")
    clean(department)
    press(department, "Khoá sổ 3 đơn vị")
    heading(department, "Sổ đã khoá")
    clean(department)
    bring(commune, "Nhập số liệu")
    fill_and_send(commune)
    refused = commune.get_by_role("alert").filter(has_text="đã khoá sổ")
    expect(refused).to_contain_text("Sở Bình Minh")
    expect(cell(commune, "Đất đai", "Số vụ tiếp nhận")).to_have_value("4")
    clean(commune)
    assert not Submission.objects.exists()
    until = timezone.localtime() + timedelta(hours=2)
    department.get_by_label("Mở lại cho").select_option(label="Xã An Bình")
    department.get_by_label("Mở đến").fill(f"{until:%Y-%m-%dT%H:%M}")
    press(department, "Mở lại sổ")
    expect(department.get_by_role("alert")).to_contain_text("Lý do mở lại")
    department.get_by_label("Lý do mở lại").fill("Xã mất điện ngày cuối.")
    press(department, "Mở lại sổ")
    heading(department, "Sổ đã khoá, đang mở lại có hạn")
    expect(department.get_by_text("Đang mở lại cho Xã An Bình đến").first).to_contain_text(f"{until:%H:%M}")
    clean(department)
    commune.get_by_label("Đã đối chiếu số liệu").check()
    press(commune, "Xác nhận và gửi")
    told(commune, "Đã gửi báo cáo. Biên nhận")
    board(department)
    follow(department, "Xã An Bình")
    press(department, "Tiếp nhận")
    told(department, "Đã tiếp nhận báo cáo")
    other = office.sit("hoa", Role.OFFICER, Role.HEAD)
    bring(other, "Nhập số liệu")
    fill_and_send(other)
    expect(other.get_by_role("alert").filter(has_text="đã khoá sổ")).to_be_visible()


# Many files


def workbooks(office: Office) -> bytes:
    """A zip of the filled workbooks of three communes; in one a part is greater than its whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for unit, rows in (("an", RIGHT), ("hoa", WRONG), ("phu", RIGHT)):
            owed = office.owed(unit)
            services.save_draft(owed, figures=texts(rows), by=SYSTEM, at=timezone.now())
            archive.writestr(f"huyen/{unit}.xlsx", services.workbook_for(owed))
            Draft.objects.filter(obligation=owed).delete()
    return out.getvalue()


def test_many_files_one_of_them_faulty(office: Office) -> None:
    page = office.sit("so", Role.RECEIVER)
    file: FilePayload = {"name": "thang.zip", "mimeType": "application/zip", "buffer": workbooks(office)}
    page.goto("/bao-cao/")
    follow(page, "Nộp nhiều tệp")
    clean(page)
    page.get_by_label("Tệp báo cáo").set_input_files(file)
    press(page, "Gửi các tệp")
    heading(page, "Đang đọc: 0 trong 3 tệp")
    clean(page)
    apart(run_pending)
    heading(page, "1 trong 3 tệp không nhận được")
    rows = page.get_by_role("region", name="Các tệp").get_by_role("row")
    expect(rows.filter(has_text="đã nhận")).to_have_count(2)
    faulty = rows.filter(has_text="hoa.xlsx")
    expect(faulty).to_contain_text("không nhận")
    expect(faulty).to_contain_text("“trong đó” là 140")
    clean(page)
    with page.expect_download() as got:
        faulty.get_by_role("link", name="Bản ghi lỗi").click()
    book = openpyxl.load_workbook(io.BytesIO(got.value.path().read_bytes()))
    said = [one.comment.text for sheet in book for line in sheet.iter_rows() for one in line if one.comment]
    assert any("140" in text for text in said), said
    with page.expect_download() as got:
        follow(page, "Tải 1 bản ghi lỗi")
    assert len(zipfile.ZipFile(got.value.path()).namelist()) == 1
    board(page)
    heading(page, "2 trong 3 đơn vị đã gửi")


# Words


def outlined(office: Office) -> None:
    """A monthly report with a section for each of two fields of work and one for all."""
    for position, (key, name) in enumerate((("ho-tich", "Hộ tịch"), ("hoa-giai", "Hòa giải ở cơ sở"))):
        Field.objects.create(key=key, name=name, position=position)
    month = {"key": "thang", "name": "Tháng", "kind": "month", "starts": "01-01"}
    narratives.outline(key="thang", name="Báo cáo tháng", title="Công tác tư pháp {period}", rule=month)
    narratives.templates()
    office.report("an")


def open_report(head: Page, office: Office) -> str:
    head.goto("/")
    follow(head, "Báo cáo lời")
    follow(head, "Lập báo cáo")
    clean(head)
    head.get_by_label("Kỳ báo cáo").select_option(office.period.code)
    press(head, "Lập báo cáo")
    heading(head, "Còn 3 phần chưa viết trong 3")
    clean(head)
    return head.url


def write_with_a_figure(page: Page, office: Office) -> None:
    """A sentence whose number is chosen from the table of the department."""
    bring(page, "Viết")
    heading(page, "Hòa giải ở cơ sở")
    page.get_by_label("Nội dung", exact=True).fill("Các tổ hòa giải đã tiếp nhận")
    follow(page, "Chèn số liệu")
    picker = page.get_by_role("dialog", name="Chèn số liệu")
    expect(picker.get_by_role("table")).to_be_visible()
    clean(page)
    picker.get_by_label("kèm đơn vị tính").check()
    picker.get_by_role("button", name="Chèn Tổng số – Số vụ tiếp nhận").click()
    expect(picker).to_have_count(0)
    expect(page.get_by_label("Nội dung", exact=True)).to_have_value(re.compile(r"tiếp nhận \{\{số 1.*\}\}$"))
    press(page, "Lưu và báo viết xong")
    told(page, "Đã lưu.")
    expect(page.get_by_role("region", name="Đọc thử")).to_contain_text("đã tiếp nhận 1.610 vụ")
    expect(page.get_by_role("region", name="Số liệu của phần này")).to_contain_text(f"biểu hgx, {office.period.label}")
    clean(page)


def write(page: Page, text: str) -> None:
    page.get_by_label("Nội dung", exact=True).fill(text)
    press(page, "Lưu và báo viết xong")
    told(page, "Đã lưu.")


def present(head: Page, report: str) -> None:
    """What is not written yet holds the paper back; then it is presented."""
    head.goto(report)
    confirm(head, "Trình", **{"Trình ai": "Giám đốc Sở"})
    expect(head.get_by_role("alert")).to_contain_text("Phương hướng")
    head.get_by_role("alert").get_by_role("link", name="Phương hướng").click()
    press(head, "Không phát sinh")
    head.goto(report)
    confirm(head, "Trình", **{"Trình ai": "Giám đốc Sở"})
    told(head, "Đã chốt bản trình")
    clean(head)


def amend(head: Page, report: str) -> None:
    head.goto(report)
    confirm(head, "Chốt bản chỉnh sửa", **{"Tiếp thu ý kiến": "Giám đốc: nêu rõ việc chậm."})
    told(head, "Đã chốt bản chỉnh sửa")
    follow(head, "Khác gì bản trước")
    heading(head, "1 phần khác nhau")
    expect(head.get_by_text("Giám đốc: nêu rõ việc chậm.")).to_be_visible()
    changed = head.get_by_role("region", name="Hộ tịch")
    expect(changed.get_by_role("insertion").first).to_be_visible()
    expect(changed).to_contain_text("Phạm Văn Hai")
    expect(changed).to_contain_text("còn hai việc chậm")
    clean(head)
    head.goto(report)
    follow(head, "Xem toàn văn")
    for text in ("đã tiếp nhận 1.610 vụ", "còn hai việc chậm"):
        expect(head.get_by_role("main")).to_contain_text(text)
    clean(head)


def test_a_report_in_words_by_two_people(office: Office) -> None:
    outlined(office)
    head = office.sit("so", Role.HEAD)
    one = office.sit("so", Role.OFFICER, login="mot", name="Lê Thị Một", fields="hoa-giai")
    two = office.sit("so", Role.OFFICER, login="hai", name="Phạm Văn Hai", fields="ho-tich")
    report = open_report(head, office)
    write_with_a_figure(one, office)
    bring(two, "Viết")
    heading(two, "Hộ tịch")
    section = two.url
    write(two, "Đăng ký hộ tịch đúng hạn.")
    present(head, report)
    two.goto(section)
    write(two, "Đăng ký hộ tịch đúng hạn, còn hai việc chậm.")
    clean(two)
    amend(head, report)
    apart(run_pending)
    head.goto(report)
    with head.expect_download() as got:
        follow(head, "DOCX")
    with zipfile.ZipFile(io.BytesIO(got.value.path().read_bytes())) as parts:
        text = re.sub(r"<[^>]+>", "", parts.read("word/document.xml").decode())
    assert "đã tiếp nhận 1.610 vụ" in text
    assert "còn hai việc chậm" in text
    other = office.sit("ben", Role.HEAD)
    assert other.request.get(report).status == 404
