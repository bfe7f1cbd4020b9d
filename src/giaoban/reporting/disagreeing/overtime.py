"""What does not agree from one period, or one publication, to the next."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

from django.db.models import Exists, OuterRef
from django.urls import reverse

from giaoban.core import disagreeing, outliers
from giaoban.core.figures import Figures
from giaoban.core.issues import Cell
from giaoban.kit.registries import Disagreement
from giaoban.kit.templatetags.gb import cell_anchor
from giaoban.orgs.selectors import cards
from giaoban.reporting.disagreeing.common import NOTHING_ASKED, Reported, cached, key, reported
from giaoban.reporting.models import Channel, FormVersion, Submission, SubmissionState
from giaoban.reporting.rules import REPLACED_WHILE_WAITING
from giaoban.reporting.selectors import definition_of
from giaoban.reporting.selectors.figures import lines_of
from giaoban.reporting.selectors.forms import last_day
from giaoban.reporting.selectors.overtime import (
    COUNTED_EVER,
    COUNTED_ON,
    OverTime,
    figures_over_time,
    reporting_years,
)


def falling() -> Iterator[Disagreement]:
    """Counts below those of a period before, in the same year or, where counting goes on, ever. Two queries for each
    form and year with such figures, whatever the number of its periods and units; none where nothing was decided since
    the last look."""
    series: defaultdict[tuple[int, int, str], list[Reported]] = defaultdict(list)
    for one in reported():
        series[one.form.pk, one.period.rule_id, one.period.instalment].append(one)
    for listed in series.values():
        natures = {column.nature for table in definition_of(listed[0].form).tables for column in table.numeric}
        if natures.isdisjoint(COUNTED_ON) and not any(one.period.cumulative for one in listed):
            continue
        for held in [listed] if COUNTED_EVER in natures else _by_year(listed):
            if len(held) > 1:
                yield from cached("falling", held[0], tuple(one.state for one in held), partial(_falls, held=held))


def _by_year(listed: Sequence[Reported]) -> Iterable[list[Reported]]:
    """Counting begins anew each reporting year: no year is read with another."""
    found: defaultdict[int, list[Reported]] = defaultdict(list)
    for one, year in zip(listed, reporting_years([one.period for one in listed]), strict=True):
        found[year].append(one)
    return found.values()


def _falls(first: Reported, held: Sequence[Reported]) -> Iterator[Disagreement]:
    yield from _fallen(first.form, figures_over_time(first.form, [one.period for one in held]))


def _fallen(form: FormVersion, held: OverTime) -> Iterator[Disagreement]:
    fallen = list(outliers.falls(held.figures))
    if not fallen:
        return
    called = cards({held.units[hint.unit] for hint in fallen}, last_day(held.periods[-1]))
    for hint in fallen:
        if hint.period is None or hint.cell is None or hint.before is None or hint.value is None or hint.centre is None:
            continue
        period, place, unit = held.periods[hint.period], held.cells[hint.cell], called[held.units[hint.unit]]
        cell = Cell(place.table, place.row, "", place.column.id)
        one = Reported(form, period, NOTHING_ASKED)
        link = reverse("reporting:submission", args=[held.sent[hint.unit, hint.period]])
        yield Disagreement(
            key=key("falling", one, unit.key, f"{place.table}/{place.row}/{place.column.id}"),
            kind="falling",
            what=f"{disagreeing.place(held.form, cell)} – {one.words}",
            unit_id=unit.id,
            period_id=period.pk,
            stated=hint.value,
            computed=hint.centre,
            measure=place.column.unit,
            stated_name=f"Lũy kế {period.label}",
            computed_name=f"Lũy kế {held.periods[hint.before].label}",
            source="Số lũy kế của kỳ sau thấp hơn số lũy kế của kỳ trước.",
            link=f"{link}#{cell_anchor(cell)}",
            simulated=(hint.unit, hint.period) in held.simulated or (hint.unit, hint.before) in held.simulated,
        )


def duplicates() -> Iterator[Disagreement]:
    """What was published twice for one unit and period with other numbers: the last statement before against the one
    that counts. Two queries, and one for each form concerned."""
    latest = Submission.objects.filter(obligation_id=OuterRef("obligation_id"), channel=Channel.PUBLICATION)
    replaced = Submission.objects.filter(channel=Channel.PUBLICATION, state=SubmissionState.SUPERSEDED)
    replaced = replaced.exclude(decision_reason=REPLACED_WHILE_WAITING).filter(Exists(latest.filter(is_current=True)))
    before = replaced.order_by("obligation_id", "-version").distinct("obligation_id")
    earlier = {row.obligation_id: row for row in before}
    if not earlier:
        return
    rows = Submission.objects.filter(is_current=True, obligation_id__in=list(earlier))
    by_form: defaultdict[int, list[Submission]] = defaultdict(list)
    for row in rows.select_related("obligation__form", "obligation__period__rule", "obligation__unit").order_by("pk"):
        by_form[row.obligation.form_id].append(row)
    for held in by_form.values():
        definition = definition_of(held[0].obligation.form)
        pairs = [(earlier[row.obligation_id], row) for row in held]
        lines = lines_of(definition, [one.pk for pair in pairs for one in pair])
        for then, now in pairs:
            yield from _twice(then, now, lines.get(then.pk, {}), lines.get(now.pk, {}))


def _twice(then: Submission, now: Submission, was: Figures, now_is: Figures) -> Iterator[Disagreement]:
    form, period, unit = now.obligation.form, now.obligation.period, now.obligation.unit
    definition, one = definition_of(form), Reported(form, period, NOTHING_ASKED)
    for line_key, line in now_is.items():
        earlier = was.get(line_key)
        table = definition.table(line.table)
        for at, column in enumerate(table.numeric):
            stated = earlier.figures[at].amount if earlier is not None else None
            computed = line.figures[at].amount
            if stated is None or computed is None or stated == computed or column.formula is not None:
                continue
            cell = Cell(*line_key, column.id)
            yield Disagreement(
                key=key("duplicate", one, unit.key, f"{'/'.join(line_key)}/{column.id}"),
                kind="duplicate",
                what=f"{disagreeing.place(definition, cell)} – {one.words}",
                unit_id=unit.pk,
                period_id=period.pk,
                stated=stated,
                computed=computed,
                measure=column.unit,
                stated_name=f"Công bố trước, biên nhận {then.receipt}",
                computed_name=f"Công bố sau, biên nhận {now.receipt}",
                source="; ".join(filter(None, dict.fromkeys((then.source, now.source)))) or "Ghi từ công bố.",
                link=f"{reverse('reporting:submission', args=[now.pk])}#{cell_anchor(cell)}",
                simulated=now.simulated or then.simulated or now.obligation.simulated,
            )
