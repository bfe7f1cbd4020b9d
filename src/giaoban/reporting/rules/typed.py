"""Figures as people type them, on a page or in a spreadsheet, and back.

A cell's text: a number as Vietnamese offices write it (`core.vietnamese.parse_number`), "-" for a declared nil, "x" for
not applicable, nothing for blank. The signs are those under Vietnamese statistical tables.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from giaoban.core import vietnamese
from giaoban.core.checks import SEPARATOR, subunit_issues
from giaoban.core.figures import (
    BLANK,
    NIL,
    NOT_APPLICABLE,
    Figure,
    Figures,
    Line,
    LineKey,
    Mark,
    blank_line,
    decimals,
    reported,
)
from giaoban.core.forms import Column, FormDefinition, Table
from giaoban.core.issues import Cell, Issue

NIL_SIGN: Final = "-"
NOT_APPLICABLE_SIGN: Final = "x"
ESTIMATE: Final = "estimate"
SHOWN_NIL, SHOWN_NOT_APPLICABLE = "–0–", "✕"
"""What a page shows, and sends back, for a declared nil and for "not applicable"."""
TOO_LARGE: Final = Decimal(10) ** 18
"""What is not stored, typed here or written in a file (`core.tidy`)."""

SHORT: Final = 19
"""A text of fewer digits and nothing else is a whole number below TOO_LARGE."""

_SIGNS: Final = {
    SHOWN_NIL: NIL_SIGN,
    "−": NIL_SIGN,
    SHOWN_NOT_APPLICABLE: NOT_APPLICABLE_SIGN,
    "×": NOT_APPLICABLE_SIGN,
}
_NIL_WORDS: Final = frozenset({"-", "–", "—", "nil"})
_NOT_APPLICABLE_WORDS: Final = frozenset({"x", "na"})


def text_key(table: str, row: str, subunit: str, column: str, *, estimate: bool = False) -> str:
    """Name of a cell among typed texts: "own/total//c1", or "own/total//c1/estimate" for the estimated part."""
    key = f"{table}/{row}/{subunit}/{column}"
    return f"{key}/{ESTIMATE}" if estimate else key


def plain_text(text: str, *, is_number: bool) -> str:
    """A text as the rules read it: a page's signs for nil and "not applicable" become the typed ones."""
    bare = text.strip()
    return _SIGNS.get(bare, bare) if is_number else bare


def shown_text(text: str) -> str:
    """The text of a number cell as a page shows it: the sign that people read for a mark, else as typed."""
    return {NIL_SIGN: SHOWN_NIL, NOT_APPLICABLE_SIGN: SHOWN_NOT_APPLICABLE}.get(text.strip().lower(), text)


def figures_from_texts(
    form: FormDefinition, texts: Mapping[str, str], places: Mapping[str, Cell] | None = None
) -> tuple[dict[LineKey, Line], list[Issue]]:
    """Read typed cells; the issues name cells that are no cells of the form and texts that are no figures.

    texts: by `text_key`. places: where each text stands in a file, by the same keys, so that issues can point there.
    Every fixed row gets a line; a dynamic line exists when one of its cells is filled.
    """
    lines: dict[LineKey, Line] = {}
    issues: list[Issue] = []
    for table in form.tables:
        for row in table.fixed_rows:
            lines[table.id, row.id, ""] = blank_line(table, row.id)
    for key, raw in texts.items():
        text = raw.strip()
        parts = key.split("/")
        if not text or (len(parts) == 5 and parts[4] == ESTIMATE):
            continue
        if len(parts) != 4:
            issues.append(_unreadable(form, key, parts))
            continue
        at = (places.get(key) if places else None) or Cell(parts[0], parts[1], parts[2], parts[3])
        place = _place(form, parts, at)
        if isinstance(place, Issue):
            issues.append(place)
            continue
        table, column = place
        line = lines.get((parts[0], parts[1], parts[2]))
        if line is None:
            line = lines[parts[0], parts[1], parts[2]] = blank_line(table, parts[1], parts[2])
        if not column.is_number:
            line.texts[column.id] = text
            continue
        figure = _figure(text, at, column, issues)
        if figure is not None:
            line.figures[table.positions[column.id]] = figure
    _add_estimates(form, texts, places or {}, lines, issues)
    return lines, issues


def texts_from_figures(form: FormDefinition, figures: Figures) -> dict[str, str]:
    """Figures as they would be typed; blank cells are left out."""
    texts: dict[str, str] = {}
    for (table_id, row, subunit), line in figures.items():
        table = form.table(table_id)
        for figure, column in zip(line.figures, table.numeric, strict=True):
            if figure.mark is not Mark.BLANK:
                typed = _typed(figure)
                if typed:
                    texts[text_key(table_id, row, subunit, column.id)] = typed
                if figure.estimate is not None:
                    key = text_key(table_id, row, subunit, column.id, estimate=True)
                    texts[key] = vietnamese.number(figure.estimate)
        for column_id, text in line.texts.items():
            texts[text_key(table_id, row, subunit, column_id)] = text
    return texts


def _typed(figure: Figure) -> str:
    if figure.mark is Mark.NIL:
        return NIL_SIGN
    return NOT_APPLICABLE_SIGN if figure.mark is Mark.NOT_APPLICABLE else vietnamese.number(figure.value)


def _unreadable(form: FormDefinition, key: str, parts: list[str]) -> Issue:
    """What is wrong with a key of too few or too many parts: often a name of a sub-unit with a separator in it."""
    table = form.tables_by_id.get(parts[0])
    row = table.rows_by_id.get(parts[1]) if table is not None and len(parts) > 4 else None
    if row is None or not row.is_dynamic:
        return Issue("unknown-column", "error", Cell(column=key))
    rest = parts[2:-1] if parts[-1] == ESTIMATE else parts[2:]
    at = Cell(parts[0], parts[1], SEPARATOR.join(rest[:-1]), rest[-1])
    return next(subunit_issues(row, at), Issue("unknown-column", "error", at))


def _place(form: FormDefinition, parts: list[str], at: Cell) -> tuple[Table, Column] | Issue:
    table_id, row_id, _, column_id = parts
    table = form.tables_by_id.get(table_id)
    if table is None:
        return Issue("unknown-table", "error", at)
    row = table.rows_by_id.get(row_id)
    if row is None:
        return Issue("unknown-row", "error", at)
    column = table.columns_by_id.get(column_id)
    if column is None:
        return Issue("unknown-column", "error", at)
    if not at.subunit and not row.is_dynamic:
        return table, column
    return next(subunit_issues(row, at), None) or (table, column)


def _figure(text: str, at: Cell, column: Column, issues: list[Issue]) -> Figure | None:
    """The figure of a text, or None with an issue."""
    folded = text.lower()
    if folded in _NIL_WORDS:
        return NIL
    if folded in _NOT_APPLICABLE_WORDS:
        return NOT_APPLICABLE
    value = _number(text, at, column, issues)
    return None if value is None else reported(value)


def _number(text: str, at: Cell, column: Column, issues: list[Issue]) -> Decimal | None:
    if len(text) < SHORT and text.isascii() and text.isdecimal():
        return Decimal(text)
    try:
        value = vietnamese.parse_number(text)
    except ValueError:
        issues.append(Issue("not-a-number", "error", at, {"text": text}))
        return None
    if abs(value) >= TOO_LARGE:
        issues.append(Issue("too-large", "error", at, {"value": value}))
        return None
    if decimals(value) > column.scale:
        issues.append(Issue("too-many-decimals", "error", at, {"value": value, "scale": column.scale}))
        return None
    return value


def _add_estimates(
    form: FormDefinition,
    texts: Mapping[str, str],
    places: Mapping[str, Cell],
    lines: dict[LineKey, Line],
    issues: list[Issue],
) -> None:
    """Put the estimated parts beside the actual ones."""
    for key, raw in texts.items():
        if not key.endswith(f"/{ESTIMATE}"):
            continue
        text = raw.strip()
        parts = key.split("/")
        if not text or len(parts) != 5:
            continue
        at = places.get(key) or Cell(parts[0], parts[1], parts[2], parts[3])
        place = _place(form, parts[:4], at)
        if isinstance(place, Issue):
            issues.append(place)
            continue
        table, column = place
        if not column.is_number:
            issues.append(Issue("unknown-column", "error", at))
            continue
        estimate = _number(text, at, column, issues)
        if estimate is None:
            continue
        line = lines.setdefault((parts[0], parts[1], parts[2]), blank_line(table, parts[1], parts[2]))
        position = table.positions[column.id]
        before = line.figures[position]
        if before in (NIL, NOT_APPLICABLE):
            issues.append(Issue("mark-with-value", "error", at, {"mark": _typed(before), "value": estimate}))
            continue
        line.figures[position] = reported(before.value if before is not BLANK else None, estimate)
