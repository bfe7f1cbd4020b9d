"""What changed from one reading of a table to another, or since a report was sent, and why: whose version, what event.

A cell is explained by the units of its line whose figure there is another one than in the version that stood then.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Final

from django.db.models import Q
from django.utils import timezone

from giaoban.core.figures import BLANK, Figures
from giaoban.core.forms import FormDefinition
from giaoban.kit.actors import Actor
from giaoban.orgs.selectors import UnitCard, cards
from giaoban.orgs.selectors.events import touched_ids, visible_events
from giaoban.reporting.models import FormVersion, Obligation, Period, Submission, SubmissionState
from giaoban.reporting.rules import texts_from_figures
from giaoban.reporting.selectors.consolidation import CellKey, ConsolidatedTable
from giaoban.reporting.selectors.figures import figures_of, lines_of
from giaoban.reporting.selectors.filled import Fill, last_fill
from giaoban.reporting.selectors.forms import definition_of, last_day, other_geography
from giaoban.reporting.selectors.grouping import Grouping
from giaoban.reporting.selectors.keeping import sources_kept
from giaoban.reporting.selectors.prefilling import Prefill, prefill, source_keys
from giaoban.reporting.selectors.readings import LIVE, CellDifference, Reading, compare
from giaoban.reporting.selectors.sources import ALL_OF_IT, Lines, Sources, Stood, keep_lines, sources_at


class How(StrEnum):
    AMENDED = "amended"
    ARRIVED = "arrived"
    JOINED = "joined"
    LEFT = "left"
    MOVED = "moved"
    SHARED = "shared"


HOW_NAMES = {
    How.AMENDED: "sửa số liệu",
    How.ARRIVED: "mới tiếp nhận",
    How.JOINED: "mới thuộc bảng",
    How.LEFT: "không còn thuộc bảng",
    How.MOVED: "chuyển sang dòng khác của bảng",
    How.SHARED: "đổi phần được tính trong bảng",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """A unit for which another version stands now, or which counts in other lines. before, version: numbers of the
    versions, None: none stood.

    reason: of the amendment, in the unit's words; by: who sent it; accepted_by, at: who took it when.
    """

    unit: UnitCard
    how: How
    before: int | None
    version: int | None
    submission_id: int | None
    receipt: str
    amendment: int
    reason: str
    by: str
    accepted_by: str
    at: datetime | None

    @property
    def how_name(self) -> str:
        return HOW_NAMES[self.how]


@dataclass(frozen=True, slots=True)
class EventCard:
    """An event of the tree. is_undone: it was taken back; touched: the units it names."""

    key: str
    title: str
    on: date
    is_undone: bool
    touched: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """A cell that a later reading has otherwise, and the units that made it so. events: those in between that touch a
    unit of its line, then or now."""

    difference: CellDifference
    why: tuple[Moved, ...]
    events: tuple[EventCard, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """cells: lines in the order of the later table, the total last. events: recorded in between, touching its units.

    keeps_lines: whether it is known of both readings in which line each unit counted.
    """

    cells: tuple[ChangedCell, ...]
    units: tuple[Moved, ...]
    events: tuple[EventCard, ...]
    keeps_lines: bool = True


@dataclass(frozen=True, slots=True)
class Standing:
    """Who counts in which line of the live table, and the version that counts of each."""

    grouping: Grouping
    sources: Sources


def standing_now(form: FormVersion, period: Period, table: ConsolidatedTable) -> Standing:
    """Of the table of the same unit, period and geography. A fixed number of queries."""
    return Standing(*sources_kept(form, period, table.unit.id, other_geography(period, table.geography)))


def changes_between(
    then: Reading,
    now: Reading,
    form: FormVersion,
    period: Period,
    actor: Actor,
    *,
    standing: Standing | None = None,
) -> Changes:
    """Everything that the later of two readings has otherwise, and whose version made it so. A fixed number of queries,
    none where nothing is. A stated reading has no versions: its cells are named without makers.

    standing: as `standing_now` gives it, when more than one pair of readings of a table is asked for.
    """
    differences = compare(now, then)
    if not (now.is_whole and then.is_whole):
        return Changes(tuple(ChangedCell(one, ()) for one in differences), (), ())
    held = standing or standing_now(form, period, now.table)
    before, after = (_sources(one, held) for one in (then, now))
    moved = {
        one: pair for one in after.keys() | before.keys() if _differs(*(pair := (before.get(one), after.get(one))))
    }
    if not moved and not differences:
        return Changes((), (), ())
    units = _moved(moved, last_day(period))
    definition = definition_of(form)
    figures = lines_of(
        definition,
        [stood.submission_id for pair in moved.values() for stood in pair if stood and stood.submission_id],
    )
    until = None if now.layer == LIVE else now.table.as_of
    events = _events(actor, then.table.as_of, until, {now.table.unit.id, *after, *before})
    known = next(one for one in (after, before, held.sources) if keep_lines(one))
    sides = (_Side(then.table, before, known), _Side(now.table, after, known))
    cells = []
    for one in differences:
        why = tuple(units[pk] for pk in _makers(definition, one, sides, moved, figures) if pk in units)
        around = frozenset[int]().union(*(side.units(one.line_key) for side in sides))
        cells.append(ChangedCell(one, why, tuple(event for event in events if event.touched & around)))
    return Changes(
        cells=tuple(cells),
        units=tuple(sorted(units.values(), key=lambda one: (one.unit.sort_key, one.unit.key))),
        events=tuple(events),
        keeps_lines=keep_lines(before) and keep_lines(after),
    )


def _differs(then: Stood | None, now: Stood | None) -> bool:
    """Another version, or the same in other lines."""
    if then is None or now is None or then != now:
        return then != now
    return then.lines is not None and now.lines is not None and set(then.lines) != set(now.lines)


@dataclass(frozen=True)
class _Side:
    """One of two readings: which part of whose figures counts in which line. known: where units count in another
    reading, for one that was frozen before lines were kept; who is not there is looked for everywhere."""

    table: ConsolidatedTable
    sources: Sources
    known: Sources

    @cached_property
    def by_line(self) -> dict[str, dict[int, Decimal]]:
        """Key of a line → unit → the part that counts there; "" for the total."""
        found: dict[str, dict[int, Decimal]] = {"": {}}
        beside = {line.key for line in self.table.lines if not line.in_total}
        for unit_id, stood in self.sources.items():
            for key, share in self._lines(unit_id, stood):
                found.setdefault(key, {})[unit_id] = share
                if key not in beside:
                    found[""][unit_id] = found[""].get(unit_id, NOTHING_OF_IT) + share
        return found

    def _lines(self, unit_id: int, stood: Stood) -> Lines:
        if stood.lines is None and unit_id in self.known:
            stood = self.known[unit_id]
        return stood.lines or tuple((line.key, ALL_OF_IT) for line in self.table.lines)

    def part(self, unit_id: int, line: str) -> Decimal:
        return self.by_line.get(line, {}).get(unit_id, NOTHING_OF_IT)

    def units(self, line: str) -> set[int]:
        """The units of a line, and the one that it is of."""
        of = {one.unit.id for one in self.table.lines if one.unit is not None and one.key == line}
        return {*self.by_line.get(line, ()), *(of if line else {self.table.unit.id})}


def _sources(reading: Reading, standing: Standing) -> Sources:
    """The versions behind a whole reading."""
    if reading.layer == LIVE:
        return standing.sources
    if reading.sources is not None:
        return reading.sources
    owed = {one.unit_id: one.obligation_id for group in standing.grouping.groups for one in group.reporters}
    return sources_at(owed, reading.at)


Pair = tuple[Stood | None, Stood | None]


def _moved(pairs: Mapping[int, Pair], on: date) -> dict[int, Moved]:
    """The units with what happened to them. Two queries."""
    rows = Submission.objects.in_bulk([now.submission_id for _, now in pairs.values() if now and now.submission_id])
    called = cards(pairs, on)
    found = {}
    for unit_id, (then, now) in pairs.items():
        row = rows.get(now.submission_id) if now and now.submission_id else None
        found[unit_id] = Moved(
            unit=called[unit_id],
            how=_how(then, now),
            before=then.version if then else None,
            version=row.version if row else None,
            submission_id=row.pk if row else None,
            receipt=row.receipt if row else "",
            amendment=row.amendment if row else 0,
            reason=row.amendment_reason if row else "",
            by=row.entered_by_name if row else "",
            accepted_by=row.decided_by_name if row else "",
            at=row.decided_at if row else None,
        )
    return found


def _how(then: Stood | None, now: Stood | None) -> How:
    if then is None:
        return How.JOINED
    if now is None:
        return How.LEFT
    if then != now:
        return How.ARRIVED if then.submission_id is None else How.AMENDED
    keys = ({key for key, _ in stood.lines or ()} for stood in (then, now))
    return How.SHARED if next(keys) == next(keys) else How.MOVED


def _makers(
    form: FormDefinition,
    difference: CellDifference,
    sides: tuple[_Side, _Side],
    moved: Mapping[int, Pair],
    figures: Mapping[int, Figures],
) -> Iterable[int]:
    """The units whose figure in the cell is another one than it was, or which began or ceased to count there."""
    line = difference.line_key
    for unit_id in sorted(moved):
        said = []
        for side, stood in zip(sides, moved[unit_id], strict=True):
            part = side.part(unit_id, line)
            said.append((part, _said(form, stood, difference.key, figures)) if part else None)
        is_silent = all(stood is not None and stood.submission_id is None for stood in moved[unit_id])
        if said[0] != said[1] and not is_silent:
            yield unit_id


def _said(form: FormDefinition, stood: Stood | None, key: CellKey, figures: Mapping[int, Figures]) -> object:
    """What a version says in a cell, of a computed one in the whole line, of a weighted mean with its weight; who sent
    nothing says something else."""
    if stood is None or stood.submission_id is None:
        return "no report" if stood else "not here"
    table_id, row, subunit, column_id = key
    table = form.table(table_id)
    column = table.columns_by_id[column_id]
    line = figures.get(stood.submission_id, {}).get((table_id, row, subunit))
    if column.formula is not None:
        return tuple(line.figures) if line else ()
    own = line.figures[table.positions[column_id]] if line else BLANK
    if column.weight:
        return own, line.figures[table.positions[column.weight]] if line else BLANK
    return own


NOTHING_OF_IT: Final = Decimal(0)
EVENTS_NAMED: Final = 20


def _events(actor: Actor, since: datetime, until: datetime | None, unit_ids: Collection[int]) -> list[EventCard]:
    """Events recorded or taken back between two moments (None: up to now) that touch one of the units, as far as the
    person sees them."""
    recorded, undone = Q(recorded_at__gt=since), Q(undone_at__gt=since)
    if until is not None:
        recorded, undone = recorded & Q(recorded_at__lte=until), undone & Q(undone_at__lte=until)
    rows = visible_events(actor, timezone.localdate()).filter(recorded | undone)
    told = rows.defer("receipts", "request").order_by("-on", "-pk")[: 5 * EVENTS_NAMED]
    found = [(one, frozenset(touched_ids(one)["unit"])) for one in told]
    touching = [(one, units) for one, units in found if units & set(unit_ids)][:EVENTS_NAMED]
    return [EventCard(one.key, one.title, one.on, one.undone_at is not None, units) for one, units in touching]


def reports_made_of(form: FormVersion, period: Period, unit_id: int) -> list[Obligation]:
    """What a unit itself owes that is made of this form as reported beneath it: the same form, or one of the level
    above that takes its lines from it. Two queries."""
    rows = Obligation.objects.filter(period=period, unit_id=unit_id, receiver__isnull=False)
    owed = rows.select_related("unit", "form", "period__rule", "receiver").order_by("form__code", "pk")
    return [one for one in owed if one.form_id == form.pk or form.key in source_keys(definition_of(one.form))]


@dataclass(frozen=True, slots=True)
class SentCell:
    """A cell of a report that was sent, which the level below would fill otherwise now. name: as in `rules.merging`.

    why: the units that made it so; by_hand: what was sent is not what the level below gave when it was filled.
    """

    name: str
    sent: str
    now: str
    why: tuple[Moved, ...]
    by_hand: bool


@dataclass(frozen=True, slots=True)
class SentChanges:
    """What a report of the level says otherwise than what stands below now. filled_at: when it was last filled from
    there, None: never, so that no version can be named."""

    submission: Submission
    cells: tuple[SentCell, ...]
    units: tuple[Moved, ...]
    filled_at: datetime | None


def changes_below(obligation: Obligation) -> SentChanges | None:
    """The latest report that was sent upwards against what the level below gives now; None: nothing sent, or nothing
    below. A fixed number of queries."""
    standing = (SubmissionState.SENT, SubmissionState.ACCEPTED)
    row = obligation.submissions.filter(state__in=standing).order_by("-version").first()
    if row is None:
        return None
    now = prefill(obligation)
    if not now.is_possible:
        return None
    sent = texts_from_figures(definition_of(obligation.form), figures_of(row))
    fill = last_fill(obligation, until=row.sent_at)
    filled: Mapping[str, str] = fill.texts if fill else {}
    pairs = _below(now, fill)
    units = _by_name(_moved(pairs, last_day(obligation.period)))
    makers = _makers_below(obligation, pairs, {one.unit.key: pk for pk, one in units.items()})
    cells = []
    for name in [*now.texts, *(name for name in filled if name not in now.texts)]:
        if (here := sent.get(name, "")) != (there := now.texts.get(name, "")):
            was = filled.get(name, "")
            why = [units[pk] for pk in makers(name) if pk in units] if was != there else []
            cells.append(SentCell(name, here, there, tuple(why), fill is not None and was != here))
    return SentChanges(row, tuple(cells), tuple(units.values()), fill.at if fill else None)


def _makers_below(
    obligation: Obligation, pairs: Mapping[int, Pair], by_key: Mapping[str, int]
) -> Callable[[str], Iterable[int]]:
    """Name of a cell → the units that made it another one than it was when the draft was filled.

    A line taken from one unit is made by this unit; a sum by the units whose own figure there is another one now.
    """
    form = definition_of(obligation.form)
    if source_keys(form):
        return lambda name: [by_key[subunit]] if (subunit := name.split("/")[2]) in by_key else []
    sent = [stood.submission_id for pair in pairs.values() for stood in pair if stood and stood.submission_id]
    figures = lines_of(form, sent)

    def makers(name: str) -> Iterable[int]:
        table_id, row, subunit, column, *_ = name.split("/")
        for unit_id, pair in pairs.items():
            then, now = (_said(form, stood, (table_id, row, subunit, column), figures) for stood in pair)
            if then != now:
                yield unit_id

    return makers


def _below(now: Prefill, fill: Fill | None) -> dict[int, Pair]:
    """The units of which another version stands now than when the draft was filled."""
    if fill is None:
        return {}
    then = {unit_id: Stood(pk, version) for pk, (unit_id, version, _) in fill.used.items()}
    here = {one.unit.id: Stood(one.submission_id, one.version) for one in now.used}
    nothing = Stood(None, None)
    return {
        one: (then.get(one, nothing), here.get(one))
        for one in then.keys() | here.keys()
        if then.get(one) != here.get(one)
    }


def _by_name(units: Mapping[int, Moved]) -> dict[int, Moved]:
    return dict(sorted(units.items(), key=lambda item: (item[1].unit.sort_key, item[1].unit.key)))
