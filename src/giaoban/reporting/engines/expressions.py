"""The sums as ibis expressions over unbound tables, compiled to the SQL of each engine once: the only such module.

Three relations stand behind every expression. `figure_lines`: period, unit_id, table, row, subunit and for column n of
the question vn (actual part), en (estimated part), mn (`core.figures.Mark`), null on lines of other tables; where lines
are kept row by row also special: whether any cell of the line is estimated or not reported.
`figure_readings`: period → layout. `figure_places`: layout, unit_id → spot, several where a unit counts in parts.
ibis takes most of a second to import, so it is imported when the first statement is compiled.
"""

from functools import lru_cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Final

from giaoban.core.consolidation import ANSWERS
from giaoban.core.figures import Mark
from giaoban.reporting.engines.questions import Dialect

if TYPE_CHECKING:
    from ibis.expr.types import Table

LINES, READINGS, PLACES = "figure_lines", "figure_readings", "figure_places"
KEYS: Final = ("period", "spot", "table", "row", "subunit")

# One number counts nil, not applicable and blank, up to a million lines each.
COUNTER: Final = 20
MASK: Final = (1 << COUNTER) - 1


def marks_of(counter: int) -> tuple[int, int, int]:
    """Nil, not applicable, blank."""
    return counter & MASK, counter >> COUNTER & MASK, counter >> 2 * COUNTER


@lru_cache(maxsize=512)
def sums(columns: int, dialect: Dialect) -> str:
    """KEYS, number of lines, then per column: sum of actual parts, sum of estimated parts, counter of marks."""
    table = _joined(columns)
    measures = {"lines": table.count()}
    for n in range(columns):
        measures[f"v{n}"] = table[f"v{n}"].sum()
        measures[f"e{n}"] = table[f"e{n}"].sum()
        measures[f"c{n}"] = _counter(table[f"m{n}"]).sum()
    return _sql(table.group_by(list(KEYS)).aggregate(**measures), dialect)


@lru_cache(maxsize=512)
def values(columns: int, dialect: Dialect) -> str:
    """KEYS, number of lines, how many of these are special, then per column the sum of actual parts. For engines that
    keep lines row by row: they know by a look at a line whether it has anything else, which most have not."""
    import ibis

    table = _joined(columns, special=True)
    measures = {"lines": table.count(), "special": ibis.ifelse(table.special, 1, 0).sum()}
    measures |= {f"v{n}": table[f"v{n}"].sum() for n in range(columns)}
    return _sql(table.group_by(list(KEYS)).aggregate(**measures), dialect)


@lru_cache(maxsize=512)
def specials(columns: int, dialect: Dialect) -> str:
    """Of special lines: KEYS, then per column the sum of estimated parts and the counter of marks."""
    joined = _joined(columns, special=True)
    table = joined.filter(joined.special)
    measures = {}
    for n in range(columns):
        measures[f"e{n}"] = table[f"e{n}"].sum()
        measures[f"c{n}"] = _counter(table[f"m{n}"]).sum()
    return _sql(table.group_by(list(KEYS)).aggregate(**measures), dialect)


@lru_cache(maxsize=128)
def extremes(columns: int, column: int, dialect: Dialect, *, highest: bool) -> str:
    """KEYS, the highest or lowest total of the column, and of equal ones the smallest estimated part."""
    table = _joined(columns)
    reported = table.filter(table[f"m{column}"] == int(Mark.REPORTED))
    estimate = reported[f"e{column}"].coalesce(0)
    each = reported.select(*KEYS, total=reported[f"v{column}"].coalesce(0) + estimate, estimate=estimate)
    best = each.group_by(list(KEYS)).aggregate(best=each.total.max() if highest else each.total.min())
    beside = each.join(best, list(KEYS))
    found = beside.filter(beside.total == beside.best)
    return _sql(found.group_by([*KEYS, "best"]).aggregate(estimate=found.estimate.min()), dialect)


@lru_cache(maxsize=128)
def means(columns: int, column: int, weight: int, dialect: Dialect) -> str:
    """KEYS, sum of figure × weight, sum of weights, how many gave both, how many gave no weight."""
    import ibis

    table = _joined(columns)
    reported = table.filter(table[f"m{column}"] == int(Mark.REPORTED))
    mark = reported[f"m{weight}"]
    total = reported[f"v{column}"].coalesce(0) + reported[f"e{column}"].coalesce(0)
    weighing = reported[f"v{weight}"].coalesce(0) + reported[f"e{weight}"].coalesce(0)
    known = (mark == int(Mark.REPORTED)) | (mark == int(Mark.NIL))
    # A weight declared nil holds no value: it weighs nothing, and is known.
    measures = {
        "products": ibis.ifelse(known, total * weighing, None).sum(),
        "weights": ibis.ifelse(known, weighing, None).sum(),
        "known": ibis.ifelse(known, 1, 0).sum(),
        "unknown": ibis.ifelse(known, 0, 1).sum(),
    }
    return _sql(reported.group_by(list(KEYS)).aggregate(**measures), dialect)


@lru_cache(maxsize=128)
def unevens(columns: int, rates: tuple[tuple[int, ...], ...], dialect: Dialect) -> str:
    """KEYS, and for the inputs of each rate how many lines answer some of them and not the others; keys without such a
    line are absent."""
    import ibis

    table = _joined(columns)
    measures, found = {}, []
    for place, inputs in enumerate(rates):
        answered = sum(ibis.ifelse(table[f"m{n}"].isin([int(one) for one in ANSWERS]), 1, 0) for n in inputs)
        found.append((answered > 0) & (answered < len(inputs)))
        measures[f"u{place}"] = ibis.ifelse(found[-1], 1, 0).sum()
    return _sql(table.filter(reduce(or_, found)).group_by(list(KEYS)).aggregate(**measures), dialect)


def _joined(columns: int, *, special: bool = False) -> "Table":
    """Each line with the layout in which its period is read and the spots of its unit."""
    import ibis

    schema = {"period": "int64", "unit_id": "int64", "table": "string", "row": "string", "subunit": "string"}
    for n in range(columns):
        schema |= {f"v{n}": "decimal(38, 9)", f"e{n}": "decimal(38, 9)", f"m{n}": "int8"}
    if special:
        schema["special"] = "boolean"
    lines = ibis.table(schema, name=LINES)
    readings = ibis.table({"period": "int64", "layout": "int32"}, name=READINGS)
    places = ibis.table({"layout": "int32", "unit_id": "int64", "spot": "int32"}, name=PLACES)
    return lines.join(readings, "period").join(places, ["layout", "unit_id"])


def _counter(mark: Any) -> Any:
    kinds = ((Mark.NIL, 0), (Mark.NOT_APPLICABLE, 1), (Mark.BLANK, 2))
    return mark.cases(*((int(kind), 1 << COUNTER * n) for kind, n in kinds), else_=0)


def _sql(expression: Any, dialect: Dialect) -> str:
    import ibis

    return str(ibis.to_sql(expression, dialect=dialect))
