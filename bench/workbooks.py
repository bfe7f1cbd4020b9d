"""A thousand workbooks of communes, made and filled, then read back: opened under guard, totals, checks."""

import random
import resource
from collections.abc import Iterator
from time import perf_counter

from bench.world import SEED, World
from giaoban.core.figures import Figures, blank_line, reported
from giaoban.core.forms import FormDefinition
from giaoban.kit.actors import system_actor
from giaoban.reporting import selectors, services
from giaoban.reporting.models import Obligation
from giaoban.reporting.services.workbooks import about_of
from giaoban.reporting.workbooks.making import make

COUNT = 1000
BUDGET = 1000
"""Workbooks a minute that one core reads."""


def _figures(form: FormDefinition, dice: random.Random) -> Figures:
    figures = {}
    for table in form.tables:
        for row in table.rows:
            line = blank_line(table, row.id)
            line.figures[:] = [reported(dice.randrange(5000)) for _ in table.numeric]
            figures[line.key] = line
    return figures


def _cpu() -> float:
    """Seconds of processor time that this process and its ended children have used."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in both)


def measure(world: World, rounds: int) -> Iterator[str]:  # noqa: ARG001 - a thousand files are rounds enough
    rows = Obligation.objects.filter(form=world.form, period=world.period).order_by("pk")
    owed = list(rows.select_related("unit", "form", "period__rule", "receiver")[:COUNT])
    form, dice = selectors.definition_of(world.form), random.Random(SEED)
    start = perf_counter()
    files = [(f"{one.unit.key}.xlsx", make(form, about_of(one), {}, _figures(form, dice), "")) for one in owed]
    made = perf_counter() - start
    wall, cpu = perf_counter(), _cpu()
    taken = refused = 0
    for _, reading in services.read_many(files, by=system_actor("bench")):
        if isinstance(reading, services.WorkbookReading) and len(reading.figures) == sum(
            len(table.rows) for table in form.tables
        ):
            taken += 1
        else:
            refused += 1
    wall, cpu = perf_counter() - wall, _cpu() - cpu
    if refused:
        raise RuntimeError(f"{refused} of {COUNT} workbooks were not read")
    yield _row(f"{taken} workbooks read with totals and checks, a core", taken / cpu, f"   budget {BUDGET}")
    yield _row("the same by the clock, one reader", taken / wall)
    yield _row(f"{len(files)} workbooks made and filled, by the clock", len(files) / made)


def _row(what: str, a_second: float, budget: str = "") -> str:
    return f"{what:<58} {a_second * 60:8.0f} a minute{budget}"
