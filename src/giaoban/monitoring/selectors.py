"""Findings, the matrix field × locality, the indicators of one unit. A proposal is seen only by those who judge it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from giaoban.core import restating
from giaoban.core.indicators import difference_in_points
from giaoban.indicators import selectors as figures
from giaoban.indicators.selectors import Before, Indicator, Reading, before, indicators, reading
from giaoban.kit.actors import Actor
from giaoban.kit.models import Word
from giaoban.kit.permissions import Permission
from giaoban.monitoring.models import Finding as Finding
from giaoban.monitoring.models import FindingState
from giaoban.monitoring.models import WatchRule as WatchRule
from giaoban.monitoring.rules import Picked, pick, reason, step
from giaoban.orgs.selectors import UnitCard, cards, fields, scope_ids, visible_ids
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors import Period

THRESHOLDS = (Decimal(2), Decimal(5))  # points from the level of all together; shown in the legend


@dataclass(frozen=True, slots=True)
class FindingCard:
    """A finding as shown: who, what, against what, why, and who judged it how."""

    pk: int
    unit: UnitCard
    kind: str
    kind_name: str
    state: str
    state_name: str
    value: Decimal | None
    reference: Decimal | None
    rank: int | None
    out_of: int | None
    reason: str
    rule_name: str
    indicator_name: str
    scale: int
    unit_of_measure: str
    period_id: int
    period_label: str
    watcher_id: int
    judgement: str
    judged_by: str
    simulated: bool


def _card(finding: Finding, unit: UnitCard) -> FindingCard:
    indicator = finding.rule.indicator
    return FindingCard(
        pk=finding.pk,
        unit=unit,
        kind=finding.kind,
        kind_name=finding.get_kind_display(),
        state=finding.state,
        state_name=finding.get_state_display(),
        value=finding.value,
        reference=finding.reference,
        rank=finding.rank,
        out_of=finding.out_of,
        reason=finding.reason,
        rule_name=finding.rule.name,
        indicator_name=indicator.name,
        scale=indicator.scale,
        unit_of_measure=indicator.unit,
        period_id=finding.period_id,
        period_label=finding.period.label,
        watcher_id=finding.watcher_id,
        judgement=finding.judgement,
        judged_by=finding.judged.actor_name if finding.judged else "",
        simulated=bool(finding.evidence.get("simulated")),
    )


def finding_cards(findings: Iterable[Finding], on: date) -> list[FindingCard]:
    """Two queries at most for all of them; `findings` come with rule, indicator, period and act joined."""
    held = list(findings)
    called = cards([finding.unit_id for finding in held], on)
    return [_card(finding, called[finding.unit_id]) for finding in held]


def judges_at(actor: Actor) -> list[int]:
    """The units for which the actor judges findings."""
    return [unit_id for unit_id in actor.unit_ids if actor.may(Permission.JUDGE_FINDING, at=unit_id)]


def findings(actor: Actor, on: date) -> QuerySet[Finding]:
    """Findings about visible units; a proposal only to those who may judge it."""
    rows = Finding.objects.select_related("rule__indicator", "period", "judged", "proposed").filter(
        unit_id__in=visible_ids(actor, on)
    )
    if not actor.everything:
        rows = rows.filter(~Q(state=FindingState.PROPOSED) | Q(watcher_id__in=judges_at(actor)))
    return rows.order_by("-period__end", "period_id", "rule_id", "pk")


def finding_for(actor: Actor, pk: int, on: date) -> Finding:
    """Raises Http404 outside what the actor may see."""
    found = findings(actor, on).filter(pk=pk).first()
    if found is None:
        raise Http404("Không có phát hiện này trong phạm vi của bạn.")
    return found


def findings_for(watcher_id: int, period_id: int | None, on: date) -> list[FindingCard]:
    """Confirmed findings that a unit watches, for its meetings: whoever reads the watcher's papers reads them."""
    rows = Finding.objects.select_related("rule__indicator", "period", "judged").filter(
        watcher_id=watcher_id, state=FindingState.CONFIRMED
    )
    if period_id is not None:
        rows = rows.filter(period_id=period_id)
    return finding_cards(rows.order_by("rule_id", "pk"), on)


def watch_rules() -> list[WatchRule]:
    return list(WatchRule.objects.select_related("indicator__form").order_by("pk"))


def watch_rule_for(key: str) -> WatchRule:
    found = WatchRule.objects.select_related("indicator__form").filter(key=key).first()
    if found is None:
        raise Http404("Không có quy tắc theo dõi này.")
    return found


@dataclass(frozen=True, slots=True)
class Proposals:
    """What a rule would name among the units that a watcher stands over, and the reading it compares in."""

    reading: Reading
    picked: tuple[Picked, ...]
    units: dict[int, UnitCard]


def proposals(rule: WatchRule, period: Period, watcher_id: int, on: date) -> Proposals:
    """Let a rule look at a period; nothing is kept. Level and ranks are those of the watcher's own scope.

    A unit whose sub-units report too is not picked beside them: its value holds theirs.
    """
    scope = set(scope_ids([watcher_id], on).values_list("pk", flat=True))
    held = reading(rule.indicator, period, scope)
    picked = pick(
        rule.kind,
        rule.settings,
        {unit_id: one.value for unit_id, one in held.summed.items()},
        reference=held.overall.value,
        ranks=held.ranks,
        expected=frozenset((figures.reporters(rule.indicator, period) & scope) - (held.units.keys() - held.summed)),
    )
    return Proposals(held, tuple(picked), cards((one.unit_id for one in picked), on))


def reason_of(rule: WatchRule, one: Picked, unit: UnitCard) -> str:
    """The rule's sentence about one unit."""
    indicator = rule.indicator
    return reason(
        rule.settings["reason_template"],
        one,
        unit_name=unit.short_name,
        indicator=indicator.name,
        measure=indicator.unit,
        scale=indicator.scale,
    )


def stands_over_all(rule: WatchRule, unit_id: int, on: date) -> bool:
    """Whether all who report a rule's indicator in its latest period belong to the unit; False when nobody does."""
    period = latest_period(rule)
    reporters = figures.reporters(rule.indicator, period) if period else frozenset()
    return bool(reporters) and reporters <= set(scope_ids([unit_id], on).values_list("pk", flat=True))


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One indicator of one unit. `points`: from the level of all together.

    before: value of the same period of the year before, in the geography of the indicator's period. before_words: why
    there is none, or how it was restated. rank_before: only where the same units were ranked.
    step: −2…+2 around that level (plus = better); None = no data, which is not the same as even.
    """

    value: Decimal | None = None
    points: Decimal | None = None
    rank: int | None = None
    step: int | None = None
    before: Decimal | None = None
    before_words: str = ""
    rank_before: int | None = None
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    open_findings: int = 0


@dataclass(frozen=True, slots=True)
class MatrixColumn:
    """One indicator in its latest period; `before` is the same period of the year before. None = no figures."""

    indicator: Indicator
    period: Period | None = None
    reading: Reading | None = None
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    unit: UnitCard
    cells: tuple[MatrixCell, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Fields × localities. `rows` are ordered by the foremost column, best first.

    foremost: the column that a title and a map speak of, which most rows have figures for; None without columns.
    absent: the chosen indicators for which no row has a figure; they are named, not shown as empty columns.
    """

    columns: tuple[MatrixColumn, ...]
    rows: tuple[MatrixRow, ...]
    foremost: MatrixColumn | None
    absent: tuple[MatrixColumn, ...]
    unmeasured_fields: tuple[str, ...]


def latest_period(rule: WatchRule) -> Period | None:
    """The latest period for which anything of the rule's indicator was accepted."""
    return figures.latest_period(rule.indicator)


def matrix(actor: Actor, on: date, *, tags: frozenset[str] = frozenset()) -> Matrix:
    """One column per indicator of the chosen fields that any row has a figure for, one row per visible unit with
    figures in any of them.

    tags: only fields of work with all of these (`state_management`, `citizen_facing`).
    """
    known = indicators()
    candidates = [_column(indicator) for indicator in known if _tagged(indicator.field, tags)]
    measured = {unit_id for column in candidates if column.reading for unit_id in column.reading.units}
    called = _localities(cards(visible_ids(actor, on).filter(pk__in=measured).values_list("pk", flat=True), on))
    visible = set(called)
    columns = tuple(column for column in candidates if column.reading and column.reading.units.keys() & visible)
    marked = _open_findings(visible)
    foremost = max(columns, key=lambda column: len(_measured(column) & visible), default=None)
    rows = [
        MatrixRow(called[unit_id], tuple(_cell(column, unit_id, marked) for column in columns))
        for unit_id in _ordered(foremost, visible, called)
    ]
    absent = tuple(column for column in candidates if column not in columns)
    return Matrix(columns, tuple(rows), foremost, absent, _unmeasured({one.field_id for one in known}, tags))


def _localities(called: dict[int, UnitCard]) -> dict[int, UnitCard]:
    """The units of an area; a unit of the whole country is no row beside them. All of them where none has an area."""
    return {unit_id: unit for unit_id, unit in called.items() if unit.area_id} or called


def _column(indicator: Indicator) -> MatrixColumn:
    period = figures.latest_period(indicator)
    if period is None:
        return MatrixColumn(indicator)
    held = reading(indicator, period)
    return MatrixColumn(indicator, period, held, before(held, period))


@dataclass(frozen=True, slots=True)
class UnitIndicator:
    """One indicator of one unit, and all values it is compared with.

    together: 0 = the unit's own figures; else the cell is made from the sums of so many units that belong to it, and
    `values` are theirs. `weak`: how many of these lie below the level of all by the first threshold.
    """

    column: MatrixColumn
    cell: MatrixCell
    overall: Decimal | None
    values: tuple[Decimal, ...]
    out_of: int
    simulated: bool
    together: int = 0
    weak: int = 0


def indicators_of(unit_id: int, on: date) -> list[UnitIndicator]:
    """The indicators for which a unit, or units that belong to it, have figures, each in its latest period."""
    scope = set(scope_ids([unit_id], on).values_list("pk", flat=True))
    marked = _open_findings([unit_id])
    reported = {form.key for form in reporting.forms_with_figures(scope)}
    found = []
    for column in map(_column, (one for one in indicators() if figures.form_keys(one) & reported)):
        if column.reading is None or not column.reading.units.keys() & scope:
            continue
        if unit_id in column.reading.units:
            found.append(_own(column, column.reading, _cell(column, unit_id, marked)))
        else:
            found.append(_together(column, column.reading, scope))
    return found


def _own(column: MatrixColumn, held: Reading, cell: MatrixCell) -> UnitIndicator:
    values = tuple(one.value for one in held.summed.values() if one.value is not None)
    return UnitIndicator(column, cell, held.overall.value, values, len(held.ranks), held.simulated)


def _together(column: MatrixColumn, held: Reading, scope: set[int]) -> UnitIndicator:
    members = [one for unit_id, one in held.summed.items() if unit_id in scope]
    whole = held.version.together(members)
    higher, overall = column.indicator.higher_is_better, held.overall.value
    steps = [step(one.value, overall, THRESHOLDS, higher=higher) for one in members]
    cell = MatrixCell(
        value=whole.value,
        points=difference_in_points(whole.value, overall),
        step=step(whole.value, overall, THRESHOLDS, higher=higher),
        numerator=whole.numerator,
        denominator=whole.denominator,
    )
    return UnitIndicator(
        column=column,
        cell=cell,
        overall=overall,
        values=tuple(one.value for one in members if one.value is not None),
        out_of=len(held.ranks),
        simulated=held.simulated,
        together=len(members),
        weak=sum(one < 0 for one in steps),
    )


def _tagged(field: object, tags: frozenset[str]) -> bool:
    return all(field is not None and getattr(field, tag) is True for tag in tags)


def _unmeasured(with_field: set[int | None], tags: frozenset[str]) -> tuple[str, ...]:
    return tuple(field.name for field in fields() if field.pk not in with_field and _tagged(field, tags))


def _open_findings(unit_ids: Iterable[int]) -> dict[tuple[int, int], int]:
    counts: dict[tuple[int, int], int] = {}
    rows = Finding.objects.filter(unit_id__in=list(unit_ids), state=FindingState.CONFIRMED)
    for unit_id, indicator_id in rows.values_list("unit_id", "rule__indicator_id"):
        counts[unit_id, indicator_id] = counts.get((unit_id, indicator_id), 0) + 1
    return counts


def _measured(column: MatrixColumn) -> set[int]:
    return {key for key, held in column.reading.units.items() if held.value is not None} if column.reading else set()


def _ordered(foremost: MatrixColumn | None, unit_ids: Iterable[int], called: dict[int, UnitCard]) -> list[int]:
    ranks = foremost.reading.ranks if foremost and foremost.reading else {}
    return sorted(unit_ids, key=lambda unit_id: (ranks.get(unit_id, 10**6), called[unit_id].sort_key))


def _cell(column: MatrixColumn, unit_id: int, marked: dict[tuple[int, int], int]) -> MatrixCell:
    held = column.reading.units.get(unit_id) if column.reading else None
    if held is None or column.reading is None:
        return MatrixCell()
    reference = column.reading.overall.value
    earlier = column.before.units.get(unit_id) if column.before else None
    return MatrixCell(
        value=held.value,
        points=difference_in_points(held.value, reference),
        rank=column.reading.ranks.get(unit_id),
        step=step(held.value, reference, THRESHOLDS, higher=column.indicator.higher_is_better),
        before=earlier.value if earlier else None,
        before_words=earlier.sentence if earlier and not _plain(earlier) else "",
        rank_before=column.before.places.get(unit_id) if column.before else None,
        numerator=held.numerator,
        denominator=held.denominator,
        open_findings=marked.get((unit_id, column.indicator.pk), 0),
    )


def _plain(held: restating.Reading[int]) -> bool:
    """Whether the unit was the same then: nothing has to be said."""
    return held.outcome == "exact" and [part.weight for part in held.parts] == [1] and not held.breaks


def counts_by_state(rows: QuerySet[Finding]) -> dict[str, int]:
    """How many findings stand in each state; every state is named."""
    held = dict(rows.order_by().values_list("state").annotate(count=Count("pk")))
    return {state: held.get(state, 0) for state in FindingState.values}


def tile_map() -> tuple[dict[str, dict[str, Any]], list[dict[str, Any]]]:
    """Where the pack places each area on the tile map (area key → row, column), and its extra squares with labels."""
    words = Word.objects.filter(list__in=["tile_map", "tile_map_extras"])
    placed = {word.data["area"]: word.data for word in words if word.list == "tile_map"}
    extras = [{**word.data, "label": word.name} for word in words if word.list == "tile_map_extras"]
    return placed, extras
