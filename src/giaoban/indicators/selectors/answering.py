"""The answer to a question about figures: what pages, interface, exports, documents and the command line all show."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.http import Http404
from django.utils import timezone

from giaoban.core.consolidation import CellTotal, Coverage, State, Uneven
from giaoban.core.indicators import IndicatorDefinition, Measured, Version, rounded
from giaoban.core.queries import (
    BELOW,
    SELF,
    Answer,
    CellMeasure,
    FigureQuery,
    IndicatorMeasure,
    Measure,
    MeasureHead,
    QueryRefused,
    Value,
)
from giaoban.indicators.selectors.definitions import definition_of
from giaoban.indicators.selectors.heads import cell_head, indicator_head, indicator_row
from giaoban.kit.actors import Actor
from giaoban.kit.moments import one_moment
from giaoban.orgs import selectors as orgs
from giaoban.reporting.selectors import ConsolidationRefused, Period, last_day, outsiders, volume_shares
from giaoban.reporting.selectors.querying import (
    NO_LINE,
    NOBODY_OWES,
    NOT_ADDED,
    NOT_ALL_ANSWERED,
    CellsRead,
    Place,
    Said,
    answer_cells,
    answer_parts,
    chosen_periods,
    period_head,
    places_of,
)

NOTHING = CellTotal()


def answer(query: FigureQuery, *, actor: Actor | None) -> Answer:
    """The figures that a query asks for, read now. actor None: a command; else the unit on top must be visible to them.

    Raises QueryRefused with its reason; a unit outside the actor's reach is as unknown as one that is not there.
    """
    with one_moment():
        return _answered(query, actor)


def _answered(query: FigureQuery, actor: Actor | None) -> Answer:
    unit = top_unit(query.unit, actor)
    periods = chosen_periods(query.periods)
    indicators = [_Defined(one, periods) for one in query.measures if isinstance(one, IndicatorMeasure)]
    heads: dict[Measure, MeasureHead] = {one.measure: indicator_head(one.row) for one in indicators}
    asked = places_of(one for one in query.measures if isinstance(one, CellMeasure))
    heads |= {one: cell_head(place) for one, place in asked.items()}
    cells = list(dict.fromkeys([*asked, *(cell for one in indicators for cell in one.cells())]))
    if actor is not None and query.geography is not None:
        forms = {one.form for one in cells}
        if why := outsiders(forms, periods, unit.id, query.geography, actor, timezone.localdate()):
            raise QueryRefused("geography", why, "geography")
    read = answer_cells(cells, query, unit, periods=periods)
    values = _cell_values(read, asked.values(), _volumes(read, list(asked.values()), query, unit, periods))
    for one in indicators:
        values |= _Measuring(one, read, query, unit).values()
    return Answer(
        query=query,
        top=read.top,
        units=read.units,
        periods=read.periods,
        measures=tuple(heads[one] for one in query.measures),
        values=values,
        as_of=timezone.now(),
        engine=read.engine,
        notes=(*read.notes, *(note for one in indicators for note in one.notes())),
    )


def top_unit(key: str, actor: Actor | None) -> orgs.UnitCard:
    """Raises QueryRefused."""
    today = timezone.localdate()
    try:
        if actor is not None:
            return orgs.unit_for(actor, key, today)
        unit_id = orgs.unit_id_of(key)
        if unit_id is not None:
            return orgs.card(unit_id, today)
    except Http404:
        pass
    sentence = f"Không có đơn vị mang mã “{key}” trong phạm vi của bạn: tìm mã trên trang Đơn vị."
    raise QueryRefused("unknown-unit", sentence, key)


Shares = Mapping[tuple[str, Place], Decimal]
"""(Key of the line, cell) → part of last year's figure that those who answered had."""


def _volumes(
    read: CellsRead, places: Sequence[Place], query: FigureQuery, unit: orgs.UnitCard, periods: Sequence[Period]
) -> Shares:
    """Of one form in one period, as its table shows them: of the total, and of the units right beneath. Elsewhere, and
    where nobody is missing, nothing is asked."""
    forms = {place.form.pk: place.form for place in places}
    if len(forms) != 1 or len(periods) != 1:
        return {}
    (form,), (period,) = forms.values(), periods
    said = read.said.get(("", read.periods[0].word, form.key))
    if said is None or not said.owed or said.coverage is None or said.coverage.is_complete:
        return {}
    try:
        volumes = volume_shares(form, period, unit.id, geography=query.geography, divided=query.divided)
    except ConsolidationRefused:
        return {}
    lines = {"": "", unit.key: ""} if query.level == SELF else {"": ""}
    if query.level == BELOW:
        lines |= {head.key: head.key for head in read.units}
    found: dict[tuple[str, Place], Decimal] = {}
    for key, line in lines.items():
        by_cell = volumes.by_line.get(line, {})
        for place in places:
            cell = (place.table.id, place.row.id, place.measure.subunit, place.column.id)
            share = by_cell[cell].share if cell in by_cell else None
            if share is not None:
                found[key, place] = share
    return found


def _cell_values(read: CellsRead, places: Iterable[Place], shares: Shares) -> dict[tuple[str, str, str], Value]:
    keys = ["", *(head.key for head in read.units)]
    return {
        (key, period.word, place.measure.word): _value(read, place, key, period.word, shares.get((key, place)))
        for place in places
        for period in read.periods
        for key in keys
    }


def _value(read: CellsRead, place: Place, key: str, period: str, share: Decimal | None) -> Value:
    said = read.said.get((key, period, place.form.key))
    cell = read.cells.get((key, period, place.measure))
    if said is None or cell is None:
        return Value(None, "missing", reason=NOBODY_OWES)
    if not cell.units and said.coverage is not None and said.coverage.received:
        state: State = "missing" if place.measure.subunit else "blank"
        return Value(None, state, coverage=said.coverage, reason=NO_LINE, simulated=said.simulated)
    return Value(
        value=cell.total,
        state=cell.state,
        coverage=said.coverage,
        estimate=cell.estimate,
        share=share,
        outcome=said.outcome,
        reason=_reason(place, cell, said),
        simulated=said.simulated,
    )


def _reason(place: Place, cell: CellTotal, said: Said) -> str:
    if cell.value is None and isinstance(cell.kept, Uneven) and cell.kept.units:
        return NOT_ALL_ANSWERED
    if cell.value is None and cell.reported and place.column.roll_up != "rate":
        return NOT_ADDED
    return said.sentence


class _Defined:
    """An indicator with its version in each period. A period before or after all of them has none, and says so; where
    no period has one, or a version cannot be read at all, the question is refused."""

    def __init__(self, measure: IndicatorMeasure, periods: Sequence[Period]) -> None:
        self.measure, self.row = measure, indicator_row(measure)
        self.definition: IndicatorDefinition = definition_of(self.row)
        self.versions: dict[str, Version] = {}
        self.refused: dict[str, QueryRefused] = {}
        self.days: list[date] = sorted(last_day(one) for one in periods)
        for period in periods:
            word = period_head(period).word
            try:
                self.versions[word] = self.definition.on(last_day(period))
            except QueryRefused as refusal:
                if refusal.code != "no-definition":
                    raise
                self.refused[word] = refusal
        if self.refused and not self.versions:
            raise next(iter(self.refused.values()))

    def cells(self) -> list[CellMeasure]:
        return list(dict.fromkeys(cell for version in self.versions.values() for cell in version.cells()))

    def notes(self) -> list[str]:
        """Where the series breaks because the definition changed."""
        breaks = self.definition.breaks(self.days[0], self.days[-1]) if self.days else ()
        return [f"{self.row.name}: {one.words()}" for one in breaks]


@dataclass(frozen=True)
class _Measuring:
    """An indicator over all lines and periods of an answer."""

    of: _Defined
    read: CellsRead
    query: FigureQuery
    unit: orgs.UnitCard

    def values(self) -> dict[tuple[str, str, str], Value]:
        word = self.of.measure.word
        found: dict[tuple[str, str, str], Value] = {}
        open_periods: dict[str, list[str]] = {}
        for period in self.read.periods:
            version = self.of.versions.get(period.word)
            for key in ("", *(head.key for head in self.read.units)):
                if version is None:
                    found[key, period.word, word] = Value(None, "na", reason=self.of.refused[period.word].sentence)
                    continue
                measured = self._measured(version, key, period.word)
                if measured is None:
                    open_periods.setdefault(period.word, []).append(key)
                else:
                    found[key, period.word, word] = self._value(measured, version, key, period.word)
        return found | self._one_by_one(open_periods) if open_periods else found

    def _measured(self, version: Version, key: str, period: str) -> Measured | None:
        """From the totals of the line, where these say the same as its units one by one; None where they do not."""

        def lookup(cell: CellMeasure) -> CellTotal:
            return self.read.cells.get((key, period, cell), NOTHING)

        if not self._same_units(version.cells()):
            return None
        measured = version.measured(lookup)
        if measured.asked <= 1:
            return measured
        is_linear = version.numerator.is_linear and (version.denominator is None or version.denominator.is_linear)
        if version.aggregation != "pooled" or not is_linear or (measured.is_known and measured.state == "blank"):
            return None
        return measured

    def _same_units(self, cells: Sequence[CellMeasure]) -> bool:
        """Whether equal counts behind totals mean the same units: the cells are of one form, whose lines every report
        has, or of one dynamic row. Two forms are owed by different units, and a dynamic row counts lines."""
        if len({cell.form for cell in cells}) > 1:
            return False
        rows = {(cell.table, cell.row, cell.subunit) for cell in cells}
        return len(rows) <= 1 or self.read.dynamic.isdisjoint(cells)

    def _one_by_one(self, wanted: Mapping[str, Sequence[str]]) -> dict[tuple[str, str, str], Value]:
        """Of lines whose units have to be asked one by one: those that lack a part are left out of both sums."""
        periods = [one for one in chosen_periods(self.query.periods) if period_head(one).word in wanted]
        parts = answer_parts(self.of.cells(), self.query, self.unit, periods)
        found = {}
        for period, keys in wanted.items():
            version = self.of.versions[period]
            for key in keys:
                units = parts.get((key, period), {})
                measured = version.together(version.measured(_among(held), units=1) for held in units.values())
                found[key, period, self.of.measure.word] = self._value(measured, version, key, period)
        return found

    def _value(self, measured: Measured, version: Version, key: str, period: str) -> Value:
        said = [one for form in version.forms() if (one := self.read.said.get((key, period, form))) is not None]
        if not any(one.owed for one in said):
            return Value(None, "missing", reason=NOBODY_OWES)
        outcome = next((one for word in ("refused", "approximate") for one in said if one.outcome == word), said[0])
        return Value(
            value=None if measured.value is None else rounded(measured.value, self.of.row.scale),
            state=measured.state,
            coverage=_least([one.coverage for one in said]),
            numerator=measured.numerator,
            denominator=measured.denominator,
            outcome=outcome.outcome,
            reason=measured.reason or outcome.sentence,
            simulated=any(one.simulated for one in said),
        )


def _among(cells: Mapping[CellMeasure, CellTotal]) -> Callable[[CellMeasure], CellTotal]:
    return lambda cell: cells.get(cell, NOTHING)


def _least(coverages: Sequence[Coverage | None]) -> Coverage | None:
    """Of the forms that an indicator reads, the one of which most is missing; None where a source does not say."""
    stated = [one for one in coverages if one is not None]
    if len(stated) < len(coverages):
        return None
    return max(stated, key=lambda one: one.expected - one.received, default=None)
