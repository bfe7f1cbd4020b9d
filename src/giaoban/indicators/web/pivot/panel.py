"""The form that asks: what it offers narrows with what was chosen, and works without any script."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils import timezone

from giaoban.core.queries import INDICATOR, CellMeasure, IndicatorMeasure, Measure, PeriodRange, QueryRefused
from giaoban.indicators.selectors import pivoting
from giaoban.indicators.selectors.heads import measure_head
from giaoban.indicators.web.pivot.asking import Asked, Level, axes, levels
from giaoban.kit.http import ActorRequest
from giaoban.orgs.selectors import UnitCard
from giaoban.reporting import selectors as reporting

LEGAL = "legal"


@dataclass(frozen=True, slots=True)
class Box:
    """A measure to tick. note: its unit of measure."""

    word: str
    label: str
    note: str
    checked: bool


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    current: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Choices under one heading of a list."""

    label: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything that the form shows. others: measures that stay chosen though they are of another form or line."""

    forms: Sequence[Group]
    form: str
    lines: Sequence[Choice]
    boxes: Sequence[Box]
    others: Sequence[Box]
    units: Sequence[Group]
    levels: Sequence[Level]
    firsts: Sequence[Group]
    lasts: Sequence[Group]
    geography: str
    rows: Sequence[Level]
    columns: Sequence[Level]
    divided: bool

    @property
    def chosen(self) -> int:
        return sum(one.checked for one in (*self.boxes, *self.others))


def panel_of(request: ActorRequest, asked: Asked, unit: UnitCard) -> Panel:
    """What can be chosen now, of the figures beneath the unit."""
    unit_ids = pivoting.units_of(unit.id, timezone.localdate())
    forms = pivoting.offered_forms(unit_ids)
    chosen = asked.form or pivoting.form_of(asked.measures) or (forms[0].key if forms else pivoting.INDICATORS)
    picked = {one.word for one in asked.measures}
    lines, boxes = _boxes(chosen, asked, picked)
    offered = {one.word for one in boxes}
    others = [Box(one.word, _name_of(one), "", True) for one in asked.measures if one.word not in offered]
    first, last, periods = _periods(asked, chosen, unit_ids)
    keys = {one.form for one in asked.measures if isinstance(one, CellMeasure)} or {chosen}
    return Panel(
        forms=_forms(forms, chosen),
        form=chosen,
        lines=lines,
        boxes=boxes,
        others=others,
        units=_units(request, unit),
        levels=levels(pivoting.kind_choices(keys), asked.word("level")),
        firsts=_period_groups(periods, first),
        lasts=_period_groups(periods, last),
        geography=asked.word("geography"),
        rows=axes(asked.word("rows", "unit")),
        columns=axes(asked.word("columns", "period")),
        divided=asked.word("divided") == "keep",
    )


def _name_of(measure: Measure) -> str:
    """What a measure is called; its word when there is none of that word."""
    try:
        return measure_head(measure).name
    except QueryRefused:
        return measure.word


def _forms(forms: Iterable[reporting.FormVersion], chosen: str) -> list[Group]:
    """Indicators first, then the forms by the act that orders them."""
    found = [Group("Chỉ số", (Choice(pivoting.INDICATORS, "Chỉ số của gói ngành", chosen == pivoting.INDICATORS),))]
    for act, rows in groupby(forms, key=lambda one: one.act):
        found.append(
            Group(
                act or "Biểu ghi số liệu",
                tuple(Choice(row.key, form_name(row), row.key == chosen) for row in rows),
            )
        )
    return found


def form_name(form: reporting.FormVersion) -> str:
    """Code and title of a form that an act prints; of our own layouts the title, since nobody prints their code."""
    return f"{form.code} · {form.title}" if form.kind == LEGAL else form.title


def _boxes(form_key: str, asked: Asked, picked: set[str]) -> tuple[list[Choice], list[Box]]:
    """The lines of the form and the columns of the chosen one; or all indicators."""
    if form_key == pivoting.INDICATORS:
        rows = pivoting.offered_indicators()
        return [], [Box(f"{INDICATOR}{row.key}", row.name, row.unit, f"{INDICATOR}{row.key}" in picked) for row in rows]
    found = reporting.forms_named([form_key])
    if not found:
        return [], []
    lines = pivoting.lines_of(reporting.definition_of(found[0]))
    wanted = asked.line if asked.form == form_key or not asked.form else ""
    word = wanted or _line_of(asked, form_key)
    line = next((one for one in lines if one.word == word), lines[0] if lines else None)
    if line is None:
        return [], []
    words = {column.id: pivoting.cell_word(form_key, line, column) for column in line.table.numeric}
    boxes = [
        Box(words[one.id], " › ".join((*one.parent, one.label)), one.unit, words[one.id] in picked)
        for one in line.table.numeric
    ]
    return [Choice(one.word, one.label, one is line) for one in lines], boxes


def _line_of(asked: Asked, form_key: str) -> str:
    for one in asked.measures:
        if isinstance(one, CellMeasure) and one.form == form_key:
            return f"{one.table}/{one.row}"
    return ""


def _units(request: ActorRequest, unit: UnitCard) -> list[Group]:
    choices = pivoting.unit_choices(request.actor, unit, timezone.localdate())
    return [
        Group(relation, tuple(Choice(one.key, one.name, one.key == unit.key) for one in rows))
        for relation, rows in groupby(choices, key=lambda one: one.relation)
    ]


def _periods(asked: Asked, form_key: str, unit_ids: Sequence[int]) -> tuple[str, str, list[reporting.Period]]:
    """The words of the first and last period that stand in the address (or are newest), and all that can be chosen."""
    form_changed = bool(asked.form) and asked.form != pivoting.form_of(asked.measures)
    measures = () if form_changed else asked.measures
    periods = pivoting.offered_periods(measures, form_key, unit_ids)
    if not periods and form_key == pivoting.INDICATORS:
        named = [IndicatorMeasure(row.key) for row in pivoting.offered_indicators()]
        periods = pivoting.offered_periods(named, "", unit_ids)
    first, last = asked.word("from"), asked.word("to")
    if asked.query is not None and not first and not last:
        shown = asked.query.periods[-1]
        first = PeriodRange(shown.rule, shown.first, shown.first, shown.instalment).word
        last = PeriodRange(shown.rule, shown.last, shown.last, shown.instalment).word
    words = [word_of(one) for one in periods]
    if words and last not in words:
        first, last = words[0], words[0]
    elif words and first not in words:
        first = last
    return first, last, periods


def word_of(period: reporting.Period) -> str:
    return PeriodRange(period.rule.key, period.code, period.code, period.instalment).word


def _period_groups(periods: Sequence[reporting.Period], current: str) -> list[Group]:
    """Periods by kind, so that one sees which make a series together."""
    kinds: dict[tuple[int, str], list[reporting.Period]] = {}
    for one in periods:
        kinds.setdefault((one.rule_id, one.instalment), []).append(one)
    return [
        Group(
            rows[0].rule.name,
            tuple(Choice(word_of(row), row.label, word_of(row) == current) for row in rows),
        )
        for rows in kinds.values()
    ]
