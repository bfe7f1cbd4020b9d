"""One line a figure: exact, in the order of the page, no cell taken for a formula by a spreadsheet."""

import csv
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Final

from giaoban.core.queries import Value
from giaoban.core.tidy import plain
from giaoban.indicators.web.pivot.painting import exact, state_word
from giaoban.indicators.web.pivot.shaping import Cell, PivotTable, Row

COLUMNS: Final = (
    "unit",
    "unit_name",
    "period",
    "period_label",
    "period_start",
    "period_end",
    "measure",
    "measure_name",
    "unit_of_measure",
    "value",
    "state",
    "estimate",
    "numerator",
    "denominator",
    "received",
    "expected",
    "share_of_last_year",
    "outcome",
    "reason",
    "rank",
    "change",
    "simulated",
)
ALL_UNITS: Final = "(tổng số)"


def text(table: PivotTable) -> str:
    """The file. value "" with its state where there is no figure; unit "" is all units together; period_end is the last
    day; change in points for a rate, else in per cent."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    units = {one.key: one.name for one in table.answer.units} | {"": ALL_UNITS}
    periods = {one.word: one for one in table.answer.periods}
    for row in table.shown:
        for cell in row.cells:
            unit, word, _ = cell.place
            period = periods[word]
            last = period.end - date.resolution
            what = (plain(cell.measure.word), plain(cell.measure.name), plain(cell.measure.unit))
            when = (plain(word), plain(period.label), period.start, last)
            writer.writerow(
                (plain(unit), plain(units[unit]), *when, *what, *_figure(cell.value), *_looked_at(row, cell))
            )
    return out.getvalue()


def _figure(value: Value | None) -> tuple[object, ...]:
    if value is None:
        return ("", "missing", "", "", "", "", "", "", "", "")
    coverage = value.coverage
    return (
        _digits(value.value),
        state_word(value),
        _digits(value.estimate or None),
        _digits(value.numerator),
        _digits(value.denominator),
        "" if coverage is None else coverage.received,
        "" if coverage is None else coverage.expected,
        _digits(value.share),
        value.outcome,
        plain(value.reason),
    )


def _looked_at(row: Row, cell: Cell) -> tuple[object, ...]:
    change = cell.change.value if cell.change is not None else None
    simulated = int(cell.value is not None and cell.value.simulated)
    return ("" if row.rank is None else row.rank, _digits(change), simulated)


def _digits(value: Decimal | None) -> str:
    return "" if value is None else exact(value)
