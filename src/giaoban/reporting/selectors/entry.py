"""What the entry page shows: the cells as typed so far, what the checks say, what stood a year before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from giaoban.core.checks import run_checks
from giaoban.core.figures import Figures, Line, LineKey, completeness
from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Cell, Issue
from giaoban.orgs.selectors import SubUnit, subunits_of
from giaoban.reporting.models import Draft, Obligation, Submission
from giaoban.reporting.rules import figures_from_texts, texts_from_figures
from giaoban.reporting.selectors.figures import Earlier, figures_of, previous_figures, versions
from giaoban.reporting.selectors.forms import definition_of, last_day


@dataclass(frozen=True, slots=True)
class Entry:
    """Texts are by `rules.text_key`. subunits: (table, dynamic row) → the units it may list, empty when the tree knows
    none. estimates: whether the period has an estimated part. previous: texts of the same period of the year before."""

    form: FormDefinition
    texts: dict[str, str]
    notes: str
    explanations: dict[str, str]
    subunits: dict[tuple[str, str], tuple[SubUnit, ...]]
    issues: tuple[Issue, ...]
    filled: int
    required: int
    has_draft: bool
    last: Submission | None
    previous: dict[str, str]
    estimates: bool


def draft_of(obligation: Obligation) -> Draft | None:
    return Draft.objects.filter(obligation=obligation).first()


def entry_of(obligation: Obligation) -> Entry:
    """What is being typed; without a draft, what the last version said."""
    form = definition_of(obligation.form)
    draft = draft_of(obligation)
    last = next(iter(versions(obligation)), None)
    texts: dict[str, str] = {}
    if draft is not None:
        texts = dict(draft.figures)
    elif last is not None:
        texts = texts_from_figures(form, figures_of(last))
    previous = previous_figures(obligation.form, obligation.period, [obligation.unit_id]).get(obligation.unit_id)
    figures, issues = read_texts(obligation, texts, previous=previous)
    filled, required, _ = completeness(form, figures)
    source = draft or last
    return Entry(
        form=form,
        texts=texts,
        notes=source.notes if source else "",
        explanations=dict(source.explanations) if source else {},
        subunits=subunits_by_row(obligation),
        issues=tuple(issues),
        filled=filled,
        required=required,
        has_draft=draft is not None,
        last=last,
        previous=texts_from_figures(form, previous) if previous else {},
        estimates=has_estimates(obligation),
    )


def has_estimates(obligation: Obligation) -> bool:
    return obligation.period.estimated_months > 0


def read_texts(
    obligation: Obligation,
    texts: Mapping[str, str],
    *,
    previous: Earlier | None = None,
    places: Mapping[str, Cell] | None = None,
) -> tuple[dict[LineKey, Line], list[Issue]]:
    """The figures of typed texts, with everything the checks say of them."""
    form = definition_of(obligation.form)
    figures, issues = figures_from_texts(form, texts, places)
    unread = {(one.at.table, one.at.row, one.at.subunit, one.at.column) for one in issues}
    checked = checks_of(obligation, figures, previous=previous)
    issues += [
        one
        for one in checked
        if one.code != "required-blank" or (one.at.table, one.at.row, one.at.subunit, one.at.column) not in unread
    ]
    return figures, issues


def checks_of(
    obligation: Obligation,
    figures: Figures,
    *,
    previous: Earlier | None = None,
    subunits: Mapping[tuple[int, str], Sequence[SubUnit]] | None = None,
) -> list[Issue]:
    """All checks of one report. subunits: what `orgs.selectors.subunits_of` gave, when asked for many units at once."""
    form = definition_of(obligation.form)
    issues = run_checks(form, figures, previous=previous, allowed_subunits=allowed_subunits(obligation, subunits))
    if previous is not None and previous.reason:
        issues.append(Issue("not-compared", "note", Cell(), {"reason": previous.reason.rstrip(".")}))
    if not has_estimates(obligation):
        issues += _estimates_in(form, figures)
    return issues


def _estimates_in(form: FormDefinition, figures: Figures) -> list[Issue]:
    """Estimated parts in a period that has none."""
    return [
        Issue(
            "estimate-not-allowed",
            "error",
            Cell(line.table, line.row, line.subunit, column.id),
            {"estimate": figure.estimate},
        )
        for line in figures.values()
        if line.table in form.tables_by_id
        for figure, column in zip(line.figures, form.table(line.table).numeric, strict=False)
        if figure.estimate is not None
    ]


def subunit_kinds(form: FormDefinition) -> frozenset[str]:
    """The kinds of unit that the dynamic rows of a form list."""
    return frozenset(row.one_per for table in form.tables for row in table.rows if row.one_per is not None)


def allowed_subunits(
    obligation: Obligation, known: Mapping[tuple[int, str], Sequence[SubUnit]] | None = None
) -> frozenset[str] | None:
    """Keys that dynamic lines may carry; None when the tree knows no sub-unit of a kind: then any name goes."""
    kinds = subunit_kinds(definition_of(obligation.form))
    if not kinds:
        return None
    found = known if known is not None else subunits_of([obligation.unit_id], kinds, last_day(obligation.period))
    lists = [found.get((obligation.unit_id, kind), ()) for kind in kinds]
    return frozenset(one.key for units in lists for one in units) if all(lists) else None


def subunits_by_row(obligation: Obligation) -> dict[tuple[str, str], tuple[SubUnit, ...]]:
    """(table, dynamic row) → the units that it may list, in alphabetical order; none for lines that people name."""
    form = definition_of(obligation.form)
    found = subunits_of([obligation.unit_id], subunit_kinds(form), last_day(obligation.period))
    return {
        (table.id, row.id): tuple(found.get((obligation.unit_id, row.one_per), ())) if row.one_per is not None else ()
        for table in form.tables
        for row in table.dynamic_rows
    }
