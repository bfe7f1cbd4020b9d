"""Which findings may be waived for one report, and what a waiver makes of them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Final

from giaoban.core.issues import Issue
from giaoban.core.vietnamese import capital_first
from giaoban.reporting.rules.explaining import issue_key

CHECK_WORDS: Final[Mapping[str, str]] = {
    "required-blank": "ô bắt buộc còn trống",
    "part-exceeds-whole": "phần “trong đó” lớn hơn số chung",
    "total-mismatch": "tổng không bằng cộng các phần",
    "estimate-total-mismatch": "tổng phần ước tính không bằng cộng các phần",
    "computed-mismatch": "số ghi khác số tính theo công thức của biểu",
    "formula-fails": "không thỏa điều kiện của biểu",
    "large-change": "thay đổi nhiều so với kỳ so sánh",
    "far-from-peers": "cách xa mức chung của các đơn vị cùng nơi nhận",
}
"""What may be waived, in words without figures: checks of values against each other and of completeness. Every other
finding is a fault of what was written, not of what it says: a report that has one cannot be stored or read as its form
means."""


def check_words(issue: Issue, *, place: str | None = None) -> str:
    """Which check it is and where, without the figures that it found. place: the cell in the labels of the form."""
    formula = issue.params.get("formula")
    what = f"không thỏa điều kiện {formula}" if formula else CHECK_WORDS[issue.code]
    where = issue.at.address() if place is None else place
    return capital_first(f"{where}: {what}" if where else what)


def may_be_waived(issue: Issue) -> bool:
    """A check of values against each other or of completeness, that holds a report back or asks for words."""
    return issue.severity != "note" and bool(issue.at.table) and issue.code in CHECK_WORDS


def without_waived(issues: Iterable[Issue], waived: Collection[str]) -> list[Issue]:
    """The findings, those under a standing waiver (by `issue_key`) as notes: they are said, and hold nothing back."""
    return [replace(one, severity="note") if may_be_waived(one) and issue_key(one) in waived else one for one in issues]


def stands(until: date, *, withdrawn: bool, on: date) -> bool:
    """Whether a waiver holds on a day; `until` is the last."""
    return not withdrawn and on <= until
