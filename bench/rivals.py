"""The same sums on the same files with PostgreSQL keeping a row per cell, with pandas and with Polars.

Each reads a bounded part of the files, whose size is printed, and is compared by the time for a cell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from django.db import connection

from bench.timing import milliseconds, row
from giaoban.reporting.archive import layout

if TYPE_CHECKING:
    from bench.series import Files

Wanted = Sequence[tuple[int, int]]
CELLS = "rivals_cells"


def names(files: Files) -> list[tuple[str, str, str]]:
    """Value, estimate and mark of each column."""
    table = files.definition.tables[0]
    kinds = (layout.value_name, layout.estimate_name, layout.mark_name)
    return [tuple(kind(table.id, one.id) for kind in kinds) for one in table.numeric]  # type: ignore[misc]


def line_of(files: Files, year: int) -> Mapping[int, int]:
    """Unit → its line in the tree of today."""
    laid = files.layouts[int(year > 2024)]
    return {unit_id: held[0][0] for unit_id, held in laid.places.items()}


def with_pandas(files: Files, wanted: Wanted) -> int:
    """Sums of values and estimates, and counts of marks, by line; a file at a time, numbers as float64."""
    import pandas as pd  # type: ignore[import-untyped]  # pandas-stubs is not pinned
    import pyarrow as pa
    import pyarrow.parquet as pq

    total = 0
    for form, year in wanted:
        path: Path = files.paths[form, year]
        columns = [name for three in names(files) for name in three]
        table = pq.read_table(path, columns=["unit_id", *columns])
        schema = pa.schema(
            [pa.field(one.name, pa.float64() if pa.types.is_decimal(one.type) else one.type) for one in table.schema]
        )
        frame = table.cast(schema).to_pandas()
        lines = frame.pop("unit_id").map(line_of(files, year))
        numbers = [name for value, estimate, _ in names(files) for name in (value, estimate)]
        sums = frame[numbers].groupby(lines).sum()
        for _, _, mark in names(files):
            pd.crosstab(lines, frame[mark])
        total += int(sums[numbers[0]].sum())
    return total


def with_polars(files: Files, wanted: Wanted) -> int:
    """The same, lazily, as decimals."""
    import polars as pl

    total = 0
    for form, year in wanted:
        places = line_of(files, year)
        lines = pl.LazyFrame({"unit_id": list(places), "line": list(places.values())})
        asked = [pl.col(name).sum() for value, estimate, _ in names(files) for name in (value, estimate)]
        for _, _, mark in names(files):
            asked += [(pl.col(mark) == kind).sum().alias(f"{mark}{kind}") for kind in (1, 2, 3)]
        found = pl.scan_parquet(files.paths[form, year]).join(lines, on="unit_id").group_by("line").agg(asked).collect()
        total += int(found[names(files)[0][0]].sum())
    return total


def fill_cells(files: Files, wanted: Wanted) -> None:
    """A table with a row for each cell, with the key and the index that such tables have."""
    import pyarrow.parquet as pq

    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {CELLS}")
        cursor.execute(
            f"CREATE UNLOGGED TABLE {CELLS} (form int, year int, unit_id bigint, cell int, value numeric(18, 0),"
            " estimate numeric(18, 0), mark smallint)"
        )
        for form, year in wanted:
            table = pq.read_table(files.paths[form, year])
            units = table["unit_id"].to_pylist()
            with cursor.copy(f"COPY {CELLS} FROM STDIN") as out:
                for n, three in enumerate(names(files)):
                    held = zip(units, *(table[name].to_pylist() for name in three), strict=True)
                    for unit_id, value, estimate, mark in held:
                        out.write_row((form, year, unit_id, n, value, estimate, mark))
        cursor.execute(f"ALTER TABLE {CELLS} ADD PRIMARY KEY (form, year, unit_id, cell)")
        cursor.execute(f"ANALYZE {CELLS}")


def with_cell_rows(files: Files, _: Wanted) -> int:
    """The same from the table of `fill_cells`, all of it."""
    places = [(int(year > 2024), unit, line) for year in (2024, 2025) for unit, line in line_of(files, year).items()]
    query = f"""
        SELECT cell.form, cell.year, place.line, cell.cell, sum(cell.value), sum(cell.estimate),
               count(*) FILTER (WHERE cell.mark = 1), count(*) FILTER (WHERE cell.mark = 2),
               count(*) FILTER (WHERE cell.mark = 3)
        FROM {CELLS} cell
        JOIN unnest(%s::int[], %s::bigint[], %s::int[]) AS place(layout, unit_id, line)
          ON place.unit_id = cell.unit_id AND place.layout = (cell.year > 2024)::int
        GROUP BY 1, 2, 3, 4
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [list(one) for one in zip(*places, strict=True)])
        return sum(int(one[4] or 0) for one in cursor.fetchall() if one[3] == 0)


RIVALS: dict[str, tuple[Callable[[Files, Wanted], int], int]] = {
    "PostgreSQL, a row per cell": (with_cell_rows, 7),
    "pandas": (with_pandas, 70),
    "Polars": (with_polars, 70),
}
"""Name → the sums, and how many files they are tried on."""


def part(files: Files, count: int) -> Wanted:
    """The first files, form after form."""
    return list(files.paths)[:count]


def measure(files: Files, ours: float, rounds: int = 3) -> Iterator[str]:
    """ours: milliseconds for a cell. All three come to one total of the first column."""
    totals = {name: sums(files, part(files, 7)) for name, (sums, _) in RIVALS.items() if sums is not with_cell_rows}
    fill_cells(files, part(files, 7))
    totals["PostgreSQL, a row per cell"] = with_cell_rows(files, part(files, 7))
    yield f"all come to one total: {len(set(totals.values())) == 1}"
    for name, (sums, count) in RIVALS.items():
        wanted = part(files, count)
        taken = milliseconds(lambda sums=sums, wanted=wanted: sums(files, wanted), rounds, warm_up=0)  # type: ignore[misc]
        yield row(f"{name}: {files.cells(wanted) / 1e6:.1f} million cells", taken)
        yield f"ratio ours : {name}, by the cell = {ours / (median(taken) / files.cells(wanted)):.3f}"
