"""Server time and queries of every page of the product, in a database that holds the nation's reports too.

`python -m bench.sweep`. The pages and who opens them are those that the tests sweep (`config.tests.world.visits`): the
main job's data and one more round of the loop, laid beside the national world of the other measurements.
"""

import argparse
import os
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from bench.__main__ import ROOT, machine, server
from bench.timing import milliseconds

if TYPE_CHECKING:
    from giaoban.config.tests.world import Visit, World

BUDGET = 100.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A page: milliseconds of each look, queries of one, and what it answered."""

    visit: "Visit"
    taken: list[float]
    queries: int
    status: int

    @property
    def p95(self) -> float:
        ordered = sorted(self.taken)
        return ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]

    def line(self) -> str:
        return f"{median(self.taken):8.1f} {self.p95:8.1f} {self.queries:5d} {self.status:4d}  {self.visit}"


def lay_out() -> "World":
    """The national world, the main job's data and the round around it, made anew in an emptied database."""
    from django.utils import timezone

    from bench.world import build as build_nation
    from giaoban.config.demo import main as demo
    from giaoban.config.tests import world as tests

    tests.empty_database()
    build_nation(fresh=False)
    if demo.run(lambda _: None):
        raise RuntimeError("the main job does not hold")
    print(f"data: {timezone.localdate()}, {demo.PACK.name}, national reports and the main job")
    return tests.build()


def look(visit: "Visit", rounds: int) -> Seen:
    """One page, opened several times by the same person."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from giaoban.config.tests.world import signed_in

    client = signed_in(visit.who) if visit.who else Client()
    client.defaults["HTTP_HOST"] = "localhost"
    with CaptureQueriesContext(connection) as asked:
        status = client.get(visit.address).status_code
    return Seen(visit, milliseconds(partial(client.get, visit.address), rounds, warm_up=1), len(asked), status)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.sweep")
    parser.add_argument("--rounds", type=int, default=10)
    chosen = parser.parse_args()
    os.environ.setdefault("GIAOBAN_VAR", str(ROOT / "var" / "sweep"))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "giaoban.config.settings")
    with server():
        import django

        django.setup()
        from giaoban.config.tests.world import visits

        print(f"machine: {machine()}")
        pages = [visit for visit in visits(lay_out()) if not visit.is_file]
        seen = sorted((look(visit, chosen.rounds) for visit in pages), key=lambda one: -one.p95)
    within = [one for one in seen if one.p95 < BUDGET]
    print(f"{len(seen)} pages, {len(within)} with a p95 under {BUDGET:.0f} ms. Median, p95, queries, status:")
    for one in seen:
        print(one.line())


if __name__ == "__main__":
    main()
