"""What a person fills in to import a reorganisation."""

from collections.abc import Sequence
from typing import Any

from django import forms

from giaoban.orgs.services.reorganising import MAX_BYTES
from giaoban.orgs.web.forms import date_input


class TableForm(forms.Form):
    """The table and the legal act behind it. units: (id, name) of those at which it may be kept; one is not asked."""

    unit = forms.ChoiceField(label="Nhập với tư cách", help_text="Quản trị danh mục của đơn vị này sẽ áp dụng bảng.")
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

    def __init__(self, *args: Any, units: Sequence[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self._only = units[0][0] if len(units) == 1 else ""
        if self._only:
            del self.fields["unit"]
        else:
            field: Any = self.fields["unit"]
            field.choices = [("", "chọn đơn vị"), *units]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        return {"unit": self._only, **cleaned} if self._only else cleaned
