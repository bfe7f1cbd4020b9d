"""What must point upwards or sideways: each room offers, from `AppConfig.ready()`, what others gather here.

A registry refuses a second entry of one name. `giaoban doctor` lists them all.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from giaoban.core.timeliness import Timing
from giaoban.kit.actors import Actor

if TYPE_CHECKING:
    from giaoban.core.packs import Pack

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
    """A number by name: value (None = the source has none), its unit of measure, where it comes from."""

    value: Decimal | None
    unit: str
    origin: str
    as_of: datetime | None = None
    simulated: bool = False


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
    """What an event on a unit touches: how many things of which kind, and what happens to them."""

    what: str
    count: int
    consequence: str


@dataclass(frozen=True, slots=True)
class UnitDependent:
    """How a room's rows that hang on a unit are counted and carried over when the unit ends."""

    effects: Callable[[Sequence[int], date], list[Effect]]
    apply: Callable[[Sequence[int], int | None, date, Actor, datetime], list[Effect]]


def everybody(actor: Actor) -> bool:  # noqa: ARG001
    return True


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """One word of the main bar. `visible` decides for an actor; `short` is its name in the phone's bottom bar."""

    label: str
    route: str
    order: int
    visible: Callable[[Actor], bool] = everybody
    short: str = ""
    icon: str = ""
    prefix: str = ""


WorkItemSource = Callable[[Actor, date], list[WorkItem]]
FigureSource = Callable[..., SourcedFigure]
PanelSource = Callable[[Actor, int, date], Panel | None]
PackLoader = Callable[["Pack", Callable[[str], None]], None]

work_items: Registry[WorkItemSource] = Registry("work items", "what is owed, by whom, by when")
figure_sources: Registry[FigureSource] = Registry("figure sources", "a number by name")
page_panels: Registry[PanelSource] = Registry("page panels", "blocks of the unit page")
unit_dependents: Registry[UnitDependent] = Registry("unit dependents", "what an event on a unit touches")
pack_loaders: Registry[PackLoader] = Registry("pack loaders", "each room loads its part of a sector pack")
navigation: Registry[NavigationEntry] = Registry("navigation", "the main bar")

ALL: tuple[Registry[Any], ...] = (
    work_items,
    figure_sources,
    page_panels,
    unit_dependents,
    pack_loaders,
    navigation,
)


def describe() -> list[tuple[str, list[str]]]:
    """Every registry with the names it holds."""
    return [(registry.name, registry.names()) for registry in ALL]
