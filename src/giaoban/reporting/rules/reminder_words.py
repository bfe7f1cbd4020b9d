"""The words of reminders: plain text, the same in the product and by mail."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from giaoban.core.timeliness import timing, timing_words
from giaoban.core.vietnamese import day, sort_key
from giaoban.reporting.rules.reminding import Digest

NAMED: Final = 20
"""Units named in one line; the others are counted."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report in words."""

    unit: str
    form: str
    period: str
    due_on: date | None
    receiver: str = ""
    reason: str = ""
    simulated: bool = False


def digest_words(digest: Digest, reports: Mapping[int, Report], on: date) -> tuple[str, str]:
    """Subject and body of a digest."""
    own = [reports[one] for one in digest.own]
    late = [reports[one] for one in digest.late]
    escalated = [reports[one] for one in digest.escalated]
    parts = [
        *(_own(own, on) if own else []),
        *(_beneath("Đơn vị gửi chậm", late, on) if late else []),
        *(_beneath("Chậm kéo dài, báo lên cấp trên", escalated, on) if escalated else []),
    ]
    return _subject(own, late, escalated, on), "\n".join(parts).strip()


def _subject(own: Sequence[Report], late: Sequence[Report], escalated: Sequence[Report], on: date) -> str:
    overdue = sum(one.due_on is not None and one.due_on < on for one in own)
    words = (
        (overdue, f"{overdue} báo cáo phải gửi đã quá hạn"),
        (len(own) - overdue, f"{len(own) - overdue} báo cáo sắp đến hạn"),
        (len(late), f"{len(late)} báo cáo của đơn vị gửi chậm"),
        (len(escalated), f"{len(escalated)} báo cáo chậm kéo dài"),
    )
    return ", ".join(text for count, text in words if count)


def _own(reports: Sequence[Report], on: date) -> list[str]:
    """To send, unit by unit."""
    by_unit: defaultdict[str, list[Report]] = defaultdict(list)
    for one in reports:
        by_unit[one.unit].append(one)
    lines = [f"Báo cáo phải gửi: {len(reports)}"]
    for unit, held in by_unit.items():
        lines += [f"{unit}:", *(f"– {_called(one)}: {_when(one.due_on, on)}{_returned(one)}" for one in held)]
    return [*lines, ""]


def _beneath(title: str, reports: Sequence[Report], on: date) -> list[str]:
    """What others owe, gathered by receiver, form, period and deadline; the units by name."""
    groups: defaultdict[tuple[str, str, date | None], list[Report]] = defaultdict(list)
    for one in reports:
        groups[one.receiver, _called(one), one.due_on].append(one)
    units = len({one.unit for one in reports})
    lines = [f"{title}: {len(reports)} báo cáo của {units} đơn vị"]
    for (receiver, called, due_on), held in groups.items():
        names = _names([one.unit for one in held])
        lines.append(f"– {called}, gửi {receiver}: {_when(due_on, on)}: {len(held)} đơn vị: {names}")
    return [*lines, ""]


def _called(one: Report) -> str:
    return f"{one.form}, {one.period}{' (số liệu mô phỏng)' if one.simulated else ''}"


def _names(names: Sequence[str]) -> str:
    listed = sorted(names, key=sort_key)
    more = f" và {len(listed) - NAMED} đơn vị khác" if len(listed) > NAMED else ""
    return ", ".join(listed[:NAMED]) + more


def _when(due_on: date | None, on: date) -> str:
    """ "quá 3 ngày (hạn 10/04/2026)"."""
    words = timing_words(timing(due_on, None, on=on))
    return f"{words} (hạn {day(due_on)})" if due_on is not None else words


def _returned(one: Report) -> str:
    return f"; bị trả lại: {one.reason}" if one.reason else ""


def reminder_words(reports: Iterable[Report], note: str, sender: str, on: date) -> tuple[str, str]:
    """Subject and body when a receiver reminds somebody by hand."""
    held = list(reports)
    what = _called(held[0]) if len(held) == 1 else f"{len(held)} báo cáo"
    lines = [f"{sender} nhắc gửi báo cáo.", *(["", f"Lời nhắc: {note}"] if note else []), "", *_own(held, on)]
    return f"{sender} nhắc gửi {what}", "\n".join(lines).strip()


def returned_words(report: Report, sender: str, reason: str, cells: Sequence[str], on: date) -> tuple[str, str]:
    """Subject and body when a report comes back."""
    lines = [f"{sender} trả lại báo cáo của {report.unit}: {_called(report)}.", f"Lý do: {_ended(reason)}"]
    if cells:
        lines += ["", "Ô được đánh dấu:", *(f"– {one}" for one in cells)]
    when = f", {_when(report.due_on, on)}" if report.due_on is not None else ""
    return f"{sender} trả lại: {_called(report)}", "\n".join([*lines, "", f"Sửa rồi gửi lại{when}."])


def moved_words(reports: Sequence[tuple[Report, date | None]], sender: str, basis: str, reason: str) -> tuple[str, str]:
    """Subject and body when deadlines are moved: reports with the deadline that they had before."""
    first = reports[0][0]
    what = _called(first) if len(reports) == 1 else f"{len(reports)} báo cáo"
    lines = [f"{sender} đổi hạn gửi báo cáo.", ""]
    for one, before in reports:
        was = f" (trước là {day(before)})" if before is not None else ""
        lines.append(f"– {one.unit}, {_called(one)}: hạn mới {day(one.due_on) if one.due_on else 'không có'}{was}")
    return f"{sender} đổi hạn: {what}", "\n".join([*lines, "", f"Căn cứ: {_ended(basis)}", f"Lý do: {_ended(reason)}"])


def _ended(text: str) -> str:
    """With one full stop at its end."""
    return text.strip().rstrip(".") + "."
