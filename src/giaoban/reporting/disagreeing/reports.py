"""What the checks of forms find in reports that were accepted nevertheless."""

from collections.abc import Iterator, Sequence

from giaoban.core import disagreeing
from giaoban.core.checks import Around, batch_of, run_checks_many
from giaoban.core.forms import FormDefinition
from giaoban.kit.registries import Disagreement
from giaoban.kit.templatetags.gb import cell_anchor
from giaoban.reporting.disagreeing.common import Reported, Sent, batch_of_reports, cached, current, key, reported
from giaoban.reporting.rules import issue_key
from giaoban.reporting.selectors import definition_of, previous_figures
from giaoban.reporting.selectors.checking import surroundings_of


def in_reports() -> Iterator[Disagreement]:
    """What the checks of forms find in reports that were accepted nevertheless: explained, waived, captured as printed.

    A fixed number of queries for each form and period, none where nothing was decided since the last look.
    """
    everything = reported()
    whole = (
        sum(one.state[0] for one in everything),
        max((one.state[1] for one in everything), default=0),
        max((one.state[2] for one in everything if one.state[2]), default=None),
        sum(one.state[3] for one in everything),
    )
    for one in everything:
        definition = definition_of(one.form)
        if any(outside.scope == "register" for outside in definition.outside):
            yield from _of_checks(one)  # nothing tells when a register changes
        elif _has_checks(definition):
            yield from cached("checks", one, (*whole, one.state[4]) if definition.outside else one.state, _of_checks)


def _has_checks(form: FormDefinition) -> bool:
    return bool(form.checks) or any(
        any(row.sum_of for row in table.rows) or any(column.part_of or column.formula for column in table.numeric)
        for table in form.tables
    )


def _of_checks(one: Reported) -> Iterator[Disagreement]:
    definition = definition_of(one.form)
    reports = current(one)
    batch = batch_of_reports(definition, [report.pk for report in reports])
    found = run_checks_many(definition, batch, _around(one, definition, reports))
    for report, issues in zip(reports, found, strict=True):
        for pair in disagreeing.pairs(definition, issues):
            words = report.explanations.get(issue_key(pair.issue), "").strip()
            yield Disagreement(
                key=key("checks", one, report.unit, issue_key(pair.issue)),
                kind=pair.kind,
                what=f"{disagreeing.place(definition, pair.cell)} – {one.words}",
                unit_id=report.unit_id,
                period_id=one.period.pk,
                stated=pair.stated,
                computed=pair.computed,
                measure=pair.measure,
                stated_name=pair.stated_name,
                computed_name=pair.computed_name,
                source=" ".join(_source(report, pair, words)),
                link=f"{report.link}#{cell_anchor(pair.cell)}",
                simulated=report.simulated,
            )


def _source(report: Sent, pair: disagreeing.Pair, words: str) -> Iterator[str]:
    yield report.source
    if formula := pair.issue.params.get("formula"):
        yield f"Quy tắc của biểu: {formula}."
    if words:
        yield f"Đơn vị giải trình: {words}"


def _around(one: Reported, form: FormDefinition, reports: Sequence[Sent]) -> Around:
    """What the rules of the form ask outside its reports; nothing, without a query, when they ask nothing."""
    if not form.outside:
        return Around()
    units = [report.unit_id for report in reports]
    asked = surroundings_of(one.form, one.period, units)
    before = [asked[unit_id].before for unit_id in units] if asked else []
    previous = None
    if any(outside.scope == "year_before" for outside in form.outside):
        earlier = previous_figures(one.form, one.period, units)
        previous = batch_of(form, [earlier.get(unit_id) for unit_id in units])
    return Around(
        previous=previous,
        surroundings=[asked[unit_id] for unit_id in units] if asked else None,
        before=batch_of(form, before) if any(found is not None for found in before) else None,
    )
