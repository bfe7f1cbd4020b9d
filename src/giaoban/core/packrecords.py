"""The records of a sector pack as read from its files: plain typed values, in the words of the pack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from giaoban.core.forms import FormDefinition
from giaoban.core.packfiles import PackFault
from giaoban.core.periods import PeriodRule
from giaoban.core.spans import Span


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in the pack."""

    file: str
    line: int

    def fault(self, reason: str) -> PackFault:
        return PackFault(self.file, self.line, reason)


NOWHERE: Final = Place("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """`at` is kept for messages; it is no part of what the record says."""

    at: Place = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedRecord(Record):
    """True from `valid_from` until the day before `valid_to`; None = unknown or open."""

    span: Span

    @property
    def valid_from(self) -> date | None:
        return self.span.start

    @property
    def valid_to(self) -> date | None:
        return self.span.end


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord(Record):
    key: str
    title: str
    where: str
    checked: bool
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaKindRecord(Record):
    """`level`: kinds of one level lie side by side; codes are unique within a level."""

    key: str
    name: str
    level: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitKindRecord(Record):
    """`represents_area`: such a unit stands for its area where figures are shown by area."""

    key: str
    name: str
    abbreviation: str = ""
    represents_area: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRecord(Record):
    key: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord(Record):
    """One act that changed areas or units on the day `on`, the first day of the new state.

    kind: as in `core.events`. basis: the legal act, with its day `basis_on` as far as known; "" = not found.
    """

    key: str
    kind: str
    title: str
    on: date
    basis: str
    basis_on: date | None
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaVersion(DatedRecord):
    """An area as it was for some time; the last row of a key without an end is how it is now.

    known_on: true for this day, while the first day is not known. event: what began it, or ended it when its beginning
    is not known; "" = none that the pack tells of.
    """

    key: str
    kind: str
    name: str
    code: str
    parent: str
    source: str
    note: str = ""
    known_on: date | None = None
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeRow(DatedRecord):
    """The code of an area in another system."""

    area: str
    system: str
    code: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuccessionRow(Record):
    """`share` "whole": all of the old went into the new, which took its place on the day `on`; "part": how much did is
    not known; a decimal: that part of the old one's figures.
    """

    old: str
    new: str
    on: date
    kind: str
    share: str
    basis: str
    source: str
    event: str = ""

    @property
    def whole(self) -> bool:
        return self.share == "whole"

    @property
    def part(self) -> Decimal | None:
        """The share as a number, 0 < part < 1; None: all of it, or not known."""
        return None if self.share in ("whole", "part") else Decimal(self.share)

    @property
    def passes_figures(self) -> bool:
        """Whether figures go along; by a transfer only duties pass."""
        return self.kind != "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionMember(DatedRecord):
    area: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRecord(Record):
    key: str
    name: str
    verified: bool
    source: str
    members: tuple[RegionMember, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitVersion(DatedRecord):
    """A unit as it was for some time; the last row of a key without an end is how it is now.

    known_on, event: as with areas.
    """

    key: str
    kind: str
    name: str
    short_name: str
    area: str
    source: str
    note: str = ""
    code: str = ""
    known_on: date | None = None
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentRow(DatedRecord):
    """`unit` stands under `parent` on one line (kind of subordination)."""

    unit: str
    parent: str
    line: str
    source: str
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedRow(DatedRecord):
    """`unit` works for `area`, besides the one it stands at."""

    unit: str
    area: str
    source: str
    event: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRecord(Record):
    """A field of work; None = the sources do not say."""

    key: str
    name: str
    state_management: bool | None
    citizen_facing: bool | None
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRecord(Record):
    """Named set of due days: `dates` by period rule, or rule/instalment, as `core.periods.due_on` reads them."""

    set: str
    reporter: str
    receiver: str
    line: str
    dates: Mapping[str, str]
    status: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObligationRecord(Record):
    """Units of the kind `reporter` owe `form` to the unit of kind `receiver` above them on `line`; "" = nobody."""

    form: str
    reporter: str
    receiver: str
    line: str
    deadline_set: str
    rules: tuple[str, ...]
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegimeRecord(DatedRecord):
    """An act with its periods, deadlines and obligations; `data` is the file as written."""

    key: str
    title: str
    act: str
    number: str
    issued_on: date | None
    status: str
    source: str
    notes: tuple[str, ...]
    period_rules: tuple[PeriodRule, ...]
    deadlines: tuple[DeadlineRecord, ...]
    obligations: tuple[ObligationRecord, ...]
    data: Mapping[str, Any] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormRecord(Record):
    """A form version; `data` is the file as written, `checksum` recognises it."""

    key: str
    definition: FormDefinition
    data: Mapping[str, Any] = field(compare=False, repr=False)
    checksum: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorRecord(Record):
    """definition: plain data as `core.indicators.definition_from_dict` reads it, numbers as text.

    source: ids of the record itself; `sources` has those of its versions and targets too.
    """

    key: str
    name: str
    field: str
    unit: str
    scale: int
    direction: str
    definition: Mapping[str, Any]
    source: str
    sources: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRuleRecord(Record):
    key: str
    name: str
    kind: str
    indicator: str
    n: int | None
    points: Decimal | None
    reference: Decimal | None
    finding: str
    reason_template: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordRecord(Record):
    """One entry of the word list `list`; `data` is the entry as written."""

    list: str
    key: str
    name: str
    question: str
    note: str
    data: Mapping[str, Any] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateRecord(Record):
    """`file` lies beside templates.yaml; one document may have a template per engine."""

    key: str
    name: str
    file: str
    engine: str
    document_type: str
    source: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlinePart(Record):
    """A part of an outline; `fields` of a part that has a section per field: their keys, none = all of the pack."""

    key: str
    heading: str
    per_field: bool
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineRecord(DatedRecord):
    """What a narrative report of one kind of period consists of.

    title: "{period}" stands for the label of the period. only: which periods of a year, counted from 1, none = all.
    standing: "law" as an act has it, "local" by instruction of the place or the unit's own. basis: the act, "" without.
    """

    key: str
    name: str
    title: str
    period_rule: str
    only: tuple[int, ...]
    standing: str
    basis: str
    source: str
    notes: tuple[str, ...]
    parts: tuple[OutlinePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRecord(Record):
    key: str
    what: str
    why: str
    affects: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRecord(Record):
    """A day that an act of the State made worked or free."""

    day: date
    worked: bool
    basis: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRecord(Record):
    """A square of the tile map, counted from 1: of an area or, with `area` empty, an extra one that is only drawn."""

    area: str
    row: int
    column: int
    label: str = ""
    note: str = ""
    width: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """Everything a pack says, in the order of its files. `source` of a record: ids of `sources`, one space between."""

    directory: Path
    key: str
    title: str
    language: str
    version: str
    timezone: str
    sources: tuple[SourceRecord, ...] = ()
    area_kinds: tuple[AreaKindRecord, ...] = ()
    unit_kinds: tuple[UnitKindRecord, ...] = ()
    lines: tuple[LineRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()
    areas: tuple[AreaVersion, ...] = ()
    codes: tuple[CodeRow, ...] = ()
    area_successions: tuple[SuccessionRow, ...] = ()
    regions: tuple[RegionRecord, ...] = ()
    units: tuple[UnitVersion, ...] = ()
    parents: tuple[ParentRow, ...] = ()
    served: tuple[ServedRow, ...] = ()
    unit_successions: tuple[SuccessionRow, ...] = ()
    fields: tuple[FieldRecord, ...] = ()
    regimes: tuple[RegimeRecord, ...] = ()
    forms: tuple[FormRecord, ...] = ()
    indicators: tuple[IndicatorRecord, ...] = ()
    watch_rules: tuple[WatchRuleRecord, ...] = ()
    words: tuple[WordRecord, ...] = ()
    templates: tuple[TemplateRecord, ...] = ()
    outlines: tuple[OutlineRecord, ...] = ()
    gaps: tuple[GapRecord, ...] = ()
    days: tuple[DayRecord, ...] = ()
    tiles: tuple[TileRecord, ...] = ()
