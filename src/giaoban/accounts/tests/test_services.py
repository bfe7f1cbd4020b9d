from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from giaoban.accounts import services
from giaoban.accounts.models import User
from giaoban.accounts.selectors import user_by_login
from giaoban.kit.actors import Actor, system_actor
from giaoban.kit.acts import acts_on

pytestmark = pytest.mark.django_db

AT = datetime(2026, 1, 1, 9, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
SYSTEM = system_actor("máy")


def open_account(login: str = "An") -> User:
    return services.open_account(login, full_name="Nguyễn An", password="mật-khẩu-dài-đủ", by=SYSTEM, at=AT)


def test_an_account_is_opened_in_small_letters_once_and_leaves_an_act() -> None:
    user = open_account(" An ")
    assert (user.login, str(user), user.get_full_name()) == ("an", "Nguyễn An", "Nguyễn An")
    assert user_by_login("AN") == user
    assert user_by_login("binh") is None
    assert [entry.name for entry in acts_on(user)] == ["accounts.open"]
    with pytest.raises(IntegrityError), transaction.atomic():
        open_account("aN")


def test_only_the_person_or_the_system_sets_a_password() -> None:
    user = open_account()
    services.set_password(user, "một-câu-khác-hẳn", by=Actor(user.pk, "An"), at=AT)
    user.refresh_from_db()
    assert user.check_password("một-câu-khác-hẳn")
    with pytest.raises(PermissionDenied):
        services.set_password(user, "của kẻ khác", by=Actor(user.pk + 1, "Bình"), at=AT)
    with pytest.raises(PermissionDenied):
        services.open_account("moi", full_name="Mới", password="x", by=Actor(user.pk, "An"), at=AT)
    user.refresh_from_db()
    assert user.check_password("một-câu-khác-hẳn")


def test_new_passwords_differ_and_have_no_letters_that_look_alike() -> None:
    made = {services.new_password() for _ in range(50)}
    assert len(made) == 50
    assert all(len(one) == 19 and not set(one) & set("ilo01") for one in made)
