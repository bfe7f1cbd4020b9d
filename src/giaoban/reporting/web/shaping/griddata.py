"""What the script of the entry grid needs besides the table: how cells are computed, what stood earlier, who saved."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from giaoban.core.expressions import as_data
from giaoban.core.forms import FormDefinition
from giaoban.core.formulas import parse
from giaoban.core.issues import Issue, sentence
from giaoban.core.vietnamese import day
from giaoban.reporting.rules import EXPLAINS, column_of, issue_key, shown_text, text_key
from giaoban.reporting.selectors import CellState
from giaoban.reporting.web.shaping.grid import CLASS_OF


def tables_data(form: FormDefinition) -> dict[str, Any]:
    """Table → its columns, the formulas as data, and the rows that are totals of others."""
    return {
        table.id: {
            "columns": [
                {
                    "id": column.id,
                    "scale": column.scale,
                    "number": column.is_number,
                    "signed": column.signed,
                    "adds": column.roll_up == "sum",
                    "formula": as_data(parse(column.formula)) if column.formula else None,
                    "note": column.note,
                }
                for column in table.columns
            ],
            "sums": {row.id: list(row.sum_of) for row in table.rows if row.sum_of},
        }
        for table in form.tables
    }


def earlier(form: FormDefinition, texts: Mapping[str, str]) -> dict[str, str]:
    """Cell name → what stood there in an earlier period, actual and estimated part apart, as a page shows it."""
    return {name: shown(form, name, text) for name, text in texts.items() if text}


def shown(form: FormDefinition, name: str, text: str) -> str:
    """A text of a draft as a page shows it."""
    column = column_of(form, name)
    return shown_text(text) if column is not None and column.is_number else text


def said_at_cells(issues: Iterable[Issue]) -> dict[str, dict[str, Any]]:
    """Cell name → its tone ("err", "warn" or "") and what the checks say there; `explain`: the field for the words."""
    found: dict[str, dict[str, Any]] = {}
    for issue in issues:
        at = issue.at
        if not at.table or not at.column:
            continue
        tone = CLASS_OF.get(issue.severity, "")
        held = found.setdefault(text_key(at.table, at.row, at.subunit, at.column), {"tone": tone, "words": []})
        held["words"].append(sentence(issue, place=""))
        if tone == "err" or not held["tone"]:
            held["tone"] = tone
        if issue.severity == "warning":
            held["explain"] = f"{EXPLAINS}{issue_key(issue)}"
    return found


def marked_data(
    form: FormDefinition, marks: Iterable[Mapping[str, str]], texts: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Cell that the receiver marked → the note, and what stood there: another text there takes the mark away."""
    return {
        one["cell"]: {"note": one["note"], "text": shown(form, one["cell"], texts.get(one["cell"], ""))}
        for one in marks
    }


def cells_data(form: FormDefinition, cells: Mapping[str, CellState], me: int | None) -> dict[str, dict[str, Any]]:
    """Changed cells with version, author and the server's moment; by: "" when it was the person who asks."""
    return {
        name: {
            "text": shown(form, name, one.text),
            "version": one.version,
            "by": "" if one.by_id == me else one.by,
            "mine": one.by_id == me,
            "at": clock(one.at),
        }
        for name, one in cells.items()
    }


def clock(at: datetime) -> str:
    """09:14 of today, 03/10 09:14 of another day, in the office's zone: always the server's moment."""
    local = timezone.localtime(at)
    hour = f"{local:%H:%M}"
    return hour if local.date() == timezone.localdate() else f"{day(local.date())[:5]} {hour}"
