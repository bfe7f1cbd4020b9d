"""The relation of lines over frozen files, for every engine that reads Parquet, and the two small ones as files."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from giaoban.reporting.archive import layout
from giaoban.reporting.engines.expressions import LINES, PLACES, READINGS
from giaoban.reporting.engines.questions import Question
from giaoban.reporting.engines.running import placed


@dataclass(frozen=True, slots=True)
class Words:
    """How an engine writes names, a file as a table, and a column of numbers with so many decimals."""

    quote: Callable[[str], str]
    file: Callable[[Path], str]
    number: Callable[[str, int], str] = lambda column, _: column


def double_quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def back_quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def text(value: str) -> str:
    """A constant of SQL; the names in forms have no backslash."""
    return "'" + value.replace("'", "''") + "'"


def lines_of(question: Question, paths: Mapping[int, Path], words: Words) -> str:
    """A query for `figure_lines`: every file with the period that it holds. paths: for each period of the question."""
    columns, rows = columns_of(question, words.quote, words.number), rows_of(question, words.quote)
    parts = []
    for period in question.readings:
        file = words.file(paths[period])
        parts.append(f"SELECT {period} AS period, {columns} FROM {file} WHERE {rows}")  # noqa: S608  # nosec B608 - quoted
    return " UNION ALL ".join(parts)


def columns_of(
    question: Question,
    quote: Callable[[str], str],
    number: Callable[[str, int], str] = lambda column, _: column,
) -> str:
    """Of `figure_lines` what stands in a file, under the names that the expressions use."""
    columns = [quote(one) for one in (layout.UNIT_ID, layout.TABLE, layout.ROW, layout.SUBUNIT)]
    for n, one in enumerate(question.columns):
        value, estimate, mark = (
            quote(name(one.table, one.column)) for name in (layout.value_name, layout.estimate_name, layout.mark_name)
        )
        columns += [f"{number(value, one.scale)} AS v{n}", f"{number(estimate, one.scale)} AS e{n}", f"{mark} AS m{n}"]
    return ", ".join(columns)


def rows_of(question: Question, quote: Callable[[str], str]) -> str:
    """The condition that a line is wanted."""
    table, row = quote(layout.TABLE), quote(layout.ROW)
    by_table: dict[str, list[str]] = {}
    for a_table, a_row in question.rows:
        by_table.setdefault(a_table, []).append(text(a_row))
    return " OR ".join(f"({table} = {text(one)} AND {row} IN ({', '.join(rows)}))" for one, rows in by_table.items())


@contextmanager
def relations(question: Question, paths: Mapping[int, Path], words: Words) -> Iterator[dict[str, str]]:
    """All relations as queries over files, for engines that take nothing from the process: the two small ones are
    written as Parquet for as long as they are needed."""
    import pyarrow.parquet as pq

    with TemporaryDirectory(prefix="giaoban-") as folder:
        found = {LINES: lines_of(question, paths, words)}
        for name, table in arrow_relations(question).items():
            path = Path(folder) / f"{name}.parquet"
            pq.write_table(table, path)
            found[name] = f"SELECT * FROM {words.file(path)}"  # noqa: S608  # nosec B608 - a path of ours
        yield found


def arrow_relations(question: Question) -> "Mapping[str, object]":
    """`figure_readings` and `figure_places` as Arrow tables."""
    import pyarrow as pa

    readings, (layouts, units, spots) = placed(question)
    reading = {"period": pa.array((one for one, _ in readings), pa.int64())}
    reading["layout"] = pa.array((one for _, one in readings), pa.int32())
    place = {"layout": pa.array(layouts, pa.int32()), "unit_id": pa.array(units, pa.int64())}
    place["spot"] = pa.array(spots, pa.int32())
    return {READINGS: pa.table(reading), PLACES: pa.table(place)}
