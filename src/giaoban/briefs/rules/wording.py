"""How figures are put into words, and what in a sentence looks wrong: per cent, percentage points, unbound numbers.

Between two percentages the difference is in percentage points, between two counts it is in per cent of the earlier one.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from itertools import combinations
from typing import Final, Literal

from giaoban.briefs.rules.marked import Block
from giaoban.core.vietnamese import number, parse_number

PERCENT: Final = "%"
NO_BASE: Final = "chưa có số để so sánh"
UNCHANGED: Final = "không đổi"
NIL: Final = "không phát sinh"

_NUMBER: Final = r"[0-9]{1,3}(?:\.[0-9]{3})+(?:,[0-9]+)?|[0-9]+(?:,[0-9]+)?"
_CHANGED_BY: Final = re.compile(
    rf"(?:tăng|giảm|cao hơn|thấp hơn|chênh)(?:\s+(?:là|thêm|khoảng|gần|hơn))?\s+({_NUMBER})\s*(%|phần trăm)(?!\s*điểm)",
    re.IGNORECASE,
)
_TYPED: Final = re.compile(rf"(?<![\w./,-])({_NUMBER})(?![\w/]|[.,][0-9]|-[A-ZĐ0-9])(\s*(?:%|phần trăm))?")
_NO_FIGURE: Final = re.compile(
    r"[0-9]+(?:/[0-9]+)*/[A-ZĐ]+[\w-]*"  # signs of acts
    r"|[0-9]{1,2}/[0-9]{1,2}(?:/[0-9]{4})?(?![0-9/])"  # days
    r"|(?:ngày|tháng|năm|quý|điều|khoản|điểm|phụ lục|mục|chương|đợt|kỳ|số|lần thứ|thứ|khóa|nhiệm kỳ|giai đoạn)\s+"
    r"[0-9]+(?:\s*[-–]\s*[0-9]+)?"
    r"|(?<![\w.,])(?:19|20)[0-9]{2}(?:\s*[-–]\s*(?:19|20)?[0-9]{2})?(?![.,0-9])"
    r"|[0-9]+\s*(?:tháng|năm|quý|ngày)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Hint:
    """Something to look at: "points" (per cent said for percentage points) or "unbound" (a typed number)."""

    kind: Literal["points", "unbound"]
    words: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A bound figure as the checks see it: value None = the source has none; unit "%" for a percentage; nil: 0 because
    it was declared not to have occurred."""

    value: Decimal | None
    unit: str
    scale: int
    nil: bool = False

    @property
    def is_percent(self) -> bool:
        return self.unit == PERCENT

    @property
    def rounded(self) -> Decimal | None:
        return None if self.value is None else rounded(self.value, self.scale)


def rounded(value: Decimal, scale: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)


def figure_words(one: Amount, *, with_unit: bool = False) -> str:
    """ "1.204", "85,91 %", with its unit "1.204 việc"; what did not occur says so beside its zero; a figure that the
    source does not have is "…"."""
    if one.value is None:
        return "…"
    unit = one.unit if one.is_percent or with_unit else ""
    return f"{number(one.value, one.scale)} {unit}".rstrip() + (f" ({NIL})" if one.nil else "")


def change_words(now: Amount, base: Amount, *, scale: int | None = None) -> str:
    """ "tăng 3,26 điểm phần trăm", "giảm 12,5 %", "không đổi".

    Percentages are compared as they are read, rounded; counts exactly. An absent value gives no comparison, a base of
    zero no percentage. scale: decimals at most, one for counts and those of the figures for percentages; zeros at the
    end of a percentage of counts are dropped. Raises ValueError when the units differ.
    """
    if now.unit != base.unit:
        raise ValueError(f"không so sánh {now.unit or 'số'} với {base.unit or 'số'}")
    if now.value is None or base.value is None:
        return NO_BASE
    if now.is_percent:
        decimals = max(now.scale, base.scale) if scale is None else scale
        points = rounded(now.value, decimals) - rounded(base.value, decimals)
        return _moved(points, f"{number(abs(points), decimals)} điểm phần trăm")
    difference = now.value - base.value
    if base.value == 0:
        said = f"{number(abs(difference), now.scale)} {now.unit}".rstrip()
        return f"{_moved(difference, said)} (kỳ so sánh bằng 0)" if difference else UNCHANGED
    share = rounded(abs(100 * difference / base.value), 1 if scale is None else scale)
    if share == 0:
        return _moved(difference, f"{number(abs(difference), now.scale)} {now.unit}".rstrip())
    return _moved(difference, f"{number(share.normalize() if share % 1 == 0 else share)} %")


def _moved(difference: Decimal, words: str) -> str:
    if difference == 0:
        return UNCHANGED
    return f"{'tăng' if difference > 0 else 'giảm'} {words}"


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph; a full stop inside a number or a sign ends none."""
    return [part.strip() for part in re.split(r"(?<=[.;!?])\s+(?=[A-ZÀ-Ỹ0-9Đ-])|\n", text) if part.strip()]


def points_hints(text: str, percentages: Sequence[Amount]) -> list[Hint]:
    """Sentences of a text that say "%" for what is the difference of two of the bound percentages."""
    values = [one.rounded for one in percentages if one.is_percent and one.rounded is not None]
    gaps = {abs(first - second) for first, second in combinations(values, 2)}
    return [
        Hint("points", found[0], sentence)
        for sentence in sentences(text)
        for found in _CHANGED_BY.finditer(sentence)
        if _is_gap(parse_number(found[1]), gaps)
    ]


def _is_gap(value: Decimal, gaps: Iterable[Decimal]) -> bool:
    exponent = value.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return any(gap != 0 and rounded(gap, decimals) == value for gap in gaps)


def unbound_hints(block: Block) -> list[Hint]:
    """Numbers typed into a paragraph that look like figures: from 10 on, with decimals, or in per cent.

    Days, years, numbers of acts, articles and periods are none.
    """
    typed = "".join(piece.text if piece.kind == "text" else "\x00" for piece in block.pieces)
    hidden = _NO_FIGURE.sub(lambda found: "\x01" * len(found[0]), typed)
    return [
        Hint("unbound", found[0].strip(), _sentence_at(typed, found.start()))
        for found in _TYPED.finditer(hidden)
        if parse_number(found[1]) >= 10 or "," in found[1] or found[2]
    ]


def _sentence_at(text: str, at: int) -> str:
    start = max(text.rfind(mark, 0, at) + len(mark) if mark in text[:at] else 0 for mark in (". ", "; "))
    end = text.find(". ", at)
    return text[start : end + 1 if end >= 0 else len(text)].replace("\x00", "…").strip()
