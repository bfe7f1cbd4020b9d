"""What units wrote in the columns that list texts: beside the numbers, each text with the unit that wrote it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from django.db.models.expressions import RawSQL

from giaoban.core.consolidation import UnitText, combine_texts
from giaoban.core.forms import FormDefinition
from giaoban.orgs.selectors import id_array
from giaoban.reporting.models import SubmissionLine

CellKey = tuple[str, str, str, str]
"""Table, row, sub-unit ("" on a fixed row), column."""


class Written(NamedTuple):
    """One line of an accepted report that has texts: by column id."""

    period_id: int
    unit_id: int
    unit_key: str
    table: str
    row: str
    subunit: str
    texts: Mapping[str, str]


def lists_texts(form: FormDefinition) -> bool:
    """Whether any column of the form lists texts; of a form without one nothing is asked."""
    return any(column.roll_up == "texts" for table in form.tables for column in table.texts)


def written(
    form: FormDefinition,
    form_id: int,
    period_ids: Iterable[int],
    unit_ids: Iterable[int],
    without: Collection[int] = (),
) -> list[Written]:
    """The lines with texts of the accepted reports of some units and periods. without: reports owed that do not count.
    One query, none when no column of the form lists texts."""
    if not lists_texts(form):
        return []
    rows = SubmissionLine.objects.filter(
        submission__is_current=True,
        submission__obligation__form_id=form_id,
        submission__obligation__period_id__in=list(period_ids),
        submission__obligation__unit_id__in=RawSQL("SELECT unnest(%s::bigint[])", [id_array(unit_ids)]),
    ).exclude(texts={})
    if without:
        rows = rows.exclude(submission__obligation_id__in=list(without))
    owed = "submission__obligation"
    fields = (f"{owed}__period_id", f"{owed}__unit_id", f"{owed}__unit__key", "table", "row", "subunit", "texts")
    return [Written(*row) for row in rows.values_list(*fields)]


def listed(
    form: FormDefinition, rows: Iterable[Written], names: Mapping[int, tuple[str, str]]
) -> dict[CellKey, tuple[UnitText, ...]]:
    """The texts of some units, cell by cell. names: sort key and name of each unit."""
    columns = {table.id: {one.id for one in table.texts if one.roll_up == "texts"} for table in form.tables}
    found: defaultdict[CellKey, list[UnitText]] = defaultdict(list)
    for row in rows:
        sort_key, name = names[row.unit_id]
        for column, text in row.texts.items():
            if column in columns[row.table] and text.strip():
                cell = (row.table, row.row, row.subunit, column)
                found[cell].append(UnitText(sort_key, row.unit_key, name, text.strip()))
    return {cell: combine_texts(texts) for cell, texts in found.items()}


def together(parts: Iterable[Mapping[CellKey, tuple[UnitText, ...]]]) -> dict[CellKey, tuple[UnitText, ...]]:
    """The texts of several lines; a unit that counts in more than one is listed once."""
    found: defaultdict[CellKey, list[tuple[UnitText, ...]]] = defaultdict(list)
    for part in parts:
        for cell, texts in part.items():
            found[cell].append(texts)
    return {cell: combine_texts(*texts) for cell, texts in found.items()}
