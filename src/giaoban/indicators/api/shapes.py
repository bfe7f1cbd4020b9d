"""What the interface gives. Field names are a promise: added to, never renamed within a version."""

from datetime import date, datetime
from typing import Final

from ninja import Field, Schema

REFUSED: Final = frozenset({401, 404, 409, 422})


class UnitShown(Schema):
    key: str = Field(description='"" is all units together; a key with ":" is a line that is no single unit.')
    name: str
    short_name: str


class PeriodShown(Schema):
    """`end` is excluded; `window`: both days as offices write them."""

    word: str = Field(description="As a question names it: rule:code[:instalment].")
    label: str
    window: str
    start: date
    end: date


class MeasureShown(Schema):
    word: str
    name: str
    unit: str
    scale: int = Field(description="Decimals shown.")
    is_rate: bool
    higher_is_better: bool | None
    source: str


class Covered(Schema):
    received: int
    expected: int
    missing: int


class ValueShown(Schema):
    """One value. Numbers are text, exact, with a point before decimals; null is never zero: see state and reason."""

    unit: str
    period: str
    measure: str
    value: str | None = Field(description="Actual and estimated part; an indicator's is rounded half up to its scale.")
    state: str = Field(description="reported, nil, na, blank or missing")
    estimate: str = Field(description="The estimated part of a cell.")
    numerator: str | None
    denominator: str | None
    coverage: Covered | None = Field(description="null: the source does not say how many units stand behind it.")
    share: str | None = Field(
        description="Part of last year's figure that the units which answered had, 0 to 1: asked of one form in one "
        "period, for the total and the units right beneath; null elsewhere, when nobody is missing, or when last year "
        "is not known."
    )
    outcome: str = Field(description="exact, approximate (by a stated method) or refused, in the geography asked for")
    reason: str
    simulated: bool


class FiguresShown(Schema):
    """The question as read, and its answer. engine: what added it up; notes: sentences that hold for all of it."""

    query: list[tuple[str, str]]
    top: UnitShown
    units: list[UnitShown]
    periods: list[PeriodShown]
    measures: list[MeasureShown]
    values: list[ValueShown]
    as_of: datetime
    engine: str
    notes: list[str]
    simulated: bool


class Detail(Schema):
    code: str
    sentence: str
    at: str


class FiguresRefusal(Schema):
    """Why a question has no answer. at: the words that caused it; faults: further sentences, as of a broken series."""

    code: str = Field(
        description="unknown-measure, unknown-unit, unknown-period, unknown-level, unknown-axis, bad-day, "
        "nothing-asked, too-much, not-added, circular-indicator, two-regimes, no-definition, geography, engine, sign-in"
    )
    sentence: str
    at: str
    faults: list[Detail] = Field(default_factory=list)
