"""Hints of something unusual: 13 units, 19 months, one form of 60 cells, from the database and once they are read.

The reports are generated (SIMULATED) with a few strange ones among them, and are gone again when the run ends.
"""

import random
from collections.abc import Iterator
from datetime import date
from itertools import pairwise
from statistics import median

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # pandas-stubs is not pinned
from django.db import transaction
from django.utils import timezone

from bench import making
from bench.timing import milliseconds, row
from bench.world import SEED, World
from giaoban.core import outliers
from giaoban.core.outliers import MAD_CONSISTENCY, FiguresOverTime
from giaoban.kit.actors import system_actor
from giaoban.kit.acts import act
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors
from giaoban.reporting.models import Obligation, Period, PeriodRule, Regime, Submission, SubmissionLine

UNITS, MONTHS, ROWS, COLUMNS = 13, 19, 6, 10
NATION = 3321


def figures(units: int, months: int, dice: random.Random) -> np.ndarray:
    """units × months × cells: counts around a level of each unit and cell, one in two thousand ten times as large."""
    made = np.random.default_rng(dice.randrange(2**32))
    level = made.gamma(2.0, 200.0, (units, 1, ROWS * COLUMNS))
    counts = made.poisson(level, (units, months, ROWS * COLUMNS))
    counts[made.random(counts.shape) < 1 / 2000] *= 10
    counts[units // 2, months // 2] = counts[units // 2, months // 2 - 1]
    return counts


def laid(counts: np.ndarray) -> FiguresOverTime:
    """The same figures as the core takes them."""
    units, months, cells = counts.shape
    return FiguresOverTime(
        amount=counts.astype(np.int64),
        known=np.ones(counts.shape, dtype=bool),
        scales=(0,) * cells,
        groups=tuple(unit // 100 for unit in range(units)),
        cycles=(0,) * months,
        counters=np.zeros((months, cells), dtype=bool),
        begins=(False,) * months,
        counted=(True,) * cells,
    )


def fill(world: World, counts: np.ndarray) -> list[Period]:
    """Reports of communes of one province over the months. Undone by the caller."""
    at, by = timezone.now(), system_actor("bench")
    data = {"key": "bench-outliers", "name": "Tháng", "kind": "month", "starts": "01-01"}
    regime, _ = Regime.objects.get_or_create(key="bench", defaults={"act": "bench"})
    rule = PeriodRule.objects.create(regime=regime, key=data["key"], name=data["name"], definition=data)
    starts = [date(2024 + month // 12, month % 12 + 1, 1) for month in range(counts.shape[1] + 1)]
    periods = Period.objects.bulk_create(
        Period(rule=rule, code=f"{one.year}-T{one.month:02}", label=f"Tháng {one:%m/%Y}", start=one, end=other)
        for one, other in pairwise(starts)
    )
    communes = [one.id for one in orgs.children_of(world.province, "professional", date(2026, 6, 10))]
    with act("bench.fill", by=by, at=at) as entry:
        owed = Obligation.objects.bulk_create(
            Obligation(unit_id=unit, receiver_id=world.province, form=world.form, period=period, simulated=True)
            for unit in communes[: counts.shape[0]]
            for period in periods
        )
        sent = Submission.objects.bulk_create(
            making.submission(one, f"OUTLIERS-{one.pk}", entry, at, cells=ROWS * COLUMNS) for one in owed
        )
        vectors = counts.reshape(-1, ROWS, COLUMNS).tolist()
        SubmissionLine.objects.bulk_create(
            making.line(one, f"r{at_row + 1}", values)
            for one, rows in zip(sent, vectors, strict=True)
            for at_row, values in enumerate(rows)
        )
    return list(Period.objects.filter(rule=rule).select_related("rule"))


def with_pandas(counts: np.ndarray) -> int:
    """The robust scores on own history alone, grouped by unit and cell: how many are far."""
    units, months, cells = counts.shape
    index = pd.MultiIndex.from_product([range(units), range(months), range(cells)], names=["unit", "month", "cell"])
    frame = pd.DataFrame({"value": counts.ravel().astype("float64")}, index=index)
    groups = frame.groupby(level=["unit", "cell"])["value"]
    centre = groups.transform("median")
    apart = (frame["value"] - centre).abs()
    spread = apart.groupby(level=["unit", "cell"]).transform("median") * MAD_CONSISTENCY
    return int(((apart / spread) >= outliers.USUAL.own).sum())


def measure(world: World, rounds: int) -> Iterator[str]:
    dice = random.Random(SEED)
    counts = figures(UNITS, MONTHS, dice)
    with transaction.atomic():
        periods = fill(world, counts)
        stored = milliseconds(
            lambda: outliers.hints(selectors.figures_over_time(world.form, periods).figures), max(rounds // 2, 3)
        )
        found = outliers.hints(selectors.figures_over_time(world.form, periods).figures)
        transaction.set_rollback(True)
    held = laid(counts)
    read = milliseconds(lambda: outliers.hints(held), rounds)
    theirs = milliseconds(lambda: with_pandas(counts), rounds)
    whole = laid(figures(NATION, MONTHS, dice))
    nation = milliseconds(lambda: outliers.hints(whole), max(rounds // 5, 1), warm_up=1)
    yield f"data: {UNITS} units × {MONTHS} months × {ROWS * COLUMNS} cells, {len(found)} hints; SIMULATED figures"
    yield row("outliers, one form, read from the database", stored, "200 ms")
    yield row("the same once the figures are read", read)
    yield row("robust scores on own history alone, with pandas", theirs)
    yield f"ratio ours (all five kinds) : pandas (one kind) = {median(read) / median(theirs):.2f}"
    yield row(f"outliers over {NATION} units × {MONTHS} months × 60 cells, in memory", nation)
