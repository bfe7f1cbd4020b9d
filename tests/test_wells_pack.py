"""Another country, three levels of areas, a form of thirty columns, twelve years: by commands alone."""

import csv
import io
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest

from giaoban.config.cli import build_parser, commands
from giaoban.config.demo.tidy import tidy_csv
from giaoban.core.vietnamese import number
from giaoban.reporting.models import Submission

pytestmark = pytest.mark.django_db

WELLS = Path(__file__).parent / "packs" / "wells"
FORM, PRINTED = "water-act:w30", "water-act:w30c"
YEARS = range(2013, 2025)
MERGED = 2020  # Elm and Fir are one parish, Grove, from this year on
COUNTIES = {
    "north": ("ash", "elm", "fir", "grove"),
    "south": ("bay", "cove", "dune"),
    "east": ("glen", "hill", "moor"),
    "west": ("oak", "pine", "yew"),
}
SUMMED = [f"c{number:02}" for number in range(1, 31) if number != 29]


def giaoban(*words: str) -> int:
    chosen = build_parser(commands()).parse_args(words)
    return int(chosen.command.run(chosen))


def councils(year: int, county: str) -> list[str]:
    """Those that stood on the last day of the year."""
    gone = {"elm", "fir"} if year >= MERGED else {"grove"}
    return [name for name in COUNTIES[county] if name not in gone]


def amount(parish: str, year: int, row: str, column: str) -> Decimal:
    """A made-up figure; the whole is its parts, and the wells ever drilled only grow."""
    if row == "total":
        return amount(parish, year, "town", column) + amount(parish, year, "farmland", column)
    place = sum(map(ord, parish)) % 97 + (40 if row == "town" else 0)
    number = int(column[1:])
    if column == "c30":
        return Decimal(place * 5 + (year - 2012) * 3)
    if column == "c02":
        return amount(parish, year, row, "c01") // 2
    whole = Decimal(place * (number + 3) + (year - 2013) * (number % 5))
    return whole / 10 if column in ("c19", "c20", "c21") else whole


def hours(parish: str) -> Decimal:
    return Decimal(12) + Decimal(sum(map(ord, parish)) % 100) / 10


def cells(year: int, parish: str) -> Iterator[dict[str, str]]:
    head = {"unit": f"council:{parish}", "form": FORM, "period": str(year)}
    for row in ("total", "town", "farmland"):
        for column in SUMMED:
            yield {**head, "line": row, "column": column, "value": str(amount(parish, year, row, column))}
        yield {**head, "line": row, "column": "c29", "value": str(hours(parish))}


def file_of(folder: Path, name: str, rows: list[dict[str, str]]) -> str:
    path = folder / name
    path.write_bytes(tidy_csv(rows))
    return str(path)


def imported(path: str, *more: str) -> int:
    return giaoban(
        "figures", "import", path, "--accept", "--simulated", "--source", "made up", "--explanation", "Made up.", *more
    )


@pytest.fixture
def loaded(tmp_path: Path) -> None:
    """The pack and all its figures, of all twelve years."""
    assert giaoban("pack", "load", str(WELLS)) == 0
    for year in YEARS:
        assert giaoban("periods", "open", "--form", FORM, "--rule", "yearly", "--year", str(year)) == 0
        rows = [cell for county in COUNTIES for parish in councils(year, county) for cell in cells(year, parish)]
        assert imported(file_of(tmp_path, f"{year}.csv", rows)) == 0


def tables(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, str]]:
    capsys.readouterr()
    years = [str(year) for year in YEARS]
    assert giaoban("consolidate", "--form", FORM, "--period", *years, "--format", "csv", *words) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


def test_its_totals_come_back_in_every_year_and_in_another_tree(
    loaded: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, expected in ((["--unit", "agency"], COUNTIES), (["--unit", "office:north"], {"north": ()})):
        found = tables(capsys, *words)
        recast = tables(capsys, *words, "--geography", "2024-12-31")
        for rows in (found, recast):
            total = {
                (row["period"], row["line"], row["column"]): Decimal(row["value"])
                for row in rows
                if row["unit"] == "TOTAL" and row["value"]
            }
            for year in YEARS:
                parishes = [parish for county in expected for parish in councils(year, county)]
                for row in ("total", "town", "farmland"):
                    for column in SUMMED:
                        right = sum(amount(parish, year, row, column) for parish in parishes)
                        assert total[str(year), row, column] == right, (year, row, column)
                    weighed = sum(hours(parish) * amount(parish, year, row, "c02") for parish in parishes)
                    weight = sum(amount(parish, year, row, "c02") for parish in parishes)
                    mean = (weighed / weight).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
                    assert total[str(year), row, "c29"] == mean, (year, row)
    assert {row["unit"] for row in recast} == {"council:ash", "council:grove", "TOTAL"}


def test_a_figure_given_twice_is_named_with_both_places(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert giaoban("pack", "load", str(WELLS)) == 0
    assert giaoban("periods", "open", "--form", FORM, "--rule", "yearly", "--year", "2013") == 0
    rows = list(cells(2013, "oak"))
    capsys.readouterr()
    assert imported(file_of(tmp_path, "twice.csv", [*rows, rows[4]])) == 1
    said = capsys.readouterr().err
    assert "dòng 6" in said
    assert f"dòng {len(rows) + 2}" in said
    assert not Submission.objects.exists()


def test_what_does_not_agree_is_taken_in_and_reported(
    loaded: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A printed total off by one, a part that is missing from its whole, a counter that falls: all kept, all named."""
    assert giaoban("periods", "open", "--form", PRINTED, "--rule", "yearly", "--year", "2024") == 0
    right = {county: sum(amount(one, 2024, "total", "c01") for one in councils(2024, county)) for county in COUNTIES}
    printed = {**right, "south": right["south"] + 1}
    head = {"form": PRINTED, "period": "2024", "column": "households"}
    rows = [{**head, "unit": f"office:{county}", "value": str(value)} for county, value in printed.items()]
    capsys.readouterr()
    assert imported(file_of(tmp_path, "printed.csv", rows)) == 0
    said = capsys.readouterr().out
    assert "office:south" in said
    (named,) = [line for line in said.splitlines() if "water-act:w30.main.total.c01" in line]
    assert f"{number(printed['south'])} so với {number(right['south'])}" in named
    assert giaoban("periods", "open", "--form", FORM, "--rule", "yearly", "--year", "2025") == 0
    fallen = list(cells(2025, "oak"))
    for cell in fallen:
        if cell["column"] == "c30":
            cell["value"] = str(amount("oak", 2024, cell["line"], "c30") - 1)
        if cell["column"] == "c05" and cell["line"] == "total":
            cell["value"] = str(Decimal(cell["value"]) + 7)
    assert imported(file_of(tmp_path, "fallen.csv", fallen)) == 0
    capsys.readouterr()
    assert giaoban("figures", "disagree") == 0
    said = capsys.readouterr().out
    for kind, numbers in (
        ("falling", (amount("oak", 2024, "total", "c30"), amount("oak", 2024, "total", "c30") - 1)),
        ("parts", (right["south"], printed["south"])),
        ("parts", (amount("oak", 2025, "total", "c05"), amount("oak", 2025, "total", "c05") + 7)),
    ):
        assert giaoban("figures", "disagree", "--kind", kind) == 0
        listed = capsys.readouterr().out
        assert all(number(one) in listed for one in numbers), (kind, numbers, listed)
    assert "council:oak" in said
    assert "office:south" in said
    assert "mô phỏng" in said
