"""What people type, turned into values. Nothing here is stored."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from giaoban.core.forms import slug
from giaoban.documents.rules.kinds import HEAD_BYTES, media_type_of
from giaoban.kit.workbooks.guard import MAX_FILE_BYTES
from giaoban.reporting.rules import (
    CAPACITIES,
    PARTS,
    Signed,
    signer_field,
    signing_faults,
)

SCAN_LIMIT_MB: Final = 20
WORKBOOK_LIMIT_MB: Final = MAX_FILE_BYTES // 2**20


class DayInput(forms.DateInput):
    """The browser's own date field; it sends and wants ISO dates whatever the language of the page."""

    input_type = "date"

    def __init__(self, attrs: dict[str, str] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


def day_field(label: str, missing: str) -> forms.DateField:
    """A day that must be given; missing: what is said when it is not."""
    said = {"required": missing, "invalid": "Ngày không đọc được."}
    return forms.DateField(label=label, widget=DayInput(), error_messages=said)


def checked_scan(form: forms.Form) -> "UploadedFile[Any] | None":
    """The scan that a form brought, of a size and kind that are kept. Raises ValidationError."""
    scan: UploadedFile[Any] | None = form.cleaned_data.get("scan")
    if scan is None:
        return None
    _within(scan, SCAN_LIMIT_MB)
    scan.seek(0)
    kind = media_type_of(scan.read(HEAD_BYTES))
    scan.seek(0)
    if kind is None:
        raise forms.ValidationError("Tệp không phải PDF, JPEG hay PNG. Quét lại hoặc lưu thành PDF rồi chọn lại.")
    return scan


SCAN_HELP: Final = f"PDF, JPEG hoặc PNG, không quá {SCAN_LIMIT_MB} MB. Đây không phải chữ ký số."
KEPT: Final[dict[str, str]] = {"data-grid-saved": "1"}
"""Marks a field that the script of the grid keeps in the draft, as it keeps the cells."""
SIGNER_LABELS: Final = {
    "capacity": "Ký với tư cách",
    "principal": "Thay mặt, ký thay, theo lệnh hoặc ủy quyền của",
    "deputised": "KT. (cấp trưởng được ký thay)",
    "title": "Chức vụ của người ký",
    "authority": "Văn bản ủy quyền",
    "until": "Ủy quyền đến hết ngày",
}
SIGNER_HELP: Final = {
    "principal": "Tên tập thể sau TM., hoặc chức vụ của người đứng đầu sau KT., Q., TL., TUQ.",
    "deputised": "Chỉ khi có hai dòng, như TM. … KT. Chủ tịch.",
    "authority": "Số, ký hiệu, ngày; chỉ khi ký TUQ.",
}


def capacity_fields(attrs: dict[str, str] | None = None) -> dict[str, forms.Field]:
    """In what capacity the last signer signs, by part of `rules.signing.PARTS`; nothing of it is required."""
    found: dict[str, forms.Field] = {}
    for part, label in SIGNER_LABELS.items():
        given: dict[str, Any] = {"label": label, "required": False, "help_text": SIGNER_HELP.get(part, "")}
        if part == "capacity":
            found[part] = forms.ChoiceField(choices=list(CAPACITIES.items()), widget=forms.Select(attrs=attrs), **given)
        elif part == "until":
            found[part] = forms.DateField(widget=DayInput(attrs=attrs), **given)
        else:
            found[part] = forms.CharField(max_length=PARTS[part], widget=forms.TextInput(attrs=attrs), **given)
    return found


class SendForm(forms.Form):
    """Who signed in what capacity, under which number and day, and that it may go. amends: a reason is asked for."""

    document_number = forms.CharField(
        label="Số văn bản",
        max_length=80,
        required=False,
        widget=forms.TextInput(attrs=KEPT),
        help_text="Như 12/BC-STP; để trống nếu chưa có, ghi sau ở trang biên nhận.",
    )
    document_date = forms.DateField(label="Ngày văn bản", widget=DayInput(attrs=KEPT), required=False)
    scan = forms.FileField(label="Bản quét đã ký", required=False, help_text=SCAN_HELP)
    amendment_reason = forms.CharField(
        label="Lý do sửa số liệu đã được tiếp nhận",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, **KEPT}),
        help_text="Đi cùng bản sửa; nơi nhận và người đã dùng số liệu đọc được. Số liệu cũ vẫn được giữ.",
        error_messages={"required": "Nêu lý do sửa số liệu đã được tiếp nhận."},
    )
    confirmed = forms.BooleanField(
        label="Đã đối chiếu số liệu với sổ sách, xác nhận gửi",
        error_messages={"required": "Đánh dấu xác nhận trước khi gửi."},
    )

    def __init__(self, *args: Any, roles: Sequence[str], amends: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles = tuple(roles)
        for number, role in enumerate(self.roles):
            self.fields[signer_field(number)] = forms.CharField(
                label=role,
                max_length=PARTS["name"],
                widget=forms.TextInput(attrs=KEPT),
                error_messages={"required": f"Ghi họ tên người ký ở ô “{role}”."},
            )
        if self.roles:
            last = len(self.roles) - 1
            self.fields |= {signer_field(last, part): field for part, field in capacity_fields(KEPT).items()}
        if not amends:
            del self.fields["amendment_reason"]

    @property
    def signers(self) -> list[forms.BoundField]:
        return [self[signer_field(number)] for number in range(len(self.roles))]

    @property
    def capacity(self) -> list[forms.BoundField]:
        """The fields in which the last signer's capacity is said; none when the form has no block to sign."""
        return [self[signer_field(len(self.roles) - 1, part)] for part in SIGNER_LABELS] if self.roles else []

    @property
    def says_capacity(self) -> bool:
        """Whether something stands in those fields, or is wrong there, so that they are shown open."""
        return any(field.errors or field.value() for field in self.capacity)

    def signatures(self) -> tuple[Signed, ...]:
        """The blocks in the order of the form."""
        found = []
        for number, role in enumerate(self.roles):
            said = {part: self.cleaned_data.get(signer_field(number, part)) for part in PARTS}
            until = said.pop("until")
            found.append(Signed(role, **{part: value or "" for part, value in said.items()}, until=until))
        return tuple(found)

    def clean_scan(self) -> "UploadedFile[Any] | None":
        return checked_scan(self)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        for fault in signing_faults(self.roles, self.signatures(), timezone.localdate()):
            name = signer_field(self.roles.index(fault.role), fault.part)
            if name not in self.errors:
                self.add_error(name, fault.sentence)
        return values


class PapersForm(forms.Form):
    """Number, day and scan of a report that was sent before."""

    document_number = forms.CharField(label="Số văn bản", max_length=80, required=False)
    document_date = forms.DateField(label="Ngày văn bản", widget=DayInput(), required=False)
    scan = forms.FileField(label="Bản quét đã ký", required=False, help_text=SCAN_HELP)

    def clean_scan(self) -> "UploadedFile[Any] | None":
        return checked_scan(self)


class WaiverForm(forms.Form):
    """Which check holds nothing back, until which day and why."""

    check = forms.ChoiceField(
        label="Phép kiểm tra",
        error_messages={
            "required": "Chọn phép kiểm tra được miễn.",
            "invalid_choice": "Báo cáo không còn vướng phép kiểm tra này.",
        },
    )
    until = forms.DateField(
        label="Đến hết ngày", widget=DayInput(), error_messages={"required": "Chọn ngày cuối còn miễn."}
    )
    reason = forms.CharField(
        label="Lý do miễn",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        help_text="Hiện cùng tên bạn ở mọi nơi có báo cáo này.",
        error_messages={"required": "Nêu lý do miễn."},
    )

    def __init__(self, *args: Any, checks: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["check"].choices = [("", "Chọn…"), *checks]  # type: ignore[attr-defined]


def _within(file: "UploadedFile[Any]", limit_mb: int) -> None:
    if (file.size or 0) > limit_mb * 1024 * 1024:
        raise forms.ValidationError(f"Tệp lớn hơn {limit_mb} MB. Giảm kích thước hoặc bỏ hình ảnh thừa rồi chọn lại.")


WORKBOOK_SUFFIXES = (".xlsx", ".xls", ".ods")


class WorkbookForm(forms.Form):
    workbook = forms.FileField(
        label="Tệp bảng tính đã điền",
        help_text="Dùng tệp tải từ trang này. Số trong tệp thay các ô đang nhập; chưa gửi đi.",
        error_messages={"required": "Chọn tệp trước khi đọc."},
    )

    def clean_workbook(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["workbook"]
        _within(file, WORKBOOK_LIMIT_MB)
        if PurePath(file.name or "").suffix.lower() not in WORKBOOK_SUFFIXES:
            raise forms.ValidationError("Tệp không có đuôi .xlsx, .xls hay .ods. Lưu lại thành .xlsx rồi chọn lại.")
        return file


class AcceptForm(forms.Form):
    reason = forms.CharField(
        label="Ghi chú khi tiếp nhận", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000
    )


class ReturnForm(forms.Form):
    """optional: something else than the reason says what must be corrected."""

    reason = forms.CharField(
        label="Lý do trả lại",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Nêu chỗ phải sửa; đơn vị đọc được nguyên văn.",
        error_messages={"required": "Nêu lý do để đơn vị biết phải sửa gì."},
    )

    def __init__(self, *args: Any, optional: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = not optional


class RequestForm(forms.Form):
    """An ad-hoc request: an opened period or a new window, by when, on what basis, from whom."""

    period = forms.ChoiceField(label="Kỳ đã mở", required=False)
    label = forms.CharField(label="Tên kỳ mới", max_length=200, required=False, help_text="Như “Quý I/2014”.")
    start = forms.DateField(label="Từ ngày", widget=DayInput(), required=False)
    end = forms.DateField(label="Đến hết ngày", widget=DayInput(), required=False)
    due_on = forms.DateField(label="Hạn gửi", widget=DayInput(), error_messages={"required": "Chọn hạn gửi."})
    basis = forms.CharField(
        label="Căn cứ yêu cầu",
        max_length=300,
        help_text="Văn bản hoặc ý kiến chỉ đạo làm căn cứ; in kèm thời hạn.",
        error_messages={"required": "Nêu căn cứ của yêu cầu."},
    )
    units = forms.MultipleChoiceField(
        label="Đơn vị phải gửi",
        widget=forms.CheckboxSelectMultiple(attrs={"data-gb-row": True, "class": "form-check-input"}),
        error_messages={"required": "Chọn ít nhất một đơn vị."},
    )

    def __init__(
        self, *args: Any, periods: Sequence[tuple[str, str]], units: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["period"].choices = [("", "Không, mở kỳ mới"), *periods]  # type: ignore[attr-defined]
        self.fields["units"].choices = [(str(pk), name) for pk, name in units]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("period"):
            return values
        for name, words in (
            ("label", "Đặt tên cho kỳ mới, hoặc chọn kỳ đã mở."),
            ("start", "Chọn ngày đầu."),
            ("end", "Chọn ngày cuối."),
        ):
            if not values.get(name) and name not in self.errors:
                self.add_error(name, words)
        start, end = values.get("start"), values.get("end")
        if start and end and end < start:
            self.add_error("end", "Ngày cuối trước ngày đầu. Đổi lại một trong hai ngày.")
        return values

    @property
    def code(self) -> str:
        """The code of a new period, made of its name: "Quý I/2014" → "QUY-I-2014"."""
        return slug(self.cleaned_data["label"]).upper()[:40]

    @property
    def unit_ids(self) -> list[int]:
        return [int(pk) for pk in self.cleaned_data["units"]]
