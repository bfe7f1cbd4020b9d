"""Tables of several periods in one geography: the units are placed once, the database adds all periods in one go."""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from django.utils import timezone

from giaoban.core.consolidation import CellTotal, Coverage, UnitText, combine_coverage
from giaoban.core.forms import FormDefinition
from giaoban.core.restating import Divided
from giaoban.kit.moments import one_moment
from giaoban.orgs.selectors import names_on, unit_history
from giaoban.reporting.models import FormKind, FormVersion, Period
from giaoban.reporting.selectors.consolidation import (
    CellKey,
    ConsolidatedLine,
    ConsolidatedTable,
    added,
    cells_of_sums,
    consolidate_one_by_one,
    period_card,
    shown,
)
from giaoban.reporting.selectors.forms import definition_of, last_day
from giaoban.reporting.selectors.grouping import layout_of_period, method_of, signatures_of
from giaoban.reporting.selectors.placing import WHOLE, Layout, Slot
from giaoban.reporting.selectors.summing import NOTHING_LEFT_OUT, Places, Tally, Without, tallies
from giaoban.reporting.selectors.texts import Written, listed, together, written

LAYOUTS_KEPT = 32
_layouts: "OrderedDict[tuple[object, ...], tuple[Layout, Places | None]]" = OrderedDict()

Names = Mapping[tuple[int, date], tuple[str, str]]


def consolidate(
    form: FormVersion,
    period: Period,
    unit_id: int,
    *,
    geography: date | None = None,
    divided: Divided = "refuse",
) -> ConsolidatedTable:
    """The live table of a unit from the latest accepted reports. A fixed number of queries.

    geography: read the reporters in the tree of this day; None: of the period's last day. divided: "keep" leaves
    figures that cannot be divided at the old unit, beside the total. Raises ConsolidationRefused when the figures
    cannot be placed in that geography.
    """
    chosen = geography or last_day(period)
    return consolidate_series(form, [period], unit_id, geography=chosen, divided=divided)[0]


def consolidate_series(
    form: FormVersion,
    periods: Sequence[Period],
    unit_id: int,
    *,
    geography: date,
    divided: Divided = "refuse",
    without: Without = NOTHING_LEFT_OUT,
) -> list[ConsolidatedTable]:
    """`consolidate` for each period, in the order given, all in the tree of one day.

    without: reports owed that do not count, as if nobody had asked for them.

    Periods between which no tree changed and for which the same units owe the form share one layout; a period with
    shares is read by itself. All is read as of one moment. Raises ConsolidationRefused when any period is refused.
    """
    with one_moment():
        return _consolidated(form, periods, unit_id, geography, divided, without)


def _consolidated(
    form: FormVersion, periods: Sequence[Period], unit_id: int, geography: date, divided: Divided, without: Without
) -> list[ConsolidatedTable]:
    found: dict[int, ConsolidatedTable] = {}
    reading: dict[int, tuple[Layout, Places, list[Period]]] = {}
    for period, layout, places in laid_out(form, periods, unit_id, geography, divided):
        if places is None:
            found[period.pk] = consolidate_one_by_one(
                form, period, unit_id, geography=geography, divided=divided, without=without
            )
        else:
            reading.setdefault(id(layout), (layout, places, []))[2].append(period)
    found |= _tables(form, list(reading.values()), geography, without)
    return [found[period.pk] for period in periods]


def laid_out(
    form: FormVersion, periods: Sequence[Period], unit_id: int, geography: date, divided: Divided
) -> Iterator[tuple[Period, Layout, Places | None]]:
    """Each period with its layout and the line of each unit, None where any counts in shares. Kept in the process under
    all that it depends on."""
    history = unit_history()
    signatures = signatures_of(form, periods)
    for period in periods:
        on = last_day(period)
        tree = on if on == geography else history.epoch(on)
        key = (history.stamp, form.pk, signatures.get(period.pk), unit_id, tree, geography, divided)
        held = _layouts.get(key)
        if held is None:
            layout = layout_of_period(form, period, unit_id, geography, divided)
            held = _layouts[key] = layout, _whole(layout)
            if len(_layouts) > LAYOUTS_KEPT:
                _layouts.popitem(last=False)
        yield period, *held


def _whole(layout: Layout) -> Places | None:
    if any(weight != WHOLE for places in layout.places.values() for _, weight in places):
        return None
    return {unit_id: position for unit_id, places in layout.places.items() for position, _ in places}


def _tables(
    form: FormVersion,
    reading: Sequence[tuple[Layout, Places, list[Period]]],
    geography: date,
    without: Without,
) -> dict[int, ConsolidatedTable]:
    definition = definition_of(form)
    counted = [(places, [period.pk for period in read_so]) for _, places, read_so in reading]
    found: dict[int, dict[int, Tally]] = {period_id: {} for _, read_so in counted for period_id in read_so}
    for (period_id, position), tally in tallies(form.pk, counted, definition, without).items():
        found[period_id][position] = tally
    units = {unit_id for places, _ in counted for unit_id in places}
    texts = written(definition, form.pk, found, units, without)
    days = {period.pk: last_day(period) for _, _, read_so in reading for period in read_so}
    missing = {(one, days[key]) for key, held in found.items() for tally in held.values() for one in tally.missing}
    left_out = {
        (one, days[period.pk]) for layout, _, read_so in reading for period in read_so for one in layout.not_summed
    }
    wrote = {(row.unit_id, days[row.period_id]) for row in texts}
    wanted = missing | left_out | wrote
    names = names_on(wanted) if wanted else {}
    return {
        period.pk: _table(
            form,
            period,
            layout,
            _expected(places, {unit_id for one, unit_id in without.values() if one == period.pk}),
            geography,
            found[period.pk],
            names,
            _listed(definition, [row for row in texts if row.period_id == period.pk], places, names, days[period.pk]),
        )
        for layout, places, read_so in reading
        for period in read_so
    }


def _expected(places: Places, gone: Collection[int]) -> Mapping[int, int]:
    """Position of a line → how many units owe the report there. gone: those whose report does not count."""
    if not gone:
        return Counter(places.values())
    return Counter(position for unit_id, position in places.items() if unit_id not in gone)


Texts = Mapping[int, Mapping[CellKey, tuple[UnitText, ...]]]
"""Position of a line → what its units wrote."""


def _listed(definition: FormDefinition, rows: Sequence[Written], places: Places, names: Names, on: date) -> Texts:
    by_line: defaultdict[int, list[Written]] = defaultdict(list)
    for row in rows:
        if row.unit_id in places:
            by_line[places[row.unit_id]].append(row)
    called = {row.unit_id: names[row.unit_id, on] for row in rows}
    return {position: listed(definition, found, called) for position, found in by_line.items()}


def _table(
    form: FormVersion,
    period: Period,
    layout: Layout,
    expected: Mapping[int, int],
    geography: date,
    counted: Mapping[int, Tally],
    names: Names,
    texts: Texts,
) -> ConsolidatedTable:
    definition, on = definition_of(form), last_day(period)
    raw: dict[int, Mapping[CellKey, CellTotal]] = {}
    lines: list[ConsolidatedLine] = []
    for position, tally in sorted(counted.items()):
        late = sorted(names[unit_id, on] for unit_id in tally.missing)
        coverage = Coverage(expected[position] - len(late), expected[position], tuple(name for _, name in late))
        raw[position] = cells_of_sums(definition, tally.sums, received=coverage.received, missing=len(late))
        is_source = layout.slots[position].is_own and form.kind == FormKind.CAPTURE
        lines.append(
            _line(
                definition,
                layout.slots[position],
                raw[position],
                None if is_source else coverage,
                texts.get(position, {}),
                simulated=tally.simulated,
            )
        )
    total = _total(definition, layout, [raw[one] for one in raw if layout.slots[one].in_total], lines)
    return ConsolidatedTable(
        form=definition,
        form_key=form.key,
        period=period_card(period),
        unit=layout.unit,
        geography=geography,
        method=layout.restatement.method if on == geography else method_of(on, geography),
        incomplete_reason=layout.incomplete_reason,
        lines=tuple(lines),
        total=total,
        coverage=total.coverage,
        as_of=timezone.now(),
        changed_at=max((one.changed_at for one in counted.values() if one.changed_at), default=None),
        simulated=total.simulated,
        not_summed=tuple(names[unit_id, on][1] for unit_id in sorted(layout.not_summed)),
        absent=layout.absent,
        restatement=layout.restatement,
    )


def _line(
    definition: FormDefinition,
    slot: Slot,
    raw: Mapping[CellKey, CellTotal],
    coverage: Coverage | None,
    texts: Mapping[CellKey, tuple[UnitText, ...]],
    *,
    simulated: bool,
) -> ConsolidatedLine:
    return ConsolidatedLine(
        unit=slot.unit,
        label=slot.label,
        key=slot.key,
        cells=shown(definition, raw),
        coverage=coverage,
        note=slot.note,
        simulated=simulated,
        restatement=slot.restatement,
        in_total=slot.in_total,
        raw=raw,
        texts=texts,
    )


def _total(
    definition: FormDefinition,
    layout: Layout,
    inside: Sequence[Mapping[CellKey, CellTotal]],
    lines: Sequence[ConsolidatedLine],
) -> ConsolidatedLine:
    combined = added(*inside) or cells_of_sums(definition, {}, received=0, missing=0)
    covered = [line.coverage for line in lines if line.in_total]
    stated = [one for one in covered if one is not None]
    return ConsolidatedLine(
        unit=layout.unit,
        label="Tổng số",
        key="",
        cells=shown(definition, combined),
        coverage=combine_coverage(stated) if len(stated) == len(covered) else None,
        simulated=any(line.simulated for line in lines),
        restatement=layout.restatement,
        raw=combined,
        texts=together(line.texts for line in lines if line.in_total),
    )
