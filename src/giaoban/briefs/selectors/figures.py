"""Bound figures: what their facts say now, and how that stands to what the author saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.http import Http404
from django.utils import timezone

from giaoban.briefs.models import BoundFigure, NarrativeReport
from giaoban.briefs.rules.states import FigureState
from giaoban.briefs.rules.wording import Amount, figure_words, rounded
from giaoban.kit.registries import SourcedFigure, figure_sources
from giaoban.orgs import selectors as orgs
from giaoban.reporting.selectors import ConsolidatedTable, ConsolidationRefused, quoted_cell, quoted_table

PLACES = 10  # decimals that are kept of a value
CELL = "reporting.cell"
OF_TABLE = frozenset({"form", "period", "unit", "instalment"})  # what names the table in a reference to a cell

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a fact says now. reason: why there is nothing, in a Vietnamese sentence; "" when it was found."""

    value: Decimal | None
    measure: str = ""
    origin: str = ""
    as_of: datetime | None = None
    simulated: bool = False
    reason: str = ""
    nil: bool = False

    @property
    def is_lost(self) -> bool:
        return bool(self.reason)


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound figure as pages and texts show it. value: as seen; found: as its fact says, at the last look."""

    pk: int
    number: int
    label: str
    source: str
    reference: Mapping[str, str]
    measure: str
    scale: int
    with_unit: bool
    value: Decimal | None
    origin: str
    seen_at: datetime
    simulated: bool
    state: FigureState
    found: Decimal | None
    found_at: datetime
    found_words: str
    nil: bool
    found_nil: bool
    reason: str
    seen_by: str

    @property
    def amount(self) -> Amount:
        return Amount(self.value, self.measure, self.scale, nil=self.nil)

    @property
    def words(self) -> str:
        return figure_words(self.amount, with_unit=self.with_unit)

    @property
    def new_words(self) -> str:
        return figure_words(Amount(self.found, self.measure, self.scale, nil=self.found_nil), with_unit=self.with_unit)


class Sources:
    """Asks the sources of figures for the texts of one unit: each fact once, and each table that cells are read from.

    last_day: of the window that the texts speak of. Only what belongs to the unit then, or today to it or to what it
    wholly became, may be quoted.
    """

    def __init__(self, reader_id: int, last_day: date) -> None:
        self.reader_id, self.last_day = reader_id, last_day
        self._found: dict[tuple[str, Names], Found] = {}
        self._tables: dict[Names, ConsolidatedTable | Exception] = {}
        self._within: dict[str, bool] = {}

    def __call__(self, source: str, reference: Mapping[str, str]) -> Found:
        key = source, _names(reference)
        if key not in self._found:
            self._found[key] = self._look(source, reference)
        return self._found[key]

    def _look(self, source: str, reference: Mapping[str, str]) -> Found:
        if not self._may_quote(reference.get("unit", "")):
            return Found(None, reason="Đơn vị của số liệu không thuộc phạm vi của báo cáo.")
        if source not in figure_sources.names():
            return Found(None, reason="Không còn nguồn số liệu này.")
        try:
            said = self._cell(reference) if source == CELL else figure_sources[source](**reference)
        except Http404 as missing:
            return Found(None, reason=str(missing) or "Biểu hoặc kỳ của số liệu không còn.")
        except ConsolidationRefused as refused:
            return Found(None, reason=refused.sentence)
        except (LookupError, TypeError):
            return Found(None, reason="Ô hoặc đơn vị của số liệu không còn trong biểu.")
        value = None if said.value is None else rounded(said.value, PLACES)
        return Found(value, said.unit, said.origin, said.as_of, said.simulated, nil=said.nil)

    def _may_quote(self, unit: str) -> bool:
        if unit not in self._within:
            today = timezone.localdate()
            then = orgs.scope_ids([self.reader_id], self.last_day).filter(key=unit)
            now = orgs.scope_ids(orgs.heirs_of(self.reader_id, today), today).filter(key=unit)
            self._within[unit] = bool(unit) and (now.exists() or then.exists())
        return self._within[unit]

    def _cell(self, reference: Mapping[str, str]) -> SourcedFigure:
        """As the source itself says it, but out of a table that is put together once."""
        whole = {name: word for name, word in reference.items() if name in OF_TABLE}
        key = _names(whole)
        if key not in self._tables:
            try:
                self._tables[key] = quoted_table(**whole)
            except (Http404, LookupError, TypeError, ConsolidationRefused) as missing:
                self._tables[key] = missing
        held = self._tables[key]
        if isinstance(held, Exception):
            raise held
        return quoted_cell(held, **{name: word for name, word in reference.items() if name not in OF_TABLE})


def sources_for(report: NarrativeReport) -> Sources:
    return Sources(report.unit_id, report.last_day)


def _names(reference: Mapping[str, str]) -> Names:
    return tuple(sorted(reference.items()))


def state_of(row: BoundFigure, found: Found) -> FigureState:
    """Decimals that the text does not show make no difference."""
    if found.is_lost:
        return FigureState.LOST
    if found.value is None:
        return FigureState.EMPTY
    now = rounded(found.value, row.scale)
    if row.value is not None and rounded(row.value, row.scale) == now and row.nil == found.nil:
        return FigureState.SAME
    if row.kept_reason and row.kept_value is not None and rounded(row.kept_value, row.scale) == now:
        return FigureState.KEPT
    return FigureState.CHANGED


def as_stored(rows: Iterable[BoundFigure]) -> dict[int, Bound]:
    """By number, as the last look at the facts left them."""
    return {
        row.number: _bound(
            row, FigureState(row.found_state), row.found, row.found_at, row.found_words, nil=row.found_nil
        )
        for row in rows
    }


def as_now(rows: Iterable[BoundFigure], sources: Sources, *, at: datetime) -> dict[int, Bound]:
    """By number, each asked of its source now; nothing is written."""
    bound = {}
    for row in rows:
        found = sources(row.source, row.reference)
        bound[row.number] = _bound(row, state_of(row, found), found.value, at, found.reason, nil=found.nil)
    return bound


def _bound(
    row: BoundFigure, state: FigureState, found: Decimal | None, found_at: datetime, found_words: str, *, nil: bool
) -> Bound:
    return Bound(
        pk=row.pk,
        number=row.number,
        label=row.label,
        source=row.source,
        reference=row.reference,
        measure=row.measure,
        scale=row.scale,
        with_unit=row.with_unit,
        value=row.value,
        origin=row.origin,
        seen_at=row.seen_at,
        simulated=row.simulated,
        state=state,
        found=found,
        found_at=found_at,
        found_words=found_words,
        nil=row.nil,
        found_nil=nil,
        reason=row.kept_reason,
        seen_by=row.act.actor_name,
    )
