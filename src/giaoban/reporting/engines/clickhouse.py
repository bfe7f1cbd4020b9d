"""ClickHouse in the process (chdb), over frozen files. Of the group `scale`: docs/how-to/scale-out.md."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from giaoban.reporting.engines.files import Words, back_quoted, relations, text
from giaoban.reporting.engines.questions import EngineFailed, Found, Question
from giaoban.reporting.engines.running import answered, whole

NAME: Final = "clickhouse"
WORDS: Final = Words(
    back_quoted,
    lambda path: f"file({text(str(path))}, Parquet)",
    lambda column, scale: f"CAST({column} AS Nullable(Decimal(38, {scale})))",
)
"""Numbers in their longest form: it multiplies in the form of the factors, which 18 digits overflow."""


def add_up(question: Question, paths: Mapping[int, Path]) -> Found:
    """Everything that the question asks. paths: for each of its periods. Raises EngineFailed."""
    import chdb
    import pyarrow as pa

    with relations(question, paths, WORDS) as source:

        def run(statement: str) -> Iterable[Sequence[Any]]:
            try:
                told = chdb.query(whole(source, statement), "ArrowStream")
            except RuntimeError as fault:
                raise EngineFailed(str(fault)) from fault
            with pa.ipc.open_stream(told.bytes()) as stream:
                table = stream.read_all()
            return zip(*(_plain(column) for column in table.columns), strict=True)

        return answered(question, "clickhouse", run)


def _plain(column: Any) -> list[Any]:
    return [one.decode() if isinstance(one, bytes) else one for one in column.to_pylist()]
