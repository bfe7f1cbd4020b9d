"""A ministry, two departments and three communes that report, and what a person does on any page: for journeys."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from tests.journeys.patience import PATIENCE
from tests.journeys.test_axe import SCREENS, TOO_WIDE, violations, words

from giaoban.config.tests.world import sign_in
from giaoban.core.forms import parse_form
from giaoban.kit.permissions import Role
from giaoban.orgs.models import Unit
from giaoban.orgs.tests import factories as orgs
from giaoban.reporting import services
from giaoban.reporting.models import FormVersion, Obligation, Period
from giaoban.reporting.rules import with_machine_cells
from giaoban.reporting.tests import factories
from giaoban.reporting.tests.factories import SYSTEM

BELOW, ABOVE = "Kết quả hòa giải ở cơ sở", "Kết quả hòa giải ở cơ sở trên địa bàn tỉnh"
KINDS = {"dan_su": "Dân sự", "hon_nhan": "Hôn nhân", "dat_dai": "Đất đai"}
EXPECTED = ("ERR_INTERNET_DISCONNECTED", "409 (Conflict)", "422 (")  # what a browser itself writes of such answers
SIGNED = (("Người lập biểu", "Nguyễn Văn An"), ("Chủ tịch", "Trần Thị Bình"))
RIGHT = {"dan_su": ("1.204", "1.030"), "hon_nhan": ("310", "290"), "dat_dai": ("96", "40")}
WRONG = {**RIGHT, "dat_dai": ("96", "140")}


def form_below() -> dict[str, Any]:
    """A total over three rows: received, of which settled, the share, money with decimals."""
    columns = [
        {"id": "c1", "label": "Số vụ tiếp nhận", "unit": "vụ"},
        {"id": "c2", "label": "Hòa giải thành", "unit": "vụ", "part_of": "c1"},
        {"id": "c3", "label": "Tỷ lệ thành", "unit": "%", "scale": 2, "roll_up": "rate", "formula": "100 * c2 / c1"},
        {"id": "c4", "label": "Kinh phí", "unit": "triệu đồng", "scale": 2, "required": False},
    ]
    rows = [{"id": "total", "label": "Tổng số", "sum_of": list(KINDS)}]
    rows += [{"id": key, "label": label, "parent": "total"} for key, label in KINDS.items()]
    table = {"id": "main", "rows": rows, "columns": columns}
    return factories.form_data(code="hgx", title=BELOW, signatures=[role for role, _ in SIGNED], tables=[table])


def form_above() -> dict[str, Any]:
    """A total over one line per commune, from the total row of the form below."""
    rows = [
        {"id": "total", "label": "Tổng số", "sum_of": "xa"},
        {"id": "xa", "label": "Xã", "parent": "total", "dynamic": {"one_per": "xa"}},
    ]
    columns = [
        {"id": "c1", "label": "Số vụ tiếp nhận", "unit": "vụ"},
        {"id": "c2", "label": "Hòa giải thành", "unit": "vụ", "part_of": "c1"},
    ]
    source = {"form": "hgx", "table": "main", "row": "total", "into": "xa", "map": {"c1": "c1", "c2": "c2"}}
    table = {"id": "main", "rows": rows, "columns": columns, "lines_from": source}
    return factories.form_data(code="hgt", title=ABOVE, signatures=["Người lập biểu", "Giám đốc"], tables=[table])


@dataclass
class Office:
    """Who sits here has a browser of their own. said: what stood in the consoles and is a fault."""

    browser: Browser
    site: str
    units: dict[str, Unit]
    below: FormVersion
    above: FormVersion
    period: Period
    contexts: list[BrowserContext] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def sit(self, unit: str, *roles: Role, login: str = "", name: str = "", fields: str = "") -> Page:
        """A page of somebody who holds these roles at a unit."""
        user = orgs.person(login or unit, name or f"Người {self.units[unit].key}")
        for role in roles:
            post = orgs.post(user, self.units[unit], role)
            if fields:
                post.fields.set([orgs.field(fields)])
        context = self.browser.new_context(base_url=self.site, locale="vi-VN", viewport={"width": 1440, "height": 900})
        self.contexts.append(context)
        sign_in(context, user.login, self.site)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        return page

    def _note(self, message: Any) -> None:
        if message.type == "error" and not any(word in message.text for word in EXPECTED):
            self.said.append(f"{message.text} ({message.location.get('url')})")

    def owed(self, unit: str, form: FormVersion | None = None) -> Obligation:
        rows = Obligation.objects.select_related("unit", "form", "period__rule", "receiver")
        return rows.get(unit=self.units[unit], form=form or self.below)

    def report(self, unit: str) -> None:
        """A commune's report came and was accepted."""
        now, figures = timezone.now(), texts(RIGHT)
        services.save_draft(self.owed(unit), figures=figures, by=SYSTEM, at=now)
        sent = services.submit_draft(self.owed(unit), by=SYSTEM, at=now, signatures=SIGNED)
        services.accept(sent, by=SYSTEM, at=now)


def texts(rows: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """What stands in a draft of the form below, the cells of the machine with it."""
    typed = {f"main/{row}//c{n}": text for row, pair in rows.items() for n, text in enumerate(pair, 1)}
    return with_machine_cells(parse_form(form_below(), "act-1:hgx"), {}, typed)


def laid(browser: Browser, site: str) -> Office:
    """The units, a form of the communes and one of the departments, both owed for the month before their deadlines."""
    now, today = timezone.now(), timezone.localdate()
    bo = orgs.unit("bo", "bo", name="Bộ Thử Nghiệm")
    units = {"bo": bo}
    for key, name in (("so", "Sở Bình Minh"), ("ben", "Sở Bên Cạnh")):
        units[key] = orgs.unit(key, "so", name=name, under=bo)
    for key, name in (("an", "Xã An Bình"), ("hoa", "Xã Hòa Lạc"), ("phu", "Xã Phú Mỹ")):
        units[key] = orgs.unit(key, "xa", name=name, under=units["so"])
    orgs.grow()
    due, later = today + timedelta(days=3), today + timedelta(days=8)
    rule = factories.make_rule(key="thang", name="Tháng", kind="month", starts="01-01")
    below, above = factories.make_form(form_below()), factories.make_form(form_above())
    months = 1 + (later.month - due.month) % 12
    factories.owe(below, rule, "xa", "so", deadlines={"thang": f"d{due.day}+1m"})
    factories.owe(above, rule, "so", "bo", deadlines={"thang": f"d{later.day}+{months}m"})
    last = due.replace(day=1) - timedelta(days=1)
    period = services.open_period("thang", year=last.year, code=f"{last.year}-T{last.month:02d}", by=SYSTEM, at=now)
    for form in (below, above):
        services.raise_obligations(form.key, period, by=SYSTEM, at=now)
    return Office(browser, site, units, below, above, period)


# What a person does on any page


def clean(page: Page) -> None:
    """axe finds nothing, and nothing sticks out sideways, wide and narrow."""
    found = []
    for screen, (width, height) in reversed(SCREENS.items()):
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{screen}: sideways"] * (page.evaluate(TOO_WIDE) > 0)
        found += [f"{screen}: {words(one, node)}" for one in violations(page) for node in one["nodes"]]
    assert found == [], page.url


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_contain_text(text)


def told(page: Page, text: str) -> None:
    """The message after an act."""
    expect(page.locator("#gb-messages")).to_contain_text(text)


def press(place: Page | Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).first.click()


def follow(place: Page | Locator, name: str) -> None:
    place.get_by_role("link", name=name).first.click()


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
    follow(page, work)


def cell(page: Page, row: str, column: str) -> Locator:
    return page.get_by_role("textbox", name=f"{row} › {column}")


def computed(page: Page, row: str, column: str) -> Locator:
    return page.get_by_role("cell", name=f"{row} › {column}")


def saved(page: Page) -> None:
    expect(page.get_by_text(re.compile(r"đã lưu \d\d:\d\d"))).to_be_visible()


def send(page: Page, head: str = "Chủ tịch") -> None:
    """Sign by name and send."""
    page.get_by_label("Người lập biểu", exact=True).fill("Nguyễn Văn An")
    page.get_by_label(head, exact=True).fill("Trần Thị Bình")
    page.get_by_label("Đã đối chiếu số liệu").check()
    press(page, "Xác nhận và gửi")
    told(page, "Đã gửi báo cáo. Biên nhận")
