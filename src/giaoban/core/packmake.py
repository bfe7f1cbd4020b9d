"""The records of a pack made from plain data whose shape is sound. ValueError: the values contradict each other."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from giaoban.core import forms
from giaoban.core.packfiles import Document
from giaoban.core.packrecords import (
    AreaKindRecord,
    AreaVersion,
    CodeRow,
    DayRecord,
    DeadlineRecord,
    EventRecord,
    FieldRecord,
    GapRecord,
    IndicatorRecord,
    LineRecord,
    ObligationRecord,
    OutlinePart,
    OutlineRecord,
    ParentRow,
    Place,
    RegimeRecord,
    RegionMember,
    RegionRecord,
    ServedRow,
    SuccessionRow,
    TemplateRecord,
    TileRecord,
    UnitKindRecord,
    UnitVersion,
    WatchRuleRecord,
    WordRecord,
)
from giaoban.core.periods import PeriodRule, PeriodRuleError, rule_from_dict
from giaoban.core.spans import Span


def _span(entry: Mapping[str, Any]) -> Span:
    return Span(_day(entry.get("valid_from")), _day(entry.get("valid_to")))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _ids(source: str | list[str] | None) -> str:
    """`source` as kept in records: ids with one space between."""
    return " ".join(forms.texts(source))


def _decimal(value: int | str | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def area_kind(entry: Mapping[str, Any], at: Place) -> AreaKindRecord:
    return AreaKindRecord(at=at, **entry)


def unit_kind(entry: Mapping[str, Any], at: Place) -> UnitKindRecord:
    return UnitKindRecord(at=at, **entry)


def line(entry: Mapping[str, Any], at: Place) -> LineRecord:
    return LineRecord(at=at, **entry)


def event(entry: Mapping[str, Any], at: Place) -> EventRecord:
    return EventRecord(
        at=at,
        key=entry["key"],
        kind=entry["kind"],
        title=entry["title"],
        on=date.fromisoformat(entry["on"]),
        basis=entry.get("basis", ""),
        basis_on=_day(entry.get("basis_on")),
        source=_ids(entry["source"]),
        note=entry.get("note", ""),
    )


def area(row: Mapping[str, str], at: Place) -> AreaVersion:
    return AreaVersion(
        at=at,
        key=row["key"],
        kind=row["kind"],
        name=row["name"],
        code=row.get("code", ""),
        parent=row.get("parent", ""),
        span=_span(row),
        source=row.get("source", ""),
        note=row.get("note", ""),
        known_on=_day(row.get("known_on")),
        event=row.get("event", ""),
    )


def code(row: Mapping[str, str], at: Place) -> CodeRow:
    return CodeRow(
        at=at, area=row["area"], system=row["system"], code=row["code"], span=_span(row), source=row.get("source", "")
    )


def succession(row: Mapping[str, str], at: Place) -> SuccessionRow:
    return SuccessionRow(
        at=at,
        old=row["old"],
        new=row["new"],
        on=date.fromisoformat(row["on"]),
        kind=row["kind"],
        share=row["share"],
        basis=row.get("basis", ""),
        source=row.get("source", ""),
        event=row.get("event", ""),
    )


def region(entry: Mapping[str, Any], at: Place) -> RegionRecord:
    members = tuple(RegionMember(at=at, area=member["area"], span=_span(member)) for member in entry["members"])
    return RegionRecord(
        at=at,
        key=entry["key"],
        name=entry["name"],
        verified=entry["verified"],
        source=_ids(entry["source"]),
        members=members,
        note=entry.get("note", ""),
    )


def unit(row: Mapping[str, str], at: Place) -> UnitVersion:
    return UnitVersion(
        at=at,
        key=row["key"],
        kind=row["kind"],
        name=row["name"],
        short_name=row.get("short_name", ""),
        code=row.get("code", ""),
        area=row.get("area", ""),
        span=_span(row),
        source=row.get("source", ""),
        note=row.get("note", ""),
        known_on=_day(row.get("known_on")),
        event=row.get("event", ""),
    )


def parent(row: Mapping[str, str], at: Place) -> ParentRow:
    return ParentRow(
        at=at,
        unit=row["unit"],
        parent=row["parent"],
        line=row["line"],
        span=_span(row),
        source=row.get("source", ""),
        event=row.get("event", ""),
    )


def served(row: Mapping[str, str], at: Place) -> ServedRow:
    return ServedRow(
        at=at,
        unit=row["unit"],
        area=row["area"],
        span=_span(row),
        source=row.get("source", ""),
        event=row.get("event", ""),
    )


def field_of_work(entry: Mapping[str, Any], at: Place) -> FieldRecord:
    return FieldRecord(at=at, **{**entry, "source": _ids(entry["source"])})


def period_rule(entry: Mapping[str, Any], _: Place) -> PeriodRule:
    try:
        return rule_from_dict(entry)
    except PeriodRuleError:
        raise
    except (TypeError, KeyError, AttributeError) as fault:
        raise PeriodRuleError(f"period rule {entry.get('key', '?')}: {fault}") from fault


def deadline(entry: Mapping[str, Any], at: Place) -> DeadlineRecord:
    return DeadlineRecord(
        at=at,
        set=entry["set"],
        reporter=entry.get("reporter", ""),
        receiver=entry.get("receiver", ""),
        line=entry.get("line", ""),
        dates=entry["dates"],
        status=entry.get("status", ""),
        source=_ids(entry["source"]),
        note=entry.get("note", ""),
    )


def obligation(entry: Mapping[str, Any], at: Place) -> ObligationRecord:
    return ObligationRecord(
        at=at,
        form=entry["form"],
        reporter=entry["reporter"],
        receiver=entry.get("receiver", ""),
        line=entry["line"],
        deadline_set=entry.get("deadline_set", ""),
        rules=tuple(entry["rules"]),
        source=_ids(entry.get("source")),
        note=entry.get("note", ""),
    )


def regime(
    document: Document,
    rules: tuple[PeriodRule, ...],
    deadlines: tuple[DeadlineRecord, ...],
    obligations: tuple[ObligationRecord, ...],
) -> RegimeRecord:
    entry = document.data
    return RegimeRecord(
        at=Place(document.file, 1),
        key=entry["key"],
        title=entry["title"],
        act=entry.get("act", ""),
        number=entry.get("number", ""),
        issued_on=_day(entry.get("issued_on")),
        span=forms.span_of(entry["valid"]),
        status=entry.get("status", ""),
        source=_ids(entry["source"]),
        notes=tuple(entry.get("notes", ())),
        period_rules=rules,
        deadlines=deadlines,
        obligations=obligations,
        data=entry,
    )


_DEFINED: Final = (
    "cells",
    "numerator",
    "denominator",
    "factor",
    "aggregation",
    "zero_denominator",
    "basis",
    "joined",
    "versions",
    "targets",
)


def indicator(entry: Mapping[str, Any], at: Place) -> IndicatorRecord:
    parts = [*entry.get("versions", ()), *entry.get("targets", ())]
    for one in entry.get("versions", ()):
        forms.span_of(one["valid"])
    return IndicatorRecord(
        at=at,
        key=entry["key"],
        name=entry["name"],
        field=entry.get("field", ""),
        unit=entry["unit"],
        scale=entry["scale"],
        direction=entry["direction"],
        definition={name: _storable(entry[name]) for name in _DEFINED if name in entry},
        source=_ids(entry["source"]),
        sources=tuple(_ids(one["source"]) for one in parts if "source" in one),
        note=entry.get("note", ""),
    )


def _storable(data: Any) -> Any:
    """Plain data as JSON keeps it without losing a digit: numbers with a point are text, sources one text."""
    if isinstance(data, Mapping):
        return {key: _ids(one) if key == "source" else _storable(one) for key, one in data.items()}
    if isinstance(data, list):
        return [_storable(one) for one in data]
    return str(data) if isinstance(data, Decimal) else data


def watch_rule(entry: Mapping[str, Any], at: Place) -> WatchRuleRecord:
    return WatchRuleRecord(
        at=at,
        key=entry["key"],
        name=entry["name"],
        kind=entry["kind"],
        indicator=entry["indicator"],
        n=entry.get("n"),
        points=_decimal(entry.get("points")),
        reference=_decimal(entry.get("reference")),
        finding=entry["finding"],
        reason_template=entry["reason_template"],
        source=_ids(entry["source"]),
        note=entry.get("note", ""),
    )


def word(name: str, entry: Mapping[str, Any], at: Place) -> WordRecord:
    return WordRecord(
        at=at,
        list=name,
        key=entry["key"],
        name=entry["name"],
        question=entry.get("question", ""),
        note=entry.get("note", ""),
        data=entry,
    )


def outline(entry: Mapping[str, Any], at: Place) -> OutlineRecord:
    return OutlineRecord(
        at=at,
        span=forms.span_of(entry["valid"]),
        key=entry["key"],
        name=entry["name"],
        title=entry["title"],
        period_rule=entry["period_rule"],
        only=tuple(entry.get("only", ())),
        standing=entry["standing"],
        basis=entry["basis"],
        source=_ids(entry["source"]),
        notes=tuple(entry.get("notes", ())),
        parts=tuple(
            OutlinePart(
                at=at,
                key=part["key"],
                heading=part["heading"],
                per_field=bool(part.get("per_field", False)),
                fields=tuple(part.get("fields", ())),
            )
            for part in entry["parts"]
        ),
    )


def template(entry: Mapping[str, Any], at: Place) -> TemplateRecord:
    return TemplateRecord(
        at=at,
        key=entry["key"],
        name=entry["name"],
        file=entry["file"],
        engine=entry["engine"],
        document_type=entry.get("document_type", ""),
        source=_ids(entry["source"]),
        note=entry.get("note", ""),
    )


def gap(entry: Mapping[str, Any], at: Place) -> GapRecord:
    return GapRecord(
        at=at,
        key=entry["key"],
        what=entry["what"],
        why=entry["why"],
        affects="; ".join(forms.texts(entry["affects"])),
        source=_ids(entry["source"]),
    )


def day(entry: Mapping[str, Any], at: Place) -> DayRecord:
    return DayRecord(
        at=at,
        day=date.fromisoformat(entry["day"]),
        worked=entry["worked"],
        basis=entry["basis"],
        source=_ids(entry["source"]),
    )


def tile(entry: Mapping[str, Any], at: Place) -> TileRecord:
    return TileRecord(
        at=at,
        area=entry.get("area", ""),
        row=entry["row"],
        column=entry["column"],
        label=entry.get("label", ""),
        note=entry.get("note", ""),
        width=entry.get("width", 1),
    )
