from django import forms


class JudgementForm(forms.Form):
    """A person's word on a proposal: confirmed or rejected, always with a reason."""

    verdict = forms.ChoiceField(
        label="Ý kiến",
        choices=[("confirm", "Xác nhận phát hiện"), ("reject", "Bác phát hiện")],
        widget=forms.RadioSelect,
    )
    reason = forms.CharField(label="Lý do", widget=forms.Textarea(attrs={"rows": 3}), max_length=2000)


class ReopenForm(forms.Form):
    reason = forms.CharField(label="Lý do rút lại ý kiến", widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)


class RuleForm(forms.Form):
    """The one setting of a rule that may be changed on screen: how many it names."""

    n = forms.IntegerField(label="Số đơn vị nêu tên", min_value=1, max_value=200)
    reason = forms.CharField(label="Lý do thay đổi", widget=forms.Textarea(attrs={"rows": 2}), max_length=2000)
