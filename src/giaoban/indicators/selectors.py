"""Indicators read figures through `reporting.selectors`; a rate is always made from its two sums."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db.models import QuerySet
from django.http import Http404

from giaoban.core import restating
from giaoban.core.figures import Mark
from giaoban.core.indicators import Rate, plain_mean, pooled, rank
from giaoban.indicators.models import Discrepancy, DiscrepancyState
from giaoban.indicators.models import Indicator as Indicator
from giaoban.kit.actors import Actor
from giaoban.orgs import selectors as orgs
from giaoban.orgs.selectors import UnitCard, cards, visible_ids
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors import Period


@dataclass(frozen=True, slots=True)
class Measured:
    """An indicator of one unit, or of several together: the two sums, and what they give.

    `value` is not rounded; None when the denominator is zero. `count` is the number of units in it.
    """

    rate: Rate
    value: Decimal | None
    count: int = 1


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator over all units of a period: each unit's value and rank, all together, and the plain mean."""

    indicator: Indicator
    units: Mapping[int, Measured]
    ranks: Mapping[int, int]
    overall: Measured
    mean_of_values: Decimal | None
    simulated: bool


def indicator_by_key(key: str) -> Indicator:
    """Raises Indicator.DoesNotExist."""
    return Indicator.objects.select_related("form", "field").get(key=key)


def indicators() -> list[Indicator]:
    return list(Indicator.objects.select_related("form", "field"))


def factor_of(indicator: Indicator) -> Decimal:
    return Decimal(str(indicator.definition["factor"]))


def measured(rates: Iterable[Rate], factor: Decimal) -> Measured:
    """Several units together: the quotient of the sums, never the mean of the quotients."""
    held = list(rates)
    together = pooled(held)
    return Measured(together, together.value(factor), len(held))


def reading(indicator: Indicator, period: Period, unit_ids: Iterable[int] | None = None) -> Reading:
    """Values of an indicator in a period, from accepted figures only.

    unit_ids: only these units; None = all that reported. A unit whose numerator or denominator is blank has no value
    and is left out; a declared nil counts as zero.
    """
    chosen = None if unit_ids is None else set(unit_ids)
    above, below = (_totals(indicator, period, indicator.definition[part]) for part in ("numerator", "denominator"))
    factor = factor_of(indicator)
    units: dict[int, Measured] = {}
    for unit_id in sorted(above.keys() & below.keys()):
        if chosen is None or unit_id in chosen:
            rate = Rate(above[unit_id], below[unit_id])
            units[unit_id] = Measured(rate, rate.value(factor))
    values = {unit_id: one.value for unit_id, one in units.items()}
    return Reading(
        indicator=indicator,
        units=units,
        ranks=rank(values, "higher" if indicator.higher_is_better else "lower"),
        overall=measured((one.rate for one in units.values()), factor),
        mean_of_values=plain_mean(values.values()),
        simulated=bool(reporting.simulated_units(indicator.form, period) & units.keys()),
    )


def _totals(indicator: Indicator, period: Period, cell: Mapping[str, str]) -> dict[int, Decimal]:
    """Actual and estimated part of one cell together, by unit; blanks and "not applicable" are left out, nil is 0."""
    figures = reporting.figures_by_unit(indicator.form, period, cell["table"], cell["row"], [cell["column"]])
    totals: dict[int, Decimal] = {}
    for unit_id, columns in figures.items():
        figure = columns[cell["column"]]
        if figure.mark is Mark.NIL:
            totals[unit_id] = Decimal(0)
        elif figure.mark is Mark.REPORTED:
            totals[unit_id] = (figure.value or Decimal(0)) + (figure.estimate or Decimal(0))
    return totals


@dataclass(frozen=True, slots=True)
class Before:
    """An indicator in the same period of the year before, for units of a later day: each value exact, by a stated
    method, or refused with its reason. ranks: whether places then and now may be compared at all; `places` only then.
    """

    period: Period
    units: Mapping[int, restating.Reading[int]]
    ranks: restating.Restatement
    places: Mapping[int, int]
    count: int


def before(held: Reading, period: Period) -> Before | None:
    """The same period of the year before, in the geography in which `period` is read; None when it was not opened.

    held: the reading of `period`. A predecessor without figures makes a unit's earlier value refused, not smaller.
    """
    earlier = reporting.period_before(period)
    if earlier is None:
        return None
    then, to = reporting.last_day(earlier), reporting.last_day(period)
    then_held = reading(held.indicator, earlier)
    called = orgs.Called()
    expected = reporting.reporters_of(held.indicator.form, earlier)
    view = orgs.unit_view(then, to, then_held.units.keys() | expected, called=called)
    values: dict[int, restating.Value] = dict.fromkeys([*_predecessors(view, held.units), *expected])
    values |= {unit_id: one.rate for unit_id, one in then_held.units.items()}
    called.load((unit_id, then) for unit_id in values)
    factor = factor_of(held.indicator)
    ranks = restating.comparable_ranks(then_held.ranks.keys(), held.ranks.keys(), view)
    return Before(
        period=earlier,
        units={
            unit_id: restating.restate([unit_id], values, view, measure=restating.Measure.RATE, factor=factor)
            for unit_id in held.units
        },
        ranks=ranks,
        places=then_held.ranks if ranks.outcome == "exact" else {},
        count=len(then_held.ranks),
    )


def _predecessors(view: restating.View[int], unit_ids: Iterable[int]) -> set[int]:
    """What the units were on the day of the view; one that was not there then has none."""
    places = (view.succession.place(unit_id, from_on=view.to, to_on=view.then) for unit_id in unit_ids)
    return {target.key for place in places for target in place.targets}


@dataclass(frozen=True, slots=True)
class DiscrepancyCard:
    """A published number beside ours, as shown. `scale`: decimals that tell the two apart."""

    pk: int
    what: str
    unit: UnitCard
    period_label: str
    indicator: Indicator | None
    published: Decimal
    computed: Decimal
    scale: int
    measure: str
    recognised_as: str
    source: str
    is_open: bool
    state_name: str
    decision: str
    found_by: str
    found_at: datetime
    decided_by: str
    decided_at: datetime | None

    @property
    def difference(self) -> Decimal:
        return self.published - self.computed


def discrepancies(actor: Actor, on: date) -> QuerySet[Discrepancy]:
    """Discrepancies of visible units, open ones first, the latest found on top."""
    rows = Discrepancy.objects.select_related("indicator__form", "period", "found", "decided")
    return rows.filter(unit_id__in=visible_ids(actor, on)).order_by("-state", "-found__at", "key")


def discrepancy_for(actor: Actor, pk: int, on: date) -> Discrepancy:
    """Raises Http404 outside the actor's scope."""
    found = discrepancies(actor, on).filter(pk=pk).first()
    if found is None:
        raise Http404("Không có chênh lệch này trong phạm vi của bạn.")
    return found


def discrepancy_cards(rows: Iterable[Discrepancy], on: date) -> list[DiscrepancyCard]:
    """One query for all units' names; `rows` come from `discrepancies`."""
    held = list(rows)
    called = cards((row.unit_id for row in held if row.unit_id), on)
    return [_discrepancy_card(row, called[row.unit_id]) for row in held if row.unit_id]


def _discrepancy_card(row: Discrepancy, unit: UnitCard) -> DiscrepancyCard:
    return DiscrepancyCard(
        pk=row.pk,
        what=row.what,
        unit=unit,
        period_label=row.period.label if row.period else "",
        indicator=row.indicator,
        published=row.published,
        computed=row.computed,
        scale=max(_decimals(row.published), _decimals(row.computed)),
        measure=row.measure,
        recognised_as=row.recognised_as,
        source=row.source,
        is_open=row.state == DiscrepancyState.OPEN,
        state_name=row.get_state_display(),
        decision=row.decision,
        found_by=row.found.actor_name,
        found_at=row.found.at,
        decided_by=row.decided.actor_name if row.decided else "",
        decided_at=row.decided.at if row.decided else None,
    )


def _decimals(value: Decimal) -> int:
    """Decimals without the zeros that the column adds: 87.040000 has two."""
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def open_discrepancies(actor: Actor, on: date) -> int:
    return discrepancies(actor, on).filter(state=DiscrepancyState.OPEN).count()


def discrepancy_by_key(key: str) -> Discrepancy | None:
    """Whoever asks: for commands."""
    return Discrepancy.objects.filter(key=key).first()


def indicator_for(key: str) -> Indicator:
    """The indicator of a key, or 404."""
    found = Indicator.objects.select_related("form", "field").filter(key=key).first()
    if found is None:
        raise Http404("Không có chỉ số này.")
    return found


def visible_among(actor: Actor, unit_ids: Iterable[int], on: date) -> frozenset[int]:
    """Those of the units that the actor may see."""
    return frozenset(visible_ids(actor, on).filter(pk__in=list(unit_ids)).values_list("pk", flat=True))
