"""What a level states against what stands beneath it: in the same form, in the lines of its own, as once confirmed."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Final

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from giaoban.core import disagreeing, formulas
from giaoban.core.checks import Batch
from giaoban.core.checks.batch import Whole
from giaoban.core.figures import Mark
from giaoban.core.forms import FormDefinition, LineSource, Table
from giaoban.core.issues import Cell
from giaoban.core.units_of_measure import NotConvertible, factor_of
from giaoban.core.vietnamese import day
from giaoban.kit.registries import Disagreement
from giaoban.kit.templatetags.gb import cell_anchor
from giaoban.reporting.disagreeing.common import (
    NOTHING_ASKED,
    Reported,
    Sent,
    batch_of_reports,
    cached,
    current,
    key,
    reported,
)
from giaoban.reporting.models import FormKind, Layer, Snapshot, Submission, SubmissionLine
from giaoban.reporting.selectors import (
    CellDifference,
    ConsolidatedTable,
    ConsolidationRefused,
    Reading,
    compare,
    consolidate,
    definition_of,
    frozen_reading,
    live_reading,
)
from giaoban.reporting.selectors.readings import ROW_VERSION


def beneath() -> Iterator[Disagreement]:
    """What units stated of themselves against the sum of the same form beneath them, where all beneath was accepted."""
    for one in reported():
        yield from cached("beneath", one, one.state, _of_parts)


# Reports of the same form and period directly beneath a reporter: no other reporter stands in between. A part without
# an accepted report has no `sent`.
PARTS: Final = """
    SELECT top.unit_id, part.unit_id, sent.id, sent.sent_at
    FROM reporting_obligation top
    JOIN reporting_submission stated ON stated.obligation_id = top.id AND stated.is_current
    JOIN orgs_unitclosure below ON below.ancestor_id = top.unit_id AND below.depth > 0
         AND below.line_id IN (SELECT line_id FROM reporting_owingrule WHERE form_id = %(form)s)
         AND (below.valid_from IS NULL OR below.valid_from < %(end)s)
         AND (below.valid_to IS NULL OR below.valid_to >= %(end)s)
    JOIN reporting_obligation part ON part.unit_id = below.descendant_id
         AND part.form_id = top.form_id AND part.period_id = top.period_id
    LEFT JOIN reporting_submission sent ON sent.obligation_id = part.id AND sent.is_current
    WHERE top.form_id = %(form)s AND top.period_id = %(period)s
      AND NOT EXISTS (
          SELECT FROM orgs_unitclosure between_them
          JOIN reporting_obligation middle ON middle.unit_id = between_them.ancestor_id
               AND middle.form_id = top.form_id AND middle.period_id = top.period_id
          WHERE between_them.descendant_id = part.unit_id AND between_them.line_id = below.line_id
            AND between_them.depth > 0 AND between_them.depth < below.depth
            AND (between_them.valid_from IS NULL OR between_them.valid_from < %(end)s)
            AND (between_them.valid_to IS NULL OR between_them.valid_to >= %(end)s)
      )
    ORDER BY top.unit_id, part.unit_id
"""


def _of_parts(one: Reported) -> Iterator[Disagreement]:
    with connection.cursor() as cursor:
        cursor.execute(PARTS, {"form": one.form.pk, "period": one.period.pk, "end": one.period.end})
        rows = cursor.fetchall()
    parts: defaultdict[int, list[tuple[int | None, datetime | None]]] = defaultdict(list)
    for top, _, pk, sent_at in rows:
        parts[top].append((pk, sent_at))
    whole = {top: held for top, held in parts.items() if all(pk is not None for pk, _ in held)}
    if not whole:
        return
    reports = current(one)
    batch = batch_of_reports(definition_of(one.form), [report.pk for report in reports])
    at = {report.pk: number for number, report in enumerate(reports)}
    by_unit = {report.unit_id: report for report in reports}
    for top, held in whole.items():
        report = by_unit[top]
        numbers = np.array(sorted(at[pk] for pk, _ in held if pk is not None), dtype=np.int64)
        if at[report.pk] in batch.odd or not batch.odd.isdisjoint(numbers.tolist()):
            continue
        moments = [timezone.localdate(moment) for _, moment in held if moment is not None]
        yield from _against_parts(one, report, batch, at[report.pk], numbers, min(moments), max(moments))


def _against_parts(
    one: Reported, report: Sent, batch: Batch, top: int, parts: Whole, first: date, last: date
) -> Iterator[Disagreement]:
    stated_on = timezone.localdate(report.sent_at)
    apart = one.form.kind == FormKind.CAPTURE and not (first == last == stated_on)
    moments = f"tổng ghi ngày {day(stated_on)}, các phần ghi từ {day(first)} đến {day(last)}"
    for cell, stated, computed, scale in _differing(batch, top, parts):
        yield Disagreement(
            key=key("beneath", one, report.unit, f"{cell.table}/{cell.row}/{cell.column}"),
            kind="moments" if apart else "parts",
            what=f"{disagreeing.place(batch.form, cell)} – {one.words}",
            unit_id=report.unit_id,
            period_id=one.period.pk,
            stated=Decimal(stated).scaleb(-scale),
            computed=Decimal(computed).scaleb(-scale),
            measure=batch.form.table(cell.table).columns_by_id[cell.column].unit,
            stated_name="Đơn vị tự ghi",
            computed_name=f"Cộng báo cáo của {len(parts)} đơn vị trực thuộc",
            source=report.source,
            link=f"{report.link}#{cell_anchor(cell)}",
            recognised_as=moments if apart else "",
            simulated=report.simulated,
        )


def _differing(batch: Batch, top: int, parts: Whole) -> Iterator[tuple[Cell, int, int, int]]:
    """Cells of fixed rows that the unit states otherwise than its parts together, all of which are known."""
    for lines in batch.tables.values():
        adds = np.array([one.roll_up == "sum" and one.formula is None for one in lines.table.numeric], dtype=bool)
        for number, row in enumerate(lines.table.rows):
            if row.is_dynamic:
                continue
            at = lines.line_at(number)
            if at[top] < 0 or (at[parts] < 0).any():
                continue
            total = lines.amount[at[parts]].sum(axis=0)
            known = lines.known[at[parts]].all(axis=0) & lines.known[at[top]] & adds
            for position in np.flatnonzero(known & (total != lines.amount[at[top]])).tolist():
                column = lines.table.numeric[position]
                stated = int(lines.amount[at[top], position])
                yield Cell(lines.table.id, row.id, "", column.id), stated, int(total[position]), column.scale


Vector = tuple[Sequence[int | None], Sequence[int | None], Sequence[int]]
Lines = Mapping[tuple[str, str, str], Vector]


def in_lines() -> Iterator[Disagreement]:
    """Lines of a report of a level against the reports of the level below from which the form says they come."""
    everything = {(one.form.key, one.period.pk): one for one in reported()}
    for one in everything.values():
        definition = definition_of(one.form)
        sources = [(table, source) for table in definition.tables for source in table.lines_from]
        there = {source.form for _, source in sources if (source.form, one.period.pk) in everything}
        if not there:
            continue
        below = {name: everything[name, one.period.pk] for name in sorted(there)}
        state = (one.state, *((other.form.checksum, other.state) for other in below.values()))
        yield from cached("lines", one, state, partial(_of_level, below=below))


def _of_level(one: Reported, below: Mapping[str, Reported]) -> Iterator[Disagreement]:
    """below: by the key of its form, what the lines of this one come from."""
    theirs = {name: {sent.unit: lines for sent, lines in _lines(other)} for name, other in below.items()}
    tables = definition_of(one.form).tables
    sources = [(table, source) for table in tables for source in table.lines_from if source.form in below]
    for report, lines in _lines(one):
        for table, source in sources:
            given = definition_of(below[source.form].form)
            yield from _of_lines(one, report, lines, (table, source), given, theirs[source.form])


def _of_lines(
    one: Reported,
    report: Sent,
    lines: Lines,
    asked: tuple[Table, LineSource],
    there: FormDefinition,
    theirs: Mapping[str, Lines],
) -> Iterator[Disagreement]:
    """The lines of one report in one row against what the units of these lines reported themselves."""
    table, source = asked
    below = there.table(source.table)
    for (name, row, subunit), vector in lines.items():
        given = theirs.get(subunit, {}).get((source.table, source.row, ""))
        if (name, row) != (table.id, source.into) or given is None:
            continue
        for column in source.columns:
            here = table.columns_by_id[column.to]
            stated, said = _amount(vector, table, column.to), _amount(given, below, column.column)
            if stated is None or said is None or here.formula is not None:
                continue
            try:
                computed = said * factor_of(column, here, below.columns_by_id[column.column])
            except NotConvertible:
                continue
            if stated != formulas.round_half_up(computed, here.scale):
                cell = Cell(table.id, row, subunit, column.to)
                yield _line_apart(one, report, cell, stated, computed, there.code)


def _line_apart(one: Reported, report: Sent, cell: Cell, stated: Decimal, said: Decimal, source: str) -> Disagreement:
    form = definition_of(one.form)
    return Disagreement(
        key=key("lines", one, report.unit, f"{cell.table}/{cell.row}/{cell.subunit}/{cell.column}"),
        kind="parts",
        what=f"{disagreeing.place(form, cell)} – {one.words}",
        unit_id=report.unit_id,
        period_id=one.period.pk,
        stated=stated,
        computed=said,
        measure=form.table(cell.table).columns_by_id[cell.column].unit,
        stated_name="Cấp trên ghi ở dòng của đơn vị",
        computed_name="Đơn vị tự báo cáo",
        source=f"{report.source} Đối chiếu với biểu {source} của đơn vị trực thuộc.",
        link=f"{report.link}#{cell_anchor(cell)}",
        simulated=report.simulated,
    )


def _lines(one: Reported) -> list[tuple[Sent, Lines]]:
    """Every current report with its lines as they are kept. Two queries."""
    reports = current(one)
    found: dict[int, dict[tuple[str, str, str], Vector]] = {report.pk: {} for report in reports}
    rows = SubmissionLine.objects.filter(submission_id__in=list(found)).order_by("pk")
    for pk, table, row, subunit, values, estimates, marks in rows.values_list(
        "submission_id", "table", "row", "subunit", "values", "estimates", "marks"
    ):
        found[pk][table, row, subunit] = (values, estimates, marks)
    return [(report, found[report.pk]) for report in reports]


def _amount(vector: Vector, table: Table, column: str) -> Decimal | None:
    """Actual and estimated part together; None where nothing is known."""
    at = table.positions[column]
    if vector[2][at] > Mark.NIL:
        return None
    return Decimal((vector[0][at] or 0) + (vector[1][at] or 0)).scaleb(-table.columns_by_id[column].scale)


def frozen() -> Iterator[Disagreement]:
    """Totals as they were last confirmed, or published in a document, against those of today, where something was
    decided since. Compared again only when the frozen row or what was accepted is another one."""
    decided = Submission.objects.filter(
        obligation__form_id=OuterRef("form_id"),
        obligation__period_id=OuterRef("period_id"),
        decided_at__gt=OuterRef("act__at"),
    )
    place = ("form_id", "period_id", "unit_id", "layer")
    rows = Snapshot.objects.filter(layer__in=(Layer.CONFIRMED, Layer.PUBLISHED), geography_on=None)
    latest = rows.annotate(written=ROW_VERSION, since=Exists(decided)).order_by(*place, "-pk").distinct(*place)
    held = {(one.form.pk, one.period.pk): one for one in reported()}
    for row in latest.defer("content").select_related("form", "period__rule", "unit"):
        if row.since:
            one = held.get((row.form_id, row.period_id)) or Reported(row.form, row.period, NOTHING_ASKED)
            state = (one.state, row.written)
            yield from cached(f"frozen {row.layer} {row.unit_id}", one, state, partial(_of_frozen, row=row))


def _of_frozen(one: Reported, row: Snapshot) -> Iterator[Disagreement]:
    reading, table = frozen_reading(row.layer, one.form, one.period, row.unit_id), _live(row)
    if reading is not None and table is not None:
        for cell in compare(live_reading(table), reading):
            yield from _of_total(row, reading, table, cell)


def _live(row: Snapshot) -> ConsolidatedTable | None:
    try:
        return consolidate(row.form, row.period, row.unit_id)
    except ConsolidationRefused:
        return None


def _of_total(row: Snapshot, held: Reading, live: ConsolidatedTable, cell: CellDifference) -> Iterator[Disagreement]:
    """A cell of the total line that is another one now; rates follow what they are made of and are left out."""
    now, then = cell.now, cell.then
    if cell.line_key or now is None or then is None or now.value is None or then.value is None:
        return
    column = live.form.table(cell.key[0]).columns_by_id[cell.key[3]]
    stated, computed = then.value + then.estimate, now.value + now.estimate
    if column.formula is not None or stated == computed:
        return
    one, is_published = Reported(row.form, row.period, NOTHING_ASKED), row.layer == Layer.PUBLISHED
    query = {"unit": row.unit.key} | ({"instalment": row.period.instalment} if row.period.instalment else {})
    name = f"{held.name} ngày {day(held.issued_on or timezone.localdate(held.at))}"
    yield Disagreement(
        key=key("published" if is_published else "confirmed", one, row.unit.key, "/".join(cell.key)),
        kind="published" if is_published else "parts",
        what=f"{disagreeing.place(live.form, Cell(*cell.key))} – {one.words}, bảng tổng hợp",
        unit_id=row.unit_id,
        period_id=row.period_id,
        stated=stated,
        computed=computed,
        measure=column.unit,
        stated_name=f"{name}, số {held.number}" if held.number else name,
        computed_name="Cộng số liệu đang có",
        source=f"Bảng tổng hợp do {held.by} chốt; từ đó có báo cáo được tiếp nhận hoặc sửa.",
        link=f"{reverse('reporting:table', args=[row.form.key, row.period.code])}?{urlencode(query)}",
        simulated=live.simulated,
    )
