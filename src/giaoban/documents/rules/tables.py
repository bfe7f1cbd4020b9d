"""Measures of a printed table: type size, column widths, upright or turned page – the same for PDF and DOCX.

Widths are estimated from the widths of letters in a Times-like face; a table that does not fit upright at the smallest
readable size asks for a landscape page.
"""

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

PORTRAIT_MM = 160.0
LANDSCAPE_MM = 247.0
FORM_MM = 267.0
PORTRAIT_POINTS = (12, 11, 10, 9)
LANDSCAPE_POINTS = (12, 11, 10, 9, 8)
POINT_MM = 25.4 / 72
PADDING_MM = 3.0
WIDEST_WISH_MM = 70.0
HEADER_LINES = 3
READABLE_POINTS, ROW_LINES = 10, 3  # smaller type rather than higher rows, as long as it is easy to read
FORM_POINTS = (12, 11, 10, 9)  # 8 only where a word would be cut at 9
FORM_PAGE_MM, FORM_HEADER_MM = 90.0, 60.0  # room beside head and signatures; more would be a page of headings
LINE_EM, BETWEEN_EM = 1.17, 0.5  # a line with its gap, the gap alone
TWIPS_PER_MM = 56.6929
NARROW, WIDE = frozenset("ijltfr.,;:'|!()[]-/ "), frozenset("mw%—…")


class RaggedTableError(ValueError):
    """A row is not as wide as its header: printing it would shift figures into the wrong column."""


def lay_out_table(table: Mapping[str, Any], *, landscape: bool, width_mm: float | None = None) -> dict[str, Any]:
    """A `PaperTable` with size, widths and rows of aligned cells. Raises RaggedTableError."""
    header: list[str] = table["header"]
    rows: list[list[str]] = table["rows"]
    total: list[str] | None = table["total_row"]
    align = [column_side(side) for side in table["align"]]
    refuse_ragged(table["title"], len(header), [align, *rows, *([total] if total else [])])
    columns = [
        Column.of([header[at]], [row[at] for row in rows] + ([total[at]] if total else []), align[at])
        for at in range(len(header))
    ]
    width = width_mm or (LANDSCAPE_MM if landscape else PORTRAIT_MM)
    sizes = LANDSCAPE_POINTS if landscape else PORTRAIT_POINTS
    most = largest_fitting(columns, width, sizes)
    smaller = [size for size in sizes if READABLE_POINTS <= size <= most] or [most]
    points = next((size for size in smaller if deepest(columns, rows, width, size) <= ROW_LINES), smaller[-1])
    return {
        "title": table["title"],
        "unit_note": table["unit_note"],
        "header_rows": [[{"text": text, "colspan": 1, "rowspan": 1} for text in header]],
        "column_numbers": [],
        "rows": [
            *(aligned(row, align, bold=False) for row in rows),
            *([aligned(total, align, bold=True)] if total else []),
        ],
        "notes": table["notes"],
        **measures(columns, width, points),
    }


def lay_out_form_tables(tables: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The `FormTable`s of one form, in the largest type in which it stands on one page with its signatures.

    A form that needs more pages has the largest type that leaves room for lines under its headings.
    """
    tried = [[lay_out_form_table(table, most=most) for table in tables] for most in FORM_POINTS]
    on_one_page = (laid for laid in tried if sum(map(table_mm, laid)) <= FORM_PAGE_MM)
    low_headings = (laid for laid in tried if max(map(header_mm, laid), default=0) <= FORM_HEADER_MM)
    return next(on_one_page, None) or next(low_headings, tried[-1])


def lay_out_form_table(
    table: Mapping[str, Any], *, width_mm: float = FORM_MM, most: int = LANDSCAPE_POINTS[0]
) -> dict[str, Any]:
    """A `FormTable` with size (at most `most`), widths and rows of aligned cells. Raises RaggedTableError."""
    align = [column_side(side) for side in table["align"]]
    numbers: list[str] = table["column_numbers"] or []
    leaves = leaf_labels(table["header_rows"], len(align))
    refuse_ragged(table["title"], len(align), [row["cells"] for row in table["rows"]] + ([numbers] if numbers else []))
    columns = [
        Column.of([leaves[at]], [row["cells"][at] for row in table["rows"]] + numbers[at : at + 1], align[at])
        for at in range(len(align))
    ]
    points = largest_fitting(columns, width_mm, [size for size in LANDSCAPE_POINTS if size <= most])
    return {
        "title": table["title"],
        "unit_note": table["unit_note"],
        "header_rows": table["header_rows"],
        "column_numbers": numbers,
        "rows": [aligned(row["cells"], align, bold=row["kind"] != "line") for row in table["rows"]],
        "notes": table["notes"],
        **measures(columns, width_mm, points),
    }


def deepest(columns: Sequence["Column"], rows: Sequence[Sequence[str]], width_mm: float, points: int) -> int:
    """Lines of the highest row."""
    widths = measures(columns, width_mm, points)["widths_mm"]
    return max(
        (lines_of(cell, wide, points) for row in rows for cell, wide in zip(row, widths, strict=True)), default=1
    )


def needs_landscape(table: Mapping[str, Any]) -> bool:
    """Whether a `PaperTable` is too wide for an upright page at the smallest size."""
    rows = [*table["rows"], *([table["total_row"]] if table["total_row"] else [])]
    refuse_ragged(table["title"], len(table["header"]), [table["align"], *rows])
    columns = [
        Column.of([label], [row[at] for row in rows], column_side(table["align"][at]))
        for at, label in enumerate(table["header"])
    ]
    return sum(column.least(PORTRAIT_POINTS[-1]) for column in columns) > PORTRAIT_MM


def refuse_ragged(title: str, width: int, rows: Iterable[Sequence[object]]) -> None:
    """Raise RaggedTableError at the first row of another width, and for a table without columns."""
    if width == 0:
        raise RaggedTableError(f"«{title}»: the table has no columns")
    for number, row in enumerate(rows, start=1):
        if len(row) != width:
            raise RaggedTableError(f"«{title}»: row {number} has {len(row)} cells, the header has {width}")


def leaf_labels(header_rows: Sequence[Sequence[Mapping[str, Any]]], width: int) -> list[str]:
    """The text of the lowest header cell over each column, "" where that cell spans several columns.

    Cells are placed as in HTML: each takes the first free place of its row. Raises RaggedTableError where gaps remain.
    """
    taken: dict[tuple[int, int], str] = {}
    for down, across, cell in placed(header_rows):
        for row in range(down, down + cell["rowspan"]):
            for column in range(across, across + cell["colspan"]):
                taken[row, column] = cell["text"] if cell["colspan"] == 1 else ""
    wanted = {(down, across) for down in range(len(header_rows)) for across in range(width)}
    if set(taken) != wanted:
        raise RaggedTableError(f"the header's cells do not fill {len(header_rows)} rows of {width} columns")
    return [taken[len(header_rows) - 1, across] if header_rows else "" for across in range(width)]


def placed(header_rows: Sequence[Sequence[Mapping[str, Any]]]) -> list[tuple[int, int, Mapping[str, Any]]]:
    """Each header cell with the row and the column of its upper left corner."""
    taken: set[tuple[int, int]] = set()
    found = []
    for down, cells in enumerate(header_rows):
        across = 0
        for cell in cells:
            while (down, across) in taken:
                across += 1
            found.append((down, across, cell))
            taken |= {
                (row, column)
                for row in range(down, down + cell["rowspan"])
                for column in range(across, across + cell["colspan"])
            }
    return found


def table_mm(laid: Mapping[str, Any]) -> float:
    """Estimated height of a laid out table with its titles and notes."""
    around = sum(6.0 for words in (laid["title"], laid["unit_note"], *laid["notes"]) if words)
    rows = (
        max(
            (
                cell_mm(cell["text"], width, laid["points"])
                for cell, width in zip(row["cells"], laid["widths_mm"], strict=True)
            ),
            default=0.0,
        )
        for row in laid["rows"]
    )
    return header_mm(laid) + sum(rows) + around


def header_mm(laid: Mapping[str, Any]) -> float:
    """Estimated height of the headings with the line of column numbers."""
    heights = [0.0] * len(laid["header_rows"])
    for down, across, cell in sorted(placed(laid["header_rows"]), key=lambda one: int(one[2]["rowspan"])):
        end = down + cell["rowspan"]
        width = sum(laid["widths_mm"][across : across + cell["colspan"]])
        heights[end - 1] += max(0.0, cell_mm(cell["text"], width, laid["points"]) - sum(heights[down:end]))
    return sum(heights) + (cell_mm("(1)", PORTRAIT_MM, laid["points"]) if laid["column_numbers"] else 0.0)


def cell_mm(text: str, width_mm: float, points: int) -> float:
    """Estimated height of a cell."""
    return (lines_of(text, width_mm, points) * LINE_EM - BETWEEN_EM) * points * POINT_MM + PADDING_MM


def lines_of(text: str, width_mm: float, points: int) -> int:
    """Lines of a cell that breaks its text between words."""
    lines, at = 1, 0.0
    for word in text.split():
        wide = em(word) * points * POINT_MM
        gap = em(" ") * points * POINT_MM if at else 0.0
        if at and at + gap + wide > width_mm - PADDING_MM:
            lines, at = lines + 1, wide
        else:
            at += gap + wide
    return lines


class Column:
    """How wide a column must be at least (its longest word) and would like to be, in em."""

    def __init__(self, word_em: float, wish_em: float) -> None:
        self.word_em, self.wish_em = word_em, wish_em

    @classmethod
    def of(cls, labels: Sequence[str], cells: Sequence[str], side: str) -> "Column":
        """side "right": a number is never broken, even where it holds a space."""
        words = [word for label in labels for word in label.split()]
        words += cells if side == "right" else [word for cell in cells for word in cell.split()]
        header_em = max((em(label) / HEADER_LINES for label in labels), default=0)
        return cls(max(map(em, words), default=0), max([header_em, *map(em, cells)]))

    def least(self, points: int) -> float:
        """Millimetres under which a word or number would be cut."""
        return self.word_em * points * POINT_MM + PADDING_MM

    def wish(self, points: int) -> float:
        """Millimetres at which no cell needs a second line, up to a limit."""
        return max(self.least(points), min(self.wish_em * points * POINT_MM + PADDING_MM, WIDEST_WISH_MM))


def largest_fitting(columns: Sequence[Column], width_mm: float, sizes: Sequence[int]) -> int:
    """The largest type size at which no word is cut; the smallest when none fits."""
    return next((points for points in sizes if sum(c.least(points) for c in columns) <= width_mm), sizes[-1])


def measures(columns: Sequence[Column], width_mm: float, points: int) -> dict[str, Any]:
    """Widths that fill the page: each column its least, the rest shared by what each would still like."""
    least = [column.least(points) for column in columns]
    more = [column.wish(points) - low for column, low in zip(columns, least, strict=True)]
    room = width_mm - sum(least)
    if room > 0 and sum(more) >= room:
        widths = [low + room * extra / sum(more) for low, extra in zip(least, more, strict=True)]
    else:
        wished = [low + extra for low, extra in zip(least, more, strict=True)] if room > 0 else least
        widths = [width * width_mm / sum(wished) for width in wished]
    return {
        "points": points,
        "half_points": points * 2,
        "widths_mm": [round(width, 2) for width in widths],
        "widths_twips": [round(width * TWIPS_PER_MM) for width in widths],
    }


def balanced(text: str, *, width_mm: float, points: int) -> str:
    """The text in lines of about equal length, as many as `width_mm` asks for.

    A heading's last line must not be one stray word.
    """
    lines = math.ceil(em(text) * points * POINT_MM / width_mm)
    words = text.split()
    broken = []
    while lines > 1 and len(words) > 1:
        share = em(" ".join(words)) / lines
        cut = min(range(1, len(words)), key=lambda at: abs(em(" ".join(words[:at])) - share))
        broken.append(" ".join(words[:cut]))
        words, lines = words[cut:], lines - 1
    return "\n".join([*broken, " ".join(words)])


def aligned(cells: Sequence[str], align: Sequence[str], *, bold: bool) -> dict[str, Any]:
    """A row as templates read it."""
    return {
        "bold": bold,
        "cells": [{"text": text, "align": side} for text, side in zip(cells, align, strict=True)],
    }


def column_side(side: str) -> str:
    """ "r" → "right", "l" → "left"."""
    return "right" if side == "r" else "left"


def em(text: str) -> float:
    """Estimated width of a text in em, bold face."""
    return sum(letter_em(letter) for letter in unicodedata.normalize("NFD", text))


def letter_em(letter: str) -> float:
    """Estimated width of one letter in em; combining marks take no room."""
    if unicodedata.combining(letter):
        return 0.0
    if letter in NARROW:
        return 0.34
    if letter in WIDE:
        return 0.95
    return 0.74 if letter.isupper() else 0.52
