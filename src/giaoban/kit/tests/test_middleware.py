"""A NUL character is answered with a page, wherever it stands; nothing else is touched."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

pytestmark = pytest.mark.django_db

NUL = "a\x00b"


@pytest.mark.parametrize("address", ["/bao-cao/?q=a%00b", "/bao-cao/?a%00b=1", "/bao-cao/%00/", "/static/a%00b.css"])
def test_a_nul_in_the_address(address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 400
    assert "ký tự không hợp lệ" in response.content.decode()
    assert "Content-Security-Policy" in response


@pytest.mark.parametrize("data", [{"username": NUL}, {NUL: "x"}])
def test_a_nul_in_a_post(data: dict[str, str]) -> None:
    assert Client().post("/tai-khoan/dang-nhap/", data).status_code == 400


def test_a_nul_in_an_upload_is_its_own_affair() -> None:
    """Files may hold any bytes."""
    file = SimpleUploadedFile("a.pdf", b"%PDF-\x00")
    assert Client().post("/bao-cao/", {"scan": file}).status_code != 400


def test_other_requests_pass() -> None:
    assert Client().get("/healthz").status_code == 200
