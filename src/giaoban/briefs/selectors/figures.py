"""Bound figures: what their facts say now, and how that stands to what the author saw."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.http import Http404
from django.utils import timezone

from giaoban.briefs.models import BoundFigure, NarrativeReport
from giaoban.briefs.rules.states import FigureState
from giaoban.briefs.rules.wording import Amount, figure_words, rounded
from giaoban.core.queries import Answer, CellMeasure, QueryRefused, parse_measure, parse_period
from giaoban.indicators.selectors.quoting import quoted_answer, quoted_value
from giaoban.kit.registries import SourcedFigure, figure_sources
from giaoban.orgs import selectors as orgs
from giaoban.reporting.selectors import ConsolidatedTable, ConsolidationRefused, quoted_cell, quoted_table

PLACES = 10  # decimals that are kept of a value
CELL = "reporting.cell"
ANSWER = "figures.answer"
OF_TABLE = frozenset({"form", "period", "unit", "instalment"})  # what names the table in a reference to a cell

Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What a fact says now. reason: why there is no value, in a Vietnamese sentence; is_lost: nor may there be one."""

    value: Decimal | None
    measure: str = ""
    origin: str = ""
    as_of: datetime | None = None
    simulated: bool = False
    reason: str = ""
    nil: bool = False
    is_lost: bool = False


def _lost(reason: str) -> Found:
    return Found(None, reason=reason, is_lost=True)


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
    """Asks the sources of figures for the texts of one unit: each fact once, each table that cells are read from, and
    each question about figures with all measures that the texts take from its answer.

    last_day: of the window that the texts speak of. Only what belongs to the unit then, or today to it or to what it
    wholly became, may be quoted.
    """

    def __init__(self, reader_id: int, last_day: date) -> None:
        self.reader_id, self.last_day = reader_id, last_day
        self._found: dict[tuple[str, Names], Found] = {}
        self._tables: dict[Names, ConsolidatedTable | Exception] = {}
        self._answers: dict[Names, dict[str, Answer | QueryRefused]] = {}
        self._expected: dict[Names, dict[str, None]] = {}
        self._within: dict[str, bool] = {}

    def expect(self, rows: Iterable[BoundFigure]) -> None:
        """Figures that will be asked for: measures of one question are then answered together."""
        for row in rows:
            if row.source == ANSWER and (measure := row.reference.get("measure")):
                self._expected.setdefault(_names(_question(row.reference)), {})[measure] = None

    def __call__(self, source: str, reference: Mapping[str, str]) -> Found:
        key = source, _names(reference)
        if key not in self._found:
            self._found[key] = self._look(source, reference)
        return self._found[key]

    def _look(self, source: str, reference: Mapping[str, str]) -> Found:
        unit = reference.get("unit", "")
        if unit not in self.quotable([unit]):
            return _lost("Đơn vị của số liệu không thuộc phạm vi của báo cáo.")
        if source not in figure_sources.names():
            return _lost("Không còn nguồn số liệu này.")
        try:
            said = self._said(source, reference)
        except Http404 as missing:
            return _lost(str(missing) or "Biểu hoặc kỳ của số liệu không còn.")
        except (ConsolidationRefused, QueryRefused) as refused:
            return _lost(refused.sentence)
        except (LookupError, TypeError):
            return _lost("Ô hoặc đơn vị của số liệu không còn trong biểu.")
        value = None if said.value is None else rounded(said.value, PLACES)
        return Found(value, said.unit, said.origin, said.as_of, said.simulated, said.reason, said.nil)

    def quotable(self, units: Iterable[str]) -> frozenset[str]:
        """Keys of those units whose figures the texts may quote."""
        keys = frozenset(units)
        if asked := [key for key in keys if key and key not in self._within]:
            today = timezone.localdate()
            then = orgs.scope_ids([self.reader_id], self.last_day).filter(key__in=asked)
            now = orgs.scope_ids(orgs.heirs_of(self.reader_id, today), today).filter(key__in=asked)
            held = {*then.values_list("key", flat=True), *now.values_list("key", flat=True)}
            self._within |= {key: key in held for key in asked}
        return frozenset(key for key in keys if self._within.get(key))

    def _said(self, source: str, reference: Mapping[str, str]) -> SourcedFigure:
        if source == CELL:
            return self._cell(reference)
        return self._answered(reference) if source == ANSWER else figure_sources[source](**reference)

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

    def _answered(self, reference: Mapping[str, str]) -> SourcedFigure:
        """As the source itself says it, but out of an answer with all measures that are expected of its question."""
        question, measure = _question(reference), reference["measure"]
        key = _names(question)
        answers = self._answers.setdefault(key, {})
        if measure not in answers:
            together = [measure, *(one for one in self._expected.pop(key, {}) if one != measure and one not in answers)]
            answers |= _asked(together, question)
        held = answers[measure]
        if isinstance(held, QueryRefused):
            raise held
        return quoted_value(held, measure, reference.get("line", ""))


def sources_for(report: NarrativeReport) -> Sources:
    return Sources(report.unit_id, report.last_day)


def _names(reference: Mapping[str, str]) -> Names:
    return tuple(sorted(reference.items()))


def _question(reference: Mapping[str, str]) -> dict[str, str]:
    return {name: word for name, word in reference.items() if name not in ("measure", "line")}


def _asked(measures: Sequence[str], question: Mapping[str, str]) -> dict[str, Answer | QueryRefused]:
    """One question for all measures; where it has no answer, one for each, so that none is refused for another."""
    try:
        return dict.fromkeys(measures, quoted_answer(measures, **question))
    except QueryRefused as refused:
        if len(measures) == 1:
            return {measures[0]: refused}
    return {key: held for one in measures for key, held in _asked([one], question).items()}


def columns_of(source: str, reference: Mapping[str, str]) -> tuple[str, str, int | None]:
    """Key of the form, code of the period and id of the unit by which a figure is found again; no form for an indicator
    that a question asked for: it may read several, see `forms_asked`."""
    unit = orgs.unit_id_of(reference.get("line") or reference.get("unit", ""))
    if source != ANSWER:
        return reference.get("form", ""), reference.get("period", ""), unit
    measure = parse_measure(reference["measure"])
    form = measure.form if isinstance(measure, CellMeasure) else ""
    return form, parse_period(reference["period"]).first, unit


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
