from datetime import date

from django import forms


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OnDateForm(forms.Form):
    """The day whose tree is shown. Absent or unreadable = the day given by the view."""

    geography = forms.DateField(required=False, label="Ngày", widget=date_input())
    ngay = forms.DateField(required=False, label="Ngày", widget=date_input())

    def on(self, otherwise: date) -> date:
        """`ngay` belongs to one page; `geography` is carried from page to page."""
        self.full_clean()
        return self.cleaned_data.get("ngay") or self.cleaned_data.get("geography") or otherwise


class UndoForm(forms.Form):
    reason = forms.CharField(
        label="Lý do hoàn tác",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Ghi vào nhật ký cùng tên người làm.",
    )
