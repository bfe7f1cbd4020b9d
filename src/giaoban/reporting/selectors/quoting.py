"""A cell of a consolidated table as a text quotes it, by names."""

from giaoban.kit.registries import SourcedFigure
from giaoban.orgs.selectors import unit_id_of
from giaoban.reporting.selectors.consolidation import ConsolidatedTable
from giaoban.reporting.selectors.forms import form_by_key, period_of
from giaoban.reporting.selectors.series import consolidate


def quoted_table(*, form: str, period: str, unit: str, instalment: str = "") -> ConsolidatedTable:
    """The live table of a unit. Raises Http404, KeyError, ConsolidationRefused."""
    version = form_by_key(form)
    chosen = period_of(version, period, instalment)
    unit_id = unit_id_of(unit)
    if unit_id is None:
        raise KeyError(unit)
    return consolidate(version, chosen, unit_id)


def quoted_cell(held: ConsolidatedTable, *, table: str, row: str, column: str, subunit: str = "") -> SourcedFigure:
    """One cell of its total line. Raises KeyError."""
    cell = held.total.cells[table, row, subunit, column]
    return SourcedFigure(
        value=cell.amount,
        unit=held.form.table(table).columns_by_id[column].unit,
        origin=f"biểu {held.form.code}, {held.period.label}, {held.unit.name}, đủ {held.coverage_words}",
        as_of=held.changed_at,
        simulated=held.simulated,
        nil=cell.state == "nil",
    )
