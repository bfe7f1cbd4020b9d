from django import forms


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class UndoForm(forms.Form):
    reason = forms.CharField(
        label="Lý do hoàn tác",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Ghi vào nhật ký cùng tên người làm.",
    )
