"""What people type, turned into values. Nothing here is stored."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict

from giaoban.core.checks import subunit_issues
from giaoban.core.forms import FormDefinition, Row, slug
from giaoban.core.issues import Cell, Issue
from giaoban.documents.rules.kinds import HEAD_BYTES, media_type_of
from giaoban.kit.workbooks.guard import MAX_FILE_BYTES
from giaoban.reporting.rules import NIL_SIGN, NOT_APPLICABLE_SIGN, text_key
from giaoban.reporting.web.shaping.grid import NEW_LINES, SHOWN_NIL, SHOWN_NOT_APPLICABLE
from giaoban.reporting.web.shaping.layout import Subunits
from giaoban.reporting.web.shaping.machine import is_machine, machine_texts

LONGEST_CELL: Final = 400
LONGEST_NOTES: Final = 4000
SCAN_LIMIT_MB: Final = 20
WORKBOOK_LIMIT_MB: Final = MAX_FILE_BYTES // 2**20
SIGNS: Final = {SHOWN_NIL: NIL_SIGN, "−": NIL_SIGN, SHOWN_NOT_APPLICABLE: NOT_APPLICABLE_SIGN, "×": NOT_APPLICABLE_SIGN}


class DayInput(forms.DateInput):
    """The browser's own date field; it sends and wants ISO dates whatever the language of the page."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Typed:
    """What an entry page sent. texts: by `text_key`; a new line that cannot be kept is not among them.

    refused: the inputs of such lines by the names that the page gave them, so that they can be shown again;
    issues: why.
    """

    texts: dict[str, str]
    notes: str
    explanations: dict[str, str]
    refused: dict[str, str]
    issues: tuple[Issue, ...]


def typed_on_page(form: FormDefinition, subunits: Subunits, post: QueryDict) -> Typed:
    """The cells of an entry page: what was typed, named new lines, and the machine's cells."""
    texts: dict[str, str] = {}
    for table in form.tables:
        for row in table.rows:
            for subunit in subunits.get((table.id, row.id), ()) if row.is_dynamic else ("",):
                for column in table.columns:
                    if is_machine(table, row, column, subunits):
                        continue
                    for estimate in (False, True):
                        key = text_key(table.id, row.id, subunit, column.id, estimate=estimate)
                        if key in post:
                            texts[key] = _cell(post.get(key, ""), is_number=column.is_number)
    named, refused, issues = _named_lines(form, subunits, post)
    texts |= named
    return Typed(
        texts=texts | machine_texts(form, with_lines_of(subunits, texts), texts, stored=True),
        notes=post.get("notes", "").strip()[:LONGEST_NOTES],
        explanations=typed_explanations(post),
        refused=refused,
        issues=tuple(issues),
    )


def _cell(text: str, *, is_number: bool) -> str:
    """A cell as the rules read it: the signs that the page shows for nil and "not applicable" become the typed ones."""
    cut = text.strip()[:LONGEST_CELL]
    return SIGNS.get(cut, cut) if is_number else cut


def _named_lines(
    form: FormDefinition, subunits: Subunits, post: QueryDict
) -> tuple[dict[str, str], dict[str, str], list[Issue]]:
    """The lines that the person named on the page, for dynamic rows that no catalogue lists.

    Texts by `text_key`; the inputs of lines that cannot be kept, because they have no name, one that is too long, or
    that of another line; and why.
    """
    texts: dict[str, str] = {}
    refused: dict[str, str] = {}
    issues: list[Issue] = []
    for table in form.tables:
        for row in table.dynamic_rows:
            taken = {name.casefold() for name in subunits.get((table.id, row.id), ())}
            for number in range(NEW_LINES):
                place = f"{table.id}/{row.id}/{number}"
                name = " ".join(post.get(f"ten/{place}", "").split())
                given = {
                    column.id: _cell(post.get(f"moi/{place}/{column.id}", ""), is_number=column.is_number)
                    for column in table.columns
                }
                given = {column: text for column, text in given.items() if text}
                if not name and not given:
                    continue
                wrong = _wrong_line(row, Cell(table.id, row.id, name), taken)
                if wrong is not None:
                    issues.append(wrong)
                    refused[f"ten/{place}"] = name
                    refused |= {f"moi/{place}/{column}": text for column, text in given.items()}
                    continue
                taken.add(name.casefold())
                texts |= {text_key(table.id, row.id, name, column): text for column, text in given.items()}
    return texts, refused, issues


def _wrong_line(row: Row, at: Cell, taken: Collection[str]) -> Issue | None:
    """Why a line that a person named cannot be kept."""
    if not at.subunit:
        return Issue("unnamed-line", "error", at)
    if at.subunit.casefold() in taken:
        return Issue("duplicate-line", "error", at, {"subunit": at.subunit})
    return next(subunit_issues(row, at), None)


def with_lines_of(subunits: Subunits, texts: Mapping[str, str]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The sub-units of every dynamic row, those that only the typed texts know at the end."""
    found = {place: list(keys) for place, keys in subunits.items()}
    for key in texts:
        parts = key.split("/")
        if len(parts) >= 4 and parts[2]:
            listed = found.setdefault((parts[0], parts[1]), [])
            if parts[2] not in listed:
                listed.append(parts[2])
    return {place: tuple(keys) for place, keys in found.items()}


def typed_explanations(post: QueryDict) -> dict[str, str]:
    """The unit's words on warnings, by `rules.issue_key`."""
    mark = "giai-trinh/"
    return {name.removeprefix(mark): post.get(name, "").strip() for name in post if name.startswith(mark)}


class SendForm(forms.Form):
    """Who signed, under which number and day, and that it may go."""

    document_number = forms.CharField(
        label="Số văn bản", max_length=80, required=False, help_text="Như 12/BC-STP; để trống nếu không có văn bản kèm."
    )
    document_date = forms.DateField(label="Ngày văn bản", widget=DayInput(), required=False)
    scan = forms.FileField(
        label="Bản quét đã ký",
        required=False,
        help_text=f"PDF, JPEG hoặc PNG, không quá {SCAN_LIMIT_MB} MB. Đây không phải chữ ký số.",
    )
    confirmed = forms.BooleanField(
        label="Đã đối chiếu số liệu với sổ sách, xác nhận gửi",
        error_messages={"required": "Đánh dấu xác nhận trước khi gửi."},
    )

    def __init__(self, *args: Any, roles: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles = tuple(roles)
        for number, role in enumerate(self.roles):
            self.fields[self._name(number)] = forms.CharField(
                label=role, max_length=200, error_messages={"required": f"Ghi họ tên người ký ở ô “{role}”."}
            )

        self.order_fields([self._name(number) for number in range(len(self.roles))])

    @staticmethod
    def _name(number: int) -> str:
        return f"signer_{number}"

    @property
    def signers(self) -> list[forms.BoundField]:
        return [self[self._name(number)] for number in range(len(self.roles))]

    def signatures(self) -> tuple[tuple[str, str], ...]:
        """(Role, name) in the order of the form."""
        return tuple((role, self.cleaned_data[self._name(number)]) for number, role in enumerate(self.roles))

    def clean_scan(self) -> "UploadedFile[Any] | None":
        scan: UploadedFile[Any] | None = self.cleaned_data.get("scan")
        if scan is None:
            return None
        _within(scan, SCAN_LIMIT_MB)
        scan.seek(0)
        kind = media_type_of(scan.read(HEAD_BYTES))
        scan.seek(0)
        if kind is None:
            raise forms.ValidationError("Tệp không phải PDF, JPEG hay PNG. Quét lại hoặc lưu thành PDF rồi chọn lại.")
        return scan


def _within(file: "UploadedFile[Any]", limit_mb: int) -> None:
    if (file.size or 0) > limit_mb * 1024 * 1024:
        raise forms.ValidationError(f"Tệp lớn hơn {limit_mb} MB. Giảm kích thước hoặc bỏ hình ảnh thừa rồi chọn lại.")


class WorkbookForm(forms.Form):
    workbook = forms.FileField(
        label="Tệp bảng tính đã điền",
        help_text="Dùng tệp tải từ trang này. Số trong tệp thay các ô đang nhập; chưa gửi đi.",
        error_messages={"required": "Chọn tệp trước khi đọc."},
    )

    def clean_workbook(self) -> "UploadedFile[Any]":
        file: UploadedFile[Any] = self.cleaned_data["workbook"]
        _within(file, WORKBOOK_LIMIT_MB)
        if PurePath(file.name or "").suffix.lower() != ".xlsx":
            raise forms.ValidationError("Tệp không có đuôi .xlsx. Lưu lại theo dạng Excel (.xlsx) rồi chọn lại.")
        return file


class AcceptForm(forms.Form):
    reason = forms.CharField(
        label="Ghi chú khi tiếp nhận", required=False, widget=forms.Textarea(attrs={"rows": 2}), max_length=2000
    )


class ReturnForm(forms.Form):
    reason = forms.CharField(
        label="Lý do trả lại",
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        help_text="Nêu chỗ phải sửa; đơn vị đọc được nguyên văn.",
        error_messages={"required": "Nêu lý do để đơn vị biết phải sửa gì."},
    )


class RemindForm(forms.Form):
    note = forms.CharField(
        label="Lời nhắc",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=1000,
        help_text="Hiện ở “Việc của tôi” của đơn vị.",
    )


class ExtendForm(forms.Form):
    due_on = forms.DateField(
        label="Hạn mới",
        widget=DayInput(),
        error_messages={"required": "Chọn hạn mới.", "invalid": "Ngày không đọc được."},
    )
    basis = forms.CharField(
        label="Văn bản căn cứ",
        max_length=300,
        help_text="Số, ký hiệu, ngày của văn bản cho phép lùi hạn.",
        error_messages={"required": "Nêu văn bản căn cứ."},
    )
    reason = forms.CharField(
        label="Lý do",
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=2000,
        error_messages={"required": "Nêu lý do gia hạn."},
    )


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
