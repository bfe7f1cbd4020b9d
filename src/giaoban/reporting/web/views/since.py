"""Thay đổi kể từ khi chốt: the cells that are no longer as confirmed, whose version made them so, and what the level
has sent upwards meanwhile."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from giaoban.core.consolidation import CellTotal
from giaoban.core.forms import slug
from giaoban.core.issues import Cell
from giaoban.core.vietnamese import moment
from giaoban.kit.actors import Actor
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.rules import ReportState
from giaoban.reporting.web.files import SIMULATED_SUFFIX, list_file
from giaoban.reporting.web.shaping.layout import Labels, calm

CELLS_SHOWN = 60
HEADER = (
    "Dòng",
    "Chỉ tiêu",
    "Đã chốt",
    "Hiện nay",
    "Đơn vị",
    "Thay đổi",
    "Bản cũ",
    "Bản mới",
    "Lần sửa đổi",
    "Lý do sửa đổi",
    "Người gửi",
    "Người tiếp nhận",
    "Tiếp nhận lúc",
    "Biên nhận",
)


@dataclass(frozen=True, slots=True)
class SinceCell:
    """A changed cell as the page names it."""

    line: str
    column: str
    confirmed: CellTotal | None
    live: CellTotal | None
    scale: int
    why: tuple[selectors.Moved, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """total, lines: the first cells of each; count: all of them. csv: address of the whole list."""

    total: tuple[SinceCell, ...]
    lines: tuple[SinceCell, ...]
    count: int
    changes: selectors.Changes
    csv: str


@dataclass(frozen=True, slots=True)
class UpwardCell:
    place: str
    sent: str
    now: str


@dataclass(frozen=True, slots=True)
class UpwardGroup:
    """Cells that the same units made another. why empty: no version can be named."""

    why: tuple[selectors.Moved, ...]
    by_hand: bool
    cells: tuple[UpwardCell, ...]


@dataclass(frozen=True, slots=True)
class Upward:
    """What the unit itself sends to the level above, made of the table. changes: None while nothing was sent."""

    title: str
    form: selectors.FormVersion
    receiver: str
    state: ReportState
    url: str
    sent: selectors.Submission | None
    groups: tuple[UpwardGroup, ...]
    count: int


def since(
    confirmed: selectors.Confirmed,
    live: selectors.ConsolidatedTable,
    form: selectors.FormVersion,
    period: selectors.Period,
    labels: Labels,
    *,
    actor: Actor,
    csv: str,
) -> Since | None:
    """What changed since the table was confirmed; None when nothing did."""
    found = selectors.changes_since(confirmed, live, form, period, actor)
    if not found.cells and not found.units:
        return None
    total = [_cell(labels, one) for one in found.cells if not one.difference.line_key]
    lines = [_cell(labels, one) for one in found.cells if one.difference.line_key]
    return Since(tuple(total[:CELLS_SHOWN]), tuple(lines[:CELLS_SHOWN]), len(found.cells), found, csv)


def _cell(labels: Labels, one: selectors.ChangedCell) -> SinceCell:
    table_id, row, subunit, column_id = one.difference.key
    column = labels.form.table(table_id).columns_by_id[column_id]
    return SinceCell(
        line=one.difference.line_label,
        column=labels.cell(Cell(table_id, row, subunit, column_id)),
        confirmed=one.difference.confirmed,
        live=one.difference.live,
        scale=column.scale,
        why=one.why,
    )


def since_file(
    confirmed: selectors.Confirmed,
    live: selectors.ConsolidatedTable,
    form: selectors.FormVersion,
    period: selectors.Period,
    labels: Labels,
    actor: Actor,
) -> HttpResponse:
    """Every changed cell, a line for each unit that made it so."""
    found = selectors.changes_since(confirmed, live, form, period, actor)
    rows: list[Sequence[object]] = []
    for one in found.cells:
        cell = _cell(labels, one)
        numbers = (_plain(cell.confirmed), _plain(cell.live))
        rows.extend((cell.line, cell.column, *numbers, *_unit(unit)) for unit in one.why or (None,))
    name = slug(f"thay-doi-{form.code}-{live.unit.key}-{period.code}")
    return list_file(f"{name}{SIMULATED_SUFFIX if live.simulated else ''}.csv", HEADER, rows)


def _plain(cell: CellTotal | None) -> Decimal | str:
    """A number for a spreadsheet; blank where there is none."""
    return "" if cell is None or cell.total is None else cell.total


def _unit(one: selectors.Moved | None) -> Sequence[object]:
    if one is None:
        return ("",) * 10
    at = moment(timezone.localtime(one.at)) if one.at else ""
    return (
        one.unit.name,
        one.how_name,
        one.before or "",
        one.version or "",
        one.amendment or "",
        one.reason,
        one.by,
        one.accepted_by,
        at,
        one.receipt,
    )


def upwards(form: selectors.FormVersion, period: selectors.Period, unit: orgs.UnitCard) -> list[Upward]:
    """What the unit owes the level above that is made of this table, each with what it says otherwise than below."""
    return [_upward(one) for one in selectors.reports_made_of(form, period, unit.id)]


def _upward(owed: selectors.Obligation) -> Upward:
    standing = selectors.standing_of(owed)
    changes = selectors.changes_below(owed)
    receiver = orgs.cards([owed.receiver_id], selectors.last_day(owed.period)) if owed.receiver_id else {}
    latest = changes.submission if changes else None
    cells = changes.cells if changes else ()
    listed = selectors.subunits_by_row(owed) if cells else {}
    labels = Labels(
        selectors.definition_of(owed.form), {one.key: one.label for held in listed.values() for one in held}
    )
    return Upward(
        title=calm(owed.form.title),
        form=owed.form,
        receiver=next((one.name for one in receiver.values()), ""),
        state=standing.state,
        url=reverse("reporting:submission", args=[latest.pk])
        if latest and standing.state in (ReportState.SENT, ReportState.ACCEPTED)
        else reverse("reporting:entry", args=[owed.pk]),
        sent=latest,
        groups=_groups(labels, cells[:CELLS_SHOWN]),
        count=len(cells),
    )


def _groups(labels: Labels, cells: Sequence[selectors.SentCell]) -> tuple[UpwardGroup, ...]:
    """By the units that made them another, and the hand that did, in the order of the cells."""
    found: dict[tuple[tuple[selectors.Moved, ...], bool], list[UpwardCell]] = {}
    for one in cells:
        found.setdefault((one.why, one.by_hand), []).append(_upward_cell(labels, one))
    return tuple(UpwardGroup(why, by_hand, tuple(held)) for (why, by_hand), held in found.items())


def _upward_cell(labels: Labels, one: selectors.SentCell) -> UpwardCell:
    table, row, subunit, column, *estimate = one.name.split("/")
    place = labels.cell(Cell(table, row, subunit, column))
    return UpwardCell(f"{place} (phần ước)" if estimate else place, one.sent, one.now)
