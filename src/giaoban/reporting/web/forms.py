"""What people type, turned into values. Nothing here is stored."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils import timezone

from giaoban.core.checks import subunit_issues
from giaoban.core.forms import FormDefinition, Row, slug
from giaoban.core.issues import Cell, Issue
from giaoban.documents.rules.kinds import HEAD_BYTES, media_type_of
from giaoban.kit.workbooks.guard import MAX_FILE_BYTES
from giaoban.reporting.rules import (
    CAPACITIES,
    EXPLAINS,
    LONGEST,
    NOTES,
    PARTS,
    Change,
    Signed,
    Subunits,
    column_of,
    is_machine,
    is_paper,
    paper_limit,
    plain_text,
    signer_field,
    signing_faults,
    text_key,
)
from giaoban.reporting.web.shaping.grid import NEW_LINES

SCAN_LIMIT_MB: Final = 20
WORKBOOK_LIMIT_MB: Final = MAX_FILE_BYTES // 2**20


class DayInput(forms.DateInput):
    """The browser's own date field; it sends and wants ISO dates whatever the language of the page."""

    input_type = "date"

    def __init__(self, attrs: dict[str, str] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


@dataclass(frozen=True, slots=True)
class Typed:
    """What an entry page sent. texts: by `text_key`, without the machine's cells; a new line that cannot be kept is not
    among them. papers: signers, number and day by the names of their fields.

    draft, seen: the draft that the page showed and its revision; version: the one sent before that it was made from, 0
    for none; None when the page did not say.

    refused: the inputs of such lines by the names that the page gave them, so that they can be shown again;
    issues: why.
    """

    texts: dict[str, str]
    notes: str
    explanations: dict[str, str]
    refused: dict[str, str]
    issues: tuple[Issue, ...]
    draft: int | None = None
    seen: int | None = None
    version: int | None = None
    papers: Mapping[str, str] = field(default_factory=dict)

    def changes(self) -> dict[str, Change]:
        """Everything that the page sent as changes to a draft."""
        texts = self.texts | {NOTES: self.notes} | {f"{EXPLAINS}{key}": text for key, text in self.explanations.items()}
        return {name: Change(text, self.seen) for name, text in (texts | dict(self.papers)).items()}


def typed_on_page(form: FormDefinition, subunits: Subunits, post: QueryDict) -> Typed:
    """The cells of an entry page: what was typed, and named new lines."""
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
        texts=texts,
        notes=post.get(NOTES, "").strip()[: LONGEST["notes"]],
        explanations=typed_explanations(post),
        refused=refused,
        issues=tuple(issues),
        draft=_whole(post.get("draft", "")),
        seen=_whole(post.get("seen", "")),
        version=_whole(post.get("version", "")),
        papers=_typed_papers(form, post),
    )


def _typed_papers(form: FormDefinition, post: QueryDict) -> dict[str, str]:
    limits = {name: paper_limit(form, name) for name in post if is_paper(name)}
    return {name: post.get(name, "").strip()[:most] for name, most in limits.items() if most is not None}


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _cell(text: str, *, is_number: bool) -> str:
    return plain_text(text, is_number=is_number)[: LONGEST["cell"]]


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


def typed_explanations(post: QueryDict) -> dict[str, str]:
    """The unit's words on warnings, by `rules.issue_key`."""
    return {
        name.removeprefix(EXPLAINS): post.get(name, "").strip()[: LONGEST["words"]]
        for name in post
        if name.startswith(EXPLAINS)
    }


MOST_CHANGES: Final = 5000
LARGEST_PATCH: Final = 2**20
_LARGEST_ID: Final = 2**31


class UnreadablePatch(ValueError):
    """What the script of a grid sent is none of its messages; says why."""


@dataclass(frozen=True, slots=True)
class Patch:
    """Changes of cells by name. draft, seen: the draft that the page shows (None: there is none) and its revision.

    version: the latest that was sent when the page was made, 0 for none; None when the page does not say.
    """

    draft: int | None
    seen: int
    version: int | None
    changes: dict[str, Change]


def read_patch(form: FormDefinition, body: bytes) -> Patch:
    """{"draft": 5 | null, "version": 2, "seen": 12, "cells": {name: {"text": "1.204", "base": 3}}}.

    Raises UnreadablePatch.
    """
    if len(body) > LARGEST_PATCH:
        raise UnreadablePatch(f"lớn hơn {LARGEST_PATCH // 2**20} MB")
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as fault:
        raise UnreadablePatch("không phải JSON") from fault
    cells = data.get("cells") if isinstance(data, dict) else None
    if not isinstance(cells, dict) or len(cells) > MOST_CHANGES:
        raise UnreadablePatch(f"không có danh sách ô, hoặc có quá {MOST_CHANGES} ô")
    changes = {}
    for name, cell in cells.items():
        text = cell.get("text") if isinstance(cell, dict) else None
        if not isinstance(text, str) or not _is_writable(name) or not _is_writable(text):
            raise UnreadablePatch("có ô không đọc được")
        column = column_of(form, name)
        plain = plain_text(text, is_number=column is not None and column.is_number)
        changes[name] = Change(plain, _count(cell.get("base", 0)))
    draft, version = (None if data.get(one) is None else _count(data[one]) for one in ("draft", "version"))
    return Patch(draft, _count(data.get("seen", 0)), version, changes)


def _is_writable(text: str) -> bool:
    """No control characters but line ends and tabs, nothing that is not Unicode text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return not any(ord(sign) < 32 and sign not in "\t\n\r" for sign in text)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _LARGEST_ID:
        raise UnreadablePatch("có số phiên bản không đọc được")
    return value


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
KEPT: Final = {"data-grid-saved": "1"}
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
            self._add_capacity(len(self.roles) - 1)
        if not amends:
            del self.fields["amendment_reason"]

    def _add_capacity(self, number: int) -> None:
        for part, label in SIGNER_LABELS.items():
            given: dict[str, Any] = {"label": label, "required": False, "help_text": SIGNER_HELP.get(part, "")}
            if part == "capacity":
                widget = forms.Select(attrs=KEPT)
                field: forms.Field = forms.ChoiceField(choices=list(CAPACITIES.items()), widget=widget, **given)
            elif part == "until":
                field = forms.DateField(widget=DayInput(attrs=KEPT), **given)
            else:
                field = forms.CharField(max_length=PARTS[part], widget=forms.TextInput(attrs=KEPT), **given)
            self.fields[signer_field(number, part)] = field

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


MARKED_CELL: Final = "o"
"""The name under which the cells that a receiver marks are sent; the note of each comes under this and its name."""
VERDICT: Final = "y-kien/"
VERDICT_NOTE: Final = "y-kien-ghi/"
MOST_MARKS: Final = 300


def typed_marks(data: QueryDict) -> list[tuple[str, str]]:
    """(Name of a cell, note), each cell once, in the order of the page."""
    names = list(dict.fromkeys(data.getlist(MARKED_CELL)))[:MOST_MARKS]
    return [(name, data.get(f"{MARKED_CELL}/{name}", "").strip()) for name in names]


def typed_verdicts(data: QueryDict) -> dict[str, tuple[bool, str]]:
    """Key of an explanation → whether it was accepted, and the note; those that nobody chose are absent."""
    chosen = {name.removeprefix(VERDICT): data.get(name, "") for name in data if name.startswith(VERDICT)}
    return {
        key: (word == "nhan", data.get(f"{VERDICT_NOTE}{key}", "").strip()[: LONGEST["words"]])
        for key, word in chosen.items()
        if word in ("nhan", "khong")
    }


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
