"""Spark over frozen files, on this machine or on a cluster. Of the group `scale`: docs/how-to/scale-out.md."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from giaoban.reporting.engines.files import Words, back_quoted, relations
from giaoban.reporting.engines.questions import EngineFailed, Found, Question
from giaoban.reporting.engines.running import answered, whole

NAME: Final = "spark"
MASTER: Final = "GIAOBAN_SPARK_MASTER"
"""Name of the variable with the address of the cluster; without it two threads of this machine."""

WORDS: Final = Words(back_quoted, lambda path: f"parquet.{back_quoted(str(path))}")


def session() -> Any:
    """The session of this process. Nothing is rounded in silence: a sum too long is a fault."""
    from pyspark.sql import SparkSession

    return (
        SparkSession.builder.master(os.environ.get(MASTER, "local[2]"))
        .appName("giaoban")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.ansi.enabled", "true")
        .config("spark.sql.decimalOperations.allowPrecisionLoss", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "4")
        .getOrCreate()
    )


def add_up(question: Question, paths: Mapping[int, Path]) -> Found:
    """Everything that the question asks. paths: for each of its periods, where the workers find them too. Raises
    EngineFailed."""
    from pyspark.errors import PySparkException

    base = session()
    with relations(question, paths, WORDS) as source:

        def run(statement: str) -> Iterable[Sequence[Any]]:
            try:
                rows = base.sql(whole(source, statement)).collect()
            except PySparkException as fault:
                raise EngineFailed(str(fault)) from fault
            return [tuple(row) for row in rows]

        return answered(question, "pyspark", run)
