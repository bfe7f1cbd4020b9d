"""Strings to typed values; nothing is saved here."""

from collections.abc import Iterable

from django import forms

from giaoban.kit.messages import Recipient


class DecisionForm(forms.Form):
    """How two numbers are explained."""

    decision = forms.CharField(
        label="Quyết định và lý do",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Dùng số nào, vì sao hai số khác nhau. Hai số vẫn được giữ nguyên.",
    )


class CorrectionForm(forms.Form):
    """What was put right, and where."""

    correction = forms.CharField(
        label="Đã sửa số nào, ở đâu",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Ví dụ: đã gửi báo cáo điều chỉnh, biên nhận số mấy. Lần rà soát sau sẽ xem hai số đã khớp chưa.",
    )


class ReopeningForm(forms.Form):
    reason = forms.CharField(label="Lý do mở lại", max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))


class OwnerForm(forms.Form):
    """Who follows it; the empty choice is nobody."""

    owner = forms.TypedChoiceField(label="Người theo dõi", coerce=int, empty_value=None, required=False)

    def __init__(self, *args: object, people: Iterable[Recipient] = (), **more: object) -> None:
        super().__init__(*args, **more)  # type: ignore[arg-type]
        named = [(person.user_id, person.name) for person in people]
        self.fields["owner"].choices = [("", "chưa giao cho ai"), *named]  # type: ignore[attr-defined]
