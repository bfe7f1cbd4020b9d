"""Faults that a pack's indicators are told of: circles, two acts, units of measure, cells that are not there."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from giaoban.core.packs import check_pack

TINY = Path(__file__).parent / "tiny-pack"
LAMPS, BROKEN, OIL, SHARE = (f"harbour-act:a1/own/total/c{number}" for number in range(1, 5))
SHIPS = "capture:shipping/main/day/ships"


def told(tmp_path: Path, *indicators: dict[str, Any]) -> list[str]:
    """What the check says of these indicators beside the one that the pack has."""
    folder = Path(shutil.copytree(TINY, tmp_path / "pack"))
    for one in indicators:
        (folder / "indicators" / f"{one['key']}.yaml").write_text(yaml.safe_dump(one), encoding="utf-8")
    return [str(fault.reason) for fault in check_pack(folder)]


def given(key: str = "x", **changes: Any) -> dict[str, Any]:
    held: dict[str, Any] = {
        "key": key,
        "name": f"Indicator {key}",
        "unit": "lamp",
        "scale": 0,
        "direction": "higher",
        "factor": 1,
        "aggregation": "pooled",
        "source": "made-up",
        "versions": [{"numerator": LAMPS}],
    }
    held |= changes
    return {**held, "versions": [{"valid": ["2019-06-01", None], **one} for one in held["versions"]]}


def test_sums_of_cells_pass(tmp_path: Path) -> None:
    assert told(tmp_path, given(versions=[{"numerator": f"{LAMPS} - 2 * {BROKEN}"}])) == []


def test_a_circle_is_told_with_its_path(tmp_path: Path) -> None:
    keys = ("a", "b", "c")
    round_ = [
        given(key, aggregation="none", versions=[{"numerator": f"1 + chi-so:{after}"}])
        for key, after in zip(keys, ("b", "c", "a"), strict=True)
    ]
    said = told(tmp_path, *round_)
    assert [one.split(": ", 1)[1] for one in said] == ["a → b → c → a", "b → c → a → b", "c → a → b → c"]
    assert all(one.startswith("it is made from itself") for one in said)


def test_an_indicator_that_is_not_there(tmp_path: Path) -> None:
    (said,) = told(tmp_path, given(aggregation="none", versions=[{"numerator": "chi-so:nothing"}]))
    assert said == "there is no indicator 'chi-so:nothing'"


@pytest.mark.parametrize("joined", ["", "both are counted from one book"])
def test_cells_of_two_acts_need_a_word(tmp_path: Path, joined: str) -> None:
    one = given(aggregation="none", zero_denominator="blank", versions=[{"numerator": LAMPS, "denominator": SHIPS}])
    if joined:
        one["versions"][0]["joined"] = joined
    said = [reason for reason in told(tmp_path, one) if "two acts" in reason]
    assert said == (
        []
        if joined
        else ["cells of two acts (harbour-act, capture); say under 'joined' why they may stand in one expression"]
    )


def test_cells_of_two_units_are_not_added(tmp_path: Path) -> None:
    (said,) = told(tmp_path, given(versions=[{"numerator": f"{LAMPS} + {OIL}"}]))
    assert said == f"numerator: '{OIL}' is in litre, the cells beside it in lamp"


def test_no_percentage_of_one_unit_among_another(tmp_path: Path) -> None:
    version = {"numerator": BROKEN, "denominator": OIL}
    (said,) = told(tmp_path, given(unit="%", factor=100, zero_denominator="blank", versions=[version]))
    assert said == "unit: no percentage of lamp among litre"


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("harbour-act:a9/own/total/c1", "there is no form 'harbour-act:a9'"),
        ("harbour-act:a1/mine/total/c1", "has no table 'mine'"),
        ("harbour-act:a1/own/part/c1", "has no row 'part'"),
        ("harbour-act:a1/own/total/c9", "has no number column 'c9'"),
        ("harbour-act:a1/own/total/c5", "has no number column 'c5'"),
        (SHARE, "is not added (rate), so it cannot be pooled"),
    ],
)
def test_an_unknown_cell_is_named(tmp_path: Path, cell: str, reason: str) -> None:
    (said,) = told(tmp_path, given(versions=[{"numerator": cell}]))
    assert said.startswith("numerator: ")
    assert reason in said


def test_a_product_of_cells_is_not_pooled(tmp_path: Path) -> None:
    (said,) = told(tmp_path, given(versions=[{"numerator": f"{LAMPS} * {BROKEN}"}]))
    assert "it cannot be pooled" in said


def test_a_second_version_says_what_breaks(tmp_path: Path) -> None:
    versions = [
        {"valid": ["2019-06-01", "2022-01-01"], "numerator": LAMPS},
        {"valid": ["2022-01-01", None], "numerator": BROKEN},
    ]
    (said,) = told(tmp_path, given(versions=versions))
    assert said == "versions: the one from 2022-01-01 does not say what breaks there"


def test_two_targets_of_one_year_and_an_unknown_level(tmp_path: Path) -> None:
    target = {"year": 2026, "value": "9", "pro_rata": "none", "source": "made-up"}
    said = told(tmp_path, given(targets=[target, target, {**target, "level": "castle"}]))
    assert said == [
        "targets: the unit kind 'castle' is not in kinds.yaml",
        "targets: two of them are for the same year and level",
    ]
