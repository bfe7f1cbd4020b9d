"""What one event consists of: steps on areas or units, all on one day and all at once. Plain data, blanks are "".

Keys that a step names are of its own tree; a step may name what another step of the same event creates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import ClassVar, Final, Literal

from giaoban.core.timeline import Tree

Children = Literal["follow", "up", "end", "refuse"]
"""What becomes of things directly beneath one that ends: they go to its successor, or to the nearest one above it that
lives on, or end too; or the event is refused and names them."""

REORGANISE: Final = "reorganise"
"""The kind of an event with steps of several kinds."""


@dataclass(frozen=True, slots=True)
class NewThing:
    """An area or a unit that begins on the day of the event. parents: (line, parent key). area, serves: units only."""

    key: str
    kind: str
    name: str
    short_name: str = ""
    code: str = ""
    parents: tuple[tuple[str, str], ...] = ()
    area: str = ""
    serves: tuple[str, ...] = ()
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Create:
    slug: ClassVar[str] = "create"
    tree: Tree
    things: tuple[NewThing, ...]


@dataclass(frozen=True, slots=True)
class Rename:
    """short_name "": none from that day."""

    slug: ClassVar[str] = "rename"
    tree: Tree
    key: str
    name: str
    short_name: str = ""


@dataclass(frozen=True, slots=True)
class ChangeKind:
    """The same thing becomes one of another kind. name "": name and short name stay; code "": the code stays."""

    slug: ClassVar[str] = "change-kind"
    tree: Tree
    key: str
    kind: str
    name: str = ""
    short_name: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Recode:
    """code "": none from that day."""

    slug: ClassVar[str] = "recode"
    tree: Tree
    key: str
    code: str


@dataclass(frozen=True, slots=True)
class Move:
    """Another parent on one line; parent "": none any more."""

    slug: ClassVar[str] = "move"
    tree: Tree
    key: str
    line: str
    parent: str


@dataclass(frozen=True, slots=True)
class Serve:
    """All the areas that a unit works for from that day (tree "unit")."""

    slug: ClassVar[str] = "serve"
    tree: Tree
    key: str
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """The olds pass wholly into one thing: a new one, or one that lives already (among the olds or not) and absorbs."""

    slug: ClassVar[str] = "merge"
    tree: Tree
    olds: tuple[str, ...]
    into: str | NewThing
    children: Children = "follow"


@dataclass(frozen=True, slots=True)
class Part:
    """share: of the old one's figures, 0 < share < 1; None: not known."""

    into: str | NewThing
    share: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """The old passes to several; it lives on if it is one of them. All parts have shares, or none: a break.

    children: child key → key of the part it goes to; "refuse": there are none, or they stay with an old that lives on.
    """

    slug: ClassVar[str] = "split"
    tree: Tree
    old: str
    parts: tuple[Part, ...]
    children: Mapping[str, str] | Literal["refuse"] = "refuse"


@dataclass(frozen=True, slots=True)
class Abolish:
    slug: ClassVar[str] = "abolish"
    tree: Tree
    keys: tuple[str, ...]
    children: Children = "refuse"


@dataclass(frozen=True, slots=True)
class AbolishLevel:
    """Every thing of these kinds ends, but for those that another step of the event ends or makes another kind."""

    slug: ClassVar[str] = "abolish-level"
    tree: Tree
    kinds: tuple[str, ...]
    children: Children = "up"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Duties pass from the old, which may live on, to the heirs; no figures do. duties: in words."""

    slug: ClassVar[str] = "transfer"
    tree: Tree
    old: str
    heirs: tuple[str, ...]
    duties: str


Step = Create | Rename | ChangeKind | Recode | Move | Serve | Merge | Split | Abolish | AbolishLevel | Transfer

STEPS: Final[Mapping[str, type[Step]]] = {
    step.slug: step
    for step in (
        Create, Rename, ChangeKind, Recode, Move, Serve, Merge, Split, Abolish, AbolishLevel, Transfer
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """on: the first day of the new state. kind: the slug of its steps, or `REORGANISE`; worked out when left ""."""

    on: date
    steps: tuple[Step, ...]
    kind: str = ""

    def __post_init__(self) -> None:
        if not self.kind:
            slugs = {step.slug for step in self.steps}
            object.__setattr__(self, "kind", slugs.pop() if len(slugs) == 1 else REORGANISE)
