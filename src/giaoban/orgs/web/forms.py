from datetime import date

from django import forms


class OnDateForm(forms.Form):
    """The day whose tree is shown. Absent or unreadable = the day given by the view."""

    geography = forms.DateField(required=False, label="Ngày", widget=forms.DateInput(attrs={"type": "date"}))

    def on(self, otherwise: date) -> date:
        if not self.is_valid():
            return otherwise
        return self.cleaned_data["geography"] or otherwise
