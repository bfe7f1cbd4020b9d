"""What the entry page shows: the cells as typed so far, what the checks say, what stood a year before."""

from collections.abc import Mapping
from dataclasses import dataclass

from giaoban.core.figures import Line, LineKey, completeness
from giaoban.core.forms import FormDefinition
from giaoban.core.issues import Cell, Issue
from giaoban.orgs.selectors import SubUnit, subunits_of
from giaoban.reporting.models import Draft, Obligation, Submission
from giaoban.reporting.rules import figures_from_texts, texts_from_figures
from giaoban.reporting.selectors.checking import checks_of, has_estimates, subunit_kinds
from giaoban.reporting.selectors.figures import Earlier, figures_of, previous_figures, versions
from giaoban.reporting.selectors.forms import definition_of, last_day

__all__ = [
    "Entry",
    "checks_of",
    "draft_of",
    "entry_of",
    "has_estimates",
    "read_texts",
    "subunit_kinds",
    "subunits_by_row",
]


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
    filled, required, _ = completeness(form, figures, [one.at for one in issues if one.code == "line-absent"])
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


def subunits_by_row(obligation: Obligation) -> dict[tuple[str, str], tuple[SubUnit, ...]]:
    """(table, dynamic row) → the units that it may list, in alphabetical order; none for lines that people name."""
    form = definition_of(obligation.form)
    found = subunits_of([obligation.unit_id], subunit_kinds(form), last_day(obligation.period))
    return {
        (table.id, row.id): tuple(found.get((obligation.unit_id, row.one_per), ())) if row.one_per is not None else ()
        for table in form.tables
        for row in table.dynamic_rows
    }
