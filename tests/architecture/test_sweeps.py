"""House rules that hold over the whole tree, whatever rooms there are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

SOURCE = Path(__file__).resolve().parents[2] / "src" / "giaoban"
TEMPLATES = sorted(path for path in SOURCE.rglob("*.html") if "templates" in path.parts)
ROOMS = sorted(path.parent.name for path in SOURCE.glob("*/apps.py"))
PUBLIC = re.compile(r"^/(healthz|tai-khoan/dang-nhap/|tai-khoan/khoa-tam/|static/.*)$")


def named(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def imported(path: Path) -> Iterator[str]:
    """Full names of the modules and names that a file imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def outsiders(path: Path) -> list[str]:
    """Imports of another room's models or apps. `kit` lends its base models; tests may look everywhere."""
    room = path.relative_to(SOURCE).parts[0]
    found = []
    for name in imported(path):
        words = name.split(".")
        if (
            words[0] == "giaoban"
            and len(words) > 2
            and words[2] in ("models", "apps")
            and words[1] not in (room, "kit")
        ):
            found.append(f"{named(path)} imports {name}")
    return found


def test_no_room_imports_the_models_or_apps_of_another() -> None:
    files = [
        path
        for path in SOURCE.rglob("*.py")
        if not {"tests", "migrations"} & set(path.parts) and path.relative_to(SOURCE).parts[0] in ROOMS
    ]
    faults = [fault for path in files for fault in outsiders(path)]
    assert not faults, "\n".join(faults)


def test_no_relative_imports() -> None:
    """One way to name a module; the sweep above relies on it."""
    faults = [
        named(path)
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not faults, "\n".join(faults)


SECTOR = re.compile(
    r"tu-phap|tư pháp|ubnd|ủy ban|thads|thi hành án|chứng thực|trợ giúp pháp lý|ttgtgpl|htqtct|"
    r"tây ninh|tay-ninh|long an|long-an|(?<!cơ )\bsở\b|\bphường\b|thông tư \d|nghị định \d",
    re.IGNORECASE,
)
SECTOR_FREE = ("config/demo/", "kit/gallery.py", "kit/templates/kit/gallery.html")  # the example; a page of samples


def said(path: Path) -> Iterator[str]:
    """What a file says when it runs: strings of the program without its explanations, the text of a template."""
    if path.suffix != ".py":
        yield re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)
        return
    tree = ast.parse(path.read_text())
    explained = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explained:
            yield node.value


def test_no_code_knows_the_sector() -> None:
    """Names of a sector stand in its pack. Explanations may give an example; what is run or shown may not."""
    faults = []
    for path in [*SOURCE.rglob("*.py"), *SOURCE.rglob("*.html"), *SOURCE.rglob("*.js"), *SOURCE.rglob("*.css")]:
        if {"tests", "migrations", "vendor"} & set(path.parts) or named(path).startswith(SECTOR_FREE):
            continue
        faults += [f"{named(path)}: {found[0]}" for text in said(path) for found in SECTOR.finditer(text)]
    assert not faults, "\n".join(faults)


INLINE = {
    "a script of its own": re.compile(r"<script(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "a style of its own": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[a-z][^>]*\sstyle\s*=", re.IGNORECASE),
    "an event attribute": re.compile(r"<[a-z][^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an address that is a program": re.compile(r"javascript:", re.IGNORECASE),
    "htmx code in an attribute": re.compile(r"\bhx-(on|vals=.js:|headers=.js:)", re.IGNORECASE),
}


def test_no_template_carries_script_or_style() -> None:
    """The content policy would refuse them. JSON in a script element of another type is data."""
    faults = []
    for path in TEMPLATES:
        text = re.sub(r"<script[^>]*type=\"application/json\"[^>]*>", "", path.read_text())
        faults += [f"{named(path)}: {what}" for what, pattern in INLINE.items() if pattern.search(text)]
    assert not faults, "\n".join(faults)


def test_every_page_extends_a_base_and_every_fragment_is_one() -> None:
    """A template that is a whole page extends; what does not extend has no page's skeleton, or is the base itself."""
    faults = []
    for path in TEMPLATES:
        text = path.read_text()
        extends = re.search(r"{%\s*extends\s", text) is not None
        is_base = path.name.endswith("base.html") or path.name == "bare.html"
        if not extends and not is_base and re.search(r"<html|<body", text, re.IGNORECASE):
            faults.append(named(path))
    assert not faults, "\n".join(faults)


def test_templates_of_a_room_lie_in_a_folder_of_its_name() -> None:
    """Otherwise two rooms could hide each other's templates."""
    shared = {"kit", "config"}
    faults = []
    for path in TEMPLATES:
        room, *rest = path.relative_to(SOURCE).parts
        folder = rest[rest.index("templates") + 1]
        if room not in shared and folder not in (room, "cotton"):
            faults.append(named(path))
    assert not faults, "\n".join(faults)


SAMPLES = {"int": "1", "str": "x", "slug": "x", "path": "x", "uuid": "00000000-0000-4000-8000-000000000000"}


def addresses(patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Every address of the application, with made-up values for its parameters."""
    for entry in patterns:
        here = before + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            yield from addresses(entry.url_patterns, here)
        else:
            converters = entry.pattern.converters
            sample = {
                name: SAMPLES.get(type(c).__name__.removesuffix("Converter").lower(), "1")
                for name, c in converters.items()
            }
            yield re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda match: sample[match[1]], here)  # noqa: B023


def all_addresses() -> list[str]:
    return sorted(set(addresses(get_resolver().url_patterns)))


def refused(address: str, response: HttpResponse) -> bool:
    """Whether the answer sends to the sign-in page or, to a program, asks for it."""
    if response.status_code == 302:
        return response.headers["Location"].startswith("/tai-khoan/dang-nhap/")
    is_json = response.headers.get("Content-Type", "").startswith("application/json")
    return address.startswith("/api/") and response.status_code == 401 and is_json


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_sign_in_everywhere(client: Client, method: str) -> None:
    """Each address sends somebody who is not signed in to the sign-in page, or does not exist; the interface for other
    programs answers 401 in JSON."""
    faults = []
    for address in all_addresses():
        if PUBLIC.match(address):
            continue
        response = getattr(client, method)(address)
        if not refused(address, response) and response.status_code not in (404, 405):
            faults.append(f"{method} {address}: {response.status_code} {response.headers.get('Location', '')}")
    assert not faults, "\n".join(faults)


@pytest.mark.django_db
def test_the_public_pages_answer(client: Client) -> None:
    public = [address for address in all_addresses() if PUBLIC.match(address)]
    assert {"/healthz", "/tai-khoan/dang-nhap/"} <= set(public)
    assert [address for address in public if client.get(address).status_code not in (200, 403)] == []
