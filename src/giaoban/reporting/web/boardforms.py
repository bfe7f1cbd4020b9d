"""Forms of the acts on a reception board; what is decided of one report, too, stands in `web.forms`."""

from typing import Any

from django import forms
from django.utils import timezone

from giaoban.core.vietnamese import day
from giaoban.reporting.web.forms import day_field


class RemindForm(forms.Form):
    note = forms.CharField(
        label="Lời nhắc",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        help_text="Hiện ở “Việc của tôi” của đơn vị.",
    )


class ExtendForm(forms.Form):
    due_on = day_field("Hạn mới", "Chọn hạn mới.")
    basis = forms.CharField(
        label="Văn bản căn cứ",
        max_length=300,
        help_text="Số, ký hiệu, ngày của văn bản cho phép lùi hạn.",
        error_messages={"required": "Nêu văn bản căn cứ."},
    )
    reason = forms.CharField(
        label="Lý do",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        error_messages={"required": "Nêu lý do gia hạn."},
    )


class LetterForm(forms.Form):
    """A deadline moved for all by a numbered letter."""

    due_on = day_field("Hạn mới", "Chọn hạn mới.")
    number = forms.CharField(
        label="Số, ký hiệu văn bản",
        max_length=80,
        help_text="Như “123/STP-VP”.",
        error_messages={"required": "Nêu số, ký hiệu của văn bản."},
    )
    issued_on = day_field("Ngày văn bản", "Chọn ngày của văn bản.")
    issuer = forms.CharField(
        label="Cơ quan ban hành", max_length=150, error_messages={"required": "Nêu cơ quan ban hành văn bản."}
    )
    reason = forms.CharField(
        label="Lý do",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        error_messages={"required": "Nêu lý do dời hạn."},
    )

    @property
    def basis(self) -> str:
        """The letter as it stands in the history of the deadline."""
        given = self.cleaned_data
        return f"Văn bản số {given['number']} ngày {day(given['issued_on'])} của {given['issuer']}"

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        issued, due = values.get("issued_on"), values.get("due_on")
        if issued and issued > timezone.localdate():
            self.add_error("issued_on", "Ngày văn bản chưa tới. Ghi lại ngày trên văn bản đã ký.")
        if issued and due and due < issued:
            self.add_error("due_on", "Hạn mới đứng trước ngày của văn bản. Xem lại một trong hai ngày.")
        return values


class RestoreForm(forms.Form):
    reason = forms.CharField(
        label="Lý do khôi phục hạn cũ",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text="Hạn đã gia hạn vẫn được giữ trong lịch sử.",
        error_messages={"required": "Nêu lý do khôi phục hạn cũ."},
    )
