"""What changed since a table was confirmed, or a report of the level was sent, and why: whose version, what event.

A cell is explained by the units of its line whose figure there is another one than in the version that stood then.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
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
from giaoban.reporting.selectors.prefilling import Prefill, prefill, source_keys
from giaoban.reporting.selectors.snapshots import CellDifference, Confirmed, compare
from giaoban.reporting.selectors.sources import Stood, sources_at, sources_of


class How(StrEnum):
    AMENDED = "amended"
    ARRIVED = "arrived"
    JOINED = "joined"
    LEFT = "left"


HOW_NAMES = {
    How.AMENDED: "sửa số liệu",
    How.ARRIVED: "mới tiếp nhận",
    How.JOINED: "mới thuộc bảng",
    How.LEFT: "không còn thuộc bảng",
}


@dataclass(frozen=True, slots=True)
class Moved:
    """A unit for which another version stands now. before, version: numbers of the versions, None: none stood.

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
    """An event of the tree. is_undone: it was taken back."""

    key: str
    title: str
    on: date
    is_undone: bool


@dataclass(frozen=True, slots=True)
class ChangedCell:
    """A cell that is no longer as confirmed, and the units that made it so."""

    difference: CellDifference
    why: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """cells: lines in the order of the live table, the total last. events: recorded since, that touch its units."""

    cells: tuple[ChangedCell, ...]
    units: tuple[Moved, ...]
    events: tuple[EventCard, ...]


def changes_since(
    confirmed: Confirmed, live: ConsolidatedTable, form: FormVersion, period: Period, actor: Actor
) -> Changes:
    """Everything that is another now than in a confirmed table. A fixed number of queries, none where nothing is."""
    unit_id = live.unit.id
    grouping, now = sources_of(form, period, unit_id, other_geography(period, live.geography))
    then = confirmed.sources
    if then is None:
        owed = {one.unit_id: one.obligation_id for group in grouping.groups for one in group.reporters}
        then = sources_at(owed, confirmed.at)
    moved = {one: pair for one in now.keys() | then.keys() if (pair := (then.get(one), now.get(one)))[0] != pair[1]}
    differences = compare(live, confirmed.table)
    if not moved and not differences:
        return Changes((), (), ())
    units = _moved(moved, last_day(period))
    definition = definition_of(form)
    figures = lines_of(
        definition,
        [stood.submission_id for pair in moved.values() for stood in pair if stood and stood.submission_id],
    )
    placed = _placed(grouping, moved)
    return Changes(
        cells=tuple(
            ChangedCell(one, tuple(units[pk] for pk in _makers(definition, one, placed, moved, figures) if pk in units))
            for one in differences
        ),
        units=tuple(sorted(units.values(), key=lambda one: (one.unit.sort_key, one.unit.key))),
        events=tuple(_events(actor, confirmed.at, {unit_id, *now, *then})),
    )


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
    return How.ARRIVED if then.submission_id is None else How.AMENDED


def _placed(grouping: Grouping, moved: Collection[int]) -> dict[str, set[int]]:
    """Key of a line → the moved units that count in it; "": in the total. One that left is looked for everywhere."""
    found: dict[str, set[int]] = {"": set()}
    standing: set[int] = set()
    for group in grouping.groups:
        held = {one.unit_id for one in group.reporters} & set(moved)
        found[group.key] = held
        standing |= held
        if group.in_total:
            found[""] |= held
    gone = set(moved) - standing
    return {key: held | gone for key, held in found.items()}


def _makers(
    form: FormDefinition,
    difference: CellDifference,
    placed: Mapping[str, set[int]],
    moved: Mapping[int, Pair],
    figures: Mapping[int, Figures],
) -> Iterable[int]:
    """The units whose figure in the cell is another one than it was, or which began or ceased to count there."""
    for unit_id in sorted(placed.get(difference.line_key, placed[""])):
        then, now = (_said(form, stood, difference.key, figures) for stood in moved[unit_id])
        if then != now:
            yield unit_id


def _said(form: FormDefinition, stood: Stood | None, key: CellKey, figures: Mapping[int, Figures]) -> object:
    """What a version says in a cell, of a computed one in the whole line; who sent nothing says something else."""
    if stood is None or stood.submission_id is None:
        return "no report" if stood else "not here"
    table_id, row, subunit, column = key
    table = form.table(table_id)
    line = figures.get(stood.submission_id, {}).get((table_id, row, subunit))
    if table.columns_by_id[column].formula is not None:
        return tuple(line.figures) if line else ()
    return line.figures[table.positions[column]] if line else BLANK


EVENTS_NAMED: Final = 20


def _events(actor: Actor, since: datetime, unit_ids: Collection[int]) -> list[EventCard]:
    """Events recorded or taken back since a moment that touch one of the units, as far as the person sees them."""
    rows = visible_events(actor, timezone.localdate()).filter(Q(recorded_at__gt=since) | Q(undone_at__gt=since))
    told = rows.defer("receipts", "request").order_by("-on", "-pk")[: 5 * EVENTS_NAMED]
    touching = [one for one in told if touched_ids(one)["unit"] & set(unit_ids)][:EVENTS_NAMED]
    return [EventCard(one.key, one.title, one.on, one.undone_at is not None) for one in touching]


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
