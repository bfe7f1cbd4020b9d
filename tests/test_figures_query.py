"""`giaoban figures query`: the same question as on pages; refusals on stderr."""

import argparse
import csv
import io
import json
from decimal import Decimal

import pytest

from giaoban.config.cli import build_parser, commands
from giaoban.config.cli.figures_query import arguments, run
from giaoban.indicators.tests.factories import indicator
from giaoban.reporting.tests.factories import FORM_KEY, World, tiny_world
from giaoban.reporting.tests.test_restated import divide

pytestmark = pytest.mark.django_db
CELL = f"{FORM_KEY}/own/total/"
RATE = "chi-so:good-lamps"


@pytest.fixture
def world() -> World:
    made = tiny_world()
    made.report("n1", all=10, good=5, oil=Decimal("1.5"))
    made.report("s1", all=1000, good=500)
    return made


def query(*words: str, measure: str = f"{CELL}all", unit: str = "coast", period: str = "quarters:2024-Q1") -> int:
    parser = argparse.ArgumentParser()
    arguments(parser)
    return run(parser.parse_args(["--measure", *measure.split(), "--unit", unit, "--period", period, *words]))


def test_a_table_for_people(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    indicator(world)
    assert query(measure=f"{CELL}all {RATE} {CELL}age") == 0
    said = capsys.readouterr().out
    assert "North Harbour · Quý I năm 2024: 10 [1/3]" in said
    assert "Tổng số · Quý I năm 2024: 1.010 [2/6]" in said
    assert "Tổng số · Quý I năm 2024: 50,00 = 505 / 1.010 [2/6]" in said
    assert "để trống" in said


def test_csv_and_json(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert query("--format", "csv", "--level", "light") == 0
    rows = {row["unit"]: row for row in csv.DictReader(io.StringIO(capsys.readouterr().out))}
    assert (rows["s1"]["value"], rows["s1"]["received"], rows["s1"]["state"]) == ("1000", "1", "reported")
    assert (rows["n2"]["value"], rows["n2"]["state"], rows[""]["unit_name"]) == ("", "missing", "Tổng số")
    assert query("--format", "json", "--level", "self") == 0
    told = json.loads(capsys.readouterr().out)
    assert [one["value"] for one in told["values"]] == ["1010", "1010"]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ({"measure": f"{CELL}none"}, "unknown-measure"),
        ({"measure": "nonsense"}, "unknown-measure"),
        ({"measure": f"{CELL}note"}, "not-added"),
        ({"unit": "nowhere"}, "unknown-unit"),
        ({"period": "quarters:1999-Q1"}, "unknown-period"),
    ],
)
def test_refusals_go_to_stderr(
    world: World, capsys: pytest.CaptureFixture[str], words: dict[str, str], code: str
) -> None:
    assert query(**words) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"{code}")
    assert not said.out


def test_what_cannot_be_computed_is_refused(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    made = indicator(world)
    for definition, code in (
        ({"numerator": RATE, "factor": "1"}, "circular-indicator"),
        ({"numerator": f"{CELL}all", "denominator": "act-2:lamps/own/total/all"}, "two-regimes"),
    ):
        made.definition = definition
        made.save()
        assert query(measure=RATE) == 1
        assert capsys.readouterr().err.startswith(code)
    divide(world, "s1", {"s9": (world.harbours[1], None), "n9": (world.harbours[0], None)})
    assert query("--geography", "2025-06-01", unit="south") == 1
    assert "không chia được" in capsys.readouterr().err


def test_the_command_is_known() -> None:
    chosen = build_parser(commands()).parse_args(
        ["figures", "query", "--measure", "a/b/c/d", "--unit", "u", "--period", "r:1"]
    )
    assert chosen.command.name == "figures query"
