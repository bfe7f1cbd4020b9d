"""What a person gives along with many files."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from giaoban.core.forms import slug
from giaoban.reporting.rules.archives import NO_FILES_CHOSEN
from giaoban.reporting.rules.signing import PARTS, signed_from, signing_faults
from giaoban.reporting.web.forms import SIGNER_LABELS, capacity_fields

CAPACITY: Final = "ky-cach"
"""Begins the names of the fields in which the capacity of the last signer is said."""


class ManyFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Every file that was chosen; an empty one is among them, so that it is named with the others."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":  # noqa: ARG002 - Django's signature
        given = [one for one in data or [] if one] if isinstance(data, list | tuple) else [data] if data else []
        if not given:
            raise forms.ValidationError(NO_FILES_CHOSEN)
        return given


class FilesForm(forms.Form):
    """receives: somebody who may take reports at once. roles: the signers that the unit's own reports need; how the
    last one signs is said once for all of them."""

    files = ManyFilesField(  # type: ignore[assignment]  # Django's metaclass makes it a field, not the attribute
        label="Tệp báo cáo: thả vào ô, hoặc chọn nhiều tệp",
        help_text="Bảng tính tải từ trang nhập của báo cáo (XLSX, XLS, ODS), CSV theo mẫu, hoặc tệp ZIP chứa chúng.",
        widget=ManyFilesInput(attrs={"accept": ".xlsx,.xls,.ods,.csv,.zip"}),
    )
    accept = forms.BooleanField(
        label="Tiếp nhận ngay báo cáo đọc được",
        required=False,
        help_text="Chỉ với báo cáo mà đơn vị của bạn là nơi nhận.",
    )
    explanation = forms.CharField(
        label="Giải trình chung cho các cảnh báo",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Ghi cho mọi cảnh báo chưa có lời giải trình. Để trống thì tệp có cảnh báo không được nhận.",
    )
    amendment_reason = forms.CharField(
        label="Lý do sửa số đã tiếp nhận",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Chỉ cần khi trong các tệp có báo cáo đã được tiếp nhận trước đây.",
    )

    def __init__(self, *args: Any, receives: bool, roles: Sequence[str], **more: Any) -> None:
        super().__init__(*args, **more)
        if not receives:
            del self.fields["accept"]
        self._roles: dict[str, str] = {}
        for role in roles:
            name = f"ky-{slug(role)}"
            self._roles[f"{name}-{len(self._roles)}" if name in self._roles else name] = role
        for name, role in self._roles.items():
            self.fields[name] = forms.CharField(label=role, required=False, max_length=PARTS["name"])
        self._parts = {part: f"{CAPACITY}-{part}" for part in SIGNER_LABELS} if self._roles else {}
        fields = capacity_fields()
        self.fields |= {name: fields[part] for part, name in self._parts.items()}

    @property
    def signatures(self) -> tuple[tuple[str, str], ...]:
        """The names that were given, by role."""
        said = self.cleaned_data
        return tuple((role, said[name]) for name, role in self._roles.items() if said.get(name))

    @property
    def deputy(self) -> dict[str, str]:
        """In what capacity the last signer of each form signs, by part; nothing when the head signs."""
        said = {part: self.cleaned_data.get(name) for part, name in self._parts.items()}
        texts = {part: value.isoformat() if isinstance(value, date) else value for part, value in said.items() if value}
        return texts if texts.get("capacity") else {}

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if self.deputy:
            for fault in signing_faults(("",), [signed_from(self.deputy)], timezone.localdate()):
                self.add_error(self._parts[fault.part], fault.sentence)
        return values

    @property
    def capacity(self) -> list[forms.BoundField]:
        return [self[name] for name in self._parts.values()]

    @property
    def says_capacity(self) -> bool:
        """Whether something stands in those fields, or is wrong there, so that they are shown open."""
        return any(field.errors or field.value() for field in self.capacity)

    @property
    def signers(self) -> list[forms.BoundField]:
        return [self[name] for name in self._roles]

    @property
    def others(self) -> list[forms.BoundField]:
        apart = {"files", *self._roles, *self._parts.values()}
        return [one for one in self if one.name not in apart]
