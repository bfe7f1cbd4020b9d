"""All that asks a unit for a report in a span of days, and what of it the unit gives already."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from giaoban.core import periods
from giaoban.core.spans import Span
from giaoban.kit.actors import Actor
from giaoban.kit.registries import WorkItem, work_items
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting.models import FormVersion, Justification, Obligation, OwingRule
from giaoban.reporting.rules.burden import Finding, Known, burdens, cells_of
from giaoban.reporting.selectors.days import work_calendar
from giaoban.reporting.selectors.forms import definition_of, rule_of
from giaoban.reporting.selectors.owed import standing


@dataclass(frozen=True, slots=True)
class Ask:
    """One report that a unit is asked for. by_regime: an act orders it, else somebody asked by letter.

    findings: what of it the regime's reports of the unit give anyway. reason: the signed one, "" without.
    """

    obligation_id: int
    form_key: str
    form_code: str
    form_title: str
    period: str
    asker: str
    basis: str
    due_on: date | None
    by_regime: bool
    cells: int
    is_done: bool
    findings: tuple[Finding, ...]
    reason: str
    signed: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class Burden:
    """What hits a unit between two days, both included. others: tasks and the like of the actor's own unit."""

    unit: UnitCard
    first: date
    last: date
    asks: tuple[Ask, ...]
    others: tuple[WorkItem, ...]

    @property
    def cells(self) -> int:
        return sum(one.cells for one in self.asks)

    @property
    def askers(self) -> int:
        return len({one.asker for one in self.asks})

    @property
    def outside(self) -> int:
        """How many are asked for outside the regime."""
        return sum(not one.by_regime for one in self.asks)


def burden_of(actor: Actor, unit: UnitCard, first: date, last: date, on: date) -> Burden:
    """Reports due between two days, or without a day for a period that ends between them, earliest first."""
    undated = Q(due_on=None, period__end__gt=first, period__end__lte=last + date.resolution)
    rows = Obligation.objects.filter(Q(due_on__range=(first, last)) | undated, unit_id=unit.id)
    rows = rows.select_related("form", "period__rule")
    listed = standing(rows)
    owed = [one.obligation for one in listed]
    called = cards({one.receiver_id for one in owed if one.receiver_id is not None}, on)
    ruled = _ruled(owed, unit.kind)
    signed = {
        (one.form_id, one.period_id, one.receiver_id): one
        for one in Justification.objects.filter(form__in={row.form_id for row in owed})
    }
    known = [_known(row, by_regime=row.pk in ruled) for row in owed if row.pk in ruled]
    asks = []
    for one in listed:
        row = one.obligation
        why = signed.get((row.form_id, row.period_id, row.receiver_id))
        window = Span(row.period.start, row.period.end)
        outside = row.pk not in ruled
        definition = definition_of(row.form)
        asks.append(
            Ask(
                obligation_id=row.pk,
                form_key=row.form.key,
                form_code=row.form.code,
                form_title=row.form.title,
                period=row.period.label,
                asker=called[row.receiver_id].name if row.receiver_id is not None else "",
                basis=row.due_source,
                due_on=row.due_on,
                by_regime=not outside,
                cells=cells_of(definition),
                is_done=one.is_received,
                findings=burdens(definition, window, row.due_on or date.max, known) if outside else (),
                reason=why.reason if why else "",
                signed=f"{why.signed_by}, {why.signer_title}" if why else "",
                simulated=row.simulated,
            )
        )
    asks.sort(key=lambda ask: (ask.due_on is None, ask.due_on or date.max, ask.form_code, ask.period))
    return Burden(unit, first, last, tuple(asks), tuple(_others(actor, unit.id, first, last, on)))


def findings_of(form: FormVersion, unit_ids: Collection[int], window: Span, due_on: date) -> tuple[Finding, ...]:
    """What speaks against asking these units for a form over a window by a day. A fixed number of queries."""
    kinds = {one.kind for one in cards(unit_ids, due_on).values()}
    return burdens(definition_of(form), window, due_on, known_of(unit_ids, kinds, window, due_on))


def known_of(unit_ids: Collection[int], kinds: Collection[str], window: Span, on: date) -> list[Known]:
    """What units of these kinds give anyway over a window or parts of it: reports opened, and those that the regime
    foresees. A fixed number of queries."""
    if window.start is None or window.end is None:
        return []
    inside = Q(period__start__gte=window.start, period__end__lte=window.end)
    rows = Obligation.objects.filter(inside, unit_id__in=unit_ids).select_related("form", "period__rule")
    opened = list(rows.order_by("form_id", "period_id", "due_on").distinct("form_id", "period_id"))
    rules = OwingRule.objects.filter(reporter_kind__key__in=kinds).select_related("form").prefetch_related("rules")
    found = [_known(row, by_regime=False) for row in opened]
    calendar = work_calendar()
    for rule in rules:
        if Span(rule.form.valid_from, rule.form.valid_to).contains(on):
            for row in rule.rules.all():
                for year in (window.end.year - 1, window.end.year):
                    for period in periods.periods_of(rule_of(row), year):
                        if window.start <= period.start and period.end <= window.end:
                            word = rule.deadlines.get(period.deadline_key) or rule.deadlines.get(period.rule)
                            due_on = periods.due_on(period, word, calendar) if word else None
                            span = Span(period.start, period.end)
                            found.append(Known(definition_of(rule.form), period.label, span, due_on, by_regime=True))
    return found


def _known(row: Obligation, *, by_regime: bool) -> Known:
    span = Span(row.period.start, row.period.end)
    return Known(definition_of(row.form), row.period.label, span, row.due_on, by_regime)


def _ruled(owed: list[Obligation], kind: str) -> set[int]:
    """Which of the reports an act orders."""
    rules = OwingRule.objects.filter(reporter_kind__key=kind, form__in={row.form_id for row in owed})
    pairs = set(rules.values_list("form_id", "rules"))
    return {row.pk for row in owed if (row.form_id, row.period.rule_id) in pairs}


def _others(actor: Actor, unit_id: int, first: date, last: date, on: date) -> list[WorkItem]:
    """What other rooms ask of the unit; they tell it to its own people only."""
    if unit_id not in actor.unit_ids:
        return []
    found = [item for name, source in work_items for item in source(actor, on) if name != "reporting"]
    mine = [item for item in found if item.unit_id == unit_id and item.due_on and first <= item.due_on <= last]
    return sorted(mine, key=lambda item: (item.due_on or date.max, item.title))
