"""Findings and states in the words of the form, ready for the lists beside a table."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from giaoban.core.issues import Cell, Issue, sentence
from giaoban.core.vietnamese import capital_first
from giaoban.kit.templatetags.gb import SIGN_OF_SEVERITY, IssueLine, cell_anchor
from giaoban.reporting.rules import STATE_NAMES, ReportState, column_of, issue_key, warnings_in
from giaoban.reporting.selectors import WaiverCard
from giaoban.reporting.web.shaping.layout import Labels

STATE_SIGNS: Mapping[ReportState, str] = {
    ReportState.MISSING: "none",
    ReportState.DRAFT: "none",
    ReportState.SENT: "run",
    ReportState.RETURNED: "back",
    ReportState.ACCEPTED: "done",
}
# So many blank cells are named one by one; more are counted, with a link to the first.
BLANKS_NAMED = 5


def state_words(state: ReportState) -> str:
    return capital_first(STATE_NAMES[state])


def issue_lines(
    labels: Labels,
    issues: Iterable[Issue],
    *,
    linked: bool = True,
    waivers: Mapping[str, WaiverCard] = MappingProxyType({}),
) -> list[IssueLine]:
    """Findings as lines that name the place in the words of the form and jump to it; many blanks become one line, as do
    many lines that a report does not have.

    waivers: those that stand, by `rules.issue_key`: who waived it, why and until when goes with the line.
    """
    issues = list(issues)
    blanks = [issue for issue in issues if issue.code == "required-blank" and issue.severity == "error"]
    gathered = len(blanks) > BLANKS_NAMED
    absent = [issue for issue in issues if issue.code == "line-absent"]
    skipped = {id(issue) for issue in blanks} if gathered else set()
    if len(absent) > BLANKS_NAMED:
        skipped |= {id(issue) for issue in absent}
    lines = [_line(labels, issue, linked=linked, waivers=waivers) for issue in issues if id(issue) not in skipped]
    if gathered:
        text = f"{len(blanks)} ô bắt buộc còn trống; ô đầu tiên: {labels.cell(blanks[0].at)}. Nhập số, “-” hoặc “x”."
        lines.insert(0, IssueLine("error", SIGN_OF_SEVERITY["error"], text, _url(blanks[0].at) if linked else ""))
    if len(absent) > BLANKS_NAMED:
        lines.append(IssueLine("note", SIGN_OF_SEVERITY["note"], absent_words(labels, absent), ""))
    return lines


def absent_words(labels: Labels, absent: Sequence[Issue]) -> str:
    """One sentence for many lines that a report does not have."""
    return f"{len(absent)} đơn vị trực thuộc chưa có dòng, đơn vị đầu tiên: {labels.cell(absent[0].at)}."


def _line(labels: Labels, issue: Issue, *, linked: bool, waivers: Mapping[str, WaiverCard]) -> IssueLine:
    text = sentence(issue, place=labels.cell(issue.at))
    waiver = waivers.get(issue_key(issue)) if issue.severity == "note" else None
    if waiver is not None:
        text = f"{text} {waiver.words}"
    return IssueLine(issue.severity, SIGN_OF_SEVERITY[issue.severity], text, _url(issue.at) if linked else "")


def cell_line(labels: Labels, name: str, words: str) -> IssueLine:
    """A line about a cell by its name among typed texts, that jumps to it; about the words beside the table, plain."""
    parts = name.split("/")
    if column_of(labels.form, name) is None:
        return IssueLine("error", SIGN_OF_SEVERITY["error"], words, "")
    at = Cell(parts[0], parts[1], parts[2], parts[3])
    return IssueLine("error", SIGN_OF_SEVERITY["error"], f"{capital_first(labels.cell(at))}: {words}", _url(at))


def _url(at: Cell) -> str:
    return f"#{cell_anchor(at)}" if at.table and at.column else ""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A warning with the unit's words on it. `name`: of the text field; `missing`: sending waits for the words.

    verdict: "accepted", "declined" or "" while the receiver said nothing; `said`: what it said, by whom.
    """

    key: str
    name: str
    text: str
    url: str
    words: str
    missing: bool
    verdict: str = ""
    said: str = ""
    note: str = ""


def explanations(
    labels: Labels,
    issues: Iterable[Issue],
    words: Mapping[str, str],
    missing: Collection[str] = (),
    verdicts: Mapping[str, Any] = MappingProxyType({}),
) -> list[Explanation]:
    """The warnings that ask for words. missing: keys of those for which sending was refused; verdicts: as stored."""
    return [
        Explanation(
            key=issue_key(issue),
            name=f"giai-trinh/{issue_key(issue)}",
            text=sentence(issue, place=labels.cell(issue.at)),
            url=_url(issue.at),
            words=words.get(issue_key(issue), ""),
            missing=issue_key(issue) in missing,
            **_verdict(verdicts.get(issue_key(issue))),
        )
        for issue in warnings_in(issues)
    ]


def _verdict(stored: Mapping[str, Any] | None) -> dict[str, str]:
    if stored is None:
        return {}
    word = "Đã chấp nhận" if stored["accepted"] else "Không chấp nhận"
    note = stored["note"]
    return {
        "verdict": "accepted" if stored["accepted"] else "declined",
        "said": f"{word}, {stored['by']}{f': “{note}”' if note else ''}",
        "note": note,
    }


@dataclass(frozen=True, slots=True)
class MarkedCell:
    """A cell that the receiver marked: its name, the path in the words of the form, and what about it."""

    name: str
    path: str
    url: str
    note: str

    @property
    def line(self) -> IssueLine:
        return IssueLine("error", "back", f"{self.path}{f': {self.note}' if self.note else ''}", self.url)


def marked_cells(labels: Labels, marks: Iterable[Mapping[str, str]]) -> list[MarkedCell]:
    """Marked cells as they are stored, in words; a cell that the form no longer has is left out."""
    found = []
    for mark in marks:
        parts = mark["cell"].split("/")
        if column_of(labels.form, mark["cell"]) is not None:
            at = Cell(parts[0], parts[1], parts[2], parts[3])
            part = ", phần ước" if len(parts) == 5 else ""
            found.append(MarkedCell(mark["cell"], f"{capital_first(labels.cell(at))}{part}", _url(at), mark["note"]))
    return found


def counted(issues: Sequence[Issue]) -> str:
    """ "2 lỗi, 1 cảnh báo", or that there is nothing."""
    errors = sum(issue.severity == "error" for issue in issues)
    warnings = sum(issue.severity == "warning" for issue in issues)
    parts = [f"{count} {word}" for count, word in ((errors, "lỗi"), (warnings, "cảnh báo")) if count]
    return ", ".join(parts) or "không có lỗi"
