"""How much of the whole has reported: not how many units, but how much of last year's volume they held (R89).

Six small communes that are missing are not the same as the six largest. What a unit held is what it, or those it was
made of, reported for the same period of the year before, read in the same tree as the table.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import IntEnum
from typing import Final

from giaoban.core.consolidation import EXACTLY, CellTotal, Coverage
from giaoban.core.crosswalk import carried_cells
from giaoban.core.forms import FormDefinition, Reference
from giaoban.core.restating import SENTENCES, Divided, Reason
from giaoban.core.succession import Placement
from giaoban.orgs.selectors import unit_view
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission
from giaoban.reporting.selectors.consolidation import CellKey, added, cells_of_sums, read_parts
from giaoban.reporting.selectors.figures import like_before
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.grouping import ConsolidationRefused
from giaoban.reporting.selectors.placing import WHOLE, Layout
from giaoban.reporting.selectors.series import laid_out
from giaoban.reporting.selectors.summing import LineKey, Sum

HUNDRED: Final = Decimal(100)


@dataclass(frozen=True, slots=True)
class VolumeShare:
    """held: last year's volume of the units that have reported; open: of those that have not; unplaced: of units of
    which nobody who owes the report now took all over, or it is not told in which parts."""

    held: Decimal
    open: Decimal
    unplaced: Decimal

    @property
    def share(self) -> Decimal | None:
        """From 0 to 1, at least so much where something is not placed; None where last year had no volume, or a volume
        below 0 that tells no weight."""
        whole = EXACTLY.add(EXACTLY.add(self.held, self.open), self.unplaced)
        if whole <= 0 or min(self.held, self.open, self.unplaced) < 0:
            return None
        return self.held / whole

    @property
    def is_least(self) -> bool:
        return self.unplaced > 0

    def words(self) -> str:
        """ "97 % khối lượng năm trước"; never 100 before all of it has reported, nor 0 once something has."""
        if self.share is None:
            return "không rõ khối lượng năm trước"
        percent = (HUNDRED * self.share).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        least = "ít nhất " if self.is_least else ""
        if self.share < 1 and percent == HUNDRED:
            return f"{least}trên 99 % khối lượng năm trước"
        if self.share > 0 and not percent:
            return f"{least}dưới 1 % khối lượng năm trước"
        return f"{least}{percent} % khối lượng năm trước"


@dataclass(frozen=True, slots=True)
class Volumes:
    """Shares of a table. cell: the one that tells the volume, None when no column of the form adds up; is_declared: the
    pack says so, else it is the first column that adds up. before: label of the period of the year before. by_line:
    line key ("" the total) → cell → share. reason: why nothing is known, "" when something is."""

    cell: Reference | None
    label: str = ""
    is_declared: bool = False
    before: str = ""
    by_line: Mapping[str, Mapping[CellKey, VolumeShare]] = field(default_factory=dict)
    reason: str = ""

    def headline(self, line_key: str = "") -> VolumeShare | None:
        """The share by the cell that tells the volume; None when it is not known."""
        if self.cell is None:
            return None
        return self.by_line.get(line_key, {}).get((self.cell.table, self.cell.row or "", "", self.cell.column))

    def words(self, coverage: Coverage, line_key: str = "", what: str = "đơn vị") -> str:
        """ "96/102 xã · 97 % khối lượng năm trước"; what: the word for those who report."""
        found = self.headline(line_key)
        return f"{coverage.words()} {what}" + ("" if found is None else f" · {found.words()}")

    def method(self) -> str:
        """What the share is made from, in one sentence; "" when nothing is known."""
        if self.reason or self.cell is None:
            return ""
        chosen = "biểu khai báo" if self.is_declared else "cột cộng được đầu tiên của biểu"
        return f"Khối lượng tính theo “{self.label}” ({chosen}), số của {self.before}."


def volume_cell(form: FormDefinition) -> tuple[Reference | None, bool]:
    """The cell by which the volume of a unit is told, and whether the pack says so; else the first fixed line and its
    first column that adds up."""
    if form.volume is not None:
        return form.volume, True
    for table in form.tables:
        column = next((one for one in table.numeric if one.roll_up == "sum"), None)
        if column is not None and table.fixed_rows:
            return Reference(table.id, table.fixed_rows[0].id, column.id), False
    return None, False


def volume_shares(
    form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None, divided: Divided = "refuse"
) -> Volumes:
    """The shares of a unit's table, cell by cell where the column adds up. A fixed number of queries.

    geography None: the tree of the period's last day. Nothing is known, and `reason` says why, without figures of the
    year before or when those cannot be placed; ConsolidationRefused is raised when the table itself cannot be read.
    """
    definition = definition_of(form)
    cell, is_declared = volume_cell(definition)
    label = "" if cell is None else definition.table(cell.table).columns_by_id[cell.column].label
    now = _layout(form, period, unit_id, geography or last_day(period), divided)
    like = like_before(form, period)
    if like is None:
        return Volumes(cell, label, is_declared, reason=SENTENCES[Reason.NO_PERIOD])
    then, earlier = like
    try:
        before = _layout(then, earlier, unit_id, geography or last_day(period), divided)
    except ConsolidationRefused as refusal:
        return Volumes(cell, label, is_declared, earlier.label, reason=refusal.sentence)
    parts = _parts(form, period, now, then, earlier, before)
    if not parts:
        return Volumes(cell, label, is_declared, earlier.label, reason=SENTENCES[Reason.NO_PERIOD])
    sums = _summed(definition_of(then), parts)
    by_line: dict[str, list[Mapping[CellKey, CellTotal]]] = {
        slot.key: [_cells(definition_of(then), definition, sums.get(_key(position, kind), [])) for kind in Kind]
        for position, slot in enumerate(before.slots)
    }
    inside = [slot.key for slot in before.slots if slot.in_total]
    by_line[""] = [added(*(by_line[key][kind] for key in inside)) if inside else {} for kind in Kind]
    shares = {key: _shares(definition, *found) for key, found in by_line.items()}
    return Volumes(cell, label, is_declared, earlier.label, shares)


class Kind(IntEnum):
    """Whether what a unit held last year has reported."""

    HELD = 0
    OPEN = 1
    UNPLACED = 2


def _key(position: int, kind: Kind) -> int:
    return position * len(Kind) + kind


def _layout(form: FormVersion, period: Period, unit_id: int, geography: date, divided: Divided) -> Layout:
    _, layout, _ = next(iter(laid_out(form, [period], unit_id, geography, divided)))
    return layout


def _parts(
    form: FormVersion, period: Period, now: Layout, then: FormVersion, earlier: Period, before: Layout
) -> list[tuple[int, int, Decimal]]:
    """(Submission of last year, line and kind, the part of it that counts there)."""
    owed = Obligation.objects.filter(form=form, period=period)
    owing = set(owed.values_list("unit_id", flat=True))
    reported = set(owed.filter(submissions__is_current=True).values_list("unit_id", flat=True))
    sent = Submission.objects.filter(is_current=True, obligation__form=then, obligation__period=earlier)
    view = unit_view(last_day(earlier), last_day(period), ())
    lines_now = {slot.key: position for position, slot in enumerate(now.slots)}
    found: list[tuple[int, int, Decimal]] = []
    for unit_id, submission in sent.values_list("obligation__unit_id", "pk"):
        for position, weight in before.places.get(unit_id, ()):
            line = lines_now.get(before.slots[position].key)
            split = _split(view.place(unit_id), owing, reported, now, line, weight)
            found += [(submission, _key(position, kind), part) for kind, part in split]
    return found


def _split(
    placement: Placement[int],
    owing: set[int],
    reported: set[int],
    now: Layout,
    line: int | None,
    weight: Decimal,
) -> Iterable[tuple[Kind, Decimal]]:
    """Of what a unit of last year has in a line: which part has reported. line: its position now, None: it has gone."""
    heirs = [target for target in placement.targets if target.key in owing]
    here = [one for one in heirs if any(position == line for position, _ in now.places.get(one.key, ()))]
    concerned = here or heirs
    if len(heirs) < len(placement.targets) or not concerned:
        return [(Kind.UNPLACED, weight)]
    states = {one.key in reported for one in concerned}
    if len(states) == 1:
        return [(Kind.HELD if states.pop() else Kind.OPEN, weight)]
    if placement.how != "shared":
        return [(Kind.UNPLACED, weight)]
    whole = Decimal(0)
    for one in concerned:
        whole = EXACTLY.add(whole, one.weight or Decimal(0))
    if whole != weight:
        return [(Kind.UNPLACED, weight)]
    return [(Kind.HELD if one.key in reported else Kind.OPEN, one.weight or Decimal(0)) for one in concerned]


def _summed(
    form: FormDefinition, parts: Sequence[tuple[int, int, Decimal]]
) -> Mapping[int, list[Mapping[LineKey, Sum]]]:
    """Line and kind → sums of whole and of divided reports."""
    whole = [one for one in parts if one[2] == WHOLE]
    shared = [one for one in parts if one[2] != WHOLE]
    found: defaultdict[int, list[Mapping[LineKey, Sum]]] = defaultdict(list)
    for sums in (read_parts(form, whole, is_shared=False), read_parts(form, shared, is_shared=True)):
        for position, held in sums.items():
            found[position].append(held)
    return found


def _cells(
    then: FormDefinition, now: FormDefinition, sums: Iterable[Mapping[LineKey, Sum]]
) -> Mapping[CellKey, CellTotal]:
    """Last year's sums in the cells of the form of now."""
    found = [cells_of_sums(then, held, received=_reports(held), missing=0) for held in sums]
    cells = added(*found) if found else {}
    return cells if then.key == now.key else carried_cells(cells, old=then, new=now)


def _reports(sums: Mapping[LineKey, Sum]) -> int:
    """How many reports stand behind the sums: a fixed line that some lack is blank in those."""
    return max((one.submissions for one in sums.values()), default=0)


def _shares(
    form: FormDefinition,
    held: Mapping[CellKey, CellTotal],
    open_: Mapping[CellKey, CellTotal],
    unplaced: Mapping[CellKey, CellTotal],
) -> dict[CellKey, VolumeShare]:
    """Of the cells that add up and had any volume."""
    found: dict[CellKey, VolumeShare] = {}
    for key in dict.fromkeys((*held, *open_, *unplaced)):
        if form.table(key[0]).columns_by_id[key[3]].roll_up == "sum":
            share = VolumeShare(_amount(held, key), _amount(open_, key), _amount(unplaced, key))
            if share.held or share.open or share.unplaced:
                found[key] = share
    return found


def _amount(cells: Mapping[CellKey, CellTotal], key: CellKey) -> Decimal:
    cell = cells.get(key)
    return Decimal(0) if cell is None else cell.amount or Decimal(0)
