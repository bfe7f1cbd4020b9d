"""What every engine does alike: run the statements of a question and read their rows."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from giaoban.core.consolidation import EXACTLY
from giaoban.reporting.engines import expressions
from giaoban.reporting.engines.questions import Added, Dialect, Found, Key, Question

Run = Callable[[str], Iterable[Sequence[Any]]]
KEYS: Final = len(expressions.KEYS)
ZERO: Final = Decimal(0)


def answered(question: Question, dialect: Dialect, run: Run, *, by_row: bool = False) -> Found:
    """The question, statement by statement. run: executes one; by_row: the engine keeps lines row by row and values as
    whole numbers, not in their own unit."""
    found = Found()
    shifts = _shifts(question, by_row=by_row)
    for key, lines, added in _in_two(question, dialect, run) if by_row else _in_one(question, dialect, run):
        found.reports[key] = lines
        found.sums[key] = tuple(
            Added(
                decimal_of(value, shift), decimal_of(estimate, shift) or ZERO, expressions.marks_of(int(counter or 0))
            )
            for (value, estimate, counter), shift in zip(added, shifts, strict=True)
        )
    add_kept(question, dialect, run, found, by_row=by_row)
    return found


def add_kept(question: Question, dialect: Dialect, run: Run, found: Found, *, by_row: bool = False) -> None:
    """What columns that are not summed are made from, beside the sums."""
    width, shifts = len(question.columns), _shifts(question, by_row=by_row)
    for column, highest in question.extremes.items():
        for row in run(expressions.extremes(width, column, dialect, highest=highest)):
            best, estimate = (decimal_of(one, shifts[column]) for one in row[KEYS:])
            found.extremes[Key(*row[:KEYS]), column] = best or ZERO, estimate or ZERO
    for column, weight in question.means.items():
        for row in run(expressions.means(width, column, weight, dialect)):
            products, weights, known, unknown = row[KEYS:]
            found.means[Key(*row[:KEYS]), column] = (
                decimal_of(products, shifts[column] + shifts[weight]) or ZERO,
                decimal_of(weights, shifts[weight]) or ZERO,
                int(known),
                int(unknown),
            )

    if may_be_uneven(question, found):
        for row in run(expressions.unevens(width, tuple(question.rates.values()), dialect)):
            counts = zip(question.rates, row[KEYS:], strict=True)
            found.uneven.update({(Key(*row[:KEYS]), rate): int(lines) for rate, lines in counts if lines})


def may_be_uneven(question: Question, found: Found) -> bool:
    """Whether under some key lines may answer some inputs of a rate and not the others: some are answered, and not all.
    Most questions have no such key, and the engine is not asked."""
    return any(
        min(answered) < found.reports[key] and max(answered) > 0
        for key, added in found.sums.items()
        for inputs in question.rates.values()
        for answered in [[found.reports[key] - sum(added[n].marks[1:]) for n in inputs]]
    )


def _shifts(question: Question, *, by_row: bool) -> list[int]:
    return [-one.scale if by_row else 0 for one in question.columns]


Line = tuple[Key, int, list[tuple[Any, Any, Any]]]
"""Number of lines behind a key, and for each column its actual part, its estimated part and the counter of marks."""


def _in_one(question: Question, dialect: Dialect, run: Run) -> Iterator[Line]:
    for row in run(expressions.sums(len(question.columns), dialect)):
        rest = row[KEYS + 1 :]
        yield Key(*row[:KEYS]), int(row[KEYS]), list(zip(rest[::3], rest[1::3], rest[2::3], strict=True))


def _in_two(question: Question, dialect: Dialect, run: Run) -> Iterator[Line]:
    """Values of all lines, and what only special lines have, if there is any."""
    width = len(question.columns)
    rows = list(run(expressions.values(width, dialect)))
    others: dict[Key, Sequence[Any]] = {}
    if any(row[KEYS + 1] for row in rows):
        others = {Key(*row[:KEYS]): row[KEYS:] for row in run(expressions.specials(width, dialect))}
    for row in rows:
        key = Key(*row[:KEYS])
        rest = others.get(key, (None,) * (2 * width))
        yield key, int(row[KEYS]), list(zip(row[KEYS + 2 :], rest[::2], rest[1::2], strict=True))


def whole(relations: Mapping[str, str], statement: str) -> str:
    """A statement with the relations that it reads, each a query of ours."""
    named = ", ".join(f"{name} AS ({query})" for name, query in relations.items())
    return f"WITH {named} SELECT * FROM ({statement}) AS answer"  # noqa: S608  # nosec B608 - queries of ours


def decimal_of(value: Any, shift: int) -> Decimal | None:
    """What an engine gave, as many digits to the left as shift says; nothing is rounded."""
    if value is None:
        return None
    exact = value if isinstance(value, Decimal) else Decimal(value)
    return EXACTLY.scaleb(exact, shift) if shift else exact


def placed(question: Question) -> tuple[list[tuple[int, int]], tuple[list[int], list[int], list[int]]]:
    """The rows of `figure_readings`, and the three columns of `figure_places`."""
    layouts: list[int] = []
    units: list[int] = []
    spots: list[int] = []
    for number in sorted(set(question.readings.values())):
        for unit_id, held in question.layouts[number].items():
            units += [unit_id] * len(held)
            spots += held
        layouts += [number] * (len(units) - len(layouts))
    return list(question.readings.items()), (layouts, units, spots)
