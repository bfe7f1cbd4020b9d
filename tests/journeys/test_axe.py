"""Every page, wide and narrow: no violation found by axe, nothing in the console, nothing sticking out sideways."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT as AXE
from playwright.sync_api import Browser, BrowserContext, Page

from giaoban.config.tests.world import FILES, ROLES, Visit, World, acts, routes, sign_in, signed_in, visits

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

SCREENS = {"wide": (1440, 900), "narrow": (390, 844)}
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


ROUTES = sorted(name for name in routes() if not name.startswith("api:"))


@pytest.fixture(scope="module")
def people(browser: Browser, site: str, world: World) -> Iterator[dict[str, BrowserContext]]:
    """A browser for every person, and one ("") for nobody."""
    contexts = {login: browser.new_context(base_url=site) for login in ("", *ROLES)}
    for login in ROLES:
        sign_in(contexts[login], login, site)
    yield contexts
    for context in contexts.values():
        context.close()


@pytest.mark.parametrize("route", [route for route in ROUTES if route not in FILES])
def test_page(route: str, world: World, people: dict[str, BrowserContext]) -> None:
    """Each example of a page; an address that only takes a form cannot be opened. One without an example fails."""
    takers = [visit for visit in acts(world) if visit.route == route]
    looks = [visit for visit in visits(world) if visit.route == route]
    assert looks or takers, "an example is missing in giaoban.config.tests.world"
    assert [visit.address for visit in takers if opened(visit) != 405] == []
    faults = {f"{visit} ({visit.address})": list(faults_of(people[visit.who], visit.address)) for visit in looks}
    listed = [f"{page}\n    " + "\n    ".join(dict.fromkeys(found)) for page, found in faults.items() if found]
    assert not listed, "\n".join(listed)


def test_files_are_handed_out(world: World) -> None:
    files = [visit for visit in visits(world) if visit.is_file]
    assert {visit.route for visit in files} == FILES
    assert [visit.address for visit in files if opened(visit) != 200] == []


def opened(visit: Visit) -> int:
    answer = signed_in(visit.who).get(visit.address)
    if answer.streaming:
        b"".join(answer.streaming_content)  # to its end, so that what it reads from is closed
    return answer.status_code


def faults_of(context: BrowserContext, address: str) -> Iterator[str]:
    """What is wrong with a page, wide and then narrow. No script of ours asks for the width, so it is loaded once."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(f"script: {error}"))
    page.on("requestfailed", lambda request: said.append(f"not loaded: {request.url}"))
    for screen, (width, height) in SCREENS.items():
        page.set_viewport_size({"width": width, "height": height})
        if page.url == "about:blank":
            answer = page.goto(address)
            if answer is None or not answer.ok:
                yield f"status {answer and answer.status}"
        sideways = page.evaluate(TOO_WIDE)
        if sideways > 0:
            yield f"{screen}: {sideways} pixels stick out sideways"
        for violation in violations(page):
            yield from (f"{screen}: {words(violation, node)}" for node in violation["nodes"])
    yield from said
    page.close()


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe finds; its program is put into a page once."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("axe.run({resultTypes: ['violations']}).then((all) => all.violations)")
    return found


def words(violation: dict[str, Any], node: dict[str, Any]) -> str:
    messages = "; ".join(check["message"] for kind in ("any", "all", "none") for check in node[kind])
    return f"{violation['id']} at {' '.join(map(str, node['target']))}: {messages}"
