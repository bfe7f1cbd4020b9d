"""A frozen report laid out for its templates: numerals of parts and fields, tables with their measures, blanks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from giaoban.briefs.rules.wording import NIL
from giaoban.documents.rules.papers import lay_out_head, roman
from giaoban.documents.rules.tables import PORTRAIT_MM, lay_out_table

NIL_WORDS: Final = "Không phát sinh."


def laid_out(head: Mapping[str, Any], content: Mapping[str, Any], *, show_sources: bool, draft: bool) -> dict[str, Any]:
    """What both templates read: the head of Nghị định 30, and a flat list of headings, paragraphs, items and tables.

    The last paragraph stays on the page of the signature: one that stood alone on a page would sign nothing.
    show_sources: after a paragraph that was taken from another unit, its name. draft: says so under the title.
    """
    parts: list[dict[str, Any]] = []
    last = None
    number = numbered = 0
    for section in content["sections"]:
        if section["part"] != last:
            number, numbered, last = number + 1, 0, section["part"]
            parts.append(_heading(1, f"{roman(number)}. {section['part_heading'].upper()}"))
        if section["heading"]:
            numbered += 1
            parts.append(_heading(2, f"{numbered}. {section['heading']}"))
        parts += _blocks(section, show_sources=show_sources)
    if parts and not content["attachments"]:
        parts[-1]["last"] = True
    laid = lay_out_head(head)  # type: ignore[arg-type]
    if draft:
        laid["remarks"] = ["(Dự thảo)", *laid["remarks"]]
    return {**laid, "parts": parts, "attachments": content["attachments"]}


def _heading(level: int, text: str) -> dict[str, Any]:
    return {"kind": f"h{level}", "text": text, "source": "", "tables": [], "last": False}


def _blocks(section: Mapping[str, Any], *, show_sources: bool) -> list[dict[str, Any]]:
    if section["nil"]:
        return [{"kind": "p", "text": NIL_WORDS, "source": "", "tables": [], "last": False}]
    found = []
    for block in section["blocks"]:
        origin = block["origin"]
        source = f"({origin['unit']})" if show_sources and origin else ""
        if block["kind"] == "table":
            found.append(
                {"kind": "table", "text": "", "source": source, "tables": [_table(block["rows"])], "last": False}
            )
        else:
            found.append(
                {"kind": block["kind"], "text": block["rows"][0][0], "source": source, "tables": [], "last": False}
            )
    return found


def _table(rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A table as typed: the first row is the header, short rows are filled up; numbers go to the right."""
    width = max(len(row) for row in rows)
    even = [[*row, *[""] * (width - len(row))] for row in rows]
    header, body = even[0], even[1:]
    align = ["r" if body and all(_is_number(row[at]) for row in body) else "l" for at in range(width)]
    table = {
        "title": "",
        "unit_note": "",
        "header": header,
        "align": align,
        "rows": body,
        "total_row": None,
        "notes": [],
    }
    return lay_out_table(table, landscape=False, width_mm=PORTRAIT_MM)


def _is_number(text: str) -> bool:
    bare = text.replace("(mô phỏng)", "").replace(f"({NIL})", "").replace("%", "").strip()
    return bool(bare) and all(letter in "0123456789.,-+… " for letter in bare)
