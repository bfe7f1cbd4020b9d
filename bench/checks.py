"""All checks of one form of 60 cells over every commune: from the database, and once the figures are read."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bench.timing import milliseconds, row
from bench.world import SEED, World
from giaoban.core.checks import Around, Batch, StoredLine, batch_of_stored, norms_of, run_checks, run_checks_many
from giaoban.core.figures import Mark
from giaoban.core.forms import FormDefinition, parse_form
from giaoban.reporting import selectors

FAULTY, CHANGED = 0.002, 0.02
PROVINCES = 34
RULES = (
    "c1 = c2 + c3",
    "c1 = c4 + c5 + c6",
    "c7 <= c1",
    "c10 = c8 / 10",
    "r1.c1 >= r2.c1 - 5000",
    "r6.c9 <= sum(r1.c9, r2.c9, r3.c9, r4.c9, r5.c9)",
    "if c1 > 0 then c9 >= 0",
    "100 * c2 / c1 <= 100",
)


def ruled() -> FormDefinition:
    """The form of the measurements with a part, a total row and rules of several kinds."""
    data: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "form.yaml").read_text(encoding="utf-8"))
    data["valid"] = ["2025-07-01", None]
    table = data["tables"][0]
    table["rows"][5]["sum_of"] = ["r1", "r2", "r3", "r4", "r5"]
    table["columns"][1]["part_of"] = "c1"
    data["checks"] = [{"rule": rule, "severity": "warning"} for rule in RULES]
    return parse_form(data, "request:bench-60")


def reports(count: int, dice: random.Random) -> list[StoredLine]:
    """Reports that agree with the rules, but for a few faulty cells in a thousand."""
    found: list[StoredLine] = []
    for number in range(count):
        lines = [_line(dice) for _ in range(5)]
        total = [sum(column) for column in zip(*lines, strict=True)]
        for at, values in enumerate([*lines, total]):
            marks = [int(Mark.REPORTED)] * 10
            given: list[int | None] = [
                value + dice.randrange(1, 900) if dice.random() < FAULTY else value for value in values
            ]
            found.append((number, "main", f"r{at + 1}", "", given, [None] * 10, marks, {}))
    return found


def _line(dice: random.Random) -> list[int]:
    second, third, eighth = dice.randrange(500), dice.randrange(500), dice.randrange(300)
    first = second + third
    fourth = dice.randrange(first + 1)
    fifth = dice.randrange(first - fourth + 1)
    seventh = dice.randrange(first + 1)
    # c10 keeps one decimal: as stored, a tenth of c8 is the number of c8 itself
    return [first, second, third, fourth, fifth, first - fourth - fifth, seventh, eighth, 10 * first, eighth]


def before(lines: list[StoredLine], dice: random.Random) -> list[StoredLine]:
    """The year before: nearly the same, with a large change here and there."""

    def earlier(value: int | None) -> int:
        return int((value or 0) * (2.0 if dice.random() < CHANGED else dice.uniform(0.9, 1.1)))

    return [(*one[:4], [earlier(value) for value in one[4]], *one[5:]) for one in lines]


def groups(batch: Batch) -> list[dict[Any, Any]]:
    """Of each report what the units of its province say."""
    size = -(-batch.size // PROVINCES)
    norms = [norms_of(batch, range(at, min(at + size, batch.size))) for at in range(0, batch.size, size)]
    return [norms[number // size] for number in range(batch.size)]


def agrees(form: FormDefinition, batch: Batch, around: Around, found: list[list[Any]]) -> bool:
    """Whether every hundredth report is told the same by itself."""
    previous, norms = around.previous, around.norms
    return all(
        found[number]
        == run_checks(
            form,
            batch.figures(number),
            previous=previous.figures(number) if previous else None,
            norms=norms[number] if norms else None,
        )
        for number in range(0, batch.size, 100)
    )


def measure(world: World, rounds: int) -> Iterator[str]:
    form, dice = ruled(), random.Random(SEED)
    lines = reports(world.communes, dice)
    batch = batch_of_stored(form, world.communes, lines)
    previous = batch_of_stored(form, world.communes, before(lines, dice))
    around = Around(previous=previous, norms=groups(batch))
    found = run_checks_many(form, batch, around)
    yield f"checks: {sum(map(len, found))} findings; each hundredth report alone is told the same: " + str(
        agrees(form, batch, around, found)
    )

    def checks() -> object:
        return run_checks_many(form, batch, around)

    def columns() -> object:
        return batch_of_stored(form, world.communes, lines)

    yield row("all checks of a form, every commune, figures in columns", milliseconds(checks, rounds), "200 ms")
    yield row("figures as read put into columns", milliseconds(columns, rounds))
    yield row("one report after the other, a tenth of the communes", milliseconds(lambda: _one_by_one(form, batch), 3))
    every = milliseconds(lambda: selectors.check_all(world.form, world.period, world.nation), rounds)
    yield row("the world's own form, from the database, all told", every)


def _one_by_one(form: FormDefinition, batch: Batch) -> None:
    for number in range(0, batch.size, 10):
        run_checks(form, batch.figures(number))
