"""JSON from outside, read strictly: nothing that two readers could take for two different things."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn

MAX_BYTES: Final = 2**20
MAX_DEPTH: Final = 5
MAX_DIGITS: Final = 40

_STRINGS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)

TOO_LARGE: Final = f"Nội dung lớn hơn {MAX_BYTES // 2**20} MB. Gửi từng báo cáo một."
NOT_JSON: Final = "Nội dung gửi lên không phải JSON đọc được."
NOT_UTF8: Final = "Nội dung gửi lên không dùng bảng mã UTF-8."
TOO_DEEP: Final = f"Nội dung lồng nhau quá {MAX_DEPTH} lớp. Gửi đúng các mục của báo cáo."
NOT_AN_OBJECT: Final = "Nội dung phải là một đối tượng JSON có các mục của báo cáo."


class JsonRefused(Exception):
    """The text is not taken; the message is a Vietnamese sentence."""

    def __init__(self, sentence: str, at: str = "body") -> None:
        super().__init__(sentence)
        self.sentence, self.at = sentence, at


def read_object(content: bytes) -> dict[str, Any]:
    """The object that a body holds; numbers come as Decimal or int. Raises JsonRefused.

    Refused beside what is no JSON: a name written twice, NaN and infinities, numbers of more than MAX_DIGITS signs,
    nesting deeper than MAX_DEPTH, more than MAX_BYTES, NUL and halves of letters.
    """
    if len(content) > MAX_BYTES:
        raise JsonRefused(TOO_LARGE)
    if _depth(content) > MAX_DEPTH:
        raise JsonRefused(TOO_DEEP)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise JsonRefused(NOT_UTF8) from None
    try:
        found = json.loads(
            text, object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_decimal, parse_int=_whole
        )
    except (ValueError, RecursionError):
        raise JsonRefused(NOT_JSON) from None
    if not isinstance(found, dict):
        raise JsonRefused(NOT_AN_OBJECT)
    return found


def _depth(content: bytes) -> int:
    """How deep brackets nest, without reading what they hold."""
    deepest = depth = 0
    for sign in _STRINGS.sub(b"", content):
        if sign in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                break
        elif sign in b"]}":
            depth -= 1
    return deepest


def _pairs(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise JsonRefused(f"Mục “{name[:80]}” có hai lần. Chỉ giữ lại một.", name[:80])
        for text in (name, value):
            if isinstance(text, str) and not _is_text(text):
                raise JsonRefused(f"Mục “{_shown(name)}” có ký tự không lưu được.", _shown(name))
        found[name] = value
    return found


def _is_text(text: str) -> bool:
    """Whether the database can hold it."""
    if text.isascii():
        return "\0" not in text
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _shown(name: str) -> str:
    return name[:80].encode("utf-8", "replace").decode().replace("\0", "?")


def _constant(word: str) -> NoReturn:
    raise JsonRefused(f"Có giá trị {word}, không phải là số. Bỏ trống ô chưa có số liệu.")


def _decimal(text: str) -> Decimal:
    if len(text) > MAX_DIGITS or "e" in text.lower():
        raise JsonRefused(f"Số {text[:MAX_DIGITS]} viết dài quá, hoặc viết dạng lũy thừa. Ghi số thường.")
    return Decimal(text)


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise JsonRefused(f"Số {text[:MAX_DIGITS]}… viết dài quá. Kiểm tra lại đơn vị tính và số chữ số.")
    return int(text)
