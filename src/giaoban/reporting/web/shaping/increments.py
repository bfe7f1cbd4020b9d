"""What came in each period of a year, as one matrix: cells down, periods across."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from giaoban.core.issues import Cell
from giaoban.core.series import Increment
from giaoban.reporting.selectors import LineIncrements, Period, core_period
from giaoban.reporting.web.shaping.layout import Labels


@dataclass(frozen=True, slots=True)
class Came:
    """What a period added. mark: the number of the remark on it, 0 without any; value None: nothing is known."""

    value: Decimal | None = None
    mark: int = 0
    is_fall: bool = False


@dataclass(frozen=True, slots=True)
class CameRow:
    """A cell of the form over the year. total: all that came, None where nothing is known."""

    label: str
    scale: int
    parts: tuple[Came, ...]
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Shaped:
    """periods: headings; remarks: by their number, from 1; falls: sentences."""

    periods: tuple[str, ...]
    rows: tuple[CameRow, ...]
    remarks: tuple[str, ...]
    falls: tuple[str, ...]


def shaped(labels: Labels, line: LineIncrements, periods: Sequence[Period]) -> Shaped:
    """One line of a unit's table. periods: in time; of the instalments of one the latest gives the name."""
    by_number = {core_period(one).number: one.label for one in periods}
    remarks: dict[str, int] = {}
    rows, falls = [], []
    for (table_id, row, subunit, name), unfolded in line.cells.items():
        label = labels.cell(Cell(table_id, row, subunit, name))
        came = {one.until: one for one in unfolded.increments}
        rows.append(
            CameRow(
                label=label,
                scale=labels.form.table(table_id).columns_by_id[name].scale,
                parts=tuple(_came(came.get(number), remarks) for number in by_number),
                total=_total(unfolded.increments),
            )
        )
        falls += [f"{label}: {fall.words()}" for fall in unfolded.falls]
    return Shaped(tuple(by_number.values()), tuple(rows), tuple(remarks), tuple(falls))


def _came(one: Increment | None, remarks: dict[str, int]) -> Came:
    if one is None:
        return Came()
    is_plain = not one.missing and not one.is_uneven
    mark = 0 if is_plain else remarks.setdefault(one.words(), len(remarks) + 1)
    return Came(one.value, mark, one.is_fall)


def _total(parts: Iterable[Increment]) -> Decimal | None:
    values = [one.value for one in parts]
    return sum(values, Decimal(0)) if values else None
