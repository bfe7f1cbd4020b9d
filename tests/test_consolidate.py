"""`giaoban consolidate`: tables in the tree of their period or of another day, and how far they hold."""

import argparse
import csv
import io

import pytest

from giaoban.config.cli.consolidate import arguments, run
from giaoban.reporting.tests.factories import FORM_KEY, World, tiny_world, year_before
from giaoban.reporting.tests.test_restated import divide

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return tiny_world()


def consolidate(*words: str) -> int:
    parser = argparse.ArgumentParser()
    arguments(parser)
    return run(parser.parse_args(["--form", FORM_KEY, "--period", "2024-Q1", *words]))


def test_it_says_how_far_the_table_holds(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.report("s1", all=10, good=5)
    divide(world, "s1", {"s9": (world.harbours[1], None), "n9": (world.harbours[0], None)})
    assert consolidate("--unit", "coast", "--geography", "2025-06-01") == 0
    said = capsys.readouterr().out
    assert "đúng: Đúng:" not in said
    assert "chuỗi số đứt: Light S1 → Light S9, Light N9: có trong tổng, không chia" in said
    assert "Light S1 (không chia được) [không trả lời được: Giữ ở đơn vị cũ" in said
    assert consolidate("--unit", "south", "--geography", "2025-06-01") == 1
    assert "không chia được" in capsys.readouterr().err
    assert consolidate("--unit", "south", "--geography", "2025-06-01", "--divided", "keep") == 0
    assert consolidate("--unit", "s1", "--geography", "2025-06-01") == 1
    assert "đơn vị của ngày đó: n9" in capsys.readouterr().err


def test_several_periods_share_one_header(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    year_before(world)
    world.report("s1", all=10, good=5)
    code = consolidate("--unit", "coast", "--period", "2023-Q1", "2024-Q1", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert (code, list(dict.fromkeys(row["period"] for row in rows))) == (0, ["2023-Q1", "2024-Q1"])
    assert consolidate("--unit", "coast", "--layer", "confirmed") == 1
    assert consolidate("--unit", "nowhere") == 1
