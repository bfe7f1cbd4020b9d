"""The chapters of a briefing book, built from what the rooms below read. Each says so when it has nothing to say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils import timezone

from giaoban.core.consolidation import CellTotal
from giaoban.core.forms import Column, Table
from giaoban.core.timeliness import timing_words
from giaoban.core.vietnamese import day, moment, number, percent
from giaoban.documents.rules.papers import PaperList, PaperTable, Section
from giaoban.monitoring.selectors import FindingCard
from giaoban.reporting.selectors import CellKey, ConsolidatedLine, ConsolidatedTable, LateAndMissing
from giaoban.tasks.selectors import TaskCard

NIL, NOT_APPLICABLE, BLANK, NO_FIGURE, NOT_ADDED = "–0–", "×", "trống", "chưa có", "không cộng"
SIMULATED = "(số liệu mô phỏng)"
ESTIMATED = "gồm ước"
ESTIMATE_NOTE = f"“{ESTIMATED} …”: phần ước tính nằm trong số đứng trước, chưa phải số đã thực hiện."


@dataclass(frozen=True, slots=True)
class Result:
    """A consolidated table with the one it is compared with (None: nothing to compare, `why_not` says why).

    how: how the earlier figures were read in the geography of the later ones.
    """

    table: ConsolidatedTable
    before: ConsolidatedTable | None
    why_not: str = ""
    how: str = ""


@dataclass(frozen=True, slots=True)
class Reception:
    """Who was late and who is missing, for one form and period."""

    form_title: str
    period_label: str
    found: LateAndMissing


@dataclass(frozen=True, slots=True)
class DraftTask:
    """A task that the meeting is asked to adopt; `missing` names the clears that it lacks."""

    number: str
    text: str
    what: str
    leads: str
    helpers: str
    due: str
    product: str
    missing: tuple[str, ...]


def table(
    title: str,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[int] = (),
    total_row: Sequence[str] | None = None,
    unit_note: str = "",
    notes: Sequence[str] = (),
) -> PaperTable:
    """A plain table; `numbers`: positions of the right-aligned columns."""
    return {
        "title": title,
        "unit_note": unit_note,
        "header": list(header),
        "align": ["r" if position in numbers else "l" for position in range(len(header))],
        "rows": [list(row) for row in rows],
        "total_row": list(total_row) if total_row is not None else None,
        "notes": list(notes),
    }


def section(
    title: str,
    *,
    paragraphs: Sequence[str] = (),
    tables: Sequence[PaperTable] = (),
    lists: Sequence[PaperList] = (),
) -> Section:
    return {"title": title, "paragraphs": list(paragraphs), "tables": list(tables), "lists": list(lists)}


def labelled(words: str, *, simulated: bool) -> str:
    """The words, marked when what they speak of is simulated: beside each row, whatever the paper's band says."""
    return f"{words} {SIMULATED}" if simulated else words


def _estimate_notes(rows: Sequence[Sequence[str]]) -> list[str]:
    """How to read the cells that hold an estimated part; nothing when there are none."""
    return [ESTIMATE_NOTE] if any(ESTIMATED in cell for row in rows for cell in row) else []


# Results, with comparison


def results_section(results: Sequence[Result]) -> Section:
    """What the units reported, consolidated, each table with its coverage and its comparison."""
    title = "Kết quả thực hiện"
    if not results:
        return section(title, paragraphs=["Không có biểu nào được báo cáo cho kỳ này."])
    paragraphs: list[str] = []
    tables: list[PaperTable] = []
    for result in results:
        paragraphs.append(_coverage_sentence(result.table))
        for part in result.table.form.tables:
            tables.extend(_result_tables(result.table, part))
        if result.before is not None:
            tables.append(_comparison(result.table, result.before, result.how))
        elif result.why_not:
            paragraphs.append(f"{result.table.form.title}: không so sánh với cùng kỳ. {result.why_not}")
    return section(title, paragraphs=paragraphs, tables=tables)


def _coverage_sentence(held: ConsolidatedTable) -> str:
    words = f"{held.form.title}, {held.period.label}: tổng hợp từ {held.coverage_words} đơn vị"
    missing = held.coverage.missing_names if held.coverage else ()
    words += f"; chưa có: {', '.join(missing)}." if missing else "."
    words = labelled(words, simulated=held.simulated)
    if held.incomplete_reason:
        words += f" Chưa đầy đủ: {held.incomplete_reason}"
    return f"{words} Số liệu đến {moment(timezone.localtime(held.changed_at or held.as_of))}, {held.method}."


def _result_tables(held: ConsolidatedTable, part: Table) -> list[PaperTable]:
    """One row of figures: units down, columns across. Several rows: the rows down, the total of all units."""
    columns = part.numeric
    if not columns:
        return []
    title = " – ".join(dict.fromkeys(text for text in (held.form.title, part.title) if text))
    note = ", ".join(dict.fromkeys(column.unit for column in columns if column.unit))
    header = [_heading(column, one_unit=len({column.unit for column in columns}) == 1) for column in columns]
    numbers = range(1, len(columns) + 1)
    if part.only_row is not None:
        keys = [(part.id, part.only_row.id, "", column.id) for column in columns]
        rows = [[labelled(line.label, simulated=line.simulated), *_cells(line, keys, columns)] for line in held.lines]
        total = ["Tổng cộng", *_cells(held.total, keys, columns)]
        notes = _estimate_notes([*rows, total])
        return [table(title, ["Đơn vị", *header], rows, numbers=numbers, total_row=total, unit_note=note, notes=notes)]
    rows = [
        [row.label, *_cells(held.total, [(part.id, row.id, "", column.id) for column in columns], columns)]
        for row in part.fixed_rows
    ]
    if not rows:
        return []
    return [table(title, ["Nội dung", *header], rows, numbers=numbers, unit_note=note, notes=_estimate_notes(rows))]


def _heading(column: Column, *, one_unit: bool) -> str:
    label = " – ".join([*column.parent, column.label])
    return label if one_unit or not column.unit else f"{label} ({column.unit})"


def _cells(line: ConsolidatedLine, keys: Sequence[CellKey], columns: Sequence[Column]) -> list[str]:
    return [cell_words(line.cells.get(key), column.scale) for key, column in zip(keys, columns, strict=True)]


def cell_words(cell: CellTotal | None, scale: int) -> str:
    """A consolidated cell as a paper prints it: a number with the estimated part in it told apart, or which of the four
    ways there is none."""
    if cell is None or cell.state == "missing":
        return NO_FIGURE
    if cell.state != "reported":
        return {"nil": NIL, "na": NOT_APPLICABLE, "blank": BLANK}[cell.state]
    if cell.total is None:
        return NOT_ADDED
    estimate = f" ({ESTIMATED} {number(cell.estimate, scale)})" if cell.estimate else ""
    return f"{number(cell.total, scale)}{estimate}"


def _comparison(now: ConsolidatedTable, before: ConsolidatedTable, how: str) -> PaperTable:
    """The totals of all units beside those of the same period of the year before; a rate differs in points, a count
    also in per cent. What is known to be lacking in the earlier ones stands in the notes."""
    rows = []
    for part in now.form.tables:
        for row in part.fixed_rows:
            for column in part.numeric:
                key = (part.id, row.id, "", column.id)
                label = " – ".join(dict.fromkeys(text for text in (row.label, column.label) if text))
                rows.append([label, *_compared(now.total.cells.get(key), before.total.cells.get(key), column)])
    header = ["Nội dung", now.period.label, before.period.label, "Chênh lệch", "Tỷ lệ so với cùng kỳ năm trước"]
    notes = [f"Kỳ này có {now.coverage_words}, kỳ so sánh có {before.coverage_words} đơn vị báo cáo."]
    notes += [f"Số của kỳ so sánh: {how}"] if how else []
    notes += lacking_words(before)
    notes += _estimate_notes(rows)
    return table(f"So sánh: {now.form.title}", header, rows, numbers=range(1, 5), notes=notes)


def lacking_words(held: ConsolidatedTable) -> list[str]:
    """What is known to be lacking in a table of a period that is compared with, and what it leaves out on purpose."""
    said = [f"{held.period.label}, chưa đầy đủ: {held.incomplete_reason}"] if held.incomplete_reason else []
    if held.absent and not held.incomplete_reason:
        said.append(f"{held.period.label}, không có số liệu của: {', '.join(held.absent)}.")
    if held.not_summed:
        said.append(f"{held.period.label}, không cộng {', '.join(held.not_summed)}: số của đơn vị trực thuộc đã có.")
    return said


def _compared(now: CellTotal | None, before: CellTotal | None, column: Column) -> list[str]:
    words = [cell_words(now, column.scale), cell_words(before, column.scale)]
    held = now.amount if now else None
    base = before.amount if before else None
    if held is None or base is None:
        return [*words, "", ""]
    difference = held - base
    signed = f"{'+' if difference > 0 else ''}{number(difference, column.scale)}"
    if column.roll_up == "rate":
        return [*words, f"{signed} điểm", ""]
    return [*words, signed, percent(Decimal(100) * held / base) if base else "cùng kỳ bằng 0"]


# Late and missing


def reception_section(receptions: Sequence[Reception]) -> Section:
    """Who sent late and who did not send, by name."""
    title = "Báo cáo muộn và chưa có"
    if not receptions:
        return section(title, paragraphs=["Không có báo cáo nào phải nhận cho kỳ này."])
    paragraphs, tables, lists = [], [], []
    for one in receptions:
        late, missing = one.found.late, one.found.missing
        paragraphs.append(
            f"{one.form_title}, {one.period_label}: đã nhận {one.found.received}/{one.found.expected}; "
            f"muộn {len(late)}, chưa có {len(missing)}."
        )
        if late:
            rows = [
                [
                    labelled(row.unit.name, simulated=row.simulated),
                    day(row.due_on) if row.due_on else "không có hạn",
                    moment(timezone.localtime(row.received_at)) if row.received_at else "",
                    timing_words(row.timing),
                ]
                for row in late
            ]
            tables.append(table(f"Gửi muộn: {one.form_title}", ["Đơn vị", "Hạn", "Nhận lúc", "Muộn"], rows))
        if missing:
            items = [
                labelled(f"{row.unit.name} ({timing_words(row.timing)})", simulated=row.simulated) for row in missing
            ]
            lists.append(PaperList(title=f"Chưa có báo cáo: {one.form_title}", items=items))
    return section(title, paragraphs=paragraphs, tables=tables, lists=lists)


# Watch list


def watch_section(findings: Sequence[FindingCard]) -> Section:
    """Confirmed findings, weak spots and good models apart, each with value, comparison and reason."""
    title = "Danh mục theo dõi"
    if not findings:
        return section(title, paragraphs=["Không có phát hiện nào đã được xác nhận cho kỳ này."])
    tables = []
    for kind in dict.fromkeys(finding.kind_name for finding in findings):
        rows = [
            [
                labelled(finding.unit.name, simulated=finding.simulated),
                finding.indicator_name,
                _measure(finding.value, finding),
                _measure(finding.reference, finding),
                finding.reason,
            ]
            for finding in findings
            if finding.kind_name == kind
        ]
        header = ["Đơn vị", "Chỉ số", "Giá trị", "Mức so sánh", "Lý do"]
        tables.append(table(kind[:1].upper() + kind[1:], header, rows, numbers=(2, 3)))
    said = "Mỗi phát hiện do quy tắc theo dõi đề xuất và đã có người xác nhận."
    return section(title, paragraphs=[said], tables=tables)


def _measure(value: Decimal | None, finding: FindingCard) -> str:
    return f"{number(value, finding.scale)} {finding.unit_of_measure}".strip() if value is not None else NO_FIGURE


# Open tasks, draft tasks


def open_tasks_section(cards: Sequence[TaskCard], on: date) -> Section:
    """Tasks that are not done by all their units, with who is behind."""
    title = "Nhiệm vụ chưa hoàn thành"
    if not cards:
        return section(title, paragraphs=["Không còn nhiệm vụ nào chưa hoàn thành."])
    rows = [
        [
            labelled(card.title, simulated=bool(card.simulated_note)),
            card.due_words,
            f"{card.roll_up.done}/{card.roll_up.total}",
            ", ".join(unit.short_name for unit in card.roll_up.open_overdue) or "không",
            card.origin.label,
        ]
        for card in cards
    ]
    header = ["Nhiệm vụ", "Hạn", "Đã hoàn thành", "Quá hạn", "Nguồn giao"]
    behind = sum(len(card.roll_up.open_overdue) for card in cards)
    said = f"Tính đến {day(on)}: {len(cards)} nhiệm vụ còn phần việc chưa hoàn thành, {behind} phần việc quá hạn."
    return section(title, paragraphs=[said], tables=[table("", header, rows, numbers=(2,))])


def draft_tasks_section(drafts: Sequence[DraftTask]) -> Section:
    """Tasks laid before the meeting, what each lacks marked before it is adopted (R67)."""
    title = "Dự thảo nhiệm vụ"
    if not drafts:
        return section(title, paragraphs=["Không có dự thảo nhiệm vụ nào được trình trước cuộc họp."])
    rows = [
        [
            draft.number,
            draft.what or draft.text,
            draft.leads or "…",
            draft.helpers or "…",
            draft.due or "…",
            draft.product or "…",
            ", ".join(draft.missing) or "đủ",
        ]
        for draft in drafts
    ]
    header = ["Số", "Việc", "Chủ trì", "Phối hợp", "Thời hạn", "Sản phẩm", "Còn thiếu"]
    return section(title, tables=[table("", header, rows)])
