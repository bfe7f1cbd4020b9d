"""Signs of something unusual in the figures beneath a unit, with their reason and who has looked at them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.http import Http404
from django.urls import reverse

from giaoban.core import outlier_words, outliers
from giaoban.core.disagreeing import place
from giaoban.core.issues import Cell
from giaoban.core.outliers import KIND_NAMES, USUAL, Hint, Limits
from giaoban.indicators.models import HintView
from giaoban.kit.actors import Actor
from giaoban.kit.arrays import among_keys
from giaoban.kit.templatetags.gb import cell_anchor
from giaoban.orgs.selectors import UnitCard, cards, children_of, first_line_beneath, scope_ids, unit_for, visible_ids
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors import FormVersion, OverTime, Period, Submission

MOST_PERIODS: Final = 36
"""So many periods back a figure is compared with its own history."""
MOST_UNITS: Final = 400
"""Of so many units at once reports are looked at: a province with its communes, not the whole country."""
MOST_REPORTS: Final = MOST_UNITS * MOST_PERIODS
"""So many are read in all: early in a period few have reported of it, and the periods before are full."""
DAYS_APART: Final = 6
"""Periods whose lengths differ by more are not compared: a half year is not a year."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody said of a hint, and when."""

    by: str
    at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class HintCard:
    """A hint as shown. place: the cell in the labels of the form, "" when it is about the whole report; history: what
    the unit reported in the cell, period by period, None where nothing is known; link: to the report and its cell.
    """

    key: str
    kind: str
    unit: UnitCard
    period: Period
    place: str
    sentence: str
    value: Decimal | None
    scale: int
    measure: str
    score: Decimal
    threshold: Decimal
    link: str
    simulated: bool
    history: tuple[Decimal | None, ...]
    seen: Seen | None = None

    @property
    def kind_name(self) -> str:
        return KIND_NAMES[self.kind]  # type: ignore[index]


class TooWide(Exception):
    """More reports stand beneath a unit than are looked at in one go. narrower: the units directly beneath it."""

    def __init__(self, unit: UnitCard, reports: int, most: int, narrower: Sequence[UnitCard]) -> None:
        self.unit, self.reports, self.most, self.narrower = unit, reports, most, tuple(narrower)
        super().__init__(f"{reports} reports beneath {unit.key}")


@dataclass(frozen=True, slots=True)
class Hints:
    """What is unusual in a period of a form beneath a unit. periods: those that were looked at, oldest first; units: of
    how many units reports were looked at; cards: by kind in the order of `core.outliers.KIND_NAMES`."""

    form: FormVersion
    period: Period
    unit: UnitCard
    periods: tuple[Period, ...]
    units: int
    cards: tuple[HintCard, ...]

    @property
    def simulated(self) -> bool:
        return any(card.simulated for card in self.cards)


def hint_choices(actor: Actor, on: date) -> list[tuple[FormVersion, Period]]:
    """Forms and periods of which anything visible was accepted, newest period first."""
    return reporting.reported_by(visible_ids(actor, on))


def hints_beneath(
    actor: Actor,
    form: FormVersion,
    period: Period,
    unit_key: str,
    on: date,
    *,
    limits: Limits = USUAL,
    whole_history: bool = False,
) -> Hints:
    """Hints about reports of a period at and beneath a unit, against the periods before it. A fixed number of queries.

    whole_history: hints about the earlier periods too. Raises Http404 when the actor may not see the unit, TooWide.
    """
    top = unit_for(actor, unit_key, on)
    periods = comparable_periods(form, period)
    here, before = reporting.reports_at(form, period, periods[:-1], scope_ids([top.id], on))
    for reports, most in ((here, MOST_UNITS), (here + before, MOST_REPORTS)):
        if reports > most:
            raise TooWide(top, reports, most, children_of(top.id, first_line_beneath(top.id, on), on))
    units = frozenset(scope_ids([top.id], on).values_list("pk", flat=True))
    held = reporting.figures_over_time(form, periods, units)
    called = cards(held.units, on)
    held = replace(held, figures=replace(held.figures, groups=_groups(held, called)))
    found = outliers.hints(held.figures, limits)
    last = len(held.periods) - 1
    asked = [hint for hint in found if whole_history or hint.period in (None, last)]
    listed = _cards(held, asked, called, form.key)
    seen = _seen(card.key for card in listed)
    return Hints(
        form=form,
        period=period,
        unit=top,
        periods=held.periods,
        units=len(held.units),
        cards=tuple(replace(card, seen=seen.get(card.key)) for card in listed),
    )


def hints_of_report(row: Submission, on: date, *, limits: Limits = USUAL) -> tuple[HintCard, ...]:
    """Hints about one version, before it is accepted or after: what `hints_beneath` says of it at its receiver.

    A fixed number of queries; of the units that it is compared with only the figures of the period are read.
    """
    owed = row.obligation
    form, period = owed.form, owed.period
    own = reporting.figures_over_time(form, comparable_periods(form, period), [owed.unit_id], instead=row)
    peers = reporting.figures_over_time(
        form, [period], reporting.reporting_to(form, period, owed.receiver_id), instead=row
    )
    called = cards(peers.units, on)
    peers = replace(peers, figures=replace(peers.figures, groups=_groups(peers, called)))
    last, mine = len(own.periods) - 1, peers.units.index(owed.unit_id)
    of_own = [hint for hint in outliers.hints(own.figures, limits) if hint.period in (None, last)]
    of_peers = [hint for hint in outliers.far_from_peers(peers.figures, limits) if hint.unit == mine]
    listed = [*_cards(own, of_own, called, form.key), *_cards(peers, of_peers, called, form.key)]
    order = list(KIND_NAMES)
    listed.sort(key=lambda card: (order.index(card.kind), -abs(card.score)))  # type: ignore[arg-type]
    seen = _seen(card.key for card in listed)
    return tuple(replace(card, seen=seen.get(card.key)) for card in listed)


def comparable_periods(form: FormVersion, period: Period) -> list[Period]:
    """The period and those of its rule before it, of the same instalment and length; cumulative ones of any length."""
    days = (period.end - period.start).days
    earlier = [
        one
        for one in reporting.periods_with_obligations(form)
        if (one.rule_id, one.instalment) == (period.rule_id, period.instalment) and one.end < period.end
        if period.cumulative or abs((one.end - one.start).days - days) <= DAYS_APART
    ]
    return [*earlier[: MOST_PERIODS - 1], period]


def _groups(held: OverTime, called: Mapping[int, UnitCard]) -> tuple[int, ...]:
    """Units of one kind that report to one receiver are compared."""
    numbers: dict[tuple[str, int | None], int] = {}
    keys = [(called[unit_id].kind, held.receivers[unit_id]) for unit_id in held.units]
    return tuple(numbers.setdefault(key, len(numbers)) for key in keys)


def _cards(held: OverTime, found: Sequence[Hint], called: Mapping[int, UnitCard], form_key: str) -> list[HintCard]:
    """A hint about all periods of a unit links to its last report."""
    labels = [period.label for period in held.periods]
    places = [place(held.form, Cell(one.table, one.row, "", one.column.id)) for one in held.cells]
    last: dict[int, int] = {}
    for unit, at in held.sent:
        last[unit] = max(at, last.get(unit, at))
    return [_card(held, hint, called, form_key, labels, places, last) for hint in found]


def _card(
    held: OverTime,
    hint: Hint,
    called: Mapping[int, UnitCard],
    form_key: str,
    labels: Sequence[str],
    places: Sequence[str],
    last: Mapping[int, int],
) -> HintCard:
    unit = called[held.units[hint.unit]]
    at = last[hint.unit] if hint.period is None else hint.period
    period, cell = held.periods[at], None if hint.cell is None else held.cells[hint.cell]
    year = f"{period.rule.key}:{held.figures.cycles[at]}"
    anchor = f"#{cell_anchor(Cell(cell.table, cell.row, '', cell.column.id))}" if cell is not None else ""
    return HintCard(
        key=outlier_words.key_of(
            hint,
            unit=unit.key,
            form=form_key,
            period=year if hint.period is None else _name_of(period),
            cell=f"{cell.table}/{cell.row}/{cell.column.id}" if cell is not None else "",
        ),
        kind=hint.kind,
        unit=unit,
        period=period,
        place=places[hint.cell] if hint.cell is not None else "",
        sentence=outlier_words.sentence(hint, labels, places),
        value=hint.value,
        scale=cell.column.scale if cell is not None else 0,
        measure=cell.column.unit if cell is not None else "",
        score=hint.score,
        threshold=hint.threshold,
        link=f"{reverse('reporting:submission', args=[held.sent[hint.unit, at]])}{anchor}",
        simulated=any((hint.unit, one) in held.simulated for one in (at, hint.before)),
        history=_history(held, hint),
    )


def _name_of(period: Period) -> str:
    return ":".join(filter(None, (period.rule.key, period.code, period.instalment)))


def _history(held: OverTime, hint: Hint) -> tuple[Decimal | None, ...]:
    if hint.cell is None:
        return ()
    figures, cell = held.figures, hint.cell
    return tuple(
        figures.value(hint.unit, at, cell) if figures.known[hint.unit, at, cell] else None
        for at in range(len(held.periods))
    )


def _seen(keys: Iterable[str]) -> dict[str, Seen]:
    rows = HintView.objects.filter(key__in=among_keys(keys)).select_related("act")
    return {row.key: Seen(row.act.actor_name, row.act.at, row.note) for row in rows}


def hint_of(found: Hints, key: str) -> HintCard:
    """Raises Http404 when it is not among them (any more)."""
    for card in found.cards:
        if card.key == key:
            return card
    raise Http404("Dấu hiệu này không còn: số liệu đã khác, hoặc ngoài phạm vi của bạn.")
