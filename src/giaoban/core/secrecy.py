"""Whether a text carries the marking of a state secret. Such a text must not come into this system at all.

A marking is a word that stands alone, as it is stamped on paper ("MẬT", "Tối mật"), or the answer to "Độ mật:". The
same words inside a sentence ("bí mật kinh doanh", "mật độ dân số", "hồ sơ độ Tối mật") speak of something and mark
nothing.
"""

import re
import unicodedata
from pathlib import PurePath
from typing import Final

LEVELS: Final = ("TUYỆT MẬT", "TỐI MẬT", "MẬT")
"""From the highest."""

_SPACED: Final = r"(?:T\s*U\s*Y\s*Ệ\s*T\s+M\s*Ậ\s*T|T\s*Ố\s*I\s+M\s*Ậ\s*T|M\s*Ậ\s*T)"
_ALONE: Final = re.compile(_SPACED)
_LABELLED: Final = re.compile(
    r"(?<!\w)(?:mức\s+độ|cấp\s+độ|độ|mức|dấu(?:\s+chỉ)?(?:\s+mức)?(?:\s+độ)?)\s+mật\s*[:：=–-]\s*[\"“(\[]*\s*"
    r"(tuyệt\s+mật|tối\s+mật|mật)(?!\s*(?:ong|độ|mã|khẩu|thiết))(?!\w)",
    re.IGNORECASE,
)
_BRACKETED: Final = re.compile(r"[(\[]\s*(TUYỆT\s+MẬT|TỐI\s+MẬT|MẬT)\s*[)\]]")
_COLUMNS: Final = re.compile(r"\t|\s{3,}|\|")
_EDGES: Final = " \t.,;:*_-–—=~\"'“”‘’()[]<>/\\"
_NAME_PARTS: Final = re.compile(r"[-_.,;()\[\]]+")
_BEFORE_IN_NAMES: Final = frozenset({"BÍ", "BẢO", "CƠ", "THÂN", "HỎA", "ĐƯỜNG", "KẸO", "SỮA", "TRÁI"})


def marked_secret(text: str) -> str:
    """The marking that a text carries, in capitals; "" when it carries none.

    A lone "mật" in small letters is a word (honey), not a stamp.
    """
    plain = unicodedata.normalize("NFC", text)
    if "ậ" not in plain and "Ậ" not in plain:
        return ""
    labelled = _LABELLED.search(plain)
    if labelled:
        return _level(labelled.group(1))
    bracketed = _BRACKETED.search(plain)
    if bracketed:
        return _level(bracketed.group(1))
    for line in plain.splitlines():
        for part in (line, *_COLUMNS.split(line)):
            found = _alone(part)
            if found:
                return found
    return ""


def marked_secret_name(filename: str) -> str:
    """The marking in the name of a file: a part of its own, or in capitals at the end of a part in small letters."""
    stem = unicodedata.normalize("NFC", PurePath(filename).stem)
    for part in _NAME_PARTS.split(stem):
        found = _alone(part) or _at_end(part)
        if found:
            return found
    return marked_secret(stem)


def refusal_of_secret(marking: str) -> str:
    """Why something that carries a marking is not kept, and what to do instead."""
    return (
        f"Nội dung mang dấu chỉ độ mật “{marking}”. Hệ thống này không lưu bí mật nhà nước; "
        "chuyển tài liệu theo đường văn bản mật, và chỉ nhập ở đây phần không thuộc bí mật nhà nước."
    )


def _alone(part: str) -> str:
    """The marking when nothing else stands there; the lowest level only as stamped, beginning with a capital."""
    bare = part.strip(_EDGES)
    if not bare or not _ALONE.fullmatch(bare.upper()):
        return ""
    found = _level(bare)
    return "" if found == "MẬT" and bare[0].islower() else found


def _at_end(part: str) -> str:
    """ "Báo cáo quý I MẬT": in capitals behind words that are not."""
    words = part.split()
    if len(words) < 2 or words[-1] != "MẬT" or part.isupper() or words[-2].upper() in _BEFORE_IN_NAMES:
        return ""
    return _level(" ".join(words[-2:])) if words[-2].upper() in ("TỐI", "TUYỆT") else "MẬT"


def _level(words: str) -> str:
    """The level that spaced or differently written words name."""
    squeezed = "".join(words.upper().split())
    return next(level for level in LEVELS if squeezed == level.replace(" ", ""))
