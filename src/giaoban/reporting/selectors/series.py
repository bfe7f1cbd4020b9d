"""Tables of several periods in one geography: the units are placed once, the database adds all periods in one go."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.utils import timezone

from giaoban.core.consolidation import CellTotal, Coverage, combine_coverage
from giaoban.core.forms import FormDefinition
from giaoban.core.restating import Divided
from giaoban.orgs.selectors import Called, id_array, unit_history
from giaoban.reporting.models import FormKind, FormVersion, Period
from giaoban.reporting.selectors.consolidation import (
    ConsolidatedLine,
    ConsolidatedTable,
    LineKey,
    Sum,
    added,
    cells_of_sums,
    consolidate,
    period_card,
    shown,
    sums_of_row,
    vectors,
)
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.grouping import layout_of, method_of
from giaoban.reporting.selectors.placing import WHOLE, Layout, Slot
from giaoban.reporting.selectors.tree import line_of_reporters

LAYOUTS_KEPT = 16
_layouts: "OrderedDict[tuple[object, ...], Layout]" = OrderedDict()


def consolidate_series(
    form: FormVersion,
    periods: Sequence[Period],
    unit_id: int,
    *,
    geography: date,
    divided: Divided = "refuse",
) -> list[ConsolidatedTable]:
    """`consolidate` for each period, in the order given, all in the tree of one day.

    Periods between which no tree changed and for which the same units owe the form share one layout; a layout with
    shares is read period by period. Raises ConsolidationRefused when any period is refused.
    """
    own = [period for period in periods if last_day(period) == geography]
    found = {period.pk: consolidate(form, period, unit_id, geography=geography, divided=divided) for period in own}
    shared: defaultdict[int, list[Period]] = defaultdict(list)
    layouts: dict[int, Layout] = {}
    for period, layout in _laid_out(form, [one for one in periods if one not in own], unit_id, geography, divided):
        if any(weight != WHOLE for places in layout.places.values() for _, weight in places):
            found[period.pk] = consolidate(form, period, unit_id, geography=geography, divided=divided)
        else:
            layouts[id(layout)] = layout
            shared[id(layout)].append(period)
    for key, layout in layouts.items():
        found |= _tables(form, shared[key], layout, geography)
    return [found[period.pk] for period in periods]


def _laid_out(
    form: FormVersion, periods: Sequence[Period], unit_id: int, geography: date, divided: Divided
) -> Iterable[tuple[Period, Layout]]:
    """Each period with its layout, kept in the process under all that it depends on."""
    history = unit_history()
    signatures = _signatures(form, periods)
    for period in periods:
        on = last_day(period)
        key = (history.stamp, form.pk, signatures.get(period.pk), unit_id, history.epoch(on), geography, divided)
        layout = _layouts.get(key)
        if layout is None:
            line = line_of_reporters(form.pk, period.pk, on)
            layout = layout_of(_reporting(form, period), line, unit_id, on, geography, divided)
            _layouts[key] = layout
            if len(_layouts) > LAYOUTS_KEPT:
                _layouts.popitem(last=False)
        yield period, layout


def _signatures(form: FormVersion, periods: Sequence[Period]) -> dict[int, tuple[object, ...]]:
    """Period → what tells one set of reporters, with their receivers and the rules of the form, from another."""
    query = """
        SELECT owed.period_id, count(*), bit_xor(hashint8extended(owed.unit_id, coalesce(owed.receiver_id, 0))),
               (SELECT string_agg(id || ':' || line_id, ',' ORDER BY id) FROM reporting_owingrule
                WHERE form_id = %(form)s)
        FROM reporting_obligation owed
        WHERE owed.form_id = %(form)s AND owed.period_id = ANY(%(periods)s::bigint[])
        GROUP BY owed.period_id
    """
    with connection.cursor() as cursor:
        cursor.execute(query, {"form": form.pk, "periods": id_array(one.pk for one in periods)})
        return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}


def _reporting(form: FormVersion, period: Period) -> list[int]:
    return list(form.obligations.filter(period=period).order_by("unit_id").values_list("unit_id", flat=True))


@dataclass(frozen=True, slots=True)
class _Counted:
    """The reporters of one line in one period."""

    expected: int
    received: int
    simulated: bool
    changed_at: datetime | None
    missing: Sequence[int]


_NOBODY = _Counted(0, 0, simulated=False, changed_at=None, missing=())


def _tables(
    form: FormVersion, periods: Sequence[Period], layout: Layout, geography: date
) -> dict[int, ConsolidatedTable]:
    definition = definition_of(form)
    units = [(unit_id, position) for unit_id, places in layout.places.items() for position, _ in places]
    counted = _counted(form, periods, units)
    sums = _sums(form, periods, units, definition)
    called = Called()
    called.load(
        (unit_id, last_day(period))
        for period in periods
        for one in counted.get(period.pk, {}).values()
        for unit_id in one.missing
    )
    return {
        period.pk: _table(form, definition, period, layout, geography, counted.get(period.pk, {}), sums, called)
        for period in periods
    }


def _counted(
    form: FormVersion, periods: Sequence[Period], units: Sequence[tuple[int, int]]
) -> dict[int, dict[int, _Counted]]:
    """Period → position → who owed and who sent. One query."""
    query = """
        SELECT owed.period_id, part.position, count(*), count(sent.id),
               bool_or(owed.simulated OR coalesce(sent.simulated, false)), max(sent.decided_at),
               coalesce(array_agg(owed.unit_id) FILTER (WHERE sent.id IS NULL), '{}')
        FROM reporting_obligation owed
        JOIN unnest(%(units)s::bigint[], %(positions)s::int[]) AS part(unit_id, position) USING (unit_id)
        LEFT JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        WHERE owed.form_id = %(form)s AND owed.period_id = ANY(%(periods)s::bigint[])
        GROUP BY owed.period_id, part.position
    """
    found: defaultdict[int, dict[int, _Counted]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(query, _parameters(form, periods, units))
        for period_id, position, expected, received, simulated, changed_at, missing in cursor.fetchall():
            found[period_id][position] = _Counted(expected, received, simulated, changed_at, missing)
    return dict(found)


def _parameters(form: FormVersion, periods: Sequence[Period], units: Sequence[tuple[int, int]]) -> dict[str, int | str]:
    return {
        "units": id_array(unit_id for unit_id, _ in units),
        "positions": id_array(position for _, position in units),
        "form": form.pk,
        "periods": id_array(period.pk for period in periods),
    }


def _sums(
    form: FormVersion, periods: Sequence[Period], units: Sequence[tuple[int, int]], definition: FormDefinition
) -> dict[tuple[int, int], dict[LineKey, Sum]]:
    """(period, position) → line of the form → sums over the accepted reports. One query."""
    width = max((len(table.numeric) for table in definition.tables), default=0)
    if not width:
        return {}
    query = f"""
        SELECT owed.period_id, part.position, line."table", line."row", line.subunit, count(*), {vectors(width)}
        FROM reporting_obligation owed
        JOIN unnest(%(units)s::bigint[], %(positions)s::int[]) AS part(unit_id, position) USING (unit_id)
        JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
        JOIN reporting_submissionline line ON line.submission_id = sent.id
        WHERE owed.form_id = %(form)s AND owed.period_id = ANY(%(periods)s::bigint[])
        GROUP BY owed.period_id, part.position, line."table", line."row", line.subunit
    """  # noqa: S608  # nosec B608 - only numbers of ours go into the query
    found: defaultdict[tuple[int, int], dict[LineKey, Sum]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(query, _parameters(form, periods, units))
        for period_id, position, *row in cursor.fetchall():
            key, held = sums_of_row(row)
            found[period_id, position][key] = held
    return dict(found)


def _table(
    form: FormVersion,
    definition: FormDefinition,
    period: Period,
    layout: Layout,
    geography: date,
    counted: Mapping[int, _Counted],
    sums: Mapping[tuple[int, int], Mapping[LineKey, Sum]],
    called: Called,
) -> ConsolidatedTable:
    on = last_day(period)
    raw = {
        position: cells_of_sums(
            definition,
            sums.get((period.pk, position), {}),
            received=one.received,
            missing=one.expected - one.received,
        )
        for position, one in sorted(counted.items())
    }
    is_published = form.kind == FormKind.CAPTURE
    lines = tuple(
        _line(definition, layout.slots[position], cells, counted[position], called, on, is_published=is_published)
        for position, cells in raw.items()
    )
    total = _total(definition, layout, raw, lines, counted)
    return ConsolidatedTable(
        form=definition,
        form_key=form.key,
        period=period_card(period),
        unit=layout.unit,
        geography=geography,
        method=method_of(on, geography),
        incomplete_reason=layout.incomplete_reason,
        lines=lines,
        total=total,
        coverage=total.coverage,
        as_of=timezone.now(),
        changed_at=max((one.changed_at for one in counted.values() if one.changed_at), default=None),
        simulated=total.simulated,
        not_summed=_not_summed(layout, called, on),
        absent=layout.absent,
        restatement=layout.restatement,
    )


def _not_summed(layout: Layout, called: Called, on: date) -> tuple[str, ...]:
    called.load((unit_id, on) for unit_id in layout.not_summed)
    return tuple(called(unit_id, on) for unit_id in sorted(layout.not_summed))


CellKey = tuple[str, str, str, str]


def _line(
    definition: FormDefinition,
    slot: Slot,
    raw: Mapping[CellKey, CellTotal],
    counted: _Counted,
    called: Called,
    on: date,
    *,
    is_published: bool,
) -> ConsolidatedLine:
    missing = sorted((called.card(unit_id, on) for unit_id in counted.missing), key=lambda unit: unit.sort_key)
    coverage = Coverage(counted.received, counted.expected, tuple(unit.name for unit in missing))
    return ConsolidatedLine(
        unit=slot.unit,
        label=slot.label,
        key=slot.key,
        cells=shown(definition, raw),
        coverage=None if slot.is_own and is_published else coverage,
        note=slot.note,
        simulated=counted.simulated,
        restatement=slot.restatement,
        in_total=slot.in_total,
    )


def _total(
    definition: FormDefinition,
    layout: Layout,
    raw: Mapping[int, Mapping[CellKey, CellTotal]],
    lines: Sequence[ConsolidatedLine],
    counted: Mapping[int, _Counted],
) -> ConsolidatedLine:
    inside = [cells for position, cells in raw.items() if layout.slots[position].in_total]
    combined = added(*inside) or cells_of_sums(definition, {}, received=0, missing=0)
    covered = [line.coverage for line in lines if line.in_total]
    stated = [one for one in covered if one is not None]
    return ConsolidatedLine(
        unit=layout.unit,
        label="Tổng số",
        key="",
        cells=shown(definition, combined),
        coverage=combine_coverage(stated) if len(stated) == len(covered) else None,
        simulated=any(one.simulated for one in counted.values()),
        restatement=layout.restatement,
    )
