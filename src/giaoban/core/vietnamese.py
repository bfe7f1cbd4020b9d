"""Numbers, dates and words as Vietnamese offices write, read and sort them."""

import re
import unicodedata
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_GRAVE, _HOOK, _TILDE, _ACUTE, _DOT = "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"
_TONES: Final = {_GRAVE: "1", _HOOK: "2", _TILDE: "3", _ACUTE: "4", _DOT: "5"}
_BREVE, _CIRCUMFLEX, _HORN = "\u0306", "\u0302", "\u031b"
_QUALITIES: Final = {
    ("a", _BREVE): "a1",
    ("a", _CIRCUMFLEX): "a2",
    ("e", _CIRCUMFLEX): "e1",
    ("o", _CIRCUMFLEX): "o1",
    ("o", _HORN): "o2",
    ("u", _HORN): "u1",
}
_DIGIT_WIDTH: Final = 12
_SWAPPED: Final = str.maketrans(",.", ".,")

_PLAIN: Final = re.compile(r"[0-9]+(,[0-9]+)?")
_DOT_GROUPS: Final = re.compile(r"[1-9][0-9]{0,2}(\.[0-9]{3})+(,[0-9]+)?")
_SPACE_GROUPS: Final = re.compile(r"[1-9][0-9]{0,2}( [0-9]{3})+(,[0-9]+)?")


def number(value: Decimal | int | None, scale: int | None = None) -> str:
    """Dots between thousands, comma before decimals; "" for None.

    scale: decimals shown, rounded half up as arithmetic is taught in school; None shows every decimal the value has.
    """
    if value is None:
        return ""
    exact = Decimal(value)
    if scale is not None:
        exact = exact.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
    if exact == 0:
        exact = abs(exact)
    return f"{exact:,f}".translate(_SWAPPED)


def percent(value: Decimal | int | None, scale: int = 2) -> str:
    """A percentage (85.914 means 85.914 %) in words of the page: "85,91 %"; "" for None."""
    return "" if value is None else f"{number(value, scale)} %"


def day(value: date) -> str:
    """02/10/2026."""
    return f"{value:%d/%m/}{value.year:04d}"


def moment(value: datetime) -> str:
    """02/10/2026 09:14, in the zone the value already has: the caller converts to local time."""
    return f"{day(value)} {value:%H:%M}"


def capital_first(text: str) -> str:
    """The first letter in upper case, the others untouched (names inside stay names)."""
    return text[:1].upper() + text[1:]


def fold(text: str) -> str:
    """Search key: lower case, no accents, đ as d, single spaces; "Tân  An" -> "tan an"."""
    bare = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    return " ".join(bare.replace("đ", "d").split())


def sort_key(text: str) -> str:
    """ASCII key (for Vietnamese text) whose byte order is the order of the Vietnamese alphabet.

    All letters are compared first (a ă â b c d đ e ê … o ô ơ … u ư …), then the tones syllable by syllable (ngang,
    huyền, hỏi, ngã, sắc, nặng), so that "hòa" and "hoà" are equal. Case is ignored; runs of digits compare as numbers
    ("Phường 2" before "Phường 10").
    """
    words = unicodedata.normalize("NFD", text.lower()).split()
    letters, tones = [], []
    for word in words:
        letters.append("".join(_letters_of(word)))
        tones.append(next((_TONES[c] for c in word if c in _TONES), "0"))
    return " ".join(letters) + "\t" + "".join(tones)


def _letters_of(word: str) -> list[str]:
    """Sorting letters of one decomposed lower-case word."""
    keys: list[str] = []
    for piece in re.findall(r"[0-9]+|.[\u0300-\u036f]*", word):
        base, marks = piece[0], piece[1:]
        if base in "0123456789":
            keys.append(piece.zfill(_DIGIT_WIDTH))
        elif base == "đ":
            keys.append("d1")
        elif base.isalpha():
            keys.append(next((_QUALITIES[base, m] for m in marks if (base, m) in _QUALITIES), base + "0"))
        else:
            keys.append(base)
    return keys


def parse_number(text: str) -> Decimal:
    """A number typed by an office worker: "1204", "1.204", "1 204" (any space), "85,91", "1.204,5", "-3".

    The comma is always the decimal sign. A dot is only accepted between groups of three digits; "85.9", "85.91" and
    "0.123" could mean two things. Raises ValueError with a Vietnamese sentence: empty, ambiguous or not a number.
    """
    cleaned = " ".join(text.split())
    negative = cleaned[:1] in ("-", "\u2212")
    digits = cleaned[1:].lstrip() if negative else cleaned
    if not digits:
        raise ValueError("Chưa nhập số.")
    if not any(shape.fullmatch(digits) for shape in (_PLAIN, _DOT_GROUPS, _SPACE_GROUPS)):
        if re.fullmatch(r"[0-9]+\.[0-9]+", digits):
            whole, decimals = digits.split(".")
            raise ValueError(
                f"“{digits}” không rõ nghĩa: nếu là số thập phân hãy nhập “{whole},{decimals}”, "
                f"nếu dấu chấm phân cách hàng nghìn thì sau dấu chấm phải đủ ba chữ số."
            )
        if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", digits):
            raise ValueError(
                f"“{digits}” không rõ nghĩa: dùng dấu chấm phân cách hàng nghìn và dấu phẩy cho phần thập phân."
            )
        raise ValueError(f"“{text.strip()}” không phải là số.")
    value = Decimal(digits.replace(".", "").replace(" ", "").replace(",", "."))
    return -value if negative and value else value
