"""Forms of the acts on the four readings of a table."""

from django import forms

from giaoban.reporting.services import Document
from giaoban.reporting.web.forms import day_field

MADE_FROM = (("confirmed", "bản đã xác nhận gần nhất"), ("live", "bảng trực tiếp lúc này"))


class PublishForm(forms.Form):
    """With which document a table was published, and from which reading. is_confirmed: whether there is a confirmed
    one to take it from."""

    number = forms.CharField(
        label="Số, ký hiệu văn bản",
        max_length=80,
        help_text="Như in trên văn bản công bố.",
        error_messages={"required": "Nêu số, ký hiệu của văn bản công bố."},
    )
    issued_on = day_field("Ngày văn bản", "Chọn ngày của văn bản.")
    link = forms.URLField(
        label="Nơi đăng",
        required=False,
        max_length=500,
        assume_scheme="https",
        error_messages={"invalid": "Đường dẫn phải bắt đầu bằng https:// hoặc http://."},
    )
    note = forms.CharField(label="Ghi chú", required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2}))
    made_from = forms.ChoiceField(
        label="Số công bố lấy từ",
        choices=MADE_FROM,
        widget=forms.RadioSelect(),
        error_messages={"required": "Chọn số công bố lấy từ bản nào."},
    )

    def __init__(self, *args: object, is_confirmed: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not is_confirmed:
            self.fields["made_from"].choices = MADE_FROM[1:]  # type: ignore[attr-defined]
        self.fields["made_from"].initial = "confirmed" if is_confirmed else "live"

    @property
    def document(self) -> Document:
        given = self.cleaned_data
        return Document(given["number"], given["issued_on"], given["link"], given["note"])


class WithdrawForm(forms.Form):
    publication = forms.IntegerField(widget=forms.HiddenInput())
    reason = forms.CharField(
        label="Lý do rút lại",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text="Bản đã ghi vẫn được giữ trong lịch sử, cùng lý do này.",
        error_messages={"required": "Nêu lý do rút lại lần ghi công bố."},
    )
