"""Four readings of one table: live, as confirmed, as presented, as published; and where two of them differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final, Literal

from django.db import connection
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Concat

from giaoban.core.consolidation import CellTotal, UnitText, total_of
from giaoban.kit.acts import subject_of
from giaoban.kit.models import Act
from giaoban.reporting.models import Channel, FormKind, FormVersion, Layer, Period, Snapshot, Submission
from giaoban.reporting.selectors.consolidation import CellKey, ConsolidatedTable
from giaoban.reporting.selectors.figures import figures_of
from giaoban.reporting.selectors.forms import definition_of, other_geography
from giaoban.reporting.selectors.grouping import EXACT
from giaoban.reporting.selectors.snapshots import cells_from, checksum_of, thaw
from giaoban.reporting.selectors.sources import Sources, keep_lines, thawed

LayerKey = Literal["live", "confirmed", "presented", "published"]
LIVE: Final = "live"
LAYERS: Final[tuple[LayerKey, ...]] = ("live", "confirmed", "presented", "published")
LAYER_NAMES: Final[Mapping[str, str]] = {
    "live": "Trực tiếp",
    "confirmed": "Đã xác nhận",
    "presented": "Đã trình",
    "published": "Đã công bố",
}
WITHDRAW_ACT: Final = "reporting.withdraw-publication"
SUBJECT: Final = "reporting.Snapshot:"
"""How the acts name a snapshot, before its number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A table as one layer has it. at, by: when it was frozen and by whom; of a live one, when it was read.

    number, issued_on, link, note: the document of a published one, what a presented one was presented in. made_from: of
    a published one, the layer that it was taken from. intact: the frozen content still has its checksum. sources: the
    versions behind it; None: they were not kept, or there are none. submission_id: it was captured as the unit's own
    statement, which knows the total line only (`is_whole` False). keeps_lines: whether it is known in which line each
    unit counted; not of what was frozen before that was kept.
    """

    layer: LayerKey
    table: ConsolidatedTable
    at: datetime
    by: str = ""
    sources: Sources | None = None
    checksum: str = ""
    intact: bool = True
    snapshot_id: int | None = None
    submission_id: int | None = None
    number: str = ""
    issued_on: date | None = None
    link: str = ""
    note: str = ""
    made_from: str = ""
    is_whole: bool = True
    keeps_lines: bool = True

    @property
    def name(self) -> str:
        return LAYER_NAMES[self.layer]

    def opens(self, line_key: str) -> bool:
        """Whether the reports behind a line are known."""
        return self.layer == LIVE or (self.sources is not None and (not line_key or self.keeps_lines))


@dataclass(frozen=True, slots=True)
class LayerHead:
    """The last reading of a layer without its lines. total: cells of its total line."""

    layer: str
    snapshot_id: int
    at: datetime
    number: str
    total: Mapping[CellKey, CellTotal]


@dataclass(frozen=True, slots=True)
class Publication:
    """A document with which the table was published. withdrawn_at, by, reason: None and "" while it holds."""

    snapshot_id: int
    number: str
    issued_on: date | None
    link: str
    note: str
    made_from: str
    by: str
    at: datetime
    withdrawn_at: datetime | None = None
    withdrawn_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CellDifference:
    """A cell in which two tables differ; None where one has no such line or cell."""

    line_key: str
    line_label: str
    key: CellKey
    now: CellTotal | None
    then: CellTotal | None


@dataclass(frozen=True, slots=True)
class TextDifference:
    """What a unit wrote in a text column, otherwise in two tables; "" where it wrote nothing, or is not there."""

    key: CellKey
    unit_name: str
    now: str
    then: str


def live_reading(table: ConsolidatedTable) -> Reading:
    return Reading(LIVE, table, at=table.as_of)


def frozen_of(form: FormVersion, period: Period, unit_id: int, geography: date | None) -> QuerySet[Snapshot]:
    """The frozen tables of a unit, newest first, without publications that were withdrawn.

    geography: as when they were frozen; the period's last day is None.
    """
    rows = Snapshot.objects.filter(
        form=form, period=period, unit_id=unit_id, geography_on=other_geography(period, geography)
    )
    return standing(rows).select_related("act").order_by("-pk")


def standing(rows: QuerySet[Snapshot]) -> QuerySet[Snapshot]:
    """Without the publications that were withdrawn."""
    withdrawn = Act.objects.filter(name=WITHDRAW_ACT, subject=Concat(Value(SUBJECT), Cast(OuterRef("pk"), CharField())))
    return rows.exclude(Q(layer=Layer.PUBLISHED) & Exists(withdrawn))


def layer_heads(
    form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None
) -> dict[str, LayerHead]:
    """Layer → its last frozen reading, without reading the lines. One query."""
    rows = frozen_of(form, period, unit_id, geography).order_by("layer", "-pk").distinct("layer")
    found = {}
    for pk, layer, number, at, cells in rows.values_list("pk", "layer", "number", "act__at", "content__total__cells"):
        found[layer] = LayerHead(layer, pk, at, number, cells_from(cells))
    return found


def frozen_reading(
    layer: str, form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None
) -> Reading | None:
    """The table as last confirmed, presented or published for a unit, or None."""
    rows = frozen_of(form, period, unit_id, geography).filter(layer=layer)
    found = rows.annotate(written=ROW_VERSION).values_list("pk", "written").first()
    return None if found is None else _kept(connection.settings_dict["NAME"], *found)


ROW_VERSION: Final = RawSQL(
    "reporting_snapshot.xmin::text || reporting_snapshot.ctid::text || reporting_snapshot.checksum",
    [],
    output_field=CharField(),
)
"""Changes whenever the row is written, also twice in one transaction, also by a hand in the database: what was read of
it before holds no more."""


@lru_cache(maxsize=8)
def _kept(database: str, pk: int, written: str) -> Reading:  # noqa: ARG001
    """A frozen table, read and checked once for as long as its row is not written again."""
    row = Snapshot.objects.select_related("act", "form").get(pk=pk)
    return _reading(row, row.form)


def confirmed_table(
    form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None
) -> Reading | None:
    """The table as last confirmed for a unit, or None."""
    return frozen_reading(Layer.CONFIRMED, form, period, unit_id, geography=geography)


def frozen_readings(
    form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None
) -> dict[str, Reading]:
    """Layer → its last frozen reading. One query, and one for each that was not read before."""
    rows = frozen_of(form, period, unit_id, geography).order_by("layer", "-pk").distinct("layer")
    database = connection.settings_dict["NAME"]
    held = rows.annotate(written=ROW_VERSION).values_list("layer", "pk", "written")
    return {layer: _kept(database, pk, written) for layer, pk, written in held}


def _reading(row: Snapshot, form: FormVersion) -> Reading:
    sources = thawed(row.content["sources"]) if "sources" in row.content else None
    return Reading(
        layer=_layer(row.layer),
        table=thaw(row.content, form),
        at=row.act.at,
        by=row.act.actor_name,
        sources=sources,
        keeps_lines=sources is not None and keep_lines(sources),
        checksum=row.checksum,
        intact=checksum_of(row.content) == row.checksum,
        snapshot_id=row.pk,
        number=row.number,
        issued_on=row.issued_on,
        link=row.link,
        note=row.note,
        made_from=row.act.detail.get("made_from", ""),
    )


def _layer(name: str) -> LayerKey:
    return next(one for one in LAYERS if one == name)


def stated_reading(form: FormVersion, period: Period, live: ConsolidatedTable) -> Reading | None:
    """What the table's unit itself stated for all, captured from a publication, where it did. Two queries at most.

    Only its own figures, as stated: nothing is added up and no rate is computed again.
    """
    if live.is_recast:
        return None
    captured = Q(channel=Channel.PUBLICATION) | Q(obligation__form__kind=FormKind.CAPTURE)
    rows = Submission.objects.filter(
        captured, obligation__form=form, obligation__period=period, obligation__unit_id=live.unit.id, is_current=True
    )
    row = rows.select_related("obligation").first()
    if row is None:
        return None
    cells = {}
    definition = definition_of(form)
    for (table_id, line, subunit), held in figures_of(row).items():
        layout = definition.table(table_id)
        for column in layout.numeric:
            cells[table_id, line, subunit, column.id] = total_of(held.figures[layout.positions[column.id]])
    total = replace(
        live.total,
        cells=cells,
        coverage=None,
        simulated=row.simulated or row.obligation.simulated,
        restatement=EXACT,
    )
    table = replace(
        live,
        lines=(),
        total=total,
        coverage=None,
        as_of=row.sent_at,
        changed_at=row.decided_at,
        simulated=total.simulated,
        not_summed=(),
        absent=(),
        incomplete_reason="",
        restatement=EXACT,
    )
    return Reading(
        "published",
        table,
        at=row.sent_at,
        by=row.entered_by_name,
        submission_id=row.pk,
        number=row.receipt,
        note=row.source,
        is_whole=False,
    )


def publications(
    form: FormVersion, period: Period, unit_id: int, *, geography: date | None = None
) -> list[Publication]:
    """Every document with which a table was published, newest first, withdrawn ones too. Two queries."""
    rows = Snapshot.objects.filter(
        form=form,
        period=period,
        unit_id=unit_id,
        geography_on=other_geography(period, geography),
        layer=Layer.PUBLISHED,
    )
    held = list(rows.select_related("act").defer("content"))
    acts = Act.objects.filter(name=WITHDRAW_ACT, subject__in=[subject_of(row) for row in held]) if held else ()
    withdrawn = {one.subject: one for one in acts}
    return [_publication(row, withdrawn.get(subject_of(row))) for row in held]


def _publication(row: Snapshot, withdrawn: Act | None) -> Publication:
    held = Publication(
        snapshot_id=row.pk,
        number=row.number,
        issued_on=row.issued_on,
        link=row.link,
        note=row.note,
        made_from=row.act.detail.get("made_from", ""),
        by=row.act.actor_name,
        at=row.act.at,
    )
    if withdrawn is None:
        return held
    return replace(held, withdrawn_at=withdrawn.at, withdrawn_by=withdrawn.actor_name, reason=withdrawn.reason)


def compare(now: Reading, then: Reading) -> list[CellDifference]:
    """The cells in which two readings say something else, lines in the order of the later one, the total last.

    Where one of them knows the total line only, only the cells that it states are compared.
    """
    if not (now.is_whole and then.is_whole):
        return _stated(now, then)
    here = {line.key: line for line in (*now.table.lines, now.table.total)}
    there = {line.key: line for line in (*then.table.lines, then.table.total)}
    places = {key: place for place, key in enumerate(here)}
    differences: list[CellDifference] = []
    for key in sorted(here.keys() | there.keys(), key=lambda key: (not key, places.get(key, -1))):
        one, other = here.get(key), there.get(key)
        label = (one or other).label  # type: ignore[union-attr]
        differences += _differing(key, label, one.cells if one else {}, other.cells if other else {})
    return differences


def compare_texts(now: Reading, then: Reading) -> list[TextDifference]:
    """Where what the units wrote reads otherwise, by column and unit. None where one of the readings knows its own line
    only, or was frozen so long ago that its texts may not have been kept."""
    if not all(one.is_whole and one.keeps_lines for one in (now, then)):
        return []
    here, there = _written(now), _written(then)
    found = []
    for place, held in sorted((there | here).items(), key=lambda item: (item[0][0], item[1].sort_key, item[0][1])):
        one, other = (side[place].text if place in side else "" for side in (here, there))
        if one != other:
            found.append(TextDifference(place[0], held.name, one, other))
    return found


def _written(reading: Reading) -> dict[tuple[CellKey, str], UnitText]:
    """By column and key of the unit."""
    lines = (*reading.table.lines, reading.table.total)
    return {(key, one.key): one for line in lines for key, held in line.texts.items() for one in held}


def _stated(now: Reading, then: Reading) -> list[CellDifference]:
    """The total lines, as far as both state a number in a cell."""
    found = _differing("", now.table.total.label, now.table.total.cells, then.table.total.cells)
    return [
        one
        for one in found
        if one.now and one.then and one.then.amount is not None and one.now.amount != one.then.amount
    ]


def _differing(
    line_key: str, label: str, now: Mapping[CellKey, CellTotal], then: Mapping[CellKey, CellTotal]
) -> Iterable[CellDifference]:
    for key in dict.fromkeys([*now, *then]):
        one, other = now.get(key), then.get(key)
        if one is None or other is None or said(one) != said(other):
            yield CellDifference(line_key, label, key, one, other)


def said(cell: CellTotal) -> tuple[object, ...]:
    """What a cell says to its readers: how many stand behind it may change without it."""
    return cell.state, cell.value, cell.estimate


@dataclass(frozen=True, slots=True)
class Four:
    """The readings that there are, in the order of `LAYERS`; `live` is one of them."""

    held: tuple[Reading, ...]

    @property
    def live(self) -> Reading:
        return self.held[0]

    def of(self, layer: str) -> Reading | None:
        return next((one for one in self.held if one.layer == layer), None)

    @property
    def steps(self) -> tuple[tuple[Reading, Reading], ...]:
        """Earlier and later reading, one pair after the other by the moment at which their figures were read; a stated
        one, which no version stands behind, beside the live one."""
        whole = sorted((one for one in self.held if one.is_whole), key=lambda one: one.table.as_of)
        return (*pairwise(whole), *((one, self.live) for one in self.held if not one.is_whole))


def four(form: FormVersion, period: Period, live: ConsolidatedTable) -> Four:
    """All readings of a live table's form, period, unit and geography. A document stands before a captured number."""
    frozen = frozen_readings(form, period, live.unit.id, geography=live.geography)
    if "published" not in frozen:
        stated = stated_reading(form, period, live)
        frozen |= {"published": stated} if stated is not None else {}
    return Four((live_reading(live), *(frozen[one] for one in LAYERS if one in frozen)))
