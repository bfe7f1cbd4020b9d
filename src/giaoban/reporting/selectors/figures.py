"""Figures as they were sent."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import OuterRef, Subquery

from giaoban.core import formulas
from giaoban.core.crosswalk import carried
from giaoban.core.figures import BLANK, Figure, Figures, Line, LineKey, Mark, decode
from giaoban.core.forms import FormDefinition
from giaoban.core.restating import Reason, View, judge
from giaoban.orgs.selectors import unit_view
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission, SubmissionLine
from giaoban.reporting.selectors.forms import definition_of, last_day, period_before, preceding_period, window_before

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


class Earlier(dict[LineKey, Line]):
    """Figures of the same period of the year before, as those of a unit of today. reason: why they are not compared,
    "" when they are; there are none then. note: that they were reported on a form of an earlier act, and which cells
    are compared with it; the others are blank."""

    reason: str = ""
    note: str = ""


def previous_figures(form: FormVersion, period: Period, unit_ids: Sequence[int]) -> dict[int, Earlier]:
    """Unit → its accepted figures of the same period of the year before; units of which nothing was sent are absent.

    Like for like: a unit that took others over has theirs too. Where that cannot be told, or one of them sent nothing,
    there are no figures but the reason.
    """
    like = like_before(form, period)
    if like is None:
        return {}
    then, before = like
    view = unit_view(last_day(before), last_day(period), unit_ids)
    made_of = {
        one: [target.key for target in view.succession.place(one, from_on=view.to, to_on=view.then).targets]
        for one in unit_ids
    }
    wanted = {one for found in made_of.values() for one in found}
    rows = Submission.objects.filter(is_current=True, obligation__form=then, obligation__period=before)
    sent = dict(rows.filter(obligation__unit_id__in=wanted).values_list("obligation__unit_id", "pk"))
    definition = definition_of(then)
    lines = lines_of(definition, sent.values())
    found: dict[int, Earlier] = {}
    for unit_id, parts in made_of.items():
        if sent.keys() & set(parts):
            figures = {one: lines.get(sent[one], {}) if one in sent else None for one in parts}
            found[unit_id] = _earlier(definition, unit_id, figures, view)
    return found if then == form else {one: _carried(held, then, form) for one, held in found.items()}


def like_before(form: FormVersion, period: Period) -> tuple[FormVersion, Period] | None:
    """The form and period that the same period of the year before was reported on: the same form, else one of an
    earlier act of which the pack says what corresponds. One query more where there is such a form."""
    before = period_before(period)
    continued = [one.form for one in definition_of(form).continues]
    if not continued or (before is not None and Obligation.objects.filter(form=form, period=before).exists()):
        return (form, before) if before is not None else None
    if (window := window_before(period)) is None:
        return None
    owed = Obligation.objects.filter(
        form__key__in=continued, **{f"period__{name}": one for name, one in window.items()}
    )
    found = owed.select_related("form", "period__rule").order_by("-form__valid_from", "pk").first()
    return (found.form, found.period) if found is not None else None


def across_note(then: FormVersion, now: FormVersion, *, compared: int, total: int) -> str:
    """That figures were reported on a form of an earlier act, and how much of it corresponds."""
    continued = next(one for one in definition_of(now).continues if one.form == then.key)
    words = f"Cùng kỳ trước báo cáo theo biểu {then.code} ({then.act}): so được {compared} trong {total} ô"
    return f"{words}. {continued.note}" if continued.note else f"{words}; ô khác không có ô tương ứng."


def _carried(held: Earlier, then: FormVersion, now: FormVersion) -> Earlier:
    """Figures of the form of an earlier act in the cells of this one."""
    if held.reason:
        return held
    old, new = definition_of(then), definition_of(now)
    found = carried(held, old=old, new=new)
    earlier = Earlier(found.figures)
    total = sum(len(table.numeric) * len(table.fixed_rows) for table in new.tables)
    earlier.note = across_note(then, now, compared=total - len(found.refused), total=total)
    return earlier


def _earlier(form: FormDefinition, unit_id: int, parts: Mapping[int, Figures | None], view: View[int]) -> Earlier:
    """The figures of those of which a unit is made, together."""
    if list(parts) == [unit_id] and view.place(unit_id).how == "same":
        return Earlier(parts[unit_id] or {})
    stakes = view.stakes(parts, {unit_id})
    said = judge(stakes, view)
    lacking = [view.called(one, view.then) for one, figures in parts.items() if figures is None]
    if said.outcome != "refused" and lacking:
        said = view.refusal(Reason.LACKS_FIGURES, lacking)
    if said.outcome == "refused":
        earlier = Earlier()
        earlier.reason = said.sentence
        return earlier
    weighed = [(parts[one.key] or {}, one.weight or Decimal(1)) for one in stakes]
    keys = dict.fromkeys(key for figures, _ in weighed for key in figures)
    return Earlier({key: _line_together(form, key, weighed) for key in keys})


def _line_together(form: FormDefinition, key: LineKey, parts: Sequence[tuple[Figures, Decimal]]) -> Line:
    """One line of several; a column that does not add up is blank, and so is a fixed line that one of them left out."""
    table = form.table(key[0])
    fixed = not table.rows_by_id[key[1]].is_dynamic
    held = [(figures[key].figures if key in figures else None, weight) for figures, weight in parts]
    together = []
    for position, column in enumerate(table.numeric):
        cells = [
            (figures[position] if figures else BLANK, weight)
            for figures, weight in held
            if figures is not None or fixed
        ]
        amounts = [None if figure.amount is None else figure.amount * weight for figure, weight in cells]
        known = [amount for amount in amounts if amount is not None]
        if column.roll_up == "sum" and len(known) == len(cells):
            total = formulas.round_half_up(sum(known, Decimal(0)), column.scale)
            together.append(Figure(total, None, Mark.REPORTED))
        else:
            together.append(BLANK)
    return Line(*key, together, {})


def preceding_figures(form: FormVersion, period: Period, unit_id: int) -> tuple[Period | None, Figures]:
    """The last period of the same rule that ended before this one, and the unit's own accepted figures of it.

    None when there is none, or when it is the same period of the year before.
    """
    before = preceding_period(period)
    if before is None or before == period_before(period):
        return None, {}
    rows = Submission.objects.filter(is_current=True, obligation__form=form, obligation__period=before)
    sent = rows.filter(obligation__unit_id=unit_id).values_list("pk", flat=True)
    return before, next(iter(lines_of(definition_of(form), list(sent)).values()), {})


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
