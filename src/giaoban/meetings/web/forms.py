"""Strings to typed values; nothing is saved here."""

from collections.abc import Sequence
from typing import Any

from django import forms

from giaoban.meetings.models import ParagraphKind

LARGEST_FILE = 20 * 1024 * 1024
Choices = Sequence[tuple[str, str]]


def date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def text_area(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class _Later:
    """A field that is needed in the end and may be saved empty meanwhile: the page does not call it optional."""

    required: bool

    def validate(self, value: Any) -> None:
        self.required = False
        super().validate(value)  # type: ignore[misc]
        self.required = True


class LaterText(_Later, forms.CharField):
    pass


class LaterDay(_Later, forms.DateField):
    pass


class LaterChoices(_Later, forms.MultipleChoiceField):
    pass


class PlanForm(forms.Form):
    """Choices come from the pack's lists and from what the person may host."""

    title = forms.CharField(label="Tên cuộc họp", max_length=300)
    host = forms.ChoiceField(label="Đơn vị tổ chức")
    type = forms.ChoiceField(label="Loại")
    form = forms.ChoiceField(label="Hình thức")
    held_on = forms.DateField(label="Ngày họp", widget=date_input())
    place = forms.CharField(label="Địa điểm", max_length=200, required=False)
    chair_name = forms.CharField(label="Người chủ trì", max_length=200)
    chair_title = forms.CharField(label="Chức vụ người chủ trì", max_length=200, required=False)
    period = forms.ChoiceField(label="Kỳ báo cáo xem xét", required=False)

    def __init__(
        self, *args: Any, hosts: Choices, types: Choices, kinds: Choices, periods: Choices, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        for name, choices in (("host", hosts), ("type", types), ("form", kinds)):
            self.fields[name].choices = choices  # type: ignore[attr-defined]
        self.fields["period"].choices = [("", "Không gắn với kỳ nào"), *periods]  # type: ignore[attr-defined]


class AgendaItemForm(forms.Form):
    title = forms.CharField(label="Tên mục", max_length=500)
    about = forms.CharField(label="Nội dung", widget=text_area(), required=False)


class AttachmentForm(forms.Form):
    title = forms.CharField(label="Tên tài liệu", max_length=300)
    note = forms.CharField(label="Ghi chú", max_length=500, required=False)
    source = forms.CharField(label="Nguồn", max_length=500, required=False)
    file = forms.FileField(
        label="Tệp", required=False, help_text="Không có tệp thì ghi tên: “có tên, chưa có văn bản”. Tối đa 20 MB."
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > LARGEST_FILE:
            raise forms.ValidationError("Tệp lớn hơn 20 MB. Nén lại hoặc chia nhỏ.")
        return file


class ParagraphForm(forms.Form):
    text = forms.CharField(
        label="Nguyên văn lời kết luận",
        widget=forms.Textarea(attrs={"rows": 3}),
        strip=False,
        help_text="Ghi đúng từng chữ; phần diễn giải để ở các điều rõ.",
    )
    kind = forms.ChoiceField(label="Trở thành")
    what = forms.CharField(label="Tên ngắn", max_length=500, required=False)
    source = forms.CharField(label="Nguồn của lời kết luận", max_length=500, required=False)

    def __init__(self, *args: Any, kinds: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]


class ClearsForm(forms.Form):
    """Each clear with its value and whether it stands in the source text; `leads` are unit ids."""

    use_required_attribute = False

    what = LaterText(label="Việc phải làm", widget=text_area())
    leads = LaterChoices(label="Đơn vị chủ trì", widget=forms.CheckboxSelectMultiple)
    leads_words = forms.CharField(
        label="Chủ trì theo nguyên văn",
        required=False,
        max_length=500,
        help_text="Khi lời kết luận chỉ nêu chung, ví dụ “các phòng”.",
    )
    helpers = LaterText(label="Phối hợp", widget=text_area())
    due_on = LaterDay(label="Thời hạn", widget=date_input())
    due_words = forms.CharField(
        label="Thời hạn theo nguyên văn",
        required=False,
        max_length=300,
        help_text="Khi lời kết luận chưa nêu ngày, ví dụ “trong quý II”.",
    )
    product = LaterText(label="Sản phẩm", widget=text_area())
    filled_by_secretary = forms.MultipleChoiceField(
        label="Thư ký điền, không có trong lời kết luận",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Các mục này được đánh dấu trên màn hình và trong thông báo.",
    )

    def __init__(self, *args: Any, units: Choices, clears: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["leads"].choices = units  # type: ignore[attr-defined]
        self.fields["filled_by_secretary"].choices = clears  # type: ignore[attr-defined]


class KindForm(forms.Form):
    kind = forms.ChoiceField(label="Trở thành", choices=ParagraphKind.choices)
    reason = forms.CharField(label="Lý do", widget=text_area(), required=False)


class NoticeForm(forms.Form):
    """What the paper has; each may be left blank and entered later."""

    number = forms.CharField(label="Số", max_length=40, required=False)
    dated_on = forms.DateField(label="Ngày ký", widget=date_input(), required=False)
    signer = forms.CharField(label="Người ký", max_length=200, required=False)
