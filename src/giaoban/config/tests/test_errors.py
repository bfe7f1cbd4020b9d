"""Error pages: status, words, and that a database which is away is said to be away."""

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import OperationalError
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.test import Client, RequestFactory, override_settings

from giaoban.config import errors
from giaoban.kit.http import NotReady


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


def caught(fail: Callable[[], object]) -> Http404:
    with pytest.raises(Http404) as error:
        fail()
    return error.value


def test_a_page_that_our_code_does_not_find_says_why(request_: HttpRequest) -> None:
    def ours() -> None:
        raise Http404("Kết luận của cuộc họp này chưa ban hành.")

    page = errors.missing(request_, caught(ours))
    assert page.status_code == 404
    assert "Kết luận của cuộc họp này chưa ban hành." in page.content.decode()


@pytest.mark.django_db
def test_what_django_says_in_english_is_not_shown(request_: HttpRequest) -> None:
    error = caught(lambda: get_object_or_404(ContentType, pk=0))
    page = errors.missing(request_, error).content.decode()
    assert "matches the given query" in str(error)
    assert "matches the given query" not in page
    assert "Địa chỉ có thể đã gõ sai" in page


def test_a_paper_that_is_still_being_made_says_so(request_: HttpRequest) -> None:
    def not_yet() -> None:
        raise NotReady("Thông báo kết luận chưa in xong.")

    page = errors.missing(request_, caught(not_yet))
    assert page.status_code == 404
    assert "Đang dựng, mở lại sau ít phút" in page.content.decode()
    assert "Thông báo kết luận chưa in xong." in page.content.decode()


def test_the_error_page_itself_needs_no_manifest(
    request_: HttpRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hashed = {**settings.STORAGES, "staticfiles": {"BACKEND": "giaoban.config.static.HashedStorage"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=hashed):
        response = errors.broken(request_)
    assert response.status_code == 500
    page = response.content.decode()
    assert "Máy chủ gặp lỗi" in page
    assert "stylesheet" not in page
    assert "giaoban prepare" in caplog.text


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
    assert "kit/base.css" in response.content.decode()
    assert "ours" not in response.content.decode()


def test_a_database_that_is_away_is_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise OperationalError("the server is gone")

    monkeypatch.setattr("giaoban.config.urls.connection.cursor", away)
    response = Client(raise_request_exception=False).get("/healthz")
    assert response.status_code == 503
    assert response.headers["Retry-After"]
