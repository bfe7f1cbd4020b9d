"""Papers in the layout of Nghị định 30/2020/NĐ-CP: the data that templates take, and what is worked out of them.

The data are plain JSON values, so that they can be frozen beside the rendered file. Everything that both engines must
say in the same words (blanks for what is not known yet, numerals, the lines of an assignment) is worked out here, once.

Each paper names its kind under `paper`; data without it are given to the template as they are (a pack's own papers).
What nobody knows yet is None and prints as a dotted blank. A number, a date or a signer is never made up.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NotRequired, TypedDict

from giaoban.documents.rules.tables import PORTRAIT_MM, balanced, lay_out_form_tables, lay_out_table, needs_landscape

SIMULATED = "SỐ LIỆU MÔ PHỎNG"
NOT_A_LEGAL_FORM = "KHÔNG PHẢI BIỂU MẪU PHÁP LÝ"
BODY_MM, SUBJECT_MM, FORM_TITLE_MM = 68.0, 150.0, 108.0  # room for the issuing body, the subject, a form's title
DOTS = "…"
BLANK_NAME = "……………………………"
BLANK_PLACE = "…………………"
BLANK_NUMBER = "\u00a0" * 8
ROMAN = ((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))
KIND_NAMES = {"task": "Nhiệm vụ", "orientation": "Định hướng", "agreement": "Nhất trí"}
ASSIGNMENT_FIELDS = (
    ("what", "Nội dung công việc"),
    ("lead", "Chủ trì"),
    ("helpers", "Phối hợp"),
    ("due", "Thời hạn"),
    ("product", "Sản phẩm"),
)


Side = Literal["l", "r"]


class PaperDate(TypedDict):
    """A day of which parts may be open: None prints as dots ("ngày … tháng … năm 2026")."""

    day: int | None
    month: int | None
    year: int | None


class Signer(TypedDict):
    """authority_lines: "TM. …", "KT. …" above the title; title: office of the person who signs; name: full name."""

    authority_lines: list[str]
    title: str | None
    name: str | None


class Head(TypedDict):
    """What every paper carries.

    number, symbol: "12" and "TB-STP" give "Số: 12/TB-STP"; None is a blank; both keys absent: a paper without number.
    signer: None is a blank signature block; key absent: nobody signs. recipients: "Nơi nhận" without dashes, or none.
    simulated: a striped band on every page. generated: the moment in words ("02/10/2026 09:14").
    """

    superior: str | None
    body: str
    number: NotRequired[str | None]
    symbol: NotRequired[str | None]
    place: str | None
    date: PaperDate | None
    doc_type: str
    subject: str
    signer: NotRequired[Signer | None]
    recipients: list[str]
    simulated: bool
    simulated_note: str
    source_note: str
    generated: str


class PaperTable(TypedDict):
    """A plain table. `align` has one entry per column, "r" for numbers; every row is as wide as the header."""

    title: str
    unit_note: str
    header: list[str]
    align: list[Side]
    rows: list[list[str]]
    total_row: list[str] | None
    notes: list[str]


class PaperList(TypedDict):
    title: str
    items: list[str]


class Section(TypedDict):
    """A chapter of a briefing book, numbered I, II, … by its place. Prints paragraphs, tables, lists, in this order."""

    title: str
    paragraphs: list[str]
    tables: list[PaperTable]
    lists: list[PaperList]


class BriefingBook(Head):
    paper: Literal["briefing-book"]
    sections: list[Section]
    attachments: list[str]


class MeetingFact(TypedDict):
    label: str
    value: str


class Assignment(TypedDict):
    """Who does what; None prints as dots."""

    what: str
    lead: str
    helpers: str | None
    due: str | None
    product: str | None


class ConclusionParagraph(TypedDict):
    """`kind_name`: the pack's own word for the kind; absent: the usual one."""

    number: str
    text: str
    kind: Literal["task", "orientation", "agreement"]
    kind_name: NotRequired[str]
    assignments: list[Assignment]


class ConclusionNotice(Head):
    paper: Literal["conclusion-notice"]
    intro: list[str]
    meeting: list[MeetingFact]
    paragraphs: list[ConclusionParagraph]
    closing: str


class HeaderCell(TypedDict):
    text: str
    colspan: int
    rowspan: int


class FormRow(TypedDict):
    """kind: "total" prints bold, "group" bold, "line" plain."""

    kind: Literal["total", "group", "line"]
    cells: list[str]


class FormTable(TypedDict):
    """header_rows: cells in reading order, as in HTML (a cell hidden under a row span is not repeated).

    column_numbers: the row "A, 1, 2, …" that a legal form prints under its header; None: the form has none.
    """

    title: str
    unit_note: str
    header_rows: list[list[HeaderCell]]
    column_numbers: list[str] | None
    align: list[Side]
    rows: list[FormRow]
    notes: list[str]


class FormSignature(TypedDict):
    title: str
    hint: str
    name: str | None


class StatisticalForm(TypedDict):
    """A filled or consolidated statistical form: head of its own, not that of Nghị định 30.

    code, act: "17b/BTP/HTQTCT/CT", "Thông tư số 03/2019/TT-BTP ngày …"; both empty on a capture form.
    dates: lines under the act ("Ngày nhận báo cáo: …"). official: False puts the band "not a legal form" on every page;
    `official_note` says why. signatures: from left to right; place and date stand above the last.
    """

    paper: Literal["statistical-form"]
    code: str
    act: str
    dates: list[str]
    title: str
    period_lines: list[str]
    reporting_unit: str
    receiving_unit: str
    tables: list[FormTable]
    place: str | None
    date: PaperDate | None
    signatures: list[FormSignature]
    official: bool
    official_note: str
    simulated: bool
    simulated_note: str
    source_note: str
    generated: str


def lay_out(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the template reads, by the kind that the data name. Raises RaggedTableError; KeyError for an absent part."""
    return LAYOUTS[data["paper"]](data) if "paper" in data else data


def lay_out_briefing_book(book: BriefingBook) -> dict[str, Any]:
    """The book with numerals, table measures and blanks worked out: what its templates read."""
    wide = [any(needs_landscape(table) for table in section["tables"]) for section in book["sections"]]
    first_wide = wide.index(True) if True in wide else None
    sections = [
        {
            "heading": f"{roman(at + 1)}. {section['title']}",
            "paragraphs": section["paragraphs"],
            "tables": [lay_out_table(table, landscape=wide[at]) for table in section["tables"]],
            "lists": section["lists"],
            "landscape": wide[at],
            "turns_in": wide[at] and not (at and wide[at - 1]),
            "turns_out": wide[at] and not any(wide[at + 1 : at + 2]),
            "first_turn": at == first_wide,
        }
        for at, section in enumerate(book["sections"])
    ]
    return {
        **lay_out_head(book),
        "sections": sections,
        "has_landscape": first_wide is not None,
        "attachments": book["attachments"],
    }


def lay_out_conclusion_notice(notice: ConclusionNotice) -> dict[str, Any]:
    """The notice with blanks and assignments worked out: what its templates read."""
    return {
        **lay_out_head(notice),
        "intro": notice["intro"],
        "meeting": [f"{fact['label']}: {fact['value'] or DOTS}" for fact in notice["meeting"]],
        "paragraphs": [
            {
                "number": f"{paragraph['number'].rstrip('.')}.",
                "kind": f"({paragraph.get('kind_name') or KIND_NAMES[paragraph['kind']]})",
                "text": paragraph["text"],
                **lay_out_assignments(paragraph["assignments"]),
            }
            for paragraph in notice["paragraphs"]
        ],
        "closing": notice["closing"],
    }


def lay_out_statistical_form(form: StatisticalForm) -> dict[str, Any]:
    """The form with table measures, bands and blanks worked out: what its template reads."""
    bands = [NOT_A_LEGAL_FORM] * (not form["official"]) + [SIMULATED] * form["simulated"]
    return {
        "document_title": form["title"],
        "band": " · ".join(bands),
        "code_line": f"Biểu số: {form['code']}" if form["code"] else "",
        "act_line": f"Ban hành theo {form['act']}" if form["act"] else "",
        "dates": form["dates"],
        "title": balanced(form["title"].upper(), width_mm=FORM_TITLE_MM, points=14),
        "period_lines": form["period_lines"],
        "reporting_unit": form["reporting_unit"] or BLANK_NAME,
        "receiving_unit": form["receiving_unit"] or BLANK_NAME,
        "tables": lay_out_form_tables(form["tables"]),
        "date_line": date_line(form["place"], form["date"]),
        "signatures": [
            {"title": block["title"].upper(), "hint": block["hint"], "name": block["name"] or BLANK_NAME}
            for block in form["signatures"]
        ],
        "remarks": [note for note in (form["official_note"], form["simulated_note"]) if note],
        "footer": footer(form["source_note"], form["generated"]),
    }


def lay_out_head(head: Head) -> dict[str, Any]:
    """The common head and tail with every blank written out."""
    signer = head.get("signer")
    return {
        "document_title": f"{head['doc_type']} {head['subject']}".strip(),
        "band": SIMULATED if head["simulated"] else "",
        "superior": balanced((head["superior"] or "").upper(), width_mm=BODY_MM, points=12),
        "body": balanced(head["body"].upper(), width_mm=BODY_MM, points=12),
        "number_line": number_line(head["number"], head.get("symbol")) if "number" in head else "",
        "date_line": date_line(head["place"], head["date"]),
        "doc_type": head["doc_type"].upper(),
        "subject": balanced(head["subject"], width_mm=SUBJECT_MM, points=14),
        "remarks": [head["simulated_note"]] if head["simulated"] and head["simulated_note"] else [],
        "signed": "signer" in head,
        "authority_lines": [line.upper() for line in signer["authority_lines"]] if signer else [],
        "signer_title": ((signer["title"] if signer else None) or BLANK_NAME).upper(),
        "signer_name": (signer["name"] if signer else None) or BLANK_NAME,
        "recipients": recipient_lines(head["recipients"]),
        "footer": footer(head["source_note"], head["generated"]),
    }


def lay_out_assignments(assignments: Sequence[Assignment]) -> dict[str, Any]:
    """Lines for what all units share, and a table (none or one) for what differs.

    One paragraph often goes to many units with the same work, day and product: these are said once, the units listed.
    """
    rows = [{field: str(assignment.get(field) or DOTS) for field, _ in ASSIGNMENT_FIELDS} for assignment in assignments]
    values = {field: [row[field] for row in rows] for field, _ in ASSIGNMENT_FIELDS}
    differing = [(field, label) for field, label in ASSIGNMENT_FIELDS if len(set(values[field])) > 1]
    listed = len(differing) == 1  # one part differs: its values fit in one line
    lines = [
        f"{label}: {'; '.join(dict.fromkeys(values[field]))}"
        for field, label in ASSIGNMENT_FIELDS
        if rows and (listed or len(set(values[field])) == 1)
    ]
    if listed or not differing:
        return {"lines": lines, "tables": []}
    left: list[Side] = ["l" for _ in differing]
    table = PaperTable(
        title="",
        unit_note="",
        header=["STT", *(label for _, label in differing)],
        align=["r", *left],
        rows=[[str(at), *(row[field] for field, _ in differing)] for at, row in enumerate(rows, start=1)],
        total_row=None,
        notes=[],
    )
    return {"lines": lines, "tables": [lay_out_table(table, landscape=False, width_mm=PORTRAIT_MM)]}


def number_line(number: str | None, symbol: str | None) -> str:
    """ "Số: 12/TB-STP"; the number or the symbol that is not known yet is a blank."""
    return f"Số: {number or BLANK_NUMBER}/{symbol or DOTS}"


def date_line(place: str | None, day: PaperDate | None) -> str:
    """ "Tây Ninh, ngày 02 tháng 10 năm 2026": unknown parts as dots; 0 before days to 9 and months to 2."""
    parts: PaperDate = day or {"day": None, "month": None, "year": None}
    day_words = f"{parts['day']:02d}" if parts["day"] else DOTS
    month = parts["month"]
    month_words = (f"{month:02d}" if month < 3 else str(month)) if month else DOTS
    return f"{place or BLANK_PLACE}, ngày {day_words} tháng {month_words} năm {parts['year'] or DOTS}"


def recipient_lines(recipients: Sequence[str]) -> list[str]:
    """Each with its dash and semicolon, the last with a full stop."""
    bare = [recipient.strip().rstrip(";.,") for recipient in recipients]
    return [f"- {name}{'.' if at == len(bare) else ';'}" for at, name in enumerate(bare, start=1)]


def footer(source_note: str, generated: str) -> str:
    """Where the content comes from and when it was printed; "" when neither is given."""
    source = f"Nguồn: {source_note}" if source_note else ""
    printed = f"Kết xuất: {generated}" if generated else ""
    return " · ".join(part for part in (source, printed) if part)


def roman(number: int) -> str:
    """1 → "I", 4 → "IV"; for the chapters of a paper (1 to 89)."""
    words = ""
    for value, letters in ROMAN:
        times, number = divmod(number, value)
        words += letters * times
    return words


LAYOUTS: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    "briefing-book": lay_out_briefing_book,
    "conclusion-notice": lay_out_conclusion_notice,
    "statistical-form": lay_out_statistical_form,
}
