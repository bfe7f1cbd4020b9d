"""Content policy, template loaders, secrets, the entry of the database."""

import importlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.template import engines
from django.template.loader import render_to_string
from django.test import Client, RequestFactory, override_settings

from giaoban.config import urls
from giaoban.config.proxy import client_address
from giaoban.config.settings import database, kept_secret


def test_the_gallery_has_an_address_only_where_debug_is_on() -> None:
    def addresses() -> list[str]:
        return [str(one.pattern) for one in importlib.reload(urls).urlpatterns]

    try:
        with override_settings(DEBUG=True):
            assert "kit/gallery/" in addresses()
    finally:
        assert "kit/gallery/" not in addresses()


@pytest.mark.django_db
def test_the_content_policy_is_strict(client: Client) -> None:
    policy = client.get("/healthz").headers["Content-Security-Policy"]
    rules = {words[0]: words[1:] for rule in policy.split(";") if (words := rule.split())}
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["style-src"] == ["'self'"]
    assert rules["frame-ancestors"] == rules["base-uri"] == ["'none'"]
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_other_headers(client: Client) -> None:
    headers = client.get("/healthz").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A page with a partial that uses a component, both found by the loaders of the settings."""
    (tmp_path / "cotton").mkdir()
    (tmp_path / "cotton" / "loader_probe.html").write_text("<b>{{ slot }}</b>")
    (tmp_path / "loader_probe.html").write_text(
        "top {% partialdef row inline %}<c-loader-probe>{{ word }}</c-loader-probe>{% endpartialdef %} end"
    )
    engine = engines["django"].engine  # type: ignore[attr-defined]
    monkeypatch.setattr(engine, "dirs", [tmp_path])
    monkeypatch.setattr(engine, "loaders", with_folder(engine.loaders))
    engine.__dict__.pop("template_loaders", None)
    yield "loader_probe.html"
    engine.__dict__.pop("template_loaders", None)


def with_folder(loaders: list[tuple[str, list[tuple[str, list[str]]]]]) -> list[object]:
    """The same loaders with one more at the innermost end, which looks into a folder."""
    [(partials, [(cached, inner)])] = loaders
    return [(partials, [(cached, [*inner, "django.template.loaders.filesystem.Loader"])])]


def test_partials_and_components_work_together(page: str) -> None:
    assert render_to_string(page, {"word": "một"}) == "top <b>một</b> end"
    assert render_to_string(f"{page}#row", {"word": "hai"}) == "<b>hai</b>"


def test_the_loaders_keep_their_order() -> None:
    templates: Any = configured.TEMPLATES
    [(partials, [(cached, inner)])] = templates[0]["OPTIONS"]["loaders"]
    assert partials == "template_partials.loader.Loader"
    assert cached.endswith("cached.Loader")
    assert inner[0] == "django_cotton.cotton_loader.Loader"


def test_the_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret_key"
    secret = kept_secret(path)
    assert len(secret) > 50
    assert kept_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_socket_address_becomes_a_host() -> None:
    entry = database("postgresql://postgres@%2Ftmp%2Fgiaoban-x/giaoban", pool=3, testing=False)
    assert (entry["HOST"], entry["NAME"], entry["USER"]) == ("/tmp/giaoban-x", "giaoban", "postgres")
    assert entry["OPTIONS"]["pool"]["max_size"] == 3


def test_an_ordinary_address_stays_itself() -> None:
    entry = database("postgresql://u:p%40ss@db.example:5433/name?sslmode=require", pool=0, testing=False)
    assert (entry["HOST"], entry["PORT"], entry["PASSWORD"]) == ("db.example", 5433, "p@ss")
    assert entry["OPTIONS"] == {
        "sslmode": "require",
        "options": "-c pgtrigger.ignore={}",
        "prepare_threshold": 3,
    }


@pytest.mark.parametrize(
    ("behind_proxy", "passed", "expected"),
    [(True, "203.0.113.9, 198.51.100.7", "198.51.100.7"), (True, "", "10.0.0.1"), (False, "203.0.113.9", "10.0.0.1")],
)
def test_the_address_of_the_caller(behind_proxy: bool, passed: str, expected: str) -> None:
    headers = {"X-Forwarded-For": passed} if passed else {}
    with override_settings(HTTPS=behind_proxy):
        assert client_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR="10.0.0.1")) == expected


@pytest.mark.django_db
def test_five_wrong_passwords_lock_the_name_from_that_address(client: Client) -> None:
    for _ in range(4):
        wrong = client.post("/tai-khoan/dang-nhap/", {"username": "nobody", "password": "wrong"})
        assert wrong.status_code == 200
    locked = client.post("/tai-khoan/dang-nhap/", {"username": "nobody", "password": "wrong"})
    assert locked.status_code == 429
    assert "Tạm khóa" in locked.content.decode()
