"""The forms of the event wizard, one for each kind of event: what is typed, not yet what it means."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django import forms

from giaoban.orgs.selectors.events import KIND_NAMES
from giaoban.orgs.selectors.histories import Tree
from giaoban.orgs.web.forms import date_input

Choices = Sequence[tuple[str, str]]
PARTS_AT_LEAST, PARTS_AT_MOST = 2, 8
SHARES, NO_SHARES = "co", "khong"
NEW, EXISTING = "moi", "co-san"

CHILDREN: Choices = (
    ("follow", "về nơi kế tục"),
    ("up", "về cấp trên gần nhất còn lại"),
    ("end", "cùng chấm dứt"),
    ("refuse", "không được có: báo tên để xử lý trước"),
)


@dataclass(frozen=True, slots=True)
class KindCard:
    """A kind of event in the wizard. trees: on which trees it can happen, the usual one first."""

    key: str
    sentence: str
    trees: tuple[Tree, ...] = ("area", "unit")

    @property
    def name(self) -> str:
        return KIND_NAMES[self.key]


CARDS = (
    KindCard("merge", "Hai nơi trở lên thành một nơi mới, hoặc nhập vào một nơi đã có."),
    KindCard("split", "Một nơi thành nhiều nơi, có tỷ lệ số liệu hoặc không có tỷ lệ."),
    KindCard("rename", "Cùng một nơi, từ ngày ấy mang tên khác."),
    KindCard("change-kind", "Cùng một nơi, từ ngày ấy thuộc loại khác trong danh mục."),
    KindCard("move", "Cùng một nơi, từ ngày ấy trực thuộc nơi khác."),
    KindCard("create", "Một nơi bắt đầu từ ngày ấy, không kế tục nơi nào."),
    KindCard("abolish", "Một hoặc nhiều nơi thôi tồn tại, không có nơi kế tục."),
    KindCard("abolish-level", "Mọi nơi thuộc các loại được chọn thôi tồn tại cùng một ngày."),
    KindCard("transfer", "Nhiệm vụ chuyển sang nơi khác; số liệu đã báo cáo không chuyển.", ("unit",)),
    KindCard("recode", "Cùng một nơi, từ ngày ấy mang mã khác."),
    KindCard("serve", "Từ ngày ấy đơn vị phục vụ các địa bàn khác.", ("unit",)),
)
BY_KEY = {card.key: card for card in CARDS}


class ThingsField(forms.Field):
    """Keys of areas or units; the page offers a search. many False: the list holds at most one."""

    widget = forms.MultipleHiddenInput

    def __init__(self, *, tree: Tree, many: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.tree, self.many = tree, many

    def to_python(self, value: Any) -> list[str]:
        keys = [key for key in dict.fromkeys(value or ()) if key]
        if not self.many and len(keys) > 1:
            raise forms.ValidationError("Chỉ chọn một. Bỏ bớt.")
        return keys


class NeededText(forms.CharField):
    """Text that only some choice of the form needs: the page does not call it optional, the form checks it."""

    def validate(self, value: Any) -> None:
        self.required = False
        super().validate(value)
        self.required = True


class ShareField(forms.CharField):
    """A part between 0 and 1, typed the Vietnamese way (0,6), with a point (0.6) or as a percentage (60 %)."""

    def clean(self, value: Any) -> Decimal | None:
        text = str(super().clean(value)).replace(",", ".")
        if not text:
            return None
        try:
            number = Decimal(text.rstrip("% "))
        except InvalidOperation:
            raise forms.ValidationError("Ghi một số, ví dụ 0,6 hoặc 60 %.") from None
        return number / 100 if text.endswith("%") else number


class EventForm(forms.Form):
    """The day and what the kind of event needs. `parts`: how many a split has; `beneath`: (key, name) to place then."""

    use_required_attribute = False

    on = forms.DateField(
        label="Có hiệu lực từ ngày",
        widget=date_input(),
        help_text="Ngày đầu tiên của trạng thái mới. Ngày trong tương lai được ghi trước.",
    )

    def __init__(
        self,
        *args: Any,
        kind: str,
        tree: Tree,
        kinds: Choices,
        lines: Choices,
        parts: int = PARTS_AT_LEAST,
        beneath: Choices = (),
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self.kind, self.tree, self.parts, self.beneath = kind, tree, parts, beneath
        self._kinds, self._lines = kinds, lines
        getattr(self, f"_{kind.replace('-', '_')}")()

    @property
    def noun(self) -> str:
        return "địa bàn" if self.tree == "area" else "đơn vị"

    def _thing(self, name: str, label: str, *, tree: Tree | None = None, many: bool = False, **more: Any) -> None:
        self.fields[name] = ThingsField(label=label, tree=tree or self.tree, many=many, **more)

    def _text(self, name: str, label: str, *, longest: int = 300, **more: Any) -> None:
        self.fields[name] = forms.CharField(label=label, max_length=longest, **more)

    def _choice(self, name: str, label: str, choices: Choices, **more: Any) -> None:
        self.fields[name] = forms.ChoiceField(label=label, choices=choices, **more)

    def _called(self, *, needed: bool) -> None:
        """Name, short name of a unit, code."""
        field = forms.CharField if needed else NeededText
        self.fields["name"] = field(label=f"Tên của {self.noun} mới", max_length=300)
        if self.tree == "unit":
            self._text("short_name", "Tên ngắn", longest=200, required=False)
        self._text("code", "Mã", longest=20, required=False)

    # one method for each kind of event

    def _merge(self) -> None:
        self._thing("olds", f"Các {self.noun} được sáp nhập", many=True)
        self._choice(
            "into_mode",
            "Thành",
            ((NEW, f"một {self.noun} mới"), (EXISTING, f"một {self.noun} đã có, giữ nguyên định danh và lịch sử")),
            widget=forms.RadioSelect,
            initial=NEW,
        )
        self._called(needed=False)
        self._choice("new_kind", "Loại", (("", "như các nơi cũ"), *self._kinds), required=False)
        self._thing(
            "into",
            f"Nhập vào {self.noun}",
            required=False,
            help_text="Có thể là một trong các nơi được sáp nhập: nơi ấy giữ định danh, các nơi kia nhập vào.",
        )
        self._choice("children", "Những gì trực thuộc các nơi cũ", CHILDREN, initial="follow")

    def _split(self) -> None:
        self._thing("old", f"{self.noun.capitalize()} được chia")
        self._choice(
            "shares",
            "Tỷ lệ số liệu",
            ((NO_SHARES, "không có tỷ lệ: chuỗi số liệu ghi là đứt"), (SHARES, "có tỷ lệ cho từng phần")),
            widget=forms.RadioSelect,
            initial=NO_SHARES,
        )
        for number in range(1, self.parts + 1):
            self._text(f"name_{number}", f"Phần {number}: tên mới", required=False)
            self._text(f"code_{number}", f"Phần {number}: mã", longest=20, required=False)
            self._thing(f"into_{number}", f"Phần {number}: hoặc {self.noun} đã có", required=False)
            self.fields[f"share_{number}"] = ShareField(
                label=f"Phần {number}: tỷ lệ", required=False, help_text="Ví dụ 0,6 hoặc 60 %."
            )
        for key, name in self.beneath:
            self._choice(f"child:{key}", name, self._part_choices(), required=False)

    def _part_choices(self) -> Choices:
        return (("", "ở lại nơi cũ"), *((str(number), f"phần {number}") for number in range(1, self.parts + 1)))

    def _rename(self) -> None:
        self._thing("thing", f"{self.noun.capitalize()} đổi tên")
        self._text("name", "Tên mới")
        if self.tree == "unit":
            self._text("short_name", "Tên ngắn mới", longest=200, required=False)

    def _change_kind(self) -> None:
        self._thing("thing", f"{self.noun.capitalize()} đổi loại")
        self._choice("new_kind", "Loại mới", self._kinds)
        self._text("name", "Tên mới", required=False, help_text="Để trống nếu tên không đổi.")
        self._text("code", "Mã mới", longest=20, required=False, help_text="Để trống nếu mã không đổi.")

    def _move(self) -> None:
        self._thing("thing", f"{self.noun.capitalize()} chuyển cấp trên")
        if self.tree == "unit":
            self._choice("line", "Trên tuyến", self._lines)
        self._thing(
            "parent", "Cấp trên mới", required=False, help_text="Không chọn nơi nào: từ ngày ấy không còn cấp trên."
        )

    def _create(self) -> None:
        self._choice("new_kind", "Loại", self._kinds)
        self._called(needed=True)
        if self.tree == "area":
            self._thing("parent", "Thuộc địa bàn", required=False)
            return
        for key, name in self._lines:
            self._thing(f"parent:{key}", f"Cấp trên, {name}", required=False)
        self._thing("area", "Địa bàn của đơn vị", tree="area", required=False)
        self._thing("serves", "Địa bàn phục vụ thêm", tree="area", many=True, required=False)

    def _abolish(self) -> None:
        self._thing("olds", f"{self.noun.capitalize()} chấm dứt", many=True)
        self._choice("children", "Các nơi trực thuộc", CHILDREN[1:], initial="refuse")

    def _abolish_level(self) -> None:
        self.fields["kinds"] = forms.MultipleChoiceField(
            label=f"Loại {self.noun} bị bỏ", choices=self._kinds, widget=forms.CheckboxSelectMultiple
        )
        self._choice("children", "Các nơi trực thuộc", CHILDREN[1:], initial="up")

    def _transfer(self) -> None:
        self._thing("old", "Đơn vị chuyển nhiệm vụ")
        self._thing("heirs", "Đơn vị nhận", many=True)
        self.fields["duties"] = forms.CharField(label="Nhiệm vụ", widget=forms.Textarea(attrs={"rows": 3}))

    def _recode(self) -> None:
        self._thing("thing", f"{self.noun.capitalize()} đổi mã")
        self._text("code", "Mã mới", longest=20, required=False, help_text="Để trống: từ ngày ấy không còn mã.")

    def _serve(self) -> None:
        self._thing("thing", "Đơn vị")
        self._thing("areas", "Các địa bàn phục vụ từ ngày ấy", tree="area", many=True, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.kind == "merge":
            self._check_into(cleaned)
        if self.kind == "split":
            self._check_parts(cleaned)
        return cleaned

    def _check_into(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("into_mode") == NEW and not cleaned.get("name"):
            self.add_error("name", f"Ghi tên của {self.noun} mới.")
        if cleaned.get("into_mode") == EXISTING and not cleaned.get("into"):
            self.add_error("into", f"Chọn {self.noun} nhận; có thể là một trong các nơi ở trên.")

    def _check_parts(self, cleaned: dict[str, Any]) -> None:
        for number in range(1, self.parts + 1):
            name, into = cleaned.get(f"name_{number}"), cleaned.get(f"into_{number}")
            if not name and not into:
                self.add_error(f"name_{number}", "Ghi tên mới, hoặc chọn nơi đã có.")
            if name and into:
                self.add_error(f"name_{number}", "Chỉ một trong hai: tên mới, hoặc nơi đã có.")
            share = f"share_{number}"
            if cleaned.get("shares") == SHARES and cleaned.get(share) is None and share not in self.errors:
                self.add_error(share, "Ghi tỷ lệ, hoặc chọn “không có tỷ lệ”.")


class RecordForm(forms.Form):
    """What an event is recorded with: basis, reason, and the name of what it is about, typed to confirm."""

    title = forms.CharField(label="Tên biến động", max_length=300)
    basis = forms.CharField(
        label="Căn cứ: tên và số văn bản", max_length=300, help_text="Ghi đủ loại văn bản và số, để tìm lại được."
    )
    basis_on = forms.DateField(label="Ngày ký văn bản", widget=date_input(), required=False)
    reason = forms.CharField(label="Lý do ghi", widget=forms.Textarea(attrs={"rows": 2}))
