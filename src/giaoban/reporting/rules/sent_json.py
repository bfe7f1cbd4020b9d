"""A report as another program sends it: a JSON object becomes typed texts, notes, explanations and signers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from giaoban.reporting.rules.signing import PARTS, Signed
from giaoban.reporting.rules.strict_json import JsonRefused, read_object

MAX_CELLS: Final = 50_000
LONGEST_NAME: Final = 600
LONGEST_TEXT: Final = 20_000
MAX_SIGNERS: Final = 10
FIELDS: Final = (
    "figures",
    "notes",
    "explanations",
    "signatures",
    "document_number",
    "document_date",
    "amendment_reason",
)


@dataclass(frozen=True, slots=True)
class SentReport:
    """texts: by `rules.text_key`, as typed on the page."""

    texts: dict[str, str]
    notes: str = ""
    explanations: Mapping[str, str] | None = None
    signatures: tuple[Signed, ...] = ()
    document_number: str = ""
    document_date: date | None = None
    amendment_reason: str = ""


def read_report(content: bytes) -> SentReport:
    """Raises JsonRefused for the first thing that is not as it should be."""
    found = read_object(content)
    strange = [name for name in found if name not in FIELDS]
    if strange:
        raise JsonRefused(f"Không có mục “{strange[0][:80]}”. Các mục được nhận: {', '.join(FIELDS)}.", strange[0][:80])
    if "figures" not in found:
        raise JsonRefused("Thiếu mục figures: số liệu của báo cáo.", "figures")
    return SentReport(
        texts=_texts(found["figures"]),
        notes=_text(found, "notes"),
        explanations=_words(found.get("explanations", {})),
        signatures=_signers(found.get("signatures", [])),
        document_number=_text(found, "document_number", 80),
        document_date=_day(found.get("document_date")),
        amendment_reason=_text(found, "amendment_reason"),
    )


def _texts(figures: Any) -> dict[str, str]:
    if not isinstance(figures, dict):
        raise JsonRefused("figures phải là đối tượng: tên ô và giá trị.", "figures")
    if len(figures) > MAX_CELLS:
        raise JsonRefused(f"Có nhiều hơn {MAX_CELLS} ô trong một báo cáo. Kiểm tra lại.", "figures")
    return {_name(name): _cell(name, value) for name, value in figures.items()}


def _name(name: str) -> str:
    if len(name) > LONGEST_NAME:
        raise JsonRefused(f"Tên ô dài quá {LONGEST_NAME} ký tự.", name[:80])
    return name


def _cell(name: str, value: Any) -> str:
    """A number is written the Vietnamese way, so that 1.5 is not taken for fifteen hundred."""
    if value is None:
        return ""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            raise JsonRefused(f"Nội dung ô dài quá {LONGEST_TEXT} ký tự. Rút gọn lại.", name)
        return value
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return format(Decimal(value), "f").replace(".", ",")
    raise JsonRefused("Giá trị của ô phải là số, chuỗi chữ hoặc null.", name)


def _text(found: Mapping[str, Any], name: str, longest: int = LONGEST_TEXT) -> str:
    value = found.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise JsonRefused(f"{name} phải là chuỗi chữ.", name)
    if len(value) > longest:
        raise JsonRefused(f"{name} dài quá {longest} ký tự.", name)
    return value


def _words(found: Any) -> dict[str, str]:
    if not isinstance(found, dict):
        raise JsonRefused("explanations phải là đối tượng: khóa của cảnh báo và lời giải trình.", "explanations")
    return {_name(key): _text(found, key) for key in found}


def _signers(found: Any) -> tuple[Signed, ...]:
    if not isinstance(found, list) or len(found) > MAX_SIGNERS:
        raise JsonRefused(f"signatures phải là danh sách, không quá {MAX_SIGNERS} người ký.", "signatures")
    return tuple(_signer(one) for one in found)


def _signer(found: Any) -> Signed:
    if not isinstance(found, dict) or not found.keys() <= {"role", *PARTS}:
        names = ", ".join(["role", *PARTS])
        raise JsonRefused(f"Mỗi người ký là một đối tượng có các mục: {names}.", "signatures")
    words = {name: _text(found, name, PARTS.get(name, 200)) for name in ("role", *PARTS) if name != "until"}
    return Signed(**words, until=_day(found.get("until"), "until"))


def _day(value: Any, name: str = "document_date") -> date | None:
    if value is None or value == "":
        return None
    try:
        return date.fromisoformat(value) if len(value) == 10 else _not_a_day(name)
    except (TypeError, ValueError):
        return _not_a_day(name)


def _not_a_day(name: str) -> date:
    raise JsonRefused(f"{name} không đọc được là ngày; ghi năm-tháng-ngày, ví dụ 2025-07-01.", name)
