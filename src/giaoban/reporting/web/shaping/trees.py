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
from giaoban.reporting.web.shaping.consolidated import Address, called
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
class Side:
    """A table in one tree, and what it lacks; where there is none, others: label and address of the tables instead."""

    title: str
    said: Restatement
    coverage: str = ""
    url: str = ""
    others: tuple[tuple[str, str], ...] = ()
    incomplete: str = ""
    absent: str = ""
    not_summed: str = ""
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class BothLines:
    """A unit with its figure in each tree; None: no such line there. marks: numbers of the reasons in the legend."""

    label: str
    left: CellTotal | None
    right: CellTotal | None
    difference: Decimal | None
    marks: tuple[int, ...]
    aside: bool


@dataclass(frozen=True, slots=True)
class BothTotals:
    """One figure of the form in both trees; difference None where either has none."""

    label: str
    left: CellTotal | None
    right: CellTotal | None
    scale: int
    difference: Decimal | None


def side_of(title: str, table: ConsolidatedTable, url: str) -> Side:
    return Side(
        title,
        table.restatement,
        table.coverage_words,
        url,
        incomplete=table.incomplete_reason,
        absent="" if table.incomplete_reason else ", ".join(table.absent),
        not_summed=", ".join(table.not_summed),
        is_empty=is_empty(table),
    )


def is_empty(table: ConsolidatedTable) -> bool:
    """Whether no report at all is behind the total: neither complete nor signed."""
    return table.coverage is not None and not table.coverage.expected


def both_lines(
    left: ConsolidatedTable | None, right: ConsolidatedTable | None, key: CellKey
) -> tuple[list[BothLines], list[str]]:
    """The lines of both trees, joined by unit in the order of the first and then the second, and the reasons that their
    marks stand for, each once."""
    sides = [{line.key: line for line in table.lines} if table else {} for table in (left, right)]
    reasons: dict[str, int] = {}
    found = []
    for name in dict.fromkeys([*sides[0], *sides[1]]):
        held = [side.get(name) for side in sides]
        marks = []
        for line in held:
            words = _reason(line) if line is not None else ""
            if words:
                marks.append(reasons.setdefault(words, len(reasons) + 1))
        one, other = (line.cells.get(key) if line else None for line in held)
        shown = next(line for line in held if line is not None)
        found.append(
            BothLines(
                label=called(shown),
                left=one,
                right=other,
                difference=_difference(one, other),
                marks=tuple(dict.fromkeys(marks)),
                aside=not shown.in_total,
            )
        )
    return found, list(reasons)


def _reason(line: ConsolidatedLine) -> str:
    return line.note or (line.restatement.sentence if line.restatement.outcome != "exact" else "")


def _difference(left: CellTotal | None, right: CellTotal | None) -> Decimal | None:
    if left is None or right is None or left.amount is None or right.amount is None:
        return None
    return right.amount - left.amount


def both_totals(labels: Labels, left: ConsolidatedTable, right: ConsolidatedTable) -> list[BothTotals]:
    """Every figure of the form's fixed rows that adds up or is a rate."""
    found = []
    for table, row, column in _figures(left):
        key = (table.id, row, "", column.id)
        one, other = left.total.cells.get(key), right.total.cells.get(key)
        if column.roll_up == "none":
            continue
        words = [table.rows_by_id[row].label if table.only_row is None else "", labels.column(table, column.id)]
        found.append(BothTotals(" › ".join(filter(None, words)), one, other, column.scale, _difference(one, other)))
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
