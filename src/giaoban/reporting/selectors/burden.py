"""All that asks a unit for a report in a span of days, and what of it the unit gives already."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from giaoban.core import periods
from giaoban.core.spans import Span
from giaoban.kit.actors import Actor
from giaoban.kit.registries import WorkItem, work_items
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.reporting.models import FormVersion, Justification, Obligation, OwingRule, Period
from giaoban.reporting.rules.burden import Finding, Known, burdens, cells_of, report_word
from giaoban.reporting.selectors.days import work_calendar
from giaoban.reporting.selectors.forms import definition_of, rule_of
from giaoban.reporting.selectors.owed import standing


@dataclass(frozen=True, slots=True)
class Ask:
    """One report that a unit is asked for. by_regime: an act orders it, else somebody asked by letter.

    findings: what speaks against it, as signed, else as of now. reason: the signed one, "" without.
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
    """Reports due between two days, or without a day for a period that ends between them, earliest first.

    A fixed number of queries.
    """
    undated = Q(due_on=None, period__end__gt=first, period__end__lte=last + date.resolution)
    rows = Obligation.objects.filter(Q(due_on__range=(first, last)) | undated, unit_id=unit.id)
    rows = rows.select_related("form", "period__rule")
    listed = standing(rows)
    owed = [one.obligation for one in listed]
    called = cards({one.receiver_id for one in owed if one.receiver_id is not None}, on)
    ruled = _ruled(owed, unit.kind)
    signed = _signed(owed, unit.id)
    against = _against([row for row in owed if row.pk not in ruled and row.pk not in signed], unit)
    asks = []
    for one in listed:
        row = one.obligation
        why = signed.get(row.pk)
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
                by_regime=row.pk in ruled,
                cells=cells_of(definition_of(row.form)),
                is_done=one.is_received,
                findings=_as_signed(why) if why else against.get(row.pk, ()),
                reason=why.reason if why else "",
                signed=f"{why.signed_by}, {why.signer_title}" if why else "",
                simulated=row.simulated,
            )
        )
    asks.sort(key=lambda ask: (ask.due_on is None, ask.due_on or date.max, ask.form_code, ask.period))
    return Burden(unit, first, last, tuple(asks), tuple(_others(actor, unit.id, first, last, on)))


def _signed(owed: Collection[Obligation], unit_id: int) -> dict[int, Justification]:
    """Obligation → the last reason that was signed for asking this unit."""
    rows = Justification.objects.filter(form__in={row.form_id for row in owed}, units__contains=[unit_id]).order_by(
        "pk"
    )
    by_place = {(one.form_id, one.period_id, one.receiver_id): one for one in rows}
    found = {row.pk: by_place.get((row.form_id, row.period_id, row.receiver_id)) for row in owed}
    return {pk: one for pk, one in found.items() if one is not None}


def _as_signed(why: Justification) -> tuple[Finding, ...]:
    """The findings as they were seen when somebody signed."""
    return tuple(Finding(one["code"], one["sentence"]) for one in why.findings)


def _against(owed: Sequence[Obligation], unit: UnitCard) -> dict[int, tuple[Finding, ...]]:
    """What speaks against requests that nobody signed for: what the regime foresees, what was asked before."""
    if not owed:
        return {}
    whole = Span(min(row.period.start for row in owed), max(row.period.end for row in owed))
    foreseen, opened = foreseen_by({unit.kind}, whole), _opened([unit.id], whole)
    return {
        row.pk: burdens(
            definition_of(row.form),
            Span(row.period.start, row.period.end),
            row.due_on or date.max,
            [*foreseen, *(_known(one) for one in opened if one.pk < row.pk)],
            report=_word(row.form, row.period),
        )
        for row in owed
    }


def findings_of(
    form: FormVersion, unit_ids: Collection[int], asked: Period | Span, due_on: date
) -> tuple[Finding, ...]:
    """What speaks against asking these units for a form over a period, or over a window for which none is open yet, by
    a day. Units that owe the report already are passed over. A fixed number of queries."""
    period = asked if isinstance(asked, Period) else None
    window = asked if isinstance(asked, Span) else Span(asked.start, asked.end)
    fresh = set(unit_ids)
    if period is not None:
        fresh -= set(Obligation.objects.filter(form=form, period=period).values_list("unit_id", flat=True))
    if not fresh:
        return ()
    known = [
        *foreseen_by({one.kind for one in cards(fresh, due_on).values()}, window),
        *map(_known, _opened(fresh, window)),
    ]
    report = _word(form, period) if period is not None else ""
    return burdens(definition_of(form), window, due_on, known, report=report)


def earlier_than_regime(rows: Sequence[Obligation], due: Mapping[int, date]) -> dict[int, tuple[Finding, ...]]:
    """Of reports that get another deadline, `due`: which get one before their own and before the regime's, and what to
    say of it."""
    moved = [row for row in rows if row.due_on is None or due[row.pk] < row.due_on]
    if not moved:
        return {}
    forms = FormVersion.objects.in_bulk({row.form_id for row in moved})
    periods_by_id = Period.objects.select_related("rule").in_bulk({row.period_id for row in moved})
    kinds = {
        one.id: one.kind for one in cards({row.unit_id for row in moved}, max(due[row.pk] for row in moved)).values()
    }
    whole = Span(min(one.start for one in periods_by_id.values()), max(one.end for one in periods_by_id.values()))
    foreseen = {kind: foreseen_by({kind}, whole) for kind in set(kinds.values())}
    said: dict[tuple[int, int, str, date], tuple[Finding, ...]] = {}
    for row in moved:
        form, period = forms[row.form_id], periods_by_id[row.period_id]
        place = (form.pk, period.pk, kinds[row.unit_id], due[row.pk])
        if place not in said:
            found = burdens(
                definition_of(form),
                Span(period.start, period.end),
                due[row.pk],
                foreseen[kinds[row.unit_id]],
                report=_word(form, period),
            )
            said[place] = tuple(one for one in found if one.code == "earlier-deadline")
    places = {row.pk: (row.form_id, row.period_id, kinds[row.unit_id], due[row.pk]) for row in moved}
    return {pk: said[place] for pk, place in places.items() if said[place]}


def foreseen_by(kinds: Collection[str], window: Span) -> list[Known]:
    """The reports that the regime foresees of units of these kinds over a window or parts of it, opened or not, by the
    forms in force on the day of each. A fixed number of queries."""
    if window.start is None or window.end is None:
        return []
    rules = OwingRule.objects.filter(reporter_kind__key__in=kinds).select_related("form").prefetch_related("rules")
    calendar = work_calendar()
    found = []
    for rule in rules:
        in_force = Span(rule.form.valid_from, rule.form.valid_to)
        for row in rule.rules.all():
            for period in _within(rule_of(row), window):
                word = rule.deadlines.get(period.deadline_key) or rule.deadlines.get(period.rule)
                due_on = periods.due_on(period, word, calendar) if word else None
                if in_force.contains(due_on or period.last_day):
                    found.append(
                        Known(
                            definition_of(rule.form),
                            period.label,
                            Span(period.start, period.end),
                            due_on,
                            by_regime=True,
                            report=report_word(rule.form.key, row.key, period.code, period.instalment),
                        )
                    )
    return found


def _within(rule: periods.PeriodRule, window: Span) -> Iterator[periods.Period]:
    """The periods of a rule that lie in a window."""
    if window.start is None or window.end is None:
        return
    for year in range(window.start.year - 1, window.end.year + 1):
        for period in periods.periods_of(rule, year):
            if window.start <= period.start and period.end <= window.end:
                yield period


def _opened(unit_ids: Collection[int], window: Span) -> list[Obligation]:
    """What units owe over a window or parts of it, one of each form and period."""
    if window.start is None or window.end is None:
        return []
    rows = Obligation.objects.filter(
        unit_id__in=unit_ids, period__start__gte=window.start, period__end__lte=window.end
    ).select_related("form", "period__rule")
    return list(rows.order_by("form_id", "period_id", "due_on").distinct("form_id", "period_id"))


def _known(row: Obligation) -> Known:
    span = Span(row.period.start, row.period.end)
    report = _word(row.form, row.period)
    return Known(definition_of(row.form), row.period.label, span, row.due_on, by_regime=False, report=report)


def _word(form: FormVersion, period: Period) -> str:
    return report_word(form.key, period.rule.key, period.code, period.instalment)


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
