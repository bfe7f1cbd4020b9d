"""A value as a text quotes it: of one measure, one unit and one period, in the words of the question that gives it."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from giaoban.core.queries import (
    BELOW,
    SELF,
    Answer,
    CellMeasure,
    IndicatorMeasure,
    MeasureHead,
    QueryRefused,
    Value,
    parse,
    parse_measure,
    parse_period,
)
from giaoban.core.vietnamese import day, number
from giaoban.indicators.selectors.answering import answer
from giaoban.indicators.selectors.definitions import definition_of, version_in
from giaoban.indicators.selectors.heads import indicator_row
from giaoban.kit.registries import SourcedFigure
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors as reporting
from giaoban.reporting.selectors.querying import chosen_periods, period_head


def quoted_answer(
    measures: Iterable[str], *, unit: str, period: str, level: str = SELF, geography: str = "", divided: str = ""
) -> Answer:
    """What `quoted_value` reads, for those who may quote the unit. Raises QueryRefused."""
    words = {"measure": list(measures), "unit": [unit], "period": [period], "level": [level]}
    query = parse({**words, "geography": [geography], "divided": [divided]})
    if len(query.periods) != 1 or query.periods[0].first != query.periods[0].last:
        raise QueryRefused("unknown-period", "Một số liệu trong câu là của một kỳ: nêu đúng một kỳ.", period)
    return answer(query, actor=None)


def quoted_value(found: Answer, measure: str, line: str = "") -> SourcedFigure:
    """One measure, of the unit on top or of all that the question asks for beneath it together; or of one of these.

    line: its key. Raises QueryRefused, also where the value does not hold in the geography asked for.
    """
    word = parse_measure(measure).word
    head = next(one for one in found.measures if one.word == word)
    (period,) = found.periods
    value = found.values.get((line, period.word, word))
    if value is None:
        sentence = f"Bảng của {found.top.name} không có dòng “{line}”: chọn lại ở bảng xoay."
        raise QueryRefused("unknown-unit", sentence, line)
    if value.outcome == "refused":
        raise QueryRefused("geography", value.reason, "geography")
    amount = amount_of(value, head)
    return SourcedFigure(
        value=amount,
        unit=head.unit,
        origin=_origin(found, head, value, line),
        as_of=found.as_of,
        simulated=value.simulated,
        nil=is_nil(value, head),
        reason=value.reason if amount is None else "",
    )


def _origin(found: Answer, head: MeasureHead, value: Value, line: str) -> str:
    """Measure, period, unit, tree of which day, coverage; then what holds for the whole answer."""
    (period,) = found.periods
    tree = found.query.geography or period.end - date.resolution
    of_form = f" ({head.source})" if head.source and isinstance(parse_measure(head.word), CellMeasure) else ""
    whose = next((f"{one.name} trong {found.top.name}" for one in found.units if line and one.key == line), "")
    where = [f"{head.name}{of_form}", period.label, whose or top_words(found), f"đơn vị của ngày {day(tree)}"]
    return "; ".join([", ".join([*where, *value_notes(value, head)]), *(note.rstrip(".") for note in found.notes)])


def is_nil(value: Value, head: MeasureHead) -> bool:
    """Whether all that is known of a cell was declared not to have occurred."""
    return value.value is None and value.state == "nil" and isinstance(parse_measure(head.word), CellMeasure)


def amount_of(value: Value, head: MeasureHead) -> Decimal | None:
    """The number that a text writes: 0 for what did not occur, None for everything unknown."""
    return Decimal(0) if is_nil(value, head) else value.value


def top_words(found: Answer) -> str:
    """Whose figures the totals of an answer are."""
    level, name = found.query.level, found.top.name
    if level == SELF:
        return name
    beneath = "các đơn vị trực thuộc" if level == BELOW else f"mọi {orgs.kind_names()[level]}"
    return f"{name}, tổng {beneath}"


def value_notes(value: Value, head: MeasureHead) -> list[str]:
    """What goes with a value: coverage, part of last year's figure, both sums, estimate, method."""
    notes = []
    if value.coverage is not None:
        notes.append(f"{'đủ' if value.coverage.is_complete else 'có'} {value.coverage.words()} báo cáo")
    if value.share is not None:
        notes.append(f"bằng {number(100 * value.share, 0)} % khối lượng năm trước")
    if value.numerator is not None and value.denominator is not None:
        notes.append(f"tử số {number(value.numerator)}, mẫu số {number(value.denominator)}")
    if value.estimate:
        notes.append(f"trong đó ước {number(value.estimate, head.scale)}")
    if value.outcome == "approximate":
        notes.append(f"gần đúng: {value.reason}" if value.reason else "gần đúng")
    return notes


def period_asked(word: str) -> reporting.Period:
    """The opened period that a question names, the first of several. Raises QueryRefused."""
    return chosen_periods([parse_period(word)])[0]


def forms_asked(measure: str, period: reporting.Period) -> frozenset[str]:
    """Keys of the forms whose figures make up a measure in a period. Raises QueryRefused."""
    match parse_measure(measure):
        case CellMeasure(form=form):
            return frozenset({form})
        case IndicatorMeasure() as one:
            return frozenset(version_in(indicator_row(one), period).forms())


def year_before(measure: str, period: str) -> str | None:
    """The word of the same period of the year before; None where it was not opened. Raises QueryRefused where the
    measure means something else by now."""
    chosen = period_asked(period)
    earlier = reporting.period_before(chosen)
    asked = parse_measure(measure)
    if earlier is not None and isinstance(asked, IndicatorMeasure):
        days = reporting.last_day(earlier), reporting.last_day(chosen)
        changed = definition_of(indicator_row(asked)).incomparable(*days)
        if changed is not None:
            raise QueryRefused("no-definition", f"Không so được với {earlier.label}: {changed.words()}", measure)
    return None if earlier is None else period_head(earlier).word
