from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class UserManager(BaseUserManager["User"]):
    def create_user(self, login: str, *, full_name: str, password: str | None = None) -> "User":
        """A sign-in name is kept in small letters, so that nobody can take the same one in capitals."""
        user = self.model(login=login.strip().lower(), full_name=full_name)
        user.set_password(password)
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(login=(username or "").strip().lower())


class MailWish(models.TextChoices):
    AT_ONCE = "at_once", "từng thông báo, ngay khi có"
    DAILY = "daily", "một thư tổng hợp mỗi ngày làm việc"
    NONE = "none", "không gửi thư, chỉ xem trong phần mềm"


class User(AbstractBaseUser):
    """A person who signs in. What the person may do comes from posts (`orgs.Post`), never from here."""

    login = models.CharField("tên đăng nhập", max_length=80, unique=True)
    full_name = models.CharField("họ và tên", max_length=120)
    is_active = models.BooleanField("đang dùng", default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    email = models.EmailField("địa chỉ thư điện tử", blank=True)
    mail_wish = models.CharField("thư", max_length=10, choices=MailWish.choices, default=MailWish.DAILY)

    USERNAME_FIELD = "login"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    objects: ClassVar[UserManager] = UserManager()

    def __str__(self) -> str:
        return self.full_name

    def get_full_name(self) -> str:
        return self.full_name

    @property
    def mail_at_once(self) -> str:
        """Where each message goes by mail when it is made; "" for who wants one mail a day, or none."""
        return self.email if self.is_active and self.mail_wish == MailWish.AT_ONCE else ""
