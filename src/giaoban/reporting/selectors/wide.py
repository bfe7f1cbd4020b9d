"""Reports of a form as one wide table: a row per report, a column per cell of the fixed rows, whatever the number of
reports in flat memory."""

import csv
import io
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import Q, QuerySet

from giaoban.core.figures import MARK_WORDS, Mark
from giaoban.core.forms import FormDefinition, Table
from giaoban.core.tidy import plain
from giaoban.orgs.selectors import cards, id_array, scope_ids
from giaoban.reporting.models import FormVersion, Period, Submission
from giaoban.reporting.selectors.forms import definition_of, last_day

HEAD: Final = (
    "unit",
    "unit_name",
    "period",
    "instalment",
    "version",
    "sent_at",
    "accepted_at",
    "simulated",
)
COLUMNS: Final = (
    "pk",
    "obligation__unit_id",
    "obligation__unit__key",
    "obligation__period_id",
    "version",
    "sent_at",
    "decided_at",
    "simulated",
    "obligation__simulated",
)
ORDER: Final = (
    "obligation__period__end",
    "obligation__period__start",
    "obligation__period_id",
    "obligation__unit__key",
)
ESTIMATE, MARK = "~e", "~m"
CELLS_AT_ONCE: Final = 200_000
TEXT_AT_ONCE: Final = 1 << 16
WORDS: Final[Mapping[int, str]] = {int(mark): word for mark, word in MARK_WORDS.items()}

# Over all versions that were ever sent, so that nothing which is accepted meanwhile can lack its column.
BESIDE: Final = """
    SELECT line."table", line."row",
           bool_or(cardinality(array_remove(line.estimates, NULL)) > 0),
           bool_or(%(nil)s = ANY (line.marks) OR %(na)s = ANY (line.marks))
    FROM reporting_obligation owed
    JOIN reporting_submission sent ON sent.obligation_id = owed.id
    JOIN reporting_submissionline line ON line.submission_id = sent.id
    WHERE owed.form_id = %(form)s AND owed.period_id = ANY (%(periods)s::bigint[]) AND line.subunit = ''
    GROUP BY line."table", line."row"
"""
LINES: Final = """
    SELECT submission_id, "table", "row", values, {estimates}, {marks}
    FROM reporting_submissionline WHERE submission_id = ANY (%s::bigint[]) AND subunit = ''
"""


class ExportBroken(RuntimeError):
    """Another number of rows was written than was announced: the file must not be taken for whole."""


@dataclass(frozen=True, slots=True)
class Wide:
    """A wide table on its way. total: its rows, known before the first is read; simulated: whether any of its figures
    are; text: CSV in pieces, header first. Raises ExportBroken at the end when rows are lacking."""

    header: Sequence[str]
    total: int
    simulated: bool
    text: Iterator[str]


@dataclass(frozen=True, slots=True)
class _Slot:
    """A fixed row of a table as a stretch of columns: values, then estimates and marks where there are any."""

    table: Table
    row: str
    estimates: bool
    marks: bool

    @property
    def names(self) -> Iterator[str]:
        cells = [f"{self.table.id}.{self.row}.{column.id}" for column in self.table.numeric]
        yield from cells
        yield from (f"{name}{ESTIMATE}" for name in cells if self.estimates)
        yield from (f"{name}{MARK}" for name in cells if self.marks)

    @property
    def width(self) -> int:
        return len(self.table.numeric) * (1 + self.estimates + self.marks)

    @property
    def scales(self) -> tuple[int, ...]:
        """Decimals of the columns; empty when none has any."""
        found = tuple(column.scale for column in self.table.numeric)
        return found if any(found) else ()


def wide_table(
    form: FormVersion, periods: Sequence[Period], *, unit_id: int | None, on: date, bom: bool = False
) -> Wide:
    """Accepted reports of a form for periods: all, or those of what belongs to a unit on a day.

    Ordered by period and key of the unit. Lines of dynamic rows have no place in it. bom: the mark by which
    spreadsheets know UTF-8. A few queries now, then a few for every some hundred reports while the text is read.
    """
    wanted = _wanted(form, periods, unit_id, on)
    # Eight bytes each: the versions that are exported, whatever is accepted meanwhile. Their lines never change.
    reports = array("q", wanted.order_by(*ORDER).values_list("pk", flat=True).iterator(chunk_size=10_000))
    simulated = wanted.filter(Q(simulated=True) | Q(obligation__simulated=True)).exists()
    slots = _slots(definition_of(form), form.pk, [one.pk for one in periods])
    header = [*HEAD, *(name for slot in slots for name in slot.names)]
    rows = _rows(reports, slots, {one.pk: one for one in periods})
    return Wide(header, len(reports), simulated, _text(header, rows, len(reports), bom=bom))


def count_reports(form: FormVersion, periods: Collection[Period], *, unit_id: int | None, on: date) -> int:
    """How many rows the wide table has as of now."""
    return _wanted(form, periods, unit_id, on).count()


def _wanted(form: FormVersion, periods: Collection[Period], unit_id: int | None, on: date) -> QuerySet[Submission]:
    rows = Submission.objects.filter(is_current=True, obligation__form=form, obligation__period__in=periods)
    return rows if unit_id is None else rows.filter(obligation__unit__in=scope_ids([unit_id], on))


def _slots(form: FormDefinition, form_id: int, period_ids: Collection[int]) -> list[_Slot]:
    given: dict[str, int | str] = {
        "form": form_id,
        "periods": id_array(period_ids),
        "nil": int(Mark.NIL),
        "na": int(Mark.NOT_APPLICABLE),
    }
    with connection.cursor() as cursor:
        cursor.execute(BESIDE, given)
        beside = {(table, row): (estimates, marks) for table, row, estimates, marks in cursor.fetchall()}
    return [
        _Slot(table, row.id, *beside.get((table.id, row.id), (False, False)))
        for table in form.tables
        if table.numeric
        for row in table.fixed_rows
    ]


def _rows(reports: "array[int]", slots: Sequence[_Slot], periods: Mapping[int, Period]) -> Iterator[list[object]]:
    size = max(20, CELLS_AT_ONCE // max(1, sum(slot.width for slot in slots)))
    # Vectors of which no column is made are not fetched.
    query = LINES.format(
        estimates="estimates" if any(slot.estimates for slot in slots) else "NULL",
        marks="marks" if any(slot.marks for slot in slots) else "NULL",
    )
    for start in range(0, len(reports), size):
        taken = reports[start : start + size]
        heads = {one[0]: one for one in Submission.objects.filter(pk__in=taken).values_list(*COLUMNS)}
        names = _names(heads.values(), periods)
        lines: dict[int, dict[tuple[str, str], tuple[Any, ...]]] = {}
        with connection.cursor() as cursor:
            cursor.execute(query, [id_array(taken)])
            for pk, table, row, *vectors in cursor:
                lines.setdefault(pk, {})[table, row] = tuple(vectors)
        for pk in taken:
            made = _head(heads[pk], names, periods)
            held = lines.get(pk, {})
            for slot in slots:
                made += _cells(slot, held.get((slot.table.id, slot.row)))
            yield made


def _head(report: tuple[Any, ...], names: Mapping[tuple[int, int], str], periods: Mapping[int, Period]) -> list[object]:
    _, unit_id, key, period_id, version, sent_at, decided_at, simulated, owed_so = report
    period = periods[period_id]
    return [
        plain(key),
        plain(names.get((unit_id, period_id), "")),
        period.code,
        period.instalment,
        version,
        sent_at.isoformat(),
        decided_at.isoformat() if decided_at else "",
        int(simulated or owed_so),
    ]


def _names(taken: Iterable[tuple[Any, ...]], periods: Mapping[int, Period]) -> dict[tuple[int, int], str]:
    """(unit, period) → what the unit was called on the last day of the period. One query per period."""
    units: dict[int, set[int]] = {}
    for one in taken:
        units.setdefault(one[3], set()).add(one[1])
    return {
        (unit_id, period_id): card.name
        for period_id, ids in units.items()
        for unit_id, card in cards(ids, last_day(periods[period_id])).items()
    }


def _cells(slot: _Slot, vectors: tuple[Any, ...] | None) -> Sequence[object]:
    """The stretch of a report; a blank is empty, and so is a row that the report leaves out."""
    if vectors is None:
        return [None] * slot.width
    values, estimates, marks = vectors
    cells = _written(values, slot.scales)
    if slot.estimates:
        cells += _written(estimates, slot.scales)
    if slot.marks:
        cells += [WORDS.get(mark, "") for mark in marks]
    return cells


def _written(numbers: list[int | None], scales: Sequence[int]) -> list[object]:
    """Exact numbers with a decimal point."""
    if not scales:
        return list(numbers)
    return [None if one is None else _number(one, scale) for one, scale in zip(numbers, scales, strict=True)]


def _number(value: int, scale: int) -> object:
    if not scale:
        return value
    digits = str(abs(value)).rjust(scale + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"


def _text(header: Sequence[str], rows: Iterator[list[object]], total: int, *, bom: bool) -> Iterator[str]:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    if bom:
        out.write("\ufeff")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
        if out.tell() > TEXT_AT_ONCE:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    if count != total:
        raise ExportBroken(f"{count} rows written, {total} announced")
    yield out.getvalue()
