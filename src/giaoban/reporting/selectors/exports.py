"""Tidy CSV of what the room shows: stable order, so that the same figures give the same bytes."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from decimal import Decimal

from giaoban.core.consolidation import CellTotal
from giaoban.core.figures import MARK_WORDS, LineKey, Mark
from giaoban.core.tidy import COLUMNS, guarded, rows_from_figures, write_tidy
from giaoban.reporting.models import Submission
from giaoban.reporting.selectors.consolidation import ConsolidatedLine, ConsolidatedTable
from giaoban.reporting.selectors.figures import figures_of
from giaoban.reporting.selectors.forms import definition_of

STATES = ("reported", "nil", "not_applicable", "blank", "missing")
TOTAL = "TOTAL"
SIMULATED = "simulated"
RESTATED = ("geography", "outcome", "in_total", "sentence")


def export_submission(submission: Submission) -> str:
    """A version as the CSV that `services.import_csv` reads; texts are guarded against spreadsheets."""
    obligation = submission.obligation
    form = definition_of(obligation.form)
    rows = rows_from_figures(
        form,
        figures_of(submission),
        unit=obligation.unit.key,
        period=obligation.period.code,
        instalment=obligation.period.instalment,
    )
    texts = {(table.id, column.id) for table in form.tables for column in table.columns if not column.is_number}
    return write_tidy(_guarded(row, is_text=(row["table"], row["column"]) in texts) for row in rows)


def _guarded(row: dict[str, str], *, is_text: bool) -> dict[str, str]:
    return {**row, "subunit": guarded(row["subunit"]), "value": guarded(row["value"]) if is_text else row["value"]}


def export_table(table: ConsolidatedTable) -> str:
    return export_tables([table])


def export_tables(tables: Iterable[ConsolidatedTable]) -> str:
    """Consolidated tables one after the other: the columns of the tidy format, then how many units stand behind each
    cell in which state.

    `unit` is the key of the line; the total line is called TOTAL. A sub-unit named on several lines stands on these and
    not in TOTAL: the same free name with different reporters is not the same place. mark says why a value is absent,
    "not-summed" among the reasons. Last: in which geography it is read, how far the line holds there (exact, by_method,
    refused: kept at the old unit), whether it is in TOTAL, the words on it; and whether the figures are an example.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, (*COLUMNS, *STATES, *RESTATED, SIMULATED), lineterminator="\n")
    writer.writeheader()
    for table in tables:
        writer.writerows(_rows_of(table))
    return out.getvalue()


def _rows_of(table: ConsolidatedTable) -> Iterator[dict[str, str | int]]:
    named = Counter(name for line in table.lines for name in {key[:3] for key in line.cells if key[2]})
    shared = {name for name, lines in named.items() if lines > 1}
    for line in table.lines:
        yield from _rows(table, line, frozenset())
    yield from _rows(table, table.total, shared)


def _rows(
    table: ConsolidatedTable, line: ConsolidatedLine, left_out: Collection[LineKey]
) -> Iterator[dict[str, str | int]]:
    for (table_id, row, subunit, column), cell in line.cells.items():
        if (table_id, row, subunit) in left_out:
            continue
        yield {
            "unit": guarded(line.key) or TOTAL,
            "form": table.form_key,
            "period": table.period.code,
            "instalment": table.period.instalment,
            "table": table_id,
            "line": row,
            "subunit": guarded(subunit),
            "column": column,
            "value": _plain(cell.value),
            "estimate": _plain(cell.estimate) if cell.estimate else "",
            "mark": _mark(cell),
            **{state: getattr(cell, state) for state in STATES},
            "geography": table.geography.isoformat(),
            "outcome": line.restatement.outcome,
            "in_total": int(line.in_total),
            "sentence": line.restatement.sentence,
            SIMULATED: int(line.simulated),
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
