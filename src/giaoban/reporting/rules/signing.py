"""Who signs a report and in what capacity: which abbreviations go before which office, and what each must name.

Nghị định 30/2020/NĐ-CP. TM.: for a body that decides together. KT.: a deputy for the head. Q.: who is given the powers
of the head. TL.: by order of the head, which the one so ordered may hand to a deputy. TUQ.: under an authority that is
written, limited in time and not passed on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from giaoban.core.forms import FormDefinition

CAPACITIES: Final[Mapping[str, str]] = {
    "": "Ký với chức vụ của mình",
    "TM": "TM. Thay mặt tập thể, người đứng đầu ký",
    "TM-KT": "TM. … KT. Thay mặt tập thể, cấp phó ký thay",
    "KT": "KT. Cấp phó ký thay cấp trưởng",
    "Q": "Q. Được giao quyền cấp trưởng",
    "TL": "TL. Thừa lệnh",
    "TL-KT": "TL. … KT. Thừa lệnh, cấp phó ký thay",
    "TUQ": "TUQ. Thừa ủy quyền",
}
"""Every way to sign, in the order in which a page offers it; the second of two prefixes stands beneath the first."""

PRINCIPAL_NAMES: Final[Mapping[str, str]] = {
    "TM": "tên tập thể hoặc cơ quan được ký thay mặt",
    "TM-KT": "tên tập thể hoặc cơ quan được ký thay mặt",
    "KT": "chức vụ của người đứng đầu được ký thay",
    "Q": "chức vụ được giao quyền",
    "TL": "chức vụ của người đứng đầu ra lệnh",
    "TL-KT": "chức vụ của người đứng đầu ra lệnh",
    "TUQ": "chức vụ của người đứng đầu đã ủy quyền",
}
PARTS: Final[Mapping[str, int]] = {
    "name": 200,
    "capacity": 8,
    "principal": 200,
    "deputised": 200,
    "title": 200,
    "authority": 300,
    "until": 10,
}
"""What a page asks of one signer → the most characters of it."""
NUMBER: Final = "document_number"
DAY: Final = "document_date"
AMENDMENT_REASON: Final = "amendment_reason"
OTHER_PAPERS: Final[Mapping[str, int]] = {NUMBER: 80, DAY: 10, AMENDMENT_REASON: 2000}


@dataclass(frozen=True, slots=True)
class Signed:
    """One block of a form. principal: the body or office that stands behind the first prefix; deputised: the office
    behind a second prefix; title: the signer's own, printed under them. authority, until: of a TUQ., its last day.
    """

    role: str
    name: str
    capacity: str = ""
    principal: str = ""
    deputised: str = ""
    title: str = ""
    authority: str = ""
    until: date | None = None

    @property
    def lines(self) -> tuple[str, ...]:
        """What stands above the name: the prefixes with their offices, then the signer's title, else the role."""
        first, _, second = self.capacity.partition("-")
        above = [f"{first}. {self.principal}"] if first else []
        below = [f"{second}. {self.deputised}"] if second else []
        title = [self.title] if self.title and first != "Q" else []
        return (*above, *below, *title) or (self.role,)

    def as_data(self) -> dict[str, str]:
        """For storing; what is not said is left out."""
        words = {one.name: getattr(self, one.name).strip() for one in fields(self) if one.name != "until"}
        words["until"] = self.until.isoformat() if self.until else ""
        return {name: text for name, text in words.items() if text}


Signature = tuple[str, str] | Signed
"""A role as the form prints it and the name of the person, or with the capacity too."""


@dataclass(frozen=True, slots=True)
class SigningFault:
    """part: one of `PARTS`, the field that the sentence is about."""

    role: str
    part: str
    sentence: str


def signed_of(signature: Signature) -> Signed:
    return signature if isinstance(signature, Signed) else Signed(*signature)


def signed_from(data: Mapping[str, Any]) -> Signed:
    """A stored block; those of earlier versions of the program have a role and a name only."""
    until = data.get("until")
    words = {name: str(data.get(name, "")) for name in (*PARTS, "role") if name != "until"}
    return Signed(**words, until=date.fromisoformat(until) if until else None)


def signing_faults(roles: Sequence[str], signatures: Iterable[Signed], on: date) -> tuple[SigningFault, ...]:
    """What is wrong with the capacities of signers. on: the day of signing. The names themselves are not asked for."""
    faults: list[SigningFault] = []
    for one in signatures:
        faults.extend(SigningFault(one.role, part, words) for part, words in _faults(roles, one, on))
    return tuple(faults)


def _faults(roles: Sequence[str], one: Signed, on: date) -> list[tuple[str, str]]:
    if one.capacity not in CAPACITIES:
        return [("capacity", f"Không có cách ký “{one.capacity}”. Chọn một cách trong danh sách.")]
    if not one.capacity:
        return []
    if not roles or one.role != roles[-1]:
        words = "Ở mục này ai ký thì ghi tên người đó; chỉ mục ký cuối của biểu có ký thay mặt, ký thay, thừa lệnh."
        return [("capacity", words)]
    first, _, second = one.capacity.partition("-")
    faults = []
    if not one.principal.strip():
        faults.append(("principal", f"Ghi {PRINCIPAL_NAMES[one.capacity]}."))
    if second and not one.deputised.strip():
        faults.append(("deputised", "Ghi chức vụ của cấp trưởng được cấp phó ký thay."))
    if first != "Q" and not one.title.strip():
        faults.append(("title", "Ghi chức vụ của người ký, in dưới dòng ký thay."))
    if first == "TUQ":
        faults += _faults_of_authority(one, on)
    return faults


def _faults_of_authority(one: Signed, on: date) -> list[tuple[str, str]]:
    faults = []
    if one.deputised.strip():
        faults.append(("deputised", "Người được ủy quyền không được ủy quyền lại cho người khác ký. Bỏ phần này."))
    if not one.authority.strip():
        faults.append(("authority", "Ủy quyền phải bằng văn bản: ghi số, ký hiệu, ngày của văn bản ủy quyền."))
    if one.until is None:
        faults.append(("until", "Ủy quyền phải có thời hạn: ghi ngày cuối còn được ủy quyền."))
    elif one.until < on:
        words = f"Ủy quyền đã hết hạn ngày {one.until:%d/%m/%Y}. Người đứng đầu ký, hoặc ghi văn bản ủy quyền còn hạn."
        faults.append(("until", words))
    return faults


def paper_limit(form: FormDefinition, name: str) -> int | None:
    """The most characters of a paper's field by its name ("signer_1_title", "document_number"); None: no such field."""
    if name in OTHER_PAPERS:
        return OTHER_PAPERS[name]
    word, _, rest = name.partition("_")
    number, _, part = rest.partition("_")
    if word != "signer" or not number.isascii() or not number.isdigit() or len(number) > 2:
        return None
    return PARTS.get(part or "name") if int(number) < len(form.signatures) and part != "name" else None


def signer_field(number: int, part: str = "name") -> str:
    """The name of a signer's field on the entry page and in a draft."""
    return f"signer_{number}" if part == "name" else f"signer_{number}_{part}"


def papers_of(form: FormDefinition, signatures: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Stored blocks as the texts of the fields in which they are typed."""
    by_role = {one["role"]: one for one in signatures}
    return {
        signer_field(number, part): str(by_role[role][part])
        for number, role in enumerate(form.signatures)
        if role in by_role
        for part in PARTS
        if by_role[role].get(part)
    }
