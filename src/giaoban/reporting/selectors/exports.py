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
from giaoban.reporting.selectors.adding import LineIncrements
from giaoban.reporting.selectors.consolidation import CellKey, ConsolidatedLine, ConsolidatedTable
from giaoban.reporting.selectors.figures import figures_of
from giaoban.reporting.selectors.forms import definition_of
from giaoban.reporting.selectors.readings import LIVE, Reading, live_reading

STATES = ("reported", "nil", "not_applicable", "blank", "missing")
LEFT_OUT = "left_out"
TOTAL = "TOTAL"
SIMULATED = "simulated"
RESTATED = ("geography", "outcome", "in_total", "sentence")
READING = ("layer", "frozen_at", "document")


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
    """Live tables one after the other."""
    return export_readings(live_reading(table) for table in tables)


def export_readings(readings: Iterable[Reading]) -> str:
    """Consolidated tables one after the other: the columns of the tidy format, then how many units stand behind each
    cell in which state, and how many reported units are not in the mean shown because they gave no weight (left_out).

    `unit` is the key of the line; the total line is called TOTAL. A sub-unit named on several lines stands on these and
    not in TOTAL: the same free name with different reporters is not the same place. mark says why a value is absent,
    "not-summed" among the reasons. Last: in which geography it is read, how far the line holds there (exact, by_method,
    refused: kept at the old unit), whether it is in TOTAL, the words on it; whether the figures are an example; and
    which reading it is: live (whose moment is that of the export, and stays blank), or confirmed, presented, published,
    when that was and with which document. A column that lists texts has one value a line, "unit: text" after each
    other; TOTAL does not say them again.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, (*COLUMNS, *STATES, LEFT_OUT, *RESTATED, SIMULATED, *READING), lineterminator="\n")
    writer.writeheader()
    for one in readings:
        is_live = one.layer == LIVE
        said = dict(zip(READING, (one.layer, "" if is_live else one.at.isoformat(), guarded(one.number)), strict=True))
        writer.writerows({**row, **said} for row in _rows_of(one.table))
    return out.getvalue()


def export_increments(form_key: str, lines: Iterable[LineIncrements]) -> str:
    """What came in each stretch of one year: from the end of the period numbered `since` (0: from the beginning) to
    that of `until`. missing: numbers of periods between without a figure; uneven: not as many units gave the one figure
    as the other, so that the difference is not only what came."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    names = ("unit", "form", "table", "line", "subunit", "column", "since", "until", "value", "missing", "uneven")
    writer.writerow((*names, SIMULATED))
    for one in lines:
        for (table, row, subunit, column), unfolded in one.cells.items():
            place = (guarded(one.line.key) or TOTAL, form_key, table, row, guarded(subunit), column)
            for part in unfolded.increments:
                missing = " ".join(map(str, part.missing))
                came = (part.since, part.until, _plain(part.value), missing, int(part.is_uneven))
                writer.writerow((*place, *came, int(one.line.simulated)))
    return out.getvalue()


def _rows_of(table: ConsolidatedTable) -> Iterator[dict[str, str | int]]:
    named = Counter(name for line in table.lines for name in {key[:3] for key in line.cells if key[2]})
    shared = {name for name, lines in named.items() if lines > 1}
    for line in table.lines:
        yield from _rows(table, line, frozenset())
        yield from _texts(table, line)
    yield from _rows(table, table.total, shared)


def _rows(
    table: ConsolidatedTable, line: ConsolidatedLine, left_out: Collection[LineKey]
) -> Iterator[dict[str, str | int]]:
    for key, cell in line.cells.items():
        if key[:3] in left_out:
            continue
        yield {
            **_place(table, line, key),
            "value": _plain(cell.value),
            "estimate": _plain(cell.estimate) if cell.estimate else "",
            "mark": _mark(cell),
            **{state: getattr(cell, state) for state in STATES},
            LEFT_OUT: cell.left_out,
            **_restated(table, line),
        }


def _texts(table: ConsolidatedTable, line: ConsolidatedLine) -> Iterator[dict[str, str | int]]:
    for key, texts in line.texts.items():
        words = "; ".join(f"{one.name}: {one.text}" for one in texts)
        yield {**_place(table, line, key), "value": guarded(words), "reported": len(texts), **_restated(table, line)}


def _place(table: ConsolidatedTable, line: ConsolidatedLine, key: CellKey) -> dict[str, str | int]:
    table_id, row, subunit, column = key
    return {
        "unit": guarded(line.key) or TOTAL,
        "form": table.form_key,
        "period": table.period.code,
        "instalment": table.period.instalment,
        "table": table_id,
        "line": row,
        "subunit": guarded(subunit),
        "column": column,
    }


def _restated(table: ConsolidatedTable, line: ConsolidatedLine) -> dict[str, str | int]:
    """In which geography the line is read, how far it holds there, and whether its figures are an example."""
    return {
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
