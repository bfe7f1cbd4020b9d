"""A year of monthly reports of the communes as they were before July 2025, read in the tree of 2026."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from bench import making
from bench.timing import milliseconds, row
from bench.world import ON, World
from giaoban.kit.actors import system_actor
from giaoban.kit.acts import act
from giaoban.orgs import selectors as orgs
from giaoban.reporting import selectors, services
from giaoban.reporting.models import FormVersion, Obligation, Period, PeriodRule, Regime, Submission, SubmissionLine
from giaoban.reporting.selectors.consolidation import consolidate_one_by_one

FORM, RULE = "request:bench-recast", "bench-months"
YEAR = 2024
THEN = date(2024, 12, 31)
LINE = "professional"
COLUMNS = 10
MISSING_SHARE = 0.03
SEED = 20250701


@dataclass(frozen=True, slots=True)
class Past:
    form: FormVersion
    periods: tuple[Period, ...]
    communes: int


def build(world: World) -> Past:
    """The year of reports, made when the database holds none."""
    form = FormVersion.objects.filter(key=FORM).first()
    if form is None:
        with transaction.atomic():
            form = _make(world)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as the server does by itself in quiet minutes
    periods = Period.objects.select_related("rule").filter(rule__key=RULE).order_by("start")
    return Past(form, tuple(periods), Obligation.objects.filter(form=form, period=periods[0]).count())


def _make(world: World) -> FormVersion:
    by, at = system_actor("bench"), timezone.now()
    columns = [{"id": f"c{n}", "label": f"Cột {n}", "unit": "việc"} for n in range(1, COLUMNS + 1)]
    data: dict[str, Any] = {
        "act": "request",
        "code": "bench-recast",
        "title": "Biểu đo việc quy đổi địa giới",
        "kind": "request",
        "valid": ["2024-01-01", None],
        "verified": "full",
        "labels": "own",
        "signatures": [],
        "source": "bench",
        "tables": [{"id": "main", "rows": [{"id": "r1", "label": "Tổng"}], "columns": columns}],
    }
    form = making.form_version(data, FORM, date(2024, 1, 1))
    rule = {"key": RULE, "name": "Tháng", "kind": "month", "starts": "01-01"}
    regime, _ = Regime.objects.get_or_create(key="bench", defaults={"act": "bench"})
    PeriodRule.objects.create(regime=regime, key=RULE, name="Tháng", definition=rule)
    reports = _communes_of_then(world.nation)
    for month in range(1, 13):
        period = services.open_period(RULE, year=YEAR, code=f"{YEAR}-T{month:02d}", by=by, at=at)
        _report(form, period, reports, by, at)
    return form


def _communes_of_then(nation: int) -> list[tuple[int, int]]:
    """Every committee of a commune of the day before, with the unit above it: the reporters and their receivers."""
    found = []
    for unit_id in orgs.descendant_ids(nation, LINE, THEN, kind="ubnd-xa"):
        above = orgs.ancestors_of(unit_id, LINE, THEN)
        found.append((unit_id, above[1]))
    return found


def _report(form: FormVersion, period: Period, reports: list[tuple[int, int]], by: Any, at: datetime) -> None:
    dice = random.Random(f"{SEED}-{period.code}")
    obligations = Obligation.objects.bulk_create(
        [
            Obligation(unit_id=commune, receiver_id=above, form=form, period=period, due_on=ON, simulated=True)
            for commune, above in reports
        ],
        batch_size=2000,
    )
    with act("bench.fill", by=by, at=at) as entry:
        sent = Submission.objects.bulk_create(
            [
                making.submission(obligation, f"RECAST-{obligation.pk}", entry, at, cells=COLUMNS)
                for obligation in obligations
                if dice.random() >= MISSING_SHARE
            ],
            batch_size=2000,
        )
        SubmissionLine.objects.bulk_create(
            (making.line(one, "r1", [dice.randrange(5000) for _ in range(COLUMNS)]) for one in sent), batch_size=2000
        )


def agrees(past: Past, nation: int) -> bool:
    """Whether the year adds up alike in the tree of its months and in that of 2026, and by one way and the other."""
    one, *_ = selectors.consolidate_series(past.form, past.periods[:1], nation, geography=ON)
    own = selectors.consolidate(past.form, past.periods[0], nation)
    single = consolidate_one_by_one(past.form, past.periods[0], nation, geography=ON, divided="refuse")
    return one.total.cells == own.total.cells and (one.lines, one.total) == (single.lines, single.total)


def measure(world: World, rounds: int) -> Iterator[str]:
    past = build(world)
    table = selectors.consolidate(past.form, past.periods[0], world.nation, geography=ON)
    yield (
        f"recast: {past.communes} communes of {YEAR} × {COLUMNS} cells × {len(past.periods)} months, "
        f"{len(table.lines)} lines in the tree of {ON}; {table.restatement.outcome}, "
        f"{len(table.restatement.breaks)} breaks"
    )
    yield f"the same total in both trees: {agrees(past, world.nation)}"
    series = partial(selectors.consolidate_series, past.form, past.periods, world.nation, geography=ON)
    yield row("recast of 12 months, 63 → 34 provinces", milliseconds(series, rounds), "300 ms")
    once = partial(selectors.consolidate, past.form, past.periods[0], world.nation)
    yield row("one month in its own tree", milliseconds(once, rounds))
    yield row("one month recast", milliseconds(partial(once, geography=ON), rounds))
