"""In which tree a table is read: the switch of a page, and a period's two trees side by side."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from giaoban.core.consolidation import CellTotal
from giaoban.core.forms import Column, Table
from giaoban.core.restating import Restatement
from giaoban.core.vietnamese import day
from giaoban.reporting.selectors import CellKey, ConsolidatedLine, ConsolidatedTable
from giaoban.reporting.web.shaping.consolidated import Address
from giaoban.reporting.web.shaping.layout import Labels

OTHER_DAY = "#dia-gioi"


@dataclass(frozen=True, slots=True)
class TreeChoice:
    """One choice of the switch, as `c-switch` shows it."""

    label: str
    value: str
    url: str
    current: bool


def tree_choices(address: Address, *, period_day: date, geography: date | None, today: date) -> list[TreeChoice]:
    """The tree of the period, that of today, that of another day: its field stands further down the page."""
    chosen = geography or period_day
    fresh = {"origin": None, "layer": None, "divided": None}
    is_other = chosen not in (period_day, today)
    choices = [
        TreeChoice("Theo cây của kỳ", day(period_day), address(geography=None, **fresh), chosen == period_day),
        TreeChoice(
            "Theo cây hôm nay", day(today), address(geography=today.isoformat(), **fresh), chosen == today != period_day
        ),
        TreeChoice("Ngày khác", day(chosen) if is_other else "chọn ngày", OTHER_DAY, is_other),
    ]
    return [one for one in choices if one.label != "Theo cây hôm nay" or today != period_day]


@dataclass(frozen=True, slots=True)
class SideLine:
    """A line of one side: its figure in the compared column, and how far it holds."""

    label: str
    cell: CellTotal | None
    said: Restatement
    in_total: bool


@dataclass(frozen=True, slots=True)
class Side:
    """A table in one tree; `refusal` where there is none, with others: label and address of the tables instead."""

    title: str
    said: Restatement
    lines: tuple[SideLine, ...]
    coverage: str = ""
    url: str = ""
    others: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BothTotals:
    """One figure of the form in both trees; difference None where either has none."""

    label: str
    left: CellTotal | None
    right: CellTotal | None
    scale: int
    difference: Decimal | None


def side_of(title: str, table: ConsolidatedTable, key: CellKey | None, url: str) -> Side:
    lines = [_side_line(line, key) for line in table.lines]
    return Side(title, table.restatement, tuple(lines), table.coverage_words, url)


def _side_line(line: ConsolidatedLine, key: CellKey | None) -> SideLine:
    return SideLine(line.label, line.cells.get(key) if key else None, line.restatement, line.in_total)


def both_totals(labels: Labels, left: ConsolidatedTable, right: ConsolidatedTable) -> list[BothTotals]:
    """Every figure of the form's fixed rows that adds up or is a rate."""
    found = []
    for table, row, column in _figures(left):
        key = (table.id, row, "", column.id)
        one, other = left.total.cells.get(key), right.total.cells.get(key)
        if column.roll_up == "none":
            continue
        amounts = (one.amount if one else None, other.amount if other else None)
        difference = None if amounts[0] is None or amounts[1] is None else amounts[1] - amounts[0]
        words = [table.rows_by_id[row].label if table.only_row is None else "", labels.column(table, column.id)]
        found.append(BothTotals(" › ".join(filter(None, words)), one, other, column.scale, difference))
    return found


def first_key(table: ConsolidatedTable) -> tuple[CellKey, Table, Column] | None:
    """The figure that the lines are compared by: the first of the form that adds up."""
    for layout, row, column in _figures(table):
        if column.roll_up == "sum":
            return (layout.id, row, "", column.id), layout, column
    return None


def _figures(table: ConsolidatedTable) -> Iterator[tuple[Table, str, Column]]:
    for layout in table.form.tables:
        for row in layout.fixed_rows:
            for column in layout.numeric:
                yield layout, row.id, column
