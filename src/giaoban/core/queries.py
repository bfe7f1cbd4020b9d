"""One question about figures, typed: what × which units × which periods × in which tree; pages, interface, exports,
documents and the command line all ask it, and its words stand in addresses.

Words of a measure: "<form>/<table>/<row>/<column>" is a cell ("<form>/<table>/<row>/<sub-unit>/<column>" one line of a
dynamic row; without the sub-unit all its lines together), "chi-so:<key>" an indicator. Words of a period:
"<rule>:<code>" or "<rule>:<code>:<instalment>"; "<rule>:<code>..<code>" are all from the first to the last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final, Literal, TypeGuard

from giaoban.core.consolidation import Coverage, State

Axis = Literal["unit", "period", "measure"]
Divided = Literal["refuse", "keep"]
RefusalCode = Literal[
    "unknown-measure",
    "unknown-unit",
    "unknown-period",
    "unknown-level",
    "unknown-axis",
    "bad-day",
    "nothing-asked",
    "too-much",
    "not-added",
    "circular-indicator",
    "two-regimes",
    "no-definition",
    "geography",
    "engine",
]
AXES: Final[tuple[Axis, ...]] = ("unit", "period", "measure")
SELF: Final = "self"
BELOW: Final = "below"
"""Levels beside the keys of unit kinds: the unit alone, or those directly beneath it."""

MOST_VALUES: Final = 250_000
MOST_WORDS: Final = 250
"""Measures, and stretches of periods, that one question may name."""

INDICATOR: Final = "chi-so:"


class QueryRefused(ValueError):
    """A question that has no answer. code: what kind of reason; place: the words that caused it; sentence: Vietnamese,
    place, reason and remedy; details: further sentences, such as where a series breaks."""

    def __init__(self, code: RefusalCode, sentence: str, place: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.code, self.sentence, self.place, self.details = code, sentence, place, tuple(details)


@dataclass(frozen=True, slots=True)
class CellMeasure:
    """A cell of a form. subunit "" on a dynamic row: all its lines together."""

    form: str
    table: str
    row: str
    column: str
    subunit: str = ""

    @property
    def word(self) -> str:
        inside = (self.row, self.subunit, self.column) if self.subunit else (self.row, self.column)
        return "/".join((self.form, self.table, *inside))


@dataclass(frozen=True, slots=True)
class IndicatorMeasure:
    key: str

    @property
    def word(self) -> str:
        return f"{INDICATOR}{self.key}"


Measure = CellMeasure | IndicatorMeasure


@dataclass(frozen=True, slots=True)
class PeriodRange:
    """The periods of a rule from one code to another, both in it; the same code twice is one period."""

    rule: str
    first: str
    last: str
    instalment: str = ""

    @property
    def word(self) -> str:
        codes = self.first if self.first == self.last else f"{self.first}..{self.last}"
        return f"{self.rule}:{codes}:{self.instalment}" if self.instalment else f"{self.rule}:{codes}"


@dataclass(frozen=True, slots=True)
class FigureQuery:
    """unit: key of the unit on top; level: SELF, BELOW or the key of a unit kind (all of that kind beneath it).

    geography: the day whose tree all periods are read in; None: each in that of its own last day.
    """

    measures: tuple[Measure, ...]
    unit: str
    periods: tuple[PeriodRange, ...]
    level: str = BELOW
    geography: date | None = None
    divided: Divided = "refuse"
    rows: Axis = "unit"
    columns: Axis = "period"

    def words(self) -> list[tuple[str, str]]:
        """The question as the parts of an address; `parse` reads them back to an equal query."""
        found = [("measure", one.word) for one in self.measures]
        found += [("unit", self.unit), ("level", self.level)]
        found += [("period", one.word) for one in self.periods]
        if self.geography is not None:
            found.append(("geography", self.geography.isoformat()))
        if self.divided != "refuse":
            found.append(("divided", self.divided))
        return [*found, ("rows", self.rows), ("columns", self.columns)]


def parse(words: Mapping[str, Sequence[str]]) -> FigureQuery:
    """A query from the parts of an address, each with all its values. Raises QueryRefused."""
    measures = tuple(dict.fromkeys(parse_measure(word) for word in words.get("measure", ()) if word))
    periods = tuple(dict.fromkeys(parse_period(word) for word in words.get("period", ()) if word))
    unit = _one(words, "unit", "")
    if len(measures) > MOST_WORDS or len(periods) > MOST_WORDS:
        sentence = f"Câu hỏi có hơn {MOST_WORDS} chỉ tiêu hoặc hơn {MOST_WORDS} khoảng kỳ: chia thành nhiều câu hỏi."
        raise QueryRefused("too-much", sentence, "measure" if len(measures) > MOST_WORDS else "period")
    if not measures:
        raise QueryRefused(
            "nothing-asked", "Chưa chọn chỉ tiêu nào: chọn ít nhất một ô biểu hoặc một chỉ số.", "measure"
        )
    if not unit:
        raise QueryRefused("nothing-asked", "Chưa chọn đơn vị: chọn đơn vị đứng đầu bảng.", "unit")
    if not periods:
        raise QueryRefused("nothing-asked", "Chưa chọn kỳ nào: chọn ít nhất một kỳ báo cáo.", "period")
    rows, columns = _axis(_one(words, "rows", "unit")), _axis(_one(words, "columns", "period"))
    if rows == columns:
        raise QueryRefused("unknown-axis", "Dòng và cột phải khác nhau: chọn lại một trong hai.", "columns")
    divided: Divided = "keep" if _one(words, "divided", "refuse") == "keep" else "refuse"
    level, geography = _one(words, "level", BELOW), _day(_one(words, "geography", ""))
    return FigureQuery(measures, unit, periods, level, geography, divided, rows, columns)


def parse_measure(word: str) -> Measure:
    """Raises QueryRefused."""
    if word.startswith(INDICATOR):
        return IndicatorMeasure(word.removeprefix(INDICATOR))
    match word.split("/"):
        case [form, table, row, column] if all((form, table, row, column)):
            return CellMeasure(form, table, row, column)
        case [form, table, row, subunit, column] if all((form, table, row, subunit, column)):
            return CellMeasure(form, table, row, column, subunit)
    raise QueryRefused(
        "unknown-measure",
        f"“{word}” không phải tên chỉ tiêu: viết “biểu/bảng/dòng/cột” hoặc “{INDICATOR}mã”.",
        word,
    )


def parse_period(word: str) -> PeriodRange:
    """Raises QueryRefused."""
    rule, _, rest = word.partition(":")
    codes, _, instalment = rest.partition(":")
    first, dots, last = codes.partition("..")
    if not rule or not first or (dots and not last):
        raise QueryRefused(
            "unknown-period", f"“{word}” không phải tên kỳ: viết “quy-tắc:mã” hoặc “quy-tắc:từ..đến”.", word
        )
    return PeriodRange(rule, first, last or first, instalment)


def _one(words: Mapping[str, Sequence[str]], name: str, default: str) -> str:
    values = [value for value in words.get(name, ()) if value]
    return values[-1] if values else default


def _axis(word: str) -> Axis:
    if _is_axis(word):
        return word
    raise QueryRefused("unknown-axis", f"“{word}” không phải trục của bảng: chọn đơn vị, kỳ hoặc chỉ tiêu.", word)


def _is_axis(word: str) -> TypeGuard[Axis]:
    return word in AXES


def _day(word: str) -> date | None:
    if not word:
        return None
    try:
        return date.fromisoformat(word)
    except ValueError as fault:
        raise QueryRefused("bad-day", f"“{word}” không phải một ngày: viết năm-tháng-ngày.", word) from fault


@dataclass(frozen=True, slots=True)
class Value:
    """One answer. value None: see state and reason, never zero. estimate: the estimated part of it (a cell's only).

    numerator, denominator: of a rate, so that nobody has to trust the quotient. share: part of last year's figure that
    the units which answered had, 0 to 1, of cells of one form in one period, for the total and the units right beneath;
    None elsewhere, when nobody is missing, and when last year is not known. outcome: how far it holds in the geography.
    """

    value: Decimal | None
    state: State
    coverage: Coverage | None = None
    estimate: Decimal = Decimal(0)
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    share: Decimal | None = None
    outcome: Literal["exact", "approximate", "refused"] = "exact"
    reason: str = ""
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class UnitHead:
    """A line or column of units; key "" is all of them together."""

    key: str
    id: int | None
    name: str
    short_name: str
    sort_key: str = ""


@dataclass(frozen=True, slots=True)
class PeriodHead:
    """word: of the query; start and end (excluded) are the window of its figures."""

    word: str
    label: str
    window: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class MeasureHead:
    """scale: decimals shown; is_rate: percentage and the like, compared in points. higher_is_better None: neither."""

    word: str
    name: str
    unit: str
    scale: int
    is_rate: bool = False
    higher_is_better: bool | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """values: by (key of the unit, word of the period, word of the measure); the key "" is the total of all units.

    engine: what added it up. notes: sentences that hold for all of it (a broken series, a method).
    """

    query: FigureQuery
    top: UnitHead
    units: tuple[UnitHead, ...]
    periods: tuple[PeriodHead, ...]
    measures: tuple[MeasureHead, ...]
    values: Mapping[tuple[str, str, str], Value]
    as_of: datetime
    engine: str
    notes: tuple[str, ...] = field(default=())

    @property
    def simulated(self) -> bool:
        return any(one.simulated for one in self.values.values())
