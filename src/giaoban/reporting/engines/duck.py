"""DuckDB in the process, over frozen files."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final

from giaoban.reporting.engines.expressions import LINES
from giaoban.reporting.engines.files import Words, arrow_relations, double_quoted, lines_of, text
from giaoban.reporting.engines.questions import EngineFailed, Found, Question
from giaoban.reporting.engines.running import answered, whole

NAME: Final = "duckdb"
MEMORY: Final = "2GB"
"""What is beyond goes to a folder for temporary files."""

WORDS: Final = Words(double_quoted, lambda path: f"read_parquet({text(str(path))})")


@cache
def _database() -> Any:
    """An empty database of this process, which keeps the threads; each question has its own connection to it."""
    import duckdb

    return duckdb.connect(config={"memory_limit": MEMORY})


def add_up(question: Question, paths: Mapping[int, Path]) -> Found:
    """Everything that the question asks. paths: for each of its periods. Raises EngineFailed."""
    import duckdb

    source = {LINES: lines_of(question, paths, WORDS)}
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
