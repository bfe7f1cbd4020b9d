"""A sector pack: a folder of data that says what the product works on. This module knows the format, no sector.

`check_pack` names every fault with file, line and reason; `read_pack` gives the pack as typed records or refuses it.
Every file but pack.yaml and kinds.yaml may be absent; files that the format does not know are left alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from giaoban.core import forms
from giaoban.core.packchecks import Unread, cross_faults
from giaoban.core.packfiles import CsvRow, Document, PackFault, read_csv, read_yaml
from giaoban.core.packrecords import (
    AreaKindRecord,
    AreaVersion,
    CellRef,
    CodeRow,
    DeadlineRecord,
    FieldRecord,
    FormRecord,
    GapRecord,
    IndicatorRecord,
    LineRecord,
    ObligationRecord,
    Pack,
    ParentRow,
    Place,
    RegimeRecord,
    RegionMember,
    RegionRecord,
    SourceRecord,
    SuccessionRow,
    TemplateRecord,
    TileRecord,
    UnitKindRecord,
    UnitVersion,
    WatchRuleRecord,
    WordRecord,
)
from giaoban.core.periods import PeriodRule, PeriodRuleError, rule_from_dict
from giaoban.core.schemas import Path as DataPath
from giaoban.core.spans import Span

__all__ = [
    "AreaKindRecord",
    "AreaVersion",
    "CellRef",
    "CodeRow",
    "DeadlineRecord",
    "FieldRecord",
    "FormRecord",
    "GapRecord",
    "IndicatorRecord",
    "LineRecord",
    "ObligationRecord",
    "Pack",
    "PackError",
    "PackFault",
    "ParentRow",
    "RegimeRecord",
    "RegionMember",
    "RegionRecord",
    "SourceRecord",
    "SuccessionRow",
    "TemplateRecord",
    "UnitKindRecord",
    "UnitVersion",
    "WatchRuleRecord",
    "WordRecord",
    "check_pack",
    "load",
    "read_pack",
]

T = TypeVar("T")
_ALWAYS: Final = Span(None, None)


class PackError(ValueError):
    """The folder is not a sound pack; `faults` has all of them."""

    def __init__(self, faults: list[PackFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def check_pack(directory: Path | str) -> list[PackFault]:
    """Every fault of the pack, by file and line; empty for a sound one."""
    return load(directory)[1]


def read_pack(directory: Path | str) -> Pack:
    """The pack. Raises PackError with every fault."""
    pack, faults = load(directory)
    if faults:
        raise PackError(faults)
    return pack


def load(directory: Path | str) -> tuple[Pack, list[PackFault]]:
    """The pack as far as it can be read, and its faults, in one pass over the files."""
    reader = _Reader(Path(directory))
    pack = reader.read()
    return pack, sorted({*reader.faults, *cross_faults(pack, reader.unread)})


@dataclass(slots=True)
class _Reader:
    """Reads file after file; what cannot be made into a record is named in `faults`, its key kept in `unread`."""

    root: Path
    faults: list[PackFault] = field(default_factory=list)
    unread: Unread = field(default_factory=Unread)

    def read(self) -> Pack:
        head = self._document("pack.yaml", "pack", needed=True)
        about = head.data if head is not None and isinstance(head.data, Mapping) else {}
        kinds = self._document("kinds.yaml", "kinds", needed=True)
        return Pack(
            directory=self.root,
            key=str(about.get("key", "")),
            title=str(about.get("title", "")),
            language=str(about.get("language", "")),
            version=str(about.get("version", "")),
            timezone=str(about.get("timezone", "")),
            sources=self._sources(head),
            area_kinds=self._entries(kinds, ("area_kinds",), _area_kind),
            unit_kinds=self._entries(kinds, ("unit_kinds",), _unit_kind),
            lines=self._entries(kinds, ("lines",), _line),
            areas=self._rows("areas/areas.csv", "areas-row", _area),
            codes=self._rows("areas/codes.csv", "codes-row", _code),
            area_successions=self._rows("areas/successions.csv", "successions-row", _succession),
            regions=self._entries(self._document("areas/regions.yaml", "regions"), ("regions",), _region),
            units=self._rows("units/units.csv", "units-row", _unit),
            parents=self._rows("units/parents.csv", "parents-row", _parent),
            unit_successions=self._rows("units/successions.csv", "successions-row", _succession),
            fields=self._entries(self._document("fields.yaml", "fields"), ("fields",), _field),
            regimes=tuple(self._regimes()),
            forms=tuple(self._forms()),
            indicators=tuple(self._indicators()),
            watch_rules=self._entries(self._document("watch-rules.yaml", "watch-rules"), ("rules",), _watch_rule),
            words=self._words(),
            templates=self._entries(self._document("templates/templates.yaml", "templates"), ("templates",), _template),
            gaps=self._entries(self._document("gaps.yaml", "gaps"), ("gaps",), _gap),
            tiles=self._tiles(),
        )

    def _document(self, file: str, schema: str, *, needed: bool = False) -> Document | None:
        if (self.root / file).is_file():
            document = read_yaml(self.root, file, schema, self.faults)
            self.unread.is_everything |= document is None
            return document
        if needed:
            self.faults.append(PackFault(file, 0, "the file is missing"))
            self.unread.is_everything = True
        return None

    def _entries(
        self, document: Document | None, path: DataPath, make: Callable[[Mapping[str, Any], Place], T]
    ) -> tuple[T, ...]:
        """The records of the list at `path`."""
        if document is None:
            return ()
        found: Any = document.data
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        made = (
            self._made(document, (*path, position), entry, make)
            for position, entry in enumerate(found if isinstance(found, list) else ())
        )
        return tuple(record for record in made if record is not None)

    def _made(
        self, document: Document, path: DataPath, entry: object, make: Callable[[Mapping[str, Any], Place], T]
    ) -> T | None:
        """One record; None when the entry has a fault of shape or its values contradict each other."""
        place = Place(document.file, document.line(path))
        if not document.is_sound(path) or not isinstance(entry, Mapping):
            if isinstance(entry, Mapping):
                self.unread.add(entry.get("key"))
            return None
        try:
            return make(entry, place)
        except ValueError as fault:
            self.faults.append(document.fault(path, str(fault)))
            self.unread.add(entry.get("key"))
            return None

    def _rows(self, file: str, schema: str, make: Callable[[Mapping[str, str], Place], T]) -> tuple[T, ...]:
        if not (self.root / file).is_file():
            return ()
        records: list[T] = []
        rows, is_whole = read_csv(self.root, file, schema, self.faults)
        self.unread.is_everything |= not is_whole
        for row in rows:
            record = self._row(file, row, make)
            if record is not None:
                records.append(record)
        return tuple(records)

    def _row(self, file: str, row: CsvRow, make: Callable[[Mapping[str, str], Place], T]) -> T | None:
        if not row.is_sound:
            self.unread.add(row.cells.get("key"))
            return None
        try:
            return make(row.cells, Place(file, row.line))
        except ValueError as fault:
            self.faults.append(PackFault(file, row.line, str(fault)))
            self.unread.add(row.cells.get("key"))
            return None

    def _files(self, folder: str, depth: str) -> Iterator[str]:
        for path in sorted((self.root / folder).glob(depth)):
            if path.is_file():
                yield path.relative_to(self.root).as_posix()

    def _sources(self, head: Document | None) -> tuple[SourceRecord, ...]:
        if head is None or not isinstance(head.data, Mapping) or not isinstance(head.data.get("sources"), Mapping):
            return ()
        records: list[SourceRecord] = []
        for key, entry in head.data["sources"].items():
            path = ("sources", key)
            if head.is_sound(path):
                records.append(SourceRecord(at=Place(head.file, head.line(path)), key=key, **entry))
            else:
                self.unread.add(key)
        return tuple(records)

    def _words(self) -> tuple[WordRecord, ...]:
        document = self._document("words.yaml", "words")
        if document is None or not isinstance(document.data, Mapping):
            return ()
        records: list[WordRecord] = []
        for name in document.data:
            records.extend(self._entries(document, (name,), partial(_word, name)))
        return tuple(records)

    def _tiles(self) -> tuple[TileRecord, ...]:
        document = self._document("tile-map.yaml", "tile-map")
        if document is None:
            return ()
        return (*self._entries(document, ("tiles",), _tile), *self._entries(document, ("extras",), _tile))

    def _regimes(self) -> Iterator[RegimeRecord]:
        for file in self._files("regimes", "*.yaml"):
            document = self._document(file, "regime")
            if document is None:
                continue
            rules = self._entries(document, ("period_rules",), _period_rule)
            if not document.has_head(
                "key", "title", "act", "number", "issued_on", "valid", "status", "source", "notes"
            ):
                self.unread.add(Path(file).stem)
                continue
            deadlines = self._entries(document, ("deadlines",), _deadline)
            obligations = self._entries(document, ("obligations",), _obligation)
            try:
                yield _regime(document, rules, deadlines, obligations)
            except ValueError as fault:
                self.faults.append(document.fault(("valid",), str(fault)))

    def _forms(self) -> Iterator[FormRecord]:
        for file in self._files("forms", "*/*.yaml"):
            path = Path(file)
            key = f"{path.parent.name}:{path.stem}"
            document = self._document(file, "form")
            if document is None or not document.is_sound(()):
                self.unread.add(key)
                continue
            found = forms.form_faults(document.data, key)
            self.faults.extend(document.fault(fault.path, fault.reason) for fault in found)
            if found:
                self.unread.add(key)
                continue
            yield FormRecord(
                at=Place(file, 1),
                key=key,
                definition=forms.parse_form(document.data, key),
                data=document.data,
                checksum=forms.checksum(document.data),
            )

    def _indicators(self) -> Iterator[IndicatorRecord]:
        for file in self._files("indicators", "*.yaml"):
            document = self._document(file, "indicator")
            if document is None:
                continue
            if isinstance(document.data, Mapping) and "indicators" in document.data:
                yield from self._entries(document, ("indicators",), _indicator)
            else:
                record = self._made(document, (), document.data, _indicator)
                if record is not None:
                    yield record


def _span(entry: Mapping[str, Any]) -> Span:
    return Span(_day(entry.get("valid_from")), _day(entry.get("valid_to")))


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _ids(source: str | list[str] | None) -> str:
    """`source` as kept in records: ids with one space between."""
    return " ".join(forms.texts(source))


def _decimal(value: int | str | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _area_kind(entry: Mapping[str, Any], at: Place) -> AreaKindRecord:
    return AreaKindRecord(at=at, **entry)


def _unit_kind(entry: Mapping[str, Any], at: Place) -> UnitKindRecord:
    return UnitKindRecord(at=at, **entry)


def _line(entry: Mapping[str, Any], at: Place) -> LineRecord:
    return LineRecord(at=at, **entry)


def _area(row: Mapping[str, str], at: Place) -> AreaVersion:
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
    )


def _code(row: Mapping[str, str], at: Place) -> CodeRow:
    return CodeRow(
        at=at, area=row["area"], system=row["system"], code=row["code"], span=_span(row), source=row.get("source", "")
    )


def _succession(row: Mapping[str, str], at: Place) -> SuccessionRow:
    return SuccessionRow(
        at=at,
        old=row["old"],
        new=row["new"],
        on=date.fromisoformat(row["on"]),
        kind=row["kind"],
        share=row["share"],
        basis=row.get("basis", ""),
        source=row.get("source", ""),
    )


def _region(entry: Mapping[str, Any], at: Place) -> RegionRecord:
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


def _unit(row: Mapping[str, str], at: Place) -> UnitVersion:
    return UnitVersion(
        at=at,
        key=row["key"],
        kind=row["kind"],
        name=row["name"],
        short_name=row.get("short_name", ""),
        area=row.get("area", ""),
        span=_span(row),
        source=row.get("source", ""),
        note=row.get("note", ""),
    )


def _parent(row: Mapping[str, str], at: Place) -> ParentRow:
    return ParentRow(
        at=at,
        unit=row["unit"],
        parent=row["parent"],
        line=row["line"],
        span=_span(row),
        source=row.get("source", ""),
    )


def _field(entry: Mapping[str, Any], at: Place) -> FieldRecord:
    return FieldRecord(at=at, **{**entry, "source": _ids(entry["source"])})


def _period_rule(entry: Mapping[str, Any], _: Place) -> PeriodRule:
    try:
        return rule_from_dict(entry)
    except PeriodRuleError:
        raise
    except (TypeError, KeyError, AttributeError) as fault:
        raise PeriodRuleError(f"period rule {entry.get('key', '?')}: {fault}") from fault


def _deadline(entry: Mapping[str, Any], at: Place) -> DeadlineRecord:
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


def _obligation(entry: Mapping[str, Any], at: Place) -> ObligationRecord:
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


def _regime(
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


def _indicator(entry: Mapping[str, Any], at: Place) -> IndicatorRecord:
    return IndicatorRecord(
        at=at,
        key=entry["key"],
        name=entry["name"],
        field=entry.get("field", ""),
        unit=entry["unit"],
        scale=entry["scale"],
        direction=entry["direction"],
        numerator=CellRef(**entry["numerator"]),
        denominator=CellRef(**entry["denominator"]) if "denominator" in entry else None,
        factor=Decimal(entry.get("factor", 1)),
        aggregation=entry["aggregation"],
        zero_denominator=entry.get("zero_denominator", ""),
        source=_ids(entry["source"]),
        note=entry.get("note", ""),
    )


def _watch_rule(entry: Mapping[str, Any], at: Place) -> WatchRuleRecord:
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


def _word(name: str, entry: Mapping[str, Any], at: Place) -> WordRecord:
    return WordRecord(
        at=at,
        list=name,
        key=entry["key"],
        name=entry["name"],
        question=entry.get("question", ""),
        note=entry.get("note", ""),
        data=entry,
    )


def _template(entry: Mapping[str, Any], at: Place) -> TemplateRecord:
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


def _gap(entry: Mapping[str, Any], at: Place) -> GapRecord:
    return GapRecord(
        at=at,
        key=entry["key"],
        what=entry["what"],
        why=entry["why"],
        affects="; ".join(forms.texts(entry["affects"])),
        source=_ids(entry["source"]),
    )


def _tile(entry: Mapping[str, Any], at: Place) -> TileRecord:
    return TileRecord(
        at=at,
        area=entry.get("area", ""),
        row=entry["row"],
        column=entry["column"],
        label=entry.get("label", ""),
        note=entry.get("note", ""),
        width=entry.get("width", 1),
    )
