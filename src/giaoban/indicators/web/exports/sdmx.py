"""SDMX-CSV 2.0: one line an observation, so that statistical software reads the figures without being told how.

Codes of OBS_STATUS are those of the SDMX cross-domain code list CL_OBS_STATUS: a value that cannot exist (not
applicable) is M, one that exists and was not collected (no report) is L, a missing one without more said (left blank,
not computed) is O, an estimate is E, any other A. A missing number is written NaN, as the standard has it, so that it
cannot be read as nothing said or as zero; OBS_STATE keeps apart what we keep apart.
"""

import csv
from datetime import date, timedelta
from io import StringIO
from typing import Final

from giaoban.core.queries import PeriodHead, Value
from giaoban.indicators.web.pivot.painting import exact, state_word
from giaoban.indicators.web.pivot.shaping import Cell, PivotTable

STRUCTURE: Final = ("dataflow", "GIAOBAN:FIGURES(1.0)", "I")
TOTAL: Final = "_T"
"""SDMX's code for a total: all units beneath the unit on top together."""
COLUMNS: Final = (
    "STRUCTURE",
    "STRUCTURE_ID",
    "ACTION",
    "REF_TOP",
    "REF_AREA",
    "REPORTING_PERIOD",
    "MEASURE",
    "TIME_PERIOD",
    "OBS_VALUE",
    "OBS_STATUS",
    "OBS_STATE",
    "ESTIMATE",
    "UNIT_MEASURE",
    "DECIMALS",
    "REPORTS_RECEIVED",
    "REPORTS_EXPECTED",
    "SIMULATED",
)


def text(table: PivotTable) -> str:
    """The file, in the order of the page."""
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    periods = {one.word: one for one in table.answer.periods}
    top = table.answer.top.key
    for row in table.shown:
        for cell in row.cells:
            unit, period, measure = cell.place
            key = (top, unit or TOTAL, period, measure, time_period(periods[period]))
            writer.writerow((*STRUCTURE, *key, *_observed(cell)))
    return out.getvalue()


def _observed(cell: Cell) -> tuple[object, ...]:
    value, coverage = cell.value, cell.value.coverage if cell.value is not None else None
    return (
        _number(value),
        status_of(value),
        state_word(value),
        exact(value.estimate) if value is not None and value.estimate else "",
        cell.measure.unit,
        cell.measure.scale,
        "" if coverage is None else coverage.received,
        "" if coverage is None else coverage.expected,
        int(value is not None and value.simulated),
    )


def _number(value: Value | None) -> str:
    """A declared nil is a real zero."""
    if value is None or (value.value is None and value.state != "nil"):
        return "NaN"
    return "0" if value.value is None else exact(value.value)


def status_of(value: Value | None) -> str:
    if value is None or value.state == "missing":
        return "L"
    if value.state == "na":
        return "M"
    if value.value is None and value.state != "nil":
        return "O"
    return "E" if value.estimate else "A"


def time_period(period: PeriodHead) -> str:
    """A calendar year, half, quarter or month by its name; another window by first day and length: "2023-12-15/P1Y"."""
    start, months = period.start, _months(period.start, period.end)
    if months is None:
        return f"{start.isoformat()}/P{(period.end - start).days}D"
    if start.day == 1:
        if months == 12 and start.month == 1:
            return f"{start.year:04d}"
        if months == 6 and start.month in (1, 7):
            return f"{start.year:04d}-S{1 + start.month // 7}"
        if months == 3 and start.month % 3 == 1:
            return f"{start.year:04d}-Q{1 + start.month // 3}"
        if months == 1:
            return f"{start.year:04d}-{start.month:02d}"
    return f"{start.isoformat()}/P{months // 12}Y" if months % 12 == 0 else f"{start.isoformat()}/P{months}M"


def _months(start: date, end: date) -> int | None:
    """Whole months from a day to an excluded end; None where they do not come out even."""
    if start.day != end.day or start.day > 28:
        return None
    if end - start < timedelta(days=28):
        return None
    return (end.year - start.year) * 12 + end.month - start.month
