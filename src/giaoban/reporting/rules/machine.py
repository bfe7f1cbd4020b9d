"""Cells that nobody types: totals of rows and computed columns, filled in from what was typed."""

from collections.abc import Iterable, Mapping, Sequence

from giaoban.core.checks import computed_value
from giaoban.core.figures import Line, LineKey, reported, sum_of
from giaoban.core.forms import Column, FormDefinition, Row, Table
from giaoban.reporting.rules.typed import figures_from_texts, text_key, texts_from_figures

Subunits = Mapping[tuple[str, str], Sequence[str]]
"""(Table, dynamic row) → the keys of its lines, in order."""


def with_lines_of(subunits: Subunits, texts: Iterable[str]) -> dict[tuple[str, str], tuple[str, ...]]:
    """The sub-units of every dynamic row, those that only the names of the typed texts know at the end."""
    found = {place: list(keys) for place, keys in subunits.items()}
    for key in texts:
        parts = key.split("/")
        if len(parts) >= 4 and parts[2]:
            listed = found.setdefault((parts[0], parts[1]), [])
            if parts[2] not in listed:
                listed.append(parts[2])
    return {place: tuple(keys) for place, keys in found.items()}


def is_machine(table: Table, row: Row, column: Column, subunits: Subunits) -> bool:
    """Whether a cell is filled in by the machine. A total none of whose parts has a line yet stays to be typed."""
    if column.formula is not None:
        return True
    if not row.sum_of or column.roll_up != "sum":
        return False
    parts = (table.rows_by_id[part] for part in row.sum_of)
    return any(not part.is_dynamic or subunits.get((table.id, part.id)) for part in parts)


def machine_texts(
    form: FormDefinition, subunits: Subunits, texts: Mapping[str, str], *, stored: bool = False
) -> dict[str, str]:
    """The texts of every machine cell by `text_key`, "" where the parts do not give a number.

    stored: only those that belong to a report; a computed column that the form does not ask for is shown, not sent, so
    that a report typed here and the same report from a file are the same.
    """
    figures, _ = figures_from_texts(form, texts)
    keys: list[str] = []
    for table in form.tables:
        for row in table.rows:
            if row.sum_of:
                _fill_total(table, row, figures, subunits)
        for line in [line for line in figures.values() if line.table == table.id]:
            keys.extend(_fill_computed(table, line, stored=stored))
            row = table.rows_by_id[line.row]
            keys.extend(
                text_key(table.id, row.id, line.subunit, column.id, estimate=estimate)
                for column in table.numeric
                if column.formula is None and is_machine(table, row, column, subunits)
                for estimate in (False, True)
            )
    known = texts_from_figures(form, figures)
    return {key: known.get(key, "") for key in keys}


def _fill_computed(table: Table, line: Line, *, stored: bool) -> Iterable[str]:
    for column in table.numeric:
        if column.formula is not None and (column.required or not stored):
            line.figures[table.positions[column.id]] = reported(computed_value(table, column, line))
            yield text_key(table.id, line.row, line.subunit, column.id)


def _fill_total(table: Table, row: Row, figures: Mapping[LineKey, Line], subunits: Subunits) -> None:
    """Put the sums of its parts into a total row; a part that is a total itself is filled first."""
    total = figures[table.id, row.id, ""]
    for part in row.sum_of:
        if table.rows_by_id[part].sum_of:
            _fill_total(table, table.rows_by_id[part], figures, subunits)
    parts = [line for line in figures.values() if line.table == table.id and line.row in row.sum_of]
    for position, column in enumerate(table.numeric):
        if column.formula is None and is_machine(table, row, column, subunits):
            total.figures[position] = sum_of(line.figures[position] for line in parts)


def with_machine_cells(form: FormDefinition, listed: Subunits, texts: Mapping[str, str]) -> dict[str, str]:
    """Typed texts with what the machine makes of them; anything that stood in a cell of the machine gives way."""
    subunits = with_lines_of(listed, texts)
    typed = {key: text for key, text in texts.items() if not _is_machine_key(form, subunits, key)}
    return typed | machine_texts(form, subunits, typed, stored=True)


def _is_machine_key(form: FormDefinition, subunits: Subunits, key: str) -> bool:
    parts = key.split("/")
    table = form.tables_by_id.get(parts[0])
    if table is None or len(parts) < 4 or parts[1] not in table.rows_by_id or parts[3] not in table.columns_by_id:
        return False
    return is_machine(table, table.rows_by_id[parts[1]], table.columns_by_id[parts[3]], subunits)
