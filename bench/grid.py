"""The entry grid in the browser: 60 lines × 16 columns ready after the page, a block of 500 cells pasted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from bench import making
from bench.pages import client_of
from bench.timing import row
from bench.world import ON, World
from giaoban.kit.permissions import Role
from giaoban.orgs import selectors as orgs
from giaoban.reporting.models import FormVersion, Obligation

CHROMIUM = "/usr/bin/chromium"
FORM = "request:bench-960"
LINES, COLUMNS = 60, 16
PASTED = "\n".join("\t".join(f"{r}.{c:03}" for c in range(10)) for r in range(1, 51))

# Until keys can be typed: once the page stands there, document read and scripts fetched; and from its last byte on.
READY = """() => {
  const at = (name) => performance.getEntriesByName(name)[0].startTime;
  const page = performance.getEntriesByType("navigation")[0];
  return [at("form-grid-ready") - at("form-grid-begin"), at("form-grid-ready") - page.responseEnd];
}"""
PASTE = """(text) => {
  const cell = document.querySelector("form-grid input.gb-cell");
  cell.focus();
  const data = new DataTransfer();
  data.setData("text/plain", text);
  const start = performance.now();
  cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  document.body.offsetHeight;
  return performance.now() - start;
}"""


def _form() -> FormVersion:
    found = FormVersion.objects.filter(key=FORM).first()
    if found is not None:
        return found
    columns: list[dict[str, Any]] = [
        {"id": f"c{number}", "label": f"Cột {number}", "unit": "Việc"} for number in range(1, COLUMNS + 1)
    ]
    columns[-1]["formula"] = "c1 + c2 + c3"
    rows: list[dict[str, Any]] = [{"id": f"r{number}", "label": f"Dòng {number}"} for number in range(1, LINES)]
    rows.insert(0, {"id": "t", "label": "Tổng số", "sum_of": [one["id"] for one in rows]})
    data = {
        "code": "bench-960",
        "title": "Biểu đo tốc độ 960 ô (số liệu mô phỏng, không phải biểu mẫu)",
        "kind": "request",
        "valid": ["2025-07-01", None],
        "verified": "full",
        "labels": "own",
        "signatures": [],
        "source": "giao-ban",
        "tables": [{"id": "main", "title": "Bảng", "rows": rows, "columns": columns}],
    }
    return making.form_version(data, FORM, date(2025, 7, 1))


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Nothing: the measurements are what is printed."""


@dataclass
class Times:
    """Milliseconds, one per round."""

    built: list[float] = field(default_factory=list)
    usable: list[float] = field(default_factory=list)
    pasted: list[float] = field(default_factory=list)


def _rounds(browser: Browser, site: str, session: str, address: str, rounds: int) -> Times:
    """Each round in a fresh page of one browser, which keeps the scripts; the first two rounds are not counted."""
    times = Times()
    context = browser.new_context(base_url=site)
    context.add_cookies([{"name": "sessionid", "value": session, "url": site}])
    for number in range(rounds + 2):
        page = context.new_page()
        page.goto(address)
        page.wait_for_selector("form-grid[data-ready]", state="attached")
        built, usable = page.evaluate(READY)
        pasted = page.evaluate(PASTE, PASTED)
        if number > 1:
            times.built.append(built)
            times.usable.append(usable)
            times.pasted.append(pasted)
        _forget(page)
    return times


def _forget(page: Page) -> None:
    """The pasted cells are neither sent nor kept for the next round."""
    page.context.set_offline(True)
    page.evaluate("localStorage.clear()")
    page.close()
    page.context.set_offline(False)


def measure(world: World, rounds: int) -> Iterator[str]:
    commune = next(one for one in orgs.children_of(world.province, "professional", ON) if one.kind == "ubnd-xa")
    owed, _ = Obligation.objects.get_or_create(
        unit_id=commune.id, form=_form(), period=world.period, defaults={"due_on": ON, "simulated": True}
    )
    session = client_of("bench-commune", commune.id, Role.OFFICER).cookies["sessionid"].value
    server = make_server("127.0.0.1", 0, get_wsgi_application(), _Server, _Silent)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            address = reverse("reporting:entry", args=[owed.pk])
            times = _rounds(browser, f"http://127.0.0.1:{server.server_port}", session, address, rounds)
            browser.close()
    finally:
        server.shutdown()
    yield row(f"entry grid {LINES} × {COLUMNS}: usable, once the page stands", times.built, "150 ms")
    yield row("entry grid: usable, from the last byte of the page", times.usable)
    yield row("entry grid: paste of 500 cells, computed and laid out", times.pasted, "150 ms")
