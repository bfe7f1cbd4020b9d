"""Error pages: status, words, and that a database which is away is said to be away."""

import logging

import pytest
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client, RequestFactory

from giaoban.config import errors


@pytest.fixture
def request_() -> HttpRequest:
    from django.contrib.auth.models import AnonymousUser

    request = RequestFactory().get("/bao-cao/")
    request.user = AnonymousUser()
    return request


@pytest.mark.django_db
def test_an_unknown_address(client: Client) -> None:
    response = client.get("/khong-co-trang-nay/")
    assert response.status_code == 404
    assert "Không tìm thấy trang này" in response.content.decode()


def test_a_refusal_shows_who_could(request_: HttpRequest) -> None:
    response = errors.denied(request_, PermissionDenied("Việc này do Giám đốc Sở làm."))
    assert response.status_code == 403
    assert "Việc này do Giám đốc Sở làm." in response.content.decode()


@pytest.mark.django_db
def test_a_form_without_its_token_is_explained() -> None:
    response = Client(enforce_csrf_checks=True).post("/tai-khoan/dang-nhap/", {"username": "a", "password": "b"})
    assert response.status_code == 403
    assert "tải lại trang" in response.content.decode()


def test_our_own_fault_gets_a_code_that_the_log_knows(request_: HttpRequest, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "giaoban.errors"):
        try:
            raise RuntimeError("ours")
        except RuntimeError:
            response = errors.broken(request_)
    assert response.status_code == 500
    code = caplog.records[0].getMessage().split()[2]
    assert code in response.content.decode()
    assert "ours" not in response.content.decode()


def test_a_database_that_is_away_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("the server is gone")

    monkeypatch.setattr("giaoban.config.urls.connection.cursor", away)
    response = Client(raise_request_exception=False).get("/healthz")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
