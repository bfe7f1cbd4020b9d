"""The signed reason of a request that goes beyond the regime."""

from django import forms

from giaoban.reporting.services import SignedReason


class ReasonForm(forms.Form):
    why = forms.CharField(
        label="Lý do vẫn yêu cầu",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Nêu lý do vẫn cần yêu cầu này."},
    )
    decided_by = forms.CharField(
        label="Người quyết định",
        max_length=200,
        error_messages={"required": "Nêu họ tên người quyết định."},
    )
    decided_as = forms.CharField(
        label="Chức vụ",
        max_length=200,
        error_messages={"required": "Nêu chức vụ người quyết định."},
    )

    @property
    def signed(self) -> SignedReason:
        values = self.cleaned_data
        return SignedReason(values["why"], values["decided_by"], values["decided_as"])
