"""What a request for a report costs those who answer it: data that they give already, a day before the regime's own."""

from collections.abc import Sequence
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
    """A report that the same units give anyway. due_on None: its regime has no day for it.

    report: of which form, rule and period, by `report_word`.
    """

    form: FormDefinition
    period: str
    window: Span
    due_on: date | None
    by_regime: bool
    report: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a request burdens units more than the regime does."""

    code: Literal["known-data", "earlier-deadline", "made-late"]
    sentence: str


def report_word(form_key: str, rule_key: str, period_code: str, instalment: str) -> str:
    """One form for one period, to tell it from others."""
    return "\n".join((form_key, rule_key, period_code, instalment))


def burdens(
    form: FormDefinition, window: Span, due_on: date, known: Sequence[Known], *, report: str = ""
) -> tuple[Finding, ...]:
    """What speaks against a request; report: what is asked for, by `report_word`.

    Data count as known when the same form is given anyway, or a report of the same field with a column of the same
    headings and unit of measure, over the same window or over parts of it. The day is measured apart from the data:
    against the regime's day for this very report, else for every such report.
    """
    near = [
        one
        for one in known
        if _inside(one.window, window) and (one.form.key == form.key or _same_field(form, one.form))
    ]
    asked = columns_of(form)
    found: list[Finding] = []
    for one in near:
        places = set(columns_of(one.form).values())
        shared = [words for words, place in asked.items() if place in places]
        if shared and not (report and one.report == report):
            found.append(_known_data(one, shared, len(asked)))
    itself = [one for one in near if report and one.by_regime and one.report == report]
    found.extend(_earlier(one, due_on) for one in itself or near if _is_earlier(one, due_on))
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


def _known_data(one: Known, shared: Sequence[str], asked: int) -> Finding:
    named = "; ".join(shared[:NAMED]) + (f" và {len(shared) - NAMED} cột khác" if len(shared) > NAMED else "")
    return Finding(
        "known-data",
        f"{len(shared)} trong {asked} cột số đã có trong biểu {one.form.code}, kỳ {one.period}: {named}.",
    )


def _is_earlier(one: Known, due_on: date) -> bool:
    return one.by_regime and one.due_on is not None and due_on < one.due_on


def _earlier(one: Known, due_on: date) -> Finding:
    regime = f" {day(one.due_on)}" if one.due_on is not None else ""
    return Finding(
        "earlier-deadline",
        f"Hạn {day(due_on)} sớm hơn hạn{regime} mà chế độ báo cáo đặt cho biểu {one.form.code}, kỳ {one.period}.",
    )


def _same_field(one: FormDefinition, other: FormDefinition) -> bool:
    return (one.field == other.field != "") or (one.family == other.family != "")


def _inside(part: Span, whole: Span) -> bool:
    if part.start is None or part.end is None or whole.start is None or whole.end is None:
        return False
    return whole.start <= part.start and part.end <= whole.end
