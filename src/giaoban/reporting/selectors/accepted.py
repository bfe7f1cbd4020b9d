"""Accepted lines of one form and period as the archive takes them, and how a frozen file differs from them."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction

from giaoban.core.figures import MARK_WORDS, Mark
from giaoban.core.forms import FormDefinition
from giaoban.orgs.selectors import id_array
from giaoban.reporting.archive import layout, reading
from giaoban.reporting.archive.layout import StoredLine

FETCHED: Final = 2000
CURRENT: Final = "sent.is_current"
THOSE: Final = "(owed.unit_id, sent.version) IN (SELECT * FROM unnest(%(units)s::bigint[], %(versions)s::int[]))"
LINES: Final = """
    SELECT unit.key, owed.unit_id, line."table", line."row", line.subunit, line.values, line.estimates, line.marks,
           line.texts::text, sent.version, sent.sent_at, sent.decided_at, owed.simulated OR sent.simulated
    FROM reporting_obligation owed
    JOIN orgs_unit unit ON unit.id = owed.unit_id
    JOIN reporting_submission sent ON sent.obligation_id = owed.id AND {which}
    JOIN reporting_submissionline line ON line.submission_id = sent.id
    WHERE owed.form_id = %(form)s AND owed.period_id = %(period)s
    ORDER BY owed.unit_id, line."table" COLLATE "C", line."row" COLLATE "C", line.subunit COLLATE "C"
"""
SUMMARY: Final = """
    SELECT count(*), coalesce(sum(held.lines), 0)::bigint, max(sent.decided_at),
           coalesce(bool_or(owed.simulated OR sent.simulated), false),
           encode(sha256(convert_to(coalesce(string_agg(
               unit.key || ' ' || sent.receipt || ' ' || (owed.simulated OR sent.simulated)::text, E'\n'
               ORDER BY owed.unit_id), ''), 'UTF8')), 'hex')
    FROM reporting_obligation owed
    JOIN orgs_unit unit ON unit.id = owed.unit_id
    JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
    CROSS JOIN LATERAL (
        SELECT count(*) AS lines FROM reporting_submissionline line WHERE line.submission_id = sent.id
    ) held
    WHERE owed.form_id = %(form)s AND owed.period_id = %(period)s
"""
# Lines with a number of more digits than a narrow column holds; there are hardly ever any.
WIDE: Final = """
    SELECT DISTINCT line."table", cell.position,
           abs(cell.value::numeric) > %(largest)s, abs(cell.estimate::numeric) > %(largest)s
    FROM reporting_obligation owed
    JOIN reporting_submission sent ON sent.obligation_id = owed.id AND sent.is_current
    JOIN reporting_submissionline line ON line.submission_id = sent.id
    CROSS JOIN LATERAL unnest(line.values, line.estimates) WITH ORDINALITY AS cell(value, estimate, position)
    WHERE owed.form_id = %(form)s AND owed.period_id = %(period)s
      AND (%(largest)s < ANY (line.values) OR -%(largest)s > ANY (line.values)
           OR %(largest)s < ANY (line.estimates) OR -%(largest)s > ANY (line.estimates))
      AND (abs(cell.value::numeric) > %(largest)s OR abs(cell.estimate::numeric) > %(largest)s)
"""


@dataclass(frozen=True, slots=True)
class Summary:
    """What is accepted of a form and period. content: a checksum over which versions these are; lines never change, so
    the same versions are the same figures."""

    reports: int
    lines: int
    decided_until: datetime | None
    simulated: bool
    content: str


def summary_of(form_id: int, period_id: int) -> Summary:
    with connection.cursor() as cursor:
        cursor.execute(SUMMARY, {"form": form_id, "period": period_id})
        return Summary(*cursor.fetchone())


def wide_columns(definition: FormDefinition, form_id: int, period_id: int) -> frozenset[str]:
    """Names of the file's columns that need more than `layout.DIGITS` digits."""
    with connection.cursor() as cursor:
        cursor.execute(WIDE, {"form": form_id, "period": period_id, "largest": layout.LARGEST})
        rows = cursor.fetchall()
    found = set()
    for table_id, position, value, estimate in rows:
        column = definition.table(table_id).numeric[position - 1]
        if value:
            found.add(layout.value_name(table_id, column.id))
        if estimate:
            found.add(layout.estimate_name(table_id, column.id))
    return frozenset(found)


def accepted_lines(form_id: int, period_id: int, versions: Mapping[int, int] | None = None) -> Iterator[StoredLine]:
    """The lines in the order of the file, fetched little by little. versions: unit → which of its versions; None: the
    one whose figures count."""
    given: dict[str, Any] = {"form": form_id, "period": period_id}
    if versions is not None:
        given |= {"units": id_array(versions), "versions": id_array(versions.values())}
    query = LINES.format(which=CURRENT if versions is None else THOSE)
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(query, given)
        while rows := cursor.fetchmany(FETCHED):
            for row in rows:
                texts = json.loads(row[8]) if row[8] != "{}" else {}
                yield StoredLine._make((*row[:8], texts, *row[9:]))


@dataclass(frozen=True, slots=True)
class Difference:
    """Where file and database differ. cell: "table/row/sub-unit/column", or what else of the line."""

    unit: str
    cell: str
    in_file: str
    in_database: str


NOTHING: Final = "–"


def differences(path: Path, form: FormDefinition, rows: Iterator[StoredLine]) -> Iterator[Difference]:
    """Every cell of a file that is not as in the rows of the database, both in the order of the file.

    Raises `reading.Unreadable` when the file breaks off.
    """
    ours, theirs = reading.lines(path, form), rows
    file, database = next(ours, None), next(theirs, None)
    while file is not None or database is not None:
        if file is None or (database is not None and database.key < file.key):
            if database is not None:
                yield Difference(database.unit, _place(database), NOTHING, "có dòng này")
            database = next(theirs, None)
        elif database is None or file.key < database.key:
            yield Difference(file.unit, _place(file), "có dòng này", NOTHING)
            file = next(ours, None)
        else:
            if not _same(file, database):
                yield from _within(file, database, form)
            file, database = next(ours, None), next(theirs, None)


def _same(one: StoredLine, other: StoredLine) -> bool:
    vectors = (one.values, one.estimates, one.marks) == (other.values, other.estimates, other.marks)
    return vectors and one.texts == other.texts and one[9:] == other[9:] and one.unit == other.unit


def _place(line: StoredLine) -> str:
    return "/".join(filter(None, (line.table, line.row, line.subunit)))


def _within(file: StoredLine, database: StoredLine, form: FormDefinition) -> Iterator[Difference]:
    table, place = form.table(file.table), _place(file)
    for position, column in enumerate(table.numeric):
        ours, theirs = (_cell(one, position, column.scale) for one in (file, database))
        if ours != theirs:
            yield Difference(file.unit, f"{place}/{column.id}", ours, theirs)
    for column in table.texts:
        said = [one.texts.get(column.id, NOTHING) for one in (file, database)]
        if said[0] != said[1]:
            yield Difference(file.unit, f"{place}/{column.id}", *said)
    for name in ("unit", "version", "sent_at", "decided_at", "simulated"):
        ours, theirs = str(getattr(file, name)), str(getattr(database, name))
        if getattr(file, name) != getattr(database, name):
            yield Difference(file.unit, f"{place} · {name}", ours, theirs)


def _cell(line: StoredLine, position: int, scale: int) -> str:
    """A cell in words: number, estimated part, mark."""
    value, estimate, mark = line.values[position], line.estimates[position], line.marks[position]
    words = [NOTHING if value is None else layout.written(value, scale)]
    if estimate is not None:
        words.append(f"ước {layout.written(estimate, scale)}")
    if mark != Mark.REPORTED:
        with suppress(ValueError):
            words.append(MARK_WORDS.get(Mark(mark), "để trống"))
    return ", ".join(words)
