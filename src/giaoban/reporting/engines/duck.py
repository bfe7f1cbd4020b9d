"""DuckDB in the process, over frozen files."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from giaoban.reporting.engines.expressions import LINES
from giaoban.reporting.engines.files import arrow_relations, columns_of, double_quoted, rows_of, text
from giaoban.reporting.engines.questions import EngineFailed, Found, Question
from giaoban.reporting.engines.running import answered, whole

NAME: Final = "duckdb"
MEMORY: Final = "2GB"
"""What is beyond goes to a folder for temporary files."""


@cache
def _database() -> Any:
    """An empty database of this process, which keeps the threads; each question has its own connection to it."""
    import duckdb

    return duckdb.connect(config={"memory_limit": MEMORY})


def add_up(question: Question, paths: Mapping[int, Path]) -> Found:
    """Everything that the question asks. paths: for each of its periods. Raises EngineFailed."""
    import duckdb

    source = {LINES: _lines(question, paths)}
    try:
        with _database().cursor() as base:
            for name, table in arrow_relations(question).items():
                base.register(name, table)

            def run(statement: str) -> Iterable[Sequence[Any]]:
                rows: list[tuple[Any, ...]] = base.execute(whole(source, statement)).fetchall()
                return rows

            return answered(question, "duckdb", run)
    except duckdb.Error as fault:
        raise EngineFailed(str(fault)) from fault


def _lines(question: Question, paths: Mapping[int, Path]) -> str:
    """All files in one scan, which costs one plan however many they are; the name of a file tells its period."""
    files = ", ".join(text(str(paths[period])) for period in question.readings)
    periods = " ".join(f"WHEN {text(str(paths[period]))} THEN {period}" for period in question.readings)
    return (
        f"SELECT CAST(CASE filename {periods} END AS BIGINT) AS period, {columns_of(question, double_quoted)} "  # noqa: S608  # nosec B608 - quoted
        f"FROM read_parquet([{files}], union_by_name = true) WHERE {rows_of(question, double_quoted)}"
    )
