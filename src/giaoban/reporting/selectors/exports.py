"""Tidy CSV of what the room shows: stable order, so that the same figures give the same bytes."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from giaoban.core.consolidation import CellTotal
from giaoban.core.figures import MARK_WORDS, Mark
from giaoban.core.tidy import COLUMNS, rows_from_figures, write_tidy
from giaoban.reporting.models import Submission
from giaoban.reporting.selectors.consolidation import ConsolidatedLine, ConsolidatedTable
from giaoban.reporting.selectors.figures import figures_of
from giaoban.reporting.selectors.forms import definition_of

STATES = ("reported", "nil", "not_applicable", "blank", "missing")
TOTAL = "TOTAL"


def export_submission(submission: Submission) -> str:
    """A version as the CSV that `services.import_csv` reads."""
    obligation = submission.obligation
    rows = rows_from_figures(
        definition_of(obligation.form),
        figures_of(submission),
        unit=obligation.unit.key,
        period=obligation.period.code,
        instalment=obligation.period.instalment,
    )
    return write_tidy(rows)


def export_table(table: ConsolidatedTable) -> str:
    """A consolidated table: the columns of the tidy format, then how many units stand behind each cell in which state.

    `unit` is the key of the line; the total line is called TOTAL. mark says why a value is absent, "not-summed" among
    the reasons.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, (*COLUMNS, *STATES), lineterminator="\n")
    writer.writeheader()
    for line in (*table.lines, table.total):
        writer.writerows(_rows(table, line))
    return out.getvalue()


def _rows(table: ConsolidatedTable, line: ConsolidatedLine) -> Iterator[dict[str, str | int]]:
    for (table_id, row, subunit, column), cell in line.cells.items():
        yield {
            "unit": line.key or TOTAL,
            "form": table.form_key,
            "period": table.period.code,
            "instalment": table.period.instalment,
            "table": table_id,
            "line": row,
            "subunit": subunit,
            "column": column,
            "value": _plain(cell.value),
            "estimate": _plain(cell.estimate) if cell.estimate else "",
            "mark": _mark(cell),
            **{state: getattr(cell, state) for state in STATES},
        }


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _mark(cell: CellTotal) -> str:
    match cell.state:
        case "nil":
            return MARK_WORDS[Mark.NIL]
        case "na":
            return MARK_WORDS[Mark.NOT_APPLICABLE]
        case "missing":
            return "missing"
        case "reported" if cell.value is None:
            return "not-summed"
        case _:
            return ""
