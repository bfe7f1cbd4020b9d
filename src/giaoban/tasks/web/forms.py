"""Strings to typed values; nothing is saved here."""

from django import forms

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ProgressForm(forms.Form):
    note = forms.CharField(label="Tiến độ, vướng mắc", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)
    product = forms.CharField(
        label="Sản phẩm",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        required=False,
        help_text="Tên, số và ngày văn bản nếu có. Bắt buộc khi báo hoàn thành.",
    )
    done = forms.BooleanField(
        label="Báo đã hoàn thành, đề nghị đơn vị giao xác nhận",
        required=False,
        help_text="Ngày báo được dùng để tính đúng hạn hay muộn.",
    )


class ReopenForm(forms.Form):
    reason = forms.CharField(label="Lý do trả lại", widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)


class DeadlineForm(forms.Form):
    due_on = forms.DateField(label="Hạn mới", widget=DATE)
    reason = forms.CharField(label="Lý do đổi hạn", widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)
