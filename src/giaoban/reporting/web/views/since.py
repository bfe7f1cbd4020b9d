"""Thay đổi kể từ khi chốt (trình, công bố): the cells that are otherwise by now, whose version made them so, and what
the level has sent upwards meanwhile."""

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
from giaoban.reporting.web.shaping.layers import as_of, unnamed
from giaoban.reporting.web.shaping.layout import Labels, calm

CELLS_SHOWN = 60
UNIT_HEADER = (
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
"""Of `unit_columns`."""
HEADER = (
    "Dòng",
    "Chỉ tiêu",
    "Bản đối chiếu",
    "Số lúc ấy",
    "Hiện nay",
    *UNIT_HEADER,
)


@dataclass(frozen=True, slots=True)
class SinceCell:
    """A changed cell as the page names it. words: what made it another where no report did."""

    line: str
    column: str
    then: CellTotal | None
    now: CellTotal | None
    scale: int
    why: tuple[selectors.Moved, ...]
    words: str


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
    held: selectors.Reading,
    live: selectors.Reading,
    form: selectors.FormVersion,
    period: selectors.Period,
    labels: Labels,
    *,
    actor: Actor,
    csv: str,
) -> Since | None:
    """What changed since a frozen reading; None when nothing did."""
    found = selectors.changes_between(held, live, form, period, actor)
    if not found.cells and not found.units:
        return None
    total = [one for one in found.cells if not one.difference.line_key]
    lines = [one for one in found.cells if one.difference.line_key]

    def shown(cells: Sequence[selectors.ChangedCell]) -> tuple[SinceCell, ...]:
        return tuple(_cell(labels, one, _words(held, live, found, one)) for one in cells[:CELLS_SHOWN])

    return Since(shown(total), shown(lines), len(found.cells), found, csv)


def _words(
    held: selectors.Reading, live: selectors.Reading, found: selectors.Changes, one: selectors.ChangedCell
) -> str:
    return unnamed(held, live, one, keeps_lines=found.keeps_lines)


def _cell(labels: Labels, one: selectors.ChangedCell, words: str) -> SinceCell:
    table_id, row, subunit, column_id = one.difference.key
    column = labels.form.table(table_id).columns_by_id[column_id]
    return SinceCell(
        line=one.difference.line_label,
        column=labels.cell(Cell(table_id, row, subunit, column_id)),
        then=one.difference.then,
        now=one.difference.now,
        scale=column.scale,
        why=one.why,
        words=words,
    )


def since_file(
    held: selectors.Reading,
    live: selectors.Reading,
    form: selectors.FormVersion,
    period: selectors.Period,
    labels: Labels,
    actor: Actor,
) -> HttpResponse:
    """Every changed cell, a line for each unit that made it so."""
    found = selectors.changes_between(held, live, form, period, actor)
    rows: list[Sequence[object]] = []
    for one in found.cells:
        cell = _cell(labels, one, _words(held, live, found, one))
        numbers = (as_of(held), plain_total(cell.then), plain_total(cell.now))
        rows.extend((cell.line, cell.column, *numbers, *unit_columns(unit)) for unit in one.why or (None,))
    name = slug(f"thay-doi-{form.code}-{live.table.unit.key}-{period.code}")
    return list_file(f"{name}{SIMULATED_SUFFIX if live.table.simulated else ''}.csv", HEADER, rows)


def plain_total(cell: CellTotal | None) -> Decimal | str:
    """A number for a spreadsheet; blank where there is none."""
    return "" if cell is None or cell.total is None else cell.total


def unit_columns(one: selectors.Moved | None) -> Sequence[object]:
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
