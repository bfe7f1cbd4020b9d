"""The entry grid in the browser: typing, pasting, taking back, losing the network, two people, a narrow screen."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic, sleep
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from pytest_django.live_server_helper import LiveServer
from tests.journeys.patience import PATIENCE

from giaoban.accounts.models import User
from giaoban.core.expressions import as_data
from giaoban.core.formulas import parse, round_half_up, value_of
from giaoban.core.vietnamese import number, parse_number
from giaoban.kit.permissions import Role
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Draft, Obligation, Submission
from giaoban.reporting.rules import Change
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import SYSTEM, World, tiny_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LETTERS = "abcde"
EXPECTED = ("ERR_INTERNET_DISCONNECTED", "409 (Conflict)")  # what a browser itself writes of such answers
WRONG_CLOCK = """
  const Real = Date;
  window.Date = class extends Real {
    constructor(...given) { super(...(given.length ? given : [0])); }
    static now() { return 0; }
  };
"""


def wide_form() -> dict[str, Any]:
    """A total over five rows; a whole, its part, their sum, a share, decimals, a remark."""
    columns = [
        {"id": "all", "label": "Lamps", "unit": "lamp"},
        {"id": "good", "label": "Good", "unit": "lamp", "part_of": "all"},
        {"id": "both", "label": "Both", "formula": "all + good", "unit": "lamp", "required": False},
        {"id": "rate", "label": "Share", "unit": "%", "scale": 2, "roll_up": "rate", "formula": "100 * good / all"},
        {"id": "oil", "label": "Oil", "unit": "litre", "scale": 2, "required": False},
        {"id": "note", "label": "Remark", "kind": "text", "required": False},
    ]
    rows = [{"id": "t", "label": "Total", "sum_of": list(LETTERS)}]
    rows += [{"id": letter, "label": f"Tower {letter.upper()}", "parent": "t"} for letter in LETTERS]
    return factories.form_data(
        code="towers", signatures=[], tables=[{"id": "main", "title": "Towers", "rows": rows, "columns": columns}]
    )


@dataclass
class Desk:
    """Lights of the coast owe a wide form; people open it in browsers of their own."""

    world: World
    browser: Browser
    site: str
    owed: Obligation
    contexts: list[BrowserContext]
    said: list[str]

    def context(self, role: Role = Role.HEAD, **options: Any) -> BrowserContext:
        context = self.browser.new_context(**{"base_url": self.site, "locale": "vi-VN", **options})
        context.set_default_timeout(PATIENCE)
        client = Client()
        client.force_login(User.objects.get(pk=self.world.actor(self.owed.unit, role).user_id))
        value = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": self.site}])
        self.contexts.append(context)
        return context

    def open(self, context: BrowserContext | None = None, query: str = "") -> Page:
        page = (context or self.context()).new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        page.goto(f"/bao-cao/nhap/{self.owed.pk}/{query}")
        page.wait_for_selector("form-grid[data-ready]", state="attached")
        return page

    def _note(self, message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in EXPECTED):
            self.said.append(message.text)

    def draft(self) -> dict[str, str]:
        return dict(Draft.objects.get(obligation=self.owed).figures)


@pytest.fixture
def desk(live_server: LiveServer, browser: Browser) -> Iterator[Desk]:
    world = tiny_world()
    form = factories.make_form(wide_form())
    factories.owe(form, world.rule, "light", "harbour")
    services.raise_obligations(form.key, world.period, by=SYSTEM, at=timezone.now())
    owed = Obligation.objects.select_related("unit").get(form=form, unit=world.lights["n1"])
    desk = Desk(world, browser, live_server.url, owed, [], [])
    yield desk
    for context in desk.contexts:
        context.close()
    until_quiet()
    assert desk.said == [], "something in the console"


def until_quiet() -> None:
    """Pages ask for news by themselves: the server finishes such a request before the tables are emptied."""
    quiet, deadline = 0, monotonic() + 20
    while quiet < 3 and monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'"
            )
            quiet = 0 if cursor.fetchone()[0] else quiet + 1
        sleep(0.1)


def cell(page: Page, row: str, column: str) -> Locator:
    return page.locator(f'input[name="main/{row}//{column}"]')


def computed(page: Page, row: str, column: str) -> Locator:
    return page.locator(f'td[data-cell="main/{row}//{column}"]')


def status(page: Page) -> Locator:
    return page.locator(".gb-savestate")


def saved(page: Page) -> None:
    expect(status(page)).to_have_attribute("data-state", "saved")


def paste(page: Page, text: str) -> None:
    """As the browser does it: an event at the focused element."""
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.setData("text/plain", text);
          document.activeElement.dispatchEvent(
            new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
        }""",
        text,
    )


def copied(page: Page) -> str:
    text = page.evaluate(
        """() => {
          const data = new DataTransfer();
          document.activeElement.dispatchEvent(
            new ClipboardEvent("copy", { clipboardData: data, bubbles: true, cancelable: true }));
          return data.getData("text/plain");
        }"""
    )
    return str(text)


def keys(page: Page, *pressed: str) -> None:
    for key in pressed:
        page.keyboard.press(key)


def standing(page: Page) -> str:
    """Where the focus is: the name of the input, or of the machine's cell."""
    return str(page.evaluate("document.activeElement.name ?? document.activeElement.dataset.cell ?? ''"))


# Typing and moving


def test_the_first_key_is_kept_and_replaces(desk: Desk) -> None:
    page = desk.open()
    cell(page, "a", "all").click()
    page.keyboard.type("1204")
    keys(page, "Enter")
    expect(cell(page, "a", "all")).to_have_value("1.204")
    keys(page, "ArrowUp")
    page.keyboard.type("7")
    expect(cell(page, "a", "all")).to_have_value("7")
    keys(page, "Escape")
    expect(cell(page, "a", "all")).to_have_value("1.204")
    saved(page)
    assert desk.draft()["main/a//all"] == "1.204"


def test_a_composed_letter_is_kept_from_its_first_key(desk: Desk) -> None:
    """What an input method for Vietnamese does: the letter is composed, replaced, then taken."""
    page = desk.open()
    session = page.context.new_cdp_session(page)
    note = cell(page, "a", "note")
    note.fill("cũ")
    keys(page, "Enter", "ArrowUp")
    for text in ("d", "đ", "đe", "đê", "đề"):
        session.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
    session.send("Input.insertText", {"text": "đèn"})
    expect(note).to_have_value("đèn")
    keys(page, "Enter")
    assert standing(page) == "main/b//note"
    saved(page)
    assert desk.draft()["main/a//note"] == "đèn"


def test_it_moves_like_a_spreadsheet(desk: Desk) -> None:
    page = desk.open()
    cell(page, "a", "all").click()
    walk = (
        ("ArrowRight", "main/a//good"),
        ("ArrowRight", "main/a//both"),
        ("ArrowLeft", "main/a//good"),
        ("ArrowDown", "main/b//good"),
        ("Home", "main/b//all"),
        ("End", "main/b//note"),
        ("Control+Home", "main/t//all"),
        ("Control+End", "main/e//note"),
        ("Shift+Tab", "main/e//oil"),
        ("Control+ArrowUp", "main/t//oil"),
        ("Control+ArrowDown", "main/e//oil"),
        ("ArrowDown", "main/e//oil"),
    )
    for key, place in walk:
        keys(page, key)
        assert standing(page) == place, key
    cell(page, "a", "all").click()
    for key, text, place in (("Tab", "1", "main/a//good"), ("Tab", "2", "main/a//oil"), ("Enter", "3", "main/b//all")):
        page.keyboard.type(text)
        keys(page, key)
        assert standing(page) == place
    keys(page, "Shift+Enter")
    assert standing(page) == "main/a//all"
    keys(page, "F2", "ArrowLeft")
    page.keyboard.type("5")
    keys(page, "Enter")
    expect(cell(page, "a", "all")).to_have_value("51")
    expect(page.locator(".gb-cellbar .path")).to_contain_text("Tower B")


def test_cells_of_the_machine_follow(desk: Desk) -> None:
    page = desk.open()
    cell(page, "a", "all").fill("3")
    cell(page, "a", "good").fill("2")
    expect(computed(page, "a", "rate")).to_have_text("66,67")
    cell(page, "b", "all").fill("5")
    expect(computed(page, "t", "all")).to_have_text("8")
    expect(computed(page, "t", "both")).to_have_text("10")
    expect(computed(page, "t", "rate")).to_have_text("25,00")
    cell(page, "b", "all").fill("five")
    expect(computed(page, "t", "all")).to_have_text("chờ sửa")
    cell(page, "b", "all").fill("-")
    keys(page, "Enter")
    expect(computed(page, "t", "all")).to_have_text("3")
    saved(page)
    page.reload()
    expect(computed(page, "t", "rate")).to_have_text("66,67")
    assert desk.draft()["main/t//all"] == "3"


# The same rules on both sides

READ_NUMBERS = """async (texts) => {
  const { parse } = await import("/static/reporting/grid/numbers.js");
  return texts.map((text) => {
    const number = parse(text);
    return number ? [String(number.value), number.scale] : number === null ? "blank" : "no number";
  });
}"""
COMPUTE = """async (cases) => {
  const { evaluate, rounded } = await import("/static/reporting/grid/computed.js");
  const { format, parse } = await import("/static/reporting/grid/numbers.js");
  const amount = (text) => {
    const number = parse(text);
    return number ? { n: number.value, d: 10n ** BigInt(number.scale) } : null;
  };
  return cases.map(([data, values, scale]) => {
    const found = evaluate(data, (name) => amount(values[name] ?? ""));
    return found === null ? "" : format(rounded(found, scale), scale);
  });
}"""


def readable(text: str) -> object:
    """What the server reads in a text, in the words of READ_NUMBERS."""
    if not text.strip():
        return "blank"
    try:
        value = parse_number(text)
    except ValueError:
        return "no number"
    scale = len(text.split(",")[1].strip()) if "," in text else 0
    return [str(int(value.scaleb(scale))), scale]


def test_numbers_are_read_alike(desk: Desk) -> None:
    dice = random.Random(11)  # noqa: S311 - the same examples every time
    texts = [
        "1.204",
        "85,91",
        "85.91",
        "0",
        "-3",
        "−3",
        "1.204,50",
        "1 204",
        "1,2,3",
        "12.04",
        "0.123",
        "1..2",
        "",
        " 7 ",
    ]
    texts += ["".join(dice.choices("0123456789.,- ", k=dice.randint(1, 9))) for _ in range(600)]
    texts = [text for text in texts if text.strip() not in ("-", "−")]  # a mark, no number
    found = desk.open().evaluate(READ_NUMBERS, texts)
    assert [one for one in zip(texts, found, strict=True) if one[1] != readable(one[0])] == []


def test_formulas_are_computed_alike(desk: Desk) -> None:
    dice = random.Random(12)  # noqa: S311
    rules = ("100 * a / b", "a + b + c", "a - b", "sum(a, b, c)", "min(a, b)", "max(a, -b)", "round(a / b, 1) * c",
             "abs(a - b) / 3", "-(a - 2.5) * b", "a / (b - c)")  # fmt: skip
    cases = []
    for _ in range(300):
        values = {name: dice.choice(["", "0", "1.204", "85,91", "3", "0,5", "-7"]) for name in "abc"}
        cases.append((dice.choice(rules), values, dice.randint(0, 3)))
    said = [
        number(None if value is None else round_half_up(value, scale), scale)
        for rule, values, scale in cases
        for value in [value_of(parse(rule), lambda name: parse_number(values[name]) if values[name] else None)]  # noqa: B023
    ]
    found = desk.open().evaluate(COMPUTE, [(as_data(parse(rule)), values, scale) for rule, values, scale in cases])
    assert [text.replace("−", "-") for text in found] == said


# Blocks


def test_a_block_from_a_spreadsheet(desk: Desk) -> None:
    page = desk.open()
    cell(page, "a", "all").click()
    paste(page, '1.204\t310\t9\t9\t85,91\t"hai ""đèn""\nmới"\r\nnhiều\t-\t\t\t0,5\tx\r\n')
    expect(cell(page, "a", "all")).to_have_value("1.204")
    expect(cell(page, "a", "oil")).to_have_value("85,91")
    expect(cell(page, "a", "note")).to_have_value('hai "đèn" mới')
    expect(cell(page, "b", "all")).to_have_value("nhiều")
    expect(cell(page, "b", "all")).to_have_attribute("aria-invalid", "true")
    expect(cell(page, "b", "good")).to_have_value("–0–")
    expect(cell(page, "b", "note")).to_have_value("x")
    expect(page.locator(".gb-cellbar .said")).to_contain_text(
        "Đã dán 8 ô; 2 ô do máy tính được bỏ qua; 1 ô không phải số"
    )
    saved(page)
    assert desk.draft()["main/a//oil"] == "85,91"
    keys(page, "Control+z")
    expect(cell(page, "a", "all")).to_have_value("")
    expect(cell(page, "b", "note")).to_have_value("")
    keys(page, "Control+y")
    expect(cell(page, "a", "all")).to_have_value("1.204")
    saved(page)
    assert desk.draft()["main/b//good"] == "-"


def test_a_block_larger_than_the_grid_says_what_was_left_out(desk: Desk) -> None:
    page = desk.open()
    cell(page, "e", "note").click()
    paste(page, "a\tb\nc\td")
    expect(cell(page, "e", "note")).to_have_value("a")
    expect(page.locator(".gb-cellbar .said")).to_contain_text("Đã dán 1 ô; 3 ô nằm ngoài bảng không dán được")


def test_ranges_are_copied_filled_and_cleared(desk: Desk) -> None:
    page = desk.open()
    cell(page, "a", "all").click()
    page.keyboard.type("1204")
    keys(page, "Tab")
    page.keyboard.type("4")
    keys(page, "Enter", "ArrowUp")
    assert standing(page) == "main/a//all"
    keys(page, "Shift+ArrowRight", "Shift+ArrowDown", "Shift+ArrowDown")
    assert copied(page) == "1.204\t4\n\t\n\t"
    keys(page, "Control+d")
    expect(cell(page, "c", "all")).to_have_value("1.204")
    expect(cell(page, "c", "good")).to_have_value("4")
    expect(cell(page, "d", "good")).to_have_value("")
    assert copied(page) == "1.204\t4\n1.204\t4\n1.204\t4"
    keys(page, "-")
    expect(cell(page, "b", "good")).to_have_value("–0–")
    keys(page, "Delete")
    expect(cell(page, "b", "good")).to_have_value("")
    keys(page, "Control+z", "Control+z")
    expect(cell(page, "b", "good")).to_have_value("4")
    expect(computed(page, "t", "all")).to_have_text("3.612")


def test_marks_by_key_by_button_and_by_menu(desk: Desk) -> None:
    page = desk.open()
    cell(page, "a", "all").click()
    page.keyboard.type("-")
    keys(page, "Enter")
    page.keyboard.type("x")
    keys(page, "Enter")
    page.get_by_role("button", name="Không phát sinh").click()
    keys(page, "ArrowDown", "Shift+F10")
    page.get_by_role("menuitem", name="Không áp dụng").click()
    assert standing(page) == "main/d//all"
    for row, sign in (("a", "–0–"), ("b", "✕"), ("c", "–0–"), ("d", "✕")):
        expect(cell(page, row, "all")).to_have_value(sign)
    cell(page, "e", "good").fill("nine")
    keys(page, "Enter")
    saved(page)
    page.reload()
    for row, sign in (("a", "–0–"), ("b", "✕"), ("c", "–0–"), ("d", "✕")):
        expect(cell(page, row, "all")).to_have_value(sign)
    expect(cell(page, "e", "good")).to_have_attribute("aria-invalid", "true")
    expect(cell(page, "e", "good")).to_have_value("nine")


def test_what_is_to_be_seen_is_listed_and_jumps(desk: Desk) -> None:
    page = desk.open()
    cell(page, "a", "all").fill("3")
    cell(page, "a", "good").fill("4")
    keys(page, "Enter")
    expect(page.get_by_role("heading", name="Cần xem: 2 lỗi")).to_be_visible()  # of the line, and of the total
    expect(cell(page, "a", "good")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Kiểm tra").click()
    expect(page.get_by_role("heading", name="Cần xem")).to_contain_text("10 lỗi")
    page.locator("[data-grid-findings] a", has_text="Tower A").click()
    assert standing(page) == "main/a//good"
    expect(page.locator(".gb-cellbar .said")).to_contain_text("lớn hơn")
    keys(page, "F8")
    assert standing(page) == "main/b//all"
    cell(page, "a", "good").fill("2")
    keys(page, "Enter")
    expect(cell(page, "a", "good")).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("heading", name="Cần xem")).to_contain_text("8 lỗi")


# Nothing is lost


def test_offline_then_closed_then_back_then_sent(desk: Desk) -> None:
    context = desk.context()
    page = desk.open(context)
    cell(page, "a", "all").click()
    rows = "\n".join(f"{number}0\t{number}" for number in range(1, 6))
    paste(page, rows)
    saved(page)
    context.set_offline(True)
    cell(page, "a", "good").click()
    page.keyboard.type("5")
    keys(page, "Enter")
    page.keyboard.type("6")
    keys(page, "Enter")
    expect(status(page)).to_have_text("mất mạng, còn 2 ô chưa gửi")
    cell(page, "c", "good").click()
    page.keyboard.type("7")
    page.close()
    assert desk.draft()["main/a//good"] == "1"

    context.set_offline(False)
    page = desk.open(context)
    for row, text in (("a", "5"), ("b", "6"), ("c", "7")):
        expect(cell(page, row, "good")).to_have_value(text)
    saved(page)
    assert [desk.draft()[f"main/{row}//good"] for row in "abc"] == ["5", "6", "7"]
    assert page.evaluate("Object.keys(localStorage).filter((key) => key.startsWith('gb-grid/')).length") == 0

    page.get_by_label("Đã đối chiếu số liệu").check()
    page.get_by_role("button", name="Xác nhận và gửi").click()
    expect(page.locator("#gb-messages")).to_contain_text("Đã gửi báo cáo. Biên nhận")
    sent = Submission.objects.get()
    assert [line.values[1] for line in sent.lines.order_by("pk") if line.row != "t"] == [5, 6, 7, 4, 5]


def test_what_was_typed_over_an_older_version_does_not_go_by_itself(desk: Desk) -> None:
    context = desk.context()
    page = desk.open(context)
    context.set_offline(True)
    cell(page, "a", "all").fill("9")
    keys(page, "Enter")
    expect(status(page)).to_have_text("mất mạng, còn 1 ô chưa gửi")
    page.close()
    send_whole(desk)
    services.return_for_correction(Submission.objects.get(), reason="again", by=SYSTEM, at=timezone.now())
    context.set_offline(False)
    page = desk.open(context)
    expect(status(page)).to_have_text("1 ô hai người cùng sửa, hãy chọn")
    expect(page.locator(".gb-cellbar .news")).to_contain_text("Đã khôi phục 1 ô chưa gửi ở lần trước.")
    assert not Draft.objects.exists()
    cell(page, "a", "all").click()
    page.get_by_role("button", name="Giữ số của tôi").click()
    saved(page)
    assert desk.draft()["main/a//all"] == "9"


def test_the_network_comes_back_by_itself(desk: Desk) -> None:
    context = desk.context()
    page = desk.open(context)
    context.set_offline(True)
    cell(page, "a", "all").fill("9")
    keys(page, "Enter")
    expect(status(page)).to_have_attribute("data-state", "offline")
    context.set_offline(False)
    saved(page)
    assert desk.draft()["main/a//all"] == "9"


def test_the_clock_of_the_client_decides_nothing(desk: Desk) -> None:
    context = desk.context()
    context.add_init_script(WRONG_CLOCK)
    page = desk.open(context)
    cell(page, "a", "all").fill("9")
    keys(page, "Enter")
    saved(page)
    moment = Draft.objects.get().saved_at
    assert abs((timezone.now() - moment).total_seconds()) < 120
    expect(status(page)).to_have_text(f"đã lưu {timezone.localtime(moment):%H:%M}")


def test_the_words_beside_the_table_are_saved_too(desk: Desk) -> None:
    page = desk.open()
    page.get_by_label("Thuyết minh kèm biểu").fill("Đèn mới từ tháng 3")
    saved(page)
    assert Draft.objects.get().notes == "Đèn mới từ tháng 3"


def test_the_number_of_the_paper_is_saved_by_itself_and_is_there_again(desk: Desk) -> None:
    page = desk.open()
    page.get_by_label("Số văn bản").fill("7/BC-STP")
    page.get_by_label("Ngày văn bản").fill("2024-04-02")
    saved(page)
    assert Draft.objects.get().papers == {"document_number": "7/BC-STP", "document_date": "2024-04-02"}
    page.reload()
    expect(page.get_by_label("Số văn bản")).to_have_value("7/BC-STP")


def test_a_marked_cell_is_reached_and_its_mark_goes_with_a_change(desk: Desk) -> None:
    table = selectors.definition_of(desk.owed.form).tables[0]
    lines = [factories.figures_for(desk.owed.form, table.id, letter, all=2, good=1) for letter in LETTERS]
    lines.insert(0, factories.figures_for(desk.owed.form, table.id, "t", all=10, good=5))
    figures = {key: line for one in lines for key, line in one.items()}
    sent = services.submit(desk.owed, figures=figures, by=SYSTEM, at=timezone.now(), channel="csv")
    mark = services.Mark("main/c//good", "đếm lại")
    services.return_for_correction(sent, cells=[mark], by=SYSTEM, at=timezone.now())
    page = desk.open()
    place = page.locator("td.marked")
    expect(place).to_have_count(1)
    cell(page, "a", "all").focus()
    keys(page, "F8")
    expect(cell(page, "c", "good")).to_be_focused()
    expect(page.locator(".gb-cellbar .said")).to_contain_text("Nơi nhận đề nghị xem lại: đếm lại")
    keys(page, "2", "Enter")
    expect(place).to_have_count(0)
    saved(page)


# Two people


def test_each_sees_what_the_other_saved(desk: Desk) -> None:
    first, second = desk.open(desk.context(Role.OFFICER)), desk.open(desk.context(Role.HEAD))
    cell(first, "a", "all").fill("12")
    keys(first, "Enter")
    expect(cell(second, "a", "all")).to_have_value("12")
    expect(computed(second, "t", "all")).to_have_text("12")
    expect(second.locator(".gb-cellbar .people")).to_contain_text("N1-officer")
    cell(second, "a", "all").click()
    expect(second.locator(".gb-cellbar .facts")).to_contain_text("N1-officer lưu")


@pytest.mark.parametrize(("choice", "kept"), [("Giữ số của tôi", "20"), ("Lấy số đã lưu", "10")])
def test_two_people_in_one_cell_choose(desk: Desk, choice: str, kept: str) -> None:
    other = desk.context(Role.HEAD)
    first, second = desk.open(desk.context(Role.OFFICER)), desk.open(other)
    other.set_offline(True)
    cell(second, "a", "all").fill("20")
    keys(second, "Enter")
    cell(first, "a", "all").fill("10")
    keys(first, "Enter")
    saved(first)
    other.set_offline(False)
    expect(status(second)).to_have_text("1 ô hai người cùng sửa, hãy chọn")
    assert desk.draft()["main/a//all"] == "10"
    listed = second.locator(".gb-conflicts")
    expect(listed).to_contain_text("bạn “20”")
    expect(listed).to_contain_text("“10”")
    listed.get_by_role("link").click()
    assert standing(second) == "main/a//all"
    second.get_by_role("button", name=choice).click()
    saved(second)
    expect(cell(second, "a", "all")).to_have_value(kept)
    assert desk.draft()["main/a//all"] == kept
    expect(cell(first, "a", "all")).to_have_value(kept)


def send_whole(desk: Desk) -> None:
    """Somebody fills all cells and sends."""
    rows = {f"main/{row}//{column}": "1" for row in LETTERS for column in ("all", "good")}
    whole = rows | {"main/t//all": "5", "main/t//good": "5"}
    services.save_draft(desk.owed, figures=whole, by=SYSTEM, at=timezone.now())
    services.submit_draft(desk.owed, by=SYSTEM, at=timezone.now())


def test_a_report_that_was_sent_stops_the_others(desk: Desk) -> None:
    page = desk.open()
    cell(page, "a", "all").fill("9")
    keys(page, "Enter")
    saved(page)
    send_whole(desk)
    cell(page, "b", "all").fill("8")
    keys(page, "Enter")
    expect(status(page)).to_have_attribute("data-state", "stop")
    expect(status(page)).to_contain_text("1 ô chưa gửi")
    assert not Draft.objects.exists()


# Lines that are named, periods before, estimates


def test_a_line_is_named_and_saved(desk: Desk) -> None:
    form = factories.make_form(factories.dynamic_form_data())
    factories.owe(form, desk.world.rule, "light", "harbour")
    services.raise_obligations(form.key, desk.world.period, by=SYSTEM, at=timezone.now())
    desk.owed = Obligation.objects.select_related("unit").get(form=form, unit=desk.world.lights["n1"])
    page = desk.open()
    page.get_by_label("Light: dòng thêm 1: tên đơn vị").fill("Old Tower")
    keys(page, "ArrowRight")
    page.keyboard.type("3")
    keys(page, "Enter")
    saved(page)
    assert desk.draft()["lights/unit/Old Tower/all"] == "3"
    assert desk.draft()["lights/total//all"] == "3"
    page.reload()
    expect(page.locator('input[name="lights/unit/Old Tower/all"]')).to_have_value("3")
    draft, name = Draft.objects.get(obligation=desk.owed), "lights/unit/New Tower/all"
    services.change_draft(desk.owed, {name: Change("7")}, draft_id=draft.pk, by=SYSTEM, at=timezone.now())
    news = page.locator(".gb-cellbar .news")
    expect(news).to_contain_text("Có dòng mới do người khác thêm")
    news.get_by_role("link", name="Tải lại trang").click()
    expect(page.locator(f'input[name="{name}"]')).to_have_value("7")


def test_estimates_and_the_year_before(desk: Desk) -> None:
    world = desk.world
    rule = factories.make_rule(key="halves", name="Halves", kind="half", only=[1], estimated_months=1)
    ship = orgs.unit("ship", "ship", name="Ship", under=world.coast)
    orgs.grow()
    factories.owe(world.form, rule, "ship", "coast")
    owed = []
    for year in (2023, 2024):
        period = services.open_period("halves", year=year, by=SYSTEM, at=timezone.now())
        services.raise_obligations(world.form.key, period, by=SYSTEM, at=timezone.now())
        owed.append(Obligation.objects.select_related("unit").get(unit=ship, period=period))
    before = services.submit(
        owed[0], figures=world.figures(all=100, good=50), by=SYSTEM, at=timezone.now(), signatures=factories.SIGNED
    )
    services.accept(before, by=SYSTEM, at=timezone.now())
    desk.owed = owed[1]
    page = desk.open()
    page.locator('input[name="own/total//all"]').click()
    page.keyboard.type("120")
    keys(page, "Enter", "ArrowUp")
    page.keyboard.type("30u")
    keys(page, "Enter")
    expect(page.locator('input[name="own/total//all/estimate"]')).to_have_value("30")
    expect(page.locator('input[name="own/total//all"]')).to_have_value("")
    keys(page, "Control+z")
    page.locator('input[name="own/total//all/estimate"]').fill("30")
    expect(page.locator('input[name="own/total//all"]')).to_have_value("120")
    expect(page.locator('tr[data-part="sum"] td').first).to_have_text("150")
    expect(page.locator('tr[data-part="change"] td').first).to_have_text("+50,00")
    page.locator('input[name="own/total//all"]').click()
    expect(page.locator(".gb-cellbar .facts")).to_contain_text("100")
    saved(page)
    expect(page.locator(".gb-cellbar .said")).to_contain_text("50,00 %")
    keys(page, "Shift+F2")
    page.keyboard.type("Thêm một đèn")
    saved(page)
    assert list(Draft.objects.get(obligation=owed[1]).explanations.values()) == ["Thêm một đèn"]


# Every reader


@contextmanager
def no_script(desk: Desk) -> Iterator[Page]:
    page = desk.context(java_script_enabled=False).new_page()
    page.goto(f"/bao-cao/nhap/{desk.owed.pk}/")
    yield page


def test_without_a_script_it_is_a_form(desk: Desk) -> None:
    with no_script(desk) as page:
        cell(page, "a", "all").fill("1.204")
        page.get_by_role("button", name="Lưu nháp").first.click()
        expect(page.locator("#gb-messages")).to_contain_text("Đã lưu nháp")
        expect(cell(page, "a", "all")).to_have_value("1.204")
        expect(computed(page, "t", "all")).to_have_text("1.204")
        colleague = desk.world.actor(desk.owed.unit, Role.OFFICER)
        change = {"main/b//all": Change("7", 1)}
        services.change_draft(desk.owed, change, by=colleague, at=timezone.now())
        cell(page, "a", "all").fill("1.205")
        page.get_by_role("button", name="Lưu nháp").first.click()
        expect(page.locator("#gb-messages")).to_contain_text("Đã lưu nháp")
        expect(cell(page, "b", "all")).to_have_value("7")
        expect(cell(page, "a", "all")).to_have_value("1.205")


@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_while_it_is_used(desk: Desk, width: int) -> None:
    context = desk.context(viewport={"width": width, "height": 844}, has_touch=width < 500)
    page = desk.open(context)
    cell(page, "a", "all").click()
    paste(page, "3\t4\nnhiều\tx")
    saved(page)
    cell(page, "a", "good").click()
    page.evaluate(AXE)
    found = page.evaluate("axe.run({resultTypes: ['violations']}).then((all) => all.violations)")
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    keys(page, "Shift+F10")
    expect(page.get_by_role("menu")).to_be_visible()
    keys(page, "Escape")
    assert standing(page) == "main/a//good"


def test_a_phone_shows_targets_and_keeps_the_names_of_the_rows(desk: Desk) -> None:
    context = desk.context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = desk.open(context)
    cell(page, "b", "good").tap()
    page.keyboard.type("5")
    buttons = page.locator(".gb-cellbar .tools > button:visible")
    boxes = [box for box in (one.bounding_box() for one in buttons.all()) if box]
    assert boxes
    assert all(box["height"] >= 44 and box["width"] >= 44 for box in boxes)
    box = cell(page, "b", "good").bounding_box()
    assert box is not None
    assert box["height"] >= 43
    page.locator(".gb-scroll").first.evaluate("(one) => one.scrollTo(400, 0)")
    stub = page.locator("tr[data-row=b] th").bounding_box()
    assert stub is not None
    assert 0 <= stub["x"] < 40
    page.get_by_role("button", name="Không áp dụng").tap()
    page.locator(".gb-scroll").first.evaluate("(one) => one.scrollTo(0, 0)")
    field = cell(page, "c", "good")
    field.evaluate("(one) => scrollBy(0, one.getBoundingClientRect().bottom - innerHeight + 20)")
    field.focus()
    lies_free = """(one) => {
        const box = one.getBoundingClientRect();
        return one.closest("td").contains(document.elementFromPoint(box.x + 9, box.y + 22));
    }"""
    assert field.evaluate(lies_free), "something lies over the cell"
    expect(cell(page, "b", "good")).to_have_value("✕")


def test_headings_stay_when_the_rows_scroll(desk: Desk) -> None:
    page = desk.open(desk.context(viewport={"width": 1000, "height": 400}))
    scroll = page.locator(".gb-scroll").first
    scroll.evaluate("(one) => { one.style.maxHeight = '160px'; one.scrollTo(0, 120); }")
    head, box = page.locator("form-grid thead").first.bounding_box(), scroll.bounding_box()
    assert head is not None
    assert box is not None
    assert abs(head["y"] - box["y"]) < 2
