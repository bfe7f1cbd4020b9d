"""`python -m bench.growth`: how the time grows from one to a hundred million cells, ours and others, on the same files.

Writes docs/growth.md with the medians and docs/img/growth.svg. The others stop where a run would take minutes; the
files are those of `bench.series`, SIMULATED.
"""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median

from bench.__main__ import ROOT, machine, server
from bench.timing import milliseconds

SIZES = (7, 21, 70, 210, 700)
"""Files that are read: a form of a year each, about 140,000 cells."""

OURS = "ours: DuckDB on frozen files"
POSTGRES = "PostgreSQL, a row per cell"
MOST = {OURS: 700, "Polars": 700, "pandas": 700, POSTGRES: 210}
"""Filling a table with a row for each of a hundred million cells takes longer than all the rest."""
LONG = 10_000
"""Milliseconds from which one reading is enough."""
NOTE = """# How the time grows with the number of cells

Figures of communes recast to the 34 provinces of 2026 and added up: values, estimated parts and how many units are in
each state, by column and year. **Simulated** figures ([bench/series.py](../bench/series.py)): {before:,} former
communes in each year up to 2024, {after:,} in 2025, {columns} columns a form. Measured on {day} by
`python -m bench.growth`; {machine}{busy}. Medians of {rounds} readings
after a first one, which stands alone where it took longer than {long} s; milliseconds.

{table}

![Time by number of cells, both axes logarithmic](img/growth.svg)

All read the same files; PostgreSQL reads them from a table with a row per cell, which is filled and indexed before.
pandas counts in floating point of 8 bytes, the others in exact decimals. "–" is a size that was not tried.
"""
BUSY = ", with other work on the machine"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=SIZES[-1], help="files of the largest size")
    parser.add_argument("--busy", action="store_true", help="say that the machine had other work")
    chosen = parser.parse_args()
    os.environ.setdefault("GIAOBAN_VAR", str(ROOT / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "giaoban.config.settings")
    with server():
        import django

        django.setup()
        measure([size for size in SIZES if size <= chosen.most], chosen.rounds, is_busy=chosen.busy)


def measure(sizes: Sequence[int], rounds: int, *, is_busy: bool) -> None:
    """Every way at every size that it is tried at."""
    from bench import rivals, series
    from bench.world import build

    files = series.make_files(build(fresh=False))
    ways: Mapping[str, Callable[[rivals.Wanted], object]] = {
        OURS: lambda wanted: series.recast(files, wanted),
        "Polars": lambda wanted: rivals.with_polars(files, wanted),
        "pandas": lambda wanted: rivals.with_pandas(files, wanted),
        POSTGRES: lambda wanted: rivals.with_cell_rows(files, wanted),
    }
    cells = {size: files.cells(rivals.part(files, size)) for size in sizes}
    found: dict[str, dict[int, float]] = {name: {} for name in ways}
    for size in sizes:
        wanted = rivals.part(files, size)
        if size <= MOST[POSTGRES]:
            rivals.fill_cells(files, wanted)
        for name, sums in ways.items():
            if size <= MOST[name]:
                found[name][cells[size]] = _typical(partial(sums, wanted), rounds)
                print(f"{name}: {cells[size] / 1e6:.1f} million cells, {found[name][cells[size]]:,.0f} ms", flush=True)
    told = NOTE.format(
        before=len(files.communes[2024]),
        after=len(files.communes[2025]),
        columns=series.COLUMNS,
        day=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        busy=BUSY if is_busy else "",
        rounds=rounds,
        long=LONG // 1000,
        table=_table(found, sorted(cells.values())),
    )
    (ROOT / "docs" / "growth.md").write_text(told, encoding="utf-8")
    _plot(found, ROOT / "docs" / "img" / "growth.svg")


def _typical(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds."""
    first = milliseconds(work, 1, warm_up=0)[0]
    return first if first > LONG else median(milliseconds(work, rounds, warm_up=0))


def _table(found: Mapping[str, Mapping[int, float]], cells: Sequence[int]) -> str:
    heads = ["million cells", *found]
    lines = [heads, ["---:"] * len(heads)]
    for size in cells:
        told = [f"{held[size]:,.0f}" if size in held else "–" for held in found.values()]
        lines.append([f"{size / 1e6:.1f}", *told])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _plot(found: Mapping[str, Mapping[int, float]], path: Path) -> None:
    """Both axes logarithmic: a straight line at 45° grows as the cells do. Told apart by mark and line, not by colour
    alone; letters stay text."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    mpl.rcParams["svg.fonttype"] = "none"
    mpl.rcParams["svg.hashsalt"] = "giaoban"
    figure, axes = plt.subplots(figsize=(8, 5), layout="constrained")
    styles = (("o", "-", "#0b4f8a"), ("s", "--", "#a3480a"), ("^", "-.", "#3f6d1c"), ("D", ":", "#6b2d73"))
    for (name, held), (mark, line, colour) in zip(found.items(), styles, strict=True):
        sizes = sorted(held)
        points = [held[size] for size in sizes]
        axes.plot([size / 1e6 for size in sizes], points, marker=mark, linestyle=line, color=colour, label=name)
    axes.set(xscale="log", yscale="log", xlabel="million cells (simulated figures)", ylabel="milliseconds, median")
    axes.axhline(10_000, color="#555555", linewidth=0.8)
    axes.annotate("budget 10 s", (1, 10_000), textcoords="offset points", xytext=(0, 4), fontsize=9)
    axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None, "Title": "Time by number of cells"})


if __name__ == "__main__":
    main()
