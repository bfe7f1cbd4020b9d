"""What the interface gives and takes. Field names are a promise: added to, never renamed within a version."""

from datetime import date
from decimal import Decimal
from typing import Any, Literal

from ninja import Field, Schema

PAGE, PAGE_AT_MOST = 500, 5000
REFUSED = frozenset({401, 403, 404, 422})  # the statuses that come with a `Refusal`


class TreeItem(Schema):
    """A unit or an area in its tree on a day; the parent comes before it. parent: "" at a root of what is shown."""

    key: str
    name: str
    short_name: str
    kind: str
    code: str
    parent: str
    depth: int
    known_on: date | None = Field(
        description="The source knows this state for that day and not since when: for an earlier day it is assumed."
    )


class TreePage(Schema):
    """A piece of a tree from the top down. next_offset: None on the last page."""

    on: date
    line: str = Field(description='The line of subordination; "" for areas.')
    count: int
    items: list[TreeItem]
    next_offset: int | None


class Named(Schema):
    key: str
    name: str


class Above(Named):
    line: str


class UnitState(Schema):
    """A unit as on a day, or as on the day nearest to it when it did not exist then (`exists` false)."""

    key: str
    name: str
    short_name: str
    kind: str
    kind_name: str
    area: Named | None
    parents: list[Above]
    exists: bool
    started_on: date | None = Field(description="First day of this state; null = unknown.")
    ended_on: date | None = Field(description="First day after this state; null = it goes on.")
    known_on: date | None = Field(
        default=None,
        description="The source knows this state for that day and not since when: for an earlier day it is assumed.",
    )


class Other(Named):
    whole: bool
    share: Decimal | None = Field(description="Part of the figures; null = whole, or not known.")


class Moment(Schema):
    """Something that happened to a unit. `others`: the first of `count`."""

    on: date | None
    words: str
    others: list[Other]
    count: int
    basis: str
    event: str
    note: str


class History(Schema):
    key: str
    moments: list[Moment] = Field(description="Newest first.")


class EventItem(Schema):
    key: str
    kind: str
    kind_name: str
    title: str
    on: date
    basis: str
    basis_on: date | None
    reason: str
    state: str
    source: str


class EventPage(Schema):
    count: int
    items: list[EventItem]
    next_offset: int | None


class EventGiven(Schema):
    """An event as data: its day, its kind and its steps, as `docs/how-to/use-the-api.md` shows them."""

    event: dict[str, Any]


class EventToRecord(EventGiven):
    basis: str = Field(min_length=1)
    basis_on: date | None = None
    reason: str = Field(min_length=1)
    title: str = ""


class Thing(Schema):
    tree: Literal["area", "unit"]
    key: str
    name: str
    kind_name: str


class Moving(Schema):
    thing: Thing
    line: str
    old: Thing | None
    new: Thing | None


class Changing(Schema):
    thing: Thing
    what: str
    before: str
    after: str


class Passing(Schema):
    old: Thing
    new: Thing
    kind: str
    whole: bool
    share: Decimal | None


class EffectShown(Schema):
    what: str
    count: int
    consequence: str
    named: list[str]
    needs_person: bool


class RoomEffects(Schema):
    room: str
    title: str
    effects: list[EffectShown]


class Fault(Schema):
    """What is wrong, for people; `code` for programs; `at`: the parameter, the key of the thing, or the step."""

    code: str
    sentence: str
    at: str


class PreviewShown(Schema):
    """What an event would do. With faults nothing else is filled."""

    sentence: str
    ahead: bool
    faults: list[Fault]
    notes: list[str]
    closes: list[Thing]
    creates: list[Thing]
    moves: list[Moving]
    changes: list[Changing]
    passes: list[Passing]
    effects: list[RoomEffects]


class Crossing(Schema):
    """A thing of the first day and what it is on the second; see `how` in `docs/how-to/use-the-api.md`."""

    old_key: str
    old_code: str
    old_name: str
    new_key: str
    new_code: str
    new_name: str
    how: Literal["same", "whole", "share", "part", "ended", "new"]
    share: Decimal | None
    on: str
    events: str
    basis: str
    known_on: str = Field(
        default="", description='The day for which alone the source knows a side, when it is a later one; "" = none.'
    )


class Refusal(Fault):
    """Every answer of 400 and above. faults: all of them, when there are several."""

    faults: list[Fault] = Field(default_factory=list)
