"""What a request for a report costs those who answer it: data that they give already, a day before the regime's own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from giaoban.core.forms import FormDefinition
from giaoban.core.spans import Span
from giaoban.core.vietnamese import day, fold

NAMED = 3
"""How many columns a finding names; the others are counted."""


@dataclass(frozen=True, slots=True)
class Known:
    """A report that the same units give anyway. due_on None: its regime has no day for it."""

    form: FormDefinition
    period: str
    window: Span
    due_on: date | None
    by_regime: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a request burdens units more than the regime does."""

    code: Literal["known-data", "earlier-deadline"]
    sentence: str


def burdens(form: FormDefinition, window: Span, due_on: date, known: Sequence[Known]) -> tuple[Finding, ...]:
    """What speaks against a request. Data count as known when a report of the same field has a column of the same
    headings and unit of measure, over the same window or over parts of it."""
    asked = columns_of(form)
    found: list[Finding] = []
    for one in known:
        if one.form.key == form.key or not _same_field(form, one.form) or not _inside(one.window, window):
            continue
        shared = [words for words, place in asked.items() if place in set(columns_of(one.form).values())]
        if shared:
            found.extend(_said(one, shared, len(asked), due_on))
    return tuple(dict.fromkeys(found))


def columns_of(form: FormDefinition) -> dict[str, tuple[str, str]]:
    """The number columns that people fill in: words → what makes two alike (folded headings and unit)."""
    return {
        " – ".join((*column.parent, column.label)): (
            " / ".join(fold(words) for words in (*column.parent, column.label)),
            fold(column.unit),
        )
        for table in form.tables
        for column in table.numeric
        if column.formula is None
    }


def cells_of(form: FormDefinition) -> int:
    """How many cells one report asks for, each dynamic row counted once."""
    return sum(sum(column.formula is None for column in table.columns) * len(table.rows) for table in form.tables)


def _said(one: Known, shared: Sequence[str], asked: int, due_on: date) -> Iterator[Finding]:
    named = "; ".join(shared[:NAMED]) + (f" và {len(shared) - NAMED} cột khác" if len(shared) > NAMED else "")
    yield Finding(
        "known-data",
        f"{len(shared)} trong {asked} cột số đã có trong biểu {one.form.code}, kỳ {one.period}: {named}.",
    )
    if one.by_regime and one.due_on is not None and due_on < one.due_on:
        yield Finding(
            "earlier-deadline",
            f"Hạn {day(due_on)} sớm hơn hạn {day(one.due_on)} mà chế độ báo cáo đặt cho biểu {one.form.code}, "
            f"kỳ {one.period}.",
        )


def _same_field(one: FormDefinition, other: FormDefinition) -> bool:
    return (one.field == other.field != "") or (one.family == other.family != "")


def _inside(part: Span, whole: Span) -> bool:
    if part.start is None or part.end is None or whole.start is None or whole.end is None:
        return False
    return whole.start <= part.start and part.end <= whole.end
