"""What a person fills in to import a reorganisation."""

from django import forms

from giaoban.orgs.services.reorganising import MAX_BYTES
from giaoban.orgs.web.forms import date_input


class TableForm(forms.Form):
    """The table and the legal act behind it."""

    file = forms.FileField(
        label="Bảng sắp xếp",
        help_text=f"CSV UTF-8 hoặc XLSX, dưới {MAX_BYTES // 2**20} MB. Cột phải có: mã cũ, mã mới, phần.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.xlsx"}),
    )
    on = forms.DateField(label="Có hiệu lực từ ngày", widget=date_input(), help_text="Ngày đầu của địa giới mới.")
    title = forms.CharField(label="Tên biến động", max_length=300)
    basis = forms.CharField(label="Căn cứ", max_length=300, help_text="Số và tên văn bản.")
    basis_on = forms.DateField(label="Ngày văn bản", required=False, widget=date_input())
    reason = forms.CharField(label="Lý do", widget=forms.Textarea(attrs={"rows": 2}))
