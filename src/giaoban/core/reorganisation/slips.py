"""Slips of a table, the mends proposed for each, and what a person decided. Nothing here mends by itself."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from giaoban.core.reorganisation.table import Row, row_from_data

Severity = Literal["decide", "note"]

SLIP_KINDS: Final[Mapping[str, str]] = {
    "unknown-code": "Mã không có",
    "earlier-code": "Mã của năm trước",
    "lost-zeros": "Mã mất số 0 ở đầu",
    "shared-code": "Mã của nhiều nơi",
    "no-code": "Thiếu mã",
    "name-differs": "Tên không khớp mã",
    "parent-differs": "Ghi sai nơi trực thuộc",
    "two-spellings": "Một nơi ghi hai cách",
    "pair-twice": "Dòng lặp lại",
    "whole-to-several": "Toàn bộ vào nhiều nơi",
    "whole-and-part": "Lẫn toàn bộ và một phần",
    "part-unread": "Không đọc được phần",
    "part-alone": "Chỉ có một phần",
    "shares-for-some": "Chỉ vài phần có tỷ lệ",
    "shares-sum": "Tỷ lệ không cộng thành 1",
    "new-two-values": "Nơi mới ghi hai cách",
    "new-living": "Mã mới đang có nơi dùng",
    "new-unnamed": "Nơi mới thiếu tên hoặc loại",
    "new-kind": "Loại không có trong danh mục",
    "new-parent": "Nơi mới chưa rõ trực thuộc",
    "levels": "Nhập khác cấp",
    "left-empty": "Nơi không còn gì trực thuộc",
    "code-kept": "Mã cũ được giữ",
    "not-mentioned": "Không có trong bảng",
}
"""Kind → its name on screen, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a mend does to the rows: values written in the rows named, rows left out, rows added; none: left as told."""

    rows: tuple[int, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[int, ...] = ()
    add: tuple[Mapping[str, str], ...] = ()

    def to_data(self) -> dict[str, Any]:
        return {
            "rows": list(self.rows),
            "values": dict(self.values),
            "drop": list(self.drop),
            "add": [dict(one) for one in self.add],
        }


def change_from_data(data: Mapping[str, Any]) -> Change:
    return Change(
        rows=tuple(data.get("rows", ())),
        values=dict(data.get("values", {})),
        drop=tuple(data.get("drop", ())),
        add=tuple(dict(one) for one in data.get("add", ())),
    )


@dataclass(frozen=True, slots=True)
class Proposal:
    """One way to mend a slip. choice: names it among those of its slip ("1" is the first); words: as on a button."""

    choice: str
    words: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Slip:
    """Something in the table that does not fit the register or itself.

    rows: numbers in the file. told: what the table says; known: what the register says. asks: columns that a person
    may write instead of choosing. severity "note": stands without a decision, as its sentence says.
    """

    kind: str
    rows: tuple[int, ...]
    told: str
    known: str
    sentence: str
    proposals: tuple[Proposal, ...]
    severity: Severity = "decide"
    asks: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The same for the same words about the same rows: a decision holds when the table is examined again."""
        said = "\x1f".join((self.kind, ",".join(map(str, self.rows)), self.told, self.known))
        return f"{self.kind}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"

    @property
    def kind_name(self) -> str:
        return SLIP_KINDS[self.kind]

    def proposal(self, choice: str) -> Proposal | None:
        return next((one for one in self.proposals if one.choice == choice), None)


def proposals(*given: tuple[str, Sequence[Change]] | None) -> tuple[Proposal, ...]:
    """Numbered from "1"; those that are None are left out, and so are repetitions."""
    kept: dict[str, Sequence[Change]] = {}
    for one in given:
        if one is not None:
            kept.setdefault(one[0], one[1])
    return tuple(Proposal(str(at), words, tuple(changes)) for at, (words, changes) in enumerate(kept.items(), 1))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person chose for a slip. by, at: as shown; together: decided with all others of the kind in one act."""

    slip: str
    kind: str
    rows: tuple[int, ...]
    sentence: str
    words: str
    changes: tuple[Change, ...]
    order: int
    by: str = ""
    at: str = ""
    together: bool = False

    def to_data(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "rows": list(self.rows),
            "sentence": self.sentence,
            "words": self.words,
            "changes": [change.to_data() for change in self.changes],
            "order": self.order,
            "by": self.by,
            "at": self.at,
            "together": self.together,
        }


def decision_from_data(slip: str, data: Mapping[str, Any]) -> Decision:
    return Decision(
        slip=slip,
        kind=data["kind"],
        rows=tuple(data["rows"]),
        sentence=data["sentence"],
        words=data["words"],
        changes=tuple(change_from_data(one) for one in data["changes"]),
        order=data["order"],
        by=data.get("by", ""),
        at=data.get("at", ""),
        together=data.get("together", False),
    )


def decided(rows: Iterable[Row], decisions: Iterable[Decision]) -> list[Row]:
    """The rows after what was decided, in the order of deciding. A row that is no longer there is passed over."""
    held = {row.number: row for row in rows}
    last = max(held, default=0)
    for decision in sorted(decisions, key=lambda one: one.order):
        for change in decision.changes:
            for number in change.rows:
                if number in held:
                    held[number] = held[number].with_values(change.values)
            for number in change.drop:
                held.pop(number, None)
            for values in change.add:
                number = int(values.get("number", last + 1))
                last = max(last, number)
                held[number] = row_from_data({**values, "number": number})
    return list(held.values())


def numbered(changes: Iterable[Change], after: int) -> tuple[Change, ...]:
    """The changes with a number for every row that they add, from `after` + 1: taking another back moves none."""
    found = []
    for change in changes:
        add = tuple({**values, "number": str(after + at)} for at, values in enumerate(change.add, 1))
        after += len(add)
        found.append(replace(change, add=add))
    return tuple(found)


def last_number(rows: Iterable[Row], decisions: Iterable[Decision]) -> int:
    """The highest number of a row, read or added."""
    added = (int(values["number"]) for one in decisions for change in one.changes for values in change.add)
    return max([0, *(row.number for row in rows), *added])


def rows_words(numbers: Sequence[int], most: int = 4) -> str:
    """ "dòng 7", "các dòng 3, 4 và 12 dòng khác"; "" for none."""
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"dòng {numbers[0]}"
    shown = numbers if len(numbers) <= most + 1 else numbers[:most]
    words = ", ".join(str(number) for number in shown)
    rest = len(numbers) - len(shown)
    return f"các dòng {words}" + (f" và {rest} dòng khác" if rest else "")
