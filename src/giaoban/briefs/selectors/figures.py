"""Bound figures: what their facts say now, and how that stands to what the author saw."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.http import Http404
from django.utils import timezone

from giaoban.briefs.models import BoundFigure
from giaoban.briefs.rules.states import FigureState
from giaoban.briefs.rules.wording import Amount, figure_words, rounded
from giaoban.kit.registries import figure_sources
from giaoban.orgs import selectors as orgs
from giaoban.reporting.selectors import ConsolidationRefused

PLACES = 10  # decimals that are kept of a value


@dataclass(frozen=True, slots=True)
class Found:
    """What a fact says now. reason: why there is nothing, in a Vietnamese sentence; "" when it was found."""

    value: Decimal | None
    measure: str = ""
    origin: str = ""
    as_of: datetime | None = None
    simulated: bool = False
    reason: str = ""

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
    reason: str
    seen_by: str

    @property
    def amount(self) -> Amount:
        return Amount(self.value, self.measure, self.scale)

    @property
    def words(self) -> str:
        return figure_words(self.amount, with_unit=self.with_unit)

    @property
    def new_words(self) -> str:
        return figure_words(Amount(self.found, self.measure, self.scale), with_unit=self.with_unit)


def look_up(source: str, reference: Mapping[str, str], *, reader_id: int) -> Found:
    """What a figure source says, for a text of the unit `reader_id`: only what belongs to it may be quoted there."""
    unit = reference.get("unit", "")
    if not unit or not orgs.scope_ids([reader_id], timezone.localdate()).filter(key=unit).exists():
        return Found(None, reason="Đơn vị của số liệu không thuộc phạm vi của báo cáo.")
    if source not in figure_sources.names():
        return Found(None, reason="Không còn nguồn số liệu này.")
    try:
        said = figure_sources[source](**reference)
    except Http404 as missing:
        return Found(None, reason=str(missing) or "Biểu hoặc kỳ của số liệu không còn.")
    except ConsolidationRefused as refused:
        return Found(None, reason=refused.sentence)
    except (LookupError, TypeError):
        return Found(None, reason="Ô hoặc đơn vị của số liệu không còn trong biểu.")
    value = None if said.value is None else rounded(said.value, PLACES)
    return Found(value, said.unit, said.origin, said.as_of, said.simulated)


def state_of(row: BoundFigure, found: Found) -> FigureState:
    """Decimals that the text does not show make no difference."""
    if found.is_lost:
        return FigureState.LOST
    if found.value is None:
        return FigureState.EMPTY
    now = rounded(found.value, row.scale)
    if row.value is not None and rounded(row.value, row.scale) == now:
        return FigureState.SAME
    if row.kept_reason and row.kept_value is not None and rounded(row.kept_value, row.scale) == now:
        return FigureState.KEPT
    return FigureState.CHANGED


def as_stored(rows: Iterable[BoundFigure]) -> dict[int, Bound]:
    """By number, as the last look at the facts left them."""
    return {
        row.number: _bound(row, FigureState(row.found_state), row.found, row.found_at, row.found_words) for row in rows
    }


def as_now(rows: Iterable[BoundFigure], *, reader_id: int, at: datetime) -> dict[int, Bound]:
    """By number, each asked of its source now; nothing is written."""
    held: dict[tuple[str, tuple[tuple[str, str], ...]], Found] = {}
    bound = {}
    for row in rows:
        key = row.source, tuple(sorted(row.reference.items()))
        if key not in held:
            held[key] = look_up(row.source, row.reference, reader_id=reader_id)
        found = held[key]
        bound[row.number] = _bound(row, state_of(row, found), found.value, at, found.reason)
    return bound


def _bound(row: BoundFigure, state: FigureState, found: Decimal | None, found_at: datetime, found_words: str) -> Bound:
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
        reason=row.kept_reason,
        seen_by=row.act.actor_name,
    )
