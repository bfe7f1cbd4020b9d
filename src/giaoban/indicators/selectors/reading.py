"""Indicators read figures through `reporting.selectors`; a rate is always made from its two sums."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from giaoban.core import restating
from giaoban.core.consolidation import CellTotal, total_of
from giaoban.core.figures import NIL, reported
from giaoban.core.indicators import (
    Direction,
    Measured,
    Rate,
    SourceMeasure,
    Version,
    plain_mean,
    pooled,
    rank,
    rounded,
)
from giaoban.core.queries import CellMeasure, QueryRefused
from giaoban.indicators.models import Indicator
from giaoban.indicators.selectors.definitions import (
    definition_of,
    form_of_cell,
    forms_in,
    reporters,
    version_in,
    version_on,
)
from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among
from giaoban.kit.registries import figure_sources
from giaoban.orgs import selectors as orgs
from giaoban.orgs.selectors import visible_ids
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors import Period

NOTHING = CellTotal()
MOST_ASKED = 100
"""Units of which a figure source is asked: it gives one number at a time."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator over all units of a period: each unit's value and rank, all together, and the plain mean.

    ranks: of the values as they are shown, at the indicator's scale: what reads alike shares a place, as everywhere.
    version: the definition in force. lacking: units that reported something and for which nothing can be computed.
    not_summed: units whose own sub-units report too. They keep their value, which holds those of the others, and stand
    in neither level, mean nor ranks.
    """

    indicator: Indicator
    units: Mapping[int, Measured]
    ranks: Mapping[int, int]
    overall: Measured
    mean_of_values: Decimal | None
    simulated: bool
    version: Version
    lacking: Mapping[int, Measured] = field(default_factory=dict)
    not_summed: frozenset[int] = frozenset()

    @property
    def summed(self) -> dict[int, Measured]:
        """The units with a value that count in the level of all, each figure once."""
        return {unit_id: one for unit_id, one in self.units.items() if unit_id not in self.not_summed}

    def together(self, unit_ids: Iterable[int]) -> Measured:
        """Some of the units as one, by the rule of the indicator. One alone is itself; of several those that are not
        summed are left out."""
        known = {**self.lacking, **self.units}
        asked = [unit_id for unit_id in unit_ids if unit_id in known]
        if len(asked) > 1:
            asked = [unit_id for unit_id in asked if unit_id not in self.not_summed]
        return self.version.together(known[unit_id] for unit_id in asked)


def factor_of(indicator: Indicator) -> Decimal:
    """Of the newest version: 100 for a percentage."""
    return definition_of(indicator).versions[-1].factor


def direction_of(indicator: Indicator) -> Direction | None:
    if indicator.higher_is_better is None:
        return None
    return "higher" if indicator.higher_is_better else "lower"


def measured(rates: Iterable[Rate], factor: Decimal) -> Measured:
    """Several units together: the quotient of the sums, never the mean of the quotients."""
    held = list(rates)
    whole = pooled(held)
    return Measured(whole.numerator, whole.denominator, whole.value(factor), count=len(held), asked=len(held))


def reading(indicator: Indicator, period: Period, unit_ids: Iterable[int] | None = None) -> Reading:
    """Values of an indicator in a period, from accepted figures only. Raises QueryRefused.

    unit_ids: only these units; None = all that reported. A unit whose numerator or denominator is blank has no value
    and is left out of `units`; a declared nil counts as zero. Of the chosen units with a value, one above others is not
    summed, as in a consolidated table; where only it has one, its value stands for all.
    """
    chosen = None if unit_ids is None else set(unit_ids)
    version = version_in(indicator, period)
    found = {
        unit_id: one
        for unit_id, one in sorted(_each(indicator, version, period).items())
        if chosen is None or unit_id in chosen
    }
    units = {unit_id: one for unit_id, one in found.items() if one.is_known}
    forms = forms_in(indicator, version)
    apart = frozenset[int]().union(*(reporting.not_summed(form, period, units.keys()) for form in forms))
    summed = {unit_id: one for unit_id, one in units.items() if unit_id not in apart}
    values = {unit_id: one.value for unit_id, one in summed.items()}
    shown = {unit_id: None if one is None else rounded(one, indicator.scale) for unit_id, one in values.items()}
    direction = direction_of(indicator)
    simulated = [reporting.simulated_units(form, period) for form in forms]
    return Reading(
        indicator=indicator,
        units=units,
        ranks=rank(shown, direction) if direction else {},
        overall=version.together(one for unit_id, one in found.items() if unit_id not in apart),
        mean_of_values=plain_mean(values.values()),
        simulated=any(one & units.keys() for one in simulated),
        version=version,
        lacking={unit_id: one for unit_id, one in found.items() if not one.is_known},
        not_summed=apart,
    )


def _each(indicator: Indicator, version: Version, period: Period) -> dict[int, Measured]:
    """What each unit that reported any of the forms comes to. One query for each line of a form."""
    cells = version.cells()
    totals: dict[CellMeasure, dict[int, CellTotal]] = {}
    for of_line in _by_line(cells).values():
        totals |= _line(indicator, period, of_line)
    units = set[int]().union(*totals.values()) if totals else set()
    asked = _sources(version, period, units) if version.sources() else None

    def lookup(unit_id: int) -> Callable[[CellMeasure], CellTotal]:
        return lambda cell: totals[cell].get(unit_id, NOTHING)

    def source(unit_id: int) -> Callable[[SourceMeasure], CellTotal]:
        return lambda one: (asked or {}).get((unit_id, one), NOTHING)

    return {unit_id: version.measured(lookup(unit_id), sources=source(unit_id), units=1) for unit_id in units}


def _by_line(cells: Iterable[CellMeasure]) -> dict[tuple[str, str, str], list[CellMeasure]]:
    held: dict[tuple[str, str, str], list[CellMeasure]] = {}
    for cell in cells:
        held.setdefault((cell.form, cell.table, cell.row), []).append(cell)
    return held


def _line(indicator: Indicator, period: Period, cells: list[CellMeasure]) -> dict[CellMeasure, dict[int, CellTotal]]:
    """Cells of one line of a form, by unit; actual and estimated part stay apart."""
    first = cells[0]
    form = form_of_cell(first, indicator)
    columns = list(dict.fromkeys(cell.column for cell in cells))
    try:
        figures = reporting.figures_by_unit(form, period, first.table, first.row, columns)
    except KeyError as fault:
        raise QueryRefused(
            "unknown-measure",
            f"Biểu {form.code} không có ô {fault} mà công thức của chỉ số “{indicator.name}” nêu: sửa định nghĩa.",
            first.word,
        ) from None
    return {
        cell: {unit_id: total_of(by_column[cell.column]) for unit_id, by_column in figures.items()} for cell in cells
    }


def _sources(version: Version, period: Period, units: Iterable[int]) -> dict[tuple[int, SourceMeasure], CellTotal]:
    """Figures by name. A source gives one number of one unit; for too many of them the indicator is refused."""
    asked = sorted(units)
    if len(asked) > MOST_ASKED:
        raise QueryRefused(
            "too-much",
            f"Công thức dùng nguồn số liệu theo tên, chỉ đọc được từng đơn vị một: {len(asked)} đơn vị báo cáo, "
            f"nhiều nhất {MOST_ASKED}. Thay nguồn ấy bằng ô của biểu trong định nghĩa.",
            version.sources()[0].word,
        )
    offered = dict(figure_sources)
    called = orgs.cards(asked, reporting.last_day(period))
    found = {}
    for one in version.sources():
        if one.name not in offered:
            raise QueryRefused(
                "unknown-measure", f"Không có nguồn số liệu “{one.name}” mà công thức của chỉ số nêu.", one.word
            )
        for unit_id, card in called.items():
            said = offered[one.name](
                unit=card.key, period=period.code, instalment=period.instalment, **dict(one.reference)
            )
            found[unit_id, one] = total_of(NIL if said.nil else reported(said.value))
    return found


@dataclass(frozen=True, slots=True)
class Before:
    """An indicator in the same period of the year before, for units of a later day: each value exact, by a stated
    method, or refused with its reason. ranks: whether places then and now may be compared at all; `places` only then.

    broken: what keeps all of it from being compared, the definition having changed. together: some units as one.
    """

    period: Period
    units: Mapping[int, restating.Reading[int]]
    ranks: restating.Restatement
    places: Mapping[int, int]
    count: int
    together: Callable[[Iterable[int]], restating.Reading[int]]
    broken: str = ""


def before(held: Reading, period: Period) -> Before | None:
    """The same period of the year before, in the geography in which `period` is read; None when it was not opened.

    held: the reading of `period`. A predecessor without figures makes a unit's earlier value refused, not smaller.
    """
    earlier = reporting.period_before(period)
    return None if earlier is None else compared(held, period, earlier)


def compared(held: Reading, period: Period, earlier: Period) -> Before:
    """An earlier period in the geography in which `period` is read. Raises QueryRefused."""
    then, to = reporting.last_day(earlier), reporting.last_day(period)
    changed = definition_of(held.indicator).incomparable(then, to)
    if changed is not None:
        return _broken(held, earlier, changed.words())
    try:
        version_on(held.indicator, then)
    except QueryRefused as refused:
        return _broken(held, earlier, refused.sentence)
    then_held = reading(held.indicator, earlier)
    called = orgs.Called()
    expected = reporters(held.indicator, earlier)
    view = orgs.unit_view(then, to, then_held.units.keys() | expected, called=called)
    values: dict[int, restating.Value] = dict.fromkeys([*_predecessors(view, held.units), *expected])
    values |= {unit_id: _additive(then_held.version, one) for unit_id, one in then_held.units.items()}
    called.load((unit_id, then) for unit_id in values)
    ranks = restating.comparable_ranks(then_held.ranks.keys(), held.ranks.keys(), view)

    def together(inside: Iterable[int]) -> restating.Reading[int]:
        return _restated(inside, values, view, then_held.version)

    return Before(
        period=earlier,
        units={unit_id: together([unit_id]) for unit_id in held.units},
        ranks=ranks,
        places=then_held.ranks if ranks.outcome == "exact" else {},
        count=len(then_held.ranks),
        together=together,
    )


def _additive(version: Version, one: Measured) -> restating.Value:
    """What may be put together when units merged: two sums, an amount, or, of a mean, nothing but the value alone."""
    if version.aggregation != "pooled":
        return one.value
    return one.rate if version.denominator is not None else one.value


def _restated(
    inside: Iterable[int], values: Mapping[int, restating.Value], view: restating.View[int], version: Version
) -> restating.Reading[int]:
    measure = restating.Measure.RATE if version.denominator is not None else restating.Measure.ADDITIVE
    if version.aggregation != "pooled":
        measure = restating.Measure.MEAN
    said = restating.restate(list(inside), values, view, measure=measure, factor=version.factor)
    if said.outcome == "refused" or said.value is not None or measure is not restating.Measure.RATE:
        return said
    rates = [part.value for part in said.parts if isinstance(part.value, Rate) and part.weight]
    return replace(said, value=version.rated(pooled(rates)).value)


def _broken(held: Reading, earlier: Period, why: str) -> Before:
    sentence = f"Không so được với {earlier.label}: {why}"
    said = restating.Restatement(outcome="refused", sentence=sentence, reason=restating.Reason.OTHER_FORM)
    refused: restating.Reading[int] = restating.Reading(outcome="refused", sentence=sentence, reason=said.reason)
    return Before(
        period=earlier,
        units=dict.fromkeys(held.units, refused),
        ranks=said,
        places={},
        count=0,
        together=lambda _: refused,
        broken=sentence,
    )


def _predecessors(view: restating.View[int], unit_ids: Iterable[int]) -> set[int]:
    """What the units were on the day of the view; one that was not there then has none."""
    places = (view.succession.place(unit_id, from_on=view.to, to_on=view.then) for unit_id in unit_ids)
    return {target.key for place in places for target in place.targets}


def visible_among(actor: Actor, unit_ids: Iterable[int], on: date) -> frozenset[int]:
    """Those of the units that the actor may see."""
    return frozenset(visible_ids(actor, on).filter(pk__in=among(unit_ids)).values_list("pk", flat=True))
