"""What must point upwards or sideways: each room offers, from `AppConfig.ready()`, what others gather here.

A registry refuses a second entry of one name. `giaoban doctor` lists them all.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from giaoban.core.timeliness import Timing
from giaoban.core.workdays import WorkCalendar
from giaoban.kit.actors import Actor

if TYPE_CHECKING:
    from giaoban.core.packs import Pack
    from giaoban.kit.messages import Recipient

T = TypeVar("T")


class AlreadyRegistered(ValueError):
    """Two rooms offer the same name."""


class Registry(Generic[T]):
    """Named entries of one type, in the order in which the rooms were started."""

    def __init__(self, name: str, about: str) -> None:
        self.name, self.about = name, about
        self._entries: dict[str, T] = {}

    def register(self, name: str, entry: T) -> T:
        if name in self._entries:
            raise AlreadyRegistered(f"{self.name}: «{name}» is registered twice")
        self._entries[name] = entry
        return entry

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return iter(self._entries.items())

    def __getitem__(self, name: str) -> T:
        return self._entries[name]

    def __len__(self) -> int:
        return len(self._entries)

    def names(self) -> list[str]:
        return list(self._entries)


@dataclass(frozen=True, slots=True)
class WorkItem:
    """Something owed by somebody by a day. `start` is the address that begins it."""

    kind: str
    title: str
    about: str
    unit_id: int
    due_on: date | None
    timing: Timing
    state: str
    start: str
    action: str
    done: int | None = None
    total: int | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class SourcedFigure:
    """A number by name: value (None = the source has none), its unit of measure, where it comes from.

    nil: the value is 0 because all that is known was declared not to have occurred. reason: why there is none, where
    the source can tell, in a Vietnamese sentence.
    """

    value: Decimal | None
    unit: str
    origin: str
    as_of: datetime | None = None
    simulated: bool = False
    nil: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """A block of a unit's page: rendered from `template` with `context`; `order` fixes its place.

    `empty` is said instead when there is nothing to show ("chưa có dữ liệu từ …").
    """

    title: str
    template: str
    context: dict[str, Any]
    order: int
    empty: str = ""
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event on units touches: how many things of which kind, and what happens to them.

    named: some of them by name, at most NAMED; needs_person: nothing decides by itself, somebody has to. about: beside
    each name the unit whose it is: only those who may see the unit are shown the name.
    """

    what: str
    count: int
    consequence: str
    named: tuple[str, ...] = ()
    needs_person: bool = False
    about: tuple[int, ...] = ()


NAMED = 20
"""How many things an effect lists by name; the others are counted."""


@dataclass(frozen=True, slots=True)
class UnitChange:
    """What an event does to units from the day `on`, by ids. Before it is done, units that it makes have negative ids.

    successor_of: each unit that passed to others → these, with the part of its figures that each takes: 1 = all, None =
    not known. moved: units that come to stand beneath another. names: every unit above, the old ones as called until
    the day, the new ones as called from it. entered_at: when the event was entered, if that was ahead of its day.
    """

    on: date
    names: Mapping[int, str]
    ended: tuple[int, ...] = ()
    successor_of: Mapping[int, tuple[tuple[int, Decimal | None], ...]] = field(default_factory=dict)
    moved: tuple[int, ...] = ()
    renamed: tuple[int, ...] = ()
    created: tuple[int, ...] = ()
    entered_at: datetime | None = None

    @property
    def heirs(self) -> dict[int, int]:
        """Each ended unit that passed wholly to one other → this. One that passed to several, or in part, is absent."""
        found = ((unit_id, self.successor_of.get(unit_id, ())) for unit_id in self.ended)
        return {unit_id: held[0][0] for unit_id, held in found if len(held) == 1 and held[0][1] == 1}

    @property
    def heirless(self) -> tuple[int, ...]:
        """Ended units without one whole successor: what hangs on them is listed for a person."""
        heirs = self.heirs
        return tuple(unit_id for unit_id in self.ended if unit_id not in heirs)

    @property
    def takers(self) -> tuple[int, ...]:
        """All units to which something passed, wholly or in part."""
        return tuple(dict.fromkeys(new for held in self.successor_of.values() for new, _ in held))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a room did with what hung on units. data: JSON values with which the room can take it back."""

    effects: tuple[Effect, ...] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnitDependent:
    """How a room's rows that hang on units are counted, carried over when an event touches these, and taken back.

    title: the room on screen. apply and undo run inside the event's transaction, when tree and closure are already as
    they will be; what they raise undoes everything. blocks_undo: given what the event did, the moment (of the clock, as
    `Act.recorded_at`) since which its consequences stand, and the data of the receipt: Vietnamese sentences on what
    depends on the event by now, at units that it made and at those to which something passed.
    """

    title: str
    effects: Callable[[UnitChange, Actor], list[Effect]]
    apply: Callable[[UnitChange, Actor, datetime], Receipt]
    undo: Callable[[Mapping[str, Any], Actor, datetime], None]
    blocks_undo: Callable[[UnitChange, datetime, Mapping[str, Any]], list[str]]


def everybody(actor: Actor) -> bool:  # noqa: ARG001
    return True


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One word of the main bar. `visible` decides for an actor; `short` is its name in the phone's bottom bar.

    prefix, also: addresses under which the word is the current one; prefix "": that of its route.
    """

    label: str
    route: str
    order: int
    visible: Callable[[Actor], bool] = everybody
    short: str = ""
    icon: str = ""
    prefix: str = ""
    also: str = ""


@dataclass(frozen=True, slots=True)
class FigureUse:
    """Something made of figures that were amended since: `title` as it reads in a sentence, people to be told.

    key: names it among all uses, so that nobody is told of it twice. made: when it is itself figures of which others
    make something, these: unit, key of the form, period, and a version later than all that stood.
    """

    key: str
    title: str
    link: str
    people: tuple["Recipient", ...]
    made: tuple[int, str, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two numbers for one thing. key: the same thing found again has the same key, whatever the numbers are by then.

    kind: one of `indicators.models.DiscrepancyKind`. stated: what was printed or given as the total, under stated_name;
    computed: what our figures give. measure: the unit of both. link: page where the stated number stands.
    """

    key: str
    kind: str
    what: str
    unit_id: int
    period_id: int | None
    stated: Decimal
    computed: Decimal
    measure: str
    stated_name: str
    computed_name: str
    source: str
    link: str = ""
    recognised_as: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class AnswerUse:
    """What a person can make of the answer to a question about figures, and where."""

    label: str
    url: str


WorkItemSource = Callable[[Actor, date], list[WorkItem]]
FigureSource = Callable[..., SourcedFigure]
PanelSource = Callable[[Actor, int, date], Panel | None]
PackLoader = Callable[["Pack", Callable[[str], None]], None]
DisagreementSource = Callable[[], Iterable[Disagreement]]
"""Everything that disagrees now, of all units: what it no longer names is taken to agree again."""
SubmissionPanelSource = Callable[[Actor, Any], Panel | None]
"""Who may receive a report, and a version of it as `reporting.selectors.submission_for` gives it → what to know before
deciding, None: nothing. It informs and never stands in the way of the decision."""
FigureUsers = Callable[[Collection[int], str, int, int], list[FigureUse]]
"""Unit ids, key of the form, id of the period, the version that stands now → what was made of an earlier version. Asked
by the job that tells of amendments: a room may mark there what it finds."""
AnswerUses = Callable[[Actor, str], AnswerUse | None]
"""A person, and a question about figures as it stands in an address behind the "?" → None: nothing can be made of it.
Asked whenever an answer is shown: it reads nothing from the database."""

work_items: Registry[WorkItemSource] = Registry("work items", "what is owed, by whom, by when")
figure_sources: Registry[FigureSource] = Registry("figure sources", "a number by name")
page_panels: Registry[PanelSource] = Registry("page panels", "blocks of the unit page")
unit_dependents: Registry[UnitDependent] = Registry("unit dependents", "what an event on a unit touches")
pack_loaders: Registry[PackLoader] = Registry("pack loaders", "each room loads its part of a sector pack")
navigation: Registry[NavigationEntry] = Registry("navigation", "the main bar")
work_calendars: Registry[Callable[[], WorkCalendar]] = Registry("work calendars", "working days, with decreed ones")
figure_users: Registry[FigureUsers] = Registry("figure users", "what was made of figures, to be told of amendments")
disagreements: Registry[DisagreementSource] = Registry(
    "disagreements", "numbers that do not agree, as a room finds them"
)
submission_panels: Registry[SubmissionPanelSource] = Registry(
    "submission panels", "what a receiver may know of a report before deciding"
)
answer_uses: Registry[AnswerUses] = Registry("answer uses", "what can be made of the answer to a question")
figure_jobs: Registry[str] = Registry("figure jobs", "names of jobs to do once figures came in or books were closed")

ALL: tuple[Registry[Any], ...] = (
    work_items,
    figure_sources,
    page_panels,
    unit_dependents,
    pack_loaders,
    navigation,
    figure_users,
    work_calendars,
    disagreements,
    submission_panels,
    answer_uses,
    figure_jobs,
)


def describe() -> list[tuple[str, list[str]]]:
    """Every registry with the names it holds."""
    return [(registry.name, registry.names()) for registry in ALL]
