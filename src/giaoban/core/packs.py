"""A sector pack: a folder of data that says what the product works on. This module knows the format, no sector.

`check_pack` names every fault with file, line and reason; `read_pack` gives the pack as typed records or refuses it.
Every file but pack.yaml and kinds.yaml may be absent; files that the format does not know are left alone.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from giaoban.core import forms
from giaoban.core import packmake as make
from giaoban.core.packchecks import cross_faults
from giaoban.core.packfiles import CsvRow, Document, PackFault, read_csv, read_yaml
from giaoban.core.packmap import Unread
from giaoban.core.packrecords import (
    AreaKindRecord,
    AreaVersion,
    CodeRow,
    DeadlineRecord,
    EventRecord,
    FieldRecord,
    FormRecord,
    GapRecord,
    IndicatorRecord,
    LineRecord,
    ObligationRecord,
    OutlinePart,
    OutlineRecord,
    Pack,
    ParentRow,
    Place,
    RegimeRecord,
    RegionMember,
    RegionRecord,
    ServedRow,
    SourceRecord,
    SuccessionRow,
    TemplateRecord,
    TileRecord,
    UnitKindRecord,
    UnitVersion,
    WatchRuleRecord,
    WordRecord,
)
from giaoban.core.schemas import Path as DataPath
from giaoban.core.spans import Span

__all__ = [
    "AreaKindRecord",
    "AreaVersion",
    "CodeRow",
    "DeadlineRecord",
    "EventRecord",
    "FieldRecord",
    "FormRecord",
    "GapRecord",
    "IndicatorRecord",
    "LineRecord",
    "ObligationRecord",
    "OutlinePart",
    "OutlineRecord",
    "Pack",
    "PackError",
    "PackFault",
    "ParentRow",
    "RegimeRecord",
    "RegionMember",
    "RegionRecord",
    "ServedRow",
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
            area_kinds=self._entries(kinds, ("area_kinds",), make.area_kind),
            unit_kinds=self._entries(kinds, ("unit_kinds",), make.unit_kind),
            lines=self._entries(kinds, ("lines",), make.line),
            events=self._entries(self._document("events.yaml", "events"), ("events",), make.event),
            areas=self._rows("areas/areas.csv", "areas-row", make.area),
            codes=self._rows("areas/codes.csv", "codes-row", make.code),
            area_successions=self._rows("areas/successions.csv", "successions-row", make.succession),
            regions=self._entries(self._document("areas/regions.yaml", "regions"), ("regions",), make.region),
            units=self._rows("units/units.csv", "units-row", make.unit),
            parents=self._rows("units/parents.csv", "parents-row", make.parent),
            served=self._rows("units/serves.csv", "serves-row", make.served),
            unit_successions=self._rows("units/successions.csv", "successions-row", make.succession),
            fields=self._entries(self._document("fields.yaml", "fields"), ("fields",), make.field_of_work),
            regimes=tuple(self._regimes()),
            forms=tuple(self._forms()),
            indicators=tuple(self._indicators()),
            watch_rules=self._entries(self._document("watch-rules.yaml", "watch-rules"), ("rules",), make.watch_rule),
            words=self._words(),
            templates=self._entries(
                self._document("templates/templates.yaml", "templates"), ("templates",), make.template
            ),
            outlines=self._entries(self._document("outlines.yaml", "outlines"), ("outlines",), make.outline),
            gaps=self._entries(self._document("gaps.yaml", "gaps"), ("gaps",), make.gap),
            days=self._entries(self._document("days.yaml", "days"), ("days",), make.day),
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
            records.extend(self._entries(document, (name,), partial(make.word, name)))
        return tuple(records)

    def _tiles(self) -> tuple[TileRecord, ...]:
        document = self._document("tile-map.yaml", "tile-map")
        if document is None:
            return ()
        return (*self._entries(document, ("tiles",), make.tile), *self._entries(document, ("extras",), make.tile))

    def _regimes(self) -> Iterator[RegimeRecord]:
        for file in self._files("regimes", "*.yaml"):
            document = self._document(file, "regime")
            if document is None:
                continue
            rules = self._entries(document, ("period_rules",), make.period_rule)
            if not document.has_head(
                "key", "title", "act", "number", "issued_on", "valid", "status", "source", "notes"
            ):
                self.unread.add(Path(file).stem)
                continue
            deadlines = self._entries(document, ("deadlines",), make.deadline)
            obligations = self._entries(document, ("obligations",), make.obligation)
            try:
                yield make.regime(document, rules, deadlines, obligations)
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
                yield from self._entries(document, ("indicators",), make.indicator)
            else:
                record = self._made(document, (), document.data, make.indicator)
                if record is not None:
                    yield record
