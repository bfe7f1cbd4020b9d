"""Long series: a year of one form by province through the one question, and ten years of seventy forms from files.

The files are SIMULATED figures in the layout of `reporting.archive.layout`, written here with pyarrow: each year up to
2024 the communes of 2024, for 2025 those of after the reorganisation, both as the sector pack has them. They are placed
by `placing.lay_out` in the tree of 2026, so that divided communes are kept apart as in every table. Who owes a report
is not asked here: of seventy forms nobody owes anything in this database.
"""

import resource
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench import rivals
from bench.recast import FORM, LINE, RULE, THEN, build
from bench.timing import milliseconds, row
from bench.world import ON, World
from giaoban.config.paths import VAR
from giaoban.core.forms import FormDefinition, parse_form
from giaoban.core.queries import CellMeasure, FigureQuery, PeriodRange
from giaoban.indicators.selectors.answering import answer
from giaoban.orgs import selectors as orgs
from giaoban.reporting.archive import layout
from giaoban.reporting.engines import duck
from giaoban.reporting.engines.questions import Found, Question, Wanted
from giaoban.reporting.selectors.placing import Layout, lay_out

FORMS, YEARS, COLUMNS = 70, tuple(range(2016, 2026)), 15
AFTER = date(2025, 12, 31)
POOL = 120
SEED = 20260101
TABLE, LINE_OF_FORM = "main", "r1"


@dataclass(frozen=True)
class Files:
    """paths: by (number of the form, year). layouts: of the communes of 2024, and of those of 2025."""

    definition: FormDefinition
    paths: dict[tuple[int, int], Path]
    communes: Mapping[int, Sequence[int]]
    layouts: tuple[Layout, Layout]

    @cached_property
    def places(self) -> list[dict[int, tuple[int, ...]]]:
        return [{one: tuple(at for at, _ in held) for one, held in laid.places.items()} for laid in self.layouts]

    def cells(self, wanted: Sequence[tuple[int, int]]) -> int:
        return sum(len(self.communes[year]) for _, year in wanted) * COLUMNS


def make_files(world: World) -> Files:
    """The files under var/bench, written where they are absent: 700 of them, about 98 million cells."""
    then, after = (orgs.descendant_ids(world.nation, LINE, on, kind="ubnd-xa") for on in (THEN, AFTER))
    communes = {year: sorted(then if year <= THEN.year else after) for year in YEARS}
    nation = orgs.card(world.nation, ON)
    layouts = tuple(lay_out(communes[on.year], LINE, nation, on, ON, "keep") for on in (THEN, AFTER))
    columns = [{"id": f"c{n}", "label": f"Cột {n}", "unit": "việc"} for n in range(1, COLUMNS + 1)]
    data: dict[str, Any] = {
        "act": "request",
        "code": "bench-series",
        "title": "Biểu đo chuỗi số liệu",
        "kind": "request",
        "valid": ["2016-01-01", None],
        "verified": "full",
        "labels": "own",
        "signatures": [],
        "source": "bench",
        "tables": [{"id": TABLE, "rows": [{"id": LINE_OF_FORM, "label": "Tổng"}], "columns": columns}],
    }
    definition = parse_form(data, "request:bench-series")
    folder = VAR / "series"
    paths = {(form, year): folder / f"f{form:02d}" / f"{year}.parquet" for form in range(FORMS) for year in YEARS}
    if not all(path.exists() for path in paths.values()):
        pools = {len(held): _pool(len(held)) for held in communes.values()}
        for (form, year), path in paths.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            table = _table(definition, communes[year], pools[len(communes[year])], form, year)
            pq.write_table(table, path, compression="zstd", store_decimal_as_integer=True)
    return Files(definition, paths, communes, (layouts[0], layouts[1]))


def _pool(length: int) -> list[tuple[pa.Array, pa.Array, pa.Array]]:
    """Columns to draw from: values, estimates of a few, marks."""
    dice = np.random.default_rng([SEED, length])
    found = []
    for _ in range(POOL):
        marks = dice.choice(4, size=length, p=[0.94, 0.03, 0.01, 0.02]).astype(np.int8)
        values = pa.array(dice.integers(0, 5000, length), mask=marks != 0).cast(pa.decimal128(19, 0))
        estimated = (marks != 0) | (dice.random(length) > 0.02)
        estimates = pa.array(dice.integers(0, 500, length), mask=estimated).cast(pa.decimal128(19, 0))
        kind = pa.decimal128(layout.DIGITS, 0)
        found.append((values.cast(kind), estimates.cast(kind), pa.array(marks)))
    return found


def _table(
    definition: FormDefinition,
    communes: Sequence[int],
    pool: Sequence[tuple[pa.Array, pa.Array, pa.Array]],
    form: int,
    year: int,
) -> pa.Table:
    length = len(communes)
    moment = pa.array([0] * length, pa.int64()).cast(layout.MOMENT)
    held = {
        layout.UNIT: pa.array([f"u{one}" for one in communes]),
        layout.UNIT_ID: pa.array(communes, pa.int64()),
        layout.TABLE: pa.array([TABLE] * length),
        layout.ROW: pa.array([LINE_OF_FORM] * length),
        layout.SUBUNIT: pa.array([""] * length),
        layout.VERSION: pa.array([1] * length, pa.int32()),
        layout.SENT_AT: moment,
        layout.DECIDED_AT: moment,
        layout.SIMULATED: pa.array([True] * length),
    }
    for n in range(COLUMNS):
        drawn = pool[(form * 977 + year * 31 + n * 7) % POOL]
        names = (layout.value_name, layout.estimate_name, layout.mark_name)
        held |= {name(TABLE, f"c{n + 1}"): part for name, part in zip(names, drawn, strict=True)}
    schema = layout.schema_of(definition)
    return pa.table([held[one.name] for one in schema], schema=schema)


def question(files: Files, years: Sequence[int]) -> Question:
    """All columns of a form, by the lines of today's tree. A line is a spot: nothing here counts in shares."""
    return Question(
        form_id=0,
        columns=tuple(Wanted(TABLE, f"c{n + 1}", n, 0) for n in range(COLUMNS)),
        rows=((TABLE, LINE_OF_FORM),),
        readings={year: int(year > THEN.year) for year in years},
        layouts=files.places,
    )


def recast(files: Files, wanted: Sequence[tuple[int, int]]) -> list[Found]:
    """The forms one after the other, each with the years that are wanted of it."""
    by_form: dict[int, list[int]] = {}
    for form, year in wanted:
        by_form.setdefault(form, []).append(year)
    return [
        duck.add_up(question(files, years), {year: files.paths[form, year] for year in years})
        for form, years in by_form.items()
    ]


def agrees(files: Files, form: int = 0) -> bool:
    """Whether the lines of a form come to what its files hold, read another way."""
    found = recast(files, [(form, year) for year in YEARS])[0]
    for n in range(COLUMNS):
        ours = sum(int(added[n].value or 0) for added in found.sums.values())
        name = layout.value_name(TABLE, f"c{n + 1}")
        theirs = sum(
            int(one.as_py() or 0)
            for year in YEARS
            for one in pq.read_table(files.paths[form, year], columns=[name])[name]
        )
        if ours != theirs:
            return False
    return True


def measure(world: World, rounds: int) -> Iterator[str]:
    yield from _year(world, rounds)
    files = make_files(world)
    everything = list(files.paths)
    said = files.layouts[0].restatement
    yield (
        f"series: {FORMS} forms × {len(YEARS)} years, {len(files.communes[2024])} communes up to 2024 and "
        f"{len(files.communes[2025])} after, {files.cells(everything) / 1e6:.1f} million cells in "
        f"{sum(path.stat().st_size for path in files.paths.values()) / 1e6:.0f} MB of files, SIMULATED; "
        f"{len(files.layouts[0].slots)} lines in the tree of {ON}, {said.outcome}, {len(said.breaks)} breaks"
    )
    yield f"the lines come to what the files hold: {agrees(files)}"
    taken = milliseconds(partial(recast, files, everything), 3, warm_up=1)
    yield row("all cells rebuilt and recast from files", taken, "10000 ms")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield f"memory of this process at its highest: {peak:,.0f} MB   budget 4,096 MB"
    yield from rivals.measure(files, median(taken) / files.cells(everything))


def _year(world: World, rounds: int) -> Iterator[str]:
    past = build(world)
    cells = tuple(CellMeasure(FORM, "main", "r1", f"c{n}") for n in range(1, 11))
    codes = sorted(period.code for period in past.periods)
    asked = FigureQuery(cells, "bo-tu-phap", (PeriodRange(RULE, codes[0], codes[-1]),), geography=ON, divided="keep")
    start = perf_counter()
    found = answer(asked, actor=None)
    first = (perf_counter() - start) * 1000
    yield (
        f"one form, {len(found.periods)} months × {len(found.units)} lines × {len(cells)} cells, "
        f"{past.communes} communes a month; the first time in the process {first:.0f} ms"
    )
    yield row("the year recast, answered", milliseconds(partial(answer, asked, actor=None), rounds), "400 ms")
