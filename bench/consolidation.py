"""National consolidation of one form and one period from the database, and the same sums with pandas."""

from collections.abc import Iterator
from statistics import median

import pandas as pd  # type: ignore[import-untyped]  # pandas-stubs is not pinned
from django.db import connection

from bench.timing import milliseconds, row
from bench.world import ON, World
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors

QUERY = """
    SELECT o.unit_id, l.row, l.values, l.estimates, l.marks
    FROM reporting_submissionline l
    JOIN reporting_submission s ON s.id = l.submission_id AND s.is_current
    JOIN reporting_obligation o ON o.id = s.obligation_id
    WHERE o.form_id = %s AND o.period_id = %s
"""


def with_pandas(world: World) -> pd.DataFrame:
    """The same totals by province: read the lines, a column per cell, group, sum."""
    branch = orgs.branches(world.nation, "professional", ON)
    with connection.cursor() as cursor:
        cursor.execute(QUERY, [world.form.pk, world.period.pk])
        rows = cursor.fetchall()
    frame = pd.DataFrame(rows, columns=["unit", "row", "values", "estimates", "marks"])
    values = pd.DataFrame(frame["values"].tolist(), index=frame.index, dtype="float64")
    estimates = pd.DataFrame(frame["estimates"].tolist(), index=frame.index, dtype="float64")
    total = values.add(estimates, fill_value=0)
    keys = [frame["unit"].map(branch), frame["row"]]
    return total.groupby(keys).sum()


def agrees(world: World) -> bool:
    """Whether both ways give the same national total of the first cell."""
    table = selectors.consolidate(world.form, world.period, world.nation)
    cell = table.total.cells["main", "r1", "", "c1"]
    ours = (cell.value or 0) + cell.estimate
    theirs = with_pandas(world).xs("r1", level=1)[0].sum()
    return int(ours) == int(theirs)


def measure(world: World, rounds: int) -> Iterator[str]:
    ours = milliseconds(lambda: selectors.consolidate(world.form, world.period, world.nation), rounds)
    theirs = milliseconds(lambda: with_pandas(world), rounds)
    province = milliseconds(lambda: selectors.consolidate(world.form, world.period, world.province), rounds)
    yield f"both ways agree on the national total: {agrees(world)}"
    yield row("national consolidation, from the database", ours, "150 ms")
    yield row("the same sums, read and grouped with pandas", theirs)
    yield f"ratio ours : pandas = {median(ours) / median(theirs):.2f}"
    yield row("consolidation of one province", province)
