"""The report of a level, made from the accepted reports of the level below: a line per sub-unit, or one form summed.

A unit from which nothing was accepted gives no figure at all: its line stays blank, and its name is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from giaoban.core.consolidation import CellTotal
from giaoban.core.crosswalk import converted
from giaoban.core.figures import BLANK, NIL, NOT_APPLICABLE, Figure, Line, reported
from giaoban.core.forms import FormDefinition, LineSource, Table
from giaoban.core.units_of_measure import factor_of
from giaoban.orgs.selectors import SubUnit, UnitCard, cards
from giaoban.reporting.models import FormVersion, Obligation, Submission
from giaoban.reporting.rules import is_machine, texts_from_figures, with_lines_of
from giaoban.reporting.selectors.consolidation import CellKey
from giaoban.reporting.selectors.entry import subunits_by_row
from giaoban.reporting.selectors.figures import lines_of
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.grouping import ConsolidationRefused, group_reporters
from giaoban.reporting.selectors.series import consolidate


@dataclass(frozen=True, slots=True)
class UsedReport:
    """A report from which figures were taken. form: its full key."""

    unit: UnitCard
    form: str
    submission_id: int
    version: int
    receipt: str


@dataclass(frozen=True, slots=True)
class Prefill:
    """texts: by `rules.text_key`, cells of the machine left out. expected: how many units owe what is asked here.

    missing: units from which nothing was accepted yet; notes: what was left out and why.
    """

    texts: Mapping[str, str]
    used: tuple[UsedReport, ...]
    missing: tuple[UnitCard, ...]
    expected: int
    notes: tuple[str, ...] = ()

    @property
    def is_possible(self) -> bool:
        """Whether anybody below owes anything from which this report is made."""
        return self.expected > 0


NOTHING = Prefill({}, (), (), 0)


def prefill(obligation: Obligation) -> Prefill:
    """What the level below gives for a report, from the latest accepted versions. A fixed number of queries.

    A form whose tables say where their lines come from is filled line by line. Any other is the sum of the same form
    over the reporters beneath the unit, the unit's own report left out; nobody beneath: nothing to fill.
    """
    form = definition_of(obligation.form)
    if source_keys(form):
        return _by_lines(obligation, form)
    received = Obligation.objects.filter(form_id=obligation.form_id, period_id=obligation.period_id)
    if not received.filter(receiver_id=obligation.unit_id).exclude(unit_id=obligation.unit_id).exists():
        return NOTHING
    return _by_sum(obligation, form)


def source_keys(form: FormDefinition) -> frozenset[str]:
    """The forms of the level below from which lines of a form are taken."""
    return frozenset(source.form for table in form.tables for source in table.lines_from)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A unit that owes a source form, with its accepted version if there is one."""

    unit_id: int
    key: str
    submission: Submission | None


def _by_lines(obligation: Obligation, form: FormDefinition) -> Prefill:
    listed = subunits_by_row(obligation)
    sources = {one.key: one for one in FormVersion.objects.filter(key__in=source_keys(form))}
    sent = _sent(obligation, sources.values(), {one.key for units in listed.values() for one in units})
    read = {
        key: lines_of(definition_of(source), [one.submission.pk for one in sent.get(key, ()) if one.submission])
        for key, source in sources.items()
    }
    lines: dict[tuple[str, str, str], Line] = {}
    used: dict[int, tuple[_Sent, str]] = {}
    missing: set[int] = set()
    for table in form.tables:
        for source in table.lines_from:
            names = {one.key for one in listed.get((table.id, source.into), ())}
            for one in (held for held in sent.get(source.form, ()) if held.key in names):
                if one.submission is None:
                    missing.add(one.unit_id)
                    continue
                used[one.submission.pk] = (one, source.form)
                theirs = read[source.form].get(one.submission.pk, {})
                _take(lines, table, source, definition_of(sources[source.form]), one.key, theirs)
    called = cards(missing | {one.unit_id for one, _ in used.values()}, last_day(obligation.period))
    return Prefill(
        texts=_texts(form, lines, listed),
        used=_by_name(_used(one.submission, called[one.unit_id], key) for one, key in used.values() if one.submission),
        missing=tuple(sorted((called[one] for one in missing), key=lambda one: one.sort_key)),
        expected=len(missing) + len({one.unit_id for one, _ in used.values()}),
        notes=tuple(_left_out(obligation, sent, listed)),
    )


def _sent(obligation: Obligation, sources: Iterable[FormVersion], keys: Iterable[str]) -> dict[str, list[_Sent]]:
    """Form key → who of the listed units, or of those that report to this one, owes it for the same period."""
    owed = Obligation.objects.filter(form__in=list(sources), period=obligation.period).select_related("form", "unit")
    rows = list((owed.filter(unit__key__in=set(keys)) | owed.filter(receiver_id=obligation.unit_id)).distinct())
    current = {one.obligation_id: one for one in Submission.objects.filter(obligation__in=rows, is_current=True)}
    found: dict[str, list[_Sent]] = {}
    for row in rows:
        found.setdefault(row.form.key, []).append(_Sent(row.unit_id, row.unit.key, current.get(row.pk)))
    return found


def _take(
    lines: dict[tuple[str, str, str], Line],
    table: Table,
    source: LineSource,
    there: FormDefinition,
    subunit: str,
    theirs: Mapping[tuple[str, str, str], Line],
) -> None:
    """Put the figures of one source row into the line of a sub-unit, each in the unit of its column here."""
    given = theirs.get((source.table, source.row, ""))
    if given is None:
        return
    key = (table.id, source.into, subunit)
    line = lines.setdefault(key, Line(*key, [BLANK] * len(table.numeric)))
    below = there.table(source.table)
    for column in source.columns:
        here = table.columns_by_id[column.to]
        if here.formula is None:
            factor = factor_of(column, here, below.columns_by_id[column.column])
            figure = given.figures[below.positions[column.column]]
            line.figures[table.positions[column.to]] = converted(figure, factor, here.scale)


def _left_out(
    obligation: Obligation,
    sent: Mapping[str, Sequence[_Sent]],
    listed: Mapping[tuple[str, str], Sequence[SubUnit]],
) -> Iterable[str]:
    """Accepted reports of units that have no line: not among the sub-units of the period's last day."""
    names = {one.key for units in listed.values() for one in units}
    lost = {one.unit_id for held in sent.values() for one in held if one.submission and one.key not in names}
    if lost:
        on = last_day(obligation.period)
        called = ", ".join(sorted(one.name for one in cards(lost, on).values()))
        yield (
            f"Có báo cáo nhưng không có dòng trong biểu, vì không thuộc đơn vị ngày cuối kỳ: {called}. "
            "Cộng tay vào dòng của đơn vị kế tục, hoặc ghi ở phần ghi chú."
        )


def _by_sum(obligation: Obligation, form: FormDefinition) -> Prefill:
    """The same form over the reporters beneath. The unit's own report is not among them: it is what is being made."""
    try:
        grouping = group_reporters(obligation.form, obligation.period, obligation.unit_id, None)
        below = {
            one.unit_id: one
            for group in grouping.groups
            if group.in_total
            for one in group.reporters
            if one.unit_id != obligation.unit_id
        }
        if not below:
            return NOTHING
        table = consolidate(obligation.form, obligation.period, obligation.unit_id)
    except ConsolidationRefused:
        return NOTHING
    rows = Submission.objects.in_bulk([one.submission_id for one in below.values() if one.submission_id is not None])
    called = cards(below, last_day(obligation.period))
    lines, unknown = _total_lines(form, table.total.cells)
    notes = [f"Không cộng được, nhập tay: {', '.join(unknown)}."] if unknown else []
    if table.not_summed:
        others = [name for name in table.not_summed if name != called_name(obligation)]
        notes += [f"Không cộng {', '.join(others)}: số của đơn vị trực thuộc đã nằm trong tổng."] if others else []
    return Prefill(
        texts=_texts(form, lines, subunits_by_row(obligation)),
        used=_by_name(
            _used(rows[one.submission_id], called[one.unit_id], obligation.form.key)
            for one in below.values()
            if one.submission_id is not None
        ),
        missing=tuple(
            sorted(
                (called[one.unit_id] for one in below.values() if one.submission_id is None),
                key=lambda one: one.sort_key,
            )
        ),
        expected=len(below),
        notes=(*notes, *([table.incomplete_reason] if table.incomplete_reason else [])),
    )


def called_name(obligation: Obligation) -> str:
    return cards([obligation.unit_id], last_day(obligation.period))[obligation.unit_id].name


def _total_lines(
    form: FormDefinition, cells: Mapping[CellKey, CellTotal]
) -> tuple[dict[tuple[str, str, str], Line], list[str]]:
    """The totals as lines of a report, and the labels of columns that do not add up."""
    lines: dict[tuple[str, str, str], Line] = {}
    unknown: dict[str, None] = {}
    for (table_id, row, subunit, column_id), cell in cells.items():
        table = form.table(table_id)
        column = table.columns_by_id[column_id]
        if column.formula is not None:
            continue
        if column.roll_up in ("none", "last") or (cell.reported and cell.value is None):
            unknown.setdefault(column.label)
            continue
        key = (table_id, row, subunit)
        line = lines.setdefault(key, Line(*key, [BLANK] * len(table.numeric)))
        line.figures[table.positions[column_id]] = figure_of(cell)
    return lines, list(unknown)


def figure_of(cell: CellTotal) -> Figure:
    """A total as one figure: nil only when every answer was nil, blank when nobody gave one."""
    match cell.state:
        case "reported":
            return reported(cell.value, cell.estimate or None)
        case "nil":
            return NIL
        case "na":
            return NOT_APPLICABLE
        case _:
            return BLANK


def _texts(
    form: FormDefinition,
    lines: Mapping[tuple[str, str, str], Line],
    listed: Mapping[tuple[str, str], Sequence[SubUnit]],
) -> dict[str, str]:
    """As they would be typed, without what the machine fills in by itself."""
    texts = texts_from_figures(form, lines)
    subunits = with_lines_of({place: [one.key for one in units] for place, units in listed.items()}, texts)

    def is_typed(name: str) -> bool:
        table_id, row, _, column, *_ = name.split("/")
        table = form.table(table_id)
        return not is_machine(table, table.rows_by_id[row], table.columns_by_id[column], subunits)

    return {name: text for name, text in texts.items() if is_typed(name)}


def _used(row: Submission, unit: UnitCard, form_key: str) -> UsedReport:
    return UsedReport(unit, form_key, row.pk, row.version, row.receipt)


def _by_name(found: Iterable[UsedReport]) -> tuple[UsedReport, ...]:
    return tuple(sorted(found, key=lambda one: (one.unit.sort_key, one.unit.key)))
