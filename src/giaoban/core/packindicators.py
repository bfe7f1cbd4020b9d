"""What the indicators of a pack say about forms, periods, units of measure and each other. One function per check."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from giaoban.core import units_of_measure
from giaoban.core.indicators import (
    DefinitionError,
    Expression,
    IndicatorDefinition,
    Version,
    added_together,
    definition_from_dict,
)
from giaoban.core.layouts import FormDefinition
from giaoban.core.packfiles import PackFault
from giaoban.core.packmap import Unread
from giaoban.core.packrecords import IndicatorRecord, Pack
from giaoban.core.queries import CellMeasure, QueryRefused

_PERCENT: Final = "%"
_LONG_AGO: Final = date(1900, 1, 1)

Forms = Mapping[str, FormDefinition]


def indicator_names(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """Fields, cells, units, periods and levels that indicators name; the indicators of watch rules."""
    forms = {form.key: form.definition for form in pack.forms}
    fields = {one.key for one in pack.fields}
    unit_kinds = {kind.key for kind in pack.unit_kinds}
    held: dict[str, IndicatorDefinition] = {}
    for record in pack.indicators:
        if record.field and record.field not in fields and record.field not in unread:
            yield record.at.fault(f"field: '{record.field}' is not in fields.yaml")
        for target in record.definition.get("targets", ()):
            level = target.get("level", "")
            if level and level not in unit_kinds and level not in unread:
                yield record.at.fault(f"targets: the unit kind '{level}' is not in kinds.yaml")
        try:
            held[record.key] = definition_from_dict(record.definition, key=record.key, others=held.get)
        except DefinitionError as fault:
            yield record.at.fault(str(fault))
    for record in pack.indicators:
        if record.key in held:
            yield from _definition_faults(record, held, forms, pack, unread)
    for rule in pack.watch_rules:
        if rule.indicator not in {one.key for one in pack.indicators} and rule.indicator not in unread:
            yield rule.at.fault(f"indicator: there is no indicator '{rule.indicator}'")


def one_number_reason(form: FormDefinition, table_id: str, row_id: str, column_id: str) -> str | None:
    """Why a cell of a form cannot be used as one number, or None."""
    table = form.tables_by_id.get(table_id)
    if table is None:
        return f"the form '{form.key}' has no table '{table_id}'"
    row = table.rows_by_id.get(row_id)
    if row is None:
        return f"the table '{table_id}' of '{form.key}' has no row '{row_id}'"
    if row.is_dynamic:
        return f"the row '{row_id}' of '{form.key}' stands for several lines"
    if column_id not in table.positions:
        return f"the table '{table_id}' of '{form.key}' has no number column '{column_id}'"
    return None


def _definition_faults(
    record: IndicatorRecord, held: Mapping[str, IndicatorDefinition], forms: Forms, pack: Pack, unread: Unread
) -> Iterator[PackFault]:
    definition, at = held[record.key], record.at
    years = [(one.year, one.level) for one in definition.targets]
    if len(set(years)) < len(years):
        yield at.fault("targets: two of them are for the same year and level")
    stated = record.definition.get("versions") or [record.definition]
    if any("denominator" in one and "zero_denominator" not in {*one, *record.definition} for one in stated):
        yield at.fault("zero_denominator: say what 0 over 0 comes to (blank, zero or full)")
    if any("aggregation" not in {*one, *record.definition} for one in stated):
        yield at.fault("aggregation: say what several units together come to (pooled, mean or none)")
    for version in definition.versions[1:]:
        if version.since is None:
            yield at.fault(f"versions: the one from {version.span.start} does not say what breaks there")
    for version in definition.versions:
        cell_faults = list(_cell_faults(version, forms, unread))
        yield from (at.fault(reason) for reason in cell_faults)
        if not cell_faults and all(form in forms for form in version.forms()):
            yield from (at.fault(reason) for reason in _unit_faults(record, version, forms))
            yield from (at.fault(reason) for reason in _period_faults(version, pack))
        yield from (at.fault(reason) for reason in _joining_faults(definition, version, held, unread))


def _cell_faults(version: Version, forms: Forms, unread: Unread) -> Iterator[str]:
    """Cells that are not there or hold no number, and expressions that cannot be pooled."""
    for name, expression in _expressions(version):
        for term in expression.terms.values():
            if not isinstance(term, CellMeasure) or term.form in unread:
                continue
            form = forms.get(term.form)
            reason = f"there is no form '{term.form}'" if form is None else _term_reason(form, term, version)
            if reason is not None:
                yield f"{name}: {reason}"
        if version.aggregation == "pooled" and not expression.is_linear:
            yield f"{name}: '{expression.text}' is no sum of cells, so it cannot be pooled; aggregation is mean or none"


def _term_reason(form: FormDefinition, term: CellMeasure, version: Version) -> str | None:
    if term.subunit:
        return f"'{term.word}' is one line of several; an indicator reads cells that every unit has"
    reason = one_number_reason(form, term.table, term.row, term.column)
    if reason is not None:
        return reason
    if not form.valid.overlaps(version.span):
        return f"the form '{form.key}' is not valid while the version is"
    rule = form.table(term.table).columns_by_id[term.column].roll_up
    if version.aggregation == "pooled" and rule != "sum":
        return f"the column '{term.column}' of '{form.key}' is not added ({rule}), so it cannot be pooled"
    return None


def _unit_faults(record: IndicatorRecord, version: Version, forms: Forms) -> Iterator[str]:
    """Cells that are added must be in one unit of measure; of a percentage, numerator and denominator too."""
    sides = []
    for name, expression in _expressions(version):
        for group in added_together(expression):
            units = {_unit(cell, forms): cell for cell in group}
            first = next(iter(units), "")
            for unit, cell in units.items():
                if not units_of_measure.is_same(first, unit):
                    yield f"{name}: '{cell.word}' is in {unit}, the cells beside it in {first}"
        sides.append({_unit(one, forms) for one in expression.terms.values() if isinstance(one, CellMeasure)})
    plain = all(expression.is_linear for _, expression in _expressions(version))
    if record.unit == _PERCENT and plain and len(sides) == 2 and all(len(units) == 1 for units in sides):
        (above,), (below,) = sides
        if not units_of_measure.is_same(above, below):
            yield f"unit: no percentage of {above} among {below}"


def _unit(cell: CellMeasure, forms: Forms) -> str:
    return forms[cell.form].table(cell.table).columns_by_id[cell.column].unit


def _period_faults(version: Version, pack: Pack) -> Iterator[str]:
    """Forms that never report the same periods cannot stand in one expression."""
    rules: dict[str, set[str]] = {}
    for regime in pack.regimes:
        for one in regime.obligations:
            rules.setdefault(one.form, set()).update(one.rules)
    owed = [rules[form] for form in version.forms() if form in rules]
    if len(owed) > 1 and not set.intersection(*owed):
        yield f"versions: the forms {', '.join(version.forms())} have no period rule in common"


def _joining_faults(
    definition: IndicatorDefinition, version: Version, held: Mapping[str, IndicatorDefinition], unread: Unread
) -> Iterator[str]:
    """Circles, indicators that are not there, two acts without a word: on every day on which something changes."""
    starts = {one.span.start for each in held.values() for one in each.versions}
    days = sorted({start or (version.span.end or date.max) - date.resolution for start in starts} | {_LONG_AGO})
    told: set[str] = set()
    for day in days:
        if not version.span.contains(day):
            continue
        try:
            definition.on(day)
        except QueryRefused as refusal:
            words = _WORDS[refusal.code].format(place=refusal.place, day=day)
            known = refusal.place.removeprefix("chi-so:") not in unread
            if known and words not in told:
                told.add(words)
                yield words


_WORDS: Final[Mapping[str, str]] = {
    "circular-indicator": "it is made from itself: {place}",
    "unknown-measure": "there is no indicator '{place}'",
    "no-definition": "'{place}' has no version on {day}",
    "two-regimes": "cells of two acts ({place}); say under 'joined' why they may stand in one expression",
}


def _expressions(version: Version) -> Iterator[tuple[str, Expression]]:
    yield "numerator", version.numerator
    if version.denominator is not None:
        yield "denominator", version.denominator
