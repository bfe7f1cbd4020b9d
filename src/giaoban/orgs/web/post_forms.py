"""What the page of posts asks for. The last day is named as people say it: the day itself still counts."""

from datetime import date, timedelta

from django import forms

from giaoban.kit.permissions import ROLE_NAMES, Role
from giaoban.orgs.web.forms import date_input


def _reason() -> forms.CharField:
    return forms.CharField(
        label="Lý do, căn cứ",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text="Số, ngày quyết định nếu có. Ghi vào nhật ký cùng tên người làm.",
    )


def after(last: date | None) -> date | None:
    """The first day on which a post is no longer held, of its last day."""
    return last + timedelta(days=1) if last is not None else None


class GiveForm(forms.Form):
    login = forms.CharField(label="Tên đăng nhập của người nhận", max_length=80)
    role = forms.ChoiceField(label="Vị trí", choices=[(role.value, name) for role, name in ROLE_NAMES.items()])
    acting = forms.BooleanField(label="Giữ quyền (chưa bổ nhiệm chính thức)", required=False)
    valid_from = forms.DateField(label="Giữ từ ngày", widget=date_input())
    valid_to = forms.DateField(label="Giữ đến hết ngày", widget=date_input(), required=False)
    reason = _reason()

    def role_given(self) -> Role:
        return Role(self.cleaned_data["role"])


class EndForm(forms.Form):
    valid_to = forms.DateField(label="Giữ đến hết ngày", widget=date_input())
    reason = _reason()


class DelegateForm(forms.Form):
    login = forms.CharField(label="Tên đăng nhập của người được ủy quyền", max_length=80)
    valid_from = forms.DateField(label="Từ ngày", widget=date_input())
    valid_to = forms.DateField(label="Đến hết ngày", widget=date_input())
    reason = _reason()
