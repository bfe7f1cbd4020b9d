"""From an address to a question: the words of the query itself, or what the form of the page sends."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from giaoban.core.queries import (
    AXES,
    BELOW,
    FigureQuery,
    Measure,
    PeriodRange,
    QueryRefused,
    parse,
    parse_measure,
    parse_period,
)

Words = Mapping[str, Sequence[str]]
AXIS_NAMES = {"unit": "Đơn vị", "period": "Kỳ", "measure": "Chỉ tiêu"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks. query None: nothing yet, or refusal says why not; measures: as far as they can be read.

    form, line: what the form of the page lets choose from, "" as the measures have it.
    """

    query: FigureQuery | None
    refusal: QueryRefused | None
    measures: tuple[Measure, ...] = ()
    form: str = ""
    line: str = ""
    words: Words = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Nothing was asked at all: the first visit."""
        return self.query is None and self.refusal is None

    def word(self, name: str, default: str = "") -> str:
        return one(self.words, name) or default


def one(words: Words, name: str) -> str:
    values = [value for value in words.get(name, ()) if value]
    return values[-1] if values else ""


def asked(words: Words) -> Asked:
    """Read an address; nothing in it that is wrong is raised, it is said in `refusal`."""
    form, line = one(words, "form"), one(words, "line")
    measures = _readable(words)
    if not any(words.get(name) for name in ("measure", "period", "from", "form", "unit")):
        return Asked(None, None, words=words)
    try:
        query = parse({**words, "period": periods_of(words)})
    except QueryRefused as refusal:
        return Asked(None, refusal, measures, form, line, words)
    return Asked(query, None, query.measures, form, line, words)


def _readable(words: Words) -> tuple[Measure, ...]:
    found: dict[Measure, None] = {}
    for word in words.get("measure", ()):
        try:
            found[parse_measure(word)] = None
        except QueryRefused:
            continue
    return tuple(found)


def periods_of(words: Words) -> list[str]:
    """The periods of an address: `period` as the query has it, or `from` and `to` of the form. Raises QueryRefused."""
    first, last = one(words, "from"), one(words, "to")
    if not first and not last:
        return list(words.get("period", ()))
    return [between(parse_period(first or last), parse_period(last or first)).word]


def between(first: PeriodRange, last: PeriodRange) -> PeriodRange:
    """All from one period to another of the same kind, whichever is named first. Raises QueryRefused."""
    if (first.rule, first.instalment) != (last.rule, last.instalment):
        sentence = (
            "Kỳ đầu và kỳ cuối thuộc hai loại kỳ khác nhau, không nối thành một dãy: "
            "chọn hai kỳ trong cùng một nhóm của danh sách."
        )
        raise QueryRefused("unknown-period", sentence, last.word)
    codes = sorted((first.first, last.last))
    return PeriodRange(first.rule, codes[0], codes[1], first.instalment)


@dataclass(frozen=True, slots=True)
class Level:
    key: str
    label: str
    current: bool


def levels(choices: Sequence[tuple[str, str]], current: str) -> list[Level]:
    """The levels to choose from; one that stands in the address and is not among them is kept as it is."""
    current = current or BELOW
    known = dict(choices)
    known.setdefault(current, current)
    return [Level(key, label, key == current) for key, label in known.items()]


def axes(current: str) -> list[Level]:
    return [Level(axis, AXIS_NAMES[axis], axis == current) for axis in AXES]
