"""`python -m bench`: makes a national world in a database of its own, runs every measurement, prints medians.

The world lives under var/bench and is made anew when it is absent; `--fresh` makes it again.
"""

import argparse
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def machine() -> str:
    """Processor, cores, memory, as the system tells them."""
    named = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    cpu = named[0].split(":", 1)[1].strip() if named else platform.machine()
    memory = next(line.split()[1] for line in Path("/proc/meminfo").read_text().splitlines() if "MemTotal" in line)
    return f"{cpu}, {os.cpu_count()} processors, {int(memory) // 1024 // 1024} GiB, Python {platform.python_version()}"


@contextmanager
def server() -> Iterator[None]:
    """The database server of this run; one that was not running before is stopped again, however the run ends."""
    from giaoban.config import postgres

    leave = bool(os.environ.get("DATABASE_URL")) or postgres.Server().is_running()
    try:
        yield
    finally:
        if not leave:
            postgres.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--fresh", action="store_true", help="make the world again")
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    os.environ.setdefault("GIAOBAN_VAR", str(ROOT / "var" / "bench"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "giaoban.config.settings")
    with server():
        measure(fresh=chosen.fresh, rounds=chosen.rounds)


def measure(*, fresh: bool, rounds: int) -> None:
    """Make the world where there is none, run every measurement, print its lines."""
    import django

    django.setup()
    from bench import board, checks, consolidation, grid, narrative, outliers, pages, recast, series, tree, workbooks
    from bench.world import build

    print(f"machine: {machine()}")
    world = build(fresh=fresh)
    print(
        f"world: {world.communes} communes × 60 cells, {world.lines} lines of current reports, "
        f"{world.missing} communes missing; SIMULATED figures"
    )
    for module in (consolidation, checks, pages, board, tree, recast, series, grid, narrative, outliers, workbooks):
        for line in module.measure(world, rounds):
            print(line)


if __name__ == "__main__":
    main()
