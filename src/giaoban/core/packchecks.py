"""What the files of a pack say about each other: names that must exist, spans that must fit. One function per check.

A record that could not be read has been named already; its key counts as known, so that one fault is told once.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Final, Protocol

from giaoban.core.forms import FormDefinition, Table, cell_reason, resolve
from giaoban.core.packfiles import PackFault
from giaoban.core.packindicators import indicator_names, one_number_reason
from giaoban.core.packmap import Unread, map_faults
from giaoban.core.packrecords import (
    DeadlineRecord,
    FormRecord,
    ObligationRecord,
    Pack,
    Place,
    RegimeRecord,
)
from giaoban.core.periods import PeriodRule, PeriodRuleError, as_of_period, due_on, periods_of
from giaoban.core.units_of_measure import NotConvertible, contradiction, factor_between

_SAMPLE_YEAR: Final = 2025


class _Sourced(Protocol):
    @property
    def at(self) -> Place: ...
    @property
    def source(self) -> str: ...


def cross_faults(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """Every fault between records."""
    yield from repeated_keys(pack)
    yield from unknown_sources(pack, unread)
    yield from unknown_kinds(pack, unread)
    yield from unknown_tiles(pack, unread)
    yield from map_faults(pack, unread)
    yield from form_names(pack, unread)
    yield from regime_names(pack, unread)
    yield from indicator_names(pack, unread)
    yield from template_files(pack, unread)
    yield from outline_names(pack, unread)


def repeated_keys(pack: Pack) -> Iterator[PackFault]:
    """Keys that two records of one kind share."""
    groups: Iterable[tuple[str, Iterable[tuple[str, Place]]]] = (
        ("area kind", ((one.key, one.at) for one in pack.area_kinds)),
        ("unit kind", ((one.key, one.at) for one in pack.unit_kinds)),
        ("line", ((one.key, one.at) for one in pack.lines)),
        ("event", ((one.key, one.at) for one in pack.events)),
        ("region", ((one.key, one.at) for one in pack.regions)),
        ("field", ((one.key, one.at) for one in pack.fields)),
        ("regime", ((one.key, one.at) for one in pack.regimes)),
        ("period rule", ((rule.key, one.at) for one in pack.regimes for rule in one.period_rules)),
        ("indicator", ((one.key, one.at) for one in pack.indicators)),
        ("watch rule", ((one.key, one.at) for one in pack.watch_rules)),
        ("word", ((f"{one.list}/{one.key}", one.at) for one in pack.words)),
        ("template", ((f"{one.key} ({one.engine})", one.at) for one in pack.templates)),
        ("outline", ((one.key, one.at) for one in pack.outlines)),
        ("gap", ((one.key, one.at) for one in pack.gaps)),
        ("day", ((one.day.isoformat(), one.at) for one in pack.days)),
        ("tile of area", ((one.area, one.at) for one in pack.tiles if one.area)),
    )
    for what, keys in groups:
        first: dict[str, Place] = {}
        for key, at in keys:
            earlier = first.setdefault(key, at)
            if earlier is not at:
                yield at.fault(f"the {what} '{key}' stands already in {earlier.file}, line {earlier.line}")
    for regime in pack.regimes:
        if not regime.at.file.endswith(f"/{regime.key}.yaml"):
            yield regime.at.fault(f"key: '{regime.key}' must be the name of the file")


def unknown_sources(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """`source` must lead to an entry of pack.yaml."""
    known = {source.key for source in pack.sources}
    records: list[_Sourced] = [*pack.areas, *pack.codes, *pack.area_successions, *pack.regions, *pack.units]
    records += [*pack.events, *pack.parents, *pack.served, *pack.unit_successions, *pack.fields, *pack.regimes]
    records += [one for regime in pack.regimes for one in regime.deadlines]
    records += [one for regime in pack.regimes for one in regime.obligations]
    records += [*pack.indicators, *pack.watch_rules, *pack.templates, *pack.outlines, *pack.gaps, *pack.days]
    cited = [(record.source, record.at) for record in records]
    cited += [(source, one.at) for one in pack.indicators for source in one.sources]
    for form in pack.forms:
        cited.append((" ".join(form.definition.source), form.at))
        cited.extend((" ".join(check.source), form.at) for check in form.definition.checks)
        cited.extend((" ".join(one.source), form.at) for one in form.definition.reconciles)
    for source, at in cited:
        for key in source.split():
            if key not in known and key not in unread:
                yield at.fault(f"source: '{key}' is not in pack.yaml")


def unknown_kinds(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """Kinds of areas and units."""
    for versions, kinds in (
        (pack.areas, {kind.key for kind in pack.area_kinds}),
        (pack.units, {kind.key for kind in pack.unit_kinds}),
    ):
        for version in versions:
            if version.kind not in kinds and version.kind not in unread:
                yield version.at.fault(f"kind: '{version.kind}' is not in kinds.yaml")


def unknown_tiles(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """A tile stands for an area of the pack."""
    known = {version.key for version in pack.areas}
    for tile in pack.tiles:
        if tile.area and tile.area not in known and tile.area not in unread:
            yield tile.at.fault(f"area: there is no '{tile.area}'")


def form_names(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """Fields, kinds of units and the forms of the level below that a form names."""
    unit_kinds = {kind.key for kind in pack.unit_kinds}
    fields = {one.key for one in pack.fields}
    forms = {form.key: form.definition for form in pack.forms}
    for record in pack.forms:
        form = record.definition
        if form.field and form.field not in fields and form.field not in unread:
            yield record.at.fault(f"field: '{form.field}' is not in fields.yaml")
        if form.reports and form.reports not in unit_kinds and form.reports not in unread:
            yield record.at.fault(f"reports: the unit kind '{form.reports}' is not in kinds.yaml")
        for earlier in form.replaces:
            if earlier not in forms and earlier not in unread:
                yield record.at.fault(f"replaces: there is no form '{earlier}'")
        yield from _continuations(record, forms, unread)
        yield from _reconciled(record, forms, unread)
        yield from _asked_outside(record, forms, unread)
        for table in form.tables:
            for row in table.dynamic_rows:
                if row.one_per and row.one_per not in unit_kinds and row.one_per not in unread:
                    yield record.at.fault(f"{table.id}.{row.id}: the unit kind '{row.one_per}' is not in kinds.yaml")
            yield from _line_sources(record, table, forms, unread)


def _continuations(record: FormRecord, forms: Mapping[str, FormDefinition], unread: Unread) -> Iterator[PackFault]:
    """The cells of an earlier form that this one continues: they are there, and in units that can be converted."""
    form = record.definition
    for continuation in form.continues:
        before = forms.get(continuation.form)
        if before is None:
            if continuation.form not in unread:
                yield record.at.fault(f"continues: there is no form '{continuation.form}'")
            continue
        for here, there in continuation.cells.items():
            reason = cell_reason(before.tables, there)
            if reason is None:
                reason = _unlike(form, here, before, there)
            if reason is not None:
                yield record.at.fault(f"continues '{continuation.form}': {reason}")


def _reconciled(record: FormRecord, forms: Mapping[str, FormDefinition], unread: Unread) -> Iterator[PackFault]:
    """The cells of other forms that say the same as one here: they are there, and in units that can be converted."""
    form = record.definition
    for one in form.reconciles:
        other = forms.get(one.form)
        if other is None:
            if one.form not in unread:
                yield record.at.fault(f"reconciles: there is no form '{one.form}'")
            continue
        reason = cell_reason(other.tables, one.cell_there)
        if reason is None:
            reason = _unlike(form, f"{one.cell.table}.{one.cell.row}.{one.cell.column}", other, one.cell_there)
        if reason is None and one.by != "same-unit":
            at = resolve(other.tables, one.cell_there)
            rolls = other.table(at.table).columns_by_id[at.column].roll_up
            if rolls != "sum":
                reason = f"'{one.cell_there}' does not add up (roll_up: {rolls}); compare it by same-unit"
        if reason is not None:
            yield record.at.fault(f"reconciles '{one.form}': {reason}")


def _asked_outside(record: FormRecord, forms: Mapping[str, FormDefinition], unread: Unread) -> Iterator[PackFault]:
    """The cells of other forms that the rules of a form ask."""
    for outside in record.definition.outside:
        if not outside.form or outside.form in unread:
            continue
        asked = forms.get(outside.form)
        reason = f"there is no form '{outside.form}'" if asked is None else cell_reason(asked.tables, outside.name)
        if reason is not None:
            yield record.at.fault(f"checks: {outside.scope}({outside.form}.{outside.name}): {reason}")


def _unlike(form: FormDefinition, here: str, before: FormDefinition, there: str) -> str | None:
    """Why figures of one cell cannot stand in another: units of measure that cannot be converted."""
    try:
        factor_between(_unit(before, there), _unit(form, here))
    except NotConvertible as refusal:
        return f"'{here}' is in {refusal.to_unit}, '{there}' in {refusal.from_unit}"
    return None


def _unit(form: FormDefinition, name: str) -> str:
    at = resolve(form.tables, name)
    return form.table(at.table).columns_by_id[at.column].unit


def _line_sources(
    record: FormRecord, table: Table, forms: Mapping[str, FormDefinition], unread: Unread
) -> Iterator[PackFault]:
    for source in table.lines_from:
        below = forms.get(source.form)
        if below is None:
            if source.form not in unread:
                yield record.at.fault(f"lines_from of {table.id}: there is no form '{source.form}'")
            continue
        for column in source.columns:
            reason = one_number_reason(below, source.table, source.row, column.column)
            if reason is None and column.to in table.positions:
                theirs = below.table(source.table).columns_by_id[column.column]
                reason = contradiction(column, table.columns_by_id[column.to], theirs) or None
            if reason is not None:
                yield record.at.fault(f"lines_from of {table.id}: {reason}")


def regime_names(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """Period rules, forms, kinds, lines and deadline sets that a regime names; due days that cannot be read."""
    rules = {rule.key: rule for regime in pack.regimes for rule in regime.period_rules}
    unit_kinds = {kind.key for kind in pack.unit_kinds}
    lines = {line.key for line in pack.lines}
    forms = {form.key: form.definition for form in pack.forms}
    for regime in pack.regimes:
        entries: list[DeadlineRecord | ObligationRecord] = [*regime.deadlines, *regime.obligations]
        for entry in entries:
            for name, kind in (("reporter", entry.reporter), ("receiver", entry.receiver)):
                if kind and kind not in unit_kinds and kind not in unread:
                    yield entry.at.fault(f"{name}: the unit kind '{kind}' is not in kinds.yaml")
            if entry.line and entry.line not in lines and entry.line not in unread:
                yield entry.at.fault(f"line: '{entry.line}' is not in kinds.yaml")
        yield from _due_days(regime, rules, unread)
        for obligation in regime.obligations:
            if obligation.form not in forms and obligation.form not in unread:
                yield obligation.at.fault(f"form: there is no form '{obligation.form}'")
            if obligation.form in forms and not forms[obligation.form].has_layout:
                yield obligation.at.fault(f"form: '{obligation.form}' has no layout, so nobody can be asked for it")
            yield from _obligation_rules(obligation, regime, rules, unread)
        yield from _repeated_obligations(regime)


def _due_days(regime: RegimeRecord, rules: Mapping[str, PeriodRule], unread: Unread) -> Iterator[PackFault]:
    sets: dict[str, int] = {}
    for deadline in regime.deadlines:
        first = sets.setdefault(deadline.set, deadline.at.line)
        if first != deadline.at.line:
            yield deadline.at.fault(f"set: '{deadline.set}' stands already in line {first}")
        for period_key, text in deadline.dates.items():
            rule_key, _, _ = period_key.partition("/")
            rule = rules.get(rule_key)
            if rule is None:
                if rule_key not in unread:
                    yield deadline.at.fault(f"dates: there is no period rule '{rule_key}'")
                continue
            reason = _due_day_reason(rule, period_key, text)
            if reason is not None:
                yield deadline.at.fault(f"dates: {period_key}: {reason}")


def _due_day_reason(rule: PeriodRule, period_key: str, text: str) -> str | None:
    """Try the due day on the periods of a year."""
    sample = date(_SAMPLE_YEAR, 12, 31)
    periods = [as_of_period(rule, sample)] if rule.kind == "as_of" else periods_of(rule, _SAMPLE_YEAR)
    if not periods:
        return None if period_key == rule.key else f"the rule '{rule.key}' has no instalments"
    meant = [period for period in periods if period.deadline_key == period_key]
    if not meant:
        known = ", ".join(dict.fromkeys(period.deadline_key for period in periods))
        return f"the rule makes no such period; it makes {known}"
    try:
        for period in meant:
            due_on(period, text)
    except PeriodRuleError as fault:
        return str(fault)
    return None


def _obligation_rules(
    obligation: ObligationRecord, regime: RegimeRecord, rules: Mapping[str, PeriodRule], unread: Unread
) -> Iterator[PackFault]:
    for rule in obligation.rules:
        if rule not in rules and rule not in unread:
            yield obligation.at.fault(f"rules: there is no period rule '{rule}'")
    sets = {deadline.set for deadline in regime.deadlines}
    if obligation.deadline_set and obligation.deadline_set not in sets and obligation.deadline_set not in unread:
        yield obligation.at.fault(f"deadline_set: there is no set '{obligation.deadline_set}' in this file")


def _repeated_obligations(regime: RegimeRecord) -> Iterator[PackFault]:
    """Who owes what for which period stands once: a second row would make each of them owe it twice."""
    first: dict[tuple[str, ...], Place] = {}
    for one in regime.obligations:
        for rule in one.rules:
            at = first.setdefault((one.form, one.reporter, one.receiver, one.line, rule), one.at)
            if at is not one.at:
                yield one.at.fault(f"'{one.reporter}' owes '{one.form}' for '{rule}' already in line {at.line}")


def template_files(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """The file of a template lies beside templates.yaml, and its type of document is a known word."""
    types = {word.key for word in pack.words if word.list == "document_types"}
    for template in pack.templates:
        if not (pack.directory / "templates" / template.file).is_file():
            yield template.at.fault(f"file: there is no file templates/{template.file}")
        if template.document_type and template.document_type not in types and template.document_type not in unread:
            yield template.at.fault(f"document_type: '{template.document_type}' is not in words.yaml")


def outline_names(pack: Pack, unread: Unread) -> Iterator[PackFault]:
    """Period rules and fields of outlines; the parts of one have keys of their own; what is law names its act."""
    rules = {rule.key for regime in pack.regimes for rule in regime.period_rules}
    fields = {one.key for one in pack.fields}
    for outline in pack.outlines:
        if outline.period_rule not in rules and outline.period_rule not in unread:
            yield outline.at.fault(f"period_rule: there is no period rule '{outline.period_rule}'")
        if outline.standing == "law" and not outline.basis:
            yield outline.at.fault("basis: an outline with standing 'law' names its act")
        keys = [part.key for part in outline.parts]
        if len(set(keys)) != len(keys):
            yield outline.at.fault("parts: two of them have the same key")
        for part in outline.parts:
            if part.fields and not part.per_field:
                yield outline.at.fault(f"parts: '{part.key}' names fields, so it must be per_field")
            for key in part.fields:
                if key not in fields and key not in unread:
                    yield outline.at.fault(f"parts: the field '{key}' of '{part.key}' is not in fields.yaml")
