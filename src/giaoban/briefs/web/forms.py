"""Strings to typed values; nothing is saved here."""

from collections.abc import Sequence
from typing import Any

from django import forms

Choices = Sequence[tuple[str, str]]


def text_area(rows: int = 2) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class NewReportForm(forms.Form):
    """Choices come from the outline and from the pack's fields of work; `fields` are keys, all chosen at first."""

    period = forms.ChoiceField(label="Kỳ báo cáo")
    title = forms.CharField(
        label="Trích yếu nội dung",
        max_length=300,
        required=False,
        widget=text_area(),
        help_text="Để trống thì lấy theo đề cương và kỳ đã chọn; sửa cho đúng tên văn bản của đơn vị.",
    )
    fields_of_work = forms.MultipleChoiceField(
        label="Lĩnh vực có mục riêng", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, periods: Choices, fields: Choices, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["period"].choices = periods  # type: ignore[attr-defined]
        self.fields["fields_of_work"].choices = fields  # type: ignore[attr-defined]
        if not fields:
            del self.fields["fields_of_work"]


def sources_field() -> forms.BooleanField:
    return forms.BooleanField(label="In tên đơn vị sau đoạn lấy từ cấp dưới", required=False)


class PresentForm(forms.Form):
    to_whom = forms.CharField(
        label="Trình ai, tại cuộc họp nào",
        max_length=300,
        help_text="Ví dụ: thủ trưởng đơn vị; hội nghị giao ban quý I.",
    )
    show_sources = sources_field()


class AmendForm(forms.Form):
    reason = forms.CharField(label="Tiếp thu ý kiến của ai, sửa những gì", widget=text_area(3))
    show_sources = sources_field()


class IssueForm(forms.Form):
    """What the paper has; each may be left blank and entered later."""

    number = forms.CharField(label="Số", max_length=40, required=False)
    symbol = forms.CharField(label="Ký hiệu", max_length=60, required=False, help_text="Ví dụ: BC-STP")
    dated_on = forms.DateField(
        label="Ngày ký", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    authority = forms.CharField(
        label="Thẩm quyền ký",
        max_length=300,
        required=False,
        help_text="Như trên văn bản: TM., KT., TL., TUQ. và chức vụ của người được ký thay; ký trực tiếp thì để trống.",
    )
    signer_title = forms.CharField(label="Chức vụ người ký", max_length=200, required=False)
    signer = forms.CharField(label="Họ và tên người ký", max_length=200, required=False)
    recipients = forms.CharField(label="Nơi nhận, mỗi nơi một dòng", required=False, widget=text_area(3))
    show_sources = sources_field()


class AttachForm(forms.Form):
    title = forms.CharField(label="Tên tài liệu", max_length=300)
    file = forms.FileField(label="Tệp DOCX hoặc PDF", help_text="Tối đa 20 MB.")
