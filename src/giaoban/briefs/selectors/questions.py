"""What a text may take from the answer to a question about figures: the values that a pivot page shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from giaoban.briefs.rules.wording import Amount
from giaoban.briefs.selectors.figures import Sources
from giaoban.core.queries import SELF, FigureQuery, MeasureHead, PeriodHead, QueryRefused, Value, parse
from giaoban.indicators.selectors.answering import answer
from giaoban.indicators.selectors.quoting import amount_of, is_nil, period_asked, top_words, value_notes, year_before
from giaoban.kit.actors import Actor
from giaoban.reporting.selectors import last_day

LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Line:
    """Whose values can be taken: of one unit (level SELF), of all at a level beneath it together, or, with `part`, of
    one of these: in the tree of another day it may be what came of a unit that was no longer there."""

    unit: str
    level: str
    whose: str
    part: str = ""

    @property
    def key(self) -> str:
        """As the answer has it."""
        return self.part or (self.unit if self.level == SELF else "")


@dataclass(frozen=True, slots=True)
class Quotable:
    """A value that is known, with the words that ask for it alone."""

    query: FigureQuery
    line: Line
    head: MeasureHead
    period: PeriodHead
    value: Value

    @property
    def key(self) -> str:
        line = self.line
        return "|".join(("answer", line.part or line.unit, line.level, self.period.word, self.head.word))

    @property
    def reference(self) -> dict[str, str]:
        """As the source of figures takes it."""
        line, query = self.line, self.query
        named = {"measure": self.head.word, "unit": line.unit, "period": self.period.word, "level": line.level}
        more = {
            "geography": query.geography.isoformat() if query.geography else "",
            "divided": query.divided if query.divided != "refuse" else "",
            "line": line.part,
        }
        return named | {name: word for name, word in more.items() if word}

    @property
    def label(self) -> str:
        return f"{self.head.name} · {self.line.whose} · {self.period.label}"

    @property
    def amount(self) -> Amount:
        return Amount(
            amount_of(self.value, self.head), self.head.unit, self.head.scale, nil=is_nil(self.value, self.head)
        )

    @property
    def notes(self) -> list[str]:
        return [*value_notes(self.value, self.head), *(["mô phỏng"] if self.value.simulated else [])]


def question_of(address: str) -> FigureQuery:
    """The question in an address of the pivot page, of the interface, or in the words after its "?". Raises
    QueryRefused."""
    held = address.strip()[:LONGEST]
    words = urlsplit(held).query or held.lstrip("?")
    return parse(parse_qs(words))


def quotable(query: FigureQuery, *, actor: Actor, sources: Sources) -> list[Quotable]:
    """The values that are known, of units whose figures the texts may quote: the total first, in the order of the
    answer. Raises QueryRefused, also where the texts may quote none of the units."""
    found = answer(query, actor=actor)
    own = [one for one in found.units if one.id is not None]
    allowed = sources.quotable([found.top.key, *(one.key for one in own)])
    lines = [Line(one.key, SELF, one.name) for one in own if one.key in allowed]
    if query.level != SELF and found.top.key in allowed:
        if query.geography is not None:
            lines = [Line(found.top.key, query.level, one.name, one.key) for one in own]
        lines.insert(0, Line(found.top.key, query.level, top_words(found)))
    if not lines:
        sentence = (
            f"Không đơn vị nào của bảng này thuộc phạm vi của báo cáo ({found.top.name}): chọn đơn vị khác ở bảng xoay."
        )
        raise QueryRefused("unknown-unit", sentence, query.unit)
    return [
        Quotable(query, one, measure, period, value)
        for one in lines
        for measure in found.measures
        for period in found.periods
        if (value := found.values.get((one.key, period.word, measure.word))) is not None
        and value.outcome != "refused"
        and amount_of(value, measure) is not None
    ]


def same_before(reference: Mapping[str, str]) -> dict[str, str] | None:
    """The same figure in the same period of the year before, in the tree of the later one; None where that period was
    not opened. Raises QueryRefused."""
    earlier = year_before(reference["measure"], reference["period"])
    if earlier is None:
        return None
    tree = reference.get("geography") or last_day(period_asked(reference["period"])).isoformat()
    return {**reference, "period": earlier, "geography": tree}
