from datetime import timedelta

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse

from giaoban.accounts.models import User
from giaoban.kit.models import Act

pytestmark = pytest.mark.django_db

PASSWORD = "một câu dài để nhớ"
SIGN_IN = "/tai-khoan/dang-nhap/"


@pytest.fixture
def user() -> User:
    return User.objects.create_user("an", full_name="Nguyễn An", password=PASSWORD)


def sign_in(client: Client, password: str, login: str = "an", **more: str) -> int:
    return client.post(SIGN_IN, {"username": login, "password": password, **more}).status_code


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_every_page_leads_to_sign_in_and_back(user: User, client: Client) -> None:
    response = client.get(reverse("orgs:tree"))
    assert response["Location"] == f"{SIGN_IN}?next=/don-vi/"
    page = client.get(response["Location"])
    assert page.status_code == 200
    assert 'name="next" value="/don-vi/"' in page.content.decode()
    response = client.post(SIGN_IN, {"username": "an", "password": PASSWORD, "next": "/don-vi/"})
    assert response["Location"] == "/don-vi/"
    assert signed_in(client)


def test_letter_case_of_the_name_does_not_matter(user: User, client: Client) -> None:
    assert sign_in(client, PASSWORD, "  AN ") == 302
    assert signed_in(client)


def test_a_wrong_password_is_said_without_telling_whether_the_name_exists(user: User, client: Client) -> None:
    pages = []
    for login in ("an", "nobody"):
        response = client.post(SIGN_IN, {"username": login, "password": "sai"})
        assert response.status_code == 200
        assert "Tên đăng nhập hoặc mật khẩu không đúng." in response.content.decode()
        pages.append(response.content.decode().count("<li>"))
    assert pages[0] == pages[1]
    assert not signed_in(client)


def test_an_account_out_of_use_cannot_sign_in(user: User, client: Client) -> None:
    User.objects.update(is_active=False)
    assert sign_in(client, PASSWORD) == 200
    assert not signed_in(client)


def test_the_fifth_wrong_password_locks_the_name_whatever_its_letters(user: User, client: Client) -> None:
    for login in ("an", "AN", "An", "aN"):
        assert sign_in(client, "sai", login) == 200
    response = client.post(SIGN_IN, {"username": "an", "password": "sai"})
    assert response.status_code == 429
    page = response.content.decode()
    assert "sai mật khẩu 5 lần" in page
    assert "Đợi 15 phút" in page
    assert sign_in(client, PASSWORD) == 429
    assert not signed_in(client)


def test_the_lock_opens_after_its_time(user: User, client: Client) -> None:
    for _ in range(5):
        sign_in(client, "sai")
    for attempt in AccessAttempt.objects.all():
        attempt.attempt_time -= timedelta(minutes=16)
        attempt.save()
    assert sign_in(client, PASSWORD) == 302


def test_another_person_of_the_same_machine_is_not_locked(user: User, client: Client) -> None:
    User.objects.create_user("binh", full_name="Bình", password=PASSWORD)
    for _ in range(5):
        sign_in(client, "sai")
    assert sign_in(client, PASSWORD, "binh") == 302


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_sign_in_never_leads_to_another_site(user: User, client: Client, away: str) -> None:
    response = client.post(SIGN_IN, {"username": "an", "password": PASSWORD, "next": away})
    assert response["Location"] == "/"


def test_signing_out_needs_a_button_not_a_link(user: User, client: Client) -> None:
    sign_in(client, PASSWORD)
    assert client.get(reverse("accounts:sign-out")).status_code == 405
    assert client.post(reverse("accounts:sign-out"))["Location"] == SIGN_IN
    assert not signed_in(client)


def change(client: Client, old: str, new: str, again: str | None = None) -> str:
    given = {"old_password": old, "new_password1": new, "new_password2": new if again is None else again}
    return client.post(reverse("accounts:password"), given, follow=True).content.decode()


def test_a_person_changes_the_password_stays_signed_in_and_leaves_an_act(user: User, client: Client) -> None:
    sign_in(client, PASSWORD)
    other = Client()
    sign_in(other, PASSWORD)
    assert "Đã đổi mật khẩu" in change(client, PASSWORD, "câu mới dài hơn nữa")
    assert signed_in(client)
    assert client.get(reverse("home")).status_code == 200
    assert other.get(reverse("home")).status_code == 302
    entry = Act.objects.get(name="accounts.set-password")
    assert (entry.actor_id, entry.subject) == (user.pk, f"accounts.User:{user.pk}")


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("sai", "câu mới dài hơn nữa", None),
        (PASSWORD, "ngắn", None),
        (PASSWORD, "câu mới dài hơn nữa", "câu khác"),
        (PASSWORD, "nguyễn an nguyễn", None),
    ],
)
def test_a_password_change_that_is_refused_changes_nothing(
    user: User, client: Client, old: str, new: str, again: str | None
) -> None:
    sign_in(client, PASSWORD)
    assert "Chưa đổi được mật khẩu" in change(client, old, new, again)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert not Act.objects.exists()
