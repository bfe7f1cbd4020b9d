"""Figures as they were sent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import OuterRef, Subquery

from giaoban.core.figures import BLANK, Figure, Figures, Line, LineKey, decode
from giaoban.core.forms import FormDefinition
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission, SubmissionLine
from giaoban.reporting.selectors.forms import definition_of, period_before, preceding_period

FIGURES = ("values", "estimates", "marks")


def lines_of(form: FormDefinition, submission_ids: Iterable[int]) -> dict[int, dict[LineKey, Line]]:
    """Submission → its lines in the order of the form. One query."""
    rows_of_form = [(table.id, row.id) for table in form.tables for row in table.rows]
    order = {place: position for position, place in enumerate(rows_of_form)}
    found: defaultdict[int, list[Line]] = defaultdict(list)
    rows = SubmissionLine.objects.filter(submission_id__in=list(submission_ids)).order_by("pk")
    for pk, table_id, row, subunit, values, estimates, marks, texts in rows.values_list(
        "submission_id", "table", "row", "subunit", *FIGURES, "texts"
    ):
        table = form.table(table_id)
        found[pk].append(Line(table_id, row, subunit, decode(values, estimates, marks, table), dict(texts)))
    return {
        pk: {line.key: line for line in sorted(lines, key=lambda line: order[line.table, line.row])}
        for pk, lines in found.items()
    }


def figures_of(submission: Submission) -> dict[LineKey, Line]:
    """What a version says, line by line."""
    definition = definition_of(submission.obligation.form)
    return lines_of(definition, [submission.pk]).get(submission.pk, {})


def current_of(obligation: Obligation) -> Submission | None:
    """The version whose figures count: the latest accepted."""
    return obligation.submissions.filter(is_current=True).first()


def versions(obligation: Obligation) -> list[Submission]:
    """Every version sent, newest first."""
    return list(obligation.submissions.select_related("act", "file", "scan").order_by("-version"))


def previous_figures(form: FormVersion, period: Period, unit_ids: Sequence[int]) -> dict[int, Figures]:
    """Unit → its accepted figures of the same period of the year before; units without them are absent."""
    before = period_before(period)
    return _accepted(form, before, unit_ids) if before is not None else {}


def preceding_figures(form: FormVersion, period: Period, unit_id: int) -> tuple[Period | None, Figures]:
    """The last period of the same rule that ended before this one, and the unit's accepted figures of it.

    None when there is none, or when it is the same period of the year before.
    """
    before = preceding_period(period)
    if before is None or before == period_before(period):
        return None, {}
    return before, _accepted(form, before, [unit_id]).get(unit_id, {})


def _accepted(form: FormVersion, before: Period, unit_ids: Sequence[int]) -> dict[int, Figures]:
    current = Submission.objects.filter(
        is_current=True, obligation__form=form, obligation__period=before, obligation__unit_id__in=unit_ids
    )
    by_submission = dict(current.values_list("pk", "obligation__unit_id"))
    lines = lines_of(definition_of(form), by_submission)
    return {unit_id: lines[pk] for pk, unit_id in by_submission.items() if pk in lines}


def figures_by_unit(
    form: FormVersion, period: Period, table: str, row: str, columns: Sequence[str]
) -> dict[int, dict[str, Figure]]:
    """Accepted figures of one fixed row: unit → column → figure. One query; units that have none are absent.

    A report that leaves the whole row out has blanks there. Raises KeyError when the form has no such column.
    """
    layout = definition_of(form).table(table)
    wanted = [(column, layout.positions[column]) for column in columns]
    line = SubmissionLine.objects.filter(submission=OuterRef("pk"), table=table, row=row, subunit="")
    rows = Submission.objects.filter(is_current=True, obligation__form=form, obligation__period=period)
    vectors = rows.annotate(**{f"line_{name}": Subquery(line.values(name)[:1]) for name in FIGURES})
    found: dict[int, dict[str, Figure]] = {}
    for unit_id, values, estimates, marks in vectors.values_list(
        "obligation__unit_id", *(f"line_{name}" for name in FIGURES)
    ):
        figures = decode(values, estimates, marks, layout) if marks is not None else None
        found[unit_id] = {column: figures[position] if figures else BLANK for column, position in wanted}
    return found
